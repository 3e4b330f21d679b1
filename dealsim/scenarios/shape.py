"""The shape of a scenario file as one pydantic model, built from the lever declarations.

It says what may stand where; how the parts of a file agree is checked in `checking`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import GenericAlias
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, create_model
from pydantic.functional_validators import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from dealsim.levers import LEVERS, PAYERS, SERVICE_KINDS, Lever
from dealsim.scenarios.scenario import FORMAT
from dealsim.scenarios.timetable import FORMS, WEEK_ZERO, DateError, day_of, week_of

MAX_NAME = 80
MAX_SIZE = 2_000_000
MAX_REPLICATES = 10_000

DATES = f"YYYY-MM or YYYY-MM-DD, from {WEEK_ZERO} on"
TAG = "\x00"
"""Starts the names pydantic gives to branches, which no key of a file can start with."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _when(text: str) -> str:
    try:
        week_of(text)
    except DateError as error:
        raise PydanticCustomError("date", "{why}", {"why": str(error), "allowed": DATES}) from None
    return text


def _year(value: Any) -> Any:
    return str(value) if type(value) is int else value


def _signed_on(text: str) -> str:
    try:
        day_of(text if len(text) != 4 else f"{text}-01")
    except DateError as error:
        allowed = "YYYY, YYYY-MM or YYYY-MM-DD"
        raise PydanticCustomError("date", "{why}", {"why": str(error), "allowed": allowed}) from None
    return text


def _plain(text: str) -> str:
    for char in text:
        if not (char.isprintable() or char in "\u200c\u200d"):
            code = {"code": f"{ord(char):04X}"}
            raise PydanticCustomError("text", "the control character U+{code} stands in it", code)
    if text and not text.strip("\u200c\u200d").strip():
        raise PydanticCustomError("text", "it is blank")
    return text


def _prose(text: str) -> str:
    _plain(text.replace("\n", " ").replace("\t", " ").strip(" "))
    return text


_PATTERN = {"pattern": "^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$"}
When = Annotated[str, Field(json_schema_extra=_PATTERN), AfterValidator(_when)]
SignedOn = Annotated[str, AfterValidator(_signed_on), BeforeValidator(_year)]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(_plain)]
Prose = Annotated[str, Field(max_length=1_000), AfterValidator(_prose)]
Source = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
Payer = Literal[PAYERS]  # type: ignore[valid-type]
Service = Literal[SERVICE_KINDS]  # type: ignore[valid-type]


class Shock(_Strict):
    """What every shock has: its kind and when it strikes."""

    kind: str
    at: When


class LeaderLeaves(Shock):
    """Leaders leave in one week."""

    kind: Literal["leader_leaves"]
    size: Annotated[int, Field(ge=0, le=10, description="How many leaders leave")] = 1


class Scandal(Shock):
    """A failure fills the news."""

    kind: Literal["scandal"]
    size: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False, description="Added salience of incidents")] = 1.0
    weeks: Annotated[int, Field(ge=0, le=520)] = 1
    service: Service = SERVICE_KINDS[0]


class DemandShock(Shock):
    """New needs arrive faster for some weeks."""

    kind: Literal["demand_shock"]
    size: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False, description="Times as fast as usual")]
    weeks: Annotated[int, Field(ge=0, le=5_200)]


class BudgetShock(Shock):
    """A share of the old budget is lost for some weeks."""

    kind: Literal["budget_shock"]
    size: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, description="Share of the old budget")]
    weeks: Annotated[int, Field(ge=0, le=5_200)]


class LeadersStay(Shock):
    """No leader leaves by chance for some weeks."""

    kind: Literal["leaders_stay"]
    weeks: Annotated[int, Field(ge=0, le=5_200)]


SHOCK_MODELS: dict[str, type[Shock]] = {
    "leader_leaves": LeaderLeaves,
    "scandal": Scandal,
    "demand_shock": DemandShock,
    "budget_shock": BudgetShock,
    "leaders_stay": LeadersStay,
}


def _tagged(branches: dict[str, Any], tag: Any) -> Any:
    """A union whose branch is chosen by `tag(value)`, so that a problem is told once and not per branch."""
    union: Any = None
    for name, kind in branches.items():
        part: Any = Annotated.__class_getitem__((kind, Tag(TAG + name)))  # type: ignore[attr-defined]
        union = part if union is None else union | part
    return Annotated[union, Discriminator(lambda value: TAG + tag(value))]


