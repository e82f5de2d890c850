"""The pages on which somebody pauses an instance, lets it go on, or takes back a task."""

import json

import pytest

from joeflow import engine
from joeflow.exceptions import InstanceLocked
from joeflow.models import Event, Task
from tests.testapp.models import GreetingWorkflow, Meeting, Report
from tests.unit.stepping_in.browser import read_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def report():
    report = Report.objects.create(title="Honey", pages=1)
    engine.complete_start(report, "start")
    return report


@pytest.fixture
def write(report):
    return report.task_set.get(name="write")


@pytest.fixture
def boss(client, winnie):
    client.force_login(winnie)
    return client


@pytest.fixture
def piglet(person):
    return person("piglet")


@pytest.fixture
def busy(monkeypatch):
    def taken(*args, **kwargs):
        raise InstanceLocked

    monkeypatch.setattr("joeflow.transitions.lock_instance", taken)


def is_paused():
    return Report.objects.get().is_paused


class TestPause:
    def test_with_a_reason(self, boss, report):
        page = boss.get(f"/report/{report.pk}/pause")

        response = boss.post(f"/report/{report.pk}/pause", {"reason": "Strike"})

        assert "Nothing starts as long as it is paused" in page.text
        assert response.url == report.get_absolute_url()
        assert Event.objects.get().describe() == "winnie paused it: Strike"
        assert is_paused()

    def test_without_a_reason__is_refused(self, boss, report):
        response = boss.post(f"/report/{report.pk}/pause", {"reason": " "})

        assert list(response.context["form"].errors) == ["reason"]
        assert not is_paused()

    def test_busy__what_was_typed_is_kept(self, boss, report, busy):
        response = boss.post(f"/report/{report.pk}/pause", {"reason": "Strike"})

        assert response.status_code == 409
        assert "Strike" in response.text
        assert "Please try again; nothing is lost." in response.text

    def test_one_that_has_ended(self, boss, report):
        report.cancel()

        response = boss.post(f"/report/{report.pk}/pause", {"reason": "Strike"})

        assert response.status_code == 409
        assert "This has ended; there is nothing to pause." in response.text

    def test_one_of_another_class(self, boss, report):
        assert boss.get(f"/meeting/{report.pk}/pause").status_code == 404

    def test_json(self, boss, report):
        body = json.dumps({"reason": "Strike"})

        response = boss.post(f"/report/{report.pk}/pause", body, content_type="application/json")

        assert response.status_code == 415
        assert not is_paused()

    def test_what_is_no_form(self, boss, report):
        response = boss.post(f"/report/{report.pk}/pause", "?", content_type="text/plain")

        assert response.status_code == 415

    def test_a_workflow_that_has_no_page_to_step_in__has_none_for_this(self):
        from tests.testapp.models import Bare

        names = {pattern.name for pattern in Bare.urls()[0]}

        assert not names & {"instance-pause", "instance-resume", "task-undo"}


class TestResume:
    def test_it_goes_on(self, boss, report):
        report.pause()

        response = boss.post(f"/report/{report.pk}/resume")

        assert response.url == report.get_absolute_url()
        assert not is_paused()

    def test_to_look_is_not_enough(self, boss, report):
        report.pause()

        assert boss.get(f"/report/{report.pk}/resume").status_code == 405
        assert is_paused()


class TestThePageOfAnInstance:
    def test_who_may_step_in__may_pause_it(self, boss, report):
        page = boss.get(report.get_absolute_url()).text

        assert f'href="/report/{report.pk}/pause"' in page

    def test_others_may_not(self, client, report):
        page = client.get(report.get_absolute_url()).text

        assert "/pause" not in page

    def test_it_says_who_paused_it_and_why(self, client, report, winnie, django_user_model):
        report.pause(by=winnie, reason="Strike")
        client.force_login(django_user_model.objects.create_user("ann"))

        page = client.get(report.get_absolute_url()).text

        assert "This is paused (since " in page
        assert "winnie paused it: Strike" in page
        assert "/resume" not in page

    def test_who_is_not_logged_in__is_not_told_who_and_why(self, client, report, winnie):
        report.pause(by=winnie, reason="Strike")

        page = client.get(report.get_absolute_url()).text

        assert "This is paused (since " in page
        assert "winnie" not in page
        assert "Strike" not in page

    def test_who_may_step_in__may_let_it_go_on(self, boss, report):
        report.pause()

        page = boss.get(report.get_absolute_url()).text

        assert f'action="/report/{report.pk}/resume"' in page
        assert "/pause" not in page

    def test_one_that_has_ended__cannot_be_paused(self, boss, report):
        report.cancel()

        assert "/pause" not in boss.get(report.get_absolute_url()).text


