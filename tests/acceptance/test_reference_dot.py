"""The DOT text is that of joeflow 2.0.2, which is installed to compare: no diagram changes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import graphviz
import pytest

from tests.acceptance.reference_environment import make_environment

REFERENCE = Path(__file__).parent / "reference"


@pytest.fixture(scope="session")
def joeflow_2(tmp_path_factory):
    """Return a Python that has joeflow 2.0.2."""
    folder = tmp_path_factory.mktemp("joeflow-2")
    return make_environment(folder, f"graphviz=={graphviz.__version__}")


def dump(python):
    """Return the lines of all graphs, as this Python's joeflow writes them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, REFERENCE / "dump.py"], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_graphs_are_written_as_by_joeflow_2(joeflow_2):
    expected = dump(joeflow_2)

    drawn = dump(sys.executable)

    assert drawn == expected


def test_what_is_compared_shows_all_that_a_graph_can_show():
    text = "\n".join(line for lines in dump(sys.executable).values() for line in lines)

    shown = {
        'style="filled, rounded, bold"',
        'style="filled, bold"',
        'style="filled, rounded, dashed"',
        'style="filled, dashed, bold"',
        'style="filled, dashed, rounded, bold"',
        "peripheries=2",
        'href="/form/check/',
        'color="#888888"',
        "style=dashed",
        "rankdir=TB",
        '"override ',
    }
    assert {part for part in shown if part not in text} == set()
