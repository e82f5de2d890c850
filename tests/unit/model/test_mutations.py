"""Each place that `make mutants` breaks is there; that the tests notice takes minutes to see."""

from pathlib import Path

import pytest

from tests.unit.model.mutations import MUTANTS

PACKAGE = Path(__file__).parents[3] / "joeflow"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_is_broken_stands_there_once(mutant):
    text = (PACKAGE / mutant.module).read_text()

    assert text.count(mutant.old) == 1
    assert mutant.new != mutant.old
