"""The one place that knows numba: turns plain Python rules into compiled ones.

It holds no rules. `interpreted` hands back the plain Python form of a compiled function.

Compiled loops read a column with `np.float64(x)`: numba's `float(x)` leaves a 32-bit number as it is, and a rule
would then round early in the compiled form only.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import sys
import tempfile
import types
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).parent


def cache_root() -> Path:
    """The per-user folder under which everything dealsim keeps between runs lies."""
    told = os.environ.get("DEALSIM_CACHE_DIR")
    if told:
        return Path(told)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "dealsim"


def usable_cache_root() -> Path:
    """The cache folder, or a temporary one with a line of notice where it cannot be written."""
    root = cache_root()
    try:
        root.mkdir(parents=True, exist_ok=True)
        probe = root / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        root = _own_folder(Path(tempfile.gettempdir()) / f"dealsim-{os.getuid() if hasattr(os, 'getuid') else 'user'}")
        print(f"dealsim: {cache_root()} cannot be written; keeping compiled code in {root}", file=sys.stderr)
    return root


def _own_folder(path: Path) -> Path:
    """A folder in a place open to all that nobody else can write to: compiled code is loaded from it and run."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = path.lstat()
    is_own = not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & 0o022)
    return path if is_own and path.is_dir() and not path.is_symlink() else Path(tempfile.mkdtemp(prefix="dealsim-"))


_IMPORTED = re.compile(r"^from dealsim(?:\.([\w.]+))? import ([\w, ]+|\()", re.MULTILINE)


def _sources() -> list[Path]:
    """Files with compiled functions, and every file of the package they draw on."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(_PACKAGE.rglob("*.py"))}
    wanted = [path for path, text in texts.items() if "\n@compiled" in text]
    for path in wanted:  # grows while it is read
        for module, names in _IMPORTED.findall(texts[path]):
            for name in [module] if module else [part.split(" as ")[0].strip() for part in names.split(",")]:
                stem = _PACKAGE.joinpath(*name.split("."))
                for found in (stem.with_suffix(".py"), stem / "__init__.py"):
                    if found in texts and found not in wanted:
                        wanted.append(found)
    return sorted(wanted)


def _source_hash() -> str:
    """Names everything compiled code depends on: numba's own cache sees only the file a rule stands in.

    Where a file lies and when it was written are named too, since numba does not take what was compiled of another copy.
    """
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(f"{path} {path.stat().st_mtime_ns}".encode())
        digest.update(path.read_bytes())
    for part in (
        version("numba"),
        platform.machine(),
        platform.python_version(),
        os.environ.get("NUMBA_CPU_NAME", ""),
        os.environ.get("NUMBA_CPU_FEATURES", ""),
    ):
        digest.update(part.encode())
    return digest.hexdigest()[:16]


def _point_cache() -> Path:
    folder = usable_cache_root() / "compiled" / _source_hash()
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    if new:
        kept = sorted(folder.parent.iterdir(), key=lambda old: old.stat().st_mtime, reverse=True)
        for old in kept[4:]:
            shutil.rmtree(old, ignore_errors=True)
    return folder


CACHE = _point_cache()
FIRST_USE = not any(CACHE.iterdir())
os.environ["NUMBA_CACHE_DIR"] = str(CACHE)

import numba  # noqa: E402  (the cache folder must be named before numba is loaded)
import numpy as np  # noqa: E402
from numba.core import caching  # noqa: E402


def _made_anew(read: Any, instead: Callable[[], Any]) -> Any:
    """A reader of numba's cache that takes what cannot be read for what is not there, so that it is compiled anew."""

    def careful(self: Any, *args: Any) -> Any:
        try:
            return read(self, *args)
        except Exception:  # whatever a torn pickle or half a machine-code file may raise
            if not _SAID:
                _SAID.append(True)
                print("dealsim: compiled code kept on this machine was damaged and is made anew", file=sys.stderr)
            return instead()

    return careful


