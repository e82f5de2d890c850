"""The blocks of the documentation are found, and say what can be."""

import ast
import re

import pytest

from joeflow.conf import JoeflowAppConfig
from tests.services import ROOT
from tests.unit.docs.pages import DOCS, PAGES, README, blocks

PYTHON = [block for page in [*PAGES, README] for block in blocks(page, "python")]


def test_every_code_block_is_found():
    written = sum(
        page.read_text().count(".. code-block::") for page in [*PAGES, README, DOCS / "index.rst"]
    )

    found = sum(len(blocks(page)) for page in [*PAGES, README, DOCS / "index.rst"])

    assert found == written > 40


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_python_can_be_read(block):
    assert ast.parse(block.text).body


@pytest.mark.parametrize("page", [*PAGES, README], ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_that_are_named_exist(page):
    named = set(re.findall(r"JOEFLOW_[A-Z_]+\b(?<!_)", page.read_text()))
    example_of_a_mistake = {"JOEFLOW_GRACE"} if page.name == "checks.rst" else set()

    assert named - example_of_a_mistake <= set(JoeflowAppConfig._meta.defaults)
