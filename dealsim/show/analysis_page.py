"""What a sweep says, as sentences for a terminal and as a page with charts in one file.

It works nothing out; `dealsim.sweeps.analysing` does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dealsim import store
from dealsim.borough import SMALLEST_TO_REPORT
from dealsim.checkpoints import replace_whole
from dealsim.errors import StoreError
from dealsim.metrics import METRICS
from dealsim.results import FITTED, NOT_CALIBRATED, TOO_SMALL
from dealsim.show.html import csv_link, figure_of, page_of, table
from dealsim.show.plots import COLOURS, INK, Chart, axis_line, mark_of, numbers, stamp
from dealsim.show.words import between, count, figure, title_of, unit_shown
from dealsim.sweeps.analysing import Analysis, Choice, Subject, Where
from dealsim.sweeps.designs import FACTORIAL, MORRIS, SOBOL
from dealsim.sweeps.factors import LEVER, RIVAL
from dealsim.sweeps.results import SweepResults
from dealsim.text import OWN_WORDS, cell, escaped, label, plain, slug
from dealsim.version import MODEL_VERSION

PAGE = "analysis.html"
TOP = 12
"""Factors of a chart, and policies of a table; the CSV files hold all of them."""
NAMED = 3
"""Factors that a sentence names."""
OPEN_CHARTS = 3
MOST_SPARED = 1e5
"""A ratio above it says that a difference hardly varies, and not how many runs are spared."""


def title_of_subject(subject: Subject) -> str:
    """What is analysed, as a title."""
    what = METRICS[subject.outcome].label
    return f"{what}: change under {title_of(subject.scenario)}" if subject.is_change else what


def _unit(subject: Subject) -> tuple[float, str]:
    """What figures of a subject are multiplied by to be read, and their unit then."""
    times, unit = unit_shown(METRICS[subject.outcome].unit)
    return times, "percentage points" if subject.is_change and unit.startswith("%") else unit


def labels_of(analysis: Analysis) -> dict[str, str]:
    """What factors are called: a lever and a parameter by label, a rival by its name."""
    found = {}
    for factor in analysis.results.factors:
        found[factor.name] = title_of(factor.name).lower() if factor.kind == RIVAL else plain(factor.label, 60)
    twice = {name for name in found.values() if list(found.values()).count(name) > 1}
    return {key: f"{name} ({key})" if name in twice else name for key, name in found.items()}


@dataclass(frozen=True)
class Said:
    """One part of what an analysis says: sentences, and a table of ready texts where figures are many."""

    heading: str
    lines: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def sections(analysis: Analysis) -> list[Said]:
    """Everything an analysis says, in the order in which it is read."""
    fails = tuple(f"{title_of(w.scenario)}. {w.rule}. {w.in_words(labels_of(analysis))}" for w in analysis.failures)
    found = [
        Said("What this rests on", (*_rests_on(analysis), *analysis.treated)),
        _ranking(analysis),
        Said("Where it fails", fails),
        Said("What to choose", tuple(_choosing(analysis))),
        _enough(analysis),
    ]
    return [said for said in found if said.lines or said.rows]


def _rests_on(analysis: Analysis) -> list[str]:
    results = analysis.results
    same = results.recipe["same"]
    lines = [
        f"{count(len(results.runs), 'run')} of {same['size']:,} invented citizens over {count(same['years'], 'year')}: "
        f"{count(results.n_points, 'point')} ({title_of(results.recipe['design']['kind']).lower()}), "
        f"{count(len(results.scenarios), 'scenario')}, {count(results.replicates, 'replicate')}. Outcomes are means of the "
        f"last {'year' if same['years'] == 1 else 'two years'}.",
        standing(results),
    ]
    return lines + ([TOO_SMALL] if same["size"] < SMALLEST_TO_REPORT else [])


def standing(results: SweepResults) -> str:
    """What the figures of a sweep may be taken for: points that move parameters or rivals are not calibrated."""
    return FITTED if is_calibrated(results) else NOT_CALIBRATED


def is_calibrated(results: SweepResults) -> bool:
    """True where a sweep moves levers only, and this version of the model lived it."""
    is_own = results.recipe["same"]["model_version"] == MODEL_VERSION
    return is_own and all(factor.kind == LEVER for factor in results.factors)


def _ranking(analysis: Analysis) -> Said:
    """For each subject, how much of it is chance, the factors that carry most, and whether that is settled."""
    lines = [f"Ranked by: {analysis.method}."] if analysis.method else []
    names = labels_of(analysis)
    rows = []
    if not analysis.subjects:
        return Said("Which factors carry what", ("No run finished, so nothing can be told of any factor.",))
    chance = analysis.chance.set_index(["outcome", "scenario"])
    for subject in analysis.subjects:
        share = chance.loc[(subject.outcome, subject.scenario)]
        of_chance = "–"
        if math.isfinite(share["share"]):
            of_chance = f"{100 * share['share']:.0f} % ({100 * share['low']:.0f} to {100 * share['high']:.0f})"
        ranked = _ranked(analysis, subject)
        told = ranked[_is_told(ranked)]
        times, unit = _unit(subject) if analysis.design in (MORRIS, FACTORIAL) else (1.0, "")
        said = [
            f"{names[row['factor']]}{_level(row)} {figure(times * row['value'])}"
            f" ({between(times * row['low'], times * row['high'])})"
            for row in told.head(NAMED).to_dict("records")
        ]
        leads = "; ".join(said) or ("none can be told from nothing" if analysis.method else "–")
        settled = bool(len(ranked)) and bool(ranked["converged"].all())
        rows.append((title_of_subject(subject) + (f" ({unit})" if unit else ""), of_chance, leads,
                     "–" if analysis.design == FACTORIAL else "yes" if settled else "not converged"))  # fmt: skip
    if analysis.results.replicates < 2:
        lines.append("There is one replicate at each point, so chance cannot be told from factors in any figure here.")
    if any(row[3] == "not converged" for row in rows):
        lines.append(
            "Not converged: at least one interval is too wide to say where its factor stands; more points help."
        )
    shared = dict.fromkeys(note for notes in analysis.notes.values() for note in notes)
    lines += [note for note in shared if not note.startswith(("Not converged", "There is one replicate"))]
    heads = ("Measure", "Chance, of what tells runs apart", "Carried most by (95 % interval)", "Converged")
    return Said("Which factors carry what", tuple(lines), heads, tuple(rows))


def _level(row: dict[str, Any]) -> str:
    level = row.get("level")
    if level is None:
        return ""
    return f" at {level:g}" if isinstance(level, float) else f" at {level}"


def _ranked(analysis: Analysis, subject: Subject) -> pd.DataFrame:
    """The rows of a subject, the factor that carries most first."""
    every = analysis.sensitivity
    own = every[
        (every["outcome"] == subject.outcome)
        & (every["scenario"] == subject.scenario)
        & (every["is_change"] == subject.is_change)
    ]
    return own.loc[own["value"].abs().sort_values(ascending=False, kind="stable").index]


def _is_told(rows: pd.DataFrame) -> pd.Series:
    """Which factors can be told from nothing: by the screen's own rule, else by an interval that leaves out 0."""
    if "stands_out" in rows and rows["stands_out"].notna().any():
        return rows["stands_out"].astype(bool)
    return (rows["low"] > 0) | (rows["high"] < 0)


