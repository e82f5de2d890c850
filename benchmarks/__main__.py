"""Measure joeflow beside others: ``python -m benchmarks``."""

import argparse
import sys
from dataclasses import replace

from benchmarks.options import add_json, at_least, commit
from benchmarks.report import print_report
from benchmarks.rounds import FULL, QUICK, run_rounds
from tests.processes import end_as_by_keyboard


def parse(arguments):
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=at_least(1), help="of which the medians are shown")
    parser.add_argument("--quick", action="store_true", help="only the floor and joeflow")
    parser.add_argument("--against", metavar="COMMIT", type=commit, help="measure this commit, too")
    names = [contestant.name for contestant in FULL.contestants]
    parser.add_argument(
        "--only", action="append", metavar="NAME", choices=names, help="one of the contestants"
    )
    parser.add_argument("--instances", type=at_least(1), help="that are started at once")
    parser.add_argument("--idle", type=at_least(1), help="how many are timed one after the other")
    add_json(parser)
    return parser.parse_args(arguments)


def main(arguments=None):
    end_as_by_keyboard()
    options = parse(arguments)
    program = QUICK if options.quick or options.against else FULL
    given = {name: getattr(options, name) for name in ("rounds", "instances", "idle")}
    program = replace(program, **{name: value for name, value in given.items() if value})
    results = run_rounds(program, against=options.against, only=options.only)
    print_report(results, program.instances, json_file=options.json)


if __name__ == "__main__":
    sys.exit(main())
