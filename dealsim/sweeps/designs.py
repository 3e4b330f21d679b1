"""Designs: which points of the factors' space a sweep visits, made by scipy and SALib from a seed.

Points are shares of each factor's range, 0 to 1; it knows no model.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dealsim.sweeps.factors import LEVER, Factor

FACTORIAL, LATIN_HYPERCUBE, QUASI_RANDOM, SOBOL, MORRIS, POINTS = (
    "factorial", "latin_hypercube", "quasi_random", "sobol", "morris", "points",
)  # fmt: skip
KINDS = (FACTORIAL, LATIN_HYPERCUBE, QUASI_RANDOM, SOBOL, MORRIS, POINTS)
SIZED_BY = {
    LATIN_HYPERCUBE: "points",
    QUASI_RANDOM: "points",
    SOBOL: "points",
    MORRIS: "trajectories",
    FACTORIAL: "levels",
    POINTS: "points",
}
"""What says how large a design is."""
MORRIS_LEVELS = 4
"""Steps of Morris's grid: the usual number, whose elementary effects span two thirds of a range."""


@dataclass(frozen=True)
class Design:
    """A design as asked for.

    `blocks` are the sizes of its blocks, each drawn with a seed of its own, so that a block more leaves the points
    of those before it alone. With `futures`, levers are designed apart from parameters and rivals, and every mix of
    levers meets every future; the first future is the best guess, where everything has its usual value.
    """

    kind: str
    blocks: tuple[int, ...] = ()
    futures: tuple[int, ...] = ()
    listed: tuple[tuple[Any, ...], ...] = ()

    @property
    def is_crossed(self) -> bool:
        """True where levers and futures are designed apart."""
        return bool(self.futures)

    def as_dict(self) -> dict[str, Any]:
        """The design as plain data."""
        said: dict[str, Any] = {"kind": self.kind}
        if self.blocks:
            said[SIZED_BY[self.kind]] = list(self.blocks)
        if self.futures:
            said["futures"] = list(self.futures)
        return said


@dataclass(frozen=True)
class Points:
    """The points of a design: a value for each factor, and where it lies between the ends of its range.

    `values` has one row a point; `unit` is `[point, factor]`, 0 to 1.
    """

    values: tuple[tuple[Any, ...], ...]
    unit: np.ndarray

    def __len__(self) -> int:
        return len(self.values)


def count_points(design: Design, factors: Sequence[Factor]) -> int:
    """How many points a design has, without making them."""
    if design.kind == POINTS:
        return len(design.listed)
    if design.kind == FACTORIAL:
        levels = design.blocks[0] if design.blocks else 1
        return math.prod(len(factor.values) or _levels_of(factor, levels) for factor in factors)
    rows = {SOBOL: len(factors) + 2, MORRIS: len(factors) + 1}.get(design.kind, 1)
    return sum(design.blocks) * rows * (sum(design.futures) + 1 if design.futures else 1)


def _levels_of(factor: Factor, levels: int) -> int:
    """How many different values so many levels of a range are."""
    return min(levels, int(factor.high) - int(factor.low) + 1) if factor.is_whole else levels


