"""Figures and verdicts in words a stranger can read; nothing is said that the interval does not show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dealsim.text import plain


def figure(value: float | None, *, signed: bool = False) -> str:
    """A number with three figures that matter, thousands set apart, and a true minus sign.

    >>> figure(12345.6), figure(-0.01234, signed=True), figure(3.0, signed=True)
    ('12,346', '−0.0123', '+3.00')
    """
    if value is None or not math.isfinite(value):
        return "–"
    size = abs(value)
    if size < 1e-12:
        return "0"
    places = max(0, 2 - math.floor(math.log10(size)))
    text = f"{size:,.{min(places, 9)}f}"
    is_zero = not text.strip("0.,")
    sign = "" if is_zero else "−" if value < 0 else "+" if signed else ""
    return sign + text


def unit_shown(unit: str) -> tuple[float, str]:
    """What a figure is multiplied by to be read, and its unit then: shares are shown in hundredths.

    >>> unit_shown("share of residents"), unit_shown("0–1")
    ((100.0, '% of residents'), (1.0, '0–1'))
    """
    if unit == "share" or unit.startswith("share "):
        return 100.0, f"%{unit[5:]}"
    return 1.0, unit


def scaled(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the summary with its figures and unit as they are shown."""
    factor, unit = unit_shown(str(row["unit"]))
    named = ("mean", "low", "high", "difference", "difference_low", "difference_high")
    return {**row, **{name: row[name] * factor for name in named if name in row}, "unit": unit}


def between(low: float | None, high: float | None, *, signed: bool = False) -> str:
    """An interval in words: `1.2 to 3.4`, or why there is none."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return "no interval"
    return f"{figure(low, signed=signed)} to {figure(high, signed=signed)}"


def count(number: int, one: str, many: str = "") -> str:
    """A number and its noun: `1 pair`, `10 pairs`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def in_words(row: Mapping[str, Any]) -> str:
    """What a difference shows: better, worse, or that it cannot be told, and how many pairs would tell.

    >>> in_words({"verdict": "cannot tell", "pairs": 10, "pairs_needed": 210.0})
    'cannot tell from 10 pairs; about 210 would do'
    """
    pairs, needed, verdict = int(row["pairs"]), row["pairs_needed"], row["verdict"]
    if verdict == "no difference":
        return f"no difference in {count(pairs, 'pair')}"
    if verdict == "cannot tell":
        if pairs < 2:
            return f"cannot tell from {count(pairs, 'pair')}; at least 2 are needed"
        if needed is None or not math.isfinite(needed) or needed > 100_000:
            return f"cannot tell from {count(pairs, 'pair')}"
        return f"cannot tell from {count(pairs, 'pair')}; about {max(int(needed), pairs + 1):,} would do"
    return f"{verdict}; {count(int(needed), 'pair')} would do" if math.isfinite(needed) else str(verdict)


def sentence(row: Mapping[str, Any], base: str) -> str:
    """One sentence on one difference, with its interval."""
    row = scaled(row)
    label, scenario, base = plain(row["label"]), plain(row["scenario"]), plain(base)
    unit = " points" if row["unit"].startswith("%") else ""
    verdict, pairs = row["verdict"], int(row["pairs"])
    if verdict == "cannot tell":
        return f"{label}: {in_words(row)}."
    if verdict == "no difference":
        return f"{label}: the same under {scenario} as under {base} in {count(pairs, 'pair')}."
    way = "higher" if row["difference"] > 0 else "lower"
    judged = f", which is {verdict}" if verdict in ("better", "worse") else ""
    return (
        f"{label}: {figure(abs(row['difference']))}{unit} {way} under {scenario} than under {base}{judged} "
        f"(95 % interval {between(row['difference_low'], row['difference_high'], signed=True)}, "
        f"{count(pairs, 'pair')})."
    )
