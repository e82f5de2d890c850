"""What the races share."""

import pytest

from tests.integration.races import bare
from tests.integration.races.meeting import Race


@pytest.fixture
def race(threads, monkeypatch, settings):
    """Actors that meet at a point."""
    settings.JOEFLOW_LOCK_TIMEOUT = 60
    return Race(threads, monkeypatch)


@pytest.fixture(params=["protected", "bare"])
def judge(request, monkeypatch):
    """Return a function that is given what was violated.

    With the protection in place this must be nothing. With the protections that the test's mark
    `protected_by` names taken out (or the test itself, where they are in another process) it must
    be something, else the test would prove nothing.
    """
    is_bare = request.param == "bare"
    if is_bare:
        marker = request.node.get_closest_marker("protected_by")
        for name in marker.args if marker else ():
            getattr(bare, name)(monkeypatch)

    def judge_violations(violations):
        if is_bare:
            assert violations, "nothing went wrong, though the protection was taken out"
        else:
            assert violations == []

    judge_violations.is_bare = is_bare
    return judge_violations
