"""The borough as a Mesa model: its four kinds of agent, and a step that lives one week.

The week itself is the engine's. Sweeps and comparisons run on `dealsim.runs`, which makes no Mesa model.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import mesa
import numpy as np

from dealsim.agents.citizen import CitizenColumns
from dealsim.agents.group import GroupColumns
from dealsim.agents.service import ServiceColumns
from dealsim.agents.staff import StaffColumns
from dealsim.agents.view import CLOSED, Population, View, ViewSet, viewed
from dealsim.borough import Borough
from dealsim.calendar import WEEKS_A_MONTH, WEEKS_A_YEAR
from dealsim.engine import branch
from dealsim.errors import InputError
from dealsim.metrics import HEADLINE, METRICS, series
from dealsim.places import PlaceInput
from dealsim.plans import plan
from dealsim.scenarios import Scenario
from dealsim.starts import burnt_in
from dealsim.tally import Record


@viewed(CitizenColumns, store="citizens")
class Citizen(View):
    """One citizen: a view of a row."""

    __slots__ = ()


@viewed(StaffColumns, store="staff")
class Staff(View):
    """One worker's post: a view of a row. `id` changes when a newcomer takes the post."""

    __slots__ = ()


@viewed(ServiceColumns, store="services")
class Service(View):
    """One service: a view of a row."""

    __slots__ = ()


@viewed(GroupColumns, store="groups")
class Group(View):
    """One slot for a voluntary or community group: a view of a row. `id` changes with the group in it."""

    __slots__ = ()


KINDS = (Citizen, Staff, Service, Group)
"""The kinds of agent, in the order in which they are numbered."""


class DealModel(mesa.Model):
    """A borough that lives under a scenario, as a Mesa model; one step is one week.

    `world` is the engine's own borough and week, `plan` the checked input (scenario, place, size, seeds). The
    agents are citizens, staff, services and the groups that live now; each is a view of its row, made when it is
    first touched and kept. Slots without a group are no agents; a group born into one joins the agents.

    Chance is a function of the life seed, so `random` and `rng` move nothing: they serve `shuffle` and whatever
    a user draws. The same `rng` number gives the life that `dealsim.run(scenario, seed=…)` gives its first
    replicate, to the bit.

    Mesa 3.3.1 keeps every model for ever in which an agent was made by `mesa.Agent.__init__`. Views are not made
    that way, so a model that is let go is freed; agents of one's own cannot be added.

    Parameters
    ----------
    scenario
        The name of a shipped scenario, the path of a file, or a scenario.
    size
        Citizens; the scenario's own, or 33,000.
    rng
        A whole number: it names the people drawn (the borough seed) and, hashed, the chances of their lives (the
        life seed). None, or anything else Mesa takes, draws that number first; it is `plan.seed`.
    years
        The horizon: years of the policy table and of the record; 10. `running` turns False at its end. Further
        steps live on under the last week's policy.
    place, rank_of
        A file of neighbourhoods of the user's own, and how many neighbourhoods were ranked.
    values
        Other parameter values, as `{"citizen.trust_gain": 0.2}`.
    cache
        Whether a burnt-in borough may be kept and used again.
    collect
        Keep the headline metrics of each week in `datacollector`, as `mesa.batch_run` needs.

    Raises
    ------
    InputError, LimitError

    Examples
    --------
    >>> model = DealModel("deal", size=800, rng=1)
    >>> model.step()
    >>> len(model.agents_by_type[Citizen])
    800
    >>> low = model.agents_by_type[Citizen].select(where=lambda citizen: citizen.trust < 0.3)
    >>> all(citizen.trust < 0.3 for citizen in low)
    True
    """

    def __init__(
        self,
        scenario: str | Path | Mapping[str, Any] | Scenario = "deal",
        size: int | None = None,
        rng: Any = 1,
        *,
        years: int | None = None,
        place: str | Path | PlaceInput | None = None,
        rank_of: int | None = None,
        values: Mapping[str, float] | None = None,
        cache: bool = True,
        collect: bool = False,
    ) -> None:
        is_number = isinstance(rng, int | np.integer) and not isinstance(rng, bool)
        if (is_number and rng < 0) or isinstance(rng, str | float | bool):
            raise InputError(f"rng is {rng!r}; it must be a whole number from 0 on, or None")
        super().__init__(rng=int(rng) if is_number else rng)  # Mesa 3.5 trips over numpy's own integers
        seed = int(rng) if is_number else int(self.rng.integers(np.iinfo(np.int32).max))
        self.plan = plan(
            "run", (scenario,), size, years, seed, 1, 1, place, rank_of, values=values
        )  # fmt: skip
        made, parameters = self.plan, self.plan.parameters_of(0, 0)
        start = burnt_in(made.place, made.size, made.borough_seed(0), parameters, cache, _say)
        place_names = start.borough.place_names
        for notice in made.scenarios[0].notices(place_names, made.place.place_names):
            _say(notice)
        policy = made.scenarios[0].policy(made.weeks, place_names, made.place.place_names)
        self.world = branch(start, policy, made.life_seed(0), made.weeks, parameters)
        population = Population(self, self.world.borough, KINDS)
        everyone = np.arange(population.size)
        self._everyone = ViewSet(population, everyone, population.stores)
        self._by_type: dict[type[View], ViewSet] = {
            store.kind: ViewSet(population, everyone[store.first : store.first + store.size], [store])
            for store in population.stores
        }
        self._latest: tuple[int, dict[str, float]] = (0, {})
        if collect:
            self.datacollector = mesa.DataCollector(model_reporters=reporters())
        self._collects = collect

    def step(self) -> None:
        """Live one week."""
        record = self.world.record
        if record is not None and self.world.week == record.flows.shape[0]:
            self.world.record = _with_another_year(record)
        self.world.step()
        if self.world.week >= self.plan.weeks:
            self.running = False
        if self._collects:
            self.datacollector.collect(self)

    @property
    def borough(self) -> Borough:
        """Every column as it stands now, and the ties; `borough.to_networkx()` hands out any part of it."""
        return self.world.borough

    def __getattr__(self, name: str) -> Any:
        if name == "datacollector":
            raise AttributeError("there is a datacollector only if asked for: DealModel(..., collect=True)")
        raise AttributeError(f"{type(self).__name__} has no attribute '{name}'")

    @property
    def agents(self) -> ViewSet:
        """Everyone who lives now: citizens, staff, services and groups."""
        return self._everyone

    @property
    def agent_types(self) -> list[type]:
        """The four kinds."""
        return list(self._by_type)

    @property
    def agents_by_type(self) -> dict[type, ViewSet]:
        """Everyone who lives now, by kind."""
        return self._by_type

    def register_agent(self, agent: Any) -> NoReturn:
        """Refused: the population is closed."""
        raise RuntimeError(CLOSED)

    def deregister_agent(self, agent: Any) -> NoReturn:
        """Refused: the population is closed."""
        raise RuntimeError(CLOSED)

    def remove_all_agents(self) -> NoReturn:
        """Refused: the population is closed."""
        raise RuntimeError(CLOSED)


