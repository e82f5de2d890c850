"""The form of a task asks whose it is, for pages and JSON alike."""

import pytest
from django.contrib.auth.mixins import AccessMixin, PermissionRequiredMixin
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory

from joeflow import tasks
from tests.testapp.models import Purchase

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}


@pytest.fixture
def browser(client):
    """Return a function that logs somebody in."""

    def log_in(user):
        client.force_login(user)
        return client

    return log_in


def answers(client, task):
    """Return what comes of looking, of sending JSON and of sending the form."""
    url = task.get_absolute_url()
    sent = [client.get(url), client.post(url, "{}", **JSON), client.post(url, {"item": "Cake"})]
    return [response.status_code for response in sent]


ALLOWED = [200, 200, 409]  # the JSON has completed it
REFUSED = [403, 403, 403]


def test_an_assignee__may_though_he_has_not_the_permission(approve, manager, browser):
    assert answers(browser(manager), approve) == ALLOWED


def test_somebody_else__may_not(approve, person, browser):
    stranger = person("stranger", "testapp.approve_purchase")

    assert answers(browser(stranger), approve) == REFUSED
    assert Purchase.objects.get().item == "Honey"


def test_somebody_else_who_could_have_done_it__is_told_whose_it_is(approve, person, browser):
    client = browser(person("stranger", "testapp.approve_purchase"))

    page = client.get(approve.get_absolute_url())
    answer = client.post(approve.get_absolute_url(), "{}", **JSON)

    assert "is for manager." in page.content.decode()
    assert answer.json() == {"detail": "This task is for manager."}


def test_who_could_never_do_it__is_not_told_whose_it_is(approve, person, browser):
    client = browser(person("stranger"))

    page = client.get(approve.get_absolute_url())
    answer = client.post(approve.get_absolute_url(), "{}", **JSON)

    assert "manager" not in page.content.decode()
    assert answer.json() == {"detail": "You may not do this."}


def test_whoever_may_reassign__may_do_what_is_somebody_s(approve, person, browser):
    assert answers(browser(person("boss", "joeflow.reassign")), approve) == ALLOWED


def test_whoever_may_reassign__needs_the_permission_for_what_is_nobody_s(order, person, browser):
    assert answers(browser(person("boss", "joeflow.reassign")), order()) == REFUSED


def test_without_assignees__whoever_has_the_permission(order, buyer, manager, browser):
    task = order()

    assert answers(browser(manager), task) == REFUSED
    assert answers(browser(buyer), task) == ALLOWED


def test_a_group__its_members(receive, buyer, person, browser):
    assert answers(browser(buyer), receive) == REFUSED
    assert answers(browser(person("piglet", groups=["Stores"])), receive) == ALLOWED


def test_neither__everybody(sign, client):
    assert answers(client, sign) == ALLOWED


def test_anonymous_people__are_sent_to_the_login(approve, order, receive, client):
    for task in (approve, order(), receive):
        url = task.get_absolute_url()
        page, form, json = client.get(url), client.post(url), client.post(url, "{}", **JSON)

        assert page.url == form.url == f"/admin/login/?next={url}"
        assert json.status_code == 401


def test_login_url__is_the_view_s(approve, client, monkeypatch):
    monkeypatch.setitem(Purchase.approve._instance_kwargs, "login_url", "/enter/")
    url = approve.get_absolute_url()
    view = Purchase.approve.get_url_pattern(Purchase).callback
    request = RequestFactory().get(url)
    request.user = AnonymousUser()

    assert view(request, pk=approve.pk).url == f"/enter/?next={url}"


def test_a_start__asks_for_its_permission(client, person):
    assert client.get("/purchase/start/").status_code == 302
    assert client.post("/purchase/start/", "{}", **JSON).status_code == 401
    client.force_login(person("piglet"))
    assert client.post("/purchase/start/", {"item": "Cake"}).status_code == 403
    assert not Purchase.objects.exists()

    client.force_login(person("winnie", "testapp.request_purchase"))
    response = client.post("/purchase/start/", {"item": "Cake"})

    assert response.status_code == 302
    assert Purchase.objects.get().item == "Cake"


