"""Results folders: written whole or not at all, read back, checked against their record and lived again.

It draws nothing; reports and pictures are made from a folder by `dealsim.show`.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import math
import os
import platform
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dealsim.calibration import parameter_sets
from dealsim.checkpoints import engine_hash, replace_whole
from dealsim.errors import InputError, MismatchError, StoreError
from dealsim.plans import hash_of_sets
from dealsim.results import Results, run_columns
from dealsim.summary import ENSEMBLE_NUMBERS, MetricInfo
from dealsim.text import cell, plain, slug
from dealsim.version import MODEL_VERSION, __version__

FORMAT = 1
"""The newest results format this package reads."""
MANIFEST = "manifest.json"
DERIVED = "derived"
LOCK = ".lock"
"""Held while a sweep writes in its folder."""
PLACE_FILE = "place.csv"
STRAY = "was not written by dealsim"
LATEST = "latest"
"""What stands for the newest results folder, where a folder or an id is asked for."""
_NAMED = re.compile(r"-(?P<stamp>\d{8}T\d{6}Z)-(?P<id>[0-9a-f]{8})$")
_PACKAGES = (
    "distributed",
    "SALib",
    "numpy",
    "numba",
    "llvmlite",
    "pandas",
    "pyarrow",
    "scipy",
    "mesa",
    "plotly",
    "pydantic",
    "ruamel.yaml",
)


def prepare(root: str | Path, megabytes: float = 0.0) -> Path:
    """Make sure that results can be kept in a folder, before any work is done.

    Raises
    ------
    StoreError
        When it is no folder, cannot be written, or has too little room.
    """
    path = Path(root)
    try:
        path.mkdir(parents=True, exist_ok=True)
        handle, probe = tempfile.mkstemp(prefix=".part-", dir=path)
        os.close(handle)
        Path(probe).unlink()
        free = shutil.disk_usage(path).free / 1e6
    except OSError as problem:
        raise StoreError(f"results cannot be kept in {shown(path)}: {why(problem)}; nothing was run") from None
    if free < megabytes + 5:
        raise StoreError(
            f"results cannot be kept in {shown(path)}: they need about {megabytes:,.0f} MB, and {free:,.0f} "
            "MB are free; nothing was run"
        )
    return path


def save(results: Results, root: str | Path = "results") -> Path:
    """Keep results in a new folder below `root`; it counts as whole once its manifest is there.

    Returns
    -------
    Path
        The folder, `<name>-<UTC>-<id>`.

    Raises
    ------
    StoreError
        When it cannot be written; what was begun is removed again.
    """
    files = _files(results)
    folder = _new_folder(Path(root), results)
    at = folder
    try:
        for name, content in files.items():
            at = folder / name
            at.parent.mkdir(exist_ok=True)
            replace_whole(at, content)
        at = folder / MANIFEST
        replace_whole(at, _manifest(results, files))
    except OSError as problem:
        shutil.rmtree(folder, ignore_errors=True)
        raise StoreError(
            f"{why(problem)} while writing {at.name}; nothing of these results was kept in {shown(root)}, "
            "and whatever was there before is untouched"
        ) from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def why(problem: OSError) -> str:
    """Why the system said no, in words."""
    if problem.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return "the disk is full"
    if problem.errno in (errno.EACCES, errno.EPERM):
        return "permission was refused"
    if problem.errno == errno.EROFS:
        return "the disk can only be read"
    if problem.errno in (errno.EEXIST, errno.ENOTDIR):
        return "there is a file of that name where a folder must be"
    if problem.errno == errno.ENAMETOOLONG:
        return "the name is too long"
    return plain(problem.strerror or type(problem).__name__)


def shown(path: str | Path) -> str:
    """A path safe to print."""
    return plain(Path(path).as_posix())


def _new_folder(root: Path, results: Results) -> Path:
    what = results.names[0] if not results.is_comparison else f"{results.names[-1]}-against-{results.base}"
    if len(results.names) > 2:
        what = f"{len(results.names) - 1}-scenarios-against-{results.base}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        for _ in range(5):
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
            folder = root / f"{slug(what, 60)}-{stamp}-{results.run_id[:8]}"
            try:
                folder.mkdir()
            except FileExistsError:
                time.sleep(1.0 - time.time() % 1.0)  # the same results a moment ago: the next second is free
                continue
            return folder
    except OSError as problem:
        raise StoreError(f"results cannot be kept in {shown(root)}: {why(problem)}") from None
    raise StoreError(f"{shown(folder)} is already there and is left as it is; nothing was written")


def as_json(value: Any) -> bytes:
    """A value as a JSON file that is the same wherever it is written."""
    return (json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True) + "\n").encode()


def as_cells(frame: pd.DataFrame) -> dict[str, Any]:
    """A table as JSON: what is no finite number stands as null."""
    rows = [
        [None if isinstance(value, float) and not math.isfinite(value) else value for value in row]
        for row in frame.astype(object).itertuples(index=False)
    ]
    return {"columns": list(frame.columns), "rows": rows}


def _frame(cells: Mapping[str, Any], numbers: tuple[str, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(cells["rows"], columns=cells["columns"])
    for name in numbers:
        frame[name] = frame[name].astype(np.float64)
    return frame


def _parquet(frame: pd.DataFrame) -> bytes:
    """A table with the schema of its columns and nothing in its record that changes from day to day."""
    columns = {}
    for name in frame.columns:
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes = pa.array(column.cat.codes.to_numpy().astype(np.int32))
            names = pa.array([str(label) for label in column.cat.categories], pa.string())
            columns[name] = pa.DictionaryArray.from_arrays(codes, names)
        else:
            columns[name] = pa.array(column.to_numpy())
    packed = io.BytesIO()
    pq.write_table(pa.table(columns), packed, compression="zstd")
    return packed.getvalue()


def _scenario_files(results: Results) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    for number, (name, given, resolved) in enumerate(
        zip(results.names, results.given, results.scenarios, strict=True), 1
    ):
        yield (
            f"scenarios/{number}-{slug(name)}.given.yaml",
            f"scenarios/{number}-{slug(name)}.json",
            given,
            resolved,
        )


def _files(results: Results) -> dict[str, bytes]:
    """Every data file of a results folder, by its path in it."""
    files = {"provenance.json": as_json(provenance(results))}
    for given_file, resolved_file, given, resolved in _scenario_files(results):
        files[given_file] = given.encode()
        files[resolved_file] = as_json(resolved)
    if results.place_bytes is not None:
        files[PLACE_FILE] = results.place_bytes
    files["series.parquet"] = _parquet(results.series)
    files["people.parquet"] = _parquet(results.people)
    files["events.parquet"] = _parquet(results.events)
    files["hashes.json"] = as_json(results.hashes)
    if results.failed:
        files["failed.json"] = as_json(list(results.failed))
    files["summary.json"] = as_json(
        {
            "format": FORMAT,
            "calibrated": results.is_calibrated,
            "short": {key: value for key, value in results.as_dict().items() if key not in ("folder", "seconds")},
            "metrics": {name: about._asdict() for name, about in results.metrics.items()},
            "metric_order": list(results.metrics),
            "headline": list(results.headline),
            "summary": as_cells(results.summary),
            "outcomes": as_cells(results.outcomes),
        }
    )
    return files


def made_with() -> dict[str, Any]:
    """What results were made with: versions, code and machine, now; no user, no path of theirs, no machine's name."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    commit, is_dirty = _commit()
    return {
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "model_version": MODEL_VERSION,
        "dealsim": __version__,
        "engine_sha256": engine_hash(),
        "commit": commit,
        "dirty": is_dirty,
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": platform.machine(),
        "packages": versions,
    }


