"""A borough that lives: burn-in to an old regime that stays put, branches from it, weeks, and the state's hash.

It knows no scenario files and no results folders; it is handed a policy table and gives back a record.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dealsim import compiled
from dealsim import tally as ta
from dealsim.agents.citizen import FIRST_ADULT_BAND
from dealsim.agents.staff import TEAM_SIZE
from dealsim.borough import COLUMNS_OF_KIND, KINDS_OF_ROW, Borough, build
from dealsim.calendar import WEEKS_A_MONTH, WEEKS_A_QUARTER, WEEKS_A_YEAR
from dealsim.compiled import packed
from dealsim.declare import columns_of, empty_columns
from dealsim.errors import StoppedError
from dealsim.levers import LEVERS, SERVICE_KINDS, Policy, policy_in_force, policy_of, without_shocks
from dealsim.network import Ties, ties_from_edges
from dealsim.parameters import Parameters
from dealsim.places import PlaceInput
from dealsim.scratch import new_scratch
from dealsim.week import WEEK

BURN_IN_WEEKS = 14 * WEEKS_A_YEAR
"""Burn-in: long enough for fear, trust, know-how and groups to come to rest."""
SETTLING_SHARE = 0.5
"""Team capacity follows planned use through this share of burn-in and is frozen afterwards."""
SETTLING_PACE = 0.15
"""How far, each quarter of settling, a team's slots move towards what meets planned use."""
MEASURING_WEEKS = 3 * WEEKS_A_YEAR
"""The last weeks of burn-in, in which the old budget and the normal rate of incidents are measured."""
LEAST_ASKED = 0.05
"""Slots a week that a team is taken to be asked for at least, so that a team nobody asked keeps some."""
EVENT_ROOM_PER_PERSON = 400


