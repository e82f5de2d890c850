"""In which form somebody wants an answer: a page, or JSON."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

__all__ = ("JSON", "READING", "is_json", "vary", "wants_json")

JSON = "application/json"
#: Methods that change nothing.
READING = {"GET", "HEAD", "OPTIONS", "TRACE"}


def is_json(request: HttpRequest) -> bool:
    """Tell whether somebody sent JSON."""
    return request.content_type == JSON


def wants_json(request: HttpRequest) -> bool:
    """Tell whether somebody wants JSON: sent it, or names it before HTML in ``Accept``.

    A browser, and whoever takes anything, gets a page.

    Args:
        request: The request.
    """
    if is_json(request):
        return True
    return request.get_preferred_type(["text/html", JSON]) == JSON


def vary(response: HttpResponseBase) -> None:
    """Tell caches that the answer depends on ``Accept``."""
    patch_vary_headers(response, ("Accept",))
