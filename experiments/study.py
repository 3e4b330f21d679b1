"""What every study shares: scales, paired lives of many settings, outcomes with intervals, and tables on disk.

It holds no question and no finding; each numbered study does.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dealsim.calendar import WEEKS_A_YEAR
from dealsim.engine import BURN_IN_WEEKS, World, branch, burn_in, live
from dealsim.metrics import series
from dealsim.parameters import Parameters, every_parameter, with_rivals
from dealsim.places import shipped
from dealsim.scenarios import scenario_from
from dealsim.summary import interval

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Scale:
    """How large a study is run."""

    size: int
    years: int
    pairs: int
    burn_in_weeks: int


FULL = Scale(size=33_000, years=10, pairs=20, burn_in_weeks=BURN_IN_WEEKS)
TINY = Scale(size=1_500, years=2, pairs=3, burn_in_weeks=2 * WEEKS_A_YEAR)


def kept_in() -> Path:
    """Where studies keep what they have lived: the folder that DEALSIM_STUDIES names, or `results/experiments`."""
    return Path(os.environ.get("DEALSIM_STUDIES", ROOT / "results" / "experiments"))


def arguments(doc: str) -> argparse.Namespace:
    """The options of a study run by hand."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--tiny", action="store_true", help="a small borough and few pairs, as in the tests")
    parser.add_argument("--out", type=Path, default=kept_in(), help="where tables go")
    return parser.parse_args()


def setting(name: str, levers: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A scenario with these levers held from the first week to the last."""
    return {
        "name": name,
        "question": "What do these levers do when they are held for the whole run?",
        "author": "The dealsim authors",
        "date": "2026-11-24",
        "sources": ["src-choice"],
        "levers": dict(levers),
        **more,
    }


def around_default(names: Sequence[str]) -> dict[str, dict[str, float]]:
    """A quarter of each parameter's declared range either way from its default, within that range."""
    found = {}
    for name in names:
        spec, default = every_parameter()[name]
        reach = (spec.high - spec.low) / 4.0
        found[name] = {"low": max(spec.low, default - reach), "high": min(spec.high, default + reach)}
    return found


def live_settings(
    settings: Mapping[str, Mapping[str, Any]],
    scale: Scale,
    measure: Callable[[World], dict[str, float]],
    rivals: Sequence[str] = (),
    workers: int | None = None,
) -> pd.DataFrame:
    """Live every setting with the same people and the same chances, one pair of seeds after another.

    Each pair has a borough and chances of its own; all settings of a pair share both.

    Returns
    -------
    One row a pair and setting: `pair`, `setting`, and what `measure` found.
    """
    parameters = with_rivals(Parameters(), rivals)
    place = shipped("wigan")
    weeks = scale.years * WEEKS_A_YEAR
    scenarios = {name: scenario_from(content) for name, content in settings.items()}

    def one(pair: int) -> list[dict[str, Any]]:
        start = burn_in(place, scale.size, 1 + pair, parameters, scale.burn_in_weeks)
        rows = []
        for name, scenario in scenarios.items():
            policy = scenario.policy(weeks, start.borough.place_names)
            world = live(branch(start, policy, 1001 + pair, weeks))
            rows.append({"pair": pair, "setting": name, **measure(world)})
        return rows

    one_first = one(0)  # compiles once before threads share the work
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        rest = list(pool.map(one, range(1, scale.pairs)))
    return pd.DataFrame([row for rows in [one_first, *rest] for row in rows])


def means(world: World, metrics: Sequence[str], first: int, last: int) -> dict[str, float]:
    """The mean of each metric for everyone over weeks `first` to `last` (not included)."""
    found = {}
    for metric, _, weeks, values in series(world, ("all",)):
        if metric in metrics:
            chosen = (weeks >= first) & (weeks < last)
            found[metric] = float(np.nanmean(values[chosen]))
    return {metric: found[metric] for metric in metrics}


def last_two_years(world: World, metrics: Sequence[str]) -> dict[str, float]:
    """The mean of each metric over the last two years of a run."""
    assert world.record is not None
    weeks = world.record.flows.shape[0]
    return means(world, metrics, max(0, weeks - 2 * WEEKS_A_YEAR), weeks)


def differences(table: pd.DataFrame, base: str, metrics: Sequence[str]) -> pd.DataFrame:
    """Paired differences of every setting from the base: one row a setting and metric."""
    wide = table.set_index(["setting", "pair"])
    rows = []
    for name in table["setting"].drop_duplicates():
        for metric in metrics:
            level, *_ = interval(wide.loc[name][metric].to_numpy())
            row: dict[str, Any] = {"setting": name, "metric": metric, "mean": level}
            if name != base:
                mean, low, high = interval((wide.loc[name][metric] - wide.loc[base][metric]).to_numpy())
                row |= {"difference": mean, "low": low, "high": high}
            rows.append(row)
    return pd.DataFrame(rows)


def as_markdown(table: pd.DataFrame) -> str:
    """A table of a page, numbers with four significant figures."""
    text = table.map(lambda v: f"{v:.4g}" if isinstance(v, float) else str(v)).replace("nan", "–")
    lines = ["| " + " | ".join(map(str, text.columns)) + " |", "|" + "---|" * len(text.columns)]
    lines += ["| " + " | ".join(row) + " |" for row in text.to_numpy().tolist()]
    return "\n".join(lines) + "\n"


def write(table: pd.DataFrame, folder: Path, name: str) -> Path:
    """Write a table as CSV (UTF-8, six significant figures, one line ending everywhere)."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.csv"
    path.write_text(table.to_csv(index=False, float_format="%.6g", lineterminator="\n"), encoding="utf-8", newline="")
    return path


def by_hand(doc: str | None, number: str, main: Callable[[Scale], dict[str, pd.DataFrame]]) -> None:
    """A study run from the command line: its tables printed, and written where the options say."""
    options = arguments(doc or "")
    for name, found in main(TINY if options.tiny else FULL).items():
        print(f"\n{name}\n{as_markdown(found)}")
        write(found, options.out, f"{number}_{name}")
