"""Who may do a task of a person: for one task, and as a condition of the database.

A task with assignees is for them. One without, that was given to groups, is for their members. One
that was given to somebody who is gone is for nobody. Any other is for whoever has the permissions
that its node requires; and where that requires none, for everybody: for those who are logged in, if
its node says ``assign``. Whoever may ``joeflow.reassign`` may do what was given to somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group
from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Value
from django.utils.module_loading import import_string

from joeflow.conf import settings
from joeflow.content_types import content_type_of
from joeflow.typing import HUMAN, Node
from joeflow.workflows import get_workflows

__all__ = (
    "REASSIGN",
    "has_permission",
    "has_permissions",
    "is_claimable_by",
    "is_for",
    "is_given_to",
    "is_known",
    "is_member",
    "is_shared_out",
    "is_viewable_by",
    "may_complete",
    "may_hand_over",
    "may_override",
    "may_view",
    "permissions_of",
    "with_people",
)

#: Whoever has this may do and hand over what is somebody else's.
REASSIGN = "joeflow.reassign"


def permissions_of(node: Node) -> tuple[Any, ...]:
    """Return the permissions that a node requires, all of them."""
    required = getattr(node, "permission_required", None) or ()
    if isinstance(required, Mapping):
        return ()  # of a mixin that asks in a way of its own
    return (required,) if isinstance(required, str) else tuple(required)


def is_shared_out(node: Node) -> bool:
    """Tell whether a node says whom its tasks are given to."""
    return getattr(node, "assign", None) is not None


def is_known(user: Any) -> bool:
    """Tell whether somebody is logged in, and still active."""
    return bool(user is not None and user.is_authenticated and user.is_active)


def has_permission(user: Any, permission: str, *instance: Any) -> bool:
    """Tell whether somebody has a permission.

    Args:
        user: Who asks; None, anonymous people and users without permissions have none.
        permission: Like ``"shop.approve_order"``.
        instance: The one that it is about, if any.
    """
    ask = getattr(user, "has_perm", None)
    return bool(ask is not None and ask(permission, *instance))


def has_permissions(user: Any, node: Node, task: Any = None) -> bool:
    """Tell whether somebody has what a node requires, for all instances or for this one.

    Args:
        user: Who asks.
        node: The node.
        task: A task of the node; a start has none.
    """
    return all(
        has_permission(user, each) or _has_for_instance(user, each, task)
        for each in permissions_of(node)
    )


def _has_for_instance(user: Any, permission: str, task: Any) -> bool:
    if task is None:
        return False
    is_of_app = permission.startswith(f"{task.content_type.app_label}.")
    if apps.is_installed("guardian") and not is_of_app:
        return False  # django-guardian knows none, and raises if it is asked
    return has_permission(user, permission, task.workflow)


def may_override(user: Any, workflow: Any) -> bool:
    """Tell whether somebody may step in by hand.

    Args:
        user: Who asks.
        workflow: The workflow class or an instance of it.
    """
    opts = workflow._meta
    own = f"{opts.app_label}.override_{opts.model_name}"
    return has_permission(user, "joeflow.override") or has_permission(user, own)


# One task.


def with_people(tasks: QuerySet[Any], user: Any) -> QuerySet[Any]:
    """Return tasks with what tells whose they are, without further statements.

    Args:
        tasks: The tasks.
        user: For whom.

    Returns:
        The tasks, with ``has_assignees``, ``is_assignee``, ``has_groups`` and ``is_in_group``.
    """
    assignees, groups = _assignees(tasks.model), _groups(tasks.model)
    found: dict[str, Any] = {"has_assignees": Exists(assignees), "has_groups": Exists(groups)}
    if not is_known(user):
        found |= dict.fromkeys(("is_assignee", "is_in_group"), Value(value=False))
    else:
        found["is_assignee"] = Exists(assignees.filter(**_key(tasks.model, user)))
        found["is_in_group"] = Exists(groups.filter(group_id__in=_groups_of(user)))
    annotated: QuerySet[Any] = tasks.annotate(**found)
    return annotated


def may_complete(task: Any, user: Any, node: Node, *, is_asked: bool = False) -> bool:
    """Tell whether somebody may do a task.

    Args:
        task: The task, loaded by `with_people` for this person.
        user: Who wants to do it.
        node: The node of the task.
        is_asked: Something else has asked for the permissions of the node.
    """
    if is_for(task, user, node, is_asked=is_asked):
        return True
    is_given = task.has_assignees or task.has_groups or task.is_given
    return bool(is_given and has_permission(user, REASSIGN))


def may_hand_over(task: Any, user: Any) -> bool:
    """Tell whether somebody may hand over what is somebody else's.

    Args:
        task: The task, loaded by `with_people` for this person, or for nobody.
        user: Who wants to.
    """
    if task.is_assignee or task.is_in_group:
        return False  # the inbox is there for that
    is_given = task.has_assignees or task.has_groups or task.is_given
    return bool(is_given and is_known(user) and has_permission(user, REASSIGN))


def is_for(task: Any, user: Any, node: Node, *, is_asked: bool = False) -> bool:
    """Tell whether a task is somebody's, or is one that this person can take.

    The arguments are those of `may_complete`.
    """
    if task.has_assignees:
        return bool(task.is_assignee)
    if task.has_groups:
        return bool(task.is_in_group)
    if task.is_given:
        return False  # to somebody who is gone
    if is_shared_out(node) and not is_known(user):
        return False
    return is_asked or has_permissions(user, node, task)


# Many tasks.


def is_given_to(model: type[Model], user: Any) -> Q:
    """Return the condition for tasks that are somebody's own.

    Args:
        model: The model of tasks.
        user: Who is logged in.
    """
    return Q(Exists(_assignees(model).filter(**_key(model, user))))


def is_claimable_by(model: type[Model], user: Any, using: str) -> Q:
    """Return the condition for tasks that are nobody's own, and that somebody may take.

    Args:
        model: The model of tasks.
        user: Who is logged in.
        using: Alias of the database.
    """
    groups = _groups(model)
    is_of_group = Q(Exists(groups.filter(group_id__in=_groups_of(user))))
    is_nobody_s = Q(is_given=False) & ~Q(Exists(groups)) & _is_permitted(user, using)
    return ~Q(Exists(_assignees(model))) & (is_of_group | is_nobody_s)


def _is_permitted(user: Any, using: str) -> Q:
    condition = Q(pk__in=[])
    for workflow in get_workflows():
        of_class = Q(content_type=content_type_of(workflow, using))
        for permissions, names in _names_by_permissions(workflow).items():
            permitted = of_class & Q(name__in=names)
            for permission in permissions:
                if not has_permission(user, permission):
                    permitted &= _is_permitted_for(user, permission, workflow, using)
            condition |= permitted
    return condition


def _names_by_permissions(workflow: Any) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for name, node in workflow._graph.nodes.items():
        if node.type == HUMAN and not getattr(node, "is_start", False):
            found.setdefault(permissions_of(node), []).append(name)
    return found


def _is_permitted_for(user: Any, permission: str, workflow: Any, using: str) -> Q:
    instances = _instances_with(user, permission, workflow)
    if instances is None:
        return Q(pk__in=[])
    return Q(_workflow_id__in=instances.using(using).values("pk"))


def _instances_with(user: Any, permission: str, workflow: Any) -> QuerySet[Any] | None:
    path = settings.JOEFLOW_INSTANCES_WITH_PERMISSION
    return import_string(path)(user, permission, workflow) if path else None


# Whole instances.


def may_view(user: Any, workflow: Any) -> bool | None:
    """Tell whether somebody may see the instances of a workflow class.

    Args:
        user: Who is logged in.
        workflow: The workflow class.

    Returns:
        True for all of them, by Django's permission to view or to change them; None where there may
        be a permission for single ones; False for none of them.
    """
    permissions = _permissions_to_view(workflow)
    if any(has_permission(user, each) for each in permissions):
        return True
    # Not whether there are any: that would be a statement for each class.
    instances = [_instances_with(user, each, workflow) for each in permissions]
    return None if any(each is not None for each in instances) else False


def is_viewable_by(user: Any, workflows: Iterable[Any], using: str) -> Q:
    """Return the condition for tasks of instances that somebody may see.

    Args:
        user: Who is logged in.
        workflows: The workflow classes.
        using: Alias of the database.
    """
    condition, keys = Q(pk__in=[]), []
    for workflow in workflows:
        key = content_type_of(workflow, using).pk
        if may_view(user, workflow):
            keys.append(key)
            continue
        for permission in _permissions_to_view(workflow):
            instances = _is_permitted_for(user, permission, workflow, using)
            condition |= Q(content_type=key) & instances
    return condition | Q(content_type__in=keys)


def _permissions_to_view(workflow: Any) -> list[str]:
    opts = workflow._meta
    return [f"{opts.app_label}.{action}_{opts.model_name}" for action in ("view", "change")]


# The rows that say whose a task is.


def _assignees(model: Any) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.assignees.through._base_manager.filter(task_id=OuterRef("pk"))
    return rows


def _groups(model: Any) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.assigned_groups.through._base_manager.filter(task_id=OuterRef("pk"))
    return rows


def _key(model: Any, user: Any) -> dict[str, Any]:
    # The column has its name from the project's own model of users.
    return {f"{model.assignees.field.m2m_reverse_field_name()}_id": user.pk}


def _groups_of(user: Any) -> Any:
    groups = getattr(user, "groups", None)  # a project's own users may have none, or others
    if groups is None or not issubclass(groups.model, Group):
        return []
    return groups.order_by().values("pk")


def is_member(task: Any, user: Any, using: str) -> bool:
    """Tell whether somebody is in a group that a task was given to.

    Args:
        task: The task.
        user: Who.
        using: Alias of the database.
    """
    rows = type(task).assigned_groups.through._base_manager.using(using)
    return bool(rows.filter(task_id=task.pk, group_id__in=_groups_of(user)).exists())
