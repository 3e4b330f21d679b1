"""The pages that are made from the declarations, so that no fact is written twice.

It computes nothing about the model and holds no prose of its own; `python -m dealsim.show.pages` writes all
pages, and a test fails when one is stale.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from dealsim.agents import citizen, group, service, staff
from dealsim.calibration import grade_shown
from dealsim.compiled import is_compiled
from dealsim.declare import Column, Parameter, columns_of, parameters_of
from dealsim.levers import LEVERS, PAYERS, SHOCKS
from dealsim.metrics import METRICS
from dealsim.parameters import KINDS, RIVALS
from dealsim.patterns.national import NOT_EXPRESSED
from dealsim.show.borough_page import borough_page
from dealsim.show.coverage import coverage_page
from dealsim.show.layout import layout_table
from dealsim.show.patterns import pattern_rows, trial_rows
from dealsim.show.scenarios import schema_text
from dealsim.show.shipped import shipped_text
from dealsim.week import SCHEDULE

ROOT = Path(__file__).resolve().parents[2]
"""Where the documentation lies, in a clone."""

MADE = "<!-- Made by `python -m dealsim.show.pages`; do not edit. -->\n\n"

RULE_MODULES: tuple[ModuleType, ...] = (citizen, staff, service, group)
"""The modules that hold rules, in the order the pages list them."""

ENTITIES: tuple[tuple[str, type], ...] = (
    ("Citizens", citizen.CitizenColumns),
    ("Staff", staff.StaffColumns),
    ("Teams", staff.TeamColumns),
    ("Services", service.ServiceColumns),
    ("Places", service.PlaceColumns),
    ("Leadership", service.LeadershipColumns),
    ("Groups", group.GroupColumns),
    ("Neighbourhoods", group.NeighbourhoodColumns),
)
"""Every kind with state, and the record that declares it."""

SOURCE_KEY = re.compile(r"src-[a-z0-9]+(?:-[a-z0-9]+)*")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a bar or a line break inside a cell cannot break it."""
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    for row in rows:
        cells = (" ".join(str(cell).split()).replace("|", "\\|") for cell in row)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def number(value: float | None) -> str:
    """A number as a reader writes it: no trailing zeros, a true minus sign, nothing for none."""
    if value is None:
        return ""
    text = f"{value:,.0f}" if abs(value) >= 1000 and value == int(value) else f"{value:g}"
    return text.replace("-", "−")


def sources(text: str) -> str:
    """Every source key in a text, linked to its entry."""
    return ", ".join(f"[{key}](sources.md#{key})" for key in dict.fromkeys(SOURCE_KEY.findall(text)))