def provenance(results: Results) -> dict[str, Any]:
    """Where results come from: what they were made with, seeds and arguments."""
    return {
        "format": FORMAT,
        "run_id": results.run_id,
        **made_with(),
        "arguments": dict(results.settings),
        "names": list(results.names),
        "finished": results.finished,
        "notices": list(results.notices),
        "state_hash": results.state_hash,
        "runs": results.runs.to_dict("records"),
        "seconds": {stage: round(value, 3) for stage, value in results.seconds.items()},
    }


def _commit() -> tuple[str | None, bool | None]:
    """The commit of a clone the package lies in, and whether files differ from it."""
    clone, git = Path(__file__).parents[1], shutil.which("git")
    if git is None or not (clone / ".git").exists():
        return None, None
    try:
        said = [
            subprocess.run(  # noqa: S603
                [git, "-C", str(clone), *words], capture_output=True, text=True, timeout=10, check=True
            )
            for words in (("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
        ]
    except (OSError, subprocess.SubprocessError):
        return None, None
    return said[0].stdout.strip(), bool(said[1].stdout.strip())


def _manifest(results: Results, files: Mapping[str, bytes]) -> bytes:
    """The record of every file; it carries a hash of itself, so that no bit of it can turn unseen."""
    about = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)} for name, content in files.items()
    }
    return signed({"format": FORMAT, "run_id": results.run_id, "model_version": MODEL_VERSION, "files": about})


