"""The two ends of every range may be written, and looking at agents between weeks moves nothing."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from dealsim import DealModel
from dealsim.agents.view import POINTS_TO
from dealsim.engine import state_hash
from dealsim.model import KINDS, Citizen

WRITTEN = [(kind, name) for kind in KINDS for name, spec in kind.columns.items() if not spec.fixed]


@pytest.fixture(scope="module")
def small():
    """A model of 600 citizens after five weeks; nobody changes it."""
    model = DealModel("deal", size=600, rng=1, years=1)
    for _ in range(5):
        model.step()
    return model


@pytest.mark.parametrize(("kind", "name"), WRITTEN, ids=[f"{kind.__name__}.{name}" for kind, name in WRITTEN])
def test_both_ends_of_a_range_may_be_written(small, kind, name):
    model = copy.deepcopy(small)
    agent, spec = model.agents_by_type[kind][-1], kind.columns[name]
    column = getattr(getattr(model.world.borough, kind.store), name)
    room = np.finfo(column.dtype) if column.dtype.kind == "f" else np.iinfo(column.dtype)
    high = room.max if spec.high is None else spec.high
    if name in POINTS_TO:
        high = getattr(model.world.borough, POINTS_TO[name]).id.size - 1
    for end in (room.min if spec.low is None else spec.low, high):
        value = column.dtype.type(end).item()
        wanted = column.copy()
        wanted[agent.row] = value
        setattr(agent, name, (value,) * spec.per if spec.per > 1 else value)
        assert np.array_equal(column, wanted)
        assert getattr(agent, name) == ((value,) * spec.per if spec.per > 1 else value)


def test_looking_between_weeks_moves_nothing(small):
    looked_at, alone = copy.deepcopy(small), copy.deepcopy(small)
    for _ in range(8):
        list(looked_at.agents)
        looked_at.agents.shuffle_do(repr)
        looked_at.agents_by_type[Citizen].groupby("fifth").agg("trust", np.mean)
        looked_at.step()
        alone.step()
    assert state_hash(looked_at.world) == state_hash(alone.world)
