"""Views as nodes: what checks say, where templates are looked up, and URLs."""

import pytest
from django import forms
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core import checks
from django.core.checks import Error
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse
from django.views.generic import UpdateView

from joeflow import tasks
from joeflow.models import Task
from joeflow.typing import HUMAN
from joeflow.views import OverrideView, TaskViewMixin, WorkflowDetailView
from tests.testapp.models import Bare, Guarded


class NoteForm(forms.Form):
    note = forms.CharField()


class OwnFormView(tasks.UpdateView):
    def get_form_class(self):
        return NoteForm


class AskedFirstView(LoginRequiredMixin, tasks.UpdateView):
    fields = ["text"]


class AskedBehindView(TaskViewMixin, LoginRequiredMixin, UpdateView):
    fields = ["text"]


class NeverAskedView(tasks.UpdateView, LoginRequiredMixin):
    fields = ["text"]


class OwnUrlView(tasks.UpdateView):
    def get_success_url(self):
        return "/thanks/"


def check(node, model=Guarded):
    node.name, node.workflow_cls = "ship", model
    return node.check()


@pytest.mark.parametrize(
    "node",
    [
        tasks.StartView(fields=["text"]),
        tasks.UpdateView(fields=[]),
        tasks.UpdateView(fields="__all__"),
        tasks.UpdateView(form_class=NoteForm),
        OwnFormView(),
        AskedFirstView(),
    ],
)
def test_check__right__says_nothing(node):
    assert check(node) == []


@pytest.mark.parametrize("view", [AskedBehindView, NeverAskedView])
def test_check__login_behind_the_view(view):
    assert check(view()) == [
        checks.Warning(
            "testapp.Guarded.ship has LoginRequiredMixin behind joeflow's view, where it is asked "
            "too late or never.",
            hint=f"Name LoginRequiredMixin first among the bases of {view.__name__}.",
            obj=Guarded,
            id="joeflow.W025",
        )
    ]


@pytest.mark.parametrize(
    ("options", "problem", "hint", "check_id"),
    [
        (
            {},
            "has neither fields nor a form_class.",
            "Name the fields of the form; fields=[] for a form without any.",
            "joeflow.E020",
        ),
        (
            {"fields": "text"},
            "has the fields 'text', which is no list.",
            "Write fields=['text'], or fields='__all__' for all of them.",
            "joeflow.E022",
        ),
        (
            {"fields": ["text", "colour", "created"]},
            "has 'colour' among its fields, which no form can change.",
            "The fields that a form can change are: text.",
            "joeflow.E022",
        ),
        (
            {"fields": ["text"], "form_class": NoteForm},
            "has both fields and a form_class.",
            "Name the fields in the form's Meta, and leave them out here.",
            "joeflow.E023",
        ),
    ],
)
def test_check__form(options, problem, hint, check_id):
    messages = check(tasks.UpdateView(**options))

    assert messages[0] == Error(
        f"testapp.Guarded.ship {problem}", hint=hint, obj=Guarded, id=check_id
    )


def test_check__no_url_to_go_to():
    messages = check(tasks.UpdateView(fields=[]), Bare)

    assert messages == [
        Error(
            "testapp.Bare.ship has no success_url, and its workflow has no detail view to go to.",
            hint="Set success_url, or leave detail_view as it is.",
            obj=Bare,
            id="joeflow.E021",
        )
    ]


@pytest.mark.parametrize(
    "node", [tasks.UpdateView(fields=[], success_url="/thanks/"), OwnUrlView(fields=[])]
)
def test_check__url_of_its_own(node):
    assert check(node, Bare) == []


def names(view_class, **options):
    view = view_class(**options)
    view.setup(RequestFactory().get("/"))
    return view.get_template_names()


@pytest.mark.parametrize("view_class", [tasks.StartView, tasks.UpdateView])
def test_templates__of_a_task(view_class):
    assert names(view_class, model=Guarded, name="ship") == [
        "testapp/guarded_ship.html",
        "testapp/guarded_form.html",
        "testapp/workflow_form.html",
        "joeflow/workflow_form.html",
    ]


def test_templates__of_the_detail_view():
    assert names(WorkflowDetailView, model=Guarded) == [
        "testapp/guarded_detail.html",
        "testapp/workflow_detail.html",
        "joeflow/workflow_detail.html",
    ]


def test_templates__of_the_override_view():
    assert names(OverrideView, model=Guarded) == [
        "testapp/guarded_override.html",
        "testapp/workflow_override.html",
        "testapp/guarded_form.html",
        "testapp/workflow_form.html",
        "joeflow/workflow_override.html",
    ]


@pytest.mark.parametrize("view_class", [tasks.UpdateView, WorkflowDetailView, OverrideView])
def test_templates__explicit_one_comes_first(view_class):
    found = names(view_class, model=Guarded, name="ship", template_name="mine.html")

    assert found[0] == "mine.html"
    assert len(found) > 3


def test_urls():
    assert reverse("guarded:start") == "/guarded/start/"
    assert reverse("guarded:approve", args=[7]) == "/guarded/approve/7/"
    assert reverse("guarded:approve", kwargs={"pk": 7}) == "/guarded/approve/7/"
    assert reverse("guarded:detail", args=[7]) == "/guarded/7/"
    assert reverse("guarded:override", args=[7]) == "/guarded/7/override"


def test_urls__path_is_added_behind_the_task():
    assert reverse("bare:answer", args=[7, "left"]) == "/bare/answer/7/left/"


@pytest.mark.parametrize("page", ["detail", "override"])
def test_urls__pages_that_are_switched_off_are_not_there(page):
    with pytest.raises(NoReverseMatch):
        reverse(f"bare:{page}", args=[7])


def test_nodes__know_their_name_type_and_class():
    node = Guarded.get_node("approve")

    assert (node.name, node.type, node.workflow_cls) == ("approve", HUMAN, Guarded)
    assert (node.is_start, Guarded.get_node("start").is_start) == (False, True)


@pytest.mark.django_db
def test_create_task__is_saved():
    workflow = Guarded.objects.create()

    task = Guarded.get_node("approve").create_task(workflow, None)

    assert (task.name, task.type, task.status) == ("approve", HUMAN, Task.SCHEDULED)
    assert workflow.task_set.get() == task


def test_start__get_task__before_there_is_an_instance():
    task = tasks.StartView(name="begin").get_task()

    assert (task.name, task.type, task.pk) == ("begin", HUMAN, None)
