"""A sweep's folder: parts that are kept as batches finish, and the tables they are gathered into at the end.

While a sweep goes on its parts are the truth, each named by the hash of what is in it; once its manifest is there
the tables are. It lives no run.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dealsim import store
from dealsim.checkpoints import replace_whole, written_whole
from dealsim.errors import InputError, MismatchError, StoreError
from dealsim.store import MANIFEST, shown, why
from dealsim.sweeps.factors import cell_of
from dealsim.sweeps.jobs import SCHEMA, packed_table
from dealsim.sweeps.plan import SweepPlan
from dealsim.text import plain, slug
from dealsim.version import MODEL_VERSION

RECIPE = "sweep.json"
GIVEN = "sweep.given.yaml"
DESIGN = "design.parquet"
RUNS, SERIES, TIMINGS = "runs.parquet", "series.parquet", "timings.parquet"
TABLES = (RUNS, SERIES, TIMINGS)
PARTS = "parts"
DAMAGED = "damaged"
LONGEST_NAME = 60
ABOUT_A_RUN = {
    "run_id": pa.string(), "scenario": pa.string(), "point": pa.int64(), "replicate": pa.int64(),
    "borough_seed": pa.int64(), "life_seed": pa.int64(), "status": pa.string(), "error": pa.string(),
    "traceback": pa.string(), "state_hash": pa.string(),
}  # fmt: skip
"""The columns of the table of runs before its factors and outcomes."""
LEFT = ".part-"
"""Starts the name of a file while it is written."""
PLACE_FILE = store.PLACE_FILE
MOST_RUNS_A_GROUP = 4_096
VALUES_A_GROUP = 2_000_000
"""Runs that are gathered at a time, and so lie together in a table: enough to read fast, few enough to hold."""
MOST_PARTS = 512
SMALL_PART = 16_000_000
"""Small parts (in bytes) beyond which they are joined into one, so that a long sweep keeps few files."""
_NAME_SIGNS = 32
_PART = re.compile(rf"[0-9a-f]{{{_NAME_SIGNS}}}\.parquet")
KIN = b"dealsim_sweep"
"""Under this key a part says which sweep it is of: run ids do not know what is kept of a run."""


class SweepFolder:
    """The folder of one sweep, held by one writer at a time.

    Use it in a `with` statement: it is locked as it is entered and let go as it is left, also by a kill.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notices: list[str] = []
        self._kin = ""
        self._lock: Any = None

    def __enter__(self) -> SweepFolder:
        from filelock import FileLock, Timeout

        try:
            (self.path / PARTS).mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self.path / store.LOCK, timeout=0)
            self._lock.acquire()
        except Timeout:
            raise StoreError(
                f"another sweep is at work in {shown(self.path)}; wait for its end, or give this one another name"
            ) from None
        except OSError as problem:
            raise StoreError(
                f"the sweep cannot be kept in {shown(self.path)}: {why(problem)}; nothing was run"
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_finished:
            with contextlib.suppress(OSError):
                (self.path / PARTS).rmdir()
        self._lock.release()

    @property
    def is_finished(self) -> bool:
        """Whether the tables have been written."""
        return (self.path / MANIFEST).exists()

    def begin(self, made: SweepPlan) -> np.ndarray:
        """Make the folder ready for a sweep, whatever it holds of it already; give back the ids of finished runs.

        Raises
        ------
        InputError
            When it holds another sweep, or runs that this design has no place for.
        MismatchError
            When what it holds is damaged, or comes from another version of the model.
        StoreError
            When it cannot be written.
        """
        self._check_recipe(made)
        self._kin = kin_of(made)
        if not self.is_finished and (self.path / RUNS).exists() and not self.parts():
            self.notices.append(
                f"there are tables without {MANIFEST}, which nobody can trust; their runs are lived again"
            )
        if self.is_finished:
            problems = damage(self.path)
            if problems:
                raise MismatchError(
                    "\n".join(f"{shown(self.path)}/{line}" for line in problems)
                    + "\nnothing was run; move the folder away to begin anew"
                )
        done = self.finished_ids()
        wanted = np.unique(made.run_ids)
        foreign = np.setdiff1d(done, wanted)
        if foreign.size:
            raise InputError(
                f"{shown(self.path)} holds {foreign.size:,} runs that this sweep does not ask for (it has fewer points "
                "or replicates, or other points), so they would be lost; give it another name"
                + ("" if made.asked.design.kind != "latin_hypercube" else
                   ", or keep the old points and add a block (`points: [500, 500]`)")
            )  # fmt: skip
        with self._said():
            if self.is_finished and not self._is_up_to_date(made):
                self._reopen()
            if not self.is_finished:
                files = small_files(made)
                for name, content in files.items():
                    self._write_small(name, content)
                self._write_small(RECIPE, recipe_file(made, files))
        return done

    def _write_small(self, name: str, content: bytes) -> None:
        path = self.path / name
        if not path.exists() or path.read_bytes() != content:
            replace_whole(path, content)

    def _is_up_to_date(self, made: SweepPlan) -> bool:
        """Whether the tables are those of this very sweep."""
        return (self.path / RECIPE).read_bytes() == recipe_file(made, small_files(made))

    def _check_recipe(self, made: SweepPlan) -> None:
        try:
            before = read_recipe(self.path)
        except MismatchError:
            if self.is_finished:
                raise
            self._put_aside(self.path / RECIPE, "it is written anew")  # runs are known by their own ids
            return
        if before is None:
            return
        was, now = before["same"], made.recipe()["same"]
        if was["model_version"] != now["model_version"]:
            raise MismatchError(
                f"{shown(self.path)} holds runs of model version {plain(was['model_version'])}, and this is "
                f"{MODEL_VERSION}: they cannot stand in one table. Nothing was touched; give the sweep another name"
            )
        for key in now:
            if was.get(key) != now[key]:
                what = f"{key} was {plain(was.get(key), 80)} and is {plain(now[key], 80)}"
                if key in ("scenarios", "place"):
                    what = f"its {key} say something else"
                raise InputError(
                    f"{shown(self.path)} holds another sweep of that name ({what}). Nothing was touched; give this one "
                    "another name, or --out another folder"
                )

    @contextlib.contextmanager
    def _said(self) -> Iterator[None]:
        """What the system says no to, in words; what is kept stays kept."""
        try:
            yield
        except OSError as problem:
            raise StoreError(
                f"{why(problem)} while writing in {shown(self.path)}; every finished run that was kept stays kept, and "
                "the same command goes on from there"
            ) from None

    # parts

    def parts(self) -> list[Path]:
        """Its parts, in the order of their names."""
        return sorted(path for path in (self.path / PARTS).glob("*.parquet") if _PART.fullmatch(path.name))

    def keep(self, content: bytes) -> None:
        """Keep a finished batch; it is there whole, or not at all.

        Raises
        ------
        StoreError
            When it cannot be written.
        """
        table = pq.read_table(io.BytesIO(content), schema=SCHEMA)
        content = packed_table(table.replace_schema_metadata({KIN: self._kin}))
        name = f"{hashlib.sha256(content).hexdigest()[:_NAME_SIGNS]}.parquet"
        with self._said():
            replace_whole(self.path / PARTS / name, content)

    def join_parts(self) -> None:
        """Join the parts into one once there are many."""
        parts = [path for path in self.parts() if path.stat().st_size < SMALL_PART]
        if len(parts) < MOST_PARTS:
            return
        joined = pa.concat_tables([pq.read_table(path, schema=SCHEMA) for path in parts])
        self.keep(packed_table(joined))
        for path in parts:
            path.unlink()

    def finished_ids(self) -> np.ndarray:
        """The ids of every finished run, each once; a damaged part is named, put aside and counts for nothing."""
        self._sweep_up()
        found = [np.zeros(0, np.uint64)]
        if self.is_finished:
            found.append(_ids(pq.read_table(self.path / RUNS, columns=["run_id"])))
        else:
            for path in self.parts():
                try:
                    content = path.read_bytes()
                    whole = _is_whole(path, content)
                    metadata = pq.read_metadata(io.BytesIO(content)).metadata or {} if whole else {}
                except (OSError, pa.ArrowException):
                    whole = False
                if not whole:
                    self._put_aside(path, "its runs are lived again")
                elif metadata.get(KIN, b"").decode() != self._kin:
                    self._put_aside(path, "its runs are lived again", "is of another sweep")
                else:
                    found.append(_ids(pq.read_table(io.BytesIO(content), columns=["run_id"])))
        return np.unique(np.concatenate(found))

    def _sweep_up(self) -> None:
        """Remove what a kill left half written; a part has its name only once it is whole."""
        for left in (*self.path.glob(f"{LEFT}*"), *(self.path / PARTS).glob(f"{LEFT}*")):
            left.unlink(missing_ok=True)
        if self.is_finished:
            for path in self.parts():  # they are in the tables: a kill came between the manifest and this
                path.unlink()

    def _put_aside(self, path: Path, so: str, what: str = "is not as it was written") -> None:
        with self._said():
            (self.path / DAMAGED).mkdir(exist_ok=True)
            path.replace(self.path / DAMAGED / path.name)
        name = path.relative_to(self.path).as_posix()
        self.notices.append(f"{name} {what}; it was put into {DAMAGED}/ and {so}")

    def forget(self, statuses: Sequence[str]) -> int:
        """Take runs that ended so out of the parts, so that they are lived again; how many there were."""
        if self.is_finished:
            self._reopen()
        count = 0
        for path in self.parts():
            table = pq.read_table(path, schema=SCHEMA)
            keep = ~np.isin(table["status"].to_numpy(zero_copy_only=False), list(statuses))
            if keep.all():
                continue
            count += int((~keep).sum())
            with self._said():
                if keep.any():
                    self.keep(packed_table(table.filter(pa.array(keep))))
                path.unlink()
        return count

    # tables

    def finish(self, made: SweepPlan) -> None:
        """Gather the parts into the tables, in the order of run ids, and sign them; then the parts go.

        Raises
        ------
        StoreError
            When they cannot be written; the parts stay.
        """
        with self._said():
            _Gathering(self, made).write()
            origin = {**store.made_with(), "notices": self.notices}
            replace_whole(self.path / "provenance.json", store.as_json(origin))
            names = [RECIPE, GIVEN, DESIGN, *TABLES, "provenance.json"]
            names += [PLACE_FILE] if (self.path / PLACE_FILE).exists() else []
            about = {
                name: {"sha256": store.hash_of(self.path / name), "bytes": (self.path / name).stat().st_size}
                for name in names
            }
            record = {"format": store.FORMAT, "model_version": MODEL_VERSION, "kind": "sweep", "files": about}
            replace_whole(self.path / MANIFEST, store.signed(record))
            for path in self.parts():
                path.unlink()

    def _reopen(self) -> None:
        """Turn the tables back into parts, so that more runs can be added; a kill at any point loses nothing."""
        (self.path / PARTS).mkdir(exist_ok=True)
        for table in parts_of_tables(self.path):
            self.keep(packed_table(table))
        for name in (MANIFEST, *TABLES, "provenance.json"):
            (self.path / name).unlink(missing_ok=True)


def small_files(made: SweepPlan) -> dict[str, bytes]:
    """What a folder holds beside its recipe before any run is lived."""
    files = {GIVEN: made.asked.text.encode(), DESIGN: packed_table(pa.table(made.design_table()))}
    return files | ({PLACE_FILE: made.place_bytes} if made.place_bytes is not None else {})


def recipe_file(made: SweepPlan, files: Mapping[str, bytes]) -> bytes:
    """The recipe as it is kept: signed, and with the hashes of the files beside it."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return store.signed({**made.recipe(), "files": hashes})


def folder_of(name: str, root: str | Path) -> Path:
    """Where the sweep of that name lies."""
    plain_name = slug(name, LONGEST_NAME)
    # a name that loses something on its way into a file name gets a mark of its own
    is_lost = re.sub(r"[\W_]+", "", name.lower()) != re.sub(r"[\W_]+", "", plain_name)
    mark = f"-{hashlib.sha256(name.encode()).hexdigest()[:6]}" if is_lost else ""
    return Path(root) / f"sweep-{plain_name}{mark}"


def kin_of(made: SweepPlan) -> str:
    """What the runs of one sweep have in common, what is kept of them among it, as a hash."""
    return hashlib.sha256(store.as_json(made.recipe()["same"])).hexdigest()[:_NAME_SIGNS]


def is_sweep_folder(path: Path) -> bool:
    """Whether a folder is that of a sweep."""
    return (path / RECIPE).exists()


def read_recipe(path: Path) -> dict[str, Any] | None:
    """What the sweep in a folder asks for; none where there is no sweep yet.

    Raises
    ------
    MismatchError
        When it cannot be read.
    """
    try:
        raw = (path / RECIPE).read_bytes()
        recipe = json.loads(raw)
        if not store.is_as_signed(recipe, raw) or not isinstance(recipe["same"], dict):
            raise TypeError
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError):
        raise MismatchError(f"{shown(path)}/{RECIPE}: is not as it was written") from None
    return dict(recipe)


def damage(path: Path) -> list[str]:
    """What is not as it was written, one line a file: by the manifest, or by the names of parts where it goes on.

    Whole parts beside a manifest are no damage: a kill came before they were removed.
    """
    problems = []
    for part in SweepFolder(path).parts():
        if not part.is_file() or not _is_whole(part, part.read_bytes()):
            problems.append(f"{PARTS}/{part.name}: is not as it was written")
    if (path / MANIFEST).exists():
        return problems + [line for line in store.damage(path) if not line.endswith(store.STRAY)]
    try:
        recipe = read_recipe(path) or {}
    except MismatchError:
        return [*problems, f"{RECIPE}: is not as it was written"]
    for name, expected in dict(recipe.get("files", {})).items():
        if not (path / name).is_file():
            problems.append(f"{name}: is missing")
        elif store.hash_of(path / name) != expected:
            problems.append(f"{name}: is not as it was written")
    return problems


def _is_whole(path: Path, content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest()[:_NAME_SIGNS] == path.stem


def _ids(table: pa.Table) -> np.ndarray:
    """Run ids as whole numbers."""
    return np.array([int(text, 16) for text in table["run_id"].to_pylist()], np.uint64)


class _Gathering:
    """The tables of a sweep, written from its parts a group of runs at a time."""

    def __init__(self, folder: SweepFolder, made: SweepPlan) -> None:
        self.path = folder.path
        self.made = made
        self.parts = folder.parts()
        ids, part, row = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        outcomes: set[str] = set()
        for at, path in enumerate(self.parts):
            table = pq.read_table(path, columns=["run_id", "outcome_name"])
            ids.append(_ids(table))
            part.append(np.full(table.num_rows, at))
            row.append(np.arange(table.num_rows))
            outcomes.update(table["outcome_name"].combine_chunks().flatten().unique().to_pylist())
        every_id, every_part, every_row = (np.concatenate(x) for x in (ids, part, row))
        self.ids, first = np.unique(every_id, return_index=True)  # a run in two parts is one run
        self.part, self.row = every_part[first], every_row[first]
        metrics = made.asked.outputs.metrics
        self.outcomes = sorted(outcomes, key=lambda name: (metrics.index(name.split(" (")[0]), " (" in name, name))
        flat = made.run_ids.reshape(-1)
        self.order = np.argsort(flat, kind="stable")
        self.sorted_ids = flat[self.order]

    def write(self) -> None:
        """Write runs, series and timings."""
        with contextlib.ExitStack() as open_:
            writers = {
                name: open_.enter_context(
                    pq.ParquetWriter(open_.enter_context(written_whole(self.path / name)), schema, compression="zstd")
                )
                for name, schema in self._schemas().items()
            }
            step = min(MOST_RUNS_A_GROUP, max(1, VALUES_A_GROUP // max(1, self.made.values_a_run)))
            for start in range(0, len(self.ids), step):
                gathered = self._gather(slice(start, start + step))
                for name, table in self._tables(gathered).items():
                    writers[name].write_table(table.cast(writers[name].schema), row_group_size=max(1, table.num_rows))

    def _gather(self, chosen: slice) -> pa.Table:
        """Some runs, in the order of their ids, from whatever parts they lie in."""
        part, row = self.part[chosen], self.row[chosen]
        pieces, places = [], []
        for at in np.unique(part):
            here = np.flatnonzero(part == at)
            pieces.append(pq.read_table(self.parts[at], schema=SCHEMA).take(pa.array(row[here])))
            places.append(here)
        if not pieces:
            return SCHEMA.empty_table()
        back = np.argsort(np.concatenate(places), kind="stable")
        return pa.concat_tables(pieces).combine_chunks().take(pa.array(back))

    def _schemas(self) -> dict[str, pa.Schema]:
        factors: list[tuple[str, Any]] = []
        for factor in self.made.asked.factors:
            cells = [
                cell_of(value) for value in (factor.values or (0,) if factor.is_whole else factor.values or (0.0,))
            ]
            kind: Any = pa.float64()
            if all(isinstance(cell, bool) for cell in cells):
                kind = pa.bool_()
            elif all(isinstance(cell, int) for cell in cells) and factor.is_whole:
                kind = pa.int64()
            elif any(isinstance(cell, str) for cell in cells):
                kind = pa.string()
            factors.append((factor.name, kind))
        text = pa.string()
        return {
            RUNS: pa.schema(
                [*ABOUT_A_RUN.items(), *factors, *((name, pa.float64()) for name in self.outcomes)]
            ),
            SERIES: pa.schema(
                [("run_id", text), ("metric", text), ("group", text), ("week", pa.int32()), ("value", pa.float64())]
            ),
            TIMINGS: pa.schema(
                [("run_id", text), ("seconds", pa.float64()), ("worker", text), ("attempts", pa.int32()), ("ended", text)]
            ),
        }  # fmt: skip

    def _tables(self, gathered: pa.Table) -> dict[str, pa.Table]:
        return {
            RUNS: self._runs(gathered),
            SERIES: _series(gathered),
            TIMINGS: gathered.select(["run_id", "seconds", "worker", "attempts", "ended"]),
        }

    def _runs(self, gathered: pa.Table) -> pa.Table:
        """One row for every place in the design that one of these runs has."""
        asked = self.made.asked
        ids = _ids(gathered)
        low, high = np.searchsorted(self.sorted_ids, ids, "left"), np.searchsorted(self.sorted_ids, ids, "right")
        run = np.repeat(np.arange(len(ids)), high - low)
        places = np.concatenate([np.zeros(0, np.int64), *(self.order[a:b] for a, b in zip(low, high, strict=True))])
        point, at, replicate = np.unravel_index(places.astype(np.int64), self.made.run_ids.shape)
        seeds = [self.made.seeds(p, k) for p, k in zip(point.tolist(), replicate.tolist(), strict=True)]
        names = [scenario.name for scenario in asked.scenarios]
        taken = gathered.take(pa.array(run))
        columns: dict[str, Any] = {
            "run_id": taken["run_id"],
            "scenario": [names[k] for k in at],
            "point": point,
            "replicate": replicate,
            "borough_seed": [borough for borough, _ in seeds],
            "life_seed": [life for _, life in seeds],
        }
        columns |= {name: taken[name] for name in ("status", "error", "traceback", "state_hash")}
        schema = self._schemas()[RUNS]
        for k, factor in enumerate(asked.factors):
            cells = [cell_of(self.made.points.values[p][k]) for p in point]
            columns[factor.name] = pa.array(cells, schema.field(factor.name).type)
        columns |= _outcome_columns(taken, self.outcomes)
        return pa.table(columns, schema=schema)


def _outcome_columns(table: pa.Table, names: Sequence[str]) -> dict[str, Any]:
    """Outcomes of runs as columns; none for a run that has none of that name."""
    at = {name: k for k, name in enumerate(names)}
    filled = np.full((table.num_rows, len(names)), np.nan)
    is_there = np.zeros((table.num_rows, len(names)), bool)
    for row, (its, values) in enumerate(
        zip(table["outcome_name"].to_pylist(), table["outcome"].to_pylist(), strict=True)
    ):
        for name, value in zip(its or (), values or (), strict=True):
            filled[row, at[name]] = value
            is_there[row, at[name]] = True
    return {name: pa.array(filled[:, k], pa.float64(), mask=~is_there[:, k]) for name, k in at.items()}


def _series(gathered: pa.Table) -> pa.Table:
    """Series taken out of their lists: one row a run, metric, group and week."""
    values = gathered["value"].combine_chunks()
    lengths = np.nan_to_num(values.value_lengths().to_numpy(zero_copy_only=False)).astype(np.int64)
    columns: dict[str, Any] = {
        "run_id": gathered["run_id"].combine_chunks().take(pa.array(np.repeat(np.arange(len(lengths)), lengths)))
    }
    columns |= {name: gathered[name].combine_chunks().flatten() for name in ("metric", "group", "week", "value")}
    return pa.table(columns)


def parts_of_tables(path: Path) -> Iterator[pa.Table]:
    """The tables of a finished sweep as parts, a group of runs at a time."""
    runs, series, timings = (pq.ParquetFile(path / name) for name in TABLES)
    recipe = read_recipe(path)
    assert recipe is not None
    fixed = {*ABOUT_A_RUN, *recipe["same"]["factors"]}
    outcomes = [name for name in runs.schema_arrow.names if name not in fixed]
    for group in range(runs.num_row_groups):
        own = runs.read_row_group(group)
        _, first = np.unique(_ids(own), return_index=True)
        own = own.take(pa.array(first))
        timed = timings.read_row_group(group)
        lists: dict[str, list[Any]] = {"outcome_name": [], "outcome": []}
        for row in own.select(outcomes).to_pylist():
            there = {name: value for name, value in row.items() if value is not None}
            lists["outcome_name"].append(list(there) or None)
            lists["outcome"].append(list(there.values()) or None)
        values = series.read_row_group(group) if series.num_row_groups else series.schema_arrow.empty_table()
        lengths = np.zeros(own.num_rows, np.int64)
        if values.num_rows:
            found, counts = np.unique(_ids(values), return_counts=True)
            lengths[np.searchsorted(_ids(own), found)] = counts
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        is_none = np.array([status != "ok" for status in own["status"].to_pylist()], bool)
        columns: dict[str, Any] = {name: own[name] for name in ("run_id", "status", "error", "traceback", "state_hash")}
        columns |= {name: pa.array(lists[name], SCHEMA.field(name).type) for name in lists}
        for name in ("metric", "group", "week", "value"):
            flat = values[name].combine_chunks()
            columns[name] = pa.ListArray.from_arrays(pa.array(offsets), flat, mask=pa.array(is_none))
        columns |= {name: timed[name] for name in ("seconds", "worker", "attempts", "ended")}
        yield pa.table(columns).cast(SCHEMA)
