"""People, and a purchase that they work on."""

import pytest
from django.contrib.auth.models import Group, Permission

from joeflow import engine
from tests import runners
from tests.statements import statements
from tests.testapp.models import Purchase

__all__ = ("statements",)


@pytest.fixture(autouse=True)
def runner(settings):
    """Give what is handed out to a runner that only remembers."""
    settings.JOEFLOW_TASK_RUNNER = "tests.runners.record"
    runners.calls.clear()


@pytest.fixture
def person(db, django_user_model):
    """Return a function that makes somebody with these permissions, in these groups."""

    def make(name, *permissions, groups=()):
        user = django_user_model.objects.create_user(name)
        for permission in permissions:
            app_label, _, codename = permission.partition(".")
            row = Permission.objects.get(content_type__app_label=app_label, codename=codename)
            user.user_permissions.add(row)
        for group in groups:
            user.groups.add(Group.objects.get_or_create(name=group)[0])
        return django_user_model.objects.get(pk=user.pk)  # without what it knows of permissions

    return make


@pytest.fixture
def manager(person):
    return person("manager")


@pytest.fixture
def buyer(person):
    return person("buyer", "testapp.order_purchase")


@pytest.fixture
def clerk(person):
    return with_address(person("clerk"))


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Return a function that does something, and what follows its commit."""

    def act(function, *args, **kwargs):
        with django_capture_on_commit_callbacks(execute=True):
            return function(*args, **kwargs)

    return act


@pytest.fixture
def purchase(manager):
    """A purchase that its manager shall approve."""
    return make_purchase("approve", manager=manager)


@pytest.fixture
def approve(purchase):
    """A task that was given to the manager."""
    return purchase.task_set.get(name="approve")


@pytest.fixture
def order():
    """Return a function that makes a task which a permission is needed for."""
    return lambda: make_purchase("order").task_set.get(name="order")


@pytest.fixture
def receive(db):
    """A task that was given to a group."""
    Group.objects.get_or_create(name="Stores")
    return make_purchase("receive").task_set.get(name="receive")


@pytest.fixture
def sign(db):
    """A task that was given to nobody, and needs no permission."""
    return make_purchase("sign").task_set.get(name="sign")


def make_purchase(name, **values):
    """Return a purchase that stands at one of its tasks."""
    purchase = Purchase.objects.create(item="Honey", **values)
    engine.complete_start(purchase, "start")
    if name != "approve":
        engine.override(purchase, [Purchase.get_node(name)])
    return purchase


def with_address(user):
    user.email = f"{user.username}@example.com"
    user.save()
    return user
