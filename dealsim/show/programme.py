"""What each scenario does and when, drawn along the years: levers as bars, shocks as marks.

It reads scenarios as they were stored with the results, and no run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dealsim.errors import InputError
from dealsim.levers import LEVERS
from dealsim.results import Results
from dealsim.scenarios import Scenario, scenario_from
from dealsim.scenarios.timetable import (
    Dated,
    by_date,
    form_of,
    is_old,
    monday_of,
    name_in_words,
    span_of,
    value_in_words,
    week_of,
)
from dealsim.show.plots import COLOURS, Chart, layout_of
from dealsim.show.words import count, title_of
from dealsim.text import label, plain

_ROOM = 34
"""Most characters of a value that are written on a chart; its table has them all."""
_SIGNS = 115
"""Characters that fit side by side along the years of a chart on a wide screen."""


@dataclass(frozen=True)
class Span:
    """A lever at one value, or on its way between two, from one week until another; `is_old`: back where it was."""

    lever: str
    start: int
    end: int
    value: str
    is_moving: bool = False
    is_old: bool = False


def spans(scenario: Scenario, weeks: int) -> list[Span]:
    """Every lever that a scenario moves, stretch by stretch, in the order in which levers are declared."""
    found: list[Span] = []

    def add(name: str, start: int, end: int | None, value: Any, is_moving: bool = False) -> None:
        last = weeks if end is None else min(weeks, end)
        returns = bool(found) and found[-1].lever == name  # back to the old value: no bar, but said
        if start < last and (is_moving or returns or not is_old(LEVERS[name], value)):
            said = " → ".join(map(value_in_words, value)) if is_moving else value_in_words(value)
            found.append(Span(name, start, last, said, is_moving, not is_moving and is_old(LEVERS[name], value)))

    for name in LEVERS:
        now, at = scenario.levers[name], 0
        for entry in by_date(entry for entry in scenario.schedule if entry["lever"] == name):
            start, end = span_of(entry)
            value = entry[form_of(entry)]
            add(name, at, min(start, weeks), now)
            if form_of(entry) == "ramp":
                add(name, start, end, value, is_moving=True)
                now = value[1]
            elif end is None:
                now = value
            else:
                add(name, start, end, value)
            at = start if end is None else end
        add(name, at, None, now)
    return found


def _stored(content: Mapping[str, Any]) -> Scenario | None:
    """The scenario as stored with results; none where an older one is no longer understood."""
    try:
        return scenario_from(content)
    except InputError:
        return None


def programme_charts(results: Results) -> list[Chart]:
    """One chart a scenario that does anything: the base whole, the others where they differ from it."""
    weeks = int(results.settings["weeks"])
    charts: list[Chart] = []
    scenarios = [_stored(content) for content in results.scenarios]
    base = scenarios[0]
    before = [] if base is None else spans(base, weeks)
    said = frozenset() if base is None else frozenset(row.what for row in base.timetable(weeks))
    for at, scenario in enumerate(scenarios):
        if scenario is None:
            continue
        own = spans(scenario, weeks)
        timetable = [row for row in scenario.timetable(weeks) if row.week < weeks]
        if at:
            own = [span for span in own if span not in before]
            timetable = [row for row in timetable if row.what not in said]
        shocks = [shock for shock in scenario.shocks if week_of(shock["at"]) < weeks]
        if own or shocks:
            charts.append(_chart(results, at, own, shocks, timetable, weeks))
    return charts


def _chart(
    results: Results, at: int, own: list[Span], shocks: list[Mapping[str, Any]], timetable: list[Dated], weeks: int
) -> Chart:
    name = results.names[at]
    bars = [(LEVERS[span.lever].label, span) for span in own]
    bars += [(f"Shock: {name_in_words(shock['kind'])}", _shock(shock, weeks)) for shock in shocks]
    rows = list(dict.fromkeys(row for row, _ in bars))
    traces = [*(_bar(row, span, at) for row, span in bars if not span.is_old), _values(bars, weeks)]
    layout = layout_of(results, "", 0.0, 1.0)
    layout["yaxis"] = {
        "type": "category",
        "categoryarray": [label(row, 40) for row in rows[::-1]],
        "categoryorder": "array",
        "showticklabels": False,
        "range": [-0.6, len(rows) - 0.3],
    }
    layout["xaxis"] |= {"range": [monday_of(0).isoformat(), monday_of(weeks).isoformat()]}
    layout |= {"height": 90 + 60 * len(rows), "showlegend": False, "hovermode": "closest"}
    layout["margin"] = {"l": 8, "r": 16, "t": 12, "b": 60}
    # names stand inside, above their bars, so that the years keep the whole width of a small screen
    layout["annotations"] = [
        *layout["annotations"],
        *({"text": f"<b>{label(row, 40)}</b>", "x": 0, "xref": "paper", "xanchor": "left", "y": label(row, 40), "yshift": 17,
           "showarrow": False, "font": {"size": 12}} for row in rows),
    ]  # fmt: skip
    besides = "" if at == 0 or not results.is_comparison else f"; only what differs from {title_of(results.base)}"
    return Chart(
        key=f"programme-{at}",
        title=f"What is done, and when: {title_of(name)}",
        subtitle=f"whole bar: a value holds; hatched bar: it moves{besides}",
        sentence=f"{title_of(name)} moves {count(len({span.lever for span in own}), 'lever')}"
        + (f" and has {count(len(shocks), 'shock')}" if shocks else "")
        + f"{besides.replace('; only what differs from', ', besides what is done in')}.",
        data=traces,
        layout=layout,
        unit="",
        short=pd.DataFrame(
            [{"week": row.week, "date": row.begins.isoformat(), "what": plain(row.what, 300)} for row in timetable]
        ),
    )


def _bar(row: str, span: Span, at: int) -> dict[str, Any]:
    colour = COLOURS[at % len(COLOURS)]
    start, end = monday_of(span.start), monday_of(span.end)
    hatch = {"shape": "/", "fgcolor": colour, "bgcolor": "#ffffff", "size": 6, "solidity": 0.35}
    return {
        "type": "bar",
        "orientation": "h",
        "base": [start.isoformat()],
        "x": [(end - start).days * 86_400_000],
        "y": [label(row, 40)],
        "width": 0.26,
        "offset": -0.44,
        "marker": {"color": f"{colour}cc", "line": {"color": colour, "width": 1}}
        | ({"pattern": hatch} if span.is_moving else {}),
        "hovertemplate": f"{label(row)}: {label(span.value)}<br>{start:%B %Y} to {end:%B %Y}<extra></extra>",
    }


def _values(bars: list[tuple[str, Span]], weeks: int) -> dict[str, Any]:
    """The value of each bar, written above where it begins, unless it would run into the one before."""
    kept: list[tuple[str, Span]] = []
    free: dict[str, float] = {}
    for row, span in sorted(bars, key=lambda bar: bar[1].start):
        if span.start >= free.get(row, 0.0):
            kept.append((row, span))
            free[row] = span.start + weeks * (min(len(span.value), _ROOM) + 2) / _SIGNS
    return {
        "type": "scatter",
        "mode": "text",
        "x": [monday_of(span.start).isoformat() for _, span in kept],
        "y": [label(row, 40) for row, _ in kept],
        "text": [label(span.value, _ROOM) for _, span in kept],
        "textposition": "middle right",
        "textfont": {"size": 12},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _shock(shock: Mapping[str, Any], weeks: int) -> Span:
    """A shock as a stretch of the years."""
    start = week_of(shock["at"])
    size = value_in_words(shock["size"]) if "size" in shock else ""
    of = f" ({name_in_words(shock['service'])})" if "service" in shock else ""
    return Span(shock["kind"], start, min(weeks, start + int(shock.get("weeks", 1))), f"{size}{of}".strip())