class TestTheFormOfATask:
    @pytest.fixture(autouse=True)
    def _logged_in(self, client, person):
        client.force_login(person("ann"))

    def test_who_is_not_logged_in__is_not_told_who_and_why(self, client, report, write, winnie):
        report.pause(by=winnie, reason="Strike")
        client.logout()

        page = client.get(write.get_absolute_url())
        response = client.post(write.get_absolute_url(), {"title": "Typed"})

        assert "This is paused" in page.text
        assert response.status_code == 409
        assert "Strike" not in page.text + response.text

    def test_it_says_who_paused_it_and_why(self, client, report, write, winnie):
        report.pause(by=winnie, reason="Strike")

        page = client.get(write.get_absolute_url())

        assert page.status_code == 200
        assert "winnie paused it: Strike" in page.text

    def test_it_is_refused__and_what_was_typed_is_kept(self, client, report, write, winnie):
        report.pause(by=winnie, reason="Strike")

        response = client.post(write.get_absolute_url(), {"title": "Typed", "pages": "7"})

        assert response.status_code == 409
        assert "This is paused, and nothing was saved. winnie paused it: Strike" in response.text
        assert read_page(response)["title"] == ["Typed"]
        assert Report.objects.get().title == "Honey"
        assert Task.objects.get(pk=write.pk).completed is None

    def test_it_is_refused__in_json(self, client, report, write, winnie):
        report.pause(by=winnie, reason="Strike")

        response = client.post(
            write.get_absolute_url(), json.dumps({}), content_type="application/json"
        )

        assert response.status_code == 409
        detail = "This is paused, and nothing was saved. winnie paused it: Strike"
        assert response.json() == {"detail": detail}

    def test_a_view_without_a_form(self, client):
        client.post("/bare/start/", {"text": "Hello"})
        task = Task.objects.get(name="answer")
        task.workflow.pause()

        response = client.post(f"/bare/answer/{task.pk}/right/")

        assert response.status_code == 409
        assert response.text == "This is paused, and nothing was saved. Somebody paused it."

    def test_once_it_goes_on__it_is_taken(self, client, report, write):
        report.pause()
        client.post(write.get_absolute_url(), {"title": "Typed"})
        report.resume()

        assert client.post(write.get_absolute_url(), {"title": "Typed"}).status_code == 302

    def test_a_signed_link(self, client, report, write, piglet):
        write.assignees.add(piglet)
        report.pause()

        response = client.post(write.get_signed_url(piglet), {"title": "Typed"})

        assert response.status_code == 409

    def test_it_takes_no_further_statement_to_know(self, client, write, statements):
        client.get(write.get_absolute_url())

        with statements:
            client.get(write.get_absolute_url())

        # The task and the instance; people for two fields.
        assert len([text for text in statements.data if "joeflow_" in text]) == 2


