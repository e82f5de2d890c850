"""What is kept of an exception: its message and traceback, never local variables."""

from __future__ import annotations

import traceback

__all__ = ("describe_exception",)


def describe_exception(error: BaseException | None) -> tuple[str, str]:
    """Return the last line and the whole of an exception's traceback, as every database can store.

    Args:
        error: The exception, or None where there is none.
    """
    if error is None:
        return "", ""
    described = traceback.TracebackException.from_exception(error)
    stacktrace = "".join(described.format())
    described.__notes__ = None  # notes would come last, behind the message
    message = list(described.format_exception_only())[-1]
    return _storable(message.strip()), _storable(stacktrace)


def _storable(text: str) -> str:
    # PostgreSQL refuses the null character, every database lone surrogates.
    return text.replace("\x00", "\\x00").encode(errors="backslashreplace").decode()
