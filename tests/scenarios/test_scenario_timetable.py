"""Dates become weeks, and entries become weekly values, as a hand sum says they do."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealsim.errors import InputError
from dealsim.levers import LEVERS, PAID_LEVERS, SERVICE_KINDS, SHOCKS, policy_of
from dealsim.places import shipped
from dealsim.scenarios import Scenario, load, scenario_from, shipped_names
from dealsim.scenarios.shape import SHOCK_MODELS, scenario_model
from dealsim.scenarios.timetable import STAFF_LEVERS, WEEK_ZERO, DateError, monday_of, week_of

PLACES = ("Leigh", "Hindley")
POLICE, HEALTH = SERVICE_KINDS.index("police"), SERVICE_KINDS.index("health")


def scenario(**parts: Any) -> Scenario:
    return scenario_from({"name": "test", **parts})


def series(lever: str, *entries: dict[str, Any], weeks: int = 520, **parts: Any) -> np.ndarray:
    """A whole-borough lever's weekly values under some schedule entries."""
    schedule = [{"lever": lever, **entry} for entry in entries]
    table: np.ndarray = getattr(scenario(schedule=schedule, **parts).policy(weeks, PLACES), lever)
    return table


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("2011-04-04", 0),
        ("2011-04-10", 0),
        ("2011-04-11", 1),
        ("2011-04", 0),
        ("2011-05", 3),  # 1 May 2011 is a Sunday, the last day of week 3
        ("2012-04-02", 52),
        ("2013-04", 104),  # 1 April 2013 is a Monday: 728 days
        ("2013-04-01", 104),
        ("2013-04-07", 104),
        ("2018-04", 364),  # 1 April 2018 is a Sunday: 2,554 days = 364 weeks and 6 days
        ("2021-03-22", 520),
    ],
)
def test_a_date_means_the_week_that_contains_it(text: str, week: int) -> None:
    assert week_of(text) == week


@given(st.integers(0, 3_000), st.integers(0, 6))
def test_every_day_of_a_week_is_that_week(week: int, day: int) -> None:
    assert week_of((monday_of(week) + timedelta(days=day)).isoformat()) == week


