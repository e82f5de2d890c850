"""Measure how the memory of a worker grows: ``python -m benchmarks.memory``."""

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path

import psutil

from benchmarks.contestants import OURS
from benchmarks.measures import TRANSITIONS, site_is_idle
from benchmarks.options import add_json, at_least
from benchmarks.report import layout, machine
from benchmarks.servers import running_servers
from benchmarks.site import family, site
from tests.processes import end_as_by_keyboard

#: Instances of the chain between two looks.
BATCH = 1_000


def parse(arguments):
    parser = argparse.ArgumentParser(prog="benchmarks.memory", description=__doc__)
    parser.add_argument("--transitions", type=at_least(1), default=100_000)
    add_json(parser)
    return parser.parse_args(arguments)


def megabytes(place):
    """Return what the processes that run the tasks use together, without what they share."""
    [first] = place.worker_pids
    return sum(psutil.Process(pid).memory_full_info().uss for pid in family(first)[1:]) / 1e6


def measure(transitions):
    """Return pairs: how many transitions were made, and what memory the workers use then."""
    found = []
    with ExitStack() as stack:
        servers = stack.enter_context(running_servers())
        place = stack.enter_context(site(OURS, servers, 0))
        place.start_workers()
        found.append((0, megabytes(place)))
        while found[-1][0] < transitions:
            left = (transitions - found[-1][0]) // TRANSITIONS["chain"]
            count = max(1, min(BATCH, left))
            place.run_to_end("chain", place.ask("start", "chain", count))
            site_is_idle(place)
            found.append((found[-1][0] + count * TRANSITIONS["chain"], megabytes(place)))
            print(found[-1], file=sys.stderr, flush=True)
    return found


def main(arguments=None):
    end_as_by_keyboard()
    options = parse(arguments)
    print(machine())
    found = measure(options.transitions)
    rows = [("transitions", "MB"), *((count, f"{used:.1f}") for count, used in found)]
    print(f"\nMemory of two worker processes\n\n{layout(rows)}")
    if options.json:
        Path(options.json).write_text(json.dumps(found))


if __name__ == "__main__":
    sys.exit(main())
