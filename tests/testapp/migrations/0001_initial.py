"""The tables of whatever models the tests have at the moment."""

from django.apps import apps
from django.conf import settings
from django.db import migrations


def create_tables(state, schema_editor):
    for model in apps.get_app_config("testapp").get_models():
        if model._meta.can_migrate(schema_editor.connection):
            schema_editor.create_model(model)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("joeflow", "0001_initial"),
        ("auth", "__latest__"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    atomic = False  # MariaDB makes tables outside of transactions

    operations = [migrations.RunPython(create_tables, migrations.RunPython.noop, atomic=False)]
