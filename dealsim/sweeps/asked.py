"""What a sweep asks for: one file of the scenarios' family, or the same as a Python mapping, checked as a whole.

It makes no points and lives no run; every mistake is told at once, with its line.
"""

from __future__ import annotations

import csv
import itertools
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dealsim.calendar import WEEKS_A_MONTH, WEEKS_A_YEAR
from dealsim.errors import InputError
from dealsim.levers import LEVERS
from dealsim.metrics import HEADLINE, METRICS
from dealsim.plans import DEFAULT_SIZE, DEFAULT_YEARS, LARGEST_SIZE, MOST_REPLICATES, MOST_SCENARIOS, MOST_YEARS
from dealsim.scenarios import Scenario, load, plain_data, shipped_names
from dealsim.scenarios.reading import Document, Place, dotted, read_file
from dealsim.scenarios.timetable import DateError, week_of
from dealsim.scenarios.wording import brief, meant_number, shown, suggestion
from dealsim.sweeps.designs import (
    FACTORIAL,
    KINDS,
    LATIN_HYPERCUBE,
    MORRIS,
    POINTS,
    QUASI_RANDOM,
    SIZED_BY,
    SOBOL,
    Design,
)
from dealsim.sweeps.factors import (
    LEVER,
    RIVAL,
    TO_JOIN,
    Factor,
    factor_names,
    factor_of,
    parameters_touched,
    read_values,
)

FORMAT = 1
SPREAD_OUT = (LATIN_HYPERCUBE, QUASI_RANDOM, SOBOL)
"""Designs that are spread out to tell shares of variance."""
DEFAULT_REPLICATES = 10
MOST_POINTS = 5_000_000
MOST_FACTORS = 300
MOST_NAME = 80
GROUPS = ("all", "quintile", "place", "service")
"""Kinds of group whose figures a sweep can keep."""
PARTS = (
    "format", "name", "question", "author", "date", "sources", "base", "scenarios", "size", "years", "seed",
    "replicates", "boroughs", "lives", "design", "factors", "outputs", "targets", "stop_at",
)  # fmt: skip
SHARED, OWN = "shared", "own"
"""Whether all points have the same lives, so that differences between points are of pairs, or each point its own."""
MORE, LESS = "at_least", "at_most"
CHANGE = "change_"
BOUNDS = (LESS, MORE, CHANGE + LESS, CHANGE + MORE)


@dataclass(frozen=True)
class Outputs:
    """What is kept of every run: measures, groups, and a mean for every so many weeks (0: no series)."""

    metrics: tuple[str, ...] = HEADLINE
    groups: tuple[str, ...] = ("all",)
    every: int = WEEKS_A_YEAR


@dataclass(frozen=True)
class Target:
    """A measure that must be at most, or at least, some figure; with `is_change` its change from the base must."""

    metric: str
    bound: float
    is_most: bool
    is_change: bool

    def reached(self, values: Any) -> Any:
        """Whether values reach it: those of the measure, or of its change where it is about change."""
        return values <= self.bound if self.is_most else values >= self.bound

    @property
    def in_words(self) -> str:
        """The target in words."""
        what = METRICS[self.metric].label
        about = f"{what} against the base" if self.is_change else what
        return f"{about}: {'at most' if self.is_most else 'at least'} {self.bound:g} ({METRICS[self.metric].unit})"


@dataclass(frozen=True)
class StopAt:
    """When enough replicates have been lived: half the interval of a measure is at most so much at every point."""

    metric: str
    error: float
    most: int


@dataclass(frozen=True)
class Asked:
    """A checked sweep: everything but where and with how many workers it is carried out."""

    name: str
    scenarios: tuple[Scenario, ...]
    factors: tuple[Factor, ...]
    design: Design
    size: int = DEFAULT_SIZE
    years: int = DEFAULT_YEARS
    seed: int = 1
    replicates: int = DEFAULT_REPLICATES
    boroughs: int = 1
    lives: str = SHARED
    outputs: Outputs = Outputs()
    targets: tuple[Target, ...] = ()
    stop_at: StopAt | None = None
    header: Mapping[str, Any] = field(default_factory=dict)
    text: str = field(default="", repr=False)

    @property
    def weeks(self) -> int:
        """Weeks lived after burn-in."""
        return self.years * WEEKS_A_YEAR

    @property
    def moves_parameters(self) -> bool:
        """True where points differ in the world and not only in levers, so that each needs a burn-in of its own."""
        return any(factor.kind != LEVER for factor in self.factors)


