"""Policy comes into force: what leaders decide and hold, and what services and places make of it."""

from __future__ import annotations

import numpy as np

from dealsim import chance as ch
from dealsim.agents.service import (
    blame_after_week,
    blame_with_reaction,
    held_after_decision,
    held_after_week,
    investment_in_place,
    permission_decided_after_week,
    reaction_to_incidents,
)
from dealsim.calendar import WEEKS_A_QUARTER, WEEKS_A_YEAR
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
    was = 0.0
    wanted = 0.0
    for s in range(services.id.size):
        was += abs(before.permission_to_innovate[s] - now.old_permission[s])
        wanted += abs(now.permission_to_innovate[s] - now.old_permission[s])
    leadership.held[0] = held_after_decision(np.float64(leadership.held[0]), was, wanted)
    leadership.holders[0] = n
    holders = leadership.holders[0]
    leadership.held[0] = held_after_week(np.float64(leadership.held[0]), min(exits, holders), holders, p.service)
    for s in range(services.id.size):
        services.nerve[s] = now.nerve[s]
        services.blame[s] = blame_after_week(services.blame[s], now.blame_culture[s], p.service)
        if week % WEEKS_A_QUARTER == 0:
            services.reaction[s] = reaction_to_incidents(services.salience[s], services.nerve[s], p.service)
        services.blame_in_force[s] = blame_with_reaction(services.blame[s], services.reaction[s])
        services.permission_decided[s] = permission_decided_after_week(
            services.permission_decided[s], now.permission_to_innovate[s], holders, p.service
        )
        old = now.old_permission[s]
        services.permission[s] = old + (services.permission_decided[s] - old) * leadership.held[0]
    for at in range(places.id.size):
        places.joint[at] = now.place_based_working[at]
        places.devolution[at] = now.devolution[at]
        places.investment[at] = investment_in_place(
            now.community_investment[at], places.devolution[at], places.judgement_investment[at], p.service
        )
