"""The tables: medians, ranges, ratios to the floor."""

import json
import os
import platform
import subprocess
from dataclasses import asdict, is_dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tests.servers import find

FLOOR = "floor"
PACKAGES = ("django", "celery", "dramatiq", "django-tasks-db", "psycopg")
PROGRAMS = ("postgres", "redis-server")


def print_report(results, instances, *, json_file=None):
    """Print the tables, and write all figures to a file where one is named.

    Args:
        results: What `run_rounds` has measured.
        instances: How many were started at once.
        json_file: Name of the file, or None.
    """
    print(machine())
    for title, rows in tables(results, instances):
        print(f"\n{title}\n")
        print(layout(rows))
    if json_file:
        Path(json_file).write_text(json.dumps(results, default=_plain, indent=1))


def _plain(value):
    return asdict(value) if is_dataclass(value) else str(value)


def machine():
    """Return lines that say where it was measured, and with which versions."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    cpu = models[0] if models else platform.machine()
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    programs = ", ".join(_version_of(name) for name in PROGRAMS)
    python = platform.python_version()
    return f"{os.cpu_count()} cores, {cpu}\nPython {python}, {packages}\n{programs}"


def _version_of(program):
    command = [find(program), "--version"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def tables(results, instances):
    """Give title and rows of each table."""
    yield f"Chain of ten, {instances} instances at once", _loads(results, "chain")
    yield f"Split into ten and join, {instances} instances at once", _loads(results, "split")
    yield "One idle instance, from start to end", _latencies(results)


def _figures(figures, shape, kind):
    for name in (f"{shape} {kind}", f"{shape}_in_one_message {kind}"):
        if name in figures:
            return figures[name]
    return []


def _loads(results, shape):
    floor = _figures(results.get(FLOOR, {}), shape, "load")
    yield (
        *("", "transitions/s", "ratio", "CPU ms", "ratio"),
        *("worker", "database", "broker", "data", "control", "trouble"),
    )
    for name, figures in results.items():
        loads = _figures(figures, shape, "load")
        if loads:
            speeds = [load.per_second for load in loads]
            costs = [load.cpu for load in loads]
            yield (
                name,
                spread(speeds, 0),
                ratio(speeds, [load.per_second for load in floor]),
                spread(costs, 2),
                ratio(costs, [load.cpu for load in floor]),
                *(f"{median(load.parts[n] for load in loads):.2f}" for n in range(3)),
                f"{median(load.data for load in loads):.2f}",
                f"{median(load.control for load in loads):.2f}",
                max(load.trouble for load in loads),
            )


def _latencies(results):
    floor = results.get(FLOOR, {})
    yield "", "chain ms", "ratio", "split ms", "ratio to its chain", "form to task ms", "ratio"
    for name, figures in results.items():
        chain, split = _figures(figures, "chain", "idle"), _figures(figures, "split", "idle")
        forms = figures.get("hand-over", [])
        yield (
            name,
            spread(chain, 1),
            ratio(chain, floor.get("chain idle")),
            spread(split, 1),
            ratio(split, chain),
            spread(forms, 1),
            ratio(forms, floor.get("hand-over")),
        )


def spread(values, digits):
    """Return the median and the range of some values."""
    if not values:
        return ""
    low, middle, high = min(values), median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def ratio(values, others):
    """Return the ratio of two medians."""
    return f"{median(values) / median(others):.2f}" if values and others else ""


def layout(rows):
    """Return rows as lines with columns."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