def test_a_closed_task__tells_only_those_who_might_have_seen_it(approve, manager, person, browser):
    approve.cancel()
    url = f"/purchase/approve/{approve.pk}/"

    assert browser(manager).get(url).status_code == 410
    assert browser(person("stranger")).get(url).status_code == 403


def test_a_closed_task__tells_those_who_could_have_taken_it_who_was_faster(
    order, buyer, person, client
):
    colleague = person("colleague", "testapp.order_purchase")
    task = order()
    url = task.get_absolute_url()
    task.claim(buyer)
    task.finish(buyer)
    task.start_next_tasks()
    client.force_login(colleague)

    assert client.get(url).status_code == 410
    assert "buyer completed the task" in client.post(url, {"item": "Cake"}).content.decode()


def test_another_group_s_task__tells_nobody_else_who_has_it(receive, person, browser):
    receive.claim(person("piglet", groups=["Stores"]))

    page = browser(person("stranger")).get(receive.get_absolute_url())

    assert page.status_code == 403
    assert "piglet" not in page.content.decode()


class OwnAccess(AccessMixin, tasks.UpdateView):
    """As Django's documentation shows it."""

    fields = ("item",)

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_anonymous:
            return self.handle_no_permission()
        return super().dispatch(request, *args, **kwargs)


class OwnPermission(PermissionRequiredMixin, tasks.UpdateView):
    """Lets somebody in besides."""

    fields = ("item",)
    permission_required = "testapp.order_purchase"

    def has_permission(self):
        return super().has_permission() or self.request.user.username == "owner"


def ask(view, task, user):
    """Return the answer of a view of one's own that stands for a node."""
    request = RequestFactory().get("/")
    request.user = user
    return view.as_view(model=Purchase, name=task.name)(request, pk=task.pk)


def test_access_mixin_of_django__in_front(sign, person):
    assert ask(OwnAccess, sign, AnonymousUser()).status_code == 302
    assert ask(OwnAccess, sign, person("piglet")).status_code == 200


def test_permission_mixin_of_django__has_the_last_word_on_permissions(order, person):
    assert ask(OwnPermission, order(), person("owner")).status_code == 200
    with pytest.raises(PermissionDenied):
        ask(OwnPermission, order(), person("stranger"))


class MixinBehind(tasks.UpdateView, PermissionRequiredMixin):
    """The mixin is never asked there, as a check says."""

    fields = ("item",)
    permission_required = "testapp.order_purchase"


class OnlyTheMethod(tasks.UpdateView):
    """A method that nothing calls."""

    fields = ("item",)
    permission_required = "testapp.order_purchase"

    def has_permission(self):
        return True


@pytest.mark.parametrize("view", [MixinBehind, OnlyTheMethod])
def test_what_no_mixin_asks_in_time__joeflow_asks(view, order, buyer, person):
    assert ask(view, order(), buyer).status_code == 200
    with pytest.raises(PermissionDenied):
        ask(view, order(), person("stranger"))


def test_permission_mixin_of_django__cannot_give_away_what_is_somebody_s(order, buyer, person):
    task = order()
    task.claim(buyer)

    with pytest.raises(PermissionDenied):
        ask(OwnPermission, task, person("owner"))


def test_rules_of_one_s_own(approve, person, client, monkeypatch):
    monkeypatch.setattr(tasks.UpdateView, "has_access", lambda view: view.kwargs["pk"] > 0)
    client.force_login(person("stranger"))

    assert client.get(approve.get_absolute_url()).status_code == 200


def test_several_permissions__are_needed_all(order, person, browser, monkeypatch):
    both = ("testapp.order_purchase", "testapp.approve_purchase")
    task = order()
    monkeypatch.setitem(Purchase.order._instance_kwargs, "permission_required", both)
    monkeypatch.setattr(Purchase.order, "permission_required", both)

    assert not task.may_be_completed_by(person("one", both[0]))
    assert task.may_be_completed_by(person("two", *both))


def test_whose_a_task_is__takes_no_further_statement(sign, client, statements):
    client.get(sign.get_absolute_url())

    with statements:
        client.get(sign.get_absolute_url())

    assert len(statements.data) == 2, statements.data
