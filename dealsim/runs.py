"""Runs one scenario, or several on the same people, and sums up what changed and how sure that is.

It writes nothing but the cache of burnt-in boroughs; `dealsim.store` keeps results.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dealsim import calibration
from dealsim.agents.citizen import CitizenColumns
from dealsim.borough import shape_for
from dealsim.calendar import WEEKS_A_MONTH, WEEKS_A_QUARTER, WEEKS_A_YEAR
from dealsim.declare import columns_of
from dealsim.engine import (
    BURN_IN_WEEKS,
    World,
    branch,
    column_hashes,
    live,
    people_to_watch,
    state_hash,
)
from dealsim.errors import InputError, StoppedError
from dealsim.levers import Policy
from dealsim.metrics import HEADLINE, METRICS, Series, series
from dealsim.parameters import Parameters
from dealsim.places import PlaceInput
from dealsim.plans import Plan, alike, borough_seed, hash_of_sets, id_of_all, ids_of_runs, plan
from dealsim.results import Results, run_columns
from dealsim.scenarios import Scenario
from dealsim.starts import burnt_in
from dealsim.summary import (
    CUMULATIVE,
    OUTCOME_WEEKS,
    SAVING,
    MetricInfo,
    pair_outcomes,
    summarise,
)
from dealsim.tally import EVENT_FIELDS, EVENT_KINDS
from dealsim.version import MODEL_VERSION

WATCHED = 200
"""Citizens whose lives are kept, the same in every scenario."""


class InterruptedRun(StoppedError):
    """The work was stopped before its end; `results` holds the finished pairs, or None if there are none."""

    def __init__(self, results: Results | None, finished: int, wanted: int, of: str = "pair") -> None:
        self.results = results
        self.finished = finished
        self.wanted = wanted
        super().__init__(f"stopped; {finished} of {wanted} {of if wanted == 1 else of + 's'} finished")


def run(
    scenario: str | Path | Mapping[str, Any] | Scenario,
    *,
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
    cache: bool = True,
    progress: Callable[[str, float, float], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Results:
    """Live one scenario several times, each time with other chances.

    Parameters
    ----------
    scenario
        The name of a shipped scenario, the path of a file, or a scenario.
    size
        Citizens; the scenario's own, or 33,000.
    years
        Years after burn-in; 10.
    seed
        Names the people drawn and, with the replicate, the chances of their lives.
    replicates
        How many times the weeks are lived; the scenario's own, or 10.
    workers
        Runs lived at the same time; all processors. It never changes a figure.
    place, rank_of
        A file of neighbourhoods of the user's own, and how many neighbourhoods were ranked.
    boroughs
        Over how many differently drawn boroughs the replicates are spread.
    values
        Other parameter values, as `{"citizen.trust_gain": 0.2}`.
    ensemble
        Over how many calibrated parameter sets the replicates are spread (then 2 for each set, if not said otherwise);
        without it, every replicate has the shipped values.
    cache
        Whether a burnt-in borough may be kept and used again.
    progress
        Called with the stage, what is done and the whole.
    stop
        Called between weeks; True ends the work.

    Raises
    ------
    InputError, LimitError, InterruptedRun

    Examples
    --------
    >>> results = run("deal", size=800, years=1, replicates=2)
    >>> results.finished
    2
    """
    return _work(
        "run", (scenario,), size, years, seed, replicates, workers, place, rank_of, boroughs, values, ensemble, cache,
        progress, stop,
    )  # fmt: skip


def compare(
    base: str | Path | Mapping[str, Any] | Scenario,
    *scenarios: str | Path | Mapping[str, Any] | Scenario,
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
    cache: bool = True,
    progress: Callable[[str, float, float], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Results:
    """Live the base and each scenario with the same people and the same chances, and compare them in pairs.

    The parameters are those of `run`.

    Raises
    ------
    InputError, LimitError, InterruptedRun

    Examples
    --------
    >>> results = compare("cuts_only", "deal", size=800, years=1, replicates=2)
    >>> results.base
    'cuts_only'
    """
    if not scenarios:
        raise InputError("compare needs a base and at least one scenario")
    return _work(
        "compare", (base, *scenarios), size, years, seed, replicates, workers, place, rank_of, boroughs,
        values, ensemble, cache, progress, stop,
    )  # fmt: skip


class _Lived(NamedTuple):
    series: Series
    state_hash: str
    hashes: dict[str, dict[str, str]]
    people: list[tuple[int, dict[str, np.ndarray]]]
    events: np.ndarray
    service_names: tuple[str, ...]
    seconds: float


class _Counter:
    """Weeks lived so far, counted by all workers and read by the one that shows progress."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.weeks = 0

    def add(self, weeks: int) -> None:
        with self._lock:
            self.weeks += weeks


