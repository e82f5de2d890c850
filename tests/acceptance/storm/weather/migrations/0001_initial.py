"""The tables of the models as they are, and a trigger that sees what happens to tasks."""

from django.apps import apps
from django.conf import settings
from django.db import migrations

CHANGED = {
    "postgresql": "OLD.status IS DISTINCT FROM NEW.status"
    " OR OLD.completed IS DISTINCT FROM NEW.completed",
    "mysql": "NOT (OLD.status <=> NEW.status AND OLD.completed <=> NEW.completed)",
}
NOTE = (
    "INSERT INTO weather_change (task, status_before, status_after, was_closed)"
    " VALUES (NEW.id, OLD.status, NEW.status, OLD.completed IS NOT NULL);"
)
FUNCTION = "CREATE FUNCTION weather_note()"
AFTER = "CREATE TRIGGER weather_note AFTER UPDATE ON joeflow_task FOR EACH ROW"
TRIGGER = {
    "postgresql": [
        f"{FUNCTION} RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {NOTE} RETURN NEW; END'",
        f"{AFTER} WHEN ({CHANGED['postgresql']}) EXECUTE {FUNCTION.removeprefix('CREATE ')}",
    ],
    "mysql": [
        f"{AFTER} IF {CHANGED['mysql']} THEN {NOTE} END IF",
    ],
}


def create_tables(state, schema_editor):
    for model in apps.get_app_config("weather").get_models():
        schema_editor.create_model(model)
    for statement in TRIGGER[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def create_people(state, schema_editor):
    users = apps.get_model(settings.AUTH_USER_MODEL).objects
    for number in range(4):
        users.create(username=f"person{number}", is_staff=True, is_superuser=True)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("joeflow", "__latest__"),
        ("auth", "__latest__"),
        ("contenttypes", "__latest__"),
    ]

    atomic = False  # MariaDB makes tables outside of transactions

    operations = [
        migrations.RunPython(create_tables, migrations.RunPython.noop, atomic=False),
        migrations.RunPython(create_people, migrations.RunPython.noop),
    ]
