"""Charts as plain data for plotly, each with its title, unit, interval, sentence and table.

It smooths and arranges stored figures; it knows nothing of pages.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from dealsim.calendar import WEEKS_A_YEAR
from dealsim.results import Results
from dealsim.scenarios.timetable import monday_of
from dealsim.show.words import between, count, figure, in_words, places_of, scaled, sentence, title_of, unit_shown
from dealsim.summary import CUMULATIVE, Parts, smoothed, unit_means
from dealsim.text import label, plain

# Blue, orange, green, purple, brown: told apart by people who see few colours, 4.5 to 1 or more on white.
COLOURS = ("#444444", "#0060A8", "#B34700", "#00704A", "#8A2F86", "#6B4E00")
DASHES = ("dash", "solid", "dot", "dashdot", "longdash", "longdashdot")
INK = "#1c1c1c"
GRID = "#dcdcdc"

GROUPED = (
    "wellbeing_in_need",
    "hidden_need_share",
    "crisis_onsets_per_1000",
    "turned_away_share",
    "mean_trust",
)
"""Outcomes shown by fifth and place, where they are in the results; else the first headline metrics are."""


MANY = 4
"""Scenarios beyond which lines are drawn every twelfth week only, so that the page stays small enough to send."""
_VIEW_STEP = 3
"""Groups are shown every twelfth week only, since each value is a mean of twelve."""


@dataclass(frozen=True)
class Views:
    """A chart over time for other groups than everyone: where the points stand, and the heights of every line.

    `heights` holds, by group in words, the mean and half the interval of every line (no half where there is none).
    """

    dates: dict[str, Any]
    heights: dict[str, list[dict[str, list[float | None]]]]


@dataclass(frozen=True)
class Chart:
    """One chart: what it is called, what it shows in a sentence, its figure, and its figures as a table.

    `short` is the table as it is read on a page; `is_over_time` marks a chart whose points stand at dates.
    """

    key: str
    title: str
    subtitle: str
    sentence: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    unit: str
    short: pd.DataFrame
    views: Views | None = None
    is_over_time: bool = False


@dataclass(frozen=True)
class Pair:
    """The two charts of one metric: how high it stands, and how far from the base."""

    metric: str
    level: Chart
    difference: Chart | None


def charts_over_time(results: Results) -> dict[str, list[Pair]]:
    """The charts of every headline metric, by theme; a metric that was never measured has none."""
    smooth = {key: unit_means(wide, results.sets) for key, wide in smoothed(results.series, results.headline).items()}
    found: dict[str, list[Pair]] = {}
    for metric in results.headline:
        level = level_chart(results, metric, smooth)
        if level is not None:
            pair = Pair(metric, level, difference_chart(results, metric, smooth))
            found.setdefault(results.metrics[metric].theme, []).append(pair)
    return found


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
    return [monday_of(int(week) + 1).isoformat() for week in weeks]


def dates_of(weeks: Sequence[int]) -> dict[str, Any]:
    """Where points stand: a start and a step where they are evenly apart, which takes far less room."""
    steps = set(np.diff(np.asarray(weeks, np.int64)).tolist())
    if len(steps) == 1:
        return {"x0": _days(weeks[:1])[0], "dx": steps.pop() * 7 * 86_400_000}
    return {"x": _days(weeks)}


def numbers(values: pd.Series | np.ndarray, figures: int = 4) -> list[float | None]:
    """Values as short numbers for JSON; None where there is none."""
    return [None if not math.isfinite(value) else float(f"{value:.{figures}g}") for value in values.astype(float)]


def line_of(at: int) -> dict[str, Any]:
    """The line of the scenario in that position: told apart by colour and by dashes."""
    return {"color": COLOURS[at % len(COLOURS)], "width": 2.5, "dash": DASHES[at % len(DASHES)]}


def _traces(band: pd.DataFrame, name: str, at: int, of: int) -> list[dict[str, Any]]:
    if of > MANY:
        band = band.iloc[_VIEW_STEP - 1 :: _VIEW_STEP] if len(band) > _VIEW_STEP else band
    days, colour = dates_of(list(band.index)), COLOURS[at % len(COLOURS)]
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    traces: list[dict[str, Any]] = []
    if band["low"].notna().any():
        edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False, "type": "scatter"}
        traces += [
            {**edge, **days, "y": numbers(band["low"])},
            {**edge, **days, "y": numbers(band["high"]), "fill": "tonexty",
             "fillcolor": f"rgba({red},{green},{blue},0.18)"},
        ]  # fmt: skip
    traces.append(
        {
            "type": "scatter",
            "mode": "lines",
            "name": label(name, 60),
            **days,
            "y": numbers(band["mean"]),
            "line": line_of(at),
            "hovertemplate": "%{x|%B %Y}: %{y}<extra>" + label(name, 40) + "</extra>",
        }
    )
    return traces


def axis_line() -> dict[str, Any]:
    """How every axis is drawn."""
    return {"gridcolor": GRID, "linecolor": INK, "ticks": "outside", "automargin": True, "zerolinecolor": "#767676"}


def layout_of(results: Results, axis: str, low: float, high: float) -> dict[str, Any]:
    """The layout of a chart over time whose values lie between two figures."""
    y: dict[str, Any] = {
        **axis_line(),
        "title": {"text": _folded(axis), "font": {"size": 12}},
        "zeroline": low < 0 < high,
    }
    if 0 <= low < 0.4 * high:
        y["rangemode"] = "tozero"
    return {
        "font": {"family": "system-ui, sans-serif", "size": 14, "color": INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "margin": {"l": 56, "r": 12, "t": 56, "b": 60},
        "height": 340,
        "hovermode": "x unified",
        "xaxis": {**axis_line(), "type": "date"},
        "yaxis": y,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        "annotations": [stamp(mark_of(f"run {results.run_id[:8]}", results.is_calibrated))],
    }


def _folded(axis: str) -> str:
    """An axis title on as many lines as a chart's height can bear."""
    return "<br>".join(textwrap.wrap(label(axis, 90), 32))


