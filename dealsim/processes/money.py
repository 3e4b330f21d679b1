"""What a week costs, who pays, and what a quarter leaves for staff."""

from __future__ import annotations

import numpy as np

from dealsim import tally as ta
from dealsim.agents.service import INVESTMENT_UNIT, capacity_from_money
from dealsim.calendar import WEEKS_A_QUARTER, WEEKS_A_YEAR
from dealsim.compiled import compiled, compiled_loop


@compiled
def _programme_cost(now, lever, places, service_count, p):
    """What one paid lever costs in a week, in the order of `PAID_LEVERS`, and in £."""
    cost = 0.0
    for at in range(places.id.size):
        residents = np.float64(places.population[at])
        if lever == 0:
            cost += places.investment[at] * INVESTMENT_UNIT * residents
        elif lever == 1:
            for s in range(service_count):
                cost += now.staff_communications[s] / service_count * p.communications_cost * residents
        elif lever == 2:
            cost += now.public_communications[at] * p.communications_cost * residents
        elif lever == 3:
            cost += now.citizen_leadership[at] / 1000.0 * residents * p.champion_cost
        else:
            cost += now.link_workers[at] / 100000.0 * residents * p.link_worker_cost
    return cost / WEEKS_A_YEAR


@compiled_loop
def spend_money(services, places, now, p, workers, tally):
    """What the week cost each service, who paid for the programmes, and what came from outside."""
    count = services.id.size
    for s in range(count):
        services.staff_spend[s] = workers[s] * p.worker_cost / WEEKS_A_YEAR * services.capacity[s]
        services.contact_spend[s] = (services.served[s] - services.crisis_served[s]) * p.contact_cost
        services.crisis_spend[s] = services.crisis_served[s] * p.crisis_cost
        services.programme_spend[s] = 0.0
    posts = 0.0
    for s in range(count):
        posts += workers[s]
    for lever in range(now.paid_from_outside.size):
        cost = _programme_cost(now, lever, places, count, p)
        outside = now.paid_from_outside[lever]
        named = 0.0
        for s in range(count):
            named += now.paid_by_service[lever, s]
        for s in range(count):
            share = now.paid_by_service[lever, s] / named if named > 0.0 else workers[s] / posts
            services.programme_spend[s] += cost * (1.0 - outside) * share
            tally.money[s, ta.M_OUTSIDE] += cost * outside * workers[s] / posts
    for s in range(count):
        services.quarter_cost[s] += services.contact_spend[s] + services.crisis_spend[s]
        services.quarter_programme[s] += services.programme_spend[s]
        tally.money[s, ta.M_STAFF] = services.staff_spend[s]
        tally.money[s, ta.M_CONTACT] = services.contact_spend[s]
        tally.money[s, ta.M_CRISIS] = services.crisis_spend[s]
        tally.money[s, ta.M_PROGRAMME] = services.programme_spend[s]
        tally.money[s, ta.M_CAPACITY] = services.capacity[s]
        tally.money[s, ta.M_BLAME] = services.blame_in_force[s]
        tally.money[s, ta.M_PERMISSION] = services.permission[s]
        tally.money[s, ta.M_MENU] = services.menu_fit[s]
        tally.money[s, ta.M_KNOW_HOW] = services.know_how[s]


@compiled_loop
def set_budgets(services, now, p, workers, is_quarter):
    """What is left of the budget after contacts, crises and programmes pays for staff.

    The costs that count are those of the last quarter; a shock in between sets the budget anew with the same costs.
    """
    for s in range(services.id.size):
        if is_quarter:
            slow = services.demand_cost[s]
            services.demand_cost[s] = slow + p.cost_lag * (services.quarter_cost[s] / WEEKS_A_QUARTER - slow)
            services.programme_cost[s] = services.quarter_programme[s] / WEEKS_A_QUARTER
            services.quarter_cost[s] = 0.0
            services.quarter_programme[s] = 0.0
        if services.budget[s] > 0.0:
            cut = min(1.0, now.budget_cut[s] + now.budget_shock)
            services.capacity[s] = capacity_from_money(
                services.budget[s],
                cut,
                services.demand_cost[s],
                services.programme_cost[s],
                workers[s] * p.worker_cost / WEEKS_A_YEAR,
                p,
            )
