"""Reads every pattern, and each headline, off one parameter set; and says over many of them which patterns hold.

It knows nothing of how parameter sets were found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from dealsim.calendar import WEEKS_A_YEAR
from dealsim.engine import BURN_IN_WEEKS
from dealsim.errors import InputError, StoppedError
from dealsim.metrics import HEADLINE
from dealsim.parameters import Parameters, with_rivals, with_values
from dealsim.patterns.national import PATTERNS, Pattern
from dealsim.patterns.trials import OLD_REGIME, TRIALS, Seen, live_trials
from dealsim.places import PlaceInput, shipped
from dealsim.plans import (
    BYTES_A_CITIZEN,
    DEFAULT_SIZE,
    Estimate,
    borough_seed,
    default_workers,
    life_seed,
    refuse_too_much,
    seconds_to_live,
    size_problems,
)
from dealsim.summary import interval

WITHOUT_SERVICE = "resolved_in_community_share"
"""Share of ended episodes that end without a service: no pattern fixes it, and the ensemble must span it."""
BOROUGHS = 20
"""Boroughs in which one parameter set is lived to be judged: enough to see a share move by 3 % of its value."""
LEVEL, DIFFERENCE = "level", "difference"
"""Two readings of a headline: in the old regime, and what everything the Deal is made of changes in years 5 and 6."""


def read_off(seen: Seen) -> dict[str, float]:
    """Every pattern's value by name, and each headline's level and difference as `level:metric`."""
    found = {name: float(pattern.measure(seen)) for name, pattern in PATTERNS.items()}
    found[WITHOUT_SERVICE] = seen.mean(WITHOUT_SERVICE)
    last = TRIALS["whole"].years
    for metric in HEADLINE:
        if metric in seen.metrics[OLD_REGIME]:
            found[f"{LEVEL}:{metric}"] = seen.mean(metric)
            found[f"{DIFFERENCE}:{metric}"] = seen.change(metric, "whole", last - 2, last)
    return found


def values_of(
    values: Mapping[str, float],
    rivals: Sequence[str],
    place: PlaceInput,
    size: int,
    borough: int,
    lives: Sequence[int],
    stop: Callable[[], bool] | None = None,
) -> list[dict[str, float]]:
    """What is read off one parameter set under some rivals, a life each.

    Raises
    ------
    InputError, StoppedError
    """
    parameters = with_rivals(with_values(Parameters(), values), rivals)
    return [read_off(seen) for seen in live_trials(place, size, borough, lives, parameters, stop)]


@dataclass(frozen=True)
class Reading:
    """One pattern over several boroughs or parameter sets: what was simulated, and whether it holds.

    `simulated` is the mean over boroughs (at one parameter set) or the median over sets; `simulated_low` to
    `simulated_high` its 95 % interval over boroughs, or the middle 90 % of sets.
    """

    pattern: Pattern
    simulated: float
    simulated_low: float
    simulated_high: float
    share_holding: float

    @property
    def holds(self) -> bool:
        """Whether the simulated figure lies in the target's range."""
        return self.pattern.holds(self.simulated)


def readings(lived: Sequence[Mapping[str, float]], *, of_sets: bool) -> list[Reading]:
    """Sum up patterns over boroughs at one parameter set, or over parameter sets."""
    found = []
    for name, pattern in PATTERNS.items():
        values = np.array([one[name] for one in lived], float)
        known = values[np.isfinite(values)]
        if not known.size:
            found.append(Reading(pattern, np.nan, np.nan, np.nan, 0.0))
            continue
        if of_sets:
            middle, low, high = (float(v) for v in np.quantile(known, (0.5, 0.05, 0.95)))
        else:
            middle, low, high = interval(known)
        holding = float(np.mean([pattern.holds(value) for value in known]))
        found.append(Reading(pattern, middle, low, high, holding))
    return found


_WEEKS = BURN_IN_WEEKS + WEEKS_A_YEAR * sum(trial.years for trial in TRIALS.values())
"""Weeks that one parameter set lives in one borough."""


def estimate(
    sets: Sequence[Mapping[str, float]] = ({},),
    *,
    size: int = DEFAULT_SIZE,
    boroughs: int = BOROUGHS,
    seed: int = 1,
    rivals: Sequence[str] = (),
    workers: int | None = None,
) -> Estimate:
    """What `check_patterns` will take when it is asked the same; nothing is lived.

    Raises
    ------
    InputError, LimitError
    """
    workers = default_workers() if workers is None else workers
    if problems := size_problems({"size": size, "boroughs": boroughs, "seed": seed, "workers": workers}):
        raise InputError(problems)
    if not sets:
        raise InputError("there is no parameter set to live")
    for values in sets:
        with_rivals(with_values(Parameters(), values), rivals)
    lives = len(sets) * boroughs
    at_once = min(workers, default_workers(), lives)
    needed = Estimate(
        runs=lives * len(TRIALS),
        burn_ins=lives,
        minutes=(seconds_to_live(size, lives * _WEEKS / at_once) + 3) / 60,
        memory_mb=420 + 2 * at_once * size * BYTES_A_CITIZEN / 1e6,
        disk_mb=0.0,
    )
    refuse_too_much(needed, lives * _WEEKS * size)
    return needed


def check_patterns(
    sets: Sequence[Mapping[str, float]] = ({},),
    *,
    place: PlaceInput | None = None,
    size: int = DEFAULT_SIZE,
    boroughs: int = BOROUGHS,
    seed: int = 1,
    rivals: Sequence[str] = (),
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> list[Reading]:
    """Live the trials of every parameter set, each in several boroughs, and say which patterns hold.

    Parameters
    ----------
    sets
        Parameter sets, as those of `dealsim.calibration.parameter_sets()`; an empty one stands for the defaults. One
        set is summed up over boroughs, several over sets.
    size
        Citizens; patterns are meant for 33,000 and more.
    boroughs
        In how many boroughs each set is lived.
    rivals
        Other explanations that hold in all of them.
    progress
        Called with how many lives are done, and how many there are.

    Raises
    ------
    InputError, LimitError, StoppedError

    Examples
    --------
    >>> found = check_patterns(size=600, boroughs=2)
    >>> found[0].pattern.name, len(found) == len(PATTERNS)
    ('failure_demand', True)
    """
    estimate(sets, size=size, boroughs=boroughs, seed=seed, rivals=rivals, workers=workers)
    where = shipped("wigan") if place is None else place
    jobs = [(values, k) for values in sets for k in range(boroughs)]

    def one(job: tuple[Mapping[str, float], int]) -> dict[str, float]:
        values, k = job
        own = borough_seed(seed, boroughs, k)
        return values_of(values, rivals, where, size, own, [life_seed(seed, k)], stop)[0]

    found: list[dict[str, float]] = []
    with ThreadPoolExecutor(min(workers or default_workers(), default_workers())) as pool:
        for done, lived in enumerate(pool.map(one, jobs), start=1):
            if stop is not None and stop():
                raise StoppedError("stopped before all patterns were read")
            found.append(lived)
            if progress is not None:
                progress(done, len(jobs))
    if len(sets) == 1:
        return readings(found, of_sets=False)
    by_set = [found[k * boroughs : (k + 1) * boroughs] for k in range(len(sets))]
    means = [{name: float(np.nanmean([one[name] for one in own])) for name in own[0]} for own in by_set]
    return readings(means, of_sets=True)
