"""Charts as plain data for plotly, each with its title, unit, interval, sentence and table.

It smooths and arranges stored figures; it knows nothing of pages.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from dealsim.results import Results
from dealsim.scenarios.timetable import WEEK_ZERO
from dealsim.show.words import between, count, figure, in_words, scaled, sentence, unit_shown
from dealsim.summary import CUMULATIVE, smoothed
from dealsim.text import label, plain

# Blue, orange, green, purple, brown: told apart by people who see few colours, 4.5 to 1 or more on white.
COLOURS = ("#444444", "#0060A8", "#B34700", "#00704A", "#8A2F86", "#6B4E00")
DASHES = ("dash", "solid", "dot", "dashdot", "longdash", "longdashdot")
INK = "#1c1c1c"
GRID = "#dcdcdc"

_GROUPED = (
    "wellbeing_in_need",
    "hidden_need_share",
    "crisis_onsets_per_1000",
    "turned_away_share",
    "mean_trust",
)
"""Outcomes shown by fifth and place, where they are in the results; else the first headline metrics are."""


@dataclass(frozen=True)
class Chart:
    """One chart: what it is called, what it shows in a sentence, its figure, and its figures as a table."""

    key: str
    title: str
    subtitle: str
    sentence: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    unit: str
    table: pd.DataFrame
    short: pd.DataFrame


def every_chart(results: Results) -> list[Chart]:
    """Every chart of a report, in order; a metric that was never measured has none."""
    charts = []
    for metric in results.headline:
        charts += [chart for chart in (level_chart(results, metric), difference_chart(results, metric)) if chart]
    return charts


def _band(wide: pd.DataFrame) -> pd.DataFrame:
    """Mean and 95 % interval over replicates, week by week."""
    n = wide.notna().sum(axis=1)
    mean = wide.mean(axis=1)
    if wide.shape[1] < 2:
        return pd.DataFrame({"mean": mean, "low": np.nan, "high": np.nan})
    times = pd.Series(stats.t.ppf(0.975, np.maximum(n - 1, 1)), wide.index).where(n > 1)
    half = times * wide.std(axis=1, ddof=1) / np.sqrt(n)
    return pd.DataFrame({"mean": mean, "low": mean - half, "high": mean + half})


def _days(weeks: Sequence[int]) -> list[str]:
    """The day each week ends: a mean up to that week is drawn there."""
    return [(WEEK_ZERO + timedelta(weeks=int(week) + 1)).isoformat() for week in weeks]


def _dates(weeks: Sequence[int]) -> dict[str, Any]:
    """Where points stand: a start and a step where they are evenly apart, which takes far less room."""
    steps = set(np.diff(np.asarray(weeks, np.int64)).tolist())
    if len(steps) == 1:
        return {"x0": _days(weeks[:1])[0], "dx": steps.pop() * 7 * 86_400_000}
    return {"x": _days(weeks)}


def _numbers(values: pd.Series) -> list[float | None]:
    return [None if not math.isfinite(value) else float(f"{value:.5g}") for value in values.astype(float)]


def _traces(band: pd.DataFrame, name: str, at: int) -> list[dict[str, Any]]:
    band = band.iloc[:: 3 if at > 3 else 1]  # many scenarios share one page
    days, colour = _dates(list(band.index)), COLOURS[at % len(COLOURS)]
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    traces: list[dict[str, Any]] = []
    if band["low"].notna().any():
        edge = {
            "mode": "lines",
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
            "type": "scatter",
        }
        traces += [
            {**edge, **days, "y": _numbers(band["low"])},
            {**edge, **days, "y": _numbers(band["high"]), "fill": "tonexty",
             "fillcolor": f"rgba({red},{green},{blue},0.18)"},
        ]  # fmt: skip
    traces.append(
        {
            "type": "scatter",
            "mode": "lines",
            "name": label(name, 60),
            **days,
            "y": _numbers(band["mean"]),
            "line": {"color": colour, "width": 2.5, "dash": DASHES[at % len(DASHES)]},
            "hovertemplate": "%{x|%B %Y}: %{y}<extra>" + label(name, 40) + "</extra>",
        }
    )
    return traces


def _layout(results: Results, axis: str, low: float, high: float) -> dict[str, Any]:
    line = {
        "gridcolor": GRID,
        "linecolor": INK,
        "ticks": "outside",
        "automargin": True,
        "zerolinecolor": "#767676",
    }
    y: dict[str, Any] = {
        **line,
        "title": {"text": _folded(axis), "font": {"size": 12}},
        "zeroline": low < 0 < high,
    }
    if 0 <= low < 0.4 * high:
        y["rangemode"] = "tozero"
    return {
        "font": {"family": "system-ui, sans-serif", "size": 14, "color": INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "margin": {"l": 64, "r": 16, "t": 72, "b": 64},
        "height": 360,
        "hovermode": "x unified",
        "xaxis": {**line, "type": "date"},
        "yaxis": y,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        "annotations": [stamp(results)],
    }


def _folded(axis: str) -> str:
    """An axis title on as many lines as a chart's height can bear."""
    return "<br>".join(textwrap.wrap(label(axis, 90), 32))


