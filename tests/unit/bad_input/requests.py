"""Requests that are sent many times over, and what each of them did.

JOEFLOW_FUZZ_EXAMPLES says how many requests each test sends; by default they are few, and always
the same. `make fuzz` sends many others each time.
"""

import os

from django.apps import apps
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings

from tests.unit.bad_input.world import differences, is_clear, is_success, snapshot

EXAMPLES = int(os.environ.get("JOEFLOW_FUZZ_EXAMPLES", "0"))


def fuzz(examples):
    """Set how many requests a test sends; by default the same ones each time."""
    return settings(
        max_examples=EXAMPLES or examples,
        derandomize=not EXAMPLES,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        deadline=None,
        # Each request is rolled back, so that all of them find the same world.
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


class Change:
    """What a request did, and what is found to be wrong with that."""

    def __init__(self, world, client, method, path, body, content_type):
        with transaction.atomic():
            # Django's client itself leaves out the content type where the body is empty.
            self.response = client.generic(method, path, body, CONTENT_TYPE=content_type)
            self.after = snapshot()
            self.changes = differences(world.rows, self.after)
            transaction.set_rollback(True)
        self.said = f"{method} {path[:100]} {content_type!r} {body[:200]!r}: {self.response}"
        self.method, self.content_type = method, content_type

    def check(self):
        assert self.response.status_code < 500, self.said
        if not is_success(self.method, self.response):
            assert not self.changes, (self.said, self.changes)
        return self

    def check_answer(self):
        sent_json = self.content_type == "application/json"
        assert is_clear(self.method, self.response, sent_json=sent_json), self.said
        return self

    def check_columns(self, allowed):
        """Only these columns of the workflow's rows may have changed: those of the form."""
        columns = {column for (label, _), column in self.changes if label.startswith("testapp.")}
        assert columns <= {*allowed, None}, (self.said, columns)

    def check_instance(self, pk):
        """No state of another instance has changed."""
        changed = {key for (label, key), column in self.changes if column and "Task" not in label}
        assert changed <= {pk}, (self.said, changed)

    @property
    def new_tasks(self):
        """Return the keys of tasks that were created."""
        return {
            key for (label, key), column in self.changes if label == "joeflow.Task" and not column
        }

    @staticmethod
    def default(label, column):
        """Return what a column of a new row says that nobody has written."""
        return apps.get_model(label)._meta.get_field(column).get_default()
