"""Runs and pairs: the same figures however they are lived, kept when stopped, refused when too much."""

from __future__ import annotations

import hashlib
import math
import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dealsim import checkpoints, plans, runs
from dealsim.errors import InputError, LimitError
from dealsim.plans import estimate, plan
from dealsim.runs import InterruptedRun, compare, live_plan, run

TINY = {"size": 600, "years": 1, "seed": 5}


@pytest.fixture(scope="module")
def pairs():
    return compare("cuts_only", "deal", replicates=3, workers=1, **TINY)


def _same(one, other):
    assert one.state_hash == other.state_hash
    pd.testing.assert_frame_equal(one.series, other.series, check_exact=True)
    pd.testing.assert_frame_equal(one.summary, other.summary, check_exact=True)
    pd.testing.assert_frame_equal(one.people, other.people, check_exact=True)
    pd.testing.assert_frame_equal(one.events, other.events, check_exact=True)
    assert one.hashes == other.hashes
    assert one.run_id == other.run_id


@pytest.mark.parametrize("workers", [2, 3])
def test_the_number_of_workers_changes_no_bit(pairs, workers):
    _same(pairs, compare("cuts_only", "deal", replicates=3, workers=workers, **TINY))


def test_a_kept_borough_gives_the_same_lives_as_a_new_one(pairs):
    _same(pairs, compare("cuts_only", "deal", replicates=3, workers=2, cache=False, **TINY))


def test_more_replicates_keep_the_earlier_ones(pairs):
    fewer = compare("cuts_only", "deal", replicates=2, workers=2, **TINY)
    wanted = pairs.series[pairs.series["replicate"] < 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(fewer.series, wanted, check_exact=True)


def test_another_seed_gives_other_lives(pairs):
    other = compare("cuts_only", "deal", replicates=3, size=600, years=1, seed=6)
    assert other.state_hash != pairs.state_hash
    assert other.run_id != pairs.run_id


def test_a_run_alone_is_the_run_in_a_comparison(pairs):
    alone = run("cuts_only", replicates=3, **TINY)
    in_pair = pairs.runs[pairs.runs["scenario"] == "cuts_only"]["state_hash"].tolist()
    assert alone.runs["state_hash"].tolist() == in_pair


def test_everyone_is_the_same_person_in_both_worlds(pairs):
    by = pairs.people.groupby("scenario", observed=True)
    ids = [list(dict.fromkeys(rows["id"])) for _, rows in by]
    assert len(ids) == 2
    assert ids[0] == ids[1]


def test_a_scenario_with_another_rival_has_a_burn_in_of_its_own(pairs):
    rival = {"name": "other", "extends": "deal", "rivals": ["no_reopening"]}
    made = plan("compare", ("cuts_only", rival), replicates=2, **TINY)
    assert estimate(made).burn_ins == 2
    assert live_plan(made).finished == 2


def test_replicates_spread_over_boroughs():
    results = run("cuts_only", replicates=3, boroughs=2, size=400, years=1)
    seeds = results.runs["borough_seed"].tolist()
    assert seeds[0] == seeds[2] != seeds[1]
    assert any("share" in note for note in results.notices)


def test_one_replicate_has_no_interval():
    results = compare("cuts_only", "deal", replicates=1, **TINY)
    assert results.summary["low"].isna().all()
    assert results.summary["difference_low"].isna().all()
    short = results.as_dict()["scenarios"]["deal"]
    assert all(entry["difference_interval"] is None for entry in short.values())


def test_the_saving_is_what_the_pair_did_not_spend(pairs):
    costs = {
        name: pairs.series.query(
            "scenario == @name and replicate == 1 and metric == 'cost_per_head' and group == 'all'"
        )["value"].to_numpy()
        for name in pairs.names
    }
    saved = pairs.series.query("metric == 'cumulative_saving' and replicate == 1 and group == 'all'")[
        "value"
    ].to_numpy()
    assert saved[-1] == pytest.approx((costs["cuts_only"] - costs["deal"]).sum() / 52)


def test_the_ledgers_of_the_services_add_up_to_the_saving(pairs):
    saving = pairs.series.query("metric == 'cumulative_saving' and replicate == 1")
    last = saving.groupby("group", observed=True)["value"].last()
    ledgers = [group for group in last.index if group.startswith("service:")]
    assert len(ledgers) >= 1
    assert last[ledgers].sum() == pytest.approx(last["all"])
    assert {"all", *ledgers} == set(pairs.outcomes.query("outcome == 'payback_week'")["group"])


def test_how_fast_an_effect_comes_is_told_by_fifth_and_place_too(pairs):
    dips = pairs.outcomes.query("outcome == 'early_dip' and metric == 'contacts_per_1000'")
    groups = pairs.series.query("metric == 'contacts_per_1000'")["group"].unique()
    assert set(dips["group"]) == set(groups) and {"all", "quintile:1"} <= set(groups)


def test_differences_are_taken_pair_by_pair(pairs):
    metric = pairs.headline[0]
    rows = pairs.series[(pairs.series["metric"] == metric) & (pairs.series["group"] == "all")]
    means = rows.groupby(["scenario", "replicate"], observed=True)["value"].mean()
    wanted = (means["deal"] - means["cuts_only"]).mean()
    found = pairs.rows().set_index(["scenario", "metric"]).loc[("deal", metric), "difference"]
    assert found == pytest.approx(wanted)


def test_what_is_finished_is_kept_when_stopped():
    seen = threading.Event()

    def watch(stage, done, whole):
        if stage == "live" and done >= 0.4 * whole:
            seen.set()

    with pytest.raises(InterruptedRun) as caught:
        run("cuts_only", replicates=60, workers=1, size=600, years=2, progress=watch, stop=seen.is_set)
    kept = caught.value
    assert 0 < kept.finished < 60
    assert kept.results.finished == kept.finished
    assert sorted(set(kept.results.series["replicate"])) == list(range(kept.finished))
    assert str(kept.finished) in str(kept)


def test_stopped_before_the_first_pair_keeps_nothing():
    with pytest.raises(InterruptedRun) as caught:
        run("cuts_only", replicates=2, size=400, years=1, stop=lambda: True)
    assert caught.value.results is None


def test_stopped_while_the_borough_is_prepared_stops_at_once():
    lived = []

    def watch(stage, done, whole):
        lived.append((stage, done, whole))

    with pytest.raises(InterruptedRun) as caught:
        run("cuts_only", replicates=2, size=3000, years=1, cache=False, progress=watch,
            stop=lambda: any(done for _, done, _ in lived))  # fmt: skip
    assert caught.value.results is None and caught.value.exit_code == 130
    assert {stage for stage, _, _ in lived} == {"burn_in"}
    assert max(done for _, done, _ in lived) < lived[0][2], "burn-in went on to its end"


def test_ctrl_c_keeps_the_finished_pairs():
    pressed = []

    def press(stage, done, whole):
        if stage == "live" and done >= 0.3 * whole and not pressed:
            pressed.append(stage)
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRun) as caught:
        compare("cuts_only", "deal", replicates=40, workers=1, size=600, years=2, progress=press)
    assert 0 < caught.value.finished < 40
    assert set(caught.value.results.series["scenario"]) == {"cuts_only", "deal"}