def signed(record: Mapping[str, Any]) -> bytes:
    """A record with a hash of itself, as a file."""
    return as_json({**record, "sha256_of_this": hashlib.sha256(as_json(record)).hexdigest()})


def find(folder_or_id: str | Path, root: str | Path = "results") -> Path:
    """The results folder of that path, or the newest below `root` whose id begins so (`latest`: the newest of all).

    Raises
    ------
    InputError
        When there is none.
    """
    path = Path(str(folder_or_id))
    try:
        if path.is_dir():
            return path
        word = str(folder_or_id)
        if re.fullmatch(r"sweep-[a-z0-9_-]+", word) and (Path(root) / word).is_dir():
            return Path(root) / word
        if Path(root).is_dir() and (word == LATEST or re.fullmatch(r"[0-9a-f]{6,16}", word)):
            named = (_NAMED.search(entry.name) for entry in sorted(Path(root).iterdir()))
            found = [name for name in named if name and (word == LATEST or name["id"].startswith(word[:8]))]
            if found:
                return Path(root) / max(found, key=lambda name: name["stamp"]).string
    except (OSError, ValueError):
        pass
    raise InputError(f"there is no results folder {shown(path)}")


def damage(folder: str | Path) -> list[str]:
    """What does not agree with the manifest, one line a file; empty when all is as it was written.

    Raises
    ------
    StoreError
        When the folder was never finished, or is of a newer format.
    """
    path = Path(folder)
    try:
        raw = (path / MANIFEST).read_bytes()
    except FileNotFoundError:
        raise StoreError(
            f"{shown(path)} has no {MANIFEST}: it is no results folder, or its writing was cut short"
        ) from None
    except OSError as problem:
        raise StoreError(f"{shown(path)}/{MANIFEST} cannot be read: {why(problem)}") from None
    try:
        record = json.loads(raw)
        if isinstance(record.get("format"), int) and record["format"] > FORMAT and _is_signed(record):
            raise StoreError(
                f"{shown(path)} is of results format {record['format']}; this dealsim reads up to {FORMAT}. "
                "A newer dealsim made it."
            )
        if not is_as_signed(record, raw):
            return [f"{MANIFEST}: is not as it was written"]
        files = {name: (about["bytes"], about["sha256"]) for name, about in record["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [f"{MANIFEST}: is not as it was written"]
    problems = []
    for name, (bytes_written, hash_written) in sorted(files.items()):
        file = path / name
        if not file.resolve().is_relative_to(path.resolve()) or file.is_symlink():
            problems.append(f"{plain(name)}: does not lie in the folder itself")
            continue
        try:
            size = file.stat().st_size
            if size != bytes_written:
                problems.append(f"{plain(name)}: has {size:,} bytes; {bytes_written:,} were written")
            elif hash_of(file) != hash_written:
                problems.append(f"{plain(name)}: is not as it was written")
        except FileNotFoundError:
            problems.append(f"{plain(name)}: is missing")
        except OSError as problem:
            problems.append(f"{plain(name)}: cannot be read ({why(problem)})")
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path).as_posix()
        if file.is_file() and name not in files and name not in (MANIFEST, LOCK) and not name.startswith(f"{DERIVED}/"):
            problems.append(f"{plain(name)}: {STRAY}")
    return problems


def _is_signed(record: Mapping[str, Any]) -> bool:
    unsigned = {key: value for key, value in record.items() if key != "sha256_of_this"}
    return bool(record.get("sha256_of_this") == hashlib.sha256(as_json(unsigned)).hexdigest())


def is_as_signed(record: Mapping[str, Any], raw: bytes) -> bool:
    """Whether a record carries its own hash, and its file is what `signed` would write."""
    return _is_signed(record) and as_json(record) == raw


def hash_of(file: Path) -> str:
    """The sha256 of a file, read a piece at a time."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def manifest_hash(folder: str | Path) -> str:
    """The hash of a folder's manifest: what everything derived from it names."""
    return hashlib.sha256((Path(folder) / MANIFEST).read_bytes()).hexdigest()


_SUMMARY_NUMBERS = (
    "mean", "low", "high", "difference", "difference_low", "difference_high", "pairs_needed",
)  # fmt: skip


def read(folder: str | Path) -> Results:
    """Results from a folder, once every file in it has been checked.

    Raises
    ------
    StoreError
        When it is not complete.
    MismatchError
        When a file is not what its record says.
    """
    path = Path(folder)
    problems = damage(path)
    if problems:
        raise MismatchError("\n".join(f"{shown(path)}/{line}" for line in problems))
    return read_unchecked(path)


def read_unchecked(folder: str | Path) -> Results:
    """Results from a folder as its files stand now, for those who say beside them what is wrong with the folder.

    Raises
    ------
    StoreError
        When its files cannot be read as results.
    """
    path = Path(folder)
    try:
        origin = json.loads((path / "provenance.json").read_bytes())
        summary = json.loads((path / "summary.json").read_bytes())
        names = tuple(origin["names"])
        scenarios, given = [], []
        for number, name in enumerate(names, 1):
            stem = f"{number}-{slug(name)}"
            scenarios.append(json.loads((path / "scenarios" / f"{stem}.json").read_bytes()))
            given.append((path / "scenarios" / f"{stem}.given.yaml").read_bytes().decode())
        failed = path / "failed.json"
        place = path / PLACE_FILE
        runs = pd.DataFrame(
            origin["runs"],
            columns=list(run_columns("ensemble" in origin["arguments"])),
        )
        return Results(
            base=names[0],
            names=names,
            scenarios=tuple(scenarios),
            given=tuple(given),
            series=pd.read_parquet(path / "series.parquet"),
            summary=_frame(
                summary["summary"],
                (*_SUMMARY_NUMBERS, *(ENSEMBLE_NUMBERS if "ensemble" in origin["arguments"] else ())),
            ),
            outcomes=_frame(summary["outcomes"], ("mean", "low", "high")),
            people=pd.read_parquet(path / "people.parquet"),
            events=pd.read_parquet(path / "events.parquet"),
            runs=runs,
            metrics={name: MetricInfo(**summary["metrics"][name]) for name in summary["metric_order"]},
            headline=tuple(summary["headline"]),
            hashes=json.loads((path / "hashes.json").read_bytes()),
            failed=tuple(json.loads(failed.read_bytes())) if failed.exists() else (),
            notices=tuple(origin["notices"]),
            settings=origin["arguments"],
            seconds=origin["seconds"],
            state_hash=origin["state_hash"],
            run_id=origin["run_id"],
            finished=origin["finished"],
            place_bytes=place.read_bytes() if place.exists() else None,
            folder=path,
        )
    except (KeyError, TypeError, ValueError, OSError, pa.ArrowException) as problem:
        raise StoreError(
            f"{shown(path)} cannot be read as results by this dealsim ({type(problem).__name__})"
        ) from None


@dataclass(frozen=True)
class Verification:
    """Whether a results folder is what it says: every problem, and what was done to find out."""

    problems: tuple[str, ...]
    notes: tuple[str, ...]
    replayed: int

    @property
    def is_identical(self) -> bool:
        """True when nothing differs and the runs were lived again."""
        return not self.problems and self.replayed > 0


def verify(
    folder: str | Path,
    *,
    replay: bool = True,
    workers: int | None = None,
    progress: Callable[[str, float, float], None] | None = None,
) -> Verification:
    """Check every file of a results folder, then live its runs again and compare them to the last bit.

    Raises
    ------
    StoreError
        When the folder was never finished.
    """
    path = Path(folder)
    problems = damage(path)
    if problems:
        return Verification(tuple(problems), (), 0)
    stored = read(path)
    origin = json.loads((path / "provenance.json").read_bytes())
    made_by = origin["model_version"]
    if made_by != MODEL_VERSION:
        return Verification(
            (
                f"its files are as they were written, but model version {plain(made_by)} made it and this is "
                f"{MODEL_VERSION}: figures may rightly differ, so it was not lived again",
            ),
            (),
            0,
        )
    ensemble = stored.settings.get("ensemble")
    if ensemble is not None and hash_of_sets(parameter_sets()[: ensemble["sets"]]) != ensemble["sha256"]:
        return Verification(
            (
                "its files are as they were written, but its parameter sets are not the ones that this dealsim is shipped "
                "with, so it was not lived again",
            ),
            (),
            0,
        )
    notes = [f"every file is as it was written ({DERIVED}/ is not checked: `dealsim report` makes it anew)"]
    if not replay:
        return Verification((), (*notes, "the runs were not lived again"), 0)
    if origin["engine_sha256"] != engine_hash():
        notes.append("the code is not the code that made it, though the model version is the same")
    again = _live_again(stored, workers, progress)
    return Verification(tuple(_differences(stored, again)), tuple(notes), len(again.runs))


def _live_again(stored: Results, workers: int | None, progress: Callable[[str, float, float], None] | None) -> Results:
    from dealsim.places import PlaceInput, read_place
    from dealsim.plans import plan
    from dealsim.runs import live_plan
    from dealsim.scenarios import scenario_from

    asked = stored.settings
    place: PlaceInput | None = None
    if stored.place_bytes is not None:
        with tempfile.TemporaryDirectory() as room:
            copy = Path(room) / PLACE_FILE
            copy.write_bytes(stored.place_bytes)
            place = replace(read_place(copy, asked["place"]["rank_of_asked"]), name=asked["place"]["name"])
    elif asked["place"]["file_name"] is not None:
        raise StoreError("the place file these results were made with was not kept, so they cannot be lived again")
    made = plan(
        asked["command"], [scenario_from(resolved) for resolved in stored.scenarios],
        asked["size"], asked["years"], asked["seed"], asked["replicates"], workers, place, None,
        asked["boroughs"], asked["values"], asked.get("ensemble", {}).get("sets"),
    )  # fmt: skip
    at = {name: number for number, name in enumerate(stored.names)}
    only = {(at[row.scenario], int(row.replicate)) for row in stored.runs.itertuples()}
    if not only:
        raise InputError("no run of these results was finished, so there is nothing to live again")
    return live_plan(made, cache=False, progress=progress, only=only)


def _differences(stored: Results, again: Results) -> list[str]:
    """Where two lives of the same runs part, one line a run, the first week and column named."""
    problems = []
    before = stored.runs.set_index(["scenario", "replicate"])["state_hash"]
    after = again.runs.set_index(["scenario", "replicate"])["state_hash"]
    for run in again.failed:
        problems.append(
            f"{plain(run['scenario'])}, replicate {run['replicate'] + 1}: failed this time ({plain(run['error'])})"
        )
    for scenario, replicate in before.index:
        if (scenario, replicate) not in after.index:
            continue
        where = f"{plain(scenario)}, replicate {replicate + 1}"
        parted = _first_quarter(stored, again, scenario) if replicate == 0 else ""
        if parted:
            problems.append(f"{where}: {parted}")
        elif before[scenario, replicate] != after[scenario, replicate]:
            seen = _first_week(stored, again, scenario, replicate)
            problems.append(f"{where}: the state after the last week differs{f'; {seen}' if seen else ''}")
        else:
            seen = _first_week(stored, again, scenario, replicate)
            if seen:
                problems.append(f"{where}: the people lived the same lives, but {seen}")
    if not problems and again.state_hash != stored.state_hash:
        problems.append("the state hash of all runs together differs")
    for name in ("summary", "outcomes"):
        if not problems and repr(getattr(stored, name).to_dict("list")) != repr(getattr(again, name).to_dict("list")):
            problems.append(f"summary.json: the figures under '{name}' do not follow from the runs")
    return problems


def _first_quarter(stored: Results, again: Results, scenario: str) -> str:
    one, other = stored.hashes.get(scenario, {}), again.hashes.get(scenario, {})
    last_same = None
    for week in sorted(set(one) | set(other), key=int):
        columns = [
            name
            for name in sorted({*one.get(week, {}), *other.get(week, {})})
            if one.get(week, {}).get(name) != other.get(week, {}).get(name)
        ]
        if columns:
            since = "from the start" if last_same is None else f"between week {last_same} and week {week}"
            more = f" and {len(columns) - 1} more" if len(columns) > 1 else ""
            return f"differs {since}, column {plain(columns[0])}{more}"
        last_same = week
    return ""


def _first_week(stored: Results, again: Results, scenario: str, replicate: int) -> str:
    keys = ["week", "metric", "group"]
    tables = []
    for results in (stored, again):
        table = results.series
        own = table[(table["scenario"] == scenario) & (table["replicate"] == replicate)][[*keys, "value"]]
        own = own.assign(metric=own["metric"].astype(str), group=own["group"].astype(str))
        tables.append(own.set_index(keys)["value"])
    joined = pd.concat(tables, axis=1, keys=["one", "other"])
    apart = joined[~((joined["one"] == joined["other"]) | (joined["one"].isna() & joined["other"].isna()))]
    if apart.empty:
        return ""
    week, metric, group = min(apart.index)
    return f"series.parquet first differs in week {week}, {plain(metric)} ({plain(group)})"


def write_tables(folder: str | Path, results: Results | None = None) -> list[Path]:
    """Tables for a spreadsheet in `derived/tables`, each naming the results it was made from.

    Raises
    ------
    StoreError
        When they cannot be written.
    """
    path = Path(folder)
    results = results or read(path)
    made_from = f"{results.run_id}/{manifest_hash(path)[:12]}"
    summary = results.summary.assign(
        label=results.summary["metric"].map({name: about.label for name, about in results.metrics.items()})
    )
    tables = {
        "headline": results.rows(),
        "all_metrics": summary[summary["group"] == "all"],
        "places_and_fifths": summary[summary["group"] != "all"],
        "pairs": results.outcomes,
        "years": _years(results),
    }
    written = []
    target = path / DERIVED / "tables"
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            clean = table.map(cell).assign(results=made_from)
            content = clean.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")
            replace_whole(target / f"{name}.csv", content)
            written.append(target / f"{name}.csv")
    except OSError as problem:
        raise StoreError(f"{why(problem)} while writing {DERIVED}/tables; the data files are whole") from None
    return written


def _years(results: Results) -> pd.DataFrame:
    """Every metric for everyone, year by year: mean, lowest and highest replicate."""
    table = results.series[results.series["group"] == "all"]
    if table.empty:
        return pd.DataFrame(columns=["scenario", "metric", "year", "mean", "lowest", "highest"])
    table = table.assign(year=table["week"] // 52 + 1)
    keys = ["scenario", "metric", "year"]
    each = table.groupby([*keys, "replicate"], observed=True)["value"].mean()
    by = each.groupby(level=keys, observed=True)
    years = pd.DataFrame({"mean": by.mean(), "lowest": by.min(), "highest": by.max()}).reset_index()
    return years.assign(scenario=years["scenario"].astype(str), metric=years["metric"].astype(str))
