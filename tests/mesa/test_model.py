"""The model lives the engine's weeks, and serves Mesa's collectors, batches, copies and pickles."""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
import warnings
import weakref
from types import SimpleNamespace

import mesa
import numpy as np
import pytest

import dealsim
from dealsim import DealModel
from dealsim.engine import branch, burn_in, live, state_hash
from dealsim.errors import InputError
from dealsim.metrics import HEADLINE, METRICS, series
from dealsim.model import Citizen, Group, Service, Staff, only, reporters
from dealsim.parameters import Parameters
from dealsim.places import shipped
from dealsim.scenarios import load


def _after(model, weeks):
    for _ in range(weeks):
        model.step()
    return state_hash(model.world)


def test_a_model_lives_what_the_engine_lives(lived):
    start = burn_in(shipped("wigan"), 2000, 3, Parameters())
    policy = load("deal").policy(52, start.borough.place_names)
    world = live(branch(start, policy, lived.plan.life_seed(0), 52), 10)
    assert state_hash(lived.world) == state_hash(world)
    for ours, theirs in zip(lived.world.record, world.record, strict=True):
        assert np.array_equal(ours, theirs)


def test_a_seed_names_the_first_replicate_of_a_run():
    model = DealModel("deal", size=2000, rng=3, years=1)
    model.run_model()
    assert model.steps == 52
    assert not model.running
    results = dealsim.run("deal", size=2000, years=1, seed=3, replicates=1)
    assert results.runs["state_hash"].tolist() == [state_hash(model.world)]


def test_mesas_own_chance_moves_nothing(model, lived):
    model.random.random(), model.rng.random()
    model.agents.shuffle_do(lambda agent: agent.random.random())
    assert _after(model, 5) == _after(copy.deepcopy(lived), 5)


def test_a_cached_borough_is_the_same_as_a_new_one(lived):
    assert _after(DealModel("deal", size=2000, rng=3, years=1, cache=False), 10) == state_hash(lived.world)


def test_the_last_policy_holds_after_the_horizon():
    model = DealModel("cuts_only", size=400, rng=2, years=1)
    model.run_model()
    for _ in range(53):
        model.step()
    assert model.world.week == 105
    assert float(model.world.now.budget_cut[0]) == float(model.world.policy.budget_cut[51, 0]) > 0.0
    assert model.world.record.flows.shape[0] >= 105
    assert np.all(np.isfinite([reporter(model) for reporter in reporters(["contacts_per_1000"]).values()]))


@pytest.mark.parametrize("form", ["name", "scenario", "mapping", "file"])
def test_a_scenario_comes_in_any_form(form, tmp_path, lived):
    scenario = {
        "name": "deal",
        "scenario": load("deal"),
        "mapping": {"name": "mine", "extends": "deal"},
        "file": tmp_path / "mine.yaml",
    }[form]
    (tmp_path / "mine.yaml").write_text("name: mine\nextends: deal\n", encoding="utf-8")
    assert _after(DealModel(scenario, size=2000, rng=3, years=1), 10) == state_hash(lived.world)


def test_what_is_asked_for_is_checked():
    with pytest.raises(InputError, match="did you mean"):
        DealModel("deel", size=2000)
    with pytest.raises(InputError, match="size"):
        DealModel("deal", size=0)
    with pytest.raises(InputError, match="unknown parameter"):
        DealModel("deal", size=2000, values={"citizen.nothing": 1})
    with pytest.raises(TypeError):
        DealModel("deal", siez=600)


def test_seeds_of_other_kinds_are_drawn_from():
    a, b = DealModel(size=400, rng=np.random.default_rng(5)), DealModel(size=400, rng=np.random.default_rng(5))
    assert a.plan.seed == b.plan.seed
    assert _after(a, 2) == _after(b, 2)
    assert DealModel(size=400, rng=np.int64(7)).plan.seed == 7
    assert DealModel(size=400, rng=None).plan.seed != DealModel(size=400, rng=None).plan.seed


def test_another_parameter_gives_another_life(lived):
    other = DealModel("deal", size=2000, rng=3, years=1, values={"citizen.trust_gain": 0.05})
    assert _after(other, 10) != state_hash(lived.world)


@pytest.mark.skipif(not hasattr(mesa.Model, "run_for"), reason="this Mesa has no run_for")
def test_run_for_lives_so_many_weeks(model, lived):
    model.run_for(6)
    assert model.world.week == 16
    assert state_hash(model.world) == _after(copy.deepcopy(lived), 6)


def test_copies_and_pickles_go_on_to_the_same_bytes(model):
    model.agents[5], model.agents_by_type[Staff].to_list()
    model.friend = model.agents[5]
    twins = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    wanted = _after(model, 12)
    for twin in twins:
        assert twin.world.week == 10
        assert twin.friend is twin.agents[5]
        assert twin.friend.model is twin
        assert twin.agents[5] is not model.agents[5]
        assert np.shares_memory(twin.world.borough.citizens.trust, twin.agents.population.stores[0].columns.trust)
        assert _after(twin, 12) == wanted
        assert twin.agents_by_type[Group].get("id") == model.agents_by_type[Group].get("id")


def test_a_set_and_an_agent_can_be_pickled(model):
    low = model.agents_by_type[Citizen].select(where=lambda citizen: citizen.trust < 0.5)
    again = pickle.loads(pickle.dumps(low))
    assert again.get("id") == low.get("id")
    agent = pickle.loads(pickle.dumps(model.agents[7]))
    assert agent is agent.model.agents[7]
    assert agent.trust == model.agents[7].trust