def test_a_run_that_fails_is_said_and_stops_no_other(monkeypatch):
    lived = runs._live_one

    def sometimes(start, policy, parameters, life_seed, *rest):
        if life_seed == made.life_seed(1):
            raise ArithmeticError("broken on purpose")
        return lived(start, policy, parameters, life_seed, *rest)

    made = plan("compare", ("cuts_only", "deal"), replicates=3, **TINY)
    monkeypatch.setattr(runs, "_live_one", sometimes)
    results = live_plan(made)
    assert [(run["scenario"], run["replicate"]) for run in results.failed] == [("cuts_only", 1), ("deal", 1)]
    assert results.finished == 2
    assert "broken on purpose" in results.failed[0]["traceback"]
    assert "/" not in results.failed[0]["traceback"]


def test_a_burn_in_that_fails_is_said_of_each_of_its_runs(monkeypatch):
    def broken(*_, **__):
        raise ArithmeticError("no borough")

    monkeypatch.setattr(runs, "burnt_in", broken)
    results = run("cuts_only", replicates=2, size=401, years=1, cache=False)
    assert len(results.failed) == 2
    assert results.finished == 0
    assert results.series.empty and results.summary.empty


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"size": 0}, "size is 0; it must lie between 1 and 2,000,000"),
        ({"size": 3_000_000}, "size is 3,000,000"),
        ({"size": 2.5}, "size is 2.5; it must be a whole number"),
        ({"years": 0}, "years is 0"),
        ({"years": 41}, "between 1 and 40"),
        ({"replicates": 0}, "replicates is 0"),
        ({"workers": 0}, "workers is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"boroughs": 11}, "there must be at least as many"),
        ({"rank_of": 100}, "place file"),
        ({"place": "nowhere.csv"}, "no such file"),
        ({"values": {"citizen.nothing": 1}}, "unknown parameter"),
        ({"values": {"citizen.trust_gain": 99}}, "must lie between"),
    ],
)
def test_bad_input_is_refused_in_words(asked, said):
    with pytest.raises(InputError) as caught:
        plan("run", ("deal",), **asked)
    assert said in str(caught.value)


