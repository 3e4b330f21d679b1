"""A sweep worked out: its points, its runs with their ids, and what they will take.

It lives no run; `dealsim.sweeps.jobs` does.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from dealsim import checkpoints, plans
from dealsim.engine import BURN_IN_WEEKS
from dealsim.errors import InputError, LimitError
from dealsim.levers import SERVICE_KINDS
from dealsim.parameters import Parameters
from dealsim.places import PlaceInput, read_place, shipped
from dealsim.scenarios import Scenario
from dealsim.sweeps.asked import OWN, Asked, read_asked
from dealsim.sweeps.designs import Points, count_points, points_of
from dealsim.sweeps.factors import LEVER, applied, cell_of
from dealsim.version import MODEL_VERSION

INSTALL_EXTRA = 'python -m pip install -c constraints.txt -e ".[sweep]"'
EXTRA = ("distributed", "filelock", "SALib")
"""What no sweep can do without; the extra `sweep` of pyproject.toml brings them."""
MOST_RUNS = 5_000_000
MOST_CITIZEN_WEEKS = 10**14
"""A sweep can be stopped and gone on with, so it may be far larger than one comparison."""
BYTES_A_RUN = 900
BYTES_A_VALUE = 9
BYTES_A_WORKER = 450e6


@dataclass(frozen=True)
class SweepPlan:
    """A checked sweep in a place, with its points."""

    asked: Asked
    place: PlaceInput
    points: Points
    rank_of: int | None = None
    place_bytes: bytes | None = field(default=None, repr=False)

    @property
    def n_runs(self) -> int:
        """Rows of the design: points × scenarios × replicates."""
        return len(self.points) * len(self.asked.scenarios) * self.asked.replicates

    @property
    def values_a_run(self) -> int:
        """Values in the series of one run, at most."""
        asked = self.asked
        if not asked.outputs.every:
            return 0
        width = {"all": 1, "quintile": 5, "place": len(self.place.place_names), "service": len(SERVICE_KINDS)}
        groups = sum(width[name] for name in asked.outputs.groups)
        return len(asked.outputs.metrics) * groups * -(-asked.weeks // asked.outputs.every)

    @cached_property
    def worlds(self) -> np.ndarray:
        """For each point, the number of its world, which is burnt in for it: points with the same share one.

        Points that differ in levers only are of one world, but for those with boroughs of their own.
        """
        if self._has_own_boroughs:
            return np.arange(len(self.points))
        others = [k for k, factor in enumerate(self.asked.factors) if factor.kind != LEVER]
        number: dict[tuple[Any, ...], int] = {}
        rows = (tuple(row[k] for k in others) for row in self.points.values)
        return np.array([number.setdefault(row, len(number)) for row in rows], np.int64)

    @cached_property
    def place_hash(self) -> str:
        """Names the place."""
        return checkpoints.place_hash(self.place)

    def setting(self, point: int, scenario: int) -> tuple[Scenario, Parameters]:
        """What is lived at a point under a scenario."""
        return applied(self.asked.scenarios[scenario], self.asked.factors, self.points.values[point])

    def seeds(self, point: int, replicate: int) -> tuple[int, int]:
        """The seeds of a replicate's borough and life, the same under every scenario.

        Points share them, or each has lives of its own; then also boroughs of its own where points are different
        worlds, since each of those is burnt in for itself anyway.
        """
        asked = self.asked
        whose = self._whose[point] if asked.lives == OWN else ""
        of_borough = whose if self._has_own_boroughs else ""
        return (
            plans.borough_seed(asked.seed, asked.boroughs, replicate, of_borough),
            plans.life_seed(asked.seed, replicate, whose),
        )

    @property
    def _has_own_boroughs(self) -> bool:
        return self.asked.lives == OWN and self.asked.moves_parameters

    @cached_property
    def _whose(self) -> list[str]:
        """Names each point by what is in it, so that its lives stay its own however a design grows."""
        return [hashlib.sha256(repr(row).encode()).hexdigest()[:16] for row in self.points.values]

    @cached_property
    def run_ids(self) -> np.ndarray:
        """The id of every run as a whole number, `[point, scenario, replicate]`."""
        asked = self.asked
        ids = np.zeros((len(self.points), len(asked.scenarios), asked.replicates), np.uint64)
        for point in range(len(self.points)):
            seeds = [self.seeds(point, replicate) for replicate in range(asked.replicates)]
            for at in range(len(asked.scenarios)):
                scenario, parameters = self.setting(point, at)
                setting = plans.setting_of(scenario, parameters, self.place_hash, asked.size, asked.weeks)
                ids[point, at] = [int(plans.run_id(setting, *pair), 16) for pair in seeds]
        return ids

    def recipe(self) -> dict[str, Any]:
        """Everything that must be the same for runs to lie in one folder, and what the design now is."""
        asked = self.asked
        same = {
            "model_version": MODEL_VERSION,
            "scenarios": [
                {key: value for key, value in scenario.as_dict().items() if key in _OF_A_POLICY}
                for scenario in asked.scenarios
            ],
            "place": {"name": self.place.name, "hash": self.place_hash, "rank_of": self.rank_of},
            "size": asked.size,
            "years": asked.years,
            "seed": asked.seed,
            "boroughs": asked.boroughs,
            "lives": asked.lives,
            "metrics": list(asked.outputs.metrics),
            "groups": list(asked.outputs.groups),
            "every": asked.outputs.every,
            "factors": [factor.name for factor in asked.factors],
        }
        return {
            "format": 1,
            "name": asked.name,
            **asked.header,
            "same": same,
            "design": asked.design.as_dict(),
            "factors": [factor.as_dict() for factor in asked.factors],
            "points": len(self.points),
            "replicates": asked.replicates,
            "targets": [vars(target) for target in asked.targets],
            "stop_at": vars(asked.stop_at) if asked.stop_at else None,
        }

    def design_table(self) -> dict[str, list[Any]]:
        """One row a point: its number, its values, and where they lie between the ends of their ranges."""
        table: dict[str, list[Any]] = {"point": list(range(len(self.points)))}
        for k, factor in enumerate(self.asked.factors):
            table[factor.name] = [cell_of(row[k]) for row in self.points.values]
        for k, factor in enumerate(self.asked.factors):
            table[UNIT + factor.name] = self.points.unit[:, k].tolist()
        return table


UNIT = "unit."
"""Starts the columns of a design that say where a value lies between the ends of its range, 0 to 1."""
_OF_A_POLICY = ("name", "place", "levers", "schedule", "shocks", "rivals")


def plan_sweep(
    given: str | Path | Mapping[str, Any] | Asked,
    *,
    place: str | Path | PlaceInput | None = None,
    rank_of: int | None = None,
    **changes: int | None,
) -> SweepPlan:
    """Check a sweep and work out its points; `changes` are sizes given beside the file (`size=3300`).

    Raises
    ------
    InputError
        With every problem found; or when what sweeps need is not installed.
    LimitError
        When it is more than a sweep may be.
    """
    if any(importlib.util.find_spec(name) is None for name in EXTRA):
        raise InputError(f"sweeps need more than is installed: {INSTALL_EXTRA}")
    asked = given if isinstance(given, Asked) else read_asked(given)
    wanted: dict[str, Any] = {key: value for key, value in changes.items() if value is not None}
    if problems := plans.size_problems(wanted):
        raise InputError(problems)
    asked = replace(asked, **wanted)
    if asked.boroughs > asked.replicates:
        raise InputError(f"boroughs is {asked.boroughs} and replicates {asked.replicates}; at least as many are needed")
    where, content = _where(asked, place, rank_of)
    for scenario in asked.scenarios:
        scenario.policy(1, where.place_names, where.place_names)
    if asked.outputs.every > asked.weeks:
        raise InputError(f"every {asked.outputs.every} weeks is longer than the {asked.weeks} weeks lived")
    _refuse_too_much(asked, count_points(asked.design, asked.factors))
    points = points_of(asked.design, asked.factors, asked.seed, asked.scenarios[0].rivals)
    return SweepPlan(asked, where, points, rank_of, content)


def _where(asked: Asked, place: str | Path | PlaceInput | None, rank_of: int | None) -> tuple[PlaceInput, bytes | None]:
    if isinstance(place, PlaceInput):
        return place, None
    if place is not None:
        return read_place(place, rank_of), Path(place).read_bytes()
    if rank_of is not None:
        raise InputError("rank_of goes with a place file of your own; give one with --place (place= in Python)")
    return shipped(asked.scenarios[0].place), None


@dataclass(frozen=True)
class SweepEstimate:
    """What a sweep will take with so many workers."""

    points: int
    runs: int
    burn_ins: int
    hours: float
    disk_mb: float
    memory_mb: float


def estimate_sweep(made: SweepPlan, workers: int) -> SweepEstimate:
    """What the runs of a sweep will take; hours are for this many workers on a processor of 2020."""
    asked = made.asked
    burn_ins = (int(made.worlds.max()) + 1) * min(asked.boroughs, asked.replicates)
    weeks = made.n_runs * asked.weeks + burn_ins * BURN_IN_WEEKS
    seconds = plans.seconds_to_live(asked.size, weeks)
    return SweepEstimate(
        points=len(made.points),
        runs=made.n_runs,
        burn_ins=burn_ins,
        hours=seconds / workers / 3600,
        # while the tables are written, the parts they are written from are still there
        disk_mb=2 * made.n_runs * (BYTES_A_RUN + BYTES_A_VALUE * made.values_a_run) / 1e6 + 1,
        memory_mb=(workers + 1) * BYTES_A_WORKER / 1e6 + 3 * workers * asked.size * plans.BYTES_A_CITIZEN / 1e6,
    )


def checked_workers(workers: int | None) -> int:
    """A number of workers that can be; all processors where none is given.

    Raises
    ------
    InputError
    """
    workers = plans.default_workers() if workers is None else workers
    if isinstance(workers, bool) or not isinstance(workers, int) or not 0 <= workers <= plans.MOST_WORKERS:
        raise InputError(f"workers is {workers!r}; it must be a whole number between 0 and {plans.MOST_WORKERS}")
    return workers


def _refuse_too_much(asked: Asked, points: int) -> None:
    """Refuse before anything is made: a design too large would fill the memory by itself."""
    runs = points * len(asked.scenarios) * asked.replicates
    weeks = runs * asked.weeks + (points if asked.moves_parameters else 1) * BURN_IN_WEEKS
    if runs > MOST_RUNS or asked.size * weeks > MOST_CITIZEN_WEEKS:
        raise LimitError(
            f"this asks for {runs:,} runs, about {plans.seconds_to_live(asked.size, weeks) / 3600:,.0f} hours of work; the "
            f"limits are {MOST_RUNS:,} runs and {MOST_CITIZEN_WEEKS / 1e12:,.0f} million million citizen-weeks. "
            "Ask for fewer points, replicates, citizens or years."
        )
