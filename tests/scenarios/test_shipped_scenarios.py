"""The shipped scenarios are signed, sourced, one page, and say what the record of the real place says."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import dealsim.scenarios
from dealsim.levers import PAID_LEVERS, SERVICE_KINDS, policy_of
from dealsim.places import shipped
from dealsim.scenarios import load, shipped_names
from dealsim.scenarios.timetable import monday_of, week_of

PLACES = shipped("wigan").place_names
RESIDENTS = 330_000
LATEST = week_of("2013-01")
"""The Deal's first lever moves here."""


def test_the_list_of_shipped_scenarios() -> None:
    assert set(shipped_names()) == {"old_regime", "cuts_only", "deal", *ONLY_MOVES, *STOPPED, *ON_THE_CUTS}


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_scenario_is_signed_and_sourced(name: str) -> None:
    made = load(name)
    assert made.name == name
    assert made.question.endswith("?")
    assert made.author
    assert made.date
    assert made.sources
    assert all(source.startswith("src-") for source in made.sources)
    assert made.text.count("\n") <= 60
    assert all(len(line) <= 130 for line in made.text.split("\n"))
    assert made.notices(PLACES) == ()


def test_the_old_regime_is_every_lever_at_its_default() -> None:
    for one, other in zip(load("old_regime").policy(520, PLACES), policy_of(520, len(PLACES)), strict=True):
        assert np.array_equal(one, other)


def test_cuts_only_moves_the_budget_and_nothing_else() -> None:
    policy = load("cuts_only").policy(520, PLACES)
    for name, table in policy_of(520, len(PLACES))._asdict().items():
        assert np.array_equal(getattr(policy, name), table) == (name != "budget_cut"), name
    assert np.all(np.diff(policy.budget_cut, axis=0) >= 0)
    assert np.all(policy.budget_cut[-1] == 0.18)


@pytest.mark.parametrize(
    ("at", "millions"),
    [
        ("2013-04", 43),
        ("2013-07", 66),
        ("2015-02", 100),
        ("2017-07", 115),
        ("2018-04", 131),
        ("2019-04", 141.5),
    ],
)
def test_the_cut_follows_the_cumulative_reductions(at: str, millions: float) -> None:
    cut = load("cuts_only").policy(520, PLACES).budget_cut[week_of(at), 0]
    assert cut == pytest.approx(millions * 0.18 / 141.5, abs=0.001)


@pytest.mark.parametrize(
    ("end", "millions"), [("2015-01", 4), ("2016-01", 5), ("2017-08", 7.5), ("2018-01", 9), ("2019-01", 10)]
)
def test_the_fund_adds_up_to_its_running_total(end: str, millions: float) -> None:
    yearly = load("deal").policy(520, PLACES).community_investment[: week_of(end), 0]
    assert yearly.sum() * RESIDENTS * 7 / 365.25 / 1e6 == pytest.approx(millions, rel=0.02)


def test_the_deal_has_the_cuts_and_begins_in_2013() -> None:
    deal, cuts = load("deal").policy(520, PLACES), load("cuts_only").policy(520, PLACES)
    assert np.array_equal(deal.budget_cut, cuts.budget_cut)
    for name in deal._fields:
        if name not in ("leaders_stay", "old_permission"):
            assert np.array_equal(getattr(deal, name)[:LATEST], getattr(cuts, name)[:LATEST]), name


def test_the_deal_reaches_the_recorded_numbers() -> None:
    deal = load("deal").policy(520, PLACES)
    assert np.all(deal.in_deal == 1)
    assert deal.link_workers[week_of("2015-01"), 0] == pytest.approx(2 / 3.287, abs=0.05)
    assert deal.link_workers[-1, 0] == pytest.approx(16 / 3.287, abs=0.05)
    assert deal.citizen_leadership[week_of("2019-03"), 0] == pytest.approx(1350 / 328.662, abs=0.05)
    care = SERVICE_KINDS.index("adult_social_care")
    first = [np.flatnonzero(deal.asset_based_training[:, k])[0] for k in range(len(SERVICE_KINDS))]
    assert first[care] == week_of("2013-04")
    assert all(week == week_of("2014-04") for k, week in enumerate(first) if k != care)
    assert monday_of(int(np.flatnonzero(deal.leaders_stay)[-1])).year == 2019
    assert deal.paid_by_service[-1, PAID_LEVERS.index("link_workers"), SERVICE_KINDS.index("health")] == 1
    assert not deal.paid_from_outside.any()