def _choosing(analysis: Analysis) -> list[str]:
    if analysis.policies is None:
        return [analysis.why_no_choice] if analysis.why_no_choice else []
    names, grid, guess = analysis.policies
    known = "the first being the best guess" if guess is not None else "none of which is a best guess"
    lines = [f"{count(len(names), 'policy', 'policies')} in {count(grid.shape[1], 'future')}, {known}."]
    for choice in analysis.choices:
        lines.append(f"By {METRICS[choice.outcome].label}: " + " ".join(choice.robust.words))
    if analysis.cheapest is not None:
        lines.append("By spend: " + " ".join(analysis.cheapest.words))
    return lines


def _enough(analysis: Analysis) -> Said:
    """For each subject, how sure the mean at a point is, what would do, and what pairing spares."""
    pairing = analysis.pairing.set_index(["outcome", "scenario"]) if not analysis.pairing.empty else None
    rows = []
    for row in analysis.precision.to_dict("records"):
        subject = Subject(row["outcome"], row["scenario"], row["is_change"])
        times, unit = _unit(subject)
        spares = "–"
        if pairing is not None and (subject.outcome, subject.scenario) in pairing.index:
            about = pairing.loc[(subject.outcome, subject.scenario)]
            if math.isfinite(about["ratio"]) and about["low"] < about["high"] and about["ratio"] < MOST_SPARED:
                spares = f"{figure(about['ratio'])} times ({between(about['low'], about['high'])})"
        needed = f"{row['needed_typical']:,.0f}" if math.isfinite(row["needed_typical"]) else "cannot tell"
        rows.append((f"{title_of_subject(subject)} ({unit})", figure(times * row["half_width"]),
                     figure(times * row["error"]), needed, f"{row['points_enough']:,} of {row['points']:,}", spares))  # fmt: skip
    heads = ("Measure", "Half an interval now", "Error wanted", "Replicates for that", "Points that have enough",
             "Pairing spares, in runs")  # fmt: skip
    lines = (
        "At a typical point (the median). Where no error was stated, it is a tenth of the range over points. Adding "
        "replicates until the rule says stop (Chow and Robbins) keeps the promised error; a sweep whose file has stop_at does so.",
    )
    return Said("Are there enough replicates?", lines if rows else (), heads, tuple(rows))


