"""What the page lives, and what it keeps of a life: a plan that the command would make, and curves of quarters.

It lives nothing itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from dealsim.calendar import WEEKS_A_QUARTER, WEEKS_A_YEAR
from dealsim.engine import World
from dealsim.metrics import HEADLINE, METRICS, series
from dealsim.plans import LIVES_OF_A_SET, Plan, plan
from dealsim.scenarios import Scenario
from dealsim.show.flows import ENDED, OPEN
from dealsim.show.plots import GROUPED
from dealsim.summary import CUMULATIVE, OUTCOME_WEEKS
from dealsim.web.dials import BASES, ready


@dataclass(frozen=True)
class Scale:
    """How large the lives of the page are: citizens, years and parameter sets, and those of the view of places."""

    size: int = 3_000
    years: int = 10
    sets: int = 25
    places_size: int = 33_000
    places_sets: int = 2

    @property
    def pairs(self) -> int:
        """Pairs after which the page stops by itself."""
        return LIVES_OF_A_SET * self.sets

    @property
    def weeks(self) -> int:
        """Weeks of a life."""
        return self.years * WEEKS_A_YEAR

    @property
    def quarters(self) -> int:
        """Points of a curve."""
        return self.weeks // WEEKS_A_QUARTER

    @property
    def of_places(self) -> Scale:
        """A borough that has all places."""
        return replace(self, size=self.places_size, sets=self.places_sets)


SHOWN = tuple(name for name in HEADLINE if name in METRICS and name != CUMULATIVE)
"""Measures with a curve."""
BY_PLACE = ("contacts_per_1000", "hidden_need_share", "wellbeing_in_need", "volunteer_share")
"""Measures shown place by place."""
ADDED_UP = ("needs_per_1000", *ENDED)
"""Measures that the picture of where needs go adds up over the last years."""


class Life(NamedTuple):
    """One life, condensed to what the page shows.

    `curves` holds quarterly means, one row a measure of `SHOWN`; `groups` the mean of the last two years by measure and
    group; `flows` what `ADDED_UP` comes to over the last two years and where needs of `OPEN` stand at the end; `places` the
    quarterly means of `BY_PLACE` in every place.
    """

    curves: np.ndarray
    groups: dict[tuple[str, str], float]
    flows: dict[str, float]
    places: dict[tuple[str, str], np.ndarray]


def condensed(world: World) -> Life:
    """What the page shows of a life that has ended."""
    lived = 0 if world.record is None else world.record.flows.shape[0]
    quarters = lived // WEEKS_A_QUARTER
    curves = np.full((len(SHOWN), quarters), np.nan)
    groups: dict[tuple[str, str], float] = {}
    flows: dict[str, float] = {}
    places: dict[tuple[str, str], np.ndarray] = {}
    row_of = {name: at for at, name in enumerate(SHOWN)}
    for metric, group, weeks, values in series(world):
        if group == "all":
            if metric in row_of:
                curves[row_of[metric]] = _quarterly(weeks, values, quarters)
            if metric in ADDED_UP:
                flows[metric] = float(np.nansum(values[-OUTCOME_WEEKS:])) / WEEKS_A_YEAR
            elif metric in OPEN:
                flows[metric] = 1000.0 * float(values[-1])
        elif metric in BY_PLACE and group.startswith("place:"):
            places[metric, group.removeprefix("place:")] = _quarterly(weeks, values, quarters)
        if metric in row_of and (group == "all" or metric in GROUPED):
            last = np.asarray(values)[np.asarray(weeks) >= lived - OUTCOME_WEEKS]
            last = last[np.isfinite(last)]
            if last.size:
                groups[metric, group] = float(last.mean())
    return Life(curves, groups, flows, places)


def _quarterly(weeks: Any, values: np.ndarray, quarters: int) -> np.ndarray:
    """Means of quarters; a quarter in which a measure has no meaning has none."""
    has = np.isfinite(values)
    quarter = np.asarray(weeks)[has] // WEEKS_A_QUARTER
    number = np.bincount(quarter, minlength=quarters)[:quarters]
    total = np.bincount(quarter, weights=np.asarray(values)[has], minlength=quarters)[:quarters]
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


class Asked(NamedTuple):
    """A plan, and what names each of its scenarios among kept lives."""

    scale: Scale
    made: Plan
    said: tuple[str, ...]

    def key(self, at: int, replicate: int) -> tuple[str, Scale, int]:
        """What one run depends on: its scenario with its rivals, how large lives are, and which of them it is."""
        return self.said[at], self.scale, replicate


@lru_cache(maxsize=8)
def _plan_of(rivals: tuple[str, ...], scale: Scale) -> Plan:
    """What is the same for every scenario under those rivals: parameters, place and seeds."""
    own = ready(BASES[0]).with_rivals(rivals)
    return plan("run", (own,), size=scale.size, years=scale.years, replicates=scale.pairs, ensemble=scale.sets)


def plan_of(scenarios: Sequence[Scenario], scale: Scale, rivals: tuple[str, ...]) -> Plan:
    """A plan of those scenarios, each under the same rivals."""
    own = _plan_of(rivals, scale)
    every = tuple(one.with_rivals(rivals) for one in scenarios)
    return replace(own, command="compare", scenarios=every, parameters=(own.parameters[0],) * len(every))


def asked_of(base: str, scenarios: Sequence[Scenario], scale: Scale, rivals: Sequence[str] = ()) -> Asked:
    """What the command `dealsim compare … --size 3000 --ensemble 25` would live of the same scenarios.

    `rivals` are other explanations that hold in every world, the base too, so that a difference is the policy's.

    Raises
    ------
    InputError
    """
    made = plan_of((ready(base), *scenarios), scale, tuple(sorted(rivals)))
    for scenario in scenarios:
        scenario.policy(1, made.place.place_names, made.place.place_names)
    return Asked(scale, made, tuple(map(_said, made.scenarios)))


def _said(scenario: Scenario) -> str:
    """What decides a scenario's lives, as JSON that `scenario_from` reads: not its name, its author or its date."""
    resolved = scenario.as_dict()
    kept = {key: resolved[key] for key in ("place", "levers", "schedule", "shocks", "rivals") if key in resolved}
    return json.dumps({"name": "lived", **kept}, default=str)
