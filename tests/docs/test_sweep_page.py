"""The page on sweeps says all there is: every part, design, option, file and word; and its sweeps can be read."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
import typer

from dealsim.show.pages import ROOT
from dealsim.store import MANIFEST, PLACE_FILE
from dealsim.sweeps.asked import BOUNDS, GROUPS, PARTS, Outputs, StopAt, read_asked
from dealsim.sweeps.carrying_out import Progress
from dealsim.sweeps.designs import KINDS, SIZED_BY
from dealsim.sweeps.folder import DAMAGED, DESIGN, GIVEN, RECIPE, TABLES
from dealsim.sweeps.folder import PARTS as PARTS_FOLDER
from tests.docs.walk import blocks_of

PAGE = "docs/sweep.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
WITH_SWEEPS = [PAGE, "docs/tutorials/researcher.md"]
FACTORS = "factors:\n  nerve: {low: 0.1, high: 0.9}\n  citizen.trust_gain: {}\n"


def section(name: str) -> str:
    """The text below one heading of the page."""
    return re.search(rf"^#+ {re.escape(name)}\n(.*?)(?=^#|\Z)", TEXT, re.DOTALL | re.MULTILINE).group(1)


def rows_of(name: str) -> set[str]:
    """What stands in code signs in the first column of a section's tables."""
    first = [line.split(" | ")[0] for line in section(name).splitlines() if line.startswith("|")]
    return set(re.findall(r"`([^`]+)`", " ".join(first)))


def test_it_knows_every_part():
    assert rows_of("The parts") == set(PARTS)


def test_it_knows_every_part_of_a_part():
    assert rows_of("Outputs") == {field.name for field in fields(Outputs)}
    for word in GROUPS:
        assert f"`{word}`" in section("Outputs")
    for word in BOUNDS:
        assert f"`{word}`" in section("Targets")
    for field in fields(StopAt):
        assert re.search(rf"`stop_at: {{.*{field.name}: ", section("stop_at"))
    for word in ("low", "high", "values", "from"):
        assert f"{word}: " in section("Factors")


def test_it_knows_every_design_and_how_it_is_made_longer():
    told = [row for row in section("Designs").splitlines() if row.startswith("| `{kind")]
    assert [re.match(r"\| `{kind: (\w+)", row).group(1) for row in told] == list(KINDS)
    for row, kind in zip(told, KINDS, strict=True):
        assert f"{SIZED_BY[kind]}: " in row and row.count(" | ") == 2


@pytest.mark.parametrize("form", re.findall(r"`({kind: [^`]+})`", TEXT))
def test_a_design_of_the_page_is_a_design(form, tmp_path):
    (tmp_path / "points.csv").write_text("nerve\n0.2\n0.8\n", encoding="utf-8")
    factors = "" if "kind: points" in form else FACTORS
    path = tmp_path / "one.yaml"
    path.write_text(f"name: one\nbase: deal\n{factors}design: {form}\n", encoding="utf-8")
    assert read_asked(path).design.kind in KINDS


SWEEPS = [block for page in WITH_SWEEPS for block in blocks_of(ROOT / page, page) if "\ndesign:" in block.text]


def test_the_pages_have_sweeps():
    assert {block.where.split(",")[0] for block in SWEEPS} == set(WITH_SWEEPS)


@pytest.mark.parametrize("block", SWEEPS, ids=lambda block: block.where)
def test_a_sweep_of_a_page_can_be_read(block, tmp_path):
    path = tmp_path / block.title
    path.write_text(block.text, encoding="utf-8")
    assert read_asked(path).factors


def test_the_form_of_stop_at_can_be_read(tmp_path):
    form = re.search(r"`(stop_at: {.*?})`", section("stop_at")).group(1)
    path = tmp_path / "one.yaml"
    path.write_text(f"name: one\nbase: deal\n{FACTORS}design: {{kind: factorial, levels: 2}}\n{form}\n")
    assert read_asked(path).stop_at


def test_it_knows_every_option_of_the_command():
    from dealsim.__main__ import app

    command = typer.main.get_command(app).commands["sweep"]
    options = {name for one in command.params for name in one.opts if name.startswith("--")}
    assert {name for name in rows_of("While it works") if name.startswith("--")} == options


def test_it_knows_every_word_of_a_line_of_json():
    for field in fields(Progress):
        assert f"`{field.name}`" in section("While it works")


def test_it_knows_every_file_of_the_folder():
    for name in (*TABLES, DESIGN, RECIPE, GIVEN, MANIFEST, PLACE_FILE, "provenance.json"):
        assert name in rows_of("What lies in the folder"), name
    assert f"`{PARTS_FOLDER}/`" in TEXT and f"`{DAMAGED}/`" in TEXT
