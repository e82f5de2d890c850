"""Read the admin's pages like a browser does."""

import re
from html.parser import HTMLParser


class Form(HTMLParser):
    """Reads what a browser would send with a form of a page."""

    def __init__(self, html, form_id):
        super().__init__()
        self.data = {}
        self._form_id = form_id
        self._inside = False
        self._textarea = self._select = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self._inside = attrs.get("id") == self._form_id
        name = attrs.get("name")
        if not self._inside:
            return
        if tag == "textarea":
            self._textarea = name
            self.data[name] = [""]
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in attrs:
            self.data.setdefault(self._select, []).append(attrs.get("value", ""))
        elif tag == "input" and name and self._is_sent(attrs):
            default = "on" if attrs.get("type") == "checkbox" else ""
            self.data.setdefault(name, []).append(attrs.get("value", default))

    def _is_sent(self, attrs):
        kind = attrs.get("type")
        return kind not in {"file", "submit"} and (
            kind not in {"checkbox", "radio"} or "checked" in attrs
        )

    def handle_data(self, data):
        if self._textarea:
            # Like a browser: without the first line break.
            text = self.data[self._textarea][0] + data
            self.data[self._textarea] = [text.removeprefix("\r\n").removeprefix("\n")]

    def handle_endtag(self, tag):
        if tag == "form":
            self._inside = False
        elif tag == "textarea":
            self._textarea = None
        elif tag == "select":
            self._select = None


def read_form(response, form_id):
    """Return what a browser would send with this form of the page if nobody touched it."""
    data = Form(response.content.decode(), form_id).data
    # A browser sends all line breaks like this, those of hidden inputs too.
    return {
        name: [re.sub("\r?\n", "\r\n", value) for value in values] for name, values in data.items()
    }


def texts(response):
    """Return the messages of the page."""
    return [str(message) for message in response.context["messages"]]
