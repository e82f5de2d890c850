"""Take back what a person has done."""

import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.http import HttpResponse

from joeflow import engine, testing
from joeflow.exceptions import JoeflowError, UndoRefused
from joeflow.models import Event, Task
from tests.testapp.models import Approval, Branches, GreetingWorkflow, Meeting, Passport, Report
from tests.testapp.workflows_stepping_in import StampView

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def piglet(person):
    return person("piglet")


@pytest.fixture
def browser(client, piglet):
    client.force_login(piglet)
    return client


@pytest.fixture
def report(browser):
    """A report that is to be written, started by piglet."""
    browser.post("/report/start/", {"title": "Honey"})
    return Report.objects.get()


@pytest.fixture
def write(report):
    return report.task_set.get(name="write")


@pytest.fixture
def submit(browser, report, write, settings, tmp_path):
    """Return a function that sends the form of the task, and returns the task."""
    settings.MEDIA_ROOT = tmp_path

    def send(**data):
        response = browser.post(f"/report/write/{write.pk}/", {"title": "Honey", **data})
        assert response.status_code == 302
        return Task.objects.get(pk=write.pk)

    return send


def open_names(workflow):
    return sorted(workflow.task_set.open().values_list("name", flat=True))


def finish(workflow, name, user=None):
    task = workflow.task_set.open().get(name=name)
    task.finish(user)
    task.start_next_tasks()
    return task


class TestTheTask:
    def test_it_is_open_again(self, submit, report, piglet):
        write = submit()

        write.undo(by=piglet)

        fresh = Task.objects.get(pk=write.pk)
        assert (fresh.status, fresh.completed, fresh.completed_by_user) == ("scheduled", None, None)
        assert (write.status, write.completed, write.completed_by_user) == ("scheduled", None, None)
        assert open_names(report) == ["write"]

    def test_what_follows_is_canceled(self, submit, report, piglet):
        submit().undo(by=piglet)

        read = report.task_set.get(name="read")
        assert (read.status, read.completed_by_user) == (Task.CANCELED, piglet)

    def test_it_can_be_done_again__and_taken_back_again(self, submit, report, piglet):
        submit(title="First").undo(by=piglet)

        submit(title="Second").undo(by=piglet)
        write = submit(title="Third")

        assert Report.objects.get().title == "Third"
        assert open_names(report) == ["read"]
        assert write.child_task_set.count() == 3

    def test_code_can_do_it_again__in_two_steps(self, submit, report):
        submit().undo()

        finish(report, "write")

        assert open_names(report) == ["read"]

    def test_whom_it_was_for__it_is_for_again(self, write, submit, piglet):
        write.assignees.add(piglet)

        submit().undo(by=piglet)

        assert list(write.assignees.all()) == [piglet]
        assert list(Task.objects.inbox(piglet)) == [write]

    def test_it_is_recorded(self, submit, piglet):
        write = submit()

        write.undo(by=piglet)

        event = write.event_set.get()
        assert event.kind == Event.UNDONE
        told = "piglet took it back. It had been completed by: piglet ("
        assert event.describe().startswith(told)
        [read] = Task.objects.filter(name="read")
        assert event.data["canceled"] == [read.pk]

    def test_it_is_logged(self, submit, piglet, caplog, django_capture_on_commit_callbacks):
        write = submit()

        with (
            caplog.at_level(logging.INFO, logger="joeflow"),
            django_capture_on_commit_callbacks(execute=True),
        ):
            write.undo(by=piglet)

        assert any("event=task_undone workflow=testapp.Report" in m for m in caplog.messages)

    def test_the_last_one__lets_the_instance_go_on(self):
        approval = Approval.start()
        approve = finish(approval, "approve")
        end = approval.task_set.get(name="end")
        end.cancel()
        assert Approval.objects.get()._ended is not None

        approve.undo()

        assert Approval.objects.get()._ended is None
        assert open_names(approval) == ["approve"]


