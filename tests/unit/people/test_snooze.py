"""Put a task off."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone, translation

from joeflow.exceptions import InvalidDeadline, JoeflowError, TaskClosed
from joeflow.models import Event, Task
from joeflow.testing import let_pass
from tests.testapp.models import Chain

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_it_is_out_of_the_inbox_until_then(purchase, approve, manager):
    approve.snooze(timezone.now() + DAY, by=manager)

    assert not Task.objects.inbox(manager).exists()
    assert approve.is_snoozed
    let_pass(purchase, 2 * DAY)
    assert list(Task.objects.inbox(manager)) == [approve]
    assert not Task.objects.get(pk=approve.pk).is_snoozed


def test_elapsed_time(approve, manager):
    approve.snooze(DAY, by=manager)

    approve.refresh_from_db()
    assert abs(approve.snoozed_until - timezone.now() - DAY) < timedelta(seconds=30)


def test_none__brings_it_back(approve, manager):
    approve.snooze(DAY, by=manager)

    approve.snooze(None, by=manager)

    assert list(Task.objects.inbox(manager)) == [approve]
    told = [event.describe() for event in approve.event_set.order_by("pk")]
    assert told[1] == "manager put it back into the inbox."


def test_it_is_recorded__in_the_reader_s_time(approve, manager):
    approve.snooze(DAY, by=manager)

    event = approve.event_set.get()
    event.text = datetime(2040, 1, 2, 23, 30, tzinfo=UTC).isoformat()
    assert (event.kind, event.user) == (Event.SNOOZED, manager)
    with timezone.override("Europe/Berlin"), translation.override("en"):
        assert event.describe() == "manager put it off (until 01/03/2040 12:30 a.m.)."


@pytest.mark.parametrize("days", [367, timedelta.max.days])
def test_longer_than_a_year__is_refused(approve, manager, days):
    with pytest.raises(InvalidDeadline, match="a task can be put off for 366 days at most"):
        approve.snooze(timedelta(days=days), by=manager)

    approve.refresh_from_db()
    assert approve.snoozed_until is None


def test_until_an_instant_that_is_too_far_ahead__is_refused(approve):
    with pytest.raises(InvalidDeadline, match="too far ahead"):
        approve.snooze(datetime(9999, 12, 31, tzinfo=UTC))


def test_a_year__is_the_most(approve):
    approve.snooze(timedelta(days=366))

    assert approve.is_snoozed


def test_the_one_who_is_not_asked_for_it__may_not(approve, buyer):
    with pytest.raises(PermissionDenied):
        approve.snooze(DAY, by=buyer)

    approve.refresh_from_db()
    assert approve.snoozed_until is None
    assert not approve.event_set.exists()


def test_of_what_somebody_else_has__one_may_not(order, buyer, person):
    task = order()
    task.claim(buyer)

    with pytest.raises(PermissionDenied):
        task.snooze(DAY, by=person("colleague", "testapp.order_purchase"))


def test_whoever_may_hand_over_all__and_code__may(approve, person):
    approve.snooze(DAY, by=person("boss", "joeflow.reassign"))
    approve.snooze(2 * DAY)

    assert [event.user and event.user.username for event in approve.event_set.order_by("pk")] == [
        "boss",
        None,
    ]


@pytest.mark.parametrize("until", [timedelta(0), datetime(2001, 1, 1, tzinfo=UTC)])
def test_the_past__is_refused(approve, manager, until):
    with pytest.raises(InvalidDeadline, match="is over"):
        approve.snooze(until, by=manager)


def test_what_is_no_time__is_refused(approve, manager):
    with pytest.raises(InvalidDeadline, match=r"^'tomorrow' is no time for a task\."):
        approve.snooze("tomorrow", by=manager)


def test_a_closed_task__is_refused(approve, manager):
    approve.finish(manager)

    with pytest.raises(TaskClosed):
        approve.snooze(DAY, by=manager)


def test_a_machine_task__is_refused(manager):
    task = Chain.start().task_set.get(name="first")

    with pytest.raises(JoeflowError, match="is for a machine"):
        task.snooze(DAY, by=manager)
