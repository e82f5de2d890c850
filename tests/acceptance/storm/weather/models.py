"""A mix of workflows; each effect of a task is a row without a unique key, and a note outside."""

import os
import random
import signal
import time
from datetime import timedelta

from django.db import models

from joeflow import tasks
from joeflow.models import Workflow
from joeflow.views import OverrideView
from tests.acceptance.storm import notes

#: One of so many runs takes long, so that there is always one to be killed in the middle.
LONG_RUN = 8
#: With what runs do at random in this storm.
SEED = os.environ.get("STORM_SEED", "")


class Planned(Exception):
    """A failure that belongs to the workflow."""


class Effect(models.Model):
    """What a task has done; no key keeps it from being done twice.

    ``following`` names the tasks that must come next; it is empty where the task said "not yet",
    and then ``number`` counts how often it was asked.
    """

    workflow = models.BigIntegerField()
    task = models.BigIntegerField()
    name = models.CharField(max_length=100)
    token = models.CharField(max_length=40)
    following = models.JSONField(null=True)
    number = models.IntegerField(default=0)
    text = models.TextField(blank=True)


class Change(models.Model):
    """What a trigger of the database has seen happen to a task."""

    task = models.BigIntegerField()
    status_before = models.CharField(max_length=50)
    status_after = models.CharField(max_length=50)
    was_closed = models.BooleanField()


class ModestOverrideView(OverrideView):
    """Leaves the counters alone, which somebody who has the form open would set back."""

    fields = ["text"]


class Stormy(Workflow):
    """What all have: a number that each effect raises by one, read and written back."""

    value = models.IntegerField(default=0)
    asked = models.IntegerField(default=0)
    rounds = models.IntegerField(default=0)
    ready = models.BooleanField(default=False)
    left = models.BooleanField(default=False)
    text = models.TextField(blank=True)

    override_view = ModestOverrideView

    class Meta:
        abstract = True

    def act(self, task, following, number=0, fail=None):
        """Have an effect, take some time, and return what follows."""
        with notes.run_of(self.pk, task.pk, task.name) as token:
            self.record(task, following, token=token, number=number)
            self.save(update_fields=["value"])
            time.sleep(_duration(luck_of(task)))
            if fail is not None:
                raise fail
        return following is not None and [getattr(self, name) for name in following]

    def record(self, task, following, **values):
        self.value += 1
        row = Effect(workflow=self.pk, task=task.pk, name=task.name, following=following, **values)
        row.save(using=task._state.db)


def luck_of(task):
    """Return what a run does at random: it follows from the seed, the task and earlier runs."""
    return random.Random(f"{SEED} {task.pk} {notes.count_earlier_runs(task.pk)}")


def _duration(luck):
    long = luck.randrange(LONG_RUN) == 0
    return luck.uniform(0.2, 0.8) if long else luck.uniform(0.005, 0.03)


def step(name, *following):
    """Return a node that goes on with these."""

    def run(self, task):
        return self.act(task, list(following))

    run.__name__ = name
    return run


class PersonalView(tasks.UpdateView):
    """A form whose effect is recorded like that of a node."""

    following = "meet"

    def form_valid(self, form):
        task, text = self.get_task(), form.cleaned_data["text"]
        with notes.run_of(form.instance.pk, task.pk, task.name) as token:
            form.instance.record(task, [self.following], token=token, text=text)
        return super().form_valid(form)


class Gate(Stormy):
    """An exclusive gateway before a join, which must not wait for the way not taken."""

    start = tasks.Start()

    def choose(self, task):
        return self.act(task, ["port" if self.left else "starboard"])

    port = step("port", "meet")
    starboard = step("starboard", "meet")
    meet = tasks.Join()
    end = step("end")

    edges = [
        (start, choose),
        (choose, port),
        (choose, starboard),
        (port, meet),
        (starboard, meet),
        (meet, end),
    ]