@pytest.mark.parametrize(
    "text",
    ["2011-04-03", "2011-03", "2013-4", "2013/04", "13-04", "2013-00", "2013-04-31", "", "２０１３-04"],
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(DateError):
        week_of(text)


def test_week_zero_is_a_monday() -> None:
    assert date(2011, 4, 4) == WEEK_ZERO
    assert WEEK_ZERO.weekday() == 0


def test_a_value_holds_from_its_date() -> None:
    values = series("communications_clarity", {"from": "2013-04", "value": 0.7}, {"from": "2014-04", "value": 0.9})
    assert list(values[[0, 103, 104, 155, 156, 519]]) == [0.5, 0.5, 0.7, 0.7, 0.9, 0.9]


def test_until_gives_back_what_held_before() -> None:
    steps = ({"from": "2012-04-02", "value": 0.6}, {"from": "2013-04", "until": "2013-04-15", "value": 0.9})
    values = series("communications_clarity", *steps)
    assert list(values[[0, 51, 52, 103, 104, 105, 106, 519]]) == [0.5, 0.5, 0.6, 0.6, 0.9, 0.9, 0.6, 0.6]


def test_a_pulse_is_a_value_that_ends() -> None:
    pulse = series("communications_clarity", {"from": "2013-04", "to": "2013-04-15", "pulse": 0.9})
    value = series("communications_clarity", {"from": "2013-04", "until": "2013-04-15", "value": 0.9})
    assert np.array_equal(pulse, value)
    assert list(pulse[[103, 104, 105, 106]]) == [0.5, 0.9, 0.9, 0.5]


def test_a_ramp_runs_straight_and_then_holds() -> None:
    values = series("communications_clarity", {"from": "2013-04-01", "to": "2013-04-29", "ramp": [0.2, 1.0]})
    assert values[103:110] == pytest.approx([0.5, 0.2, 0.4, 0.6, 0.8, 1.0, 1.0])
    assert values[-1] == 1.0


def test_a_ramp_of_one_week_is_a_step() -> None:
    ramp = series("communications_clarity", {"from": "2013-04-01", "to": "2013-04-08", "ramp": [0.5, 0.9]})
    step = series("communications_clarity", {"from": "2013-04-08", "value": 0.9})
    assert np.array_equal(ramp, step)


def test_ramps_join_end_to_end() -> None:
    values = series(
        "communications_clarity",
        {"from": "2013-04-15", "to": "2013-04-29", "ramp": [0.7, 0.8]},
        {"from": "2013-04-01", "to": "2013-04-15", "ramp": [0.5, 0.7]},
    )
    assert values[103:110] == pytest.approx([0.5, 0.5, 0.6, 0.7, 0.75, 0.8, 0.8])


def test_a_ramp_that_outlasts_the_run_is_cut_off_on_its_way() -> None:
    values = series("communications_clarity", {"from": "2011-04", "to": "2031-04", "ramp": [0, 1]}, weeks=100)
    assert values[-1] == pytest.approx(99 / week_of("2031-04"))


def test_an_entry_after_the_end_changes_nothing() -> None:
    policy = scenario(schedule=[{"lever": "nerve", "from": "2031-04", "value": 1}]).policy(520, PLACES)
    for name, table in policy_of(520, 2)._asdict().items():
        assert np.array_equal(getattr(policy, name), table), name


def test_a_value_by_service_leaves_the_others_at_their_default() -> None:
    values = scenario(levers={"blame_culture": {"default": 0.2, "police": 0.5}}).policy(3, PLACES).blame_culture
    assert values[0, POLICE] == 0.5
    assert np.delete(values[0], POLICE) == pytest.approx([0.2] * 5)
    values = scenario(levers={"blame_culture": {"police": 0.5}}).policy(3, PLACES).blame_culture
    assert np.delete(values[0], POLICE) == pytest.approx([0.6] * 5)


def test_an_entry_by_service_moves_only_that_service() -> None:
    values = series(
        "nerve",
        {"from": "2013-04", "value": {"police": 0.9}},
        {"from": "2013-04", "to": "2013-04-15", "pulse": {"health": 0.1}},
        {"from": "2014-04", "value": {"default": 0.5, "police": 0.4}},
    )
    assert list(values[[103, 104, 106, 156], POLICE]) == [0.3, 0.9, 0.9, 0.4]
    assert list(values[[103, 104, 106, 156], HEALTH]) == [0.3, 0.1, 0.3, 0.5]


def test_a_ramp_by_service_runs_between_its_own_ends() -> None:
    ramp = [{"police": 0.3, "health": 0}, {"police": 0.5, "health": 1}]
    values = series("nerve", {"from": "2013-04-01", "to": "2013-04-15", "ramp": ramp})
    assert values[104:107, POLICE] == pytest.approx([0.3, 0.4, 0.5])
    assert values[104:107, HEALTH] == pytest.approx([0, 0.5, 1])
    assert np.all(values[:, SERVICE_KINDS.index("housing")] == 0.3)


def test_a_value_by_place_stands_in_the_column_of_that_place() -> None:
    made = scenario(levers={"community_investment": {"default": 2, "Leigh": 6}})
    assert list(made.policy(2, PLACES).community_investment[1]) == [6, 2]
    assert list(made.policy(2, PLACES[::-1]).community_investment[1]) == [2, 6]


def test_a_place_the_borough_lacks_is_ignored_with_a_notice() -> None:
    missing = shipped("wigan").place_names[-1]
    made = scenario(levers={"devolution": {missing: 0.5}})
    assert np.all(made.policy(2, PLACES).devolution == 0)
    (notice,) = made.notices(PLACES)
    assert (
        notice
        == f"scenario: levers.devolution: devolution for {missing} is ignored: at this size that place is joined with others"
    )
    assert made.notices(shipped("wigan").place_names) == ()


def test_places_nobody_knows_are_named_with_line_and_column_in_the_file_that_says_them(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("name: base\nlevers:\n  devolution: {Leihg: 0.5}\n")
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nextends: base\nschedule:\n"
        "  - {lever: offloading, from: 2013-04, to: 2014-04, ramp: [{Atlantis: 0}, {Atlantis: 0.1}]}\n"
    )
    with pytest.raises(InputError) as caught:
        load(tmp_path / "mine.yaml").policy(52, shipped("wigan").place_names)
    found = [problem.replace(f"{tmp_path}/", "").split("\n") for problem in caught.value.problems]
    assert [lines[0] for lines in found] == [
        "base.yaml:3:16: devolution: there is no place 'Leihg'; did you mean 'Leigh'?",
        "mine.yaml:4:61: offloading: there is no place 'Atlantis'",
        "mine.yaml:4:76: offloading: there is no place 'Atlantis'",
    ]
    assert found[0][1:3] == ["      devolution: {Leihg: 0.5}", " " * 19 + "^"]
    assert all(lines[-1].strip().startswith("allowed: default, 'Wigan North'") for lines in found), found[0][-1]


def test_a_service_outside_the_deal_keeps_the_old_regime() -> None:
    values = {
        "permission_to_innovate": 0.8,
        "blame_culture": 0.1,
        "asset_based_training": 20,
        "staff_communications": 0.7,
        "nerve": 0.9,
        "budget_cut": 0.2,
    }
    services = [name for name in SERVICE_KINDS if name != "police"]
    policy = scenario(levers={**values, "services_in_deal": services}).policy(4, PLACES)
    assert list(policy.in_deal[0]) == [float(name != "police") for name in SERVICE_KINDS]
    for name in STAFF_LEVERS:
        assert np.all(getattr(policy, name)[:, POLICE] == LEVERS[name].default), name
        assert np.all(getattr(policy, name)[:, HEALTH] == values[name]), name
    assert np.all(policy.budget_cut == 0.2)


def test_a_service_may_join_later() -> None:
    steps = [{"lever": "services_in_deal", "from": "2013-04", "value": ["health", "police"]}]
    policy = scenario(levers={"nerve": 0.9, "services_in_deal": ["health"]}, schedule=steps).policy(120, PLACES)
    assert list(policy.nerve[[103, 104], POLICE]) == [0.3, 0.9]
    assert list(policy.in_deal[[103, 104], POLICE]) == [0, 1]
    assert np.all(policy.nerve[:, HEALTH] == 0.9)


def test_partnership_is_one_from_its_date() -> None:
    policy = scenario(schedule=[{"lever": "commissioning", "from": "2013-04", "value": "partnership"}]).policy(
        110, PLACES
    )
    assert list(policy.partnership[[0, 103, 104, 109]]) == [0, 0, 1, 1]


def test_each_entry_names_its_payer() -> None:
    entries = [
        {"from": "2013-04", "value": 2},
        {"from": "2014-04", "value": 3, "paid_by": "new_money"},
        {"from": "2015-04", "until": "2016-04", "value": 4, "paid_by": "health"},
    ]
    policy = scenario(schedule=[{"lever": "link_workers", **entry} for entry in entries]).policy(520, PLACES)
    row = PAID_LEVERS.index("link_workers")
    weeks = [0, week_of("2013-04"), week_of("2014-04"), week_of("2015-04"), week_of("2016-04")]
    assert list(policy.paid_from_outside[weeks, row]) == [0, 0, 1, 0, 1]
    assert list(policy.paid_by_service[weeks, row, HEALTH]) == [0, 0, 0, 1, 0]
    assert policy.paid_by_service.sum() == week_of("2016-04") - week_of("2015-04")
    assert np.all(np.delete(policy.paid_from_outside, row, axis=1) == 0)


def test_shocks_strike_their_weeks() -> None:
    shocks = [
        {"kind": "leader_leaves", "at": "2013-04"},
        {"kind": "scandal", "at": "2013-04", "service": "police"},
        {"kind": "scandal", "at": "2013-04-08", "size": 0.5},
        {"kind": "demand_shock", "at": "2013-04", "size": 2, "weeks": 3},
        {"kind": "demand_shock", "at": "2013-04-15", "size": 1.5, "weeks": 2},
        {"kind": "budget_shock", "at": "2013-04", "size": 0.1, "weeks": 2},
        {"kind": "leaders_stay", "at": "2013-04", "weeks": 2},
    ]
    policy = scenario(shocks=shocks).policy(120, PLACES)
    weeks = slice(103, 109)
    assert list(policy.leader_leaves[weeks]) == [0, 1, 0, 0, 0, 0]
    assert list(policy.scandal[weeks, POLICE]) == [0, 1, 0.5, 0, 0, 0]
    assert list(policy.scandal[weeks, HEALTH]) == [0, 0, 0.5, 0, 0, 0]
    assert list(policy.demand[weeks]) == [1, 2, 2, 3, 1.5, 1]
    assert list(policy.budget_shock[weeks]) == [0, 0.1, 0.1, 0, 0, 0]
    assert list(policy.leaders_stay[weeks]) == [0, 1, 1, 0, 0, 0]


def test_every_kind_of_shock_has_a_shape_and_strikes() -> None:
    assert set(SHOCK_MODELS) == set(SHOCKS)
    old = policy_of(10, 2)
    for kind, model in SHOCK_MODELS.items():
        given = {"size": 2, "weeks": 3} if kind == "demand_shock" else {"size": 0.5, "weeks": 3}
        shock = {"kind": kind, "at": "2011-05", **{k: v for k, v in given.items() if k in model.model_fields}}
        if kind == "leader_leaves":
            shock["size"] = 1
        policy = scenario(shocks=[shock]).policy(10, PLACES)
        assert any(not np.array_equal(one, other) for one, other in zip(policy, old, strict=True)), kind


def test_a_child_replaces_all_its_parent_says_of_a_lever(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "name: base\nsources: [src-a]\nsize: 5000\nrivals: [fast_word, listening_helps]\n"
        "levers: {nerve: 0.4, blame_culture: 0.5}\n"
        "schedule:\n"
        "  - {lever: nerve, from: 2013-04, value: 0.9}\n"
        "  - {lever: permission_to_innovate, from: 2013-04, value: 0.7}\n"
        "  - {lever: budget_cut, from: 2013-04, value: 0.1}\n"
        "shocks:\n  - {kind: scandal, at: 2013-04}\n  - {kind: leader_leaves, at: 2013-04}\n"
    )
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nextends: base\nsources: [src-b]\nrivals: {fast_word: false}\n"
        "levers: {permission_to_innovate: 0.2}\n"
        "schedule:\n  - {lever: nerve, from: 2014-04, value: 0.8}\n"
        "shocks:\n  - {kind: scandal, at: 2015-04}\n"
    )
    made = load(tmp_path / "mine.yaml")
    policy = made.policy(520, PLACES)
    assert list(policy.nerve[[0, 104, 156], 0]) == [0.3, 0.3, 0.8]
    assert np.all(policy.permission_to_innovate == 0.2)
    assert np.all(policy.blame_culture == 0.5)
    assert policy.budget_cut[104, 0] == 0.1
    assert np.flatnonzero(policy.scandal[:, 0]).tolist() == [week_of("2015-04")]
    assert policy.leader_leaves[104] == 1
    assert made.rivals == ("listening_helps",)
    assert made.sources == ("src-b", "src-a")
    assert (made.size, made.question) == (5000, "")
    where = {key: str(value).removeprefix(f"{tmp_path}/") for key, value in made.origins.items()}
    assert where["levers.blame_culture"] == "base.yaml:5"
    assert where["levers.permission_to_innovate"] == "mine.yaml:5"
    assert "levers.nerve" not in where
    assert where["size"] == "base.yaml:3"
    assert [where[f"schedule[{n}]"] for n in range(2)] == ["base.yaml:9", "mine.yaml:7"]
    assert [entry["lever"] for entry in made.schedule] == ["budget_cut", "nerve"]


