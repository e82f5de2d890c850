"""One storm, from the first instance to the last check."""

import random
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass

from tests.acceptance.storm.chaos import Chaos
from tests.acceptance.storm.checks import ESCALATION, find_violations
from tests.acceptance.storm.evidence import Evidence
from tests.acceptance.storm.people import Browser, People
from tests.acceptance.storm.report import Report
from tests.acceptance.storm.site import storm_site
from tests.processes import NeverHappened, wait_for

GRACE_PERIOD = 1  # seconds, as in the settings of the project
MOST_GRACE_PERIODS = 16
#: Seconds that a worker takes to start and to find its broker again, on a busy machine.
START = 15
#: Seconds in which all must be quiet after the storm, or there is no use in waiting on.
LIMIT = 240
#: Seconds that engine and broker take at most from one node to the next, on a busy machine.
BETWEEN_RUNS = 0.5
#: Share of the instances that is started before anything breaks.
AT_FIRST = 0.15


#: A storm with so many kills is a full one, in which all of this happens.
FULL = 100
MUST_HAPPEN = (
    *("tasks succeeded", "tasks canceled", "failures", "posts that won", "tasks that were late"),
    *("reruns", "overrides", "cancels", "wakes"),
    *("workers killed with all processes", "web processes killed", "databases restarted"),
    *("connections cut", "messages lost", "messages doubled", "queues shuffled"),
    *("long runs that came through", "clocks off by seconds"),
)


@dataclass(frozen=True)
class Plan:
    """Which storm.

    Args:
        runner: Name of the runner.
        broker: Name of the broker; None where the runner keeps its messages in the database.
        database: Kind of the database.
        instances: How many instances are started at least.
        kills: How often a worker is killed in the middle of a task.
        seed: What else happens, and when.
        keep_logs_in: A directory that is given the logs.
    """

    runner: str
    broker: str | None
    database: str
    instances: int = 300
    kills: int = 100
    seed: int = 0
    keep_logs_in: str | None = None

    @property
    def title(self):
        return " on ".join(filter(None, (self.runner, self.broker, self.database)))


def run_storm(plan):
    """Let a storm pass over a site, wait until it is quiet, and return what was found."""
    began = time.monotonic()
    rng = random.Random(plan.seed)
    servers = (plan.runner, plan.broker, plan.database)
    seed = str(plan.seed)
    with storm_site(*servers, keep_logs_in=plan.keep_logs_in, STORM_SEED=seed) as site:
        site.start()
        people = People(site.port, plan.seed, plan.instances)
        chaos = Chaos(site, rng, plan.kills)
        with site.supervised(), people.at_work():
            _rage(chaos, people)
            calm = _Calm(site, people)
            calm.wait()
        evidence = _gather(site, people, chaos)
        report = Report(plan.title, plan.seed, violations=find_violations(evidence))
        report.rows = _count(evidence, people, chaos, calm)
        report.rows["seconds in all"] = round(time.monotonic() - began)
        report.violations += calm.find_violations()
        report.violations += _weaknesses(plan, evidence, chaos, report.rows)
        return report


def _rage(chaos, people):
    def let_start(share):
        people.let_start(round(people.count * (AT_FIRST + (1 - AT_FIRST) * share)))

    chaos.rage(let_start, on_idle=people.let_one_more_start)
    wait_for(lambda: people.have_started_all, LIMIT, "all instances have been started")


