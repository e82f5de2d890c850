"""Whatever is sent to whatever address: no error, no wrong change, a clear answer."""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from joeflow.models import Draft
from tests.unit.bad_input import strategies
from tests.unit.bad_input.requests import Change, fuzz

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.timeout(3600),
    pytest.mark.usefixtures("quiet"),
]

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
    *("/greeting/check_note/signed/{}/", "/guarded/approve/signed/{}/"),
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


PAGES = [
    *("/work/inbox/", "/work/done/", "/work/running/", "/work/start/", "/work/inbox/claim/"),
    *("/work/inbox/{}/release/", "/work/inbox/{}/assign/", "/work/inbox/{}/snooze/"),
    *("/greeting/{}/", "/greeting/{}/changes", "/guarded/{}/"),
]
IN_PAGES = ["only", "task", "next", "to", "until", "comment"]
FILTERS = ["q", "page", "workflow", "whose", "late", "node", "state"]


@fuzz(60)
@given(st.data(), methods)
def test_pages(boss, world, data, method):
    path = data.draw(strategies.paths(PAGES, world.keys))
    query = strategies.urlencoded(data.draw(st.lists(_pairs(FILTERS), max_size=3))).decode()
    content_type, body = data.draw(strategies.bodies(IN_PAGES))

    change = Change(world, boss, method, f"{path}?{query}", body, content_type)

    assert change.response.status_code < 500, change.said
    change.check_columns(set())


@fuzz(20)
@given(st.data(), methods)
def test_pages__without_login__change_nothing(anonymous, world, data, method):
    path = data.draw(strategies.paths(PAGES, world.keys))
    content_type, body = data.draw(strategies.bodies(IN_PAGES))

    change = Change(world, anonymous, method, path, body, content_type)

    change.check()
    assert not change.changes


@fuzz(40)
@given(strategies.bodies(["_draft", *SHEET]))
def test_drafts(boss, world, sent):
    path = world.fill.get_absolute_url()

    change = Change(world, boss, "POST", path, sent[1], sent[0])
    again = Change(world, boss, "POST", path, b"_draft=save&" + sent[1], sent[0])

    for each in (change, again):
        each.check().check_answer().check_instance(world.sheet.pk)


@fuzz(20)
@given(st.dictionaries(st.sampled_from(SHEET), st.lists(strategies.texts, max_size=2)))
def test_drafts_are_shown_whatever_they_are(boss, world, admin_user, data):
    Draft.objects.update_or_create(
        task=world.fill,
        user=admin_user,
        defaults={"data": {k: [t.replace("\x00", "") for t in v] for k, v in data.items()}},
    )

    assert boss.get(world.fill.get_absolute_url()).status_code == 200