class TestTheState:
    def test_it_is_as_before(self, submit, piglet):
        write = submit(title="Milk", pages="3")
        assert Report.objects.get().pages == 3

        write.undo(by=piglet)

        report = Report.objects.get()
        assert (report.title, report.pages) == ("Honey", None)
        assert write.workflow.title == "Honey"

    def test_only_what_the_form_changed_is_kept(self, submit):
        assert submit(pages="3").before == {"pages": [None, "3"]}

    def test_nothing_changed__nothing_is_kept(self, submit, piglet):
        write = submit()

        write.undo(by=piglet)

        assert write.before is None
        assert Report.objects.get().title == "Honey"

    @pytest.mark.parametrize(
        ("field", "value", "typed"),
        [
            ("price", Decimal("1.50"), "2.5"),
            ("moment", NOON, "2026-08-01 10:00:00.654321"),
            ("data", {"b": [1, None], "a": 1.5}, '{"z": 1, "a": {"c": true}}'),
            ("pages", 7, ""),
            ("title", "Grüße", ""),
        ],
    )
    def test_each_kind_of_value(self, submit, piglet, field, value, typed):
        Report.objects.update(**{field: value})
        write = submit(**{field: typed})
        assert getattr(Report.objects.get(), field) != value

        write.undo(by=piglet)

        assert getattr(Report.objects.get(), field) == value

    def test_a_file(self, submit, piglet):
        Report.objects.update(file="reports/old.txt")
        write = submit(file=SimpleUploadedFile("new.txt", b"New"))
        assert Report.objects.get().file.name == "reports/new.txt"

        write.undo(by=piglet)

        assert Report.objects.get().file.name == "reports/old.txt"

    def test_a_key_of_another_row(self, submit, piglet, person):
        rabbit = person("rabbit")
        Report.objects.update(writer=rabbit)
        write = submit(writer=piglet.pk)

        write.undo(by=piglet)

        assert Report.objects.get().writer == rabbit

    def test_rows_of_another_table(self, submit, report, piglet, person):
        report.readers.set([person("rabbit"), piglet])
        write = submit(readers=[person("owl").pk])

        write.undo(by=piglet)

        assert sorted(user.username for user in report.readers.all()) == ["piglet", "rabbit"]

    def test_a_form_that_is_none_of_the_model(self, client, person):
        from tests.testapp.models import Guarded

        client.force_login(person("owl"))
        guarded = Guarded.objects.create(text="Hello")
        task = Task.objects.create(name="reply", type="human", workflow=guarded)
        client.post(task.get_absolute_url(), {"text": "there"})
        assert Guarded.objects.get().text == "Hello there"

        Task.objects.get(pk=task.pk).undo()

        assert Guarded.objects.get().text == "Hello"

    def test_a_view_without_a_form(self, client):
        from tests.testapp.models import Bare

        client.post("/bare/start/", {"text": "Hello"})
        task = Task.objects.get(name="answer")
        client.post(f"/bare/answer/{task.pk}/right/")

        Task.objects.get(pk=task.pk).undo()

        assert Bare.objects.get().text == "Hello"

    def test_a_view_that_loads_the_instance_twice(self, client):
        from tests.testapp.models import Passport

        task = Passport.start().task_set.get(name="stamp")
        client.post(task.get_absolute_url())
        assert Passport.objects.get().stamps == 1

        Task.objects.get(pk=task.pk).undo()

        assert Passport.objects.get().stamps == 0

    def test_what_others_have_changed__stays(self, submit, piglet):
        write = submit(title="Milk")
        Report.objects.update(pages=99)

        write.undo(by=piglet)

        report = Report.objects.get()
        assert (report.title, report.pages) == ("Honey", 99)

    def test_what_code_has_completed__leaves_the_state(self, report, piglet):
        write = finish(report, "write", piglet)
        Report.objects.update(title="Changed by code")

        write.undo(by=piglet)

        assert Report.objects.get().title == "Changed by code"

    def test_it_takes_no_further_statement_to_keep_it(self, browser, write, statements):
        with statements:
            browser.post(f"/report/write/{write.pk}/", {"title": "Milk", "pages": 3})

        updates = [text for text in statements.data if text.startswith("UPDATE joeflow_task ")]
        assert ["before" in text for text in updates] == [True]


