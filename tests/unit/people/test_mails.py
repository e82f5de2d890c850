"""Mails that tell people of their tasks."""

import logging
import re
import threading
import time
from datetime import timedelta
from itertools import count
from smtplib import SMTPConnectError, SMTPDataError, SMTPRecipientsRefused, SMTPServerDisconnected
from types import SimpleNamespace
from unittest import mock

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from joeflow import engine, recovery
from joeflow.mails import outbox, people, post, sent_later
from joeflow.mails.people import people_of
from joeflow.models import Event, Task
from joeflow.signals import task_assigned
from joeflow.testing import let_pass
from joeflow.transitions import transition
from tests.mailers import use_backend
from tests.testapp.models import Purchase, Voucher
from tests.unit.people.conftest import with_address

pytestmark = pytest.mark.django_db

SIGNED = re.compile(r"https://office\.example(/voucher/approve/signed/\S+/)")


@pytest.fixture
def colleague(person):
    return with_address(person("colleague"))


@pytest.fixture
def team(person):
    """A group of three, of whom one has left and one has no address."""
    members = [with_address(person(name, groups=["Team"])) for name in ("ada", "bob", "eve")]
    person("nobody", groups=["Team"])
    members[2].is_active = False
    members[2].save()
    return Group.objects.get(name="Team")


@pytest.fixture
def approve(clerk, committed):
    """A task that the clerk was told of."""
    task = task_of(committed(Voucher.start, clerk=clerk))
    assert receivers() == ["clerk"]
    mail.outbox.clear()
    return task


@pytest.fixture
def server(settings, monkeypatch):
    """A mail server that can be told to fail."""
    use_backend(settings, f"{__name__}.MoodyBackend")
    for name, value in (("errors", {}), ("down", None), ("answer", None)):
        monkeypatch.setattr(MoodyBackend, name, value)
    return MoodyBackend


class MoodyBackend(EmailBackend):
    """Delivers to the outbox of the tests, or fails."""

    errors = {}
    down = None
    answer = None

    def open(self):
        if self.down is not None:
            raise self.down

    def send_messages(self, messages):
        if self.answer is not None:
            self.answer.wait(10)
        for message in messages:
            if message.to[0] in self.errors:
                raise self.errors[message.to[0]]
        return super().send_messages(messages)


def task_of(workflow, name="approve"):
    return workflow.task_set.get(name=name)


def receivers():
    """Return who got a mail; each of them one of his own."""
    assert all(len(message.recipients()) == 1 for message in mail.outbox)
    return sorted(message.to[0].partition("@")[0] for message in mail.outbox)


def rows():
    return Event.objects.filter(kind=Event.MAILED)


def make_due():
    """Let the time come at which mails are tried again, also in this process."""
    post.breaker.reset()
    rows().filter(eta__isnull=False).update(eta=timezone.now() - timedelta(seconds=1))


def swept():
    make_due()
    recovery.sweep()


