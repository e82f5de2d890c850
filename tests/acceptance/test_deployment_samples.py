"""The settings and units that the documentation shows for servers."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import ROOT
from tests.unit.docs.pages import DOCS

SAMPLES = DOCS / "samples"
SETTINGS = sorted((SAMPLES / "deployment" / "settings").glob("*.py"))
UNITS = sorted((SAMPLES / "deployment" / "systemd").glob("*.service"))


def check(folder, settings):
    """Return what ``manage.py check`` says with these settings."""
    (folder / "deployed.py").write_text(settings)
    path = [str(folder), str(SAMPLES), str(ROOT)]
    return subprocess.run(
        [sys.executable, "-m", "django", "check", "--fail-level", "WARNING"],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "deployed",
            "PYTHONPATH": os.pathsep.join(path),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ).stdout


@pytest.mark.parametrize("sample", SETTINGS, ids=lambda path: path.stem)
def test_settings_pass_all_checks(tmp_path, sample):
    settings = f"""
from importlib.util import find_spec

import pymysql

from settings import *
from settings import INSTALLED_APPS as OTHERS

pymysql.install_as_MySQLdb()
INSTALLED_APPS = []

{sample.read_text()}

BACKPORT = [] if find_spec("django.tasks") else ["django_tasks"]
INSTALLED_APPS = [*OTHERS, *BACKPORT, *INSTALLED_APPS]
"""

    assert "no issues" in (said := check(tmp_path, settings)), said


def test_settings_name_each_runner_and_database():
    assert [path.stem for path in SETTINGS] == [
        "celery",
        "django_tasks",
        "dramatiq",
        "mariadb",
        "postgresql",
        "prepared_statements",
        "sqlite",
    ]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_unit_starts_again_and_runs_what_is_there(unit):
    text = unit.read_text()
    program, *arguments = re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)[1].split()

    assert "\nRestart=always\n" in text
    assert (Path(sys.prefix) / "bin" / Path(program).name).exists()
    if "manage.py" in arguments:
        command = arguments[arguments.index("manage.py") + 1]
        assert command in {"rundramatiq", "db_worker", "dispatch_tasks"}
