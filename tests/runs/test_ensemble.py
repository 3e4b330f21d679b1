"""Lives spread over parameter sets: the same for every scenario, set by set, and nothing said that the sets disagree about."""

from __future__ import annotations

import json
import threading
import weakref
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dealsim import calibration, runs, store
from dealsim.analysis.doubt import by_set, doubt_of
from dealsim.errors import InputError
from dealsim.parameters import RIVALS, Parameters, with_values
from dealsim.plans import alike, estimate, hash_of_sets, plan
from dealsim.runs import InterruptedRun, compare, live_plan, run
from dealsim.summary import (
    ENSEMBLE_COLUMNS,
    SHOWN,
    SUMMARY_COLUMNS,
    MetricInfo,
    interval,
    summarise,
    verdict_of,
    verdict_over_sets,
)

NEW = {"name": "New ways", "extends": "old_regime", "levers": {"permission_to_innovate": 0.8, "blame_culture": 0.1}}
TINY = {"size": 400, "years": 1, "seed": 5}
FREE = "staff.by_hope"
"""A parameter that a test may give a value, where no set names it."""


@pytest.fixture(scope="module")
def results():
    return compare("old_regime", NEW, ensemble=3, replicates=7, workers=1, **TINY)


def test_the_replicates_go_round_the_sets_in_every_scenario_alike(results):
    for _, own in results.runs.groupby("scenario", observed=True):
        assert own["set"].tolist() == [0, 1, 2, 0, 1, 2, 0]
    seeds = results.runs.groupby("replicate")[["borough_seed", "life_seed", "set"]].nunique()
    assert (seeds == 1).all(axis=None)


def test_two_lives_a_set_are_lived_if_nothing_else_is_asked():
    named = {**NEW, "replicates": 3}
    assert plan("compare", ("old_regime", named), ensemble=4, **TINY).replicates == 8
    assert plan("run", (named,), ensemble=4, **TINY).replicates == 8


def test_a_life_is_the_one_that_its_set_gives_as_values(results):
    for which, own in enumerate(calibration.first_sets(3)):
        alone = run("old_regime", replicates=3, values=dict(own), **TINY)
        mine = results.runs[results.runs["scenario"] == "old_regime"].set_index("replicate")
        row, other = mine.loc[which], alone.runs.set_index("replicate").loc[which]
        assert (row["run_id"], row["state_hash"]) == (other["run_id"], other["state_hash"])


@pytest.mark.parametrize("workers", [2, 3])
def test_the_number_of_workers_changes_no_bit(results, workers):
    other = compare("old_regime", NEW, ensemble=3, replicates=7, workers=workers, cache=False, **TINY)
    assert (other.state_hash, other.run_id) == (results.state_hash, results.run_id)
    pd.testing.assert_frame_equal(other.series, results.series, check_exact=True)
    pd.testing.assert_frame_equal(other.summary, results.summary, check_exact=True)
    pd.testing.assert_frame_equal(other.outcomes, results.outcomes, check_exact=True)
    pd.testing.assert_frame_equal(other.people, results.people, check_exact=True)


def test_every_set_is_lived_in_every_borough():
    made = plan("run", (NEW,), ensemble=3, replicates=12, boroughs=2, **TINY)
    pairs = [(made.set_of(replicate), made.borough_of(replicate)) for replicate in range(12)]
    assert sorted(set(pairs)) == [(which, borough) for which in range(3) for borough in range(2)]
    assert all(pairs.count(pair) == 2 for pair in pairs)
    assert len({made.borough_seed(replicate) for replicate in range(12)}) == 2
    assert estimate(made).burn_ins == 6


def test_a_scenarios_rivals_win_over_the_sets_and_values_over_both():
    own = calibration.first_sets(2)
    name = next(name for name in own[0])
    rival = next(rival for rival in RIVALS.values() if all(f"{kind}.{what}" != name for kind, what, _ in rival.changes))
    kind, what, value = rival.changes[0]
    asked = {**NEW, "rivals": [rival.name]}
    made = plan("run", (asked,), ensemble=2, **TINY)
    for which in range(2):
        parameters = made.parameters_of(0, which)
        assert getattr(getattr(parameters, kind), what) == value
        of, _, called = name.partition(".")
        assert getattr(getattr(parameters, of), called) == own[which][name]


