"""The benchmarks measure what they say they do, with few instances."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.accounting import cpu_seconds
from benchmarks.report import layout, ratio, spread
from tests.servers import missing_programs

ROOT = Path(__file__).parent.parent.parent
#: Five for each transition of a chain; and for ten of them those of a message, of the end, and of
#: the sweeps that pass meanwhile.
MOST_STATEMENTS = 5 + 1


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """What `python -m benchmarks --quick` has measured, and what it has printed."""
    reason = missing_programs("postgresql", "redis")
    if reason and os.environ.get("CI"):
        pytest.fail(f"CI runs every test, but {reason}", pytrace=False)
    if reason:
        pytest.skip(reason)
    path = tmp_path_factory.mktemp("bench") / "figures.json"
    few = ("--rounds", "1", "--instances", "5", "--idle", "1", "--json", str(path))
    command = [sys.executable, "-m", "benchmarks", "--quick", *few]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return json.loads(path.read_text()), done.stdout


def test_a_transition_of_a_chain_takes_five_statements(figures):
    (load,) = figures[0]["joeflow"]["chain load"]

    assert 5 <= load["data"] <= MOST_STATEMENTS
    assert load["control"] == 2


def test_the_floor_takes_three(figures):
    (load,) = figures[0]["floor"]["chain load"]

    assert load["data"] == pytest.approx(2.9)
    assert load["control"] == 2


def test_nobody_s_worker_tells_of_trouble(figures):
    for name, measured in figures[0].items():
        for load in [*measured["chain load"], *measured.get("split load", [])]:
            assert load["trouble"] == 0, name


def test_to_stay_with_an_instance_spares_the_broker(figures):
    (stays,) = figures[0]["joeflow"]["chain load"]
    (goes,) = figures[0]["joeflow, one step per message"]["chain load"]

    assert stays["cpu"] < goes["cpu"]


def test_the_table_names_everybody(figures):
    for name in figures[0]:
        assert f"\n{name} " in figures[1]


def test_cpu_is_counted_with_that_of_children():
    burn = "sum(range(10**7))"
    before = cpu_seconds(os.getpid())

    subprocess.run([sys.executable, "-c", burn], check=True)

    assert cpu_seconds(os.getpid()) - before > 0.05


def test_medians_and_ranges():
    assert spread([3, 1, 2], 1) == "2.0 (1.0-3.0)"
    assert spread([], 1) == ""
    assert ratio([4, 4, 100], [2, 2, 0]) == "2.00"
    assert ratio([1], []) == ""


def test_columns():
    assert layout([("", "ms"), ("floor", 1.25)]) == "         ms\nfloor  1.25"
