"""Chance taken out of sums over replicates: products of different replicates, whose chance is not shared.

It knows no sensitivity measure; `dealsim.analysis.sensitivity` builds them on this.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Kept(NamedTuple):
    """What of many rows can be used: their values with 0 where a replicate is not used, which are used, how many rows.

    `values` is [rows, points, replicates], `used` [rows, replicates]. A replicate is used in a row where it is there
    at all points of the row, since only then do its differences share their seed.
    """

    values: np.ndarray
    used: np.ndarray
    rows: np.ndarray
    """Positions of the rows kept."""
    left_out: int


def kept(values: np.ndarray) -> Kept:
    """The rows in which enough replicates are there at all points: two, or one where there was never more."""
    used = np.isfinite(values).all(axis=1)
    least = 2 if values.shape[2] >= 2 else 1
    rows = np.flatnonzero(used.sum(axis=1) >= least)
    used = used[rows]
    return Kept(np.where(used[:, None, :], values[rows], 0.0), used, rows, len(values) - len(rows))


def centred(these: Kept, points: slice | list[int]) -> np.ndarray:
    """Values from which each replicate's mean over some points is taken away.

    Each replicate its own: runs of one seed may share a push, which is chance and not a matter of parameters.
    """
    n_used = np.maximum(these.used.sum(axis=0), 1)
    mean = these.values[:, points].mean(axis=1).sum(axis=0) / n_used
    found: np.ndarray = np.where(these.used[:, None, :], these.values - mean, 0.0)
    return found


def product(left: np.ndarray, right: np.ndarray, used: np.ndarray) -> np.ndarray:
    """The mean product of two things over pairs of different replicates (last axis), unbiased by chance.

    Σ_{r≠s} a_r·b_s / (R·(R − 1)) = (Σa·Σb − Σab) / (R·(R − 1)). Chance in different replicates is independent, so
    nothing of it is left in the mean, whereas a square of means keeps a part s²/R. One replicate alone has no pair:
    then it is the plain product.

    >>> float(product(np.array([1.0, 3.0]), np.array([1.0, 3.0]), np.array([True, True])))
    3.0
    """
    if used.shape[-1] == 1:
        return (left * right).sum(axis=-1)
    n = used.sum(axis=-1)
    pairs = np.maximum(n * (n - 1), 1)
    found: np.ndarray = (left.sum(axis=-1) * right.sum(axis=-1) - (left * right).sum(axis=-1)) / pairs
    return found


def within(these: Kept) -> np.ndarray:
    """The variance between replicates at the points of each row: what chance does to a single run there."""
    n = these.used.sum(axis=1)[:, None]
    mean = these.values.sum(axis=2) / n
    apart = np.where(these.used[:, None, :], these.values - mean[:, :, None], 0.0)
    found: np.ndarray = ((apart**2).sum(axis=2) / np.maximum(n - 1, 1)).mean(axis=1)
    return found
