"""Checks of the settings: their names and their values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from django.core.checks import CheckMessage, Error, Warning

from joeflow.conf import JoeflowAppConfig, settings

__all__ = ("check_settings",)

#: Settings that are seconds, and that can be 0.
SECONDS = (
    *("JOEFLOW_LOCK_TIMEOUT", "JOEFLOW_STAY_SECONDS", "JOEFLOW_GRACE_PERIOD"),
    *("JOEFLOW_RETRY_MIN", "JOEFLOW_RETRY_MAX", "JOEFLOW_SWEEP_SECONDS"),
)
#: Some thirty years; databases and locks know no longer times.
MOST_SECONDS = 1e9


def check_settings(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Find names like those of joeflow's settings that are none, and values that cannot be.

    Args:
        app_configs: Not used: settings belong to the whole project.
        kwargs: What Django passes besides.
    """
    return [*_check_names(), *_check_values()]


def _check_names() -> Iterator[CheckMessage]:
    known = sorted(JoeflowAppConfig._meta.defaults)
    for name in sorted(dir(settings)):
        if name.startswith("JOEFLOW_") and name not in known:
            yield Warning(
                f"{name} is no setting of joeflow.",
                hint=f"Did you mean {_suggest(name, known)}?",
                id="joeflow.W010",
            )


def _suggest(name: str, known: list[str]) -> str:
    return (get_close_matches(name, known, n=1, cutoff=0) or known)[0]


def _check_values() -> Iterator[CheckMessage]:
    for name in SECONDS:
        if not _is_number(getattr(settings, name), 0, MOST_SECONDS):
            yield _wrong(name, "a number of seconds")
    limit = settings.JOEFLOW_TIME_LIMIT
    if limit is not None and not _is_number(limit, 0.001, MOST_SECONDS):
        yield _wrong("JOEFLOW_TIME_LIMIT", "a number of seconds above 0, or None")
    starts = settings.JOEFLOW_MAX_STARTS
    if not _is_number(starts, 1, MOST_SECONDS) or starts != int(starts):
        yield _wrong("JOEFLOW_MAX_STARTS", "a whole number from 1 up")
    base_url: Any = settings.JOEFLOW_BASE_URL
    if base_url is not None and not _is_base(base_url):
        yield _wrong("JOEFLOW_BASE_URL", 'like "https://shop.example", without a path, or None')


def _is_base(url: Any) -> bool:
    return isinstance(url, str) and bool(re.fullmatch(r"https?://[^\s/?#]+/?", url))


def _is_number(value: Any, least: float, most: float) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and bool(least <= value <= most)


def _wrong(name: str, kind: str) -> Error:
    value = getattr(settings, name)
    return Error(f"{name} is {value!r}.", hint=f"It must be {kind}.", id="joeflow.E027")
