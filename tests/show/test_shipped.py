"""What travels with the package: titles of sources, decisions, limits."""

from __future__ import annotations

import re

import pytest

from dealsim.levers import LEVERS
from dealsim.parameters import every_parameter
from dealsim.show import shipped
from dealsim.show.pages import ROOT


@pytest.mark.parametrize(
    ("entry", "title"),
    [
        ("Hood, C. (2011), *The Blame Game: Spin*, Press; Dekker, S. (2007).", "Hood, C. (2011), The Blame Game: Spin, Press"),
        ('Frazier, M. L. (2017), "Safety: a review". 136 samples.', 'Frazier, M. L. (2017), "Safety: a review"'),
        ("Census 2011: 317,849 residents.", "Census 2011"),
        ("Studies (a table; an agency, 2009). Not so.", "Studies (a table; an agency, 2009)"),
        ("No end", "No end"),
    ],
)  # fmt: skip
def test_a_title_ends_where_a_reader_would_end_it(entry, title):
    assert shipped.title_in(entry) == title


@pytest.mark.parametrize("key", sorted(shipped.sources()))
def test_every_source_has_a_title_one_can_read_and_says_how_sure_it_is(key):
    source = shipped.sources()[key]
    assert 15 < len(source.title) < 250, source.title
    assert source.sure
    assert not re.search(r"[*`]|\]\(", source.title + source.sure)


def test_every_declaration_is_told_by_title():
    for text in [spec.source for spec, _ in every_parameter().values()] + [lever.source for lever in LEVERS.values()]:
        assert shipped.keys_in(text)
        assert "src-" not in shipped.titled(text)


def test_every_record_is_shipped_with_what_was_chosen_and_given_up():
    pages = sorted(path.name[:4] for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert sorted({one.number for one in shipped.decisions()}) == pages
    for one in shipped.decisions():
        assert one.title and one.chosen and one.given_up, one


def test_no_choice_of_the_long_page_is_lost():
    page = (ROOT / "docs" / "decisions" / "0005-forms-we-had-to-choose.md").read_text(encoding="utf-8")
    tables = [line for line in page.splitlines() if line.startswith("| ")]
    headed = sum(line.startswith(("| Choice ", "| Parameter ")) for line in tables)
    ruled = sum(line.startswith("| ---") for line in tables)
    assert sum(one.number == "0005" for one in shipped.decisions()) == 1 + len(tables) - headed - ruled


def test_purpose_limits_and_tests_are_shipped():
    assert shipped.purpose() and shipped.limits()
    assert all(said.endswith(".") for said in shipped.purpose() + shipped.limits())
    assert {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")} == set(
        shipped.kept_tests()
    )
