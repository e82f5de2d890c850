"""The demo in a real browser: start, fill in, see the graph change, step in, run again."""

import re
import signal

import pytest

from tests import services
from tests.acceptance.demo import START, Demo, copy_tracked

pytestmark = [pytest.mark.service("chromium"), pytest.mark.timeout(300)]

#: The demo's settings, with its policy of content on Django 5.2 as well, which has no middleware.
SETTINGS = """
from project.settings import *
from project.settings import HAS_CSP, MIDDLEWARE, SECURE_CSP

POLICY = "; ".join(" ".join([name, *sources]) for name, sources in SECURE_CSP.items())


def add_policy(get_response):
    def respond(request):
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return respond


if not HAS_CSP:
    MIDDLEWARE = [f"{__name__}.add_policy", *MIDDLEWARE]
"""

#: Chromium may not look for anything outside this machine.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

GREY = "#888888"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo, as it runs."""
    project = copy_tracked(tmp_path_factory.mktemp("browser"), "examples") / "examples"
    (project / "with_policy.py").write_text(SETTINGS)
    environment = {"DEMO_PORT": "0", "DJANGO_SETTINGS_MODULE": "with_policy"}
    demo = Demo(START, project, project / "demo.log", **environment)
    yield demo.wait_until_it_runs()
    demo.send(signal.SIGTERM)
    demo.wait_for_end()


@pytest.fixture(scope="module")
def chromium():
    """The browser."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=services.chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


