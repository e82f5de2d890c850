"""The wheel, and nothing of the checkout: what it holds, and that it works on its own."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.services import ROOT

pytestmark = pytest.mark.timeout(600)

PROJECT = {
    "settings.py": """
from pathlib import Path

SECRET_KEY = "not-secret-in-tests"
ALLOWED_HOSTS = ["testserver"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(__file__).with_name("db.sqlite3"),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "joeflow",
    "shop",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
ROOT_URLCONF = "urls"
STATIC_URL = "/static/"
JOEFLOW_TASK_RUNNER = "shop.runner.task_runner"
""",
    "urls.py": """
from django.urls import include, path

from shop.models import Order

urlpatterns = [path("order/", include(Order.urls()))]
""",
    "shop/__init__.py": "",
    "shop/runner.py": """
from collections import deque

handed_out = deque()


def task_runner(*, task_pk, workflow_pk, countdown, eta):
    handed_out.append((task_pk, workflow_pk))
""",
    "shop/models.py": """
from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class Order(Workflow):
    number = models.TextField()
    packed = models.BooleanField(default=False)

    start = tasks.Start()
    place = tasks.StartView(fields=["number"])

    def has_number(self):
        return [self.pack] if self.number else []

    def pack(self):
        self.packed = True
        self.save(update_fields=["packed"])

    inspect = tasks.UpdateView(fields=["packed"])

    def end(self):
        pass

    edges = [
        (start, has_number),
        (place, has_number),
        (has_number, pack),
        (pack, inspect),
        (inspect, end),
    ]
""",
    "go.py": """
import json
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django

django.setup()

from django.contrib.staticfiles import finders
from django.test import Client

import joeflow
from joeflow import engine
from shop.models import Order
from shop.runner import handed_out


def work():
    while handed_out:
        engine.run(*handed_out.popleft())


Order.start(number="A-17")
work()
client = Client()
page = client.get("/order/place/")
started = client.post("/order/place/", {"number": "A-18"})
work()
for order in Order.objects.order_by("pk"):
    inspect = order.task_set.scheduled().get()
    client.post(inspect.get_absolute_url(), {"packed": "on"})
    work()

print(json.dumps({
    "file": joeflow.__file__,
    "page": page.status_code,
    "started": started.status_code,
    "tasks": [
        list(order.task_set.order_by("pk").values_list("name", "status"))
        for order in Order.objects.order_by("pk")
    ],
    "packed": list(Order.objects.order_by("pk").values_list("packed", flat=True)),
}))
""",
}


def run(*command, cwd):
    """Run a command that sees nothing of this checkout, and return what it printed."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "DJANGO_", "JOEFLOW_", "VIRTUAL_ENV", "COV"))
    }
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=inherited,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel that this checkout gives."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", folder, ROOT, cwd=folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """A Python that has the wheel, what that depends on, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    executable = folder / "bin" / "python"
    run(executable, "-m", "pip", "install", "--quiet", wheel, cwd=folder)
    return executable


@pytest.fixture
def project(tmp_path):
    """A Django project with one workflow."""
    for name, source in PROJECT.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
    return tmp_path


def files_of(wheel):
    return set(zipfile.ZipFile(wheel).namelist())


def test_wheel__name(wheel):
    assert wheel.name == "joeflow-4.0.0-py3-none-any.whl"


def test_wheel__holds_every_file_of_the_package(wheel):
    tracked = subprocess.run(
        ["git", "ls-files", "joeflow"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert {name for name in tracked if (ROOT / name).exists()} <= files_of(wheel)


@pytest.mark.parametrize(
    "pattern",
    [
        "joeflow/py.typed",
        "joeflow/migrations/0001_initial.py",
        "joeflow/templates/joeflow/base.html",
        "joeflow/templates/joeflow/workflow_form.html",
        "joeflow/templates/joeflow/workflow_detail.html",
        "joeflow/templates/joeflow/workflow_override.html",
        "joeflow/templates/joeflow/workflow_pause.html",
        "joeflow/templates/joeflow/workflow_undo.html",
        "joeflow/templates/admin/joeflow/step_in_selected.html",
        "joeflow/static/joeflow/*.css",
        "joeflow/locale/*/LC_MESSAGES/django.mo",
        "joeflow/management/commands/render_workflow_graph.py",
        "joeflow/management/commands/dispatch_tasks.py",
        "joeflow-4.0.0.dist-info/licenses/LICENSE",
    ],
)
def test_wheel__holds(wheel, pattern):
    assert any(Path(name).match(pattern) for name in files_of(wheel))


def test_wheel__holds_nothing_beside_the_package(wheel):
    assert {name.split("/")[0] for name in files_of(wheel)} == {
        "joeflow",
        "joeflow-4.0.0.dist-info",
    }


def test_installed__depends_on_django_and_appconf_only(python, tmp_path):
    listed = json.loads(run(python, "-m", "pip", "list", "--format", "json", cwd=tmp_path))

    assert {package["name"].lower() for package in listed} - {"pip", "setuptools"} == {
        "asgiref",
        "django",
        "django-appconf",
        "joeflow",
        "sqlparse",
    }


def test_installed__migrations_are_complete(python, project):
    (project / "shop/migrations").mkdir()
    (project / "shop/migrations/__init__.py").touch()

    changes = run(
        *(python, "-m", "django", "makemigrations", "joeflow", "--check", "--dry-run"),
        *("--settings", "settings", "--pythonpath", project),
        cwd=project,
    )

    assert "No changes detected in app 'joeflow'" in changes


def test_installed__runs_a_workflow(python, project):
    django = (python, "-W", "error", "-m", "django")
    settings = ("--settings", "settings", "--pythonpath", project)
    run(*django, "makemigrations", "shop", *settings, cwd=project)
    run(*django, "migrate", *settings, cwd=project)

    outcome = json.loads(run(python, "-W", "error", "go.py", cwd=project).splitlines()[-1])

    assert Path(outcome["file"]).is_relative_to(python.parent.parent)
    steps = ["has_number", "pack", "inspect", "end"]
    assert outcome["tasks"] == [
        [[name, "succeeded"] for name in [start, *steps]] for start in ("start", "place")
    ]
    assert outcome["packed"] == [True, True]
    assert (outcome["page"], outcome["started"]) == (200, 302)
