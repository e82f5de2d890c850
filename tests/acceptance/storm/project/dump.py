"""Print all that the checks look at, as JSON: plain rows."""

import json
import sys

import django

django.setup()

from joeflow.models import Task  # noqa: E402
from tests.acceptance.storm.weather.models import KINDS, Change, Effect  # noqa: E402


def _names(kind):
    """Return the graph as the class body declares it, without asking joeflow."""
    names = {}
    for base in reversed(kind.__mro__):
        names |= {id(value): name for name, value in vars(base).items()}
    edges = {}
    for source, target in kind.edges:
        edges.setdefault(names[id(source)], []).append(names[id(target)])
    return edges


def dump():
    return {
        "graphs": {name: _names(kind) for name, kind in KINDS.items()},
        "instances": [
            [pk, name, ended is not None, value]
            for name, kind in KINDS.items()
            for pk, ended, value in kind.objects.values_list("pk", "_ended", "value")
        ],
        "tasks": [
            [*row, completed is not None, eta is not None, exception[-300:]]
            for *row, completed, eta, exception in Task.objects.order_by("pk").values_list(
                *("pk", "_workflow_id", "name", "type", "status", "attempts", "starts"),
                *("completed", "eta", "exception"),
            )
        ],
        "links": list(
            Task.parent_task_set.through.objects.values_list("to_task_id", "from_task_id")
        ),
        "effects": list(
            Effect.objects.order_by("pk").values_list(
                "workflow", "task", "name", "token", "following", "number", "text"
            )
        ),
        "changes": list(
            Change.objects.order_by("pk").values_list(
                "task", "status_before", "status_after", "was_closed"
            )
        ),
    }


if __name__ == "__main__":
    json.dump(dump(), sys.stdout)
