"""How many replicates are enough, and how many runs paired lives save.

It decides when to stop, from outcomes that are there; it lives no run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dealsim.analysis.intervals import between, picks
from dealsim.errors import InputError
from dealsim.summary import interval, pairs_needed

LEAST = 10
"""Replicates before the first look: a spread from fewer is too often small by chance, and would stop too early."""
SKEWNESS_MARGIN = 2.0
"""How many times skewness/√n widens the interval that is held against the error. Found by simulation: the least
whole number with which the mean, give or take the error, holds the truth in 93 % of sequences or more for
exponential outcomes, whose early replicates are often both low and alike, at any number of replicates."""
MOST = 10_000_000
"""Replicates beyond which the number is not sought: nobody will run them."""
POINTS_TO_RESAMPLE = 10
"""Points from which the interval of a ratio resamples points; with fewer, it resamples seeds."""


def half_width(values: np.ndarray) -> float:
    """Half of the 95 % interval of a mean, by Student's t; NaN for fewer than two values.

    >>> round(half_width(np.array([1.0, 2.0, 3.0])), 3)
    2.484
    """
    mean, low, _ = interval(_finished(values))
    return mean - low


def replicates_needed(values: np.ndarray, error: float) -> float:
    """The fewest replicates at which half of the 95 % interval is less than an error, if the spread stays as it is.

    It plans from a first batch. Looking again and again until this says so stops too early; `stop_at` does not.

    >>> replicates_needed(np.array([1.0, 2.0, 3.0]), 2.0)
    4.0
    """
    _check_error(error)
    finished = _finished(values)
    if len(finished) < 2:
        return math.nan
    # `pairs_needed` seeks the pairs whose interval leaves out 0, that is, half of which is less than their mean
    return pairs_needed(finished - finished.mean() + error)


@dataclass(frozen=True)
class Stopping:
    """Whether replicates are enough for a mean to be known to within an error."""

    is_enough: bool
    n: int
    """Replicates that finished."""
    half_width: float
    """Half of the 95 % interval of all of them."""
    needed: float
    """Replicates at which to stop: where it was reached, or about where it will be; NaN where it cannot be told."""


def stop_at(values: np.ndarray, error: float, least: int = LEAST) -> Stopping:
    """Whether to stop adding replicates, by a rule that may be asked after each of them.

    Replicates are looked at in their order, and the first number that meets the rule counts, so asking often changes
    nothing. The mean of those replicates, give or take the error, is then an interval that holds the truth in about
    95 % of sequences.

    Notes
    -----
    The rule is that of a sequential interval of fixed width (Chow and Robbins 1965): stop at the first n, not below
    `least`, with t(n − 1)·s/√n·(1 + c·|g|/√n) ≤ error. Student's t stands in for the normal value, as for any small
    n. The last part widens for skewness g: with skewed outcomes a low spread goes with a mean that is off.

    Examples
    --------
    >>> stop_at(np.array([1.0, 2.0, 3.0] * 4), 1.0).is_enough
    True
    """
    _check_error(error)
    if least < 2:
        raise InputError("the least number of replicates must be 2 or more, since one has no spread")
    y = _finished(values)
    n = len(y)
    if n < 2:
        return Stopping(False, n, math.nan, math.nan)
    counts = np.arange(2, n + 1)
    widened = _widened(*_spreads(y), counts)
    is_met = (widened <= error) & (counts >= least)
    if is_met.any():
        return Stopping(True, n, half_width(y), float(counts[np.argmax(is_met)]))
    return Stopping(False, n, half_width(y), _forecast(y, error, max(least, n + 1)))


def _finished(values: np.ndarray) -> np.ndarray:
    """The outcomes that are numbers, in order."""
    found = np.asarray(values, dtype=float)
    if found.ndim != 1:
        raise InputError(f"values must be one outcome a replicate, not {found.shape}")
    return found[np.isfinite(found)]


def _check_error(error: float) -> None:
    if not (math.isfinite(error) and error > 0.0):
        raise InputError(f"the error must be above 0, not {error}")


def _spreads(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standard deviation and skewness of the first n values, for each n from 2."""
    z = y - y.mean()  # sums of powers of large numbers would lose the small differences between them
    n = np.arange(1, len(y) + 1)
    mean, square, cube = np.cumsum(z) / n, np.cumsum(z**2) / n, np.cumsum(z**3) / n
    variance = np.maximum(square - mean**2, 0.0)
    third = cube - 3.0 * mean * square + 2.0 * mean**3
    is_spread = variance > 0.0
    skewness = np.where(is_spread, third / np.where(is_spread, variance, 1.0) ** 1.5, 0.0)
    return np.sqrt(variance[1:] * n[1:] / (n[1:] - 1)), skewness[1:]


