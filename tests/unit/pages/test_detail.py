"""The page of an instance: its history as one list, and comments."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.contenttypes.models import ContentType

from joeflow.exceptions import InstanceLocked
from joeflow.models import Event, Task, Workflow
from joeflow.views import WorkflowDetailView
from joeflow.views.pages.history import Entry
from tests.testapp.models import GreetingWorkflow, Letter, Purchase
from tests.unit.pages.conftest import make_due
from tests.unit.people.conftest import make_purchase

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def lines(response):
    """Return what the history says: name of the task, and what happened to it."""
    return [
        (entry.label, entry.event.kind if entry.event else getattr(entry.task, "status", None))
        for entry in response.context["history"]
    ]


class TestHistory:
    def test_one_list__what_is_open__then_the_latest_first(self, buyer_s, buyer, purchase):
        Event.objects.all().delete()
        task = make_purchase("order").task_set.get(name="order")
        task.claim(buyer)
        buyer_s.post(task.get_absolute_url(), {"item": "Honey"})
        url = task.workflow.get_absolute_url()
        buyer_s.post(url, {"comment": "Well done."})

        response = buyer_s.get(url)

        assert lines(response) == [
            ("receive", "scheduled"),
            ("", "commented"),
            ("order", "succeeded"),
            ("order", "claimed"),
            ("override", "succeeded"),
            ("approve", "canceled"),
            ("start", "succeeded"),
        ]
        assert "Well done." in response.text

    def test_rows_can_be_told_apart__and_what_can_be_done_follows(self, admin_client, order, buyer):
        task = order()
        task.claim(buyer)

        text = admin_client.get(task.workflow.get_absolute_url()).text

        assert f'data-key="task-{task.pk}"' in text
        assert f'data-key="event-{Event.objects.get(kind="claimed").pk}"' in text
        assert '<div id="actions" data-live>' in text

    def test_waiting_and_working(self):
        task = Task(created=NOON, started=NOON + timedelta(minutes=2))
        task.completed = NOON + timedelta(minutes=5)

        entry = Entry(task.completed, task=task)

        assert (entry.waiting, entry.working) == (timedelta(minutes=2), timedelta(minutes=3))

    def test_a_person_s_task_has_waited_until_it_was_completed(self):
        task = Task(created=NOON, completed=NOON + timedelta(days=1))

        entry = Entry(task.completed, task=task)

        assert (entry.waiting, entry.working) == (timedelta(days=1), None)

    def test_what_is_open_waits_until_now(self):
        task = Task(created=datetime.now(UTC) - timedelta(hours=1))

        assert timedelta(hours=1) <= Entry(NOON, task=task).waiting < timedelta(hours=2)

    def test_clocks_that_differ__no_time_is_negative(self):
        task = Task(created=NOON, started=NOON - timedelta(seconds=1), completed=NOON)
        task.completed = task.started - timedelta(seconds=1)

        entry = Entry(NOON, task=task)

        assert (entry.waiting, entry.working) == (timedelta(0), timedelta(0))

    def test_an_event_has_no_times(self):
        entry = Entry(NOON, task=Task(created=NOON), event=Event())

        assert (entry.waiting, entry.working) == (None, None)

    def test_an_event_of_a_task_that_is_not_listed(self, buyer_s, order, buyer, monkeypatch):
        task = order()
        task.claim(buyer)
        monkeypatch.setattr("joeflow.views.pages.detail.MOST_TASKS", 1)
        task.workflow.task_set.create(name="sign", type="human", workflow=task.workflow)

        response = buyer_s.get(task.workflow.get_absolute_url())

        assert lines(response) == [("sign", "scheduled"), ("", "claimed")]
        assert "Only the most recent tasks are listed." in response.text

    def test_who_is_not_logged_in__sees_the_tasks_alone(self, client, buyer_s, approve, manager):
        approve.workflow.pause(by=manager, reason="Strike")
        Event.objects.create(_workflow=approve.workflow, kind=Event.MAILED, text="auditor")

        text = client.get(approve.workflow.get_absolute_url()).text

        shown = [name for name in ("Strike", "auditor", "manager") if name in text]
        seen = buyer_s.get(approve.workflow.get_absolute_url()).text
        assert shown == []
        assert all(name in seen for name in ("Strike", "auditor", "for manager"))

    def test_late_and_paused(self, client, sign):
        make_due(sign, days=-1)
        Workflow.objects.filter(pk=sign._workflow_id).update(_paused=NOON)

        text = client.get(sign.workflow.get_absolute_url()).text

        assert "This is paused" in text
        assert '<span class="flag late">late</span>' in text
        assert "<strong>Late</strong>" in text


@pytest.mark.extra("reversion")
class TestChanges:
    @pytest.fixture
    def changed(self, buyer_s, purchases):
        """A purchase of which somebody has ordered something else."""
        from joeflow.contrib.reversion import create_revision

        task = purchases(1)[0]
        with create_revision("start"):
            task.workflow.save()
        buyer_s.post(task.get_absolute_url(), {"item": "Cake"})
        return task.workflow

    def test_with_the_task_that_changed_it(self, browser, person, changed):
        boss_s = browser(person("boss", "testapp.view_purchase"))

        response = boss_s.get(changed.get_absolute_url())

        entry = next(e for e in response.context["history"] if e.label == "order")
        changes = [(each.label, each.before, each.after) for each in entry.changes]
        assert changes == [("item", "Honey", "Cake")]
        assert "<del>Honey</del>" in response.text

    def test_not_for_those_who_may_not_view_the_workflow(self, buyer_s, client, changed):
        assert "<del>" not in buyer_s.get(changed.get_absolute_url()).text
        assert "<del>" not in client.get(changed.get_absolute_url()).text

    def test_what_belongs_to_no_task(self, browser, admin_user, changed):
        from joeflow.contrib.reversion import create_revision

        with create_revision("corrected by hand"):
            changed.item = "Pie"
            changed.save()

        response = browser(admin_user).get(changed.get_absolute_url())

        entry = next(e for e in response.context["history"] if e.label == "corrected by hand")
        assert [(each.before, each.after) for each in entry.changes] == [("Cake", "Pie")]

    def test_names_instead_of_keys(self, admin_client, manager):
        from joeflow.contrib.reversion import changes_of, create_revision

        purchase = Purchase(item="Honey")
        for owner in (None, manager):
            purchase.manager = owner
            with create_revision("start"):
                purchase.save()

        changes = changes_of(purchase, 10)[0].changes

        assert [(each.label, each.before, each.after) for each in changes] == [
            ("manager", "", "manager")
        ]

    def test_yes_and_no(self, db):
        from joeflow.contrib.reversion import changes_of, create_revision

        letter = Letter.objects.create(text="Dear Sir")
        for sent in (False, True):
            letter.sent = sent
            with create_revision("send"):
                letter.save()

        changes = changes_of(letter, 10)[0].changes

        assert [(each.label, each.before, each.after) for each in changes] == [
            ("sent", "no", "yes")
        ]

    def test_the_number_of_statements_does_not_grow(self, browser, person, changed, statements):
        from joeflow.contrib.reversion import create_revision

        boss_s = browser(person("boss", "testapp.view_purchase"))
        boss_s.get(changed.get_absolute_url())
        with statements:
            boss_s.get(changed.get_absolute_url())
        few = len(statements.data)
        for number in range(5):
            with create_revision("x"):
                changed.item = f"Pie {number}"
                changed.save()

        with statements:
            boss_s.get(changed.get_absolute_url())

        assert len(statements.data) == few


class TestComments:
    def test_it_is_kept_with_who_said_it(self, buyer_s, buyer, purchase):
        response = buyer_s.post(purchase.get_absolute_url(), {"comment": " Is it <sweet>? "})

        event = Event.objects.get()
        assert (event.kind, event.user, event.task) == (Event.COMMENTED, buyer, None)
        assert event.text == "Is it <sweet>?"
        assert response.url == f"{purchase.get_absolute_url()}#history"
        assert "Is it &lt;sweet&gt;?" in buyer_s.get(purchase.get_absolute_url()).text

    @pytest.mark.parametrize("text", ["", " ", "x" * 4_001, "\x00"])
    def test_what_is_none_is_refused(self, buyer_s, purchase, text):
        response = buyer_s.post(purchase.get_absolute_url(), {"comment": text})

        assert response.status_code == 200
        assert response.context["comment_form"].errors
        assert not Event.objects.exists()

    def test_older_ones_are_not_listed__so_that_the_page_stays_small(self, buyer_s, purchase):
        texts = [str(number) + "x" * 3_999 for number in range(9)] * 10
        Event.objects.bulk_create(
            Event(_workflow=purchase, kind=Event.COMMENTED, text=text) for text in texts
        )

        response = buyer_s.get(purchase.get_absolute_url())

        shown = [entry.event.text for entry in response.context["history"] if entry.event]
        assert shown == texts[:-51:-1]
        assert len(response.content) < 300_000
        assert "What people said and did longer ago is not listed." in response.text

    def test_few_are_all_listed(self, buyer_s, purchase):
        buyer_s.post(purchase.get_absolute_url(), {"comment": "Hello"})

        assert "longer ago" not in buyer_s.get(purchase.get_absolute_url()).text

    def test_who_is_not_logged_in__is_asked_to(self, client, purchase):
        url = purchase.get_absolute_url()

        response = client.post(url, {"comment": "Hello"})

        assert response.url == f"/admin/login/?next={url}"
        assert "<textarea" not in client.get(url).text
        assert not Event.objects.exists()

    def test_busy__what_was_typed_stays(self, buyer_s, purchase, monkeypatch):
        def refuse(*args, **kwargs):
            raise InstanceLocked

        monkeypatch.setattr("joeflow.views.pages.detail.transition", refuse)

        response = buyer_s.post(purchase.get_absolute_url(), {"comment": "Hello"})

        assert response.status_code == 409
        assert "Please try again; nothing is lost." in response.text
        assert "Hello</textarea>" in response.text

    def test_none_are_wanted(self, buyer_s, purchase, monkeypatch):
        monkeypatch.setattr(WorkflowDetailView, "comment_form_class", None)

        assert buyer_s.post(purchase.get_absolute_url(), {"comment": "x"}).status_code == 405
        assert "<textarea" not in buyer_s.get(purchase.get_absolute_url()).text

    def test_a_body_that_is_no_form(self, buyer_s, purchase):
        response = buyer_s.post(purchase.get_absolute_url(), "x", content_type="text/plain")

        assert response.status_code == 415

    def test_an_instance_of_another_class(self, buyer_s):
        greeting = GreetingWorkflow.objects.create()
        task = greeting.task_set.create(name="x", type="human", workflow=greeting)
        other = ContentType.objects.get_for_model(Letter)
        Task.objects.filter(pk=task.pk).update(content_type=other)

        assert buyer_s.post(f"/greeting/{greeting.pk}/", {"comment": "x"}).status_code == 404
        assert not Event.objects.exists()
