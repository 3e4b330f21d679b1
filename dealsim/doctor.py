"""Says whether this machine is fit for dealsim: versions, a life whose end is known, room, a browser, and what is kept.

It mends nothing, and removes what is kept only when asked. What may be broken is imported only when it is tried.
"""

from __future__ import annotations

import operator
import os
import platform
import re
import shutil
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, NamedTuple

from dealsim import browser
from dealsim.version import MODEL_VERSION, __version__


class KnownLife(NamedTuple):
    """A life anyone can live again, and the hash of the state it must end in."""

    model_version: str
    scenario: str
    size: int
    weeks: int
    seed: int
    state_hash: str


KNOWN_LIFE = KnownLife("0.2.0", "deal", 800, 130, 1, "8e775a48a9f6592a9a05452c3f7b7b3a03473c9e587740ebc900e2eaf1848d09")
"""Ends half a year into the Deal. A model that gives other figures has another version and another hash here."""

_ROOM_MB = 200
_OURS = {
    "compiled": re.compile(r"[0-9a-f]{16}"),
    "checkpoints": re.compile(r"([0-9a-f]{32}\.(npz|json)|\.part-.*)"),
}
_BOUND = re.compile(r"(>=|<=|==|!=|<|>)([0-9.]+)")
_HOLDS = {
    ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
}  # fmt: skip


def examine(clean: bool = False, before_life: Callable[[], None] | None = None) -> dict[str, Any]:
    """Versions, the known life, caches, room, a browser and whatever is wrong.

    With `clean`, what is kept is removed instead, and no life is lived, since that would fill the caches again;
    `before_life` is called where the model's code may have to be compiled next.
    """
    packages, problems = _packages()
    removed, life = 0, None
    kept: list[dict[str, Any]] = []
    try:
        from dealsim.checkpoints import caches

        kept = caches()
        if clean:
            removed = sum(cache["bytes"] for cache in kept)
            for cache in kept:
                problems += _remove(cache["name"], cache["folder"])
        else:
            if before_life:
                before_life()
            began = time.perf_counter()
            ends = end_of_known_life()
            life = {**KNOWN_LIFE._asdict(), "ends": ends, "seconds": round(time.perf_counter() - began, 1)}
            if ends != KNOWN_LIFE.state_hash:
                problems.append(
                    "the known life does not end as it should, so figures of this machine may differ from those of "
                    f"others; undo changes to the code, and {_AGAIN}"
                )
            problems += _no_room()
        kept = caches()
    except Exception as broken:  # whatever packages that do not fit together may raise
        problems.append(f"the model does not run here ({type(broken).__name__}: {broken}); {_AGAIN}")
    try:
        free = shutil.disk_usage(Path.cwd()).free / 1e6
    except OSError:
        free = float("nan")
    return {
        "dealsim": __version__,
        "model_version": MODEL_VERSION,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "packages": packages,
        "known_life": life,
        "browser": browser.find(),
        "caches": [{**cache, "folder": cache["folder"].as_posix()} for cache in kept],
        "removed_bytes": removed,
        "free_mb": round(free) if free == free else None,
        "problems": problems,
    }


_AGAIN = "install again the versions that were tested: python -m pip install -c constraints.txt --force-reinstall ."


def _no_room() -> list[str]:
    """Why results cannot be kept where a command would keep them now, if they cannot."""
    from dealsim import store
    from dealsim.errors import StoreError

    try:
        store.prepare("results" if Path("results").exists() else ".", _ROOM_MB)
    except StoreError as problem:
        return [f"{str(problem).partition('; nothing was')[0]}; go to another folder, or name one by --out"]
    return []


def end_of_known_life() -> str:
    """The hash of the state in which the known life ends here, lived without any borough kept before."""
    from dealsim.engine import branch, burn_in, live, state_hash
    from dealsim.places import shipped
    from dealsim.scenarios import load

    place = shipped("wigan")
    world = burn_in(place, KNOWN_LIFE.size, KNOWN_LIFE.seed)
    policy = load(KNOWN_LIFE.scenario).policy(KNOWN_LIFE.weeks, world.borough.place_names, place.place_names)
    return state_hash(live(branch(world, policy, KNOWN_LIFE.seed, KNOWN_LIFE.weeks)))


def _packages() -> tuple[dict[str, str | None], list[str]]:
    """What dealsim needs, in which version it is here, and what is wrong with that."""
    try:
        needed = [need for need in requires("dealsim") or [] if "extra ==" not in need]
    except PackageNotFoundError:
        return {}, [
            "dealsim itself is not installed, only its folder is here; install it with: python -m pip install ."
        ]
    packages: dict[str, str | None] = {}
    problems = []
    for need in needed:
        name = re.split(r"[^\w.-]", need, maxsplit=1)[0]
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = None
        wrong = misfit(need.partition(";")[0].strip(), packages[name])
        if wrong:
            problems.append(wrong)
    return packages, problems


def misfit(need: str, found: str | None) -> str:
    """What is wrong with a package in that version, with the remedy; nothing if it is as needed.

    >>> misfit("mesa<4,>=3.3", "3.5.1")
    ''
    >>> misfit("mesa<4,>=3.3", "4.0")
    'mesa 4.0 is not a version that works (mesa<4,>=3.3); mend it with: python -m pip install "mesa<4,>=3.3"'
    """
    remedy = f'mend it with: python -m pip install "{need}"'
    name = re.split(r"[^\w.-]", need, maxsplit=1)[0]
    if found is None:
        return f"{name} is not installed; {remedy}"
    if all(_HOLDS[how](*_padded(found, bound)) for how, bound in _BOUND.findall(need)):
        return ""
    return f"{name} {found} is not a version that works ({need}); {remedy}"


def _padded(*versions: str) -> list[list[int]]:
    """Versions as lists of whole numbers of one length; what follows the numbers (`rc1`) is left out."""
    parts = [[int(part) for part in re.match(r"[0-9.]*", each)[0].split(".") if part] for each in versions]  # type: ignore[index]
    longest = max(map(len, parts))
    return [part + [0] * (longest - len(part)) for part in parts]


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
        "packages: "
        + (", ".join(f"{name} {has or 'MISSING'}" for name, has in found["packages"].items()) or "unknown"),
    ]
    life = found["known_life"]
    if life:
        verdict = "as it should" if life["ends"] == life["state_hash"] else f"as {life['ends'][:8]}, and should not"
        lines.append(
            f"known life of model {life['model_version']} ({life['size']} citizens, {life['weeks']} weeks of "
            f"{life['scenario']}) should end as {life['state_hash'][:8]}, and it ends {verdict} ({life['seconds']} s)"
        )
    if found["browser"]:
        lines.append(f"browser: {found['browser']}; only pictures from reports need it")
    else:
        lines.append("browser: none was found; only pictures from reports need one: Chromium, Chrome or Edge")
    for cache in found["caches"]:
        lines.append(f"{cache['meaning']}: {cache['folder']} ({cache['files']} files, {cache['bytes'] / 1e6:,.1f} MB)")
    if found["removed_bytes"]:
        lines.append(f"removed {found['removed_bytes'] / 1e6:,.1f} MB")
    if found["free_mb"] is not None:
        lines.append(f"free disk here: {found['free_mb']:,} MB")
    lines.append("nothing leaves this machine, and dealsim keeps nothing elsewhere but the results you ask for")
    lines += [f"problem: {problem}" for problem in found["problems"]] or ["all is well"]
    return "\n".join(lines)
