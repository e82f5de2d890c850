"""What the steps of the walkthrough share: two people, and how they look at things."""

import secrets
import time

from office.browser import Browser

#: Seconds that a machine may take for what it has to do.
PATIENCE = 60


class Unexpected(Exception):
    """Something is not as it should be."""


class Walk:
    """Two people at their browsers.

    Args:
        address: Where the demo runs.
        say: Prints a line.
    """

    def __init__(self, address, say):
        self.user = Browser(address)
        self.colleague = Browser(address)
        self.say = say
        self.steps = 0
        # Marks what this walk makes, so that it can be told from what was there before.
        self.mark = secrets.token_hex(4)

    def check(self, what, result):
        """Print a step that went well; raise `Unexpected` if it did not."""
        if not result:
            raise Unexpected(what)
        self.steps += 1
        self.say(f"  ok  {what}")
        return result

    def wait_for(self, what, ask):
        """Ask again and again until the answer is yes, as a machine has done its part."""
        until = time.monotonic() + PATIENCE
        while not (answer := ask()):
            if time.monotonic() > until:
                raise Unexpected(f"{what} (not within {PATIENCE} seconds)")
            time.sleep(0.2)
        return self.check(what, answer)

    def log_in(self, browser, username, password):
        form = browser.get("/login/").form()
        page = browser.submit(form, username=username, password="not " + password)
        self.check(f"{username} is refused with a wrong password", page.path == "/login/")
        page = browser.submit(page.form(), username=username, password=password)
        self.check(f"{username} logs in", (page.status, page.path) == (200, "/"))

    def start(self, path, **values):
        """Start a workflow as the user; return the path of its own page."""
        page = self.user.submit(self.user.get(path).form(), **values)
        self.check(
            "the form leads to a page with a graph",
            (page.status, page.graphs) == (200, 1) and page.path != path,
        )
        return page.path

    def wait_for_task(self, instance, task):
        """Wait until the page of an instance links to the form of a task; return its path."""
        what = f"the page of the instance links to the form of {task.rstrip('/')}"
        return self.wait_for(what, lambda: self.find_task(instance, task))

    def find_task(self, instance, task):
        links = self.user.get(instance).links
        return next((path for path in links if path.startswith(task)), None)

    def wait_for_end(self, instance):
        self.wait_for("it ends", lambda: instance not in self.user.get("/").links)

    def wait_for_mail(self, *words):
        self.wait_for(f"a mail says: {' … '.join(words)}", lambda: self.count_mail(*words) == 1)

    def count_mail(self, *words):
        return sum(all(word in mail for word in words) for mail in self.mails())

    def mails(self):
        """Return the texts of the last mails."""
        return self.user.get("/mail/").articles
