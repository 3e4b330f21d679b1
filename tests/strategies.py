"""Hypothesis strategies made from the declarations, so that a new parameter or rule is tried without being listed."""

from __future__ import annotations

import importlib
import inspect
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from dealsim.agents.citizen import CitizenParameters
from dealsim.agents.group import GroupParameters
from dealsim.agents.service import ServiceParameters
from dealsim.agents.staff import StaffParameters
from dealsim.compiled import is_compiled
from dealsim.declare import parameters_of

RECORD_OF = {
    "citizen": CitizenParameters,
    "staff": StaffParameters,
    "service": ServiceParameters,
    "group": GroupParameters,
}
"""The parameters that the rules of each kind are handed."""

RULES = {
    f"{kind}.{name}": thing
    for kind in RECORD_OF
    for name, thing in vars(importlib.import_module(f"dealsim.agents.{kind}")).items()
    if is_compiled(thing) and thing.py_func.__module__ == f"dealsim.agents.{kind}"
}
"""Every rule, by `kind.name`."""


def between(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers of a range, its ends often among them; none so small that a product with it vanishes."""
    inside = st.floats(low, high).map(lambda x: 0.0 if abs(x) < 1e-9 else x)
    return st.one_of(st.sampled_from((float(low), float(high))), inside)


def within(record: Any, only: frozenset[str] | None = None) -> st.SearchStrategy[Any]:
    """Parameter records with every value, or only those named, somewhere in its declared range."""
    specs = parameters_of(record)
    values = {name: between(spec.low, spec.high) for name, spec in specs.items() if only is None or name in only}
    return st.fixed_dictionaries(values).map(lambda drawn: record()._replace(**drawn))


UNIT = between(0.0, 1.0)
YES_OR_NO = st.sampled_from((0.0, 1.0))

ARGUMENTS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(
        (
            "deprivation",
            "agency",
            "support",
            "coverage",
            "trust",
            "expectation",
            "experience",
            "neighbours",
            "home",
            "reach",
            "clarity",
            "u",
            "value",
            "norm",
            "hope",
            "fear",
            "skill",
            "credibility",
            "known",
            "real",
            "share_who_know",
            "campaign",
            "peers",
            "willingness",
            "success",
            "trusted",
            "unskilled",
            "departures",
            "training",
            "blame",
            "target",
            "nerve",
            "old",
            "team_known",
            "reaction",
            "fit",
            "start",
            "joint",
            "joint_in_force",
            "willingness_product",
            "devolution",
            "decided",
            "lever",
            "held",
            "cut",
            "team_fear",
            "devolved",
            "grant",
            "overhead",
            "pull",
            "shared",
            "reports",
            "rate",
            "weight",
        ),
        UNIT,
    ),
    **dict.fromkeys(
        ("older", "young", "condition", "carer", "volunteers", "own", "backed", "trained", "departed"), YES_OR_NO
    ),
    **dict.fromkeys(
        ("is_care", "in_contact", "referred", "solved", "tried", "heard", "fits", "acts", "revealed", "in_crisis"),
        st.booleans(),
    ),
    "acts_in_a_week": st.integers(0, 30).map(float),
    "need": st.integers(0, 3),
    "parts": st.integers(2, 3),
    "seen": st.sampled_from((0.0, 1.0, 2.0)),
    "sanctions": st.sampled_from((0.0, 1.0, 2.0, 3.0)),
    "wellbeing": between(0.0, 10.0),
    "wellbeing_home": between(2.0, 12.0),
    "wellbeing_target": between(-3.0, 13.0),
    "noise": between(-4.0, 4.0),
    "spread": between(0.0, 0.7),
    "champions": st.integers(0, 12).map(float),
    "volunteer_ties": st.integers(0, 30).map(float),
    "lift": between(0.0, 3.0),
    "load": between(0.0, 20.0),
    "coordination": between(1.0, 3.0),
    "leaning": between(-3.0, 3.0),
    "hope_target": between(-1.0, 2.0),
    "overload": between(0.0, 2.0),
    "cases": between(0.0, 500.0),
    "capacity": between(0.0, 2.0),
    "hours": between(0.0, 2000.0),
    "slots_per_worker": between(0.0, 50.0),
    "know_how": between(0.0, 5.0),
    "salience": between(0.0, 50.0),
    "normal": between(0.001, 1.0),
    "exits": st.integers(0, 10).map(float),
    "leaders": st.integers(1, 10).map(float),
    "budget": between(0.0, 1e6),
    "demand_cost": between(0.0, 1e6),
    "programme_cost": between(0.0, 1e6),
    "staff_cost": between(1.0, 1e6),
    "before": between(0.0, 6.0),
    "now": between(0.0, 6.0),
    "judgement": between(-4.0, 4.0),
    "spend": between(0.0, 20.0),
    "carrying": between(0.0, 1e4),
    "residents": between(0.0, 1e5),
    "investment": between(0.0, 4.0),
    "income": between(-3.0, 5.0),
    "reserves": between(0.0, 36.0),
    "age": st.integers(0, 5000).map(float),
    "people": st.integers(0, 5000).map(float),
}
"""What each argument of a rule may be, by its name."""

NAMED_OTHERWISE = {
    "citizen.wellbeing_target.home": "wellbeing_home",
    "citizen.wellbeing_after_month.target": "wellbeing_target",
    "citizen.joining_chance.reach": "lift",
    "citizen.experience_of.departed": "solved",
    "citizen.agency_after_help.departed": "solved",
    "service.incident_chance.departed": "solved",
    "service.sanction_chance.departed": "solved",
    "staff.skill_after_week.acts": "acts_in_a_week",
    "staff.hope_after_week.target": "hope_target",
    "group.needs_carried.volunteers": "people",
    "group.load_of.known": "people",
    "group.group_ends.volunteers": "people",
}
"""Arguments whose name means something else in this one rule."""


def takes_parameters(rule: str) -> bool:
    """Whether a rule is handed the parameters of its kind."""
    return "p" in inspect.signature(RULES[rule].py_func).parameters


def arguments_of(rule: str) -> list[str]:
    """The names of a rule's arguments, without its parameters."""
    return [name for name in inspect.signature(RULES[rule].py_func).parameters if name != "p"]


@lru_cache
def read_by(rule: Any) -> frozenset[str]:
    """The names that a rule, or a rule it calls, reads from what it is handed."""
    plain = rule.py_func
    names = set(plain.__code__.co_names)
    for name in plain.__code__.co_names:
        if is_compiled(plain.__globals__.get(name)):
            names |= read_by(plain.__globals__[name])
    return frozenset(names)


def values_for(rule: str, argument: str) -> st.SearchStrategy[Any]:
    """What one argument of a rule may be."""
    return ARGUMENTS[NAMED_OTHERWISE.get(f"{rule}.{argument}", argument)]


def calls_of(rule: str) -> st.SearchStrategy[dict[str, Any]]:
    """Everything a rule may be called with, by name; each parameter it reads lies somewhere in its range."""
    kind = rule.split(".")[0]
    given = {name: values_for(rule, name) for name in arguments_of(rule)}
    if takes_parameters(rule):
        given["p"] = within(RECORD_OF[kind], read_by(RULES[rule]))
    return st.fixed_dictionaries(given)
