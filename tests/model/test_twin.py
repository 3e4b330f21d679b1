"""The compiled engine and the plain object twin live the same lives, to the last bit."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from dealsim.engine import branch, live, state_hash
from dealsim.parameters import Parameters, with_rivals, with_values
from tests.model.boroughs import BUSY, LONG, Life, every_lever_moving, lives, small_world
from tests.twin import Twin, first_difference, live_both


@settings(
    max_examples=1000 if LONG else 8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(lives())
def test_object_by_object_is_column_by_column(life: Life):
    world = life.begin()
    twin = live_both(world, life.weeks)
    assert state_hash(SimpleNamespace(borough=twin.borough())) == state_hash(world)


@pytest.mark.parametrize("size", [1, 2, 60, 200])
def test_with_every_lever_moving(size):
    parameters = with_values(Parameters(), BUSY)
    start = small_world(size, n_places=2 if size > 50 else 1, n_services=2, parameters=parameters, weeks=160)
    policy = every_lever_moving(60, len(start.borough.place_names))
    live_both(branch(start, policy, life_seed=11, weeks=60), 60)


def test_with_rivals_that_change_who_meets_whom():
    parameters = with_rivals(
        with_values(Parameters(), BUSY), ("continuity_of_worker", "no_both_ends", "idle_community", "early_pressure")
    )
    start = small_world(120, n_places=3, n_services=3, parameters=parameters, weeks=120, separate_services=True)
    policy = every_lever_moving(60, len(start.borough.place_names), seed=2)
    live_both(branch(start, policy, life_seed=12, weeks=60), 60)


def test_the_twin_begins_with_the_state_it_is_given():
    world = small_world(120, n_places=2, n_services=4)
    assert not first_difference(world.borough, Twin(world).borough())


def test_a_difference_is_named_by_week_and_column():
    world = small_world(120)
    twin = Twin(world)
    live(world, 1)
    twin.step()
    twin.citizens[7].trust = np.nextafter(np.float32(twin.citizens[7].trust), np.float32(2))
    assert first_difference(world.borough, twin.borough()).startswith("citizens.trust at row 7")


def test_the_lives_compared_are_full_of_events():
    """A twin of a borough in which nothing happens would prove nothing."""
    parameters = with_values(Parameters(), BUSY)
    start = small_world(200, n_places=2, n_services=2, parameters=parameters, weeks=160)
    lives_lived = [live(branch(start, every_lever_moving(60, 2), seed, weeks=60)) for seed in (11, 12, 13)]
    for name in ("flows", "needs", "services", "groups"):
        seen = sum(getattr(world.record, name).sum(axis=(0, 1)) for world in lives_lived)
        assert np.all(seen > 0), f"{name}: columns {np.flatnonzero(seen == 0).tolist()} were never counted"
