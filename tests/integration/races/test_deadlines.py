"""What happens when a task is late, against other sweeps and against whoever does it after all."""

from datetime import timedelta
from functools import partial
from unittest import mock

import pytest
from django.test import Client

from joeflow import engine
from joeflow.escalations import fire_alarms
from joeflow.models import Event
from joeflow.testing import let_pass
from tests.testapp.models import Approval


@pytest.fixture
def late(transactional_db):
    """An instance that waits for a person who is late."""
    with mock.patch("joeflow.testing.fire_alarms"):
        return let_pass(Approval.start(), timedelta(days=4))


@pytest.mark.protected_by("without_locks")
def test_two_sweeps_find_a_late_task(race, judge, late):
    race.meet_at("joeflow.escalations._remind")

    race.run(*[partial(fire_alarms, "default")] * 2)

    kinds = [event.kind for event in Event.objects.order_by("pk")]
    number = late.task_set.filter(name="escalate").count()
    violations = []
    if kinds != [Event.REMINDED, Event.ESCALATED] or number != 1:
        violations.append(f"happened has {kinds}, and {number} were started")
    judge(violations)


def test_post_against_escalation(race, late, monkeypatch):
    fire_alarms("default")
    monkeypatch.setattr(Approval, "escalate", race.meeting(lambda self: [self.decide]))
    url = late.task_set.get(name="approve").get_absolute_url()
    run = partial(engine.run, late.task_set.get(name="escalate").pk, late.pk, stay=False)

    code, _ = race.run(race.in_between(lambda: Client().post(url).status_code), run)

    # Whoever comes second changes nothing; where that is the machine, it has no point any more.
    names = sorted(late.task_set.open().values_list("name", flat=True))
    assert (code, names) in [(302, ["end"]), (409, ["decide"])]
