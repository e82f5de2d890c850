"""A table for each workflow, with the key of its instance alone."""

from django.db import migrations, models


def make_table(name):
    link = models.OneToOneField(
        "joeflow.workflow",
        on_delete=models.CASCADE,
        auto_created=True,
        parent_link=True,
        primary_key=True,
        serialize=False,
    )
    return migrations.CreateModel(
        name, fields=[("workflow_ptr", link)], bases=("joeflow.workflow",)
    )


class Migration(migrations.Migration):
    initial = True
    dependencies = [("joeflow", "0001_initial")]
    operations = [
        make_table(name) for name in ("Chain", "Split", "Form", "Wide", "Crowd", "Minute")
    ]
