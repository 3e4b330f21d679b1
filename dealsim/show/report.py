"""The report: one page in one file, read without a network, made again at any time from a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dealsim import store
from dealsim.analysis.doubt import AGREEING
from dealsim.calendar import WEEKS_A_YEAR
from dealsim.checkpoints import replace_whole
from dealsim.errors import StoreError
from dealsim.metrics import THEMES
from dealsim.results import Results
from dealsim.show.findings import NOT_PROOF, WORSE_BY_CHANCE, Finding, findings, pace
from dealsim.show.flows import flow_charts
from dealsim.show.grounds import limits, record
from dealsim.show.html import csv_link, figure_of, page_of, table
from dealsim.show.lives import Life, lives
from dealsim.show.plots import (
    Chart,
    Pair,
    charts_over_time,
    group_name,
    grouped_metrics,
    groups_chart,
    groups_of,
    with_unit,
)
from dealsim.show.programme import programme_charts
from dealsim.show.sure import sure_charts, sure_section
from dealsim.show.terminal import remarks
from dealsim.show.words import between, count, figure, in_words, places_of, scaled, title_of
from dealsim.text import OWN_WORDS, escaped

REPORT = "report.html"

HEADINGS = {
    "demand": "Demand",
    "people": "Wellbeing and people",
    "staff": "Staff",
    "community": "Community",
    "money": "Money",
}
"""What each theme is called on the page."""
OPEN_PAIRS = 2
"""Measures of a theme that are open at once; the rest are one click away."""


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


class Charts:
    """Every chart of a report, made once, by the section it stands in."""

    def __init__(self, results: Results) -> None:
        metrics = grouped_metrics(results)
        self.groups = [chart for metric in metrics if (chart := groups_chart(results, metric)) is not None]
        self.groups.sort(key=_how_many_lose, reverse=True)
        self.sure = sure_charts(results)
        self.programme = programme_charts(results)
        self.over_time: dict[str, list[Pair]] = charts_over_time(results)
        self.flows = flow_charts(results)
        self.lives: list[Life] = [life for name in results.names[1:] for life in lives(results, name)]

    def every(self) -> list[Chart]:
        """All of them, in the order of the page."""
        pairs = [pair for theme in (*THEMES, "") for pair in self.over_time.get(theme, [])]
        both = [chart for pair in pairs for chart in (pair.level, pair.difference) if chart is not None]
        return [*self.groups, *self.sure, *self.programme, *both, *self.flows, *(life.chart for life in self.lives)]


def _how_many_lose(chart: Chart) -> int:
    """How many fifths and places a chart of groups shows to be worse off."""
    return int((chart.short["shows"] == "worse").sum())


def report_page(results: Results, made_from: str) -> str:
    """The whole page."""
    charts = Charts(results)
    title = _title(results)
    sections = [
        ("in-short", "In short", _in_short(results) if results.is_comparison else ""),
        ("who-loses", "Who is worse off", _who_loses(results, charts.groups) if results.is_comparison else ""),
        (
            "what-changes",
            "What changes" if results.is_comparison else "Where it ends",
            _differences(results) if results.is_comparison else _levels(results),
        ),
        ("how-sure", "How sure: chance and what we do not know", sure_section(results, charts.sure)),
        ("programme", "What is done, and when", "".join(figure_of(chart, 3) for chart in charts.programme)),
        *((theme, HEADINGS.get(theme, "More measures"), _theme(results, charts.over_time.get(theme, [])))
          for theme in (*THEMES, "")),
        ("flows", "Where needs go", _flows(charts.flows)),
        ("lives", "One person in two worlds", _lives(charts.lives)),
        ("pace", "How fast, and what it costs first", _pace(results)),
        ("trust", "How far to trust this", limits(results)),
        ("origin", "Where this comes from", record(results, made_from)),
    ]  # fmt: skip
    return page_of(
        title,
        _head(results, title),
        '<p class="paper">On paper, the tables of charts, further measures and the weeks of lives are left out; the file has them.</p>',
        [(key or "more", heading, text) for key, heading, text in sections if text],
        charts.every(),
        {"run": results.run_id[:8], "everyone": "Everyone"},
    )


def _title(results: Results) -> str:
    names = [title_of(name) for name in results.names]
    if len(names) > 2:
        return f"{'; '.join(names[1:])}: each against {names[0]}"
    return f"{names[1]} against {names[0]}" if results.is_comparison else names[0]


def _years(results: Results) -> str:
    years = int(results.settings["outcome_weeks"]) // WEEKS_A_YEAR
    return "year" if years <= 1 else f"{years} years"


def _head(results: Results, title: str) -> str:
    asked = results.settings
    lines = [f"<h1>{escaped(title, 400)}</h1>"]
    for name, scenario in zip(results.names, results.scenarios, strict=True):
        question = scenario.get("question", "")
        if question:
            lines.append(f"<p><strong>{escaped(title_of(name))}</strong>: {escaped(question, 600)}</p>")
    lived = count(results.finished, "pair" if results.is_comparison else "replicate")
    same = ", the same people and the same chances in every scenario" if results.is_comparison else ""
    lines.append(
        f'<p class="muted">{escaped(asked["place"]["name"])}, synthetic: {asked["size"]:,} invented '
        f"citizens, {count(asked['years'], 'year')}, {lived}{same}. Run <code>{results.run_id[:8]}</code>.</p>"
    )
    first, *rest = remarks(results)
    lines.append(f'<div class="notice" role="note"><p><strong>{escaped(first, OWN_WORDS)}</strong></p>')
    lines += [f"<p>{escaped(line, 600)}</p>" for line in rest]
    lines.append("</div>")
    return "\n".join(lines)


def _list(found: tuple[Finding, ...], most: int) -> str:
    items = [
        f'<li>{escaped(one.text, 900)} <a href="#{escaped(one.key)}" aria-label="figures: {escaped(one.text, 60)}">figures</a></li>'
        for one in found
    ]
    shown = f"<ul>{''.join(items[:most])}</ul>"
    if len(items) > most:
        shown += f'<details class="rest"><summary>{len(items) - most} more</summary><ul>{"".join(items[most:])}</ul></details>'
    return shown


def _and_sets(results: Results) -> str:
    """What else a direction needs with an ensemble."""
    return f", and where at least {AGREEING:.0%} of the parameter sets go that way" if results.sets else ""


def _in_short(results: Results) -> str:
    """Findings by rule, scenario by scenario: whoever is worse off first, and what cannot be told as plainly."""
    lines = [
        f"<p>Each sentence is made by a fixed rule from the mean of the last {_years(results)}. Better or worse is said "
        f"only where the whole 95 % interval lies on one side of nothing{_and_sets(results)}.</p>"
    ]
    if len(results.names) > 2:
        lines.append(
            f"<p>Each scenario is compared with {escaped(title_of(results.base))}, not with the others. To compare two of "
            "them, run <code>dealsim compare</code> with just these two.</p>"
        )
    for name in results.names[1:]:
        found = findings(results, name)
        lines.append(f"<h3>{escaped(title_of(name))} against {escaped(title_of(results.base))}</h3>")
        if found.warnings:
            lines.append(f'<div class="notice" role="note"><h4>Read this first</h4>{_list(found.warnings, 5)}</div>')
        nobody = f"<p>No headline measure, fifth or place is shown to be worse off. {NOT_PROOF}</p>"
        lines.append(f"<h4>Worse</h4>{_list(found.worse, 5) if found.worse else nobody}")
        lines.append(
            f"<h4>Better</h4>{_list(found.better, 5) if found.better else '<p>Nothing is shown to be better.</p>'}"
        )
        if found.other:
            lines.append(f"<h4>Different, neither good nor bad</h4>{_list(found.other, 3)}")
        if found.unsure:
            ask = f" Ask for more pairs with <code>{found.command}</code>." if found.command else ""
            lines.append(f"<h4>Cannot be told</h4>{_list(found.unsure, 5)}<p>{ask}</p>")
    return "\n".join(lines)


def _verdict(row: dict[str, Any]) -> str:
    style = row["verdict"] if row["verdict"] in ("better", "worse") else ""
    return f'<span class="{style}">{escaped(in_words(row))}</span>'


def _named(results: Results, row: dict[str, Any]) -> str:
    """A measure with its unit and, below, what it means."""
    about = results.metrics.get(row["metric"])
    meaning = (
        f'<span class="meaning">{escaped(about.meaning, 300)}</span>' if about is not None and about.meaning else ""
    )
    return f"{escaped(with_unit(row['label'], row['unit']))}{meaning}"


def _who_loses(results: Results, charts: list[Chart]) -> str:
    """The groups made worse off, before anything else."""
    lines = []
    tested = 0
    for name in results.names[1:]:
        lost = []
        for metric in grouped_metrics(results):
            for row in groups_of(results, name, metric).to_dict("records"):
                tested += 1
                if row["verdict"] == "worse":
                    lost.append(scaled(row))
        whole = [scaled(row) for row in results.rows().to_dict("records") if row["scenario"] == name]
        lost = [row for row in whole if row["verdict"] == "worse"] + lost
        if not lost:
            lines.append(
                f"<p>Under {escaped(title_of(name))} no fifth, place or headline measure is shown to be worse off. "
                f"{NOT_PROOF}</p>"
            )
            continue
        body = []
        for metric in dict.fromkeys(row["metric"] for row in lost):
            rows = [row for row in lost if row["metric"] == metric]
            who = ["Everyone together" if row["group"] == "all" else group_name(row["group"]) for row in rows]
            means = sorted(row["difference"] for row in rows)
            places = max((places_of(row) or 0 for row in rows), default=None)
            reach = figure(means[0], signed=True, places=places)
            if len(means) > 1:
                reach = between(means[0], means[-1], signed=True, places=places)
            body.append((_named(results, rows[0]), escaped("; ".join(who), 2000), reach))
        caption = f"Worse under {escaped(title_of(name))} than under {escaped(title_of(results.base))}"
        lines.append(table(("Measure", "Worse for", "Difference, lowest to highest of these"), body, caption))
    if tested:
        by_chance = tested * WORSE_BY_CHANCE
        more = f" Were there no effect, about {by_chance:.0f} would seem worse by chance." if by_chance >= 1 else ""
        lines.append(f'<p class="muted">{tested} differences by fifth and place were looked at.{more}</p>')
    return "\n".join([*lines, f'<div class="grid">{"".join(figure_of(chart, 3) for chart in charts)}</div>'])


def _differences(results: Results) -> str:
    lines = []
    rows = [scaled(row) for row in results.rows().to_dict("records")]
    base = {row["metric"]: row for row in rows if row["scenario"] == results.base}
    titles = {name: escaped(title_of(name)) for name in results.names}
    for name in results.names[1:]:
        body = []
        for row in rows:
            if row["scenario"] != name:
                continue
            places = places_of(row)
            before = base[row["metric"]]["mean"] if row["metric"] in base else None
            apart = between(row["difference_low"], row["difference_high"], signed=True, places=places)
            body.append(
                (
                    _named(results, row),
                    figure(before, places=places),
                    figure(row["mean"], places=places),
                    figure(row["difference"], signed=True, places=places),
                    apart,
                    _verdict(row),
                )
            )
        heads = ("Measure", titles[results.base], titles[name], "Difference", "95 % interval", "What it shows")
        caption = f"{titles[name]} against {titles[results.base]}, mean of the last {_years(results)}"
        lines.append(table(heads, body, caption, right=(1, 2, 3)))
    lines.append(
        csv_link(results.rows().assign(run=results.run_id[:8]), "differences", "Download this table (CSV)")
        + '<p class="muted">“Would do” is the fewest pairs whose 95 % interval would leave out nothing, if the '
        "difference and its spread stayed as they are; it is itself an estimate. A difference between two shares is in "
        "percentage points. Figures are rounded, so a difference may seem one off in its last place. Every "
        "measure of the model, for everyone and by fifth and place, is in <code>derived/tables</code> beside this "
        "page.</p>"
    )
    return "\n".join(lines)


def _levels(results: Results) -> str:
    body = []
    for raw in results.rows().to_dict("records"):
        row = scaled(raw)
        places = places_of(row)
        body.append(
            (_named(results, row), figure(row["mean"], places=places), between(row["low"], row["high"], places=places))
        )
    caption = f"{escaped(title_of(results.base))}, mean of the last {_years(results)}"
    return table(("Measure", "Mean", "95 % interval"), body, caption, right=(1,))


def _theme(results: Results, pairs: list[Pair]) -> str:
    """The charts of one theme: a measure a row, its level beside its difference."""
    blocks = []
    for pair in pairs:
        about = results.metrics[pair.metric]
        meaning = f'<p class="muted">{escaped(about.meaning, 400)}</p>' if about.meaning else ""
        both = figure_of(pair.level) + (figure_of(pair.difference) if pair.difference is not None else "")
        blocks.append(f'<h3>{escaped(about.label)}</h3>{meaning}<div class="grid">{both}</div>')
    if len(blocks) <= OPEN_PAIRS:
        return "\n".join(blocks)
    rest = [results.metrics[pair.metric].label for pair in pairs[OPEN_PAIRS:]]
    more = "".join(blocks[OPEN_PAIRS:])
    return (
        "\n".join(blocks[:OPEN_PAIRS])
        + f'<details class="more"><summary>More: {escaped(", ".join(rest), 400)}</summary>{more}</details>'
    )


def _flows(charts: list[Chart]) -> str:
    if not charts:
        return ""
    said = (
        "<p>Every need that was open or arose in these years, and what became of it. The width of a band is how many. "
        "Where several could have helped, the model says who did in proportion to how much each helps.</p>"
    )
    return said + f'<div class="grid">{"".join(figure_of(chart, 3) for chart in charts)}</div>'


def _lives(told: list[Life]) -> str:
    if not told:
        return ""
    lines = [
        "<p><strong>These are invented people.</strong> The same person lives in both worlds, with the same chances, until "
        "something that reaches them differs. They are picked by rule from those followed in the first pair.</p>"
    ]
    for life in told:
        heads, parting = ("Week of", escaped(life.base_title), escaped(life.title)), life.parting
        rows = [(escaped(f"{day:%d %b %Y}"), escaped(one, 900), escaped(other, 900)) for day, one, other in life.rows]
        left = (
            f'<p class="muted">{count(life.left_out, "more week")} of this life are kept in the results folder.</p>'
            if life.left_out
            else ""
        )
        lines.append(
            f"<article><h3>{escaped(life.name)} (invented person): {escaped(life.base_title)} and {escaped(life.title)}</h3>"
            f"<p>{escaped(life.who, 600)} {escaped(life.why_chosen, 600)}</p>"
            f"<p>Until {escaped(parting.when)} the same things happen to them in both worlds. Then their lives part:</p><ul>"
            f"<li><strong>{escaped(life.base_title)}</strong>: {escaped(parting.base, 900)}</li>"
            f"<li><strong>{escaped(life.title)}</strong>: {escaped(parting.own, 900)}</li>"
            f"<li>Why: {escaped(parting.why, 300)}.</li></ul>"
            f"{figure_of(life.chart)}<details><summary>{escaped(life.name)}’s weeks in both worlds</summary>"
            f"{table(heads, rows, escaped(f'{life.name} (invented person), {life.base_title} and {life.title}: weeks in which something happens'))}{left}"
            "</details></article>"
        )
    return "\n".join(lines)


def _pace(results: Results) -> str:
    if results.outcomes.empty:
        return ""
    lines = []
    for name in results.names[1:]:
        said = pace(results, name)
        if said:
            lines.append(f"<h3>{escaped(title_of(name))}</h3>{_list(tuple(said), 8)}")
    rows = []
    for raw in results.outcomes[results.outcomes["group"] == "all"].to_dict("records"):
        row = scaled(raw)
        places = places_of(row)
        if row["outcome"] != "early_dip" or row["pairs"] == 0 or round(row["mean"], places or 0) == 0:
            continue
        about = results.metrics[row["metric"]]
        what = escaped(with_unit(about.label, row["unit"]))
        reach = between(row["low"], row["high"], places=places)
        rows.append((what, escaped(title_of(row["scenario"])), figure(row["mean"], places=places), reach))
    if rows:
        caption = "The worst quarter in the two years after the first change, where there is one"
        lines.append(
            "<h3>What it costs first</h3>"
            + table(("Measure", "Scenario", "Difference from the base", "95 % interval"), rows, caption, right=(2,))
            + '<p class="muted">It is the worst of eight quarters, so chance alone makes one even where nothing gets worse. '
            "When half the effect is there is said only where an effect is shown.</p>"
        )
    return "\n".join(lines)
