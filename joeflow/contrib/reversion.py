"""History with django-reversion; the only file that knows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ("create_revision",)


@contextmanager
def create_revision(comment: str, *, user: Any = None, using: str | None = None) -> Iterator[None]:
    yield
