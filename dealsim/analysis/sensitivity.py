"""Which factors move an outcome, and how much of what runs differ by is chance.

It reads outcomes at the points of a design and makes no design. Whatever can be is freed of chance: an index says
what a factor does to the mean over chance, not to one run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dealsim.analysis.intervals import Z, between, orders, picks, weights
from dealsim.analysis.replicates import Kept, centred, kept, product, within
from dealsim.errors import InputError
from dealsim.summary import interval

HALF_WIDTH = 0.05
"""Half an interval that an index may have and still count as known: a twentieth of the variance. Half of this is
asked for where the values themselves matter (Sarrazin and others 2016: a whole interval of 0.05); to tell a factor
that matters from one that does not, and to see which comes first by a wide margin, this is enough."""
HALF_WIDTH_SHARE = 0.2
"""For a large index half the interval may be this share of it: '0.6, give or take 0.1' is a usable answer."""
LEAST_ROWS = 32
"""Base rows below which a bootstrap says too little of how far an index may be off, whatever its interval."""
EFFECT_HALF_WIDTH = 0.2
"""Half an interval that a mean effect may have, as a share of the largest mean effect: screening only has to part
the factors that matter from those that do not."""
LEAST_TRAJECTORIES = 10
"""Trajectories below which screening is not trusted (Campolongo and others 2007 use 10 to 50)."""
LEAST_POINTS = 100
"""Points below which first-order shares of a space-filling design are not trusted: with ten waves counted for each
factor, fewer leave too little to tell the waves from the rest."""
HARMONICS = 10
"""Waves counted for each factor, as is usual."""
ROUNDING = 1e-9
"""A spread of less than this share of the size of the numbers is their rounding."""


@dataclass(frozen=True)
class SobolIndices:
    """What share of the variance due to parameters each factor has a part in.

    `first` is what a factor does alone, `total` what it does with all its interplay. Where chance was taken out
    (`is_separated`) they are shares of the variance of the mean over chance; where not, of single runs.
    """

    indices: pd.DataFrame
    """One row a factor: factor, first, first_low, first_high, total, total_low, total_high, converged."""
    variance: float
    variance_low: float
    variance_high: float
    """The variance that the indices are shares of, and its 95 % interval."""
    chance_share: float
    chance_share_low: float
    chance_share_high: float
    """The share of a single run's variance that is chance; NaN where it cannot be told."""
    rows: int
    rows_left_out: int
    is_separated: bool
    is_converged: bool
    notes: tuple[str, ...]
    """What a reader must know, in plain English."""


