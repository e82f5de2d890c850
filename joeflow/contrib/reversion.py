"""History with django-reversion; the only file that knows it.

It is used where the package is installed and ``"reversion"`` is in ``INSTALLED_APPS``; else
nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connections, router
from django.db.models import Model

from joeflow.keys import read_key
from joeflow.workflows import Workflow

try:
    import reversion
except ImportError:
    reversion = None

__all__ = (
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
