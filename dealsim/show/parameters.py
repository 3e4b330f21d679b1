"""The list of every parameter and lever, as rows and as text."""

from __future__ import annotations

from typing import Any

from dealsim.calibration import UNSETTLED, grade_shown
from dealsim.declare import GRADES
from dealsim.levers import LEVERS
from dealsim.parameters import every_parameter

_HEADS = ("Name", "What it is", "Unit", "Range", "Default", "Source", "Grade")


def as_rows() -> list[dict[str, Any]]:
    """Every parameter, then every lever: name, label, unit, range, default, source and grade."""
    rows = [
        {
            "name": name,
            "label": spec.label,
            "symbol": spec.symbol,
            "unit": spec.unit,
            "low": spec.low,
            "high": spec.high,
            "default": default,
            "source": spec.source,
            "grade": grade_shown(name, spec.grade),
        }
        for name, (spec, default) in every_parameter().items()
    ]
    rows += [
        {
            "name": f"lever.{name}",
            "label": lever.label,
            "symbol": "",
            "unit": lever.unit,
            "low": lever.low if lever.is_number else None,
            "high": lever.high if lever.is_number else None,
            "choices": list(lever.choices) or None,
            "default": lever.default,
            "source": lever.source,
            "grade": lever.grade,
        }
        for name, lever in LEVERS.items()
    ]
    return rows


def grades() -> dict[str, int]:
    """How many parameters and levers rest on each grade of evidence, the best first."""
    found = [row["grade"] for row in as_rows()]
    return {grade: found.count(grade) for grade in (*GRADES, UNSETTLED) if grade in found}


def _number(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "all" if len(value) > 1 else str(value[0])
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def cells_of(row: dict[str, Any]) -> tuple[str, ...]:
    """A row as text to show: name, label, unit, range, default, source and grade."""
    if row.get("choices"):
        reach = " / ".join(row["choices"])
    else:
        reach = f"{_number(row['low'])} to {_number(row['high'])}"
    return (
        row["name"], row["label"], row["unit"], reach, _number(row["default"]), row["source"], row["grade"],
    )  # fmt: skip


def as_text() -> str:
    """One line a parameter, in columns."""
    lines = [_HEADS, *(cells_of(row) for row in as_rows())]
    shown = [tuple(text if len(text) <= 44 else text[:43] + "…" for text in line) for line in lines]
    widths = [max(len(line[at]) for line in shown) for at in range(len(_HEADS))]
    body = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in shown]
    counts = ", ".join(f"{number} {grade}" for grade, number in grades().items())
    return "\n".join([*body, "", f"{len(lines) - 1} in all: {counts}"])
