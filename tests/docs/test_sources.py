"""Every source key resolves, and every entry is used."""

from __future__ import annotations

import re
from functools import lru_cache

import pytest

from dealsim.show.pages import ROOT, SOURCE_KEY

ENTRY = re.compile(r"^### (src-[a-z0-9-]+)\n\n(.+?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)


@lru_cache
def entries() -> dict[str, str]:
    """The entries of the sources page, by key."""
    return dict(ENTRY.findall((ROOT / "docs" / "sources.md").read_text(encoding="utf-8")))


@lru_cache
def used() -> dict[str, str]:
    """Every key named in the package and the studies, with a file that names it."""
    found: dict[str, str] = {}
    for folder in ("dealsim", "experiments"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".yaml", ".csv"):
                for key in SOURCE_KEY.findall(path.read_text(encoding="utf-8")):
                    found.setdefault(key, str(path.relative_to(ROOT)))
    return found


@pytest.mark.parametrize("key", sorted(used()))
def test_a_key_resolves(key):
    assert key in entries(), f"{key}, named in {used()[key]}, has no entry in docs/sources.md"


@pytest.mark.parametrize("key", sorted(entries()))
def test_an_entry_is_used(key):
    assert key in used(), f"docs/sources.md explains {key}, which nothing names"


@pytest.mark.parametrize("key", sorted(entries()))
def test_an_entry_says_how_sure_it_is(key):
    assert re.search(r"^How sure: ", entries()[key], re.MULTILINE), f"{key} does not say how sure it is"


def test_every_grade_is_explained():
    from dealsim.declare import GRADES

    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    for grade in GRADES:
        assert f"\n| {grade} | " in text, grade
