"""Instances of several kinds, what is known of them, and what a request must not do to them."""

import json

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType

from joeflow.models import Task, Workflow
from tests.testapp.models import (
    Assigned,
    Bare,
    Greeting,
    GreetingWorkflow,
    Guarded,
    Letter,
    Loan,
    Sheet,
    SheetState,
)

MODELS = [
    *(Workflow, Task, Task.parent_task_set.through, Task.assignees.through),
    *(Greeting, SheetState, SheetState.people.through, Loan, Letter, Bare, Assigned, Guarded),
]
READING = {"GET", "HEAD", "OPTIONS", "TRACE"}


class World:
    """Open, completed and canceled tasks of people and machines, of several classes."""

    def __init__(self):
        self.sheet = Sheet.start(text="Old")
        self.fill = self.sheet.task_set.get(name="fill")
        self.greeting = GreetingWorkflow.objects.create(note="Old", count=7)
        self.check = self._make_task(self.greeting, "check_note")
        self.completed = self._make_task(self.greeting, "check_note")
        self.completed.finish()
        self.canceled = self._make_task(self.greeting, "check_note")
        self.canceled.cancel()
        self.loan = Loan.objects.create(borrower="Ada")
        self.failed = self._make_task(self.loan, "fetch", type="machine", status=Task.FAILED)
        self.letter = Letter.start(text="Dear Sir")
        self.bare = self._make_task(Bare.objects.create(text="Old"), "answer")
        # Others of the same kind, which a request for the one must not reach.
        self._make_task(GreetingWorkflow.objects.create(note="Other", count=9), "check_note")
        self._make_task(Bare.objects.create(text="Other"), "answer")
        Letter.start(text="Other")
        self.owner = User.objects.create(username="owner")
        for owner in (self.owner, User.objects.create(username="other")):
            assigned = Assigned.objects.create(owner=owner)
            self._make_task(assigned, "sign").assignees.add(owner)
        for _ in range(2):
            guarded = Guarded.objects.create(text="Old")
            self._make_task(guarded, "approve")
            self._make_task(guarded, "reply")
        # As another class on the same row makes it, of which this one could be a proxy.
        other = ContentType.objects.get_for_model(Letter)
        Task.objects.create(
            name="check_note", type="human", _workflow=self.greeting, content_type=other
        )
        #: What is there before each request.
        self.rows = snapshot()

    def _make_task(self, workflow, name, **values):
        values = {"type": "human", **values}
        return Task.objects.create(name=name, workflow=workflow, **values)

    @property
    def keys(self):
        """Keys of all tasks and instances: most of them are the wrong ones for an address."""
        tasks = Task.objects.values_list("pk", "_workflow_id")
        return sorted({key for pair in tasks for key in pair})


def snapshot():
    """Return all rows of joeflow and of the workflows that a request could reach."""
    rows = {}
    for model in MODELS:
        columns = [field.attname for field in model._meta.local_concrete_fields]
        for found in model._base_manager.values(*columns):
            rows[model._meta.label, found[model._meta.pk.attname]] = found
    return rows


def differences(before, after):
    """Return labels, keys and names of columns that differ; of new and deleted rows, no columns."""
    found = set()
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            found |= {(key, column) for column in old if old[column] != new[column]}
        elif old != new:
            found.add((key, None))
    return found


def is_success(request_method, response):
    """Tell whether an answer says that something was done."""
    if request_method in READING:
        return False
    sends_json = response.headers.get("Content-Type") == "application/json"
    return response.status_code == 302 or (sends_json and response.status_code in {200, 201})


def is_clear(method, response, *, sent_json):
    """Tell whether an answer says what is wrong, and in JSON to who sent JSON."""
    if response.status_code < 400:
        return True
    if method == "HEAD":
        return not response.content
    if sent_json and response.status_code != 404:  # an address that is none is none of ours
        answer = json.loads(response.content)
        return bool(answer.get("detail") or answer.get("errors"))
    return bool(response.content) or response.headers.get("Allow") is not None
