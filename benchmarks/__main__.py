"""Measure joeflow beside others: ``python -m benchmarks``."""

import argparse
import sys
from dataclasses import replace

from benchmarks.report import print_report
from benchmarks.rounds import FULL, QUICK, run_rounds
from tests.processes import end_as_by_keyboard


def parse(arguments):
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, help="of which the medians are shown")
    parser.add_argument("--quick", action="store_true", help="only the floor and joeflow")
    parser.add_argument("--against", metavar="COMMIT", help="measure this commit, too")
    parser.add_argument("--only", action="append", metavar="NAME", help="one of the contestants")
    parser.add_argument("--instances", type=int, help="that are started at once")
    parser.add_argument("--idle", type=int, help="how many are timed one after the other")
    parser.add_argument("--json", metavar="FILE", help="write all figures there, too")
    return parser.parse_args(arguments)


def main(arguments=None):
    end_as_by_keyboard()
    options = parse(arguments)
    program = QUICK if options.quick or options.against else FULL
    given = {name: getattr(options, name) for name in ("rounds", "instances", "idle")}
    program = replace(program, **{name: value for name, value in given.items() if value})
    results = run_rounds(program, against=options.against, only=options.only)
    print_report(results, json_file=options.json)


if __name__ == "__main__":
    sys.exit(main())
