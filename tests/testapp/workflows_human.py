"""The smallest workflows that show what people do."""

from django import forms
from django.conf import settings
from django.contrib.auth.mixins import (
    LoginRequiredMixin,
    PermissionRequiredMixin,
    UserPassesTestMixin,
)
from django.db import models
from django.http import HttpResponse, HttpResponseRedirect
from django.views import View
from django.views.generic import FormView

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


class OwnersOnlyView(UserPassesTestMixin, OwnersUpdateView):
    def test_func(self):
        self.get_object()
        return self.get_task().assignees.filter(pk=self.request.user.pk).exists()


class ChoosingStart(tasks.StartView):
    def next_task(self):
        task = self.get_task()
        task.finish(self.request.user)
        task.start_next_tasks(next_nodes=[self.model.review])

    def form_valid(self, form):
        form.instance.owner = self.request.user
        super().form_valid(form)
        return HttpResponseRedirect("/thanks/")


class BareStart(StartViewMixin, View):
    def post(self, request):
        self.object = self.model.objects.create(text=request.POST["text"])
        self.next_task()
        return HttpResponse(self.object.pk)


class BareTask(TaskViewMixin, View):
    def post(self, request, pk, text):
        self.text = text
        workflow = self.get_object()
        workflow.text += f", {text}"
        workflow.save()
        self.next_task()
        return HttpResponse(text)

    def next_task(self):
        task = self.get_task()
        task.finish(self.request.user)
        task.start_next_tasks(next_nodes=[self.model.get_node(self.text)])


class ReplyForm(forms.Form):
    text = forms.CharField()


class ReplyView(TaskViewMixin, FormView):
    """A form that is none of the model."""

    form_class = ReplyForm

    def form_valid(self, form):
        workflow = self.get_object()
        workflow.text += f" {form.cleaned_data['text']}"
        workflow.save()
        return super().form_valid(form)


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
    reply = ReplyView()

    edges = [(start, approve), (approve, reply)]


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
    choose = ChoosingStart(fields=[])
    review = OwnersUpdateView(fields=[])
    sign = OwnersOnlyView(fields=[])

    edges = [(start, review), (choose, sign), (choose, review), (review, sign)]


class SheetState(Workflow):
    """Has a column of each kind."""

    text = models.TextField(blank=True)
    number = models.IntegerField(null=True, blank=True)
    price = models.DecimalField(null=True, blank=True, max_digits=8, decimal_places=2)
    ratio = models.FloatField(null=True, blank=True)
    moment = models.DateTimeField(null=True, blank=True)
    day = models.DateField(null=True, blank=True)
    sure = models.BooleanField(default=False)
    maybe = models.BooleanField(null=True, blank=True)
    kind = models.CharField(max_length=1, choices=[("a", "A"), ("b", "B")], blank=True)
    extra = models.JSONField(null=True, blank=True)
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True)
    file = models.FileField(blank=True)


class SheetForm(forms.ModelForm):
    """Has a field of each kind that is sent in a way of its own."""

    span = forms.SplitDateTimeField(required=False)
    day = forms.DateField(required=False, widget=forms.SelectDateWidget)

    class Meta:
        model = SheetState
        fields = (
            "text",
            "number",
            "price",
            "ratio",
            "moment",
            "day",
            "sure",
            "maybe",
            "kind",
            "extra",
            "people",
            "file",
        )

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("text") == "span":
            cleaned["text"] = str(cleaned["span"])
        return cleaned


class Sheet(SheetState):
    """Is filled in by a person."""

    start = tasks.Start()
    fill = tasks.UpdateView(form_class=SheetForm)

    edges = [(start, fill)]

    class Meta:
        proxy = True
