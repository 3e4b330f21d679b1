"""What a worker does: a batch of runs lived one after another, each ending as one row.

It reads and writes no files but the cache of burnt-in boroughs; `dealsim.sweeps.folder` keeps what it gives back.
"""

from __future__ import annotations

import io
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dealsim import checkpoints
from dealsim.engine import BURN_IN_WEEKS, World, branch, live, state_hash
from dealsim.errors import MismatchError
from dealsim.metrics import groups_of, series
from dealsim.parameters import Parameters
from dealsim.places import PlaceInput
from dealsim.runs import failure_text
from dealsim.starts import burnt_in
from dealsim.summary import OUTCOME_WEEKS
from dealsim.sweeps.asked import Asked
from dealsim.sweeps.factors import applied

OK, FAILED, SET_ASIDE = "ok", "failed", "set aside"
"""How a run can end: lived, with an error of its own, or never, because it killed its worker twice."""
EVERYONE = "all"
KEPT_STARTS = 2
"""Burnt-in boroughs a worker keeps: the one in use and the one before, since batches may meet at a border."""


@dataclass(frozen=True)
class Context:
    """What all runs of a sweep share; it travels to a worker with every batch."""

    asked: Asked
    place: PlaceInput
    engine: str = checkpoints.engine_hash()


@dataclass(frozen=True)
class Wanted:
    """One run to live."""

    run_id: str
    scenario: int
    values: tuple[Any, ...]
    borough_seed: int
    life_seed: int


SCHEMA = pa.schema(
    [
        ("run_id", pa.string()),
        ("status", pa.string()),
        ("error", pa.string()),
        ("traceback", pa.string()),
        ("state_hash", pa.string()),
        ("outcome_name", pa.list_(pa.string())),
        ("outcome", pa.list_(pa.float64())),
        ("metric", pa.list_(pa.string())),
        ("group", pa.list_(pa.string())),
        ("week", pa.list_(pa.int32())),
        ("value", pa.list_(pa.float64())),
        ("seconds", pa.float64()),
        ("worker", pa.string()),
        ("attempts", pa.int32()),
        ("ended", pa.string()),
    ]
)
"""A finished run as a part holds it: how it ended, what it ended with, and its series as lists."""


def live_batch(context: Context, batch: Sequence[Wanted], attempts: int = 1) -> bytes:
    """Live a batch of runs, and give back a part: a Parquet file with one row a run.

    Raises
    ------
    MismatchError
        When the worker's code is not that of whoever asks: its lives would be other lives under the same ids.
    """
    if context.engine != checkpoints.engine_hash():
        raise MismatchError(
            f"worker {_worker()} has another dealsim than the one that asks; give every worker the same, and go on"
        )
    rows = [_row(context, wanted, attempts) for wanted in batch]
    return packed_part(rows)


def packed_part(rows: Sequence[dict[str, Any]]) -> bytes:
    """Rows as a part."""
    return packed_table(pa.Table.from_pylist(list(rows), schema=SCHEMA))


def packed_table(table: pa.Table) -> bytes:
    """A part's table as a file."""
    room = io.BytesIO()
    pq.write_table(table, room, compression="zstd")
    return room.getvalue()


DIED = "KilledWorker"
"""What dask calls the end of a batch whose worker died."""


def set_aside(wanted: Wanted, attempts: int, why: str) -> dict[str, Any]:
    """The row of a run that never gave anything back, each time it was tried."""
    said = f"the worker that lived this run died, {attempts} times; it was set aside"
    if why != DIED:
        said = f"this run gave nothing back ({why}), {attempts} times; it was set aside"
    return {
        "run_id": wanted.run_id, "status": SET_ASIDE, "error": said, "traceback": "", "state_hash": "", "seconds": 0.0,
        "worker": "", "attempts": attempts, "ended": _now(),
    }  # fmt: skip