class _Calm:
    """The time after the storm, in which everything is left alone until it is quiet."""

    def __init__(self, site, people):
        self.site = site
        self.people = people
        self.browser = Browser(site.port, "person0")
        self.seconds = 0.0
        self.idle = 0.0
        self.left = None

    def wait(self):
        """Wait until no machine has anything to do any more, and no person has."""
        self.people.calm_down()
        began = time.monotonic()
        try:
            wait_for(self._is_quiet, LIMIT, "all is quiet")
        except NeverHappened as error:
            self.left = f"{error} What is left: {self.browser.get('/state/')}."
        self.seconds = time.monotonic() - began
        self.idle = idle_time(self.site.reader.read().values(), began, began + self.seconds)
        if self.left is None:
            # What was doubled or came late must find nothing to do.
            wait_for(lambda: self.site.queue.size() == 0, LIMIT, "all messages have been read")

    def _is_quiet(self):
        state = self.browser.get("/state/")
        return state is not None and not state["moving"] and not state["people"]

    @property
    def allowed(self):
        """Seconds in which nobody works: the capped grace period, and the start of a worker."""
        return MOST_GRACE_PERIODS * GRACE_PERIOD + START

    def find_violations(self):
        """Return what was not as it must be after the storm."""
        if self.left is not None:
            yield f"quiet: {self.left}"
        if self.idle > self.allowed:
            yield f"quiet: for {self.idle:.1f} s nobody worked; {self.allowed} s are allowed."
        for text in self.people.errors_in_calm:
            yield f"answers: {text}"


def idle_time(runs, since, until):
    """Return for how long between two instants nobody worked.

    Between two runs of nodes the engine and the broker are at work, which is not waiting; so only
    what is longer than that counts.
    """
    idle, last = 0.0, since
    ends = [(run.began, run.ended) for run in runs if run.ended is not None]
    for began, ended in [*sorted(ends), (until, until)]:
        if began - last > BETWEEN_RUNS:
            idle += began - last
        last = max(last, ended)
    return idle


def _gather(site, people, chaos):
    return Evidence.read(
        site.dump(),
        runs=site.reader.read(),
        cuts=chaos.cuts,
        started=people.started,
        answers=people.answers,
        deadlocks=site.deadlocks(),
    )


def _count(evidence, people, chaos, calm):
    statuses = Counter(task.status for task in evidence.tasks)
    return {
        "instances": len(evidence.instances),
        "transitions": sum(task.closed for task in evidence.tasks),
        "tasks succeeded": statuses["succeeded"],
        "tasks canceled": statuses["canceled"],
        "tasks failed": statuses["failed"],
        "failures": sum(change.after == "failed" for change in evidence.changes),
        "tasks that were late": sum(t.name == ESCALATION for t in evidence.tasks),
        "tasks that never came back": sum("NeverCameBack" in t.exception for t in evidence.tasks),
        "most starts of a task": max(task.starts for task in evidence.tasks),
        "long runs that came through": _count_long(evidence),
        "runs of nodes": len(evidence.runs),
        "effects committed": len(evidence.effects),
        **people.did,
        "posts that won": sum(answer.status == 200 for answer in people.answers),
        **{word: chaos.counts[word] for word in sorted(chaos.counts)},
        "messages left as running": calm.site.queue.left_running(),
        "clocks off by seconds": ", ".join(f"{k.clock:+}" for k in calm.site.keepers if k.clock),
        "workers started": sum(keeper.starts for keeper in calm.site.keepers[1:]),
        "seconds to quiet": f"{calm.seconds:.1f}",
        "of these nobody worked": f"{calm.idle:.1f}",
        "allowed for that": calm.allowed,
    }


def _count_long(evidence):
    """Return how many runs that had their effect took longer than the grace period."""
    runs = [evidence.runs[effect.token] for effect in evidence.effects]
    return sum(run.ended is not None and run.ended - run.began > GRACE_PERIOD for run in runs)


def _weaknesses(plan, evidence, chaos, rows):
    """Return what the storm itself did not do: it must not pass because nothing happened."""
    for word in MUST_HAPPEN if plan.kills >= FULL else ():
        if not rows.get(word):
            yield f"storm: there were no {word}."
    if len(evidence.instances) < plan.instances:
        yield f"storm: only {len(evidence.instances)} instances were started."
    if (
        plan.kills >= FULL
        and plan.runner == "django_tasks"
        and not rows["messages left as running"]
    ):
        yield "storm: no message was left as running."
    if len(chaos.interrupted) < plan.kills:
        yield f"storm: only {len(chaos.interrupted)} tasks were killed in the middle."


@contextmanager
def calm_site(runner, broker, database, **options):
    """Give a site without people, supervised, for tests that are not random."""
    with storm_site(runner, broker, database, **options) as site:
        site.start(2, clocks=False)
        with site.supervised():
            yield site
