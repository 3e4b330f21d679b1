"""What a page tells a reader to do can be done: every block of every page is run, or listed with why it is not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dealsim.levers import LEVERS
from dealsim.metrics import METRICS
from dealsim.show.pages import ROOT
from tests.docs.walk import NOT_RUN, READ_ONLY, blocks_of, changes_the_package, patched, why_not_run

PAGES = [str(path.relative_to(ROOT)) for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))]
BLOCKS = {page: found for page in PAGES if (found := blocks_of(ROOT / page, page))}
RUN = ("sh", "python", "yaml", "csv", "diff")
EXTENDING = ("docs/how-to/add-a-rule.md", "docs/how-to/add-a-metric.md", "docs/how-to/add-a-scenario.md")
"""Pages that change the project. They are walked one after the other in one copy of it, because wherever it lies the
model is compiled anew; the rule comes first, since after a change of rules it is compiled anew as well."""
OF_THE_PROJECT = ("dealsim", "docs", "tests", "pyproject.toml", "README.md", "CHANGELOG.md")
"""What they need a copy of."""


def walk(page: str, here: Path, package: Path) -> None:
    """Do in a folder what a page says, with the package that lies in another."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(Path(__file__).with_name("walk.py")), page, str(here / ".bin")],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(package)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("page", [page for page in BLOCKS if page not in EXTENDING])
def test_a_reader_can_do_what_a_page_says(page, tmp_path):
    assert not changes_the_package(BLOCKS[page]), "name it in EXTENDING"
    walk(page, tmp_path, ROOT)


@pytest.mark.slow
def test_a_developer_can_add_a_rule_a_metric_and_a_scenario_as_the_pages_say(tmp_path):
    for name in OF_THE_PROJECT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    for page in EXTENDING:
        walk(page, tmp_path, tmp_path)


@pytest.mark.parametrize("page", BLOCKS)
def test_no_block_is_passed_over(page):
    for block in BLOCKS[page]:
        if why_not_run(block):
            continue
        assert block.language in (*RUN, *READ_ONLY), f"{block.where}: nothing runs a block of '{block.language}'"
        assert block.title or block.language in ("sh", "python", *READ_ONLY), f"{block.where} names no file"


def test_every_reason_for_not_running_is_needed():
    for start in NOT_RUN:
        assert any(block.text.startswith(start) for found in BLOCKS.values() for block in found), start


def test_no_fence_is_missed():
    for page in PAGES:
        fences = re.findall(r"^ *(?:```|~~~)", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
        assert len(fences) == 2 * len(BLOCKS.get(page, ())), f"{page}: a fence is indented or not as walk.py reads it"


def test_a_change_that_no_longer_fits_is_refused():
    assert patched("a\nb\n", " a\n+c\n", "here") == "a\nc\nb\n"
    with pytest.raises(AssertionError, match="stand 0 times"):
        patched("a\nb\n", " d\n+c\n", "here")


def test_the_tutorial_installs_as_the_front_page_does():
    readme, tutorial = (
        [block.text for block in BLOCKS[page] if block.text.startswith("python3 -m venv")]
        for page in ("README.md", "docs/tutorials/policy-team.md")
    )
    assert tutorial == readme[:1]


@pytest.mark.parametrize("page", ["docs/tutorials/policy-team.md", "docs/tutorials/facilitator.md"])
def test_a_tutorial_names_sections_and_measures_as_a_reader_sees_them(page):
    """What stands in slanted letters with a capital is a heading of the report, a measure or a lever."""
    labels = {metric.label for metric in METRICS.values()} | {lever.label for lever in LEVERS.values()}
    report = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "dealsim" / "show").glob("*.py"))
    headings = set(re.findall(r'"([A-Z][^"\n]+)"|<h2[^>]*>([^<\n]+)</h2>', report))
    known = labels | {one or other for one, other in headings}
    for name in re.findall(r"(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)", (ROOT / page).read_text(encoding="utf-8")):
        assert name in known, f"{page} speaks of *{name}*, which no report shows"
