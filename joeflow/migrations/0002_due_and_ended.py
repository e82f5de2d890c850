"""When a task is due, how it was handed out, and when an instance ended.

All columns are nullable or have a default in the database, so that workers which still run older
code can go on while a new version is rolled out; no row is rewritten.
"""

from django.db import migrations, models

from joeflow.operations import AddColumn


def count():
    # Not a positive one: PostgreSQL would look at each row, with the whole table locked.
    return models.IntegerField(default=0, db_default=0, editable=False)


def instant(name, **options):
    return models.DateTimeField(name, blank=True, null=True, editable=False, **options)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("joeflow", "0001_initial")]

    operations = [
        AddColumn("task", "eta", instant("scheduled for")),
        AddColumn("task", "attempts", count()),
        AddColumn("task", "starts", count()),
        AddColumn("task", "started", instant("last started")),
        AddColumn("workflow", "_ended", instant("ended", db_column="ended")),
    ]
