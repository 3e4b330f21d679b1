"""How a message is put: text made safe to show, the line at fault, and what was probably meant."""

from __future__ import annotations

import difflib
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
    """A value as a message shows it: text in quotes, lists and mappings by their kind."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
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
    close = difflib.get_close_matches(flat, by_flat, n=1, cutoff=0.6)
    return f"; did you mean '{by_flat[close[0]]}'?" if close else ""


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
