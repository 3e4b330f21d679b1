"""What a run or a comparison found, as one value: tables, intervals, seeds and hashes.

It runs nothing and writes nothing; `dealsim.runs` makes it and `dealsim.store` keeps it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from dealsim.analysis.doubt import DOUBT_COLUMNS
from dealsim.borough import SMALLEST_TO_REPORT
from dealsim.summary import MetricInfo

FITTED = (
    "Fitted to national figures for a council without a Deal and to how fast real programmes worked, not to Wigan. How "
    "much a Deal does still rests on values that nobody knows: look at the range over parameter sets, not at one figure."
)
NOT_CALIBRATED = (
    "Not calibrated: values were moved away from those fitted to national figures, so these figures show how the model "
    "behaves, not what will happen. Read directions and comparisons, not sizes."
)
TOO_SMALL = f"Too small to report: a borough of fewer than {SMALLEST_TO_REPORT:,} citizens is for trying things out."


def run_columns(has_sets: bool) -> tuple[str, ...]:
    """What is kept of each finished run; with an ensemble also which parameter set it was lived with, from 0."""
    return (
        "scenario",
        "replicate",
        "borough_seed",
        "life_seed",
        *(("set",) if has_sets else ()),
        "run_id",
        "state_hash",
    )


@dataclass(frozen=True)
class Results:
    """What a run or a comparison found.

    Attributes
    ----------
    series
        One row a scenario, replicate, week, metric and group.
    summary
        One row a scenario, metric and group: the mean over the last two years with its 95 % interval over
        replicates, the paired difference from the base with its interval, and the pairs needed to be sure.
    outcomes
        What follows from whole pairs: payback week, weeks to half the effect, depth of the early dip.
    people, events
        The same 200 citizens in every scenario (first replicate), every fourth week, and what
        happened to them.
    runs
        One row a finished run: its seeds, its id and the hash of its last state.
    hashes
        Hash of each column each quarter, for the first replicate of each scenario.
    failed
        Runs that failed: scenario, replicate, error and traceback.
    settings
        What was asked for, as plain data.
    """

    base: str
    names: tuple[str, ...]
    scenarios: tuple[Mapping[str, Any], ...]
    given: tuple[str, ...]
    series: pd.DataFrame
    summary: pd.DataFrame
    outcomes: pd.DataFrame
    people: pd.DataFrame
    events: pd.DataFrame
    runs: pd.DataFrame
    metrics: Mapping[str, MetricInfo]
    headline: tuple[str, ...]
    hashes: Mapping[str, Mapping[str, Mapping[str, str]]]
    failed: tuple[Mapping[str, Any], ...]
    notices: tuple[str, ...]
    settings: Mapping[str, Any]
    seconds: Mapping[str, float]
    state_hash: str
    run_id: str
    finished: int
    place_bytes: bytes | None = field(default=None, repr=False)
    folder: Path | None = None

    @property
    def is_comparison(self) -> bool:
        """True where there is a base to compare with."""
        return len(self.names) > 1

    @property
    def sets(self) -> int:
        """Over how many parameter sets the replicates are spread; 0 without an ensemble."""
        return int(self.settings.get("ensemble", {}).get("sets", 0))

    @property
    def sets_lived(self) -> str:
        """How many parameter sets were lived, in words: all that were asked for, or so many of them."""
        lived = self.runs["set"].nunique() if self.sets else 0
        return f"{self.sets}" if lived == self.sets else f"{lived} of {self.sets}"

    @property
    def is_calibrated(self) -> bool:
        """True where every parameter has a fitted value: no rival holds, no value was moved, no older model lived it."""
        return bool(self.settings.get("calibrated", False))

    @property
    def standing(self) -> str:
        """What the figures may be taken for, to be said with any of them."""
        return FITTED if self.is_calibrated else NOT_CALIBRATED

    @property
    def is_too_small(self) -> bool:
        """True for a borough too small for its figures to be passed on."""
        return bool(self.settings["size"] < SMALLEST_TO_REPORT)

    def rows(self, group: str = "all", *, headline: bool = True) -> pd.DataFrame:
        """The summary for one group, in the order of the headline metrics (or of all metrics)."""
        wanted = list(self.headline) if headline else list(self.metrics)
        found = self.summary[(self.summary["group"] == group) & self.summary["metric"].isin(wanted)]
        order = {name: at for at, name in enumerate(wanted)}
        by = found.assign(_scenario=found["scenario"].map({n: k for k, n in enumerate(self.names)}))
        by = by.assign(_metric=by["metric"].map(order)).sort_values(["_metric", "_scenario"], kind="stable")
        return by.drop(columns=["_metric", "_scenario"]).reset_index(drop=True)

    def as_dict(self) -> dict[str, Any]:
        """The answer in short: ids, seconds by stage, and every headline metric of every scenario."""
        scenarios: dict[str, dict[str, Any]] = {name: {} for name in self.names}
        for row in self.rows().to_dict("records"):
            entry = {
                "label": row["label"],
                "unit": row["unit"],
                "n": row["n"],
                "mean": number(row["mean"]),
                "interval": _pair(row["low"], row["high"]),
            }
            if self.is_comparison and row["scenario"] != self.base:
                entry |= {
                    "difference": number(row["difference"]),
                    "difference_interval": _pair(row["difference_low"], row["difference_high"]),
                    "pairs_needed": whole(row["pairs_needed"]),
                    "verdict": row["verdict"],
                }
            if self.sets:
                entry["sure"] = sure(row, "")
            if self.sets and "difference" in entry:
                entry["difference_sure"] = sure(row, "difference_") | {"sets_agreeing": number(row["agree"])}
            scenarios[row["scenario"]][row["metric"]] = entry
        return {
            "run_id": self.run_id,
            "folder": None if self.folder is None else self.folder.as_posix(),
            "state_hash": self.state_hash,
            "model_version": self.settings["model_version"],
            "calibrated": self.is_calibrated,
            "too_small_to_report": self.is_too_small,
            "base": self.base if self.is_comparison else None,
            "size": self.settings["size"],
            "years": self.settings["years"],
            "replicates": self.settings["replicates"],
            "replicates_finished": self.finished,
            **({"ensemble": self.settings["ensemble"]} if self.sets else {}),
            "failed": [{key: run[key] for key in ("scenario", "replicate", "error")} for run in self.failed],
            "notices": list(self.notices),
            "seconds": {stage: round(value, 3) for stage, value in self.seconds.items()},
            "scenarios": scenarios,
        }


def sure(row: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Chance and doubt of a level or a difference, for JSON."""
    of = {name: row[f"{prefix}{name}"] for name in DOUBT_COLUMNS}
    return {
        "chance": number(of["chance"]),
        "chance_interval": _pair(of["chance_low"], of["chance_high"]),
        "doubt": number(of["doubt"]),
        "range_over_sets": _pair(of["sets_low"], of["sets_high"]),
    }


def number(value: Any) -> float | None:
    """A number for JSON: None where there is none."""
    return None if value is None or not math.isfinite(value) else float(value)


def whole(value: Any) -> int | None:
    """A whole number for JSON: None where there is none."""
    return None if value is None or not math.isfinite(value) else int(value)


def _pair(low: Any, high: Any) -> list[float] | None:
    return None if not (math.isfinite(low) and math.isfinite(high)) else [float(low), float(high)]
