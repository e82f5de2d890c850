"""What happens when Django starts."""

import os
import subprocess
import sys

import pytest

from tests.services import ROOT

PROJECT = {
    "order/__init__.py": "",
    "order/models.py": """
from joeflow.models import Workflow


class Order(Workflow):
    pass
""",
    "order/workflows.py": """
from joeflow import tasks

from . import models


class OrderWorkflow(models.Order):
    start = tasks.Start()

    def pack(self):
        pass

    edges = [(start, pack)]

    class Meta:
        proxy = True
""",
    "go.py": """
import sys

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", *sys.argv[1:]],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    JOEFLOW_TASK_RUNNER="nowhere.task_runner",
)
django.setup()

from joeflow.models import get_workflows

print(*(workflow._meta.label for workflow in get_workflows()))
""",
}


@pytest.mark.parametrize("installed", [("joeflow", "order"), ("order", "joeflow")])
def test_workflows_module_of_an_app_is_imported_in_either_order(tmp_path, installed):
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    printed = subprocess.run(
        [sys.executable, "go.py", *installed],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )

    assert printed.stdout + printed.stderr == "order.OrderWorkflow\n"
