"""The pages as one small site, wherever a project includes it."""

import pytest
from django.contrib.staticfiles import finders

pytestmark = pytest.mark.django_db
PAGES = ["inbox", "done", "running", "start"]


def test_the_index_leads_to_the_inbox(buyer_s):
    assert buyer_s.get("/work/", follow=True).redirect_chain == [("inbox/", 302)]


@pytest.mark.parametrize("page", PAGES)
def test_each_page_leads_to_all_and_says_where_one_is(buyer_s, page):
    text = buyer_s.get(f"/work/{page}/").text

    for other in PAGES:
        current = ' aria-current="page"' if other == page else ""
        assert f'<a href="/work/{other}/"{current}>' in text


@pytest.mark.urls("tests.unit.pages.urls_nested")
def test_inside_another_namespace(buyer_s, order):
    task = order()

    inbox = buyer_s.get("/site/work/inbox/")
    taken = buyer_s.post("/site/work/inbox/claim/", {"only": task.pk}, follow=True)

    assert 'action="/site/work/inbox/claim/"' in inbox.text
    assert f'href="/site/purchase/order/{task.pk}/"' in inbox.text
    assert taken.redirect_chain == [("/site/work/inbox/", 302)]
    assert list(task.assignees.all()) != []


@pytest.mark.urls("tests.unit.pages.urls_without")
def test_without_the_pages__nothing_leads_there(buyer_s, order):
    task = order()

    response = buyer_s.get(f"/purchase/order/{task.pk}/")

    assert response.status_code == 200
    assert 'class="navigation"' not in response.text


def test_who_is_not_logged_in_sees_no_navigation(client, sign):
    assert 'class="navigation"' not in client.get(sign.get_absolute_url()).text


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(buyer_s, order, page):
    order()

    text = buyer_s.get(f"/work/{page}/").text

    assert "style=" not in text
    assert "<style" not in text
    assert "onclick" not in text
    assert text.count("<script") == text.count('<script type="module" src="/static/joeflow/')
    assert "//" not in text.replace("://testserver", "")


@pytest.mark.parametrize("name", ["joeflow.css", "live.js", "inbox.js"])
def test_static_files_are_there(name):
    assert finders.find(f"joeflow/{name}")
