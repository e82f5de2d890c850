"""Fill an empty demo with people and a few things to do."""

from datetime import timedelta
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import F
from expenses.models import ExpenseWorkflow
from onboarding.models import OnboardingWorkflow
from shipping.models import ShippingWorkflow

from joeflow import testing
from joeflow.engine import start_instance
from office.people import PASSWORD, PEOPLE

#: How long ago the claim was made that is late.
LONG_AGO = timedelta(days=4)


class Command(BaseCommand):
    help = "Create sample people and a few running workflows, where there are none."

    def handle(self, **options):
        if get_user_model().objects.exists():
            self.stdout.write("The sample data is there already.")
        else:
            with transaction.atomic():
                people = {username: create_person(username) for username in PEOPLE}
                train = create_workflows(people["maria"], people["tom"])
            be_late(train)
            self.stdout.write("Created sample people, and workflows that wait for them.")
        self.stdout.write(f"Log in with the password {PASSWORD!r} as:")
        for username, (_, _, role) in PEOPLE.items():
            self.stdout.write(f"  {username:6} {role}")


def create_person(username):
    name, permissions, _ = PEOPLE[username]
    users = get_user_model().objects
    create = users.create_superuser if username == "admin" else users.create_user
    email = "" if username == "otto" else f"{username}@example.com"
    person = create(username, email, PASSWORD, first_name=name)
    person.user_permissions.set(map(get_permission, permissions))
    return person


def get_permission(name):
    app_label, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)


def create_workflows(maria, tom):
    """Start a few workflows; return the expense claim that will be late."""
    start(ShippingWorkflow(shipping_address="Rose Lane 7\nOxford", email="li@example.com"), maria)
    train = ExpenseWorkflow(claimant=tom, purpose="Train to Lisbon", amount=Decimal("189.50"))
    start(train, tom)
    start(OnboardingWorkflow(full_name="Grace Okafor", email="grace@example.com"), maria)
    start(ExpenseWorkflow(claimant=tom, purpose="Books on bees", amount=Decimal("74.90")), tom)
    return train


def start(workflow, user):
    """Start an instance as if this user had filled in the form of its start view."""
    name = next(name for name, node in workflow.get_nodes() if getattr(node, "is_start", False))
    start_instance(workflow, name, user)


def be_late(expense):
    """Let a claim be as old as if nobody had looked at it; its machines run at once."""
    testing.run(expense)
    expense.task_set.succeeded().update(
        created=F("created") - LONG_AGO, completed=F("completed") - LONG_AGO
    )
    ExpenseWorkflow.objects.filter(pk=expense.pk).update(created=F("created") - LONG_AGO)
    testing.run(testing.let_pass(expense, LONG_AGO))
