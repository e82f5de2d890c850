"""Whom a task can be handed over to."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Exists, OuterRef, Q, QuerySet

from joeflow.access import REASSIGN, has_permission, is_known, permissions_of
from joeflow.assignments import may_receive

__all__ = ("colleagues", "find_colleague")

#: So many are listed; who is not among them is found by name.
MOST_COLLEAGUES = 20
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def find_colleague(task: Any, user: Any, using: str, name: str) -> Any:
    """Return who has a user name, if somebody can hand over a task to this person.

    Nobody learns from it which other names there are.

    Args:
        task: The task, loaded by `with_people`.
        user: Who hands it over.
        using: Alias of the database.
        name: The user name.

    Returns:
        The user; None for everybody else.
    """
    model: Any = get_user_model()
    try:
        found = model._default_manager.db_manager(using).get_by_natural_key(name.strip())
    except model.DoesNotExist:
        return None
    is_boss = has_permission(user, REASSIGN)
    may = is_known(found) if is_boss else may_receive(task, found, using)
    return found if may else None


def colleagues(task: Any, user: Any, using: str, term: str = "") -> QuerySet[Any]:
    """Return those to whom somebody can hand over a task, as far as Django's tables say.

    Args:
        task: The task, loaded by `with_people`.
        user: Who hands it over.
        using: Alias of the database.
        term: A part of a name; nothing for all of them.
    """
    model: Any = get_user_model()
    users = model._default_manager.using(using).exclude(pk=user.pk)
    if _has(model, "is_active"):
        users = users.filter(is_active=True)
    if not has_permission(user, REASSIGN):
        users = _who_could_take(users, task)
    if term:
        names = [n for n in (model.USERNAME_FIELD, "first_name", "last_name") if _has(model, n)]
        users = users.filter(reduce(or_, (Q(**{f"{name}__icontains": term}) for name in names)))
    found: QuerySet[Any] = users.order_by(model.USERNAME_FIELD)[:MOST_COLLEAGUES]
    return found


def _who_could_take(users: Any, task: Any) -> Any:
    model: Any = users.model
    if task.has_groups and _has(model, "groups"):
        groups = task.assigned_groups.through._base_manager.filter(task_id=task.pk)
        return users.filter(groups__in=groups.values("group_id")).distinct()
    if not hasattr(model._default_manager, "with_perm"):
        return users
    for permission in permissions_of(task.node):
        able = model._default_manager.with_perm(permission, backend=_BACKEND).using(users.db)
        users = users.filter(Exists(able.filter(pk=OuterRef("pk"))))
    return users


def _has(model: Any, field: str) -> bool:
    try:
        return bool(model._meta.get_field(field))
    except FieldDoesNotExist:
        return False
