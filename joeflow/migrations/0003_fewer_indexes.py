"""Fewer indexes on the tasks: each transition writes to all of them, twice.

What was found by an index of one column is found by one that begins with it, or was never asked
for. No row is rewritten, and workers that run older code can go on.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from joeflow.operations import AddIndex, DropIndexes

STATUSES = ("failed", "succeeded", "scheduled", "canceled")
TYPES = ("human", "machine")


def drop(name, field):
    return DropIndexes("task", name, field)


def text(name, **options):
    return models.CharField(name, max_length=options.pop("length", 50), editable=False, **options)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("joeflow", "0002_due_and_ended")]

    operations = [
        # First, as a foreign key cannot be without an index on MariaDB.
        AddIndex(
            "task",
            models.Index(fields=["_workflow", "completed"], name="joeflow_task_of_workflow"),
        ),
        AddIndex(
            "task",
            models.Index(fields=["-completed", "-created"], name="joeflow_task_ordering"),
        ),
        AddIndex(
            "task",
            models.Index(
                fields=["status", "type", "eta"],
                name="joeflow_task_due",
                condition=Q(completed__isnull=True),
            ),
        ),
        drop(
            "_workflow",
            models.ForeignKey(
                "joeflow.workflow",
                on_delete=django.db.models.deletion.CASCADE,
                verbose_name="workflow",
                db_column="workflow_id",
                db_index=False,
                editable=False,
            ),
        ),
        drop("name", text("name", length=255)),
        drop("type", text("type", choices=[(name, name) for name in TYPES])),
        drop(
            "status",
            text("status", choices=[(name, name) for name in STATUSES], default="scheduled"),
        ),
        drop("created", models.DateTimeField("created", auto_now_add=True)),
        drop("modified", models.DateTimeField("modified", auto_now=True)),
        drop("completed", models.DateTimeField("completed", blank=True, null=True, editable=False)),
    ]