class TestAssigned:
    def test_whom_it_is_given_to__gets_a_link_with_which_no_login_is_needed(
        self, clerk, committed, client
    ):
        task = task_of(committed(Voucher.start, clerk=clerk))

        [message] = mail.outbox
        path = SIGNED.search(message.body)[1]
        assert message.to == ["clerk@example.com"]
        assert message.subject == f"Approve: {task.workflow} waits for you"
        assert 'name="title"' in client.get(path).content.decode()
        client.post(path, {"title": "Mead"})
        task.refresh_from_db()
        assert task.completed_by_user == clerk

    def test_nothing_is_sent_before_the_commit(self, clerk):
        Voucher.start(clerk=clerk)

        assert mail.outbox == []

    def test_rolled_back__nobody_is_told(self, clerk, committed):
        def fail():
            with transaction.atomic():
                Voucher.start(clerk=clerk)
                raise ValueError("too late")

        with pytest.raises(ValueError, match="too late"):
            committed(fail)

        assert mail.outbox == []
        assert not rows()

    def test_rolled_back_and_done_again__one_mail(self, clerk, committed):
        def stumble():
            try:
                with transaction.atomic():
                    Voucher.start(clerk=clerk)
                    raise ValueError
            except ValueError:
                return Voucher.start(clerk=clerk)

        committed(stumble)

        assert receivers() == ["clerk"]

    def test_rolled_back_within_a_transition__nobody_is_told(self, approve, colleague, committed):
        def stumble():
            with transition(Task, approve._workflow_id):
                try:
                    with transaction.atomic():
                        approve.assign(colleague)
                        raise ValueError
                except ValueError:
                    pass

        committed(stumble)

        assert mail.outbox == []

    def test_a_group__each_active_member_gets_one_of_his_own(self, team, committed, caplog):
        with caplog.at_level(logging.INFO, logger="joeflow"):
            committed(Voucher.start, team=team)

        assert receivers() == ["ada", "bob"]
        assert len({SIGNED.search(message.body)[1] for message in mail.outbox}) == 2
        assert "reason=no_address" in caplog.text

    def test_two_groups_with_the_same_people__one_mail_for_each(self, approve, team, committed):
        board = Group.objects.create(name="Board")
        board.user_set.set(team.user_set.all())

        committed(approve.assign, [team, board])

        assert receivers() == ["ada", "bob"]

    def test_people_and_a_group__the_people_can_do_it_and_are_told(self, clerk, team, committed):
        committed(Voucher.start, clerk=clerk, team=team)

        assert receivers() == ["clerk"]

    def test_nobody__no_row(self, committed):
        committed(Voucher.start)

        assert mail.outbox == []
        assert not rows()

    def test_a_node_without_the_mixin__no_mail(self, approve, committed):
        committed(engine.override, approve.workflow, [Voucher.get_node("book")])

        assert task_of(approve.workflow, "book").recipients
        assert mail.outbox == []

    def test_it_takes_one_statement_in_the_transition(self, clerk, statements, monkeypatch):
        Voucher.start(clerk=clerk)
        with statements:
            Voucher.start(clerk=clerk)
        number = len(statements.data)

        monkeypatch.delattr("joeflow.tasks.mail.MailMixin.note_mail")
        with statements:
            Voucher.start(clerk=clerk)

        assert len(statements.data) == number - 1


class TestHandedOver:
    def test_whoever_gets_it__is_told(self, approve, colleague, committed):
        committed(approve.assign, colleague)

        assert receivers() == ["colleague"]

    def test_whoever_has_it_already__is_not(self, approve, clerk, colleague, committed):
        committed(approve.assign, [clerk, colleague])

        assert receivers() == ["colleague"]

    def test_whoever_hands_it_over__is_not(self, approve, clerk, colleague, committed, person):
        boss = with_address(person("boss", "joeflow.reassign"))

        committed(approve.assign, [boss, colleague], by=boss)

        assert receivers() == ["colleague"]

    def test_to_a_group__its_members_are_told(self, approve, team, committed):
        committed(approve.assign, team)

        assert receivers() == ["ada", "bob"]

    def test_taken_from_all__nobody_is_told(self, approve, committed):
        committed(approve.assign, None)

        assert mail.outbox == []

    def test_given_again_after_somebody_else_had_it__a_second_mail(
        self, clerk, colleague, committed
    ):
        task = task_of(committed(Voucher.start, clerk=clerk))
        committed(task.assign, colleague)
        committed(task.assign, clerk)

        assert receivers() == ["clerk", "clerk", "colleague"]
        assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 3

    def test_taken_and_given_back__nobody_is_told(self, team, committed):
        task = task_of(committed(Voucher.start, team=team))
        ada = team.user_set.get(username="ada")
        mail.outbox.clear()

        committed(task.claim, ada)
        committed(task.release, ada)

        assert mail.outbox == []

    def test_given_back_after_a_mail__it_is_for_those_it_was_for(self, approve, clerk, colleague):
        approve.assign([clerk, colleague])
        approve.claim(colleague)
        with transition(Task, approve._workflow_id) as current:
            current.record(Event.REMINDED, approve, None)

        approve.release(colleague)

        assert set(approve.assignees.all()) == {clerk, colleague}


