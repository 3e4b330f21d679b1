"""Figures and verdicts in words a stranger can read; nothing is said that the interval does not show."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from dealsim.analysis.doubt import AGREEING, DOUBT_COLUMNS
from dealsim.text import plain

MOST_PLACES = 3
"""Most decimals that are shown of a figure whose interval is known."""


def figure(value: float | None, *, signed: bool = False, places: int | None = None) -> str:
    """A number with so many decimals (or three figures that matter), thousands set apart, and a true minus sign.

    >>> figure(12345.6), figure(-0.01234, signed=True), figure(3.0, signed=True), figure(7.49, places=1)
    ('12,346', '−0.0123', '+3.00', '7.5')
    """
    if value is None or not math.isfinite(value):
        return "–"
    size = abs(value)
    if places is None:
        if size < 1e-12:
            return "0"
        places = min(9, max(0, 2 - math.floor(math.log10(size))))
    text = f"{size:,.{places}f}"
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


def title_of(name: object) -> str:
    """A scenario's name as a title: the name of a shipped file becomes words.

    >>> title_of("deal_without_permission"), title_of("Permission later")
    ('Deal without permission', 'Permission later')
    """
    said = plain(name)
    if re.fullmatch(r"[a-z0-9_]+", said):
        said = said.replace("_", " ").strip() or said
        return said[:1].upper() + said[1:]
    return said


def _places_that_show(row: Mapping[str, Any]) -> int:
    """Decimals at which a difference, and the nearer end of an interval that leaves out nothing, are not shown as 0."""
    apart, low, high = (float(row.get(name, 0.0)) for name in ("difference", "difference_low", "difference_high"))
    shown = [apart, low, high] if low * high > 0.0 else [apart]
    sizes = [abs(value) for value in shown if math.isfinite(value) and value != 0.0]
    wanted = max((-math.floor(math.log10(2.0 * size)) for size in sizes), default=0)
    return max(0, min(MOST_PLACES + 2, wanted))


def places_of(row: Mapping[str, Any]) -> int | None:
    """How many decimals the figures of a row have, all the same: what its interval bears, at most three.

    Half the interval keeps one figure, or two where it begins with 1 or 2. None where there is no interval.

    >>> places_of({"difference_low": -85.0, "difference_high": -79.0}), places_of({"low": 0.1, "high": 0.1001})
    (0, 3)
    """
    for low, high in (("difference_low", "difference_high"), ("low", "high")):
        if low in row and row[low] is not None and math.isfinite(row[low]) and math.isfinite(row[high]):
            half = (row[high] - row[low]) / 2.0
            if half > 0.0:
                size = math.floor(math.log10(half))
                places = max(0, min(MOST_PLACES, (1 if half / 10.0**size < 3.0 else 0) - size))
                return max(places, _places_that_show(row))
    return None


def scaled(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the summary with its figures and unit as they are shown."""
    factor, unit = unit_shown(str(row["unit"]))
    named: tuple[str, ...] = ("mean", "low", "high", "difference", "difference_low", "difference_high")
    if "agree" in row:  # only an ensemble tells chance and doubt apart
        named = (*named, *DOUBT_COLUMNS, *(f"difference_{name}" for name in DOUBT_COLUMNS))
    return {**row, **{name: row[name] * factor for name in named if name in row}, "unit": unit}


def between(low: float | None, high: float | None, *, signed: bool = False, places: int | None = None) -> str:
    """An interval in words: `1.2 to 3.4`, or why there is none."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return "no interval"
    return f"{figure(low, signed=signed, places=places)} to {figure(high, signed=signed, places=places)}"


def with_interval(mean: float, low: float, high: float, *, signed: bool = False, places: int | None = None) -> str:
    """A figure with its interval: `−54 (−64 to −43)`."""
    return f"{figure(mean, signed=signed, places=places)} ({between(low, high, signed=signed, places=places)})"


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
        if "agree" in row and not row["agree"] >= AGREEING:
            return f"cannot tell: {disagreement(row)}"
        if pairs < 2:
            return f"cannot tell from {count(pairs, 'pair')}; at least 2 are needed"
        if needed is None or not math.isfinite(needed) or needed > 100_000:
            return f"cannot tell from {count(pairs, 'pair')}"
        return f"cannot tell from {count(pairs, 'pair')}; about {max(int(needed), pairs + 1):,} would do"
    return str(verdict)


def disagreement(row: Mapping[str, Any]) -> str:
    """Why no direction is told where too few of the parameter sets go the same way.

    >>> disagreement({"agree": 0.65, "pair_sets": 20.0, "difference": -0.4})
    'the parameter sets disagree: in 13 of 20 it is lower'
    """
    if not math.isfinite(row["agree"]):
        return "too few lives of each parameter set were finished"
    way = "lower" if row["difference"] < 0 else "higher"
    return f"the parameter sets disagree: in {sets_agreeing(row)} it is {way}"


def sets_agreeing(row: Mapping[str, Any]) -> str:
    """How many of the parameter sets go the way of the mean: `13 of 20`."""
    if not math.isfinite(row["agree"]):
        return "–"
    return f"{round(row['agree'] * row['pair_sets'])} of {int(row['pair_sets'])}"


def sentence(row: Mapping[str, Any], base: str) -> str:
    """One sentence on one difference, with its interval."""
    row = scaled(row)
    label, scenario, base = plain(row["label"]), title_of(row["scenario"]), title_of(base)
    places = places_of(row)
    unit = " points" if row["unit"].startswith("%") else ""
    verdict, pairs = row["verdict"], int(row["pairs"])
    if verdict == "cannot tell":
        return f"{label} under {scenario}: {in_words(row)}."
    if verdict == "no difference":
        return f"{label}: the same under {scenario} as under {base} in {count(pairs, 'pair')}."
    way = "higher" if row["difference"] > 0 else "lower"
    judged = f", which is {verdict}" if verdict in ("better", "worse") else ""
    return (
        f"{label}: {figure(abs(row['difference']), places=places)}{unit} {way} under {scenario} than under {base}{judged} "
        f"(95 % interval {between(row['difference_low'], row['difference_high'], signed=True, places=places)}, "
        f"{count(pairs, 'pair')})."
    )
