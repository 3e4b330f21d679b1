"""Which parameter sets look like England without a Deal, and move no faster than real programmes do?

Design: stages, each of which keeps what it has lived, so that the study can be stopped and gone on with.
- Screen: Morris's trajectories over all parameters, a quarter of the declared range either way from the default,
  two lives a point, the same people at every point. A parameter is taken into matching if it is among the three
  that move a fitted pattern most, standing out from chance; so are the five that fix how much ends without a service.
- Waves of history matching: points spread over the whole declared ranges of the parameters taken (the first wave, a
  Latin hypercube) or over what the wave before left. For every fitted pattern a Gaussian process is trained on what
  was lived. What is left has an implausibility below 3 for every pattern: the distance from the middle of the target
  over the root of the emulator's variance and that of the target, whose range is read as two standard deviations
  either way. Chance of one borough is known from 24 boroughs of the defaults and is no part of it.
- Rounds of likelihood-free inference inside what is left: approximate Bayesian computation by subset simulation, once
  for each third of the split below. Its emulators are taught by sets strewn about the defaults and by the rounds
  before; the distance is the expected miss, which is large where they know little. Every set found is lived for real
  in two boroughs. It is kept if its misses, with chance allowed for, are below 1.15 standard deviations in the mean and
  below 3 for each pattern; what could not be read counts as missed. The ensemble is drawn from the last two rounds:
  earlier ones were still near the defaults.
- Split: how many episodes end without a service is fixed by no pattern. The ensemble holds sets with a low (at most
  0.6), a middle and a high (at least 0.85) share, as far as any are left; it is said if not.
- Recovery: 100 lived points of the second wave serve in turn as made-up data, with emulators that never saw them.
- Rivals: each other explanation under ten sets of the ensemble, against the same sets without it.

Written before the first run:
- it fails if fewer than 100 sets are kept;
- a pattern that no point of any wave reaches is one the model cannot show: it is taken out of matching, said, and the
  nearest value reached is given;
- the method fails its own test if fewer than 80 % of true values lie inside the 90 % intervals;
- the split is not identified if sets of all three thirds are kept.
Changed after earlier runs. The first failed (23 sets kept of 368); a later one kept 326 and was replaced. The rule for
keeping sets stands as it was written. All this came after: two waves instead of three, searches bound to their group,
figures that could not be read counted as missed, the ensemble from the last two rounds. pyabc gave way to subset
simulation. Emulators know how little they know of their straight line, and the search minds it. Parameters that have
figures of their own are left out of matching. The defaults come from the first run and were finished by hand
(`docs/calibration.md`); this run begins its screen and its rounds there.
No outcome of Wigan's is used.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import points
import study
from scipy.stats import qmc

from dealsim.analysis.matching import (
    IMPLAUSIBLE,
    Emulator,
    Matcher,
    Posterior,
    Target,
    emulator_of,
    points_left,
    posterior,
    recovery,
    reflected,
    weighted_correlation,
)
from dealsim.analysis.sensitivity import morris_effects
from dealsim.calibration import SETTLED_BELOW
from dealsim.checkpoints import replace_whole
from dealsim.metrics import HEADLINE
from dealsim.parameters import RIVALS, every_parameter
from dealsim.patterns.national import FIT, PATTERNS
from dealsim.patterns.reading import WITHOUT_SERVICE, readings
from dealsim.sweeps.designs import MORRIS, Design, points_of
from dealsim.sweeps.factors import Factor, factor_of
from dealsim.version import MODEL_VERSION

SEED = 7
STARTING_VALUES = study.ROOT / "experiments" / "starting_values.csv"
SPLIT_BY = (
    "citizen.resolve_emerging",
    "citizen.resolve_acute",
    "citizen.group_help_emerging",
    "citizen.group_help_acute",
    "citizen.seek_emerging",
)
"""Parameters that fix how much ends without a service and how much groups do: taken into matching in any case."""
SPLITS = {"low": (0.0, 0.6), "middle": (0.6, 0.85), "high": (0.85, 1.0)}
"""The thirds of the share of episodes that end without a service."""
AIMS = {"low": (0.42, 0.58), "middle": (0.62, 0.82), "high": (0.86, 0.96)}
"""What the search is led to for each third; a set belongs to the third its own lives put it in."""
LEFT_ALONE = (
    "network.",
    "group.income_",
    "citizen.occasion_noise",
    "citizen.wellbeing_home_spread",
    "citizen.wellbeing_noise",
    "citizen.wellbeing_pull",
)
"""Parameters that matching leaves alone, by name or its beginning: their defaults come from figures of their own."""
STREWN = (0.03, 0.08)
"""How far sets are strewn about the defaults: standard deviations, as shares of the declared range."""
STARTS = 240
"""Points of what is left from which a search begins."""
PRIOR = 800
"""Points of what the first wave leaves from which made-up data are matched."""
LEAST_KEPT, LEAST_RECOVERED = 100, 0.8
"""Sets kept, and true values inside their intervals, below which the study fails."""
TIED = 0.5
"""Correlation from which a pair of parameters is listed."""
IDENTIFIED, PARTLY = 0.35, SETTLED_BELOW
"""Widths of the middle 90 % of sets, as shares of a declared range, below which a parameter is (partly) identified."""
BOROUGHS = 2
"""Boroughs in which each set is lived."""
MOST_MISS, MOST_MISSED = 1.15, 3.0
"""Misses of a set that is kept, in standard deviations: in the mean (where a search ends, too), and of any one pattern."""


@dataclass(frozen=True)
class Sizes:
    """How large the stages are."""

    screen: int
    trajectories: int
    screened: tuple[str, ...]
    match: int
    waves: tuple[int, ...]
    most_trained: int
    strewn: int
    rounds: int
    particles: int
    generations: int
    sets: int
    rival_sets: int
    cases: int
    chance: int
    workers: int | None = None


FULL = Sizes(
    screen=5_000, trajectories=4, screened=tuple(every_parameter()), match=6_600, waves=(480, 240), most_trained=700,
    strewn=96, rounds=4, particles=40, generations=150, sets=120, rival_sets=10, cases=100, chance=24,
)  # fmt: skip
TINY = Sizes(
    screen=300, trajectories=2, screened=("citizen.reopening", "staff.turnover"), match=300, waves=(4,),
    most_trained=50, strewn=0, rounds=0, particles=10, generations=2, sets=3, rival_sets=1, cases=0, chance=2, workers=1,
)  # fmt: skip


def fitted() -> dict[str, Target]:
    """The targets that sets are chosen by."""
    return {name: Target(one.low, one.high) for name, one in PATTERNS.items() if one.use == FIT}


def around_default(names: Sequence[str]) -> list[Factor]:
    """The parameters as factors, each within a quarter of its range of its default."""
    found = []
    for name, ends in study.around_default(names).items():
        factor = factor_of(name)
        assert factor is not None
        found.append(replace(factor, **ends))
    return found


def screened(sizes: Sizes, folder: Path) -> pd.DataFrame:
    """Elementary effects of every parameter on every pattern and headline, and what chance alone would give."""
    names = sizes.screened
    drawn = points_of(Design(MORRIS, (sizes.trajectories,)), around_default(names), SEED)
    table = pd.DataFrame(drawn.values, columns=list(names))
    todo = points.points_at(table, size=sizes.screen, seed=SEED, lives=2, shared=True)
    lived = points.lived("screen", todo, folder, sizes.workers)
    width = len(names) + 1
    unit = drawn.unit.reshape(sizes.trajectories, width, len(names))
    rows = []
    for figure in [column for column in lived if column not in ("point", "life")]:
        values = np.full((len(table), 2), np.nan)
        values[lived["point"], lived["life"]] = lived[figure]
        found = morris_effects(values.reshape(sizes.trajectories, width, 2), unit, list(names), seed=SEED)
        rows.append(found.effects.assign(figure=figure))
    return pd.concat(rows, ignore_index=True)


def taken(screen: pd.DataFrame, targets: Mapping[str, Target]) -> list[str]:
    """The parameters that matching moves: of those not held, the three that move each fitted pattern most, and the split's."""
    free = screen[~screen["factor"].str.startswith(LEFT_ALONE)]
    chosen = dict.fromkeys(name for name in SPLIT_BY if name in set(free["factor"]))
    for name in targets:
        own = free[(free["figure"] == name) & free["stands_out"]].sort_values("mu_star", ascending=False)
        chosen |= dict.fromkeys(own["factor"].head(3))
    return sorted(chosen) or sorted(set(free["factor"]))


