"""What one parameter set is put through before its patterns are read: the old regime and a few programmes.

A trial is a set of levers and nothing else; it knows no target and passes no judgement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dealsim.calendar import WEEKS_A_MONTH, WEEKS_A_YEAR
from dealsim.engine import BURN_IN_WEEKS, World, branch, burn_in, live
from dealsim.errors import StoppedError
from dealsim.metrics import series
from dealsim.parameters import Parameters
from dealsim.patterns.surveys import Survey, people_asked
from dealsim.places import PlaceInput
from dealsim.scenarios import Scenario, scenario_from

OLD_REGIME = "old_regime"


@dataclass(frozen=True)
class Trial:
    """A programme held from the first week (or a schedule), for so many years."""

    name: str
    meaning: str
    years: int
    levers: Mapping[str, Any] = field(default_factory=dict)
    schedule: tuple[Mapping[str, Any], ...] = ()

    def scenario(self) -> Scenario:
        """The trial as a scenario; nobody who holds the permission leaves by chance."""
        return scenario_from(
            {
                "name": self.name,
                "question": self.meaning,
                "author": "The dealsim authors",
                "date": "2026-11-29",
                "sources": ["src-choice"],
                "levers": dict(self.levers),
                "schedule": [dict(entry) for entry in self.schedule],
                "shocks": [{"kind": "leaders_stay", "at": "2011-04-04", "weeks": 520}],
            }
        )


_COMMUNITY = {
    "community_investment": 6.0,
    "link_workers": 4.9,
    "citizen_leadership": 4.1,
    "commissioning": "partnership",
}
_PLACES = {"place_based_working": 0.6}

TRIALS: dict[str, Trial] = {
    trial.name: trial
    for trial in (
        Trial(OLD_REGIME, "Nothing changes.", 10),
        Trial(
            "whole",
            "Everything the Deal is made of, from the first week, at no cut.",
            6,
            {
                "asset_based_training": 16.0,
                "permission_to_innovate": 0.8,
                "nerve": 0.8,
                "leaders_holding_permission": 4,
                "staff_communications": 0.5,
                "blame_culture": 0.15,
                **_COMMUNITY,
                **_PLACES,
            },
        ),
        Trial("places", "Joint work in places and nothing else.", 6, _PLACES),
        Trial("no_blame", "Leaders aim for little blame and change nothing else.", 5, {"blame_culture": 0.15}),
        Trial("community", "Investment in communities and nothing else.", 4, _COMMUNITY),
        Trial(
            "wave",
            "One wave of training in the first quarter, then nothing.",
            2,
            schedule=(
                {"lever": "asset_based_training", "from": "2011-04-04", "value": 80.0},
                {"lever": "asset_based_training", "from": "2011-07-04", "value": 0.0},
            ),
        ),
    )
}
WAVE_ENDS = 13
"""The week after the last of the training wave."""


@dataclass(frozen=True)
class Seen:
    """What was seen of one parameter set in one borough: every trial's weekly metrics, and the survey."""

    metrics: Mapping[str, Mapping[str, np.ndarray]]
    by_fifth: Mapping[str, np.ndarray]
    survey: Survey

    def mean(self, metric: str, trial: str = OLD_REGIME, first_year: float = 0.0, last_year: float = 100.0) -> float:
        """The mean of a metric for everyone from one year to another (not included)."""
        values = self.metrics[trial][metric]
        step = 1 if values.size > TRIALS[trial].years * WEEKS_A_YEAR // WEEKS_A_MONTH else WEEKS_A_MONTH
        first, last = int(first_year * WEEKS_A_YEAR) // step, int(last_year * WEEKS_A_YEAR) // step
        chosen = values[first:last]
        return float(chosen[np.isfinite(chosen)].mean()) if np.isfinite(chosen).any() else float("nan")

    def change(self, metric: str, trial: str, first_year: float, last_year: float) -> float:
        """How much a trial changes a metric against the old regime of the same people, from one year to another."""
        return self.mean(metric, trial, first_year, last_year) - self.mean(metric, OLD_REGIME, first_year, last_year)

    def at_week(self, metric: str, trial: str, week: int) -> float:
        """A weekly metric for everyone at one week."""
        return float(self.metrics[trial][metric][week])


def live_trials(
    place: PlaceInput,
    size: int,
    borough_seed: int,
    life_seeds: Sequence[int],
    parameters: Parameters,
    stop: Callable[[], bool] | None = None,
) -> list[Seen]:
    """Burn in one borough and live every trial from it, once for each life seed; trials of one life share its chances.

    Raises
    ------
    StoppedError
        When `stop`, asked between two weeks, says so.
    """
    start = burn_in(place, size, borough_seed, parameters, BURN_IN_WEEKS, stop=stop)
    return [_live_one(start, life_seed, parameters, stop) for life_seed in life_seeds]


def _live_one(start: World, life_seed: int, parameters: Parameters, stop: Callable[[], bool] | None) -> Seen:
    lived: dict[str, dict[str, np.ndarray]] = {}
    survey = Survey()
    by_fifth: dict[str, np.ndarray] = {}
    for trial in TRIALS.values():
        weeks = trial.years * WEEKS_A_YEAR
        policy = trial.scenario().policy(weeks, start.borough.place_names)
        is_surveyed = trial.name == OLD_REGIME
        world = branch(start, policy, life_seed, weeks, parameters, people_asked(start) if is_surveyed else ())
        for _ in range(weeks // WEEKS_A_MONTH):
            live(world, WEEKS_A_MONTH, stop)
            if stop is not None and stop():
                raise StoppedError("stopped before the trials were lived")
            if is_surveyed:
                survey.visit(world)
        if is_surveyed:
            survey.end(world)
            for metric, group, _, values in series(world, ("quintile:1", "quintile:5")):
                by_fifth[f"{metric} {group}"] = values
        lived[trial.name] = {metric: np.asarray(values) for metric, _, _, values in series(world, ("all",))}
    return Seen(lived, by_fifth, survey)
