"""Say a thing once: the declarations that checks, pages, sliders and tests are made from.

It holds no values of the model; those stand beside the rules that use them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

GRADES = ("official", "published", "claimed", "derived", "calibrated", "assumed", "rival")
"""How good the evidence behind a number is, best first; `rival` marks a switch between explanations."""


def check_grade(called: str, grade: str) -> None:
    """A declaration of that grade of evidence can stand.

    Raises
    ------
    ValueError
        For a word that is no grade.
    """
    if grade not in GRADES:
        raise ValueError(f"{called}: grade '{grade}' is none of {', '.join(GRADES)}")


@dataclass(frozen=True)
class Parameter:
    """One number a rule uses: what it is called, its unit, its range, where it comes from."""

    label: str
    unit: str
    low: float
    high: float
    source: str
    grade: str
    symbol: str = ""

    def __post_init__(self) -> None:
        check_grade(self.label, self.grade)
        if not self.low <= self.high:
            raise ValueError(f"{self.label}: the range runs from {self.low} to {self.high}")


@dataclass(frozen=True)
class Column:
    """One state variable over a kind: its label, unit, storage type and range.

    `fixed` columns are written when the borough is built and never again.
    `per` is the width of a column that holds several numbers a row (the parts of a need), else 1.
    """

    label: str
    unit: str
    dtype: Any
    low: float | None = None
    high: float | None = None
    fixed: bool = False
    per: int = 1
    symbol: str = ""


Record = TypeVar("Record", bound=tuple[Any, ...])


@lru_cache
def declared(record: type, kind: type) -> dict[str, Any]:
    """Every field of a NamedTuple class with its declaration, in order.

    A field without a declaration is an error: nothing in a record may go undeclared. Read once a record, as
    every life and every changed parameter asks again; what it gives is not to be changed.
    """
    found = {}
    for name, hint in get_type_hints(record, include_extras=True).items():
        if get_origin(hint) is not Annotated:
            raise TypeError(f"{record.__name__}.{name} has no {kind.__name__} declaration")
        found[name] = next(arg for arg in get_args(hint)[1:] if isinstance(arg, kind))
    return found


def parameters_of(record: type) -> dict[str, Parameter]:
    """The declared parameters of a parameter record, by name."""
    return declared(record, Parameter)


def columns_of(record: type) -> dict[str, Column]:
    """The declared columns of a column record, by name."""
    return declared(record, Column)


def out_of_range(called: str, spec: Parameter, value: float) -> str:
    """What is wrong with a value that its declared range does not hold; empty where it does."""
    if spec.low <= float(value) <= spec.high:
        return ""
    return f"{called} ({spec.label}) is {value}; it must lie between {spec.low:g} and {spec.high:g} ({spec.unit})"


def changed(record: Record, **values: float) -> Record:
    """A copy of a parameter record with some values changed, each checked against its range.

    Raises
    ------
    ValueError
        For a name the record does not have, or a value outside the declared range.
    """
    specs = parameters_of(type(record))
    clean = {}
    for name, value in values.items():
        if name not in specs:
            raise ValueError(f"{type(record).__name__} has no parameter '{name}'")
        spec = specs[name]
        outside = out_of_range(f"{type(record).__name__}.{name}", spec, value)
        if outside:
            raise ValueError(outside)
        clean[name] = float(value)
    return record._replace(**clean)  # type: ignore[attr-defined]


def empty_columns(record: type, rows: int) -> Any:
    """A column record of that kind filled with zeros, `rows` long."""
    arrays = [
        np.zeros((rows, spec.per) if spec.per > 1 else rows, dtype=spec.dtype) for spec in columns_of(record).values()
    ]
    return record(*arrays)
