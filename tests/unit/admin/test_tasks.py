"""The list and the pages of tasks."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from joeflow.admin.lists import LimitedPaginator
from joeflow.models import Task
from tests.testapp.models import Letter
from tests.unit.admin.pages import texts

pytestmark = pytest.mark.django_db

URL = "/admin/joeflow/task/"
XSS = "<script>alert(1)</script>"


def shown(response):
    return {task.pk for task in response.context["cl"].result_list}


def page(client, task):
    response = client.get(f"{URL}{task.pk}/change/")
    assert response.status_code == 200
    return response.content.decode()


def statements(client, url):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return [query["sql"] for query in queries.captured_queries]


class TestList:
    def test_takes_the_same_statements_for_one_task_as_for_many(self, boss, make_task):
        make_task(completed_by_user=User.objects.create(username="u0"))
        few = statements(boss, URL)
        for number in range(1, 30):
            person = User.objects.create(username=f"u{number}")
            make_task(completed_by_user=person).assignees.add(person)

        many = statements(boss, URL)

        assert len(many) == len(few)
        # Session, user, count and tasks.
        assert len(many) == 4

    def test_counts_no_further_than_the_limit(self, boss, make_task):
        make_task()

        counts = [sql for sql in statements(boss, URL) if "COUNT" in sql]

        assert len(counts) == 1
        assert "LIMIT 10001" in counts[0]

    def test_reads_no_tracebacks(self, boss, make_task):
        make_task()

        assert not [sql for sql in statements(boss, URL) if "stacktrace" in sql]

    def test_sorts_by_the_key(self, boss, make_task):
        make_task()

        rows = next(sql for sql in statements(boss, URL) if '"."exception"' in sql or "`exc" in sql)

        assert rows.replace("`", '"').endswith('ORDER BY "joeflow_task"."id" DESC')

    def test_says_so_where_there_are_more_than_can_be_counted(self, boss, make_task, monkeypatch):
        monkeypatch.setattr(LimitedPaginator, "limit", 101)
        loan = make_task().workflow
        for _ in range(101):
            make_task(loan)

        content = boss.get(URL).content.decode()

        assert "There are more than 101 tasks; the first of them can be leafed through." in content
        assert "Select all 101 tasks or more, all that match" in content
        assert "All selected, more than 101" in content

    def test_says_nothing_where_all_can_be_counted(self, boss, make_task):
        make_task()

        content = boss.get(URL).content.decode()

        assert "There are more than" not in content
        assert "1 task" in content

    def test_escapes_what_somebody_else_wrote(self, boss, make_task):
        make_task(name=XSS, exception=XSS)

        content = boss.get(URL).content.decode()

        assert XSS not in content
        assert content.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2

    def test_says_what_is_late__and_filters_by_that(self, boss, make_task):
        late = make_task(type="human", due=timezone.now() - timedelta(days=1))
        make_task(type="human", due=timezone.now() + timedelta(days=1))

        assert boss.get(URL).content.decode().count("failed, late") == 1
        assert shown(boss.get(f"{URL}?late=1")) == {late.pk}

    def test_links_the_instance(self, boss, make_task, loan):
        make_task(loan)

        content = boss.get(URL).content.decode()

        assert f'<a href="/admin/testapp/loan/{loan.pk}/change/">loan {loan.pk}</a>' in content

    def test_shows_tasks_whose_class_is_gone_from_the_code(self, boss, make_task):
        gone = ContentType.objects.create(app_label="testapp", model="gone")
        task = make_task(content_type=gone)

        assert shown(boss.get(URL)) == {task.pk}
        assert f"gone {task._workflow_id}" in boss.get(URL).content.decode()

    def test_offers_no_way_to_add(self, boss):
        assert boss.get(f"{URL}add/").status_code == 403


class TestFilters:
    @pytest.mark.parametrize(
        "query",
        [
            "status__exact=failed",
            "type__exact=machine",
            "workflow=testapp.loan",
            "created__gte=2000-01-01 00:00:00%2B00:00",
        ],
    )
    def test_find_what_fits_alone(self, boss, make_task, query):
        task = make_task()
        other = make_task(Letter.objects.create(), status=Task.SCHEDULED, type="human")
        Task.objects.filter(pk=other.pk).update(created="1999-01-01T00:00:00Z")

        assert shown(boss.get(f"{URL}?{query}")) == {task.pk}

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("status__exact=failed", ["failed"]),
            ("status__exact=scheduled", ["scheduled"]),
            ("status__exact=succeeded", ["succeeded"]),
            ("status__exact=failed&status__exact=succeeded", ["failed", "succeeded"]),
        ],
    )
    def test_find_each_status(self, boss, make_task, query, names):
        tasks = {
            "failed": make_task(),
            "scheduled": make_task(status=Task.SCHEDULED),
            "succeeded": make_task(status=Task.SUCCEEDED, completed=timezone.now()),
        }

        assert shown(boss.get(f"{URL}?{query}")) == {tasks[name].pk for name in names}

    @pytest.mark.parametrize("status", ["failed", "scheduled"])
    def test_find_open_tasks_by_their_index(self, boss, make_task, status):
        make_task(status=status)
        if connection.vendor == "postgresql":  # it reads a small table as a whole
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("SET LOCAL enable_indexscan = off")  # by the primary key, backwards

        rows = boss.get(f"{URL}?status__exact={status}").context["cl"].queryset

        assert "joeflow_task_due" in rows.order_by().explain()

    def test_find_the_tasks_of_one_instance(self, boss, make_task):
        task, _other = make_task(), make_task()

        assert shown(boss.get(f"{URL}?_workflow={task._workflow_id}")) == {task.pk}

    def test_offer_workflows_alone(self, boss, make_task):
        make_task()

        content = boss.get(URL).content.decode()

        assert "?workflow=testapp.loan" in content
        assert "?workflow=testapp.parcel" in content
        assert "?workflow=testapp.parcelstate" not in content
        assert "?workflow=auth.user" not in content

    def test_ask_for_no_workflow_by_a_join(self, boss, make_task):
        make_task()

        rows = [sql for sql in statements(boss, f"{URL}?workflow=testapp.loan") if "LIMIT" in sql]

        assert not [sql for sql in rows if "django_content_type" in sql]


class TestSearch:
    @pytest.mark.parametrize(
        ("term", "names"),
        [
            ("fetch", {"fetch"}),
            ("FETCH", {"fetch"}),
            ("hand over", {"hand_over"}),
            ("over", {"hand_over"}),
            ("gone_fr", {"gone_from_code"}),
            ("No book", {"fetch"}),
            ("nothing", set()),
        ],
    )
    def test_finds_names_and_exceptions(self, boss, make_task, term, names):
        make_task(exception="ValueError('no book')")
        make_task(name="hand_over", status=Task.SCHEDULED)
        make_task(name="gone_from_code", status=Task.SCHEDULED)

        found = boss.get(URL, {"q": term})

        assert {task.name for task in found.context["cl"].result_list} == names

    def test_finds_a_key(self, boss, make_task):
        task, _other = make_task(), make_task()

        assert shown(boss.get(URL, {"q": f" {task.pk} "})) == {task.pk}

    @pytest.mark.parametrize("term", ["9" * 18, "9" * 40, "²", "-1", "%", "'"])
    def test_finds_nothing_for_what_is_no_key(self, boss, make_task, term):
        make_task()

        assert shown(boss.get(URL, {"q": term})) == set()

    def test_finds_all_where_nothing_is_searched(self, boss, make_task):
        task = make_task()

        assert shown(boss.get(URL, {"q": " "})) == {task.pk}


class TestPage:
    def test_shows_the_failure_escaped_and_folded(self, boss, make_task):
        task = make_task(name=XSS, exception=f"ValueError({XSS})", stacktrace=f"File {XSS}")

        content = page(boss, task)

        assert XSS not in content
        assert (
            '<details class="joeflow-traceback"><summary>Show the traceback</summary>'
            "<pre>File &lt;script&gt;alert(1)&lt;/script&gt;</pre></details>" in content
        )

    def test_shows_no_failure_where_there_was_none(self, boss, make_task):
        content = page(boss, make_task(status=Task.SCHEDULED))

        assert "traceback" not in content.lower()

    def test_shows_a_failure_without_traceback(self, boss, make_task):
        assert "Show the traceback" not in page(boss, make_task(exception="ValueError"))

    def test_links_workflow_parents_and_children(self, boss, make_task, loan):
        parent, task, child = (make_task(loan, name=name) for name in ("a", "b", "c"))
        task.parent_task_set.add(parent)
        child.parent_task_set.add(task)

        content = page(boss, task)

        assert f'<a href="/admin/testapp/loan/{loan.pk}/change/">Ada</a>' in content
        assert f'<a href="{URL}{parent.pk}/change/">a ({parent.pk})</a> failed' in content
        assert f'<a href="{URL}{child.pk}/change/">c ({child.pk})</a> failed' in content

    def test_links_no_more_than_a_page_can_show(self, boss, make_task, loan, monkeypatch):
        monkeypatch.setattr("joeflow.admin.tasks.MOST_LINKS", 2)
        task = make_task(loan)
        for _ in range(3):
            make_task(loan, name="child").parent_task_set.add(task)

        content = page(boss, task)

        assert content.count("child (") == 2
        assert "</a> failed, …" in content

    def test_names_the_assignees(self, boss, make_task):
        task = make_task(status=Task.SCHEDULED, type="human")
        task.assignees.add(User.objects.create(username="ada"), User.objects.create(username="bob"))

        assert "ada, bob" in page(boss, task)

    def test_escapes_the_name_of_the_instance(self, boss, make_task, loan):
        loan.borrower = XSS
        loan.save()

        assert XSS not in page(boss, make_task(loan))

    def test_shows_a_task_whose_class_is_gone_from_the_code(self, boss, make_task):
        gone = ContentType.objects.create(app_label="testapp", model="gone")
        task = make_task(content_type=gone)

        assert f"gone {task._workflow_id}" in page(boss, task)

    def test_shows_a_closed_task_of_a_person(self, boss, make_task):
        task = make_task(type="human", status=Task.SUCCEEDED, completed=timezone.now())

        assert "View on site" not in page(boss, task)

    def test_has_nothing_to_save_or_delete(self, boss, make_task):
        content = page(boss, make_task())

        assert 'name="_save"' not in content
        assert "deletelink" not in content

    def test_refuses_to_be_saved(self, boss, make_task):
        task = make_task()

        response = boss.post(f"{URL}{task.pk}/change/", {"name": "other"})

        assert response.status_code == 403
        assert Task.objects.get().name == "fetch"

    def test_refuses_to_be_deleted(self, boss, make_task):
        task = make_task()

        assert boss.post(f"{URL}{task.pk}/delete/", {"post": "yes"}).status_code == 403
        assert Task.objects.exists()

    def test_says_so_where_the_task_is_gone(self, boss):
        response = boss.get(f"{URL}999/change/", follow=True)

        assert texts(response) == ["task with ID “999” doesn\u2019t exist. Perhaps it was deleted?"]

    def test_can_be_seen_with_the_permission_alone(self, staff, make_task):
        task = make_task()

        assert staff("joeflow.view_task").get(f"{URL}{task.pk}/change/").status_code == 200
        assert staff("joeflow.cancel").get(f"{URL}{task.pk}/change/").status_code == 403

    def test_keeps_to_what_a_content_security_policy_allows(self, boss, make_task):
        content = page(boss, make_task(stacktrace="Traceback", exception="ValueError"))

        assert " style=" not in content
        assert "<style" not in content
        assert "onclick" not in content
