"""What a run or a comparison asks for: checked, counted and refused where it is too much.

It lives no run; `dealsim.runs` does.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dealsim import calibration, checkpoints
from dealsim.analysis.doubt import set_of
from dealsim.calendar import WEEKS_A_YEAR
from dealsim.engine import BURN_IN_WEEKS
from dealsim.errors import InputError, LimitError
from dealsim.parameters import Parameters, with_rivals, with_values
from dealsim.places import PlaceInput, read_place, shipped
from dealsim.scenarios import Scenario, load, same_policy, scenario_from
from dealsim.version import MODEL_VERSION

DEFAULT_SIZE = 33_000
DEFAULT_YEARS = 10
DEFAULT_REPLICATES = 10
LIVES_OF_A_SET = 2
"""The fewest lives of each parameter set: with one, what chance does and what the set does look alike."""
LARGEST_SIZE = 2_000_000
MOST_YEARS = 40
MOST_REPLICATES = 10_000
MOST_WORKERS = 256
MOST_SCENARIOS = 20
MOST_CITIZEN_WEEKS = 10**12
"""The largest amount of work that is started: citizens × weeks, summed over runs."""

CITIZEN_WEEKS_A_SECOND = 13e6
SECONDS_A_WEEK = 0.25e-3
"""What a week costs however small the borough is."""
BYTES_A_CITIZEN = 400
ROWS_A_WEEK = 225
DISK_BYTES_A_ROW = 5.1


SIZES = {
    "size": (1, LARGEST_SIZE),
    "years": (1, MOST_YEARS),
    "replicates": (1, MOST_REPLICATES),
    "workers": (1, MOST_WORKERS),
    "boroughs": (1, MOST_REPLICATES),
    "seed": (0, 2**63 - 1),
}
"""The least and the most of everything that says how much is asked for."""


def default_workers() -> int:
    """As many as there are processors."""
    return min(MOST_WORKERS, os.cpu_count() or 1)


def size_problems(asked: Mapping[str, Any]) -> list[str]:
    """What is wrong with sizes, by their names in `SIZES`."""
    problems = []
    for what, value in asked.items():
        low, high = SIZES[what]
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            problems.append(f"{what} is {value!r}; it must be a whole number")
        elif not low <= value <= high:
            problems.append(f"{what} is {value:,}; it must lie between {low:,} and {high:,}")
    return problems


@dataclass(frozen=True)
class Plan:
    """Checked input: everything needed to live the runs.

    `parameters` are one row a scenario, with one record for each parameter set; without an ensemble there is one.
    `sets` are what the ensemble's sets say, by parameter.
    """

    command: str
    scenarios: tuple[Scenario, ...]
    parameters: tuple[tuple[Parameters, ...], ...]
    place: PlaceInput
    size: int
    years: int
    seed: int
    replicates: int
    workers: int
    boroughs: int
    values: Mapping[str, float]
    rank_of: int | None
    place_bytes: bytes | None = None
    sets: tuple[Mapping[str, float], ...] = ()

    @property
    def weeks(self) -> int:
        """Weeks lived after burn-in."""
        return self.years * WEEKS_A_YEAR

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the scenarios, the base first."""
        return tuple(scenario.name for scenario in self.scenarios)

    def set_of(self, replicate: int) -> int:
        """The parameter set a replicate lives with; 0 without an ensemble."""
        return set_of(replicate, len(self.sets)) if self.sets else 0

    def borough_of(self, replicate: int) -> int:
        """The borough in which a replicate is lived.

        The lives of each parameter set go round the boroughs, so that no set has boroughs of its own.
        """
        return replicate // max(1, len(self.sets)) % self.boroughs

    def parameters_of(self, at: int, replicate: int) -> Parameters:
        """The parameters with which a replicate of a scenario is lived."""
        return self.parameters[at][self.set_of(replicate)]

    def kinds_of(self, which: int) -> tuple[Parameters, ...]:
        """The different parameters that the scenarios have under one set: each needs a burn-in of its own."""
        return tuple(dict.fromkeys(own[which] for own in self.parameters))

    def borough_seed(self, replicate: int) -> int:
        """The seed of the borough in which a replicate is lived."""
        return borough_seed(self.seed, self.boroughs, self.borough_of(replicate))

    def life_seed(self, replicate: int) -> int:
        """The seed of a replicate's chances, the same in every scenario."""
        return life_seed(self.seed, replicate)


