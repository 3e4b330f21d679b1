"""Sets of agents do what Mesa's do, on columns, and make no view that nobody touches."""

from __future__ import annotations

import copy

import mesa
import numpy as np
import pytest

from dealsim.agents.view import AgentSet, ViewSet
from dealsim.model import KINDS, Citizen, Group, Service, Staff


def _plain(agents):
    """The same members in Mesa's own AgentSet: the slow way."""
    return AgentSet(list(agents), agents.random)


@pytest.fixture
def citizens(model):
    return model.agents_by_type[Citizen]


def test_everyone_is_there(model):
    borough = model.world.borough
    groups = int(borough.groups.alive.sum())
    assert 0 < groups < borough.groups.alive.size
    assert len(model.agents) == 2000 + borough.staff.id.size + borough.services.id.size + groups
    assert model.agent_types == list(KINDS)
    assert [len(model.agents_by_type[kind]) for kind in KINDS] == [
        2000, borough.staff.id.size, borough.services.id.size, groups,
    ]  # fmt: skip
    assert isinstance(model.agents, AgentSet)


def test_every_public_method_of_a_mesa_set_is_answered_from_columns():
    theirs = {name for name, thing in vars(AgentSet).items() if callable(thing) and not name.startswith("_")}
    theirs |= {"to_list", "__len__", "__iter__", "__contains__", "__getitem__", "__getstate__", "__setstate__"}
    assert theirs <= set(vars(ViewSet)), f"not overridden: {sorted(theirs - set(vars(ViewSet)))}"


def test_no_view_is_made_until_one_is_touched(model, citizens):
    population = model.agents.population
    assert len(citizens) == 2000
    citizens.get("trust"), citizens.get(["trust", "agency"]), citizens.agg("wellbeing", np.mean)
    citizens.set("agency", 0.5)
    low = citizens.select(where=lambda citizen: citizen.trust < 0.5).sort("trust").shuffle()
    model.agents.select(agent_type=Staff, at_most=0.1).get("unique_id")
    low.groupby("place").agg("trust", np.mean), low.groupby("need").count()
    model.agents.get("trust", "default")
    model.step()
    assert population.n_views == 0
    assert low[0].trust < 0.5
    model.agents[7], citizens[-1]
    assert population.n_views == 3
    next(iter(model.agents))
    assert population.n_views == 4
    citizens.to_list()
    assert population.n_views == 2000


def test_a_view_is_kept(model, citizens):
    first = model.agents[5]
    assert model.agents[5] is first
    assert citizens[5] is first
    assert citizens.select(where=lambda citizen: citizen.id == first.id)[0] is first
    assert citizens.to_list()[5] is first
    assert citizens.shuffle().sort("unique_id", ascending=True)[5] is first
    assert list(model.agents)[5] is first


@pytest.mark.parametrize("kind", KINDS)
def test_get_and_agg_equal_the_slow_way_for_every_column(model, kind):
    agents = model.agents_by_type[kind]
    slow = _plain(agents)
    for name in kind.columns:
        assert agents.get(name) == slow.get(name), name
        for function in (len, max, min, np.mean, np.median, sum if kind.columns[name].per == 1 else len):
            assert np.array_equal(agents.agg(name, function), slow.agg(name, function)), (name, function)
    assert agents.get(list(kind.columns)) == slow.get(list(kind.columns))
    assert agents.agg("id", [min, np.max]) == slow.agg("id", [min, np.max])


def test_get_over_several_kinds(model):
    mixed = model.agents.shuffle()
    slow = _plain(mixed)
    assert mixed.get("id") == slow.get("id")
    assert mixed.agg("id", sum) == slow.agg("id", sum)
    assert mixed.get("trust", "default", -1.0) == slow.get("trust", "default", -1.0)
    assert mixed.get(["id", "unique_id", "row"]) == slow.get(["id", "unique_id", "row"])
    with pytest.raises(AttributeError):
        mixed.get("trust")
    with pytest.raises(ValueError, match="handle_missing"):
        mixed.get("trust", "perhaps")


@pytest.mark.parametrize(("name", "value"), [("trust", 0.25), ("need", 2), ("part_open", (1, 0, 1)), ("last_met", -5)])
def test_set_equals_the_slow_way(model, name, value):
    other = copy.deepcopy(model)
    chosen = model.agents_by_type[Citizen].select(where=lambda citizen: citizen.fifth < 2)
    slow = _plain(other.agents_by_type[Citizen].select(lambda citizen: citizen.fifth < 2))
    assert chosen.set(name, value) is chosen
    slow.set(name, value)
    column = getattr(model.world.borough.citizens, name)
    assert np.array_equal(column, getattr(other.world.borough.citizens, name))
    assert 0 < len(chosen) < 2000


def test_set_writes_for_all_or_for_none(model):
    before = model.world.borough.citizens.need.copy()
    for name, value, error in (("need", 9, ValueError), ("need", 1, AttributeError), ("fifth", 1, AttributeError)):
        with pytest.raises(error):
            model.agents.set(name, value)
    assert np.array_equal(model.world.borough.citizens.need, before)


def test_select_equals_the_slow_way(model, citizens):
    slow = _plain(citizens)
    wanted = list(slow.select(lambda citizen: citizen.trust < 0.5 and citizen.need == 0))
    assert 0 < len(wanted) < 2000
    assert list(citizens.select(lambda citizen: citizen.trust < 0.5 and citizen.need == 0)) == wanted
    by_column = citizens.select(where=lambda citizen: (citizen.trust < 0.5) & (citizen.need == 0))
    assert list(by_column) == wanted
    assert list(citizens.select(lambda citizen: citizen.trust < 0.5, where=lambda c: c.need == 0)) == wanted
    for at_most in (0, 7, 0.1, 1.0, 1, float("inf")):
        assert list(model.agents.select(at_most=at_most, agent_type=Staff)) == list(
            _plain(model.agents).select(at_most=at_most, agent_type=Staff)
        )
        assert list(citizens.select(lambda citizen: citizen.trust < 0.5, at_most)) == list(
            slow.select(lambda citizen: citizen.trust < 0.5, at_most)
        )
    assert len(model.agents.select(agent_type=mesa.Agent)) == len(model.agents)


