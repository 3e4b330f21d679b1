"""Scenarios: dated sets of lever values, read from one-page files, checked, and turned into a policy.

`load` reads a shipped scenario or a file; `scenario_from` takes the same thing as a Python mapping.
"""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from dealsim.errors import InputError
from dealsim.levers import LEVERS
from dealsim.scenarios.reading import MAX_DEPTH, MAX_PARTS, Document, Place, read_file
from dealsim.scenarios.scenario import DEFAULTS, Frozen, Origin, Scenario, frozen, old_value, same_policy
from dealsim.scenarios.wording import brief, shown, suggestion

__all__ = ["Scenario", "load", "plain_data", "same_policy", "scenario_from", "shipped_names"]

MAX_PARENTS = 8
"""Longest chain of `extends`; more than a reader can follow."""

_FOLDER = Path(__file__).parent
_ENDINGS = (".yaml", ".yml")


def shipped_names() -> tuple[str, ...]:
    """The scenarios that come with the package, in the order of the alphabet."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


def load(name_or_path: str | Path) -> Scenario:
    """A scenario by the name of a shipped one, or from a file.

    Raises
    ------
    InputError
        With every problem found, each as `file:line:column: message`, the line and what is allowed.

    >>> load("deal").levers["communications_clarity"]
    0.5
    """
    if not isinstance(name_or_path, str | Path):
        raise InputError(f"a scenario is a name or a path, not {type(name_or_path).__name__}")
    return _resolved(_documents(_opened(name_or_path)))


def scenario_from(content: Mapping[str, Any]) -> Scenario:
    """A scenario from Python data of the same shape as a file; it may extend a shipped scenario.

    >>> scenario_from({"name": "mild", "levers": {"blame_culture": 0.3}}).levers["blame_culture"]
    0.3
    """
    data = plain_data(content)
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    return _resolved(_documents(Document("scenario", text, data)))


def plain_data(content: Mapping[str, Any]) -> Any:
    """Python data as a file would give it.

    Raises
    ------
    InputError
        For the first thing no file could give.
    """
    return _plain(content, (), itertools.count(1))


def _plain(value: Any, place: Place, parts: Iterator[int]) -> Any:
    """Python data as the plain data a file would give, or the first thing no file could give."""
    if next(parts) > MAX_PARTS:
        raise InputError(f"scenario: this has more than {MAX_PARTS:,} parts")
    if len(place) > MAX_DEPTH:
        raise InputError(f"scenario: this is nested more than {MAX_DEPTH} deep")
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        names = {_whole(str(key)): part for key, part in value.items()}
        return {name: _plain(part, (*place, name), parts) for name, part in names.items()}
    if isinstance(value, list | tuple):
        return [_plain(part, (*place, number), parts) for number, part in enumerate(value)]
    if isinstance(value, np.generic):
        return _plain(value.item(), place, parts)
    raise InputError(Document("scenario", "", value).problem(place, f"{type(value).__name__} is no part of a scenario"))


def _whole(text: str) -> str:
    """Text without the halves of characters (lone surrogates) that no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _opened(name_or_path: str | Path) -> Document:
    """The document a name or path stands for; a shipped name wins over a file without an ending."""
    names, word = shipped_names(), str(name_or_path)
    if word in names and isinstance(name_or_path, str):
        return _shipped(word)
    path = Path(name_or_path)
    if isinstance(name_or_path, str) and not _is_path(word):
        here = next((f"{word}{ending}" for ending in _ENDINGS if word and _exists(Path(f"{word}{ending}"))), "")
        guess = f"; did you mean '{shown(here)}'?" if here else suggestion(word, names)
        message = f"there is no scenario {brief(word)}{guess}"
        raise InputError(f"{message}\n    allowed: {', '.join(names)}, or the path of a file that ends in .yaml")
    if not _exists(path):
        beside = (file.name for file in _files_in(path.parent))
        guess = f"; did you mean '{path.stem}'?" if path.stem in names else suggestion(path.name, beside)
        if guess:
            raise InputError(f"{shown(word)}: there is no such file{guess}")
    return read_file(path, word)


def _is_path(word: str) -> bool:
    """True if a word is the path of a file rather than a name."""
    return word.endswith(_ENDINGS) or "/" in word or os.sep in word or (bool(word) and _exists(Path(word)))