_SAID: list[bool] = []
caching.IndexDataCacheFile._load_index = _made_anew(  # type: ignore[method-assign]
    caching.IndexDataCacheFile._load_index, dict
)
caching.Cache.load_overload = _made_anew(caching.Cache.load_overload, lambda: None)  # type: ignore[method-assign]

_OPTIONS: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "fastmath": False,
    "error_model": "numpy",
    "no_cfunc_wrapper": True,
}
_compile: Any = numba.njit(**_OPTIONS)
_WITHOUT_COUNTING: dict[str, Any] = {**_OPTIONS, "_nrt": False}
_compile_loop: Any = numba.njit(**_WITHOUT_COUNTING)


def compiled(function: Any) -> Any:
    """Compile a function; its plain form stays available through `interpreted`."""
    return _compile(function)


class Loop:
    """A compiled loop over columns, called from Python.

    Every call of a compiled function asks numba anew what types its hundred arrays have, which costs more than
    many a loop over a small borough. Columns keep their declared types for life, so a loop asks once for each
    kind of record it is handed and then goes straight to the compiled code.
    """

    def __init__(self, dispatcher: Any) -> None:
        self.dispatcher = dispatcher
        self.py_func = dispatcher.py_func
        self.__name__ = self.py_func.__name__
        self.__doc__ = self.py_func.__doc__
        self.__module__ = self.py_func.__module__
        self._entries: dict[tuple[type, ...], Any] = {}

    @property
    def signatures(self) -> list[Any]:
        """The signatures compiled so far."""
        return self.dispatcher.signatures

    def __call__(self, *args: Any) -> Any:
        kinds = tuple(map(type, args))
        entry = self._entries.get(kinds)
        if entry is not None:
            return entry(*args)
        result = self.dispatcher(*args)
        overload = self.dispatcher.overloads.get(tuple(numba.typeof(arg) for arg in args))
        self._entries[kinds] = getattr(overload, "entry_point", None) or self.dispatcher
        return result


def compiled_loop(function: Any) -> Any:
    """Compile a loop over columns that makes no array of its own and is called from Python only."""
    made = _compile_loop(function)
    return Loop(made) if is_compiled(made) else made


def is_compiled(thing: Any) -> bool:
    """True for a function made by `compiled` (also when compilation is switched off)."""
    return hasattr(thing, "py_func")


def interpreted(function: Any) -> Any:
    """The plain Python form of a compiled function, calling plain forms all the way down."""
    return _interpreted(function, {})


def _interpreted(function: Any, seen: dict[Any, Any]) -> Any:
    plain = getattr(function, "py_func", function)
    if plain in seen:
        return seen[plain]
    names = dict(plain.__globals__)
    copy = types.FunctionType(plain.__code__, names, plain.__name__, plain.__defaults__, plain.__closure__)
    seen[plain] = copy
    for name in plain.__code__.co_names:
        if is_compiled(names.get(name)):
            names[name] = _interpreted(names[name], seen)
    return copy


class Packed(np.record):  # type: ignore[misc]
    """A record whose memory is found without Python: compiled code asks for `data` at each call, plain code for fields."""

    __getattribute__ = np.void.__getattribute__

    def __getattr__(self, name: str) -> Any:
        return np.record.__getattribute__(self, name)


def packed(record: Any) -> Any:
    """A parameter record as one numpy record: compiled code then passes a pointer, not eighty numbers.

    Fields keep their names, records inside records too, so a rule reads the same from either form.
    """
    return np.array([_values(record)], dtype=_layout(record))[0]


def _layout(record: Any) -> np.dtype:
    return np.dtype(
        (
            Packed,
            [
                (name, _layout(value) if hasattr(value, "_fields") else np.float64)
                for name, value in zip(record._fields, record, strict=True)
            ],
        )
    )


def _values(record: Any) -> tuple[Any, ...]:
    return tuple(_values(value) if hasattr(value, "_fields") else float(value) for value in record)