def ranking_chart(analysis: Analysis, subject: Subject) -> Chart | None:
    """How much each factor carries of a subject, with its interval; open marks where that is not settled."""
    rows = _ranked(analysis, subject)
    rows = rows[np.isfinite(rows["value"].astype(np.float64))].head(TOP)
    if rows.empty:
        return None
    names = labels_of(analysis)
    is_effect = analysis.design in (MORRIS, FACTORIAL)
    times, unit = _unit(subject) if is_effect else (1.0, "share of the variance due to factors")
    called = [f"{names[row['factor']]}{_level(row)}" for row in rows.to_dict("records")]
    value, low, high = (times * rows[name].to_numpy(np.float64) for name in ("value", "low", "high"))
    settled = rows["converged"].astype(bool).tolist()
    short = pd.DataFrame({"factor": called, "value": value, "low": low, "high": high})
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "in all" if analysis.design == SOBOL else "with its 95 % interval",
            "x": numbers(pd.Series(value)),
            "y": [label(name, 60) for name in called],
            "error_x": {
                "type": "data", "symmetric": False, "array": numbers(pd.Series(high - value)), "arrayminus": numbers(pd.Series(value - low)),
                "color": COLOURS[1], "thickness": 1.5,
            },
            "marker": {"color": COLOURS[1], "size": 10, "symbol": ["circle" if is_in else "circle-open" for is_in in settled]},
        }
    ]  # fmt: skip
    if "first" in rows:
        short["alone"] = rows["first"].to_numpy(np.float64)
        data.append(_marks("alone", short["alone"].to_numpy(), called, "diamond-open", COLOURS[2]))
    if "mu_star_of_chance" in rows and rows["mu_star_of_chance"].notna().any():
        short["of_chance"] = times * rows["mu_star_of_chance"].to_numpy(np.float64)
        data.append(
            _marks("what chance alone gives", short["of_chance"].to_numpy(), called, "line-ns-open", COLOURS[2])
        )
    short["settled"] = ["yes" if is_in else "not converged" for is_in in settled]
    left = len(_ranked(analysis, subject)) - len(rows)
    more = f"; {count(left, 'factor')} more in the table to download" if left else ""
    notes = [note for note in analysis.notes[subject] if not note.startswith("Not converged for")]
    told = rows[_is_told(rows)]
    leads = ", ".join(names[name] for name in told["factor"].head(NAMED))
    sentence = f"{title_of_subject(subject)}: {f'most is carried by {leads}' if leads else 'no factor can be told from nothing'}."
    if not all(settled):
        sentence += " Open marks have not converged: their place in the order may change with more runs."
    return Chart(
        key=slug(f"ranking-{subject.scenario}-{subject.outcome}", 80),
        title=title_of_subject(subject),
        subtitle=f"{analysis.method}; {unit}; lines: 95 % interval{more}",
        sentence=" ".join([sentence, *notes]),
        data=data,
        layout=_layout(analysis, unit, len(rows)),
        unit=unit,
        short=short,
    )


def _marks(name: str, values: np.ndarray, called: Sequence[str], symbol: str, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": numbers(pd.Series(values)), "y": [label(one, 60) for one in called],
        "marker": {"color": colour, "size": 11, "symbol": symbol, "line": {"width": 2, "color": colour}},
    }  # fmt: skip