class TestCreateTask:
    @pytest.fixture
    def create(self, monkeypatch):
        """Return a function that replaces how tasks of this node are made."""

        def replace(node, give):
            view = type(node)

            def create_task(workflow, prev_task):
                task = view.create_task(node, workflow, prev_task)
                give(task)
                return task

            monkeypatch.setattr(node, "create_task", create_task)

        return replace

    def test_who_is_added_by_it__is_told(self, create, colleague, committed):
        create(Voucher.approve, lambda task: task.assignees.add(colleague))

        committed(Voucher.start)

        assert receivers() == ["colleague"]

    def test_who_is_given_it_by_a_verb__is_told_once(self, create, clerk, colleague, committed):
        create(Voucher.approve, lambda task: task.assign([clerk, colleague]))

        committed(Voucher.start, clerk=clerk)

        assert receivers() == ["clerk", "colleague"]

    def test_nobody_listens__nobody_asks(self, create, colleague, statements):
        create(Purchase.sign, lambda task: None)
        purchase = Purchase.objects.create()
        engine.complete_start(purchase, "start")

        with statements:
            engine.override(purchase, [Purchase.get_node("sign")])

        assert not [text for text in statements.data if "joeflow_task_assign" in text]


class TestSignal:
    @pytest.fixture
    def told(self):
        sent = []

        def note(sender, signal, **keys):
            sent.append((sender, keys))

        task_assigned.connect(note)
        yield sent
        task_assigned.disconnect(note)

    def test_created_for_somebody__it_is_sent_once(self, told, manager, committed):
        def start():
            purchase = Purchase.objects.create(manager=manager)
            engine.complete_start(purchase, "start")
            return purchase

        purchase = committed(start)

        task = purchase.task_set.get(name="approve")
        keys = {"task_pk": task.pk, "workflow_pk": purchase.pk, "name": "approve"}
        assert told == [(Purchase, {**keys, "using": "default"})]

    def test_handed_over__it_is_sent(self, told, order, buyer, committed):
        task = order()

        committed(task.assign, buyer)

        assert [keys["task_pk"] for _, keys in told] == [task.pk]

    def test_taken__it_is_not(self, told, order, buyer, committed):
        task = order()

        committed(task.claim, buyer)
        committed(task.assign, buyer, by=buyer)

        assert told == []

    def test_rolled_back_within_a_transition__it_is_not(self, told, order, buyer, committed):
        task = order()

        def stumble():
            with transition(Task, task._workflow_id):
                try:
                    with transaction.atomic():
                        task.assign(buyer)
                        raise ValueError
                except ValueError:
                    pass

        committed(stumble)

        assert told == []

    def test_created_for_nobody__it_is_not(self, told, committed):
        committed(Voucher.start)

        assert told == []

    def test_given_by_a_hook__it_is_sent(self, told, monkeypatch, buyer, committed):
        def create_task(workflow, prev_task):
            task = type(Purchase.sign).create_task(Purchase.sign, workflow, prev_task)
            task.assignees.add(buyer)
            return task

        monkeypatch.setattr(Purchase.sign, "create_task", create_task)
        purchase = Purchase.objects.create()

        committed(engine.complete_start, purchase, "start")
        committed(engine.override, purchase, [Purchase.get_node("sign")])

        assert [keys["name"] for _, keys in told] == ["sign"]


class TestReminded:
    def test_a_task_that_is_nearly_due__its_people_are_told_again(self, approve, committed):
        let_pass(approve.workflow, timedelta(days=2, minutes=1))

        committed(recovery.sweep)
        committed(recovery.sweep)

        [message] = mail.outbox
        assert message.to == ["clerk@example.com"]
        assert message.subject == f"Approve: {approve.workflow} still waits for you"
        assert "To be done by: " in message.body

    @pytest.mark.django_db(transaction=True)
    def test_by_a_sweep__its_commits_leave_the_mails_to_its_end(self, clerk, monkeypatch):
        workflows = [Voucher.start(clerk=clerk) for _ in range(2)]
        mail.outbox.clear()
        for workflow in workflows:
            with mock.patch("joeflow.testing.fire_alarms"):
                let_pass(workflow, timedelta(days=2, minutes=1))
        sent = []
        send = outbox.send
        monkeypatch.setattr(outbox, "send", lambda *args: sent.append(args) or send(*args))

        recovery.sweep()

        assert [seconds for *_, seconds in sent] == [outbox.PATIENT_SECONDS] * 2
        assert receivers() == ["clerk", "clerk"]

    def test_a_group__who_has_taken_it_is_told(self, team, committed):
        task = task_of(committed(Voucher.start, team=team))
        task.claim(team.user_set.get(username="ada"))
        mail.outbox.clear()
        let_pass(task.workflow, timedelta(days=2, minutes=1))

        committed(recovery.sweep)

        assert receivers() == ["ada"]


