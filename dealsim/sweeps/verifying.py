"""Whether a sweep's folder is what it says: every file, then some of its runs lived again.

It changes nothing in the folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dealsim import store
from dealsim.checkpoints import engine_hash
from dealsim.places import read_place, shipped
from dealsim.scenarios import scenario_from
from dealsim.store import MANIFEST, PLACE_FILE, Verification
from dealsim.sweeps.asked import Asked, Outputs
from dealsim.sweeps.designs import Design
from dealsim.sweeps.factors import Factor, cell_of
from dealsim.sweeps.folder import damage
from dealsim.sweeps.jobs import OK, Context, Wanted, lived
from dealsim.sweeps.results import SweepResults, read_checked
from dealsim.text import plain
from dealsim.version import MODEL_VERSION

LIVED_AGAIN = 20
"""Runs that are lived again unless another number is asked for; a sweep has far too many to live all."""


def verify_sweep(
    folder: str | Path, *, runs: int = LIVED_AGAIN, progress: Callable[[str, float, float], None] | None = None
) -> Verification:
    """Check every file of a sweep, then live so many of its runs again and compare them to the last bit.

    Raises
    ------
    InputError
        When there is no sweep.
    """
    path = Path(folder)
    problems = damage(path)
    if problems:
        return Verification(tuple(problems), (), 0)
    if not (path / MANIFEST).exists():
        return Verification((), ("the sweep is not finished; every part of it is as it was written",), 0)
    results = read_checked(path)
    made_by = results.recipe["same"]["model_version"]
    if made_by != MODEL_VERSION:
        said = (
            f"its files are as they were written, but model version {plain(made_by)} made it and this is "
            f"{MODEL_VERSION}: figures may rightly differ, so it was not lived again"
        )
        return Verification((said,), (), 0)
    notes = ["every file is as it was written"]
    notes += [line for line in store.damage(path) if line.endswith(store.STRAY)]
    if json.loads((path / "provenance.json").read_bytes())["engine_sha256"] != engine_hash():
        notes.append("the code is not the code that made it, though the model version is the same")
    ended = results.runs[results.runs["status"] == OK]
    chosen = (
        ended.iloc[np.unique(np.linspace(0, len(ended) - 1, min(runs, len(ended))).astype(int))] if runs else ended[:0]
    )
    if not len(chosen):
        return Verification((), (*notes, "no run was lived again"), 0)
    context = context_of(results)
    problems = []
    for at, row in enumerate(chosen.to_dict("records")):
        if progress is not None:
            progress("live", at, len(chosen))
        again = lived(context, wanted_of(results, row))
        if again["state_hash"] != row["state_hash"]:
            problems.append(f"run {row['run_id']}: the state after the last week differs")
        elif any(
            not _same(row[name], value) for name, value in zip(again["outcome_name"], again["outcome"], strict=True)
        ):
            problems.append(f"run {row['run_id']}: the same lives were lived, but its outcomes in runs.parquet differ")
    notes.append(f"{len(chosen):,} of {len(ended):,} runs were lived again, evenly spread over the table")
    return Verification(tuple(problems), tuple(notes), len(chosen))


def _same(one: Any, other: Any) -> bool:
    return bool(one == other or (one != one and other != other))


def context_of(results: SweepResults) -> Context:
    """What the runs of a finished sweep share, from its folder alone."""
    same = results.recipe["same"]
    place = shipped(same["scenarios"][0].get("place", "wigan"))
    if (results.folder / PLACE_FILE).exists():
        place = read_place(results.folder / PLACE_FILE, same["place"]["rank_of"])
    asked = Asked(
        name=results.name,
        scenarios=tuple(scenario_from(scenario) for scenario in same["scenarios"]),
        factors=results.factors,
        design=Design(results.recipe["design"]["kind"]),
        size=same["size"],
        years=same["years"],
        seed=same["seed"],
        boroughs=same["boroughs"],
        lives=same["lives"],
        outputs=Outputs(tuple(same["metrics"]), tuple(same["groups"]), same["every"]),
    )
    return Context(asked, place)


def wanted_of(results: SweepResults, row: dict[str, Any]) -> Wanted:
    """A run of a finished sweep as it was asked for."""
    values = tuple(_value(factor, row[factor.name]) for factor in results.factors)
    return Wanted(
        row["run_id"], results.scenarios.index(row["scenario"]), values, row["borough_seed"], row["life_seed"]
    )


def _value(factor: Factor, cell: Any) -> Any:
    """A factor's value from a cell of a table."""
    if factor.values:
        return next(value for value in factor.values if cell_of(value) == cell)
    return int(cell) if factor.is_whole else float(cell)
