"""Scenarios in words: which are shipped, and what one of them says with all it takes from its parents.

It reads scenarios and runs nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from dealsim.levers import LEVERS
from dealsim.scenarios import Scenario, load, shipped_names
from dealsim.scenarios.timetable import is_old

_PLAIN = re.compile(r"(?!(true|false|yes|no|on|off|null)$)[a-z][\w .()?'/-]*|\d{4}-\d\d(-\d\d)?", re.IGNORECASE)
"""Text that YAML reads as itself without quotes, also inside a list."""
NOT_SAID = "no file: the old value"
"""Where a lever's value comes from when no file speaks of it."""


def shipped_rows() -> list[dict[str, str]]:
    """Name and question of every shipped scenario, by name."""
    return [{"name": name, "question": load(name).question} for name in shipped_names()]


def shipped_text() -> str:
    """The shipped scenarios, one a line."""
    rows = shipped_rows()
    width = max(len(row["name"]) for row in rows)
    return "\n".join(f"{row['name']:{width}}  {row['question']}" for row in rows)


def resolved_text(scenario: Scenario, why: bool = False, everything: bool = False) -> str:
    """A scenario with all that its parents say in it, as a file would say it.

    Parameters
    ----------
    why
        Write beside each value the file and line it came from.
    everything
        Also write the levers that stay at their old value.
    """
    lines: list[tuple[str, str]] = []
    for key in ("name", "question", "author", "date", "sources", "place", "size", "replicates"):
        value = getattr(scenario, key)
        if value not in (None, "", ()):
            lines.append((f"{key}: {_written(value)}", scenario.origins.get(key, "")))
    named = [(name, value) for name, value in scenario.levers.items() if everything or not is_old(LEVERS[name], value)]
    if named:
        lines.append(("levers:", ""))
        lines += [
            (f"  {name}: {_written(value)}", scenario.origins.get(f"levers.{name}", NOT_SAID)) for name, value in named
        ]
    for part in ("schedule", "shocks"):
        entries = getattr(scenario, part)
        if entries:
            lines.append((f"{part}:", ""))
            lines += [
                (f"  - {_written(entry)}", scenario.origins.get(f"{part}[{n}]", "")) for n, entry in enumerate(entries)
            ]
    if scenario.rivals:
        lines.append(("rivals:", ""))
        lines += [(f"  - {name}", scenario.origins.get(f"rivals.{name}", "")) for name in scenario.rivals]
    if not why:
        return "\n".join(text for text, _ in lines)
    width = min(100, max(len(text) for text, _ in lines))
    return "\n".join(f"{text:{width}}  # {origin}" if origin else text for text, origin in lines)


def _written(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_written(part)}" for key, part in value.items()) + "}"
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, Sequence):
        return "[" + ", ".join(_written(part) for part in value) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def late_entries(scenario: Scenario, weeks: int) -> list[str]:
    """What a scenario says that begins after so many weeks, one line each."""
    return [f"week {row.week} ({row.begins}): {row.what}" for row in scenario.timetable(weeks) if row.week >= weeks]
