"""Every kind's parameters in one record, and the rivals: named switches between explanations.

It declares no parameter itself; each stands with the rules that use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

import numpy as np

from dealsim.agents.citizen import CitizenParameters
from dealsim.agents.group import GroupParameters
from dealsim.agents.service import ServiceParameters
from dealsim.agents.staff import StaffParameters
from dealsim.declare import Parameter, changed, out_of_range, parameters_of
from dealsim.errors import InputError
from dealsim.network import NetworkParameters


class Parameters(NamedTuple):
    """The parameters of all four kinds and of the network."""

    citizen: CitizenParameters = CitizenParameters()
    staff: StaffParameters = StaffParameters()
    service: ServiceParameters = ServiceParameters()
    group: GroupParameters = GroupParameters()
    network: NetworkParameters = NetworkParameters()


KINDS = {
    "citizen": CitizenParameters,
    "staff": StaffParameters,
    "service": ServiceParameters,
    "group": GroupParameters,
    "network": NetworkParameters,
}


@dataclass(frozen=True)
class Rival:
    """Another explanation that could be true instead: which parameters it changes, and to what."""

    name: str
    meaning: str
    changes: tuple[tuple[str, str, float], ...]


RIVALS: dict[str, Rival] = {
    rival.name: rival
    for rival in (
        Rival(
            "listening_helps",
            "Being listened to solves some problems by itself",
            (("service", "solve_listening", 0.25),),
        ),
        Rival(
            "being_heard_comforts",
            "Being heard, then given the same offer, is no worse than an unheard refusal",
            (("citizen", "experience_heard_only", 0.25),),
        ),
        Rival(
            "blind_action_works",
            "Acting without knowing what would fit works as well as informed action",
            (("service", "solve_blind", 0.60),),
        ),
        Rival(
            "idle_community",
            "Communities have a large capacity that nobody has asked of them",
            (("group", "idle_capacity", 6.0),),
        ),
        Rival("crowding_out", "Grants drive out a group's own income", (("group", "crowding", -0.6),)),
        Rival(
            "fast_word",
            "Colleagues pass on that permission is real as fast as any news",
            (("staff", "permission_peers", 0.3),),
        ),
        Rival(
            "expectation_fixed",
            "What people expect of the council does not move",
            (
                ("citizen", "expectation_gain", 0.0),
                ("citizen", "expectation_drift", 0.0),
                ("citizen", "message_gain", 0.0),
            ),
        ),
        Rival("no_peer_pressure", "Workers do not follow what their team does", (("staff", "by_norm", 0.0),)),
        Rival("strong_peers", "Workers follow their team closely", (("staff", "by_norm", 5.5),)),
        Rival(
            "no_both_ends",
            "Joint work needs no willing worker at either end",
            (("service", "joint_needs_willing", 0.0),),
        ),
        Rival(
            "single_agency_needs",
            "Every need belongs to one service",
            (("citizen", "two_parts", 0.0), ("citizen", "three_parts", 0.0)),
        ),
        Rival("no_reopening", "A solved part of a need stays solved", (("citizen", "reopening", 0.0),)),
        Rival(
            "no_standard_dependency",
            "Standard help does not wear people's confidence down",
            (("citizen", "agency_down", 0.0),),
        ),
        Rival(
            "symmetric_trust", "A good experience counts as much as a bad one", (("citizen", "trust_asymmetry", 1.0),)
        ),
        Rival(
            "no_procedure_shield",
            "Following procedure does not protect from sanctions",
            (("service", "procedure_shields", 1.0),),
        ),
        Rival("no_watched_fear", "Seeing a colleague sanctioned does not frighten", (("staff", "fear_seen", 0.0),)),
        Rival("weak_fear", "Fear hardly holds staff back", (("staff", "by_fear", 1.0),)),
        Rival("no_skill_decay", "Skill does not fade without use", (("staff", "skill_decay", 0.0),)),
        Rival("no_practice_learning", "Practice does not teach", (("staff", "skill_practice", 0.0),)),
        Rival("strong_practice_learning", "Practice teaches a great deal", (("staff", "skill_practice", 0.02),)),
        Rival("weak_training", "Training teaches half as much", (("staff", "skill_training", 0.03),)),
        Rival(
            "talk_without_training",
            "Workers already hold revealing conversations untrained",
            (("staff", "reveal_unskilled", 0.20),),
        ),
        Rival(
            "early_pressure",
            "Leaders feel pressure as soon as incidents rise at all",
            (("service", "pressure_from", 1.0),),
        ),
        Rival(
            "trust_is_not_hope", "Being trusted with permission does not feed hope", (("staff", "hope_trusted", 0.0),)
        ),
        Rival(
            "hope_is_indicator",
            "Hope shows how staff feel but moves nothing",
            (("staff", "by_hope", 0.0), ("staff", "turnover_hope", 0.0)),
        ),
        Rival("fixed_menu", "The standard offer never learns", (("service", "menu_learning", 0.0),)),
        Rival("continuity_of_worker", "Citizens keep the same worker", (("staff", "continuity", 1.0),)),
        Rival(
            "low_trust_gain",
            "One experience moves trust half as much, towards a lower level",
            (("citizen", "trust_gain", 0.12), ("citizen", "trust_home_mean", 0.70)),
        ),
    )
}


def with_changes(parameters: Parameters, changes: Iterable[tuple[str, str, float]]) -> Parameters:
    """A copy with (kind, name, value) changes, each checked against its declared range."""
    for kind, name, value in changes:
        parameters = parameters._replace(**{kind: changed(getattr(parameters, kind), **{name: value})})
    check_together(parameters)
    return parameters


def check_together(parameters: Parameters) -> None:
    """What no single range can say: needs must be about something.

    Raises
    ------
    InputError
    """
    weights = [name for name in parameters_of(CitizenParameters) if name.startswith("weight_")]
    if not any(getattr(parameters.citizen, name) > 0.0 for name in weights):
        raise InputError(
            f"no service has any need: one of {', '.join('citizen.' + name for name in weights)} must be above 0"
        )


def with_rivals(parameters: Parameters, rivals: Iterable[str]) -> Parameters:
    """A copy in which the named rivals hold.

    Raises
    ------
    InputError
        For a name that is no rival.
    """
    for name in rivals:
        if name not in RIVALS:
            raise InputError(f"unknown rival '{name}'; known are {', '.join(RIVALS)}")
        parameters = with_changes(parameters, RIVALS[name].changes)
    return parameters


def with_values(parameters: Parameters, values: Mapping[str, float]) -> Parameters:
    """A copy with `{"kind.name": value}` changes, as scripts and sweeps write them.

    Raises
    ------
    InputError
        With every unknown name and every value out of its range.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"values are a mapping of parameters to numbers, not {type(values).__name__}")
    changes, problems = [], []
    known = every_parameter()
    for key, value in values.items():
        if key not in known:
            near = get_close_matches(str(key), known, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            problems.append(f"unknown parameter {key!r}{hint} (`dealsim params` lists them)")
            continue
        spec, _ = known[key]
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            problems.append(f"{key} is {value!r}; it must be a number")
        elif outside := out_of_range(key, spec, value):
            problems.append(outside)
        else:
            kind, _, name = key.partition(".")
            changes.append((kind, name, float(value)))
    if problems:
        raise InputError(problems)
    return with_changes(parameters, changes)


def every_parameter() -> dict[str, tuple[Parameter, float]]:
    """Each parameter's declaration and default, by `kind.name`."""
    return {
        f"{kind}.{name}": (spec, getattr(record(), name))
        for kind, record in KINDS.items()
        for name, spec in parameters_of(record).items()
    }