def test_all_problems_are_said_at_once():
    with pytest.raises(InputError) as caught:
        plan("run", ("dael",), size=0, years=99)
    assert len(caught.value.problems) >= 3
    assert "did you mean 'deal'" in str(caught.value)


def test_a_scenario_is_not_compared_with_itself():
    with pytest.raises(InputError, match="name of its own"):
        compare("deal", "deal")


def test_too_much_work_is_refused_before_it_starts():
    with pytest.raises(LimitError, match="fewer"):
        plan("run", ("deal",), size=2_000_000, years=40, replicates=1000)


def test_too_much_memory_is_refused_before_it_starts(monkeypatch):
    monkeypatch.setattr(plans, "_memory_mb", lambda: 500.0)
    with pytest.raises(LimitError, match="memory"):
        plan("run", ("deal",), size=2_000_000, years=1, replicates=2)


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoints, "usable_cache_root", lambda: tmp_path)
    return tmp_path / "checkpoints"


def test_a_damaged_checkpoint_is_made_anew_and_said(cache):
    first = run("cuts_only", replicates=1, size=400, years=1)
    kept = next(cache.glob("*.npz"))
    raw = bytearray(kept.read_bytes())
    raw[len(raw) // 2] ^= 1
    kept.write_bytes(bytes(raw))
    again = run("cuts_only", replicates=1, size=400, years=1)
    assert any("damaged" in note for note in again.notices)
    assert again.state_hash == first.state_hash
    assert run("cuts_only", replicates=1, size=400, years=1).notices == first.notices


def test_a_checkpoint_is_exact(cache):
    arrays = {"a": np.array([0.1, np.nan, -0.0], np.float32), "b": np.arange(4, dtype=np.int8).reshape(2, 2)}
    assert checkpoints.keep("0" * 32, arrays)
    back = checkpoints.fetch("0" * 32, print)
    assert all(back[name].tobytes() == array.tobytes() for name, array in arrays.items())
    assert back["b"].dtype == np.int8


def test_the_oldest_checkpoints_make_room(cache, monkeypatch):
    monkeypatch.setattr(checkpoints, "MOST_BYTES", 40_000)
    for number in range(6):
        checkpoints.keep(f"{number:032x}", {"a": np.zeros(1500)})
    kept = sorted(path.stem for path in cache.glob("*.npz"))
    assert len(kept) == 3
    assert f"{5:032x}" in kept


def test_a_full_disk_only_costs_the_cache(cache, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints.os, "replace", full)
    assert run("cuts_only", replicates=1, size=400, years=1).finished == 1
    assert not list(cache.glob(".part-*"))


def test_the_key_moves_with_everything_burn_in_depends_on():
    made = plan("run", ("deal",), **TINY)
    parameters = made.parameters_of(0, 0)
    keys = {
        checkpoints.key_of(made.place, 600, 5, parameters, 10),
        checkpoints.key_of(made.place, 601, 5, parameters, 10),
        checkpoints.key_of(made.place, 600, 6, parameters, 10),
        checkpoints.key_of(made.place, 600, 5, parameters, 11),
        checkpoints.key_of(replace(made.place, population=made.place.population + 1), 600, 5, parameters, 10),
        checkpoints.key_of(
            made.place, 600, 5, parameters._replace(citizen=parameters.citizen._replace(trust_gain=0.2)), 10
        ),
    }
    assert len(keys) == 6


def test_seeds_of_lives_and_boroughs_never_meet():
    made = plan("run", ("deal",), **TINY)
    other = replace(made, seed=6)
    seeds = [m.life_seed(k) for m in (made, other) for k in range(200)]
    assert len(set(seeds)) == 400
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_run_id_is_a_hash_of_what_the_run_depends_on(pairs):
    ids = pairs.runs["run_id"].tolist()
    assert len(set(ids)) == len(ids)
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in ids)
    assert hashlib.sha256(" ".join(ids).encode()).hexdigest()[:16] == pairs.run_id
    assert math.isfinite(pairs.seconds["total"])
