"""The package itself: which one it is, what it needs, who imports what."""

import ast
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import joeflow
from tests.services import ROOT

PACKAGE = ROOT / "joeflow"


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def imported_modules(path):
    """Yield the dotted names that a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield f"{node.module}"


def test_version__that_of_the_installed_distribution():
    assert joeflow.__version__ == "4.0.0"
    assert metadata.version("joeflow") == "4.0.0"


def test_imported_from__this_checkout():
    assert Path(joeflow.__file__).resolve() == PACKAGE / "__init__.py"


def test_dependencies__django_and_appconf_only():
    required = [
        requirement
        for requirement in metadata.requires("joeflow")
        if "extra ==" not in requirement.replace("'", '"')
    ]

    assert sorted(required) == ["django-appconf>=1.0.3", "django>=5.2"]


def test_extras__those_of_the_documentation():
    assert set(project()["optional-dependencies"]) == {
        "celery",
        "dramatiq",
        "graphviz",
        "graphviz-pure",
        "guardian",
        "reversion",
        "tasks",
    }


def test_package__marked_as_typed():
    assert (PACKAGE / "py.typed").exists()


@pytest.mark.parametrize(
    ("package", "file"),
    [
        ("celery", "runner/celery.py"),
        ("kombu", "runner/celery.py"),
        ("dramatiq", "runner/dramatiq.py"),
        ("django_dramatiq", "runner/dramatiq.py"),
        ("django.tasks", "runner/django_tasks.py"),
        ("django_tasks", "runner/django_tasks.py"),
        ("django_tasks_db", "runner/django_tasks.py"),
        ("graphviz", "diagrams/dot.py"),
        ("guardian", "contrib/guardian.py"),
        ("reversion", "contrib/reversion.py"),
    ],
)
def test_optional_dependency__imported_in_one_file_only(package, file):
    importers = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for module in imported_modules(path)
        if f"{module}.".startswith(f"{package}.")
    }

    assert importers <= {file}
