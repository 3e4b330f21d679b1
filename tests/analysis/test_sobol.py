"""Sobol indices: known answers, chance taken out, and the word that is said when they are not known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dealsim.analysis.replicates import product
from dealsim.analysis.sensitivity import LEAST_ROWS, sobol_indices
from dealsim.errors import InputError
from tests.analysis.known import (
    ISHIGAMI_FIRST,
    ISHIGAMI_TOTAL,
    ISHIGAMI_VARIANCE,
    ishigami,
    sobol_rows,
    with_chance,
)

NAMES = ("one", "two", "three")


def salib(values):
    """SALib's own indices of one value a point."""
    from SALib.analyze import sobol

    problem = {"num_vars": 3, "names": list(NAMES), "bounds": [[0.0, 1.0]] * 3}
    return sobol.analyze(problem, values.ravel(), calc_second_order=False, num_resamples=100, seed=1)


@pytest.fixture(scope="module")
def plain():
    """The Ishigami function at 2,048 rows, without chance."""
    return ishigami(sobol_rows(2048, 3))


@pytest.fixture(scope="module")
def noisy(plain):
    """The same with chance of half a run's variance, and a push that all runs of a seed share."""
    return with_chance(plain, 4, spread=3.2, shared=2.0)


def covers(table, index, truth):
    """Whether each interval of an index holds what is true."""
    return (table[f"{index}_low"] <= truth) & (truth <= table[f"{index}_high"])


@pytest.mark.parametrize("values", ["plain", "noisy"])
def test_the_intervals_hold_the_known_indices(values, request):
    given = request.getfixturevalue(values)
    found = sobol_indices(given if given.ndim == 3 else given[:, :, None], NAMES)
    assert covers(found.indices, "first", ISHIGAMI_FIRST).all(), found.indices
    assert covers(found.indices, "total", ISHIGAMI_TOTAL).all(), found.indices
    assert found.variance_low < ISHIGAMI_VARIANCE < found.variance_high
    assert found.is_converged and found.indices["converged"].all()


def test_without_the_correction_chance_would_pass_for_interplay(noisy):
    of_means = salib(noisy.mean(axis=2))
    is_off = np.abs(of_means["ST"] - ISHIGAMI_TOTAL) > of_means["ST_conf"]
    assert is_off[2] and is_off.sum() >= 2
    corrected = sobol_indices(noisy, NAMES).indices["total"]
    assert (np.abs(corrected - ISHIGAMI_TOTAL) < 0.5 * np.abs(of_means["ST"] - ISHIGAMI_TOTAL))[is_off].all()


def test_the_share_of_chance_is_that_of_a_single_run(noisy):
    truth = (3.2**2 + 2.0**2) / (3.2**2 + 2.0**2 + ISHIGAMI_VARIANCE)
    own_only = 3.2**2 / (3.2**2 + ISHIGAMI_VARIANCE)
    found = sobol_indices(noisy, NAMES)
    # four seeds tell little of the push that all their points share; the rest is known closely
    assert own_only - 0.02 < found.chance_share < truth + 0.15
    alone = sobol_indices(with_chance(ishigami(sobol_rows(2048, 3)), 4, spread=3.2), NAMES)
    assert alone.chance_share_low < own_only < alone.chance_share_high
    assert alone.chance_share_high - alone.chance_share_low < 0.05


def test_one_replicate_gives_salibs_indices(plain):
    # SALib centres by the mean of all points, AB among them, and divides by 2N; here A and B alone centre,
    # and 2N − 1 divides. Both are the same up to what rows of this number leave to chance.
    ours, theirs = sobol_indices(plain[:, :, None], NAMES), salib(plain)
    n = 2 * len(plain)
    assert ours.indices["total"].to_numpy() == pytest.approx(theirs["ST"] * (n - 1) / n, abs=1e-9)
    assert ours.indices["first"].to_numpy() == pytest.approx(theirs["S1"], abs=2e-3)
    assert not ours.is_separated
    assert "one replicate" in ours.notes[0]
    assert math.isnan(ours.chance_share)


def test_replicates_without_chance_change_nothing(plain):
    once, thrice = sobol_indices(plain[:, :, None], NAMES), sobol_indices(np.repeat(plain[:, :, None], 3, 2), NAMES)
    assert np.allclose(once.indices.iloc[:, 1:-1], thrice.indices.iloc[:, 1:-1])
    assert thrice.chance_share == pytest.approx(0.0, abs=1e-12)


def test_pure_chance_gives_no_indices():
    found = sobol_indices(with_chance(np.zeros((256, 5)), 4, spread=1.0, shared=1.0), NAMES)
    assert not found.is_converged and not found.indices["converged"].any()
    assert found.indices[["first", "first_low", "total", "total_high"]].isna().all(axis=None)
    assert found.chance_share > 0.9
    assert any("cannot be told from nothing" in note for note in found.notes)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6 / 3.0])
