"""How sure the figures are with an ensemble: what chance does, what the parameter sets disagree about, and which is more.

It shows what the summary tells apart; without an ensemble it has nothing to show.
"""

from __future__ import annotations

import math
import textwrap
from typing import Any

import pandas as pd

from dealsim.results import Results
from dealsim.show.html import figure_of, table
from dealsim.show.plots import COLOURS, INK, Chart, apart, axis_line, layout_of, mark_of, numbers, stamp, with_unit
from dealsim.show.terminal import lives_of
from dealsim.show.words import between, count, figure, places_of, scaled, sets_agreeing, title_of
from dealsim.text import escaped, label

CHANCE, DOUBT = "chance", "what we do not know"
_HELP = {
    CHANCE: "Chance: more lives would narrow it",
    DOUBT: "What we do not know: more lives would not narrow it",
    "": "Neither: it is the same in every life",
}
"""What the larger source of doubt is called in the table, and what that means for a reader."""
_NO_SPREAD = "no spread beyond chance"
_WIDEST = 100.0
_MARKS = {"chance": ("circle", COLOURS[1], 2), "sets": ("diamond", COLOURS[2], 5)}
"""Symbol, colour and thickness of the two ranges: told apart without seeing colours."""


def _rows(results: Results, scenario: str) -> list[dict[str, Any]]:
    """The headline rows of a scenario in which chance and doubt could be told apart, as they are shown.

    `middle`, `ends_*` and `source` are of the difference, or of the level where nothing is compared; where the sets lie
    no farther apart than chance alone would bring them, what they disagree about `is_hidden` in it, not known to be none.
    """
    prefix = "difference_" if results.is_comparison else ""
    found = []
    for raw in results.rows().to_dict("records"):
        if raw["scenario"] != scenario or not math.isfinite(raw[f"{prefix}doubt"]):
            continue
        row = scaled(raw)
        row["middle"] = row["difference" if prefix else "mean"]
        row["ends_chance"] = (row[f"{prefix}chance_low"], row[f"{prefix}chance_high"])
        row["ends_sets"] = (row[f"{prefix}sets_low"], row[f"{prefix}sets_high"])
        row["source"] = larger_source(row[f"{prefix}chance"], row[f"{prefix}doubt"])
        row["is_hidden"] = row[f"{prefix}doubt"] == 0.0 < row[f"{prefix}chance"]
        found.append(row)
    return found


def larger_source(chance: float, doubt: float) -> str:
    """Which is more: how far chance moves the mean, or how far the parameter sets lie apart; empty for neither.

    >>> larger_source(1.0, 2.0), larger_source(1.0, 0.0), larger_source(0.0, 0.0)
    ('what we do not know', 'chance', '')
    """
    if chance == doubt == 0.0:
        return ""
    return DOUBT if doubt > chance else CHANCE


def sure_charts(results: Results) -> list[Chart]:
    """Two ranges for each headline measure of each scenario: chance, and the parameter sets."""
    if not results.sets:
        return []
    names = results.names[1:] if results.is_comparison else results.names
    charts = (_chart(results, name, at) for at, name in enumerate(names, 1))
    return [chart for chart in charts if chart is not None]


def _chart(results: Results, scenario: str, at: int) -> Chart | None:
    drawn = []
    for row in _rows(results, scenario):
        # a level is seen from its own mean; a difference from none
        origin = 0.0 if results.is_comparison else row["middle"]
        reach = max(abs(end - origin) for end in (*row["ends_chance"], *row["ends_sets"], row["middle"]))
        if reach > 0.0:
            drawn.append((row, origin, _WIDEST / reach))
    if not drawn:
        return None
    places = [label(row["label"], 40) for row, _, _ in drawn]
    traces = [_ranges(drawn, places, which) for which in _MARKS]
    origin_said = "no difference" if results.is_comparison else "its mean"
    layout = layout_of(results, "", 0.0, 1.0)
    layout["xaxis"] = {
        **axis_line(), "title": {"text": "own scale", "font": {"size": 12}}, "zeroline": True, "zerolinecolor": INK,
        "zerolinewidth": 2, "tickvals": [-_WIDEST, 0, _WIDEST], "tickangle": 0, "range": [-1.1 * _WIDEST, 1.1 * _WIDEST],
    }  # fmt: skip
    layout["yaxis"] = {
        "type": "category", "categoryorder": "array", "automargin": True, "tickfont": {"size": 12},
        "categoryarray": [_line(place, which) for place in places for which in _MARKS][::-1],
        "tickvals": [_line(place, which) for place in places for which in _MARKS],
        "ticktext": [text for place in places for text in (f"{_folded(place)}: chance", "sets")],
    }  # fmt: skip
    layout |= {"height": 180 + 48 * len(drawn), "hovermode": "closest"}
    layout["margin"] = {"l": 160, "r": 16, "t": 56, "b": 76}
    layout["annotations"] = [stamp(mark_of(f"run {results.run_id[:8]}", results.is_calibrated), -52)]
    against = f" against {title_of(results.base)}" if results.is_comparison else ""
    return Chart(
        key=f"sure-{at}",
        title=f"How sure: {title_of(scenario)}{against}",
        unit=f"each measure on a scale of its own, 100 for the end farthest from {origin_said}",
        subtitle=f"each measure has a scale of its own, on which 100 is the end farthest from {origin_said}; thin line and "
        "circle: chance, 95 % interval; thick line and diamond: 90 % of the parameter sets, with chance taken out; a diamond "
        "alone: the sets lie no farther apart than chance brings them",
        sentence=_sentence([row["source"] for row, _, _ in drawn]),
        data=traces,
        layout=layout,
        short=pd.DataFrame([_short(row, results.is_comparison) for row, _, _ in drawn]),
    )


