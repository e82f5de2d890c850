"""The tutorial, followed word for word: in an empty directory, with the wheel of this checkout.

Files and commands are those of the tutorial's own code blocks. Three things are not word for word:
joeflow comes from the wheel, the superuser's password from the environment, and the web server
listens on a port that is free.
"""

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.acceptance.test_wheel import run
from tests.services import ROOT
from tests.unit.docs.pages import DOCS, blocks

pytestmark = pytest.mark.timeout(600)

PAGES = ["install", "workflow", "run", "templates", "tests"]
FILE = re.compile(r"(?P<path>\S+\.(?:py|html))(?: \((?P<note>.*)\))?")
#: Seconds that a page or a worker may take.
PATIENCE = 60


@dataclass
class Reader:
    """Somebody who does what the tutorial says, and nothing else."""

    folder: Path
    wheel: Path
    port: int
    activation: list[str] = field(default_factory=list)
    output: str = ""

    @property
    def environment(self):
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "DJANGO_", "JOEFLOW_", "VIRTUAL_ENV", "COV"))
        }
        return {
            **inherited,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{inherited['PATH']}",
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SUPERUSER_PASSWORD": "web",
        }

    @property
    def django(self):
        """The version of Django, like "6.1"."""
        return ".".join(self.type("python -m django --version").split(".")[:2])

    def read(self, page):
        """Do what a page says, up to the processes that go on."""
        for block in blocks(DOCS / "tutorial" / f"{page}.rst"):
            if block.language != "console":
                self.write(block)
            elif not block.caption:
                for command in commands(block):
                    self.type(command)

    def write(self, block):
        match = FILE.fullmatch(block.caption)
        assert match, f"{block} does not say which file it is: {block.caption!r}"
        note = match["note"] or ""
        if "with Django" in note and self.django not in note:
            return
        path = self.folder / match["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if note.startswith("at the end") else "w") as file:
            file.write(block.text)

    def adapt(self, command):
        """Change what cannot be word for word."""
        command = re.sub(r'"(joeflow\[.*\])"', rf'"\1 @ {self.wheel.as_uri()}"', command)
        command = command.replace("createsuperuser", "createsuperuser --noinput")
        return command.replace("runserver", f"runserver {self.port}")

    def script(self, command):
        return "\n".join(["set -e", *self.activation, self.adapt(command)])

    def type(self, command):
        """Type a command into the terminal and return what it printed."""
        ran = subprocess.run(
            ["bash", "-c", self.script(command)],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        assert ran.returncode == 0, f"{command}\n{ran.stdout}"
        if command.startswith(". "):
            self.activation.append(command)
        self.output = ran.stdout
        return ran.stdout

    @contextmanager
    def terminals(self):
        """Have a terminal for each process that goes on, and end them all."""
        with ExitStack() as stack:
            for block in blocks(DOCS / "tutorial" / "run.rst", "console"):
                if block.caption:
                    stack.enter_context(self._terminal(block))
            yield

    @contextmanager
    def _terminal(self, block):
        log = self.folder / f"{block.caption}.log"
        with log.open("a") as file:
            process = subprocess.Popen(
                ["bash", "-c", self.script("\n".join(commands(block)))],
                cwd=self.folder,
                env=self.environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def commands(block):
    return [line.removeprefix("$ ") for line in block.text.splitlines()]


class Browser:
    """Opens pages and submits forms, as a browser does."""

    def __init__(self, port):
        self.root = f"http://127.0.0.1:{port}"
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.url = ""

    def open(self, path, data=None):
        if data is not None:
            token = next(cookie.value for cookie in self.cookies if cookie.name == "csrftoken")
            data = urllib.parse.urlencode({**data, "csrfmiddlewaretoken": token}, True).encode()
        with self.opener.open(self.root + path, data, timeout=30) as response:
            self.url = response.url.removeprefix(self.root)
            return response.read().decode()

    def wait_for(self, path, text=""):
        """Load a page again until it answers and has this text."""
        end = time.monotonic() + PATIENCE
        found = ""
        while time.monotonic() < end:
            try:
                found = self.open(path)
            except (urllib.error.URLError, ConnectionError) as error:
                found = repr(error)
            else:
                if text in found:
                    return found
            time.sleep(0.3)
        raise AssertionError(f"{path} has no {text!r} after {PATIENCE} s: {found}")


def wait_for_text(file, text):
    end = time.monotonic() + PATIENCE
    while text not in file.read_text():
        assert time.monotonic() < end, file.read_text()
        time.sleep(0.3)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@dataclass
class Story:
    """What the reader saw."""

    form: str = ""
    started_at: str = ""
    detail: str = ""
    mail: str = ""
    nobody: str = ""
    overridden: str = ""
    own_form: str = ""
    own_detail: str = ""
    tests: str = ""


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Follow the tutorial from the first page to the last."""
    wheels = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", wheels, ROOT, cwd=wheels)
    folder = tmp_path_factory.mktemp("tutorial")
    reader = Reader(folder, next(wheels.glob("*.whl")), free_port())
    browser, story = Browser(reader.port), Story()
    for page in PAGES[:3]:
        reader.read(page)
    with reader.terminals():
        try_it(browser, story, reader)
        step_in(browser, story)
    reader.read("templates")
    with reader.terminals():
        story.own_form = browser.wait_for("/welcome/start/")
        story.own_detail = browser.open("/welcome/1/")
    reader.read("tests")
    story.tests = reader.output
    return story


def try_it(browser, story, reader):
    story.form = browser.wait_for("/welcome/start/")
    browser.open("/welcome/start/", {"user": "1"})
    story.started_at = browser.url
    story.detail = browser.wait_for("/welcome/1/", "<title>end</title>")
    worker = reader.folder / "worker.log"
    wait_for_text(worker, "Hello spidey!")
    story.mail = worker.read_text()
    browser.open("/welcome/start/")
    browser.open("/welcome/start/", {"user": ""})
    story.nobody = wait_until_ended(browser, "/welcome/2/", 3)


def wait_until_ended(browser, path, tasks):
    """Load the page until so many tasks have succeeded."""
    end = time.monotonic() + PATIENCE
    while (page := browser.open(path)).count('<span class="status">succeeded') < tasks:
        assert time.monotonic() < end, page
        time.sleep(0.3)
    return page


def step_in(browser, story):
    browser.open("/admin/login/")
    browser.open("/admin/login/?next=/welcome/2/", {"username": "spidey", "password": "web"})
    browser.open(re.search(r'href="([^"]*)">Step in', browser.open("/welcome/2/"))[1])
    browser.open(browser.url, {"user": "1", "next_tasks": ["send_welcome_email"]})
    story.overridden = wait_until_ended(browser, "/welcome/2/", 6)


def tasks_on(page):
    """Return the tasks that a workflow's page lists, newest first."""
    return re.findall(r'<th scope="row"[^>]*>(?:<a[^>]*>)?(.*?)<', page)


def test_form_is_shown(story):
    assert '<select name="user"' in story.form


def test_start_leads_to_the_page_of_the_workflow(story):
    assert story.started_at == "/welcome/1/"


def test_page_shows_the_diagram(story):
    assert "<svg" in story.detail


def test_worker_sends_the_email(story):
    assert "Subject: Welcome" in story.mail
    assert "To: spiderman@example.com" in story.mail


def test_nobody_gets_no_email(story):
    assert tasks_on(story.nobody) == ["end", "has user", "start"]


def test_override_goes_elsewhere(story):
    assert tasks_on(story.overridden)[:3] == ["end", "send welcome email", "override"]


def test_own_templates_are_used(story):
    assert "<h1>Welcome somebody</h1>" in story.own_form
    assert '<a href="/welcome/1/override">Override</a>' in story.own_detail


def test_own_tests_pass(story):
    assert re.search(r"Ran 6 tests in .*\n\nOK\n", story.tests), story.tests