def _live_one(
    start: World,
    policy: Policy,
    parameters: Parameters,
    life_seed: int,
    weeks: int,
    watch: Any,
    is_first: bool,
    stop: Callable[[], bool],
    count: Callable[[int], None],
) -> _Lived | None:
    """One life of a borough; None when it was stopped."""
    began = time.perf_counter()
    world = branch(start, policy, life_seed, weeks, parameters, watch if is_first else ())
    hashes: dict[str, dict[str, str]] = {}
    people: list[tuple[int, dict[str, np.ndarray]]] = []
    if is_first:
        hashes["0"] = _short(column_hashes(world))
    week = 0
    while week < weeks:
        upto = min(weeks, week - week % WEEKS_A_MONTH + WEEKS_A_MONTH, week - week % WEEKS_A_QUARTER + WEEKS_A_QUARTER)
        live(world, upto - week, stop)
        if stop():
            return None
        count(upto - week)
        week = upto
        if is_first and (week % WEEKS_A_QUARTER == 0 or week == weeks):
            hashes[str(week)] = _short(column_hashes(world))
        if is_first and week % WEEKS_A_MONTH == 0:
            people.append((week - 1, _seen(world, watch)))
    return _Lived(
        series(world),
        state_hash(world),
        hashes,
        people,
        np.array(world.events) if is_first else np.zeros((0, len(EVENT_FIELDS)), np.int32),
        tuple(world.borough.service_names),
        time.perf_counter() - began,
    )


def _short(hashes: Mapping[str, str]) -> dict[str, str]:
    return {name: value[:16] for name, value in sorted(hashes.items())}


def _seen(world: World, rows: Any) -> dict[str, np.ndarray]:
    """Every declared column of the watched citizens."""
    seen: dict[str, np.ndarray] = {}
    for name, spec in columns_of(CitizenColumns).items():
        column = getattr(world.borough.citizens, name)[rows]
        if spec.per == 1:
            seen[name] = column.copy()
        else:
            for part in range(spec.per):
                seen[f"{name}_{part + 1}"] = column[:, part].copy()
    return seen


def _work(
    command: str,
    scenarios: Sequence[str | Path | Mapping[str, Any] | Scenario],
    size: int | None,
    years: int | None,
    seed: int,
    replicates: int | None,
    workers: int | None,
    place: str | Path | PlaceInput | None,
    rank_of: int | None,
    boroughs: int,
    values: Mapping[str, float] | None,
    ensemble: int | None,
    cache: bool,
    progress: Callable[[str, float, float], None] | None,
    stop: Callable[[], bool] | None,
) -> Results:
    made = plan(
        command, scenarios, size, years, seed, replicates, workers, place, rank_of, boroughs, values, ensemble
    )  # fmt: skip
    return live_plan(made, cache=cache, progress=progress, stop=stop)


