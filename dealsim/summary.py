"""Sums up runs: means, paired differences, intervals, and what follows from whole pairs.

It knows tables only, so it sums up stored results as well as fresh ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from dealsim.analysis.doubt import AGREEING, DOUBT_COLUMNS, Doubt, by_set, doubt_of, lives_needed, set_of
from dealsim.calendar import WEEKS_A_MONTH, WEEKS_A_YEAR

OUTCOME_WEEKS = 2 * WEEKS_A_YEAR
"""Outcomes are means of the last two years."""
SMOOTHED = 12
"""Weeks in a smoothed value: three whole months, since some things happen once in four weeks."""


class MetricInfo(NamedTuple):
    """What a reader must know of a metric: label, unit, which way is good ('up', 'down' or ''), meaning and theme."""

    label: str
    unit: str
    good: str
    meaning: str = ""
    theme: str = ""

    @classmethod
    def of(cls, metric: Any) -> MetricInfo:
        """What is said of a declared metric."""
        return cls(*(getattr(metric, name) for name in cls._fields))


CUMULATIVE = "cumulative_saving"
SAVING = MetricInfo(
    "Saving against the base, added up",
    "£ per head",
    "up",
    "What has been spent less than in the base since the start, whoever pays.",
    "money",
)


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and 95 % interval by Student's t; without an interval for fewer than two values."""
    n = len(values)
    if n == 0:
        return math.nan, math.nan, math.nan
    mean = float(np.mean(values))
    if n < 2:
        return mean, math.nan, math.nan
    half = float(stats.t.ppf(0.975, n - 1)) * float(np.std(values, ddof=1)) / math.sqrt(n)
    return mean, mean - half, mean + half


