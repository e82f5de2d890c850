"""Fill an empty demo with people and a few things to do."""

from decimal import Decimal

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management.base import BaseCommand
from django.db import transaction
from expenses.models import ExpenseWorkflow
from onboarding.models import OnboardingWorkflow
from shipping.models import ShippingWorkflow

from joeflow.engine import start_instance

PASSWORD = "demo"

#: First name, permissions, and what to say of them.
PEOPLE = {
    "admin": ("Alex", [], "superuser: sees the admin, may do everything"),
    "maria": (
        "Maria",
        ["expenses.review_expense", "joeflow.override"],
        "reviews expenses, may step in by hand",
    ),
    "tom": ("Tom", [], "works here, claims expenses"),
    "otto": ("Otto", [], "has no e-mail address: welcome him and see a task fail"),
}


class Command(BaseCommand):
    help = "Create sample people and a few running workflows, where there are none."

    @transaction.atomic
    def handle(self, **options):
        if get_user_model().objects.exists():
            self.stdout.write("The sample data is there already.")
        else:
            people = {username: create_person(username) for username in PEOPLE}
            create_workflows(people["maria"], people["tom"])
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
    start(ShippingWorkflow(shipping_address="Rose Lane 7\nOxford", email="li@example.com"), maria)
    start(ExpenseWorkflow(claimant=tom, purpose="Train to Lisbon", amount=Decimal("189.50")), tom)
    start(OnboardingWorkflow(full_name="Grace Okafor", email="grace@example.com"), maria)


def start(workflow, user):
    """Start an instance as if this user had filled in the form of its start view."""
    name = next(name for name, node in workflow.get_nodes() if getattr(node, "is_start", False))
    start_instance(workflow, name, user)
