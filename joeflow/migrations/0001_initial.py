"""The tables of joeflow 2.x."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import deletion

from joeflow.models import workflow_state_subclasses

TYPES = [("human", "human"), ("machine", "machine")]
STATUSES = [
    ("failed", "failed"),
    ("succeeded", "succeeded"),
    ("scheduled", "scheduled"),
    ("canceled", "canceled"),
]


def key():
    return models.BigAutoField(editable=False, primary_key=True, serialize=False)


def instant(name, **options):
    return models.DateTimeField(name, db_index=True, **options)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Workflow",
            fields=[
                ("id", key()),
                ("created", instant("created", auto_now_add=True)),
                ("modified", instant("modified", auto_now=True)),
            ],
            options={
                "verbose_name": "workflow",
                "verbose_name_plural": "workflows",
                "permissions": [("override", "Can override a workflow.")],
            },
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                ("id", key()),
                (
                    "name",
                    models.CharField("name", max_length=255, db_index=True, editable=False),
                ),
                (
                    "type",
                    models.CharField(
                        "type", max_length=50, choices=TYPES, db_index=True, editable=False
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        "status",
                        max_length=50,
                        choices=STATUSES,
                        default="scheduled",
                        db_index=True,
                        editable=False,
                    ),
                ),
                ("created", instant("created", auto_now_add=True)),
                ("modified", instant("modified", auto_now=True)),
                ("completed", instant("completed", blank=True, null=True, editable=False)),
                ("exception", models.TextField("exception", blank=True)),
                ("stacktrace", models.TextField("traceback", blank=True)),
                (
                    "_workflow",
                    models.ForeignKey(
                        to="joeflow.workflow",
                        on_delete=deletion.CASCADE,
                        db_column="workflow_id",
                        editable=False,
                        verbose_name="workflow",
                    ),
                ),
                (
                    "assignees",
                    models.ManyToManyField(
                        to=settings.AUTH_USER_MODEL,
                        related_name="joeflow_assignee_task_set",
                        verbose_name="assignees",
                    ),
                ),
                (
                    "completed_by_user",
                    models.ForeignKey(
                        to=settings.AUTH_USER_MODEL,
                        on_delete=deletion.SET_NULL,
                        blank=True,
                        null=True,
                        related_name="joeflow_completed_by_task_set",
                        verbose_name="completed by",
                    ),
                ),
                (
                    "content_type",
                    models.ForeignKey(
                        to="contenttypes.contenttype",
                        on_delete=deletion.CASCADE,
                        editable=False,
                        limit_choices_to=workflow_state_subclasses,
                        related_name="joeflow_task_set",
                    ),
                ),
                (
                    "parent_task_set",
                    models.ManyToManyField(
                        to="joeflow.task", editable=False, related_name="child_task_set"
                    ),
                ),
            ],
            options={
                "verbose_name": "task",
                "verbose_name_plural": "tasks",
                "ordering": ("-completed", "-created"),
                "permissions": (
                    ("rerun", "Can rerun failed tasks."),
                    ("cancel", "Can cancel failed tasks."),
                ),
                "get_latest_by": ("created",),
                "default_manager_name": "objects",
            },
        ),
    ]
