"""The inbox: what waits for a person, searched, filtered and leafed through."""

from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.forms import PasswordInput, modelform_factory
from django.utils import timezone

from joeflow.models import Task
from joeflow.views import InboxView
from tests.testapp.models import Letter, Purchase
from tests.unit.pages.conftest import make_due, messages, shown
from tests.unit.people.conftest import make_purchase

pytestmark = pytest.mark.django_db
INBOX = "/work/inbox/"


def test_who_is_not_logged_in__is_asked_to(client):
    assert client.get(INBOX).url == f"/admin/login/?next={INBOX}"


def test_nothing_to_do(buyer_s):
    assert "Nothing waits for you." in buyer_s.get(INBOX).text


def test_what_one_has_and_what_one_may_take(buyer_s, buyer, order, approve):
    free, mine = order(), order()
    mine.claim(buyer)

    assert shown(buyer_s.get(INBOX)) == [mine, free]


def test_late_first__then_what_is_mine__then_what_is_due_first(buyer_s, buyer, purchases):
    plain, soon, sooner, mine, late = purchases(5)
    make_due(soon, days=2)
    make_due(sooner, days=1)
    make_due(late, days=-1)
    mine.claim(buyer)

    response = buyer_s.get(INBOX)

    assert shown(response) == [late, mine, sooner, soon, plain]
    assert response.text.count("<strong>Late</strong>") == 1


def test_what_is_put_off_is_not_shown(buyer_s, order):
    task = order()
    Task.objects.filter(pk=task.pk).update(snoozed_until=timezone.now() + timedelta(days=1))

    assert shown(buyer_s.get(INBOX)) == []


class TestPutOff:
    @pytest.fixture
    def task(self, order, buyer):
        order()
        task = order()
        task.snooze(timedelta(days=1), by=buyer)
        return task

    def test_one_sees_what_is_put_off_alone__and_until_when(self, buyer_s, task):
        response = buyer_s.get(INBOX, {"whose": "snoozed"})

        assert shown(response) == [task]
        assert response.text.count("put off until ") == 1
        assert "Bring it back" in response.text

    def test_it_can_be_brought_back(self, buyer_s, task):
        path = f"{INBOX}?whose=snoozed"

        response = buyer_s.post(f"{INBOX}{task.pk}/bring-back/", {"next": path}, follow=True)

        assert (response.redirect_chain, shown(response)) == ([(path, 302)], [])
        assert messages(response) == ["“order” is back."]
        assert task in shown(buyer_s.get(INBOX))

    def test_what_is_put_off_of_others__is_not_shown(self, browser, manager, task):
        assert shown(browser(manager).get(INBOX, {"whose": "snoozed"})) == []

    def test_a_stranger__cannot_bring_it_back(self, browser, manager, task):
        response = browser(manager).post(f"{INBOX}{task.pk}/bring-back/", follow=True)

        task.refresh_from_db()
        assert messages(response) == ["You may not do this."]
        assert task.is_snoozed

    def test_form_and_instance_say_so(self, buyer_s, task):
        assert "put off until " in buyer_s.get(task.get_absolute_url()).text
        assert "put off until " in buyer_s.get(task.workflow.get_absolute_url()).text


class TestWithoutOwner:
    @pytest.fixture
    def lost(self, approve, manager):
        type(manager).objects.filter(pk=manager.pk).update(is_active=False)
        return approve

    @pytest.fixture
    def boss_s(self, browser, person):
        return browser(person("boss", "joeflow.reassign"))

    def test_whoever_may_hand_it_over__finds_it(self, boss_s, lost, order):
        order()

        response = boss_s.get(INBOX, {"whose": "unowned"})

        assert shown(response) == [lost]
        assert "without owner (for manager)" in response.text
        assert "Hand over" in response.text
        assert 'name="only"' not in response.text
        assert "Take what is selected" not in response.text

    def test_whoever_may_not__does_not(self, buyer_s, lost):
        response = buyer_s.get(INBOX, {"whose": "unowned"})

        assert shown(response) == []
        assert "without owner" not in response.text

    @pytest.mark.parametrize("page", ["form", "instance"])
    def test_pages_lead_to_where_it_is_handed_over(self, boss_s, buyer_s, manager, approve, page):
        url = (approve if page == "form" else approve.workflow).get_absolute_url()
        link = f'<a href="{INBOX}{approve.pk}/assign/">Hand over</a>'

        assert link in boss_s.get(url).text
        assert link not in buyer_s.get(url).text

    @pytest.mark.urls("tests.unit.pages.urls_without")
    def test_without_that_page__nothing_leads_there(self, boss_s, approve):
        assert "Hand over" not in boss_s.get(approve.get_absolute_url()).text