def is_sweep(document: Document) -> bool:
    """Whether a file asks for a sweep rather than being a scenario."""
    return isinstance(document.data, Mapping) and ("design" in document.data or "factors" in document.data)


def is_sweep_file(given: str | Path) -> bool:
    """Whether a path is that of a file that asks for a sweep; False for whatever cannot be read."""
    try:
        return str(given) not in shipped_names() and is_sweep(read_file(Path(given), str(given)))
    except InputError:
        return False


def read_asked(given: str | Path | Mapping[str, Any]) -> Asked:
    """A sweep from a file, or from a mapping with the same parts.

    In a mapping, `design: {kind: points, points: …}` may also hold a pandas table, one row a point.

    Raises
    ------
    InputError
        With every problem found.
    """
    listed: list[Any] | None = None
    if isinstance(given, Mapping):
        given, listed = _without_points(given)
        data = plain_data(given)
        document = Document("sweep", json.dumps(data, indent=2, ensure_ascii=False) + "\n", data)
    elif isinstance(given, str | Path):
        if str(given) in shipped_names() and not Path(given).exists():
            raise InputError(f"'{given}' is a scenario; a sweep is a file of its own that names it as its `base:`")
        document = read_file(Path(given), str(given))
    else:
        raise InputError(f"a sweep is a file or a mapping, not {type(given).__name__}")
    return _Reader(document, listed).read()


def _without_points(given: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Any] | None]:
    """A mapping without its listed points, which may be far more than a page holds."""
    design: Any = given.get("design")
    points = design.get("points") if isinstance(design, Mapping) and design.get("kind") == POINTS else None
    if isinstance(points, pd.DataFrame):
        points = list(points.to_dict("records"))
    if not isinstance(points, list | tuple):
        return given, None
    rows = [
        {name: value.item() if isinstance(value, np.generic) else value for name, value in row.items()}
        if isinstance(row, Mapping)
        else row
        for row in points
    ]
    return {**given, "design": {key: value for key, value in design.items() if key != "points"}}, rows


