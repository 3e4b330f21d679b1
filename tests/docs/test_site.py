"""The pages build to a site without a warning, all of them are in its menu, and it asks nothing of other machines."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys

import pytest

from dealsim.show.pages import ROOT

OUTSIDE = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"']?(?:https?:)?//"
    r"|<link\b[^>]*\brel=[\"']?(?:stylesheet|preload|preconnect|icon|prefetch)[^>]*href=[\"']?(?:https?:)?//"
    r"|<link\b[^>]*\bhref=[\"']?(?:https?:)?//[^>]*rel=[\"']?(?:stylesheet|preload|preconnect|icon|prefetch)"
    r"|@import\s+[^;]*//|url\([\"']?(?:https?:)?//",
)
"""A part of a page that a browser fetches from another machine."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if importlib.util.find_spec("material") is None:
        print("mkdocs-material is not installed, so the site is not built; pip install -e '.[dev]' brings it")
        pytest.skip("mkdocs-material is not installed")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        # a word on the future of mkdocs, which is no warning about these pages
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert not done.stdout.strip(), done.stdout
    return folder


def test_the_site_builds_without_a_warning(site):
    assert (site / "index.html").exists()


def test_the_site_asks_nothing_of_another_machine(site):
    files = [path for path in site.rglob("*") if path.suffix in (".html", ".css")]
    assert files
    for path in files:
        found = OUTSIDE.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.relative_to(site)}: {found.group(0)}"


def test_the_menu_names_every_page():
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("\nnav:\n")[1]
    named = re.findall(r"[\w/-]+\.md", nav)
    there = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert sorted(named) == sorted(there)


def test_the_site_can_be_searched_without_a_server(site):
    """A browser lets a page opened as a file read scripts only, so the index must be one."""
    assert (site / "search" / "search_index.js").exists()
    assert '<script src="assets/iframe-worker.js">' in (site / "index.html").read_text(encoding="utf-8")
