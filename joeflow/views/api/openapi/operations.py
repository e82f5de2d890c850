"""What can be done at an address: the operations of a view."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.mixins import AccessMixin
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.generic.edit import FormMixin, ModelFormMixin

from joeflow.access import is_shared_out, permissions_of
from joeflow.graph import words
from joeflow.views.api.described import DescribedInstance, DescribedList
from joeflow.views.api.openapi.components import ref
from joeflow.views.api.openapi.schemas import body_schema
from joeflow.views.api.rest import is_rest
from joeflow.views.nodes import HumanNode

__all__ = ("describe_view",)

Schema = dict[str, Any]

JSON, HTML = "application/json", "text/html"
#: The codes of refusals, and whether something that stands before the view may answer with a page.
_REFUSALS = {
    400: True,
    401: False,
    403: True,
    404: True,
    409: False,
    410: False,
    413: False,
    415: False,
}
_METHODS = ("get", "post", "put", "patch", "delete")


def describe_view(view: Any, name: str) -> dict[str, Schema]:
    """Return the operations of a view, by method; none for a view that is none of joeflow's.

    Args:
        view: The view, without a request.
        name: Begin of the names of the operations.
    """
    if isinstance(view, HumanNode):
        operations = _describe_node(view)
    elif isinstance(view, DescribedInstance):
        operations = {"get": _describe_instance(view)}
        if getattr(view, "comment_form_class", None) is not None and not view.is_history:
            operations["post"] = _describe_commenting(view)
    elif isinstance(view, DescribedList):
        operations = {"get": _describe_list(view)}
    else:
        return {}
    for method, operation in operations.items():
        operation["operationId"] = f"{name}_{method}"
        operation["security"] = _security(view, method)
        if getattr(view, "model", None) is not None:
            operation["tags"] = [view.model._meta.label_lower]
    return operations


# Tasks.


def _describe_node(view: Any) -> dict[str, Schema]:
    methods = [method for method in _METHODS if hasattr(view, method)]
    if is_rest(view) or not isinstance(view, FormMixin):
        return {method: _describe_own(view, method) for method in methods}
    described = {method: _describe_sending(view) for method in methods if method != "get"}
    return {"get": _describe_asking(view), **described} if "get" in methods else described


def _describe_asking(view: Any) -> Schema:
    if view.is_start:
        summary = _("What has to be known to start a {workflow}")
        codes = [401, 403]
    else:
        summary = _("What has to be known for the task “{task}” of a {workflow}")
        codes = [401, 403, 404, 410]
    return {
        "summary": _for_people(summary, view),
        "responses": {"200": _page_or("Start" if view.is_start else "Task"), **_refusals(codes)},
    }


def _describe_sending(view: Any) -> Schema:
    if view.is_start:
        summary, good = _("Start a {workflow}"), {"201": _("The instance, and its open tasks")}
        codes = [400, 401, 403, 409, 413, 415]
        good["200"] = _("Nothing was started")
    else:
        summary, good = _("Do the task “{task}” of a {workflow}"), {}
        codes = [400, 401, 403, 404, 409, 413, 415]
        good["200"] = _("The instance, and its open tasks")
    kept = set(view.initial) | (set() if view.is_start else _fields_elsewhere(view))
    body = body_schema(_form_class(view), kept)
    return {"summary": _for_people(summary, view), **_sending(body, good, codes)}


def _sending(body: Schema, good: dict[str, str], codes: list[int]) -> Schema:
    return {
        "requestBody": {"required": True, "content": {JSON: {"schema": body}}},
        "responses": {
            **{code: _answer(text, ref("Standing")) for code, text in sorted(good.items())},
            **_refusals(codes),
            "422": _wrong_values(),
        },
    }


def _describe_own(view: Any, method: str) -> Schema:
    """Return what is known of a method that a project has written itself."""
    summary = _("The task “{task}” of a {workflow}, in a way of its own")
    operation: Schema = {
        "summary": _for_people(summary, view),
        "responses": {"default": {"description": _("Whatever the view answers")}},
    }
    if method in {"post", "put", "patch"}:
        operation["requestBody"] = {"content": {"*/*": {"schema": {}}}}
    return operation


def _form_class(view: Any) -> Any:
    """Return the class of the form; None where only a request tells."""
    own = type(view).get_form_class
    if own not in {FormMixin.get_form_class, ModelFormMixin.get_form_class}:
        return None
    return view.get_form_class()


def _fields_elsewhere(view: Any) -> set[str]:
    """Return the fields of other forms of a workflow class, which may have a value already."""
    model = view.model
    names: set[str] = set()
    for name, node in model._graph.nodes.items():
        if isinstance(node, HumanNode) and isinstance(node, FormMixin) and name != view.name:
            made = type(node)(model=model, name=name, **node._instance_kwargs)
            names.update(getattr(_form_class(made), "base_fields", ()))
    return names


def _for_people(summary: str, view: Any) -> str:
    return summary.format(task=words(view.name), workflow=view.model._meta.verbose_name)


# Pages.


def _describe_instance(view: Any) -> Schema:
    name = view.model._meta.verbose_name
    if view.is_history:
        summary = _("What happened to a {workflow}, the newest first").format(workflow=name)
        operation: Schema = {"parameters": [_PAGE], "summary": summary}
    else:
        operation = {"summary": _("Where a {workflow} stands").format(workflow=name)}
    schema = "History" if view.is_history else "Instance"
    responses = {"200": _page_or(schema), **_refusals([401, 403, 404])}
    return {**operation, "responses": responses}


def _describe_commenting(view: Any) -> Schema:
    summary = _("Comment on a {workflow}").format(workflow=view.model._meta.verbose_name)
    body = body_schema(view.comment_form_class, ())
    good = {"201": _("The instance, and its open tasks")}
    codes = [400, 401, 403, 404, 409, 413, 415]
    return {"summary": summary, **_sending(body, good, codes)}


def _describe_list(view: Any) -> Schema:
    schema = {
        "type": "object",
        "properties": {
            view.json_name: {"type": "array", "items": ref(view.json_schema)},
            "next": {"type": ["string", "null"], "format": "uri-reference"},
        },
        "required": [view.json_name, "next"],
    }
    content = {JSON: {"schema": schema}, HTML: {"schema": {"type": "string"}}}
    return {
        "summary": str(view.json_summary),
        "parameters": [_in_query(name) for name in _filters(view)],
        "responses": {
            "200": {"description": _("One page of the list"), "content": content},
            **_refusals([401, 403, 404]),
            **({"422": _wrong_values()} if _filters(view) else {}),
        },
    }


def _filters(view: Any) -> list[str]:
    form_class = getattr(view, "filter_form_class", None)
    page = ["page"] if getattr(view, "paginate_by", None) else []
    return [*getattr(form_class, "base_fields", ()), *page]


def _in_query(name: str) -> Schema:
    # Any text: what cannot be understood is answered with what is wrong.
    return {"name": name, "in": "query", "schema": {"type": "string"}}


_PAGE: Schema = {
    "name": "page",
    "in": "query",
    "schema": {"type": "integer", "minimum": 1, "default": 1},
}


# Answers.


def _answer(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {JSON: {"schema": schema}}}


def _wrong_values() -> Schema:
    return _answer(_("What is wrong with the values"), ref("Errors"))


def _page_or(schema: str) -> Schema:
    return {
        "description": _("JSON for whoever asks for it, and else a page"),
        "content": {JSON: {"schema": ref(schema)}, HTML: {"schema": {"type": "string"}}},
    }


def _refusals(codes: Iterable[int]) -> Schema:
    descriptions = {
        400: _("The body is no JSON object."),
        401: _("Log in first."),
        403: _("You may not do this."),
        404: _("There is nothing at this address."),
        409: _("The task is closed by now, or the instance is busy: then try again."),
        410: _("This task is closed."),
        413: _("The body is too large."),
        415: _("The body is neither JSON nor a form."),
    }
    found = {}
    for code in codes:
        found[str(code)] = _answer(descriptions[code], ref("Detail"))
        if _REFUSALS[code]:
            found[str(code)]["content"][HTML] = {"schema": {"type": "string"}}
    return found


# Who may ask.


def _security(view: Any, method: str) -> list[dict[str, list[str]]]:
    forged: dict[str, list[str]] = {}
    if method != "get" and _has_middleware(CsrfViewMiddleware):
        forged["csrf"] = []
        if not settings.CSRF_USE_SESSIONS:
            forged["csrf_cookie"] = []
    with_login = {"session": [], **forged}
    return [with_login] if _asks_for_login(view) else [forged, with_login]


def _asks_for_login(view: Any) -> bool:
    if isinstance(view, AccessMixin) or _has_middleware(LoginRequiredMiddleware):
        return True
    is_node = isinstance(view, HumanNode)
    return is_node and bool(permissions_of(view) or is_shared_out(view))


def _has_middleware(wanted: type[Any]) -> bool:
    found = [import_string(path) for path in settings.MIDDLEWARE]
    return any(isinstance(each, type) and issubclass(each, wanted) for each in found)
