"""Read pages as a browser does."""

from html.parser import HTMLParser


class _Page(HTMLParser):
    """What the forms of a page would send if nobody touched them."""

    def __init__(self, html):
        super().__init__()
        self.values = {}
        self._textarea = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        name = attrs.get("name")
        if tag == "textarea":
            self._textarea = name
            self.values[name] = ""
        elif tag == "input" and name not in {None, "csrfmiddlewaretoken"} and self._is_sent(attrs):
            self.values.setdefault(name, []).append(attrs.get("value", ""))

    def _is_sent(self, attrs):
        kind = attrs.get("type")
        return kind != "file" and (kind not in {"checkbox", "radio"} or "checked" in attrs)

    def handle_data(self, data):
        if self._textarea:
            self.values[self._textarea] += data.removeprefix("\n")

    def handle_endtag(self, tag):
        if tag == "textarea":
            self._textarea = None


def read_page(response):
    """Return what a browser would send back, unchanged."""
    return _Page(response.text).values