def _folded(place: str) -> str:
    """The name of a measure on lines short enough for a narrow screen."""
    return "<br>".join(textwrap.wrap(place, 22))


def _line(place: str, which: str) -> str:
    return f"{place} · {which}"


def _ranges(drawn: list[tuple[dict[str, Any], float, float]], places: list[str], which: str) -> dict[str, Any]:
    """One of the two ranges of every measure, around its middle."""
    symbol, colour, thickness = _MARKS[which]
    middle, above, below = [], [], []
    for row, origin, factor in drawn:
        low, high = row[f"ends_{which}"]
        middle.append((row["middle"] - origin) * factor)
        above.append((high - row["middle"]) * factor)
        below.append((row["middle"] - low) * factor)
    error = {
        "type": "data", "symmetric": False, "array": numbers(pd.Series(above)), "arrayminus": numbers(pd.Series(below)),
        "color": colour, "thickness": thickness,
    }  # fmt: skip
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Chance" if which == "chance" else "Parameter sets: what we do not know",
        "x": numbers(pd.Series(middle)),
        "y": [_line(place, which) for place in places],
        "error_x": error,
        "marker": {"color": colour, "size": 10, "symbol": symbol},
    }


def _short(row: dict[str, Any], is_difference: bool) -> dict[str, Any]:
    """A measure as a row of the chart's table."""
    (chance_low, chance_high), (sets_low, sets_high) = row["ends_chance"], row["ends_sets"]
    return {
        "measure": with_unit(row["label"], apart(row["unit"]) if is_difference else row["unit"]),
        "difference" if is_difference else "mean": row["middle"],
        "chance_low": chance_low,
        "chance_high": chance_high,
        "sets_low": sets_low,
        "sets_high": sets_high,
    }


def _sentence(sources: list[str]) -> str:
    said = [f"{which} is the larger source of doubt in {sources.count(which)}" for which in (CHANCE, DOUBT)]
    return f"Of {count(len(sources), 'measure')}, {' and '.join(said)}."


def sure_section(results: Results, charts: list[Chart]) -> str:
    """The section of the report: what the two sources are, a table and a chart for each scenario."""
    if not results.sets:
        return ""
    lived = lives_of(results)
    agreeing = " Better or worse is said only where nine in ten of the sets agree." if results.is_comparison else ""
    lines = [
        f"<p>There are two reasons for doubt. <strong>Chance</strong>: the same town could have had a luckier or an unluckier "
        "few years. More lives make this doubt smaller. <strong>What we do not know</strong>: nobody has measured all the "
        f"numbers that go into the model. So the {lived} were lived with {results.sets_lived} different sets of numbers, each of "
        f"which could be true. Where the sets disagree, more lives do not help; only better evidence does.{agreeing}</p>"
    ]
    names = results.names[1:] if results.is_comparison else results.names
    for name in names:
        lines.append(_table(results, name))
    lines.append(
        '<p class="muted">Chance is a 95 % interval of the mean, as if these sets were all there is. The range over sets holds '
        "90 % of them; the part of their spread that is only chance is taken out. Where chance is large, the sets may "
        "disagree more than can be seen: ask for more lives. “Would do”, where it is said of an ensemble, counts lives "
        "over the same sets.</p>"
    )
    return "\n".join([*lines, *(figure_of(chart, 3) for chart in charts)])


def _table(results: Results, scenario: str) -> str:
    body = []
    for row in _rows(results, scenario):
        places, signed = places_of(row), results.is_comparison
        unit = apart(row["unit"]) if signed else row["unit"]
        body.append(
            (
                escaped(with_unit(row["label"], unit), 300),
                figure(row["middle"], signed=signed, places=places),
                between(*row["ends_chance"], signed=signed, places=places),
                _NO_SPREAD if row["is_hidden"] else between(*row["ends_sets"], signed=signed, places=places),
                *(("none seen to differ" if row["is_hidden"] else sets_agreeing(row),) if signed else ()),
                _HELP[row["source"]],
            )
        )
    title = escaped(title_of(scenario))
    if not body:
        return f"<p>For {title} too few lives were finished to tell chance from what we do not know.</p>"
    against = f" against {escaped(title_of(results.base))}" if results.is_comparison else ""
    heads = (
        "Measure",
        "Difference" if results.is_comparison else "Mean",
        "Chance (95 %)",
        "Over parameter sets (90 %)",
        *(("Sets that agree",) if results.is_comparison else ()),
        "The larger source of doubt",
    )
    return table(heads, body, f"How sure: {title}{against}, {results.sets_lived} parameter sets", right=(1,))
