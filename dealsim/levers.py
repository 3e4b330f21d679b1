"""The levers a policy team can move, each declared once, and the weekly table the engine reads.

It does not read scenario files; `dealsim.scenarios` does, and fills the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np

from dealsim.declare import Column, declared

SERVICE_KINDS = (
    "health",
    "adult_social_care",
    "children_and_families",
    "housing",
    "police",
    "employment_and_welfare",
)
"""The six services, in the order of their rows."""


@dataclass(frozen=True)
class Lever:
    """One thing a policy team can change: its meaning, unit, range and old-regime value.

    `varies_by` says whether the lever may be given by service, by place, or only for the whole borough.
    `paid` marks a lever that costs money, whose payer a schedule entry may name.
    """

    name: str
    label: str
    meaning: str
    unit: str
    low: float
    high: float
    default: float | str | tuple[str, ...]
    varies_by: str
    source: str
    grade: str
    choices: tuple[str, ...] = ()
    paid: bool = False
    whole: bool = False

    @property
    def is_number(self) -> bool:
        """True for a lever that takes a number (and so may ramp)."""
        return not self.choices


LEVERS: dict[str, Lever] = {
    lever.name: lever
    for lever in (
        Lever(
            "blame_culture",
            "Blame culture",
            "How readily an incident is answered with a sanction",
            "0–1",
            0,
            1,
            0.6,
            "service",
            "src-ahrq",
            "assumed",
        ),
        Lever(
            "permission_to_innovate",
            "Permission to innovate",
            "How far staff may decide for themselves",
            "0–1",
            0,
            1,
            0.15,
            "service",
            "src-choice",
            "assumed",
        ),
        Lever(
            "community_investment",
            "Investment in communities",
            "Money for community groups: grants, coordinators and a seed fund",
            "£ per resident per year",
            0,
            20,
            0.0,
            "place",
            "src-wigan-fund",
            "claimed",
            paid=True,
        ),
        Lever(
            "asset_based_training",
            "Training in asset-based working",
            "Hours each worker spends learning the different conversation",
            "hours per worker per year",
            0,
            80,
            0.0,
            "service",
            "src-scie",
            "claimed",
        ),
        Lever(
            "place_based_working",
            "Place-based working",
            "How far the services of a place work jointly",
            "0–1",
            0,
            1,
            0.0,
            "place",
            "src-pioneer",
            "assumed",
        ),
        Lever(
            "staff_communications",
            "Communications to staff",
            "How much of the staff the message about permission reaches",
            "0–1",
            0,
            1,
            0.0,
            "service",
            "src-bass",
            "assumed",
            paid=True,
        ),
        Lever(
            "public_communications",
            "Communications to the public",
            "How much of the public the council's message reaches",
            "0–1",
            0,
            1,
            0.0,
            "place",
            "src-campaigns",
            "assumed",
            paid=True,
        ),
        Lever(
            "communications_clarity",
            "Plain language",
            "Share of what people hear that they understand",
            "0–1",
            0,
            1,
            0.5,
            "borough",
            "src-choice",
            "assumed",
        ),
        Lever(
            "citizen_leadership",
            "Health champions",
            "Trained neighbours who ask others to join in and pass on confidence",
            "champions per 1,000 residents",
            0,
            100,
            0.0,
            "place",
            "src-wigan-champions",
            "claimed",
            paid=True,
        ),
        Lever(
            "nerve",
            "Holding nerve",
            "How calmly leaders take early incidents",
            "0–1",
            0,
            1,
            0.3,
            "service",
            "src-capability-trap",
            "assumed",
        ),
        Lever(
            "services_in_deal",
            "Services in the Deal",
            "Which services take part in the change",
            "list of services",
            0,
            1,
            SERVICE_KINDS,
            "borough",
            "src-choice",
            "assumed",
            choices=SERVICE_KINDS,
        ),
        Lever(
            "leaders_holding_permission",
            "Leaders who hold the permission",
            "How many leaders stand behind it: 1 is heroic, 10 is collective",
            "people",
            1,
            10,
            1.0,
            "borough",
            "src-choice",
            "assumed",
            whole=True,
        ),
        Lever(
            "devolution",
            "Devolved power",
            "Share of choices made in the place itself",
            "0–1",
            0,
            1,
            0.0,
            "place",
            "src-choice",
            "assumed",
        ),
        Lever(
            "commissioning",
            "How groups are funded",
            "Short contracts by tender, or long ones in partnership",
            "choice",
            0,
            1,
            "tender",
            "borough",
            "src-choice",
            "assumed",
            choices=("tender", "partnership"),
        ),
        Lever(
            "budget_cut",
            "Budget cut",
            "Share of the old budget that is gone",
            "share of the old budget",
            0,
            0.5,
            0.0,
            "service",
            "src-wigan-cut",
            "claimed",
        ),
        Lever(
            "offloading",
            "Off-loading to communities",
            "Share of low-level need sent to the community without support",
            "share of level-1 contacts",
            0,
            0.5,
            0.0,
            "place",
            "src-choice",
            "assumed",
        ),
        Lever(
            "link_workers",
            "Community link workers",
            "Workers who connect people at the health centre with local groups",
            "full-time workers per 100,000 residents",
            0,
            30,
            0.0,
            "place",
            "src-wigan-links",
            "published",
            paid=True,
        ),
    )
}

PAYERS = ("council", "new_money", *SERVICE_KINDS)
"""Who can pay for a lever that costs money: all services by size, money from outside, or one service."""

SHOCKS = {
    "leader_leaves": "One of the leaders who hold the permission leaves in that week",
    "scandal": "A failure in one service (or all) fills the news: leaders see many more incidents",
    "demand_shock": "New needs arrive faster for so many weeks (`size` times as fast, `weeks`)",
    "budget_shock": "A share (`size`) of the old budget is lost for so many weeks (`weeks`)",
    "leaders_stay": "No leader leaves by chance for so many weeks (`weeks`): a known spell of stable leadership",
}


class Policy(NamedTuple):
    """What policy is in force each week: one row a week, one column a service kind, a place, or one.

    Levers keep the value they were given; staff and services react to them by their own rules.
    """

    blame_culture: Annotated[np.ndarray, Column("Blame culture", "0–1, by week and service", np.float64)]
    permission_to_innovate: Annotated[np.ndarray, Column("Permission", "0–1, by week and service", np.float64)]
    old_permission: Annotated[np.ndarray, Column("Permission before the scenario", "0–1, by service", np.float64)]
    asset_based_training: Annotated[
        np.ndarray, Column("Training", "hours per worker per year, by week and service", np.float64)
    ]
    staff_communications: Annotated[np.ndarray, Column("Staff communications", "0–1, by week and service", np.float64)]
    nerve: Annotated[np.ndarray, Column("Holding nerve", "0–1, by week and service", np.float64)]
    in_deal: Annotated[np.ndarray, Column("Service takes part", "0 or 1, by week and service", np.float64)]
    budget_cut: Annotated[np.ndarray, Column("Budget cut", "share, by week and service", np.float64)]
    community_investment: Annotated[
        np.ndarray, Column("Investment", "£ per resident per year, by week and place", np.float64)
    ]
    place_based_working: Annotated[np.ndarray, Column("Place-based working", "0–1, by week and place", np.float64)]
    public_communications: Annotated[np.ndarray, Column("Public communications", "0–1, by week and place", np.float64)]
    citizen_leadership: Annotated[np.ndarray, Column("Champions", "per 1,000 residents, by week and place", np.float64)]
    devolution: Annotated[np.ndarray, Column("Devolution", "0–1, by week and place", np.float64)]
    offloading: Annotated[np.ndarray, Column("Off-loading", "share, by week and place", np.float64)]
    link_workers: Annotated[np.ndarray, Column("Link workers", "per 100,000 residents, by week and place", np.float64)]
    communications_clarity: Annotated[np.ndarray, Column("Clarity", "0–1, by week", np.float64)]
    leaders_holding_permission: Annotated[np.ndarray, Column("Leaders", "people, by week", np.float64)]
    partnership: Annotated[np.ndarray, Column("Partnership", "0 tender or 1 partnership, by week", np.float64)]
    leader_leaves: Annotated[np.ndarray, Column("Leaders who leave by a shock", "people, by week", np.float64)]
    leaders_stay: Annotated[np.ndarray, Column("No leader leaves by chance", "0 or 1, by week", np.float64)]
    scandal: Annotated[np.ndarray, Column("Scandal", "added incident salience, by week and service", np.float64)]
    demand: Annotated[np.ndarray, Column("Demand shock", "times the usual arrivals, by week", np.float64)]
    budget_shock: Annotated[np.ndarray, Column("Budget shock", "share of the old budget lost, by week", np.float64)]
    paid_from_outside: Annotated[
        np.ndarray,
        Column("Share of each paid lever met by new money", "share, by week and paid lever", np.float64),
    ]
    paid_by_service: Annotated[
        np.ndarray,
        Column(
            "Share of the rest each service pays; all zero means by size",
            "share, by week, paid lever and service",
            np.float64,
        ),
    ]


PAID_LEVERS = tuple(name for name, lever in LEVERS.items() if lever.paid)
"""Levers that cost money, in the order of the payer columns of `Policy`."""

POLICY_COLUMNS = declared(Policy, Column)


def policy_of(weeks: int, places: int) -> Policy:
    """The old regime's policy table for so many weeks and places: every lever at its default."""
    services = len(SERVICE_KINDS)
    table = {}
    for name in POLICY_COLUMNS:
        lever = LEVERS.get(name)
        width = {"service": services, "place": places}.get(lever.varies_by if lever else "")
        value = float(lever.default) if lever and lever.is_number else 0.0  # type: ignore[arg-type]
        table[name] = np.full(weeks if width is None else (weeks, width), value)
    table["old_permission"] = np.full(services, float(LEVERS["permission_to_innovate"].default))  # type: ignore[arg-type]
    table["in_deal"] = np.ones((weeks, services))
    table["scandal"] = np.zeros((weeks, services))
    table["demand"] = np.ones(weeks)
    table["paid_from_outside"] = np.zeros((weeks, len(PAID_LEVERS)))
    table["paid_by_service"] = np.zeros((weeks, len(PAID_LEVERS), services))
    return Policy(**table)


def policy_in_force(policy: Policy, row: int) -> Policy:
    """One week of the policy table: the same names, one value a service or place, or one number."""
    values: list[Any] = [
        table if name == "old_permission" else (float(table[row]) if table.ndim == 1 else table[row])
        for name, table in policy._asdict().items()
    ]
    return Policy(*values)


def without_shocks(now: Policy) -> Policy:
    """A week's policy with its levers as they are and no shock in it."""
    calm: dict[str, Any] = {"leader_leaves": 0.0, "leaders_stay": 0.0, "demand": 1.0, "budget_shock": 0.0}
    return now._replace(**calm, scandal=np.zeros_like(now.scandal))