class TestRefusals:
    def test_what_follows_has_been_done__is_named(self, submit, report, piglet):
        write = submit(title="Milk")
        read = finish(report, "read")

        with pytest.raises(UndoRefused, match=rf"What follows .* done: read \({read.pk}\)") as told:
            write.undo(by=piglet)

        assert told.value.tasks == (read,)
        assert Report.objects.get().title == "Milk"
        assert open_names(report) == ["print_it"]

    def test_a_machine_has_run(self, report):
        read = finish_both(report)
        testing.run(report)

        with pytest.raises(UndoRefused, match=r"done: print_it"):
            read.undo()

    def test_a_machine_has_run__and_failed(self, report):
        read = finish_both(report)
        report.task_set.filter(name="print_it").update(status="failed", started=NOON)

        with pytest.raises(UndoRefused, match=r"done: print_it"):
            read.undo()

    def test_a_machine_was_started__and_never_came_back(self, report):
        read = finish_both(report)
        report.task_set.filter(name="print_it").update(starts=1)

        with pytest.raises(UndoRefused, match=r"done: print_it"):
            read.undo()

    def test_a_machine_has_not_run__its_message_is_worth_nothing(self, report, handed_out):
        read = finish_both(report)
        printing = report.task_set.get(name="print_it")

        read.undo()
        engine.run(printing.pk, report.pk)

        assert open_names(report) == ["read"]
        assert Task.objects.get(pk=printing.pk).status == Task.CANCELED

    def test_somebody_has_stepped_in_since(self, submit, report, piglet):
        write = submit()
        engine.override(report, [Report.read])

        with pytest.raises(UndoRefused, match=r"done: override"):
            write.undo(by=piglet)

    def test_a_field_has_been_changed_since__is_named(self, submit, report, piglet):
        write = submit(title="Milk", pages="3")
        Report.objects.update(pages=4)

        with pytest.raises(UndoRefused, match=r"completed, pages changed") as told:
            write.undo(by=piglet)

        assert told.value.fields == ("pages",)
        assert Report.objects.get().title == "Milk"
        assert open_names(report) == ["read"]

    def test_rows_of_another_table_have_changed(self, submit, report, piglet, person):
        write = submit(readers=[piglet.pk])
        report.readers.add(person("owl"))

        with pytest.raises(UndoRefused, match=r"readers changed"):
            write.undo(by=piglet)

    def test_what_was_there_before_is_gone(self, submit, piglet, person):
        rabbit = person("rabbit")
        Report.objects.update(writer=rabbit)
        write = submit(writer=piglet.pk)
        rabbit.delete()

        with pytest.raises(UndoRefused, match=r"What writer was before has been deleted"):
            write.undo(by=piglet)

    def test_rows_that_were_there_before_are_gone(self, submit, report, piglet, person):
        rabbit = person("rabbit")
        report.readers.add(rabbit)
        write = submit(readers=[piglet.pk])
        rabbit.delete()

        with pytest.raises(UndoRefused, match=r"What readers was before has been deleted"):
            write.undo(by=piglet)

    def test_what_was_there_before_is_another_s_by_now(self, submit, report, piglet):
        write = submit(title="Milk")
        Report.objects.create(title="Honey")

        with pytest.raises(UndoRefused, match=r"cannot be put back") as told:
            write.undo(by=piglet)

        assert told.value.fields == ("title",)
        assert open_names(report) == ["read"]

    def test_a_field_that_is_gone_from_the_code(self, submit, piglet):
        write = submit(title="Milk")
        Task.objects.filter(pk=write.pk).update(before={"colour": ["red", "blue"]})

        with pytest.raises(UndoRefused, match=r"'colour', which has changed, is gone"):
            write.undo(by=piglet)

    def test_a_start(self, report, piglet):
        with pytest.raises(UndoRefused, match=r"it made the instance; cancel the instance"):
            report.task_set.get(name="start").undo(by=piglet)

    def test_an_open_task(self, write):
        with pytest.raises(UndoRefused, match=r"it is open"):
            write.undo()

    def test_a_canceled_task(self, write):
        write.cancel()

        with pytest.raises(UndoRefused, match=r"it was canceled; use an override"):
            write.undo()

    def test_a_machine_s_task(self, report):
        finish_both(report)
        testing.run(report)

        with pytest.raises(UndoRefused, match=r"it was done by a machine; use an override"):
            report.task_set.get(name="print_it").undo()

    def test_an_override(self, report, winnie):
        task = engine.override(report, [Report.read], winnie)

        with pytest.raises(UndoRefused, match=r"stands for an override; override the instance"):
            task.undo(by=winnie)

    def test_a_task_whose_node_is_gone(self, write):
        Task.objects.filter(pk=write.pk).update(name="colour")

        with pytest.raises(UndoRefused, match=r"its node is gone from the code"):
            write.undo()

    def test_an_instance_that_is_gone(self, submit):
        write = submit()
        Report.objects.get().delete()

        with pytest.raises(UndoRefused, match=r"is gone; its workflow instance was deleted"):
            write.undo()


def finish_both(report):
    finish(report, "write")
    return finish(report, "read")