def sobol_indices(values: np.ndarray, names: Sequence[str], *, seed: int = 0, resamples: int = 500) -> SobolIndices:
    """First-order and total indices, freed of chance where there are replicates.

    Parameters
    ----------
    values
        Outcomes [base rows, factors + 2, replicates]: the points of a row are A, A with one factor after another
        taken from B, and B. NaN for a failed run. Replicates of one number share their seed.
    names
        The factors, in the order of the points.
    seed
        Moves the resamples of the intervals, nothing else.
    resamples
        How many the intervals rest on.

    Notes
    -----
    The first order is mean(B·(AB − A)) (Saltelli and others 2010), the total mean((A − AB)²)/2 (Jansen 1999), both
    over the variance at A and B. Each product is taken over different replicates only, and each replicate is
    centred by itself. Intervals resample whole rows; for points that fill space more evenly than chance would, they
    are somewhat too wide.

    Examples
    --------
    >>> a, b = np.arange(64.0)[:, None] % 8, np.arange(64.0)[::-1, None] // 8
    >>> rows = np.stack([a, b, a, b], axis=1)  # only the first of two factors counts
    >>> sobol_indices(rows, ["first", "second"]).indices["total"].round(2).tolist()
    [0.99, 0.0]
    """
    values = np.asarray(values, dtype=float)
    n_factors = len(names)
    if values.ndim != 3 or values.shape[1] != n_factors + 2 or values.shape[2] < 1:
        raise InputError(f"{n_factors} factors need values [rows, {n_factors + 2}, replicates], not {values.shape}")
    is_separated = values.shape[2] >= 2
    these = kept(values)
    n = len(these.rows)
    notes = _notes_on_rows(n, these.left_out, is_separated)
    if n < 2:
        nothing = np.full((n_factors, 6), math.nan)
        return SobolIndices(
            _index_table(names, nothing, [False] * n_factors), *(math.nan,) * 6, n, these.left_out, is_separated,
            False, (*notes, "Too few rows are left to compute anything."),
        )  # fmt: skip
    y = centred(these, [0, -1])
    a, b = y[:, 0], y[:, -1]
    used = these.used
    first = [product(b, y[:, 1 + j] - a, used) for j in range(n_factors)]
    total = [product(a - y[:, 1 + j], a - y[:, 1 + j], used) / 2.0 for j in range(n_factors)]
    drawn = weights(seed, resamples, n)
    sums = drawn @ np.column_stack([*first, *total]) / n
    variance = _variance(drawn, y[:, [0, -1]], used)
    ratios = sums / np.where(variance > 0.0, variance, math.nan)[:, None]

    low, high = between(variance[1:])
    chance = drawn @ within(these) / n
    shares = _share_of(chance, variance) if is_separated else np.full(len(drawn), math.nan)
    chance_low, chance_high = between(shares[1:])
    is_told = float(low) > (ROUNDING * _size(these)) ** 2
    if not is_told:
        ratios = np.full_like(ratios, math.nan)
        notes += (_nothing_moves(is_separated, float(np.ptp(values[np.isfinite(values)]))),)
    lows, highs = between(ratios[1:])
    estimates = np.column_stack([ratios[0], lows, highs])
    estimates = np.hstack([estimates[:n_factors], estimates[n_factors:]])
    known = [is_told and n >= LEAST_ROWS and _is_known(row[:3]) and _is_known(row[3:]) for row in estimates]
    if is_told:
        notes += _notes_on_convergence(names, known, n)
    return SobolIndices(
        _index_table(names, estimates, known),
        float(variance[0]), float(low), float(high), float(shares[0]), float(chance_low), float(chance_high),
        n, these.left_out, is_separated, all(known), notes,
    )  # fmt: skip


def _variance(drawn: np.ndarray, y: np.ndarray, used: np.ndarray) -> np.ndarray:
    """For each resample of rows, the variance over their points [rows, points, replicates] of the mean over chance."""
    n, n_points, _ = y.shape
    of_row = np.mean([product(y[:, j], y[:, j], used) for j in range(n_points)], axis=0)
    mean = drawn @ y.mean(axis=1) / np.maximum(drawn @ used, 1.0)
    everywhere = np.ones(mean.shape, dtype=bool)
    freedom = n * n_points / (n * n_points - 1.0)
    found: np.ndarray = (drawn @ of_row / n - product(mean, mean, everywhere)) * freedom
    return found


def _size(these: Kept) -> float:
    return float(np.max(np.abs(these.values)))


