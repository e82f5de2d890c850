"""The pages for people in a real browser: axe finds nothing; by keyboard, live, without script."""

import re
import sqlite3
from importlib import import_module

import pytest

from tests.acceptance.test_browser import Window, chromium, demo
from tests.rules import package

pytestmark = [pytest.mark.service("chromium"), pytest.mark.timeout(300)]
__all__ = ("chromium", "demo")

WIDE = {"width": 1100, "height": 800}
NARROW = {"width": 360, "height": 740}
LOOKS = {
    "light": {"viewport": WIDE},
    "dark": {"viewport": WIDE, "color_scheme": "dark"},
    "phone": {"viewport": NARROW, "has_touch": True},
    "phone-dark": {"viewport": NARROW, "has_touch": True, "color_scheme": "dark"},
}


@pytest.fixture
def look(chromium, demo, tmp_path):
    """Return a function that opens a window in which somebody is logged in."""
    windows = []

    def open_window(username, **options):
        context = chromium.new_context(base_url=demo.address, **{"viewport": WIDE, **options})
        window = Window(context.new_page(), tmp_path)
        windows.append(window)
        window.log_in(username)
        return window

    yield open_window
    complaints = [complaint for window in windows for complaint in window.complaints]
    for window in windows:
        window.page.context.close()
    assert complaints == []


def change(demo, sql, *values):
    """Change what the demo has stored."""
    with sqlite3.connect(demo.folder / "db.sqlite3", timeout=20) as database:
        return database.execute(sql, values).fetchall()


def find_tasks(demo, name):
    """Return the keys of the open tasks of that name, the latest first."""
    sql = "SELECT id FROM joeflow_task WHERE name = ? AND completed IS NULL ORDER BY id DESC"
    return [pk for (pk,) in change(demo, sql, name)]


def order(window):
    """Order a parcel; return the address of its page."""
    window.page.goto("/shipping/checkout/")
    window.page.get_by_label("Shipping address").fill("Elm 1")
    window.click("Save and continue", role="button")
    window.page.locator("svg").wait_for()
    return window.page.url


@pytest.fixture(scope="module")
def world(chromium, demo, tmp_path_factory):
    """Something of each kind, so that each page has all that it can show; the pages."""
    context = chromium.new_context(base_url=demo.address)
    window = Window(context.new_page(), tmp_path_factory.mktemp("world"))
    window.log_in("admin")
    for _ in range(2):
        order(window)
    instance = order(window)
    late, mine = find_tasks(demo, "ship")[0], find_tasks(demo, "choose_buddy")[0]
    change(demo, "UPDATE joeflow_task SET due = '2026-01-01 12:00:00' WHERE id = ?", late)
    window.page.goto("/work/inbox/")
    window.page.locator(f"#task-{mine}").get_by_role("button", name="Take").click()
    window.page.goto(instance)
    window.page.get_by_label("Comment").fill("The address is hard to read.")
    window.click("Add comment", role="button")
    form = f"/shipping/ship/{late}/"
    window.page.goto(form)
    window.page.get_by_label("Tracking code").fill("half of i")
    window.click("Save draft", role="button")
    laptop = find_tasks(demo, "order_laptop")[0]
    [(hiring,)] = change(demo, "SELECT workflow_id FROM joeflow_task WHERE id = ?", laptop)
    window.page.goto(f"/onboarding/order_laptop/{laptop}/")
    window.page.get_by_label("Laptop").fill("Typewriter")
    window.click("Save and continue", role="button")
    put_off, lost = find_tasks(demo, "ship")[1:3]
    snooze = "UPDATE joeflow_task SET snoozed_until = '2100-01-01 12:00:00' WHERE id = ?"
    change(demo, snooze, put_off)
    change(demo, "UPDATE joeflow_task SET is_given = 1 WHERE id = ?", lost)
    change(demo, "UPDATE joeflow_workflow SET paused = '2026-01-01 12:00:00' WHERE id = 3")
    context.close()
    return {
        "inbox": "/work/inbox/",
        "inbox-late": "/work/inbox/?late=on",
        "inbox-empty": "/work/inbox/?q=nothing",
        "inbox-put-off": "/work/inbox/?whose=snoozed",
        "inbox-without-owner": "/work/inbox/?whose=unowned",
        "inbox-no-such-filter": "/work/inbox/?workflow=nope",
        "done": "/work/done/",
        "running": "/work/running/",
        "start": "/work/start/",
        "hand-over": f"/work/inbox/{late}/assign/",
        "put-off": f"/work/inbox/{late}/snooze/",
        "instance": instance,
        "instance-paused": "/onboarding/3/",
        "form": form,
        "override": f"{instance}override",
        "pause": f"{instance}pause",
        "undo": f"/onboarding/{hiring}/undo/{laptop}",
        "start-form": "/expenses/claim/",
    }


@pytest.mark.parametrize("name", LOOKS)
def test_axe_finds_nothing__and_all_fits(look, world, name):
    package("axe_playwright_python")
    axe = import_module("axe_playwright_python.sync_playwright").Axe()
    window = look("admin", **LOOKS[name])
    found, too_wide = [], []

    for page, path in world.items():
        window.page.goto(path)
        for summary in window.page.locator("summary").all()[:1]:
            summary.click()
        window.picture(f"{page}-{name}")
        result = axe.run(window.page)
        found += [
            (page, each["id"], each["nodes"][0]["html"]) for each in result.response["violations"]
        ]
        if window.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            too_wide.append(page)

    assert (found, too_wide) == ([], [])