def live_plan(
    made: Plan,
    *,
    cache: bool = True,
    progress: Callable[[str, float, float], None] | None = None,
    stop: Callable[[], bool] | None = None,
    only: Collection[tuple[int, int]] | None = None,
) -> Results:
    """Live every run of a checked plan (or `only` some: scenario and replicate), and sum up.

    Raises
    ------
    InterruptedRun
        When it is stopped; it carries what was finished.
    """
    began = time.perf_counter()
    halted = threading.Event()
    should_stop = halted.is_set if stop is None else lambda: halted.is_set() or stop()
    counter, before = _Counter(), _Counter()
    if only is None:
        only = {(at, k) for at in range(len(made.scenarios)) for k in range(made.replicates)}
    wanted = float(made.weeks * len(only))
    to_burn_in = float(BURN_IN_WEEKS * sum(len(made.kinds_of(which)) for which, _ in _starting(made, only)))

    def tick(stage: str) -> None:
        if progress is None:
            return
        if stage == "burn_in":
            progress(stage, before.weeks, to_burn_in)
        else:
            progress(stage, counter.weeks, wanted)

    seconds = {"burn_in": 0.0, "live": 0.0, "summarise": 0.0}
    notices = alike(made)
    futures: dict[tuple[int, int], Future[_Lived | None]] = {}
    failed: list[dict[str, Any]] = []
    pool = ThreadPoolExecutor(made.workers)
    try:
        _submit_all(
            made, only, pool, futures, failed, cache, notices, should_stop, before.add, counter.add, tick, seconds
        )
    except KeyboardInterrupt:
        halted.set()
    finally:
        is_stopped = should_stop()
        halted.set()
        pool.shutdown(wait=True, cancel_futures=True)

    lived: dict[tuple[int, int], _Lived] = {}
    for (at, replicate), future in futures.items():
        if future.cancelled():
            continue
        error = future.exception()
        if isinstance(error, InputError):
            raise error
        if error is not None:
            failed.append(_failure(made.names[at], replicate, error))
            continue
        result = future.result()
        if result is not None:
            lived[at, replicate] = result

    of = "pair" if made.command == "compare" else "run"
    everyone = range(len(made.scenarios))
    finished = [k for k in range(made.replicates) if all((at, k) in lived for at in everyone)]
    is_short = is_stopped and len(lived) + len(failed) < len(only)
    if is_short:
        lived = {key: value for key, value in lived.items() if key[1] in finished}
        notices.append(f"stopped early: {len(finished)} of {made.replicates} replicates were finished")
        if not lived:
            raise InterruptedRun(None, 0, made.replicates, of)
    tick("summarise")
    mark = time.perf_counter()
    results = _gathered(made, lived, failed, notices, len(finished))
    seconds["summarise"] = time.perf_counter() - mark
    seconds["total"] = time.perf_counter() - began
    results = replace(results, seconds=seconds)
    if is_short:
        raise InterruptedRun(results, len(finished), made.replicates, of)
    return results


