"""Checks of ``manage.py check --deploy``: what is fine while one develops, and not in public."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.mixins import AccessMixin
from django.core.checks import CheckMessage, Warning
from django.utils.module_loading import import_string
from django.views import View

from joeflow.access import is_shared_out, permissions_of
from joeflow.typing import HUMAN, Node
from joeflow.views import StartViewMixin, TaskViewMixin
from joeflow.workflows import get_workflows

__all__ = ("check_login",)

LOGIN_MIDDLEWARE = "django.contrib.auth.middleware.LoginRequiredMiddleware"


#: Those that ask for no login, and a node that has none.
_OF_JOEFLOW = (TaskViewMixin.has_access, StartViewMixin.has_access, None)


def check_login(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Warn where people's tasks are open to everybody and nothing asks for a login.

    Args:
        app_configs: Not used: the middleware belongs to the whole project.
        kwargs: What Django passes besides.
    """
    human = [
        (f"{workflow._meta.label}.{name}", node)
        for workflow in get_workflows()
        for name, node in workflow.get_nodes()
        if node.type == HUMAN
    ]
    if not human or _has_login_middleware() or any(asks_for_login(node) for _, node in human):
        return []
    return [
        Warning(
            f"The tasks of people are open to everybody: {', '.join(name for name, _ in human)}.",
            hint=f"Add {LOGIN_MIDDLEWARE!r} to MIDDLEWARE, or give the tasks permission_required=… "
            f"or assign=…, or mix LoginRequiredMixin into the views.",
            id="joeflow.W017",
        )
    ]


def asks_for_login(node: Node) -> bool:
    """Tell whether a view asks who somebody is, by a keyword or Django's mixins or decorators."""
    own_rules = getattr(type(node), "has_access", None) not in _OF_JOEFLOW
    if permissions_of(node) or is_shared_out(node) or own_rules:
        return True
    # Django's decorators leave login_url on what they decorate, for its own middleware to see.
    decorated = hasattr(getattr(type(node), "dispatch", None), "login_url")
    bases = type(node).__mro__
    # View ends the chain of dispatch(): a mixin that stands behind it is never asked.
    asked = bases[: bases.index(View)] if View in bases else bases
    return decorated or any(
        issubclass(base, AccessMixin) and "dispatch" in vars(base) for base in asked
    )


def _has_login_middleware() -> bool:
    required = import_string(LOGIN_MIDDLEWARE)
    for path in settings.MIDDLEWARE:
        middleware = import_string(path)
        if isinstance(middleware, type) and issubclass(middleware, required):
            return True
    return False