def points_of(design: Design, factors: Sequence[Factor], seed: int, rivals: Sequence[str] = ()) -> Points:
    """The points of a design, the same for the same design, factors and seed; `rivals` hold at the best guess."""
    if design.kind == POINTS:
        shares = [[factor.share_of(v) for factor, v in zip(factors, row, strict=True)] for row in design.listed]
        return Points(design.listed, np.array(shares, np.float64).reshape(len(design.listed), len(factors)))
    if not design.is_crossed:
        return _at(factors, unit_points(design, factors, design.blocks, seed))
    levers = [k for k, factor in enumerate(factors) if factor.kind == LEVER]
    others = [k for k, factor in enumerate(factors) if factor.kind != LEVER]
    mixes = _at([factors[k] for k in levers], unit_points(design, [factors[k] for k in levers], design.blocks, seed))
    worlds = [factors[k] for k in others]
    futures = _at(worlds, unit_points(design, worlds, design.futures, _seed_of(seed, "futures", 0)))
    usual = tuple(factor.usual_under(rivals) for factor in worlds)
    all_futures = [usual, *futures.values]
    all_units = np.vstack([[factor.share_of(v) for factor, v in zip(worlds, usual, strict=True)], futures.unit])
    order = np.argsort([*levers, *others])
    rows, units = [], []
    # futures turn slowest, so that more mixes or more futures can share what is burnt in once for each future
    for future, world in enumerate(all_futures):
        for mix, held in enumerate(mixes.values):
            row = (*held, *world)
            rows.append(tuple(row[k] for k in order))
            units.append(np.concatenate([mixes.unit[mix], all_units[future]])[order])
    return Points(tuple(rows), np.array(units))


def _at(factors: Sequence[Factor], unit: np.ndarray) -> Points:
    values = tuple(tuple(factor.at(float(u)) for factor, u in zip(factors, row, strict=True)) for row in unit)
    return Points(values, unit)


def unit_points(design: Design, factors: Sequence[Factor], blocks: Sequence[int], seed: int) -> np.ndarray:
    """Points in the unit cube, `[point, factor]`; none for no factors."""
    if not factors:
        return np.zeros((1, 0))
    if design.kind == FACTORIAL:
        return _factorial(factors, blocks[0] if blocks else 0)
    make = {
        LATIN_HYPERCUBE: _latin_hypercube,
        QUASI_RANDOM: _quasi_random,
        SOBOL: _sobol,
        MORRIS: _morris,
    }[design.kind]
    return np.vstack([make(len(factors), size, _seed_of(seed, design.kind, n)) for n, size in enumerate(blocks)])


def _factorial(factors: Sequence[Factor], levels: int) -> np.ndarray:
    """Every combination of every value; a range is cut into so many levels, both ends among them."""
    steps = []
    for factor in factors:
        if factor.values:
            steps.append([(k + 0.5) / len(factor.values) for k in range(len(factor.values))])
        else:
            n = _levels_of(factor, levels)
            steps.append([0.5] if n == 1 else np.linspace(0.0, 1.0, n).tolist())
    return np.array(list(itertools.product(*steps)), np.float64)


def _latin_hypercube(width: int, size: int, seed: int) -> np.ndarray:
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(width, rng=np.random.default_rng(seed)).random(size))


def _quasi_random(width: int, size: int, seed: int) -> np.ndarray:
    from scipy.stats import qmc

    return np.asarray(qmc.Sobol(width, scramble=True, rng=np.random.default_rng(seed)).random(size))


def _sobol(width: int, size: int, seed: int) -> np.ndarray:
    """Saltelli's scheme: for each base row the row itself, it with each factor taken from another, and the other."""
    from SALib.sample import sobol

    return np.asarray(sobol.sample(_problem(width), size, calc_second_order=False, seed=seed % 2**32))


def _morris(width: int, size: int, seed: int) -> np.ndarray:
    """So many trajectories, each drawn by itself, so that one more leaves those before it as they are."""
    from SALib.sample import morris

    made = [
        morris.sample(_problem(width), 1, num_levels=MORRIS_LEVELS, seed=_seed_of(seed, "trajectory", n) % 2**32)
        for n in range(size)
    ]
    return np.vstack(made)


def _problem(width: int) -> dict[str, Any]:
    """A problem as SALib names it."""
    return {"num_vars": width, "names": [f"x{k}" for k in range(width)], "bounds": [[0.0, 1.0]] * width}


def _seed_of(seed: int, what: str, number: int) -> int:
    """A seed of its own for each block: added seeds would meet."""
    return int.from_bytes(hashlib.sha256(f"dealsim/design/{what}/{seed}/{number}".encode()).digest()[:8], "big") >> 1