def taken_for(is_calibrated: bool) -> str:
    """What figures may be taken for, in a few words."""
    return "fitted to national figures, not to a place" if is_calibrated else "not calibrated"


def mark_of(what: str, is_calibrated: bool) -> str:
    """What a chart shows, and what its figures may be taken for."""
    return f"{what} · {taken_for(is_calibrated)}"


def stamp(of: str, shift: int = -38) -> dict[str, Any]:
    """The mark on every chart, so many pixels below it: what it shows, and what its figures may be taken for."""
    return {
        "text": label(of, 100),
        "showarrow": False,
        "xref": "paper",
        "yref": "paper",
        "x": 1,
        "y": 0,
        "yshift": shift,
        "xanchor": "right",
        "yanchor": "top",
        "font": {"size": 11, "color": "#595959"},
    }


def lives_shown(results: Results, one: str) -> str:
    """What an interval is taken over: replicates or pairs, and with an ensemble what it then spans."""
    if not results.sets:
        return count(results.finished, one)
    return (
        f"{results.sets_lived} parameter sets ({count(results.finished, one)}): of their average; how far sets lie apart stands "
        "under “How sure”"
    )


def _how_shown(results: Results, metric: str, low: float, high: float) -> str:
    parts = ["added up from the start" if metric == CUMULATIVE else "means of the 12 weeks before"]
    if results.finished > 1:
        parts.append(f"band: 95 % interval over {lives_shown(results, 'replicate')}")
    else:
        parts.append("one replicate, so no interval")
    if low > 0 and low >= 0.4 * high:
        parts.append("the axis does not start at zero")
    return "; ".join(parts)


def with_unit(text: str, unit: str) -> str:
    """A name with its unit, where there is one: in brackets, unless it has brackets of its own."""
    if not unit:
        return plain(text)
    return f"{plain(text)}, {plain(unit)}" if "(" in unit else f"{plain(text)} ({plain(unit)})"