def test_a_condition_on_columns_must_say_yes_or_no(citizens):
    with pytest.raises(TypeError, match="yes or no"):
        citizens.select(where=lambda citizen: citizen.trust)
    with pytest.raises(AttributeError, match="Citizen has no column 'trsut'"):
        citizens.select(where=lambda citizen: citizen.trsut < 0.3)


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("key", ["trust", "need", "part_open", lambda citizen: -citizen.agency])
def test_sort_equals_the_slow_way(citizens, key, ascending):
    assert list(citizens.sort(key, ascending)) == list(_plain(citizens).sort(key, ascending))


@pytest.mark.parametrize("by", ["need", "part_open", lambda citizen: citizen.trust > 0.5])
def test_groupby_equals_the_slow_way(citizens, by):
    ours, theirs = citizens.groupby(by), _plain(citizens).groupby(by)
    assert list(ours.groups) == list(theirs.groups)
    assert ours.count() == theirs.count()
    assert ours.agg("trust", np.mean) == theirs.agg("trust", np.mean)
    assert ours.map(lambda group: group.agg("trust", sum)) == theirs.map(lambda group: group.agg("trust", sum))
    assert {key: list(group) for key, group in ours} == {key: list(group) for key, group in theirs}
    lists = citizens.groupby(by, result_type="list")
    assert lists.groups == citizens.groupby(by, "list").groups == _plain(citizens).groupby(by, "list").groups


def test_a_shuffle_is_mesas_own(model, citizens):
    other = copy.deepcopy(model)
    other_citizens = _plain(other.agents_by_type[Citizen])
    assert citizens.shuffle().get("id") == other_citizens.shuffle().get("id") != citizens.get("id")
    seen, other_seen = [], []
    assert citizens.shuffle_do(lambda citizen: seen.append(citizen.id)) is citizens
    other_citizens.shuffle_do(lambda citizen: other_seen.append(citizen.id))
    assert seen == other_seen
    assert citizens.get("id") == sorted(seen)


def test_do_and_map_reach_everyone(citizens):
    def add(citizen, much, *, least):
        citizen.trust = max(least, min(1.0, citizen.trust + much))

    before = np.array(citizens.get("trust"))
    assert citizens.do(add, 0.1, least=0.2) is citizens
    assert np.allclose(citizens.get("trust"), np.clip(before + 0.1, 0.2, 1.0))
    assert citizens.map(lambda citizen, more: citizen.id + more, 1) == [number + 1 for number in citizens.get("id")]
    assert citizens.map("__repr__")[0] == "<Citizen 1>"
    citizens.do("step")


def test_a_chosen_set_is_like_a_list(model, citizens):
    few = citizens.select(at_most=5)
    extra = citizens[100]
    assert extra in citizens
    assert extra not in few
    few.add(extra)
    few.add(extra)
    assert few[-1] is extra
    assert len(few) == 6
    assert few[1:3] == [citizens[1], citizens[2]]
    few.remove(extra)
    few.discard(extra)
    assert extra not in few
    with pytest.raises(KeyError):
        few.remove(extra)
    assert list(few | citizens.select(at_most=7)) == citizens[:7]
    assert list(few & citizens[3:9]) == citizens[3:5]
    assert few.index(citizens[2]) == 2
    assert list(copy.copy(few)) == list(few.copy()) == list(few)
    assert few.select(lambda citizen: citizen.row > 2, inplace=True) is few
    assert few.get("row") == [3, 4]
    assert few.sort("row", inplace=True).get("row") == [4, 3]
    with pytest.raises(TypeError, match="no agent of this model"):
        few.add(copy.deepcopy(model).agents[0])


def test_an_empty_set_is_no_trouble(citizens):
    nobody = citizens.select(at_most=0)
    assert len(nobody) == 0
    assert nobody.get("trust") == nobody.to_list() == nobody.map("step") == []
    assert nobody.agg("trust", len) == 0
    assert list(nobody.shuffle().sort("trust").set("trust", 0.5)) == []
    assert len(nobody.groupby("need")) == 0


def test_groups_join_the_agents_and_leave_them(model):
    groups, everyone = model.agents_by_type[Group], model.agents
    kept = groups.copy()
    alive = model.world.borough.groups.alive
    ends, begins = int(np.flatnonzero(alive)[0]), int(np.flatnonzero(alive == 0)[0])
    gone = groups[0]
    number = len(groups)
    assert gone in everyone
    alive[ends], alive[begins] = 0, 1
    assert gone not in groups
    assert gone not in everyone
    assert groups[-1].row == begins
    assert everyone[-1] is groups[-1]
    assert len(groups) == number
    assert kept[0] is gone
    alive[ends] = 1
    assert groups[-1] is gone
    assert model.agents_by_type[Service].get("row") == sorted(model.agents_by_type[Service].get("row"))


def test_everyone_may_stand_in_another_order(model):
    ids = model.agents.get("unique_id")
    assert model.agents.shuffle(inplace=True) is model.agents
    assert model.agents.get("unique_id") != ids
    assert sorted(model.agents.get("unique_id")) == ids
    assert model.agents.sort("unique_id", ascending=True, inplace=True).get("unique_id") == ids
