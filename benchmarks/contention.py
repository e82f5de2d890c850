"""Measure many workers at one instance: ``python -m benchmarks.contention``."""

import argparse
import json
import sys
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.contestants import OURS
from benchmarks.measures import site_is_idle
from benchmarks.options import add_json, at_least
from benchmarks.report import layout, machine, ratio, spread
from benchmarks.servers import running_servers
from benchmarks.site import site
from tests.processes import end_as_by_keyboard

#: How many worker processes.
FEW, MANY = 1, 8
#: Transitions of machine tasks in an instance with a hundred branches.
TRANSITIONS = 102
#: What Celery's worker writes for each message.
RECEIVED = "received"


def parse(arguments):
    parser = argparse.ArgumentParser(prog="benchmarks.contention", description=__doc__)
    parser.add_argument(
        "--rounds", type=at_least(1), default=5, help="of which the medians are shown"
    )
    parser.add_argument("--no-minute", action="store_true", help="leave out what takes a minute")
    add_json(parser)
    return parser.parse_args(arguments)


def contestant(processes):
    """Return joeflow with so many worker processes."""
    worker = list(OURS.worker)
    worker[worker.index("--concurrency") + 1] = str(processes)
    return replace(OURS, name=f"{processes} processes", worker=tuple(worker))


def count_messages(place):
    """Return how many messages of joeflow's tasks the workers have got so far, but for sweeps."""
    lines = place.log.read_text(errors="replace").splitlines()
    return sum(RECEIVED in line and "_celery_task_runner" in line for line in lines)


def run_one(place, shape, *, again=False):
    """Run one instance alone; return its seconds and how many messages that took.

    Args:
        place: Where.
        shape: Which workflow.
        again: Send another message for each branch, so that all workers get to work at it.
    """
    before = count_messages(place)
    [pk] = keys = place.ask("start", shape, 1)
    if again:
        place.ask("send_again", pk)
    place.run_to_end(shape, keys)
    seconds = place.ask("ends", shape, [pk])[0] - place.ask("began", [pk])[0]
    site_is_idle(place)
    return seconds, count_messages(place) - before


def measure(rounds, *, minute=True):
    """Return what was measured, by number of processes.

    Args:
        rounds: How often.
        minute: Measure a branch that runs for a minute, too.
    """
    results = {}
    with ExitStack() as stack:
        servers = stack.enter_context(running_servers())
        places = [
            stack.enter_context(site(contestant(processes), servers, number))
            for number, processes in enumerate((FEW, MANY))
        ]
        for place in places:
            results[place.contestant.name] = defaultdict(list)
        for number in range(rounds):
            for place in places:
                figures = results[place.contestant.name]
                place.start_workers()
                for name, again in (("", False), (" again", True)):
                    seconds, messages = run_one(place, "wide", again=again)
                    figures[f"speed{name}"].append(TRANSITIONS / seconds)
                    figures[f"messages{name}"].append(messages)
                figures["post"].append(1000 * place.ask("post_between"))
                place.stop_workers()
            print(f"round {number + 1}", file=sys.stderr, flush=True)
        if minute:
            places[1].start_workers()
            _, messages = run_one(places[1], "minute")
            results[places[1].contestant.name]["messages of a minute"].append(messages)
    return results


def tables(results):
    """Give title and rows of each table."""
    yield "One instance with a hundred branches", _rows(results)
    for name, figures in results.items():
        for messages in figures["messages of a minute"]:
            yield (
                "One branch that runs for a minute beside 99",
                [("", "messages"), (name, messages)],
            )


def _rows(results):
    first = next(iter(results.values()))
    yield (
        *("", "transitions/s", "ratio", "messages"),
        *("each branch sent again", "ratio", "messages", "a form waits, ms"),
    )
    for name, figures in results.items():
        cells = [
            cell
            for kind in ("", " again")
            for cell in (
                spread(figures[f"speed{kind}"], 0),
                ratio(figures[f"speed{kind}"], first[f"speed{kind}"]),
                max(figures[f"messages{kind}"]),
            )
        ]
        yield name, *cells, spread(figures["post"], 0)


def main(arguments=None):
    end_as_by_keyboard()
    options = parse(arguments)
    print(machine())
    results = measure(options.rounds, minute=not options.no_minute)
    for title, rows in tables(results):
        print(f"\n{title}\n\n{layout(rows)}")
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    sys.exit(main())
