"""Check for settings that joeflow does not know."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from django.core.checks import CheckMessage, Warning

from joeflow.conf import JoeflowAppConfig, settings

__all__ = ("check_settings",)


def check_settings(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Warn about names that begin like joeflow's settings and are none of them.

    Args:
        app_configs: Not used: settings belong to the whole project.
        kwargs: What Django passes besides.
    """
    known = sorted(JoeflowAppConfig._meta.defaults)
    return [
        Warning(
            f"{name} is no setting of joeflow.",
            hint=f"Did you mean {_suggest(name, known)}?",
            id="joeflow.W010",
        )
        for name in sorted(dir(settings))
        if name.startswith("JOEFLOW_") and name not in known
    ]


def _suggest(name: str, known: list[str]) -> str:
    return (get_close_matches(name, known, n=1, cutoff=0) or known)[0]
