"""Factors: the levers, parameters and rivals that a sweep varies, and what a point of a design makes of a scenario.

Ranges come from the declarations; it makes no design and lives no run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dealsim.levers import LEVERS
from dealsim.parameters import RIVALS, Parameters, every_parameter, with_rivals, with_values
from dealsim.scenarios import Scenario

LEVER, PARAMETER, RIVAL = "lever", "parameter", "rival"
"""The kinds of factor: what a council does, what may be true of the world, and another explanation of it."""
TO_JOIN = "+"
"""Stands between the services of a list where a value is a cell of a table."""


@dataclass(frozen=True)
class Factor:
    """One thing a sweep varies: any number from `low` to `high`, or one of `values`.

    `since` is the date from which a lever is held; empty for the first week.
    """

    name: str
    kind: str
    label: str
    unit: str
    low: float
    high: float
    values: tuple[Any, ...] = ()
    since: str = ""
    is_whole: bool = False

    def at(self, share: float) -> Any:
        """The value that lies at a share (0 to 1) of the way through what the factor may be.

        >>> Factor("nerve", LEVER, "Nerve", "0–1", 0.2, 0.8).at(0.5)
        0.5
        >>> Factor("fast_word", RIVAL, "", "", 0, 1, (False, True)).at(0.6)
        True
        """
        if self.values:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        if self.is_whole:
            steps = int(self.high) - int(self.low) + 1
            return int(self.low) + min(int(share * steps), steps - 1)
        # the two ends exactly, whatever rounding makes of the sum
        return self.low + (self.high - self.low) * share if share < 1.0 else self.high

    def share_of(self, value: Any) -> float:
        """Where a value lies between the ends, 0 to 1: the middle of its part where there are only some values."""
        if self.values:
            # the usual value of a factor need not be among those a sweep asks for
            return (self.values.index(value) + 0.5) / len(self.values) if value in self.values else 0.5
        if self.is_whole:
            return (int(value) - int(self.low) + 0.5) / (int(self.high) - int(self.low) + 1)
        return (float(value) - self.low) / (self.high - self.low) if self.high > self.low else 0.5

    def usual_under(self, rivals: Sequence[str]) -> Any:
        """The value it has where nobody changes it and those rivals hold: a default, an old value, off or on."""
        if self.kind == RIVAL:
            return self.name in rivals
        if self.kind == PARAMETER:
            return every_parameter()[self.name][1]
        default: Any = LEVERS[self.name].default
        return int(default) if self.is_whole else default

    def as_dict(self) -> dict[str, Any]:
        """The factor as plain data."""
        said: dict[str, Any] = {"name": self.name, "kind": self.kind, "label": self.label, "unit": self.unit}
        if self.values:
            said["values"] = [list(value) if isinstance(value, tuple) else value for value in self.values]
        else:
            said |= {"low": self.low, "high": self.high}
        return said | ({"from": self.since} if self.since else {})


def factor_of(name: str) -> Factor | None:
    """The factor of that name over the whole of its declared range; none where nothing has that name.

    >>> factor_of("blame_culture").high, factor_of("citizen.trust_gain").kind, factor_of("fast_word").values
    (1.0, 'parameter', (False, True))
    """
    if name in LEVERS:
        lever = LEVERS[name]
        values: tuple[Any, ...] = ()
        if isinstance(lever.default, tuple):
            values = ((), lever.choices)
        elif lever.choices:
            values = lever.choices
        return Factor(
            name, LEVER, lever.label, lever.unit, float(lever.low), float(lever.high), values, "", lever.whole
        )  # fmt: skip
    if name in RIVALS:
        return Factor(name, RIVAL, RIVALS[name].meaning, "off or on", 0.0, 1.0, (False, True))
    if name in every_parameter():
        spec, _ = every_parameter()[name]
        return Factor(name, PARAMETER, spec.label, spec.unit, float(spec.low), float(spec.high))
    return None


def factor_names() -> tuple[str, ...]:
    """Everything a sweep can vary."""
    return (*LEVERS, *RIVALS, *every_parameter())


def applied(scenario: Scenario, factors: Sequence[Factor], values: Sequence[Any]) -> tuple[Scenario, Parameters]:
    """What a point makes of a scenario: its levers held, its rivals on or off, and the parameters of its world.

    Raises
    ------
    InputError
        When values that are each allowed cannot stand together.
    """
    of_kind: dict[str, dict[str, Any]] = {LEVER: {}, PARAMETER: {}, RIVAL: {}}
    since = {}
    for factor, value in zip(factors, values, strict=True):
        of_kind[factor.kind][factor.name] = value
        if factor.kind == LEVER and factor.since:
            since[factor.name] = factor.since
    made = scenario.with_levers(of_kind[LEVER], since) if of_kind[LEVER] else scenario
    switched = of_kind[RIVAL]
    if switched:
        on = [name for name in made.rivals if name not in switched]
        made = made.with_rivals((*on, *(name for name, is_on in switched.items() if is_on)))
    parameters = with_rivals(Parameters(), made.rivals)
    return made, with_values(parameters, of_kind[PARAMETER]) if of_kind[PARAMETER] else parameters


def parameters_touched(factor: Factor) -> frozenset[str]:
    """The parameters that a factor sets."""
    if factor.kind == PARAMETER:
        return frozenset((factor.name,))
    if factor.kind == RIVAL:
        return frozenset(f"{kind}.{name}" for kind, name, _ in RIVALS[factor.name].changes)
    return frozenset()


def cell_of(value: Any) -> Any:
    """A factor's value as a cell of a table: a list of services as one text."""
    return TO_JOIN.join(value) if isinstance(value, list | tuple) else value


def read_values(value: Any) -> Any:
    """A value from a file or from Python as a factor holds it: lists unchangeable."""
    return tuple(value) if isinstance(value, list | tuple) else value