def borough_seed(seed: int, boroughs: int, replicate: int, whose: str = "") -> int:
    """The seed of the borough in which a replicate is lived: the replicates go round the boroughs.

    `whose` names what has boroughs of its own; without it they are those of every comparison.
    """
    borough = replicate % boroughs
    return seed if borough == 0 and not whose else _seed(f"borough{whose}", seed, borough)


def life_seed(seed: int, replicate: int, whose: str = "") -> int:
    """The seed of a replicate's chances, the same whatever is compared; `whose` names what has lives of its own."""
    return _seed(f"life{whose}", seed, replicate)


def _seed(kind: str, seed: int, number_: int) -> int:
    """A seed of its own for each number: added seeds would meet (1 + 2 = 2 + 1)."""
    digest = hashlib.sha256(f"dealsim/{kind}/{seed}/{number_}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def plan(
    command: str,
    scenarios: Sequence[str | Path | Mapping[str, Any] | Scenario],
    size: int | None = None,
    years: int | None = None,
    seed: int = 1,
    replicates: int | None = None,
    workers: int | None = None,
    place: str | Path | PlaceInput | None = None,
    rank_of: int | None = None,
    boroughs: int = 1,
    values: Mapping[str, float] | None = None,
    ensemble: int | None = None,
) -> Plan:
    """Check everything that was asked for, and say all that is wrong with it at once.

    Raises
    ------
    InputError
        With every problem found.
    LimitError
        When it is more than this machine, or the limit of one piece of work, can bear.
    """
    problems: list[str] = []
    loaded: list[Scenario] = []
    for item in scenarios:
        try:
            if isinstance(item, Scenario):
                loaded.append(item)
            else:
                loaded.append(scenario_from(item) if isinstance(item, Mapping) else load(item))
        except InputError as error:
            problems += error.problems
    if len(scenarios) > MOST_SCENARIOS:
        problems.append(f"{len(scenarios)} scenarios were named; at most {MOST_SCENARIOS} can be compared at once")
    names = [scenario.name for scenario in loaded]
    # names that differ by capitals or underscores only look the same in a report
    alike_names = [re.sub(r"[\W_]+", " ", name).casefold().strip() or name for name in names]
    for name in dict.fromkeys(name for name, key in zip(names, alike_names, strict=True) if alike_names.count(key) > 1):
        problems.append(f"two of the scenarios are called '{name}', or nearly so; each needs a name of its own")

    first = loaded[0] if loaded else None
    size = size if size is not None else (first.size if first and first.size else DEFAULT_SIZE)
    years = years if years is not None else DEFAULT_YEARS
    sets: tuple[Mapping[str, float], ...] = ()
    if ensemble is not None:
        try:
            sets = calibration.first_sets(ensemble)
        except InputError as error:
            problems += error.problems
    if replicates is None and sets:
        replicates = LIVES_OF_A_SET * len(sets)
    elif replicates is None:
        replicates = first.replicates if first and first.replicates else DEFAULT_REPLICATES
    workers = workers if workers is not None else default_workers()
    problems += size_problems(
        {"size": size, "years": years, "replicates": replicates, "workers": workers, "boroughs": boroughs, "seed": seed}
    )
    if not problems and boroughs > replicates:
        problems.append(
            f"boroughs is {boroughs} and replicates {replicates}; the replicates are spread over "
            "the boroughs, so there must be at least as many"
        )
    if sets and not problems:
        problems += _ensemble_problems(sets, replicates, boroughs, values or {})

    where: PlaceInput | None = None
    place_bytes: bytes | None = None
    try:
        if isinstance(place, PlaceInput):
            where = place
        elif place is not None:
            where = read_place(place, rank_of)
            place_bytes = Path(place).read_bytes()
            if hashlib.sha256(place_bytes).hexdigest() != where.sha256:
                problems.append(f"{Path(place).name}: changed while it was read")
        elif rank_of is not None:
            problems.append("rank_of goes with a place file of your own; give one with --place (place= in Python)")
        elif loaded:
            for other in loaded[1:]:
                if other.place != loaded[0].place:
                    problems.append(
                        f"'{other.name}' is about {other.place} and '{loaded[0].name}' about "
                        f"{loaded[0].place}; only scenarios of one place can be compared"
                    )
            where = shipped(loaded[0].place)
    except InputError as error:
        problems += error.problems

    parameters: list[tuple[Parameters, ...]] = []
    for scenario in loaded:
        try:
            # a rival is another explanation on purpose, so it wins over what a set says of the same parameter
            starts = (with_values(Parameters(), own) for own in sets or ({},))
            parameters.append(tuple(with_values(with_rivals(start, scenario.rivals), values or {}) for start in starts))
        except InputError as error:
            problems += error.problems
        except (ValueError, TypeError) as error:
            problems.append(str(error))
    if where is not None and not problems:
        for scenario in loaded:
            try:
                scenario.policy(1, where.place_names, where.place_names)
            except InputError as error:
                problems += error.problems
    if problems or where is None:
        raise InputError(list(dict.fromkeys(problems)))

    made = Plan(
        command, tuple(loaded), tuple(parameters), where, int(size), int(years), int(seed), int(replicates),
        int(workers), int(boroughs), dict(values or {}), rank_of, place_bytes, sets,
    )  # fmt: skip
    needed = estimate(made)
    refuse_too_much(needed, made.size * (needed.runs * made.weeks + needed.burn_ins * BURN_IN_WEEKS))
    return made


