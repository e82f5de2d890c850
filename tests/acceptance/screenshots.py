"""Take the pictures of the documentation: python -m tests.acceptance.screenshots FOLDER

The demo is started for it, and people work with it.
"""

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests import services
from tests.acceptance.demo import running_with_samples
from tests.acceptance.test_browser import ARGUMENTS, Window, choose
from tests.acceptance.test_day import claim, find_mail, in_inbox, row_of

#: Narrow, so that text can be read where a picture is made smaller.
DESK = {"viewport": {"width": 1000, "height": 640}}
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True}
#: A picture is part of the package of the source; it need not be large.
MOST_BYTES = 120_000


class Office:
    """People who work with the demo, and the pictures of that.

    Args:
        chromium: The browser.
        demo: The running demo.
        folder: Where the pictures go.
        options: How the browser looks at pages, like ``{"color_scheme": "dark"}``.
    """

    def __init__(self, chromium, demo, folder, options):
        self.chromium = chromium
        self.demo = demo
        self.folder = folder
        self.options = options

    def come(self, username, **options):
        """Return the window of somebody who has logged in."""
        context = self.chromium.new_context(
            base_url=self.demo.address, **{**DESK, **options, **self.options}
        )
        window = Window(context.new_page(), self.folder)
        window.log_in(username)
        return window

    def take(self, window, name, element=None, *, whole=True, height=None):
        """Take a picture of the page, of so much of it as can be seen at once, or of an element."""
        window.page.wait_for_load_state("load")
        seen = window.page.viewport_size
        window.page.set_viewport_size({**seen, "height": height or seen["height"]})
        try:
            self._take(window, name, element, whole)
        finally:
            window.page.set_viewport_size(seen)

    def _take(self, window, name, element, whole):
        path = self.folder / f"{name}.png"
        if element is None:
            window.page.screenshot(path=path, full_page=whole)
        else:
            element.screenshot(path=path)
        size = path.stat().st_size
        print(f"{path} {size // 1000} kB")
        assert size < MOST_BYTES, f"{path} has {size} bytes"


def take_all(office):
    maria, nora, tom = (office.come(username) for username in ("maria", "nora", "tom"))
    chairs = claim(tom, "Chairs for the kitchen", "240.00")
    claim(tom, "Ticket", "88.00")
    inbox(office, maria)
    form(office, maria, nora)
    mail(office, nora)
    instance(office, maria, nora, chairs)
    override(office, maria, chairs)
    pause(office, maria, chairs)
    undo(office, nora)


def inbox(office, maria):
    maria.page.goto("/work/inbox/")
    in_inbox(maria, "Ticket (88.00)").get_by_role("button", name="Take").click()
    maria.page.locator(".messages").wait_for()
    maria.page.goto("/work/inbox/")
    in_inbox(maria, "Ticket (88.00)").get_by_text("More").click()
    office.take(maria, "inbox")
    phone = office.come("maria", **PHONE)
    phone.page.goto("/work/inbox/")
    office.take(phone, "inbox-phone", whole=False)
    phone.page.context.close()


def form(office, maria, nora):
    """A form with a draft, which is done by a colleague meanwhile."""
    for window in (maria, nora):
        window.page.goto("/work/inbox/?late=on")
        window.page.locator(".task h2 a").click()
    maria.page.get_by_label("Remark").fill("Was the breakfast included? I have asked Tom,")
    maria.click("Save draft", role="button")
    maria.page.locator(".draft").wait_for()
    office.take(maria, "form")
    nora.page.get_by_label("Decision").select_option(label="Pay it")
    nora.click("Save and continue", role="button")
    nora.page.locator("#history").wait_for()
    maria.page.get_by_label("Decision").select_option(label="Ask for corrections")
    maria.click("Save and continue", role="button")
    maria.page.get_by_role("heading", name="This task is closed").wait_for()
    office.take(maria, "closed")


def mail(office, nora):
    card = find_mail(nora, "maria", "Review: Chairs for the kitchen (240.00) waits for you")
    office.take(nora, "mail", card)


def instance(office, maria, nora, chairs):
    nora.page.goto("/work/inbox/")
    in_inbox(nora, "Chairs").get_by_role("button", name="Take").click()
    nora.page.locator(".messages").wait_for()
    nora.page.goto(chairs)
    nora.page.get_by_label("Comment").fill("The bill is hard to read. Tom looks for another one.")
    nora.click("Add comment", role="button")
    nora.page.locator("tr.commented").wait_for()
    maria.page.goto(chairs)
    office.take(maria, "instance", whole=False, height=1180)
    office.take(maria, "history", maria.page.locator("#history"))


def override(office, maria, chairs):
    maria.page.goto(chairs)
    maria.click("Step in")
    maria.page.get_by_label("Decision").select_option(label="Pay it")
    choose(maria.page, "pay")
    maria.page.get_by_label("Reason").fill("The bill is due today, and Nora is ill.")
    maria.click("See what will happen", role="button")
    maria.page.get_by_text("These tasks will be canceled: review").wait_for()
    office.take(maria, "plan")


def pause(office, maria, chairs):
    maria.page.goto(chairs)
    maria.click("Pause")
    maria.page.get_by_label("Reason").fill("Until the other bill is found.")
    maria.click("Pause", role="button")
    maria.page.get_by_text("Until the other bill is found.").first.wait_for()
    maria.page.goto(chairs)
    office.take(maria, "paused", whole=False)


def undo(office, nora):
    page = nora.page
    page.goto("/onboarding/3/")
    row_of(nora, "order laptop").get_by_role("link", name="order laptop").click()
    page.get_by_label("Laptop").fill("Typewriter")
    nora.click("Save and continue", role="button")
    nora.wait_for_status("order laptop", "succeeded")
    row_of(nora, "order laptop").get_by_role("link", name="Take back").click()
    page.get_by_role("heading", name="Take back “order laptop”").wait_for()
    office.take(nora, "undo")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dark", action="store_true", help="as on a device that is set to dark")
    parser.add_argument("--phone", action="store_true", help="all of it on a phone")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    options = {**(PHONE if arguments.phone else {})}
    options |= {"color_scheme": "dark"} if arguments.dark else {}
    with (
        tempfile.TemporaryDirectory() as folder,
        running_with_samples(Path(folder)) as demo,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=services.chromium(), args=ARGUMENTS)
        take_all(Office(browser, demo, arguments.folder, options))
        browser.close()


if __name__ == "__main__":
    main()
