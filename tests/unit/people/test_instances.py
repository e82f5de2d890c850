"""Permissions for single instances, with django-guardian and with backends of one's own."""

import pytest
from django.contrib.auth.models import Group

from joeflow.models import Task, Workflow
from tests.rules import extra
from tests.testapp.models import Purchase

guardian = extra("guardian", "guardian.shortcuts")

pytestmark = pytest.mark.django_db
MODEL = "django.contrib.auth.backends.ModelBackend"
ORDER = "testapp.order_purchase"


@pytest.fixture
def with_guardian(settings):
    settings.AUTHENTICATION_BACKENDS = [MODEL, "guardian.backends.ObjectPermissionBackend"]


@pytest.fixture
def tasks(order):
    """Two tasks, of two instances."""
    return [order(), order()]


@pytest.fixture
def clerk(person):
    return person("clerk", groups=["Clerks"])


@pytest.mark.usefixtures("with_guardian")
class TestGuardian:
    def test_a_permission_for_one_instance__is_for_its_task(self, tasks, clerk, client):
        guardian.assign_perm(ORDER, clerk, tasks[0].workflow)
        client.force_login(clerk)

        assert list(Task.objects.inbox(clerk)) == [tasks[0]]
        assert client.get(tasks[0].get_absolute_url()).status_code == 200
        assert client.get(tasks[1].get_absolute_url()).status_code == 403

    def test_a_permission_of_a_group(self, tasks, clerk):
        guardian.assign_perm(ORDER, Group.objects.get(name="Clerks"), tasks[1].workflow)

        assert list(Task.objects.inbox(clerk)) == [tasks[1]]
        assert tasks[1].may_be_completed_by(clerk)

    def test_one_of_two_permissions__for_the_instance__the_other_for_all(
        self, tasks, person, monkeypatch
    ):
        monkeypatch.setattr(
            Purchase.order, "permission_required", (ORDER, "testapp.approve_purchase")
        )
        clerk = person("clerk", "testapp.approve_purchase")
        guardian.assign_perm(ORDER, clerk, tasks[0].workflow)

        assert list(Task.objects.inbox(clerk)) == [tasks[0]]

    def test_both_for_different_instances__is_none(self, tasks, clerk, monkeypatch):
        both = (ORDER, "testapp.approve_purchase")
        monkeypatch.setattr(Purchase.order, "permission_required", both)
        for permission, task in zip(both, tasks, strict=True):
            guardian.assign_perm(permission, clerk, task.workflow)

        assert not Task.objects.inbox(clerk).exists()

    def test_the_permission_of_another_app__cannot_be_had_for_an_instance(
        self, tasks, clerk, monkeypatch, client
    ):
        monkeypatch.setattr(Purchase.order, "permission_required", "auth.change_group")
        client.force_login(clerk)

        assert not Task.objects.inbox(clerk).exists()
        assert not tasks[0].may_be_completed_by(clerk)

    def test_an_inbox_is_one_statement_more__whatever_is_permitted(self, tasks, clerk, statements):
        guardian.assign_perm(ORDER, clerk, tasks[0].workflow)
        list(Task.objects.inbox(clerk))

        with statements:
            list(Task.objects.inbox(clerk))

        assert len(statements.data) == 1, statements.data


def test_guardian_that_django_does_not_ask__is_not_asked_by_the_inbox(tasks, clerk):
    guardian.assign_perm(ORDER, clerk, tasks[0].workflow)

    assert not Task.objects.inbox(clerk).exists()
    assert not tasks[0].may_be_completed_by(clerk)


class Backend:
    """Lets a clerk order what is called Honey."""

    def authenticate(self, request):
        return None

    def has_perm(self, user, permission, instance=None):
        return permission == ORDER and instance is not None and instance.item == "Honey"


def honey(user, permission, model):
    return model.objects.filter(item="Honey") if permission == ORDER else None


def test_a_backend_of_one_s_own__is_asked_by_the_form_and_told_to_the_inbox(tasks, clerk, settings):
    settings.AUTHENTICATION_BACKENDS = [MODEL, f"{__name__}.Backend"]
    settings.JOEFLOW_INSTANCES_WITH_PERMISSION = f"{__name__}.honey"
    Purchase.objects.filter(pk=tasks[1]._workflow_id).update(item="Cake")

    assert list(Task.objects.inbox(clerk)) == [tasks[0]]
    assert [task.may_be_completed_by(clerk) for task in tasks] == [True, False]


def test_no_hook__no_instance(tasks, clerk, settings):
    settings.JOEFLOW_INSTANCES_WITH_PERMISSION = None

    assert not Task.objects.inbox(clerk).exists()
    assert Workflow.objects.count() == 2
