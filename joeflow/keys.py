"""The keys that people and programs send: text so far, and not always a key."""

from __future__ import annotations

from typing import Final

__all__ = ("read_key",)

#: What fits into a ``BigAutoField``.
_GREATEST: Final = 2**63 - 1


def read_key(text: str) -> int | None:
    """Return the key of a row that a text stands for; None where no row can have it.

    Databases do not agree on what they do with greater numbers: SQLite raises an error, and not all
    of Django's lookups save it from that.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_GREATEST))):
        return None
    key = int(text)
    return key if key <= _GREATEST else None
