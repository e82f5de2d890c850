"""A browser without a window: pages, links and forms over HTTP, as a person uses them."""

import json
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

#: Seconds that a server may take to answer.
TIMEOUT = 30


class Browser:
    """Keeps the cookies of one person.

    Args:
        address: Where the site is, like "http://127.0.0.1:8000".
    """

    def __init__(self, address):
        self.address = address
        self.cookies = CookieJar()
        self.opener = build_opener(HTTPCookieProcessor(self.cookies))

    def get(self, path):
        return self._send(path)

    def submit(self, form, **values):
        """Send a form with these values in place of those that it shows."""
        form.fill(**values)
        data = urlencode(form.values, doseq=True).encode()
        return self._send(form.action, data, {"Referer": form.action})

    def post_json(self, path, **values):
        """Send what a program would send, with the proof that Django wants from a browser."""
        token = {cookie.name: cookie.value for cookie in self.cookies}.get("csrftoken", "")
        headers = {"Content-Type": "application/json", "X-CSRFToken": token}
        return self._send(path, json.dumps(values).encode(), headers)

    def _send(self, path, data=None, headers=()):
        request = Request(urljoin(self.address, path), data, dict(headers))  # noqa: S310
        try:
            answer = self.opener.open(request, timeout=TIMEOUT)
        except HTTPError as error:  # an answer as well
            answer = error
        with answer:
            return Page(answer.url, answer.status, answer.headers, answer.read().decode())


class Page:
    """An answer of the server.

    Args:
        url: Where it came from, after redirects.
        status: The status code.
        headers: The headers of HTTP.
        body: The text.
    """

    def __init__(self, url, status, headers, body):
        self.url = url
        self.status = status
        self.body = body
        parser = PageParser(url)
        if headers.get_content_type() == "text/html":
            parser.feed(body)
            parser.close()
        self.links = parser.links
        self.forms = parser.forms
        self.graphs = parser.graphs
        self.articles = [join_words(words) for words in parser.articles]
        self.text = join_words(parser.words)

    @property
    def path(self):
        return urlsplit(self.url).path

    def json(self):
        return json.loads(self.body)

    def form(self, path=None):
        """Return the form that sends to this page, or to another path.

        Raises:
            LookupError: There is none.
        """
        for form in self.forms:
            if form.method == "post" and urlsplit(form.action).path == (path or self.path):
                return form
        raise LookupError(f"{self.path} ({self.status}) has no form for {path or 'itself'}")


class Form:
    """A form with the values that it would send now, and the labels of what can be chosen."""

    def __init__(self, action, method):
        self.action = action
        self.method = method
        self.values = {}
        self.choices = {}

    def add(self, name, *values):
        """Add a field with the values that it has."""
        self.values.setdefault(name, []).extend(values)

    def add_choice(self, name, value, label):
        self.choices.setdefault(name, {})[label] = value

    def fill(self, **values):
        """Change values; what can be chosen is named by its label, and a list chooses several.

        Raises:
            LookupError: The form has no such field, or the field has no such choice.
        """
        for name, value in values.items():
            if name not in self.values:
                raise LookupError(f"the form has no field {name!r}: {', '.join(self.values)}")
            wanted = [str(one) for one in (value if isinstance(value, list) else [value])]
            self.values[name] = [self.choose(name, one) for one in wanted]

    def choose(self, name, label):
        if name not in self.choices:
            return label
        if label not in self.choices[name]:
            raise LookupError(f"{name!r} offers {list(self.choices[name])}, not {label!r}")
        return self.choices[name][label]


class PageParser(HTMLParser):
    """Finds the words, articles, links, forms and graphs of a page."""

    def __init__(self, url):
        super().__init__()
        self.url = url
        self.words = []
        self.articles = []
        self.links = []
        self.forms = []
        self.graphs = 0
        self.form = None
        # Of the select or the text area that is open, and of the choice whose label comes next.
        self.field = self.choice = None
        self.open = {"article": False, "textarea": False}

    def handle_starttag(self, tag, attrs):
        attrs = {name: value or "" for name, value in attrs}
        if tag in self.open:
            self.open[tag] = True
        if tag == "a":
            self.links.append(urlsplit(urljoin(self.url, link_of(attrs))).path)
        elif tag == "svg":
            self.graphs += 1
        elif tag == "article":
            self.articles.append([])
        elif tag == "form":
            action = urljoin(self.url, attrs.get("action", ""))
            self.form = Form(action, attrs.get("method", "get").lower())
            self.forms.append(self.form)
        elif self.form is not None:
            self.start_field(tag, attrs)

    def start_field(self, tag, attrs):
        name = attrs.get("name")
        if tag == "input" and name:
            self.add_input(name, attrs)
        elif tag in {"select", "textarea"} and name:
            self.field = name
            self.form.add(name)
        elif tag == "option" and self.field:
            self.add_choice(self.field, attrs.get("value", ""), "selected" in attrs)

    def add_input(self, name, attrs):
        kind, value = attrs.get("type", "text"), attrs.get("value", "")
        if kind in {"checkbox", "radio"}:
            self.form.add(name)
            self.add_choice(name, value or "on", "checked" in attrs)
        elif kind not in {"submit", "button", "image", "file"}:
            self.form.add(name, value)

    def add_choice(self, name, value, chosen):
        self.choice = (name, value)
        if chosen:
            self.form.add(name, value)

    def handle_data(self, data):
        self.words.append(data)
        if self.open["article"]:
            self.articles[-1].append(data)
        if self.open["textarea"] and self.form is not None:
            self.form.add(self.field, data.removeprefix("\r").removeprefix("\n"))
        if self.choice is not None and data.strip():
            name, value = self.choice
            self.form.add_choice(name, value, data.strip())
            self.choice = None

    def handle_endtag(self, tag):
        if tag in self.open:
            self.open[tag] = False
        if tag == "form":
            self.form = None
        elif tag in {"select", "textarea"}:
            self.field = None


def join_words(words):
    return " ".join(" ".join(words).split())


def link_of(attrs):
    """Return where an <a> leads, be it of HTML or of SVG."""
    return attrs.get("href") or attrs.get("xlink:href", "")
