"""JSON that every database takes, and that people's pages can show."""

from __future__ import annotations

import json
from typing import Any, NoReturn

__all__ = ("StrictDecoder",)

#: MariaDB reads no deeper.
DEEPEST = 31


class StrictDecoder(json.JSONDecoder):
    """Refuses what Python reads and a database does not, or what no page could show again."""

    def __init__(self, **options: Any) -> None:
        """Refuse infinite numbers and NaN, which are no JSON."""
        super().__init__(parse_constant=_refuse_constant, parse_float=_read_float, **options)

    def decode(self, text: str, *args: Any) -> Any:
        """Return the value of a text.

        Raises:
            json.JSONDecodeError: It is no JSON, or nothing that can be stored.
        """
        try:
            value = super().decode(text, *args)
            _check(value, DEEPEST)
        except json.JSONDecodeError:
            raise
        except (ValueError, RecursionError) as error:
            raise json.JSONDecodeError(str(error), text[:100], 0) from error
        return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON.")


def _read_float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        _refuse_constant(text)
    return value


def _check(value: Any, levels: int) -> None:
    if isinstance(value, str):
        value.encode()  # halves of characters cannot be
        if "\0" in value:
            raise ValueError("A text must not have a null character.")
    elif isinstance(value, (dict, list)):
        if levels == 0:
            raise ValueError(f"The value is nested deeper than {DEEPEST} levels.")
        parts = value if isinstance(value, list) else [*value.keys(), *value.values()]
        for part in parts:
            _check(part, levels - 1)