def _widened(spread: np.ndarray, skewness: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Half the interval that is held against the error."""
    from scipy import stats

    root = np.sqrt(n)
    found: np.ndarray = stats.t.ppf(0.975, n - 1) * spread / root * (1.0 + SKEWNESS_MARGIN * np.abs(skewness) / root)
    return found


def _forecast(y: np.ndarray, error: float, least: int) -> float:
    """The fewest replicates that will do if spread and skewness stay as they are."""
    spread, skewness = (found[-1:] for found in _spreads(y))

    def will_do(n: int) -> bool:
        return bool(_widened(spread, skewness, np.array([n]))[0] <= error)

    too_few, enough = least - 1, least
    while not will_do(enough):
        too_few, enough = enough, 2 * enough
        if enough > MOST:
            return math.nan
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if will_do(middle) else (middle, enough)
    return float(enough)


@dataclass(frozen=True)
class VarianceRatio:
    """How many unpaired runs one pair is worth, with its 95 % interval."""

    ratio: float
    low: float
    high: float
    points: int
    pairs: int
    """Pairs of which both runs finished, over all points."""


def variance_ratio(base: np.ndarray, other: np.ndarray, *, seed: int = 0, resamples: int = 1000) -> VarianceRatio:
    """How many times fewer runs a difference needs when both runs of a pair share their lives.

    The variance of an unpaired difference over that of a paired one, (var(other) + var(base)) / var(other − base),
    each summed over points. Both are outcomes [points, replicates]; replicates of one number share a seed. The
    interval resamples points, or seeds where points are few.

    >>> variance_ratio(np.array([[1.0, 2.0, 3.0]]), np.array([[2.0, 3.0, 5.0]])).ratio
    10.0
    """
    base, other = np.asarray(base, dtype=float), np.asarray(other, dtype=float)
    if base.ndim != 2 or base.shape != other.shape:
        raise InputError(f"both must be [points, replicates] of one size, not {base.shape} and {other.shape}")
    is_pair = np.isfinite(base) & np.isfinite(other)
    is_used = is_pair.sum(axis=1) >= 2
    is_pair = is_pair[is_used]
    base, other = (np.where(is_pair, values[is_used], math.nan) for values in (base, other))
    n_points, n_replicates = base.shape
    n_pairs = int(is_pair.sum())
    if not n_points:
        return VarianceRatio(math.nan, math.nan, math.nan, 0, 0)
    unpaired = _variances(base, is_pair) + _variances(other, is_pair)
    paired = _variances(other - base, is_pair)
    # turned round, so that a resample whose pairs do not differ at all is 0 and not boundless
    if n_points >= POINTS_TO_RESAMPLE:
        drawn = picks(seed, resamples, n_points)
        again = _ratio(paired[drawn].sum(axis=1), unpaired[drawn].sum(axis=1))
    else:
        again = np.empty(resamples)
        for at, seeds in enumerate(picks(seed, resamples, n_replicates)):
            a, b, used = base[:, seeds], other[:, seeds], is_pair[:, seeds]
            again[at] = _ratio(
                float(_variances(b - a, used).sum()), float((_variances(a, used) + _variances(b, used)).sum())
            )
    low, high = between(again)
    return VarianceRatio(
        float(_ratio(float(unpaired.sum()), float(paired.sum()))),
        float(_ratio(1.0, high)), float(_ratio(1.0, low)), n_points, n_pairs,
    )  # fmt: skip


def _variances(values: np.ndarray, used: np.ndarray) -> np.ndarray:
    """The variance of what is used in each row; 0 where that is one value or none."""
    n = used.sum(axis=1)
    mean = np.where(used, values, 0.0).sum(axis=1) / np.maximum(n, 1)
    apart = np.where(used, values - mean[:, None], 0.0)
    found: np.ndarray = (apart**2).sum(axis=1) / np.maximum(n - 1, 1)
    return found


def _ratio(above: np.ndarray | float, below: np.ndarray | float) -> np.ndarray:
    """A ratio; NaN of nothing to nothing, boundless where only what is below is nothing."""
    above, below = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    is_some = below > 0.0
    otherwise = np.where((above > 0.0) & (below == 0.0), math.inf, math.nan)
    return np.where(is_some, above / np.where(is_some, below, 1.0), otherwise)