def _row(context: Context, wanted: Wanted, attempts: int) -> dict[str, Any]:
    began = time.perf_counter()
    row: dict[str, Any] = {"run_id": wanted.run_id, "attempts": attempts, "worker": _worker()}
    try:
        row |= lived(context, wanted)
    except Exception as error:  # one run's failure is that run's row, whatever it is
        said, lines = failure_text(error)
        row |= {"status": FAILED, "error": said, "traceback": lines, "state_hash": ""}
    return row | {"seconds": time.perf_counter() - began, "ended": _now()}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _worker() -> str:
    """The name of the worker this runs in; no machine's name."""
    try:
        from distributed import get_worker

        return str(get_worker().name)
    except (ImportError, ValueError):
        return "here"


def lived(context: Context, wanted: Wanted) -> dict[str, Any]:
    """One run lived: its last state, its outcomes and its series."""
    asked = context.asked
    scenario, parameters = applied(asked.scenarios[wanted.scenario], asked.factors, wanted.values)
    start = _start(context, parameters, wanted.borough_seed)
    names = start.borough.place_names
    policy = scenario.policy(asked.weeks, names, context.place.place_names)
    world = live(branch(start, policy, wanted.life_seed, asked.weeks, parameters))
    kept = _kept_groups(world, asked.outputs.groups)
    found = [one for one in series(world, kept) if one[0] in asked.outputs.metrics]
    order = {name: at for at, name in enumerate(asked.outputs.metrics)}
    found.sort(key=lambda one: order[one[0]])  # groups stay in their own order
    last = asked.weeks - min(OUTCOME_WEEKS, asked.weeks)
    thinned = [thinned_series(weeks, values, asked.outputs.every) for _, _, weeks, values in found]
    return {
        "status": OK,
        "error": "",
        "traceback": "",
        "state_hash": state_hash(world),
        "outcome_name": [outcome_name(metric, group) for metric, group, _, _ in found],
        "outcome": [mean_of(values[weeks >= last]) for _, _, weeks, values in found],
        "metric": [m for (m, _, _, _), (w, _) in zip(found, thinned, strict=True) for _ in w],
        "group": [g for (_, g, _, _), (w, _) in zip(found, thinned, strict=True) for _ in w],
        "week": [week for w, _ in thinned for week in w],
        "value": [value for _, v in thinned for value in v],
    }


def outcome_name(metric: str, group: str) -> str:
    """The column of a run's table that holds an outcome: the metric, and its group where that is not everyone."""
    return metric if group == EVERYONE else f"{metric} ({group})"


def mean_of(values: np.ndarray) -> float:
    """The mean of the values there are; not-a-number where there are none."""
    there = values[np.isfinite(values)]
    return float(there.sum() / there.size) if there.size else float("nan")


def thinned_series(weeks: np.ndarray, values: np.ndarray, every: int) -> tuple[list[int], list[float]]:
    """Means over each stretch of so many weeks, named by its first week; nothing for 0.

    >>> thinned_series(np.arange(4), np.array([1.0, 3.0, 5.0, 7.0]), 2)
    ([0, 2], [2.0, 6.0])
    """
    if not every:
        return [], []
    stretch = weeks // every
    first = np.unique(stretch)
    return (first * every).tolist(), [mean_of(values[stretch == one]) for one in first]


def _kept_groups(world: World, kinds: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name, (kind, _) in groups_of(world).items() if kind in kinds)


_starts: OrderedDict[str, World] = OrderedDict()


def _start(context: Context, parameters: Parameters, borough_seed: int) -> World:
    """The burnt-in borough a run starts from: the one at hand, one kept on this machine, or burnt in now."""
    asked = context.asked
    key = checkpoints.key_of(context.place, asked.size, borough_seed, parameters, BURN_IN_WEEKS)
    if key not in _starts:
        while len(_starts) >= KEPT_STARTS:
            _starts.popitem(last=False)
        _starts[key] = burnt_in(
            # where points differ in the world a burnt-in borough serves one of them only, and is not worth keeping
            context.place,
            asked.size,
            borough_seed,
            parameters,
            not asked.moves_parameters,
            lambda _: None,
        )
    _starts.move_to_end(key)
    return _starts[key]


def get_ready() -> None:
    """Compile the model on first use, before workers share the work."""
    from dealsim.engine import warm_up

    warm_up()