class TestWhoMay:
    def test_somebody_else__may_not(self, submit, report, person):
        write = submit()

        with pytest.raises(PermissionDenied):
            write.undo(by=person("tigger", "joeflow.reassign"))

        assert open_names(report) == ["read"]

    def test_who_may_step_in__may(self, submit, report, winnie):
        submit().undo(by=winnie)

        assert open_names(report) == ["write"]

    def test_who_is_not_active_any_more__may_not(self, submit, piglet):
        write = submit()
        piglet.is_active = False

        with pytest.raises(PermissionDenied):
            write.undo(by=piglet)

    def test_nobody_may_for_nobody(self, report):
        from django.contrib.auth.models import AnonymousUser

        write = finish(report, "write")

        with pytest.raises(PermissionDenied):
            write.undo(by=AnonymousUser())


class TestJoins:
    @pytest.fixture
    def meeting(self):
        return Meeting.start()

    def join(self, meeting):
        return meeting.task_set.filter(name="join").last()

    def test_the_only_one_that_has_arrived(self, meeting):
        finish(meeting, "ask").undo()

        assert self.join(meeting).status == Task.CANCELED
        assert open_names(meeting) == ["ask", "book"]

    def test_one_of_two__the_join_waits_again(self, meeting):
        finish(meeting, "ask")
        book = finish(meeting, "book")
        assert self.join(meeting).eta is not None

        book.undo()

        join = self.join(meeting)
        assert (join.status, join.eta, join.attempts) == (Task.SCHEDULED, None, 0)
        assert [task.name for task in join.parent_task_set.all()] == ["ask"]
        engine.run(join.pk, meeting.pk)
        assert open_names(meeting) == ["book", "join"]

    def test_it_can_arrive_again(self, meeting):
        finish(meeting, "ask")
        finish(meeting, "book").undo()

        finish(meeting, "book")
        testing.run(meeting, until="come")

        assert meeting.task_set.filter(name="join").count() == 1

    def test_both(self, meeting):
        ask, book = finish(meeting, "ask"), finish(meeting, "book")

        ask.undo()
        book.undo()

        assert open_names(meeting) == ["ask", "book"]
        finish(meeting, "book")
        finish(meeting, "ask")
        testing.run(meeting, until="come")
        assert meeting.task_set.succeeded().filter(name="join").count() == 1

    def test_a_join_that_has_run(self, meeting):
        ask = finish(meeting, "ask")
        finish(meeting, "book")
        testing.run(meeting, until="plan")

        with pytest.raises(UndoRefused, match=r"done: join"):
            ask.undo()

    def test_a_join_that_was_due_anyway__stays_due(self, meeting):
        late = Task.objects.create(name="ask", type="human", workflow=meeting)
        first = meeting.task_set.open().filter(name="ask").order_by("pk").first()
        first.finish()
        first.start_next_tasks()
        finish(meeting, "book")
        join = meeting.task_set.get(name="join")
        late.finish()
        late.start_next_tasks()

        late.undo()

        assert Task.objects.get(pk=join.pk).eta is not None

    def test_a_join_that_was_due_as_nobody_could_come_any_more(self):
        branches = testing.run(Branches.start())
        desk = branches.task_set.open().get(name="desk")
        desk.finish()
        desk.start_next_tasks(next_nodes=[])
        assert branches.task_set.get(name="join").eta is not None

        desk.undo()

        assert branches.task_set.get(name="join").eta is None

    def test_a_join_that_has_run_as_nobody_could_come_any_more(self):
        branches = testing.run(Branches.start(), until="join")
        desk = branches.task_set.open().get(name="desk")
        desk.finish()
        desk.start_next_tasks(next_nodes=[])
        testing.run(branches)

        with pytest.raises(UndoRefused, match=r"done: join"):
            desk.undo()


class TestTime:
    def test_a_wait_that_was_asked_too_early__has_done_nothing(self):
        meeting = Meeting.start()
        engine.override(meeting, [Meeting.come])
        come = meeting.task_set.get(name="come")
        Meeting._graph  # noqa: B018
        wait = Task.objects.create(name="wait", type="machine", workflow=meeting, started=NOON)
        come.finish()
        wait.parent_task_set.add(come)

        come.undo()

        assert Task.objects.get(pk=wait.pk).status == Task.CANCELED

    def test_what_ran_because_it_was_late__is_no_hindrance(self):
        approval = Approval.start(goes_on=False)
        testing.let_pass(approval, timedelta(days=5))
        testing.run(approval)
        approve = finish(approval, "approve")

        approve.undo()

        assert open_names(approval) == ["approve"]
        testing.let_pass(approval, timedelta(days=5))
        assert approval.task_set.filter(name="escalate").count() == 1

    def test_what_ran_because_the_next_one_was_late__is(self):
        from tests.testapp.models import LateBranch

        branch = LateBranch.start()
        pack = branch.task_set.get(name="pack")
        approve = branch.task_set.get(name="approve")
        approve.parent_task_set.set([pack])
        pack.finish()
        testing.let_pass(branch, timedelta(days=5))
        testing.run(branch)

        with pytest.raises(UndoRefused, match=r"done: escalate"):
            pack.undo()