def test_a_rival_that_names_what_a_set_names_wins(monkeypatch):
    named = tuple({"staff.by_fear": 3.0 + at} for at in range(3))
    monkeypatch.setattr(calibration, "first_sets", lambda number: named[:number])
    made = plan("compare", ("old_regime", {**NEW, "rivals": ["weak_fear"]}), ensemble=3, **TINY)
    assert [made.parameters_of(0, k).staff.by_fear for k in range(4)] == [3.0, 4.0, 5.0, 3.0]
    assert [made.parameters_of(1, k).staff.by_fear for k in range(4)] == [1.0] * 4
    assert estimate(made).burn_ins == 6 and not alike(made)
    mixed = plan("run", (NEW,), ensemble=3, values={FREE: 0.5}, **TINY)
    assert mixed.parameters_of(0, 1).staff.by_hope == 0.5 and mixed.parameters_of(0, 1).staff.by_fear == 4.0


def test_no_more_boroughs_are_held_than_are_worked_on(monkeypatch):
    """The worlds alive at any time: those burnt in for the sets at hand, never those of all sets."""
    alive, peak, lock = [0], [0], threading.Lock()
    burnt_in = runs.burnt_in

    def let_go():
        with lock:
            alive[0] -= 1

    def counted(*given):
        world = burnt_in(*given)
        weakref.finalize(world, let_go)
        with lock:
            alive[0] += 1
            peak[0] = max(peak[0], alive[0])
        return world

    monkeypatch.setattr(runs, "burnt_in", counted)
    found = run("old_regime", ensemble=6, workers=2, **TINY)
    assert found.finished == 12 and not found.failed
    assert peak[0] <= 4, "two at hand, and at most the two before them not yet let go"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"ensemble": 1}, "whole number from 2 to"),
        ({"ensemble": 0}, "whole number from 2 to"),
        ({"ensemble": 10**6}, "whole number from 2 to"),
        ({"ensemble": 2.5}, "whole number from 2 to"),
        ({"ensemble": True}, "whole number from 2 to"),
        ({"ensemble": "four"}, "whole number from 2 to"),
        ({"ensemble": 4, "replicates": 7}, "an ensemble of 4 parameter sets needs 8 or more"),
        ({"ensemble": 4, "replicates": 8, "boroughs": 3}, "replicates must be 12 or more"),
        ({"ensemble": 3, "size": 0}, "size is 0"),
    ],
)
def test_what_cannot_be_is_refused_in_words(asked, said):
    with pytest.raises(InputError) as caught:
        plan("run", ("deal",), **asked)
    assert said in str(caught.value)


def test_values_that_the_sets_name_are_refused_and_others_are_not():
    name, value = next(iter(calibration.first_sets(2)[0].items()))
    with pytest.raises(InputError, match=f"values name {name}"):
        plan("run", ("deal",), ensemble=2, values={name: value})


def test_what_was_asked_for_says_which_sets_were_lived(results):
    about = results.settings["ensemble"]
    sets = calibration.first_sets(3)
    assert about["sets"] == 3 and about["sha256"] == hash_of_sets(sets)
    assert about["names"] == sorted({name for own in sets for name in own})
    assert json.loads(json.dumps(about)) == about
    assert hash_of_sets(sets) != hash_of_sets(sets[::-1])


def test_a_folder_of_an_ensemble_is_read_back_and_lived_again(results, tmp_path):
    folder = store.save(results, tmp_path)
    back = store.read(folder)
    pd.testing.assert_frame_equal(back.summary, results.summary, check_exact=True, check_dtype=False)
    pd.testing.assert_frame_equal(back.runs, results.runs, check_exact=True, check_dtype=False)
    assert back.sets == 3
    found = store.verify(folder, workers=2)
    assert found.is_identical and found.replayed == 14


def test_a_folder_whose_sets_are_no_longer_shipped_is_not_lived_again(results, tmp_path):
    others = {**results.settings, "ensemble": {**results.settings["ensemble"], "sha256": "0" * 64}}
    found = store.verify(store.save(replace(results, settings=others), tmp_path))
    assert not found.is_identical and "parameter sets are not the ones" in found.problems[0]


def test_what_is_finished_of_an_ensemble_is_kept_and_lived_again(tmp_path):
    seen = threading.Event()

    def watch(stage, done, whole):
        if stage == "live" and done >= 0.3 * whole:
            seen.set()

    with pytest.raises(InterruptedRun) as caught:
        run("old_regime", ensemble=6, replicates=60, workers=1, progress=watch, stop=seen.is_set, **TINY)
    kept = caught.value.results
    assert 0 < kept.finished < 60 and kept.sets_lived.endswith(" of 6")
    assert store.verify(store.save(kept, tmp_path)).is_identical


