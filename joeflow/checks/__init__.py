"""What ``manage.py check`` says about workflows, settings and databases."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.core.checks import CheckMessage, Tags, register

from joeflow.checks.databases import check_databases, check_deployment, check_servers
from joeflow.checks.definitions import check_definitions
from joeflow.checks.deployment import check_login
from joeflow.checks.runners import check_runner, check_runner_deployment
from joeflow.checks.settings_values import check_settings
from joeflow.checks.urls import check_urls

__all__ = ("register_checks",)


def register_checks() -> None:
    """Register all checks with Django; called once, when the app is ready."""
    checks: Iterable[tuple[Callable[..., list[CheckMessage]], Any]] = (
        (check_definitions, Tags.models),
        (check_urls, Tags.urls),
        (check_runner, "joeflow"),
        (check_settings, "joeflow"),
        (check_databases, "joeflow"),
        (check_servers, Tags.database),
    )
    for check, tag in checks:
        register(check, tag)
    register(check_login, Tags.security, deploy=True)
    register(check_runner_deployment, "joeflow", deploy=True)
    register(check_deployment, "joeflow", deploy=True)
