"""The response curves against the library's: within the error they state, in order, and equal compiled or not."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealsim import curves
from dealsim.compiled import interpreted
from tests.strategies import UNIT

exponential = interpreted(curves.exponential)
logistic = interpreted(curves.logistic)
inverse_normal = interpreted(curves.inverse_normal)
cube_root = interpreted(curves.cube_root)
clipped = interpreted(curves.clipped)
X = st.floats(-60, 60)
DRAWS = st.integers(0, 2**32 - 1).map(lambda word: word / 2**32)


@given(X)
def test_the_exponential_keeps_the_error_it_states(x):
    assert abs(exponential(x) / math.exp(x) - 1.0) <= curves.EXP_ERROR


def test_the_exponential_keeps_its_error_on_a_fine_grid():
    grid = np.linspace(-60, 60, 24_001)
    worst = max(abs(exponential(x) / math.exp(x) - 1.0) for x in grid.tolist())
    assert worst <= curves.EXP_ERROR


@given(st.floats(-1e6, 1e6))
def test_the_exponential_stays_at_its_ends(x):
    if abs(x) >= curves.EXP_LIMIT:
        assert exponential(x) == exponential(math.copysign(curves.EXP_LIMIT, x))


def test_the_exponential_is_one_at_zero():
    assert exponential(0.0) == 1.0 and exponential(-0.0) == 1.0


@given(X, X)
def test_the_exponential_rises_but_for_its_stated_error(a, b):
    low, high = sorted((a, b))
    assert exponential(low) <= exponential(high) * (1.0 + 2.0 * curves.EXP_ERROR)


@given(X, st.floats(1e-8, 10))
def test_the_exponential_rises_by_any_step_larger_than_its_error(x, step):
    assert exponential(x) <= exponential(min(60.0, x + step))


@given(X)
def test_the_logistic_is_a_share_and_the_mirror_of_its_negative(x):
    assert 0.0 <= logistic(x) <= 1.0
    assert logistic(x) + logistic(-x) == pytest.approx(1.0, abs=1e-9)


@given(X)
def test_the_logistic_is_close_to_the_librarys(x):
    assert abs(logistic(x) - 1.0 / (1.0 + math.exp(-x))) <= curves.EXP_ERROR


@given(st.floats(1 / 2048, 2047 / 2048))
def test_the_inverse_normal_keeps_the_error_it_states(u):
    assert abs(inverse_normal(u) - NormalDist().inv_cdf(u)) <= curves.NORMAL_ERROR


def test_the_inverse_normal_keeps_its_error_on_a_fine_grid():
    grid = np.linspace(1 / 2048, 2047 / 2048, 20_001)
    worst = max(abs(inverse_normal(u) - NormalDist().inv_cdf(u)) for u in grid.tolist())
    assert worst <= curves.NORMAL_ERROR


@given(DRAWS, DRAWS)
def test_the_inverse_normal_rises(a, b):
    low, high = sorted((a, b))
    assert inverse_normal(low) <= inverse_normal(high)


@given(DRAWS)
def test_the_inverse_normal_is_finite_for_every_draw(u):
    assert abs(inverse_normal(u)) < 5.0


def test_normal_draws_have_mean_nought_and_spread_one():
    middles = (np.arange(1 << 16) + 0.5) / (1 << 16)
    values = np.array([inverse_normal(u) for u in middles.tolist()])
    assert abs(values.mean()) < 1e-6
    assert abs(values.std() - 1.0) < 1e-3, "a spread that is off moves every noise of the model"


@given(UNIT)
def test_the_cube_root_cubed_gives_the_number_back(x):
    assert cube_root(x) ** 3 == pytest.approx(x, rel=1e-12, abs=1e-18)


@given(UNIT, UNIT)
def test_the_cube_root_rises(a, b):
    low, high = sorted((a, b))
    assert cube_root(low) <= cube_root(high) + 1e-15


@given(st.floats(-10, 10), st.floats(-10, 0), st.floats(0, 10))
def test_clipping_keeps_within_and_leaves_alone_what_is_within(x, low, high):
    kept = clipped(x, low, high)
    assert low <= kept <= high
    if low <= x <= high:
        assert kept == x


@pytest.mark.parametrize("name", ["exponential", "logistic", "inverse_normal", "cube_root"])
def test_a_curve_gives_the_same_bits_compiled_and_plain(name):
    fast, plain = getattr(curves, name), interpreted(getattr(curves, name))
    grid = np.linspace(-61, 61, 2001) if name in ("exponential", "logistic") else np.linspace(0, 1, 2001)[:-1]
    assert [fast(x) for x in grid.tolist()] == [plain(x) for x in grid.tolist()]
