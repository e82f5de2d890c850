"""What the answers are, as JSON Schema."""

from __future__ import annotations

from typing import Any

from joeflow.descriptions.fields import TYPES
from joeflow.models import Event, Task
from joeflow.typing import HUMAN, MACHINE

__all__ = ("SCHEMAS", "ref")

Schema = dict[str, Any]

KEY: Schema = {"type": "integer"}
TEXT: Schema = {"type": "string"}
BOOLEAN: Schema = {"type": "boolean"}
#: Naive in a project with ``USE_TZ = False``, and so none of the format.
NO_INSTANT: Schema = {"type": ["string", "null"]}
PATH: Schema = {"type": ["string", "null"], "format": "uri-reference"}
STATUS: Schema = {"enum": [Task.SCHEDULED, Task.FAILED, Task.SUCCEEDED, Task.CANCELED]}
TYPE: Schema = {"enum": [HUMAN, MACHINE]}


def ref(name: str) -> Schema:
    """Return a reference to one of the schemas.

    Args:
        name: Name of the schema.
    """
    return {"$ref": f"#/components/schemas/{name}"}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _or_none(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _with_options(schema: Schema, **properties: Schema) -> Schema:
    return {**schema, "properties": {**schema["properties"], **properties}}


_ROW = {"id": KEY, "name": TEXT, "type": TYPE, "status": STATUS, "url": PATH}
_PEOPLE = _list(ref("Person"))
_STANDING = {
    "id": {"type": ["integer", "null"]},
    "url": PATH,
    "ended": BOOLEAN,
    "tasks": _list(ref("TaskRow")),
}
_LISTED = {
    **_ROW,
    "label": TEXT,
    "workflow": _or_none(ref("WorkflowRow")),
    "created": TEXT,
    "due": NO_INSTANT,
    "late": BOOLEAN,
    "snoozed_until": NO_INSTANT,
    "paused": BOOLEAN,
    "completed": NO_INSTANT,
    "assignees": _PEOPLE,
    "groups": _PEOPLE,
    "may": _object(complete=BOOLEAN, claim=BOOLEAN, release=BOOLEAN, reassign=BOOLEAN),
}
_START = {
    "name": TEXT,
    "label": TEXT,
    "type": TYPE,
    "url": PATH,
    "workflow": _object(name=TEXT, label=TEXT),
}
_FIELD = _with_options(
    _object(
        name=TEXT,
        label=TEXT,
        type={"enum": sorted({*TYPES.values(), "parts"})},
        required=BOOLEAN,
        read_only=BOOLEAN,
        hidden=BOOLEAN,
        help_text=TEXT,
        value={},
    ),
    choices=_list(_object(value={}, label=TEXT)),
    choices_left_out=KEY,
    min={},
    max={},
    min_length=KEY,
    max_length=KEY,
    max_digits=KEY,
    decimal_places=KEY,
)

SCHEMAS: dict[str, Schema] = {
    "Detail": _object(detail=TEXT),
    "Errors": _object(errors={"type": "object", "additionalProperties": _list(TEXT)}),
    "Event": _object(
        entry={"const": "event"},
        id=KEY,
        kind={"enum": [kind for kind, _label in Event._kind_choices]},
        task={"type": ["integer", "null"]},
        created=TEXT,
        by=_or_none(ref("Person")),
        text=TEXT,
        label=TEXT,
    ),
    "Field": _FIELD,
    "Instance": _object(
        **_STANDING,
        name=TEXT,
        label=TEXT,
        created=TEXT,
        modified=TEXT,
        ended_at=NO_INSTANT,
        paused=BOOLEAN,
        paused_at=NO_INSTANT,
        history_url=PATH,
    ),
    "PastTask": _object(
        entry={"const": "task"},
        **_ROW,
        label=TEXT,
        created=TEXT,
        started=NO_INSTANT,
        due=NO_INSTANT,
        late=BOOLEAN,
        completed=NO_INSTANT,
        completed_by=_or_none(ref("Person")),
        reason=TEXT,
    ),
    "History": _object(
        history=_list({"anyOf": [ref("PastTask"), ref("Event")]}),
        next=PATH,
    ),
    "ListedTask": _object(**_LISTED),
    "Person": _object(id={"type": ["integer", "string"]}, name=TEXT),
    "Standing": _object(**_STANDING),
    "Start": _object(**_START, fields=_list(ref("Field"))),
    "StartRow": _object(**_START),
    "Task": _object(**_LISTED, fields=_list(ref("Field"))),
    "TaskRow": _object(**_ROW),
    "WorkflowRow": _object(id=KEY, name=TEXT, label=TEXT, url=PATH),
}
