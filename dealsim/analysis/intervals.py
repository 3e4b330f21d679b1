"""Intervals by resampling, and for shares: the seeded draws behind every bootstrap of the analysis.

It knows nothing of what is resampled.
"""

from __future__ import annotations

import math

import numpy as np

LOW, HIGH = 0.025, 0.975
"""The ends of a 95 % interval, as shares of what lies below."""
Z = 1.959964
"""Half a 95 % interval of a normal distribution, in standard deviations."""


def picks(seed: int, resamples: int, n: int) -> np.ndarray:
    """Which of n members each resample holds, drawn with replacement: one row a resample.

    >>> picks(1, 3, 4).shape, bool((picks(1, 3, 4) == picks(1, 3, 4)).all())
    ((3, 4), True)
    """
    return np.random.default_rng(seed).integers(n, size=(resamples, n)) if n else np.zeros((resamples, 0), np.int64)


def orders(seed: int, times: int, n: int) -> np.ndarray:
    """N members in a drawn order: one row a time.

    >>> sorted(orders(1, 1, 4)[0].tolist())
    [0, 1, 2, 3]
    """
    return np.random.default_rng(seed).permuted(np.tile(np.arange(n), (times, 1)), axis=1)


def weights(seed: int, resamples: int, n: int) -> np.ndarray:
    """How often each of n members stands in each resample; the first row is the members as they are.

    What is computed for every row is thus the estimate itself, and after it the resamples of its interval.

    >>> weights(1, 2, 3)[0].tolist(), weights(1, 2, 3).sum(axis=1).tolist()
    ([1.0, 1.0, 1.0], [3.0, 3.0, 3.0])
    """
    found = np.zeros((resamples + 1, n))
    found[0] = 1.0
    drawn = picks(seed, resamples, n)
    np.add.at(found, (np.arange(1, resamples + 1)[:, None], drawn), 1.0)
    return found


def between(resampled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % interval of each column: percentiles over the resamples, leaving out those that have no value.

    >>> low, high = between(np.arange(101.0)[:, None])
    >>> low.tolist(), high.tolist()
    ([2.5], [97.5])
    """
    low = np.full(resampled.shape[1:], math.nan)
    high = low.copy()
    if not len(resampled):
        return low, high
    has_value = np.isfinite(resampled).any(axis=0)
    if has_value.any():
        low[has_value], high[has_value] = np.nanquantile(resampled[:, has_value], [LOW, HIGH], axis=0)
    return low, high


def share_interval(met: int, of: int) -> tuple[float, float, float]:
    """A share and its 95 % interval by Wilson; nothing where nothing was counted.

    >>> [round(end, 3) for end in share_interval(8, 10)]
    [0.8, 0.49, 0.943]
    """
    from scipy import stats

    if of == 0:
        return math.nan, math.nan, math.nan
    found = stats.binomtest(met, of).proportion_ci(method="wilson")
    return met / of, float(found.low), float(found.high)