def _share_of(chance: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """Chance as a share of both, within 0 and 1 although the other part may come out below nothing."""
    both = chance + np.maximum(parameters, 0.0)
    found: np.ndarray = np.where(both > 0.0, chance / np.where(both > 0.0, both, 1.0), math.nan)
    return found


def _is_known(estimate: np.ndarray) -> bool:
    """Whether an index with its interval is known well enough."""
    value, low, high = (float(part) for part in estimate)
    return (high - low) / 2.0 <= max(HALF_WIDTH, HALF_WIDTH_SHARE * abs(value))


def _index_table(names: Sequence[str], estimates: np.ndarray, known: Sequence[bool]) -> pd.DataFrame:
    columns = ["first", "first_low", "first_high", "total", "total_low", "total_high"]
    table = pd.DataFrame(estimates, columns=columns)
    table.insert(0, "factor", list(names))
    table["converged"] = list(known)
    return table


def _notes_on_rows(n: int, left_out: int, is_separated: bool) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if not is_separated:
        notes += (
            "There is one replicate a point, so chance cannot be told from parameters: it is part of every index, "
            "and makes totals larger than they are.",
        )
    if left_out:
        of = "a point without enough finished runs"
        notes += (f"{left_out} of {n + left_out} rows are left out: each has {of}.",)
    return notes


def _nothing_moves(is_separated: bool, spread: float) -> str:
    if spread == 0.0:
        return "Not converged: the outcome is the same in all runs, so no factor has a share in anything."
    if is_separated:
        return (
            "Not converged: the variance due to parameters cannot be told from nothing (its 95 % interval reaches "
            "0), so shares of it mean nothing. More replicates or more rows may show it, if it is there."
        )
    return "Not converged: the variance cannot be told from nothing (its 95 % interval reaches 0)."


def _notes_on_convergence(names: Sequence[str], known: Sequence[bool], n: int) -> tuple[str, ...]:
    if n < LEAST_ROWS:
        return (f"Not converged: {n} rows are fewer than the {LEAST_ROWS} below which no interval is trusted.",)
    wide = [name for name, is_known in zip(names, known, strict=True) if not is_known]
    if not wide:
        return ()
    rule = f"half an interval is above {HALF_WIDTH} and above {100 * HALF_WIDTH_SHARE:.0f} % of the index"
    return (f"Not converged for {', '.join(wide)}: {rule}. More rows would narrow it.",)


@dataclass(frozen=True)
class ChanceShare:
    """A single run's variance over points and chance, split in two."""

    share: float
    low: float
    high: float
    """The share of the variance that is chance, and its 95 % interval."""
    variance_of_parameters: float
    variance_of_chance: float
    points: int
    points_left_out: int


def chance_share(values: np.ndarray, *, seed: int = 0, resamples: int = 500) -> ChanceShare:
    """How much of a single run's variance is chance, from replicates [points, replicates].

    Variance due to parameters is the covariance over points of different replicates; the interval resamples points.
    It holds whether or not replicates of one number share a seed, and asks for no normal distribution, as an
    interval from F would.

    >>> chance_share(np.array([[0.0, 2.0], [10.0, 8.0], [5.0, 5.0], [1.0, 1.0]])).variance_of_chance
    1.0
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 2:
        raise InputError(f"values must be [points, replicates], not {values.shape}")
    these = kept(values[:, None, :])
    n = len(these.rows)
    if values.shape[1] < 2 or n < 2:
        return ChanceShare(math.nan, math.nan, math.nan, math.nan, math.nan, n, these.left_out)
    drawn = weights(seed, resamples, n)
    variance = _variance(drawn, centred(these, [0]), these.used)
    chance = drawn @ within(these) / n
    shares = _share_of(chance, variance)
    low, high = between(shares[1:])
    return ChanceShare(
        float(shares[0]), float(low), float(high), float(variance[0]), float(chance[0]), n, these.left_out
    )  # fmt: skip


@dataclass(frozen=True)
class MorrisEffects:
    """How an outcome answers to one factor at a time, from many starting points; for screening, not for shares."""

    effects: pd.DataFrame
    """One row a factor: factor, mu, mu_star, mu_star_low, mu_star_high, sigma, sigma_of_model, mu_star_of_chance,
    stands_out, steps, steps_left_out, converged. Effects are per whole range of the factor."""
    trajectories: int
    is_separated: bool
    is_converged: bool
    notes: tuple[str, ...]


def morris_effects(
    values: np.ndarray, unit: np.ndarray, names: Sequence[str], *, seed: int = 0, resamples: int = 500
) -> MorrisEffects:
    """Elementary effects of each factor, and what of them chance alone would give.

    Parameters
    ----------
    values
        Outcomes [trajectories, factors + 1, replicates], NaN for a failed run.
    unit
        The points in the unit cube [trajectories, factors + 1, factors]; each step changes one factor.
    names
        The factors, in the order of the last axis of `unit`.
    seed, resamples
        Of the intervals, which resample trajectories.

    Notes
    -----
    `sigma_of_model` is `sigma` without chance: σ² − mean(s²/R). `mu_star_of_chance` is what a factor that does
    nothing would show, s·√(2/π) with s the standard error of one effect. A factor `stands_out` where the whole
    interval of `mu_star` lies above that.

    Examples
    --------
    >>> unit = np.array([[[0.0, 0.0], [0.5, 0.0], [0.5, 0.5]], [[1.0, 0.0], [1.0, 0.5], [0.5, 0.5]]])
    >>> found = morris_effects(3.0 * unit[:, :, :1], unit, ["steep", "flat"])
    >>> found.effects["mu"].tolist(), found.effects["sigma"].tolist()
    ([3.0, 0.0], [0.0, 0.0])
    """
    values, unit = np.asarray(values, dtype=float), np.asarray(unit, dtype=float)
    n_factors = len(names)
    if values.ndim != 3 or unit.shape != (*values.shape[:2], n_factors) or values.shape[1] != n_factors + 1:
        raise InputError(
            f"{n_factors} factors need values [trajectories, {n_factors + 1}, replicates] and points with "
            f"{n_factors} numbers each, not {values.shape} and {unit.shape}"
        )
    steps = np.diff(unit, axis=1)
    if not (np.count_nonzero(steps, axis=2) == 1).all():
        raise InputError("a step of a trajectory must change one factor, and only one")
    values = np.where(np.isfinite(values), values, math.nan)
    is_separated = values.shape[2] >= 2
    size = steps.sum(axis=2)
    apart = np.diff(values, axis=1) / size[:, :, None]
    by_factor = np.argsort(np.argmax(steps != 0.0, axis=2), axis=1, kind="stable")
    effect = np.take_along_axis(apart, by_factor[:, :, None], axis=1)

    is_there = np.isfinite(effect)
    n = is_there.sum(axis=2)
    counts = n >= (2 if is_separated else 1)
    safe = np.maximum(n, 1)
    mean = np.where(is_there, effect, 0.0).sum(axis=2) / safe
    spread = np.where(is_there, effect - mean[:, :, None], 0.0)
    error2 = np.where(counts, (spread**2).sum(axis=2) / np.maximum(n - 1, 1) / safe, 0.0)
    mean = np.where(counts, mean, 0.0)

    drawn = weights(seed, resamples, len(values))
    steps_drawn = drawn @ counts
    mu_stars = drawn @ np.abs(mean) / np.where(steps_drawn > 0, steps_drawn, math.nan)
    low, high = between(mu_stars[1:])
    used = np.where(counts.sum(axis=0) > 0, counts.sum(axis=0), math.nan)
    mu = mean.sum(axis=0) / used
    freedom = np.where(used > 1, used - 1, math.nan)
    sigma2 = np.where(counts, (mean - mu) ** 2, 0.0).sum(axis=0) / freedom
    of_chance2 = error2.sum(axis=0) / used
    mu_star = mu_stars[0]
    largest = float(np.nanmax(mu_star)) if np.isfinite(mu_star).any() else math.nan
    of_chance = np.sqrt(of_chance2 * 2.0 / math.pi)
    nothing = np.full(n_factors, math.nan)
    known = (counts.sum(axis=0) >= LEAST_TRAJECTORIES) & ((high - low) / 2.0 <= EFFECT_HALF_WIDTH * largest)
    table = pd.DataFrame(
        {
            "factor": list(names),
            "mu": mu,
            "mu_star": mu_star,
            "mu_star_low": low,
            "mu_star_high": high,
            "sigma": np.sqrt(sigma2),
            "sigma_of_model": np.sqrt(np.maximum(sigma2 - of_chance2, 0.0)) if is_separated else nothing,
            "mu_star_of_chance": of_chance if is_separated else nothing,
            "stands_out": (low > of_chance) if is_separated else [False] * n_factors,
            "steps": counts.sum(axis=0),
            "steps_left_out": len(values) - counts.sum(axis=0),
            "converged": known,
        }
    )
    notes = _notes_on_effects(table, is_separated, len(values))
    return MorrisEffects(table, len(values), is_separated, bool(known.all()), notes)


def _notes_on_effects(table: pd.DataFrame, is_separated: bool, n: int) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if not is_separated:
        notes += (
            "There is one replicate a point, so chance cannot be told from parameters: a factor that does nothing "
            "shows an effect too, and none can be said to stand out.",
        )
    left_out = int(table["steps_left_out"].sum())
    if left_out:
        notes += (f"{left_out} of {n * len(table)} steps are left out: one of their ends lacks finished runs.",)
    wide = table["factor"][~table["converged"]]
    if n < LEAST_TRAJECTORIES:
        notes += (f"Not converged: {n} trajectories are fewer than the {LEAST_TRAJECTORIES} that screening needs.",)
    elif len(wide):
        notes += (
            f"Not converged for {', '.join(wide)}: half the interval of the mean effect is above "
            f"{100 * EFFECT_HALF_WIDTH:.0f} % of the largest mean effect, or fewer than {LEAST_TRAJECTORIES} steps "
            "are left.",
        )
    return notes


def first_order_shares(
    points_unit: np.ndarray, values: np.ndarray, names: Sequence[str], seed: int = 0, resamples: int = 200
) -> pd.DataFrame:
    """What each factor does alone, from any design that fills space evenly; and which way.

    Parameters
    ----------
    points_unit
        The points in the unit cube [points, factors].
    values
        Outcomes [points, replicates], NaN for a failed run.
    names
        The factors, in the order of the columns.
    seed, resamples
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        factor, share, share_low, share_high (of the variance due to parameters, or of the whole where there is one
        replicate), direction, direction_low, direction_high (Spearman's rank correlation with the mean over
        replicates, which chance weakens), is_separated, converged.

    Notes
    -----
    The share is RBD-FAST's with its bias taken out (Tarantola and others 2006, Tissot and Prieur 2012), which is of
    the variance of means over replicates, times that variance over the part of it that is not chance. Its interval
    comes from halves of the points drawn without replacement, which vary as much around the whole as the whole does
    around the truth; drawing with replacement would repeat points, and the method takes repeated points for order.
    Halves lose the evenness of a Latin hypercube, so its intervals are somewhat too wide.
    """
    x, values = np.asarray(points_unit, dtype=float), np.asarray(values, dtype=float)
    if x.ndim != 2 or values.ndim != 2 or x.shape != (len(values), len(names)):
        raise InputError(f"{len(names)} factors and points {x.shape} do not fit values {values.shape}")
    is_separated = values.shape[1] >= 2
    these = kept(values[:, None, :])
    n, n_factors = len(these.rows), len(names)
    x = x[these.rows]
    shares, share_error = np.full(n_factors, math.nan), np.full(n_factors, math.nan)
    directions = direction_low = direction_high = np.full(n_factors, math.nan)
    if n // 2 > 2 * HARMONICS:  # below it, half the points hold no more than the waves that are counted
        everyone = np.ones((1, n))
        y = centred(these, [0])
        mean = these.values[:, 0].sum(axis=1) / these.used.sum(axis=1)
        halves = orders(seed, resamples, n)[:, : n // 2]
        half = np.zeros((resamples, n))
        np.put_along_axis(half, halves, 1.0, axis=1)
        variance = np.concatenate([_variance(everyone, y, these.used), _half_variances(half, y, these.used)])
        low, _ = between(variance[1:])
        directions, direction_low, direction_high = _directions(x, mean, picks(seed, resamples, n))
        if float(low) > (ROUNDING * _size(these)) ** 2:
            found = np.empty((resamples + 1, n_factors))
            for at, chosen in enumerate((np.arange(n), *np.sort(halves, axis=1))):
                scale = float(np.var(mean[chosen], ddof=1)) / variance[at] if variance[at] > 0.0 else math.nan
                found[at] = [scale * _first_order(x[chosen, j], mean[chosen]) for j in range(n_factors)]
            shares, share_error = found[0], np.nanstd(found[1:], axis=0, ddof=1)
    lows, highs = shares - Z * share_error, shares + Z * share_error
    estimates = np.column_stack([shares, lows, highs])
    return pd.DataFrame(
        {
            "factor": list(names),
            "share": shares,
            "share_low": lows,
            "share_high": highs,
            "direction": directions,
            "direction_low": direction_low,
            "direction_high": direction_high,
            "is_separated": is_separated,
            "converged": [n >= LEAST_POINTS and _is_known(row) for row in estimates],
        }
    )


def _half_variances(half: np.ndarray, y: np.ndarray, used: np.ndarray) -> np.ndarray:
    """The variance over the points of each half, as `_variance` has it of resamples of the whole."""
    n = len(y)
    members = half.sum(axis=1)
    of_half = _variance(half * (n / members)[:, None], y, used)
    # its freedom is that of the half's own points
    found: np.ndarray = of_half * ((n - 1.0) / n) * (members / (members - 1.0))
    return found


def _first_order(x: np.ndarray, y: np.ndarray) -> float:
    """The first-order index of one factor, its bias taken out."""
    from SALib.analyze import rbd_fast

    if np.ptp(y) == 0.0:
        return math.nan
    plain = rbd_fast.compute_first_order(rbd_fast.permute_outputs(x, y), HARMONICS)
    return float(rbd_fast.unskew_S1(plain, HARMONICS, y.size))


def _directions(x: np.ndarray, y: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rank correlations of y with each column of x, and their intervals over the drawn points."""
    every = np.vstack([np.arange(len(y)), drawn])
    y_ranks = _ranks(y[every])
    found = np.empty((len(every), x.shape[1]))
    for j in range(x.shape[1]):
        x_ranks = _ranks(x[:, j][every])
        spread = np.sqrt((x_ranks**2).sum(axis=1) * (y_ranks**2).sum(axis=1))
        found[:, j] = (x_ranks * y_ranks).sum(axis=1) / np.where(spread > 0.0, spread, math.nan)
    low, high = between(found[1:])
    return found[0], low, high


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks along each row, less their mean."""
    from scipy import stats

    found = stats.rankdata(values, axis=1)
    centred_ranks: np.ndarray = found - found.mean(axis=1, keepdims=True)
    return centred_ranks


def main_effects(points: pd.DataFrame, values: np.ndarray) -> pd.DataFrame:
    """What each level of each factor does on average, in a design that crosses all levels.

    Parameters
    ----------
    points
        One row a point, one column a factor.
    values
        Outcomes [points, replicates], NaN for a failed run.

    Returns
    -------
    pandas.DataFrame
        factor, level, points, mean, low, high (the mean at this level), effect, effect_low, effect_high (how far
        from the mean of all points), failed (runs without an outcome).

    Notes
    -----
    Each replicate gives one mean and one effect, so the intervals (Student's t) are those of chance, and seeds that
    replicates share help. They need two replicates. Where runs failed, the levels of other factors are no longer
    balanced, and an effect may hold a little of theirs.

    Examples
    --------
    >>> points = pd.DataFrame({"blame": [0, 0, 1, 1], "nerve": [0, 1, 0, 1]})
    >>> main_effects(points, np.array([[1.0], [2.0], [3.0], [4.0]]))["effect"].tolist()
    [-1.0, 1.0, -0.5, 0.5]
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 2 or len(points) != len(values):
        raise InputError(f"{len(points)} points do not fit values {values.shape}")
    overall = _means_of_replicates(values)
    rows = []
    for factor in points.columns:
        for level in dict.fromkeys(points[factor]):
            here = (points[factor] == level).to_numpy()
            at_level = _means_of_replicates(values[here])
            is_there = np.isfinite(at_level)
            mean, low, high = interval(at_level[is_there])
            effect, effect_low, effect_high = interval((at_level - overall)[is_there])
            rows.append(
                {
                    "factor": factor, "level": level, "points": int(here.sum()), "mean": mean, "low": low,
                    "high": high, "effect": effect, "effect_low": effect_low, "effect_high": effect_high,
                    "failed": int(np.isnan(values[here]).sum()),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _means_of_replicates(values: np.ndarray) -> np.ndarray:
    """The mean over points of each replicate, NaN for one that finished nowhere."""
    is_there = np.isfinite(values)
    n = is_there.sum(axis=0)
    found: np.ndarray = np.where(is_there, values, 0.0).sum(axis=0) / np.where(n > 0, n, math.nan)
    return found
