"""Somebody with a browser, for each column of the table."""

from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client

COLUMNS = ("Anonymous", "User", "Assignee", "With the permission", "Staff", "Superuser")


class Person:
    """Somebody who tries to do something.

    Args:
        column: Which column of the table.
        permissions: What the line names.
        is_staff: Whether who has them may enter the admin.
    """

    def __init__(self, column, permissions, *, is_staff):
        self.client = Client()
        self.other = User.objects.create(username="other")
        self.user = User.objects.create(
            username="somebody",
            is_superuser=column == "Superuser",
            is_staff=column in {"Staff", "Superuser"},
        )
        if column == "With the permission":
            self.user.is_staff = is_staff
            self.user.save()
            self.user.user_permissions.add(*map(get_permission, permissions))
        self.assignee = self.user if column == "Assignee" else self.other
        if column != "Anonymous":
            self.client.force_login(self.user)


def get_permission(name):
    """Return a permission, also one that a project may declare."""
    app_label, codename = name.split(".")
    content_type = ContentType.objects.filter(app_label=app_label).first()
    found = Permission.objects.filter(content_type__app_label=app_label, codename=codename)
    return found.first() or Permission.objects.create(
        codename=codename, name=codename, content_type=content_type
    )
