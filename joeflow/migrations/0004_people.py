"""Whom a task is given to, when it is due, and what people do besides completing it.

All columns are nullable or have a default in the database, so that workers which still run older
code can go on; no row is rewritten.
"""

import django.db.models.deletion
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import migrations, models

from joeflow.operations import AddColumn, AddManyToMany, AddTable

KINDS = [
    ("claimed", "claimed"),
    ("released", "released"),
    ("assigned", "handed over"),
    ("snoozed", "snoozed"),
    ("reminded", "reminded"),
    ("escalated", "escalated"),
    ("overdue", "overdue"),
    ("commented", "commented"),
    ("overridden", "stepped in"),
    ("undone", "undone"),
    ("paused", "paused"),
    ("resumed", "resumed"),
    ("mailed", "mailed"),
]


def instant(name, **options):
    return models.DateTimeField(name, blank=True, null=True, editable=False, **options)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("auth", "0001_initial"),
        ("joeflow", "0003_fewer_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="task",
            options={
                "default_manager_name": "objects",
                "get_latest_by": ("created",),
                "ordering": ("-completed", "-created"),
                "permissions": (
                    ("rerun", "Can rerun failed tasks."),
                    ("cancel", "Can cancel failed tasks."),
                    ("reassign", "Can do and hand over the tasks of others."),
                ),
                "verbose_name": "task",
                "verbose_name_plural": "tasks",
            },
        ),
        AddColumn(
            "task",
            "is_given",
            models.BooleanField(default=False, db_default=False, editable=False),
        ),
        AddColumn("task", "due", instant("due")),
        AddColumn("task", "snoozed_until", instant("put off until")),
        AddColumn(
            "task",
            "before",
            models.JSONField(blank=True, null=True, editable=False, encoder=DjangoJSONEncoder),
        ),
        AddColumn("workflow", "_paused", instant("paused", db_column="paused")),
        AddManyToMany(
            "task",
            "assigned_groups",
            models.ManyToManyField(
                related_name="joeflow_task_set", to="auth.group", verbose_name="assigned groups"
            ),
        ),
        AddTable(
            name="Event",
            fields=[
                ("id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=KINDS, editable=False, max_length=50, verbose_name="event"
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("text", models.TextField(blank=True, editable=False)),
                (
                    "data",
                    models.JSONField(default=dict, editable=False, encoder=DjangoJSONEncoder),
                ),
                ("eta", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "_workflow",
                    models.ForeignKey(
                        db_column="workflow_id",
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="joeflow.workflow",
                        verbose_name="workflow",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="event_set",
                        to="joeflow.task",
                        verbose_name="task",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={
                "verbose_name": "event",
                "verbose_name_plural": "events",
                "ordering": ("pk",),
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        condition=models.Q(eta__isnull=False),
                        fields=["eta"],
                        name="joeflow_event_due",
                    )
                ],
            },
        ),
        AddTable(
            name="Draft",
            fields=[
                ("id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("data", models.JSONField(default=dict, editable=False)),
                ("modified", models.DateTimeField(auto_now=True, verbose_name="modified")),
                (
                    "task",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="draft_set",
                        to="joeflow.task",
                        verbose_name="task",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={
                "verbose_name": "draft",
                "verbose_name_plural": "drafts",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("task", "user"), name="joeflow_one_draft_each")
                ],
            },
        ),
    ]