class World:
    """One borough in one week of one life: columns, policy, parameters, chance and what is counted."""

    def __init__(self, borough: Borough, policy: Policy, parameters: Parameters, seed: int, week: int) -> None:
        _check_columns(borough)
        self.borough = borough
        self.parameters = parameters
        self.p = Parameters(*(packed(record) for record in parameters))  # as compiled loops read them
        self.seed = seed
        self.week = week
        self.policy = rows_of_policy(policy, borough)
        self.old_regime = policy_in_force(rows_of_policy(policy_of(1, len(borough.place_names)), borough), 0)
        self.now = self.before = self.old_regime
        n_places = len(borough.place_names)
        self.scratch = new_scratch(
            borough.citizens.id.size,
            borough.staff.id.size,
            borough.teams.id.size,
            borough.groups.id.size,
            borough.neighbourhoods.id.size,
        )
        self.tally = ta.new_tally(borough.citizens.id.size, n_places, borough.services.id.size)
        self.record: ta.Record | None = None
        self.watching: np.ndarray = np.zeros(0, np.int64)
        self.workers = np.bincount(borough.staff.service, minlength=borough.services.id.size).astype(np.float64)
        self.need_weights = np.array([getattr(parameters.citizen, f"weight_{kind}") for kind in SERVICE_KINDS])
        fifths = np.zeros(borough.neighbourhoods.id.size, np.int64)
        fifths[borough.citizens.neighbourhood] = borough.citizens.fifth
        self.cell_of = fifths * n_places + borough.neighbourhoods.place

    def policy_of_week(self, week: int) -> Policy:
        """What is in force in a week: the first row through burn-in, the last, without its shocks, after the end."""
        last = self.policy.demand.size - 1
        now = policy_in_force(self.policy, min(max(week, 0), last))
        return without_shocks(now) if week > last else now

    @property
    def events(self) -> np.ndarray:
        """What happened to watched people, one row an event, columns `tally.EVENT_FIELDS`."""
        return self.tally.events[: int(self.tally.n_events[0])]

    def step(self) -> None:
        """One week: every process in order, then what was counted goes into the record."""
        self.now = self.policy_of_week(self.week)
        # a scenario's first week is compared with the old regime it comes from
        self.before = self.policy_of_week(self.week - 1) if self.week > 0 else self.old_regime
        for process in WEEK:
            process(self)
        if self.record is not None and 0 <= self.week < self.record.flows.shape[0]:
            for name in ta.Record._fields:
                if name == "stocks":
                    if self.week % WEEKS_A_MONTH == 0:
                        self.record.stocks[self.week // WEEKS_A_MONTH] = self.tally.stocks
                else:
                    getattr(self.record, name)[self.week] = getattr(self.tally, name)
        self.week += 1


def _check_columns(borough: Borough) -> None:
    """Compiled loops rely on the declared type and a plain layout of every column."""
    for kind, record in COLUMNS_OF_KIND.items():
        for name, spec in columns_of(record).items():
            column = getattr(getattr(borough, kind), name)
            if column.dtype != spec.dtype or not column.flags.c_contiguous:
                raise TypeError(
                    f"column {kind}.{name} is {column.dtype}, declared {np.dtype(spec.dtype)}, or not plain"
                )


def rows_of_policy(policy: Policy, borough: Borough) -> Policy:
    """The policy table with one column a service row of the borough: merged services take the mean."""
    kinds = borough.service_kinds
    by_service = {}
    for name in Policy._fields:
        table = getattr(policy, name)
        if name == "old_permission":
            by_service[name] = np.array([table[list(row)].sum() / len(row) for row in kinds])
        elif name == "paid_by_service":
            # a kind's share goes to the rows that do its work, split evenly between places where rows are apart
            out = np.zeros((*table.shape[:2], len(kinds)))
            for kind in range(table.shape[2]):
                rows = [s for s, row in enumerate(kinds) if kind in row]
                for s in rows:
                    out[:, :, s] += table[:, :, kind] / len(rows)
            by_service[name] = out
        elif table.ndim == 2 and name in _BY_SERVICE:
            out = np.zeros((table.shape[0], len(kinds)))
            for s, row in enumerate(kinds):
                out[:, s] = table[:, list(row)].sum(axis=1) / len(row)
            by_service[name] = out
    tables = policy._replace(**by_service)
    # compiled loops rely on a plain layout of every row
    return Policy(*(np.ascontiguousarray(table, np.float64) for table in tables))


_BY_SERVICE = (*(name for name, lever in LEVERS.items() if lever.varies_by == "service"), "in_deal", "scandal")
"""Columns of a policy that hold one value a kind of service."""


def warm_up(first: int = 0, last: int = len(WEEK)) -> None:
    """Compile the loops of a stretch of the week's processes by living it in a borough of nobody."""
    columns = {kind: empty_columns(record, 0) for kind, record in COLUMNS_OF_KIND.items()}
    columns["leadership"] = empty_columns(COLUMNS_OF_KIND["leadership"], 1)
    nobody = Borough(
        name="nobody",
        place_names=(),
        service_names=(),
        service_kinds=(),
        neighbourhood_names=(),
        ties=ties_from_edges(0, []),
        service_of_kind=np.zeros((0, len(SERVICE_KINDS)), np.int32),
        first_team=np.zeros((0, 0), np.int32),
        team_count=np.zeros((0, 0), np.int32),
        first_slot=np.zeros(1, np.int32),
        **columns,
    )
    world = World(nobody, policy_of(1, 0), Parameters(), 0, 0)
    for process in WEEK[first:last]:
        process(world)


COMPILED_BESIDE = 8
"""So many processes, from the start of the week, are compiled by a helper on first use; the rest here."""


def _compile_beside() -> subprocess.Popen[bytes] | None:
    """On first use: another process compiles most of the week while this one compiles what builds a borough."""
    if not compiled.FIRST_USE:
        return None
    compiled.FIRST_USE = False
    try:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", f"from dealsim.engine import warm_up; warm_up(0, {COMPILED_BESIDE})"]
        )
    except OSError:
        return None