class Window:
    """A window of the browser, and all that it complains about.

    Args:
        page: Playwright's page.
        folder: Where pictures go.
    """

    def __init__(self, page, folder):
        self.page = page
        self.folder = folder
        self.complaints = []
        page.set_default_timeout(60_000)
        # Violations of the policy are errors of the console, too.
        page.on("console", self.note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", self.note_failure)
        page.on("response", self.note_status)

    def note(self, message):
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def note_failure(self, request):
        if request.failure != "net::ERR_ABORTED":  # the page was left while its icon was on the way
            self.complaints.append(f"{request.failure} {request.url}")

    def note_status(self, response):
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")

    def log_in(self, username):
        self.page.goto("/")
        self.page.get_by_label("Username").fill(username)
        self.page.get_by_label("Password").fill("demo")
        self.page.get_by_role("button", name="Log in").click()
        self.page.get_by_role("heading", name="The office").wait_for()

    def click(self, name, role="link"):
        self.page.get_by_role(role, name=name, exact=True).click()

    def color_of(self, label):
        """Return the color in which the graph shows the name of a task."""
        text = self.page.locator("svg text", has_text=re.compile(f"^{label}$"))
        return text.first.get_attribute("fill") or "black"

    def wait_for_status(self, task, status):
        """Load the page again until the newest visit of a task has this status."""
        name = re.compile(f"^{task}$")
        row = self.page.locator("tbody tr", has=self.page.get_by_role("rowheader", name=name))
        for _ in range(100):
            if row.count() and row.first.locator(".status").inner_text() == status:
                self.page.reload()  # the graph may be that of a moment before
                return
            self.page.wait_for_timeout(200)
            self.page.reload()
        raise AssertionError(self.page.locator("main").inner_text())

    def picture(self, name):
        self.page.screenshot(path=self.folder / f"{name}.png", full_page=True)


@pytest.fixture
def window(chromium, demo, tmp_path):
    """A window; at the end nobody may have complained of anything."""
    context = chromium.new_context(base_url=demo.address)
    window = Window(context.new_page(), tmp_path)
    yield window
    complaints = list(window.complaints)
    context.close()
    assert complaints == []


def order(window):
    """Order a parcel, from the start page on."""
    window.click("The office")
    window.click("Start shipment")
    window.page.get_by_label("Shipping address").fill("Elm 1")
    window.page.get_by_label("Email").fill("li@example.com")
    window.click("Save and continue", role="button")


def test_start_and_fill_in__the_graph_changes(window):
    window.log_in("tom")

    order(window)
    before = [window.color_of(name) for name in ("checkout", "ship", "send tracking code")]
    window.picture("ordered")
    window.page.locator("svg a", has_text="ship").click()
    window.page.get_by_label("Tracking code").fill("A-17")
    window.click("Save and continue", role="button")
    window.wait_for_status("end", "succeeded")
    after = [window.color_of(name) for name in ("checkout", "ship", "send tracking code")]
    window.picture("shipped")

    assert before == ["black", "black", GREY]
    assert after == ["black", "black", "black"]
    assert window.page.locator("svg a").count() == 0
    window.click("Mail")
    assert "Follow it with the tracking code A-17." in window.page.locator("main").inner_text()


def test_override__is_drawn(window):
    window.log_in("maria")
    order(window)

    window.click("Step in")
    window.page.get_by_role("textbox", name="Tracking code").fill("B-18")
    choose(window.page, "end")
    window.page.get_by_role("textbox", name="Reason").fill("It was handed over by hand.")
    window.picture("override")
    window.click("See what will happen", role="button")
    window.page.get_by_text("These tasks will be canceled: ship").wait_for()
    window.picture("override-plan")
    window.click("Override", role="button")
    window.wait_for_status("end", "succeeded")
    window.picture("overridden")

    assert window.color_of("send tracking code") == GREY
    assert window.page.locator("svg text", has_text="override").count() == 1
    window.wait_for_status("ship", "canceled")


def choose(page, task):
    """Choose what comes next, in a list or with a box to tick."""
    if page.locator("select[name=next_tasks]").count():
        page.locator("select[name=next_tasks]").select_option(label=task)
    else:
        page.get_by_label(task, exact=True).check()


def test_failed_task__runs_again_from_the_admin(window):
    window.log_in("admin")
    window.click("Start welcome")
    window.page.get_by_label("User").select_option(label="otto")
    window.click("Save and continue", role="button")
    window.wait_for_status("send[_ ]welcome[_ ]email", "failed")
    window.picture("failed")
    instance = window.page.url

    window.page.goto("/admin/auth/user/?q=otto")
    window.page.locator("#result_list tbody th a").click()
    window.page.get_by_label("Email address").fill("otto@example.com")
    window.click("Save", role="button")
    window.page.locator(".messagelist").wait_for()
    window.page.wait_for_load_state()
    window.page.goto("/admin/joeflow/task/?status__exact=failed")
    window.picture("admin")
    window.page.locator("tbody input.action-select").check()
    window.page.locator("select[name=action]").select_option("rerun")
    window.page.locator("button[name=index]").click()
    window.page.locator(".messagelist").wait_for()
    window.page.wait_for_load_state()
    window.picture("admin-rerun")
    window.page.goto(instance)
    window.wait_for_status("send[_ ]welcome[_ ]email", "succeeded")

    assert window.color_of("end") == "black"


class Visits:
    """Pages that somebody looks at under the policy, whatever their status.

    Args:
        window: Where somebody is logged in.
    """

    def __init__(self, window):
        self.page = window.page
        self.violations = []
        self.page.on("console", self.note)

    def note(self, message):
        if "Content Security Policy" in message.text:
            self.violations.append(f"{self.page.url}: {message.text}")

    def go(self, path):
        response = self.page.goto(path)
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert "unsafe" not in response.headers["content-security-policy"]
        self.page.wait_for_load_state()
        return response.status

    def links(self, selector):
        """Return the addresses that links on the page lead to."""
        return self.page.locator(selector).evaluate_all("links => links.map(link => link.href)")


@pytest.fixture
def visits(chromium, demo, tmp_path):
    """Return a function with which somebody logs in; nothing may violate the policy."""
    contexts, found = [], []

    def log_in(username):
        contexts.append(chromium.new_context(base_url=demo.address))
        window = Window(contexts[-1].new_page(), tmp_path)
        window.log_in(username)
        found.append(Visits(window))
        return found[-1]

    yield log_in
    violations = [violation for visits in found for violation in visits.violations]
    for context in contexts:
        context.close()
    assert violations == []


def test_refusals_keep_the_policy(visits, window):
    window.log_in("tom")
    order(window)
    instance = window.page.url
    window.page.locator("svg a", has_text="ship").click()
    window.page.get_by_label("Tracking code").fill("C-19")
    task = window.page.url
    window.click("Save and continue", role="button")
    window.wait_for_status("end", "succeeded")
    tom = visits("tom")

    assert tom.go(task) == 410
    assert tom.go(f"{instance}override") == 403
    # Not a 404: that page is Django's, with a style of its own as long as DEBUG is on.
    assert tom.go("/admin/joeflow/task/") == 200  # the login page of the admin


STYLE = """document.body.insertAdjacentHTML('beforeend', '<p style="color: red">')"""


def test_a_violation_of_the_policy_is_noticed(visits):
    ada = visits("admin")
    ada.go("/")

    with ada.page.expect_console_message(lambda message: "Security Policy" in message.text):
        ada.page.evaluate(STYLE)

    assert ada.violations
    ada.violations.clear()


OF_ONE_ROW = ("change/", "history/", "delete/")


def test_admin_pages_keep_the_policy(visits):
    admin = visits("admin")
    admin.go("/admin/")
    lists = [link for link in admin.links("#content-main th a") if "/auth/" not in link]
    seen = []
    for path in lists:
        assert admin.go(path) == 200
        for row in admin.links("#result_list tbody th a")[:1]:
            address = row.partition("change/")[0]
            seen += [(page, admin.go(address + page)) for page in OF_ONE_ROW]

    assert {("change/", 200), ("history/", 200), ("delete/", 200), ("delete/", 403)} <= set(seen)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("phone", {"viewport": {"width": 360, "height": 740}, "has_touch": True}),
        ("dark", {"viewport": {"width": 1100, "height": 800}, "color_scheme": "dark"}),
    ],
)
def test_pages__fit_and_can_be_read(chromium, demo, tmp_path, name, options):
    context = chromium.new_context(base_url=demo.address, **options)
    window = Window(context.new_page(), tmp_path)
    window.log_in("admin")
    pages = ["/", "/mail/", "/shipping/1/", "/shipping/1/override", "/expenses/2/"]
    too_wide, too_faint = [], []

    for path in pages:
        window.page.goto(path)
        window.picture(f"{name}{path.replace('/', '-')}")
        if window.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            too_wide.append(path)
        if window.page.evaluate(CONTRAST) < 7:
            too_faint.append(path)
    complaints = list(window.complaints)
    context.close()

    assert (too_wide, too_faint, complaints) == ([], [], [])


#: The contrast between the text and the background of a page, as the accessibility guidelines
#: reckon it; 7 is their strictest demand.
CONTRAST = """() => {
  const light = (color) => {
    const [r, g, b] = color.match(/[0-9.]+/g).map(Number).map((part) => part / 255).map(
      (part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const style = getComputedStyle(document.body);
  const [a, b] = [light(style.color), light(style.backgroundColor)];
  return Math.max(a, b) / Math.min(a, b);
}"""
