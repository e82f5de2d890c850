"""The demo project passes its own tests, which are the sample of how to test a workflow.

They live beside the workflows and run as in any project: with ``manage.py test``, and the demo's
own settings.
"""

import os
import subprocess
import sys

import pytest

from tests.services import ROOT

# Its default runner is Django Tasks, and it draws its graphs.
pytestmark = [pytest.mark.extra("tasks", "graphviz-pure"), pytest.mark.timeout(120)]


def manage(*arguments, **environment):
    """Run a management command of the demo, in an environment that says nothing else."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DJANGO_", "DEMO_", "DATABASE_URL"))
    }
    return subprocess.run(
        [sys.executable, "-W", "error", "manage.py", *arguments],
        cwd=ROOT / "examples",
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_its_own_tests_pass():
    result = manage("test", "--shuffle")

    assert result.returncode == 0, result.stdout + result.stderr
    assert "\nOK\n" in result.stderr


def test_system_checks_find_nothing():
    result = manage("check", "--fail-level", "WARNING")

    assert (result.returncode, result.stdout) == (
        0,
        "System check identified no issues (0 silenced).\n",
    ), result.stderr


def test_migrations_are_complete():
    result = manage("makemigrations", "--check", "--dry-run")

    assert (result.returncode, result.stdout) == (0, "No changes detected\n"), result.stderr


def test_unknown_runner__says_what_is_allowed():
    result = manage("check", DEMO_RUNNER="cron")

    assert result.returncode == 1
    assert result.stderr.endswith(
        "DEMO_RUNNER is 'cron'; it can be django_tasks, celery, dramatiq.\n"
    )


def test_unknown_database__says_what_is_allowed():
    result = manage("check", DATABASE_URL="oracle://db")

    assert result.returncode == 1
    assert result.stderr.endswith(
        "DATABASE_URL is 'oracle://db'; it can be sqlite:////path/of/file, or "
        "postgresql://user:password@host:port/name.\n"
    )
