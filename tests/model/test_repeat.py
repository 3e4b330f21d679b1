"""The same life again: by seed, by row order, by thread, by process, in two halves; and what must change nothing."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import pytest

from dealsim import week
from dealsim.compiled import Loop
from dealsim.engine import World, branch, column_hashes, live, people_to_watch, restore, state_arrays, state_hash
from dealsim.levers import policy_of
from dealsim.network import Ties
from dealsim.parameters import Parameters, with_values
from dealsim.scenarios import load, scenario_from
from tests.model.boroughs import BUSY, LONG, Move, every_lever_moving, moved, people_by_number, small_world

WEEKS = 60


@lru_cache
def start(**options):
    """A borough of two places in which a great deal happens."""
    parameters = with_values(Parameters(), BUSY)
    return small_world(300, n_places=2, n_services=5, parameters=parameters, weeks=40, **options)


def lived(world: World, policy=None, weeks=WEEKS, seed=7, watch=()) -> World:
    """A life from there; unless told otherwise under a policy in which everything moves."""
    policy = every_lever_moving(weeks, 2) if policy is None else policy
    return live(branch(world, policy, seed, weeks, watch=watch))


def counted(world: World) -> str:
    """The hash of everything counted in a life."""
    assert world.record is not None
    return hashlib.sha256(b"".join(column.tobytes() for column in world.record)).hexdigest()


def the_same(one: World, other: World) -> None:
    """Equal columns, and equal counts."""
    wanted, found = column_hashes(one), column_hashes(other)
    differing = [name for name in wanted if wanted[name] != found[name]]
    assert not differing, f"in week {one.week}: {differing}"
    assert counted(one) == counted(other)


def test_the_same_seed_gives_the_same_bytes():
    the_same(lived(start()), lived(start()))
    assert state_hash(lived(start(), seed=8)) != state_hash(lived(start()))


def test_living_leaves_the_world_it_branched_from_alone():
    before = state_hash(start())
    lived(start())
    assert state_hash(start()) == before


def test_two_threads_at_once_live_the_lives_they_live_alone():
    with ThreadPoolExecutor(2) as pool:
        beside = list(pool.map(lambda seed: lived(start(), seed=seed), (7, 8, 9, 10)))
    for seed, world in zip((7, 8, 9, 10), beside, strict=True):
        the_same(lived(start(), seed=seed), world)


def reordered(world: World, rows: np.ndarray) -> World:
    """The same people in another order of rows: whom they speak for and know goes with them."""
    borough = world.borough
    now_at = np.argsort(rows).astype(np.int32)
    columns = {name: np.ascontiguousarray(column[rows]) for name, column in borough.citizens._asdict().items()}
    columns["speaks_for"] = now_at[columns["speaks_for"]]
    start_of, to, weight = [0], [], []
    for row in rows:
        ties = [
            (now_at[borough.ties.to[k]], borough.ties.weight[k])
            for k in range(borough.ties.start[row], borough.ties.start[row + 1])
        ]
        ties.sort()
        to += [other for other, _ in ties]
        weight += [heavy for _, heavy in ties]
        start_of.append(len(to))
    moved_ties = Ties(np.array(start_of, np.int64), np.array(to, np.int32), np.array(weight, np.uint8))
    citizens = type(borough.citizens)(**columns)
    other = branch(world, policy_of(1, len(borough.place_names)), world.seed, 1)
    other.borough = borough._replace(citizens=citizens, ties=moved_ties)
    return other


@pytest.mark.parametrize("how", ["backwards", "shuffled"])
def test_the_order_of_rows_changes_nobody(how):
    people = start().borough.citizens.id.size
    rows = np.arange(people)[::-1] if how == "backwards" else np.argsort((np.arange(people) * 7919) % people)
    one, other = lived(start()), lived(reordered(start(), rows))
    wanted, found = people_by_number(one), people_by_number(other)
    assert not np.array_equal(one.borough.citizens.id, other.borough.citizens.id)
    for name, column in wanted.items():
        assert column.tobytes() == found[name].tobytes(), f"citizens.{name}"
    wanted_hashes, found_hashes = column_hashes(one), column_hashes(other)
    for name, value in wanted_hashes.items():
        if not name.startswith("citizens."):
            assert found_hashes[name] == value, name
    assert counted(one) == counted(other)


@pytest.mark.parametrize("half", [1, 12, 13, 52])
def test_a_life_kept_and_taken_up_again_is_the_life_in_one_go(half):
    policy = every_lever_moving(WEEKS, 2)
    whole = lived(start(), policy)
    first = live(branch(start(), policy, 7, WEEKS), half)
    arrays = {name: np.array(column) for name, column in state_arrays(first).items()}
    second = restore(arrays, first.parameters, 7, policy)
    assert column_hashes(live(second, WEEKS - half)) == column_hashes(whole)


def test_a_lever_that_acts_in_the_third_year_changes_nothing_before():
    acts, weeks = 104, 117
    plain = load("deal").policy(weeks, start().borough.place_names)
    later = moved(plain, [Move("blame_culture", 0.9, acts, weeks), Move("offloading", 0.5, acts, weeks)])
    one, other = branch(start(), plain, 7, weeks), branch(start(), later, 7, weeks)
    for _ in range(0, acts, 13):
        the_same(live(one, 13), live(other, 13))
    assert one.week == acts
    assert state_hash(live(one, 13)) != state_hash(live(other, 13))


def test_a_scenario_that_changes_nothing_is_its_parent():
    places = start().borough.place_names
    same = scenario_from({"name": "same", "extends": "cuts_only", "question": "And if nothing else changes?"})
    the_same(
        lived(start(), load("cuts_only").policy(WEEKS, places)),
        lived(start(), same.policy(WEEKS, places)),
    )


def test_a_scenario_of_levers_at_their_old_values_is_the_old_regime():
    places = start().borough.place_names
    named = scenario_from(
        {
            "name": "named",
            "extends": "old_regime",
            "levers": {"blame_culture": 0.6, "permission_to_innovate": 0.15, "offloading": 0.0, "nerve": 0.3},
        }
    )
    the_same(lived(start(), policy_of(WEEKS, 2)), lived(start(), named.policy(WEEKS, places)))


def test_a_lever_after_the_last_week_changes_nothing():
    places = start().borough.place_names
    late = scenario_from(
        {
            "name": "late",
            "extends": "cuts_only",
            "schedule": [{"lever": "permission_to_innovate", "from": "2020-04", "value": 0.9}],
        }
    )
    the_same(
        lived(start(), load("cuts_only").policy(WEEKS, places)),
        lived(start(), late.policy(WEEKS, places)),
    )


def test_watching_fifty_people_changes_nothing():
    watched = lived(start(), watch=people_to_watch(start(), 50))
    assert len(watched.events) > 50
    the_same(lived(start()), watched)


def test_a_longer_table_of_policy_changes_no_earlier_week():
    longer = every_lever_moving(WEEKS + 30, 2)
    shorter = type(longer)(*(table if table.shape[0] < WEEKS else table[:WEEKS] for table in longer))
    the_same(lived(start(), shorter), lived(start(), longer))


FREE = ("place_based_working", "devolution", "offloading")
PAID = ("community_investment", "public_communications", "citizen_leadership", "link_workers")


def test_what_is_done_in_one_place_leaves_everyone_elsewhere_alone():
    apart = start(separate_services=True, ties=False)
    # new money pays: what services pay themselves is shared by all of them
    plain = moved(policy_of(WEEKS, 2), [Move("paid_from_outside", 1.0, 0, WEEKS), Move("partnership", 1, 20, WEEKS)])
    there = moved(plain, [Move(name, 0.7, 3 + at, WEEKS, 1) for at, name in enumerate(FREE + PAID)])
    one, other = branch(apart, plain, 7, WEEKS), branch(apart, there, 7, WEEKS)
    for _ in range(WEEKS):
        live(one, 1)
        live(other, 1)
        for kind in ("citizens", "staff", "teams", "neighbourhoods"):
            ours, theirs = getattr(one.borough, kind), getattr(other.borough, kind)
            here = ours.place == 0
            assert here.any()
            for name, column in ours._asdict().items():
                same = column[here].tobytes() == getattr(theirs, name)[here].tobytes()
                assert same, f"week {one.week - 1}: {kind}.{name}"
    for kind in ("citizens", "staff"):
        ours, theirs = getattr(one.borough, kind), getattr(other.borough, kind)
        moved_there = [
            name
            for name, column in ours._asdict().items()
            if not np.array_equal(column[ours.place == 1], getattr(theirs, name)[ours.place == 1])
        ]
        assert moved_there, f"nothing moved in the {kind} of the place where something was done"


LIFE = """
from dealsim.engine import branch, burn_in, live, state_hash
from dealsim.places import shipped
from dealsim.scenarios import load
start = burn_in(shipped("wigan"), 400, 5, weeks=20)
print(state_hash(live(branch(start, load("deal").policy(60, start.borough.place_names), 2, 60))))
"""


@lru_cache
def life_elsewhere(**env: str) -> str:
    """The hash of one life in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", LIFE], env={**os.environ, **env}, capture_output=True, encoding="utf-8"
    )
    assert not done.returncode, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("hashing", ["0", "1"])