def test_while_it_is_paused(submit, report, piglet):
    write = submit()
    report.pause()

    write.undo(by=piglet)

    assert open_names(report) == ["write"]


def test_a_proxy(client, piglet):
    client.force_login(piglet)
    client.post("/greeting/start/", {"note": "Hello"})
    greeting = testing.run(GreetingWorkflow.objects.get(), until="check_note")
    task = greeting.task_set.get(name="check_note")
    client.post(task.get_absolute_url(), {"note": "Bye"})

    Task.objects.get(pk=task.pk).undo(by=piglet)

    assert GreetingWorkflow.objects.get().note == "Hello"


@pytest.mark.extra("reversion")
def test_a_version_is_kept_of_what_is_put_back(submit, report, piglet):
    from reversion.models import Version

    submit(title="Milk").undo(by=piglet)

    version = Version.objects.get_for_object(report).first()
    assert version.field_dict["title"] == "Honey"
    assert (version.revision.comment, version.revision.user) == ("undo", piglet)


class TestAfterwards:
    def test_what_is_late_and_was_never_escalated__is_escalated(self, piglet):
        workflow = testing.let_pass(Approval.start(), timedelta(days=4))
        task = workflow.task_set.get(name="approve")
        task.finish(piglet)
        task.start_next_tasks()
        Task.objects.get(pk=task.pk).undo(by=piglet)

        testing.let_pass(workflow, timedelta(0))
        testing.run(workflow)

        assert open_names(workflow) == ["decide"]

    def test_what_was_escalated__is_not_again(self, piglet):
        workflow = Approval.start(goes_on=False)
        testing.run(testing.let_pass(workflow, timedelta(days=4)))
        task = workflow.task_set.get(name="approve")
        task.finish(piglet)
        task.start_next_tasks()
        Task.objects.get(pk=task.pk).undo(by=piglet)

        testing.run(testing.let_pass(workflow, timedelta(days=1)))

        assert workflow.looked == 1

    def test_tasks_that_were_canceled_otherwise__count_as_started(self):
        workflow = Meeting.start()
        for name in ("book", "ask"):
            task = workflow.task_set.get(name=name)
            task.finish()
            task.start_next_tasks()
        workflow.cancel()

        with pytest.raises(JoeflowError, match="have been started before"):
            task.start_next_tasks()


class TestWhatWasKept:
    def test_what_does_not_fit_the_field_any_more__is_refused(self, browser, submit, piglet):
        task = submit()
        Task.objects.filter(pk=task.pk).update(before={"pages": ["twelve", "thirteen"]})

        with pytest.raises(UndoRefused, match="does not fit the field any more"):
            Task.objects.get(pk=task.pk).undo(by=piglet)

        response = browser.get(f"/report/{task._workflow_id}/undo/{task.pk}")
        assert response.status_code == 409

    def test_of_a_field_that_the_form_does_not_have__the_value_is_not_shown(
        self, browser, submit, monkeypatch
    ):
        task = submit(pages=7)
        monkeypatch.setattr(Report.write, "fields", ["title"])
        Task.objects.filter(pk=task.pk).update(before={"pages": ["666", "7"]})

        page = browser.get(f"/report/{task._workflow_id}/undo/{task.pk}").content.decode()

        assert "666" not in page

    def test_an_expression__is_kept_as_what_it_came_to(self, browser, piglet, monkeypatch):
        def post(self, request, pk):
            workflow = self.get_object()
            workflow.stamps = F("stamps") + 1
            workflow.save()
            self.next_task()
            return HttpResponse()

        monkeypatch.setattr(StampView, "post", post)
        workflow = Passport.start()
        task = workflow.task_set.get(name="stamp")
        assert browser.post(f"/passport/stamp/{task.pk}/").status_code == 200

        Task.objects.get(pk=task.pk).undo(by=piglet)

        assert Passport.objects.get().stamps == 0


def test_a_stranger__is_not_told_what_the_task_is(report, write, client, person):
    client.force_login(person("stranger"))

    response = client.get(f"/report/{report.pk}/undo/{write.pk}")

    assert response.status_code == 403
