"""The calibrated parameter sets shipped with the model, and how strongly each parameter moves each headline.

It reads three small files made by the calibration study and holds nothing of the method.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dealsim.errors import InputError

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Influence:
    """How strongly one parameter moves one metric: a mean absolute elementary effect with its interval.

    `of` is `level` (the old regime) or `difference` (what everything the Deal is made of changes in years 5 and 6). `chance` is the
    effect that chance alone gives; only parameters that stand out from it are listed.
    """

    of: str
    metric: str
    parameter: str
    mu: float
    mu_star: float
    low: float
    high: float
    chance: float
    converged: bool


@lru_cache(maxsize=1)
def parameter_sets() -> tuple[Mapping[str, float], ...]:
    """Every parameter set of the ensemble as `{"kind.name": value}`; what a set does not name stays at its default.

    The order is fixed, and any first few are spread over the ensemble like the whole of it.
    """
    with (_FOLDER / "ensemble.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple(MappingProxyType({name: float(value) for name, value in row.items() if name != "set"}) for row in rows)


def first_sets(number: int) -> tuple[Mapping[str, float], ...]:
    """The first sets of the ensemble.

    Raises
    ------
    InputError
        When the ensemble holds fewer.
    """
    known = parameter_sets()
    if isinstance(number, bool) or not isinstance(number, int) or not 2 <= number <= len(known):
        raise InputError(f"ensemble is {number!r}; it must be a whole number from 2 to {len(known)}")
    return known[:number]


@lru_cache(maxsize=1)
def provenance() -> Mapping[str, Any]:
    """Where the ensemble comes from: the study, its seed, the model version and what each set had to reach."""
    found: dict[str, Any] = json.loads((_FOLDER / "ensemble.json").read_text(encoding="utf-8"))
    return MappingProxyType(found)


SETTLED_BELOW = 0.75
"""Width of the middle 90 % of sets, as a share of nine tenths of the declared range, below which a value is settled."""


def is_settled(parameter: str) -> bool:
    """Whether the sets of the ensemble agree about a parameter, at least in part; false for one that no set moves."""
    width = provenance().get("of_range", {}).get(parameter)
    return width is not None and width < SETTLED_BELOW


UNSETTLED = "calibrated, not settled"
"""How the grade of a value is shown that was fitted, though the sets of the ensemble do not agree about it."""


def grade_shown(parameter: str, grade: str) -> str:
    """The grade of a parameter's evidence, with what calibration could not settle said."""
    return UNSETTLED if grade == "calibrated" and not is_settled(parameter) else grade


@lru_cache(maxsize=1)
def influences() -> tuple[Influence, ...]:
    """Every parameter that moves a headline metric more than chance does, the strongest first for each."""
    with (_FOLDER / "influence.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = [
        Influence(
            of=row["of"],
            metric=row["metric"],
            parameter=row["parameter"],
            mu=float(row["mu"]),
            mu_star=float(row["mu_star"]),
            low=float(row["low"]),
            high=float(row["high"]),
            chance=float(row["chance"]),
            converged=row["converged"] == "True",
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda one: (one.of, one.metric, -one.mu_star)))
