"""History with django-reversion; the only file that knows it.

It is used where the package is installed and ``"reversion"`` is in ``INSTALLED_APPS``; else
nothing here does anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connections, router
from django.db.models import Model
from django.utils.translation import gettext as _

from joeflow.keys import read_key
from joeflow.workflows import Workflow

try:
    import reversion
except ImportError:
    reversion = None

__all__ = (
    "Revision",
    "StateChange",
    "changes_of",
    "create_revision",
    "register_workflow",
    "register_workflows",
    "version_admin",
    "versioned_key",
)


def is_used() -> bool:
    """Tell whether this project keeps a history with django-reversion."""
    return reversion is not None and apps.is_installed("reversion")


@contextmanager
def create_revision(comment: str, *, user: Any = None, using: str | None = None) -> Iterator[None]:
    """Make one revision of all registered objects that are saved in the block; none, if none is.

    It is written at the end of the block, in the transaction that is open. Inside another revision
    the block is a part of that one, which keeps the user and the comment that it has.

    Args:
        comment: What is shown in the history.
        user: Who did it; ignored where nobody is logged in.
        using: Alias of the database of the transition.
    """
    if not is_used():
        yield
        return
    database = _database(using)
    with reversion.create_revision(
        # A block that somebody manages by hand gets nothing that they did not put there.
        manage_manually=reversion.is_active() and reversion.is_manage_manually(),
        using=database,
        # A savepoint would cost two statements, and protect nothing.
        atomic=not connections[database].in_atomic_block,
    ):
        if not reversion.get_comment():
            reversion.set_comment(comment)
        if reversion.get_user() is None and user is not None and user.is_authenticated:
            reversion.set_user(user)
        yield


def _database(using: str | None) -> str:
    """Return where to store the revision: with the transition, unless the project forbids it."""
    revision = apps.get_model("reversion", "Revision")
    if using is not None and router.allow_migrate_model(using, revision):
        return using
    return router.db_for_write(revision)


def register_workflows() -> None:
    """Register all workflow classes that the project has not registered itself.

    Proxies are registered besides the classes that they stand for: django-reversion looks for
    options under the class that is saved, and under the class that a version is stored for.
    """
    if is_used():
        for model in apps.get_models():
            if issubclass(model, Workflow):
                register_workflow(model)


def register_workflow(model: type[Model]) -> None:
    """Register a class and its parents, which hold a part of its fields; what is there, stays."""
    if not is_used() or reversion.is_registered(model):
        return
    parents = model._meta.concrete_model._meta.parents  # type: ignore[union-attr]
    for parent in parents:
        register_workflow(parent)
    reversion.register(model, follow=[link.name for link in parents.values() if link is not None])


def version_admin() -> Any:
    """Return django-reversion's base class for the admin; None where it is not used."""
    if not is_used():
        return None
    from reversion.admin import VersionAdmin  # noqa: PLC0415 - its models need the apps

    return VersionAdmin


def versioned_key(model: type[Model], version_id: str) -> int | None:
    """Return the key of the instance that a version was stored for.

    Args:
        model: The workflow class.
        version_id: The key of the version, as somebody sent it.

    Returns:
        The key; None where there is no such version, or one of another class.
    """
    manager: Any = apps.get_model("reversion", "Version")._default_manager
    version_pk = read_key(version_id)
    if version_pk is None:
        return None
    versions = manager.get_for_model(model).filter(pk=version_pk)
    return read_key(str(versions.values_list("object_id", flat=True).first() or ""))


@dataclass(frozen=True)
class StateChange:
    """A field of the state that has another value than before."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Revision:
    """What has changed in the state at once."""

    when: datetime
    user: Any
    comment: str
    changes: list[StateChange]


def changes_of(workflow: Any, limit: int) -> list[Revision]:
    """Return what has changed in the state of an instance, the oldest first.

    Args:
        workflow: The instance.
        limit: How many revisions to read, the latest ones.

    Returns:
        The changes, in two statements; nothing where there is no history.
    """
    if not is_used():
        return []
    found: list[tuple[Any, list[_Difference]]] = []
    before: dict[str, Any] = {}
    for revision, values in _states(workflow, limit).items():
        different = _differences(workflow, before, values)
        before |= values
        if different:
            found.append((revision, different))
    names = _names([each for _revision, different in found for each in different])
    return [
        Revision(
            revision.date_created,
            revision.user,
            revision.get_comment(),
            [_describe(each, names) for each in different],
        )
        for revision, different in found
    ]


def _states(workflow: Any, limit: int) -> dict[Any, dict[str, Any]]:
    """Return the values of the fields by revision; a row of each parent holds some of them."""
    concrete = workflow._meta.concrete_model
    models = {model: model for model in (concrete, *concrete._meta.get_parent_list())}
    manager: Any = apps.get_model("reversion", "Version")._default_manager
    types = ContentType.objects.get_for_models(*models, for_concrete_models=True)
    versions = manager.filter(
        content_type__in=types.values(), object_id=str(workflow.pk), format="json"
    ).select_related("revision", "revision__user")
    rows = list(versions.order_by("-pk")[: limit * len(models)])
    states: dict[Any, dict[str, Any]] = {}
    for version in sorted(rows, key=lambda row: (row.revision_id, row.pk)):
        fields = json.loads(version.serialized_data)[0]["fields"]
        states.setdefault(version.revision, {}).update(fields)
    return states


#: These change with each step, and say nothing.
_SILENT = {"created", "modified"}


@dataclass(frozen=True)
class _Difference:
    field: Any
    before: Any
    after: Any


def _differences(workflow: Any, before: dict[str, Any], after: dict[str, Any]) -> list[_Difference]:
    fields = [*workflow._meta.concrete_fields, *workflow._meta.many_to_many]
    names = {each.name for each in fields if not each.name.startswith("_")} - _SILENT
    return [
        _Difference(each, before[each.name], after[each.name])
        for each in fields
        if each.name in names & before.keys() & after.keys()
        and before[each.name] != after[each.name]
    ]


def _names(differences: list[_Difference]) -> dict[Any, dict[str, str]]:
    """Return the names of the rows that relations have led to, by field and key."""
    keys: dict[Any, set[str]] = {}
    for each in differences:
        if each.field.is_relation:
            values = [*_listed(each.before), *_listed(each.after)]
            keys.setdefault(each.field, set()).update(map(str, values))
    return {
        field: {str(row.pk): str(row) for row in _rows(field, wanted)}
        for field, wanted in keys.items()
    }


def _rows(field: Any, keys: set[str]) -> Any:
    name = "pk" if field.many_to_many else field.target_field.name
    return field.related_model._base_manager.filter(**{f"{name}__in": keys})


def _describe(each: _Difference, names: dict[Any, dict[str, str]]) -> StateChange:
    choices = {str(key): str(label) for key, label in each.field.flatchoices}
    known = choices | names.get(each.field, {})
    before, after = (
        ", ".join(_show(value, known) for value in _listed(values))
        for values in (each.before, each.after)
    )
    return StateChange(str(each.field.verbose_name), before, after)


def _listed(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None or value == "" else [value]


def _show(value: Any, known: dict[str, str]) -> str:
    if isinstance(value, bool):
        return known.get(str(value)) or (_("yes") if value else _("no"))
    return known.get(str(value), str(value))
