"""How a message is put: text made safe to show, the line at fault, and what was probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

SHOWN = 100
"""Characters of an offending line that a message shows."""

Mark = tuple[int, int]
"""A line and a column of a text, both counted from 1."""


def shown(text: str) -> str:
    """The text with everything a terminal would act on, or hide, written as an escape."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def brief(value: Any, limit: int = 40) -> str:
    """A value as a message shows it: text in quotes, lists and `name: value` parts by their kind."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "`name: value` parts"
    if isinstance(value, list | tuple):
        return "a list"
    text = shown(str(value))
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return f"'{text}'" if isinstance(value, str) else text


def suggestion(word: Any, names: Iterable[str]) -> str:
    """`; did you mean 'x'?` where one of the names is close enough, else nothing."""
    if not isinstance(word, str) or len(word) > 60:
        return ""
    flat = word.strip().lower().replace("-", "_").replace(" ", "_")
    by_flat = {name.lower().replace("-", "_").replace(" ", "_"): name for name in names}
    close = difflib.get_close_matches(flat, by_flat, n=1, cutoff=0.6 if len(flat) > 3 else 0.5)
    return f"; did you mean '{shown(by_flat[close[0]])}'?" if close else ""


def unspaced(value: Any) -> str:
    """`; a space is wanted after the colon` where text was probably meant as a name and its value, else nothing."""
    is_pair = isinstance(value, str) and re.match(r"\w+:\S", value)
    return "; a space is wanted after the colon" if is_pair else ""


def meant_number(value: Any, low: float, high: float) -> str:
    """`; did you mean 0.3?` where text is a number in other clothes (30%, £12, '0.3', 1,5) and in range, else nothing.

    >>> meant_number("30 %", 0, 1), meant_number("£1,500", 0, 2000), meant_number("1,5", 0, 20), meant_number("9", 0, 1)
    ('; did you mean 0.3?', '; did you mean 1500?', '; did you mean 1.5?', '')
    """
    found = (
        re.fullmatch(r"['\"‘’“”£\s]*([0-9]{1,9}(?:[.,][0-9]{1,9})?)\s*(%?)['\"‘’“”\s]*", value)
        if isinstance(value, str)
        else None
    )
    if not found:
        return ""
    number = float(re.sub(r",(?=[0-9]{3}$)", "", found[1]).replace(",", ".")) / (100 if found[2] else 1)
    return f"; did you mean {number:g}?" if low <= number <= high else ""


def fault(label: str, text: str, mark: Mark, message: str, allowed: str = "") -> str:
    """A problem at a line and column of a text, with that line and a pointer under it."""
    line, pointer = excerpt(text, mark)
    parts = [f"{shown(label)}:{mark[0]}:{mark[1]}: {message}"]
    if line.strip():
        parts += [f"    {line}", f"    {' ' * pointer}^"]
    if allowed:
        parts.append(f"    allowed: {allowed}")
    return "\n".join(parts)


@lru_cache(maxsize=4)
def _lines(text: str) -> list[str]:
    """The lines of a text, split once however many problems it has."""
    return text.split("\n")


def excerpt(text: str, mark: Mark) -> tuple[str, int]:
    """The part of a line around its column, escaped, and where in it the column now is."""
    lines = _lines(text)
    line = lines[mark[0] - 1] if mark[0] <= len(lines) else ""
    column = min(mark[1] - 1, len(line))
    start = max(0, column - SHOWN // 2) if len(line) > SHOWN else 0
    before = ("…" if start else "") + shown(line[start:column])
    after = shown(line[column : start + SHOWN]) + ("…" if start + SHOWN < len(line) else "")
    return before + after, len(before)
