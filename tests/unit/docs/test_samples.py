"""The samples of the guides work: they are a small project, with tests of its own."""

import os
import re
import subprocess
import sys

import pytest

from tests.rules import package
from tests.services import ROOT
from tests.unit.docs.pages import DOCS, PAGES, README, blocks

SAMPLES = DOCS / "samples"
FILES = [path for path in sorted(SAMPLES.rglob("*")) if path.suffix in {".py", ".html", ".service"}]

pytestmark = pytest.mark.extra("tasks")
package("rest_framework")


def django(*arguments, path=SAMPLES, settings="settings"):
    """Run one of Django's commands in a project, and return what it printed."""
    ran = subprocess.run(
        [sys.executable, "-m", "django", *arguments],
        cwd=path,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": settings,
            "PYTHONPATH": os.pathsep.join([str(path), str(ROOT)]),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


def test_tests_of_samples_pass():
    printed = django("test", "shop")

    assert int(re.search(r"Ran (\d+) tests", printed)[1]) > 20, printed


def test_migration_of_samples_is_up_to_date():
    printed = django("makemigrations", "--check", "--dry-run", "shop")

    assert "No changes detected" in printed


def test_samples_pass_all_checks():
    printed = django("check", "--fail-level", "WARNING")

    assert "no issues" in printed


@pytest.mark.parametrize("sample", FILES, ids=lambda path: str(path.relative_to(SAMPLES)))
def test_sample_is_shown_or_needed(sample):
    shown = {
        (page.parent / name).resolve()
        for page in PAGES
        for name in re.findall(r"literalinclude:: (\S+)", page.read_text())
    }
    of_the_project = {
        "__init__.py", "settings.py", "urls.py", "apps.py", "models.py", "bank.py", "pay.html",
        "0001_initial.py", "test_branches.py", "test_json.py", "test_others.py", "test_programs.py",
    }  # fmt: skip

    assert sample in shown or sample.name in of_the_project


def test_workflow_of_readme_is_the_sample():
    workflow = blocks(README, "python")[0].text

    assert workflow == (SAMPLES / "shop" / "shipping.py").read_text()


def test_readme_passes_its_own_test(tmp_path):
    workflow, urls, settings, test = (block.text for block in blocks(README, "python"))
    django("startproject", "mysite", ".", path=tmp_path, settings="")
    django("startapp", "shop", path=tmp_path, settings="")
    (tmp_path / "shop" / "models.py").write_text(workflow)
    (tmp_path / "shop" / "tests.py").write_text(test)
    (tmp_path / "mysite" / "urls.py").write_text(urls)
    with (tmp_path / "mysite" / "settings.py").open("a") as file:
        file.write(settings)
        file.write("import importlib.util\n")
        file.write('if not importlib.util.find_spec("django.tasks"):\n')
        file.write('    INSTALLED_APPS += ["django_tasks"]\n')

    django("makemigrations", "shop", path=tmp_path, settings="mysite.settings")
    printed = django("test", path=tmp_path, settings="mysite.settings")

    assert "Ran 1 test" in printed


@pytest.mark.extra("graphviz")
@pytest.mark.parametrize("picture", ["shop_shippingworkflow.svg", "shipment.svg"])
def test_picture_shows_the_tasks_of_the_sample(picture):
    svg = (DOCS / "images" / picture).read_text()

    titles = re.findall(r'class="node">\s*<title>(.*?)</title>', svg)

    assert sorted(titles) == ["checkout", "end", "has email", "send tracking code", "ship"]
