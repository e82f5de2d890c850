"""Checks of the runner that the settings name."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

from joeflow.conf import settings

__all__ = ("check_runner", "check_runner_deployment")


def check_runner(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that ``JOEFLOW_TASK_RUNNER`` can be used, and what its module brings to check.

    Args:
        app_configs: Not used: the runner belongs to the whole project.
        kwargs: What Django passes besides.
    """
    path = settings.JOEFLOW_TASK_RUNNER
    try:
        runner = import_string(str(path))
    except ImportError as error:
        return [
            Error(
                f"JOEFLOW_TASK_RUNNER is {path!r}, which cannot be imported: {error}",
                hint="Name one of joeflow.runner.celery.task_runner, "
                "joeflow.runner.dramatiq.task_runner, joeflow.runner.django_tasks.task_runner, "
                "or a callable of your own, and install what it needs.",
                id="joeflow.E009",
            )
        ]
    if not callable(runner):
        return [
            Error(
                f"JOEFLOW_TASK_RUNNER is {path!r}, which cannot be called.",
                hint="Name a callable (*, task_pk, workflow_pk, countdown, eta).",
                id="joeflow.E009",
            )
        ]
    return _ask_module("check")


def check_runner_deployment(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check what the runner's module brings to check before it is deployed.

    Args:
        app_configs: Not used: the runner belongs to the whole project.
        kwargs: What Django passes besides.
    """
    try:
        import_string(str(settings.JOEFLOW_TASK_RUNNER))
    except ImportError:
        return []  # the other check says so
    return _ask_module("check_deployment")


def _ask_module(name: str) -> list[CheckMessage]:
    module = import_module(str(settings.JOEFLOW_TASK_RUNNER).rpartition(".")[0])
    check = getattr(module, name, None)
    return [] if check is None else list(check())