def test_axe_looks_at_the_page(look, world):
    """What axe is for is found: else nothing that it does not find would mean anything."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    window = look("admin")
    window.page.goto("/work/inbox/")
    window.page.locator("#claim button").evaluate("button => button.replaceChildren()")

    assert [each["id"] for each in axe.run(window.page).response["violations"]] == ["button-name"]


def tab_to(page, name):
    """Press Tab until something of that name has the focus, which must be seen."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        label = focused.get_attribute("aria-label") or focused.inner_text()
        if re.search(name, label):
            outline = focused.evaluate("element => getComputedStyle(element).outlineStyle")
            assert outline != "none", label
            return focused
    raise AssertionError(f"no {name}")


def test_claim_with_the_keyboard_alone(look, demo):
    window = look("tom")
    order(window)
    pk = find_tasks(demo, "ship")[0]
    page = window.page

    page.goto("/work/inbox/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    page.keyboard.press("Enter")
    instance = page.locator(f"#task-{pk} .what p a").first.inner_text()
    tab_to(page, f"^Take ship, {instance}$")
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="1 task is yours now.").wait_for()

    assert "yours" in page.locator(f"#task-{pk} .whose").inner_text()


def test_select_several__and_take_them(look, demo):
    window = look("tom")
    for _ in range(2):
        order(window)
    window.page.goto("/work/inbox/?workflow=shipping.shippingworkflow&whose=free")
    count = window.page.locator(".task").count()

    window.page.get_by_label("Select all").check()
    window.click("Take what is selected", role="button")
    window.page.get_by_role("status").filter(has_text=f"{count} tasks are yours now.").wait_for()

    assert "Nothing that fits." in window.page.locator("main").inner_text()


def test_the_page_of_an_instance_follows_it(look, demo):
    window, colleague = look("tom"), look("maria")
    instance = order(window)
    page, answers = window.page, []
    page.on("response", lambda answer: answers.append((answer.url, answer.status)))
    page.wait_for_timeout(4000)
    page.evaluate("window.isTheSame = true")
    page.get_by_label("Comment").fill("Half of a sentence")

    colleague.page.goto(f"/shipping/ship/{find_tasks(demo, 'ship')[0]}/")
    colleague.page.get_by_label("Tracking code").fill("L-1")
    colleague.click("Save and continue", role="button")
    row = page.locator("tbody tr", has=page.get_by_role("rowheader", name="end", exact=True))
    row.locator(".status", has_text="succeeded").wait_for()

    assert (f"{instance}changes", 304) in answers
    assert window.color_of("send tracking code") is not None
    assert page.evaluate("window.isTheSame")  # it was not loaded again
    assert page.get_by_label("Comment").input_value() == "Half of a sentence"
    said = page.locator("#live").inner_text()
    assert said.startswith("This page has changed: ")
    assert said.endswith(", succeeded")  # and not what is open


def test_the_page_of_an_instance_follows_pauses(look, demo):
    window, colleague = look("admin"), look("admin")
    instance = order(window)
    page = window.page

    colleague.page.goto(f"{instance}pause")
    colleague.page.get_by_label("Reason").fill("Strike")
    colleague.click("Pause", role="button")
    page.get_by_role("button", name="Let it go on").wait_for()

    assert page.get_by_role("link", name="Pause").count() == 0
    said = page.locator("#live").inner_text()
    assert (said.startswith("This page has changed: "), "Strike" in said) == (True, True)


HIDE = """hidden => {
  Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_page_that_nobody_looks_at_asks_nothing(look):
    window = look("tom")
    order(window)
    page, asked = window.page, []
    page.evaluate(HIDE, True)
    page.wait_for_timeout(3000)  # a question may have been on its way
    page.on("request", lambda request: asked.append(request.url))

    page.wait_for_timeout(6000)
    while_hidden = len(asked)
    page.evaluate(HIDE, False)
    page.wait_for_timeout(1000)

    assert (while_hidden, len(asked) > 0) == (0, True)


def test_without_script(look, demo):
    window = look("tom", java_script_enabled=False)
    instance = order(window)
    pk = find_tasks(demo, "ship")[0]
    page = window.page

    page.goto("/work/inbox/")
    assert not page.get_by_label("Select all").is_visible()
    page.locator(f"#task-{pk}").get_by_role("button", name="Take").click()
    page.locator(f"#task-{pk} summary").click()
    page.locator(f"#task-{pk}").get_by_label("Colleague (user name)").fill("maria")
    page.locator(f"#task-{pk}").get_by_role("button", name="Hand over").click()
    said = page.locator(".messages").inner_text()
    page.goto(instance)

    assert said == "“ship” is for maria now."
    assert page.locator("tbody tr").first.inner_text().count("for maria") == 1


def test_a_draft_waits_until_one_comes_back(look, demo):
    window = look("tom")
    order(window)
    path = f"/shipping/ship/{find_tasks(demo, 'ship')[0]}/"
    window.page.goto(path)
    window.page.get_by_label("Tracking code").fill("half of i")

    window.click("Save draft", role="button")
    window.page.goto("/work/inbox/")
    window.page.goto(path)
    kept = window.page.get_by_label("Tracking code").input_value()
    window.click("Discard the draft", role="button")
    window.page.get_by_text("This is your draft").wait_for(state="detached")

    assert kept == "half of i"
    assert window.page.get_by_label("Tracking code").input_value() == ""
