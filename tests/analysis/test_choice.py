"""Choosing among policies: hand sums, gaps, and what the words say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dealsim.analysis.choice import AFTERTHOUGHT, cheapest_mix, regret_table, robust_choice, satisficing
from dealsim.errors import InputError

NAMES = ("cuts", "deal", "bold")
VALUES = np.array([[1.0, 2.0, 3.0], [4.0, 2.0, 5.0], [9.0, 0.0, 1.0]])


def test_regret_by_hand():
    found = regret_table(VALUES, NAMES, "up", at_best_guess=np.array([2.0, 4.0, 8.0])).set_index("policy")
    # the best by future: 9, 2, 5
    assert found["largest_regret"].to_list() == [8.0, 5.0, 4.0]
    assert found["mean_regret"].to_list() == pytest.approx([10.0 / 3.0, 5.0 / 3.0, 2.0])
    assert found["times_best"].to_list() == pytest.approx([1.0 / 3.0, 2.0 / 3.0, 1.0 / 3.0])
    assert found["best_guess"].to_list() == [2.0, 4.0, 8.0]
    assert found.loc["deal", "regret_90"] == pytest.approx(np.quantile([5.0, 0.0, 0.0], 0.9))


def test_less_may_be_better():
    found = regret_table(VALUES, NAMES, "down")
    assert found["largest_regret"].to_list() == [2.0, 4.0, 8.0]
    assert (found["mean_regret"] >= 0.0).all()
    with pytest.raises(InputError, match="'up' or 'down'"):
        regret_table(VALUES, NAMES, "sideways")


def test_a_future_with_a_gap_is_left_out_for_all():
    holed = np.column_stack([VALUES, [math.nan, 100.0, 100.0]])
    found = regret_table(holed, NAMES, "up")
    assert found["largest_regret"].to_list() == [8.0, 5.0, 4.0]
    assert (found["futures"] == 3).all() and (found["futures_left_out"] == 1).all()
    nothing = regret_table(np.full((3, 2), math.nan), NAMES, "up")
    assert nothing["largest_regret"].isna().all()


def test_satisficing_by_hand():
    found = satisficing(np.array([[True] * 8 + [False] * 2, [False] * 10, [True] * 10]), NAMES).set_index("policy")
    assert found["share"].to_list() == [0.8, 0.0, 1.0]
    assert found.loc["cuts", "share_low"] == pytest.approx(0.4902, abs=1e-4)
    assert found.loc["cuts", "share_high"] == pytest.approx(0.9433, abs=1e-4)
    assert found.loc["deal", "share_high"] > 0.2 and found.loc["bold", "share_low"] < 0.8


def test_the_ways_of_choosing_differ():
    meets = np.array([[False, False, False], [False, True, True], [True, False, False]])
    found = robust_choice(VALUES, NAMES, "up", meets=meets, at_best_guess=np.array([9.0, 4.0, 5.0]))
    assert (found.best_at_best_guess, found.least_regret, found.most_often_met) == ("cuts", "bold", "deal")
    said = " ".join(found.words)
    assert "differ" in said and "may fall 8 behind" in said
    assert "67 %" in said and "do not tell apart" in said
    assert found.table["share"].to_list() == pytest.approx([0.0, 2.0 / 3.0, 1.0 / 3.0])


def test_the_ways_of_choosing_agree():
    values = np.array([[1.0, 1.0], [2.0, 3.0], [0.0, 0.0]])
    found = robust_choice(values, NAMES, "up", meets=values > 1.5, at_best_guess=np.array([1.0, 2.0, 0.0]))
    assert found.best_at_best_guess == found.least_regret == found.most_often_met == "deal"
    said = " ".join(found.words)
    assert "same policy" in said and "also has the least largest regret (0)" in said


def test_futures_tell_a_share_from_a_lower_one():
    meets = np.array([[False] * 60, [True] * 50 + [False] * 10, [True] * 30 + [False] * 30])
    found = robust_choice(np.zeros((3, 60)), NAMES, "up", meets=meets, at_best_guess=np.array([0.0, 0.0, 1.0]))
    assert found.most_often_met == "deal" and not any("do not tell apart" in said for said in found.words)


def test_nothing_to_compare_and_no_target_met():
    nothing = robust_choice(np.full((3, 2), math.nan), NAMES, "up")
    assert nothing.least_regret == "" and "nothing can be compared" in nothing.words[0]
    unmet = robust_choice(VALUES, NAMES, "up", meets=np.zeros((3, 3), dtype=bool))
    assert any("No policy meets its targets in any future" in said for said in unmet.words)
    assert unmet.best_at_best_guess == ""


def costs_and_meets(n=40):
    """Cuts: cheap and short of its targets. Deal: does. Bold: always does, at twice the cost."""
    wobble = np.linspace(-0.2, 0.2, n)
    costs = np.array([1.0 + wobble, 2.0 + wobble, 4.0 - wobble])
    meets = np.array([np.arange(n) % 2 == 0, np.arange(n) != 7, np.ones(n, dtype=bool)])
    return costs, meets


def test_the_cheapest_that_does():
    found = cheapest_mix(*costs_and_meets(), NAMES)
    assert found.chosen == "deal" and not found.runners_up
    assert found.table["standing"].to_list() == ["falls short", "chosen", "does, and costs more"]
    assert found.table["extra_cost"].to_list() == pytest.approx([-1.0, 0.0, 2.0])
    assert found.words[-1] == AFTERTHOUGHT
    assert not found.is_sure and "reaches below" in found.words[1]


def test_many_futures_make_it_sure():
    costs, meets = costs_and_meets(400)
    assert cheapest_mix(costs, meets, NAMES).is_sure


def test_runners_up_are_named():
    costs, meets = costs_and_meets(20)
    rng = np.random.default_rng(1)
    costs[2] = costs[1] + 0.01 + rng.normal(size=20)  # as cheap, as far as can be told
    meets[0] = np.arange(20) < 17  # 85 %: may be nine in ten
    found = cheapest_mix(costs, meets, NAMES)
    assert found.chosen == "deal" and set(found.runners_up) == {"cuts", "bold"}
    assert any("do not tell it from cuts or bold" in said for said in found.words)


def test_the_best_guess_alone_may_name_another():
    costs, meets = costs_and_meets()
    found = cheapest_mix(
        costs, meets, NAMES,
        costs_at_best_guess=np.array([1.0, 2.0, 4.0]), meets_at_best_guess=np.array([True, True, True]),
    )  # fmt: skip
    assert found.at_best_guess == "cuts"
    assert any("cuts, which meets them in 50 %" in said for said in found.words)
    none = cheapest_mix(
        costs, meets, NAMES, costs_at_best_guess=np.array([1.0, 2.0, 4.0]), meets_at_best_guess=np.zeros(3)
    )
    assert none.at_best_guess == "" and any("no policy meets all targets" in said for said in none.words)


def test_none_does():
    costs, _ = costs_and_meets()
    found = cheapest_mix(costs, np.zeros((3, 40), dtype=bool), NAMES)
    assert found.chosen == "" and not found.is_sure and not found.runners_up
    assert found.words[0].startswith("No policy meets all targets in 90 % of futures")
    assert AFTERTHOUGHT not in found.words


def test_gaps_and_single_futures():
    costs, meets = costs_and_meets()
    costs[0, 3] = math.nan
    found = cheapest_mix(costs, meets, NAMES)
    assert any("1 future is left out" in said for said in found.words)
    single = cheapest_mix(costs[:, :1], meets[:, :1], NAMES)
    assert single.chosen == "cuts" and single.runners_up == ()
    empty = cheapest_mix(np.full((3, 2), math.nan), meets[:, :2], NAMES)
    assert empty.chosen == "" and "nothing can be compared" in empty.words[0]


def test_what_does_not_fit_is_refused():
    costs, meets = costs_and_meets()
    with pytest.raises(InputError, match="same futures"):
        cheapest_mix(costs, meets[:, :2], NAMES)
    with pytest.raises(InputError, match="do not fit"):
        satisficing(meets, NAMES[:2])
    with pytest.raises(InputError, match="one name"):
        satisficing(meets, ("deal", "deal", "bold"))
    with pytest.raises(InputError, match="share"):
        cheapest_mix(costs, meets, NAMES, share=90.0)
    with pytest.raises(InputError, match="one number for each"):
        regret_table(VALUES, NAMES, "up", at_best_guess=np.ones(2))
