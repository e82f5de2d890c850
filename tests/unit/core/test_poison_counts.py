"""A start counts against a task only where it never came back."""

import pytest
from django.db import OperationalError

from joeflow import engine
from joeflow.exceptions import InstanceLocked
from joeflow.models import Task
from tests.testapp.models import Failing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lost(settings):
    """A task that was handed out twice without a result."""
    settings.JOEFLOW_TASK_RUNNER = "tests.runners.record"
    Failing.start()
    tasks = Task.objects.filter(name="work")
    tasks.update(attempts=2)
    yield tasks.get()
    Failing.behavior = None


def test_lock_taken_between_count_and_run__is_no_start(lost, monkeypatch):
    def taken(*args, **kwargs):
        raise InstanceLocked

    monkeypatch.setattr("joeflow.transitions.lock_instance", taken)

    again = engine.run(lost.pk, lost._workflow_id)

    lost.refresh_from_db()
    assert again.bounces == 1
    assert (lost.status, lost.starts) == (Task.SCHEDULED, 0)


@pytest.mark.parametrize("error", [InstanceLocked, OperationalError])
def test_node_that_came_back__is_no_start(lost, error):
    def come_back(self):
        raise error

    Failing.behavior = come_back

    engine.run(lost.pk, lost._workflow_id)

    lost.refresh_from_db()
    assert (lost.status, lost.starts) == (Task.SCHEDULED, 0)


def test_node_that_never_came_back__is_a_start(lost):
    def die(self):
        raise SystemExit  # what a killed worker leaves behind: nothing

    Failing.behavior = die

    with pytest.raises(SystemExit):
        engine.run(lost.pk, lost._workflow_id)

    lost.refresh_from_db()
    assert (lost.status, lost.starts) == (Task.SCHEDULED, 1)