def branch_by(key: str, names: Mapping[str, Any]) -> Any:
    """The branch a mapping asks for by that key; a name of no branch if it asks for none."""

    def tag(value: Any) -> str:
        name = value.get(key) if isinstance(value, Mapping) else None
        return name if isinstance(name, str) and name in names else "unknown"

    return tag


def _number(lever: Lever) -> Any:
    if lever.whole:
        return Annotated[int, Field(ge=int(lever.low), le=int(lever.high))]
    return Annotated[float, Field(ge=lever.low, le=lever.high, allow_inf_nan=False)]


def _value(lever: Lever) -> Any:
    """What may be written for a lever: a number, a choice or list, or numbers by service or place."""
    if isinstance(lever.default, tuple):
        return GenericAlias(list, (Literal[lever.choices],))
    if lever.choices:
        return Literal[lever.choices]
    number = _number(lever)
    if lever.varies_by == "borough":
        return number
    if lever.varies_by == "place":
        by_name: Any = GenericAlias(dict, (str, number))
    else:
        fields: dict[str, Any] = dict.fromkeys(("default", *SERVICE_KINDS), (number, lever.default))
        by_name = create_model(f"{lever.name}_by_service", __base__=_Strict, **fields)
    branches = {"one": number, "by name": by_name}
    return _tagged(branches, lambda value: "by name" if isinstance(value, Mapping) else "one")


@cache
def entry_model(lever: Lever) -> type[BaseModel]:
    """One line of the schedule for that lever."""
    value = _value(lever)
    fields: dict[str, Any] = {
        "lever": (Literal[lever.name], ...),
        "from_": (When, Field(alias="from")),
        "to": (When, ""),
        "until": (When, ""),
        "value": (value, lever.default),
    }
    if not lever.choices:
        fields["pulse"] = (value, lever.default)
        if not lever.whole:
            fields["ramp"] = (GenericAlias(list, (value,)), Field(default=[], min_length=2, max_length=2))
    if lever.paid:
        fields["paid_by"] = (Payer, PAYERS[0])
    return create_model(f"schedule_{lever.name}", __base__=_Strict, **fields)


@cache
def any_entry_model() -> type[BaseModel]:
    """A schedule line whose lever is not known: the rest of it can still be checked."""
    fields: dict[str, Any] = {"lever": (Any, ...), "from_": (When, Field(alias="from"))}
    fields |= {"to": (When, ""), "until": (When, ""), "paid_by": (Payer, PAYERS[0])}
    fields |= dict.fromkeys(FORMS, (Any, None))
    return create_model("schedule_entry", __base__=_Strict, **fields)


@cache
def any_shock_model() -> type[BaseModel]:
    """A shock whose kind is not known: the rest of it can still be checked."""
    fields: dict[str, Any] = {"kind": (Any, ...), "at": (When, ...)}
    fields |= {"size": (Any, None), "weeks": (Any, None), "service": (Service, SERVICE_KINDS[0])}
    return create_model("shock", __base__=_Strict, **fields)


@cache
def scenario_model() -> type[BaseModel]:
    """The whole scenario as one pydantic model, made from the lever declarations."""
    constants: dict[str, Any] = {
        name: (_value(lever), Field(default=lever.default, description=f"{lever.meaning} ({lever.unit})"))
        for name, lever in LEVERS.items()
    }
    levers = create_model("levers", __base__=_Strict, **constants)
    entry = _tagged({name: entry_model(lever) for name, lever in LEVERS.items()}, branch_by("lever", LEVERS))
    shock = _tagged(dict(SHOCK_MODELS), branch_by("kind", SHOCK_MODELS))
    rivals = _tagged(
        {"list": list[str], "mapping": dict[str, bool]},
        lambda value: "mapping" if isinstance(value, Mapping) else "list",
    )
    fields: dict[str, Any] = {
        "format": (Annotated[int, Field(ge=1, le=FORMAT)], FORMAT),
        "name": (Name, ...),
        "question": (Prose, ""),
        "author": (Name, ""),
        "date": (SignedOn, ""),
        "sources": (Annotated[list[Source], Field(max_length=100)], []),
        "extends": (Source, ""),
        "place": (Source, ""),
        "size": (Annotated[int, Field(ge=1, le=MAX_SIZE)], 1),
        "levers": (levers, {}),
        "schedule": (GenericAlias(list, (entry,)), []),
        "shocks": (GenericAlias(list, (shock,)), []),
        "rivals": (rivals, []),
        "replicates": (Annotated[int, Field(ge=1, le=MAX_REPLICATES)], 1),
    }
    return create_model("scenario", __base__=_Strict, **fields)
