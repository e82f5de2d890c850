"""A time limit on Dramatiq counts for each task."""

import pytest

from joeflow import engine
from tests.rules import extra

dramatiq = extra("dramatiq", "dramatiq")
runner = pytest.importorskip("joeflow.runner.dramatiq")

pytestmark = pytest.mark.extra("dramatiq")


@pytest.mark.parametrize(("limit", "stays"), [(None, True), (60, False)])
def test_time_limit__means_one_task_for_each_message(settings, monkeypatch, limit, stays):
    settings.JOEFLOW_TIME_LIMIT = limit
    asked = []
    monkeypatch.setattr(engine, "run", lambda *args, stay, **options: asked.append(stay))

    runner._dramatiq_task_runner.fn(7, 8)

    assert asked == [stays]
