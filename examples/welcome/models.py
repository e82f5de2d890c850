"""Greet a new user: the smallest workflow in which a machine takes a decision."""

from django.conf import settings
from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class WelcomeState(Workflow):
    """Who is to be greeted: the state."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, blank=True, null=True
    )


class WelcomeWorkflow(WelcomeState):
    """Greet a user by e-mail; without a user there is nothing to do."""

    start = tasks.StartView(fields=["user"])

    def has_user(self):
        return [self.send_welcome_email] if self.user else [self.end]

    def send_welcome_email(self):
        if not self.user.email:
            # The task fails: somebody gives the user an address, and runs it again in the admin.
            raise ValueError(f"{self.user} has no e-mail address.")
        self.user.email_user(
            subject="Welcome", message=f"Good to have you here, {self.user.get_short_name()}!"
        )

    def end(self):
        pass

    edges = [
        (start, has_user),
        (has_user, send_welcome_email),
        (has_user, end),
        (send_welcome_email, end),
    ]

    class Meta:
        proxy = True
        verbose_name = "welcome"
        verbose_name_plural = "welcomes"
