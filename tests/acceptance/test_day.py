"""A day of people who work with the demo, each in a browser of their own."""

import re

import pytest

from tests.acceptance.test_browser import Window, choose, chromium, demo

pytestmark = [pytest.mark.service("chromium"), pytest.mark.timeout(600)]
__all__ = ("chromium", "demo")

OTHER = {"maria": "nora", "nora": "maria"}


@pytest.fixture
def open_window(chromium, demo, tmp_path):
    """Return a function that opens a browser of its own; nobody may complain until the end."""
    windows = []

    def open_window(username=None):
        context = chromium.new_context(base_url=demo.address)
        window = Window(context.new_page(), tmp_path)
        windows.append(window)
        if username:
            # One click, as a newcomer does it.
            window.page.goto("/")
            window.click(username, role="button")
            window.page.get_by_role("heading", name="The office").wait_for()
        return window

    yield open_window
    complaints = [complaint for window in windows for complaint in window.complaints]
    for window in windows:
        window.page.context.close()
    assert complaints == []


def claim(window, purpose, amount):
    """Claim expenses; return the path of the claim once somebody has to review it."""
    window.page.goto("/expenses/claim/")
    window.page.get_by_label("Purpose").fill(purpose)
    window.page.get_by_label("Amount").fill(amount)
    window.click("Save and continue", role="button")
    window.page.get_by_role("heading", name=f"{purpose} ({amount})").wait_for()
    row_of(window, "review").wait_for()  # the page is updated by itself
    return window.page.url


def row_of(window, task):
    """Return the newest line about a task in the history."""
    name = window.page.get_by_role("rowheader", name=task, exact=True)
    return window.page.locator("tbody tr", has=name).first


def in_inbox(window, title):
    """Return the line of the inbox about the review of a claim."""
    return window.page.locator(".task", has_text=title)


def said_to(window):
    """Return what the page says about what somebody has just done."""
    said = window.page.locator(".messages")
    said.wait_for()
    return said.inner_text()


def race(people, title):
    """Both have the inbox open, and press "Take" at once; return who has it."""
    for window in people.values():
        window.page.goto("/work/inbox/")
    buttons = [
        in_inbox(window, title).get_by_role("button", name="Take") for window in people.values()
    ]
    for button in buttons:
        button.evaluate("button => setTimeout(() => button.click(), 300)")
    said = {username: said_to(window) for username, window in people.items()}

    (winner,) = [username for username in said if said[username] == "1 task is yours now."]
    assert winner in said[OTHER[winner]]
    assert "is for" in said[OTHER[winner]] or "has" in said[OTHER[winner]]
    assert in_inbox(people[winner], title).locator(".whose").inner_text() == "yours"
    assert in_inbox(people[OTHER[winner]], title).count() == 0
    return winner


def hand_over(giver, colleague, username, title):
    """Give a task to a colleague, who finds it in the inbox, and has a mail."""
    row = in_inbox(giver, title)
    row.get_by_text("More").click()
    row.get_by_label("Colleague (user name)").fill(username)
    row.get_by_role("button", name="Hand over").click()
    giver.page.get_by_text(f"“review” is for {username} now.").wait_for()
    assert in_inbox(giver, title).count() == 0

    colleague.page.goto("/work/inbox/")
    assert in_inbox(colleague, title).locator(".whose").inner_text() == "yours"
    mail = find_mail(colleague, username, f"Review: {title} waits for you", count=2)
    assert "was given to you." in mail.inner_text()


def find_mail(window, username, subject, count=1):
    """Wait until somebody has so many mails with this subject; return the newest one."""
    mails = window.page.locator(".card").filter(has_text=f"to {username}@").filter(has_text=subject)
    for _ in range(100):
        window.page.goto("/mail/")
        if mails.count() >= count:
            return mails.first
        window.page.wait_for_timeout(300)
    raise AssertionError(window.page.locator("main").inner_text())


def be_late(demo, window, address):
    """Nobody decides in time: while somebody looks at the page, somebody else gets the task."""
    window.page.goto(address)
    assert "due" in row_of(window, "review").inner_text()
    (pk,) = re.findall(r"/(\d+)/$", address)

    demo.let_pass("expenses.ExpenseWorkflow", pk, days=3)
    row_of(window, "review by head").get_by_text("for admin").wait_for()
    row = row_of(window, "review")

    assert row.locator(".status").inner_text() == "canceled"
    assert "overdue" in window.page.locator("#history").inner_text()
    assert window.page.locator("svg text", has_text="review by head").count() == 1


