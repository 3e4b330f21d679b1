"""Generated pages are fresh, and everything they point at is there."""

from __future__ import annotations

import re

import pytest

from dealsim.parameters import every_parameter
from dealsim.show import coverage, pages

PAGES = pages.generated()


@pytest.mark.parametrize("path", PAGES)
def test_a_generated_page_is_fresh(path):
    file = pages.ROOT / path
    assert file.exists(), f"{path} is not there; run `python -m dealsim.show.pages`"
    assert file.read_text(encoding="utf-8") == PAGES[path], f"{path} is stale; run `python -m dealsim.show.pages`"


def test_nothing_of_the_specification_is_missing():
    assert coverage.missing() == []


@pytest.mark.parametrize(
    "name", ["agents.citizen.nonsense", "levers.LEVERS[nonsense]", "agents.citizen.CitizenColumns.nonsense", "nonsense"]
)
def test_a_name_that_is_not_there_counts_as_missing(name):
    with pytest.raises(LookupError):
        coverage.found(name)


def test_every_lever_rival_metric_and_rule_stands_in_a_page():
    from dealsim.levers import LEVERS
    from dealsim.metrics import METRICS
    from dealsim.parameters import RIVALS

    for name in (*LEVERS, *RIVALS):
        assert f"| `{name}` |" in PAGES["docs/parameters.md"], name
        assert any(
            f"[{name}]" in where for rows in coverage.SPECIFICATION.values() for r in rows for where in r.where
        ), f"{name} stands in no row of the specification (dealsim/show/coverage.py)"
    for name in METRICS:
        assert f"| `{name}` |" in PAGES["docs/ODD.md"], name
    for module in pages.RULE_MODULES:
        for name in pages.rules_of(module):
            assert f"| `{name}` |" in PAGES["docs/ODD.md"], name


def test_the_odd_has_its_seven_elements():
    headings = re.findall(r"^## (\d)\. (.+)$", PAGES["docs/ODD.md"], re.MULTILINE)
    assert [title for _, title in headings] == [
        "Purpose and patterns", "Entities, state variables and scales", "Process overview and scheduling",
        "Design concepts", "Initialization", "Input data", "Submodels",
    ]  # fmt: skip


def test_a_table_without_a_place_is_refused():
    with pytest.raises(ValueError, match="no place"):
        pages.with_tables("nothing here", {"entities": ""})
    with pytest.raises(ValueError, match="nothing makes"):
        pages.with_tables("<!-- begin: oddity -->\n<!-- end -->", {})


CODE_NAME = re.compile(r"`([a-z_]+(?:\.[A-Za-z_]+)+)`")
SUFFIXES = ("py", "md", "csv", "yaml", "yml", "txt", "html", "json", "parquet", "ipynb")


def is_there(name: str) -> bool:
    """Whether a dotted name in prose is a module, a member of one, or a parameter by kind."""
    try:
        coverage.found(name.removeprefix("dealsim."))
    except LookupError:
        return name in every_parameter()
    return True


@pytest.mark.parametrize(
    "path", ["README.md", *sorted(str(p.relative_to(pages.ROOT)) for p in pages.ROOT.glob("docs/**/*.md"))]
)
def test_names_in_pages_exist(path):
    """Dotted names of the package's modules and their members, and paths of files."""
    text = (pages.ROOT / path).read_text(encoding="utf-8")
    for name in CODE_NAME.findall(text):
        if name.split(".")[-1] not in SUFFIXES and name.split(".")[0] not in ("model", "git"):
            assert is_there(name), f"{path} names `{name}`, which is not there"
    for name in re.findall(r"`((?:[\w-]+/)+[\w.-]+\.(?:py|md|csv|yaml|txt|html|ipynb))`", text):
        if not name.startswith(("derived/", "results/", "tables/")):
            there = (pages.ROOT / "dealsim" / name, pages.ROOT / name)
            assert any(file.exists() for file in there), f"{path} names {name}, which is not there"


@pytest.mark.parametrize("path", sorted(str(p.relative_to(pages.ROOT)) for p in pages.ROOT.glob("docs/**/*.md")))
def test_links_between_pages_lead_somewhere(path):
    check_links(path)


@pytest.mark.parametrize("path", ["README.md", "CHANGELOG.md"])
def test_links_from_the_front_page_lead_somewhere(path):
    check_links(path)


def check_links(path: str) -> None:
    file = pages.ROOT / path
    for target in re.findall(r"\]\(([^)#\s]*)(?:#[^)]*)?\)", file.read_text(encoding="utf-8")):
        if target and not target.startswith(("http", "mailto")):
            assert (file.parent / target).exists(), f"{path} links to {target}, which is not there"
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]+)\)", file.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        page = (file.parent / target) if target else file
        headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", h).strip().lower().replace(" ", "-") for h in headings}
        assert anchor in anchors, f"{path} links to {target}#{anchor}, and there is no such heading"


def test_a_choice_names_what_carries_it():
    """In the page of choices, every name in the last column is a parameter, lever, column, metric or file."""
    from dealsim.levers import LEVERS
    from dealsim.metrics import METRICS

    columns = {name for _, record in pages.ENTITIES for name in record._fields}
    known = {name.split(".")[1] for name in every_parameter()} | {*LEVERS} | {*METRICS} | columns
    rules = {name for module in pages.RULE_MODULES for name in pages.rules_of(module)}
    fields = {"paid_by", "paid_from_outside"}  # of a step of the schedule
    page = (pages.ROOT / "docs" / "decisions" / "0005-forms-we-had-to-choose.md").read_text(encoding="utf-8")
    for row in re.findall(r"^\| .+ \| (.+) \|$", page, re.MULTILINE):
        for name in re.findall(r"`([\w./…]+)`", row):
            if "/" in name or name.endswith("…"):
                continue
            assert name in known | rules | fields or is_there(name), f"the page of choices names `{name}`"
