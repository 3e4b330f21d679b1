"""A scenario as a value: what a file and its parents say together, and the policy that follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np

from dealsim.errors import InputError
from dealsim.levers import LEVERS, Lever, Policy
from dealsim.scenarios.reading import Document, Place
from dealsim.scenarios.timetable import Dated, form_of, policy_table, timetable
from dealsim.scenarios.wording import brief, shown, suggestion

FORMAT = 1
"""The newest scenario format this package reads."""

DEFAULTS = {"place": "wigan", "size": None, "replicates": None}
"""What a scenario that does not say uses; none leaves it to whoever runs it."""


class Frozen(dict[str, Any]):
    """A mapping that cannot be changed, and that pickles, copies and turns into JSON as a plain one does."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a scenario cannot be changed; make another with scenario_from")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return Frozen, (dict(self),)


def frozen(value: Any) -> Any:
    """Plain data with every mapping and list made unchangeable."""
    if isinstance(value, Mapping):
        return Frozen({key: frozen(part) for key, part in value.items()})
    if isinstance(value, list | tuple):
        return tuple(frozen(part) for part in value)
    return value


def thawed(value: Any) -> Any:
    """Plain data again, for JSON and for anyone who wants to change a copy."""
    if isinstance(value, Mapping):
        return {key: thawed(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [thawed(part) for part in value]
    return value


def old_value(lever: Lever) -> Any:
    """A lever's value under the old regime, whole where the lever is."""
    return int(lever.default) if lever.whole else lever.default  # type: ignore[arg-type]


def same_policy(one: Policy, other: Policy) -> bool:
    """True if two policies say the very same in every week."""
    return all(map(np.array_equal, one, other))


class Origin(NamedTuple):
    """Where a value was said: its file, and its place in it."""

    document: Document
    place: Place

    def __str__(self) -> str:
        return self.document.origin(self.place)


class _Named(NamedTuple):
    """A place that a lever is given for: said in that entry, and where in it."""

    said_at: str
    lever: str
    within: Place
    place: str


@dataclass(frozen=True)
class Scenario:
    """One set of levers, schedule and shocks, with everything its parents say already in it.

    `levers` holds the value of every lever before its schedule begins; `schedule` and `shocks` are the
    entries as written; `origins` says where each named value came from (`levers.nerve`, `schedule[2]`,
    `shocks[0]`, `rivals.fast_word`, `size`), as text `file:line`; `replaced` says what of its parents it sets aside.
    """

    name: str
    question: str
    author: str
    date: str
    sources: tuple[str, ...]
    place: str
    size: int | None
    replicates: int | None
    levers: Mapping[str, Any]
    schedule: tuple[Mapping[str, Any], ...]
    shocks: tuple[Mapping[str, Any], ...]
    rivals: tuple[str, ...]
    origins: Mapping[str, Origin] = field(repr=False)
    replaced: tuple[str, ...] = field(repr=False)
    path: Path | None = field(repr=False)
    text: str = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The scenario as resolved, as plain data that `scenario_from` reads back to the same policy."""
        header = {
            "format": FORMAT,
            "name": self.name,
            "question": self.question,
            "author": self.author,
            "date": self.date,
            "sources": list(self.sources),
            "place": self.place,
            "size": self.size,
            "replicates": self.replicates,
        }
        body = {
            "levers": thawed(self.levers),
            "schedule": thawed(self.schedule),
            "shocks": thawed(self.shocks),
            "rivals": list(self.rivals),
        }
        return {key: value for key, value in header.items() if value not in (None, "", [])} | body

    def with_levers(self, held: Mapping[str, Any], since: Mapping[str, str] | None = None) -> Scenario:
        """The same scenario with some levers held at a value: all it says of them is replaced, as by a child's file.

        `since` names the date from which a lever is held; before it the lever is at its old value, and without one
        it is held from the first week on. Values and dates are trusted: whoever calls has checked them.
        """
        since = since or {}
        levers = dict(self.levers)
        kept = [number for number, entry in enumerate(self.schedule) if entry["lever"] not in held]
        schedule = [self.schedule[number] for number in kept]
        origins = {key: origin for key, origin in self.origins.items() if not key.startswith("schedule[")}
        origins |= {f"schedule[{now}]": self.origins[f"schedule[{before}]"] for now, before in enumerate(kept)}
        for name, value in held.items():
            origins.pop(f"levers.{name}", None)
            levers[name] = old_value(LEVERS[name]) if name in since else value
            if name in since:
                schedule.append(frozen({"lever": name, "from": since[name], "value": value}))
        return replace(self, levers=frozen(levers), schedule=tuple(schedule), origins=Frozen(origins))

    def with_rivals(self, names: Iterable[str]) -> Scenario:
        """The same scenario with those rivals on and no others."""
        return replace(self, rivals=tuple(names))

    def policy(self, weeks: int, place_names: Sequence[str], known: Sequence[str] = ()) -> Policy:
        """The policy in force in each week, for a borough with those places (`known`: those of its place file).

        Raises
        ------
        InputError
            If a lever names a place that neither the borough nor the scenario's place has.
        """
        self.notices(place_names, known)
        return policy_table(self.levers, self.schedule, self.shocks, weeks, place_names)

    def timetable(self, weeks: int | None = None) -> list[Dated]:
        """What changes when, by week and date: levers set from the start, the schedule and the shocks."""
        return timetable(self.levers, self.schedule, self.shocks, weeks)

    def notices(self, place_names: Sequence[str], known: Sequence[str] = ()) -> tuple[str, ...]:
        """What is said of places that this (perhaps small) borough does not have, and so ignored.

        Raises
        ------
        InputError
            As `policy` does.
        """
        foreign = [named for named in self._places_named() if named.place not in place_names]
        known = tuple(known) or (self._known_places() if foreign else ())
        every = tuple(dict.fromkeys((*place_names, *known)))
        notices, problems = [], []
        for named in foreign:
            document, within = self.origins[named.said_at]
            place, lever = shown(named.place), named.lever
            if named.place in known:
                where = shown(str(self.origins[named.said_at]))
                notices.append(
                    f"{where}: {lever} for {place} is ignored: at this size that place is joined with others"
                )
            else:
                message = f"{lever}: there is no place {brief(named.place)}{suggestion(named.place, every)}"
                allowed = ", ".join(("default", *map(brief, every))) if every else "a borough with places"
                problems.append(document.problem((*within, *named.within, named.place), message, allowed, at_key=True))
        if problems:
            raise InputError(problems)
        return tuple(dict.fromkeys(notices))

    def _known_places(self) -> tuple[str, ...]:
        """The places of the borough the scenario was written for, where that is a shipped one."""
        try:
            from dealsim.places import shipped

            return tuple(shipped(self.place).place_names)
        except InputError:
            return ()

    def _places_named(self) -> Iterator[_Named]:
        """Each place a lever is given for, with where that is said."""
        said: list[tuple[str, str, Place, Any]] = [
            (f"levers.{name}", name, (), value) for name, value in self.levers.items()
        ]
        for number, entry in enumerate(self.schedule):
            at, lever, form = f"schedule[{number}]", entry["lever"], form_of(entry)
            if form == "ramp":
                said += [(at, lever, (form, end), value) for end, value in enumerate(entry[form])]
            else:
                said.append((at, lever, (form,), entry[form]))
        for at, lever, within, value in said:
            if LEVERS[lever].varies_by == "place" and isinstance(value, Mapping):
                yield from (_Named(at, lever, within, place) for place in value if place != "default")
