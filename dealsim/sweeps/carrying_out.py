"""Carries a sweep out: hands out what is missing in batches, keeps what comes back, and counts what dies.

Whatever happens to it, the folder holds every batch that was kept, and the same call goes on from there.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from dealsim import compiled, store
from dealsim.errors import DealsimError, StoppedError
from dealsim.plans import seconds_to_live
from dealsim.sweeps.folder import SweepFolder, folder_of, is_sweep_folder, read_recipe
from dealsim.sweeps.jobs import FAILED, SET_ASIDE, Context, Wanted, get_ready, live_batch, packed_part, set_aside
from dealsim.sweeps.plan import SweepPlan, checked_workers, estimate_sweep, plan_sweep
from dealsim.sweeps.results import SweepResults, more_replicates, read_sweep
from dealsim.sweeps.workers import Dask, Here, Workers

BATCH_SECONDS = 10.0
"""How long a batch should take: what a dead worker costs, and long against what handing it over takes."""
DEATHS_BEFORE_ALONE = 2
"""Deaths of its worker after which the runs of a batch are tried one by one."""
DEATHS_BEFORE_ASIDE = 2
"""Deaths of its worker after which a run that is tried alone is set aside."""
AHEAD = 2
"""Batches given out for each slot, so that no worker waits for the next."""
TICK_SECONDS = 0.5
FIRST_BATCH_SECONDS = 1.0
"""The first batches are small: nobody knows yet how long a run takes here."""
LEARNING = 0.3
"""Weight of the newest batch in the pace."""


@dataclass(frozen=True)
class Progress:
    """How far a sweep is: runs of this call and before it, failures, pace and what is left."""

    done: int
    wanted: int
    before: int
    failed: int
    set_aside: int
    seconds: float
    rate: float
    seconds_left: float
    disk_mb: float
    workers: int

    def as_dict(self) -> dict[str, Any]:
        """As plain data; none where nothing is known yet."""
        said: dict[str, Any] = dict(vars(self))
        for name in ("seconds", "rate", "seconds_left", "disk_mb"):
            said[name] = round(said[name], 3) if np.isfinite(said[name]) else None
        return said


class TooManyFailures(DealsimError):
    """More runs failed than were allowed; what was finished is kept."""

    exit_code = 3


class StoppedSweep(StoppedError):
    """The sweep was stopped before its end; everything that was finished is kept."""


@dataclass(eq=False)
class _Batch:
    """Some of the missing runs, by their places in the list of them, and how often a worker died of them."""

    at: np.ndarray
    deaths: int = 0
    is_alone: bool = False
    why: str = ""


class _Missing:
    """The runs that are still to be lived, in an order in which those that share a burnt-in borough come together."""

    def __init__(self, made: SweepPlan, done: np.ndarray) -> None:
        self.made = made
        ids = made.run_ids
        flat = ids.reshape(-1)
        _, first = np.unique(flat, return_index=True)
        places = first[~np.isin(flat[first], done)]
        point, scenario, replicate = np.unravel_index(places, ids.shape)
        borough = replicate % made.asked.boroughs
        world = made.worlds[point]
        order = np.lexsort((replicate, scenario, point, borough, world))
        self.place = np.stack([point, scenario, replicate], axis=1)[order]
        self.start = (world * made.asked.boroughs + borough)[order]
        self.moved = np.concatenate([[False], self.start[1:] != self.start[:-1]]) if len(order) else np.zeros(0, bool)

    def __len__(self) -> int:
        return len(self.place)

    def wanted(self, at: np.ndarray) -> list[Wanted]:
        """Those runs, with all a worker needs to know of them."""
        made = self.made
        found = []
        for point, scenario, replicate in self.place[at].tolist():
            borough, life = made.seeds(point, replicate)
            run_id = f"{int(made.run_ids[point, scenario, replicate]):016x}"
            found.append(Wanted(run_id, scenario, made.points.values[point], borough, life))
        return found


class _Pace:
    """How long a run takes on the whole, learnt from those that were lived."""

    def __init__(self, made: SweepPlan) -> None:
        self.seconds_a_run = seconds_to_live(made.asked.size, made.asked.weeks)
        self._is_learnt = False

    def learn(self, seconds: float, runs: int) -> None:
        """Take in how long a batch of so many runs took."""
        weight = LEARNING if self._is_learnt else 1.0
        self.seconds_a_run += weight * (max(seconds / runs, 1e-6) - self.seconds_a_run)
        self._is_learnt = True

    def runs_a_batch(self, left: int, slots: int) -> int:
        """Runs for one batch: ten seconds' worth, fewer for a first look and at the end, where others would wait."""
        seconds = BATCH_SECONDS if self._is_learnt else FIRST_BATCH_SECONDS
        fair = max(left / (2 * slots), FIRST_BATCH_SECONDS / self.seconds_a_run)
        return max(1, int(min(seconds / self.seconds_a_run, fair)))


