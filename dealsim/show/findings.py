"""What a comparison found, in plain sentences made by rule; nothing is said that an interval does not show.

Whoever is worse off comes first. It reads the summary and runs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dealsim.analysis.doubt import by_set, doubt_of
from dealsim.calendar import WEEKS_A_YEAR
from dealsim.results import Results
from dealsim.scenarios.timetable import monday_of
from dealsim.show.plots import group_name, grouped_metrics, groups_of, raw_row
from dealsim.show.words import between, count, figure, places_of, scaled, sentence, title_of
from dealsim.summary import CUMULATIVE, SHOWN, interval, verdict_of, verdict_over_sets
from dealsim.text import plain

SURVEY_MARGIN = 0.11
"""Points of life satisfaction that a survey of 1,000 people can be out by: 1.96 × 1.8 ÷ √1,000."""
WORSE_BY_CHANCE = 0.025
"""Share of differences that seem worse where there is no effect: one end of a 95 % interval."""
NOT_PROOF = "That is not proof that nobody is: small harms need more pairs to be seen."
NEVER_MORE = 2_000
"""Pairs beyond which it is not said how many would do: nobody will run them."""


@dataclass(frozen=True)
class Finding:
    """One sentence and the figure it rests on: `key` is the chart or table of the report that holds it."""

    text: str
    key: str


@dataclass(frozen=True)
class Findings:
    """What is found of one scenario: worse, better, neither good nor bad, and what cannot be told."""

    worse: tuple[Finding, ...]
    better: tuple[Finding, ...]
    other: tuple[Finding, ...]
    unsure: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    ask_for: int

    @property
    def command(self) -> str:
        """How many pairs would settle most of what cannot be told, as an option of the command; empty for none."""
        return f"--replicates {self.ask_for}" if self.ask_for else ""


def findings(results: Results, scenario: str) -> Findings:
    """Everything the headline figures show of a scenario against the base."""
    rows = [row for row in results.rows().to_dict("records") if row["scenario"] == scenario]

    def of(*verdicts: str) -> tuple[Finding, ...]:
        return tuple(_finding(results, row) for row in rows if row["verdict"] in verdicts)

    unsure = [row for row in rows if row["verdict"] == "cannot tell"]
    needed = sorted(int(row["pairs_needed"]) for row in unsure if math.isfinite(row["pairs_needed"]))
    within = [pairs for pairs in needed if pairs <= NEVER_MORE]
    return Findings(
        worse=(*of("worse"), *_groups_worse(results, scenario)),
        better=of("better"),
        other=of("higher", "lower", "no difference"),
        unsure=tuple(_finding(results, row) for row in unsure),
        warnings=tuple(_warnings(results, scenario)),
        ask_for=max(within[-1], results.finished + 1) if within else 0,
    )


def _finding(results: Results, row: dict[str, Any]) -> Finding:
    """One difference in a sentence, with both levels and the interval."""
    if row["verdict"] not in SHOWN:
        return Finding(sentence(row, results.base), f"difference-{row['metric']}")
    before = raw_row(results, row["metric"], results.base)
    row = scaled(row)
    places = places_of(row)
    reach = between(row["difference_low"], row["difference_high"], signed=True, places=places)
    apart = figure(abs(row["difference"]), places=places)
    title = title_of(row["scenario"])
    if row["metric"] == CUMULATIVE or before is None:
        ends = (row["difference_low"], row["difference_high"])
        what, reach = f"saved £{apart} per head against", between(*ends, places=places)
        if row["difference"] < 0:
            what, reach = f"spent £{apart} per head more than", between(-ends[1], -ends[0], places=places)
        text = f"Money: by the end {title} has {what} {title_of(results.base)}"
        return Finding(f"{text}, all spending counted (95 % interval {reach}).", f"level-{row['metric']}")
    base = figure(scaled(before)["mean"], places=places)
    points = " points" if row["unit"].startswith("%") else ""
    way = "higher" if row["difference"] > 0 else "lower"
    unit = plain(row["unit"])
    unit = f" on a scale of {unit}" if unit.startswith("0–") else f" {unit}" if unit else ""
    return Finding(
        f"{plain(row['label'])}: {apart}{points} {way} under {title}: {figure(row['mean'], places=places)} instead of "
        f"{base}{unit} (95 % interval of the difference {reach}).",
        f"difference-{row['metric']}",
    )


def _groups_worse(results: Results, scenario: str) -> Iterable[Finding]:
    """Fifths and places that are worse off by a measure by which everyone together is not."""
    looked_at = sum(len(groups_of(results, scenario, metric)) for metric in grouped_metrics(results))
    by_chance = f"of {looked_at} looked at, about {looked_at * WORSE_BY_CHANCE:.1f} would seem worse by chance"
    for metric in grouped_metrics(results):
        whole = raw_row(results, metric, scenario)
        if whole is not None and whole["verdict"] == "worse":
            continue
        rows = groups_of(results, scenario, metric).to_dict("records")
        lost = [group_name(row["group"]) for row in rows if row["verdict"] == "worse"]
        if lost:
            said = results.metrics[metric].label
            yield Finding(
                f"{said}: worse for {', '.join(lost)}, though not for everyone together ({by_chance}).",
                f"groups-{metric}",
            )


def _warnings(results: Results, scenario: str) -> Iterable[Finding]:
    """What a reader would miss who looked at one figure only."""

    def verdict(metric: str) -> str:
        row = raw_row(results, metric, scenario)
        return str(row["verdict"]) if row else ""

    if verdict("contacts_per_1000") == "better" and "worse" in (
        verdict("hidden_need_share"),
        verdict("hidden_need_population_share"),
    ):
        yield Finding(
            "Fewer contacts are not all good news here: a larger part of people in need is in contact with nobody.",
            "difference-hidden_need_share",
        )
    for metric in ("mean_wellbeing", "wellbeing_in_need"):
        row = raw_row(results, metric, scenario)
        if row and row["verdict"] in ("better", "worse") and abs(row["difference"]) < SURVEY_MARGIN:
            yield Finding(
                f"{row['label']} moves by {figure(row['difference'], signed=True, places=3)} on a scale of 0–10; a survey of "
                f"1,000 people can be out by {SURVEY_MARGIN}, so it would hardly see this.",
                f"difference-{metric}",
            )
            break
    yield from _turned(results, scenario)


def _turned(results: Results, scenario: str) -> Iterable[Finding]:
    """Measures whose last year shows another thing than the mean of the last years: what moves is not over."""
    weeks = int(results.settings["weeks"])
    if int(results.settings["outcome_weeks"]) <= WEEKS_A_YEAR:
        return
    table = results.series
    last = table[(table["week"] >= weeks - WEEKS_A_YEAR) & (table["group"] == "all")]
    for metric in results.headline:
        row = raw_row(results, metric, scenario)
        if row is None or metric == CUMULATIVE:
            continue
        of = last[last["metric"] == metric]
        means = of.groupby(["scenario", "replicate"], observed=True)["value"].mean()
        if scenario not in means or results.base not in means:
            continue
        apart = (means[scenario] - means[results.base]).dropna()
        if results.sets:
            over = doubt_of(by_set({int(k): float(v) for k, v in apart.items()}, results.sets))
            mean, now = over.mean, verdict_over_sets(over, row["good"])
        else:
            mean, low, high = interval(apart.to_numpy())
            now = verdict_of(low, high, row["good"])
        before = row["verdict"]
        is_gone = (
            before in ("better", "worse")
            and now == "cannot tell"
            and mean * row["difference"] <= 0.5 * row["difference"] ** 2
        )
        if (now in ("better", "worse") and now != before) or is_gone:
            yield Finding(
                f"{plain(row['label'])}: “{before}” over these years, but “{now}” in the last of them; see which way it goes.",
                f"difference-{metric}",
            )


def pace(results: Results, scenario: str) -> list[Finding]:
    """How fast, what it costs first, what is kept and when it is paid back: only what pairs show."""
    table = results.outcomes
    if table.empty:
        return []
    own = table[(table["scenario"] == scenario) & (table["group"] == "all")]
    found = []
    for raw in own.to_dict("records"):
        row = scaled(raw)
        reached, pairs = int(row["reached"]), int(row["pairs"])
        if pairs == 0:
            continue
        if row["outcome"] == "payback_week":
            if reached == 0:
                text = f"In none of {count(pairs, 'pair')} is what was spent paid back within these years."
            else:
                text = f"What was spent is paid back by {_months(results, row)} in {reached} of {count(pairs, 'pair')}."
            found.append(Finding(text, f"level-{CUMULATIVE}"))
        elif row["outcome"] == "half_effect_week" and _is_shown(results, row) and reached:
            label = results.metrics[row["metric"]].label
            text = f"{label}: half the effect is there by {_months(results, row)}."
            found.append(Finding(text, f"difference-{row['metric']}"))
        elif row["outcome"] == "retention" and _is_shown(results, row) and reached:
            label = results.metrics[row["metric"]].label
            text = (
                f"{label}: two years after support stops {figure(row['mean'], places=0)} % of the effect is kept "
                f"({between(row['low'], row['high'], places=0)})."
            )
            found.append(Finding(text, f"difference-{row['metric']}"))
    return found


def _months(results: Results, row: dict[str, Any]) -> str:
    """A week and its interval as months of the calendar, never later than the years that were lived."""
    weeks = int(results.settings["weeks"])
    mean = f"{monday_of(round(row['mean'])):%B %Y}"
    if not (math.isfinite(row["low"]) and math.isfinite(row["high"])):
        return f"{mean} (no interval)"
    low, high = (max(0, round(row[end])) for end in ("low", "high"))
    if f"{monday_of(low):%B %Y}" == f"{monday_of(high):%B %Y}":
        return f"{mean} (the same month in every pair)"
    until = f"{monday_of(high):%B %Y}" if high < weeks else "later than these years"
    return f"{mean} (95 % interval {monday_of(low):%B %Y} to {until})"


def _is_shown(results: Results, row: dict[str, Any]) -> bool:
    found = raw_row(results, row["metric"], row["scenario"])
    return bool(found and found["verdict"] in SHOWN)
