"""When a task is due, how it was handed out, and when an instance ended.

All columns are nullable or have a default in the database, so that workers which still run older
code can go on while a new version is rolled out; no row is rewritten.
"""

from django.db import migrations, models


def count():
    return models.PositiveIntegerField(default=0, db_default=0, editable=False)


def instant(name, **options):
    return models.DateTimeField(name, blank=True, null=True, editable=False, **options)


class Migration(migrations.Migration):
    dependencies = [("joeflow", "0001_initial")]

    operations = [
        migrations.AddField("task", "eta", instant("due")),
        migrations.AddField("task", "attempts", count()),
        migrations.AddField("task", "starts", count()),
        migrations.AddField("task", "started", instant("last started")),
        migrations.AddField("workflow", "_ended", instant("ended", db_column="ended")),
        migrations.AddIndex(
            "task", models.Index(fields=["status", "type", "eta"], name="joeflow_task_due")
        ),
    ]
