"""What a project has besides joeflow's own pages: an inbox, and buttons that start and wake."""

import json
import random
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.http import JsonResponse
from django.utils import timezone
from django.utils.module_loading import import_string

from joeflow.models import Task
from tests.acceptance.storm.weather.models import KINDS

#: As many of each as people look at.
PAGE = 60
#: So long after it is due somebody does a task at the earliest.
DAWDLING = timedelta(seconds=4)


def PersonMiddleware(get_response):  # noqa: N802 - Django calls it like a class
    """Believe whoever says a name; the storm is not about logging in."""
    users = get_user_model().objects

    def middleware(request):
        request._dont_enforce_csrf_checks = True
        name = request.headers.get("X-Person")
        if name:
            request.user = request._cached_user = users.get(username=name)
        return get_response(request)

    return middleware


def state(request):
    """Say what there is to do, and whether machines are at work."""
    tasks = Task.objects.order_by("pk")
    machine = tasks.scheduled_machine()
    # Nobody is in a hurry where it matters that somebody is late.
    dawdled = Q(due__gt=timezone.now() - DAWDLING)
    human = tasks.open().filter(type="human").exclude(dawdled, due__isnull=False)[:PAGE]
    failed = tasks.failed().filter(exception__contains="Planned: once")[:PAGE]
    open_tasks = tasks.open().select_related("content_type").order_by("-pk")[:PAGE]
    return JsonResponse(
        {
            "human": [[task.pk, task.get_absolute_url()] for task in human],
            "failed": [task.pk for task in failed],
            "open": sorted({(task.content_type.model, task._workflow_id) for task in open_tasks}),
            "cancelable": [task.pk for task in open_tasks],
            "moving": machine.filter(eta__isnull=False).count(),
            "people": tasks.open().filter(type="human").count(),
            "undecided": machine.filter(eta__isnull=True).count(),
        }
    )


def start(request, kind):
    """Start an instance by code, as a project would after an event."""
    workflow = KINDS[kind].start(**json.loads(request.body))
    return JsonResponse({"id": workflow.pk}, status=201)


def again(request):
    """Send messages a second time, of tasks that are open and closed, in any order."""
    rng = random.Random(json.loads(request.body)["seed"])
    tasks = Task.objects.filter(type="machine").exclude(name="start").order_by("-modified")
    keys = list(tasks.values_list("pk", "_workflow_id")[:PAGE])
    chosen = rng.choices(keys, k=10) if keys else []
    runner = import_string(settings.JOEFLOW_TASK_RUNNER)
    for task_pk, workflow_pk in chosen:
        runner(task_pk=task_pk, workflow_pk=workflow_pk, countdown=None, eta=None)
    return JsonResponse({"sent": len(chosen)})


def wake(request, kind, pk):
    """Let what an instance waits for happen."""
    KINDS[kind].objects.filter(pk=pk).update(ready=True)
    return JsonResponse({"woken": KINDS[kind].objects.get(pk=pk).wake()})
