"""Whatever is sent to whatever address: no error, no change that was not allowed, a clear answer.

JOEFLOW_FUZZ_EXAMPLES says how many requests each test sends; by default they are few, and always
the same. `make fuzz` sends many others each time.
"""

import logging
import os

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.unit.bad_input import strategies
from tests.unit.bad_input.world import World, differences, is_clear, is_success, snapshot

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(3600)]

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


@pytest.fixture
def world(db):
    return World()


@pytest.fixture
def anonymous():
    return Client(raise_request_exception=False)


@pytest.fixture(autouse=True)
def quiet():
    """Log no refused request; there are thousands."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Change:
    """What a request did, and what is found to be wrong with that."""

    def __init__(self, world, client, method, path, body, content_type):
        with transaction.atomic():
            # Django's client itself leaves out the content type where the body is empty.
            self.response = client.generic(method, path, body, CONTENT_TYPE=content_type)
            self.changes = differences(world.rows, snapshot())
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


methods = st.one_of(st.just("POST"), st.sampled_from(strategies.METHODS))

SHEET = [
    *("text", "number", "price", "ratio", "moment", "sure", "maybe", "kind", "extra", "people"),
    *("file", "span_0", "span_1", "day_year", "day_month", "day_day", "span", "day"),
]
OVERRIDE = [*SHEET, "open_tasks", "next_tasks"]
GREETING = ["user", "note", "seen", "count"]


@fuzz(40)
@given(methods, strategies.bodies(SHEET))
def test_form_of_every_kind_of_field(anonymous, world, method, sent):
    change = Change(world, anonymous, method, world.fill.get_absolute_url(), sent[1], sent[0])

    change.check().check_answer()
    change.check_instance(world.sheet.pk)


@fuzz(20)
@given(methods, strategies.bodies(GREETING))
def test_form__never_writes_what_it_does_not_offer(anonymous, world, method, sent):
    change = Change(world, anonymous, method, world.check.get_absolute_url(), sent[1], sent[0])

    change.check().check_answer().check_columns({"note", "seen", "modified"})
    change.check_instance(world.greeting.pk)


@fuzz(10)
@given(methods, strategies.bodies(GREETING))
def test_start__never_changes_what_is_there(anonymous, world, method, sent):
    change = Change(world, anonymous, method, "/greeting/start/", sent[1], sent[0])

    change.check().check_answer().check_columns(set())


TASKS = [
    *("/greeting/check_note/{}/", "/greeting/start/{}/", "/sheet/fill/{}/", "/guarded/approve/{}/"),
    *("/assigned/sign/{}/", "/bare/answer/{}/left/", "/bare/answer/{}/nowhere/", "/greeting/{}/"),
]


@fuzz(40)
@given(st.data(), methods)
def test_addresses_of_other_tasks_and_instances(anonymous, world, data, method):
    path = data.draw(strategies.paths([path for path in TASKS if "bare" not in path], world.keys))
    content_type, body = data.draw(strategies.bodies(["note"]))

    Change(world, anonymous, method, path, body, content_type).check()


@fuzz(20)
@given(methods, strategies.bodies(OVERRIDE))
def test_override(boss, world, method, sent):
    change = Change(world, boss, method, world.sheet.get_override_url(), sent[1], sent[0])

    change.check().check_instance(world.sheet.pk)


@fuzz(8)
@given(methods, strategies.bodies(OVERRIDE))
def test_override__without_permission__changes_nothing(anonymous, world, method, sent):
    change = Change(world, anonymous, method, world.sheet.get_override_url(), sent[1], sent[0])

    change.check()
    assert not change.changes


ADMIN = [
    *("/admin/joeflow/task/{}/change/", "/admin/joeflow/task/{}/delete/", "/admin/joeflow/task/"),
    *("/admin/testapp/loan/{}/change/", "/admin/testapp/loan/add/", "/admin/testapp/loan/"),
    *("/admin/testapp/letter/{}/change/", "/admin/testapp/letter/{}/history/"),
    *("/admin/testapp/letter/recover/{}/", "/admin/testapp/letter/recover/"),
    *("/admin/testapp/sheetstate/{}/change/", "/admin/joeflow/task/{}/history/"),
]
IN_ADMIN = [
    *("borrower", "data", "due_0", "due_1", "clerk", "watchers", "urgent", "picture", "text"),
    *("initial-data", "initial-watchers", "initial-clerk", "initial-due_0", "initial-borrower"),
    *("task_set-TOTAL_FORMS", "task_set-0-status", "open_tasks", "next_tasks", "action", "index"),
    *("_selected_action", "select_across", "_save", "form-TOTAL_FORMS", "form-INITIAL_FORMS"),
    *("form-0-workflow_ptr", "form-0-urgent", "_popup", "_to_field", "_continue", "_saveasnew"),
]
QUERY = [
    *("q", "p", "o", "all", "status__exact", "created__gte", "created__year", "workflow", "id__in"),
    *("_workflow", "pk__in", "_popup", "_to_field", "_changelist_filters", "e", "name__regex"),
]


@fuzz(40)
@given(st.data(), methods)
def test_admin(boss, world, data, method):
    path = data.draw(strategies.paths(ADMIN, world.keys))
    query = strategies.urlencoded(data.draw(st.lists(_pairs(QUERY), max_size=2))).decode()
    content_type, body = data.draw(strategies.bodies(IN_ADMIN))

    Change(world, boss, method, f"{path}?{query}", body, content_type).check()


@fuzz(10)
@given(st.data(), methods)
def test_admin__without_login__changes_nothing(anonymous, world, data, method):
    path = data.draw(strategies.paths(ADMIN, world.keys))
    content_type, body = data.draw(strategies.bodies(IN_ADMIN))

    change = Change(world, anonymous, method, path, body, content_type)

    change.check()
    assert not change.changes


def _pairs(names):
    return st.tuples(st.sampled_from(names), strategies.texts)


@fuzz(10)
@given(methods, st.sampled_from(TASKS[:1]), strategies.bodies(GREETING))
def test_without_csrf_token__changes_nothing(world, method, path, sent):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)

    change = Change(world, client, method, path.format(world.check.pk), sent[1], sent[0])

    assert change.response.status_code < 500, change.said
    assert not change.changes, change.said
