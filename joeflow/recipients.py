"""Whom a task is given to: what stands for people, and the rows that say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from joeflow.exceptions import InvalidAssignees
from joeflow.graph import show

__all__ = ("give", "is_unowned", "mark_as_given", "read_recipients")


def read_recipients(value: Any) -> tuple[list[Any], list[Any]]:
    """Return the users and the groups that something stands for.

    Args:
        value: A user, a group, several of them, or None.

    Returns:
        The users, and the groups; each of them once.

    Raises:
        InvalidAssignees: It stands for something else.
    """
    users: dict[Any, Any] = {}
    groups: dict[Any, Any] = {}
    for item in _listed(value):
        if not isinstance(item, Model) or item.pk is None:
            raise InvalidAssignees(_complaint(value))
        if isinstance(item, get_user_model()):
            users[item.pk] = item
        elif isinstance(item, Group):
            groups[item.pk] = item
        else:
            raise InvalidAssignees(_complaint(value))
    return list(users.values()), list(groups.values())


def is_unowned(model: Any) -> Q:
    """Return the condition for tasks that are somebody's, of whom nobody is there any more.

    Args:
        model: The model of tasks.
    """
    assignees = model.assignees.through._base_manager.filter(task_id=OuterRef("pk"))
    groups = model.assigned_groups.through._base_manager.filter(task_id=OuterRef("pk"))
    user = model.assignees.field.m2m_reverse_field_name()
    is_active = {f"{user}__is_active": True} if _has(get_user_model(), "is_active") else {}
    is_member = Q(Exists(groups.filter(Exists(_members()))))
    # Who has taken what is a group's has it alone.
    is_there = Q(Exists(assignees.filter(**is_active))) | (~Q(Exists(assignees)) & is_member)
    is_somebody_s = Q(is_given=True) | Q(Exists(assignees)) | Q(Exists(groups))
    return is_somebody_s & ~is_there


def _members() -> QuerySet[Any]:
    model: Any = get_user_model()
    users: QuerySet[Any] = model._base_manager.all()
    if _has(model, "is_active"):
        users = users.filter(is_active=True)
    if not _has(model, "groups") or model._meta.get_field("groups").related_model is not Group:
        return users.none()  # a project's own users may have none, or others
    return users.filter(groups=OuterRef("group_id"))


def _has(model: Any, field: str) -> bool:
    return field in {each.name for each in model._meta.get_fields()}


def _listed(value: Any) -> Iterable[Any]:
    if value is None:
        return ()
    if isinstance(value, Model):  # also one that is loaded when it is used, which can be iterated
        return (value,)
    several = isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))
    return value if several else (value,)


def _complaint(value: Any) -> str:
    return (
        f"A task cannot be given to {show(value)}. It can be given to a user, to a group, to a "
        f"list of them, or to nobody with None."
    )


def give(task: Any, value: Any) -> list[Any]:
    """Give a new task to somebody.

    Args:
        task: The saved task.
        value: A user, a group, several of them, or None.

    Returns:
        The users and the groups.

    Raises:
        InvalidAssignees: It stands for something else.
    """
    users, groups = read_recipients(value)
    if value is not None and not task.is_given:
        mark_as_given(task, task._state.db, is_given=True)
    if users:
        task.assignees.add(*users)
    if groups:
        task.assigned_groups.add(*groups)
    return [*users, *groups]


def mark_as_given(task: Any, using: str, *, is_given: bool) -> None:
    """Note whether a task was given to somebody, who may be gone by now, and not just taken.

    Args:
        task: The saved task.
        using: Alias of the database.
        is_given: Whether it was.
    """
    task.is_given = is_given
    type(task)._base_manager.using(using).filter(pk=task.pk).update(is_given=is_given)
