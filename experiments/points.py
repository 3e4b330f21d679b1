"""Lives many parameter sets on all processors and keeps what was read off them, so that a study can be gone on with.

It chooses no parameter set and judges none; the numbered studies do.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import dealsim
from dealsim.checkpoints import replace_whole
from dealsim.errors import InputError
from dealsim.places import shipped
from dealsim.plans import borough_seed, life_seed

PART = 8
"""Points whose figures are kept together: about ten seconds of work, which is what a crash can cost."""


@dataclass(frozen=True)
class Point:
    """One parameter set to live: values and rivals, in which borough, and how many lives."""

    values: tuple[tuple[str, float], ...]
    seed: int
    size: int
    lives: int = 1
    rivals: tuple[str, ...] = ()


def points_at(
    table: pd.DataFrame, *, size: int, seed: int, lives: int = 1, shared: bool = False, rivals: tuple[str, ...] = ()
) -> list[Point]:
    """The rows of a table of parameter values, each in a borough of its own (or all in the same one)."""
    return [
        Point(tuple((str(name), float(value)) for name, value in row.items()), seed if shared else seed + k, size, lives, rivals)
        for k, row in enumerate(table.to_dict("records"))
    ]  # fmt: skip


def _read(point: Point) -> list[dict[str, float]]:
    from dealsim.patterns.reading import values_of

    lives = [life_seed(point.seed, k) for k in range(point.lives)]
    borough = borough_seed(point.seed, 1, 0)
    return values_of(dict(point.values), point.rivals, shipped("wigan"), point.size, borough, lives)


def _read_part(part: Sequence[Point]) -> list[Any]:
    found: list[Any] = []
    for point in part:
        try:
            found.append(_read(point))
        except (InputError, ArithmeticError) as error:  # a set that cannot live is a result, and said to be one
            found.append(str(error))
    return found


def lived(name: str, points: Sequence[Point], folder: Path, workers: int | None = None) -> pd.DataFrame:
    """Live all points, or go on where an earlier call was stopped.

    Returns
    -------
    One row a point and life: `point`, `life`, and everything read off. Points that could not be lived are left out.
    """
    parts = [points[k : k + PART] for k in range(0, len(points), PART)]
    paths = [folder / f"{name}-{k:05d}-{name_of(part)}.json" for k, part in enumerate(parts)]
    rows = []
    for k, content in enumerate(carried_out(name, _read_part, parts, paths, workers)):
        for at, lives in enumerate(content):
            if isinstance(lives, str):
                print(f"{name}: point {k * PART + at} could not be lived: {lives}", file=sys.stderr)
                continue
            rows += [{"point": k * PART + at, "life": life, **one} for life, one in enumerate(lives)]
    return pd.DataFrame(rows)


def means(name: str, values: pd.DataFrame, folder: Path, *, size: int, seeds: Sequence[int], workers: int | None = None) -> pd.DataFrame:  # fmt: skip
    """What was read off each row of a table of parameter values, the mean over boroughs: one from each seed on.

    A figure that could not be read in one of the boroughs is NaN; rows that could not be lived in each are left out.
    """
    todo = [point for seed in seeds for point in points_at(values, size=size, seed=seed)]
    own = lived(name, todo, folder, workers).drop(columns="life")
    own["point"] %= len(values)
    by_point = own.groupby("point")
    return by_point.mean().where(by_point.count() == len(seeds))[by_point.size() == len(seeds)]


def carried_out(
    name: str, work: Callable[[Any], Any], jobs: Sequence[Any], paths: Sequence[Path], workers: int | None = None
) -> Iterator[Any]:
    """What each job gives, in their order; it is kept under its path, and a job whose path is there is not done again."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
    contents = [kept(path) for path in paths]
    open_ = [k for k, content in enumerate(contents) if content is None]
    began = time.perf_counter()
    for done, (k, content) in enumerate(_work(work, [jobs[k] for k in open_], open_, workers), start=1):
        replace_whole(paths[k], json.dumps(content).encode())
        contents[k] = content
        if done % 10 == 0 or done == len(open_):
            left = (time.perf_counter() - began) / done * (len(open_) - done)
            print(f"{name}: {done} of {len(open_)} parts, about {left / 60:.0f} min left", file=sys.stderr, flush=True)
    yield from contents


def kept(path: Path) -> Any:
    """What was kept under a path; None if nothing was, or if it cannot be read, so that it is done again."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        print(f"{path.name} is damaged and is made anew", file=sys.stderr)
        return None


def _work(
    work: Callable[[Any], Any], jobs: Sequence[Any], numbers: Sequence[int], workers: int | None
) -> Iterator[tuple[int, Any]]:
    workers = workers or os.cpu_count() or 1
    if workers == 1 or len(jobs) < 2:
        for number, job in zip(numbers, jobs, strict=True):
            yield number, work(job)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=must_be, initargs=(code_hash(),)) as pool:
        futures = {pool.submit(work, job): number for number, job in zip(numbers, jobs, strict=True)}
        failed: BaseException | None = None
        for future in as_completed(futures):
            if future.cancelled():
                continue
            if (error := future.exception()) is None:
                yield futures[future], future.result()
            elif failed is None:  # what others have done is kept before the first failure is told
                failed = error
                pool.shutdown(wait=False, cancel_futures=True)
        if failed is not None:
            raise failed


def must_be(code: str) -> None:
    """Refuse to work in a process that has loaded other code than the study began with."""
    if code_hash() != code:
        raise RuntimeError("the package was changed while the study ran; begin it again, what is kept stays")


_READS_NOTHING = ("show/", "web/", "analysis/", "sweeps/", "calibration/", "__main__.py", "doctor.py", "workbench.py", "store.py", "browser.py")  # fmt: skip
"""Parts of the package that have no hand in what a life gives or how it is read."""


@lru_cache
def code_hash() -> str:
    """Names everything that decides what is read off a life: engine, metrics, scenarios, surveys, patterns."""
    package = Path(dealsim.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        name = path.relative_to(package).as_posix()
        if path.suffix in (".py", ".csv", ".yaml") and not name.startswith(_READS_NOTHING):
            digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()


def name_of(*said: Any) -> str:
    """Names a piece of work by all it depends on, so that no figure of another is taken for it."""
    told = json.dumps(said, sort_keys=True, default=_plain)
    return hashlib.sha256((code_hash() + told).encode()).hexdigest()[:12]


def _plain(thing: Any) -> Any:
    if isinstance(thing, np.ndarray):
        return hashlib.sha256(np.ascontiguousarray(thing).tobytes()).hexdigest()
    return vars(thing)