def first_line(thing: Any) -> str:
    """The first sentence of a docstring: all of the first paragraph, on one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def _parameter_row(kind: str, name: str, spec: Parameter, default: float) -> tuple[str, ...]:
    value_range = f"{number(spec.low)} to {number(spec.high)}"
    return (
        f"`{name}`",
        spec.symbol,
        spec.label,
        spec.unit,
        number(default),
        value_range,
        grade_shown(f"{kind}.{name}", spec.grade),
        sources(spec.source),
    )


def parameters_page() -> str:
    """Every parameter by kind, then levers, shocks and rivals."""
    parts = [
        "# Parameters, levers and rivals\n\n",
        MADE,
        "Each parameter is declared once, beside the rules that use it. A default of grade calibrated was\n"
        "fitted to national figures ([calibration](calibration.md)), and is not settled where other values fit as well; the "
        "others are starting values. What the grades mean, and what stands behind each source, is in [sources](sources.md).\n",
    ]
    head = ("Name", "Symbol", "What it is", "Unit", "Default", "Range", "Grade", "Source")
    for kind, record in KINDS.items():
        defaults = record()
        specs = parameters_of(record)
        parts.append(f"\n## {kind.capitalize()}\n\n{first_line(record)}\n\n")
        parts.append(
            table(head, (_parameter_row(kind, name, spec, getattr(defaults, name)) for name, spec in specs.items()))
        )

    parts.append("\n## Levers\n\nWhat a policy team can change, under the names a scenario file uses.\n\n")
    parts.append(
        table(
            (
                "Name",
                "What it is",
                "Meaning",
                "Unit",
                "Old regime",
                "Range",
                "May differ by",
                "Paid for",
                "Grade",
                "Source",
            ),
            (
                (
                    f"`{lever.name}`",
                    lever.label,
                    lever.meaning,
                    lever.unit,
                    _default_of(lever.default),
                    f"{number(lever.low)} to {number(lever.high)}" if lever.is_number else "; ".join(lever.choices),
                    lever.varies_by if lever.varies_by != "borough" else "–",
                    "yes" if lever.paid else "",
                    lever.grade,
                    sources(lever.source),
                )
                for lever in LEVERS.values()
            ),
        )
    )
    parts.append(
        "\nA lever that is paid for may name its payer (`paid_by`): " + ", ".join(f"`{p}`" for p in PAYERS) + ".\n"
    )
    parts.append("\n## Shocks\n\n")
    parts.append(table(("Name", "What happens"), ((f"`{name}`", meaning) for name, meaning in SHOCKS.items())))
    parts.append(
        "\n## Rivals\n\nOther explanations that could be true instead. Each is a named switch that changes"
        " these parameters.\n\n"
    )
    parts.append(
        table(
            ("Name", "What would be true", "What it changes"),
            (
                (
                    f"`{rival.name}`",
                    rival.meaning,
                    "; ".join(
                        f"`{kind}.{name}` {number(getattr(KINDS[kind](), name))} → {number(value)}"
                        for kind, name, value in rival.changes
                    ),
                )
                for rival in RIVALS.values()
            ),
        )
    )
    return "".join(parts)


def _default_of(value: Any) -> str:
    if isinstance(value, tuple):
        return "all"
    return str(value) if isinstance(value, str) else number(float(value))


def schedule_table() -> str:
    """The processes of a week in their order."""
    return table(
        ("", "Process", "How often", "What happens"),
        ((str(at), f"`{name}`", often, what) for at, (name, often, what) in enumerate(SCHEDULE, 1)),
    )


def schedule_page() -> str:
    """The weekly schedule as a page."""
    return (
        "# One week\n\n"
        + MADE
        + "A year is 52 weeks, a month four weeks, a quarter 13 weeks. The processes run in this order; each reads what\n"
        "the one before wrote, and reads neighbours and colleagues from a copy taken when it starts.\n\n"
        + schedule_table()
    )


def _column_row(name: str, spec: Column) -> tuple[str, ...]:
    import numpy as np

    low, high = number(spec.low), number(spec.high)
    value_range = f"{low} to {high}" if low and high else f"{low} and up" if low else f"up to {high}" if high else "–"
    width = f" × {spec.per}" if spec.per > 1 else ""
    return (
        f"`{name}`",
        spec.symbol,
        spec.label,
        spec.unit,
        np.dtype(spec.dtype).name + width,
        value_range,
        "fixed" if spec.fixed else "moving",
    )


def entities_tables() -> str:
    """Every kind with its state variables."""
    parts = []
    for title, record in ENTITIES:
        specs = columns_of(record)
        parts.append(f"#### {title}\n\n`{record.__name__}`: {first_line(record)}\n\n")
        parts.append(
            table(
                ("Code name", "Symbol", "What it is", "Unit", "Type", "Range", "Fixed or moving"),
                (_column_row(name, spec) for name, spec in specs.items()),
            )
        )
        parts.append("\n")
    return "".join(parts).rstrip("\n") + "\n"


def rules_of(module: ModuleType) -> dict[str, Any]:
    """The rules a module defines, by name, in the order they are written."""
    return {
        name: thing
        for name, thing in vars(module).items()
        if is_compiled(thing) and thing.py_func.__module__ == module.__name__ and not name.startswith("_")
    }


def equation_of(rule: Any) -> str:
    """What stands in a rule's docstring after its first sentence: the equation, without its source keys."""
    parts = (inspect.getdoc(rule) or "").split("\n\n", 1)
    text = " ".join(parts[1].split()) if len(parts) > 1 else ""
    return re.sub(r"\s*\((?:src-[a-z0-9-]+(?:, )?)+\)", "", text).strip()


