"""The start page: what there is to do, what is running, and what can be started."""

from collections import defaultdict

from django.conf import settings
from django.contrib.auth.views import LoginView
from django.urls import reverse
from django.views import generic

from joeflow.exceptions import MissingExtra
from joeflow.models import Task, get_workflows
from joeflow.tasks import HUMAN
from office.models import SentMail
from office.people import PASSWORD, PEOPLE

#: The start page looks no further back than this many open tasks.
MOST_TASKS = 100


class HomeView(generic.TemplateView):
    """Shows a person's tasks, what is going on, and all workflows."""

    template_name = "office/home.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            my_tasks=self.get_my_tasks(),
            running=get_running(),
            workflows=[describe(workflow) for workflow in get_workflows()],
            **kwargs,
        )

    def get_my_tasks(self):
        """Return what waits for this person, or for anybody who may do it."""
        tasks = Task.objects.inbox(self.request.user).order_by("created")
        return tasks.prefetch_related("workflow")[:MOST_TASKS]


def get_running():
    """Return what has not ended, the newest first, as pairs of the instance and its open tasks."""
    tasks_of = defaultdict(list)
    open_tasks = Task.objects.open().order_by("-_workflow_id", "created")
    for task in open_tasks.prefetch_related("workflow")[:MOST_TASKS]:
        tasks_of[task.workflow].append(task)
    return list(tasks_of.items())


def describe(workflow):
    """Return what the start page says of a workflow class."""
    return {
        "name": workflow._meta.verbose_name,
        "description": workflow.__doc__,
        "graph": draw(workflow),
        "starts": [
            reverse(f"{workflow.get_url_namespace()}:{name}")
            for name, node in workflow.get_nodes()
            if node.type == HUMAN and getattr(node, "is_start", False)
        ],
    }


def draw(workflow):
    """Return the graph of a workflow class, or nothing where there is no program to draw it."""
    try:
        return workflow.get_graph_svg()
    except MissingExtra:
        return ""


class EasyLoginView(LoginView):
    """Has a button for each of the sample people, as long as nobody else can reach the demo."""

    def get_context_data(self, **kwargs):
        people = [(username, role) for username, (_, _, role) in PEOPLE.items()]
        return super().get_context_data(
            people=people if settings.DEBUG else [], password=PASSWORD, **kwargs
        )


class MailView(generic.ListView):
    """Shows the last mails of the demo."""

    queryset = SentMail.objects.all()[:50]
    template_name = "office/mail.html"
