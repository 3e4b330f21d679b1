"""What the page lets a room move and look at: six dials, the measures, the ready scenarios.

It declares and looks up; it lives nothing and draws nothing. What a lever is, its range, source and grade stand in
`dealsim.levers`; what a measure is stands in `dealsim.metrics`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from dealsim.errors import InputError
from dealsim.levers import LEVERS, Lever
from dealsim.scenarios import Scenario, load, scenario_from, shipped_names
from dealsim.scenarios.timetable import week_of


@dataclass(frozen=True)
class Dial:
    """One slider of the first screen.

    `moves` are the levers that all take its value; `levels` are what the grid of a packed page tries: as it was, and two
    steps towards the Deal. `practice` says what a value means at work, with an example that is only that.
    """

    name: str
    label: str
    moves: tuple[str, ...]
    levels: tuple[float, float, float]
    practice: str

    @property
    def lever(self) -> Lever:
        """The lever whose range, unit, source and grade the slider shows."""
        return LEVERS[self.moves[0]]


DIALS: dict[str, Dial] = {
    dial.name: dial
    for dial in (
        Dial(
            "blame_culture",
            "Blame culture",
            ("blame_culture",),
            (0.6, 0.35, 0.1),
            "What leaders aim for. The climate follows slowly, about half of the way in ten years, and flares up when "
            "much goes wrong unless leaders hold their nerve. In a climate of 0.3, of workers who left the usual path "
            "and whose case went wrong in sight, three in ten are punished; as it was, six in ten. Example: a social "
            "worker let a man skip his day centre for a walking group, and he had a fall.",
        ),
        Dial(
            "permission_to_innovate",
            "Permission to innovate",
            ("permission_to_innovate",),
            (0.15, 0.5, 0.8),
            "How far staff may decide for themselves. It is one of the things that make a worker willing to leave the "
            "usual offer; the others are fear, skill, colleagues and hope. Workers must first come to know of it and "
            "believe the leaders who give it. At 0.3 it weighs a little more than it did, at 0.8 much more. If the one "
            "leader who holds it leaves, it is lost. Example: a housing officer pays a neighbour's petrol instead of "
            "ordering a taxi.",
        ),
        Dial(
            "community_investment",
            "Investment in communities",
            ("community_investment",),
            (0.0, 3.0, 6.0),
            "Money for community groups, £ for each resident and year. At £3 a borough of 330,000 gives about £1m a "
            "year. The council pays, out of what its services have. Example: a men's shed gets its rent and somebody "
            "to look after its volunteers.",
        ),
        Dial(
            "asset_based_practice",
            "Asset-based practice",
            ("asset_based_training",),
            (0.0, 8.0, 16.0),
            "Hours each worker spends a year learning the different conversation: what can you do, whom do you know, "
            "what matters to you? 8 hours is a day a year. It takes working time, and what is not used fades. Example: "
            "a nurse asks about the choir before she fills in the form.",
        ),
        Dial(
            "place_based_working",
            "Place-based working",
            ("place_based_working",),
            (0.0, 0.3, 0.6),
            "How far the services of one place work as one team. At 0.3, in up to three of ten contacts about a need "
            "with several parts, the teams meet about it together, if the workers of both are willing; each gives a "
            "slot for it. Example: housing, health and police meet on a Tuesday about one family instead of writing to "
            "each other.",
        ),
        Dial(
            "communications",
            "Communications",
            ("staff_communications", "public_communications"),
            (0.0, 0.25, 0.5),
            "How much the message is put about. Among staff it sets how fast they come to know of the permission, so "
            "without permission it does little. Of the public, at 0.3 about three in ten hear it in a month; those who "
            "understand it expect more of the next contact. It costs money. Example: a leaflet on what the council "
            "promises and what it asks.",
        ),
    )
}
"""The six dials, in the order of the page."""

MORE = tuple(name for name in LEVERS if not any(name in dial.moves for dial in DIALS.values()))
"""The other levers, one step away."""

MEASURES: dict[str, str] = {
    "contacts_per_1000": "first",
    "hidden_need_share": "first",
    "wellbeing_in_need": "first",
    "mean_wellbeing": "first",
    "crisis_onsets_per_1000": "demand",
    "mean_fear": "staff",
    "volunteer_share": "community",
    "cost_per_head": "money",
}
"""The measures a packed page holds, by where they stand; the served page has all headline measures besides."""

BASES = ("cuts_only", "old_regime")
"""What a change can be compared with; the first is where the page begins."""
PRESETS = tuple(name for name in shipped_names() if name not in BASES)
"""Scenarios of the package that a room can begin from."""

VERSION = 1
"""The version of what is told of a scenario in a link or a file."""
MOST_SCENARIOS = 3
"""Scenarios side by side."""
NAMES = ("A", "B", "C")
"""What scenarios made on the page are called until somebody names them."""


@lru_cache(maxsize=64)
def ready(name: str) -> Scenario:
    """A scenario of the package, read once."""
    return load(name)


def wish_from(content: Any, base: str, position: int = 0) -> Scenario:
    """The scenario that the page asks for, checked as a scenario file is.

    Raises
    ------
    InputError
        With everything that is wrong with it.
    """
    if not isinstance(content, Mapping):
        raise InputError("a scenario must be told as an object")
    unknown = sorted(set(map(str, content)) - {"begins", "levers", "name"})
    if unknown:
        raise InputError(f"a scenario has no {', '.join(map(repr, unknown))}")
    begins = content.get("begins", base)
    if begins not in (*BASES, *PRESETS):
        raise InputError(f"begins is {begins!r}; it must be one of {', '.join((*BASES, *PRESETS))}")
    levers = content.get("levers", {})
    if not isinstance(levers, Mapping):
        raise InputError("levers must be an object")
    name = content.get("name") or (begins if not levers and begins != base else NAMES[position])
    return scenario_of(begins, levers, name)


def scenario_of(begins: str, levers: Mapping[str, Any], name: str) -> Scenario:
    """A child of a ready scenario that says only what was moved away from it.

    A lever that the ready scenario moves at some date is moved at that date, and stays; any other is held from the first
    week on. So a dial changes how much is done, and not when.

    Raises
    ------
    InputError
    """
    if not levers and name == begins:
        return ready(begins)
    dated = {lever: dates_of(ready(begins), lever) for lever in levers}
    content = {
        "format": 1,
        "name": name,
        "question": f"What if, beginning from {begins}, these levers stood elsewhere?",
        "author": "A room at the dealsim page",
        "date": date.today().isoformat(),
        "sources": ["src-choice"],
        "extends": begins,
        "levers": {lever: value for lever, value in levers.items() if not dated.get(lever)},
        "schedule": [{"lever": lever, **when, "value": levers[lever]} for lever, when in dated.items() if when],
    }
    return scenario_from(content)


def dates_of(scenario: Scenario, lever: str) -> dict[str, Any]:
    """From when a scenario's schedule moves a lever, and who pays; empty where it does not."""
    entries = [entry for entry in scenario.schedule if entry["lever"] == lever]
    if not entries:
        return {}
    first = min(entries, key=lambda entry: week_of(entry["from"]))
    return {key: first[key] for key in ("from", "paid_by") if key in first}