def _submit_all(
    made: Plan,
    only: Collection[tuple[int, int]],
    pool: ThreadPoolExecutor,
    futures: dict[tuple[int, int], Future[_Lived | None]],
    failed: list[dict[str, Any]],
    cache: bool,
    notices: list[str],
    should_stop: Callable[[], bool],
    count_before: Callable[[int], None],
    count: Callable[[int], None],
    tick: Callable[[str], None],
    seconds: dict[str, float],
) -> None:
    """Burn in as many boroughs at a time as there are workers, live their replicates, and let them go.

    With an ensemble this goes set by set: a borough is burnt in anew for each parameter set.
    """
    starting = _starting(made, only)
    kinds = {which: made.kinds_of(which) for which, _ in starting}
    if 1 < made.boroughs < made.replicates:
        notices.append(
            f"{made.replicates} replicates share {made.boroughs} boroughs, so the intervals are a little too narrow"
        )
    batch = max(1, made.workers // max(map(len, kinds.values())))
    for first in range(0, len(starting), batch):
        here = starting[first : first + batch]
        mark = time.perf_counter()
        starts = {
            (which, borough, parameters): pool.submit(
                burnt_in,
                made.place,
                made.size,
                borough_seed(made.seed, made.boroughs, borough),
                parameters,
                cache,
                notices.append,
                should_stop,
                count_before,
            )
            for which, borough in here
            for parameters in kinds[which]
        }
        _wait(starts.values(), lambda: tick("burn_in"), should_stop)
        seconds["burn_in"] += time.perf_counter() - mark
        if should_stop():
            return
        mark = time.perf_counter()
        watch = _watched(starts.get((0, 0, made.parameters_of(0, 0))))
        if first == 0:
            notices += _place_notices(made, starts[0, 0, made.parameters_of(0, 0)])
        own = []
        for at, replicate in sorted(only, key=lambda run: (run[1], run[0])):  # pairs are finished together
            which, borough = made.set_of(replicate), made.borough_of(replicate)
            if (which, borough) in here:
                start = starts[which, borough, made.parameters_of(at, replicate)]
                error = start.exception()
                if error is not None:
                    if isinstance(error, InputError):
                        raise error
                    failed.append(_failure(made.names[at], replicate, error))
                    continue
                future = pool.submit(_one, made, at, replicate, start, watch, should_stop, count)
                futures[at, replicate] = future
                own.append(future)
        del starts, start  # a borough is let go with its last run
        _wait(own, lambda: tick("live"), should_stop)
        seconds["live"] += time.perf_counter() - mark
        if should_stop():
            return


def _starting(made: Plan, only: Collection[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parameter sets and boroughs in which some of the runs are lived, set by set; the first of all is always there.

    It says what holds of every borough, and whose lives are kept.
    """
    needed = {(0, 0), *((made.set_of(replicate), made.borough_of(replicate)) for _, replicate in only)}
    return sorted(needed)


def _place_notices(made: Plan, start: Future[World]) -> list[str]:
    if start.cancelled() or start.exception() is not None:
        return []
    names, known = start.result().borough.place_names, made.place.place_names
    said = []
    if len(names) < len(known):
        said.append(f"at this size the {len(known)} places of {made.place.name} are joined into {len(names)}")
    return said + [note for scenario in made.scenarios for note in scenario.notices(names, known)]


def _wait(futures: Iterable[Future[Any]], tick: Callable[[], None], stop: Callable[[], bool]) -> None:
    """Wait for all, showing progress from this thread only, and dropping what has not begun when stopped."""
    open_ = set(futures)
    while open_:
        _, open_ = wait(open_, timeout=0.2, return_when=FIRST_COMPLETED)
        tick()
        if stop():
            for future in open_:
                future.cancel()


def _watched(start: Future[World] | None) -> Any:
    if start is None or start.cancelled() or start.exception() is not None:
        return ()
    return people_to_watch(start.result(), WATCHED)


def _one(
    made: Plan,
    at: int,
    replicate: int,
    start: Future[World],
    watch: Any,
    stop: Callable[[], bool],
    count: Callable[[int], None],
) -> _Lived | None:
    if stop():
        return None
    world = start.result()
    scenario = made.scenarios[at]
    policy = scenario.policy(made.weeks, world.borough.place_names, made.place.place_names)
    return _live_one(
        world,
        policy,
        made.parameters_of(at, replicate),
        made.life_seed(replicate),
        made.weeks,
        watch,
        replicate == 0,
        stop,
        count,
    )


def _failure(scenario: str, replicate: int, error: BaseException) -> dict[str, Any]:
    """A failed run as it is kept."""
    said, lines = failure_text(error)
    return {"scenario": scenario, "replicate": replicate, "error": said, "traceback": lines}


def failure_text(error: BaseException) -> tuple[str, str]:
    """What went wrong, and the traceback, without anything that names the user."""
    home = str(Path.home())
    text = re.sub(r"\s+", " ", str(error).replace(home, "~"))[:500]
    said = f"{type(error).__name__}: {text}"
    lines = [
        f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    return said, "\n".join([*lines, said])


def _gathered(
    made: Plan,
    lived: Mapping[tuple[int, int], _Lived],
    failed: list[dict[str, Any]],
    notices: list[str],
    finished: int,
) -> Results:
    names = made.names
    metrics = {name: MetricInfo.of(metric) for name, metric in METRICS.items()}
    if made.command == "compare":
        metrics.setdefault(CUMULATIVE, SAVING)
    ids = ids_of_runs(made)
    runs = []
    for at, replicate in sorted(lived):
        runs.append(
            {
                "scenario": names[at],
                "replicate": replicate,
                "borough_seed": made.borough_seed(replicate),
                "life_seed": made.life_seed(replicate),
                **({"set": made.set_of(replicate)} if made.sets else {}),
                "run_id": ids[at][replicate],
                "state_hash": lived[at, replicate].state_hash,
            }
        )
    table = _series_frame(names, lived)
    settings = {
        "command": made.command,
        "model_version": MODEL_VERSION,
        "calibrated": not made.values and not any(scenario.rivals for scenario in made.scenarios),
        "size": made.size,
        "years": made.years,
        "weeks": made.weeks,
        "seed": made.seed,
        "replicates": made.replicates,
        "boroughs": made.boroughs,
        "burn_in_weeks": BURN_IN_WEEKS,
        "outcome_weeks": min(OUTCOME_WEEKS, made.weeks),
        "values": dict(made.values),
        "place": {
            "name": made.place.name,
            "file_name": made.place.file_name,
            "sha256": made.place.sha256,
            "rank_of": made.place.rank_of,
            "rank_of_asked": made.rank_of,
            "places": shape_for(made.size, len(made.place.place_names))[0],
        },
    }
    said = "\n".join(f"{row['scenario']} {row['replicate']} {row['state_hash']}" for row in runs)
    base = names[0]
    headline = tuple(name for name in HEADLINE if name in metrics and name != CUMULATIVE)
    if made.command == "compare":
        headline += (CUMULATIVE,)
    if made.sets:
        settings["ensemble"] = {
            "sets": len(made.sets),
            "sha256": hash_of_sets(made.sets),
            "names": sorted({name for own in made.sets for name in own}),
            **{key: value for key, value in calibration.provenance().items() if key in ("study", "seed")},
        }
    return Results(
        base=base,
        names=names,
        scenarios=tuple(scenario.as_dict() for scenario in made.scenarios),
        given=tuple(scenario.text for scenario in made.scenarios),
        series=table,
        summary=summarise(table, names, made.weeks, metrics, len(made.sets)),
        outcomes=pair_outcomes(table, names, made.weeks, metrics, headline, _policies(made), len(made.sets)),
        people=_people_frame(names, lived),
        events=_events_frame(names, lived),
        runs=pd.DataFrame(runs, columns=list(run_columns(bool(made.sets)))),
        metrics=metrics,
        headline=headline,
        hashes={names[at]: lived[at, k].hashes for at, k in sorted(lived) if k == 0},
        failed=tuple(sorted(failed, key=lambda run: (names.index(run["scenario"]), run["replicate"]))),
        notices=tuple(dict.fromkeys(notices)),
        settings=settings,
        seconds={},
        state_hash=hashlib.sha256(said.encode()).hexdigest(),
        run_id=id_of_all(ids),
        finished=finished,
        place_bytes=made.place_bytes,
    )


def _policies(made: Plan) -> dict[str, tuple[int, int]]:
    """The first week in which a scenario's policy differs from its base's, and the first after the last."""
    tables = [scenario.policy(made.weeks, made.place.place_names)._asdict() for scenario in made.scenarios]
    spans = {}
    for name, table in zip(made.names[1:], tables[1:], strict=True):
        differs = np.zeros(made.weeks, bool)
        for column, values in table.items():
            if column != "old_permission":
                differs |= (values != tables[0][column]).reshape(made.weeks, -1).any(axis=1)
        if differs.any():
            weeks = np.flatnonzero(differs)
            spans[name] = (int(weeks[0]), int(weeks[-1]) + 1)
    return spans


def _category(codes: list[int], lengths: list[int], labels: Sequence[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(np.repeat(np.array(codes, np.int32), lengths), categories=list(labels))


def _series_frame(names: Sequence[str], lived: Mapping[tuple[int, int], _Lived]) -> pd.DataFrame:
    """The tidy table; weeks in which a metric has no meaning are left out."""
    parts: list[tuple[int, int, str, str, np.ndarray, np.ndarray]] = []
    for at, replicate in sorted(lived):
        own = lived[at, replicate].series
        for metric, group, weeks, values in own:
            has_meaning = np.isfinite(values)
            parts.append((at, replicate, metric, group, np.asarray(weeks)[has_meaning], values[has_meaning]))
        if at and (0, replicate) in lived:
            savings = _savings(lived[0, replicate].series, own)
            parts += [(at, replicate, CUMULATIVE, group, weeks, saved) for group, weeks, saved in savings]
    metrics = list(dict.fromkeys(part[2] for part in parts))
    groups = list(dict.fromkeys(part[3] for part in parts))
    metric_code = {name: k for k, name in enumerate(metrics)}
    group_code = {name: k for k, name in enumerate(groups)}
    lengths = [len(part[4]) for part in parts]
    empty = np.zeros(0)
    return pd.DataFrame(
        {
            "scenario": _category([part[0] for part in parts], lengths, names),
            "replicate": np.repeat(np.array([part[1] for part in parts], np.int32), lengths),
            "week": np.concatenate([part[4] for part in parts] or [empty]).astype(np.int32),
            "metric": _category([metric_code[part[2]] for part in parts], lengths, metrics),
            "group": _category([group_code[part[3]] for part in parts], lengths, groups),
            "value": np.concatenate([part[5] for part in parts] or [empty]).astype(np.float64),
        }
    )


def _savings(base: Series, own: Series) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """What a scenario has saved against its pair so far, £ per head, for everyone and in each service's ledger."""
    spent = {group: values for metric, group, _, values in base if metric == "cost_per_head"}
    saved = []
    for metric, group, weeks, values in own:
        if metric == "cost_per_head" and group in spent:
            covered = WEEKS_A_MONTH if len(weeks) > 1 and weeks[1] - weeks[0] == WEEKS_A_MONTH else 1
            saved.append((group, np.asarray(weeks), np.cumsum((spent[group] - values) * covered / WEEKS_A_YEAR)))
    return saved


def _people_frame(names: Sequence[str], lived: Mapping[tuple[int, int], _Lived]) -> pd.DataFrame:
    columns: dict[str, list[Any]] = {"scenario": [], "week": [], "person": []}
    for at in range(len(names)):
        for week, seen in lived[at, 0].people if (at, 0) in lived else ():
            count = len(next(iter(seen.values())))
            columns["scenario"].append(np.full(count, at, np.int32))
            columns["week"].append(np.full(count, week, np.int32))
            columns["person"].append(np.arange(count, dtype=np.int32))
            for name, values in seen.items():
                columns.setdefault(name, []).append(values)
    if not columns["scenario"]:
        return pd.DataFrame({"scenario": pd.Categorical([], categories=list(names)), "week": [], "person": []})
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    scenario = pd.Categorical.from_codes(joined.pop("scenario"), categories=list(names))
    return pd.DataFrame({"scenario": scenario, **joined})


def _events_frame(names: Sequence[str], lived: Mapping[tuple[int, int], _Lived]) -> pd.DataFrame:
    tables, codes, services = [], [], []
    for at in range(len(names)):
        if (at, 0) in lived:
            own = lived[at, 0].events
            tables.append(own)
            codes.append(np.full(len(own), at, np.int32))
            called = (*lived[at, 0].service_names, "")  # row −1 is no service
            services += [called[row] for row in own[:, EVENT_FIELDS.index("service")].tolist()]
    events = np.concatenate(tables) if tables else np.zeros((0, len(EVENT_FIELDS)), np.int32)
    columns: dict[str, Any] = {
        "scenario": pd.Categorical.from_codes(np.concatenate(codes) if codes else [], categories=list(names))
    }
    for at, name in enumerate(EVENT_FIELDS):
        columns[name] = events[:, at]
    columns["kind"] = pd.Categorical.from_codes(events[:, EVENT_FIELDS.index("kind")], categories=list(EVENT_KINDS))
    columns["service"] = pd.Categorical(services, categories=sorted(set(services)))
    return pd.DataFrame(columns)