class Ten(Stormy):
    """A split and a join of ten."""

    start = tasks.Start()
    split = step("split", *[f"part_{number}" for number in range(10)])
    part_0, part_1, part_2, part_3, part_4 = (step(f"part_{n}", "meet") for n in range(5))
    part_5, part_6, part_7, part_8, part_9 = (step(f"part_{n}", "meet") for n in range(5, 10))
    meet = tasks.Join(*[f"part_{number}" for number in range(10)])
    end = step("end")

    parts = (
        *(part_0, part_1, part_2, part_3, part_4),
        *(part_5, part_6, part_7, part_8, part_9),
    )
    # A comprehension does not see what a class body has named, but for what it goes through.
    edges = [
        (start, split),
        *zip([split] * 10, parts, strict=True),
        *zip(parts, [meet] * 10, strict=True),
        (meet, end),
    ]


class Loop(Stormy):
    """Goes round three times, through a small split and join."""

    start = tasks.Start()
    split = step("split", "one", "two")
    one = step("one", "meet")
    two = step("two", "meet")
    meet = tasks.Join()

    def again(self, task):
        self.rounds += 1
        self.save(update_fields=["rounds"])
        return self.act(task, ["split"] if self.rounds < 3 else ["end"])

    end = step("end")

    edges = [
        (start, split),
        (split, one),
        (split, two),
        (one, meet),
        (two, meet),
        (meet, again),
        (again, split),
        (again, end),
    ]


class Pause(Stormy):
    """Waits for some time, then until something is so."""

    start = tasks.Start()
    before = step("before", "wait")
    wait = tasks.Wait(timedelta(seconds=1.5))

    def is_ready(self, task):
        if self.ready or self.asked >= 4:
            return self.act(task, ["end"])
        self.asked += 1
        self.save(update_fields=["asked"])
        return self.act(task, None, number=self.asked)

    end = step("end")

    edges = [(start, before), (before, wait), (wait, is_ready), (is_ready, end)]


class Trouble(Stormy):
    """Fails beside a branch that does not; mostly once, and sometimes whenever it is run."""

    start = tasks.Start()
    split = step("split", "calm", "shaky")
    calm = step("calm", "meet")

    def shaky(self, task):
        if self.left:
            return self.act(task, ["meet"], fail=Planned("Planned: always"))
        if luck_of(task).random() < 0.7:
            return self.act(task, ["meet"], fail=Planned("Planned: once"))
        return self.act(task, ["meet"])

    meet = tasks.Join()
    end = step("end")

    edges = [
        (start, split),
        (split, calm),
        (split, shaky),
        (calm, meet),
        (shaky, meet),
        (meet, end),
    ]


class Paper(Stormy):
    """People and machines by turns; two people sign at once."""

    start = tasks.StartView(fields=["text"])
    check_it = step("check_it", "sign", "countersign")
    sign = PersonalView(fields=["text"])
    countersign = PersonalView(fields=["text"])
    meet = tasks.Join()
    archive = step("archive")

    edges = [
        (start, check_it),
        (check_it, sign),
        (check_it, countersign),
        (sign, meet),
        (countersign, meet),
        (meet, archive),
    ]


class Late(Stormy):
    """Somebody signs, mostly too late: then the way goes elsewhere, or the task stays open."""

    start = tasks.Start()
    sign = PersonalView(
        fields=["text"], following="end", due=timedelta(seconds=0.5), overdue="escalate"
    )

    def escalate(self, task):
        # What is left to the person is an effect that nothing follows.
        return self.act(task, ["end"] if self.left else []) or None

    end = step("end")

    edges = [(start, sign), (sign, end), (escalate, end)]


class Deadly(Stormy):
    """Has a node that never comes back: it kills its process each time."""

    start = tasks.Start()

    def kill(self, task):
        with notes.run_of(self.pk, task.pk, task.name):
            os.kill(os.getpid(), signal.SIGKILL)

    end = step("end")

    edges = [(start, kill), (kill, end)]


class Slow(Stormy):
    """Has a node that runs for much longer than the grace period."""

    start = tasks.Start()

    def creep(self, task):
        with notes.run_of(self.pk, task.pk, task.name) as token:
            self.record(task, ["end"], token=token)
            self.save(update_fields=["value"])
            time.sleep(6)

    end = step("end")

    edges = [(start, creep), (creep, end)]


KINDS = {
    kind._meta.model_name: kind
    for kind in (Gate, Ten, Loop, Pause, Trouble, Paper, Late, Deadly, Slow)
}
