"""Where a service is missing, its tests are skipped; under CI they fail."""

import os
import subprocess
import sys

import pytest

from tests import services

ROOT = services.ROOT
# Nothing listens on port 1.
NO_REDIS = "redis://127.0.0.1:1/0"


def run_pytest(tmp_path, source, **environment):
    """Run pytest on this source in a process of its own, with our rules only."""
    (tmp_path / "test_sample.py").write_text(source)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    service: x\n    extra: x\n")
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name != "CI" and not name.startswith(("JOEFLOW_", "PYTEST_", "COV"))
    }
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-rs", "-p", "tests.rules"),
            *("-p", "no:django", "-p", "no:cacheprovider", str(tmp_path)),
        ],
        cwd=tmp_path,
        env={**inherited, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


NEEDS_REDIS = """
import pytest

@pytest.mark.service("redis")
def test_sample():
    pass
"""


def test_missing_service__skips_with_reason(tmp_path):
    result = run_pytest(tmp_path, NEEDS_REDIS, JOEFLOW_TEST_REDIS=NO_REDIS)

    assert result.returncode == 0, result.stdout
    assert "1 skipped" in result.stdout
    assert "redis: no Redis server answers" in result.stdout


def test_missing_service__fails_under_ci(tmp_path):
    result = run_pytest(tmp_path, NEEDS_REDIS, JOEFLOW_TEST_REDIS=NO_REDIS, CI="true")

    assert result.returncode == 1, result.stdout
    # A failure in setup is what pytest calls an error.
    assert "1 error" in result.stdout
    assert "skipped" not in result.stdout
    assert "CI runs every test, but redis: no Redis server answers" in result.stdout


def test_present_service__runs(tmp_path):
    source = "import socket\n" + NEEDS_REDIS
    listener = services.socket.create_server(("127.0.0.1", 0))

    with listener:
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        result = run_pytest(tmp_path, source, JOEFLOW_TEST_REDIS=url, CI="true")

    assert "1 passed" in result.stdout, result.stdout


NEEDS_CELERY = """
import pytest

@pytest.mark.extra("celery")
def test_sample():
    pass
"""


def test_extra_left_out__skips(tmp_path):
    result = run_pytest(tmp_path, NEEDS_CELERY, JOEFLOW_TEST_EXTRAS="dramatiq,tasks", CI="true")

    assert result.returncode == 0, result.stdout
    assert "the extra 'celery' is left out here" in result.stdout


@pytest.mark.parametrize("environment", [{}, {"JOEFLOW_TEST_EXTRAS": "tasks,celery"}])
def test_extra_expected__runs(tmp_path, environment):
    result = run_pytest(tmp_path, NEEDS_CELERY, **environment)

    assert "1 passed" in result.stdout, result.stdout


def test_missing__unknown_service():
    with pytest.raises(ValueError, match="service") as caught:
        services.missing("oracle")

    assert str(caught.value) == (
        "'oracle' is no service; there are postgresql, mariadb, redis, rabbitmq, chromium, dot, "
        "gettext."
    )


def test_database__unknown():
    with pytest.raises(ValueError, match="JOEFLOW_TEST_DATABASE") as caught:
        services.database("oracle")

    assert str(caught.value) == (
        "JOEFLOW_TEST_DATABASE is 'oracle'; it can be sqlite, postgresql, mariadb."
    )