def intervals(units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of each column and half its 95 % interval, as `interval` has them for one; NaN for a single row."""
    n = len(units)
    mean = units.mean(axis=0)
    if n < 2:
        return mean, np.full_like(mean, math.nan)
    return mean, float(stats.t.ppf(0.975, n - 1)) * units.std(axis=0, ddof=1) / math.sqrt(n)


_TOO_MANY = 1e9
"""Pairs beyond which the number is not sought one by one: nobody will run them."""


def pairs_needed(differences: np.ndarray) -> float:
    """The fewest pairs at which half the 95 % interval is less than the mean difference; NaN where none would do.

    Half the interval of n pairs is t(n − 1)·sd/√n, as in `interval`.

    >>> pairs_needed(np.array([1.0, 2.0, 3.0]))
    4.0
    """
    if len(differences) < 2:
        return math.nan
    mean, spread = abs(float(np.mean(differences))), float(np.std(differences, ddof=1))
    if mean == 0.0:
        return math.nan
    least = (1.959964 * spread / mean) ** 2  # t is never less than this
    if least > _TOO_MANY:
        return float(math.floor(least) + 3)
    n = max(2, math.floor(least) + 1)
    while float(stats.t.ppf(0.975, n - 1)) * spread / math.sqrt(n) >= mean:
        n += 1
    return float(n)


SHOWN = ("better", "worse", "higher", "lower")
"""Verdicts that an interval bears out."""


def verdict_of(low: float, high: float, good: str) -> str:
    """Which way a difference goes, in a word; nothing is claimed that the interval does not show."""
    if math.isnan(low) or math.isnan(high) or low <= 0.0 <= high:
        return "no difference" if low == high == 0.0 else "cannot tell"
    if good not in ("up", "down"):
        return "higher" if low > 0.0 else "lower"
    return "better" if (low > 0.0) == (good == "up") else "worse"


def verdict_over_sets(found: Doubt, good: str) -> str:
    """Which way a difference goes by its interval, if nine in ten of the parameter sets go that way too."""
    verdict = verdict_of(found.low, found.high, good)
    return verdict if verdict not in SHOWN or found.agree >= AGREEING else "cannot tell"


SUMMARY_COLUMNS = (
    "scenario", "metric", "group", "label", "unit", "good", "n", "mean", "low", "high",
    "pairs", "difference", "difference_low", "difference_high", "pairs_needed", "verdict",
)  # fmt: skip
ENSEMBLE_NUMBERS = (*DOUBT_COLUMNS, "pair_sets", *(f"difference_{name}" for name in DOUBT_COLUMNS), "agree")
ENSEMBLE_COLUMNS = ("sets", *ENSEMBLE_NUMBERS)
"""What a summary has besides with an ensemble: both sources of doubt, of each level and of each difference."""


def summarise(
    table: pd.DataFrame, names: Sequence[str], weeks: int, metrics: Mapping[str, MetricInfo], sets: int = 0
) -> pd.DataFrame:
    """One row a scenario, metric and group, over the last two years of each replicate.

    With replicates spread over parameter `sets` the intervals have sets as their unit, and chance and doubt stand apart.
    """
    last = table[table["week"] >= weeks - OUTCOME_WEEKS]
    grouped = last.groupby(["metric", "group", "scenario", "replicate"], observed=True, sort=False)["value"]
    ends = grouped.mean()
    is_sum = ends.index.get_level_values("metric") == CUMULATIVE
    if is_sum.any():
        ends = ends.where(~is_sum, grouped.last())
    found: dict[tuple[str, str], dict[str, dict[int, float]]] = {}
    key: Any
    for key, value in ends.items():
        metric, group, scenario, replicate = key
        found.setdefault((str(metric), str(group)), {}).setdefault(str(scenario), {})[int(replicate)] = float(value)
    rows = []
    for (metric, group), by_scenario in found.items():
        about = metrics.get(metric, MetricInfo(metric, "", ""))
        for name in names:
            own = by_scenario.get(name, {})
            if not own:
                continue
            mean, low, high = _interval_of(own, sets)
            row: dict[str, Any] = {
                "scenario": name, "metric": metric, "group": group, "label": about.label, "unit": about.unit,
                "good": about.good, "n": len(own), "mean": mean, "low": low, "high": high, "pairs": 0,
                "difference": math.nan, "difference_low": math.nan, "difference_high": math.nan,
                "pairs_needed": math.nan, "verdict": "",
            }  # fmt: skip
            if sets:
                row |= dict.fromkeys(ENSEMBLE_COLUMNS, math.nan) | _apart(doubt_of(by_set(own, sets)), "")
            if name != names[0]:
                base = by_scenario.get(names[0], {})
                if metric == CUMULATIVE:  # a difference from the base already
                    apart = own
                else:
                    apart = {k: own[k] - base[k] for k in own if k in base}
                row |= _over_sets(apart, sets, about.good) if sets else _over_pairs(apart, about.good)
            rows.append(row)
    return pd.DataFrame(rows, columns=[*SUMMARY_COLUMNS, *(ENSEMBLE_COLUMNS if sets else ())])


def _over_pairs(apart: Mapping[int, float], good: str) -> dict[str, Any]:
    """What differences show by pair."""
    pairs = np.array([apart[k] for k in sorted(apart)])
    mean, low, high = interval(pairs)
    return {
        "pairs": len(pairs), "difference": mean, "difference_low": low, "difference_high": high,
        "pairs_needed": pairs_needed(pairs), "verdict": verdict_of(low, high, good),
    }  # fmt: skip


def _over_sets(apart: Mapping[int, float], sets: int, good: str) -> dict[str, Any]:
    """What differences show by pair and parameter set: nothing that the sets disagree about."""
    groups = by_set(apart, sets)
    found = doubt_of(groups)
    return {
        "pairs": len(apart), "difference": found.mean, "difference_low": found.low, "difference_high": found.high,
        # where the sets disagree, more lives do not help
        "pairs_needed": lives_needed(groups) if found.agree >= AGREEING else math.nan,
        "verdict": verdict_over_sets(found, good), "pair_sets": found.sets, "agree": found.agree,
        **_apart(found, "difference_"),
    }  # fmt: skip


def _apart(found: Doubt, prefix: str) -> dict[str, Any]:
    """Chance and doubt as columns of the summary."""
    said = {f"{prefix}{name}": getattr(found, name) for name in DOUBT_COLUMNS}
    return said if prefix else {"sets": found.sets, **said}


def _interval_of(values: Mapping[int, float], sets: int) -> tuple[float, float, float]:
    """Mean and 95 % interval of values by replicate: over replicates, or over the means of the parameter sets."""
    if sets:
        return interval(np.array([own.mean() for own in by_set(values, sets)]))
    return interval(np.array([values[k] for k in sorted(values)]))


def unit_means(wide: pd.DataFrame, sets: int) -> pd.DataFrame:
    """What intervals are taken over, one column each: the replicates, or with an ensemble the means of its sets."""
    if not sets or wide.empty:
        return wide
    return wide.T.groupby([set_of(int(replicate), sets) for replicate in wide.columns]).mean().T


Parts = dict[tuple[str, str, str], pd.DataFrame]
"""One table by metric, group and scenario."""


def _parts(table: pd.DataFrame, metrics: Sequence[str]) -> Parts:
    """The rows of those metrics, taken apart in one pass."""
    wanted = table[table["metric"].isin(metrics)]
    by: Any = wanted.groupby(["metric", "group", "scenario"], observed=True, sort=False)
    return dict(iter(by))


def smoothed(table: pd.DataFrame, metrics: Sequence[str]) -> Parts:
    """Metrics smoothed over the 12 weeks up to each fourth week: one row a week, one column a replicate.

    Sums that add up over time are not smoothed.
    """
    return {key: _smooth(rows, key[0]) for key, rows in _parts(table, metrics).items()}


def _smooth(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    wide = rows.pivot(index="week", columns="replicate", values="value").sort_index()
    if wide.empty or metric == CUMULATIVE:
        return wide.iloc[WEEKS_A_MONTH - 1 :: WEEKS_A_MONTH] if len(wide) > 2 * WEEKS_A_MONTH else wide
    covered = int(wide.index[1] - wide.index[0]) if len(wide) > 1 else 1  # weeks that one value speaks for
    every = wide.reindex(range(int(wide.index.min()), int(wide.index.max()) + covered))
    smooth = every.rolling(SMOOTHED, min_periods=1).mean()
    return smooth[(smooth.index % WEEKS_A_MONTH == WEEKS_A_MONTH - 1) & (smooth.index >= WEEKS_A_MONTH - 1)]


RETENTION_AFTER = 2 * WEEKS_A_YEAR
"""Weeks after support stops at which what is kept is measured."""
OUTCOME_COLUMNS = (
    "scenario", "metric", "group", "outcome", "label", "unit", "pairs", "reached", "mean", "low", "high",
)  # fmt: skip
EARLY_WEEKS = 2 * WEEKS_A_YEAR


_SAID = {
    "half_effect_week": ("weeks until half the effect is there", "weeks"),
    "retention": ("kept two years after support stops", "share of the effect"),
    "early_dip": ("worst quarter of the two years after the first change", ""),
}
"""What each outcome of a pair is called, and its unit where that is not the measure's own."""


def pair_outcomes(
    table: pd.DataFrame,
    names: Sequence[str],
    weeks: int,
    metrics: Mapping[str, MetricInfo],
    headline: Sequence[str],
    policies: Mapping[str, tuple[int, int]] | None = None,
    sets: int = 0,
) -> pd.DataFrame:
    """What only a pair can show, for everyone and by group: payback, how fast it works, its early dip, what is kept.

    `policies` names the weeks in which a scenario's policy differs from its base's: the first, and the first after
    the last. The dip is the worst quarter of the two years that begin with the first, so chance alone makes one.
    With parameter `sets` the intervals have sets as their unit.
    What is kept is the effect in the year that begins two years after the last, as a share of the effect in the
    last year of support.
    """
    rows: list[dict[str, Any]] = []

    def add(key: tuple[str, str, str], outcome: str, label: str, unit: str, per_pair: Mapping[int, float]) -> None:
        metric, group, scenario = key
        reached = {pair: value for pair, value in per_pair.items() if math.isfinite(value)}
        mean, low, high = _interval_of(reached, sets)
        rows.append(
            {"scenario": scenario, "metric": metric, "group": group, "outcome": outcome, "label": label, "unit": unit,
             "pairs": len(per_pair), "reached": len(reached), "mean": mean, "low": low, "high": high}
        )  # fmt: skip

    parts = _parts(table, [*headline, CUMULATIVE])
    smooth = {key: _smooth(part, key[0]) for key, part in parts.items() if key[0] != CUMULATIVE}
    groups = list(dict.fromkeys(group for _, group, _ in parts))
    for name in names[1:]:
        for group in groups:
            key = (CUMULATIVE, group, name)
            if key in parts:
                label = "Weeks until the saving has paid back what was spent"
                add(key, "payback_week", label, "weeks", _paid_back(parts[key]))
        for metric in headline:
            for group in groups:
                key, of_base = (metric, group, name), (metric, group, names[0])
                if key not in smooth or of_base not in smooth:
                    continue
                apart = (smooth[key] - smooth[of_base]).dropna(axis=1, how="all")
                about = metrics[metric]
                policy = (policies or {}).get(name, (0, weeks))
                for outcome, per_pair in _dynamics(apart, weeks, policy, about.good).items():
                    said, unit = _SAID[outcome]
                    add(key, outcome, f"{about.label}: {said}", unit or about.unit, per_pair)
    return pd.DataFrame(rows, columns=list(OUTCOME_COLUMNS))


def _paid_back(saving: pd.DataFrame) -> dict[int, float]:
    """The week in which each replicate has paid back, NaN for never."""
    paid = {}
    for replicate, rows in saving.groupby("replicate", observed=True):
        at = payback_week(rows["value"].to_numpy())
        paid[int(str(replicate))] = float(rows["week"].to_numpy()[int(at)]) if math.isfinite(at) else math.nan
    return paid


def _dynamics(apart: pd.DataFrame, weeks: int, policy: tuple[int, int], good: str) -> dict[str, dict[int, float]]:
    """From smoothed differences, one column a pair: half the effect, what is kept after support stops, the dip."""
    found: dict[str, dict[int, float]] = {"half_effect_week": {}}
    start, stop = policy
    later = stop + RETENTION_AFTER
    for replicate in apart.columns:
        path = apart[replicate].dropna()
        at = path.index
        end = float(path[at >= weeks - OUTCOME_WEEKS].mean())
        found["half_effect_week"][replicate] = _half_week(path, end) if weeks >= 2 * OUTCOME_WEEKS else math.nan
        if later < weeks:
            before = path[(at >= stop - WEEKS_A_YEAR) & (at < stop)].mean()
            after = path[(at >= later) & (at < later + WEEKS_A_YEAR)].mean()
            found.setdefault("retention", {})[replicate] = float(after / before) if before else math.nan
        early = path[(at >= start) & (at < start + EARLY_WEEKS)]
        if early.empty:
            continue
        if good == "up":
            found.setdefault("early_dip", {})[replicate] = min(0.0, float(early.min()))
        elif good == "down":
            found.setdefault("early_dip", {})[replicate] = max(0.0, float(early.max()))
    return found


def payback_week(saved: np.ndarray) -> float:
    """The first week from which savings never again fall below what was spent; NaN for never, or nothing saved.

    >>> payback_week(np.array([-1.0, -2.0, 0.5, 1.0])), payback_week(np.array([1.0, 2.0]))
    (2.0, 0.0)
    """
    if not np.any(saved > 0.0):
        return math.nan
    short = np.flatnonzero(saved < 0.0)
    if not len(short):
        return 0.0
    return float(short[-1] + 1) if short[-1] + 1 < len(saved) else math.nan


def _half_week(path: pd.Series, end: float) -> float:
    if not math.isfinite(end) or end == 0.0:
        return math.nan
    # a year's mean around each point, so that one odd quarter is not taken for the effect
    short = path.index[path.rolling(WEEKS_A_YEAR // WEEKS_A_MONTH, center=True, min_periods=1).mean() / end < 0.5]
    later = path.index[path.index > short[-1]] if len(short) else path.index
    return float(later[0] + 1) if len(later) else math.nan
