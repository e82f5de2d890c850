"""Whoever names a runner whose package is missing is told what to install."""

import importlib.util
import sys
from pathlib import Path

import pytest

import joeflow
from joeflow.exceptions import MissingExtra


@pytest.mark.parametrize(
    ("runner", "packages", "message"),
    [
        (
            "celery",
            ["celery"],
            'The Celery runner needs Celery. Install it with: pip install "joeflow[celery]"',
        ),
        (
            "dramatiq",
            ["dramatiq"],
            'The Dramatiq runner needs Dramatiq. Install it with: pip install "joeflow[dramatiq]"',
        ),
        (
            "django_tasks",
            ["django.tasks", "django_tasks"],
            (
                "The runner for Django Tasks needs Django 6 or the backport. "
                'Install it with: pip install "joeflow[tasks]"'
            ),
        ),
    ],
)
def test_runner__without_its_package__says_what_to_install(monkeypatch, runner, packages, message):
    for package in packages:
        monkeypatch.setitem(sys.modules, package, None)
    path = Path(joeflow.__file__).parent / "runner" / f"{runner}.py"
    spec = importlib.util.spec_from_file_location(f"runner_without_{runner}", path)

    with pytest.raises(MissingExtra) as caught:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))

    assert str(caught.value) == message
