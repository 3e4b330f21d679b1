"""Packs the page into one file that needs no server and no network: real runs on a grid of the six dials, and lives.

Building it can be stopped and gone on with: what was lived is kept beside the file until it is whole.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import math
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dealsim.checkpoints import hash_of_files, replace_whole
from dealsim.errors import InputError, StoppedError
from dealsim.scenarios import Scenario
from dealsim.show.html import data_of, plotly_script
from dealsim.show.plots import taken_for
from dealsim.version import MODEL_VERSION
from dealsim.web import understand
from dealsim.web.dials import BASES, DIALS, MEASURES, PRESETS, ready, scenario_of
from dealsim.web.life import Scale, asked_of
from dealsim.web.room import Room
from dealsim.web.server import PAGE, finite
from dealsim.web.serving import must_be_first, prepare
from dealsim.web.stage import stage
from dealsim.web.telling import told

SCALE = Scale(sets=5)
"""Each of the five parameter sets is lived twice, so a point is ten pairs."""
PLACEHOLDER = "Qscenario"
"""What the scenario is called in the sentences of the file; the page puts its own name there."""
PART = 9
"""Points whose lives are kept together."""
LEVELS = tuple(itertools.product(range(3), repeat=len(DIALS)))
"""Every point of the grid, by the level of each dial."""
CORNERS = tuple(at for at, levels in enumerate(LEVELS) if set(levels) <= {0, 2})
"""Points whose people, ties and places are kept as well."""
MODULES = (
    "dom", "state", "source", "packed", "controls", "curves", "answer", "flows", "clock", "share", "understand", "main",
)  # fmt: skip
"""The page's modules in the order of their imports."""
KINDS = ("base", "base_half", "mean", "half", "apart", "apart_half")
"""What is kept of a measure: the baseline, the scenario and the difference, each with half its interval."""
NO_FIGURE = 65_535
SECONDS_A_POINT, SECONDS_A_VIEW = 1.5, 5.0
"""What a point takes, and what the views of a corner or a ready scenario do, on two cores of 2020."""
MEGABYTES = 24
"""How large a file comes out."""

Progress = Callable[[str, float, float], None]
Told = TypeVar("Told")


def seconds() -> float:
    """About how long building takes on two cores."""
    return (len(LEVELS) + len(PRESETS)) * SECONDS_A_POINT + (len(CORNERS) + len(PRESETS)) * SECONDS_A_VIEW


def point_scenario(number: int) -> Scenario:
    """The scenario of a point: of the grid, or after it a ready one."""
    if number >= len(LEVELS):
        return replace(ready(PRESETS[number - len(LEVELS)]), name=PLACEHOLDER)
    levers = {
        lever: dial.levels[level]
        for dial, level in zip(DIALS.values(), LEVELS[number], strict=True)
        if level
        for lever in dial.moves
    }
    return scenario_of(BASES[0], levers, PLACEHOLDER)


