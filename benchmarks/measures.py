"""What is measured of a site."""

import time
from dataclasses import dataclass
from statistics import median

from benchmarks.accounting import cpu_seconds
from tests.processes import wait_for

#: Transitions of machine tasks in an instance of each shape.
TRANSITIONS = {"chain": 10, "chain_in_one_message": 10, "split": 12}
#: Words in a worker's log that tell of trouble.
TROUBLE = ("ERROR", "Traceback", "Retry", "retry", "WARNING")


@dataclass(frozen=True)
class Load:
    """What many instances at once have cost, for each transition of a machine task.

    Args:
        per_second: Transitions in a second.
        cpu: CPU milliseconds of workers, database and broker.
        parts: The same for each of the three.
        data: Statements that read or write.
        control: Statements that begin or end transactions.
        trouble: Lines of the log that tell of trouble, of all instances.
    """

    per_second: float
    cpu: float
    parts: tuple[float, float, float]
    data: float
    control: float
    trouble: int


def measure_load(site, shape, count):
    """Let workers meet many instances that were started while they stood still."""
    database, broker = site.servers.pids
    groups = (site.worker_pids, [database], [broker])
    logged = site.log.stat().st_size
    with site.paused():
        keys = site.ask("start", shape, count)
        before = [cpu_seconds(*pids) for pids in groups]
        site.statistics.reset()
        began = time.time()
    site.run_to_end(shape, keys)
    ended = max(site.ask("ends", shape, keys))
    site_is_idle(site)
    spent = [cpu_seconds(*pids) - first for pids, first in zip(groups, before, strict=True)]
    statements = site.statistics.read()
    transitions = count * TRANSITIONS[shape]
    return Load(
        per_second=transitions / (ended - began),
        cpu=1000 * sum(spent) / transitions,
        parts=tuple(1000 * seconds / transitions for seconds in spent),
        data=statements.data / transitions,
        control=statements.control / transitions,
        trouble=count_trouble(site.log, logged),
    )


def site_is_idle(site):
    """Wait until the workers have nothing to do any more."""

    def rests():
        before = cpu_seconds(*site.worker_pids)
        time.sleep(0.1)
        return cpu_seconds(*site.worker_pids) - before < 0.02

    wait_for(rests, 60, f"the workers of {site.contestant.name} rest")


def count_trouble(log, since):
    """Return how many lines of a log tell of trouble, from this byte on."""
    with log.open(errors="replace") as file:
        file.seek(since)
        return sum(any(word in line for word in TROUBLE) for line in file)


def measure_latency(site, shape, count):
    """Return the milliseconds from the start to the end of an instance while nothing else runs."""
    return median(_time_one(site, shape) for _ in range(count))


def _time_one(site, shape):
    time.sleep(0.03)  # whatever the last one has left behind, is over
    began = time.time()
    if site.contestant.project == "dbos_app":
        keys = [site.ask("start_here", shape)]
    else:
        keys = site.ask("start", shape, 1)
    site.run_to_end(shape, keys)
    return 1000 * (site.ask("ends", shape, keys)[0] - began)


def measure_hand_over(site, count):
    """Return the milliseconds from a form that is posted to the end of the task that follows."""
    return median(1000 * site.ask("post_form") for _ in range(count))
