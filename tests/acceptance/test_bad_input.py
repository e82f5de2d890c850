"""Bad input through real HTTP: the demo's own server, with everything that stands before a view."""

import os
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from tests.acceptance.demo import running_with_samples
from tests.acceptance.sender import Sender
from tests.unit.bad_input import strategies

pytestmark = pytest.mark.timeout(3600)

EXAMPLES = int(os.environ.get("JOEFLOW_FUZZ_EXAMPLES", "0"))
PATHS = [
    *("/shipping/checkout/", "/shipping/ship/{}/", "/shipping/{}/", "/shipping/{}/override"),
    *("/welcome/start/", "/expenses/claim/", "/expenses/review/{}/", "/onboarding/hire/"),
    *(
        "/admin/joeflow/task/",
        "/admin/joeflow/task/{}/change/",
        "/admin/shipping/shippingworkflow/",
    ),
    "/admin/shipping/shippingworkflow/{}/change/",
]
FIELDS = [
    *("shipping_address", "email", "tracking_code", "user", "purpose", "amount", "claimant"),
    *("next_tasks", "open_tasks", "action", "_selected_action", "full_name"),
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo while it runs, on a database of its own."""
    with running_with_samples(tmp_path_factory.mktemp("bad")) as demo:
        yield demo


@pytest.fixture(scope="module")
def sender(demo):
    return Sender(demo.address)


@settings(
    max_examples=EXAMPLES or 60,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_no_request_is_an_error(demo, sender, data):
    method = data.draw(st.one_of(st.just("POST"), st.sampled_from(strategies.METHODS)))
    path = data.draw(strategies.paths(PATHS, range(1, 30)))
    content_type, body = data.draw(strategies.bodies(FIELDS))
    with_token = data.draw(st.booleans())
    # Django's check for forgery refuses it, and so does the page that should say so: a 500 of any
    # site of Django, before a view is asked.
    assume(content_type != "application/x-www-form-urlencoded; charset=utf-16")

    headers = {"X-CSRFToken": sender.token} if with_token else {}
    response, answer = sender.send(method, path, body, content_type, **headers)

    said = f"{method} {path[:100]} {content_type!r} {body[:200]!r}: {response.status}"
    assert response.status < 500, said
    if not with_token and method not in {"GET", "HEAD", "OPTIONS", "TRACE"}:
        assert response.status >= 400, said
    if response.status >= 400 and method != "HEAD":
        assert answer or response.headers["Allow"], said


def test_ten_megabytes__are_refused(sender):
    body = urlencode({"shipping_address": "x" * 10**7}).encode()

    response, _ = sender.send(
        "POST", "/shipping/checkout/", body, strategies.FORM, **{"X-CSRFToken": sender.token}
    )

    assert response.status in {400, 413}
