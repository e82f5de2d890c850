"""The smallest workflows that show what people do."""

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin
from django.db import models
from django.http import HttpResponse
from django.views import View

from joeflow import tasks
from joeflow.models import Workflow
from joeflow.views import StartViewMixin, TaskViewMixin


class LoginStartView(LoginRequiredMixin, tasks.StartView):
    pass


class PermittedUpdateView(PermissionRequiredMixin, tasks.UpdateView):
    permission_required = "joeflow.cancel_task"


class OwnersUpdateView(tasks.UpdateView):
    def create_task(self, workflow, prev_task):
        task = super().create_task(workflow, prev_task)
        task.assignees.add(workflow.owner)
        return task


class BareStart(StartViewMixin, View):
    def post(self, request):
        self.object = self.model.objects.create(text=request.POST["text"])
        self.next_task()
        return HttpResponse(self.object.pk)


class BareTask(TaskViewMixin, View):
    def post(self, request, pk, text):
        self.text = text
        self.next_task()
        return HttpResponse(text)

    def next_task(self):
        task = self.get_task()
        task.finish(self.request.user)
        task.start_next_tasks(next_nodes=[self.model.get_node(self.text)])


class Greeting(Workflow):
    """The state of a welcome."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, blank=True, null=True
    )
    note = models.TextField(blank=True)
    seen = models.BooleanField(default=False)
    count = models.IntegerField(default=0)


class GreetingWorkflow(Greeting):
    """A person starts, a machine counts, a person checks."""

    start = tasks.StartView(fields=["user", "note"])

    def add_one(self):
        self.count += 1
        self.save(update_fields=["count"])

    check_note = tasks.UpdateView(fields=["note", "seen"])

    def end(self):
        pass

    edges = [(start, add_one), (add_one, check_note), (check_note, end)]

    class Meta:
        proxy = True


class Guarded(Workflow):
    """Asks for a login, and for a permission."""

    text = models.CharField(max_length=100, blank=True)

    start = LoginStartView(fields=["text"])
    approve = PermittedUpdateView(fields=["text"])

    edges = [(start, approve)]


class Bare(Workflow):
    """Views without forms, which do everything themselves."""

    text = models.CharField(max_length=100, blank=True)

    detail_view = None
    override_view = None

    start = BareStart()
    answer = BareTask(path="<str:text>/")

    def left(self):
        pass

    def right(self):
        pass

    edges = [(start, answer), (answer, left), (answer, right)]


class Assigned(Workflow):
    """Gives a task to somebody when it is created."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)

    start = tasks.Start()
    review = OwnersUpdateView(fields=[])

    edges = [(start, review)]
