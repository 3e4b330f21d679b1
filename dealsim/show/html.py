"""Pieces of a page, and the page itself: tables, downloads and figures, with every text made safe.

It knows no results; whoever makes a page says what stands where.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from plotly.offline import get_plotlyjs

from dealsim.show.plots import Chart
from dealsim.show.words import figure, places_of, title_of
from dealsim.text import cell, escaped, slug

_HEADS = {
    "scenario": "Scenario", "measure": "Measure", "policy": "Policy", "largest": "Largest", "above": "Above", "below": "Below", "factor": "Factor", "value": "Value", "year": "Year", "group": "Group", "base": "Base", "mean": "Mean", "difference": "Difference",
    "low": "95 % from", "high": "to", "chance_low": "Chance, 95 % from", "chance_high": "to", "sets_low": "Sets, 90 % from", "sets_high": "to", "shows": "What it shows", "week": "Week", "date": "Begins on", "what": "What",
    "alone": "Alone", "of_chance": "Of chance alone", "settled": "Converged",
}  # fmt: skip
"""What the columns of a chart's table are called."""
CONFIG = {
    "displaylogo": False,
    "displayModeBar": False,  # the page has buttons of its own that can be reached by keyboard
    "responsive": True,
    "showSendToCloud": False,  # plotly's own button would upload the data
    "modeBarButtonsToRemove": ["sendDataToCloud"],
}
_FOLDER = Path(__file__).parent
_NUMBERS = (
    "base",
    "mean",
    "difference",
    "low",
    "high",
    "value",
    "alone",
    "of_chance",
    "largest",
    "above",
    "below",
    "chance_low",
    "chance_high",
    "sets_low",
    "sets_high",
)


def data_of(value: Any) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str, right: Sequence[int] = (), stacks: bool = True
) -> str:
    """A table of ready, escaped cells; the first cell of a row names it, columns in `right` hold numbers.

    A table that stacks shows each row as a block of its own on a narrow screen, so its roles and labels are written
    out; another can be scrolled sideways there, which takes far less room in the page.
    """
    kind = [' class="n"' if at in right else "" for at in range(len(heads))]
    labelled = [f' data-label="{text}"' if stacks else "" for text in heads]

    def role(name: str) -> str:
        return f' role="{name}"' if stacks else ""

    head = "".join(f'<th scope="col"{role("columnheader")}{kind[at]}>{text}</th>' for at, text in enumerate(heads))
    lines = []
    for first, *others in rows:
        cells = "".join(f"<td{role('cell')}{labelled[at]}{kind[at]}>{text}</td>" for at, text in enumerate(others, 1))
        lines.append(f'<tr{role("row")}><th scope="row"{role("rowheader")}>{first}</th>{cells}</tr>')
    style = ' class="stacks"' if stacks else ""
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{caption}"><table{style}{role("table")}>'
        f"<caption>{caption}</caption><thead{role('rowgroup')}><tr{role('row')}>{head}</tr></thead>"
        f"<tbody{role('rowgroup')}>{''.join(lines)}</tbody></table></div>"
    )


def csv_link(frame: pd.DataFrame, name: str, text: str) -> str:
    """A table to download for a spreadsheet: it lies in the link itself, so no script and no network is needed."""
    content = frame.map(cell).to_csv(index=False, float_format="%.6g", lineterminator="\r\n").encode("utf-8-sig")
    packed = base64.b64encode(content).decode()
    return (
        f'<p class="download"><a download="{slug(name, 60)}.csv" href="data:text/csv;charset=utf-8;base64,{packed}">'
        f"{text}</a></p>"
    )


def figures_table(chart: Chart) -> str:
    """The figures of a chart as a table to read."""
    columns = [name for name in _HEADS if name in chart.short]
    rows = []
    for row in chart.short.to_dict("records"):
        places = places_of(row)
        cells = []
        for name in columns:
            value = row[name]
            if name in _NUMBERS:
                cells.append(figure(value, signed=name == "difference", places=places))
            else:
                cells.append(escaped(title_of(value) if name == "scenario" else value, 400))
        rows.append(cells)
    right = [at for at, name in enumerate(columns) if name in _NUMBERS]
    when = ", the last quarter of each year" if chart.is_over_time and "low" in columns else ""
    return table([_HEADS[name] for name in columns], rows, escaped(chart.title + when, 400), right, stacks=False)


def figure_of(chart: Chart, level: int = 4) -> str:
    """A chart with its title, unit, interval, sentence and table; the script adds what can be done with it."""
    return (
        f'<figure id="{chart.key}" aria-labelledby="{chart.key}-title"><h{level} id="{chart.key}-title">'
        f"{escaped(chart.title, 300)}</h{level}>"
        f'<p class="muted">{escaped(chart.subtitle, 400)}</p>'
        f'<div class="chart" id="{chart.key}-chart" style="min-height:{chart.layout["height"]}px" role="img" aria-label="{escaped(chart.sentence, 900)}">'
        "This chart needs scripts; the table below holds its figures.</div>"
        f"<figcaption>{escaped(chart.sentence, 2000)}</figcaption>"
        f'<div class="tools" id="{chart.key}-tools"></div>'
        f"<details><summary>Figures of this chart</summary>{figures_table(chart)}</details></figure>"
    )


def drawn(chart: Chart) -> dict[str, Any]:
    """What the script needs of a chart."""
    said: dict[str, Any] = {
        "id": chart.key, "title": chart.title, "unit": chart.unit, "overTime": chart.is_over_time, "data": chart.data,
        "layout": chart.layout,
    }  # fmt: skip
    if chart.views is not None:
        said["views"] = {"dates": chart.views.dates, "heights": chart.views.heights}
    return said


def plotly_script() -> str:
    """Plotly's own script, from the package that is installed here."""
    return get_plotlyjs().replace("\r\n", "\n")


def page_of(
    title: str,
    head: str,
    paper: str,
    sections: Sequence[tuple[str, str, str]],
    charts: Sequence[Chart],
    about: dict[str, str] | None,
    style: str = "",
) -> str:
    """A whole page in one file: sections as (key, heading, ready text), and the charts that stand in them.

    `head` and `paper` are ready text; `about` is what the script says of the page. A page without it has no charts and
    no script, and may run none. `style` comes after the style of all pages.
    """
    script = scripts = ""
    if about is not None:
        plotly = plotly_script()
        script = f"{plotly}\n;{(_FOLDER / 'report.js').read_text(encoding='utf-8')}"
        scripts = (
            f'<script type="application/json" id="config">{data_of(CONFIG | {"page": about})}</script>\n'
            f'<script type="application/json" id="charts">{data_of([drawn(chart) for chart in charts])}</script>\n'
            f"<script>{script}</script>\n"
        )
    style = (_FOLDER / "report.css").read_text(encoding="utf-8") + style
    policy = (
        f"default-src 'none'; {f'script-src {_hash(script)}; ' if script else ''}style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    contents = "".join(f'<li><a href="#{key}">{escaped(heading)}</a></li>' for key, heading, _ in sections)
    body = "\n".join(
        f'<section aria-labelledby="{key}"><h2 id="{key}">{escaped(heading)}</h2>\n{text}</section>'
        for key, heading, text in sections
    )
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en-GB"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escaped(title)}</title><style>{style}</style></head><body>\n"
        f'<header>{head}\n{paper}\n<nav aria-label="Contents"><ul>{contents}</ul></nav></header>\n'
        f"<main>\n{body}\n</main>\n"
        f"{scripts}"
        "</body></html>\n"
    )


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
