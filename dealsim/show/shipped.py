"""What of the pages and tests travels with the package: purpose, limits, sources, decisions and tests.

It adds nothing: `shipped.json` is made from `docs/` and `tests/` by `python -m dealsim.show.pages`, so that an installed
package can name its sources and decisions without a clone.
"""

from __future__ import annotations

import ast
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from dealsim.text import plain

SHIPPED = Path(__file__).with_name("shipped.json")
SHORT = 420
"""Most characters of a decision that are shipped; its page has the rest."""

_ENTRY = re.compile(r"^### (src-[a-z0-9-]+)\n\n(.+?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
_WHOLE = re.compile(r'\*[^*]+\*|"[^"]+"|\([^)]*\)')
"""Titles in slanted letters or quotes, and brackets: a colon inside them ends nothing."""
_ENDS = re.compile(r"(?<!\b[A-Z])\.(?= |$)|[:;](?= )")
"""The end of a title: a full stop that is not that of an initial, a colon, or a semicolon."""
_ROW = re.compile(r"^\| (?!Choice \||---|Parameter \|)(.+?) \| (.+?) \| (.+?) \|(?: (.+?) \|)?$")


class Source(NamedTuple):
    """A source in short: what it is called, and how sure it is."""

    title: str
    sure: str


class Decision(NamedTuple):
    """A decision in short; `where` is the section of its page, for one choice of many."""

    number: str
    title: str
    chosen: str
    given_up: str
    page: str


def without_marks(markdown: str) -> str:
    """A piece of a page as plain text: no links, no stars, no back ticks, on one line.

    >>> without_marks("see [the *page*](a.md#b) of `x`")
    'see the page of x'
    """
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", markdown.replace("\\|", "|"))
    text = re.sub(r"\*\*([^*]+)\*\*", r"\1", text)
    text = re.sub(r"\*([^*\n]+)\*", r"\1", text).replace("`", "")
    return " ".join(text.split())


def title_in(entry: str) -> str:
    """What a source is called: its entry up to the first full stop, colon or semicolon outside of a title.

    >>> title_in('Bass, F. M. (1969), "Growth: a model", *Science* 15. More of it.')
    'Bass, F. M. (1969), "Growth: a model", Science 15'
    """
    text = " ".join(entry.split())
    hidden = _WHOLE.sub(lambda found: "x" * len(found[0]), text)
    end = _ENDS.search(hidden)
    return without_marks(text[: end.start()] if end else text)


def _sources(page: str) -> dict[str, Any]:
    found = {}
    for key, entry in _ENTRY.findall(page):
        sure = re.search(r"^How sure: (.+?)(?=\n\n|\Z)", entry, re.MULTILINE | re.DOTALL)
        found[key] = {"title": title_in(entry), "sure": without_marks(sure[1]) if sure else ""}
    return found


def _shortened(text: str) -> str:
    """Whole sentences up to the length that is shipped."""
    if len(text) <= SHORT:
        return text
    kept = ""
    for part in re.split(r"(?<=[.;:]) (?=[A-Z(`*])", text):
        if kept and len(kept) + len(part) > SHORT:
            break
        kept = f"{kept} {part}".strip()
    return f"{kept} …"


def _decisions(page: str, name: str) -> list[dict[str, str]]:
    head = re.match(r"# (\d{4}) (.+)\n", page)
    if head is None:
        return []
    said = {
        what: " ".join(without_marks(text).split(" - ")).removeprefix("- ")
        for what, text in re.findall(r"^\*\*([^*]+?)\.?\*\*(.+?)(?=^\*\*|^#|\Z)", page, re.MULTILINE | re.DOTALL)
    }
    chosen = next((text for what, text in said.items() if what.startswith("Choice")), "")
    given_up = next((text for what, text in said.items() if "iven up" in what or "gave up" in what), "")
    rows = [{"number": head[1], "title": without_marks(head[2]), "chosen": _shortened(chosen),
             "given_up": _shortened(given_up), "page": name}]  # fmt: skip
    section = ""
    many = []
    for line in page.splitlines():
        if line.startswith("## "):
            section = without_marks(line[3:])
        elif section and (row := _ROW.match(line)):
            cells = [without_marks(cell) for cell in row.groups() if cell]
            if len(cells) == 4:  # a value that was moved: parameter, from, to, why
                cells = [f"{cells[0]} is {cells[2]}: {cells[3]}", f"{cells[1]}, where it started", cells[0]]
            where = "" if cells[2] in ("", "–") else f" ({cells[2]})"
            many.append({"number": head[1], "title": section, "chosen": f"{cells[0]}{where}", "given_up": cells[1],
                         "page": name})  # fmt: skip
    if many:  # a page of many choices says what was given up row by row
        rows[0] |= {"chosen": f"{len(many)} choices, one row each below", "given_up": "as each row says"}
    return rows + many


def _tests(root: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        folder = path.parent.relative_to(root).as_posix()
        found.setdefault(folder, []).append(without_marks(said.split("\n\n")[0]))
    return found


def _about(page: str) -> dict[str, list[str]]:
    """The model's purpose and limits, sentence by sentence."""
    found = dict(re.findall(r"^\*\*(Purpose|Limits)\.\*\* (.+?)\n\n", page, re.MULTILINE | re.DOTALL))
    return {what.lower(): re.split(r"(?<=[.]) (?=[A-Z])", without_marks(text)) for what, text in found.items()}


def shipped_text(root: Path) -> str:
    """The text that `shipped.json` should have, from the pages and tests of a clone."""
    pages = sorted((root / "docs" / "decisions").glob("[0-9]*.md"))
    made = {
        "model": _about((root / "docs" / "ODD.md").read_text(encoding="utf-8")),
        "sources": _sources((root / "docs" / "sources.md").read_text(encoding="utf-8")),
        "decisions": [
            row
            for path in pages
            for row in _decisions(path.read_text(encoding="utf-8"), path.relative_to(root).as_posix())
        ],
        "tests": _tests(root),
    }
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SHIPPED.read_text(encoding="utf-8"))
    return found


def purpose() -> list[str]:
    """What the model is for, sentence by sentence."""
    return list(_shipped()["model"]["purpose"])


def limits() -> list[str]:
    """What the model leaves out and must not be read for, sentence by sentence."""
    return list(_shipped()["model"]["limits"])


def sources() -> dict[str, Source]:
    """Every source in short, by its key."""
    return {key: Source(**said) for key, said in _shipped()["sources"].items()}


def decisions() -> list[Decision]:
    """Every decision in short, by number."""
    return [Decision(**said) for said in _shipped()["decisions"]]


def kept_tests() -> dict[str, list[str]]:
    """What each file of tests asks, by folder."""
    return {folder: list(said) for folder, said in _shipped()["tests"].items()}


def keys_in(text: str) -> list[str]:
    """The source keys named in a declaration or scenario, each once."""
    return list(dict.fromkeys(re.findall(r"src-[a-z0-9]+(?:-[a-z0-9]+)*", text)))


def titled(text: str) -> str:
    """A source as a reader is told of it: keys become titles, whatever else it says stays.

    >>> titled("src-saks").startswith("Saks, A. M. and Belcourt, M. (2006)"), titled("Our own survey, 2025")
    (True, 'Our own survey, 2025')
    """
    known = sources()
    keys = [key for key in keys_in(text) if key in known]
    return "; ".join(known[key].title for key in keys) if keys else plain(text, 600)


def how_sure(text: str) -> str:
    """What the sources page says of how sure the sources in a text are."""
    known = sources()
    return " ".join(known[key].sure for key in keys_in(text) if key in known)
