"""Boroughs after burn-in, kept on this machine so that burn-in is paid once.

A checkpoint is exact, and named by a hash of everything it depends on; nothing is ever read from one that
does not match. It knows nothing of scenarios.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from dealsim.compiled import usable_cache_root
from dealsim.parameters import Parameters
from dealsim.places import PlaceInput

FORMAT = 1
MOST_BYTES = 2_000_000_000
"""All checkpoints together; the ones not used for longest are removed first."""
_PACKAGE = Path(__file__).parent
_NOT_OF_THE_ENGINE = (
    "show/",
    "web/",
    "analysis/",
    "calibration/",
    "patterns/",
    "scenarios/",
    "sweeps/",
    "workbench.py",
    "__init__.py",
    "__main__.py",
    "agents/view.py",
    "browser.py",
    "doctor.py",
    "metrics.py",
    "model.py",
    "plans.py",
    "results.py",
    "runs.py",
    "starts.py",
    "store.py",
    "summary.py",
    "text.py",
)


def folder() -> Path:
    """Where checkpoints lie."""
    return usable_cache_root() / "checkpoints"


@lru_cache(maxsize=1)
def engine_hash() -> str:
    """Names the code and data that burn-in depends on; the same for every Python and numba.

    Taken once, when this module is loaded: a file edited later is not the code that runs.
    """
    return hash_of_files((".py", ".csv"), _NOT_OF_THE_ENGINE)


def hash_of_files(endings: tuple[str, ...], left_out: tuple[str, ...] = ()) -> str:
    """Names what files of the package say, by how their names end, but for those that are left out."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*")):
        name = path.relative_to(_PACKAGE).as_posix()
        if path.suffix in endings and not name.startswith(left_out):
            digest.update(name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


engine_hash()


def place_hash(place: PlaceInput) -> str:
    """Names what a place says, whatever file it came from."""
    digest = hashlib.sha256()
    for part in fields(place):
        if part.name in ("file_name", "sha256", "ignored_columns"):
            continue
        value = getattr(place, part.name)
        digest.update(part.name.encode())
        digest.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    return digest.hexdigest()


def key_of(place: PlaceInput, size: int, borough_seed: int, parameters: Parameters, weeks: int) -> str:
    """The name of one checkpoint."""
    depends_on = {
        "format": FORMAT,
        "engine": engine_hash(),
        "place": place_hash(place),
        "size": size,
        "borough_seed": borough_seed,
        "parameters": [[repr(value) for value in record] for record in parameters],
        "weeks": weeks,
        "byte_order": sys.byteorder,
    }
    return hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()[:32]


def replace_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is either the old one or the whole new one, also after a power cut."""
    with written_whole(path) as file:
        file.write(content)


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write into that takes the place of `path` when all is written, also after a power cut."""
    part = path.with_name(f".part-{os.getpid()}-{threading.get_ident()}-{path.name}")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    if os.name == "posix":
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def keep(key: str, arrays: dict[str, np.ndarray]) -> bool:
    """Keep a burnt-in borough; False when it is too large or the disk says no (a cache may fail quietly)."""
    if sum(array.nbytes for array in arrays.values()) > MOST_BYTES // 2:
        return False
    packed = io.BytesIO()
    np.savez(packed, allow_pickle=False, **arrays)
    content = packed.getvalue()
    about = {
        "format": FORMAT,
        "key": key,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }
    try:
        folder().mkdir(parents=True, exist_ok=True)
        _make_room(len(content))
        replace_whole(folder() / f"{key}.npz", content)
        replace_whole(folder() / f"{key}.json", json.dumps(about).encode())
    except OSError:
        return False
    return True


def fetch(key: str, notice: Callable[[str], None]) -> dict[str, np.ndarray] | None:
    """A kept borough, or None; one that is damaged is removed and said so."""
    path, about_path = folder() / f"{key}.npz", folder() / f"{key}.json"
    try:
        about = json.loads(about_path.read_bytes())
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        about, content = {}, b""
    if not isinstance(about, dict) or about.get("sha256") != hashlib.sha256(content).hexdigest():
        notice("a kept borough was damaged and is made anew")
        for part in (path, about_path):
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
        return None
    with contextlib.suppress(OSError):  # a folder that cannot be written still serves
        os.utime(path)
    with np.load(io.BytesIO(content), allow_pickle=False) as packed:
        return {name: packed[name] for name in packed.files}


def _make_room(wanted: int) -> None:
    kept = sorted(folder().glob("*.npz"), key=lambda path: path.stat().st_mtime)
    total = sum(path.stat().st_size for path in kept) + wanted
    for path in kept:
        if total <= MOST_BYTES:
            break
        total -= path.stat().st_size
        path.unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)


def caches() -> list[dict[str, Any]]:
    """Everything dealsim keeps between runs: what it is, where, and how large."""
    root = usable_cache_root()
    found = []
    for name, meaning in (("compiled", "compiled code"), ("checkpoints", "boroughs after burn-in")):
        files = [path for path in (root / name).rglob("*") if path.is_file()] if (root / name).is_dir() else []
        found.append(
            {
                "name": name,
                "meaning": meaning,
                "folder": root / name,
                "files": len(files),
                "bytes": sum(path.stat().st_size for path in files),
            }
        )
    return found