def test_another_process_with_another_hash_seed_lives_the_same_life(hashing):
    assert len(life_elsewhere()) == 64
    assert life_elsewhere(PYTHONHASHSEED=hashing) == life_elsewhere()


@pytest.mark.skipif(not LONG, reason="compiles everything anew; DEALSIM_LONG=1 and benchmarks/same_bytes.py do it")
@pytest.mark.slow
def test_code_compiled_for_a_plain_processor_lives_the_same_life():
    assert life_elsewhere(NUMBA_CPU_NAME="generic") == life_elsewhere()


def test_each_loop_is_compiled_once_whatever_borough_and_policy():
    lived(start())
    lived(small_world(2), policy_of(5, 1), 5)
    lived(small_world(90, n_services=2, ties=False), load("deal").policy(5, ("somewhere",)), 5)
    lived(small_world(150, n_places=3, separate_services=True), every_lever_moving(5, 3), 5, watch=(1, 2))
    kept = {name: np.array(column) for name, column in state_arrays(start()).items()}
    live(restore(kept, Parameters(), 3), 5)
    loops = {name: loop for name, loop in vars(week).items() if isinstance(loop, Loop)}
    assert len(loops) > 15
    twice = {name: len(loop.signatures) for name, loop in loops.items() if len(loop.signatures) != 1}
    assert not twice, f"compiled more than once: {twice}"
