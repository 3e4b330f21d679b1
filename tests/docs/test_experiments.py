"""Every study runs small and gives the table on file, figure for figure: no number changes unnoticed."""

from __future__ import annotations

import ast
import importlib
import re
import sys

import pytest

from dealsim.show.pages import ROOT

FOLDER = ROOT / "experiments"
EXPECTED = ROOT / "results" / "expected"
STUDIES = sorted(path.stem for path in FOLDER.glob("[0-9][0-9]_*.py"))
RENEW = "if it was meant, run `python experiments/renew_expected.py` and say why in CHANGELOG.md (Results change)"


@pytest.fixture
def renewing(monkeypatch):
    """The script that writes the tables, imported as it is when run by hand."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("renew_expected")
    for name in (*STUDIES, "study", "renew_expected"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_gives_the_table_on_file(name, renewing, tmp_path):
    made = renewing.tables_of(name, tmp_path)
    assert made, f"{name} makes no table"
    for path in made:
        on_file = EXPECTED / path.name
        assert on_file.exists(), f"results/expected/{path.name} is not there; {RENEW}"
        # compared as a list of lines, so that a failure shows the line that moved
        told = on_file.read_text(encoding="utf-8").split("\n")
        assert path.read_text(encoding="utf-8").split("\n") == told, f"{path.name} moved; {RENEW}"


def test_no_table_on_file_is_left_over():
    numbers = {name[:2] for name in STUDIES}
    assert {path.name[:2] for path in EXPECTED.glob("*.csv")} == numbers


def test_the_numbers_of_studies_are_given_once():
    assert len({name[:2] for name in STUDIES}) == len(STUDIES)


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_says_its_question_its_design_and_what_would_contradict_it(name):
    said = ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))) or ""
    assert said.split("\n\n")[0].strip().splitlines()[0].count("?"), f"{name}: the first line asks no question"
    assert "Design:" in said, f"{name} does not state its design"
    assert re.search(r"contradict|\bfails? if\b|\bdepends on \w+ if\b|would not help if|Two bounds", said), (
        f"{name} does not say beforehand what would count against it"
    )
