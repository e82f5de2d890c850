"""Bad input through real HTTP: the demo's own server, with everything that stands before a view."""

import http.client
import os
import re
import socket
import sys
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from tests.acceptance.demo import START, Demo, copy_tracked, running
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
    project = copy_tracked(tmp_path_factory.mktemp("bad"), "examples") / "examples"
    for command in ("migrate", "sample_data"):
        made = Demo([sys.executable, "manage.py", command], project, project / "made.log")
        assert made.wait_for_end() == 0, made.output
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with running(START, project, project / "demo.log", DEMO_PORT=port) as demo:
        yield demo


class Sender:
    """Somebody who is logged in, and sends bytes as they are."""

    def __init__(self, address):
        self.host = urlsplit(address).netloc
        self.cookies = {}
        self.send("GET", "/login/")
        form = {"username": "admin", "password": "demo", "csrfmiddlewaretoken": self.token}
        response, _ = self.send("POST", "/login/", urlencode(form).encode(), strategies.FORM)
        assert response.status == 302

    @property
    def token(self):
        return self.cookies["csrftoken"]

    def send(self, method, path, body=b"", content_type="", **headers):
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            # Not request(), which refuses much of what somebody could send.
            connection.putrequest(_ascii(method), _ascii(path), skip_accept_encoding=True)
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers = {"Cookie": cookies, "Content-Length": str(len(body)), **headers}
            if content_type:
                headers["Content-Type"] = content_type
            for name, value in headers.items():
                connection.putheader(name, value.encode("latin-1"))
            connection.endheaders(body)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return response, answer


def _ascii(text):
    """Leave out what would be no request any more, but two of them."""
    return re.sub(r"[^!-~]", "-", text)


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
