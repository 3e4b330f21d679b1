"""What the page is told of lives that are there: curves with bands, and the sentences that the report would say.

Figures and verdicts come from `dealsim.summary`, words from `dealsim.show`; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dealsim.analysis.doubt import set_of
from dealsim.calendar import WEEKS_A_QUARTER
from dealsim.metrics import METRICS
from dealsim.plans import id_of_all, ids_of_runs
from dealsim.results import Results
from dealsim.scenarios.timetable import monday_of
from dealsim.show.findings import Finding, findings
from dealsim.show.flows import ENDED, OPEN, flow_sentence
from dealsim.show.plots import group_name, numbers, taken_for
from dealsim.show.words import places_of, scaled, sentence, unit_shown, with_interval
from dealsim.summary import OUTCOME_WEEKS, MetricInfo, intervals, summarise
from dealsim.version import MODEL_VERSION
from dealsim.web.life import SHOWN, Asked, Life
from dealsim.web.worlds import Kept


def quarter_ends(quarters: int) -> list[str]:
    """The day on which each quarter of a run ends."""
    return [monday_of((quarter + 1) * WEEKS_A_QUARTER).isoformat() for quarter in range(quarters)]


def bands(asked: Asked, lives: Sequence[Sequence[Life]]) -> list[dict[str, dict[str, list[float | None]]]]:
    """Each scenario's curves by measure: how high it stands and how far from the base, with half the 95 % interval.

    Intervals are over parameter sets, as in a report; where only one set was lived there is none.
    """
    sets = len(asked.made.sets)
    cubes = [np.array([life.curves for life in own]) for own in lives]  # pairs × measures × quarters
    told = []
    for at, cube in enumerate(cubes):
        level = _mean_and_half(cube, sets)
        apart = _mean_and_half(cube - cubes[0], sets) if at else None
        told.append(
            {
                metric: {
                    "mean": shown(level[0][row], metric),
                    "half": shown(level[1][row], metric),
                    **({} if apart is None else {
                        "apart": shown(apart[0][row], metric),
                        "apart_half": shown(apart[1][row], metric),
                    }),
                }
                for row, metric in enumerate(SHOWN)
            }
        )  # fmt: skip
    return told


def _mean_and_half(cube: np.ndarray, sets: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean of pairs, set by set, and half its 95 % interval with sets as the unit (NaN for a single one)."""
    of = np.array([set_of(replicate, sets) for replicate in range(len(cube))])
    units = np.array([cube[of == one].mean(axis=0) for one in np.unique(of)])
    return intervals(units)


def shown(values: np.ndarray, metric: str) -> list[float | None]:
    """Values of a measure as they are shown (shares in hundredths), short, and None where there is none."""
    return numbers(unit_shown(METRICS[metric].unit)[0] * values)


def results_of(asked: Asked, lives: Sequence[Sequence[Life]]) -> Results:
    """The lives as a result like any other, with quarterly means for everyone and end means for groups."""
    made, names = asked.made, asked.made.names
    metrics = {name: MetricInfo.of(METRICS[name]) for name in SHOWN}
    done = len(lives[0])
    quarters = made.weeks // WEEKS_A_QUARTER
    weeks = np.arange(quarters) * WEEKS_A_QUARTER + WEEKS_A_QUARTER - 1
    curves, ends = [], []
    for at, own in enumerate(lives):
        curves.append(
            pd.DataFrame(
                {
                    "scenario": names[at],
                    "replicate": np.repeat(np.arange(done), len(SHOWN) * quarters),
                    "week": np.tile(weeks, done * len(SHOWN)),
                    "metric": np.tile(np.repeat(np.array(SHOWN, object), quarters), done),
                    "group": "all",
                    "value": np.array([life.curves for life in own]).ravel(),
                }
            )
        )
        ends += [
            (names[at], replicate, made.weeks - 1, metric, group, value)
            for replicate, life in enumerate(own)
            for (metric, group), value in life.groups.items()
        ]
    series = pd.concat(curves, ignore_index=True).dropna(subset="value")
    last = pd.DataFrame(ends, columns=list(series.columns))
    sets = len(made.sets)
    return Results(
        base=names[0], names=names, scenarios=tuple(scenario.as_dict() for scenario in made.scenarios),
        given=tuple(scenario.text for scenario in made.scenarios), series=series,
        summary=summarise(last, names, made.weeks, metrics, sets), outcomes=pd.DataFrame(), people=pd.DataFrame(),
        events=pd.DataFrame(), runs=pd.DataFrame({"set": [set_of(k, sets) for k in range(done)]}), metrics=metrics,
        headline=SHOWN, hashes={}, failed=(), notices=(), settings={
            "command": "compare", "model_version": MODEL_VERSION, "size": made.size, "years": made.years, "weeks": made.weeks,
            "outcome_weeks": min(OUTCOME_WEEKS, made.weeks), "replicates": done, "ensemble": {"sets": sets},
            "calibrated": not any(scenario.rivals for scenario in made.scenarios),
        },
        seconds={}, state_hash="", run_id=id_of(asked), finished=done,
    )  # fmt: skip


