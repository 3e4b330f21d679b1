"""One small sweep, done once, for every test of what a sweep leaves behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dealsim.sweeps.carrying_out import sweep

SMALL = {
    "name": "small",
    "base": "cuts_only",
    "scenarios": ["deal"],
    "size": 300,
    "years": 1,
    "seed": 3,
    "replicates": 2,
    "design": {"kind": "latin_hypercube", "points": [4]},
    "factors": {
        "blame_culture": {"low": 0.1, "high": 0.9},
        "citizen.trust_gain": {},
        "fast_word": {},
        "commissioning": {},
        "leaders_holding_permission": {"low": 1, "high": 4},
    },
    "outputs": {"metrics": ["contacts_per_1000", "mean_trust"], "groups": ["all", "quintile"], "every": 4},
}
"""Sixteen runs that vary a lever, a parameter, a rival, a choice and a whole number."""


@pytest.fixture(scope="session")
def done(tmp_path_factory):
    """The small sweep, lived in this process."""
    return sweep(SMALL, workers=0, out=tmp_path_factory.mktemp("sweeps"))


@pytest.fixture
def folder(done, tmp_path):
    """A copy of its folder, to spoil."""
    return Path(shutil.copytree(done.folder, tmp_path / done.folder.name))


def tables(folder: Path) -> list[bytes]:
    """The two tables that must be equal to the byte however a sweep was lived."""
    return [(folder / name).read_bytes() for name in ("runs.parquet", "series.parquet")]
