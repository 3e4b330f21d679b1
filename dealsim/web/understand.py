"""Views that explain: each lever's share by knock-out, one person in two worlds, people and their ties, the places.

Everything is lived in pairs, like the curves; nothing is worked out from anything but lives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dealsim.analysis.doubt import by_set, doubt_of
from dealsim.calendar import WEEKS_A_QUARTER
from dealsim.engine import World, branch, live
from dealsim.errors import InputError, StoppedError
from dealsim.levers import LEVERS
from dealsim.metrics import METRICS
from dealsim.network import layout_of
from dealsim.runs import live_plan
from dealsim.scenarios import Scenario
from dealsim.scenarios.timetable import date_in_words
from dealsim.show.lives import Life as PersonLife
from dealsim.show.lives import lives
from dealsim.show.words import places_of, unit_shown, with_interval
from dealsim.summary import SHOWN, verdict_over_sets
from dealsim.web.dials import DIALS, ready
from dealsim.web.life import BY_PLACE, Asked, Life, asked_of
from dealsim.web.room import Room
from dealsim.web.telling import shown

Message = dict[str, Any]
Stop = Callable[[], bool]
Begin = Callable[[Stop], Iterator[Message]]
"""What is lived once everything was found to be right, message by message."""

EXPLAINED = ("contacts_per_1000", "hidden_need_share", "wellbeing_in_need", "crisis_onsets_per_1000", "cost_per_head")
"""Measures whose change is told apart by lever."""
REST = "Everything else"
"""What other levers, and events such as leaders who stay, are called together."""
SHOCKS = "shocks"
MOST_PEOPLE = 500
"""People shown with their ties."""
PAUSE = 0.4


def moved_parts(base: Scenario, scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """The dials that stand elsewhere than in the base, and all other levers that do, by what they are called."""
    moved = [name for name in LEVERS if _said(base, name) != _said(scenario, name)]
    found = {dial.label: own for dial in DIALS.values() if (own := tuple(name for name in dial.moves if name in moved))}
    rest = tuple(name for name in moved if not any(name in dial.moves for dial in DIALS.values()))
    return found | ({REST: (*rest, SHOCKS)} if rest or base.shocks != scenario.shocks else {})


def _said(scenario: Scenario, lever: str) -> tuple[Any, ...]:
    entries = [dict(entry) for entry in scenario.schedule if entry["lever"] == lever]
    return scenario.levers[lever], entries


def without(base: Scenario, scenario: Scenario, what: Sequence[str], name: str) -> Scenario:
    """The scenario with some levers, and shocks where they are named, as they are in the base."""
    levers = [one for one in what if one != SHOCKS]
    own = scenario.with_levers({lever: base.levers[lever] for lever in levers})
    back = tuple(entry for entry in base.schedule if entry["lever"] in levers)
    shocks = base.shocks if SHOCKS in what else own.shocks
    return replace(own, name=name, schedule=(*own.schedule, *back), shocks=shocks)


def why(room: Room, base: str, scenario: Scenario, rivals: Sequence[str] = ()) -> Begin:
    """How much of each change goes away when one lever is put back, all else as it is, pair by pair."""
    start = ready(base)
    parts = moved_parts(start, scenario)
    if not parts:
        raise InputError("nothing is moved yet, so there is nothing to explain")
    knocked = [without(start, scenario, levers, f"without {k}") for k, levers in enumerate(parts.values())]
    asked = asked_of(base, [scenario, *knocked], room.scale, rivals)

    def begin(stop: Stop) -> Iterator[Message]:
        last = 0.0
        for done in room.pairs(asked, stop):
            now = time.monotonic()
            if done == asked.made.replicates or (done >= 2 and now - last > PAUSE):
                last = now
                base_, own, *others = map(outcomes_of, room.lives(asked, done))
                told = shares(base_, own, dict(zip(parts, others, strict=True)), len(asked.made.sets))
                yield {"kind": "why", "done": done, "of": asked.made.replicates, "measures": told}

    return begin


Outcomes = dict[str, np.ndarray]
"""The mean of the last two years, pair by pair, of each measure of `EXPLAINED`."""


def outcomes_of(own: Sequence[Life]) -> Outcomes:
    """What `shares` needs of the lives of one scenario."""
    return {metric: np.array([life.groups.get((metric, "all"), np.nan) for life in own]) for metric in EXPLAINED}


def shares(base: Outcomes, own: Outcomes, others: Mapping[str, Outcomes], sets: int) -> list[dict[str, Any]]:
    """For each measure the whole change and what goes with each lever, with 95 % intervals over parameter sets.

    `others` holds, by what is put back, the outcomes of the scenario without it; all pairs are in the same order.
    """
    told = []
    for metric in EXPLAINED:
        factor, unit = unit_shown(METRICS[metric].unit)
        good = METRICS[metric].good
        change = factor * (own[metric] - base[metric])
        goes = {name: factor * (own[metric] - other[metric]) for name, other in others.items()}
        whole = _told(change, sets, good)
        parts = [{"label": name, **_told(values, sets, good)} for name, values in goes.items()]
        told.append(
            {
                "name": metric, "label": METRICS[metric].label, "unit": unit, "good": good, "whole": whole, "parts": parts,
                "together": _told(change - sum(goes.values()), sets, good),
                "sentence": _share_sentence(METRICS[metric].label, whole, parts),
            }
        )  # fmt: skip
    return told


def _told(values: np.ndarray, sets: int, good: str) -> dict[str, Any]:
    """A mean with its interval over parameter sets, and whether that shows a direction, by the rule of every report."""
    found = doubt_of(by_set(dict(enumerate(values.tolist())), sets))
    places = places_of({"low": found.low, "high": found.high})
    text = with_interval(found.mean, found.low, found.high, signed=True, places=places)
    is_shown = verdict_over_sets(found, good) in SHOWN
    return {"mean": found.mean, "low": found.low, "high": found.high, "text": text, "shown": is_shown}


def _share_sentence(label: str, whole: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]) -> str:
    """What comes only with which lever, in words: only what is shown."""
    told = sorted((part for part in parts if part["shown"]), key=lambda part: -abs(part["mean"]))
    if not whole["shown"] and not told:
        return f"{label}: no change can be told, so there is none to share out."
    first = f"{label}: {whole['text']} in all" if whole["shown"] else f"{label}: no change in all can be told"
    said = [f"{part['text']} comes only with {part['label'][0].lower()}{part['label'][1:]}" for part in told]
    pull = " They pull in opposite ways." if len({part["mean"] > 0 for part in told}) > 1 else ""
    unsure = len(parts) - len(told)
    rest = f" For {unsure} of {len(parts)} levers nothing can be told." if unsure else ""
    return f"{'; '.join([first, *said])}.{pull}{rest}"


def people(room: Room, base: str, scenario: Scenario, rivals: Sequence[str] = ()) -> Begin:
    """A few invented people whose lives run differently in the two worlds, and where they part (the first pair)."""
    asked = asked_of(base, [scenario], room.scale, rivals)

    def begin(stop: Stop) -> Iterator[Message]:
        results = live_plan(asked.made, only={(0, 0), (1, 0)}, stop=stop)
        yield {"kind": "people", "lives": [_life(one) for one in lives(results, asked.made.names[1])]}

    return begin


def _life(one: PersonLife) -> dict[str, Any]:
    chart = one.chart
    return {
        "name": one.name, "who": one.who, "why_chosen": one.why_chosen, "base": one.base_title, "own": one.title,
        "parting": {"when": one.parting.when, "base": one.parting.base, "own": one.parting.own, "why": one.parting.why},
        "weeks": [[date_in_words(day), before, after] for day, before, after in one.rows], "left_out": one.left_out,
        "chart": {"title": chart.title, "subtitle": chart.subtitle, "sentence": chart.sentence, "data": chart.data, "layout": chart.layout},
    }  # fmt: skip


def network(room: Room, base: str, scenarios: Sequence[Scenario], rivals: Sequence[str] = ()) -> Begin:
    """Up to 500 people who live near each other, their ties, and how each stands quarter by quarter in every world."""
    asked = asked_of(base, scenarios, room.scale, rivals)

    def begin(stop: Stop) -> Iterator[Message]:
        start = room.worlds.of(asked.made, 0, 0, stop)
        rows = np.arange(min(MOST_PEOPLE, start.borough.citizens.id.size))
        places, ends = _drawn(start, rows)
        yield {"kind": "network", "places": places, "ties": ends, "worlds": [
            _standing(asked, at, room.worlds.of(asked.made, at, 0, stop), rows, stop) for at in range(len(asked.made.scenarios))
        ]}  # fmt: skip

    return begin


def _drawn(start: World, rows: np.ndarray) -> tuple[list[list[float]], list[list[int]]]:
    key = (start.seed, start.borough.citizens.id.size, len(rows))
    ties = start.borough.ties
    first = np.repeat(np.arange(len(ties.start) - 1), np.diff(ties.start))
    kept = (first < len(rows)) & (ties.to < len(rows)) & (first < ties.to)
    ends = np.column_stack([first[kept], ties.to[kept]])
    if key not in _PLACES:
        _PLACES[key] = layout_of(len(rows), ends, seed=1)
    return np.round(_PLACES[key], 4).tolist(), ends.tolist()


_PLACES: dict[tuple[int, int, int], np.ndarray] = {}


def _standing(asked: Asked, at: int, start: World, rows: np.ndarray, stop: Stop) -> list[str]:
    """One sign a person for each quarter: 0 no need, 1 with a service, 2 in need and with none, 3 in crisis; 4 more for volunteers."""
    made = asked.made
    policy = made.scenarios[at].policy(made.weeks, start.borough.place_names, made.place.place_names)
    world = branch(start, policy, made.life_seed(0), made.weeks, made.parameters_of(at, 0))
    told = []
    for _ in range(made.weeks // WEEKS_A_QUARTER):
        live(world, WEEKS_A_QUARTER, stop)
        if stop():
            raise StoppedError("stopped before all quarters were lived")
        own = world.borough.citizens
        need, helped = own.need[rows], own.in_contact[rows] == 1
        sign = np.where(need == 0, 0, np.where(need == 3, 3, np.where(helped, 1, 2))) + 4 * (own.volunteer[rows] == 1)
        told.append("".join(map(str, sign.tolist())))
    return told


def places(room: Room, base: str, scenarios: Sequence[Scenario], rivals: Sequence[str] = ()) -> Begin:
    """Every place, quarter by quarter, in a larger borough that has all of them."""
    asked = asked_of(base, scenarios, room.scale.of_places, rivals)

    def begin(stop: Stop) -> Iterator[Message]:
        for done in room.pairs(asked, stop):
            yield {
                "kind": "places",
                "done": done,
                "of": asked.made.replicates,
                "size": asked.made.size,
                **by_place(room.lives(asked, done)),
            }

    return begin


def by_place(found: Sequence[Sequence[Life]]) -> dict[str, Any]:
    """Each measure by scenario and place, quarter by quarter.

    `mean` is that of all runs. In the base `low` and `high` are its lowest and highest run; in the others `apart` is the
    difference from the base, and `low` and `high` its lowest and highest pair.
    """
    names = list(dict.fromkeys(place for _, place in found[0][0].places))
    measures = []
    for metric in BY_PLACE:
        cubes = [[np.array([life.places[metric, name] for life in own]) for name in names] for own in found]
        told: dict[str, list[Any]] = {"mean": [], "apart": [], "low": [], "high": []}
        for at, own in enumerate(cubes):
            off = [values - base for values, base in zip(own, cubes[0], strict=True)] if at else own
            for which, runs, of in (
                ("mean", own, np.mean),
                ("apart", off, np.mean),
                ("low", off, np.min),
                ("high", off, np.max),
            ):
                told[which].append([shown(of(values, axis=0), metric) for values in runs])
        measures.append(
            {
                "name": metric, "label": METRICS[metric].label, "unit": unit_shown(METRICS[metric].unit)[1],
                "good": METRICS[metric].good, **told,
            }
        )  # fmt: skip
    return {"places": names, "measures": measures}