class TestUndo:
    @pytest.fixture
    def done(self, client, piglet, write):
        """Piglet has written the report."""
        client.force_login(piglet)
        client.post(write.get_absolute_url(), {"title": "Milk", "pages": 1})
        return Task.objects.get(pk=write.pk)

    @pytest.fixture
    def url(self, report, done):
        return f"/report/{report.pk}/undo/{done.pk}"

    def test_the_page_of_the_instance_has_a_link(self, client, report, done, url):
        assert f'href="{url}"' in client.get(report.get_absolute_url()).text

    def test_others_see_none(self, boss, report, done, url, winnie):
        boss.force_login(winnie)

        assert url not in boss.get(report.get_absolute_url()).text

    def test_there_is_none_for_what_cannot_be_taken_back(self, client, report, done, url, piglet):
        read = report.task_set.get(name="read")
        read.finish(piglet)
        read.start_next_tasks()

        page = client.get(report.get_absolute_url()).text

        assert url not in page
        assert f"/report/{report.pk}/undo/{read.pk}" in page

    def test_it_is_said_what_that_means(self, client, url):
        page = client.get(url)

        assert page.status_code == 200
        assert "are canceled: read" in page.text
        assert "<li>Title: Honey</li>" in page.text

    def test_to_look_changes_nothing(self, client, url, done):
        client.get(url)

        assert Task.objects.get(pk=done.pk).completed is not None

    def test_it_is_done(self, client, url, done):
        response = client.post(url)

        assert response.url == f"/report/write/{done.pk}/"
        assert Report.objects.get().title == "Honey"
        assert client.get(response.url).status_code == 200

    def test_the_history_tells(self, client, url, report):
        client.post(url)

        assert "piglet took it back." in client.get(report.get_absolute_url()).text

    def test_what_has_been_done_since__is_named(self, client, url, report):
        read = report.task_set.get(name="read")
        read.finish()

        page, response = client.get(url), client.post(url)

        assert page.status_code == response.status_code == 409
        for shown in (page, response):
            assert "What follows has been done already: read." in shown.text
            assert "<button" not in shown.text
        assert Report.objects.get().title == "Milk"

    def test_what_has_been_changed_since__is_named(self, client, url):
        Report.objects.update(title="Changed")

        assert "cannot be put back: title." in client.post(url).text

    def test_a_start(self, client, report, person):
        start = report.task_set.get(name="start")
        client.force_login(person("boss", "joeflow.override"))

        page = client.get(f"/report/{report.pk}/undo/{start.pk}")

        assert page.status_code == 409
        assert "not if it was a start" in page.text

    def test_a_task_of_another_instance(self, client, done, piglet):
        other = Report.objects.create(title="Other")

        assert client.get(f"/report/{other.pk}/undo/{done.pk}").status_code == 404

    def test_of_another_class(self, client, report, done):
        assert client.get(f"/meeting/{report.pk}/undo/{done.pk}").status_code == 404

    def test_busy(self, client, url, busy):
        response = client.post(url)

        assert response.status_code == 409
        assert "Please try again; nothing is lost." in response.text

    def test_json(self, client, url):
        response = client.post(url, "{}", content_type="application/json")

        assert response.status_code == 415

    def test_the_data_stay__is_said(self, client, report, write, piglet):
        write.finish(piglet)
        write.start_next_tasks()
        client.force_login(piglet)

        page = client.get(f"/report/{report.pk}/undo/{write.pk}")

        assert "The data stay as they are." in page.text

    def test_a_page_without_work_of_this_person__takes_no_further_statement(
        self, client, report, done, statements, winnie
    ):
        client.get(report.get_absolute_url())
        with statements:
            client.get(report.get_absolute_url())
        own = len(statements.data)

        client.logout()
        with statements:
            client.get(report.get_absolute_url())

        # Who it is: the session, the person; what was done since; what he may.
        assert len(statements.data) < own


@pytest.mark.parametrize("page", ["override", "pause"])
def test_who_may_not__is_told_in_json_where_that_is_asked_for(client, report, piglet, page):
    url, headers = f"{report.get_absolute_url()}{page}", {"accept": "application/json"}

    unknown = client.get(url, headers=headers)
    client.force_login(piglet)
    refused = client.get(url, headers=headers)

    assert (unknown.status_code, unknown.json()) == (401, {"detail": "Log in first."})
    assert (refused.status_code, refused.json()) == (403, {"detail": "You may not do this."})


def test_paused_and_then_canceled__waits_for_nobody_to_let_it_go_on(boss, report):
    report.pause(reason="Strike")
    report.cancel()

    text = boss.get(report.get_absolute_url()).text

    assert "This is paused" not in text
    assert "Let it go on" not in text


def test_nodes_may_have_the_names_of_these_pages():
    """Their URLs lie beside each other."""
    names = {pattern.name for pattern in Meeting.urls()[0]}

    assert {"instance-pause", "instance-resume", "task-undo"} <= names
    assert not any(name.isidentifier() for name in names & {"instance-pause", "task-undo"})


def test_a_proxy(client, winnie):
    client.force_login(winnie)
    client.post("/greeting/start/", {"note": "Hello"})
    greeting = GreetingWorkflow.objects.get()

    response = client.post(f"/greeting/{greeting.pk}/pause", {"reason": "Strike"})

    assert response.status_code == 302
    assert GreetingWorkflow.objects.get().is_paused
