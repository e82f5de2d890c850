"""Mutants of the engine: each breaks one promise, and the tests of the model must notice.

``python -m tests.unit.model.mutants [NAME…]`` (``make mutants``) copies the package, breaks one
place in the copy, and runs the tests against it. It fails where a mutant survives, or where the
code has moved on so that a mutant's place is no longer there.

What takes two at the same time is not seen here, where there is one thread. It is broken in
``tests/integration/races/bare.py``, whose races are red without it: no lock at all, and a sweep
that does not look again under its lock.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.unit.model.mutations import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[3]
TESTS = "tests/unit/model"
#: The exit code of pytest where a test failed; others say that something else is wrong.
FAILED = 1
SECONDS = 1800


def copy_project(root: Path) -> None:
    """Copy what the tests need."""
    ignored = shutil.ignore_patterns("__pycache__", ".*cache", "*.sqlite3")
    for name in ("joeflow", "tests"):
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", root)


def run_tests(mutant: Mutant | None) -> tuple[int, str]:
    """Run the tests against a copy; return the exit code, and which test failed first."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        copy_project(root)
        if mutant is not None:
            mutant.apply(root)
        command = [sys.executable, "-m", "pytest", TESTS, "-x", "-q", "-p", "no:randomly"]
        done = subprocess.run(
            [*command, "-p", "no:cacheprovider", "--timeout", str(SECONDS)],
            cwd=root,
            env={**os.environ, "JOEFLOW_TEST_MODEL": "verdict"},
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"^(?:FAILED|ERROR) \S*?([^/\s]+::\S+)", done.stdout, re.MULTILINE)
    return done.returncode, found[1] if found else done.stdout[-2000:] + done.stderr[-2000:]


def judge(mutant: Mutant) -> bool:
    """Say whether a mutant was found, and by which test."""
    began = time.monotonic()
    code, where = run_tests(mutant)
    word = {FAILED: "found", 0: "SURVIVED"}.get(code, f"BROKEN ({code})")
    print(f"{word:8}  {mutant.name}: {where if code else ''}  {time.monotonic() - began:.0f} s")
    sys.stdout.flush()
    return code == FAILED


def main(names: list[str]) -> int:
    """Judge all mutants, or those whose names hold one of these words."""
    mutants = [m for m in MUTANTS if not names or any(name in m.name for name in names)]
    code, where = run_tests(None)
    if code:
        print(f"The tests fail without a mutant: {where}")
        return 2
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        verdicts = list(pool.map(judge, mutants))
    print(f"{sum(verdicts)} of {len(verdicts)} mutants were found.")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
