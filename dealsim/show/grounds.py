"""What a report rests on: limits, the evidence behind levers and parameters, and the record of the run.

It shows what is declared and stored; it judges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealsim.levers import LEVERS
from dealsim.parameters import every_parameter
from dealsim.results import Results
from dealsim.scenarios.timetable import is_old
from dealsim.show.html import table
from dealsim.show.influence import top_parameters
from dealsim.show.parameters import as_rows, cells_of, grades
from dealsim.show.shipped import titled
from dealsim.show.terminal import drawn_boroughs, sure_of
from dealsim.show.words import count, title_of
from dealsim.text import OWN_WORDS, escaped, plain


def limits_said(results: Results) -> tuple[str, ...]:
    """What the figures are not, one sentence each."""
    spans = f"Intervals show chance within {drawn_boroughs(results)}, not doubt about the parameters or about the model itself."
    fitted = (
        "Parameters that national figures could settle are fitted to them; most of the others are assumed."
        if results.is_calibrated
        else "Values were moved away from those fitted to national figures; most of the others are assumed."
    )
    if results.sets:
        spans, fitted = sure_of(results), _ensemble(results)
    return (
        "The people and neighbourhoods are invented, drawn to match published totals.",
        spans,
        "A difference is between two worlds of the model; it is no forecast and measures no council.",
        fitted,
        "Nobody is born, ages, moves house or dies in these years.",
    )


def _ensemble(results: Results) -> str:
    """Which parameters the ensemble's sets name, and what holds of the others."""
    about = results.settings["ensemble"]
    labels = [every_parameter()[name][0].label for name in about["names"]]
    return (
        f"The {about['sets']} parameter sets name {count(len(labels), 'parameter')} (study {about.get('study', 'unknown')}): "
        f"{'; '.join(labels)}. All others stay as they are shipped, and most of them are assumed."
    )


def limits(results: Results) -> str:
    """How far the figures may be trusted: what they are not, and what they rest on."""
    items = "".join(f"<li>{escaped(line, OWN_WORDS)}</li>" for line in limits_said(results))
    return f"<ul>{items}</ul>\n{top_parameters(results)}\n{levers(results)}\n{_parameters(results)}"


def levers(results: Results) -> str:
    """The levers that any of the scenarios moves, with the evidence behind each."""
    rows = []
    for name, lever in LEVERS.items():
        by = [
            title_of(scenario)
            for scenario, content in zip(results.names, results.scenarios, strict=True)
            if name in {entry.get("lever") for entry in content.get("schedule", ())}
            or not is_old(lever, content.get("levers", {}).get(name, lever.default))
        ]
        if by:
            meaning = f'{escaped(lever.label)}<span class="meaning">{escaped(lever.meaning)}</span>'
            source = escaped(titled(lever.source), 600)
            rows.append((meaning, escaped(lever.unit), escaped(", ".join(by), 400), escaped(lever.grade), source))
    heads = ("Lever", "Unit", "Moved by", "Grade", "Source")
    return table(heads, rows, "Levers these scenarios move, and the evidence behind each") if rows else ""


def _parameters(results: Results) -> str:
    """How many parameters rest on each grade of evidence, and all of them to look through."""
    counted = [(escaped(grade), f"{number}") for grade, number in grades().items()]
    lines = [table(("Grade of evidence", "Parameters and levers"), counted, "What the figures rest on", right=(1,))]
    changed = results.settings.get("values") or {}
    if changed:
        said = ", ".join(f"{name} = {value:g}" for name, value in sorted(changed.items()))
        lines.append(f"<p>This run was asked for other values: {escaped(said, 2000)}.</p>")
    rows = []
    for row in as_rows():
        name, label, unit, reach, default, _, grade = map(escaped, cells_of(row))
        if not name.startswith("lever."):
            named = f'{label}<span class="meaning"><code>{name}</code></span>'
            rows.append((named, unit, default, reach, grade, escaped(titled(row["source"]), 600)))
    heads = ("Parameter", "Unit", "Value", "Range", "Grade", "Source")
    lines.append(
        f"<details><summary>All {len(rows)} parameters, with range, grade and source</summary>"
        f"{table(heads, rows, 'Parameters as shipped')}</details>"
    )
    return "\n".join(lines)


def _of_sets(asked: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The ensemble in the record of a run, where there is one."""
    about = asked.get("ensemble")
    return [("Parameter sets", f"the first {about['sets']}, hash {about['sha256']}")] if about else []


def record(results: Results, made_from: str) -> str:
    """Where the figures come from, and how to check them."""
    asked = results.settings
    facts = [
        ("Run", results.run_id),
        ("Model version", asked["model_version"]),
        ("Seed", asked["seed"]),
        *_of_sets(asked),
        ("Hash of the last states", results.state_hash),
        ("Made from manifest", made_from),
        ("Data", "the folder above this page; derived/tables has spreadsheets"),
    ]
    rows = [(escaped(name), f"<code>{escaped(value, 900)}</code>") for name, value in facts]
    for name, scenario in zip(results.names, results.scenarios, strict=True):
        said = [plain(scenario[key]) for key in ("author", "date") if scenario.get(key)]
        said += [titled(source) for source in scenario.get("sources", ())]
        if said:
            rows.append((f"{escaped(title_of(name))}: author, date, sources", escaped("; ".join(said), 2000)))
    check = f"<p>To check these figures: <code>dealsim verify {results.run_id[:8]}</code></p>"
    return f"{table(('What', 'Value'), rows, 'Record of the run')}\n{check}"