def _cut(missing: _Missing, first: int, runs: int) -> int:
    """The end of a batch of about so many runs: where the burnt-in borough changes, if that is near."""
    wanted = min(first + runs, len(missing))
    near = np.arange(max(first + 1, wanted - runs // 2), min(len(missing), wanted + runs // 2) + 1)
    borders = [end for end in near.tolist() if end == len(missing) or missing.moved[end]]
    return min(borders, key=lambda end: abs(end - wanted)) if borders else wanted


class _Count:
    """What has been done so far, for whoever watches."""

    def __init__(self, wanted: int, before: int) -> None:
        self.wanted, self.before = wanted, before
        self.done = self.failed = self.set_aside = 0
        self.bytes = 0
        self.began = time.monotonic()

    def add(self, content: bytes) -> tuple[float, int]:
        """Take in a batch; give back how long its runs took, and how many they were."""
        table = pq.read_table(BytesIO(content), columns=["status", "seconds"])
        statuses = table["status"].to_pylist()
        self.done += len(statuses)
        self.failed += statuses.count(FAILED)
        self.set_aside += statuses.count(SET_ASIDE)
        self.bytes += len(content)
        return float(sum(table["seconds"].to_pylist())), len(statuses)

    def seen(self, workers: int) -> Progress:
        """How far it is."""
        seconds = time.monotonic() - self.began
        rate = self.done / seconds if seconds > 0 else 0.0
        left = (self.wanted - self.before - self.done) / rate if rate else float("nan")
        return Progress(
            self.before + self.done, self.wanted, self.before, self.failed, self.set_aside, seconds, rate, left,
            self.bytes / 1e6, workers,
        )  # fmt: skip


def sweep(
    given: str | Path | Mapping[str, Any],
    *,
    size: int | None = None,
    years: int | None = None,
    seed: int | None = None,
    replicates: int | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    out: str | Path = "results",
    place: str | Path | None = None,
    rank_of: int | None = None,
    max_failures: int | None = None,
    retry_failed: bool = False,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> SweepResults:
    """Live every run of a sweep that is not there yet, and gather all of them into tables.

    Parameters
    ----------
    given
        A sweep file, or a mapping with the same parts.
    size, years, seed, replicates
        In place of what the file says.
    workers
        Processes of this machine; all processors. 0 lives everything in this process. It never changes a figure.
    scheduler
        The address of a dask scheduler (`tcp://…`), whose workers are used instead.
    out
        The folder below which the sweep's own folder lies.
    place, rank_of
        A file of neighbourhoods of the user's own, and how many neighbourhoods were ranked.
    max_failures
        More failed runs than this, in this call, end the sweep; without it, it goes on.
    retry_failed
        Whether runs that failed, or were set aside, before are tried again.
    progress
        Called about twice a second; with `workers=0` once a batch.
    stop
        Called as often; True ends the work.

    Raises
    ------
    InputError, LimitError, MismatchError, StoreError, StoppedSweep, TooManyFailures

    Examples
    --------
    >>> import tempfile
    >>> asked = {
    ...     "name": "first", "base": "deal", "size": 800, "years": 1, "replicates": 2,
    ...     "factors": {"blame_culture": [0.1, 0.6]}, "design": {"kind": "factorial"},
    ... }
    >>> found = sweep(asked, workers=0, out=tempfile.mkdtemp())
    >>> len(found.runs)
    4
    """
    made = plan_sweep(given, place=place, rank_of=rank_of, size=size, years=years, seed=seed, replicates=replicates)
    return carry_out(
        made, workers=workers, scheduler=scheduler, out=out, max_failures=max_failures, retry_failed=retry_failed,
        progress=progress, stop=stop,
    )  # fmt: skip


def carry_out(
    made: SweepPlan,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    out: str | Path = "results",
    max_failures: int | None = None,
    retry_failed: bool = False,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    work: Callable[..., bytes] = live_batch,
) -> SweepResults:
    """As `sweep`, for a sweep that is worked out already; `work` is what lives a batch.

    Raises
    ------
    InputError, MismatchError, StoreError, StoppedSweep, TooManyFailures
    """
    workers = checked_workers(workers)
    path = folder_of(made.asked.name, out)
    made = _gone_on_with(made, path)
    store.prepare(out, estimate_sweep(made, 1).disk_mb)
    with SweepFolder(path) as folder:
        while True:
            done = folder.begin(made)
            if retry_failed and folder.forget((FAILED, SET_ASIDE)):
                done = folder.begin(made)
            missing = _Missing(made, done)
            if len(missing):
                count = _Count(int(np.unique(made.run_ids).size), len(done))
                with _workers(workers, scheduler, work) as hands:
                    _live(made, missing, folder, hands, count, max_failures, progress, stop or (lambda: False))
            if not folder.is_finished:
                folder.finish(made)
            retry_failed = False
            results = read_sweep(path)
            more = more_replicates(results, made.asked)
            if more is None:
                return replace(results, notices=tuple(folder.notices))
            made = replace_replicates(made, more)


def _gone_on_with(made: SweepPlan, path: Path) -> SweepPlan:
    """A sweep that stops at an error goes on with as many replicates as it has come to."""
    before = read_recipe(path) if made.asked.stop_at and is_sweep_folder(path) else None
    if before is None or before["replicates"] <= made.asked.replicates:
        return made
    return replace_replicates(made, int(before["replicates"]))


def replace_replicates(made: SweepPlan, replicates: int) -> SweepPlan:
    """The same sweep with another number of replicates."""
    return replace(made, asked=replace(made.asked, replicates=replicates))


@contextmanager
def _workers(count: int, scheduler: str | None, work: Callable[..., bytes]) -> Iterator[Workers]:
    """The workers of a sweep, let go at its end whatever that is."""
    hands: Workers
    if count == 0 and scheduler is None:
        hands = Here(work)
    else:
        hands = Dask(work, count, scheduler, get_ready if compiled.FIRST_USE or scheduler else None)
    try:
        yield hands
    finally:
        hands.close()


def _live(
    made: SweepPlan,
    missing: _Missing,
    folder: SweepFolder,
    hands: Workers,
    count: _Count,
    max_failures: int | None,
    progress: Callable[[Progress], None] | None,
    stop: Callable[[], bool],
) -> None:
    """Live the missing runs and keep them as they come."""
    context = Context(made.asked, made.place)
    pace = _Pace(made)
    again: deque[_Batch] = deque()
    out: set[_Batch] = set()
    next_run = 0
    while True:
        slots = hands.slots
        while len(out) < AHEAD * slots and (again or next_run < len(missing)):
            if again:
                batch = again.popleft()
            else:
                end = _cut(missing, next_run, pace.runs_a_batch(len(missing) - next_run, slots))
                batch, next_run = _Batch(np.arange(next_run, end)), end
            hands.give(batch, context, missing.wanted(batch.at), batch.deaths + 1)
            out.add(batch)
        if not out:
            break
        for ended in hands.take(TICK_SECONDS):
            out.discard(ended.batch)
            content = ended.content
            if content is None:
                ended.batch.why = ended.why
                again.extend(_after_a_death(ended.batch))
                if not ended.batch.is_alone or ended.batch.deaths < DEATHS_BEFORE_ASIDE:
                    continue
                content = packed_part(
                    [set_aside(run, ended.batch.deaths, ended.batch.why) for run in missing.wanted(ended.batch.at)]
                )
            seconds, runs = count.add(content)
            if seconds:
                pace.learn(seconds, runs)
            folder.keep(content)
            folder.join_parts()
        if progress is not None:
            progress(count.seen(slots))
        if max_failures is not None and count.failed + count.set_aside > max_failures:
            raise TooManyFailures(
                f"{count.failed + count.set_aside} runs failed, more than the {max_failures} allowed; "
                f"{count.before + count.done:,} of {count.wanted:,} runs are kept in {store.shown(folder.path)}"
            )
        if stop():
            raise StoppedSweep(
                f"stopped; {count.before + count.done:,} of {count.wanted:,} runs are kept in "
                f"{store.shown(folder.path)}, and the same command goes on from there"
            )


def _after_a_death(batch: _Batch) -> list[_Batch]:
    """What is tried again once a batch's worker has died: the batch, its runs one by one, or nothing."""
    batch.deaths += 1
    if batch.is_alone:
        return [batch] if batch.deaths < DEATHS_BEFORE_ASIDE else []
    if batch.deaths < DEATHS_BEFORE_ALONE:
        return [batch]
    return [_Batch(np.array([at]), 0, True) for at in batch.at.tolist()]
