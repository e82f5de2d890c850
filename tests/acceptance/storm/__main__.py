"""Let storms pass over joeflow: ``python -m tests.acceptance.storm``."""

import argparse
import random
import sys
import time

from tests.acceptance.storm.run import Plan, run_storm
from tests.acceptance.storm.site import missing
from tests.processes import end_as_by_keyboard

STORMS = (
    ("celery", "redis", "postgresql"),
    ("celery", "rabbitmq", "postgresql"),
    ("dramatiq", "redis", "postgresql"),
    ("django_tasks", None, "postgresql"),
    ("celery", "redis", "mariadb"),
)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tests.acceptance.storm", description=__doc__)
    parser.add_argument("--runner", choices=sorted({storm[0] for storm in STORMS}))
    parser.add_argument("--broker", choices=("redis", "rabbitmq"))
    parser.add_argument("--database", choices=("postgresql", "mariadb"))
    parser.add_argument("--instances", type=int, default=300)
    parser.add_argument("--kills", type=int, default=100, help="in the middle of a task")
    parser.add_argument("--seed", type=int, help="what a storm has printed, to have it again")
    parser.add_argument("--logs", help="directory that is given the logs")
    options = parser.parse_args(arguments)
    if options.instances < 1 or options.kills < 0:
        parser.error("a storm has at least one instance, and no fewer than 0 kills")
    return options


def choose(options):
    """Return those storms that the options leave."""
    wanted = (options.runner, options.broker, options.database)
    return [
        storm
        for storm in STORMS
        if all(want in (None, part) for want, part in zip(wanted, storm, strict=True))
    ]


def main(arguments=None):
    end_as_by_keyboard()
    options = parse(arguments)
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    reports = []
    for storm in choose(options):
        logs = options.logs and f"{options.logs}/{'-'.join(filter(None, storm))}"
        plan = Plan(*storm, options.instances, options.kills, seed, logs)
        print(f"{time.strftime('%X')} {plan.title}, --seed {seed}", flush=True)
        if reason := missing(*filter(None, storm[1:])):
            return f"There is no storm here: {reason}."
        reports.append(run_storm(plan))
        print(f"\n{reports[-1]}\n", flush=True)
    if not reports:
        return "There is no such storm."
    return any(report.violations for report in reports)


if __name__ == "__main__":
    sys.exit(main())
