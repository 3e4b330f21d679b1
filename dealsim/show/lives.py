"""One person in two worlds: the same invented citizen's life under the base and under a scenario.

It reads what was written down of the people who were followed; it makes nothing up but their names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from dealsim.agents.citizen import AGE_BANDS, NEED_LEVELS
from dealsim.results import Results
from dealsim.scenarios.timetable import day_in_words, monday_of, name_in_words
from dealsim.show.plots import Chart, axis_line, dates_of, group_name, layout_of, line_of, numbers
from dealsim.show.words import figure, title_of
from dealsim.text import label, plain

NAMES = (
    "Alex", "Ashley", "Aubrey", "Bobby", "Cameron", "Charlie", "Chris", "Dana", "Drew", "Eden", "Frankie", "Glenn",
    "Hayden", "Indy", "Jamie", "Jess", "Jo", "Jules", "Kai", "Kim", "Lee", "Lou", "Max", "Micah", "Morgan", "Nicky",
    "Noor", "Pat", "Quinn", "Reese", "Robin", "Rowan", "Sam", "Sasha", "Shay", "Sidney", "Taylor", "Toni", "Val", "Zain",
)  # fmt: skip
"""First names that say nothing of who somebody is; which one a person has follows from their number."""

MOST_ROWS = 24
"""Weeks of a life that are told at most."""

_SAID = {
    "need arises": "A need arises ({service}).",
    "gets worse": "The need gets worse: it is acute now.",
    "crisis": "The need becomes a crisis.",
    "put right alone": "Puts it right alone.",
    "put right with family or friends": "Puts it right with the help of family or friends.",
    "put right with a group's help": "Puts it right with the help of a community group.",
    "contact": "Asks {service} for help.",
    "turned away": "Is turned away: no worker has time.",
    "sent to the community": "Is sent on to the community at the door.",
    "starts to volunteer": "Starts to volunteer.",
    "stops volunteering": "Stops volunteering.",
    "re-opens": "What had been put right comes undone ({service}).",
}
"""What is said of an event that is no meeting with a worker."""

_SAME_DRAW = (
    "help from groups or from people around them, or their own confidence, differed by then; one draw decides whether a "
    "need is put right or gets worse, so more help can also turn the luck of one person for the worse"
)
_WHY = {
    "put right alone": "confidence to act (agency) differed by then",
    "put right with family or friends": "the people around them, or their own confidence, differed by then",
    "put right with a group's help": "community groups reached a different share of need by then",
    "contact": "trust in services differed by then, and with it whether they ask",
    "turned away": "the team had more, or fewer, cases than it could take",
    "sent to the community": "need is sent on at the door in one world only",
    "starts to volunteer": "who asks them, or their own confidence and hope of it, differed by then",
    "stops volunteering": "the load on their group, or the support it has, differed by then",
    "need arises": "their wellbeing, and with it the chance of need, differed by then",
    "gets worse": _SAME_DRAW,
    "crisis": _SAME_DRAW,
    "re-opens": "a part of the need had been put right in one world only",
}
"""What must have differed where lives part by an event: the only inputs its rule has."""


@dataclass(frozen=True)
class Parting:
    """Where two lives part: when, what happens in the base and in the scenario, and why."""

    when: str
    base: str
    own: str
    why: str


@dataclass(frozen=True)
class Life:
    """One invented person's life in the base and in a scenario.

    `rows` are the weeks told: the day each begins, what happens in the base, what happens in the scenario.
    `parted` is the first week whose events differ.
    """

    person: int
    name: str
    base_title: str
    title: str
    why_chosen: str
    who: str
    parted: int
    parting: Parting
    rows: tuple[tuple[date, str, str], ...]
    left_out: int
    chart: Chart


def lives(results: Results, scenario: str) -> list[Life]:
    """Who gains most, who loses most, and one in the middle, of the people followed in both worlds."""
    people = results.people
    if people.empty or "wellbeing" not in people:
        return []
    by = people.pivot(index="week", columns=["scenario", "person"], values="wellbeing")
    if results.base not in by or scenario not in by:
        return []
    moved = (by[scenario] - by[results.base]).mean().sort_values(kind="stable").round(9)
    told = {name: _told(results, name) for name in (results.base, scenario)}
    parted = {
        person: _parting(told[results.base].get(person, {}), told[scenario].get(person, {})) for person in moved.index
    }
    differ = [person for person in moved.index if parted[person] >= 0]
    if not differ:
        return []
    number = len(moved)
    gained, lost = int((moved > 0.005).sum()), int((moved < -0.005).sum())
    rest = (
        f"Of {number} people followed, wellbeing over the years is higher by more than 0.005 for {gained} and lower "
        f"for {lost}."
    )
    chosen: dict[int, str] = {}
    if moved[differ[-1]] > 0:
        chosen[differ[-1]] = f"gains most. {rest}"
    middle = differ[len(differ) // 2]
    chosen.setdefault(middle, f"is in the middle of the {len(differ)} whose lives run differently. {rest}")
    if moved[differ[0]] < 0:
        chosen.setdefault(differ[0], f"loses most. {rest}")
    return [
        _life(results, scenario, int(person), why, parted[person], told, float(moved[person]))
        for person, why in chosen.items()
    ]


_Weeks = dict[int, list[dict[str, Any]]]


def _told(results: Results, scenario: str) -> dict[int, _Weeks]:
    """Events by person and week, in the order in which they happened."""
    own = results.events[results.events["scenario"] == scenario]
    found: dict[int, _Weeks] = {}
    for event in own.astype({"kind": str, "service": str}).to_dict("records"):
        found.setdefault(int(event["person"]), {}).setdefault(int(event["week"]), []).append(event)
    return found


_WHAT = ("kind", "service", "departed", "solved", "revealed", "sanctioned")


def _same(one: Sequence[dict[str, Any]], other: Sequence[dict[str, Any]]) -> bool:
    return [[event[key] for key in _WHAT] for event in one] == [[event[key] for key in _WHAT] for event in other]


def _parting(base: _Weeks, own: _Weeks) -> int:
    """The first week whose events differ, −1 where none does."""
    return next((week for week in sorted({*base, *own}) if not _same(base.get(week, []), own.get(week, []))), -1)


def sentence_of(events: Sequence[dict[str, Any]]) -> str:
    """What happens to a person in one week."""
    said = []
    for event in events:
        service = name_in_words(plain(event["service"])).replace("+", " and ") or "nobody"
        if event["kind"] != "part tried":
            said.append(_SAID[event["kind"]].format(service=service))
            continue
        heard = "hears what would help" if event["revealed"] else "does not hear what would help"
        acts = "departs from the standard offer" if event["departed"] else "gives the standard offer"
        how = "it helps" if event["solved"] else "it does not help"
        joined = "and" if bool(event["revealed"]) == bool(event["departed"]) else "but"
        text = f"A worker ({service}) {heard} {joined} {acts}; {how}."
        said.append(f"{text} The worker is sanctioned for an incident." if event["sanctioned"] else text)
    return " ".join(said) or "Nothing happens that week."


def _why(base: Sequence[dict[str, Any]], own: Sequence[dict[str, Any]]) -> str:
    """The cause of the first event that differs: what its rule reads, and nothing more."""
    for at in range(max(len(base), len(own))):
        one = base[at] if at < len(base) else None
        other = own[at] if at < len(own) else None
        if one is not None and other is not None:
            if _same([one], [other]):
                continue
            if one["kind"] == other["kind"] == "part tried" and one["service"] == other["service"]:
                if one["revealed"] != other["revealed"]:
                    return "what the worker had learnt of the different conversation differed by then"
                if one["departed"] != other["departed"]:
                    return "whether a worker dares to depart, and whether the standard offer fits, differed by then"
                if one["solved"] != other["solved"]:
                    return "what community or service could offer differed by then"
                return "an incident was answered differently"
            if "turned away" in (one["kind"], other["kind"]):
                return _WHY["turned away"]
            if "part tried" in (one["kind"], other["kind"]):
                return "services worked jointly, or handed the need on, in one world only"
        event = other if other is not None else one
        assert event is not None
        if event["kind"] == "part tried":
            return "services worked jointly, or the team had time, in one world only"
        return _WHY[event["kind"]]
    return "nothing differs"


def _life(
    results: Results,
    scenario: str,
    person: int,
    why: str,
    parted: int,
    told: dict[str, dict[int, _Weeks]],
    moved: float,
) -> Life:
    base, own = (told[name].get(person, {}) for name in (results.base, scenario))
    # two people of one name are told apart by a letter
    name = NAMES[person % len(NAMES)] + (f" {chr(64 + person // len(NAMES))}." if person >= len(NAMES) else "")
    weeks = [week for week in sorted({*base, *own}) if week >= parted - 8]
    before = len({*base, *own}) - len(weeks)
    told_weeks = weeks[:MOST_ROWS]
    titles = (title_of(results.base), title_of(scenario))
    return Life(
        person=person,
        name=name,
        base_title=titles[0],
        title=titles[1],
        why_chosen=f"{name} {why}",
        who=_who(results, person, name),
        parted=parted,
        parting=Parting(
            f"the week of {day_in_words(parted)}",
            sentence_of(base.get(parted, [])),
            sentence_of(own.get(parted, [])),
            _why(base.get(parted, []), own.get(parted, [])),
        ),
        rows=tuple(
            (monday_of(week), sentence_of(base.get(week, [])), sentence_of(own.get(week, []))) for week in told_weeks
        ),
        left_out=before + len(weeks) - len(told_weeks),
        chart=_chart(results, scenario, person, name, parted, told, moved),
    )


def _who(results: Results, person: int, name: str) -> str:
    """What the model knows of a person."""
    row = results.people[results.people["person"] == person].iloc[0]
    places = [group for group in results.summary["group"].unique() if group.startswith("place:")]
    place = int(row["place"])
    lives_in = f", in {group_name(places[place])}" if place < len(places) else ""
    fifth = group_name(f"quintile:{int(row['fifth']) + 1}")
    parts = [
        f"{name} is an invented person of {AGE_BANDS[int(row['age_band'])]} years who lives in deprivation f{fifth[1:]}{lives_in}"
    ]
    more = [what for column, what in (("long_term_condition", "lives with a long-term condition"), ("carer", "cares for someone without pay")) if row[column]]  # fmt: skip
    return ", ".join(parts) + (f", and {' and '.join(more)}" if more else "") + "."


def _chart(
    results: Results,
    scenario: str,
    person: int,
    name: str,
    parted: int,
    told: dict[str, dict[int, _Weeks]],
    moved: float,
) -> Chart:
    traces: list[dict[str, Any]] = []
    tables = []
    for at, world in ((0, results.base), (results.names.index(scenario), scenario)):
        own = results.people[(results.people["person"] == person) & (results.people["scenario"] == world)]
        own = own.sort_values("week")
        days = dates_of(own["week"].tolist())
        line = line_of(at)
        called = {"name": label(title_of(world), 60), "legendgroup": str(at)}
        traces.append(
            {"type": "scatter", "mode": "lines", **called, **days, "y": numbers(own["wellbeing"]), "line": line}
        )
        traces.append(
            {"type": "scatter", "mode": "lines", **called, **days, "y": own["need"].astype(int).tolist(),
             "line": {**line, "shape": "hv"}, "yaxis": "y2", "showlegend": False}
        )  # fmt: skip
        struck = [
            week for week, events in told[world].get(person, {}).items() if any(e["kind"] == "crisis" for e in events)
        ]
        if struck:
            crises = [monday_of(week).isoformat() for week in sorted(struck)]
            traces.append(
                {"type": "scatter", "mode": "markers", "x": crises, "y": [3] * len(crises), "yaxis": "y2", "showlegend": False,
                 "marker": {"symbol": ("x", "triangle-down")[min(at, 1)], "size": 9, "color": line["color"]},
                 "hovertemplate": "crisis: %{x|%B %Y}<extra>" + called["name"] + "</extra>", "legendgroup": str(at)}
            )  # fmt: skip
        yearly = own.assign(year=own["week"] // 52 + 1).groupby("year")["wellbeing"].mean()
        tables.append(pd.DataFrame({"scenario": world, "year": yearly.index, "mean": yearly.to_numpy()}))
    layout = layout_of(results, "", 0.0, 10.0)
    layout["yaxis"] |= {
        "domain": [0.42, 1.0],
        "title": {"text": "wellbeing, 0–10", "font": {"size": 12}},
        "range": [0, 10],
    }
    layout["yaxis"].pop("rangemode", None)
    layout["yaxis2"] = {
        **axis_line(), "domain": [0.0, 0.3], "title": {"text": "need", "font": {"size": 12}}, "range": [-0.2, 3.2],
        "tickvals": [0, 1, 2, 3], "ticktext": list(NEED_LEVELS),
    }  # fmt: skip
    layout["xaxis"] |= {"anchor": "y2"}
    layout["height"] = 380
    day = monday_of(parted).isoformat()
    layout["shapes"] = [
        {"type": "line", "x0": day, "x1": day, "xref": "x", "yref": "paper", "y0": 0, "y1": 1,
         "line": {"color": "#595959", "dash": "dot", "width": 1.5}}
    ]  # fmt: skip
    layout["annotations"] = [
        *layout["annotations"],
        {"text": "their lives part", "x": day, "y": 0.36, "xref": "x", "yref": "paper", "showarrow": False,
         "xanchor": "left", "font": {"size": 11}, "bgcolor": "#ffffff"},
    ]  # fmt: skip
    way = "higher" if moved > 0 else "lower"
    return Chart(
        key=f"life-{results.names.index(scenario)}-{person}",
        title=f"{name} (invented person): wellbeing and need, {title_of(results.base)} and {title_of(scenario)}",
        subtitle="wellbeing 0–10 (ONS life satisfaction) and level of need, every fourth week; marks: a crisis begins, even one that passes within its week; one life, so no interval",
        sentence=f"{name}'s mean wellbeing over the years is {figure(abs(moved), places=3)} {way} under {title_of(scenario)} "
        f"than under {title_of(results.base)}. One life proves nothing; the charts above show everyone.",
        data=traces,
        layout=layout,
        unit="0–10",
        short=pd.concat(tables, ignore_index=True),
        is_over_time=True,
    )
