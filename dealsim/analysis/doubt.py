"""Chance and doubt told apart: what more lives would settle, and what the parameter sets disagree about.

It knows groups of numbers only: it lives no run and knows no metric.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

LOW, HIGH = 0.05, 0.95
"""The ends of the range over parameter sets, as shares of the sets that lie below."""
DOUBT_COLUMNS = ("chance", "chance_low", "chance_high", "doubt", "sets_low", "sets_high")
"""What tells the two sources of doubt apart, of those that `Doubt` holds."""
AGREEING = 0.9
"""The least share of the sets that must go the same way before a direction is called shown."""


def set_of(replicate: int, sets: int) -> int:
    """The parameter set a replicate lives with: the replicates go round the sets.

    >>> [set_of(replicate, 3) for replicate in range(5)]
    [0, 1, 2, 0, 1]
    """
    return replicate % sets


def by_set(values: Mapping[int, float], sets: int) -> list[np.ndarray]:
    """The values of replicates, gathered by the set each lives with; sets without a finite value are left out.

    >>> [own.tolist() for own in by_set({0: 1.0, 1: 5.0, 2: 3.0}, 2)]
    [[1.0, 3.0], [5.0]]
    """
    found: dict[int, list[float]] = {}
    for replicate, value in sorted(values.items()):
        if math.isfinite(value):
            found.setdefault(set_of(replicate, sets), []).append(value)
    return [np.array(found[at]) for at in sorted(found)]


class Doubt(NamedTuple):
    """How sure a mean is, over lives and over parameter sets.

    `low` to `high` is the 95 % interval of the mean with sets as its unit, so it carries both sources; `chance_low` to
    `chance_high` is what it would be if these sets were all there is. `sets_low` to `sets_high` holds 90 % of the
    sets, once chance is taken out of them; `agree` is the share of sets on the same side of nothing as the mean.
    """

    sets: int
    mean: float
    low: float
    high: float
    chance: float
    chance_low: float
    chance_high: float
    doubt: float
    sets_low: float
    sets_high: float
    agree: float


def doubt_of(groups: list[np.ndarray]) -> Doubt:
    """Chance and doubt of a mean, from the lives of each parameter set: a one-way analysis of variance.

    With S sets, n_s lives and mean m_s of set s, and L lives in all, sets drawn at random from all that could be true:

    m = Σ m_s / S                                   every set counts the same, however many of its lives were finished
    w² = Σ_s Σ_r (x_sr − m_s)² / (L − S)            variance between lives of one set
    c = w² · mean(1/n_s)                            how much of it is left in a set's mean
    chance = √(c / S)                               how far more lives would move m
    doubt² = max(0, Σ (m_s − m)² / (S − 1) − c)     variance between sets with chance taken out
    m ± t(0.975, S − 1)·√(Σ (m_s − m)² / (S − 1) / S)   the interval
    m ± t(0.975, L − S)·chance                      the interval of chance alone

    A set's own mean is spread by chance as well, so each is drawn in: m + (m_s − m)·√k_s with its reliability
    k_s = doubt² / (doubt² + w²/n_s); these lie apart as far as `doubt` says (their variance is doubt² where every set
    has as many lives). The range are their 5 % and 95 % points at rank q·(S + 1), between which 90 % of further sets
    are expected; below 19 sets it goes from the least to the greatest.

    What needs two lives of a set is NaN where no set has two, and what needs two sets where there is one.

    >>> found = doubt_of([np.array([0.0, 2.0]), np.array([4.0, 6.0])])
    >>> found.mean, found.chance, round(found.doubt**2, 9)
    (3.0, 0.7071067811865476, 7.0)
    """
    n_sets = len(groups)
    if not n_sets:
        return Doubt(0, *[math.nan] * 10)
    means = np.array([own.mean() for own in groups])
    counts = np.array([len(own) for own in groups], float)
    mean = float(means.mean())
    lives = int(counts.sum())
    between = float(means.var(ddof=1)) if n_sets > 1 else math.nan
    half = _t(n_sets - 1) * math.sqrt(between / n_sets)
    if lives == n_sets:
        return Doubt(n_sets, mean, mean - half, mean + half, *[math.nan] * 7)
    within = sum(float(((own - own.mean()) ** 2).sum()) for own in groups) / (lives - n_sets)
    left = within * float((1.0 / counts).mean())
    chance = math.sqrt(left / n_sets)
    by_chance = _t(lives - n_sets) * chance
    if n_sets == 1:
        return Doubt(1, mean, math.nan, math.nan, chance, mean - by_chance, mean + by_chance, *[math.nan] * 4)
    doubt = max(0.0, between - left)
    drawn_in = _drawn_in(means, counts, mean, within, doubt)
    low, high = np.quantile(drawn_in, [LOW, HIGH], method="weibull")
    agree = float(np.mean(np.sign(drawn_in) == np.sign(mean)))
    return Doubt(
        n_sets, mean, mean - half, mean + half, chance, mean - by_chance, mean + by_chance, math.sqrt(doubt),
        float(low), float(high), agree,
    )  # fmt: skip


def _drawn_in(means: np.ndarray, counts: np.ndarray, mean: float, within: float, doubt: float) -> np.ndarray:
    """The means of the sets, each drawn in to the mean as far as its spread is chance."""
    if doubt == 0.0:
        return np.full(len(means), mean)
    found: np.ndarray = mean + (means - mean) * np.sqrt(doubt / (doubt + within / counts))
    return found


def _t(freedom: int) -> float:
    """Student's t that 95 % lie within; NaN without a degree of freedom."""
    from scipy import stats  # plans read this module, and a plan needs no statistics

    return float(stats.t.ppf(0.975, freedom)) if freedom > 0 else math.nan


def lives_needed(groups: list[np.ndarray]) -> float:
    """The fewest lives, over these sets, at which half the 95 % interval is less than the mean; NaN where none would do.

    With n lives of each set half the interval is t(0.975, S − 1)·√((doubt² + w²/n) / S), so n > w² / (S·(m/t)² − doubt²),
    if there is anything left to divide by: more lives take chance away, and never doubt.

    >>> sets = [np.array([-3.0, 5.0]), np.array([-2.0, 5.0]), np.array([-3.0, 6.0])]
    >>> round(doubt_of(sets).doubt, 3), lives_needed(sets)
    (0.0, 339.0)
    """
    found = doubt_of(groups)
    if not (math.isfinite(found.doubt) and found.mean):
        return math.nan
    counts = np.array([len(own) for own in groups], float)
    within = found.chance**2 * found.sets / float((1.0 / counts).mean())
    room = found.sets * (found.mean / _t(found.sets - 1)) ** 2 - found.doubt**2
    if room <= 0.0:
        return math.nan
    return float(found.sets * max(2, math.floor(within / room) + 1))
