"""What the page must know before anything is lived: dials, levers, measures, ready scenarios, and where they come from."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from dealsim.levers import LEVERS, Lever
from dealsim.metrics import METRICS
from dealsim.parameters import RIVALS
from dealsim.results import FITTED
from dealsim.scenarios import Scenario
from dealsim.scenarios.explaining import range_of
from dealsim.scenarios.timetable import by_date, day_of, form_of, span_of
from dealsim.show.flows import BEGAN, ENDED, OPEN
from dealsim.show.shipped import titled
from dealsim.show.words import title_of, unit_shown
from dealsim.web.dials import BASES, DIALS, MEASURES, MORE, MOST_SCENARIOS, PRESETS, VERSION, dates_of, ready
from dealsim.web.life import SHOWN, Scale
from dealsim.web.telling import quarter_ends


@lru_cache(maxsize=4)
def stage(scale: Scale) -> dict[str, Any]:
    """All of it as plain data."""
    return {
        "version": VERSION,
        "size": scale.size,
        "pairs": scale.pairs,
        "sets": scale.sets,
        "most_scenarios": MOST_SCENARIOS,
        "standing": FITTED,
        "quarters": quarter_ends(scale.quarters),
        "dials": [
            {
                **_lever(dial.lever), "name": dial.name, "label": dial.label, "moves": list(dial.moves),
                "levels": list(dial.levels), "practice": dial.practice,
            }
            for dial in DIALS.values()
        ],
        "more": [_lever(LEVERS[name]) for name in MORE],
        "rivals": [{"name": name, "meaning": rival.meaning} for name, rival in RIVALS.items()],
        "measures": [_measure(name) for name in dict.fromkeys((*MEASURES, *SHOWN))],
        "compare_with": [*BASES, *PRESETS],
        "bases": [_scenario(name) for name in BASES],
        "presets": [_scenario(name) for name in PRESETS],
        "flows": {"began": BEGAN, "ended": ENDED, "open": OPEN},
    }  # fmt: skip


def _lever(lever: Lever) -> dict[str, Any]:
    """A lever as the page needs it: its range, where it began, and how good the evidence for it is."""
    default = lever.default
    return {
        "name": lever.name, "label": lever.label, "meaning": lever.meaning, "unit": lever.unit,
        "low": lever.low, "high": lever.high, "range": range_of(lever),
        "old": list(default) if isinstance(default, tuple) else default,
        "choices": list(lever.choices), "many": isinstance(default, tuple), "whole": lever.whole,
        "grade": lever.grade, "source": titled(lever.source),
    }  # fmt: skip


def _measure(name: str) -> dict[str, Any]:
    metric = METRICS[name]
    return {
        "name": name, "label": metric.label, "unit": unit_shown(metric.unit)[1], "good": metric.good,
        "where": MEASURES.get(name, metric.theme), "meaning": metric.meaning,
    }  # fmt: skip


def _scenario(name: str) -> dict[str, Any]:
    """A ready scenario: what it asks, what it does when, and the levers it holds still, so that dials can stand there."""
    scenario = ready(name)
    dated = {entry["lever"]: _dated(scenario, entry["lever"]) for entry in scenario.schedule}
    return {
        "name": name, "title": title_of(name), "question": scenario.question,
        "levers": {lever: value for lever, value in scenario.levers.items() if lever not in dated},
        "dated": dict(sorted(dated.items())),
        "does": [[row.begins.isoformat(), row.what] for row in scenario.timetable()],
    }  # fmt: skip


def _dated(scenario: Scenario, lever: str) -> dict[str, Any]:
    """From when a schedule moves a lever, whether it holds on from there, and where it is at the end (None for several values)."""
    entries = by_date(entry for entry in scenario.schedule if entry["lever"] == lever)
    when, last = dates_of(scenario, lever), entries[-1]
    holds_on = form_of(last) == "value" and span_of(last)[1] is None
    value = last["value"] if holds_on else last["ramp"][1] if "ramp" in last else scenario.levers[lever]
    return {
        **when, "from": str(when["from"]), "begins": f"{day_of(str(when['from'])):%B %Y}",
        "holds": holds_on and len(entries) == 1, "end": value if isinstance(value, int | float | str) else None,
    }  # fmt: skip
