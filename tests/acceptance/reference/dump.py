"""Print the DOT lines of some graphs as JSON, drawn by whichever joeflow is installed."""

import json
import random

import django
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "joeflow", "drawn"],
    MIGRATION_MODULES={"joeflow": None},  # their tables are made as the models are
    ROOT_URLCONF="drawn.urls",
    SECRET_KEY="not-secret-in-tests",
    USE_TZ=True,
)
django.setup()

from drawn import models  # noqa: E402

WORKFLOWS = (models.Form, models.Split, models.Loop, models.Words)
INSTANCES = 25


def dump():
    """Return the lines of each graph by its name."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    return {name: sorted(graph.source.splitlines()) for name, graph in _draw()}


def _draw():
    chance = random.Random(202)  # the same numbers in every version of Python
    for workflow in WORKFLOWS:
        yield workflow.__name__, workflow.get_graph()
        yield f"{workflow.__name__} in red", workflow.get_graph(color="red")
        for number in range(INSTANCES):
            instance = workflow.objects.create()
            _live(instance, chance, size=number)
            yield f"{workflow.__name__} {number}", instance.get_instance_graph()


def _live(instance, chance, size):
    """Visit up to this many places, each once, in any order: tasks link to earlier ones."""
    places = [(name, node.type) for name, node in sorted(instance.get_nodes())]
    places += [("gone", "machine"), ("gone_form", "human"), ("older_form", "human")]
    places += [("override", "human"), ("override", "human")]
    chance.shuffle(places)
    tasks = []
    for name, type_ in places[:size]:
        status = chance.choice(["succeeded", "succeeded", "scheduled", "failed", "canceled"])
        closed = name == "override" or status in ("succeeded", "canceled")
        task = instance.task_set.create(
            name=name,
            type=type_,
            workflow=instance,
            status="succeeded" if name == "override" else status,
            completed=timezone.now() if closed else None,
        )
        for parent in chance.sample(tasks, min(len(tasks), chance.randrange(3))):
            if not name == parent.name == "override":  # what is overridden is open
                task.parent_task_set.add(parent)
        tasks.append(task)


print(json.dumps(dump()))
