"""A short storm, and what must be so in any storm but is left to no chance."""

import os

import pytest

from tests.acceptance.storm import checks
from tests.acceptance.storm.evidence import Evidence
from tests.acceptance.storm.people import Browser
from tests.acceptance.storm.run import Plan, calm_site, run_storm
from tests.acceptance.storm.site import missing
from tests.processes import wait_for

LIMIT = 60
MAX_STARTS = 2
COMBINATIONS = {"celery-redis": ("celery", "redis"), "django-tasks": ("django_tasks", None)}
pytestmark = [pytest.mark.storm, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True, scope="module")
def _programs():
    """Skip where a program is not installed; CI must have them all."""
    reason = missing("postgresql", "redis")
    if reason and os.environ.get("CI"):
        pytest.fail(f"CI runs every test, but {reason}", pytrace=False)
    if reason:
        pytest.skip(reason)


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_short_storm__breaks_nothing(combination):
    runner, broker = COMBINATIONS[combination]

    report = run_storm(Plan(runner, broker, "postgresql", instances=30, kills=8, seed=3))

    print(report)
    assert report.violations == []


@pytest.fixture(params=COMBINATIONS, scope="module")
def site(request):
    """A site with two workers whose clocks are right, and nobody who breaks anything."""
    runner, broker = COMBINATIONS[request.param]
    with calm_site(runner, broker, "postgresql", STORM_MAX_STARTS=str(MAX_STARTS)) as it:
        yield it


def start(site, kind, **values):
    status, _ = Browser(site.port, "person0").post_json(f"/start/{kind}/", **values)
    assert status == 201


def wait_until_quiet(site):
    browser = Browser(site.port, "person0")
    wait_for(lambda: browser.get("/state/")["moving"] == 0, LIMIT, "all is quiet")


def find_violations(site):
    evidence = Evidence.read(site.dump(), runs=site.reader.read(), max_starts=MAX_STARTS)
    return checks.find_violations(evidence)


def test_task_longer_than_the_grace_period__is_started_once(site):
    start(site, "slow")
    wait_for(site.reader.running, LIMIT, "the task runs")
    browser = Browser(site.port, "person0")
    for number in range(5):  # messages for it, besides those that the recovery might send
        browser.post_json("/again/", seed=number)

    wait_until_quiet(site)

    [creep] = [run for run in site.reader.read().values() if run.name == "creep"]
    assert creep.ended - creep.began > 5
    assert find_violations(site) == []


def test_task_that_nobody_does_in_time__goes_another_way(site):
    for _ in range(5):
        start(site, "late", left=True)

    wait_for(
        lambda: Browser(site.port, "person0").get("/state/")["people"] == 0, LIMIT, "all ended"
    )
    wait_until_quiet(site)

    late = [task for task in Evidence.read(site.dump()).tasks if task.name == checks.ESCALATION]
    assert [task.status for task in late] == ["succeeded"] * 5
    assert find_violations(site) == []


def test_task_that_kills_every_worker__fails_and_the_others_go_on(site):
    start(site, "deadly")
    for _ in range(5):
        start(site, "gate")

    wait_until_quiet(site)

    runs = [run for run in site.reader.read().values() if run.name == "kill"]
    assert len(runs) == 3
    evidence = Evidence.read(site.dump())
    [failed] = [task for task in evidence.tasks if task.status == "failed"]
    assert failed.exception.startswith("joeflow.exceptions.NeverCameBack: Task kill (")
    gates = [instance.ended for instance in evidence.instances if instance.kind == "gate"]
    assert gates == [True] * 5
    assert find_violations(site) == []