def test_a_parent_in_a_folder_below(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "base.yaml").write_text("name: base\nlevers: {nerve: 0.4}\n")
    (tmp_path / "mine.yaml").write_text("name: mine\nextends: parts/base.yaml\n")
    assert load(tmp_path / "mine.yaml").levers["nerve"] == 0.4


def test_a_file_may_bear_and_extend_a_shipped_name(tmp_path: Path) -> None:
    (tmp_path / "deal.yaml").write_text("name: deal\nextends: deal\nlevers: {nerve: 0.1}\n")
    assert load(tmp_path / "deal.yaml").levers["nerve"] == 0.1


def test_a_scenario_cannot_be_changed_but_can_be_kept() -> None:
    deal = load("deal")
    with pytest.raises(TypeError):
        deal.levers["nerve"] = 1  # type: ignore[index]
    with pytest.raises(TypeError):
        deal.schedule[0].update(value=1)  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        deal.name = "other"  # type: ignore[misc]
    for kept in (pickle.loads(pickle.dumps(deal)), copy.deepcopy(deal), copy.copy(deal)):
        assert kept == deal


@pytest.mark.parametrize("name", shipped_names())
def test_a_scenario_as_resolved_reads_back_to_the_same_policy(name: str) -> None:
    made = load(name)
    data = json.loads(json.dumps(made.as_dict()))
    again = scenario_from(data)
    assert again.as_dict() == made.as_dict()
    names = shipped("wigan").place_names
    for one, other in zip(made.policy(520, names), again.policy(520, names), strict=True):
        assert np.array_equal(one, other)