def submodels_tables() -> str:
    """Every rule with its equation and source."""
    parts = []
    for module in RULE_MODULES:
        rules = rules_of(module)
        parts.append(f"#### `{module.__name__}` ({len(rules)})\n\n")
        parts.append(
            table(
                ("Rule", "What it says", "Equation", "Source"),
                (
                    (f"`{name}`", first_line(rule), equation_of(rule), sources(inspect.getdoc(rule) or ""))
                    for name, rule in rules.items()
                ),
            )
        )
        parts.append("\n")
    return "".join(parts).rstrip("\n") + "\n"


def metrics_table() -> str:
    """Every metric that watches a run."""
    return table(
        ("Metric", "What it is", "Unit", "Which way is good"),
        ((f"`{name}`", m.label, m.unit, m.good) for name, m in METRICS.items()),
    )


def with_tables(page: str, tables: dict[str, str]) -> str:
    """A hand-written page with the text between its `begin` and `end` markers made anew.

    Raises
    ------
    ValueError
        When the page has no place for a table, or a place for one that nothing makes.
    """
    for name in re.findall(r"<!-- begin: ([a-z]+) -->", page):
        if name not in tables:
            raise ValueError(f"nothing makes the table '{name}'")
    for name, text in tables.items():
        begin = f"<!-- begin: {name} -->\n"
        at = page.find(begin)
        end = page.find("<!-- end -->", at)
        if at < 0 or end < 0:
            raise ValueError(f"the page has no place for the table '{name}'")
        page = page[: at + len(begin)] + "\n" + text + "\n" + page[end:]
    return page


def odd_page() -> str:
    """`docs/ODD.md` as it stands, with its tables made anew."""
    page = (ROOT / "docs" / "ODD.md").read_text(encoding="utf-8")
    return with_tables(
        page,
        {
            "entities": entities_tables(),
            "schedule": schedule_table(),
            "metrics": metrics_table(),
            "submodels": submodels_tables(),
        },
    )


def architecture_page() -> str:
    """`docs/architecture.md` as it stands, with its table of modules made anew."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return with_tables(page, {"layout": layout_table()})


def patterns_page() -> str:
    """`docs/patterns.md` as it stands, with its tables made anew."""
    page = (ROOT / "docs" / "patterns.md").read_text(encoding="utf-8")
    head = ("Pattern", "How it is read off the model", "Target", "Source", "Grade", "Use")
    return with_tables(
        page,
        {
            "trials": table(("Trial", "What it is", "Levers", "Years"), trial_rows()),
            "patterns": table(head, pattern_rows()),
            "left": table(("Figure", "Why not"), NOT_EXPRESSED.items()),
        },
    )


def generated() -> dict[str, str]:
    """Every generated page: its path in the clone, and the text it should have."""
    return {
        "docs/parameters.md": parameters_page(),
        "docs/schedule.md": schedule_page(),
        "docs/ODD.md": odd_page(),
        "docs/architecture.md": architecture_page(),
        "docs/coverage.md": coverage_page(),
        "docs/patterns.md": patterns_page(),
        "docs/borough.md": borough_page(),
        "dealsim/scenarios/schema.json": schema_text(),
        "dealsim/show/shipped.json": shipped_text(ROOT),
    }


def main() -> None:
    """Write every generated page that is not as it should be, and say which."""
    for path, text in generated().items():
        file = ROOT / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8", newline="\n")
            print(f"written: {path}", file=sys.stderr)


if __name__ == "__main__":
    main()
