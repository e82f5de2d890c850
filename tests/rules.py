"""When a test is skipped, and when that is a failure.

``@pytest.mark.service("redis")`` on a test that needs a service: where it is missing, the test is
skipped with the reason, and fails instead under the environment variable CI.

``@pytest.mark.extra("celery")`` on a test that needs an optional dependency, or
``celery = extra("celery")`` in place of an import at the top of a module: both skip only where
the environment variable JOEFLOW_TEST_EXTRAS names the extras that are there and this is none of
them. Where the variable is not set, all are expected, and a missing one is an error.

``package("rest_framework")`` at the top of a module that needs a package of the tests' own.
"""

import importlib.util
import os
from pathlib import Path

import pytest

from tests import services

INTEGRATION = Path(__file__).resolve().parent / "integration"

# The module that stands for each extra.
EXTRAS = {
    "celery": "celery",
    "dramatiq": "django_dramatiq",
    "graphviz": "graphviz",
    # It brings a program and no module of its own.
    "graphviz-pure": "graphviz",
    "guardian": "guardian",
    "reversion": "reversion",
    "tasks": "django_tasks_db",
}


def is_expected(name):
    """Say whether this extra must be there."""
    if name not in EXTRAS:
        raise ValueError(f"{name!r} is no extra; there are {', '.join(EXTRAS)}.")
    expected = os.environ.get("JOEFLOW_TEST_EXTRAS")
    if expected is None:
        return True
    names = {part.strip() for part in expected.split(",")}
    # graphviz-pure draws with the package of the extra graphviz.
    return name in names or (name == "graphviz" and "graphviz-pure" in names)


def extra(name, module=None):
    """Import the module of an extra, or skip the whole test module where the extra is left out."""
    if not is_expected(name):
        pytest.skip(f"the extra {name!r} is left out here", allow_module_level=True)
    return importlib.import_module(module or EXTRAS[name])


def package(name):
    """Import a package of the tests' own, or skip the whole test module where it is missing.

    Under CI that fails.
    """
    if importlib.util.find_spec(name) is None:
        reason = f"the package {name} is not installed"
        if os.environ.get("CI"):
            pytest.fail(f"CI runs every test, but {reason}", pytrace=False)
        pytest.skip(reason, allow_module_level=True)
    return importlib.import_module(name)


def pytest_runtest_setup(item):
    for marker in item.iter_markers("extra"):
        for name in marker.args:
            if not is_expected(name):
                pytest.skip(f"the extra {name!r} is left out here")
    reasons = [services.missing(*marker.args) for marker in item.iter_markers("service")]
    if INTEGRATION in item.path.parents and os.environ.get("JOEFLOW_TEST_DATABASE") in {
        None,
        "sqlite",
    }:
        reasons.append("it needs a server: set JOEFLOW_TEST_DATABASE to postgresql or mariadb")
    reason = "; ".join(filter(None, reasons))
    if reason and os.environ.get("CI"):
        pytest.fail(f"CI runs every test, but {reason}", pytrace=False)
    if reason:
        pytest.skip(reason)
