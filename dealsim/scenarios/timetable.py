"""From dates to weeks, and from a scenario's levers, schedule and shocks to the engine's weekly table.

It trusts what `checking` has passed and decides nothing about what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np

from dealsim.levers import LEVERS, PAID_LEVERS, SERVICE_KINDS, Lever, Policy, policy_of

WEEK_ZERO = date(2011, 4, 4)
"""The Monday on which week 0 of every dated scenario begins."""

FORMS = ("value", "ramp", "pulse")
"""The ways a schedule entry can move a lever; each entry uses one."""

STAFF_LEVERS = (
    "permission_to_innovate",
    "blame_culture",
    "asset_based_training",
    "staff_communications",
    "nerve",
)
"""Levers that reach a service only while it takes part in the Deal."""

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?")


class DateError(ValueError):
    """A date a scenario cannot use; the message says why."""


def day_of(text: str) -> date:
    """The day a scenario's date names: itself, or the first of its month."""
    found = _DATE.fullmatch(text)
    if not found:
        raise DateError(f"{text!r} is no date")
    year, month, day = (int(part) if part else 1 for part in found.groups())
    try:
        return date(year, month, day)
    except ValueError:
        raise DateError(f"{text} is no day of the calendar") from None


def week_of(text: str) -> int:
    """The week that contains a date; week 0 begins on Monday 4 April 2011.

    `2011-04` is week 0 although its first three days come before it: it is the month week 0 begins in.

    >>> week_of("2013-04-01"), week_of("2013-04-07"), week_of("2013-04-08")
    (104, 104, 105)
    """
    day = day_of(text)
    if day < WEEK_ZERO and text != f"{WEEK_ZERO:%Y-%m}":
        raise DateError(f"{text} is before the first week")
    return max(0, (day - WEEK_ZERO).days // 7)


def monday_of(week: int) -> date:
    """The day a week begins.

    >>> monday_of(104).isoformat()
    '2013-04-01'
    """
    return WEEK_ZERO + timedelta(weeks=week)


def day_in_words(week: int) -> str:
    """The day a week begins, as a reader would say it.

    >>> day_in_words(104)
    '1 April 2013'
    """
    return date_in_words(monday_of(week))


def date_in_words(day: date) -> str:
    """A day, as a reader would say it."""
    return f"{day.day} {day:%B %Y}"


def span_of(entry: Mapping[str, Any]) -> tuple[int, int | None]:
    """The weeks a schedule entry occupies: its first, and the first after it (none if it holds on).

    A pulse, and a value with `until`, end; a ramp reaches its last value in the week of `to`.
    """
    end = entry.get("until") or entry.get("to")
    return week_of(entry["from"]), week_of(end) if end else None


def form_of(entry: Mapping[str, Any]) -> str:
    """Which of `FORMS` a schedule entry uses."""
    return next(form for form in FORMS if form in entry)


def columns_named(value: Any) -> frozenset[str] | None:
    """The services or places a value speaks of; none means all of them."""
    if not isinstance(value, Mapping) or "default" in value:
        return None
    return frozenset(value)


def columns_of(entry: Mapping[str, Any]) -> frozenset[str] | None:
    """The services or places a schedule entry moves; none means all of them."""
    value = entry[form_of(entry)]
    if LEVERS[entry["lever"]].choices:
        return None
    return columns_named(value[0] if form_of(entry) == "ramp" else value)


def numbers_of(lever: Lever, value: Any) -> Any:
    """A lever's value as numbers: a list of services becomes 1 or 0 for each, a choice its position."""
    if isinstance(value, str):
        return float(lever.choices.index(value))
    if isinstance(value, Sequence):
        return {name: float(name in value) for name in lever.choices}
    return value


def spread(value: Any, names: Sequence[str]) -> dict[int, float]:
    """A value as numbers by column: one number for all, or by name with an optional default.

    >>> spread({"default": 0.2, "police": 0.5}, ("health", "police"))
    {0: 0.2, 1: 0.5}
    """
    if not isinstance(value, Mapping):
        return {column: float(value) for column in range(len(names))}
    return {
        column: float(value.get(name, value.get("default", 0.0)))
        for column, name in enumerate(names)
        if name in value or "default" in value
    }


def fill(table: np.ndarray, entry: Mapping[str, Any], names: Sequence[str]) -> None:
    """Write one schedule entry into a lever's table of weeks by columns.

    Entries come in order of their dates, so whatever a bounded entry does not touch still holds afterwards.
    """
    lever = LEVERS[entry["lever"]]
    start, end = span_of(entry)
    form = form_of(entry)
    if form != "ramp":
        for column, value in spread(numbers_of(lever, entry[form]), names).items():
            table[start:end, column] = value
        return
    assert end is not None
    share = np.clip((np.arange(len(table)) - start) / (end - start), 0.0, 1.0)
    first, last = (spread(value, names) for value in entry["ramp"])
    for column in first:
        table[start:, column] = (first[column] + (last[column] - first[column]) * share)[start:]


def by_date(entries: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Schedule entries in the order they begin."""
    return sorted(entries, key=lambda entry: week_of(entry["from"]))


def policy_table(
    levers: Mapping[str, Any],
    schedule: Sequence[Mapping[str, Any]],
    shocks: Sequence[Mapping[str, Any]],
    weeks: int,
    place_names: Sequence[str],
) -> Policy:
    """The policy in force in each week, by service and by place."""
    policy = policy_of(weeks, len(place_names))
    columns = {"service": SERVICE_KINDS, "place": tuple(place_names), "borough": ("borough",)}
    tables = {name: getattr(policy, name) for name in LEVERS if hasattr(policy, name)}
    tables |= {"services_in_deal": policy.in_deal, "commissioning": policy.partnership}
    for name, lever in LEVERS.items():
        names = SERVICE_KINDS if name == "services_in_deal" else columns[lever.varies_by]
        table = tables[name].reshape(weeks, len(names))
        for column, value in spread(numbers_of(lever, lever.default), names).items():
            table[:, column] = value
        for column, value in spread(numbers_of(lever, levers[name]), names).items():
            table[:, column] = value
        for entry in by_date(entry for entry in schedule if entry["lever"] == name):
            fill(table, entry, names)
            if lever.paid:
                _pay(policy, entry)
    for name in STAFF_LEVERS:
        getattr(policy, name)[policy.in_deal == 0] = LEVERS[name].default
    for shock in shocks:
        _strike(policy, shock)
    return policy


def _pay(policy: Policy, entry: Mapping[str, Any]) -> None:
    """Who pays for a lever while an entry holds; the council, by the size of its services, unless named."""
    start, end = span_of(entry)
    end = None if form_of(entry) == "ramp" else end
    row = PAID_LEVERS.index(entry["lever"])
    payer = entry.get("paid_by", "council")
    policy.paid_from_outside[start:end, row] = float(payer == "new_money")
    for column, service in enumerate(SERVICE_KINDS):
        policy.paid_by_service[start:end, row, column] = float(payer == service)


def _strike(policy: Policy, shock: Mapping[str, Any]) -> None:
    """Write one shock into the table; shocks of a kind in one week add up, demand multiplies."""
    start = week_of(shock["at"])
    during = slice(start, start + int(shock.get("weeks", 1)))
    kind = shock["kind"]
    if kind == "leader_leaves":
        policy.leader_leaves[start : start + 1] += float(shock.get("size", 1))
    elif kind == "scandal":
        struck = [SERVICE_KINDS.index(shock["service"])] if "service" in shock else range(len(SERVICE_KINDS))
        for column in struck:
            policy.scandal[during, column] += float(shock.get("size", 1.0))
    elif kind == "demand_shock":
        policy.demand[during] *= float(shock["size"])
    elif kind == "budget_shock":
        policy.budget_shock[during] = np.minimum(1.0, policy.budget_shock[during] + float(shock["size"]))
    else:
        policy.leaders_stay[during] = 1.0


class Dated(NamedTuple):
    """One line of a scenario's timetable: a week, the Monday on which it begins, and what happens from it on.

    `does` says it of the lever or shock with that name; `is_late` that it begins after the last week.
    """

    week: int
    begins: date
    name: str
    does: str
    is_late: bool

    @property
    def what(self) -> str:
        """The whole of what happens, in words."""
        late = " (after the last week: no effect)" if self.is_late else ""
        return f"{name_in_words(self.name)} {self.does}".rstrip() + late


def timetable(
    levers: Mapping[str, Any],
    schedule: Iterable[Mapping[str, Any]],
    shocks: Iterable[Mapping[str, Any]],
    weeks: int | None = None,
) -> list[Dated]:
    """What levers that are not at their old value, a schedule and shocks do, by week and date.

    What begins after so many weeks (if any number is given) is listed too, and said to have no effect.

    >>> entry = {"lever": "nerve", "from": "2013-04", "value": 0.8, "until": "2014-04-07"}
    >>> for line in timetable({}, [entry], [], 520):
    ...     print(line.week, line.begins, line.what)
    104 2013-04-01 nerve is 0.8
    157 2014-04-07 nerve is what it was before
    """
    found = [
        (0, name, f"is {value_in_words(value)}") for name, value in levers.items() if not is_old(LEVERS[name], value)
    ]
    for entry in by_date(schedule):
        start, end = span_of(entry)
        form, name = form_of(entry), entry["lever"]
        payer = f", paid by {name_in_words(entry['paid_by'])}" if "paid_by" in entry else ""
        if form == "ramp":
            first, last = (value_in_words(value) for value in entry["ramp"])
            assert end is not None
            reached = f"which it reaches in the week of {day_in_words(end)}"
            found.append((start, name, f"moves from {first} to {last}, {reached}{payer}"))
            continue
        found.append((start, name, f"is {value_in_words(entry[form])}{payer}"))
        if end is not None:
            found.append((end, name, "is what it was before"))
    for shock in shocks:
        parts = [
            f"for {shock[key]} weeks" if key == "weeks" else f"{key} {value_in_words(shock[key])}"
            for key in ("weeks", "size", "service")
            if key in shock
        ]
        found.append((week_of(shock["at"]), shock["kind"], ", ".join(parts)))
    found.sort(key=lambda row: row[0])
    return [Dated(week, monday_of(week), name, does, weeks is not None and week >= weeks) for week, name, does in found]


def is_old(lever: Lever, value: Any) -> bool:
    """Whether a lever is where it is in the old regime."""
    if isinstance(value, Mapping):
        return all(is_old(lever, part) for part in value.values())
    if isinstance(value, str) or isinstance(lever.default, str):
        return bool(value == lever.default)
    if isinstance(value, Sequence):
        return sorted(value) == sorted(lever.default if isinstance(lever.default, tuple) else ())
    return bool(float(value) == lever.default)


def name_in_words(name: str) -> str:
    """A name without its underscores."""
    return name.replace("_", " ")


def value_in_words(value: Any) -> str:
    """A value as a reader would say it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{value_in_words(part)} ({name_in_words(key)})" for key, part in value.items())
    if isinstance(value, str):
        return name_in_words(value)
    if isinstance(value, Sequence):
        return ", ".join(name_in_words(part) for part in value) or "none"
    return f"{value:g}"