def burn_in(
    place: PlaceInput,
    size: int,
    borough_seed: int,
    parameters: Parameters | None = None,
    weeks: int = BURN_IN_WEEKS,
    *,
    stop: Callable[[], bool] | None = None,
    count: Callable[[int], None] | None = None,
    **build_options: Any,
) -> World:
    """A borough at week 0, after so many weeks of the old regime.

    For the first part of burn-in each team's slots follow what it is asked for, so that planned use is met;
    then they are frozen. The last part measures the budget and the normal rate of visible incidents.
    `count` is told of each week lived.

    Raises
    ------
    StoppedError
        When `stop`, asked between two weeks, says so.
    """
    p = parameters or Parameters()
    helper = _compile_beside()
    borough = build(place, size, borough_seed, p, **build_options)
    world = World(borough, policy_of(1, len(borough.place_names)), p, borough_seed, -weeks)
    if helper is not None:
        warm_up(COMPILED_BESIDE)
        helper.wait()
    settling = int(weeks * SETTLING_SHARE)
    measuring = min(MEASURING_WEEKS, max(1, weeks // 3))
    cost = np.zeros(borough.services.id.size)
    demand = np.zeros_like(cost)
    visible = np.zeros_like(cost)
    tried = np.zeros_like(cost)
    asked = np.zeros(borough.teams.id.size)
    since = 0
    for step in range(weeks):
        if stop is not None and stop():
            raise StoppedError("stopped before the borough was ready")
        world.step()
        if count is not None:
            count(1)
        asked += borough.teams.asked
        since += 1
        if step < settling and since == WEEKS_A_QUARTER:
            _set_capacity(world, asked / since, step < 4 * WEEKS_A_QUARTER)
            asked[:] = 0.0
            since = 0
        if step >= weeks - measuring:
            s = borough.services
            demand += s.contact_spend + s.crisis_spend
            cost += s.staff_spend + s.contact_spend + s.crisis_spend
            visible += s.visible
            tried += s.tried
    services = borough.services
    services.budget[:] = cost / measuring
    services.demand_cost[:] = demand / measuring
    services.quarter_cost[:] = services.demand_cost * WEEKS_A_QUARTER
    services.quarter_programme[:] = 0.0
    services.incidents_normal[:] = visible / np.maximum(tried, 1.0)
    return world


def _set_capacity(world: World, asked: np.ndarray, anew: bool) -> None:
    """Move each team's slots a worker towards what meets planned use; at first all the way."""
    teams = world.borough.teams
    wish = np.maximum(asked, LEAST_ASKED) / (TEAM_SIZE * world.parameters.staff.planned_use)
    share = 1.0 if anew else SETTLING_PACE
    teams.slots_per_worker[:] += share * (wish - teams.slots_per_worker)
    teams.slots[:] = 0.0


def branch(
    world: World,
    policy: Policy,
    life_seed: int,
    weeks: int,
    parameters: Parameters | None = None,
    watch: Sequence[int] | np.ndarray = (),
) -> World:
    """An independent copy of a world, to live `weeks` weeks under a policy with chance of its own.

    `watch` lists citizen rows whose events are written down; watching changes nothing.
    """
    borough = world.borough._replace(
        **{
            kind: type(getattr(world.borough, kind))(*(column.copy() for column in getattr(world.borough, kind)))
            for kind in KINDS_OF_ROW
        }
    )
    twin = World(borough, policy, parameters or world.parameters, life_seed, world.week)
    room = EVENT_ROOM_PER_PERSON * len(watch)
    n_places = len(borough.place_names)
    twin.tally = ta.new_tally(borough.citizens.id.size, n_places, borough.services.id.size, room)
    twin.watching = np.asarray(watch, np.int64)
    twin.tally.watched[twin.watching] = np.arange(twin.watching.size)
    twin.record = ta.new_record(twin.tally, weeks)
    return twin


def live(world: World, weeks: int | None = None, stop: Callable[[], bool] | None = None) -> World:
    """Live so many weeks (without a number: to the end of the record); `stop` may end it between two weeks."""
    if weeks is None:
        weeks = 0 if world.record is None else world.record.flows.shape[0] - world.week
    for _ in range(weeks):
        if stop is not None and stop():
            break
        world.step()
    return world


def people_to_watch(world: World, number: int = 200) -> np.ndarray:
    """Rows of adults to follow: spread evenly over national fifths, and over need and no need in each."""
    citizens = world.borough.citizens
    adult = citizens.age_band >= FIRST_ADULT_BAND
    cells = [
        np.flatnonzero(adult & (citizens.fifth == fifth) & ((citizens.need > 0) == in_need))
        for fifth in range(5)
        for in_need in (True, False)
    ]
    chosen: list[int] = []
    quota = number // 10
    for rows in cells:
        step = max(1, rows.size // max(1, quota))
        chosen.extend(rows[::step][:quota].tolist())
    spare = np.flatnonzero(adult)
    for row in spare[:: max(1, spare.size // number)].tolist():
        if len(chosen) >= number:
            break
        if row not in chosen:
            chosen.append(row)
    return np.array(sorted(chosen[:number]), np.int64)


def state_arrays(world: World) -> dict[str, np.ndarray]:
    """Every column of every kind by `kind.column`, and the week: all that is needed to go on exactly."""
    arrays = {
        f"{kind}.{name}": column
        for kind in KINDS_OF_ROW
        for name, column in getattr(world.borough, kind)._asdict().items()
    }
    arrays["week"] = np.array([world.week], np.int64)
    arrays["ties.start"], arrays["ties.to"], arrays["ties.weight"] = world.borough.ties
    for name in ("service_of_kind", "first_team", "team_count", "first_slot"):
        arrays[name] = getattr(world.borough, name)
    for name in ("place_names", "service_names", "neighbourhood_names"):
        arrays[name] = np.array(getattr(world.borough, name))
    arrays["name"] = np.array([world.borough.name])
    arrays["service_kinds"] = np.array([",".join(map(str, row)) for row in world.borough.service_kinds])
    return arrays


def restore(
    arrays: dict[str, np.ndarray],
    parameters: Parameters,
    seed: int,
    policy: Policy | None = None,
) -> World:
    """The world that `state_arrays` described, exactly; without a policy under the old regime."""
    kinds: dict[str, Any] = {}
    for kind, columns in COLUMNS_OF_KIND.items():
        kinds[kind] = columns(*(np.array(arrays[f"{kind}.{name}"]) for name in columns._fields))
    tables: dict[str, Any] = {
        name: np.array(arrays[name]) for name in ("service_of_kind", "first_team", "team_count", "first_slot")
    }
    borough = Borough(
        name=str(arrays["name"][0]),
        place_names=tuple(str(v) for v in arrays["place_names"]),
        service_names=tuple(str(v) for v in arrays["service_names"]),
        service_kinds=tuple(tuple(int(k) for k in str(row).split(",")) for row in arrays["service_kinds"]),
        neighbourhood_names=tuple(str(v) for v in arrays["neighbourhood_names"]),
        ties=Ties(np.array(arrays["ties.start"]), np.array(arrays["ties.to"]), np.array(arrays["ties.weight"])),
        **tables,
        **kinds,
    )
    week = int(arrays["week"][0])
    return World(borough, policy or policy_of(1, len(borough.place_names)), parameters, seed, week)


def column_hashes(world: World) -> dict[str, str]:
    """The sha256 of each column, by `kind.column`, rows in the order of their permanent numbers."""
    hashes = {}
    for kind in KINDS_OF_ROW:
        columns = getattr(world.borough, kind)
        order = np.argsort(columns.id, kind="stable")
        in_order = bool(np.all(order == np.arange(order.size)))
        for name, column in columns._asdict().items():
            ordered = column if in_order else column[order]
            hashes[f"{kind}.{name}"] = hashlib.sha256(np.ascontiguousarray(ordered).tobytes()).hexdigest()
    return hashes


def state_hash(world: World) -> str:
    """One sha256 over all columns: equal for equal states, bit for bit."""
    digest = hashlib.sha256()
    for name, value in column_hashes(world).items():
        digest.update(f"{name}={value}\n".encode())
    return digest.hexdigest()