def _ensemble_problems(
    sets: Sequence[Mapping[str, float]], replicates: int, boroughs: int, values: Mapping[str, float]
) -> list[str]:
    """What does not go together with an ensemble."""
    problems = []
    least = LIVES_OF_A_SET * len(sets)
    if replicates < least:
        problems.append(
            f"replicates is {replicates}; an ensemble of {len(sets)} parameter sets needs {least} or more, since chance "
            f"and doubt can be told apart only where each set is lived {LIVES_OF_A_SET} times"
        )
    elif boroughs > replicates // len(sets):
        problems.append(
            f"boroughs is {boroughs}; each of the {len(sets)} parameter sets is to be lived in every borough, so replicates "
            f"must be {boroughs * len(sets)} or more"
        )
    taken = [str(name) for name in values if any(name in own for own in sets)] if isinstance(values, Mapping) else []
    if taken:
        problems.append(
            f"values name {', '.join(taken)}, which the parameter sets of an ensemble name too; leave them out, or ask for "
            "no ensemble"
        )
    return problems


def hash_of_sets(sets: Sequence[Mapping[str, float]]) -> str:
    """The hash that names parameter sets, in their order."""
    told = [[[name, repr(value)] for name, value in sorted(own.items())] for own in sets]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def alike(made: Plan) -> list[str]:
    """Scenarios of a plan that do the very same as one before them, so that comparing the two finds nothing."""
    policies = [scenario.policy(made.weeks, made.place.place_names) for scenario in made.scenarios]
    span = "the one year" if made.years == 1 else f"all {made.years} years"
    base, found = made.names[0], []
    for at, name in enumerate(made.names):
        same = (
            other
            for other in range(at)
            if made.parameters[other] == made.parameters[at] and same_policy(policies[other], policies[at])
        )
        first = next(same, None)
        if first == 0:
            found.append(f"{name} does the same as {base} in {span}: every difference will be nothing")
        elif first is not None:
            found.append(f"{name} does the same as {made.names[first]} in {span}: they will differ alike from {base}")
    return found


@dataclass(frozen=True)
class Estimate:
    """What a piece of work will take."""

    runs: int
    burn_ins: int
    minutes: float
    memory_mb: float
    disk_mb: float