class _Reader:
    """Reads one document part by part, and keeps what is wrong with it."""

    def __init__(self, document: Document, listed: list[Any] | None) -> None:
        self.document = document
        self.listed = listed
        self.problems: list[tuple[tuple[int, int], str]] = []

    def wrong(self, place: Place, message: str, allowed: str = "", *, at_key: bool = False) -> None:
        mark = self.document.mark(place, at_key=at_key) or (0, 0)
        self.problems.append((mark, self.document.problem(place, message, allowed, at_key=at_key)))

    def read(self) -> Asked:
        data = self.document.data
        if not isinstance(data, Mapping):
            said = "the file is empty" if data is None else f"a sweep is made of `name: value` lines, not {brief(data)}"
            self.wrong((), said, "a sweep begins with `name:`")
            raise self.refused()
        if "format" in data and (type(data["format"]) is not int or data["format"] < 1):
            self.wrong(("format",), f"format is {brief(data['format'])}", "1")
        elif "format" in data and data["format"] > FORMAT:
            self.wrong(("format",), f"this file is of format {data['format']}, newer than this dealsim reads", "1")
            raise self.refused()
        self.keys((), data, PARTS, "a sweep")
        if not is_sweep(self.document):
            self.wrong((), "a sweep needs `factors:` and `design:`; this may be a scenario", ", ".join(PARTS))
            raise self.refused()
        name = self.text((), "name", required=True)
        header: dict[str, Any] = {key: self.text((), key) for key in ("question", "author", "date") if key in data}
        sources = data.get("sources", [])
        if isinstance(sources, list) and all(isinstance(source, str) for source in sources):
            header |= {"sources": sources} if sources else {}
        else:
            self.wrong(("sources",), "sources wants a list of texts", "- src-choice")
        scenarios = self.scenarios()
        factors = self.factors()
        design, factors = self.design(factors)
        asked = Asked(
            name=name,
            scenarios=tuple(scenarios),
            factors=tuple(factors),
            design=design,
            size=self.whole((), "size", 1, LARGEST_SIZE, self._size(scenarios)),
            years=self.whole((), "years", 1, MOST_YEARS, DEFAULT_YEARS),
            seed=self.whole((), "seed", 0, 2**63 - 1, 1),
            replicates=self.whole((), "replicates", 1, MOST_REPLICATES, DEFAULT_REPLICATES),
            boroughs=self.whole((), "boroughs", 1, MOST_REPLICATES, 1),
            lives=self.lives(design),
            outputs=self.outputs(),
            targets=self.targets(len(scenarios)),
            header={key: value for key, value in header.items() if value},
            text=self.document.text,
        )
        asked = replace(asked, stop_at=self.stop_at(asked))
        for n, target in enumerate(asked.targets):
            if target.metric not in asked.outputs.metrics:
                place: Place = ("targets", n, "metric")
                self.wrong(place, f"{target.metric} is not among the metrics kept", dotted(("outputs", "metrics")))
        if asked.boroughs > asked.replicates:
            self.wrong(("boroughs",), f"boroughs is {asked.boroughs} and replicates {asked.replicates}",
                       "at least as many replicates as boroughs, over which they are spread")  # fmt: skip
        for factor in asked.factors:
            if factor.since and week_of(factor.since) >= asked.weeks:
                message = f"{factor.name} would be held from {factor.since} on, after the last week"
                self.wrong(("factors", factor.name, "from"), message, "a date within the years lived")
        if asked.outputs.every and asked.outputs.every > asked.weeks:
            self.wrong(("outputs", "every"), f"every {asked.outputs.every} weeks is longer than the run",
                       f"at most {asked.weeks}")  # fmt: skip
        if self.problems:
            raise self.refused()
        return asked

    def refused(self) -> InputError:
        ordered = sorted(range(len(self.problems)), key=lambda k: (self.problems[k][0], k))
        return InputError(list(dict.fromkeys(self.problems[k][1] for k in ordered)))

    @staticmethod
    def _size(scenarios: Sequence[Scenario]) -> int:
        return scenarios[0].size if scenarios and scenarios[0].size else DEFAULT_SIZE

    def keys(self, place: Place, part: Mapping[str, Any], allowed: Iterable[str], what: str) -> None:
        allowed = tuple(allowed)
        for key in part:
            if key not in allowed:
                message = f"{what} has no {brief(key)}{suggestion(key, allowed)}"
                self.wrong((*place, key), message, ", ".join(allowed), at_key=True)

    def part(self, place: Place, key: str, kind: type, wanted: str) -> Any:
        """A part of the file of that kind; an empty one where it is missing or something else."""
        around = self.at(place)
        value = around.get(key)
        if value is None and key not in around:
            return kind()
        if not isinstance(value, kind):
            self.wrong((*place, key), f"{key} wants {wanted}, not {brief(value)}", wanted)
            return kind()
        return value

    def at(self, place: Place) -> Any:
        found = self.document.data
        for part in place:
            found = found[part]
        return found

    def text(self, place: Place, key: str, *, required: bool = False) -> str:
        value = self.at(place).get(key)
        if value is None and key not in self.at(place):
            if required:
                self.wrong(place, f"a sweep needs '{key}'", f"{key}: a name of at most {MOST_NAME} characters")
            return ""
        if key == "date" and isinstance(value, int):
            return str(value)
        most = MOST_NAME if key in ("name", "author", "date") else 1_000
        if not isinstance(value, str) or not value.strip():
            self.wrong((*place, key), f"{key} wants text, not {brief(value)}", "text; a number goes in quotes")
            return ""
        if len(value) > most:
            self.wrong((*place, key), f"{key} is longer than {most} characters", f"at most {most} characters")
        if any(not char.isprintable() for char in " ".join(value.split())):
            self.wrong((*place, key), f"{key} holds a control character", "printable text")
        return " ".join(value.split())

    def whole(self, place: Place, key: str, low: int, high: int, otherwise: int) -> int:
        if key not in self.at(place):
            return otherwise
        return self.whole_at((*place, key), self.at(place)[key], key, low, high, otherwise)

    def whole_at(self, place: Place, value: Any, called: str, low: int, high: int, otherwise: int) -> int:
        allowed = f"{low:,} to {high:,}"
        if isinstance(value, bool) or not isinstance(value, int):
            guess = meant_number(value, low, high)
            self.wrong(place, f"{called} wants a whole number, not {brief(value)}{guess}", allowed)
        elif not low <= value <= high:
            self.wrong(place, f"{called} is {value:,}", allowed)
        else:
            return value
        return otherwise

    def number(self, place: Place, value: Any, called: str, low: float, high: float, unit: str = "") -> float | None:
        allowed = f"{low:g} to {high:g}" + (f" ({unit})" if unit and unit != "0–1" else "")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or abs(value) > sys.float_info.max or value != value:
            guess = meant_number(value, low, high)
            self.wrong(place, f"{called} wants a number, not {brief(value)}{guess}", allowed)
        elif not low <= value <= high:
            self.wrong(place, f"{called} is {value:g}", allowed)
        else:
            return float(value)
        return None

    def scenarios(self) -> list[Scenario]:
        data = self.document.data
        wanted: list[tuple[Place, Any]] = [(("base",), data["base"])] if "base" in data else []
        if not wanted:
            self.wrong((), "a sweep needs 'base'", f"base: {', '.join(shipped_names())}, or a file beside this one")
        others = self.part((), "scenarios", list, "a list of scenarios")
        wanted += [(("scenarios", n), other) for n, other in enumerate(others)]
        if len(wanted) > MOST_SCENARIOS:
            self.wrong(("scenarios",), f"{len(others)} scenarios are named", f"at most {MOST_SCENARIOS - 1}")
        found: list[Scenario] = []
        for place, given in wanted:
            scenario = self.scenario(place, given)
            if scenario is None:
                continue
            if any(other.name == scenario.name for other in found):
                self.wrong(place, f"two of the scenarios are called {brief(scenario.name)}", "a name each")
            elif found and scenario.place != found[0].place:
                self.wrong(place, f"{brief(scenario.name)} is about {scenario.place}, and the base is not", "one place")
            else:
                found.append(scenario)
        return found

    def scenario(self, place: Place, given: Any) -> Scenario | None:
        if not isinstance(given, str):
            self.wrong(place, f"a scenario is a name or a file, not {brief(given)}", ", ".join(shipped_names()))
            return None
        home = self.document.path.resolve().parent if self.document.path is not None else Path().resolve()
        try:
            if given in shipped_names():
                return load(given)
            beside = next((home / f"{given}{end}" for end in ("", ".yaml", ".yml") if (home / f"{given}{end}").is_file()),
                          None)  # fmt: skip
            if beside is None:
                guess = suggestion(given, shipped_names())
                self.wrong(place, f"there is no scenario {brief(given)}{guess}",
                           f"{', '.join(shipped_names())}, or a file beside this one")  # fmt: skip
                return None
            return load(beside)
        except (InputError, OSError, ValueError) as error:
            problems = error.problems if isinstance(error, InputError) else [shown(str(error))]
            self.problems += [((self.document.mark(place) or (0, 0)), problem) for problem in problems]
            return None

    def factors(self) -> list[Factor]:
        given = self.part((), "factors", dict, "`name: {low: …, high: …}` lines")
        found = []
        if len(given) > MOST_FACTORS:
            self.wrong(("factors",), f"{len(given)} factors are named", f"at most {MOST_FACTORS}")
        for name, about in given.items():
            place: Place = ("factors", name)
            factor = factor_of(name)
            if factor is None:
                self.wrong(place, f"there is no lever, parameter or rival {brief(name)}{suggestion(name, factor_names())}",
                           "a lever, `kind.parameter` or a rival (`dealsim params` lists them)", at_key=True)  # fmt: skip
                continue
            made = self.factor(place, factor, about)
            if made is not None:
                found.append(made)
        for one, other in itertools.combinations(found, 2):
            both = parameters_touched(one) & parameters_touched(other)
            if both:
                self.wrong(("factors", other.name), f"{other.name} and {one.name} both set {sorted(both)[0]}",
                           f"one of them; or {sorted(both)[0]} itself, with `values`", at_key=True)  # fmt: skip
        return found

    def factor(self, place: Place, factor: Factor, about: Any) -> Factor | None:
        if about is None or about == {}:
            return factor
        if isinstance(about, list):
            values = self.values(place, factor, about)
            return None if values is None else replace(factor, values=values)
        if not isinstance(about, Mapping):
            self.wrong(place, f"{factor.name} wants its range or its values, not {brief(about)}",
                       "{low: …, high: …}, {values: […]}, or nothing for all of its range")  # fmt: skip
            return None
        allowed = ("low", "high", "values", "from") if factor.kind == LEVER else ("low", "high", "values")
        self.keys(place, about, allowed, f"{factor.name} as a factor")
        since = ""
        if factor.kind == LEVER and "from" in about:
            try:
                week_of(about["from"])
                since = about["from"]
            except (DateError, TypeError) as error:
                self.wrong((*place, "from"), str(error) if isinstance(error, DateError) else "this is no date",
                           "YYYY-MM or YYYY-MM-DD")  # fmt: skip
        if "values" in about:
            values = self.values((*place, "values"), factor, about["values"])
            return None if values is None else replace(factor, values=values, since=since)
        if factor.values:
            if "low" in about or "high" in about:
                self.wrong(place, f"{factor.name} is no number, so it has no low or high",
                           "values: " + ", ".join(brief(v) for v in factor.values))  # fmt: skip
                return None
            return replace(factor, since=since)
        ends = []
        for key, otherwise in (("low", factor.low), ("high", factor.high)):
            value: Any = otherwise
            if key in about:
                value = self.number(
                    (*place, key), about[key], f"{factor.name}, {key}", factor.low, factor.high, factor.unit
                )
            ends.append(value)
        if None in ends:
            return None
        low, high = ends
        if factor.is_whole and (low != int(low) or high != int(high)):
            self.wrong(place, f"{factor.name} takes whole numbers", "whole ends")
            return None
        if low >= high:
            self.wrong(place, f"{factor.name}: low is {low:g} and high {high:g}", "a low below the high")
            return None
        return replace(factor, low=low, high=high, since=since)

    def values(self, place: Place, factor: Factor, given: Any) -> tuple[Any, ...] | None:
        if not isinstance(given, list) or not given:
            self.wrong(place, f"{factor.name}: values wants a list, not {brief(given)}", "[0.2, 0.8]")
            return None
        before = len(self.problems)
        values = tuple(self.value((*place, n), factor, value) for n, value in enumerate(given))
        if len(self.problems) == before and len(set(values)) < len(values):
            self.wrong(place, f"{factor.name}: a value is in the list twice", "each value once")
        return values if len(self.problems) == before else None

    def value(self, place: Place, factor: Factor, value: Any) -> Any:
        """One value of a factor, as it is held."""
        if factor.kind == RIVAL:
            if value in (0, 1) and isinstance(value, int | float):
                return bool(value)  # a table may have written true and false so
            if not isinstance(value, bool):
                self.wrong(place, f"{factor.name} is a rival: it is on or off, not {brief(value)}", "true, false")
            return value
        lever = LEVERS.get(factor.name) if factor.kind == LEVER else None
        if lever is not None and lever.choices:
            if isinstance(lever.default, tuple):
                if not isinstance(value, list | tuple) or any(part not in lever.choices for part in value):
                    self.wrong(place, f"{factor.name} wants lists of services", f"lists of {', '.join(lever.choices)}")
                    return ()
                return read_values(value)
            if value not in lever.choices:
                self.wrong(place, f"{factor.name} cannot be {brief(value)}{suggestion(value, lever.choices)}",
                           ", ".join(lever.choices))  # fmt: skip
            return value
        if factor.is_whole:
            value = int(value) if isinstance(value, float) and value.is_integer() else value
            return self.whole_at(place, value, factor.name, int(factor.low), int(factor.high), int(factor.low))
        return self.number(place, value, factor.name, factor.low, factor.high, factor.unit)

    def design(self, factors: list[Factor]) -> tuple[Design, list[Factor]]:
        nothing = Design(FACTORIAL), factors
        part = self.part((), "design", dict, "`{kind: …, points: …}`")
        if not part:
            if not isinstance(self.document.data.get("design"), Mapping) and "design" in self.document.data:
                return nothing
            self.wrong((), "a sweep needs 'design'", "design: {kind: latin_hypercube, points: 500}")
            return nothing
        kind = part.get("kind")
        if kind not in KINDS:
            where: Place = ("design", "kind") if "kind" in part else ("design",)
            self.wrong(where, f"there is no design {brief(kind)}{suggestion(kind, KINDS)}", ", ".join(KINDS))
            return nothing
        can_cross = kind in (LATIN_HYPERCUBE, QUASI_RANDOM)
        allowed = ["kind", SIZED_BY[kind]] + (["file"] if kind == POINTS else []) + (["futures"] if can_cross else [])
        self.keys(("design",), part, allowed, f"a design of kind {kind}")
        if kind == POINTS:
            return self.listed_points(part, factors)
        if not factors:
            if not self.document.data.get("factors"):
                self.wrong((), "a sweep needs 'factors'", "factors: {blame_culture: {low: 0, high: 0.9}}")
            return nothing
        if kind == FACTORIAL:
            ranges = [factor.name for factor in factors if not factor.values]
            levels = self.whole(("design",), "levels", 1, 1_000, 0)
            if ranges and not levels:
                self.wrong(
                    ("design",), f"{', '.join(ranges[:3])}: how many levels?", "levels: 3; or `values` of a factor"
                )
            design = Design(kind, (levels,) if levels else ())
        else:
            blocks = self.blocks(part, SIZED_BY[kind], kind)
            design = Design(kind, blocks or (1,))
        if can_cross and "futures" in part:
            kinds = {factor.kind == LEVER for factor in factors}
            if kinds != {True, False}:
                self.wrong(("design", "futures"), "futures are parameters and rivals, met by every mix of levers",
                           "factors of both sorts, or no futures")  # fmt: skip
            else:
                design = replace(design, futures=self.blocks(part, "futures", kind) or (1,))
        return design, factors

    def blocks(self, part: Mapping[str, Any], key: str, kind: str) -> tuple[int, ...]:
        """The size of a design, or of each of its blocks."""
        place: Place = ("design", key)
        if key not in part:
            self.wrong(("design",), f"a design of kind {kind} needs '{key}'", f"{key}: a whole number")
            return ()
        given = part[key]
        sizes = given if isinstance(given, list) else [given]
        if kind in (QUASI_RANDOM, SOBOL, MORRIS) and len(sizes) > 1:
            self.wrong(place, f"a {kind} design has one size: a larger one holds the points of a smaller", "one number")
            return ()
        read = []
        for n, size in enumerate(sizes):
            at: Place = (*place, n) if isinstance(given, list) else place
            read.append(self.whole_at(at, size, key, 1, MOST_POINTS, 1))
            if kind in (QUASI_RANDOM, SOBOL) and isinstance(size, int) and size > 0 and size & (size - 1):
                near = 2 ** round(math.log2(size))
                self.wrong(
                    at, f"{key} is {size}; this design is even only for powers of two", f"{near}, or another power"
                )
        return tuple(read)

    def listed_points(self, part: Mapping[str, Any], factors: list[Factor]) -> tuple[Design, list[Factor]]:
        """Points one by one: in the file, in a CSV file beside it, or as rows from Python."""
        rows: Any = self.listed if self.listed is not None else part.get("points")
        place: Place = ("design", "points")
        if "file" in part and rows is not None:
            self.wrong(("design",), "points are given twice: here and in a file", "one of points, file")
        elif "file" in part:
            rows = self.rows_of_file(part["file"])
            place = ("design", "file")
        if not isinstance(rows, list) or not rows:
            self.wrong(("design",), "no points are given", "points: [{blame_culture: 0.1}, …], or file: points.csv")
            return Design(POINTS), factors
        if len(rows) > MOST_POINTS:
            self.wrong(place, f"{len(rows):,} points are given", f"at most {MOST_POINTS:,}")
            return Design(POINTS), factors
        if not all(isinstance(row, Mapping) for row in rows):
            self.wrong(place, "a point is made of `name: value` parts", "{blame_culture: 0.1, nerve: 0.8}")
            return Design(POINTS), factors
        if not factors:
            names = list(dict.fromkeys(name for row in rows for name in row))
            for name in names:
                factor = factor_of(name)
                if factor is None:
                    guess = suggestion(name, factor_names())
                    self.wrong(place, f"there is no lever, parameter or rival {brief(name)}{guess}",
                               "a lever, `kind.parameter` or a rival")  # fmt: skip
                else:
                    factors.append(factor)
        points = []
        seen: dict[tuple[Any, ...], int] = {}
        known = {factor.name: factor for factor in factors}
        for n, row in enumerate(rows):
            at: Place = (*place, n) if place[-1] == "points" and self.listed is None else place
            say = f"point {n + 1}"
            if set(row) != set(known):
                missing = sorted(set(known) - set(row)) or sorted(set(row) - set(known))
                self.wrong(at, f"{say} must give the same factors as the others; look at {brief(missing[0])}",
                           ", ".join(known) or "the factors of this sweep")  # fmt: skip
                continue
            before = len(self.problems)
            values = tuple(self.value(at, known[name], row[name]) for name in known)
            if len(self.problems) == before and values in seen:
                self.wrong(at, f"{say} is the same as point {seen[values] + 1}", "each point once")
            elif len(self.problems) == before:
                seen[values] = n
                points.append(values)
            if len(self.problems) > 20:
                break
        if not self.problems:
            # of listed points the range is what they span
            factors = [self._around(factor, [point[k] for point in points]) for k, factor in enumerate(factors)]
        return Design(POINTS, listed=tuple(points)), factors

    @staticmethod
    def _around(factor: Factor, values: list[Any]) -> Factor:
        if factor.values:
            return replace(factor, values=tuple(dict.fromkeys((*factor.values, *values))))
        return replace(factor, low=min(values), high=max(values))

    def rows_of_file(self, given: Any) -> list[Any] | None:
        place: Place = ("design", "file")
        home = self.document.path.resolve().parent if self.document.path is not None else Path().resolve()
        if not isinstance(given, str) or not (home / given).resolve().is_relative_to(home):
            self.wrong(place, "the file of points must lie beside this one", "file: points.csv")
            return None
        try:
            with (home / given).open(encoding="utf-8-sig", newline="") as stream:
                rows = [
                    {str(name or "a cell too many").strip(): _read_cell(text) for name, text in row.items()}
                    for row in csv.DictReader(stream)
                ]
            return list(rows)
        except (OSError, ValueError, csv.Error) as error:
            self.wrong(place, f"{brief(given)} cannot be read ({type(error).__name__})", "a CSV file, one row a point")
            return None

    def lives(self, design: Design) -> str:
        """Whose lives they are; where nothing is said, what suits the design.

        Shares of variance need lives of each point's own: with shared lives, an interval over points does not know
        that other lives would move all of them. Differences between points need the same lives.
        """
        usual = OWN if design.kind in SPREAD_OUT and not design.is_crossed else SHARED
        given = self.document.data.get("lives", usual)
        if given not in (SHARED, OWN):
            self.wrong(("lives",), f"lives cannot be {brief(given)}", f"{SHARED}, {OWN}")
            return usual
        return str(given)

    def outputs(self) -> Outputs:
        part = self.part((), "outputs", dict, "`metrics:`, `groups:`, `every:`")
        self.keys(("outputs",), part, ("metrics", "groups", "every"), "outputs")
        found: dict[str, Any] = {}
        for key, known in (("metrics", tuple(METRICS)), ("groups", GROUPS)):
            if key not in part:
                continue
            given = part[key]
            if key == "metrics" and given == "every":
                found[key] = known
                continue
            if not isinstance(given, list) or not given:
                self.wrong(("outputs", key), f"{key} wants a list, not {brief(given)}", ", ".join(known))
                continue
            for n, name in enumerate(given):
                if not isinstance(name, str) or name not in known:
                    self.wrong(("outputs", key, n), f"there is no {key[:-1]} {brief(name)}{suggestion(name, known)}",
                               ", ".join(known))  # fmt: skip
            # everyone is always kept: targets, stopping and analysis speak of everyone
            found[key] = tuple(name for name in known if name in given or name == GROUPS[0])
        if "every" in part:
            every = self.whole_at(("outputs", "every"), part["every"], "every", 0, MOST_YEARS * WEEKS_A_YEAR, 0)
            if every % WEEKS_A_MONTH:
                self.wrong(
                    ("outputs", "every"), f"every {every} weeks", "4, 12, 52 or another whole number of four weeks"
                )
            found["every"] = every
        return Outputs(**found)

    def targets(self, scenarios: int) -> tuple[Target, ...]:
        given = self.part((), "targets", list, "a list like `- {metric: mean_trust, at_least: 0.5}`")
        found = []
        for n, one in enumerate(given):
            place: Place = ("targets", n)
            if not isinstance(one, Mapping):
                self.wrong(place, "a target is made of `name: value` parts", "{metric: mean_trust, at_least: 0.5}")
                continue
            self.keys(place, one, ("metric", *BOUNDS), "a target")
            metric = self.metric(place, one)
            bounds = [key for key in BOUNDS if key in one]
            if len(bounds) != 1:
                self.wrong(place, "a target has one bound", ", ".join(BOUNDS))
                continue
            bound = self.number((*place, bounds[0]), one[bounds[0]], bounds[0], -1e9, 1e9)
            is_change = bounds[0].startswith(CHANGE)
            if is_change and scenarios < 2:
                self.wrong((*place, bounds[0]), "there is no scenario beside the base that could change anything",
                           "at_most or at_least, or a list of `scenarios:`")  # fmt: skip
            if metric and bound is not None:
                found.append(Target(metric, bound, bounds[0].endswith(LESS), is_change))
        return tuple(found)

    def metric(self, place: Place, part: Mapping[str, Any]) -> str:
        name = part.get("metric")
        if isinstance(name, str) and name in METRICS:
            return name
        at: Place = (*place, "metric") if "metric" in part else place
        self.wrong(at, f"there is no metric {brief(name)}{suggestion(name, METRICS)}", ", ".join(METRICS))
        return ""

    def stop_at(self, asked: Asked) -> StopAt | None:
        if "stop_at" not in self.document.data:
            return None
        part = self.part((), "stop_at", dict, "`{metric: …, error: …, most: …}`")
        self.keys(("stop_at",), part, ("metric", "error", "most"), "stop_at")
        metric = self.metric(("stop_at",), part)
        if "error" not in part:
            self.wrong(("stop_at",), "stop_at needs 'error'", "error: half the interval that is small enough")
            return None
        error = self.number(("stop_at", "error"), part["error"], "error", 1e-9, 1e9)
        most = self.whole(("stop_at",), "most", 2, MOST_REPLICATES, 1_000)
        if metric and metric not in asked.outputs.metrics:
            self.wrong(("stop_at", "metric"), f"{metric} is not among the metrics kept", dotted(("outputs", "metrics")))
        return StopAt(metric, error, most) if metric and error is not None else None


def _read_cell(text: Any) -> Any:
    """A cell of a CSV file: a number where it is one, a list of services where it has a `+`, else text."""
    if not isinstance(text, str):
        return text
    text = text.strip()
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        number = float(text)
    except ValueError:
        return tuple(text.split(TO_JOIN)) if TO_JOIN in text else text
    return int(number) if number.is_integer() and not set(text) & set(".eE") else number