def starting_values() -> dict[str, float]:
    """The values that parameters had before the first calibration, where it changed them."""
    table = pd.read_csv(STARTING_VALUES)
    return dict(zip(table["parameter"], table["value"], strict=True))


def _defaults(names: Sequence[str]) -> dict[str, float]:
    return {name: every_parameter()[name][1] for name in names}


def _ends(names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the declared ranges."""
    specs = [every_parameter()[name][0] for name in names]
    return np.array([spec.low for spec in specs]), np.array([spec.high for spec in specs])


def at_values(unit: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Points of the unit cube as parameter values over the whole declared ranges."""
    low, high = _ends(names)
    return pd.DataFrame(low + unit * (high - low), columns=list(names))


def at_unit(values: pd.DataFrame) -> np.ndarray:
    """Parameter values as points of the unit cube."""
    low, high = _ends(list(values))
    return (values.to_numpy(float) - low) / (high - low)


@dataclass(frozen=True)
class Lived:
    """Points of the unit cube and what was read off each: of one life, or the mean over boroughs."""

    unit: np.ndarray
    figures: pd.DataFrame

    def with_more(self, unit: np.ndarray, figures: pd.DataFrame) -> Lived:
        """These and the points of another stage."""
        return Lived(np.vstack([self.unit, unit]), pd.concat([self.figures, figures], ignore_index=True))


def emulators(
    lived: Lived, targets: Mapping[str, Target], chance: Mapping[str, float], workers: int | None
) -> dict[str, Emulator]:
    """An emulator of every target's figure, and of the share that ends without a service."""
    jobs = []
    for name in (*targets, WITHOUT_SERVICE):
        values = lived.figures[name].to_numpy(float)
        jobs.append((lived.unit, targets[name].drawn_in(values) if name in targets else values, chance[name]))
    if workers == 1:
        made = [_emulated(job) for job in jobs]
    else:
        with get_context("spawn").Pool(workers or os.cpu_count()) as pool:
            made = pool.map(_emulated, jobs, chunksize=1)
    return dict(zip((*targets, WITHOUT_SERVICE), made, strict=True))


def _emulated(job: tuple[np.ndarray, np.ndarray, float]) -> Emulator:
    unit, values, chance = job
    return emulator_of(unit, values, chance=chance)


def latest(lived: Lived, most: int) -> Lived:
    """The points lived last: emulators are trained where it matters, and no figure decides which are taken."""
    return Lived(lived.unit[-most:], lived.figures.iloc[-most:].reset_index(drop=True))


def say(line: str) -> None:
    """A line on the error stream."""
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Waves:
    """What history matching came to: all points lived with the wave of each, the last matcher, and what each wave left."""

    lived: Lived
    wave: np.ndarray
    matcher: Matcher
    prior: np.ndarray
    table: pd.DataFrame
    unreached: dict[str, float]


def waves_of(
    sizes: Sizes, names: Sequence[str], targets: dict[str, Target], chance: Mapping[str, float], folder: Path
) -> Waves:
    """History matching in waves. What a wave leaves is kept on disk; the emulators of the last are always trained."""
    width = len(names)
    targets = dict(targets)
    lived, of_wave = Lived(np.zeros((0, width)), pd.DataFrame()), np.zeros(0, int)
    rows: list[dict[str, float]] = []
    unreached: dict[str, float] = {}
    matcher: Matcher | None = None
    prior = np.zeros((0, width))
    unit = qmc.LatinHypercube(width, rng=np.random.default_rng(SEED)).random(sizes.waves[0])
    for wave, _ in enumerate(sizes.waves, start=1):
        todo = points.points_at(at_values(unit, names), size=sizes.match, seed=100_000 * wave)
        before = len(lived.unit)
        own = points.lived(f"wave{wave}", todo, folder, sizes.workers)
        lived = lived.with_more(unit[own["point"]], own)
        of_wave = np.append(of_wave, np.full(len(lived.unit) - before, wave))
        if wave == 1:
            for name in list(targets):
                values = lived.figures[name].to_numpy(float)
                low, high = np.nanmin(values), np.nanmax(values)
                if high < targets[name].low or low > targets[name].high:
                    unreached[name] = float(high if high < targets[name].low else low)
                    del targets[name]
                    say(f"no point reaches {name}; the nearest is {unreached[name]:.4g}")
        is_last = wave == len(sizes.waves)
        path = folder / f"left{wave}-{points.name_of(todo, vars(sizes), targets, chance, SEED)}.json"
        found = None if is_last else points.kept(path)
        if found is None:
            matcher = Matcher(
                emulators(latest(lived, sizes.most_trained), targets, chance, sizes.workers), dict(targets)
            )
            found = {"row": _row_of(wave, lived.figures.iloc[before:], matcher, width)}
            if not is_last:
                left = points_left(matcher, width, sizes.waves[wave], seed=SEED + wave + 1)
                found["left"] = left.tolist()
                if wave == 1:
                    found["prior"] = points_left(matcher, width, PRIOR, seed=SEED + 99).tolist()
                replace_whole(path, json.dumps(found).encode())
        rows.append(found["row"])
        say(f"wave {wave}: {found['row']}")
        if wave == 1 and not is_last:
            prior = np.array(found["prior"])
        if not is_last:
            unit = np.array(found["left"]).reshape(-1, width)
            if not len(unit):
                raise SystemExit(f"wave {wave} leaves nothing: the patterns contradict each other")
    assert matcher is not None
    return Waves(lived, of_wave, matcher, prior, pd.DataFrame(rows), unreached)


def _row_of(wave: int, held: pd.DataFrame, matcher: Matcher, width: int) -> dict[str, float]:
    even = qmc.LatinHypercube(width, rng=np.random.default_rng(SEED + 50)).random(20_000)
    share = float((matcher.implausibility(even, give_up=IMPLAUSIBLE) <= IMPLAUSIBLE).mean())
    own = [float(((held[n] >= t.low) & (held[n] <= t.high)).mean()) for n, t in matcher.targets.items()]
    return {"wave": wave, "points": len(held), "left_of_cube": share, "patterns_held": float(np.mean(own))}


def particles_of(
    sizes: Sizes, matcher: Matcher, within: Matcher, left: np.ndarray, number: int
) -> dict[str, Posterior]:
    """Likelihood-free inference inside what the waves left, once for each third of the split."""
    jobs = [(sizes, matcher, within, left, split, 100 * number + k) for k, split in enumerate(SPLITS)]
    with get_context("spawn").Pool(sizes.workers or os.cpu_count()) as pool:
        return dict(zip(SPLITS, pool.map(_particles, jobs, chunksize=1), strict=True))


def _particles(job: tuple[Sizes, Matcher, Matcher, np.ndarray, str, int]) -> Posterior:
    sizes, matcher, within, left, split, seed = job
    return posterior(
        matcher, left, particles=sizes.particles, generations=sizes.generations, tolerance=MOST_MISS, seed=seed,
        within=within, led_to={WITHOUT_SERVICE: Target(*AIMS[split])},
    )  # fmt: skip


def misses(
    figures: pd.DataFrame, targets: Mapping[str, Target], chance: Mapping[str, float], boroughs: int
) -> np.ndarray:
    """How far each lived set misses each target, in standard deviations, chance allowed for [set, target]."""
    return np.column_stack(
        [
            (figures[name].to_numpy(float) - one.middle) / np.sqrt(one.spread**2 + chance[name] / boroughs)
            for name, one in targets.items()
        ]
    )


def main(scale: study.Scale) -> dict[str, pd.DataFrame]:
    """Every stage in turn."""
    is_tiny = scale == study.TINY
    sizes = TINY if is_tiny else FULL
    if is_tiny:
        import tempfile

        with tempfile.TemporaryDirectory() as room:
            return _tiny(sizes, Path(room))
    out = study.kept_in()
    return _full(sizes, out / "07_parts", out)


def _tiny(sizes: Sizes, folder: Path) -> dict[str, pd.DataFrame]:
    """The stages that live something, with too few points to train on."""
    screen = screened(sizes, folder)
    names = taken(screen, fitted())
    unit = qmc.LatinHypercube(len(names), rng=np.random.default_rng(SEED)).random(sizes.waves[0])
    todo = points.points_at(at_values(unit, names), size=sizes.match, seed=100_000)
    wave = points.lived("wave1", todo, folder, sizes.workers)
    kept = ["figure", "factor", "mu", "mu_star", "mu_star_of_chance", "stands_out"]
    shown = screen[screen["figure"].isin(fitted())]
    return {"screen": shown[kept].reset_index(drop=True).round(9), "wave": wave[["point", *fitted()]].round(9)}


def _full(sizes: Sizes, folder: Path, out: Path) -> dict[str, pd.DataFrame]:
    targets = fitted()
    screen = screened(sizes, folder)
    names = taken(screen, targets)
    say(f"{len(names)} parameters are matched: {', '.join(names)}")
    before, now = (
        points.lived(
            stage, points.points_at(pd.DataFrame([values] * sizes.chance), size=sizes.match, seed=50_000), folder
        )
        for stage, values in (("before", starting_values()), ("chance", _defaults(names)))
    )
    chance = {name: float(now[name].var(ddof=1)) for name in now if name not in ("point", "life")}

    waves = waves_of(sizes, names, targets, chance, folder)
    sets, searches = _rounds(sizes, names, targets, chance, waves.matcher, folder)
    kept = sets[sets["kept"]]
    late = kept[kept["round"] >= sizes.rounds - 1]
    ensemble = _chosen(late, sizes.sets)
    say(
        f"{len(kept)} of {len(sets)} sets are kept, {len(late)} of the last two rounds; the ensemble holds {len(ensemble)}"
    )
    if len(late) < LEAST_KEPT:
        raise SystemExit(f"the study fails: {len(late)} sets are kept, and {LEAST_KEPT} were asked for")
    identified = _identified(late, names)
    _ship(out, ensemble, names, screen, dict(zip(identified["parameter"], identified["of_range"], strict=True)))

    tables = {
        "waves": waves.table,
        "unreached": pd.DataFrame([{"pattern": name, "nearest": value} for name, value in waves.unreached.items()], columns=["pattern", "nearest"]),
        "identified": identified,
        "correlations": _correlations(late, names),
        "before": _readings(before),
        "reached": _reached(waves.lived.figures),
        "rounds": searches,
        "sets": sets.groupby("third")["kept"].agg(lived="size", kept="sum").reindex(list(SPLITS), fill_value=0).reset_index(),
    }  # fmt: skip
    tables["recovery"] = _recovered(sizes, waves, names, targets, chance)
    recovered = float(tables["recovery"]["inside"].mean())
    tables["rivals"] = _rivals(sizes, ensemble, names, folder)
    if recovered < LEAST_RECOVERED:
        say(
            f"THE METHOD FAILS ITS OWN TEST: {recovered:.3f} of true values inside, and {LEAST_RECOVERED} were asked for"
        )
    return tables


def _rounds(
    sizes: Sizes,
    names: Sequence[str],
    targets: Mapping[str, Target],
    chance: Mapping[str, float],
    within: Matcher,
    folder: Path,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rounds of search and real lives; returns every set lived twice, and how each search ended."""
    sets, searches = [], []
    lived = Lived(np.zeros((0, len(names))), pd.DataFrame())
    left = points_left(within, len(names), STARTS, seed=SEED + 77)
    if not len(left):
        raise SystemExit("the last wave leaves nothing: the patterns contradict each other")

    def live(stage: str, unit: np.ndarray, number: int) -> None:
        nonlocal lived
        seeds = [1_000_000 * number + 500_000 * k for k in range(BOROUGHS)]
        values = at_values(unit, names)
        own = points.means(stage, values, folder, size=sizes.match, seeds=seeds, workers=sizes.workers)
        lived = lived.with_more(unit[own.index], own)
        sets.append(judged(own, values, targets, chance).assign(round=number // 10))

    default = at_unit(pd.DataFrame([_defaults(names)]))[0]
    draw = np.random.default_rng([SEED, 1])
    spread = np.repeat(STREWN, sizes.strewn // len(STREWN))[:, None]
    live("strewn", np.clip(reflected(default + spread * draw.standard_normal((len(spread), len(names)))), 0.0, 1.0), 1)
    of_means = {name: value / BOROUGHS for name, value in chance.items()}
    for number in range(1, sizes.rounds + 1):
        taught = latest(lived, sizes.most_trained)
        about = (taught.unit, taught.figures.to_json(), left, vars(sizes), targets, chance, AIMS, SEED)
        path = folder / f"round{number}-{points.name_of(*about)}.json"
        said = points.kept(path)
        if said is None:
            matcher = Matcher(emulators(taught, targets, of_means, sizes.workers), dict(targets))
            found = particles_of(sizes, matcher, within, left, number)
            said = {
                split: {"points": one.points.tolist(), "generations": len(one.tolerances), "expected_miss": one.tolerances[-1],
                        "moves_that_stayed": one.acceptance[-1]} for split, one in found.items()
            }  # fmt: skip
            replace_whole(path, json.dumps(said).encode())
        for k, (split, one) in enumerate(said.items()):
            unit = np.array(one.pop("points"))
            live(f"round{number}-{split}", unit, 10 * number + k)
            own = sets[-1]
            searches.append(
                {"round": number, "led_to": split, **one, "spread": float(unit.std(axis=0).mean()), "lived": len(own),
                 "kept": int(own["kept"].sum()), "in_third": int((own["kept"] & (own["third"] == split)).sum())}
            )  # fmt: skip
            say(f"{searches[-1]}")
    return pd.concat(sets, ignore_index=True), pd.DataFrame(searches)


def judged(
    means: pd.DataFrame, values: pd.DataFrame, targets: Mapping[str, Target], chance: Mapping[str, float]
) -> pd.DataFrame:
    """Each set with the means of what was read off it, how far it misses, and whether it is kept."""
    missed = misses(means, targets, chance, BOROUGHS)
    about = pd.DataFrame(
        {
            "third": [next((k for k, (_, high) in SPLITS.items() if share <= high), "none") for share in means[WITHOUT_SERVICE]],
            "miss": np.sqrt((missed**2).mean(axis=1)),
            "worst": np.abs(missed).max(axis=1),
        },
        index=means.index,
    )  # fmt: skip
    # a comparison with NaN is false: what could not be read is not kept
    about["kept"] = (about["miss"] <= MOST_MISS) & (about["worst"] <= MOST_MISSED)
    return pd.concat([values.loc[means.index], about, means], axis=1)


def _chosen(kept: pd.DataFrame, number: int) -> pd.DataFrame:
    """As many sets of each third as can be, in a drawn order in which any first few are mixed like the whole."""
    draw = np.random.default_rng(SEED)
    piles = {third: draw.permutation(kept.index[kept["third"] == third]) for third in SPLITS}
    share = dict.fromkeys(SPLITS, 0)
    while sum(share.values()) < min(number, len(kept)):
        for third, pile in piles.items():
            if share[third] < len(pile) and sum(share.values()) < number:
                share[third] += 1
    places = [((k + 0.5) / share[third], piles[third][k]) for third in SPLITS for k in range(share[third])]
    return kept.loc[[row for _, row in sorted(places, key=lambda one: one[0])]]


def _identified(kept: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """How far matching narrowed each parameter, the thirds weighing alike."""
    weight = _even(kept)
    began = starting_values()
    rows = []
    for name in names:
        spec, default = every_parameter()[name]
        order = np.argsort(kept[name].to_numpy())
        ladder = np.cumsum(weight[order])
        low, middle, high = (float(kept[name].to_numpy()[order][np.searchsorted(ladder, q)]) for q in (0.05, 0.5, 0.95))
        width = (high - low) / (0.9 * (spec.high - spec.low))
        said = "identified" if width < IDENTIFIED else "partly" if width < PARTLY else "not identified"
        rows.append(
            {"parameter": name, "before": began.get(name, default), "median": middle, "low": low, "high": high, "of_range": width, "identified": said}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _even(kept: pd.DataFrame) -> np.ndarray:
    weight = 1.0 / kept.groupby("third")["third"].transform("size")
    return (weight / weight.sum()).to_numpy()


def _correlations(kept: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Pairs of parameters that the patterns tie together within a third, so that what sets thirds apart is not counted."""
    values = kept[list(names)]
    found = weighted_correlation(at_unit(values - values.groupby(kept["third"]).transform("mean")), _even(kept))
    rows = [
        {"one": names[i], "other": names[j], "correlation": found[i, j]}
        for i in range(len(names))
        for j in range(i)
        if abs(found[i, j]) >= TIED
    ]
    return pd.DataFrame(rows, columns=["one", "other", "correlation"]).sort_values(
        "correlation", key=abs, ascending=False
    )


def _readings(figures: pd.DataFrame) -> pd.DataFrame:
    """The median and the middle 90 % of each pattern over rows, and how many rows hold it."""
    rows = [
        {
            "pattern": one.pattern.name,
            "low": one.simulated_low,
            "median": one.simulated,
            "high": one.simulated_high,
            "share_holding": one.share_holding,
        }
        for one in readings(figures.to_dict("records"), of_sets=True)
    ]
    return pd.DataFrame(rows)


def _reached(figures: pd.DataFrame) -> pd.DataFrame:
    """The lowest and highest value of each pattern over all points lived, and how many points hold it."""
    rows = []
    for name, one in PATTERNS.items():
        values = figures[name].dropna()
        rows.append({"pattern": name, "lowest": values.min(), "highest": values.max(), "points_holding": int(((values >= one.low) & (values <= one.high)).sum()), "points": len(values)})  # fmt: skip
    return pd.DataFrame(rows)


def _recovered(
    sizes: Sizes, waves: Waves, names: Sequence[str], targets: Mapping[str, Target], chance: Mapping[str, float]
) -> pd.DataFrame:
    """Made-up data with known parameters, matched blind by emulators that never saw them.

    The cases are points of the second wave, so that they come from the prior that the first wave left.
    """
    can_be_read = waves.lived.figures[list(targets)].notna().all(axis=1).to_numpy()
    cases = np.flatnonzero((waves.wave == 2) & can_be_read)[: sizes.cases]
    rest = np.setdiff1d(np.arange(len(waves.lived.unit)), cases)
    others = Lived(waves.lived.unit[rest], waves.lived.figures.iloc[rest].reset_index(drop=True))
    made = emulators(latest(others, sizes.most_trained), targets, chance, sizes.workers)
    figures = {name: targets[name].drawn_in(waves.lived.figures[name].to_numpy(float)[cases]) for name in targets}
    found = recovery(made, targets, waves.prior, waves.lived.unit[cases], figures, seed=SEED)
    say(f"recovery: {found.rate:.3f} of true values inside the 90 % intervals")
    return pd.DataFrame({"parameter": list(names), "inside": found.inside.mean(axis=0), "width": found.narrowed})


def _rivals(sizes: Sizes, ensemble: pd.DataFrame, names: Sequence[str], folder: Path) -> pd.DataFrame:
    """Every rival under a few sets, and the patterns that it misses where the same sets without it hold them."""
    values = ensemble[list(names)].head(sizes.rival_sets)
    rows = []
    base = points.lived("rival-none", points.points_at(values, size=sizes.match, seed=9_000_000), folder, sizes.workers)
    for rival in RIVALS:
        # what a rival fixes is not the set's to say
        own = values.drop(
            columns=[f"{kind}.{name}" for kind, name, _ in RIVALS[rival].changes if f"{kind}.{name}" in values]
        )
        todo = points.points_at(own, size=sizes.match, seed=9_000_000, rivals=(rival,))
        under = points.lived(f"rival-{rival}", todo, folder, sizes.workers)
        for name, one in PATTERNS.items():
            if name.startswith("stays_put"):
                continue
            rows.append(
                {
                    "rival": rival,
                    "pattern": name,
                    "without": float(base[name].median()),
                    "under": float(under[name].median()),
                    "holding_without": float(np.mean([one.holds(v) for v in base[name]])),
                    "holding_under": float(np.mean([one.holds(v) for v in under[name]])),
                }
            )
    return pd.DataFrame(rows)


def _ship(
    out: Path, ensemble: pd.DataFrame, names: Sequence[str], screen: pd.DataFrame, of_range: Mapping[str, float]
) -> None:
    """The files that the package ships; they are copied to `dealsim/calibration/` by hand, once they have been looked at."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "ensemble.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["set", *names])
        for number, row in enumerate(ensemble[list(names)].to_dict("records"), start=1):
            writer.writerow([number, *(float(f"{row[name]:.4g}") for name in names)])
    thirds = {third: int((ensemble["third"] == third).sum()) for third in SPLITS}
    about = {
        "study": "experiments/07_calibration.py",
        "seed": SEED,
        "model_version": MODEL_VERSION,
        "sets": len(ensemble),
        "parameters": list(names),
        "kept_if": f"misses below {MOST_MISS} standard deviations in the mean and {MOST_MISSED} for each fitted pattern",
        "ended_without_a_service": {"low, at most 0.6": thirds["low"], "middle": thirds["middle"], "high, at least 0.85": thirds["high"]},
        "of_range": {name: round(width, 3) for name, width in of_range.items()},
    }  # fmt: skip
    (out / "ensemble.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    rows = screen[screen["figure"].str.contains(":") & screen["stands_out"]].copy()
    rows[["of", "metric"]] = rows["figure"].str.split(":", expand=True)
    rows = rows.rename(
        columns={"factor": "parameter", "mu_star_low": "low", "mu_star_high": "high", "mu_star_of_chance": "chance"}
    )
    order = {name: k for k, name in enumerate(HEADLINE)}
    rows = rows.assign(_metric=rows["metric"].map(order)).sort_values(
        ["of", "_metric", "mu_star"], ascending=[True, True, False]
    )
    kept = ["of", "metric", "parameter", "mu", "mu_star", "low", "high", "chance", "converged"]
    rows[kept].to_csv(out / "influence.csv", index=False, float_format="%.5g", lineterminator="\n")


if __name__ == "__main__":
    study.by_hand(__doc__, "07", main)
