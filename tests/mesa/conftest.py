"""A small borough as a Mesa model, burnt in once."""

from __future__ import annotations

import copy

import pytest

from dealsim import DealModel

SIZE = 2000


@pytest.fixture(scope="session")
def lived():
    """A model of 2,000 citizens after ten weeks; nobody changes it."""
    model = DealModel("deal", size=SIZE, rng=3, years=1)
    for _ in range(10):
        model.step()
    return model


@pytest.fixture
def model(lived):
    """A copy of its own for a test that writes; no view has been made in it."""
    assert lived.agents.population.n_views == 0
    return copy.deepcopy(lived)