def test_two_models_do_not_disturb_each_other(lived):
    one = DealModel("deal", size=2000, rng=3, years=1)
    other = DealModel("cuts_only", size=400, rng=4, years=1)
    third = DealModel("deal", size=2000, rng=3, years=1)
    for _ in range(10):
        one.step()
        other.step()
        other.agents_by_type[Citizen].set("trust", 0.1)
    assert state_hash(one.world) == state_hash(lived.world)
    assert one.agents[5].trust == lived.world.borough.citizens.trust[5]
    assert other.agents[5].trust == pytest.approx(0.1)
    third.agents[5].trust = 0.25
    assert one.agents[5].trust != 0.25
    assert other.agents[5] not in one.agents
    assert _after(third, 1) != state_hash(one.world)


def test_a_model_that_is_let_go_is_freed():
    model = DealModel(size=400, rng=1, years=1)
    model.step()
    model.agents.to_list()
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_reporters_give_the_series_week_by_week():
    model = DealModel("deal", size=2000, rng=3, years=2)
    collector = mesa.DataCollector(model_reporters=reporters(tuple(METRICS)))
    for _ in range(70):
        model.step()
        collector.collect(model)
    record = model.world.record
    lived = type(record)(*(table[: 18 if part == "stocks" else 70] for part, table in record._asdict().items()))
    wanted = {
        name: (weeks, values)
        for name, group, weeks, values in series(SimpleNamespace(record=lived, borough=model.world.borough))
        if group == "all"
    }
    table = collector.get_model_vars_dataframe()
    assert len(table) == 70
    assert set(wanted) <= set(table.columns)
    for name, (weeks, values) in wanted.items():
        if name == "waiting_weeks":
            continue
        assert np.array_equal(table[name].to_numpy()[weeks], values, equal_nan=True), name
    waits = wanted["waiting_weeks"][1]
    assert np.allclose(table["waiting_weeks"], waits, equal_nan=True)


def test_before_the_first_week_there_is_nothing_to_report():
    model = DealModel("deal", size=400, rng=3)
    assert all(np.isnan(reporter(model)) for reporter in reporters().values())
    with pytest.raises(KeyError, match="no metric 'mean_truts'"):
        reporters(["mean_truts"])


def test_agent_reporters_on_a_few(model):
    few = model.agents_by_type[Citizen].select(where=lambda citizen: citizen.need > 0, at_most=20)
    collector = mesa.DataCollector(
        model_reporters=reporters(["mean_trust"]),
        agent_reporters={"trust": "trust", "parts": "part_open"},
        agenttype_reporters={Citizen: {"agency": "agency"}},
    )
    for _ in range(3):
        model.step()
        collector.collect(only(model, few))
    table = collector.get_agent_vars_dataframe()
    assert len(table) == 3 * len(few)
    assert table["trust"].tolist()[-len(few) :] == few.get("trust")
    assert collector.get_agenttype_vars_dataframe(Citizen)["agency"].tolist()[-len(few) :] == few.get("agency")
    assert model.agents.population.n_views == len(few)


def test_agenttype_reporters_follow_a_kind(model):
    collector = mesa.DataCollector(agenttype_reporters={Service: {"blame": "blame"}})
    model.step()
    collector.collect(model)
    assert collector.get_agenttype_vars_dataframe(Service)["blame"].tolist() == model.agents_by_type[Service].get(
        "blame"
    )


def test_a_collecting_model_can_be_pickled():
    model = DealModel(size=400, rng=1, years=1, collect=True)
    model.step()
    twin = pickle.loads(pickle.dumps(model))
    twin.step()
    assert len(twin.datacollector.get_model_vars_dataframe()) == 2
    assert list(twin.datacollector.model_vars) == list(HEADLINE)


def test_batch_run():
    parameters = {"scenario": ["cuts_only", "deal"], "size": 400, "years": 1, "collect": True}
    if "rng" in inspect.signature(mesa.batch_run).parameters:
        rows = mesa.batch_run(DealModel, parameters, rng=[1, 2], display_progress=False)
    else:
        rows = mesa.batch_run(DealModel, {**parameters, "rng": [1, 2]}, display_progress=False)
    assert len(rows) == 4
    model = DealModel("deal", size=400, rng=2, years=1)
    model.run_model()
    last = next(row for row in rows if (row["scenario"], row["rng"]) == ("deal", 2))
    assert {name: last[name] for name in HEADLINE} == pytest.approx(
        {name: reporter(model) for name, reporter in reporters().items()}, nan_ok=True
    )


def test_nothing_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = DealModel("deal", size=400, rng=1, years=1, collect=True)
        model.step()
        model.agents[:3]


def test_a_shock_of_the_last_week_does_not_strike_for_ever():
    shocked = {
        "name": "shocked",
        "extends": "cuts_only",
        "shocks": [
            {"kind": "demand_shock", "at": "2012-03-26", "size": 3.0, "weeks": 1},
            {"kind": "scandal", "at": "2012-03-26"},
            {"kind": "budget_shock", "at": "2012-03-26", "size": 0.2, "weeks": 1},
        ],
    }
    model = DealModel(shocked, size=400, rng=2, years=1)
    model.run_model()
    assert float(model.world.now.demand) == 3.0
    model.step()
    now = model.world.now
    assert (float(now.demand), float(now.budget_shock), float(now.scandal.max())) == (1.0, 0.0, 0.0)
