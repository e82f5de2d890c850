"""Whom a mail goes to."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet

__all__ = ("address_of", "keys_of", "name_of", "people_of")

logger = logging.getLogger("joeflow")

#: How many people are read at once; a group can be large.
PAGE = 100


def keys_of(people: Iterable[Any]) -> dict[str, list[str]]:
    """Return the keys of users and groups, to be stored.

    Args:
        people: The users and groups.
    """
    keys: dict[str, list[str]] = {"users": [], "groups": []}
    for each in people:
        keys["groups" if isinstance(each, Group) else "users"].append(str(each.pk))
    return keys


def people_of(
    task: Any,
    to: dict[str, list[str]] | None,
    using: str,
    *,
    done: Iterable[str] = (),
    after: str | None = None,
) -> Iterator[Any]:
    """Yield the active people whom a task is for: its assignees, or else those of its groups.

    They come in the order of their keys, and are read as they are asked for.

    Args:
        task: The task.
        to: Keys of those of them who have to be told; None: all.
        using: Alias of the database.
        done: Keys of those to leave out.
        after: Key of the one to go on after.
    """
    rows = _rows_of(task, to, using).exclude(pk__in=done).order_by("pk")
    while True:
        page = list((rows if after is None else rows.filter(pk__gt=after))[:PAGE])
        yield from (user for user in page if user.is_active)
        if len(page) < PAGE:
            return
        after = page[-1].pk


def _rows_of(task: Any, to: dict[str, list[str]] | None, using: str) -> QuerySet[Any]:
    users = get_user_model()._base_manager.using(using)
    assigned = users.filter(joeflow_assignee_task_set=task.pk)
    if assigned.exists():
        return assigned if to is None else assigned.filter(pk__in=to["users"])
    if not _has_groups(users.model):
        return users.none()
    groups = Q() if to is None else Q(groups__in=to["groups"])
    return users.filter(groups, groups__joeflow_task_set=task.pk).distinct()


def _has_groups(model: Any) -> bool:
    fields = {field.name: field.related_model for field in model._meta.many_to_many}
    return issubclass(fields.get("groups", object), Group)


def address_of(user: Any) -> str:
    """Return the mail address of somebody; empty where there is none."""
    return str(getattr(user, user.get_email_field_name(), None) or "").strip()


def name_of(user: Any) -> str:
    """Return the name of somebody, or the key where there is none."""
    try:
        return str(user) or str(user.pk)
    except Exception:
        logger.exception("event=user_without_name user=%s", user.pk)
        return str(user.pk)
