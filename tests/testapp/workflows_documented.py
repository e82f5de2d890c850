"""The workflows that the documentation shows, in their smallest form, and some that kill."""

import os
import signal
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.mail import send_mail
from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class Shipping(Workflow):
    """Ships, and tells the tracking code to whoever gave an address."""

    email = models.EmailField(blank=True)
    shipping_address = models.TextField()
    tracking_code = models.TextField(blank=True)

    checkout = tasks.StartView(fields=["shipping_address", "email"])
    ship = tasks.UpdateView(fields=["tracking_code"])

    def has_email(self, task):
        return [self.send_tracking_code] if self.email else [self.end]

    def send_tracking_code(self):
        send_mail("Your tracking code", self.tracking_code, None, [self.email])

    def end(self):
        pass

    edges = [
        (checkout, ship),
        (ship, has_email),
        (has_email, send_tracking_code),
        (has_email, end),
        (send_tracking_code, end),
    ]


class Welcome(Workflow):
    """Greets a new user."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, blank=True, null=True
    )

    start = tasks.StartView(fields=["user"])

    def has_user(self):
        return [self.send_welcome_email] if self.user else [self.end]

    def send_welcome_email(self):
        self.user.email_user("Welcome", f"Hello {self.user.get_short_name()}!")

    def end(self):
        pass

    edges = [
        (start, has_user),
        (has_user, end),
        (has_user, send_welcome_email),
        (send_welcome_email, end),
    ]


class Exclusive(Workflow):
    """Goes one of two ways."""

    is_workday = models.BooleanField(default=True)

    start = tasks.Start()

    def choose(self):
        return [self.work if self.is_workday else self.chill]

    def work(self):
        pass

    def chill(self):
        pass

    edges = ((start, choose), (choose, work), (choose, chill))


class Patient(Workflow):
    """Waits a moment, then until somebody sets a field."""

    is_weekend = models.BooleanField(default=False)

    start = tasks.Start()
    wait = tasks.Wait(timedelta(seconds=1))

    def wait_for_weekend(self):
        return self.is_weekend

    def go_home(self):
        pass

    edges = ((start, wait), (wait, wait_for_weekend), (wait_for_weekend, go_home))


class Deadly(Workflow):
    """Kills its process, or all of the worker, so many times; notes each start in a file."""

    path = models.TextField()
    kills = models.PositiveIntegerField()

    start = tasks.Start()

    def kill(self):
        note = Path(self.path)
        with note.open("a") as file:
            file.write("started\n")
        if len(note.read_text().splitlines()) <= self.kills:
            if note.suffix == ".all":
                os.killpg(0, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)

    def end(self):
        pass

    edges = ((start, kill), (kill, end))


def _part(number):
    def part(self):
        pass

    part.__name__ = f"part_{number}"
    return part


class Ten(Workflow):
    """A form that starts ten tasks."""

    start = tasks.StartView(fields=[])
    part_0, part_1, part_2, part_3, part_4 = map(_part, range(5))
    part_5, part_6, part_7, part_8, part_9 = map(_part, range(5, 10))

    parts = (
        *(part_0, part_1, part_2, part_3, part_4),
        *(part_5, part_6, part_7, part_8, part_9),
    )
    edges = list(zip((start,) * 10, parts, strict=True))
