"""Which parameter sets look like England without a Deal, and move no faster than real programmes do?

Design, in stages; each keeps what it has lived, so that the study can be stopped and gone on with.
- Screen: Morris's trajectories over all parameters, a quarter of the declared range either way from the default,
  two lives a point, the same people at every point. A parameter is taken into matching if it is among the four
  that move a fitted pattern most against its tolerance, standing out from chance.
- Waves: a Latin hypercube over the declared ranges of the parameters taken; for every fitted pattern a Gaussian
  process is trained on what was lived; points whose implausibility is below 3 for all patterns are left, and the next
  wave is drawn from them. Implausibility: distance from the middle of the target, over the root of the emulator's
  variance, chance of one borough, and a quarter of the squared width of the target (its range is read as two
  standard deviations either way).
- Likelihood-free: sequential Monte Carlo over the emulators, inside what is left, then every particle is lived for
  real in two boroughs and kept if it misses no more fitted patterns than the tolerance of the last generation.
- Split: the share of episodes that end without a service is fixed by no pattern. The ensemble holds sets with a low
  (at most 0.6), a middle and a high share (at least 0.85), as far as any are left; it is said if not.
- Recovery: 100 lived points of the last wave serve in turn as made-up data, with emulators that never saw them.
- Rivals: each other explanation under 20 sets of the ensemble.

Written before the first run:
- it fails if fewer than 100 sets are kept, or if no set holds all but three of the fitted patterns;
- a pattern that no set reaches is said to be one the model cannot show, with the nearest value reached;
- the method fails its own test if fewer than 80 % of true values lie inside the 90 % intervals.
No outcome of Wigan's is used.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import points
import study

from dealsim.parameters import every_parameter
from dealsim.patterns.national import FIT, PATTERNS
from dealsim.sweeps.designs import MORRIS, Design, points_of
from dealsim.sweeps.factors import Factor, factor_of

FITTED = tuple(name for name, pattern in PATTERNS.items() if pattern.use == FIT)
FOLDER = Path(os.environ.get("DEALSIM_STUDIES", study.ROOT / "results" / "experiments")) / "07_parts"
FULL = {"size": 5_000, "trajectories": 5}
SEED = 7


def quarter(name: str) -> tuple[float, float]:
    """A quarter of a parameter's declared range either way from its default, within that range."""
    spec, default = every_parameter()[name]
    reach = (spec.high - spec.low) / 4.0
    return max(spec.low, default - reach), min(spec.high, default + reach)


def around_default(names: Sequence[str]) -> list[Factor]:
    """The parameters as factors, each within a quarter of its range of its default."""
    found = []
    for name in names:
        factor, (low, high) = factor_of(name), quarter(name)
        assert factor is not None
        found.append(replace(factor, low=low, high=high))
    return found


def screened(size: int, trajectories: int, names: Sequence[str]) -> tuple[pd.DataFrame, np.ndarray]:
    """Live the trajectories: what was read off, and the points in the unit cube."""
    factors = around_default(names)
    drawn = points_of(Design(MORRIS, (trajectories,)), factors, SEED)
    table = pd.DataFrame(drawn.values, columns=list(names))
    lived = points.lived("screen", points.points_at(table, size=size, seed=SEED, lives=2, shared=True), FOLDER)
    return lived, drawn.unit


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stage", default="all")
    asked = parser.parse_args()
    lived, unit = screened(FULL["size"], FULL["trajectories"], list(every_parameter()))
    print(len(lived), unit.shape)