class TestPeople:
    @pytest.fixture
    def crowd(self, person, monkeypatch):
        monkeypatch.setattr(people, "PAGE", 2)
        return [person(f"member{number}", groups=["Team"]) for number in range(5)]

    @pytest.fixture
    def task(self, crowd):
        return task_of(Voucher.start(team=Group.objects.get(name="Team")))

    def test_a_large_group__is_read_page_by_page(self, crowd, task, statements):
        everybody = people_of(task, None, "default")

        with statements:
            assert [next(everybody), next(everybody)] == crowd[:2]
        assert "LIMIT 2" in statements.data[-1]
        assert list(everybody) == crowd[2:]

    def test_those_who_were_told__are_not_read(self, crowd, task):
        done = [str(user.pk) for user in crowd[:3]]

        assert list(people_of(task, None, "default", done=done)) == crowd[3:]
        assert list(people_of(task, None, "default", done=done, after=str(crowd[3].pk))) == [
            crowd[4]
        ]


class TestFailure:
    def test_a_server_that_is_down__breaks_nothing_and_the_mail_goes_out_later(
        self, server, clerk, committed, caplog
    ):
        server.down = SMTPConnectError(421, b"down")

        workflow = committed(Voucher.start, clerk=clerk)

        task = task_of(workflow)
        assert task.recipients == [clerk]
        assert f"event=mail_failed task={task} about=assigned" in caplog.text
        assert rows().get().describe() == "A mail has not gone out so far."
        server.down = None
        swept()
        assert receivers() == ["clerk"]
        assert rows().get().describe() == "A mail went to clerk."

    def test_after_a_failure__this_process_leaves_the_server_alone(self, server, clerk, committed):
        server.down = ConnectionRefusedError()
        committed(Voucher.start, clerk=clerk)
        server.down = None

        committed(Voucher.start, clerk=clerk)
        recovery.sweep()

        assert mail.outbox == []
        assert rows().filter(eta__isnull=False).count() == 2

    def test_what_failed__is_not_due_at_once(self, server, clerk, committed):
        server.down = ConnectionRefusedError()
        committed(Voucher.start, clerk=clerk)
        server.down = None
        post.breaker.reset()

        recovery.sweep()

        assert mail.outbox == []
        assert rows().get().eta > timezone.now() + timedelta(seconds=20)

    def test_a_process_that_died_before_it_was_sent__a_sweep_sends_it(self, clerk):
        Voucher.start(clerk=clerk)

        recovery.sweep()
        recovery.sweep()

        assert receivers() == ["clerk"]

    def test_a_broker_that_is_down__mails_are_sent_all_the_same(self, clerk):
        from joeflow import dispatch

        Voucher.start(clerk=clerk)
        dispatch.breaker.open()

        recovery.sweep()

        assert receivers() == ["clerk"]

    def test_the_same_mail_again__has_the_same_id(self, server, clerk, team, committed):
        sent = []
        server.errors = {"bob@example.com": SMTPDataError(451, b"later")}

        committed(Voucher.start, team=team)
        row = rows().get()
        sent += mail.outbox
        row_again = {**row.data, "done": []}
        rows().update(data=row_again)  # as if the process had died before it was written down
        server.errors = {}
        swept()

        [first, second, _] = [message.extra_headers["Message-ID"] for message in mail.outbox]
        assert [first] == [message.extra_headers["Message-ID"] for message in sent]
        assert first == second

    def test_one_who_is_refused_for_ever__is_not_tried_again(self, server, team, committed, caplog):
        refused = SMTPRecipientsRefused({"ada@example.com": (550, b"unknown")})
        server.errors = {"ada@example.com": refused}

        committed(Voucher.start, team=team)

        row = rows().get()
        assert receivers() == ["bob"]
        assert (row.eta, row.text) == (None, "bob")
        assert [record.levelname for record in caplog.records] == ["ERROR"]

    @pytest.mark.parametrize(
        "error",
        [
            SMTPRecipientsRefused({"ada@example.com": (450, b"greylisted")}),
            SMTPDataError(451, b"later"),
            ValueError("a backend of somebody"),
        ],
    )
    def test_one_who_is_refused_for_now__is_tried_again_alone(self, server, team, committed, error):
        server.errors = {"ada@example.com": error}

        committed(Voucher.start, team=team)

        assert receivers() == ["bob"]
        server.errors = {}
        swept()
        assert receivers() == ["ada", "bob"]
        assert rows().get().text == "bob, ada"

    def test_only_refused__nothing_is_left(self, server, clerk, committed):
        server.errors = {"clerk@example.com": SMTPDataError(554, b"no")}

        committed(Voucher.start, clerk=clerk)

        assert not rows()

    def test_after_three_days__it_is_given_up(self, server, clerk, committed, caplog):
        server.down = ConnectionRefusedError()
        committed(Voucher.start, clerk=clerk)
        rows().update(created=timezone.now() - timedelta(days=4))

        swept()

        assert "event=mail_given_up" in caplog.text
        assert not rows()

    def test_done_meanwhile__no_mail(self, server, clerk, committed):
        server.down = ConnectionRefusedError()
        workflow = committed(Voucher.start, clerk=clerk)
        task_of(workflow).finish(clerk)
        server.down = None

        swept()

        assert mail.outbox == []
        assert not rows()

    def test_given_to_somebody_else_meanwhile__no_mail_but_to_him(
        self, server, clerk, colleague, committed
    ):
        server.down = ConnectionRefusedError()
        task = task_of(committed(Voucher.start, clerk=clerk))
        committed(task.assign, colleague)
        server.down = None

        swept()

        assert receivers() == ["colleague"]

    def test_given_to_another_group_meanwhile__no_mail_but_to_that_one(
        self, server, team, colleague, committed
    ):
        server.down = ConnectionRefusedError()
        task = task_of(committed(Voucher.start, team=team))
        board = Group.objects.create(name="Board")
        board.user_set.add(colleague)
        committed(task.assign, [team, board])
        rows().last().delete()
        server.down = None

        swept()

        assert receivers() == ["ada", "bob"]

    def test_a_mail_that_cannot_be_written__the_others_get_theirs(
        self, team, committed, monkeypatch, caplog
    ):
        write = Voucher.approve.get_mail

        def get_mail(task, user, about):
            if user.username == "ada":
                raise KeyError("address")
            return write(task, user, about)

        monkeypatch.setattr(Voucher.approve, "get_mail", get_mail)

        committed(Voucher.start, team=team)

        assert receivers() == ["bob"]
        assert "event=mail_failed" in caplog.text
        monkeypatch.undo()
        with override_settings(JOEFLOW_BASE_URL="https://office.example"):
            swept()
        assert receivers() == ["ada", "bob"]

    def test_somebody_wants_none__nothing_is_left(self, clerk, committed, monkeypatch):
        monkeypatch.setattr(Voucher.approve, "get_mail", lambda *args: None)

        committed(Voucher.start, clerk=clerk)

        assert mail.outbox == []
        assert not rows()

    def test_the_node_is_gone_from_the_code__nothing_is_sent(self, clerk, committed):
        workflow = Voucher.start(clerk=clerk)
        workflow.task_set.filter(name="approve").update(name="accept")

        swept()

        assert mail.outbox == []
        assert not rows()

    def test_two_who_send_it__one_does(self, clerk, monkeypatch):
        Voucher.start(clerk=clerk)
        pk = rows().get().pk
        row = outbox._take(pk, "default")

        assert row.pk == pk
        assert outbox._take(pk, "default") is None

    def test_too_many_for_one_who_waits__the_rest_is_due_at_once(
        self, team, committed, monkeypatch
    ):
        monkeypatch.setattr(post, "MOST_MAILS", 1)

        committed(Voucher.start, team=team)

        assert receivers() == ["ada"]
        recovery.sweep()
        assert receivers() == ["ada", "bob"]
        assert rows().get().text == "ada, bob"

    def test_the_first_are_refused_for_now__the_others_do_not_wait_for_them(
        self, server, team, committed, monkeypatch
    ):
        monkeypatch.setattr(post, "MOST_MAILS", 1)
        server.errors = {"ada@example.com": SMTPDataError(451, b"later")}

        committed(Voucher.start, team=team)
        recovery.sweep()

        assert receivers() == ["bob"]
        recovery.sweep()
        assert rows().get().eta > timezone.now() + timedelta(seconds=20)
        server.errors = {}
        swept()
        assert receivers() == ["ada", "bob"]
        swept()
        assert receivers() == ["ada", "bob"]

    def test_the_first_cannot_be_written__the_others_do_not_wait_for_them(
        self, team, committed, monkeypatch
    ):
        write = Voucher.approve.get_mail
        monkeypatch.setattr(post, "MOST_MAILS", 1)
        monkeypatch.setattr(
            Voucher.approve,
            "get_mail",
            lambda task, user, about: (1 / (user.username != "ada")) and write(task, user, about),
        )

        committed(Voucher.start, team=team)
        recovery.sweep()

        assert receivers() == ["bob"]
        assert rows().get().eta is not None

    def test_a_mail_that_the_server_hangs_up_on__the_others_do_not_wait_for_it(
        self, server, team, committed
    ):
        server.errors = {"ada@example.com": SMTPServerDisconnected()}

        committed(Voucher.start, team=team)
        assert rows().get().eta > timezone.now() + timedelta(seconds=20)
        swept()

        assert receivers() == ["bob"]
        server.errors = {}
        swept()
        assert receivers() == ["ada", "bob"]

    def test_somebody_without_a_name__is_told_once(self, clerk, committed, monkeypatch, caplog):
        monkeypatch.setattr(type(clerk), "__str__", lambda user: user.nickname)

        committed(Voucher.start, clerk=clerk)
        swept()

        assert receivers() == ["clerk"]
        assert (rows().get().eta, rows().get().text) == (None, str(clerk.pk))
        assert "event=user_without_name" in caplog.text

    @pytest.mark.parametrize("broken", ["message", "people"])
    def test_what_can_never_be_written__is_given_up_some_day(
        self, clerk, committed, monkeypatch, broken
    ):
        if broken == "message":
            monkeypatch.setattr(Voucher.approve, "get_mail", lambda *args: "no message")
        else:
            monkeypatch.setattr(post, "people_of", lambda *args, **options: 1 / 0)

        committed(Voucher.start, clerk=clerk)

        assert rows().get().eta < timezone.now() + timedelta(minutes=1)
        rows().update(created=timezone.now() - timedelta(days=4))
        swept()
        assert not rows()

    def test_too_many_for_one_go__the_rest_is_due_at_once(self, team, committed, monkeypatch):
        clock = iter([0, 1, 99])
        monkeypatch.setattr(post, "time", SimpleNamespace(monotonic=lambda: next(clock)))

        committed(Voucher.start, team=team)

        assert receivers() == ["ada"]
        monkeypatch.undo()
        with override_settings(JOEFLOW_BASE_URL="https://office.example"):
            recovery.sweep()
        assert receivers() == ["ada", "bob"]