def stamp(results: Results) -> dict[str, Any]:
    """The mark on every chart: which run it shows, and that the model is not yet calibrated."""
    return {
        "text": f"run {results.run_id[:8]} · not yet calibrated",
        "showarrow": False,
        "xref": "paper",
        "yref": "paper",
        "x": 1,
        "y": 0,
        "yshift": -38,
        "xanchor": "right",
        "yanchor": "top",
        "font": {"size": 11, "color": "#595959"},
    }


def _how_shown(results: Results, metric: str, low: float, high: float) -> str:
    parts = ["added up from the start" if metric == CUMULATIVE else "means of the 12 weeks before"]
    if results.finished > 1:
        parts.append(f"band: 95 % interval over {count(results.finished, 'replicate')}")
    else:
        parts.append("one replicate, so no interval")
    if low > 0 and low >= 0.4 * high:
        parts.append("the axis does not start at zero")
    return "; ".join(parts)


def _with_unit(text: str, unit: str) -> str:
    return f"{plain(text)} ({plain(unit)})" if unit else plain(text)


def _short(table: pd.DataFrame) -> pd.DataFrame:
    """One row a year of a table by week, for reading."""
    weeks = sorted(set(table["week"]))
    ends = {max((week for week in weeks if week < 52 * year), default=-1) for year in range(1, max(weeks) // 52 + 2)}
    yearly = table[table["week"].isin(ends)]
    return yearly.assign(year=yearly["week"] // 52 + 1).drop(columns="week")


def _apart(unit: str) -> str:
    """The unit of a difference: between shares it is percentage points."""
    if unit.startswith("%"):
        return "difference in percentage points"
    return f"difference, {unit}" if unit else "difference"


def _row(results: Results, metric: str, scenario: str) -> dict[str, Any] | None:
    row = _raw_row(results, metric, scenario)
    return scaled(row) if row else None


def _raw_row(results: Results, metric: str, scenario: str) -> dict[str, Any] | None:
    rows = results.summary[
        (results.summary["metric"] == metric)
        & (results.summary["group"] == "all")
        & (results.summary["scenario"] == scenario)
    ]
    return {str(name): value for name, value in rows.iloc[0].to_dict().items()} if len(rows) else None


def level_chart(results: Results, metric: str) -> Chart | None:
    """How high a metric stands in every scenario, with its interval."""
    about = results.metrics[metric]
    factor, unit = unit_shown(about.unit)
    traces, tables, said = [], [], []
    low, high = math.inf, -math.inf
    for at, name in enumerate(results.names):
        wide = smoothed(results.series, metric, name) * factor
        if wide.empty:
            continue
        band = _band(wide)
        traces += _traces(band, name, at)
        low, high = min(low, float(band.min().min())), max(high, float(band.max().max()))
        tables.append(band.rename_axis("week").reset_index().assign(scenario=name))
        row = _row(results, metric, name)
        if row:
            said.append(f"{plain(name)} {figure(row['mean'])} (95 % interval {between(row['low'], row['high'])})")
    if not tables:
        return None
    table = pd.concat(tables, ignore_index=True)[["scenario", "week", "mean", "low", "high"]]
    span = f"the last {count(results.settings['outcome_weeks'] // 52, 'year')}"
    mean = "At the end" if metric == CUMULATIVE else f"Mean of {span}"
    return Chart(
        key=f"level-{metric}",
        title=_with_unit(about.label, unit),
        subtitle=_how_shown(results, metric, low, high),
        sentence=f"{mean}: {'; '.join(said)}." if said else "",
        data=traces,
        layout=_layout(results, unit, low, high),
        unit=unit,
        table=table,
        short=_short(table),
    )


def difference_chart(results: Results, metric: str) -> Chart | None:
    """How far each scenario stands from the base, pair by pair, with its interval."""
    if not results.is_comparison or metric == CUMULATIVE:
        return None
    about = results.metrics[metric]
    factor, unit = unit_shown(about.unit)
    base = smoothed(results.series, metric, results.base)
    traces, tables, said = [], [], []
    for at, name in enumerate(results.names[1:], 1):
        apart = (factor * (smoothed(results.series, metric, name) - base)).dropna(axis=1, how="all")
        if apart.empty:
            continue
        band = _band(apart)
        traces += _traces(band, f"{name} minus {results.base}", at)
        tables.append(band.rename_axis("week").reset_index().assign(scenario=name))
        row = _raw_row(results, metric, name)
        if row:
            said.append(sentence(row, results.base))
    if not tables:
        return None
    table = pd.concat(tables, ignore_index=True)[["scenario", "week", "mean", "low", "high"]]
    low, high = float(table["mean"].min()), float(table["mean"].max())
    layout = _layout(results, _apart(unit), min(low, -1e-9), high)
    layout["yaxis"]["zeroline"] = True
    layout["yaxis"]["rangemode"] = "tozero"
    good = {"up": "above zero is better", "down": "below zero is better"}.get(about.good, "")
    parts = ["pair by pair", "means of the 12 weeks before"]
    if results.finished > 1:
        parts.append(f"band: 95 % interval over {count(results.finished, 'pair')}")
    return Chart(
        key=f"difference-{metric}",
        title=f"{plain(about.label)}: difference from {plain(results.base)}",
        unit=_apart(unit),
        subtitle="; ".join([plain(_apart(unit)), *parts, *([good] if good else [])]),
        sentence=" ".join(said),
        data=traces,
        layout=layout,
        table=table,
        short=_short(table),
    )


def group_name(group: str) -> str:
    """A group in words: `quintile:1` is the most deprived fifth."""
    kind, _, which = group.partition(":")
    if kind == "quintile":
        ends = {"1": " (most deprived)", "5": " (least deprived)"}
        return f"Fifth {which}{ends.get(which, '')}"
    if kind == "service":
        return plain(which.replace("_", " "))
    return plain(which or group)


def grouped_metrics(results: Results) -> list[str]:
    """The outcomes that are shown by fifth and place."""
    has = set(results.summary[results.summary["group"].str.startswith("quintile:")]["metric"])
    chosen = [metric for metric in _GROUPED if metric in has]
    return chosen or [metric for metric in results.headline if metric in has][:4]


def groups_of(results: Results, scenario: str, metric: str) -> pd.DataFrame:
    """Differences by fifth and place, most deprived first."""
    rows = results.summary[
        (results.summary["metric"] == metric)
        & (results.summary["scenario"] == scenario)
        & results.summary["group"].str.match("quintile:|place:")
    ]
    is_place = rows["group"].str.startswith("place:")
    return rows.assign(_place=is_place).sort_values(["_place", "group"], kind="stable").drop(columns="_place")


def groups_chart(results: Results, metric: str) -> Chart | None:
    """The difference for each fifth and place, with its interval: who gains and who loses."""
    if not results.is_comparison:
        return None
    about = results.metrics[metric]
    traces, tables, said = [], [], []
    names: list[str] = []
    for at, name in enumerate(results.names[1:], 1):
        rows = groups_of(results, name, metric)
        rows = pd.DataFrame([scaled(row) for row in rows[rows["difference"].notna()].to_dict("records")])
        if rows.empty:
            continue
        here = [label(group_name(group), 40) for group in rows["group"]]
        names += [one for one in here if one not in names]
        half = (rows["difference_high"] - rows["difference"]).fillna(0.0)
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": label(name, 60),
                "x": _numbers(rows["difference"]),
                "y": here,
                "error_x": {
                    "type": "data",
                    "array": _numbers(half),
                    "color": COLOURS[at % len(COLOURS)],
                    "thickness": 2,
                },
                "marker": {
                    "color": COLOURS[at % len(COLOURS)],
                    "size": 10,
                    "symbol": ("circle", "diamond", "square", "cross", "x")[(at - 1) % 5],
                },
            }
        )
        worse = [group_name(row["group"]) for row in rows.to_dict("records") if row["verdict"] == "worse"]
        better = [group_name(row["group"]) for row in rows.to_dict("records") if row["verdict"] == "better"]
        unsure = len(rows) - len(worse) - len(better)
        said.append(
            f"Under {plain(name)}: worse for {_listed(worse)}; better for {_listed(better)}; "
            f"cannot be told for {unsure if unsure else 'none'}."
        )
        tables.append(
            pd.DataFrame(
                {
                    "scenario": name,
                    "group": [group_name(group) for group in rows["group"]],
                    "difference": rows["difference"].to_numpy(),
                    "low": rows["difference_low"].to_numpy(),
                    "high": rows["difference_high"].to_numpy(),
                    "shows": [in_words(row) for row in rows.to_dict("records")],
                }
            )
        )
    if not tables:
        return None
    table = pd.concat(tables, ignore_index=True)
    layout = _layout(results, "", 0.0, 1.0)
    good = {"up": "right of zero is better", "down": "left of zero is better"}.get(about.good, "")
    unit = _apart(unit_shown(about.unit)[1])
    layout["xaxis"] = {
        **layout["yaxis"],
        "title": {"text": label(unit, 60), "font": {"size": 12}},
        "zeroline": True,
        "rangemode": "tozero",
    }
    layout["yaxis"] = {
        "type": "category",
        "categoryarray": names[::-1],
        "categoryorder": "array",
        "automargin": True,
    }
    layout |= {"height": 160 + 26 * len(names), "hovermode": "closest"}
    layout["margin"] = {"l": 120, "r": 16, "t": 72, "b": 76}
    layout["annotations"] = [{**stamp(results), "yshift": -52}]
    span = "95 % interval over " + count(results.finished, "pair") if results.finished > 1 else "one pair, no interval"
    return Chart(
        key=f"groups-{metric}",
        title=f"{plain(about.label)}: difference by fifth and place",
        unit=unit,
        subtitle="; ".join([plain(unit), "national deprivation fifths and places", span, *([good] if good else [])]),
        sentence=" ".join(said),
        data=traces,
        layout=layout,
        table=table,
        short=table,
    )


def _listed(names: list[str]) -> str:
    return "none" if not names else ", ".join(names)