def test_the_shape_makes_a_json_schema() -> None:
    text = json.dumps(scenario_model().model_json_schema(by_alias=True), ensure_ascii=False)
    assert "£ per resident per year" in text
    assert "\\u0000" not in text
    schema = json.loads(text)
    assert schema["additionalProperties"] is False
    assert set(schema["$defs"]["levers"]["properties"]) == set(LEVERS)


@settings(max_examples=60)
@given(
    st.sampled_from([name for name, lever in LEVERS.items() if lever.is_number and not lever.whole]),
    st.integers(0, 600),
    st.integers(1, 200),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.sampled_from(["value", "until", "ramp", "pulse"]),
)
def test_any_entry_keeps_its_lever_in_range(
    name: str, week: int, weeks: int, shares: tuple[float, float], form: str
) -> None:
    lever = LEVERS[name]
    first, last = (lever.low + share * (lever.high - lever.low) for share in shares)
    end = monday_of(week + weeks).isoformat()
    entry = {
        "value": {"value": first},
        "until": {"value": first, "until": end},
        "ramp": {"ramp": [first, last], "to": end},
        "pulse": {"pulse": first, "to": end},
    }[form]
    values = series(name, {"from": monday_of(week).isoformat(), **entry}).reshape(520, -1)
    assert values.min() >= lever.low
    assert values.max() <= lever.high
    assert np.all(values[: min(week, 520)] == lever.default)
    if form in ("until", "pulse"):
        assert np.all(values[week + weeks :] == lever.default)
