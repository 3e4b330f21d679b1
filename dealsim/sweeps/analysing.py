"""What a finished sweep says: which factors carry what, where it fails, what to choose, and how sure that is.

It only puts the tables of a sweep before the methods of `dealsim.analysis`; how failed runs were treated is part of
what it gives back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from dealsim.analysis.choice import CheapestMix, RobustChoice, cheapest_mix, robust_choice
from dealsim.analysis.discovery import Discovery, discover
from dealsim.analysis.precision import stop_at, variance_ratio
from dealsim.analysis.sensitivity import (
    chance_share,
    first_order_shares,
    main_effects,
    morris_effects,
    sobol_indices,
)
from dealsim.errors import InputError
from dealsim.metrics import METRICS
from dealsim.sweeps.asked import SHARED, SPREAD_OUT, Target
from dealsim.sweeps.designs import FACTORIAL, LATIN_HYPERCUBE, MORRIS, POINTS, QUASI_RANDOM, SOBOL
from dealsim.sweeps.factors import LEVER
from dealsim.sweeps.plan import UNIT
from dealsim.sweeps.results import SweepResults, read_sweep

COST = "cost_per_head"
"""The measure by which a mix is called cheap."""
WORST_SHARE = 0.25
"""Without targets, the share of points that count as failing."""
TENTH = 0.1
"""Without a stated error, the share of the range over points that half an interval should be at most."""
MOST_POLICIES = 400
MOST = 0.5
"""The share of failing points above which it is also sought where a scenario holds."""


SHARED_LIVES = (
    "All points share the same lives, so the intervals tell how other points would move a share, and not what other "
    "lives would do: they are too narrow. `lives: own` in the sweep's file mends that."
)


class Subject(NamedTuple):
    """What is analysed: an outcome under a scenario, or its change from the base."""

    outcome: str
    scenario: str
    is_change: bool


@dataclass(frozen=True)
class Where:
    """Where a scenario fails: by what rule, and what was found."""

    scenario: str
    rule: str
    fails: pd.Series = field(repr=False)
    found: Discovery = field(repr=False)
    holds: Discovery | None = field(default=None, repr=False)
    """Where most points fail, the conditions under which it does not."""
    points: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    """What was varied at each of the points."""

    def in_words(self, labels: Mapping[str, str] | None = None) -> str:
        """What was found, in sentences."""
        said = self.found.in_words(labels)
        if self.holds is not None:
            said += f" Most points fail, so it was also sought where it holds. It {self.holds.in_words(labels, does='hold')}"
        return said[:1].upper() + said[1:]


@dataclass(frozen=True)
class Choice:
    """What to choose where every policy meets every future."""

    outcome: str
    robust: RobustChoice


class Analysis:
    """What a finished sweep says; each part is worked out when it is first asked for.

    Parameters
    ----------
    results
        The sweep.
    outcomes
        The measures to look at, of those it kept for everyone; all of them.
    targets
        What must be reached, in place of what the sweep's file says.
    error
        Half an interval that is small enough, in the unit of the first outcome.
    seed
        Moves resamples, nothing else.

    Raises
    ------
    InputError
        When an outcome was not kept.
    """

    def __init__(
        self,
        results: SweepResults,
        outcomes: Sequence[str] | None = None,
        targets: Sequence[Target] | None = None,
        error: float | None = None,
        seed: int = 0,
    ) -> None:
        kept = [name for name in results.metrics if name in results.outcomes]
        for name in outcomes or ():
            if name not in kept:
                raise InputError(f"this sweep kept no '{name}' for everyone; it kept {', '.join(kept)}")
        stated = results.recipe.get("stop_at")
        if error is None and stated and (not outcomes or outcomes[0] == stated["metric"]):
            outcomes = outcomes or [stated["metric"], *(name for name in kept if name != stated["metric"])]
            error = float(stated["error"])
        if error is not None and not (math.isfinite(error) and error > 0.0):
            raise InputError(f"the error is {error}; it must be a number above 0")
        self.results = results
        self.outcomes = tuple(outcomes or kept)
        self.targets = tuple(results.targets if targets is None else targets)
        self.error = error
        self.seed = seed
        self.names = [factor.name for factor in results.factors]
        self.design = results.recipe["design"]["kind"]
        self.is_crossed = "futures" in results.recipe["design"]

    @property
    def subjects(self) -> list[Subject]:
        """Each outcome's change from the base under every other scenario; with one scenario, the outcome itself."""
        others = self.results.scenarios[1:]
        if not others:
            return [Subject(outcome, self.results.base, False) for outcome in self.outcomes]
        return [Subject(outcome, scenario, True) for scenario in others for outcome in self.outcomes]

    def values(self, subject: Subject) -> np.ndarray:
        """A subject as `[point, replicate]`."""
        return self.results.outcome(subject.outcome, subject.scenario, against_base=subject.is_change)

    @cached_property
    def treated(self) -> list[str]:
        """How runs that failed were treated, in sentences."""
        failed = self.results.failed
        if not len(failed):
            return [f"All {len(self.results.runs):,} runs finished."]
        points = failed["point"].nunique()
        first = failed["error"].iloc[0]
        return [
            f"{len(failed):,} of {len(self.results.runs):,} runs failed, at {points:,} of {self.results.n_points:,} "
            f"points; the first said: {first}",
            "Means at a point are over the replicates that finished. A point where none did is left out; so is a whole "
            "base row (Sobol) that lacks one of its points, and a step (Morris) that lacks one of its ends. Nothing is "
            "put in the place of a failed run, so where runs fail for a reason, what is left is not a fair sample.",
        ]

    @cached_property
    def chance(self) -> pd.DataFrame:
        """For every subject, the share of a single run's variance over all points that is chance."""
        rows = []
        for subject in self.subjects:
            found = chance_share(self.values(subject), seed=self.seed)
            rows.append({**subject._asdict(), "share": found.share, "low": found.low, "high": found.high,
                         "points": found.points, "points_left_out": found.points_left_out})  # fmt: skip
        return pd.DataFrame(rows)

    @property
    def method(self) -> str:
        """How factors are ranked in this design, in words."""
        return {
            SOBOL: "total share: what of the variance due to factors would be left if all others were known (Sobol)",
            MORRIS: "effect of moving a factor through its whole range, mean size over many starting points (Morris)",
            FACTORIAL: "how far the mean at a level lies from the mean of all points",
            LATIN_HYPERCUBE: "share of the variance due to factors that each carries alone (RBD-FAST)",
            QUASI_RANDOM: "share of the variance due to factors that each carries alone (RBD-FAST)",
        }.get(self.design, "")

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """What each factor carries of each subject: `value` with its interval, and columns of the method's own."""
        tables = []
        for subject in self.subjects:
            table, _ = self._sensitivity_of(subject)
            if not table.empty:
                tables.append(table.assign(**subject._asdict()))
        if not tables:
            return pd.DataFrame(
                columns=["outcome", "scenario", "is_change", "factor", "value", "low", "high", "converged"]
            )
        together = pd.concat(tables, ignore_index=True)
        first = ["outcome", "scenario", "is_change", "factor"]
        return together[[*first, *(name for name in together.columns if name not in first)]]

    @cached_property
    def notes(self) -> dict[Subject, tuple[str, ...]]:
        """What must be said of each subject's ranking."""
        return {subject: self._sensitivity_of(subject)[1] for subject in self.subjects}

    def _sensitivity_of(self, subject: Subject) -> tuple[pd.DataFrame, tuple[str, ...]]:
        kept: dict[Subject, tuple[pd.DataFrame, tuple[str, ...]]] = self.__dict__.setdefault("_sensitivity", {})
        if subject not in kept:
            kept[subject] = self._worked_out(subject)
        return kept[subject]

    def _worked_out(self, subject: Subject) -> tuple[pd.DataFrame, tuple[str, ...]]:
        table, notes = self._ranked(subject)
        shared = self.results.recipe["same"]["lives"] == SHARED
        if shared and self.design in SPREAD_OUT:
            notes = (*notes, SHARED_LIVES)
        return table, notes

    def _ranked(self, subject: Subject) -> tuple[pd.DataFrame, tuple[str, ...]]:
        values, names = self.values(subject), self.names
        unit = self.results.design[[UNIT + name for name in names]].to_numpy(np.float64)
        width, replicates = len(names), values.shape[1]
        if self.design == SOBOL:
            found = sobol_indices(values.reshape(-1, width + 2, replicates), names, seed=self.seed)
            table = found.indices.rename(columns={"total": "value", "total_low": "low", "total_high": "high"})
            return table, found.notes
        if self.design == MORRIS:
            screened = morris_effects(
                values.reshape(-1, width + 1, replicates), unit.reshape(-1, width + 1, width), names, seed=self.seed
            )
            columns = {"mu_star": "value", "mu_star_low": "low", "mu_star_high": "high"}
            return screened.effects.rename(columns=columns), screened.notes
        if self.design == FACTORIAL:
            table = main_effects(self.results.design[names], values).drop(columns=["low", "high"])
            columns = {"effect": "value", "effect_low": "low", "effect_high": "high"}
            return table.rename(columns=columns).assign(converged=True), ()  # nothing is estimated from a sample
        if self.design == POINTS:
            return pd.DataFrame(), ("Listed points are no sample of the space, so no factor's share can be told.",)
        return self._alone(values, unit)

    def _alone(self, values: np.ndarray, unit: np.ndarray) -> tuple[pd.DataFrame, tuple[str, ...]]:
        """First-order shares; where levers and futures are crossed, each sort over the mean of the other."""
        parts = [(list(range(len(self.names))), unit, values)]
        if self.is_crossed:
            policy, future = self._policy_and_future()
            parts = [
                (columns, *_mean_by(group, unit[:, columns], values))
                for columns, group in ((self._columns(LEVER), policy), (self._columns(""), future))
            ]
        tables = [
            first_order_shares(points, outcomes, [self.names[k] for k in columns], seed=self.seed)
            for columns, points, outcomes in parts
        ]
        table = pd.concat(tables, ignore_index=True)
        wide = [str(name) for name, known in zip(table["factor"], table["converged"], strict=True) if not known]
        notes: tuple[str, ...] = ()
        if wide:
            notes = (
                f"Not converged for {', '.join(wide)}: the intervals are too wide; more points would narrow them.",
            )
        return table.rename(columns={"share": "value", "share_low": "low", "share_high": "high"}), notes

    def _columns(self, kind: str) -> list[int]:
        is_lever = [factor.kind == LEVER for factor in self.results.factors]
        return [k for k, lever in enumerate(is_lever) if lever == (kind == LEVER)]

    def _policy_and_future(self) -> tuple[np.ndarray, np.ndarray]:
        """For each point, the number of its mix of levers and of its future.

        A crossed design numbers them itself: two futures may be alike, and are two all the same.
        """
        design = self.results.design
        if self.is_crossed:
            n_futures = sum(self.results.recipe["design"]["futures"]) + 1
            future, policy = np.divmod(np.arange(len(design)), len(design) // n_futures)
            return policy, future
        numbers = []
        for columns in (self._columns(LEVER), self._columns("")):
            rows = list(design[[self.names[k] for k in columns]].itertuples(index=False, name=None))
            known: dict[tuple[object, ...], int] = {}
            numbers.append(np.array([known.setdefault(row, len(known)) for row in rows]))
        return numbers[0], numbers[1]

    @cached_property
    def failures(self) -> list[Where]:
        """Where each scenario fails: the conditions, in a box.

        Where every policy meets every future, the futures in which the policy fails that meets its targets most often,
        or has the least regret: points that share a future are no points of their own.
        """
        if self.is_crossed:
            return self._failures_over_futures()
        points = self.results.design[self.names]
        scenarios = self.results.scenarios[1:] or self.results.scenarios
        return [self._where(scenario, *self._fails(scenario), points) for scenario in scenarios]

    def _failures_over_futures(self) -> list[Where]:
        """The futures in which the policy that would be chosen fails."""
        if self.policies is None or not self.choices:
            return []
        names, grid, _ = self.policies
        robust = self.choices[0].robust
        called = robust.most_often_met or robust.least_regret
        scenario, rows = (grid[names.index(called)][:, k] for k in (0, 1))
        rule, fails = self._fails(self.results.scenarios[int(scenario[0])])
        worlds = self.results.design[[self.names[k] for k in self._columns("")]]
        return [
            self._where(called, rule, fails.iloc[rows].reset_index(drop=True), worlds.iloc[rows].reset_index(drop=True))
        ]

    def _where(self, called: str, rule: str, fails: pd.Series, points: pd.DataFrame) -> Where:
        most_fail = fails.any() and MOST < fails.mean() < 1.0
        holds = discover(points, ~fails, seed=self.seed) if most_fail else None
        return Where(called, rule, fails, discover(points, fails, seed=self.seed), holds, points)

    def _fails(self, scenario: str) -> tuple[str, pd.Series]:
        """At which points a scenario fails, by means over replicates; none where no replicate finished."""
        is_pair = len(self.results.scenarios) > 1
        if self.targets:
            met = self._meets(scenario)
            rule = "a target is missed: " + "; ".join(target.in_words for target in self.targets)
            return rule, pd.Series([None if math.isnan(one) else one == 0.0 for one in met], dtype="boolean")
        if not self.outcomes:
            return "no run finished", pd.Series([None] * self.results.n_points, dtype="boolean")
        outcome = next((name for name in self.outcomes if METRICS[name].good), self.outcomes[0])
        mean = _means(self.results.outcome(outcome, scenario, against_base=is_pair))
        label, worse = METRICS[outcome].label, METRICS[outcome].good == "down"
        if is_pair:
            rule, bound = f"{label}: no better than under the base", 0.0
        else:
            share = 1 - WORST_SHARE if worse else WORST_SHARE
            bound = float(np.nanquantile(mean, share)) if np.isfinite(mean).any() else math.nan
            rule = f"{label}: among the worst quarter of points (no targets were given)"
        fails = mean >= bound if worse else mean <= bound
        return rule, pd.Series(fails, dtype="boolean").mask(np.isnan(mean))

    def _meets(self, scenario: str) -> np.ndarray:
        """At each point 1 where all targets are met by means over replicates, 0 where not, nothing where none finished."""
        met = np.ones(self.results.n_points)
        for target in self.targets:
            mean = _means(self.results.outcome(target.metric, scenario, against_base=target.is_change))
            met = np.where(np.isnan(mean), math.nan, met * target.reached(mean))
        return met

    @cached_property
    def policies(self) -> tuple[list[str], np.ndarray, int | None] | None:
        """The policies' names, the place of each `[policy, future]` as scenario and point, and the best guess's future.

        None where not every policy meets every future once, or there is only one of either.
        """
        policy, future = self._policy_and_future()
        n_mixes, n_futures = int(policy.max()) + 1, int(future.max()) + 1
        scenarios = self.results.scenarios
        n_policies = n_mixes * len(scenarios)
        pairs = set(zip(policy.tolist(), future.tolist(), strict=True))
        is_whole = len(pairs) == n_mixes * n_futures == self.results.n_points
        if not is_whole or n_policies < 2 or n_futures < 2 or n_policies > MOST_POLICIES:
            return None
        grid = np.zeros((n_policies, n_futures, 2), np.int64)
        names = [""] * n_policies
        levers = [self.names[k] for k in self._columns(LEVER)]
        for at, scenario in enumerate(scenarios):
            for point in range(self.results.n_points):
                row = at * n_mixes + policy[point]
                grid[row, future[point]] = at, point
                names[row] = self._name_of(scenario, levers, point)
        if len(set(names)) < len(names):
            names = [f"{name} [mix {number + 1}]" for number, name in enumerate(names)]
        rivals = self.results.recipe["same"]["scenarios"][0]["rivals"]
        usual = [self.results.factors[k].usual_under(rivals) for k in self._columns("")]
        others = [self.names[k] for k in self._columns("")]
        rows = self.results.design[others].itertuples(index=False, name=None)
        at_guess = [int(f) for f, row in zip(future, rows, strict=True) if list(row) == usual]
        return names, grid, min(at_guess) if at_guess else None

    @property
    def why_no_choice(self) -> str:
        """Why nothing is chosen, where levers or scenarios could have been; empty where something is."""
        policy, future = self._policy_and_future()
        n_policies = (int(policy.max()) + 1) * len(self.results.scenarios)
        if self.policies is not None or n_policies < 2 or int(future.max()) == 0:
            return ""
        if n_policies > MOST_POLICIES:
            return f"{n_policies:,} policies are too many to choose between; at most {MOST_POLICIES} are weighed."
        return "Not every policy meets every future in this design, so none can be chosen; `futures` in the design does that."

    def _name_of(self, scenario: str, levers: Sequence[str], point: int) -> str:
        cells = self.results.design.iloc[point]
        said = [
            f"{name} {cells[name]:.3g}" if isinstance(cells[name], float) else f"{name} {cells[name]}"
            for name in levers
        ]
        parts = ([scenario] if len(self.results.scenarios) > 1 or not said else []) + said
        return ", ".join(parts).replace("_", " ")

    def _over_futures(self, outcome: str) -> np.ndarray:
        """An outcome as `[policy, future]`, means over replicates."""
        assert self.policies is not None
        _, grid, _ = self.policies
        table = [_means(self.results.outcome(outcome, scenario)) for scenario in self.results.scenarios]
        return np.array([[table[at][point] for at, point in row] for row in grid.tolist()])

    def _met_over_futures(self) -> np.ndarray | None:
        if not self.targets or self.policies is None:
            return None
        _, grid, _ = self.policies
        table = [self._meets(scenario) for scenario in self.results.scenarios]
        return np.array([[table[at][point] for at, point in row] for row in grid.tolist()])

    @cached_property
    def choices(self) -> list[Choice]:
        """Regret, targets met, and the robust choice beside the best guess, by each measure that has a good direction."""
        if self.policies is None:
            return []
        names, _, guess = self.policies
        wanted = [target.metric for target in self.targets] or [name for name in self.outcomes if METRICS[name].good][
            :2
        ]
        found = []
        for outcome in dict.fromkeys(wanted):
            if not METRICS[outcome].good:
                continue
            values = self._over_futures(outcome)
            at_guess = values[:, guess] if guess is not None else None
            robust = robust_choice(
                values, names, METRICS[outcome].good, meets=self._met_over_futures(), at_best_guess=at_guess
            )
            found.append(Choice(outcome, robust))
        return found

    @cached_property
    def cheapest(self) -> CheapestMix | None:
        """The cheapest policy that meets all targets in nine of ten futures; none without targets, costs or futures."""
        meets = self._met_over_futures()
        if meets is None or self.policies is None or COST not in self.results.outcomes:
            return None
        names, _, guess = self.policies
        costs = self._over_futures(COST)
        return cheapest_mix(
            costs,
            meets,
            names,
            costs_at_best_guess=None if guess is None else costs[:, guess],
            meets_at_best_guess=None if guess is None else meets[:, guess],
        )

    @cached_property
    def precision(self) -> pd.DataFrame:
        """How sure the mean at a point is, and how many replicates would do at the worst point, by subject."""
        rows = []
        for number, subject in enumerate(self.subjects):
            values = self.values(subject)
            means = _means(values)
            reach = float(np.nanmax(means) - np.nanmin(means)) if np.isfinite(means).any() else math.nan
            error = self.error if self.error is not None and number == 0 else TENTH * reach
            if not (math.isfinite(error) and error > 0):
                continue
            stops = [stop_at(row[np.isfinite(row)], error) for row in values]
            halves = np.array([stop.half_width for stop in stops])
            needed = np.array([stop.needed for stop in stops])
            rows.append({**subject._asdict(), "error": error, "half_width": _middle(halves),
                         "points_enough": int(sum(stop.is_enough for stop in stops)), "points": len(stops),
                         "needed_typical": _middle(needed), "needed_worst": _most(needed)})  # fmt: skip
        return pd.DataFrame(rows)

    @cached_property
    def pairing(self) -> pd.DataFrame:
        """How many times fewer runs a difference from the base needs because people and chances are the same."""
        rows = []
        for subject in self.subjects:
            if not subject.is_change:
                continue
            base = self.results.outcome(subject.outcome, self.results.base)
            found = variance_ratio(base, self.results.outcome(subject.outcome, subject.scenario), seed=self.seed)
            rows.append({"outcome": subject.outcome, "scenario": subject.scenario, "ratio": found.ratio,
                         "low": found.low, "high": found.high})  # fmt: skip
        return pd.DataFrame(rows)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Everything worked out, as tables by name; those that say nothing are left out."""
        found = {
            "sensitivity": self.sensitivity,
            "chance": self.chance,
            "precision": self.precision,
            "pairing": self.pairing,
            "failures": pd.concat(
                [where.found.table().assign(scenario=where.scenario, rule=where.rule) for where in self.failures]
            ),
            **{f"regret_{choice.outcome}": choice.robust.table for choice in self.choices},
        }
        if self.cheapest is not None:
            found["cheapest"] = self.cheapest.table
        return {name: table for name, table in found.items() if not table.empty}


def analyse(
    sweep: str | Path | SweepResults,
    outcomes: Sequence[str] | None = None,
    *,
    targets: Sequence[Target] | None = None,
    error: float | None = None,
    seed: int = 0,
) -> Analysis:
    """What a finished sweep says, from its folder or its results; the parameters are those of `Analysis`.

    Raises
    ------
    InputError, StoreError, MismatchError
    """
    results = sweep if isinstance(sweep, SweepResults) else read_sweep(sweep)
    return Analysis(results, outcomes, targets, error, seed)


def _means(values: np.ndarray) -> np.ndarray:
    """The mean over replicates that finished; nothing where none did."""
    is_there = np.isfinite(values)
    n = is_there.sum(axis=1)
    found: np.ndarray = np.where(is_there, values, 0.0).sum(axis=1) / np.where(n > 0, n, math.nan)
    return found


def _mean_by(group: np.ndarray, unit: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One point a group, with the mean of its outcomes replicate by replicate; nothing where one of them failed."""
    points, outcomes = [], []
    for number in range(int(group.max()) + 1):
        here = group == number
        points.append(unit[here][0])
        outcomes.append(values[here].mean(axis=0))
    return np.array(points), np.array(outcomes)


def _middle(values: np.ndarray) -> float:
    return float(np.nanmedian(values)) if np.isfinite(values).any() else math.nan


def _most(values: np.ndarray) -> float:
    return float(np.nanmax(values)) if np.isfinite(values).any() else math.nan