def test_no_loader_can_run_what_a_file_says() -> None:
    banned = {"eval", "exec", "__import__", "pickle", "unsafe_load", "load_all", "Loader"}
    for path in Path(dealsim.scenarios.__file__).parent.glob("*.py"):
        names = {
            node.id if isinstance(node, ast.Name) else node.attr
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Name | ast.Attribute)
        }
        assert not names & banned, path.name


def moved(one: str, other: str) -> set[str]:
    """Columns of policy in which two shipped scenarios differ, without who pays."""
    tables = [load(name).policy(520, PLACES)._asdict() for name in (one, other)]
    return {
        name
        for name in tables[0]
        if not np.array_equal(tables[0][name], tables[1][name]) and not name.startswith("paid_")
    }


ONLY_MOVES = {
    "deal_without_permission": {"permission_to_innovate"},
    "deal_without_investment": {"community_investment", "link_workers", "citizen_leadership", "partnership"},
    "one_service_alone": {"in_deal", "permission_to_innovate", "blame_culture", "nerve", "asset_based_training",
                          "staff_communications"},
    "deal_under_blame": {"blame_culture", "nerve"},
    "heroic_leader": {"leaders_holding_permission", "leaders_stay"},
    "collective_leadership": {"leaders_holding_permission", "leaders_stay"},
    "tender_not_partner": {"partnership"},
    "mixed_messages": {"permission_to_innovate"},
    "devolved_places": {"devolution"},
}  # fmt: skip
"""What each variant of the Deal changes of it, and nothing else."""
ON_THE_CUTS = {
    "training_only": {"asset_based_training"},
    "communications_only": {"staff_communications", "public_communications", "communications_clarity"},
    "overload": {"offloading"},
    "stop_start": {"permission_to_innovate", "blame_culture", "nerve", "asset_based_training", "place_based_working",
                   "community_investment", "staff_communications", "public_communications"},
    "bold": {"permission_to_innovate", "asset_based_training", "place_based_working", "community_investment"},
    "gradual": {"permission_to_innovate", "asset_based_training", "place_based_working", "community_investment"},
}  # fmt: skip
"""What each scenario beside the Deal adds to the cuts, and nothing else."""
STOPPED = {"deal_stopped_year_2": "2015-04", "deal_stopped_year_5": "2018-04"}


@pytest.mark.parametrize("name", ONLY_MOVES)
def test_a_variant_of_the_deal_changes_what_its_name_says(name: str) -> None:
    assert moved(name, "deal") == ONLY_MOVES[name]


@pytest.mark.parametrize("name", ON_THE_CUTS)
def test_a_scenario_beside_the_deal_adds_what_its_name_says(name: str) -> None:
    assert moved(name, "cuts_only") == ON_THE_CUTS[name]


@pytest.mark.parametrize("name", ["training_only", "communications_only"])
def test_a_part_of_the_deal_alone_is_as_in_the_deal(name: str) -> None:
    alone, deal = load(name).policy(520, PLACES), load("deal").policy(520, PLACES)
    for column in ON_THE_CUTS[name]:
        assert np.array_equal(getattr(alone, column), getattr(deal, column))


@pytest.mark.parametrize("name", STOPPED)
def test_a_stopped_deal_is_the_deal_until_it_stops_and_the_cuts_afterwards(name: str) -> None:
    at = week_of(STOPPED[name])
    stopped, deal, cuts = (load(which).policy(520, PLACES)._asdict() for which in (name, "deal", "cuts_only"))
    for column, table in stopped.items():
        if column == "old_permission":
            continue
        # ramps cut short are rounded to two figures in the file
        assert np.allclose(table[:at], deal[column][:at], atol=0.015), column
        if column != "leaders_stay" and not column.startswith("paid_"):
            assert np.array_equal(table[at:], cuts[column][at:]), column


@pytest.mark.parametrize("column", sorted(ON_THE_CUTS["bold"]))
def test_bold_and_gradual_come_to_the_same_total(column: str) -> None:
    old = getattr(load("cuts_only").policy(520, PLACES), column)
    bold, gradual = (getattr(load(name).policy(520, PLACES), column) - old for name in ("bold", "gradual"))
    assert bold.sum() == pytest.approx(gradual.sum(), rel=0.005)
    assert np.unique(bold).size == 2 and np.all(np.diff(gradual, axis=0) >= 0)
