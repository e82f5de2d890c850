"""What somebody may send to the admin that makes no sense."""

import pytest

from joeflow.models import Task
from tests.testapp.models import Loan

pytestmark = pytest.mark.django_db

TOO_LARGE = str(2**63)
TOO_LONG = "9" * 5000
TASKS = "/admin/joeflow/task/"
LOANS = "/admin/testapp/loan/"


@pytest.mark.parametrize("key", [TOO_LARGE, TOO_LONG, "-1", "٣", "abc"])
@pytest.mark.parametrize("page", ["change", "delete", "history"])
@pytest.mark.parametrize("admin", [TASKS, LOANS])
def test_key_that_is_none__is_found_nowhere(boss, loan, admin, page, key):
    for send in (boss.get, boss.post):
        response = send(f"{admin}{key}/{page}/")

        assert response.status_code in {302, 403, 404}
    assert Loan.objects.exists()


@pytest.mark.parametrize("admin", [TASKS, LOANS])
def test_field_without_a_name__is_the_key(boss, loan, make_task, admin):
    key = make_task().pk if admin == TASKS else loan.pk

    assert boss.get(f"{admin}{key}/change/?_to_field=").status_code == 200


@pytest.mark.parametrize("key", [TOO_LARGE, TOO_LONG])
@pytest.mark.parametrize("path", ["{pk}/history/{key}/", "{key}/history/1/", "recover/{key}/"])
def test_version_that_is_none__is_found_nowhere(boss, loan, path, key):
    pytest.importorskip("reversion")
    for send in (boss.get, boss.post):
        response = send(LOANS + path.format(pk=loan.pk, key=key))

        assert response.status_code in {302, 404}


@pytest.mark.parametrize(
    "query",
    [
        "status=%00",
        "type__exact=%00",
        "q=%00",
        "exception__icontains=%00",
        "created__year=99999999",
        f"_workflow={TOO_LARGE}",
        f"id__in=1,{TOO_LARGE}",
    ],
)
@pytest.mark.parametrize("admin", [TASKS, LOANS])
def test_filter_that_some_database_refuses__is_answered(boss, admin, query):
    response = boss.get(f"{admin}?{query}")

    assert response.status_code in {200, 302, 400}


@pytest.mark.parametrize("key", ["abc", TOO_LARGE, TOO_LONG, "\0"])
@pytest.mark.parametrize("action", ["rerun", "cancel"])
def test_selected_task_that_is_none__is_not_selected(boss, make_task, action, key):
    task = make_task()

    data = {"action": action, "index": "0", "_selected_action": key}
    response = boss.post(TASKS, data, follow=True)

    assert response.status_code == 200
    assert "Items must be selected" in response.text
    task.refresh_from_db()
    assert task.status == Task.FAILED


def test_selected_task_beside_one_that_is_none__is_done(boss, make_task):
    task = make_task()

    boss.post(TASKS, {"action": "cancel", "_selected_action": ["abc", task.pk]})

    task.refresh_from_db()
    assert task.status == Task.CANCELED


def test_task_of_what_is_no_workflow_any_more__is_shown(boss, make_task, django_user_model):
    from django.contrib.contenttypes.models import ContentType

    task = make_task()
    content_type = ContentType.objects.get_for_model(django_user_model)
    Task.objects.filter(pk=task.pk).update(content_type=content_type)

    for page in (TASKS, f"{TASKS}{task.pk}/change/"):
        assert boss.get(page).status_code == 200


def test_tasks_of_classes_that_are_gone__cost_no_statement_each(
    boss, make_task, django_assert_max_num_queries
):
    from django.contrib.contenttypes.models import ContentType

    gone = ContentType.objects.create(app_label="gone", model="gone")
    for _ in range(12):
        make_task(content_type=gone)
    boss.get(TASKS)

    with django_assert_max_num_queries(8):
        response = boss.get(TASKS)

    assert "gone" in response.text
