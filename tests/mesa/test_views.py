"""Each agent is a view of its row: what it shows, what it takes and what it refuses."""

from __future__ import annotations

import mesa
import numpy as np
import pytest

from dealsim.agents.view import POINTS_TO, View
from dealsim.model import KINDS, Citizen, Group, Service, Staff

COLUMNS = [(kind, name) for kind in KINDS for name in kind.columns]
WRITTEN = [(kind, name) for kind, name in COLUMNS if not kind.columns[name].fixed]


def _ids(pairs):
    return [f"{kind.__name__}.{name}" for kind, name in pairs]


def _agent(model, kind):
    return model.agents_by_type[kind][-1]


def _column(model, kind, name):
    return getattr(getattr(model.world.borough, kind.store), name)


def _shaped(spec, value):
    return (value,) * spec.per if spec.per > 1 else value


@pytest.mark.parametrize(("kind", "name"), COLUMNS, ids=_ids(COLUMNS))
def test_a_view_shows_its_row(model, kind, name):
    agent, column = _agent(model, kind), _column(model, kind, name)
    assert np.array_equal(np.asarray(getattr(agent, name)), column[agent.row])
    if not kind.columns[name].fixed:
        column[agent.row] = 1
        assert getattr(agent, name) == _shaped(kind.columns[name], 1)


@pytest.mark.parametrize(("kind", "name"), COLUMNS, ids=_ids(COLUMNS))
def test_a_view_shows_plain_numbers(model, kind, name):
    value = getattr(_agent(model, kind), name)
    values = value if isinstance(value, tuple) else (value,)
    assert {type(one) for one in values} <= {int, float}


@pytest.mark.parametrize(("kind", "name"), WRITTEN, ids=_ids(WRITTEN))
def test_what_is_written_goes_into_its_row_and_no_other(model, kind, name):
    agent, column = _agent(model, kind), _column(model, kind, name)
    before = column.copy()
    wanted = _shaped(kind.columns[name], 1 if np.any(column[agent.row] != 1) else 2 if name != "alive" else 0)
    if kind.columns[name].high == 1:
        wanted = _shaped(kind.columns[name], 0 if np.all(column[agent.row] == 1) else 1)
    setattr(agent, name, wanted)
    assert getattr(agent, name) == wanted
    assert np.any(column[agent.row] != before[agent.row]), "nothing moved"
    others = np.arange(len(column)) != agent.row
    assert np.array_equal(column[others], before[others])
    assert column.dtype == before.dtype


@pytest.mark.parametrize(("kind", "name"), WRITTEN, ids=_ids(WRITTEN))
def test_what_lies_outside_the_range_is_refused(model, kind, name):
    agent, column, spec = _agent(model, kind), _column(model, kind, name), kind.columns[name]
    before = column.copy()
    outside = [float("nan"), float("inf"), -float("inf")]
    outside += [] if spec.low is None else [spec.low - 1]
    outside += [] if spec.high is None else [spec.high + 1]
    outside += [2**40, 0.5] if np.dtype(spec.dtype).kind in "iu" else []
    outside += [column.shape[0] if name == "group" else 99] if name in POINTS_TO else []
    for value in outside:
        with pytest.raises(ValueError, match=f"{kind.__name__}.{name} "):
            setattr(agent, name, _shaped(spec, value))
    for value in ("0.5", None, [0.5], (1, 2, 3, 4, 5)):
        with pytest.raises(TypeError, match="number"):
            setattr(agent, name, value)
    assert np.array_equal(column, before)


@pytest.mark.parametrize(("kind", "name"), sorted(set(COLUMNS) - set(WRITTEN), key=str))
def test_fixed_columns_are_read_only(model, kind, name):
    with pytest.raises(AttributeError, match="fixed when the borough is built"):
        setattr(_agent(model, kind), name, 1)


def test_every_row_of_another_kind_that_may_be_written_is_kept_inside_it():
    rows = {name for kind, name in WRITTEN if kind.columns[name].unit == "row"}
    assert rows == set(POINTS_TO)
    assert set(POINTS_TO.values()) <= {kind.store for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_no_column_hides_part_of_a_mesa_agent(kind):
    assert not set(kind.columns) & (set(dir(mesa.Agent)) | set(dir(View)))
    assert all(getattr(kind, name).__doc__ for name in kind.columns)


def test_the_parts_of_a_need_are_shown_together(model):
    citizen = model.agents[5]
    citizen.part_open = [1, 0, 1]
    assert citizen.part_open == (1, 0, 1)
    with pytest.raises(TypeError):
        citizen.part_open[1] = 1


def test_a_misspelt_name_does_not_vanish(model):
    with pytest.raises(AttributeError, match="did you mean 'trust'"):
        model.agents[5].trsut = 0.5
    with pytest.raises(AttributeError, match="Citizen has no column 'favourite_colour'"):
        model.agents[5].favourite_colour = 1
    with pytest.raises(AttributeError):
        model.agents[5].model = None
    assert not vars(model.agents[5])


def test_an_agent_is_a_mesa_agent(model):
    citizen = model.agents[5]
    assert isinstance(citizen, mesa.Agent)
    assert type(citizen) is Citizen
    assert citizen.model is model
    assert citizen.random is model.random
    assert citizen.rng is model.rng
    assert citizen.pos is None
    assert repr(citizen) == "<Citizen 6>"


def test_unique_ids_count_from_one_and_stay(model):
    ids = model.agents.get("unique_id")
    assert ids == [agent.unique_id for agent in model.agents]
    assert ids[:2000] == list(range(1, 2001))
    assert len(set(ids)) == len(ids)
    chosen = model.agents[17]
    model.step()
    assert chosen.unique_id == 18


def test_the_population_is_closed(model):
    agent = model.agents[5]
    for refused in (
        agent.remove,
        lambda: Citizen(model),
        lambda: mesa.Agent(model),
        lambda: model.register_agent(agent),
        lambda: model.deregister_agent(agent),
        model.remove_all_agents,
        lambda: model.agents.add(agent),
        lambda: model.agents.discard(agent),
        lambda: model.agents.remove(agent),
        lambda: model.agents_by_type[Citizen].select(at_most=3, inplace=True),
    ):
        with pytest.raises(RuntimeError, match="nobody is added or removed by hand"):
            refused()


def test_what_is_written_lives_on_in_the_week(model):
    model.agents_by_type[Citizen].set("trust", 0.9)
    model.step()
    assert model.agents_by_type[Citizen].agg("trust", np.mean) > 0.85


def test_each_kind_is_kept_where_it_says(model):
    assert [kind.store for kind in KINDS] == ["citizens", "staff", "services", "groups"]
    borough = model.world.borough
    assert _agent(model, Staff).service == borough.staff.service[-1]
    assert _agent(model, Service).blame == borough.services.blame[-1]
    assert all(group.alive for group in model.agents_by_type[Group])
