"""Measure joeflow with ten thousand and with ten million tasks: ``python -m benchmarks.scale``."""

import argparse
import json
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.contestants import Contestant
from benchmarks.options import add_json, at_least
from benchmarks.report import layout, machine, ratio, spread
from benchmarks.servers import running_servers
from benchmarks.site import site
from tests.processes import end_as_by_keyboard

OURS = Contestant("joeflow", "scale")
#: Bytes on the disk for each task, with its share of everything; and as many again to write it.
BYTES_OF_A_TASK = 2 * 600
#: How much more a thing may cost with many tasks than with few.
MOST = 1.3
GROWTH = (
    "transition_after_many",
    "transition_beside_a_backlog",
    "join_beside_a_backlog",
    "branch_beside_many",
    "drawing_of_many",
    "mermaid_of_many",
)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="benchmarks.scale", description=__doc__)
    parser.add_argument(
        "--few", type=at_least(200), default=1_000, help="instances in one database, 200 or more"
    )
    parser.add_argument(
        "--many", type=at_least(200), default=1_000_000, help="instances in the other one"
    )
    parser.add_argument(
        "--rounds", type=at_least(1), default=5, help="of which the medians are shown"
    )
    parser.add_argument("--times", type=at_least(1), default=20, help="each action in each round")
    parser.add_argument(
        "--tasks",
        type=int,
        nargs="+",
        default=[10, 1_000, 10_000],
        help="of one instance, or due at once, or on one drawing",
    )
    parser.add_argument("--only", action="append", metavar="ACTION", help="one of the actions")
    add_json(parser)
    return parser.parse_args(arguments)


def missing_space(tasks):
    """Say how much is missing on the disk for so many tasks; None where there is enough."""
    needed, free = tasks * BYTES_OF_A_TASK, shutil.disk_usage(tempfile.gettempdir()).free
    if free < needed:
        return (
            f"{tasks} tasks need {needed / 1e9:.0f} GB in {tempfile.gettempdir()}, where"
            f" {free / 1e9:.0f} GB are free. Try fewer with --many, or another TMPDIR."
        )
    return None


class Pair:
    """Two databases that differ in their size alone.

    Args:
        stack: Ends what is started.
        sizes: How many instances each has.
    """

    def __init__(self, stack, sizes):
        self.servers = stack.enter_context(running_servers())
        self.sites = [
            stack.enter_context(site(OURS, self.servers, number)) for number in range(len(sizes))
        ]
        for place, count in zip(self.sites, sizes, strict=True):
            place.ask("fill", count)
            print(f"{count} instances: {place.ask('size') / 1e9:.2f} GB", file=sys.stderr)

    def time(self, name, times):
        """Return for each database the milliseconds of an action."""
        found = []
        for place in self.sites:
            place.ask("time_action", name, 1)  # it is some time since the last action here
            found.append(1000 * median(place.ask("time_action", name, times)))
        return found


def run(options):
    """Return all figures, by what they are about."""
    with ExitStack() as stack:
        pair = Pair(stack, (options.few, options.many))
        known = pair.sites[0].ask("names")
        if unknown := set(options.only or ()) - set(known):
            sys.exit(f"There is no {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
        names = [name for name in known if name in (options.only or [name])]
        times = {name: ([], []) for name in names}
        for number in range(options.rounds):
            for name in names:
                for figures, figure in zip(
                    times[name], pair.time(name, options.times), strict=True
                ):
                    figures.append(figure)
            print(f"round {number + 1}", file=sys.stderr, flush=True)
        large = pair.sites[1]
        return {
            "times": times,
            "statements": {name: large.ask("count", name) for name in names},
            "tasks": options.tasks,
            "growth": {name: _grow(large, name, options.tasks) for name in GROWTH},
            "plans": {name: [place.ask("explain", name) for place in pair.sites] for name in names},
        }


def _grow(place, name, counts):
    return [1000 * median(place.ask("grow", name, count)) for count in counts]


def tables(results):
    """Give title and rows of each table."""
    times = _times(results["times"], results["statements"])
    yield "Milliseconds, with few tasks and with many", times
    yield "Milliseconds, by the number of tasks", _growth(results["tasks"], results["growth"])
    yield "How PostgreSQL does it, with few tasks and with many", _plans(results["plans"])


def _words(name):
    return name.replace("_", " ")


def _times(times, statements):
    yield "", "few", "many", "ratio", "statements", ""
    for name, (few, many) in times.items():
        slower = f"more than {MOST}" if median(many) > MOST * median(few) else ""
        figures = spread(few, 1), spread(many, 1), ratio(many, few), statements[name]
        yield _words(name), *figures, slower


def _growth(counts, growth):
    yield "", *counts
    for name, figures in growth.items():
        yield _words(name), *(f"{figure:.1f}" for figure in figures)


def _plans(plans):
    yield "", "statement", "reads", "rows", "pages (few)", "pages (many)"
    for name, (few, many) in plans.items():
        for small, large in zip(few, many, strict=False):
            figures = large["rows"], small["pages"], large["pages"]
            yield _words(name), large["statement"][:60], ", ".join(large["nodes"]), *figures


def main(arguments=None):
    end_as_by_keyboard()
    options = parse(arguments)
    if reason := missing_space(10 * options.many):
        return reason
    print(machine())
    results = run(options)
    for title, rows in tables(results):
        print(f"\n{title}\n\n{layout(rows)}")
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1))
    return None


if __name__ == "__main__":
    sys.exit(main())