def test_it_links_to_form_and_instance(buyer_s, order):
    task = order()

    text = buyer_s.get(INBOX).text

    assert f'<a href="/purchase/order/{task.pk}/">order</a>' in text
    assert f'<a href="/purchase/{task._workflow_id}/">purchase {task._workflow_id}</a>' in text


@pytest.mark.urls("tests.unit.pages.urls_alone")
def test_links_that_lead_nowhere_are_left_out(buyer_s, order):
    task = order()

    text = buyer_s.get(INBOX).text

    assert f"purchase {task._workflow_id}" in text
    assert "/purchase/" not in text


def test_whose_it_is(browser, manager, approve, person):
    approve.assign([manager, person("partner")])

    assert "yours and that of partner" in browser(manager).get(INBOX).text


def test_paused__is_said(buyer_s, order):
    task = order()
    before = buyer_s.get(INBOX).text

    task.workflow.pause(reason="Strike")

    assert '<span class="flag paused">paused</span>' in buyer_s.get(INBOX).text
    assert '<span class="flag paused">paused</span>' not in before


class TestGivingBack:
    def test_what_was_given_to_one_person_alone__cannot_be_given_back(
        self, browser, manager, approve
    ):
        assert "Give back" not in browser(manager).get(INBOX).text

    def test_what_was_given_to_several__can(self, browser, manager, approve, person):
        approve.assign([manager, person("partner")])

        assert "Give back" in browser(manager).get(INBOX).text

    def test_what_one_took_of_that__can__also_where_something_else_happened(
        self, browser, manager, approve, person
    ):
        approve.assign([manager, person("partner")])
        approve.claim(manager)
        approve.snooze(timedelta(days=1), by=manager)
        approve.snooze(None, by=manager)

        assert "Give back" in browser(manager).get(INBOX).text

    def test_what_one_has_taken__can(self, buyer_s, buyer, order):
        order().claim(buyer)

        assert "Give back" in buyer_s.get(INBOX).text

    def test_the_number_of_statements_does_not_grow(self, browser, manager, approve, statements):
        manager_s = browser(manager)
        manager_s.get(INBOX)
        for _ in range(3):
            make_purchase("approve", manager=manager)

        with statements:
            manager_s.get(INBOX)

        # Besides those of the test below, one for what was taken.
        assert len(statements.data) == 9, statements.data


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("honey", True), ("oney", True), ("ORDER", True), ("purchase", True), ("cake", False),
        ("\x00", True), ("%", False), ("9" * 30, False),
    ],
)  # fmt: skip
def test_search(buyer_s, order, term, found):
    order()

    assert bool(shown(buyer_s.get(INBOX, {"q": term}))) is found


def test_search__by_the_number_of_the_instance(buyer_s, order):
    order()
    task = order()

    assert shown(buyer_s.get(INBOX, {"q": f"#{task._workflow_id}"})) == [task]


def test_search__says_where_nothing_fits(buyer_s, order):
    order()

    assert "Nothing that fits." in buyer_s.get(INBOX, {"q": "cake"}).text


@pytest.mark.parametrize("page", ["inbox", "done"])
@pytest.mark.parametrize(
    ("permissions", "found"), [([], 0), (["view_purchase"], 1), (["change_purchase"], 1)]
)
def test_search__not_in_what_one_never_sees(
    browser, person, order, monkeypatch, page, permissions, found
):
    monkeypatch.setattr(Purchase.get_node("order"), "fields", ["manager"])
    names = [f"testapp.{name}" for name in ["order_purchase", *permissions]]
    user = person("orderer", *names)
    task = order()
    if page == "done":
        task.finish(user)

    response = browser(user).get(f"/work/{page}/", {"q": "honey"})

    assert len(response.context["tasks"]) == found


