"""Policy comes into force: what leaders decide and hold, and what services and places make of it."""

from __future__ import annotations

import numpy as np

from dealsim import chance as ch
from dealsim.agents.service import (
    INVESTMENT_UNIT,
    blame_after_week,
    blame_under_pressure,
    held_after_week,
    permission_decided_after_week,
)
from dealsim.calendar import WEEKS_A_YEAR
from dealsim.chance import chance
from dealsim.compiled import compiled_loop


@compiled_loop
def set_policy(now, before, week, services, places, leadership, p, seed):
    """Leaders decide, leave and are replaced; blame and permission follow; places set their own course."""
    n = int(now.leaders_holding_permission)
    exits = now.leader_leaves
    if now.leaders_stay < 0.5:
        for leader in range(n):
            if chance(seed, ch.LEADER_LEAVES, week, leader, 0) < p.service.leader_exit / WEEKS_A_YEAR:
                exits += 1.0
    moved = False
    for s in range(services.id.size):
        if now.permission_to_innovate[s] != before.permission_to_innovate[s]:
            moved = True
    if moved:
        leadership.held[0] = 1.0  # those in office have just decided it
    leadership.holders[0] = n
    leadership.held[0] = held_after_week(
        np.float64(leadership.held[0]), min(exits, np.float64(n)), np.float64(n), p.service
    )
    for s in range(services.id.size):
        services.nerve[s] = now.nerve[s]
        services.blame[s] = blame_after_week(services.blame[s], now.blame_culture[s], p.service)
        services.blame_in_force[s] = blame_under_pressure(
            services.blame[s], services.salience[s], services.nerve[s], p.service
        )
        services.permission_decided[s] = permission_decided_after_week(
            services.permission_decided[s], now.permission_to_innovate[s], np.float64(n), p.service
        )
        old = now.old_permission[s]
        services.permission[s] = old + (services.permission_decided[s] - old) * leadership.held[0]
    for at in range(places.id.size):
        places.joint[at] = now.place_based_working[at]
        places.devolution[at] = now.devolution[at]
        own = 1.0 + places.devolution[at] * p.service.judgement_spread * places.judgement_investment[at]
        places.investment[at] = now.community_investment[at] / INVESTMENT_UNIT * max(0.0, own)
