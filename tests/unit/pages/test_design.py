"""A project's own base.html: all pages wear its design. The one of the documentation is tried."""

import pytest

from tests.services import ROOT

pytestmark = pytest.mark.django_db
PAGES = ["/work/inbox/", "/work/done/", "/work/running/", "/work/start/"]


@pytest.fixture
def _site(settings):
    """Let the project have the templates of the documentation's example with Bootstrap."""
    folder = ROOT / "docs" / "samples" / "bootstrap" / "templates"
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [folder]}]


@pytest.fixture
def pages(order, buyer):
    """The addresses of all pages that this buyer can look at."""
    task, mine = order(), order()
    mine.claim(buyer)
    own = [f"/work/inbox/{task.pk}/assign/", f"/work/inbox/{task.pk}/snooze/"]
    return [*PAGES, *own, task.get_absolute_url(), task.workflow.get_absolute_url()]


def is_dressed(text):
    return (
        text.count("bootstrap.min.css") == 1
        and text.count('href="/static/joeflow/joeflow.css"') == 1
        and '<main class="container py-4"><div class="joeflow">' in text
        and text.count("<main") == text.count("<h1>") == 1
    )


@pytest.mark.usefixtures("_site")
def test_all_pages_wear_the_design(buyer_s, pages):
    assert [page for page in pages if not is_dressed(buyer_s.get(page).text)] == []


@pytest.mark.usefixtures("_site")
def test_so_do_pages_that_refuse(buyer_s, browser, admin_user, order, approve):
    task = order()
    url = task.get_absolute_url()
    task.cancel()
    override = browser(admin_user).get(task.workflow.get_override_url())

    assert is_dressed(buyer_s.get(url).text)
    assert is_dressed(override.text)


@pytest.mark.usefixtures("_site")
def test_scripts_messages_and_titles_are_there(buyer_s, order):
    task = order()

    taken = buyer_s.post("/work/inbox/claim/", {"only": task.pk}, follow=True)

    assert "1 task is yours now." in taken.text
    assert "<title>Inbox</title>" in taken.text
    assert "joeflow/inbox.js" in taken.text
    assert "joeflow/live.js" in buyer_s.get(task.workflow.get_absolute_url()).text


def test_without_a_design_of_one_s_own(buyer_s, pages):
    for page in pages:
        text = buyer_s.get(page).text

        assert '<a class="skip" href="#content">' in text
        assert text.count('<main id="content">') == text.count("<h1>") == 1
