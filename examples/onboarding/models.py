"""Prepare all for a new colleague: people and machines work beside each other, then meet."""

from django.conf import settings
from django.core.mail import send_mail
from django.db import models
from django.utils.text import slugify

from joeflow import tasks
from joeflow.models import Workflow


class Onboarding(Workflow):
    """Who comes, and what is ready: the state."""

    full_name = models.CharField(max_length=200)
    email = models.EmailField()
    account = models.SlugField(max_length=200, blank=True)
    laptop = models.CharField(max_length=200)
    buddy = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="buddy_of"
    )

    def __str__(self):
        return self.full_name


class OnboardingWorkflow(Onboarding):
    """Prepare all for a new colleague, in four branches at once."""

    hire = tasks.StartView(fields=["full_name", "email"])

    # All four follow the start, so that they begin together.

    def create_account(self):
        self.account = slugify(self.full_name)
        self.save(update_fields=["account"])

    def tell_office(self):
        send_mail(
            subject=f"{' '.join(self.full_name.split())} joins us",  # a subject is one line
            message="There will be cake.",
            from_email=None,
            recipient_list=["everybody@example.com"],
        )

    order_laptop = tasks.UpdateView(fields=["laptop"])

    choose_buddy = tasks.UpdateView(fields=["buddy"])

    # Goes on once, as soon as all four are done.
    all_ready = tasks.Join()

    def greet(self):
        send_mail(
            subject="Your first day",
            message=f"Your account is {self.account}, your {self.laptop} is ready, "
            f"and {self.buddy.get_short_name()} will show you around.",
            from_email=None,
            recipient_list=[self.email],
        )

    edges = [
        (hire, create_account),
        (hire, tell_office),
        (hire, order_laptop),
        (hire, choose_buddy),
        (create_account, all_ready),
        (tell_office, all_ready),
        (order_laptop, all_ready),
        (choose_buddy, all_ready),
        (all_ready, greet),
    ]

    class Meta:
        proxy = True
        verbose_name = "onboarding"
        verbose_name_plural = "onboardings"
