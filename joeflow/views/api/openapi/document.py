"""One OpenAPI document for all workflows of a project, at the addresses that they really have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.admindocs import utils
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, JsonResponse
from django.http.request import HttpHeaders
from django.urls import URLPattern, URLResolver, get_resolver, get_script_prefix, get_urlconf
from django.urls.converters import IntConverter, PathConverter, SlugConverter, UUIDConverter
from django.urls.resolvers import RegexPattern
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views import View

from joeflow.views.api import json
from joeflow.views.api.openapi.components import SCHEMAS
from joeflow.views.api.openapi.operations import describe_view

__all__ = ("OpenAPIView", "build_document")

Schema = dict[str, Any]

_PARAMETER = re.compile(r"<(?:[^>:]+:)?(\w+)>")
_LARGEST_KEY = 2**63 - 1
_SIGNED = "-signed"

_CONVERTERS: dict[type[Any], Schema] = {
    IntConverter: {"type": "integer", "minimum": 0, "maximum": _LARGEST_KEY},
    PathConverter: {"type": "string", "minLength": 1},
    SlugConverter: {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
    UUIDConverter: {"type": "string", "format": "uuid"},
    object: {"type": "string", "pattern": "^[^/]+$"},
}


def build_document(title: str = "", version: str = "1") -> Schema:
    """Return the OpenAPI 3.1 document of all workflows that the URLconf includes.

    Args:
        title: What the API is called.
        version: Its version.
    """
    paths: dict[str, Schema] = {}
    tags: dict[str, Schema] = {}
    counts: dict[str, int] = {}
    for template, converters, pattern in _walk(get_resolver(get_urlconf()), "/", {}):
        view = _make_view(pattern)
        name = _name(view, pattern)
        counts[name] = counts.get(name, 0) + 1
        number = f"_{counts[name]}" if counts[name] > 1 else ""
        operations = {} if view is None else describe_view(view, name + number)
        if operations and template not in paths:
            paths[template] = {"parameters": _parameters(template, converters), **operations}
            tags |= _tag(view)
    return {
        "openapi": "3.1.0",
        "info": {"title": title or _("Workflows"), "version": version},
        "servers": [{"url": get_script_prefix().rstrip("/") or "/"}],
        "tags": [tags[name] for name in sorted(tags)],
        "paths": paths,
        "components": {"schemas": SCHEMAS, "securitySchemes": _security_schemes()},
    }


# Addresses.


def _walk(
    resolver: URLResolver, prefix: str, outer: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any], URLPattern]]:
    """Yield the template of each address, the converters of its parts, and its pattern."""
    for pattern in resolver.url_patterns:
        template = prefix + _template(pattern.pattern)
        converters = outer | pattern.pattern.converters
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, template, converters)
        else:
            yield template, converters, pattern


def _template(pattern: Any) -> str:
    route = str(pattern)
    if isinstance(pattern, RegexPattern):
        route = utils.replace_metacharacters(
            utils.replace_unnamed_groups(
                utils.replace_named_groups(utils.remove_non_capturing_groups(route))
            )
        )
    return _PARAMETER.sub(r"{\1}", route)


def _parameters(template: str, converters: dict[str, Any]) -> list[Schema]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _schema_of(converters.get(name)),
        }
        for name in re.findall(r"{(\w+)}", template)
    ]


def _schema_of(converter: Any) -> Schema:
    return next(_CONVERTERS[base] for base in type(converter).__mro__ if base in _CONVERTERS)


# Views.


def _make_view(pattern: URLPattern) -> Any:
    view_class = getattr(pattern.callback, "view_class", None)
    if view_class is None or str(pattern.name).endswith(_SIGNED):
        return None  # no view of ours, or for whoever was sent a link
    return view_class(**getattr(pattern.callback, "view_initkwargs", {}))


def _name(view: Any, pattern: URLPattern) -> str:
    model = getattr(view, "model", None)
    begin = "joeflow" if model is None else model._meta.label_lower
    return re.sub(r"\W", "_", f"{begin}_{pattern.name}")


def _tag(view: Any) -> dict[str, Schema]:
    model = getattr(view, "model", None)
    if model is None:
        return {}
    opts = model._meta
    tag = {"name": opts.label_lower, "description": capfirst(str(opts.verbose_name_plural))}
    return {opts.label_lower: tag}


def _security_schemes() -> Schema:
    header = HttpHeaders.parse_header_name(settings.CSRF_HEADER_NAME)
    schemes = {
        "session": _in("cookie", settings.SESSION_COOKIE_NAME),
        "csrf": _in("header", str(header)),
        "csrf_cookie": _in("cookie", settings.CSRF_COOKIE_NAME),
    }
    schemes["session"]["description"] = _("The session of somebody who is logged in")
    schemes["csrf"]["description"] = _("The same as in the cookie, so that no other site can ask")
    if settings.CSRF_USE_SESSIONS:
        del schemes["csrf_cookie"]
    return schemes


def _in(place: str, name: str) -> Schema:
    return {"type": "apiKey", "in": place, "name": name}


class OpenAPIView(LoginRequiredMixin, View):
    """Answers with the OpenAPI document, for whoever is logged in.

    Attributes:
        title: What the API is called.
        version: Its version.
    """

    title = ""
    version = "1"

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, which refuses in JSON where that is wanted."""
        return json.guard(super().as_view(**initkwargs))

    def get_document(self) -> dict[str, Any]:
        """Return the document; override it to say more, like another way to log in."""
        return build_document(self.title, self.version)

    def get(self, request: HttpRequest) -> JsonResponse:
        """Return the document."""
        return JsonResponse(self.get_document())