def test_without_an_ensemble_nothing_is_added():
    plain = run("old_regime", replicates=2, **TINY)
    assert "ensemble" not in plain.settings and "set" not in plain.runs
    assert tuple(plain.summary.columns) == SUMMARY_COLUMNS and "ensemble" not in plain.as_dict()
    made = plan("run", ("deal",), **TINY)
    assert made.parameters == ((Parameters(),),) and with_values(Parameters(), {}) == Parameters()


def test_the_summary_tells_both_sources_apart(results):
    assert set(ENSEMBLE_COLUMNS) <= set(results.summary.columns)
    series = results.series.query("metric == 'mean_willingness' and group == 'all'")
    means = series.groupby(["scenario", "replicate"], observed=True)["value"].mean()
    apart = (means["New ways"] - means["old_regime"]).to_dict()
    wanted = doubt_of(by_set(apart, 3))
    row = results.rows().set_index(["scenario", "metric"]).loc[("New ways", "mean_willingness")]
    assert row["difference"] == pytest.approx(wanted.mean)
    assert row["difference_doubt"] == pytest.approx(wanted.doubt)
    assert (row["difference_sets_low"], row["difference_sets_high"]) == pytest.approx(
        (wanted.sets_low, wanted.sets_high)
    )
    assert row["sets"] == row["pair_sets"] == 3 and row["pairs"] == 7
    of_sets = interval(np.array([own.mean() for own in by_set(apart, 3)]))
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(of_sets[1:])


def table(apart):
    """A base at nothing and a scenario that differs so much in each replicate."""
    rows = [("base", k, 0, "mean_trust", "all", 0.0) for k in range(len(apart))]
    rows += [("new", k, 0, "mean_trust", "all", float(value)) for k, value in enumerate(apart)]
    return pd.DataFrame(rows, columns=["scenario", "replicate", "week", "metric", "group", "value"])


def of_sets(means):
    """Two lives of each set, close around its mean."""
    return [*(np.array(means) - 0.01), *(np.array(means) + 0.01)]


@pytest.mark.parametrize(
    ("means", "verdict"),
    [
        ([-1.0] * 19 + [-1.1], "worse"),
        ([1.0] * 19 + [1.1], "better"),
        ([1.0] * 18 + [-0.1] * 2, "better"),
        ([1.0] * 17 + [-0.1] * 3, "cannot tell"),
        ([1.0] * 10 + [-1.1] * 10, "cannot tell"),
    ],
)
def test_a_direction_needs_the_interval_and_nine_sets_in_ten(means, verdict):
    metrics = {"mean_trust": MetricInfo("Trust", "0–1", "up")}
    found = summarise(table(of_sets(means)), ["base", "new"], 1, metrics, len(means)).iloc[1]
    assert found["verdict"] == verdict
    assert found["agree"] == np.mean(np.sign(means) == np.sign(np.mean(means)))
    agrees = verdict_of(found["difference_low"], found["difference_high"], "up")
    assert verdict == agrees or found["agree"] < 0.9


def test_sets_that_disagree_are_not_told_to_ask_for_more_lives():
    metrics = {"mean_trust": MetricInfo("Trust", "0–1", "up")}
    found = summarise(table(of_sets([1.0] * 13 + [-0.5] * 7)), ["base", "new"], 1, metrics, 20).iloc[1]
    assert found["difference_low"] > 0 and found["verdict"] not in SHOWN and np.isnan(found["pairs_needed"])


def test_where_too_few_lives_are_there_no_direction_is_shown():
    alone = doubt_of([np.array([1.0]), np.array([1.1]), np.array([1.2])])
    assert verdict_of(alone.low, alone.high, "up") == "better" and verdict_over_sets(alone, "up") == "cannot tell"


def test_lives_that_fail_leave_the_sets_uneven(monkeypatch):
    made = plan("compare", ("old_regime", NEW), ensemble=3, **TINY)
    lived = runs._live_one

    def sometimes(start, policy, parameters, life_seed, *rest):
        if life_seed == made.life_seed(4):
            raise ArithmeticError("broken on purpose")
        return lived(start, policy, parameters, life_seed, *rest)

    monkeypatch.setattr(runs, "_live_one", sometimes)
    found = live_plan(made)
    row = found.rows().query("scenario == 'New ways'").iloc[0]
    assert found.finished == 5 and row["pairs"] == 5 and row["pair_sets"] == 3 and np.isfinite(row["difference_doubt"])
