"""Permissions for single instances with django-guardian; the only file that knows it.

It is used where the package is installed, its app in ``INSTALLED_APPS`` and its backend in
``AUTHENTICATION_BACKENDS``; else nothing here does anything.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

__all__ = ("instances_with_permission",)


def instances_with_permission(user: Any, permission: str, model: Any) -> QuerySet[Any] | None:
    """Return the instances for which somebody was given a permission, himself or by his groups.

    Args:
        user: Who is logged in.
        permission: Like ``"shop.approve_order"``.
        model: The workflow class.

    Returns:
        The instances, in one statement; None where django-guardian knows nothing of the kind.
    """
    app_label, _, codename = permission.partition(".")
    if not _is_used() or app_label != model._meta.app_label:
        return None
    from guardian.shortcuts import get_objects_for_user  # noqa: PLC0415 - its models need all apps

    instances: QuerySet[Any] = get_objects_for_user(
        user,
        codename,
        klass=model._base_manager.all(),
        with_superuser=False,
        accept_global_perms=False,
    )
    return instances


def _is_used() -> bool:
    """Tell whether Django asks django-guardian for permissions."""
    if not apps.is_installed("guardian"):
        return False
    from guardian.backends import ObjectPermissionBackend  # noqa: PLC0415 - its models need all apps

    backends = map(import_string, settings.AUTHENTICATION_BACKENDS)
    return any(issubclass(backend, ObjectPermissionBackend) for backend in backends)
