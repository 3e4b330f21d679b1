"""Mesa agents that are views of rows, and sets of them whose work is done on columns.

It holds no state of the model and no rules: a view is an address, and every value it shows stands in a column.
Only Mesa's public surface is used; nothing else of the package but `dealsim.model` knows Mesa.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from itertools import repeat
from typing import Any, ClassVar, NoReturn

import mesa
import numpy as np

from dealsim.declare import Column, columns_of

try:
    from mesa.agentset import AgentSet, GroupBy
except ImportError:  # before Mesa 3.4 both stood beside Agent
    from mesa.agent import AgentSet, GroupBy

CLOSED = (
    "the people of a borough are those it was built with: nobody is added or removed by hand. "
    "Groups begin and end, and workers come and go, as the weeks are lived"
)
POINTS_TO = {"group": "groups", "part_service": "services"}
"""Columns that hold rows of another kind and may be written: a row beyond its end would break compiled loops."""


class View(mesa.Agent):
    """One row as a Mesa agent: it holds the address of its row and nothing else.

    `unique_id` counts from 1 over citizens, staff, services and slots for groups, in that order, and stays.
    A worker's row is a post and a group's row a slot; the column `id` says who holds it now.
    What is written must lie in the declared range; that values make sense together is up to the writer.
    """

    __slots__ = ("_row", "_store")

    columns: ClassVar[dict[str, Column]] = {}
    """The declared columns of this kind, by name."""
    store: ClassVar[str] = ""
    """Where a borough keeps them."""

    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError(CLOSED)

    def __setattr__(self, name: str, value: Any) -> None:
        self._store.write(name, self._row, value)

    def __getstate__(self) -> tuple[Store, int]:
        return self._store, self._row

    def __setstate__(self, state: tuple[Store, int]) -> None:
        _SET_STORE(self, state[0])
        _SET_ROW(self, state[1])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.unique_id}>"

    @property
    def row(self) -> int:
        """The row of its columns that this is a view of."""
        return self._row

    @property
    def model(self) -> Any:
        """The model it lives in."""
        return self._store.model

    @property
    def unique_id(self) -> int:
        """Its number in the model, from 1."""
        return self._store.first + self._row + 1

    @property
    def pos(self) -> None:
        """Always None: people stand in neighbourhoods, not in a Mesa space."""
        return None

    def remove(self) -> NoReturn:
        """Refused: the population is closed."""
        raise RuntimeError(CLOSED)


_SET_STORE = View._store.__set__  # the slots' own setters: `View.__setattr__` writes columns only
_SET_ROW = View._row.__set__


def viewed(record: type, store: str) -> Callable[[type], type]:
    """Give a kind of agent one property for each declared column of its record."""

    def with_properties(kind: Any) -> Any:
        kind.columns = columns_of(record)
        kind.store = store
        for name, spec in kind.columns.items():
            setattr(kind, name, property(_reader(name, spec), doc=f"{spec.label} ({spec.unit})."))
        return kind

    return with_properties


def _reader(name: str, spec: Column) -> Callable[[View], Any]:
    """What reads one value of a column through the view's own store, never through its class."""
    if spec.per == 1:
        return lambda view: getattr(view._store.columns, name).item(view._row)
    return lambda view: tuple(getattr(view._store.columns, name)[view._row].tolist())


