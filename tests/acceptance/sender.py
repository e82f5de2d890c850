"""Requests to the demo, byte by byte."""

import http.client
import re
from urllib.parse import urlencode, urlsplit

from tests.unit.bad_input import strategies


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