def id_of(asked: Asked) -> str:
    """The id that the command would give the same runs: the mark that every picture of them carries."""
    key = (asked.said, asked.scale)
    found = _IDS.get(key)
    if found is None:
        found = id_of_all(ids_of_runs(asked.made))
        _IDS.keep(key, found)
    return str(found)


_IDS = Kept(1_000)


def told(asked: Asked, lives: Sequence[Sequence[Life]], in_full: bool = True) -> dict[str, Any]:
    """All that the page shows of so many pairs; without `in_full` only curves, which are quicker to make."""
    done = len(lives[0])
    curves = bands(asked, lives)
    answer: dict[str, Any] = {
        "kind": "curves", "done": done, "of": asked.made.replicates, "id": id_of(asked)[:8],
        "curves": curves, "mark": taken_for(not asked.made.scenarios[0].rivals), "lead": lead_of(asked, lives),
    }  # fmt: skip
    if in_full:
        results = results_of(asked, lives)
        answer |= {
            "kind": "told",
            "standing": results.standing,
            "scenarios": [
                {**_found(results, name), "flows": flows_of(asked, lives, at)}
                for at, name in enumerate(asked.made.names)
            ],
        }
    return answer


def lead_of(asked: Asked, lives: Sequence[Sequence[Life]]) -> list[list[float | None]]:
    """The first measure's difference from the base over the last two years, with half its interval, scenario by scenario."""
    ends = np.array([[[life.groups.get((SHOWN[0], "all"), np.nan)] for life in own] for own in lives])
    found = []
    for own in ends:
        mean, half = _mean_and_half(own - ends[0], len(asked.made.sets))
        found.append(shown(np.array([mean[0], half[0]]), SHOWN[0]))
    return found


def _found(results: Results, name: str) -> dict[str, Any]:
    """The report's sentences on one scenario, whoever is worse off first, and the headline."""
    if name == results.base:
        return {}
    found = findings(results, name)

    def said(of: tuple[Finding, ...]) -> list[str]:
        return [one.text for one in of]

    sentences = _sentences(results, name)
    every = (*found.worse, *found.better, *found.other, *found.unsure)
    headline = next((one.text for one in every if one.key == f"difference-{SHOWN[0]}"), sentences[SHOWN[0]])
    return {
        "sentences": sentences, "headline": f"{headline} Mean of the last two years.", "warnings": said(found.warnings), "worse": said(found.worse),
        "better": said(found.better), "other": said(found.other), "unsure": said(found.unsure),
        "groups_worse": (groups := _groups_worse(results, name)), "loses": _loses(results, name, groups),
        "caution": next((one.text for one in found.warnings if one.key == "difference-hidden_need_share"), ""),
    }  # fmt: skip


def _loses(results: Results, name: str, groups: list[dict[str, str]]) -> list[str]:
    """Whoever is worse off, in a few words: by measure, everyone or the groups."""
    rows = results.rows()
    whole = rows[(rows["scenario"] == name) & (rows["verdict"] == "worse")]["label"].tolist()
    by: dict[str, list[str]] = {}
    for row in groups:
        if row["measure"] not in whole:
            by.setdefault(row["measure"], []).append(row["group"])
    return [f"{label} for everyone together" for label in whole] + [
        f"{label} for {', '.join(of)}" for label, of in by.items()
    ]


def _groups_worse(results: Results, name: str) -> list[dict[str, str]]:
    """Fifths and places for which a measure is worse, with the difference and its interval."""
    table = results.summary
    rows = table[(table["scenario"] == name) & (table["verdict"] == "worse")]
    rows = rows[rows["group"].str.match("quintile:|place:")]
    return [
        {
            "measure": row["label"],
            "group": group_name(row["group"]),
            "difference": with_interval(
                row["difference"], row["difference_low"], row["difference_high"], signed=True, places=places_of(row)
            ),
        }
        for row in map(scaled, rows.to_dict("records"))
    ]


def _sentences(results: Results, name: str) -> dict[str, str]:
    """A sentence on each measure's difference from the base."""
    rows = results.rows()
    return {row["metric"]: sentence(row, results.base) for row in rows[rows["scenario"] == name].to_dict("records")}


def flows_of(asked: Asked, lives: Sequence[Sequence[Life]], at: int) -> dict[str, Any]:
    """Where needs go in one scenario, per 1,000 residents over the last two years, and a sentence on it."""
    table = _flow_table(asked, lives[at])
    base = _flow_table(asked, lives[0]) if at else None
    means = table.mean()
    return {
        "open": round(float(means["open"]), 2),
        "new": round(float(means["needs_per_1000"]), 2),
        "ends": {name: round(float(means[name]), 2) for name in (*ENDED, *OPEN)},
        "sentence": flow_sentence(table, base, asked.made.names[at], asked.made.names[0]),
    }


def _flow_table(asked: Asked, own: Sequence[Life]) -> pd.DataFrame:
    """One row a parameter set, one column a beginning or an end."""
    each = pd.DataFrame([life.flows for life in own])
    each["open"] = each[[*ENDED, *OPEN]].sum(axis=1) - each["needs_per_1000"]
    sets = len(asked.made.sets)
    return each.groupby([set_of(replicate, sets) for replicate in range(len(each))]).mean()
