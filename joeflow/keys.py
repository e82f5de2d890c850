"""Keys as they stand in URLs: no database is asked for one that none can hold."""

from __future__ import annotations

from django.urls import register_converter
from django.urls.converters import IntConverter

__all__ = ("KEY_PATH", "read_key")

#: The part of a URL pattern that is a key.
KEY_PATH = "<joeflow_key:pk>/"

#: A key is a BigAutoField.
_LARGEST = 2**63 - 1


def read_key(text: str) -> int | None:
    """Return the key that a text stands for; None where it can be none.

    Args:
        text: What somebody sent, of any length.
    """
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(_LARGEST)):
        return None
    key = int(text)
    return key if key <= _LARGEST else None


class _KeyConverter(IntConverter):
    """Finds keys in a path; what no database can hold leads to no view."""

    def to_python(self, value: str) -> int:
        """Return the key.

        Raises:
            ValueError: It is none; Django goes on with the next pattern.
        """
        key = read_key(value)
        if key is None:
            raise ValueError(f"{value[:20]}… is no key.")
        return key


register_converter(_KeyConverter, "joeflow_key")
