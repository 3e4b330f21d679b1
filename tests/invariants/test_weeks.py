"""What must hold in every week of any borough under any policy: nothing is lost, made up, or out of its range."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealsim import tally as ta
from dealsim.agents.citizen import FIRST_ADULT_BAND, NEVER
from dealsim.borough import COLUMNS_OF_KIND
from dealsim.declare import columns_of
from dealsim.engine import branch
from dealsim.metrics import series
from dealsim.parameters import RIVALS, Parameters, with_rivals, with_values
from tests.model.boroughs import BUSY, every_lever_moving, small_world

EXAMPLES = 10_000 if os.environ.get("DEALSIM_LONG") == "1" else 5
WEEKS = 57


@pytest.fixture(scope="module")
def start():
    return small_world(400, n_places=2, n_services=6, parameters=with_values(Parameters(), BUSY))


def broken_promises(world) -> list[str]:
    """The invariants that do not hold at the end of this week."""
    b, t = world.borough, world.tally
    c, flows, needs = b.citizens, t.flows.sum(axis=0), t.needs.sum(axis=0)
    in_need = c.need > 0
    rows = np.arange(c.id.size)
    service = t.services.sum(axis=0)
    members = np.bincount(c.group[c.group >= 0], minlength=b.groups.id.size)
    first_contact = flows[ta.REQUESTS] + flows[ta.REFERRED_CONTACTS] + flows[ta.FAILURE_CONTACTS]
    answered = flows[ta.SERVED] + flows[ta.TURNED_AWAY] + flows[ta.SENT_TO_COMMUNITY]
    promises = {
        "contacts are first, referred or failure demand": flows[ta.CONTACTS] == first_contact,
        "contacts are served, turned away or sent on": flows[ta.CONTACTS] == answered,
        "contacts of people are contacts of services": flows[ta.CONTACTS] == service[ta.S_CONTACTS],
        "served people are served by services": flows[ta.SERVED] == service[ta.S_SERVED],
        "turned away people are turned away by services": flows[ta.TURNED_AWAY] == service[ta.S_TURNED_AWAY],
        "failure demand agrees": flows[ta.FAILURE_CONTACTS] == service[ta.S_FAILURE],
        "solved parts agree": flows[ta.PARTS_SOLVED] == service[ta.S_SOLVED],
        "an ended episode solved a part": flows[ta.EPISODES_SOLVED] <= flows[ta.PARTS_SOLVED],
        "a served contact tries a part": service[ta.S_TRIED] >= service[ta.S_SERVED],
        "visible incidents are incidents": service[ta.S_VISIBLE] <= service[ta.S_INCIDENTS],
        "reported incidents are visible": service[ta.S_REPORTS] <= service[ta.S_VISIBLE],
        "sanctions and backing answer visible incidents": service[ta.S_SANCTIONS] + service[ta.S_BACKED]
        <= service[ta.S_VISIBLE],
        "people in need add up": needs[: ta.NO_SERVICE].sum() == in_need.sum(),
        "hidden and waiting people are in need": needs[ta.HIDDEN] + needs[ta.WAITING] <= in_need.sum(),
        "no service means not in contact": needs[ta.NO_SERVICE] == (in_need & (c.in_contact == 0)).sum(),
        "hidden people are in contact with no service": needs[ta.HIDDEN] <= needs[ta.NO_SERVICE],
        "whoever is in contact has made one": (c.contacts[c.in_contact == 1] > 0).all(),
        "nobody without need has parts": not c.part_open[~in_need].any() and not c.parts[~in_need].any(),
        "nobody without need has contacts": not (c.contacts + c.in_contact + c.referred)[~in_need].any(),
        "everybody in need has an open part": c.part_open[in_need].any(axis=1).all(),
        "the part worked on is open": c.part_open[rows[in_need], c.part_now[in_need]].all(),
        "open parts are parts": (c.part_open.sum(axis=1) <= c.parts).all(),
        "a first contact has a week": ((c.first_contact > NEVER) == (c.contacts > 0)).all(),
        "parts belong to services there are": (c.part_service < b.services.id.size).all(),
        "volunteers have a group and only they": ((c.group >= 0) == (c.volunteer == 1)).all(),
        "groups count their members": (members == b.groups.volunteers).all(),
        "no volunteer is under 16": not c.volunteer[c.age_band < FIRST_ADULT_BAND].any(),
        "a team serves no more than its slots": (b.teams.utilisation <= 1.0).all(),
        "less than a whole slot is carried over": (b.teams.slots < 1.0).all(),
        "workers' numbers are unique": np.unique(b.staff.id).size == b.staff.id.size,
        "groups' numbers are unique": np.unique(b.groups.id).size == b.groups.id.size,
        "nobody is born or dies": (c.id == rows).all(),
        "workers are where they were": t.staff[:, ta.WORKERS].sum() == b.staff.id.size,
        "capacity keeps its bounds": ((b.services.capacity >= 0.4) & (b.services.capacity <= 1.3)).all(),
        "money is not negative": (t.money >= 0.0).all(),
        "coverage is met need among the known": (b.neighbourhoods.coverage <= b.neighbourhoods.met_share).all(),
    }
    return [promise for promise, kept in promises.items() if not kept]


def out_of_range(world) -> list[str]:
    """Columns with a value outside their declared range, or not a number."""
    found = []
    for kind, record in COLUMNS_OF_KIND.items():
        for name, spec in columns_of(record).items():
            column = getattr(getattr(world.borough, kind), name)
            if np.issubdtype(column.dtype, np.floating) and not np.isfinite(column).all():
                found.append(f"{kind}.{name} is not a number")
            if spec.low is not None and (column < spec.low).any():
                found.append(f"{kind}.{name} falls to {column.min()}")
            if spec.high is not None and (column > spec.high).any():
                found.append(f"{kind}.{name} rises to {column.max()}")
    return found


@settings(max_examples=EXAMPLES)
@given(
    seed=st.integers(0, 2**31), every=st.integers(1, 20), rivals=st.sets(st.sampled_from(sorted(RIVALS)), max_size=4)
)
def test_every_promise_is_kept_in_every_week(start, seed, every, rivals):
    policy = every_lever_moving(WEEKS, 2, seed, every)
    parameters = with_rivals(start.parameters, sorted(rivals))
    world = branch(start, policy, seed, WEEKS, parameters)
    for week in range(WEEKS):
        world.step()
        assert broken_promises(world) == [], f"week {week}"
        if week % 13 == 0:
            assert out_of_range(world) == [], f"week {week}"
        dead = world.borough.groups.alive == 0
        if week % 4 == 0:  # members of a closed group have moved on by the end of the month that closed it
            assert world.borough.groups.volunteers[dead].sum() == 0


def test_groups_of_people_add_up_to_everybody(start):
    world = branch(start, every_lever_moving(WEEKS, 2), 5, WEEKS)
    for _ in range(WEEKS):
        world.step()
    found = {(metric, group): values for metric, group, _, values in series(world)}
    people = world.record.stocks[0].sum(axis=0)
    assert world.record.flows.sum(axis=(0, 1))[ta.CONTACTS] > 100
    assert people[ta.PEOPLE] == world.borough.citizens.id.size
    assert people[ta.SURVEYED] == (world.borough.citizens.age_band >= FIRST_ADULT_BAND).sum()
    months = world.record.flows[:52].reshape(13, 4, *world.record.flows.shape[1:]).sum(axis=(1, 2))
    contacts = months[:, ta.CONTACTS] / people[ta.PEOPLE] / 4 * 52000
    n_places = len(world.borough.place_names)
    cells = world.borough.citizens.fifth.astype(int) * n_places + world.borough.citizens.place
    size = np.bincount(cells, minlength=5 * n_places).reshape(5, n_places)
    for kind, sizes in (("quintile", size.sum(axis=1)), ("place", size.sum(axis=0))):
        names = [f"quintile:{k + 1}" for k in range(5)]
        if kind == "place":
            names = [f"place:{name}" for name in world.borough.place_names]
        total = sum(
            found["contacts_per_1000", name][:13] * share
            for name, share in zip(names, sizes / sizes.sum(), strict=True)
            if share > 0
        )
        assert total == pytest.approx(contacts)


def test_what_services_spend_is_what_the_borough_spends(start):
    world = branch(start, every_lever_moving(WEEKS, 2), 5, WEEKS)
    for _ in range(WEEKS):
        world.step()
    found = {(metric, group): values for metric, group, _, values in series(world)}
    services = sum(found["cost_per_head", f"service:{name}"] for name in world.borough.service_names)
    whole = found["cost_per_head", "all"]
    assert services[:14] == pytest.approx([whole[k : k + 4].mean() for k in range(0, 56, 4)])