def note_waits(monkeypatch):
    """Let mails be sent at once, and return how long somebody would have waited for each row."""
    waits = []

    def within_deadline(function, seconds, server):
        waits.append(seconds)

    monkeypatch.setattr(outbox, "within_deadline", within_deadline)
    return waits


@pytest.mark.django_db(transaction=True)
class TestSlow:
    @pytest.fixture
    def recorded(self, monkeypatch):
        """An event that happens when somebody has written down whom a mail went to."""
        recorded = threading.Event()
        record = post.Post.record

        def record_and_tell(self):
            record(self)
            recorded.set()

        monkeypatch.setattr(post.Post, "record", record_and_tell)
        return recorded

    def test_a_server_that_says_nothing__is_not_waited_for_and_told_of_in_the_end(
        self, server, clerk, monkeypatch, recorded
    ):
        monkeypatch.setattr(outbox, "WAIT_SECONDS", 0.05)
        server.answer = threading.Event()

        begin = time.monotonic()
        Voucher.start(clerk=clerk)

        assert time.monotonic() - begin < 5
        assert post.breaker.is_open()
        assert rows().get().eta > timezone.now() + timedelta(minutes=1)  # nobody else sends it
        server.answer.set()
        assert recorded.wait(5)
        assert receivers() == ["clerk"]
        assert rows().get().text == "clerk"

    def test_many_in_one_commit__all_together_are_waited_for_as_long_as_one(
        self, server, clerk, monkeypatch
    ):
        monkeypatch.setattr(outbox, "WAIT_SECONDS", 0.2)
        clock = count()
        monkeypatch.setattr(outbox, "time", SimpleNamespace(monotonic=lambda: next(clock) / 10))
        waits = note_waits(monkeypatch)

        with transaction.atomic():
            for _ in range(5):
                Voucher.start(clerk=clerk)
        Voucher.start(clerk=clerk)

        assert waits == [pytest.approx(0.1), pytest.approx(0.1)]
        assert rows().filter(eta__lte=timezone.now()).count() == 4  # a sweep sends these

    def test_rolled_back_before__the_next_commit_has_all_its_time(self, server, clerk, monkeypatch):
        waits = note_waits(monkeypatch)
        with transaction.atomic():
            Voucher.start(clerk=clerk)
            transaction.set_rollback(True)

        Voucher.start(clerk=clerk)

        assert waits == [pytest.approx(outbox.WAIT_SECONDS, abs=0.1)]

    def test_the_time_was_used_up_by_others__the_server_is_not_to_blame(
        self, server, clerk, recorded
    ):
        server.answer = threading.Event()
        with sent_later():
            Voucher.start(clerk=clerk)

        outbox.send(rows().get().pk, "default", outbox.WAIT_SECONDS / 20)

        assert not post.breaker.is_open()
        server.answer.set()
        assert recorded.wait(5)
        assert receivers() == ["clerk"]

    @pytest.mark.parametrize("dies", [True, False])
    def test_a_process_that_dies_while_it_sends__few_are_told_twice(self, team, monkeypatch, dies):
        monkeypatch.setattr(post, "NOTED_AFTER", 1)
        with sent_later():
            Voucher.start(team=team)
        letter = post.Post(outbox._take(rows().get().pk, "default"), "default")
        letter.write()
        letter._has_begun = True
        letter.leave_alone()
        if dies:
            monkeypatch.setattr(post.Post, "record", lambda self: None)

        letter.send()

        members = team.user_set.filter(username__in=["ada", "bob"])
        row = rows().get()
        assert row.data["done"] == [str(user.pk) for user in members.order_by("pk")]
        assert (row.eta is not None, row.text) == (dies, "" if dies else "ada, bob")

    def test_somebody_waits__the_thread_leaves_the_row_to_him(self, team, monkeypatch):
        monkeypatch.setattr(post, "NOTED_AFTER", 1)
        with sent_later():
            Voucher.start(team=team)
        letter = post.Post(outbox._take(rows().get().pk, "default"), "default")
        letter.write()

        letter.send()

        assert receivers() == ["ada", "bob"]
        assert rows().get().data["done"] == []

    def test_behind_somebody_else_s__it_is_left_to_a_sweep(self, server, clerk, monkeypatch):
        row = None
        Voucher.start(clerk=clerk)
        rows().update(eta=timezone.now(), text="", data={"about": "assigned", "done": []})
        row = outbox._take(rows().get().pk, "default")
        letter = post.Post(row, "default")
        letter.write()

        letter.leave_alone()
        letter.send()  # the thread has come to it after all

        assert receivers() == ["clerk"]  # that was the first one
        assert rows().get().eta is not None
