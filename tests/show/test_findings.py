"""What a report says: only what its intervals show, of lives as they were lived, of programmes as they were run."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealsim.levers import LEVERS
from dealsim.scenarios import load, shipped_names
from dealsim.show.findings import findings, pace
from dealsim.show.flows import BEGAN, ENDED, OPEN, flow_charts, flows
from dealsim.show.lives import _WHY, _told, lives, sentence_of
from dealsim.show.programme import spans
from dealsim.show.words import places_of, scaled
from dealsim.summary import verdict_of
from dealsim.tally import EVENT_KINDS

numbers = st.integers(-10_000, 10_000).map(lambda whole: whole / 10 + 0.05)


@given(st.data())
def test_nothing_is_claimed_that_its_interval_does_not_show(lived, data):
    at = lived.summary.index[(lived.summary["scenario"] == "deal") & (lived.summary["group"] == "all")]
    table = lived.summary.copy()
    for row in at:
        low, high = sorted((data.draw(numbers), data.draw(numbers)))
        good = table.loc[row, "good"]
        table.loc[row, ["difference_low", "difference_high", "difference"]] = low, high, (low + high) / 2
        table.loc[row, "verdict"] = verdict_of(low, high, good)
    moved = replace(lived, summary=table)
    rows = {row["metric"]: row for row in moved.rows().to_dict("records") if row["scenario"] == "deal"}
    found = findings(moved, "deal")
    for kind, listed in (("better", found.better), ("worse", found.worse)):
        for one in listed:
            if one.key.startswith("groups-"):
                continue
            row = rows[one.key.partition("-")[2]]
            assert row["difference_low"] > 0 or row["difference_high"] < 0
            assert ((row["difference_low"] > 0) == (row["good"] == "up")) == (kind == "better")
    told = {one.key.partition("-")[2] for one in (*found.worse, *found.better, *found.other, *found.unsure)}
    assert told == set(rows), "every headline measure is spoken of once"


def test_a_sentence_holds_the_figures_of_its_row(lived):
    rows = {row["metric"]: scaled(row) for row in lived.rows().to_dict("records") if row["scenario"] == "deal"}
    for one in findings(lived, "deal").better:
        row = rows[one.key.partition("-")[2]]
        shown = re.findall(r"[−+]?[\d,]*\.?\d+", one.text.split("95 % interval")[1])
        low, high = (float(text.replace("−", "-").replace(",", "")) for text in shown[:2])
        half = 0.5 * 10.0 ** -(places_of(row) or 0) + 1e-9
        assert abs(low - row["difference_low"]) <= half and abs(high - row["difference_high"]) <= half


def test_fewer_contacts_with_more_hidden_need_are_called_out(lived):
    table = lived.summary.copy()
    of = (table["scenario"] == "deal") & (table["group"] == "all")
    table.loc[of & (table["metric"] == "contacts_per_1000"), "verdict"] = "better"
    table.loc[of & table["metric"].isin(["hidden_need_share", "hidden_need_population_share"]), "verdict"] = "worse"
    assert any("not all good news" in one.text for one in findings(replace(lived, summary=table), "deal").warnings)
    table.loc[of & table["metric"].isin(["hidden_need_share", "hidden_need_population_share"]), "verdict"] = "better"
    assert not any("not all good news" in one.text for one in findings(replace(lived, summary=table), "deal").warnings)


def test_what_cannot_be_told_names_how_many_pairs_would_do(lived):
    found = findings(lived, "deal")
    needed = [row["pairs_needed"] for row in lived.rows().to_dict("records")
              if row["scenario"] == "deal" and row["verdict"] == "cannot tell" and math.isfinite(row["pairs_needed"])]  # fmt: skip
    assert found.ask_for == 0 or found.ask_for > lived.finished
    if needed and min(needed) <= 2000:
        assert found.command == f"--replicates {found.ask_for}"


def test_pace_speaks_only_of_effects_that_are_shown(lived):
    for name in lived.names[1:]:
        shown = {row["metric"] for row in lived.rows().to_dict("records")
                 if row["scenario"] == name and row["verdict"] in ("better", "worse", "higher", "lower")}  # fmt: skip
        for one in pace(lived, name):
            assert one.key == "level-cumulative_saving" or one.key.partition("-")[2] in shown


@pytest.mark.parametrize("name", ["cuts_only", "deal", "stop_start"])
def test_every_need_is_somewhere(lived, name):
    """What was open before is found by adding up; it must be what was counted the week before."""
    table = flows(lived, name)
    start = lived.settings["weeks"] - lived.settings["outcome_weeks"]
    own = lived.series[(lived.series["scenario"] == name) & (lived.series["group"] == "all")]
    counted = own[(own["metric"] == "need_share") & (own["week"] == start - 1)].set_index("replicate")["value"] * 1000
    assert np.allclose(table["open"], counted.loc[table.index], atol=1e-9)
    assert np.allclose(table[list(BEGAN)].sum(axis=1), table[[*ENDED, *OPEN]].sum(axis=1))
    assert (table[["needs_per_1000", *ENDED]] > 0).all().all()


def test_someone_turned_away_so_far_was_turned_away(lived):
    """People who wait for a first meeting are those whom a team had no slot for: no other wait is in the model."""
    own = lived.series[(lived.series["scenario"] == "cuts_only") & (lived.series["group"] == "all")]
    waits = own[own["metric"] == "turned_away_so_far_share"]["value"]
    turned = own[own["metric"] == "turned_away_share"]["value"]
    assert (waits > 0).any() and (turned > 0).any()
    assert waits.max() * 1000 < 60


def test_the_flow_charts_say_where_needs_go(lived):
    charts = flow_charts(lived)
    assert [chart.title for chart in charts] == [
        "Where needs go: " + name for name in ("Cuts only", "Deal", "Stop start")
    ]
    for chart in charts:
        link = chart.data[0]["link"]
        assert all(value >= 0 for value in link["value"])
    assert flow_charts(replace(lived, series=lived.series[lived.series["metric"] != "with_group_share"])) == []


@pytest.mark.parametrize("name", shipped_names())
def test_bars_stand_exactly_where_a_programme_moves_a_lever(name):
    """Against the weekly table the engine reads: no week that differs from the old regime is without a bar."""
    scenario = load(name)
    weeks = 520
    policy = scenario.policy(weeks, ("Leigh", "Hindley"))
    for lever in LEVERS.values():
        column = {"services_in_deal": "in_deal", "commissioning": "partnership"}.get(lever.name, lever.name)
        old = load("old_regime").policy(weeks, ("Leigh", "Hindley"))
        differs = (getattr(policy, column) != getattr(old, column)).reshape(weeks, -1).any(axis=1)
        drawn = np.zeros(weeks, bool)
        for span in spans(scenario, weeks):
            if span.lever == lever.name:
                assert 0 <= span.start < span.end <= weeks
                assert not drawn[span.start : span.end].any(), "two bars of one lever lie over each other"
                drawn[span.start : span.end] = True
        assert not (differs & ~drawn).any(), f"{name}: {lever.name} moves where no bar stands"
        if not differs.any():
            assert not drawn.any() or lever.name in ("public_communications", "staff_communications")


def test_lives_are_of_invented_people_and_part_where_their_events_part(lived):
    told = {name: _told(lived, name) for name in lived.names}
    found = lives(lived, "deal")
    assert 1 <= len(found) <= 3
    assert len({life.person for life in found}) == len(found)
    for life in found:
        assert "invented person" in life.who and "invented person" in life.chart.title
        base, own = told["cuts_only"].get(life.person, {}), told["deal"].get(life.person, {})
        for week in range(life.parted):
            assert sentence_of(base.get(week, [])) == sentence_of(own.get(week, []))
        one, other = base.get(life.parted, []), own.get(life.parted, [])
        assert [tuple(event.values())[1:] for event in one] != [tuple(event.values())[1:] for event in other]
        assert life.parting.base == sentence_of(one) and life.parting.own == sentence_of(other)


def test_who_gains_most_and_loses_most_are_that(lived):
    by = lived.people.pivot(index="week", columns=["scenario", "person"], values="wellbeing")
    moved = (by["deal"] - by["cuts_only"]).mean()
    for life in lives(lived, "deal"):
        if "gains most" in life.why_chosen:
            assert moved[life.person] == pytest.approx(moved.max())
        if "loses most" in life.why_chosen:
            assert moved[life.person] == pytest.approx(moved.min())


def test_the_same_scenario_twice_has_no_parting(lived):
    same = lived.people[lived.people["scenario"] == "cuts_only"]
    events = lived.events[lived.events["scenario"] == "cuts_only"]
    import pandas as pd

    twice = replace(
        lived,
        people=pd.concat([same.astype({"scenario": str}), same.assign(scenario="deal")]),
        events=pd.concat([events.astype({"scenario": str}), events.assign(scenario="deal")]),
    )
    assert lives(twice, "deal") == []


@pytest.mark.parametrize("kind", EVENT_KINDS)
def test_every_kind_of_event_can_be_told(kind):
    event = {"kind": kind, "service": "adult_social_care", "departed": 1, "solved": 1, "revealed": 1, "sanctioned": 0}
    said = sentence_of([event])
    assert said.endswith(".") and "_" not in said
    assert kind == "part tried" or kind in _WHY
