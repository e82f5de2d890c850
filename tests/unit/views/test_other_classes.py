"""Classes that share rows: a proxy and its parent have the same ones, and different tasks."""

import pytest
from django.contrib.admin import AdminSite
from django.contrib.admin.utils import flatten_fieldsets
from django.http import Http404
from django.test import RequestFactory

from joeflow import engine
from joeflow.admin import WorkflowAdmin
from joeflow.exceptions import JoeflowError
from joeflow.models import Task
from joeflow.views import OverrideView, WorkflowDetailView
from tests.testapp.models import Contract, ContractProxy

pytestmark = pytest.mark.django_db

PAIRS = [(Contract, ContractProxy), (ContractProxy, Contract)]


@pytest.fixture
def ask(admin_user):
    """Return a function that asks a view of a class for an instance."""

    def ask(view, model, method, pk, **data):
        request = getattr(RequestFactory(), method)("/", data)
        request.user = admin_user
        return view.as_view(model=model)(request, pk=pk)

    return ask


@pytest.mark.parametrize(("own", "other"), PAIRS)
@pytest.mark.parametrize(
    ("view", "method"),
    [(WorkflowDetailView, "get"), (OverrideView, "get"), (OverrideView, "post")],
)
def test_page_of_the_other_class__is_not_found(ask, own, other, view, method):
    instance = own.start()

    with pytest.raises(Http404):
        ask(view, other, method, instance.pk, log="Changed", next_tasks=["sign"])

    instance.refresh_from_db()
    assert instance.log == ""
    assert list(instance.task_set.open().values_list("name", flat=True)) == ["prepare"]


@pytest.mark.parametrize(("own", "other"), PAIRS)
def test_override_by_code_as_the_other_class__is_refused(own, other):
    instance = other.objects.get(pk=own.start().pk)

    with pytest.raises(
        JoeflowError, match=f"Instance {instance.pk} is none of {other._meta.label},"
    ):
        engine.override(instance, [other.sign])

    assert [task.name for task in Task.objects.open()] == ["prepare"]


@pytest.mark.parametrize("model", [Contract, ContractProxy])
def test_admin__shows_the_instances_of_this_class_alone(admin_user, model):
    for each in (Contract, ContractProxy):
        each.start(log=each.__name__)
    Contract.objects.create(log="no task so far")
    request = RequestFactory().get("/")

    rows = WorkflowAdmin(model, AdminSite()).get_queryset(request)

    assert set(rows.values_list("log", flat=True)) == {model.__name__, "no task so far"}


@pytest.mark.parametrize("model", [Contract, ContractProxy])
def test_admin__offers_to_step_in_where_the_instance_is_of_this_class_alone(admin_user, model):
    instance = model.objects.get(pk=Contract.start().pk)
    request = RequestFactory().get("/")
    request.user = admin_user

    fieldsets = WorkflowAdmin(model, AdminSite()).get_fieldsets(request, instance)

    assert ("next_tasks" in flatten_fieldsets(fieldsets)) == (model is Contract)


@pytest.mark.parametrize("model", [Contract, ContractProxy])
def test_instance_without_tasks__can_be_overridden_as_one_of_each_class(model):
    instance = model.objects.get(pk=Contract.objects.create().pk)

    engine.override(instance, [model.sign])

    assert [task.name for task in instance.task_set.open()] == ["sign"]
