"""Matching finds what it should: known functions, known answers, and its own test on itself."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealsim.analysis.matching import (
    FAR,
    IMPLAUSIBLE,
    NARROWEST,
    Emulator,
    Matcher,
    Target,
    emulator_of,
    points_left,
    posterior,
    recovery,
    weighted_correlation,
)
from dealsim.errors import InputError

WIDTH = 4
CHANCE = 0.05


def steep(x: np.ndarray) -> np.ndarray:
    """A figure that rises in the first input and bends in the second; the others do nothing."""
    return 3.0 * x[:, 0] + np.sin(4.0 * x[:, 1])


def shallow(x: np.ndarray) -> np.ndarray:
    """A figure that falls in the first input and rises in the third."""
    return x[:, 2] - 0.5 * x[:, 0]


@lru_cache
def trained() -> tuple[np.ndarray, dict[str, Emulator]]:
    """Sixty points with chance in their figures, and emulators trained on them."""
    draw = np.random.default_rng(1)
    points = draw.random((60, WIDTH))
    made = {
        name: emulator_of(points, of(points) + draw.normal(0.0, CHANCE, 60), chance=CHANCE**2)
        for name, of in (("steep", steep), ("shallow", shallow))
    }
    return points, made


def matcher() -> Matcher:
    return Matcher(trained()[1], {"steep": Target(2.0, 2.4), "shallow": Target(0.1, 0.3)})


def test_an_emulator_foretells_points_it_never_saw():
    points = np.random.default_rng(2).random((400, WIDTH))
    mean, _ = trained()[1]["steep"].at(points)
    assert np.abs(mean - steep(points)).mean() < 0.06
    assert np.corrcoef(mean, steep(points))[0, 1] > 0.995


def test_an_emulator_knows_how_little_it_knows():
    """Its misses, in its own standard deviations, are about as wide as it says (between half and one and a half)."""
    points = np.random.default_rng(3).random((400, WIDTH))
    mean, variance = trained()[1]["steep"].at(points)
    assert 0.5 < float(np.std((mean - steep(points)) / np.sqrt(variance))) < 1.5


def test_an_emulator_is_surer_where_it_was_taught():
    points, made = trained()
    _, near = made["steep"].at(points)
    _, far = made["steep"].at(points + 1.0)
    assert near.mean() < far.mean()


def test_scatter_beyond_chance_counts_as_not_knowing():
    """A figure that jumps about more than chance allows cannot be followed, and the emulator says so."""
    draw = np.random.default_rng(4)
    points = draw.random((60, WIDTH))
    rough = steep(points) + draw.normal(0.0, 0.5, 60)
    honest = emulator_of(points, rough, chance=0.01)
    blind = emulator_of(points, rough)
    assert honest.left_over > 0.1 and blind.left_over == 0.0
    assert honest.at(points)[1].mean() > blind.at(points)[1].mean()
    assert blind.chance == pytest.approx(0.25, rel=0.5)


def test_figures_that_were_not_read_are_left_out():
    draw = np.random.default_rng(5)
    points = draw.random((40, WIDTH))
    values = shallow(points)
    values[::5] = np.nan
    mean, _ = emulator_of(points, values, chance=0.0).at(points[::5])
    assert np.abs(mean - shallow(points[::5])).max() < 0.1


def test_too_few_points_are_refused():
    with pytest.raises(InputError, match="needs at least 20"):
        emulator_of(np.zeros((19, 2)), np.zeros(19))


def test_implausibility_is_the_distance_over_the_root_of_both_variances():
    """A hand sum: mean 1, target 2 ± 0.3 (one standard deviation), emulator's variance 0.16: 1/√(0.09+0.16) = 2."""

    class Known:
        def at(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return np.full(len(points), 1.0), np.full(len(points), 0.16)

    made = Matcher({"one": Known()}, {"one": Target(1.4, 2.6)})
    assert made.implausibility(np.zeros((3, 2))) == pytest.approx([2.0, 2.0, 2.0])


@given(st.floats(-5, 5), st.floats(0.01, 5), st.floats(-100, 100))
def test_a_far_value_is_drawn_in_and_a_near_one_is_left(low, width, value):
    target = Target(low, low + width)
    drawn = float(target.drawn_in(np.array([value]))[0])
    assert target.low - FAR * width - 1e-9 <= drawn <= target.high + FAR * width + 1e-9
    if target.low <= value <= target.high:
        assert drawn == value


def test_the_expected_miss_is_the_root_of_the_squared_distance_and_the_doubt():
    one = matcher()
    points = np.random.default_rng(9).random((50, WIDTH))
    mean, variance = one.emulators["steep"].at(points)
    # the target 2.0 to 2.4 has its middle at 2.2 and a standard deviation of 0.1
    told = np.sqrt((mean - 2.2) ** 2 + variance) / 0.1
    assert one.expected_misses(points)[:, 0] == pytest.approx(told)


def test_a_line_is_not_trusted_beyond_where_it_was_taught():
    """Taught in a corner, the emulator's doubt grows with the distance from it, though the line runs on."""
    draw = np.random.default_rng(10)
    points = 0.2 * draw.random((60, WIDTH))
    made = emulator_of(points, shallow(points) + draw.normal(0.0, CHANCE, 60), chance=CHANCE**2)
    doubt = [float(made.at(np.full((1, WIDTH), at))[1][0]) for at in (0.1, 0.4, 0.7, 1.0)]
    assert doubt == sorted(doubt) and doubt[-1] > 10 * doubt[0]
    far = draw.random((400, WIDTH))
    mean, variance = made.at(far)
    assert 0.4 < float(np.std((mean - shallow(far)) / np.sqrt(variance))) < 1.6


def test_giving_up_early_changes_no_verdict():
    points = np.random.default_rng(6).random((300, WIDTH))
    whole = matcher().implausibility(points)
    early = matcher().implausibility(points, give_up=IMPLAUSIBLE)
    assert ((whole <= IMPLAUSIBLE) == (early <= IMPLAUSIBLE)).all()


def test_what_is_left_is_plausible_spread_out_and_the_same_again():
    left = points_left(matcher(), WIDTH, 200, seed=1)
    assert left.shape == (200, WIDTH) and (left >= 0).all() and (left <= 1).all()
    assert (matcher().implausibility(left) <= IMPLAUSIBLE).all()
    assert (left == points_left(matcher(), WIDTH, 200, seed=1)).all()
    # the fourth input does nothing, so it stays as wide as it was
    assert left[:, 3].std() == pytest.approx(12**-0.5, rel=0.2)
    # and what is left agrees with drawing at random and throwing away
    even = np.random.default_rng(7).random((20_000, WIDTH))
    kept = even[matcher().implausibility(even) <= IMPLAUSIBLE]
    assert left.mean(axis=0) == pytest.approx(kept.mean(axis=0), abs=0.08)


def test_nothing_is_left_where_targets_contradict_each_other():
    made = trained()[1]
    beyond = Matcher(made, {"steep": Target(9.0, 9.1)})
    assert len(points_left(beyond, WIDTH, 50, seed=1)) == 0
    with pytest.raises(InputError, match="no plausible point"):
        posterior(beyond, np.zeros((0, WIDTH)), particles=10)


def test_the_search_ends_nearer_the_targets_than_it_began_and_is_the_same_again():
    left = points_left(matcher(), WIDTH, 800, seed=1)
    found = posterior(matcher(), left, particles=480, generations=6, tolerance=0.3, seed=3)
    again = posterior(matcher(), left, particles=480, generations=6, tolerance=0.3, seed=3)
    assert (found.points == again.points).all()
    assert list(found.tolerances) == sorted(found.tolerances, reverse=True)
    assert (found.distance <= found.tolerances[-1]).all() and min(found.acceptance) > 0.0
    assert np.abs(steep(found.points) - 2.2).mean() < 0.5 * np.abs(steep(left) - 2.2).mean()
    assert (matcher().implausibility(found.points) <= IMPLAUSIBLE).all()
    # and it agrees with drawing at random and throwing away what is too far
    even = np.random.default_rng(7).random((200_000, WIDTH))
    apart = np.sqrt((matcher().expected_misses(even) ** 2).mean(axis=1))
    kept = even[apart <= found.tolerances[-1]]
    assert found.points[:, :3].mean(axis=0) == pytest.approx(kept[:, :3].mean(axis=0), abs=0.1)
    assert found.points[:, 3].std() > 0.2, "the fourth input does nothing, so it must stay wide"


def test_true_values_lie_in_the_intervals_about_as_often_as_they_say():
    draw = np.random.default_rng(8)
    prior, true = draw.random((3_000, WIDTH)), draw.random((60, WIDTH))
    figures = {
        "steep": steep(true) + draw.normal(0.0, CHANCE, 60),
        "shallow": shallow(true) + draw.normal(0.0, CHANCE, 60),
    }
    found = recovery(trained()[1], matcher().targets, prior, true, figures)
    assert 0.84 < found.rate < 0.96
    assert found.narrowed[0] < 0.7, "the first input decides both figures"
    assert found.narrowed[3] > 0.9, "nothing can be known of the fourth"


@pytest.mark.parametrize(("told", "low", "high"), [(0.16, 0.84, 0.97), (1e-6, 0.0, 0.8)], ids=["honest", "too sure"])
def test_a_method_that_is_too_sure_fails_its_own_test(told, low, high):
    """With chance left out of the emulators intervals are too narrow, and only then: the test bites."""
    draw = np.random.default_rng(9)
    taught = draw.random((200, WIDTH))
    prior, true = draw.random((3_000, WIDTH)), draw.random((60, WIDTH))
    made, figures = {}, {}
    for name, of in (("steep", steep), ("shallow", shallow)):
        one = emulator_of(taught, of(taught) + draw.normal(0.0, 0.4, 200), chance=0.16)
        made[name] = replace(one, chance=told)
        figures[name] = of(true) + draw.normal(0.0, 0.4, 60)
    assert low < recovery(made, matcher().targets, prior, true, figures).rate < high


def test_made_up_data_must_be_numbers():
    figures = {"steep": np.array([1.0, np.nan]), "shallow": np.array([0.1, 0.2])}
    with pytest.raises(InputError, match="must be a number"):
        recovery(trained()[1], matcher().targets, np.zeros((10, WIDTH)), np.zeros((2, WIDTH)), figures)


def test_a_search_that_is_led_ends_where_it_is_led_to():
    """Steep figures allow a wide range of the shallow one; led to its upper end, the search stays there."""
    one = Matcher(trained()[1], {"steep": Target(2.0, 2.4)})
    left = points_left(one, WIDTH, 200, seed=1)
    upper = Target(0.3, 0.5)
    found = posterior(one, left, particles=100, generations=20, tolerance=1.5, seed=1, led_to={"shallow": upper})
    free = posterior(one, left, particles=100, generations=20, tolerance=1.5, seed=1)
    inside = [((shallow(some.points) > 0.25) & (shallow(some.points) < 0.55)).mean() for some in (found, free)]
    assert inside[0] > 0.95 > inside[1]
    assert (np.sqrt((one.expected_misses(found.points) ** 2).mean(axis=1)) <= found.tolerances[-1]).all()


def test_a_search_ends_before_it_comes_down_to_one_place():
    left = points_left(matcher(), WIDTH, 200, seed=1)
    found = posterior(matcher(), left, particles=100, generations=200, tolerance=0.0, seed=1)
    assert len(found.tolerances) < 200
    assert found.points.std(axis=0).mean() > 0.5 * NARROWEST


def test_a_search_stays_inside_what_another_matcher_left():
    only = Matcher(trained()[1], {"shallow": Target(0.3, 0.5)})
    left = points_left(only, WIDTH, 200, seed=1)
    steeply = Matcher(trained()[1], {"steep": Target(2.0, 2.4)})
    found = posterior(steeply, left, particles=100, generations=20, tolerance=1.5, seed=1, within=only)
    assert (only.implausibility(found.points) <= IMPLAUSIBLE).all()


def test_correlation_weighs_points():
    points = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    assert weighted_correlation(points, np.array([0.5, 0.5, 0.0]))[0, 1] == pytest.approx(1.0)
    assert abs(weighted_correlation(points, np.full(3, 1 / 3))[0, 1]) == pytest.approx(0.5)
