"""`make` finds a Python that works, whatever lies on PATH before it."""

import subprocess
import sys

import pytest

from tests.services import ROOT

REAL = f'exec {sys.executable} "$@"'
# What a shim of pyenv does for a version that is not chosen.
SHIM = 'echo "pyenv: command not found" >&2; exit 127'
SILENT = "exit 0"
TOO_OLD = "exit 1"


@pytest.fixture
def find(tmp_path):
    """Return a function that looks among these programs, given as name=shell script."""

    def find(environment=(), **programs):
        for name, script in programs.items():
            path = tmp_path / name.replace("_", ".")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        return subprocess.run(
            [ROOT / ".ci" / "find-python"],
            env={"PATH": str(tmp_path), **dict(environment)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return find


@pytest.mark.parametrize("broken", [SHIM, SILENT, TOO_OLD])
def test_broken_candidate__next_one_is_taken(find, broken):
    result = find(python3=broken, python3_14=broken, python3_12=REAL)

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.strip() == sys.executable


def test_none_works__says_what_is_wrong(find):
    result = find(python3=SHIM, python=TOO_OLD)

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "No Python 3.11 or newer (with the modules venv and ensurepip) found: tried python3, "
        "python3.14 to python3.11 and python. Install one, or name it: "
        "make PYTHON=/path/to/python3.\n"
    )


def test_named__no_other_is_tried(find):
    result = find(environment={"PYTHON": "/nowhere/python3"}, python3=REAL)

    assert result.returncode == 1
    assert "tried /nowhere/python3. Install one" in result.stderr