def _short(bands: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a scenario and year, for reading: the last point of each year."""
    tables = []
    for name, band in bands.items():
        yearly = band.groupby(band.index // WEEKS_A_YEAR + 1).last()
        tables.append(yearly.rename_axis("year").reset_index().assign(scenario=name))
    return pd.concat(tables, ignore_index=True)[["scenario", "year", "mean", "low", "high"]]


def apart(unit: str) -> str:
    """The unit of a difference: between shares it is percentage points."""
    if unit.startswith("%"):
        return "difference in percentage points"
    return f"difference, {unit}" if unit else "difference"


def raw_row(results: Results, metric: str, scenario: str, group: str = "all") -> dict[str, Any] | None:
    """The row of the summary for a metric, scenario and group."""
    rows = results.summary[
        (results.summary["metric"] == metric)
        & (results.summary["group"] == group)
        & (results.summary["scenario"] == scenario)
    ]
    return {str(name): value for name, value in rows.iloc[0].to_dict().items()} if len(rows) else None


def _views(
    wide: Callable[[str, str], pd.DataFrame | None], names: Sequence[str], groups: Sequence[str]
) -> Views | None:
    """The chart for every group that all its scenarios have figures for."""
    heights: dict[str, list[dict[str, list[float | None]]]] = {}
    dates: dict[str, Any] = {}
    for group in groups:
        lines: list[dict[str, list[float | None]]] = []
        for name in names:
            found = wide(name, group)
            if found is None or found.empty:
                lines = []
                break
            band = _band(found).iloc[_VIEW_STEP - 1 :: _VIEW_STEP]
            if band.empty:
                return None
            dates = dates or dates_of(list(band.index))
            line = {"mean": numbers(band["mean"])}
            if found.shape[1] > 1:
                line["half"] = numbers((band["high"] - band["low"]) / 2.0, 2)
            lines.append(line)
        if lines:
            heights[group_name(group)] = lines
    return Views(dates, heights) if heights else None


def groups_shown(results: Results) -> list[str]:
    """The fifths and places of a result, most deprived first."""
    known = results.summary["group"].unique()
    return [*sorted(g for g in known if g.startswith("quintile:")), *sorted(g for g in known if g.startswith("place:"))]


def level_chart(results: Results, metric: str, smooth: Parts) -> Chart | None:
    """How high a metric stands in every scenario, with its interval."""
    about = results.metrics[metric]
    factor, unit = unit_shown(about.unit)
    traces, said = [], []
    bands: dict[str, pd.DataFrame] = {}
    low, high = math.inf, -math.inf
    for at, name in enumerate(results.names):
        wide = smooth.get((metric, "all", name))
        if wide is None or wide.empty:
            continue
        band = _band(wide * factor)
        traces += _traces(band, title_of(name), at, len(results.names))
        low, high = min(low, float(band.min().min())), max(high, float(band.max().max()))
        bands[name] = band
        row = raw_row(results, metric, name)
        if row:
            row = scaled(row)
            places = places_of(row)
            reach = between(row["low"], row["high"], places=places)
            said.append(f"{title_of(name)} {figure(row['mean'], places=places)} (95 % interval {reach})")
    if not bands:
        return None
    span = f"the last {count(results.settings['outcome_weeks'] // WEEKS_A_YEAR, 'year')}"
    mean = "At the end" if metric == CUMULATIVE else f"Mean of {span}"

    def of_group(name: str, group: str) -> pd.DataFrame | None:
        found = smooth.get((metric, group, name))
        return None if found is None else found * factor

    return Chart(
        key=f"level-{metric}",
        title=with_unit(about.label, unit),
        subtitle=_how_shown(results, metric, low, high),
        sentence=f"{mean}: {'; '.join(said)}." if said else "",
        data=traces,
        layout=layout_of(results, unit, low, high),
        unit=unit,
        short=_short(bands),
        views=_views(of_group, list(bands), groups_shown(results)),
        is_over_time=True,
    )


def difference_chart(results: Results, metric: str, smooth: Parts) -> Chart | None:
    """How far each scenario stands from the base, pair by pair, with its interval."""
    if not results.is_comparison or metric == CUMULATIVE:
        return None
    about = results.metrics[metric]
    factor, unit = unit_shown(about.unit)

    def of_group(name: str, group: str) -> pd.DataFrame | None:
        own, base = smooth.get((metric, group, name)), smooth.get((metric, group, results.base))
        return None if own is None or base is None else (factor * (own - base)).dropna(axis=1, how="all")

    traces, said = [], []
    bands: dict[str, pd.DataFrame] = {}
    for at, name in enumerate(results.names[1:], 1):
        wide = of_group(name, "all")
        if wide is None or wide.empty:
            continue
        bands[name] = _band(wide)
        traces += _traces(bands[name], f"{title_of(name)} minus {title_of(results.base)}", at, len(results.names))
        row = raw_row(results, metric, name)
        if row:
            said.append(sentence(row, results.base))
    if not bands:
        return None
    means = pd.concat([band["mean"] for band in bands.values()])
    layout = layout_of(results, apart(unit), min(float(means.min()), -1e-9), float(means.max()))
    layout["yaxis"] |= {"zeroline": True, "rangemode": "tozero"}
    good = {"up": "above zero is better", "down": "below zero is better"}.get(about.good, "")
    parts = ["pair by pair", "means of the 12 weeks before"]
    if results.finished > 1:
        parts.append(f"band: 95 % interval over {lives_shown(results, 'pair')}")
    return Chart(
        key=f"difference-{metric}",
        title=f"{plain(about.label)}: difference from {title_of(results.base)}",
        unit=apart(unit),
        subtitle="; ".join([plain(apart(unit)), *parts, *([good] if good else [])]),
        sentence=" ".join(said),
        data=traces,
        layout=layout,
        short=_short(bands),
        views=_views(of_group, list(bands), groups_shown(results)),
        is_over_time=True,
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
    chosen = [metric for metric in GROUPED if metric in has]
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
        raw = groups_of(results, name, metric)
        rows = [scaled(row) for row in raw[raw["difference"].notna()].to_dict("records")]
        if not rows:
            continue
        here = [label(group_name(row["group"]), 40) for row in rows]
        names += [one for one in here if one not in names]
        traces.append(_dots(rows, here, title_of(name), at))
        worse = [group_name(row["group"]) for row in rows if row["verdict"] == "worse"]
        better = [group_name(row["group"]) for row in rows if row["verdict"] == "better"]
        unsure = len(rows) - len(worse) - len(better)
        said.append(
            f"Under {title_of(name)}: worse for {_listed(worse)}; better for {_listed(better)}; "
            f"cannot be told for {unsure if unsure else 'none'}."
        )
        base = {row["group"]: scaled(row) for row in groups_of(results, results.base, metric).to_dict("records")}
        tables += [
            {
                "scenario": name,
                "group": group_name(row["group"]),
                "base": base[row["group"]]["mean"] if row["group"] in base else math.nan,
                "mean": row["mean"],
                "difference": row["difference"],
                "low": row["difference_low"],
                "high": row["difference_high"],
                "shows": in_words(row),
            }
            for row in rows
        ]
    if not tables:
        return None
    layout = layout_of(results, "", 0.0, 1.0)
    good = {"up": "right of zero is better", "down": "left of zero is better"}.get(about.good, "")
    unit = apart(unit_shown(about.unit)[1])
    layout["xaxis"] = {
        **layout["yaxis"],
        "title": {"text": label(unit, 60), "font": {"size": 12}},
        "zeroline": True,
        "rangemode": "tozero",
        "nticks": 6,
    }
    layout["yaxis"] = {
        "type": "category",
        "categoryarray": names[::-1],
        "categoryorder": "array",
        "automargin": True,
    }
    layout |= {"height": 160 + 26 * len(names), "hovermode": "closest"}
    layout["margin"] = {"l": 120, "r": 16, "t": 56, "b": 76}
    layout["annotations"] = [stamp(mark_of(f"run {results.run_id[:8]}", results.is_calibrated), -52)]
    span = "95 % interval over " + lives_shown(results, "pair") if results.finished > 1 else "one pair, no interval"
    return Chart(
        key=f"groups-{metric}",
        title=f"{plain(about.label)}: difference by fifth and place",
        unit=unit,
        subtitle="; ".join([plain(unit), "national deprivation fifths and places", span, *([good] if good else [])]),
        sentence=" ".join(said),
        data=traces,
        layout=layout,
        short=pd.DataFrame(tables),
    )


def _dots(rows: list[dict[str, Any]], places: list[str], name: str, at: int) -> dict[str, Any]:
    """One dot with its interval a group."""
    colour = COLOURS[at % len(COLOURS)]
    apart_by = pd.Series([row["difference"] for row in rows], dtype=float)
    half = (pd.Series([row["difference_high"] for row in rows], dtype=float) - apart_by).fillna(0.0)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label(name, 60),
        "x": numbers(apart_by),
        "y": places,
        "error_x": {"type": "data", "array": numbers(half), "color": colour, "thickness": 2},
        "marker": {"color": colour, "size": 10, "symbol": ("circle", "diamond", "square", "cross", "x")[(at - 1) % 5]},
    }


def _listed(names: list[str]) -> str:
    return "none" if not names else ", ".join(names)
