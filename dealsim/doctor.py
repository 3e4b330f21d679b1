"""Says what is installed and what is kept on this machine, and removes what is kept when asked."""

from __future__ import annotations

import os
import platform
import re
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from dealsim.checkpoints import caches
from dealsim.version import MODEL_VERSION, __version__

_NEEDED = (
    "mesa", "numpy", "numba", "networkx", "pandas", "pyarrow", "plotly", "pydantic", "ruamel.yaml", "typer",
    "rich", "scipy",
)  # fmt: skip
_ROOM_MB = 200
_OURS = {
    "compiled": re.compile(r"[0-9a-f]{16}"),
    "checkpoints": re.compile(r"([0-9a-f]{32}\.(npz|json)|\.part-.*)"),
}


def examine(clean: bool = False) -> dict[str, Any]:
    """Versions, caches, room and whatever is wrong; with `clean`, what is kept is removed first."""
    problems = []
    packages: dict[str, str | None] = {}
    for name in _NEEDED:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = None
            problems.append(f"{name} is not installed; install dealsim again with: python -m pip install dealsim")
    kept = caches()
    removed = 0
    if clean:
        removed = sum(cache["bytes"] for cache in kept)
        for cache in kept:
            problems += _remove(cache["name"], cache["folder"])
        kept = caches()
    try:
        free = shutil.disk_usage(Path.cwd()).free / 1e6
    except OSError:
        free = float("nan")
    if free < _ROOM_MB:
        problems.append(f"only {free:,.0f} MB of disk are free here; a comparison may need {_ROOM_MB} MB")
    return {
        "dealsim": __version__,
        "model_version": MODEL_VERSION,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "packages": packages,
        "caches": [{**cache, "folder": cache["folder"].as_posix()} for cache in kept],
        "removed_bytes": removed,
        "free_mb": round(free) if free == free else None,
        "problems": problems,
    }


def _remove(name: str, folder: Path) -> list[str]:
    """Remove only what dealsim itself put there: the folder may be one the user shares with other things."""
    if not folder.is_dir() or folder.is_symlink():
        return []
    problems = []
    for entry in sorted(folder.iterdir()):
        if not _OURS[name].fullmatch(entry.name) or entry.is_symlink():
            continue
        try:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        except OSError:
            problems.append(f"{entry.as_posix()} could not be removed")
    return problems


def in_words(found: dict[str, Any]) -> str:
    """The examination as lines to read."""
    lines = [
        f"dealsim {found['dealsim']} (model {found['model_version']}), Python {found['python']}, "
        f"{found['system']}, {found['processors']} processors",
        "packages: " + ", ".join(f"{name} {number or 'MISSING'}" for name, number in found["packages"].items()),
    ]
    for cache in found["caches"]:
        lines.append(f"{cache['meaning']}: {cache['folder']} ({cache['files']} files, {cache['bytes'] / 1e6:,.1f} MB)")
    if found["removed_bytes"]:
        lines.append(f"removed {found['removed_bytes'] / 1e6:,.1f} MB")
    if found["free_mb"] is not None:
        lines.append(f"free disk here: {found['free_mb']:,} MB")
    lines.append("nothing leaves this machine, and dealsim keeps nothing elsewhere but the results you ask for")
    lines += [f"problem: {problem}" for problem in found["problems"]] or ["all is well"]
    return "\n".join(lines)