def _exists(path: Path) -> bool:
    """True if something is there; no system may have such a path at all."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _shipped(name: str) -> Document:
    path = _FOLDER / f"{name}.yaml"
    return read_file(path, path.name)


def _documents(first: Document) -> list[Document]:
    """A document and its parents, the eldest first, all of them checked."""
    from dealsim.scenarios.checking import problems_of

    chain = [first]
    problems = problems_of(first)
    while isinstance(chain[-1].data, Mapping) and isinstance(chain[-1].data.get("extends"), str):
        child = chain[-1]
        try:
            parent = _parent(child, chain)
        except InputError as error:
            problems += error.problems
            break
        problems += problems_of(parent)
        chain.append(parent)
    if problems:
        raise InputError(problems)
    return chain[::-1]


def _parent(child: Document, chain: list[Document]) -> Document:
    """The document a scenario extends: a shipped one, or a file in its own folder or below."""
    name = child.data["extends"]

    def refuse(message: str, allowed: str) -> InputError:
        return InputError(child.problem(("extends",), message, allowed))

    names = shipped_names()
    beside = _beside(child, name)
    if name in names:
        parent = _shipped(name)
    elif beside is None:
        known = (*names, *(path.name for path in _siblings(child)))
        message = f"there is no scenario {brief(name)} to extend{suggestion(name, known)}"
        raise refuse(message, f"{', '.join(names)}, or a file beside this one")
    else:
        parent = read_file(beside, str(Path(child.label).parent / beside.relative_to(_home(child))))
    lineage = [document.path for document in chain]
    if parent.path is not None and any(path and path.resolve() == parent.path.resolve() for path in lineage):
        route = " → ".join(shown(document.label) for document in (*chain, parent))
        raise refuse(f"extends goes round in a circle: {route}", "a chain of parents that ends")
    if len(chain) > MAX_PARENTS:
        raise refuse("this has too many parents", f"at most {MAX_PARENTS}")
    return parent


def _home(child: Document) -> Path:
    assert child.path is not None
    return child.path.resolve().parent


def _beside(child: Document, name: str) -> Path | None:
    """The file that name means beside a scenario; none if there is none, or it leads out of the folder."""
    if child.path is None or not name:
        return None
    for ending in ("", *_ENDINGS):
        try:
            found = (_home(child) / f"{name}{ending}").resolve()
            if found.is_relative_to(_home(child)) and found.is_file():
                return found
        except (OSError, ValueError):
            return None
    return None


def _siblings(child: Document) -> list[Path]:
    return _files_in(_home(child)) if child.path is not None else []


def _files_in(folder: Path) -> list[Path]:
    """Scenario files in a folder that may be meant; none where it cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in _ENDINGS)[:200]
    except (OSError, ValueError):
        return []


def _resolved(documents: list[Document]) -> Scenario:
    """One scenario from a chain of documents, the eldest first."""
    single: dict[str, Any] = dict(DEFAULTS)
    levers = {name: old_value(lever) for name, lever in LEVERS.items()}
    schedule: list[tuple[dict[str, Any], Origin]] = []
    shocks: list[tuple[dict[str, Any], Origin]] = []
    rivals: dict[str, bool] = {}
    origins: dict[str, Origin] = {}
    sources: list[str] = []
    replaced: list[str] = []
    for document in documents:
        data = document.data
        for key in DEFAULTS:
            if key in data:
                single[key] = data[key]
                origins[key] = Origin(document, (key,))
        constants, entries = data.get("levers", {}), data.get("schedule", [])
        renamed = list(dict.fromkeys((*constants, *(entry["lever"] for entry in entries))))
        struck = data.get("shocks", [])
        kinds = list(dict.fromkeys(shock["kind"] for shock in struck))
        replaced = _replaced(renamed, kinds, origins, schedule, shocks)
        schedule = [(entry, origin) for entry, origin in schedule if entry["lever"] not in renamed]
        for name in renamed:
            levers[name] = constants.get(name, old_value(LEVERS[name]))
            origins.pop(f"levers.{name}", None)
        origins |= {f"levers.{name}": Origin(document, ("levers", name)) for name in constants}
        schedule += [(entry, Origin(document, ("schedule", n))) for n, entry in enumerate(entries)]
        shocks = [(shock, origin) for shock, origin in shocks if shock["kind"] not in kinds]
        shocks += [(shock, Origin(document, ("shocks", n))) for n, shock in enumerate(struck)]
        switched = data.get("rivals", {})
        for n, name in enumerate(switched):
            rivals[name] = switched[name] if isinstance(switched, Mapping) else True
            at = name if isinstance(switched, Mapping) else n
            origins[f"rivals.{name}"] = Origin(document, ("rivals", at))
        sources = list(dict.fromkeys((*data.get("sources", []), *sources)))
    own = documents[-1]
    header = ("name", "question", "author", "date", "sources")
    origins |= {key: Origin(own, (key,)) for key in header if key in own.data}
    origins |= {f"schedule[{n}]": origin for n, (_, origin) in enumerate(schedule)}
    origins |= {f"shocks[{n}]": origin for n, (_, origin) in enumerate(shocks)}
    return Scenario(
        name=own.data["name"],
        question=" ".join(own.data.get("question", "").split()),
        author=own.data.get("author", ""),
        date=str(own.data.get("date", "")),
        sources=tuple(sources),
        place=single["place"],
        size=single["size"],
        replicates=single["replicates"],
        levers=frozen(levers),
        schedule=frozen([entry for entry, _ in schedule]),
        shocks=frozen([shock for shock, _ in shocks]),
        rivals=tuple(name for name, is_on in rivals.items() if is_on),
        origins=Frozen(origins),
        replaced=tuple(replaced),
        path=own.path,
        text=own.text,
    )


def _replaced(
    levers: Iterable[str],
    kinds: Iterable[str],
    origins: Mapping[str, Origin],
    schedule: list[tuple[dict[str, Any], Origin]],
    shocks: list[tuple[dict[str, Any], Origin]],
) -> list[str]:
    """What a file that names those levers and kinds of shock sets aside of its parents, one sentence each."""
    said = []
    for name in levers:
        if f"levers.{name}" in origins:
            parent = origins[f"levers.{name}"].document.data["name"]
            said.append(f"it replaces the value that {brief(parent)} gives {name} from the start")
        gone = [origin.document.data["name"] for entry, origin in schedule if entry["lever"] == name]
        said += [
            f"it replaces {_so_many(n, 'schedule entry')} of {brief(p)} on {name}" for p, n in Counter(gone).items()
        ]
    for kind in kinds:
        gone = [origin.document.data["name"] for shock, origin in shocks if shock["kind"] == kind]
        said += [f"it replaces {_so_many(n, f'{kind} shock')} of {brief(p)}" for p, n in Counter(gone).items()]
    return said


def _so_many(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what.removesuffix('y') + 'ie' if what[-1] == 'y' else what}s"
