"""Checks of how a project includes the URLs of its workflows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning

from joeflow.reversing import is_included
from joeflow.typing import HUMAN
from joeflow.workflows import Workflow, get_workflows

__all__ = ("check_urls",)


def check_urls(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that people can get at their tasks.

    Args:
        app_configs: Not used: a URL namespace belongs to the whole project.
        kwargs: What Django passes besides.
    """
    if not getattr(settings, "ROOT_URLCONF", None):
        return []
    workflows = list(get_workflows())
    return [
        *_check_included(workflows),
        *_check_namespaces(workflows),
        *_check_pages(workflows),
    ]


def _check_included(workflows: list[type[Workflow]]) -> Iterator[CheckMessage]:
    for workflow in workflows:
        human = [name for name, node in workflow.get_nodes() if node.type == HUMAN]
        if human and not is_included(workflow.get_url_namespace()):
            yield Warning(
                f"{workflow._meta.label} has tasks for people ({', '.join(human)}), "
                f"but no URLconf includes it.",
                hint=f'Add path("…/", include({workflow.__name__}.urls())) to your urlpatterns.',
                obj=workflow,
                id="joeflow.W007",
            )


def _check_namespaces(workflows: list[type[Workflow]]) -> Iterator[CheckMessage]:
    by_namespace: dict[str, list[type[Workflow]]] = defaultdict(list)
    for workflow in workflows:
        by_namespace[workflow.get_url_namespace()].append(workflow)
    for namespace, same in by_namespace.items():
        if len(same) > 1:
            listed = " and ".join(workflow._meta.label for workflow in same)
            yield Warning(
                f"{listed} have the same URL namespace {namespace!r}.",
                hint="Rename a class, or override get_url_namespace() in one of them.",
                obj=same[-1],
                id="joeflow.W008",
            )


def _check_pages(workflows: list[type[Workflow]]) -> Iterator[CheckMessage]:
    for workflow in workflows:
        if workflow.get_url_namespace() == "joeflow":
            yield Warning(
                f"{workflow._meta.label} has the URL namespace 'joeflow', "
                f"which is that of joeflow's own pages.",
                hint="Rename the class, or override get_url_namespace() in it.",
                obj=workflow,
                id="joeflow.W037",
            )
