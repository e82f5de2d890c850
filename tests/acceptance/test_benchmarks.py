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


def run(module, *arguments):
    """Return what a benchmark has printed."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def _servers():
    """Skip where a program is not installed; CI must have them all."""
    reason = missing_programs("postgresql", "redis")
    if reason and os.environ.get("CI"):
        pytest.fail(f"CI runs every test, but {reason}", pytrace=False)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="module")
def figures(tmp_path_factory, _servers):
    """What `python -m benchmarks --quick` has measured, and what it has printed."""
    path = tmp_path_factory.mktemp("bench") / "figures.json"
    few = ("--rounds", "1", "--instances", "5", "--idle", "1", "--json", str(path))
    printed = run("benchmarks", "--quick", *few)
    return json.loads(path.read_text()), printed


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


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["benchmarks", "--only", "nonsense"], "choose from"),
        (["benchmarks", "--rounds", "0"], "0 is less than 1"),
        (["benchmarks", "--against", "nonsense"], "there is no commit 'nonsense'"),
        (["benchmarks", "--json", "/nowhere/x.json"], "nothing can be written to /nowhere"),
        (["benchmarks.contention", "--rounds", "0"], "0 is less than 1"),
        (["benchmarks.memory", "--json", "/nowhere/x.json"], "nothing can be written to /nowhere"),
        (["benchmarks.scale", "--few", "20"], "20 is less than 200"),
    ],
)
def test_bad_options_are_refused_before_anything_is_measured(arguments, problem):
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 2
    assert problem in done.stderr


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


@pytest.mark.usefixtures("_servers")
def test_scale__times_counts_and_explains_each_action(tmp_path):
    sizes = ("--few", "200", "--many", "600", "--rounds", "1", "--times", "1", "--tasks", "2", "9")
    path = tmp_path / "figures.json"

    printed = run("benchmarks.scale", *sizes, "--json", str(path))

    results = json.loads(path.read_text())
    # Besides five: which class it is of, what is next, and begin and commit.
    assert results["statements"]["transition"] == 5 + 2 + 2
    assert [len(figures) for figures in results["growth"].values()] == [2] * 6
    reads = [node for plan in results["plans"]["transition"][1] for node in plan["nodes"]]
    assert any("joeflow_task_of_workflow" in node for node in reads)
    for name in results["times"]:
        assert f"\n{name.replace('_', ' ')} " in printed


def test_scale__says_how_much_space_is_missing():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", "--many", "1000000000"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 1
    assert "10000000000 tasks need 12000 GB in " in done.stderr


@pytest.mark.usefixtures("_servers")
def test_contention__one_message_does_for_a_hundred_branches(tmp_path):
    path = tmp_path / "figures.json"

    run("benchmarks.contention", "--rounds", "1", "--no-minute", "--json", str(path))

    results = json.loads(path.read_text())
    assert [figures["messages"] for figures in results.values()] == [[1], [1]]
    for figures in results.values():
        # Each once, and some that come back; a busy loop would be thousands.
        assert 101 <= figures["messages again"][0] < 1000


@pytest.mark.usefixtures("_servers")
def test_memory__is_that_of_the_processes_that_run_tasks(tmp_path):
    path = tmp_path / "figures.json"

    run("benchmarks.memory", "--transitions", "20", "--json", str(path))

    assert [count for count, _ in json.loads(path.read_text())] == [0, 20]
    assert all(20 < used < 1000 for _, used in json.loads(path.read_text()))
