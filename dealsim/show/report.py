"""The report: one page in one file, read without a network, made again at any time from a results folder."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from plotly.offline import get_plotlyjs

from dealsim import store
from dealsim.checkpoints import replace_whole
from dealsim.errors import StoreError
from dealsim.results import Results
from dealsim.scenarios.timetable import WEEK_ZERO
from dealsim.show.parameters import grades
from dealsim.show.plots import Chart, every_chart, group_name, grouped_metrics, groups_chart, groups_of
from dealsim.show.terminal import remarks
from dealsim.show.words import between, count, figure, in_words, scaled
from dealsim.text import cell, escaped, plain, slug

REPORT = "report.html"

CONFIG = {
    "displaylogo": False,
    "responsive": True,
    "showSendToCloud": False,  # plotly's own button would upload the data
    "modeBarButtonsToRemove": ["sendDataToCloud", "select2d", "lasso2d", "autoScale2d"],
}


_FOLDER = Path(__file__).parent


def write_report(folder: str | Path, results: Results | None = None) -> Path:
    """Write `derived/report.html` of a results folder.

    Raises
    ------
    StoreError
        When the folder is not whole or the page cannot be written.
    """
    path = Path(folder)
    results = results or store.read(path)
    page = report_page(results, store.manifest_hash(path))
    target = path / store.DERIVED / REPORT
    try:
        target.parent.mkdir(exist_ok=True)
        replace_whole(target, page.encode())
    except OSError as problem:
        raise StoreError(f"{store.why(problem)} while writing {REPORT}; the data files are whole") from None
    return target


def report_page(results: Results, made_from: str) -> str:
    """The whole page."""
    charts = every_chart(results)
    groups = [chart for metric in grouped_metrics(results) if (chart := groups_chart(results, metric))]
    drawn = [{"id": chart.key, "data": chart.data, "layout": chart.layout} for chart in (*groups, *charts)]
    plotly = get_plotlyjs().replace("\r\n", "\n")
    scripts = (plotly, (_FOLDER / "report.js").read_text(encoding="utf-8"))
    style = (_FOLDER / "report.css").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src {' '.join(map(_hash, scripts))}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    title = _title(results)
    body = [
        _head(results, title),
        _who_loses(results, groups) if results.is_comparison else "",
        _differences(results) if results.is_comparison else _levels(results),
        '<h2 id="charts-over-time">Over time</h2>',
        *(_figure(chart) for chart in charts),
        _pairs(results),
        _trust(results),
        _origin(results, made_from),
    ]
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en-GB"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escaped(title)}</title><style>{style}</style></head><body>\n<main>\n"
        + "\n".join(part for part in body if part)
        + "\n</main>\n"
        + f'<script type="application/json" id="config">{_data(CONFIG)}</script>\n'
        + f'<script type="application/json" id="charts">{_data(drawn)}</script>\n'
        + "".join(f"<script>{script}</script>\n" for script in scripts)
        + "</body></html>\n"
    )


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _data(value: Any) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _title(results: Results) -> str:
    if not results.is_comparison:
        return plain(results.base)
    return f"{', '.join(plain(name) for name in results.names[1:])} against {plain(results.base)}"


def _head(results: Results, title: str) -> str:
    asked = results.settings
    question = plain(results.scenarios[-1].get("question", ""), 600)
    lines = [f"<h1>{escaped(title)}</h1>"]
    if question:
        lines.append(f"<p>{escaped(question, 600)}</p>")
    lived = count(results.finished, "pair" if results.is_comparison else "replicate")
    same = ", the same people and the same chances in every scenario" if results.is_comparison else ""
    lines.append(
        f'<p class="muted">{escaped(asked["place"]["name"])}, synthetic: {asked["size"]:,} invented '
        f"citizens, "
        f"{count(asked['years'], 'year')}, {lived}{same}. Run <code>{results.run_id[:8]}</code>.</p>"
    )
    first, *rest = remarks(results)
    lines.append(f'<div class="notice" role="note"><p><strong>{escaped(first)}</strong></p>')
    lines += [f"<p>{escaped(line, 600)}</p>" for line in rest]
    lines.append("</div>")
    return "\n".join(lines)


def rows_of(results: Results) -> list[dict[str, Any]]:
    """The headline rows as they are shown."""
    return [scaled(row) for row in results.rows().to_dict("records")]


def _verdict(row: dict[str, Any]) -> str:
    style = row["verdict"] if row["verdict"] in ("better", "worse") else ""
    return f'<span class="{style}">{escaped(in_words(row))}</span>'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str, numbers: Sequence[int] = ()) -> str:
    """A table of ready, escaped cells; the first cell of a row names it."""
    kind = ["n" if at in numbers else "" for at in range(len(heads))]
    head = "".join(f'<th scope="col" class="{kind[at]}">{text}</th>' for at, text in enumerate(heads))
    lines = []
    for row in rows:
        first, *others = row
        cells = "".join(f'<td class="{kind[at]}">{text}</td>' for at, text in enumerate(others, 1))
        lines.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{caption}"><table><caption class="muted">'
        f"{caption}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _who_loses(results: Results, charts: list[Chart]) -> str:
    """The groups made worse off, before anything else."""
    lines = ['<h2 id="who-loses">Who is worse off</h2>']
    tested = 0
    for name in results.names[1:]:
        lost = []
        for metric in grouped_metrics(results):
            for row in groups_of(results, name, metric).to_dict("records"):
                tested += 1
                if row["verdict"] == "worse":
                    lost.append(scaled(row))
        whole = [row for row in rows_of(results) if row["scenario"] == name]
        for row in whole:
            if row["verdict"] == "worse":
                lost.insert(0, row)
        if not lost:
            lines.append(
                f"<p>Under {escaped(name)} no fifth, place or headline measure is shown to be worse off. "
                "That is not proof that nobody is: small harms need more pairs to be seen.</p>"
            )
            continue
        body = []
        for metric in dict.fromkeys(row["metric"] for row in lost):
            rows = [row for row in lost if row["metric"] == metric]
            who = ["Everyone together" if row["group"] == "all" else group_name(row["group"]) for row in rows]
            apart = sorted(row["difference"] for row in rows)
            reach = figure(apart[0], signed=True)
            if len(apart) > 1:
                reach = between(apart[0], apart[-1], signed=True)
            unit = f" ({rows[0]['unit']})" if rows[0]["unit"] else ""
            body.append((escaped(f"{rows[0]['label']}{unit}"), escaped("; ".join(who), 2000), reach))
        lines.append(
            _table(("Measure", "Worse for", "Means of these, from … to …"), body, f"Worse under {escaped(name)}")
        )
    if tested:
        by_chance = tested / 40
        lines.append(
            f'<p class="muted">{tested} differences by fifth and place were looked at. Were there no effect, '
            f"about {by_chance:.0f} would seem worse by chance. The intervals are below.</p>"
            if by_chance >= 1
            else f'<p class="muted">{tested} differences by fifth and place were looked at.</p>'
        )
    return "\n".join([*lines, *(_figure(chart) for chart in charts)])


def _differences(results: Results) -> str:
    lines = ['<h2 id="differences">What changes</h2>']
    rows = rows_of(results)
    base = {row["metric"]: row for row in rows if row["scenario"] == results.base}
    span = f"mean of the last {count(results.settings['outcome_weeks'] // 52, 'year')}"
    for name in results.names[1:]:
        body = [
            (
                escaped(f"{row['label']} ({row['unit']})" if row["unit"] else row["label"]),
                figure(base[row["metric"]]["mean"]) if row["metric"] in base else "–",
                figure(row["mean"]),
                figure(row["difference"], signed=True),
                between(row["difference_low"], row["difference_high"], signed=True),
                _verdict(row),
            )
            for row in rows
            if row["scenario"] == name
        ]
        heads = (
            "Measure",
            escaped(results.base),
            escaped(name),
            "Difference",
            "95 % interval",
            "What it shows",
        )
        lines.append(_table(heads, body, f"{escaped(name)} against {escaped(results.base)}, {span}", numbers=(1, 2, 3)))
    lines.append(
        f'<p class="download">{_download(results.rows(), "differences", results)}</p>'
        '<p class="muted">“Would do” is the fewest pairs at which 1.96 standard errors are less than the '
        "difference seen; it is itself an estimate. A "
        "difference between two shares is in percentage points.</p>"
    )
    return "\n".join(lines)


def _levels(results: Results) -> str:
    body = [
        (
            escaped(f"{row['label']} ({row['unit']})" if row["unit"] else row["label"]),
            figure(row["mean"]),
            between(row["low"], row["high"]),
        )
        for row in rows_of(results)
    ]
    span = f"mean of the last {count(results.settings['outcome_weeks'] // 52, 'year')}"
    table = _table(("Measure", "Mean", "95 % interval"), body, f"{escaped(results.base)}, {span}", numbers=(1,))
    return f'<h2 id="levels">Where it ends</h2>\n{table}'


def _csv_link(table: pd.DataFrame, name: str, text: str) -> str:
    content = table.map(cell).to_csv(index=False, float_format="%.6g", lineterminator="\r\n").encode("utf-8-sig")
    packed = base64.b64encode(content).decode()
    return f'<a download="{slug(name, 60)}.csv" href="data:text/csv;charset=utf-8;base64,{packed}">{text}</a>'


def _download(table: pd.DataFrame, name: str, results: Results) -> str:
    return _csv_link(table.assign(run=results.run_id[:8]), name, "Download this table (CSV)")


def _figure(chart: Chart) -> str:
    """A chart with its title, unit, interval, sentence, table and download."""
    columns = [name for name in ("scenario", "year", "group", "mean", "difference", "low", "high", "shows")
               if name in chart.short]  # fmt: skip
    heads = {
        "low": "95 % from",
        "high": "to",
        "mean": "Mean",
        "year": "Year",
        "group": "Group",
        "shows": "Shows",
    }
    rows = [
        tuple(
            (figure(row[name], signed=name == "difference") if isinstance(row[name], float) else escaped(row[name]))
            for name in columns
        )
        for row in chart.short.to_dict("records")
    ]
    table = chart.table
    if "week" in table:
        days = [(WEEK_ZERO + timedelta(weeks=int(week) + 1)).isoformat() for week in table["week"]]
        table = table.assign(week=table["week"] + 1, week_ends=days)
    numbers = [at for at, name in enumerate(columns) if name in ("mean", "difference", "low", "high")]
    caption = f"{escaped(chart.title)}, {'the last quarter of each year' if 'year' in columns else 'all groups'}"
    link = _csv_link(table.assign(unit=chart.unit), chart.key, "Download the figures (CSV)")
    words = [heads.get(name, name.capitalize()) for name in columns]
    return (
        f'<figure aria-labelledby="{chart.key}-title"><h3 id="{chart.key}-title">{escaped(chart.title)}</h3>'
        f'<p class="muted">{escaped(chart.subtitle, 400)}</p>'
        f'<div class="chart" id="{chart.key}" role="img" aria-label="{escaped(chart.sentence, 600)}">'
        "This chart needs scripts; the table below holds its figures.</div>"
        f"<figcaption><p>{escaped(chart.sentence, 1000)}</p></figcaption>"
        f"<details><summary>Figures of this chart</summary>{_table(words, rows, caption, numbers)}</details>"
        f'<p class="download">{link}</p></figure>'
    )


def _pairs(results: Results) -> str:
    if results.outcomes.empty:
        return ""
    rows = []
    for raw in results.outcomes[results.outcomes["group"] == "all"].to_dict("records"):
        row = scaled(raw)
        if row["pairs"] == 0 or (row["outcome"] == "half_effect_week" and not _is_shown(results, row)):
            continue
        reached = int(row["reached"])
        rows.append(
            (
                escaped(f"{row['label']} ({row['unit']})" if row["unit"] else row["label"]),
                escaped(row["scenario"]),
                figure(row["mean"]),
                between(row["low"], row["high"]),
                f"{reached} of {count(int(row['pairs']), 'pair')}",
            )
        )
    if not rows:
        return ""
    table = _table(
        ("What", "Scenario", "Mean", "95 % interval", "Reached in"), rows, "Found pair by pair", numbers=(2,)
    )
    caveat = (
        "The worst quarter is the worst of eight, so chance alone makes one even where nothing gets worse. "
        "Weeks to half the effect are given only where an effect is shown."
    )
    return f'<h2 id="pairs">How fast, and what it costs first</h2>\n{table}\n<p class="muted">{caveat}</p>'


def _is_shown(results: Results, row: dict[str, Any]) -> bool:
    found = results.summary[
        (results.summary["metric"] == row["metric"])
        & (results.summary["scenario"] == row["scenario"])
        & (results.summary["group"] == "all")
    ]
    return bool(len(found) and found["verdict"].iloc[0] in ("better", "worse", "higher", "lower"))


def _trust(results: Results) -> str:
    found = grades()
    rows = [(escaped(grade), f"{number}") for grade, number in found.items()]
    table = _table(("Grade of evidence", "Parameters and levers"), rows, "What the figures rest on", numbers=(1,))
    chance = (
        "one drawn borough"
        if results.settings["boroughs"] == 1
        else count(results.settings["boroughs"], "drawn borough")
    )
    limits = (
        "The people and neighbourhoods are invented, drawn to match published totals.",
        f"Intervals show chance within {chance}, not doubt about the parameters or about the model itself.",
        "A difference is between two worlds of the model; it is no forecast and measures no council.",
        "Most parameters are assumed, and none is fitted yet to what was seen in the world.",
    )
    items = "".join(f"<li>{escaped(line)}</li>" for line in limits)
    return f'<h2 id="trust">How far to trust this</h2>\n<ul>{items}</ul>\n{table}'


def _origin(results: Results, made_from: str) -> str:
    asked = results.settings
    facts = [
        ("Run", results.run_id),
        ("Model version", asked["model_version"]),
        ("Seed", asked["seed"]),
        ("Hash of the last states", results.state_hash),
        ("Made from manifest", made_from),
        ("Data", "the folder above this page; derived/tables has spreadsheets"),
    ]
    sources = list(dict.fromkeys(source for scenario in results.scenarios for source in scenario.get("sources", ())))
    if sources:
        facts.append(("Sources of the scenarios", ", ".join(map(str, sources))))
    rows = [(escaped(name), f"<code>{escaped(value, 600)}</code>") for name, value in facts]
    check = f"<p>To check these figures: <code>dealsim verify {results.run_id[:8]}</code></p>"
    table = _table(("What", "Value"), rows, "Record of the run")
    return f'<h2 id="origin">Where this comes from</h2>\n{table}\n{check}'
