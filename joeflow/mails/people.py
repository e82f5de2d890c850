"""Whom a mail goes to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Q

__all__ = ("address_of", "keys_of", "people_of")


def keys_of(people: Iterable[Any]) -> dict[str, list[str]]:
    """Return the keys of users and groups, to be stored.

    Args:
        people: The users and groups.
    """
    keys: dict[str, list[str]] = {"users": [], "groups": []}
    for each in people:
        keys["groups" if isinstance(each, Group) else "users"].append(str(each.pk))
    return keys


def people_of(task: Any, to: dict[str, list[str]] | None, using: str) -> list[Any]:
    """Return the active people whom a task is for: its assignees, or else those of its groups.

    Args:
        task: The task.
        to: Keys of those of them who have to be told; None: all.
        using: Alias of the database.
    """
    users = get_user_model()._base_manager.using(using).order_by("pk")
    people = list(users.filter(joeflow_assignee_task_set=task.pk))
    if people:
        people = [user for user in people if to is None or str(user.pk) in to["users"]]
    elif _has_groups(users.model):
        groups = Q() if to is None else Q(groups__in=to["groups"])
        people = list(users.filter(groups, groups__joeflow_task_set=task.pk).distinct())
    return [user for user in people if user.is_active]


def _has_groups(model: Any) -> bool:
    fields = {field.name: field.related_model for field in model._meta.many_to_many}
    return issubclass(fields.get("groups", object), Group)


def address_of(user: Any) -> str:
    """Return the mail address of somebody; empty where there is none."""
    return str(getattr(user, user.get_email_field_name(), None) or "").strip()