def test_an_outcome_that_never_moves_gives_no_indices(value):
    found = sobol_indices(np.full((64, 5, 2), value), NAMES)
    assert found.indices["total"].isna().all()
    assert any("the same in all runs" in note for note in found.notes)


@pytest.mark.parametrize("n", [4, 16])
def test_few_rows_are_not_converged(n):
    found = sobol_indices(ishigami(sobol_rows(n, 3))[:, :, None], NAMES)
    assert not found.is_converged
    assert any("Not converged" in note for note in found.notes)


def test_no_row_is_no_error():
    found = sobol_indices(np.full((4, 5, 2), math.nan), NAMES)
    assert (found.rows, found.rows_left_out) == (0, 4)
    assert found.indices["total"].isna().all()


def test_wide_intervals_are_named(plain):
    found = sobol_indices(plain[:LEAST_ROWS, :, None], NAMES)
    assert not found.is_converged
    wide = found.indices["factor"][~found.indices["converged"]]
    assert len(wide) and all(name in found.notes[-1] for name in wide)


def test_rows_with_a_gap_are_left_out_whole_and_counted(noisy):
    holed = noisy[:512].copy()
    holed[3, 2] = math.nan  # a point without any run
    holed[7, 0, :3] = math.nan  # a point with one run
    holed[11, 1, 0] = math.nan  # three runs remain, at other replicates of other points
    found = sobol_indices(holed, NAMES)
    assert (found.rows, found.rows_left_out) == (510, 2)
    assert "2 of 512 rows are left out" in found.notes[0]
    same = np.delete(noisy[:512], [3, 7], axis=0)
    assert np.allclose(found.indices["total"], sobol_indices(same, NAMES).indices["total"], atol=0.01)


def test_many_gaps_do_not_bias(noisy):
    rng = np.random.default_rng(3)
    holed = np.where(rng.random(noisy.shape) < 0.05, math.nan, noisy)
    found = sobol_indices(holed, NAMES)
    assert found.rows_left_out > 0
    assert covers(found.indices, "total", ISHIGAMI_TOTAL).all(), found.indices


def test_the_same_seed_gives_the_same_numbers(noisy):
    once, again = (sobol_indices(noisy[:128], NAMES, seed=5) for _ in range(2))
    assert once.indices.equals(again.indices) and once.chance_share_low == again.chance_share_low
    other = sobol_indices(noisy[:128], NAMES, seed=6)
    assert not once.indices.equals(other.indices)
    assert (once.indices["total"] == other.indices["total"]).all(), "the seed moved an estimate, not its interval"


def test_the_intervals_hold_the_truth_as_often_as_they_say():
    # y = 2a + b + ab in the unit square, with chance of about as much variance; its indices by hand:
    # E[y|a] = 2.5a + 0.5, E[y|b] = 1.5b + 1, and the interplay (a − 0.5)(b − 0.5)
    parts = np.array([2.5**2 / 12.0, 1.5**2 / 12.0, 1.0 / 144.0])
    first = parts[:2] / parts.sum()
    total = (parts[:2] + parts[2]) / parts.sum()
    held = np.zeros((100, 2, 2), dtype=bool)
    for again in range(len(held)):
        unit = sobol_rows(128, 2, seed=100 + again, is_even=False)
        y = 2.0 * unit[..., 0] + unit[..., 1] + unit[..., 0] * unit[..., 1]
        table = sobol_indices(
            with_chance(y, 3, spread=0.7, shared=0.3, seed=again), ("a", "b"), seed=again, resamples=200
        ).indices
        held[again] = [covers(table, "first", first), covers(table, "total", total)]
    assert (held.mean(axis=0) >= 0.85).all(), held.mean(axis=0)


def test_products_of_different_replicates_by_hand():
    a, b = np.array([1.0, 2.0, 4.0]), np.array([3.0, 5.0, 7.0])
    by_hand = (1 * 5 + 1 * 7 + 2 * 3 + 2 * 7 + 4 * 3 + 4 * 5) / 6
    assert product(a, b, np.ones(3, dtype=bool)) == pytest.approx(by_hand)
    assert product(a, a, np.ones(3, dtype=bool)) == pytest.approx(a.mean() ** 2 - a.var(ddof=1) / 3)


@pytest.mark.parametrize("shape", [(8, 4, 2), (8, 5), (8, 5, 0)])
def test_another_shape_is_refused(shape):
    with pytest.raises(InputError, match="3 factors need"):
        sobol_indices(np.zeros(shape), NAMES)