def pack(
    out: str | Path,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    points: int | None = None,
    scale: Scale = SCALE,
) -> Path:
    """Write the page as one HTML file.

    Parameters
    ----------
    out
        The file; its parts are kept in a folder beside it until it is whole.
    workers
        Lives at the same time; all processors.
    progress
        Called with the stage, what is done and the whole.
    stop
        Called between weeks; True ends the work, and the same call goes on with it.
    points
        Only so many points, evenly spread (to try it out); all 729 and the ready scenarios.

    Raises
    ------
    InputError, StoppedError
    """
    must_be_first("dealsim.pack")
    target = Path(out)
    if target.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{target.name} must end in .html")
    if not target.parent.is_dir():
        raise InputError(f"there is no folder {target.parent}")
    should_stop = stop or (lambda: False)
    tell = progress or (lambda *_: None)
    every = list(range(len(LEVELS) + len(PRESETS)))
    chosen = every if points is None else sorted({*every[:: max(1, len(every) // points)], 0, *every[-2:]})
    seen = [at for at in (*CORNERS, *range(len(LEVELS), len(every))) if at in set(chosen)]
    folder = target.with_name(f"{target.stem}-parts")
    folder.mkdir(exist_ok=True)
    prepare()
    whole = len(chosen) * SECONDS_A_POINT + len(seen) * SECONDS_A_VIEW
    room = Room(workers, scale=scale)
    try:
        lived: dict[int, dict[str, Any]] = {}
        parts = [chosen[k : k + PART] for k in range(0, len(chosen), PART)]
        for done, numbers in enumerate(parts):
            tell("live", done * PART * SECONDS_A_POINT, whole)
            lived.update(_kept(folder, scale, "points", numbers, lambda some: _points(room, some, should_stop)))
        views: dict[int, dict[str, Any]] = {}
        for done, number in enumerate(seen):
            tell("live", len(chosen) * SECONDS_A_POINT + done * SECONDS_A_VIEW, whole)
            views.update(_kept(folder, scale, "views", [number], lambda some: _views(room, some, should_stop)))
        ties = _kept(folder, scale, "ties", [0], lambda some: _ties(room, should_stop))[0]
    finally:
        room.close()
    tell("live", whole, whole)
    page = page_of(lived, views, ties, scale)
    replace_whole(target, page.encode())
    for own in folder.glob("*-???-????????????.json"):  # and nothing that somebody else put there
        own.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
    return target


def _kept(
    folder: Path, scale: Scale, kind: str, numbers: Sequence[int], make: Callable[[Sequence[int]], dict[int, Any]]
) -> dict[int, Any]:
    """What was made of these points, from the folder or anew."""
    said = json.dumps([kind, _code(), MODEL_VERSION, asdict(scale), [_said(number) for number in numbers]])
    path = folder / f"{kind}-{numbers[0]:03d}-{hashlib.sha256(said.encode()).hexdigest()[:12]}.json"
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        content = finite(make(numbers))
        replace_whole(path, json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())
    return {int(number): one for number, one in content.items()}


@lru_cache(maxsize=1)
def _code() -> str:
    """Names everything that decides what is kept of a point: all of the package."""
    return hash_of_files((".py", ".csv", ".yaml"))


def _said(number: int) -> Any:
    scenario = point_scenario(number).as_dict()
    return [scenario[key] for key in ("levers", "schedule", "shocks", "rivals")]


def _points(room: Room, numbers: Sequence[int], stop: Callable[[], bool]) -> dict[int, Any]:
    """The curves, sentences and outcomes of some points."""
    found = {}
    for number in numbers:
        asked = asked_of(BASES[0], [point_scenario(number)], room.scale)
        lives = room.lives(asked, _last(room.pairs(asked, stop), stop))
        said = told(asked, lives)
        base, own = said["curves"]
        found[number] = {
            "curves": {
                name: {"base": base[name]["mean"], "base_half": base[name]["half"], **own[name]} for name in MEASURES
            },
            "base": _short(said["scenarios"][0]), "own": _short(said["scenarios"][1]),
            "outcomes": {
                which: {metric: values.tolist() for metric, values in understand.outcomes_of(some).items()}
                for which, some in zip(("base", "own"), lives, strict=True)
            },
        }  # fmt: skip
    return found


def _short(scenario: dict[str, Any]) -> dict[str, Any]:
    """What is told of a scenario, with the sentences on measures that the file holds."""
    said = {name: one for name, one in scenario.get("sentences", {}).items() if name in MEASURES}
    return {**scenario, "sentences": said}


def _views(room: Room, numbers: Sequence[int], stop: Callable[[], bool]) -> dict[int, Any]:
    """People, ties and places of some points, and what the levers of a ready scenario do."""
    found = {}
    for number in numbers:
        scenario = point_scenario(number)
        people = _last(understand.people(room, BASES[0], scenario)(stop), stop)
        worlds = _last(understand.network(room, BASES[0], [scenario])(stop), stop)
        places = _last(understand.places(room, BASES[0], [scenario])(stop), stop)
        found[number] = {"people": people["lives"], "network": worlds["worlds"][1], "places": places}
        if number >= len(LEVELS):  # points of the grid explain each other; a ready scenario is lived without each lever
            found[number]["why"] = _last(understand.why(room, BASES[0], scenario)(stop), stop)["measures"]
    return found


def _ties(room: Room, stop: Callable[[], bool]) -> dict[int, Any]:
    told_ = _last(understand.network(room, BASES[0], [point_scenario(0)])(stop), stop)
    return {0: {"places": told_["places"], "ties": told_["ties"], "base": told_["worlds"][0]}}


def _last(told_: Iterator[Told], stop: Callable[[], bool]) -> Told:
    """What comes last, of work that was not stopped."""
    newest = deque(told_, maxlen=1)
    if stop() or not newest:
        raise StoppedError("stopped; what was lived is kept, and the same command goes on")
    return newest[0]


def explained(lived: dict[int, dict[str, Any]], number: int, sets: int) -> list[dict[str, Any]] | None:
    """Each dial's share of what a point of the grid changes, from the points that have this dial as it was; None where one is missing."""
    if not number:
        return None
    others = {}
    for at, (dial, level) in enumerate(zip(DIALS.values(), LEVELS[number], strict=True)):
        if level:
            back = LEVELS.index((*LEVELS[number][:at], 0, *LEVELS[number][at + 1 :]))
            if back not in lived:
                return None
            others[dial.label] = _arrays(lived[back]["outcomes"]["own"])
    own = lived[number]["outcomes"]
    return understand.shares(_arrays(own["base"]), _arrays(own["own"]), others, sets)


def _arrays(outcomes: dict[str, Any]) -> dict[str, np.ndarray]:
    return {metric: np.array(values, float) for metric, values in outcomes.items()}


def page_of(
    lived: dict[int, dict[str, Any]], views: dict[int, dict[str, Any]], ties: dict[str, Any], scale: Scale
) -> str:
    """The whole file: the page, one script allowed by its hash, and the runs as data."""
    data = finite(runs_of(lived, views, ties, scale))
    script = script_of()
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src 'sha256-{allowed}'",
            "style-src 'unsafe-inline'",
            "img-src data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    style = (PAGE / "page.css").read_text(encoding="utf-8")
    icon = base64.b64encode((PAGE / "icon.svg").read_bytes()).decode()
    swaps = {
        r'<meta charset="utf-8">': f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{policy}">',
        r'<link rel="stylesheet" href="page/page.css">': f"<style>\n{style}</style>",
        r'<link rel="icon" href="page/icon.svg" type="image/svg+xml">': f'<link rel="icon" href="data:image/svg+xml;base64,{icon}">',
        r'<script src="page/plotly.js" defer></script>': "",
        r'<script type="module" src="page/main.js"></script>': "",
        r"</body>": f'<script type="application/json" id="packed">{data_of(data)}</script>\n<script>{script}</script>\n</body>',
    }  # fmt: skip
    for before, after in swaps.items():
        if page.count(before) != 1:
            raise ValueError(f"the page has no {before}, or more than one")
        page = page.replace(before, after)
    return page


def runs_of(
    lived: dict[int, dict[str, Any]], views: dict[int, dict[str, Any]], ties: dict[str, Any], scale: Scale
) -> dict[str, Any]:
    """The runs as the page's `packed.js` reads them."""
    about = stage(scale)
    numbers = range(len(LEVELS) + len(PRESETS))
    points = [
        None if at not in lived else {
            "own": lived[at]["own"], **({"base": lived[at]["base"]} if at == 0 else {}),
            "why": explained(lived, at, scale.sets) if at < len(LEVELS) else views[at]["why"],
        }
        for at in numbers
    ]  # fmt: skip

    def curve(at: int, name: str, kind: str) -> list[float | None] | None:
        return lived[at]["curves"][name][kind] if at in lived else None

    seed = json.dumps([MODEL_VERSION, _code(), asdict(scale)])
    return {
        "id": hashlib.sha256(seed.encode()).hexdigest()[:8],
        "mark": taken_for(True),
        "stage": {
            **about, "placeholder": PLACEHOLDER, "bases": about["bases"][:1], "compare_with": about["compare_with"][:1],
            "measures": [one for one in about["measures"] if one["name"] in MEASURES], "rivals": [], "more": [],
        },
        "curves": {
            name: {
                kind: _packed([curve(at, name, kind) for at in (numbers if kind not in ("base", "base_half") else [0])], scale.quarters)
                for kind in KINDS
            }
            for name in MEASURES
        },
        "points": points,
        "seen": {
            "people": {at: one["people"] for at, one in views.items()},
            "network": {**ties, "worlds": {at: one["network"] for at, one in views.items()}},
            "places": {at: one["places"] for at, one in views.items()},
        },
    }  # fmt: skip


def _packed(rows: Sequence[Sequence[float | None] | None], quarters: int) -> dict[str, Any]:
    """Curves as 16-bit steps between the least and the most of them all; a missing figure is 65,535."""
    values = np.array(
        [[math.nan if v is None else v for v in row] if row else [math.nan] * quarters for row in rows], float
    )
    fine = np.isfinite(values)
    low, high = (float(values[fine].min()), float(values[fine].max())) if fine.any() else (0.0, 0.0)
    step = (high - low) / (NO_FIGURE - 1) or 1.0
    whole = np.where(fine, np.round((np.where(fine, values, low) - low) / step), NO_FIGURE).astype("<u2")
    return {"low": low, "step": step, "values": base64.b64encode(whole.tobytes()).decode()}


def script_of() -> str:
    """Plotly and the page's modules as one script: imports fall away, since all names live in one function."""
    parts = []
    for name in MODULES:
        text = (PAGE / f"{name}.js").read_text(encoding="utf-8")
        text = re.sub(r"^import [^;]*;\n", "", text, flags=re.MULTILINE)
        parts.append(re.sub(r"^export ", "", text, flags=re.MULTILINE))
    joined = f'{plotly_script()}\n(() => {{\n"use strict";\n{"".join(parts)}\n}})();'
    if re.search(r"</script|<!--", joined, re.IGNORECASE):
        joined = re.sub(r"<(/script|!--)", r"\\x3c\1", joined, flags=re.IGNORECASE)
    return joined