class Store:
    """The columns of one kind in one model, and the views made of its rows so far."""

    def __init__(self, model: Any, kind: type[View], columns: Any, first: int, ends: dict[str, int]) -> None:
        self.model = model
        self.kind = kind
        self.columns = columns
        self.size = int(columns.id.size)
        self.first = first
        self.ends = ends
        self.made: list[View | None] = []

    def view(self, row: int) -> View:
        """The view of a row: made when it is first asked for, and the same one ever after."""
        view = self.made[row] if self.made else None
        return self.views([row])[0] if view is None else view

    def views(self, rows: list[int]) -> list[View]:
        """The views of some rows; those that are missing are made at one go."""
        made = self.made = self.made or [None] * self.size
        missing = [row for row in rows if made[row] is None]
        collects = gc.isenabled()
        gc.disable()  # none of these can be garbage, and looking through them takes longer than making them
        try:
            new = list(map(self.kind.__new__, repeat(self.kind, len(missing))))
        finally:
            if collects:
                gc.enable()
        for view, row in zip(new, missing, strict=True):
            _SET_STORE(view, self)
            _SET_ROW(view, row)
            made[row] = view
        return [made[row] for row in rows]  # type: ignore[misc]

    def has(self, name: str) -> bool:
        """True for the name of a declared column."""
        return name in self.kind.columns

    def read(self, name: str, rows: np.ndarray) -> np.ndarray:
        """The values of a column in some rows, as the numbers a view would give."""
        column = getattr(self.columns, name)[rows]
        return column.astype(np.float64 if column.dtype.kind == "f" else np.int64)

    def write(self, name: str, rows: Any, value: Any) -> None:
        """Write one value into a column, in one row or in many."""
        getattr(self.columns, name)[rows] = self.checked(name, value)

    def checked(self, name: str, value: Any) -> np.ndarray:
        """A value as its column holds it, or an error that says what is wrong with it.

        Raises
        ------
        AttributeError
            For a name that is no column, or a column that is fixed when the borough is built.
        TypeError, ValueError
            For a value that is no number (or not as many as the column holds), or lies outside the range.
        """
        kind = self.kind.__name__
        spec = self.kind.columns.get(name)
        if spec is None:
            near = get_close_matches(name, self.kind.columns, 1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; its columns are {', '.join(self.kind.columns)}"
            raise AttributeError(f"{kind} has no column '{name}' that could be written{hint}")
        said = f"{kind}.{name} ({spec.label})"
        if spec.fixed:
            raise AttributeError(f"{said} is fixed when the borough is built")
        dtype = np.dtype(spec.dtype)
        given = np.asarray(value)
        if given.dtype.kind not in "biuf" or given.shape != ((spec.per,) if spec.per > 1 else ()):
            wanted = f"{spec.per} numbers" if spec.per > 1 else "one number"
            raise TypeError(f"{said} is {value!r}; it must be {wanted}")
        room = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
        low = room.min if spec.low is None else spec.low
        high = room.max if spec.high is None else spec.high
        if name in POINTS_TO:
            high = self.ends[POINTS_TO[name]]
        numbers = given.astype(np.float64)
        if not np.all((low <= numbers) & (numbers <= high)):
            raise ValueError(f"{said} is {value}; it must lie between {low} and {high} ({spec.unit})")
        if dtype.kind != "f" and not np.array_equal(numbers, np.floor(numbers)):
            raise ValueError(f"{said} is {value}; it must be a whole number ({spec.unit})")
        return given.astype(dtype)


class Population:
    """All agents of one model, numbered through: the stores of its kinds, one after the other."""

    def __init__(self, model: Any, borough: Any, kinds: Iterable[type[View]]) -> None:
        self.random = model.random
        self.stores: list[Store] = []
        kinds = tuple(kinds)
        ends = {kind.store: getattr(borough, kind.store).id.size - 1 for kind in kinds}
        first = 0
        for kind in kinds:
            self.stores.append(Store(model, kind, getattr(borough, kind.store), first, ends))
            first += self.stores[-1].size
        self.size = first
        self.firsts = np.array([store.first for store in self.stores])

    @property
    def n_views(self) -> int:
        """How many views have been made."""
        return sum(view is not None for store in self.stores for view in store.made)

    def view(self, at: int) -> View:
        """The view at a place in the numbering (`unique_id` − 1)."""
        store = self.stores[int(np.searchsorted(self.firsts, at, side="right")) - 1]
        return store.view(at - store.first)


class ViewSet(AgentSet):
    """A Mesa AgentSet that keeps rows, and makes views only of those that are touched one by one.

    `len`, `get`, `set`, `agg` and `select(where=…)` work on whole columns and make no view at all. The sets a
    model hands out (`model.agents`, `model.agents_by_type[…]`) always hold who lives now; they may be put into
    another order, but nobody can be added to or removed from them. A set made from one is like a list.
    """

    def __init__(self, population: Population, at: np.ndarray, stores: Iterable[Store] = ()) -> None:
        self.population = population
        self.random = population.random
        self._at = at
        self._everyone_of = list(stores)
        self._alive = b""
        self._inside: np.ndarray | None = None

    # ---- who is in it

    @property
    def at(self) -> np.ndarray:
        """Where its members stand in the numbering of the population, in the order of the set."""
        watched = [store for store in self._everyone_of if store.has("alive")]
        alive = b"".join(store.columns.alive.tobytes() for store in watched)
        if alive != self._alive:
            self._alive = alive
            lives = np.ones(self.population.size, bool)
            for store in watched:
                lives[store.first : store.first + store.size] = store.columns.alive != 0
            stay = self._at[lives[self._at]]
            lives[stay] = False
            new = [
                store.first + np.flatnonzero(lives[store.first : store.first + store.size])
                for store in self._everyone_of
            ]
            self._put(np.concatenate([stay, *new]))
        return self._at

    def _put(self, at: np.ndarray) -> None:
        self._at = at
        self._inside = None

    def _parts(self) -> Iterator[tuple[Store, np.ndarray, np.ndarray]]:
        """The members kind by kind: the store, where in the set they stand, and their rows."""
        at = self.at
        which = np.searchsorted(self.population.firsts, at, side="right") - 1
        for number, store in enumerate(self.population.stores):
            here = np.flatnonzero(which == number)
            if here.size:
                yield store, here, at[here] - store.first

    def _of(self, at: np.ndarray) -> ViewSet:
        return ViewSet(self.population, at)

    @classmethod
    def _from_iterable(cls, agents: Iterable[Any]) -> AgentSet:
        """What `|`, `&`, `-` and `^` give: a plain AgentSet."""
        return AgentSet(agents)

    def __len__(self) -> int:
        return self.at.size

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self):,} agents>"

    def __contains__(self, agent: object) -> bool:
        if not isinstance(agent, View) or agent._store not in self.population.stores:
            return False
        at = self.at
        if self._inside is None:
            self._inside = np.zeros(self.population.size, bool)
            self._inside[at] = True
        return bool(self._inside[agent.unique_id - 1])

    def __iter__(self) -> Iterator[View]:
        # in stretches that double: the first view comes at once, and a whole borough's in a fraction of a second
        at = self.at
        first, width = 0, 1
        while first < at.size:
            yield from self._of(at[first : first + width]).to_list()
            first += width
            width = min(2 * width, 65_536)

    def __getitem__(self, item: int | slice) -> Any:
        if isinstance(item, slice):
            return self._of(self.at[item]).to_list()
        return self.population.view(int(self.at[item]))

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__.copy()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __copy__(self) -> ViewSet:
        return self._of(self.at.copy())

    def copy(self) -> ViewSet:
        """A set of the same members that no longer follows who lives."""
        return self.__copy__()

    def to_list(self) -> list[View]:
        """The members as a list of views."""
        return self._joined([(here, store.views(rows.tolist())) for store, here, rows in self._parts()])

    def _joined(self, parts: list[tuple[np.ndarray, list[Any]]]) -> list[Any]:
        """What was found kind by kind, in the order of the set."""
        if len(parts) == 1:
            return parts[0][1]
        found: list[Any] = [None] * len(self)
        for here, values in parts:
            for place, value in zip(here.tolist(), values, strict=True):
                found[place] = value
        return found

    def add(self, agent: View) -> None:
        """Add a member; refused for the sets a model hands out."""
        self._refuse_if_everyone()
        if not isinstance(agent, View) or agent._store not in self.population.stores:
            raise TypeError(f"{agent!r} is no agent of this model")
        if agent not in self:
            self._put(np.append(self._at, agent.unique_id - 1))

    def discard(self, agent: View) -> None:
        """Take a member out if it is in; refused for the sets a model hands out."""
        self._refuse_if_everyone()
        if agent in self:
            self._put(self._at[self._at != agent.unique_id - 1])

    def remove(self, agent: View) -> None:
        """Take a member out; refused for the sets a model hands out."""
        self._refuse_if_everyone()
        if agent not in self:
            raise KeyError(agent)
        self.discard(agent)

    def _refuse_if_everyone(self) -> None:
        if self._everyone_of:
            raise RuntimeError(CLOSED)

    # ---- columns

    def get(self, attr_names: str | list[str], handle_missing: str = "error", default_value: Any = None) -> list[Any]:
        """The values of an attribute, or of several, of all members: columns are read whole."""
        if handle_missing not in ("error", "default"):
            raise ValueError(f"Unknown handle_missing option: {handle_missing}, should be 'error' or 'default'")
        if not isinstance(attr_names, str):
            columns = [self.get(name, handle_missing, default_value) for name in attr_names]
            return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in range(len(self))]
        return self._joined(
            [
                (here, self._values(store, rows, attr_names, handle_missing == "default", default_value))
                for store, here, rows in self._parts()
            ]
        )

    def _values(self, store: Store, rows: np.ndarray, name: str, may_lack: bool, default: Any) -> list[Any]:
        if store.has(name):
            values = store.read(name, rows).tolist()
            return [tuple(value) for value in values] if store.kind.columns[name].per > 1 else values
        if name == "unique_id":
            return (rows + store.first + 1).tolist()
        if may_lack and not hasattr(store.kind, name):
            return [default] * rows.size
        return [getattr(view, name) for view in store.views(rows.tolist())]

    def agg(self, attribute: str, func: Callable[..., Any] | Iterable[Callable[..., Any]]) -> Any:
        """One function, or several, of an attribute of all members; numpy's are handed the column itself."""
        if not callable(func):
            return [self.agg(attribute, one) for one in func]
        parts = list(self._parts()) if (getattr(func, "__module__", None) or "").startswith("numpy") else []
        if len(parts) == 1 and parts[0][0].has(attribute):
            return func(parts[0][0].read(attribute, parts[0][2]))
        return func(self.get(attribute))

    def set(self, attr_name: str, value: Any) -> ViewSet:
        """Write one value into a column for all members, or into none of them if any kind refuses it."""
        parts = [(store, rows, store.checked(attr_name, value)) for store, _, rows in self._parts()]
        for store, rows, number in parts:
            getattr(store.columns, attr_name)[rows] = number
        return self

    def select(
        self,
        filter_func: Callable[[Any], bool] | None = None,
        at_most: int | float = float("inf"),
        inplace: bool = False,
        agent_type: type[mesa.Agent] | None = None,
        *,
        where: Callable[[Any], np.ndarray] | None = None,
    ) -> ViewSet:
        """Members that pass every condition given.

        Parameters
        ----------
        filter_func
            Called with each member, as in Mesa.
        at_most
            So many of the first that pass; a share of this set where it is a fraction.
        inplace
            Keep only these in this set; refused for the sets a model hands out.
        agent_type
            One kind only.
        where
            Called once a kind with its columns as arrays (`lambda citizen: citizen.trust < 0.3`); gives which
            members pass. No view is made.
        """
        if inplace:
            self._refuse_if_everyone()
        if isinstance(at_most, float) and at_most <= 1.0:
            at_most = int(len(self) * at_most)
        at = self.at
        if agent_type is not None or where is not None:
            passes = np.zeros(at.size, bool)
            for store, here, rows in self._parts():
                if agent_type is None or issubclass(store.kind, agent_type):
                    passes[here] = True if where is None else _answer(where(ColumnsOf(store, rows)), here.size)
            at = at[passes]
        if filter_func is not None:
            chosen: list[int] = []
            for place in at.tolist():
                if len(chosen) >= at_most:
                    break
                if filter_func(self.population.view(place)):
                    chosen.append(place)
            at = np.array(chosen, np.int64)
        elif at_most < at.size:
            at = at[: max(0, int(at_most))]
        if not inplace:
            return self._of(at.copy())
        self._put(at)
        return self

    # ---- order

    def _in_order(self, order: list[int], inplace: bool) -> ViewSet:
        at = self.at[np.array(order, np.int64)]
        if not inplace:
            return self._of(at)
        self._put(at)
        return self

    def shuffle(self, inplace: bool = False) -> ViewSet:
        """The members in an order drawn from the model's `random`, which the engine never uses."""
        order = list(range(len(self)))
        self.random.shuffle(order)
        return self._in_order(order, inplace)

    def sort(self, key: Callable[[Any], Any] | str, ascending: bool = False, inplace: bool = False) -> ViewSet:
        """The members by an attribute or by what a function says of each; the highest first, as in Mesa."""
        keys = self.get(key) if isinstance(key, str) else [key(agent) for agent in self.to_list()]
        return self._in_order(sorted(range(len(keys)), key=keys.__getitem__, reverse=not ascending), inplace)

    # ---- one by one

    def map(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
        """What a method, or a function of each member, gives."""
        if isinstance(method, str):
            return [getattr(agent, method)(*args, **kwargs) for agent in self.to_list()]
        return [method(agent, *args, **kwargs) for agent in self.to_list()]

    def do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> ViewSet:
        """Call a method, or a function of each member."""
        self.map(method, *args, **kwargs)
        return self

    def shuffle_do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> ViewSet:
        """`do` in a shuffled order; the order of the set stays."""
        self.shuffle().map(method, *args, **kwargs)
        return self

    def groupby(self, by: Callable[[Any], Any] | str, result_type: str = "agentset") -> GroupBy:
        """The members grouped by an attribute or by what a function says of each."""
        keys = self.get(by) if isinstance(by, str) else [by(agent) for agent in self.to_list()]
        groups: dict[Any, list[int]] = defaultdict(list)
        for key, place in zip(keys, self.at.tolist(), strict=True):
            groups[key].append(place)
        sets = {key: self._of(np.array(places, np.int64)) for key, places in groups.items()}
        if result_type == "agentset":
            return Grouped(sets)
        return GroupBy({key: one.to_list() for key, one in sets.items()})


class Grouped(GroupBy):
    """Groups of a set, aggregated on columns."""

    def agg(self, attr_name: str, func: Callable[..., Any]) -> dict[Any, Any]:
        """A function of an attribute of each group."""
        return {key: group.agg(attr_name, func) for key, group in self.groups.items()}


class ColumnsOf:
    """The columns of some rows of one kind, as arrays, by name."""

    def __init__(self, store: Store, rows: np.ndarray) -> None:
        self._store = store
        self._rows = rows

    def __getattr__(self, name: str) -> np.ndarray:
        if name.startswith("_") or not self._store.has(name):
            raise AttributeError(f"{self._store.kind.__name__} has no column '{name}'")
        return self._store.read(name, self._rows)


def _answer(passes: Any, size: int) -> np.ndarray:
    """The answer of a condition on columns: yes or no for each member."""
    answer = np.asarray(passes)
    if answer.dtype != np.bool_ or answer.shape not in ((), (size,)):
        raise TypeError("a condition on columns must say yes or no for each member, as `c.trust < 0.3` does")
    return answer