def estimate(made: Plan) -> Estimate:
    """What the work of a plan will take; minutes are for this many workers on a processor of 2020."""
    runs = len(made.scenarios) * made.replicates
    kinds = [len(made.kinds_of(which)) for which in range(max(1, len(made.sets)))]
    burn_ins = sum(kinds) * made.boroughs
    at_once = min(made.workers, os.cpu_count() or 1, runs)
    weeks = runs * made.weeks / at_once + burn_ins * BURN_IN_WEEKS / min(at_once, burn_ins)
    rows = runs * made.weeks * ROWS_A_WEEK
    worlds = min(burn_ins, at_once * max(kinds)) + min(made.workers, runs)
    return Estimate(
        runs=runs,
        burn_ins=burn_ins,
        minutes=(seconds_to_live(made.size, weeks) + 3 + 0.15 * runs) / 60,
        memory_mb=420 + worlds * made.size * BYTES_A_CITIZEN / 1e6 + rows * 100 / 1e6,
        disk_mb=1 + 6 + rows * DISK_BYTES_A_ROW / 1e6,
    )


def seconds_to_live(size: int, weeks: float) -> float:
    """How long so many weeks of a borough take, one after another, on a processor of 2020."""
    return weeks * (size / CITIZEN_WEEKS_A_SECOND + SECONDS_A_WEEK)


def refuse_too_much(needed: Estimate, citizen_weeks: float) -> None:
    """Refuse one piece of work that is beyond its limit, or beyond this machine.

    Raises
    ------
    LimitError
    """
    if citizen_weeks > MOST_CITIZEN_WEEKS:
        raise LimitError(
            f"this asks for {needed.runs:,} runs, about {needed.minutes / 60:,.0f} hours of work; the limit "
            f"is {MOST_CITIZEN_WEEKS / 1e9:,.0f} billion citizen-weeks, and this is {citizen_weeks / 1e9:,.0f}. "
            "Ask for fewer citizens, years or replicates."
        )
    memory = _memory_mb()
    if memory is not None and needed.memory_mb > 0.85 * memory:
        raise LimitError(
            f"this needs about {needed.memory_mb:,.0f} MB of memory and the machine has {memory:,.0f} MB. "
            "Ask for fewer citizens, replicates or workers."
        )


def _memory_mb() -> float | None:
    """The memory of this machine; None where it does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6)
    except (AttributeError, ValueError, OSError):
        return None  # Windows does not say


def ids_of_runs(made: Plan) -> list[list[str]]:
    """The id of every run of a plan: a list a scenario, in the order of replicates."""
    where = checkpoints.place_hash(made.place)
    found = []
    for scenario, own in zip(made.scenarios, made.parameters, strict=True):
        settings = [setting_of(scenario, parameters, where, made.size, made.weeks) for parameters in own]
        found.append(
            [run_id(settings[made.set_of(k)], made.borough_seed(k), made.life_seed(k)) for k in range(made.replicates)]
        )
    return found


def id_of_all(ids: Sequence[Sequence[str]]) -> str:
    """The id of all runs of a plan together: what a result of them is called."""
    return hashlib.sha256(" ".join(one for own in ids for one in own).encode()).hexdigest()[:16]


def setting_of(scenario: Scenario, parameters: Parameters, place_hash: str, size: int, weeks: int) -> str:
    """The hash of everything a run depends on but its two seeds."""
    resolved = scenario.as_dict()
    depends_on = {
        "model_version": MODEL_VERSION,
        "policy": {key: resolved[key] for key in ("levers", "schedule", "shocks", "rivals")},
        "parameters": [[repr(value) for value in record] for record in parameters],
        "place": place_hash,
        "size": size,
        "weeks": weeks,
    }
    return hashlib.sha256(json.dumps(depends_on, sort_keys=True, default=str).encode()).hexdigest()


def run_id(setting: str, borough_seed: int, life_seed: int) -> str:
    """The id of one run: the hash of its setting and its two seeds, 16 hexadecimal signs."""
    return hashlib.sha256(f"{setting}/{borough_seed}/{life_seed}".encode()).hexdigest()[:16]