def _layout(analysis: Analysis, axis: str, rows: int) -> dict[str, Any]:
    return {
        "font": {"family": "system-ui, sans-serif", "size": 14, "color": INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "margin": {"l": 40, "r": 16, "t": 56, "b": 70},
        "height": 150 + 30 * rows,
        "xaxis": {**axis_line(), "title": {"text": label(axis, 80), "font": {"size": 12}}, "zeroline": True},
        "yaxis": {**axis_line(), "autorange": "reversed", "tickfont": {"size": 12}},
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "yref": "paper"},
        "annotations": [stamp(mark_of(f"sweep {analysis.results.name}", is_calibrated(analysis.results)), -48)],
    }


def failure_chart(analysis: Analysis, where: Where) -> Chart | None:
    """Every point by the two factors that tell failures best, those that fail told apart by shape, and the box."""
    limits = sorted(where.found.limits, key=lambda limit: limit.quasi_p)
    limited = [limit.factor for limit in limits if pd.api.types.is_float_dtype(where.points[limit.factor])]
    if not limited:
        return None
    others = [name for name in where.points if name not in limited and pd.api.types.is_float_dtype(where.points[name])]
    # a factor with many values keeps the marks apart where others have few
    others.sort(key=lambda name: where.points[name].nunique(), reverse=True)
    axes = (limited + others)[:2]
    if len(axes) < 2:
        return None
    names, design = labels_of(analysis), where.points
    data = []
    for does, called, symbol, colour in (
        (False, "does not fail", "circle-open", COLOURS[1]),
        (True, "fails", "x", COLOURS[2]),
    ):
        here = (where.fails == does).fillna(False).to_numpy()
        data.append(
            {
                "type": "scatter", "mode": "markers", "name": called,
                "x": numbers(pd.Series(design.loc[here, axes[0]].to_numpy())), "y": numbers(pd.Series(design.loc[here, axes[1]].to_numpy())),
                "marker": {"symbol": symbol, "color": colour, "size": 7, "line": {"width": 1, "color": colour}},
            }
        )  # fmt: skip
    layout = _layout(analysis, names[axes[0]], 9)
    layout["yaxis"] = {**axis_line(), "title": {"text": label(names[axes[1]], 60), "font": {"size": 12}}}
    layout["shapes"] = [_box(where, axes, design)]
    short = pd.DataFrame(
        [{"factor": names[limit.factor], "above": limit.above, "below": limit.below,
          "what": ", ".join(map(str, limit.among)) or "a number"} for limit in limits]
    )  # fmt: skip
    is_claimed = where.found.outcome == "box"
    frame = "the frame: the box" if is_claimed else "the frame: the best box found, which is not claimed"
    return Chart(
        key=slug(f"fails-{where.scenario}", 80),
        title=f"Where {title_of(where.scenario)} fails",
        subtitle=f"one mark a point; {plain(where.rule, 200)}; {frame}, seen along two of its factors",
        sentence=where.in_words(labels_of(analysis)),
        data=data,
        layout=layout,
        unit="",
        short=short,
    )


def _box(where: Where, axes: Sequence[str], design: pd.DataFrame) -> dict[str, Any]:
    """The box as a frame, reaching to the ends where it has no limit."""
    ends = []
    for name in axes:
        limit = next((one for one in where.found.limits if one.factor == name), None)
        low, high = float(design[name].min()), float(design[name].max())
        if limit is not None:
            low = low if math.isnan(limit.above) else limit.above
            high = high if math.isnan(limit.below) else limit.below
        ends += [low, high]
    return {
        "type": "rect", "x0": ends[0], "x1": ends[1], "y0": ends[2], "y1": ends[3], "xref": "x", "yref": "y",
        "line": {"color": INK, "width": 2, "dash": "solid" if where.found.outcome == "box" else "dash"},
    }  # fmt: skip


def regret_chart(analysis: Analysis, choice: Choice) -> Chart:
    """The largest and the mean regret of the policies with the least."""
    rows = choice.robust.table.sort_values("largest_regret", kind="stable").head(TOP)
    unit = METRICS[choice.outcome].unit  # as it is: the sentences beside it are not turned into hundredths
    called = [plain(name, 70) for name in rows["policy"]]
    largest, mean = (rows[name].to_numpy(np.float64) for name in ("largest_regret", "mean_regret"))
    left = len(choice.robust.table) - len(rows)
    return Chart(
        key=slug(f"regret-{choice.outcome}", 80),
        title=f"Regret: {METRICS[choice.outcome].label}",
        subtitle="how far a policy falls behind the best one of the same future; "
        + (f"the {len(rows)} with the least, {left} more in the table to download; {unit}" if left else unit),
        sentence=" ".join(choice.robust.words),
        data=[
            _marks("largest", largest, called, "circle", COLOURS[1]),
            _marks("mean over futures", mean, called, "diamond-open", COLOURS[2]),
        ],
        layout=_layout(analysis, unit, len(rows)),
        unit=unit,
        short=pd.DataFrame({"policy": called, "largest": largest, "mean": mean}),
    )


