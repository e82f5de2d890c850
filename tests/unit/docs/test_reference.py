"""The reference names everything that is public, and nothing else."""

import importlib
import inspect
import re

import pytest
from django.core.management import load_command_class

from joeflow.conf import JoeflowAppConfig
from joeflow.models import Task, Workflow
from joeflow.querysets import TasksQuerySet
from tests.services import ROOT
from tests.unit.docs.pages import DOCS

REFERENCE = DOCS / "reference"
ALL = "\n".join(page.read_text() for page in sorted(REFERENCE.glob("*.rst")))


def public_members(cls, base):
    names = vars(cls).keys() - vars(base).keys()
    return sorted(
        name
        for name in names
        if not name.startswith("_") and inspect.isroutine(inspect.getattr_static(cls, name))
    )


def test_settings_have_their_defaults():
    documented = dict(
        re.findall(
            r"\.\. confval:: (\w+)\n   :type: .*\n   :default: ``(.*)``",
            (REFERENCE / "settings.rst").read_text(),
        )
    )
    defaults = {
        name: repr(value).replace("'", '"')
        for name, value in JoeflowAppConfig._meta.defaults.items()
    }

    assert documented == defaults


def test_checks_have_their_ids():
    documented = re.findall(r"^``(joeflow\.[EW]\d+)``", ALL, re.MULTILINE)
    code = "\n".join(path.read_text() for path in (ROOT / "joeflow").rglob("*.py"))
    raised = re.findall(r'id="(joeflow\.[EW]\d+)"', code)

    assert sorted(documented) == sorted(set(raised))


@pytest.mark.parametrize(
    "module",
    ["joeflow.admin", "joeflow.models", "joeflow.signals", "joeflow.tasks", "joeflow.testing",
     "joeflow.utils", "joeflow.views"],
)  # fmt: skip
def test_names_of_module_are_there(module):
    public = importlib.import_module(module).__all__

    missing = [name for name in public if not re.search(rf":: (joeflow\.[\w.]*)?{name}\b", ALL)]

    assert missing == []


def test_exceptions_come_from_their_module():
    page = (REFERENCE / "exceptions.rst").read_text()

    assert ".. automodule:: joeflow.exceptions\n   :members:" in page


@pytest.mark.parametrize("cls", [Workflow, Task])
def test_methods_of_model_are_there(cls):
    from django.db.models import Model

    generated = re.compile(r"get_next_by_|get_previous_by_|get_\w+_display$")
    fields = {field.name for field in cls._meta.get_fields()}
    names = [n for n in public_members(cls, Model) if not generated.match(n) and n not in fields]
    overridden = [name for name in ("save", "delete") if name in vars(cls)]

    missing = [n for n in [*names, *overridden] if not re.search(rf"[:.] ?(\S*\.)?{n}\b", ALL)]

    assert missing == []


def test_fields_of_task_are_there():
    fields = {field.name for field in Task._meta.get_fields()} - {"id", "content_type", "_workflow"}

    documented = set(
        re.findall(r"\.\. attribute:: (\w+)", (REFERENCE / "task-model.rst").read_text())
    )

    assert documented == fields


def test_words_of_queryset_exist():
    words = re.search(r"TasksQuerySet\n   :members: ([^.]*?)\n\n", ALL + "\n\n")[1]

    assert [word for word in re.findall(r"\w+", words) if not hasattr(TasksQuerySet, word)] == []


@pytest.mark.parametrize("name", ["dispatch_tasks", "joeflow_openapi", "render_workflow_graph"])
def test_options_of_command_are_there(name):
    page = (REFERENCE / "commands.rst").read_text()
    django = load_command_class("django.core", "sendtestemail").create_parser("", "")
    common = {option for action in django._actions for option in action.option_strings}
    parser = load_command_class("joeflow", name).create_parser("manage.py", name)
    own = {option for action in parser._actions for option in action.option_strings} - common

    assert [option for option in sorted(own) if f"``{option}``" not in page] == []
    assert f"``{name}``" in page