def approve_by_mail(reader, guest, title):
    """With the link in a mail, a claim is approved without a login, and once."""
    link = find_mail(reader, "maria", f"Review: {title} waits for you").get_by_role("link")
    address = link.get_attribute("href")
    page = guest.page
    page.goto(address)
    assert title in page.locator("main").inner_text()
    page.get_by_label("Decision").select_option(label="Pay it")
    page.get_by_label("Remark").fill("Seen on the train.")
    guest.click("Save and continue", role="button")
    page.get_by_role("heading", name="Thank you").wait_for()
    assert "The task “review” is done." in page.locator("main").inner_text()
    page.goto("/work/inbox/")
    page.get_by_role("heading", name="Log in").wait_for()  # nobody was logged in by that
    assert guest.complaints == []

    page.goto(address)
    page.get_by_role("heading", name="This task is closed").wait_for()
    assert "maria completed the task “review”" in page.locator("main").inner_text()
    assert page.get_by_label("Decision").count() == 0
    assert all("410" in complaint for complaint in guest.complaints)
    guest.complaints.clear()


def override(window, address):
    """Somebody steps in, reads what will happen, and says why."""
    page = window.page
    page.goto(address)
    window.click("Step in")
    page.get_by_label("Decision").select_option(label="Pay it")
    choose(page, "pay")
    page.get_by_label("Reason").fill("The bill is due today.")
    window.click("See what will happen", role="button")
    page.get_by_text("These tasks will be canceled: review").wait_for()
    assert "Nothing has been done so far." in page.locator("main").inner_text()
    window.click("Override", role="button")
    window.wait_for_status("pay", "succeeded")

    assert row_of(window, "review").locator(".status").inner_text() == "canceled"
    history = page.locator("#history").inner_text()
    assert "The bill is due today." in history
    assert "Yes" in page.locator(".state").inner_text()  # paid


def take_back(window, colleague):
    """Somebody has ordered the wrong laptop, and takes that back before anybody went on."""
    page = window.page
    page.goto("/onboarding/3/")
    row_of(window, "order laptop").get_by_role("link", name="order laptop").click()
    page.get_by_label("Laptop").fill("Typewriter")
    window.click("Save and continue", role="button")
    window.wait_for_status("order laptop", "succeeded")

    row_of(window, "order laptop").get_by_role("link", name="Take back").click()
    page.get_by_role("heading", name="Take back “order laptop”").wait_for()
    assert "These data are as they were before" in page.locator("main").inner_text()
    window.click("Take back", role="button")
    page.get_by_role("heading", name="Order laptop").wait_for()  # it is open again
    assert page.get_by_label("Laptop").input_value() == ""
    page.goto("/onboarding/3/")
    assert row_of(window, "order laptop").locator(".status").inner_text() == "scheduled"
    assert "nora" in page.locator("tr.undone").inner_text()

    colleague.page.goto("/work/inbox/?q=laptop")
    colleague.page.locator(".task").get_by_role("link", name="order laptop").click()
    assert colleague.page.get_by_label("Laptop").input_value() == ""


def test_a_day(open_window, demo):
    people = {username: open_window(username) for username in ("maria", "nora")}
    maria, nora, tom = people["maria"], people["nora"], open_window("tom")
    chairs = claim(tom, "Chairs", "240.00")
    fair = claim(tom, "Fair in Lisbon", "1200.00")
    claim(tom, "Ticket", "88.00")

    maria.page.goto("/work/inbox/?late=on")
    assert "Train to Lisbon" in maria.page.locator(".task").inner_text()
    assert "Late" in maria.page.locator(".task .due").inner_text()

    winner = race(people, "Chairs (240.00)")
    loser = OTHER[winner]
    hand_over(people[winner], people[loser], loser, "Chairs (240.00)")
    be_late(demo, maria, fair)
    approve_by_mail(nora, open_window(), "Ticket (88.00)")
    override(maria, chairs)
    take_back(nora, maria)


def test_escalation__is_dotted_in_the_graph(open_window):
    window = open_window("tom")

    edge = window.page.locator("figure[aria-label='Graph of expense claim'] path[stroke-dasharray]")

    assert edge.count() >= 1