def charts_of(analysis: Analysis) -> dict[str, list[Chart]]:
    """Every chart, by the heading it stands under."""
    ranking = [chart for subject in analysis.subjects if (chart := ranking_chart(analysis, subject)) is not None]
    fails = [chart for where in analysis.failures if (chart := failure_chart(analysis, where)) is not None]
    regret = [regret_chart(analysis, choice) for choice in analysis.choices]
    return {"Which factors carry what": ranking, "Where it fails": fails, "What to choose": regret}


def analysis_page(analysis: Analysis, made_from: str) -> str:
    """The whole page."""
    charts = charts_of(analysis)
    results = analysis.results
    title = f"Sweep: {results.name}"
    question = results.recipe.get("question", "")
    head = f"<h1>{escaped(title, 200)}</h1>" + (f"<p>{escaped(question, 600)}</p>" if question else "")
    head += f'<div class="notice" role="note"><p><strong>{escaped(standing(results), OWN_WORDS)}</strong></p></div>'
    parts = []
    for said in sections(analysis):
        text = f"<ul>{''.join(f'<li>{escaped(line, 2000)}</li>' for line in said.lines)}</ul>"
        if said.rows:
            rows = [[escaped(part, 400) for part in row] for row in said.rows]
            text += table(
                [escaped(head) for head in said.heads], rows, escaped(f"{said.heading.rstrip('?')}, measure by measure")
            )
        drawn = [figure_of(chart, 3) for chart in charts.get(said.heading, [])]
        text += "".join(drawn[:OPEN_CHARTS])
        if len(drawn) > OPEN_CHARTS:
            rest = "".join(drawn[OPEN_CHARTS:])
            text += f"<details><summary>{count(len(drawn) - OPEN_CHARTS, 'more chart')}</summary>{rest}</details>"
        parts.append((slug(said.heading), said.heading, text))
    tables = "".join(
        csv_link(frame.assign(sweep=results.name), f"{results.name}-{name}", f"{title_of(name)} (CSV)")
        for name, frame in analysis.tables().items()
    )
    factors = table(
        ["Factor", "Name in files", "From", "To", "Unit"],
        [
            [escaped(labels_of(analysis)[one.name], 80), escaped(one.name), *_range_of(one), escaped(one.unit)]
            for one in results.factors
        ],
        "Factors and their ranges",
        stacks=False,
    )  # fmt: skip
    parts.append(("varied", "What was varied", factors))
    parts.append(("tables", "Tables to download", tables))
    same = results.recipe["same"]
    origin = (
        f"<p>Model version {escaped(same['model_version'])}; seed {same['seed']}; made from the sweep whose manifest is "
        f"<code>{made_from[:12]}</code>. To check it: <code>dealsim verify {escaped(results.folder.name)}</code></p>"
    )
    parts.append(("origin", "Where this comes from", origin))
    every = [chart for several in charts.values() for chart in several]
    return page_of(title, head, "", parts, every, {"run": slug(results.name, 30), "everyone": "Everyone"})


def _range_of(factor: Any) -> list[str]:
    if factor.values:
        return [escaped(", ".join(str(cell(value)) for value in factor.values), 200), ""]
    return [figure(factor.low), figure(factor.high)]


def write_analysis(analysis: Analysis) -> Path:
    """Write `derived/analysis.html` and the tables of an analysis into the sweep's folder.

    Raises
    ------
    StoreError
        When they cannot be written.
    """
    folder = analysis.results.folder
    made_from = store.manifest_hash(folder)
    target = folder / store.DERIVED / PAGE
    try:
        (target.parent / "tables").mkdir(parents=True, exist_ok=True)
        for name, frame in analysis.tables().items():
            content = frame.map(cell).assign(results=made_from[:12]).to_csv(index=False, lineterminator="\r\n")
            replace_whole(target.parent / "tables" / f"{name}.csv", content.encode("utf-8-sig"))
        replace_whole(target, analysis_page(analysis, made_from).encode())
    except OSError as problem:
        raise StoreError(f"{store.why(problem)} while writing {PAGE}; the tables of the sweep are whole") from None
    return target