def _say(notice: str) -> None:
    warnings.warn(notice, UserWarning, stacklevel=3)


def _with_another_year(record: Record) -> Record:
    """A record with room for a year more."""
    return Record(
        *(
            np.concatenate(
                [table, np.zeros((WEEKS_A_YEAR // (4 if name == "stocks" else 1), *table.shape[1:]), table.dtype)]
            )
            for name, table in record._asdict().items()
        )
    )


def reporters(names: Sequence[str] = HEADLINE) -> dict[str, partial[float]]:
    """Model reporters for a `mesa.DataCollector`: each gives one metric of the whole borough in the latest week.

    Some metrics of people are counted every fourth week and stand until the next count; before the first week
    all are not-a-number. What is written into agents by hand shows from the next week on.

    Raises
    ------
    KeyError
        For a name that is no metric.

    Examples
    --------
    >>> list(reporters(["mean_trust"]))
    ['mean_trust']
    """
    for name in names:
        if name not in METRICS:
            raise KeyError(f"there is no metric '{name}'; known are {', '.join(METRICS)}")
    return {name: partial(_latest, name=name) for name in names}


def _latest(model: DealModel, *, name: str) -> float:
    week = model.world.week
    if model._latest[0] != week:
        # a year and a bit, from the start of a month: what metrics that look back over a year need
        record = model.world.record
        assert record is not None  # a model always records
        first = max(0, (week - WEEKS_A_YEAR) // WEEKS_A_MONTH * WEEKS_A_MONTH)
        window = Record(
            *(
                table[first // WEEKS_A_MONTH : -(-week // WEEKS_A_MONTH)] if part == "stocks" else table[first:week]
                for part, table in record._asdict().items()
            )
        )
        seen = series(SimpleNamespace(record=window, borough=model.world.borough), ("all",))
        model._latest = (week, {metric: float(values[-1]) for metric, _, _, values in seen})
    return model._latest[1].get(name, float("nan"))


def only(model: DealModel, agents: ViewSet) -> Any:
    """A model as seen by a DataCollector that follows a few agents: `collector.collect(only(model, few))`.

    Mesa's agent reporters ask every agent of a model; a whole borough would fill the memory in a few years.
    """
    return _Only(model, agents)


class _Only:
    """A model with another set of agents; everything else is the model's."""

    def __init__(self, model: DealModel, agents: ViewSet) -> None:
        self._model = model
        self.agents = agents

    @property
    def agents_by_type(self) -> dict[type, ViewSet]:
        return {kind: self.agents.select(agent_type=kind) for kind in self._model.agent_types}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)
