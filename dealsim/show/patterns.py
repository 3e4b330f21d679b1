"""The pattern table in words, as rows for JSON and as a page.

It lives nothing; `dealsim.patterns` does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dealsim.patterns.national import PATTERNS, Pattern
from dealsim.patterns.reading import Reading
from dealsim.patterns.trials import TRIALS
from dealsim.results import number
from dealsim.show.words import figure, places_of


def as_rows(found: Sequence[Reading]) -> list[dict[str, Any]]:
    """One row a pattern: its name, target with the ends of its range, what was simulated, and whether it holds.

    `target` is the middle of the range from `low` to `high`; `simulated` is what the model gives, with
    `simulated_low` to `simulated_high` its interval; `pass` says whether `simulated` lies in the range.
    """
    return [
        {
            "name": one.pattern.name,
            "label": one.pattern.label,
            "unit": one.pattern.unit,
            "target": one.pattern.target,
            "low": one.pattern.low,
            "high": one.pattern.high,
            "simulated": number(one.simulated),
            "simulated_low": number(one.simulated_low),
            "simulated_high": number(one.simulated_high),
            "share_holding": one.share_holding,
            "pass": one.holds,
            "use": one.pattern.use,
            "source": one.pattern.source,
            "grade": one.pattern.grade,
            "rejects": one.pattern.rejects,
            "meaning": one.pattern.meaning,
        }
        for one in found
    ]


def target_in_words(pattern: Pattern) -> str:
    """The range of a pattern's target, its ends in full."""
    ends = (pattern.low, pattern.high)
    places = max(_places(pattern), *(len(f"{end:.3f}".rstrip("0").split(".")[1]) for end in ends))
    return " to ".join(figure(end, places=places) for end in ends)


def simulated_in_words(pattern: Pattern, middle: float, low: float, high: float) -> str:
    """A simulated figure with its interval, with the decimals that the target bears."""
    return f"{_figure(pattern, middle)} ({_figure(pattern, low)} to {_figure(pattern, high)})"


def _figure(pattern: Pattern, value: float) -> str:
    return figure(value, places=_places(pattern))


def _places(pattern: Pattern) -> int:
    return places_of({"low": pattern.low, "high": pattern.high, "mean": pattern.target}) or 0


def in_words(one: Reading) -> tuple[str, str, str, str]:
    """A reading as a table shows it: what, target, simulated with its interval, and whether it holds."""
    pattern = one.pattern
    said = "cannot be read in so small a borough"
    if math.isfinite(one.simulated):
        said = simulated_in_words(pattern, one.simulated, one.simulated_low, one.simulated_high)
    return f"{pattern.label} ({pattern.unit})", target_in_words(pattern), said, verdict(one)


def verdict(one: Reading) -> str:
    """Whether a pattern holds, or that it could not be read."""
    return ("yes" if one.holds else "no") if math.isfinite(one.simulated) else "not read"


def summed_up(found: Sequence[Reading]) -> str:
    """How many patterns hold, in a sentence, and the names of those that do not."""
    verdicts = [(verdict(one), one.pattern.label) for one in found]
    missed, unread = ([label for said, label in verdicts if said == which] for which in ("no", "not read"))
    said = f"{len(found) - len(missed) - len(unread)} of {len(found)} patterns hold"
    said += f"; these do not: {', '.join(missed)}." if missed else "."
    return f"{said} So small a borough does not show: {', '.join(unread)}." if unread else said


def pattern_rows() -> list[tuple[str, ...]]:
    """Every declared pattern as a table shows it: name, how it is read, target, source, grade and use."""
    rows: list[tuple[str, ...]] = []
    for pattern in PATTERNS.values():
        rows.append(
            (
                f"`{pattern.name}`",
                f"**{pattern.label}.** {pattern.meaning} A miss speaks against: {pattern.rejects}.",
                f"{target_in_words(pattern)} {pattern.unit}",
                f"[{pattern.source}](sources.md#{pattern.source})",
                pattern.grade,
                pattern.use,
            )
        )
    return rows


def trial_rows() -> list[tuple[str, ...]]:
    """What a parameter set is put through: name, meaning, levers and years."""
    rows: list[tuple[str, ...]] = []
    for trial in TRIALS.values():
        levers = [f"`{lever}` {value}" for lever, value in trial.levers.items()]
        levers += [f"`{entry['lever']}` {entry['value']:g} from {entry['from']}" for entry in trial.schedule]
        rows.append((f"`{trial.name}`", trial.meaning, ", ".join(levers) or "none", str(trial.years)))
    return rows