@pytest.mark.parametrize(
    ("form", "found"),
    [
        ({"fields": ["item"]}, 1),
        ({"fields": "__all__"}, 1),
        ({"fields": None}, 0),
        ({"fields": ["manager"], "form_class": modelform_factory(Purchase, fields=["item"])}, 1),
        ({"form_class": modelform_factory(Purchase, fields=["manager"])}, 0),
        ({"form_class": modelform_factory(
            Purchase, fields=["item"], widgets={"item": PasswordInput}
        )}, 0),
    ],
)  # fmt: skip
def test_search__in_what_the_form_of_the_task_shows(buyer_s, order, monkeypatch, form, found):
    for name, value in form.items():
        monkeypatch.setattr(Purchase.get_node("order"), name, value)
    order()

    assert len(shown(buyer_s.get(INBOX, {"q": "honey"}))) == found


def test_search__in_fields_of_one_s_own_choice(buyer_s, order, monkeypatch):
    order()
    monkeypatch.setattr(InboxView, "get_search_fields", lambda view, workflow: [])

    assert shown(buyer_s.get(INBOX, {"q": "honey"})) == []


def test_filter_by_workflow(buyer_s, order):
    task = order()

    assert shown(buyer_s.get(INBOX, {"workflow": "testapp.purchase"})) == [task]
    assert shown(buyer_s.get(INBOX, {"workflow": "testapp.letter"})) == []


def test_filter_by_whose_it_is(buyer_s, buyer, purchases):
    mine, free = purchases(2)
    mine.claim(buyer)

    assert shown(buyer_s.get(INBOX, {"whose": "mine"})) == [mine]
    assert shown(buyer_s.get(INBOX, {"whose": "free"})) == [free]


def test_filter_by_lateness(buyer_s, purchases):
    late, _ = purchases(2)
    make_due(late, minutes=-1)

    assert shown(buyer_s.get(INBOX, {"late": "on"})) == [late]


def test_what_cannot_be_understood_filters_nothing__and_is_said(buyer_s, order):
    task = order()

    response = buyer_s.get(INBOX, {"workflow": "x", "whose": "y", "page": "z", "q": "a" * 999})

    assert shown(response) == [task]
    assert "Select a valid choice. x is not one of the available choices." in response.text


def test_leafing(buyer_s, purchases, monkeypatch):
    monkeypatch.setattr(InboxView, "paginate_by", 2)
    tasks = purchases(3)

    first, second = buyer_s.get(INBOX, {"q": "honey"}), buyer_s.get(INBOX, {"page": 2})

    assert (shown(first), shown(second)) == (tasks[:2], tasks[2:])
    assert 'href="?q=honey&amp;page=2"' in first.text
    assert "Next page" not in second.text
    assert 'rel="prev" href="?page=1"' in second.text


def test_leafing_too_far__shows_an_empty_page(buyer_s, order):
    order()

    response = buyer_s.get(INBOX, {"page": 7})

    assert (response.status_code, shown(response)) == (200, [])
    assert 'rel="prev"' in response.text


def test_tasks_that_are_gone_from_the_code(browser, manager, approve, purchase):
    gone = purchase.task_set.create(name="gone", type="human", workflow=purchase)
    gone.assignees.add(manager)
    content_type = ContentType.objects.create(app_label="testapp", model="gone")
    lost = purchase.task_set.create(name="lost", type="human", workflow=purchase)
    lost.assignees.add(manager)
    Task.objects.filter(pk=lost.pk).update(content_type=content_type)

    response = browser(manager).get(INBOX)

    assert shown(response) == [approve, gone]


def test_a_task_that_says_that_it_is_of_another_class(browser, manager, purchase):
    other = ContentType.objects.get_for_model(Letter)
    task = purchase.task_set.create(name="write", type="human", workflow=purchase)
    task.assignees.add(manager)
    Task.objects.filter(pk=task.pk).update(content_type=other)
    me = browser(manager)

    listed = shown(me.get(INBOX))
    task.finish(manager)

    assert task not in listed
    assert me.get("/work/done/").status_code == 200


def test_the_number_of_statements_does_not_grow(buyer_s, buyer, purchases, statements):
    purchases(1)[0].claim(buyer)
    buyer_s.get(INBOX)

    for task in purchases(10)[:5]:
        task.claim(buyer)
    with statements:
        buyer_s.get(INBOX)

    # Session, user, his permissions and those of his groups; tasks, instances, and two of people.
    assert len(statements.data) == 8, statements.data
