"""Needs arise, are put right without a service, get worse, and bring people to services."""

from __future__ import annotations

import numpy as np

from dealsim import chance as ch
from dealsim import tally as ta
from dealsim.agents.citizen import (
    OLDER_BAND,
    escalation_chance,
    need_weight,
    parts_of_need,
    resolution_chance,
    seeking_chance,
)
from dealsim.chance import draw, question
from dealsim.compiled import compiled_loop
from dealsim.levers import SERVICE_KINDS
from dealsim.rows import coverage_of, team_of
from dealsim.tally import cell_of, note

CARE = SERVICE_KINDS.index("adult_social_care")


@compiled_loop
def move_needs(
    citizens, neighbourhoods, services, service_of_kind, weights, p, seed, week, demand, scratch, tally, n_places
):
    """Needs arise, are put right without a service, or get worse; solved parts of a need may re-open."""
    arrives = question(seed, ch.NEED_ARRIVES, week)
    moves = question(seed, ch.NEED_MOVES, week)
    reopens = question(seed, ch.REOPENS, week)
    how_many = question(seed, ch.NEED_PARTS, week)
    whose = question(seed, ch.NEED_SERVICE, week)
    fits = question(seed, ch.NEED_FITS_MENU, week)
    # draws for everyone in a loop of their own, which the compiler turns into many draws at once
    for i in range(citizens.id.size):
        due = draw(arrives, int(citizens.id[i]), 0) < np.float64(citizens.arrival[i]) * demand
        scratch.arrives[i] = 1 if due else 0
    kinds = 0
    for kind in range(weights.size):
        if weights[kind] > 0.0:
            kinds += 1
    count = 0
    for i in range(citizens.id.size):
        if citizens.need[i] == 0:
            if scratch.arrives[i]:
                id = int(citizens.id[i])
                older = 1.0 if citizens.age_band[i] >= OLDER_BAND else 0.0
                parts = min(kinds, parts_of_need(draw(how_many, id, 0), p))
                citizens.need[i] = 1
                citizens.parts[i] = parts
                citizens.episode[i] += 1
                first = -1
                second = -1
                for part in range(parts):
                    total = 0.0
                    for kind in range(weights.size):
                        if kind != first and kind != second:
                            total += need_weight(weights[kind], kind == CARE, older, p)
                    left = draw(whose, id, part) * total
                    chosen = -1
                    for kind in range(weights.size):
                        if left >= 0.0 and kind != first and kind != second and weights[kind] > 0.0:
                            chosen = kind
                            left -= need_weight(weights[kind], kind == CARE, older, p)
                    second = first
                    first = chosen
                    service = service_of_kind[citizens.place[i], chosen]
                    citizens.part_service[i, part] = service
                    citizens.part_open[i, part] = 1
                    citizens.part_fits[i, part] = 1 if draw(fits, id, part) < services.menu_fit[service] else 0
                tally.flows[cell_of(citizens.fifth[i], citizens.place[i], n_places), ta.ARRIVALS] += 1
                note(
                    tally.events,
                    tally.n_events,
                    week,
                    tally.watched[i],
                    ta.E_ARISES,
                    citizens.part_service[i, 0],
                    0,
                    0,
                    0,
                    0,
                )
                scratch.in_need[count] = i
                count += 1
            continue
        id = int(citizens.id[i])
        cell = cell_of(citizens.fifth[i], citizens.place[i], n_places)
        need = int(citizens.need[i])
        if need < 3:
            agency = np.float64(citizens.agency[citizens.speaks_for[i]])
            coverage = coverage_of(citizens, i, neighbourhoods)
            support = np.float64(citizens.support[i])
            rho = resolution_chance(need, agency, support, coverage, p)
            u = draw(moves, id, 0)
            if u < rho:
                # whose help it was follows from the same draw: each source adds its part to the chance
                if u < resolution_chance(need, agency, 0.0, 0.0, p):
                    tally.flows[cell, ta.RESOLVED_BY_SELF] += 1
                    how = ta.E_ALONE
                elif u < resolution_chance(need, agency, support, 0.0, p):
                    tally.flows[cell, ta.RESOLVED_WITH_TIES] += 1
                    how = ta.E_TIES
                else:
                    tally.flows[cell, ta.RESOLVED_BY_GROUP] += 1
                    how = ta.E_GROUP
                note(tally.events, tally.n_events, week, tally.watched[i], how, -1, 0, 1, 0, 0)
                citizens.need[i] = 0
                scratch.in_need[count] = i
                count += 1
                continue
            met_last_week = citizens.last_met[i] == week - 1
            if not met_last_week and u < rho + escalation_chance(need, agency, p):
                citizens.need[i] = need + 1
                if need == 2:
                    tally.flows[cell, ta.ONSETS] += 1
                note(
                    tally.events,
                    tally.n_events,
                    week,
                    tally.watched[i],
                    ta.E_CRISIS if need == 2 else ta.E_WORSE,
                    -1,
                    0,
                    0,
                    0,
                    0,
                )
        last = int(citizens.part_last_solved[i])
        if last >= 0 and draw(reopens, id, 0) < p.reopening:
            citizens.part_open[i, last] = 1
            citizens.part_last_solved[i] = -1
            note(
                tally.events,
                tally.n_events,
                week,
                tally.watched[i],
                ta.E_REOPENS,
                citizens.part_service[i, last],
                0,
                0,
                0,
                0,
            )
        scratch.in_need[count] = i
        count += 1
    scratch.n_in_need[0] = count


@compiled_loop
def seek_help(citizens, services, teams, first_team, team_count, now, p, seed, week, scratch, tally, n_places):
    """People in need contact the service their part belongs to; some are sent to the community at the door."""
    seeks = question(seed, ch.SEEKS_HELP, week)
    ranks = question(seed, ch.RATIONED, week)
    sent = question(seed, ch.SENT_TO_COMMUNITY, week)
    links = question(seed, ch.LINKED, week)
    n_asked = 0
    for team in range(teams.id.size):
        teams.open_parts[team] = 0.0
    for k in range(scratch.n_in_need[0]):
        i = int(scratch.in_need[k])
        id = int(citizens.id[i])
        need = int(citizens.need[i])
        if need == 0:
            continue
        in_contact = citizens.in_contact[i] == 1
        at = int(citizens.place[i])
        if in_contact:
            for part in range(citizens.parts[i]):
                if citizens.part_open[i, part]:
                    s = citizens.part_service[i, part]
                    teams.open_parts[team_of(citizens, i, s, first_team, team_count)] += 1.0
        trust = np.float64(citizens.trust[citizens.speaks_for[i]])
        if draw(seeks, id, 0) >= seeking_chance(need, in_contact, citizens.referred[i] == 1, trust, p.citizen):
            continue
        service = int(citizens.part_service[i, citizens.part_now[i]])
        cell = cell_of(citizens.fifth[i], at, n_places)
        here = service * n_places + at
        tally.flows[cell, ta.CONTACTS] += 1
        tally.services[here, ta.S_CONTACTS] += 1
        if citizens.referred[i]:
            tally.flows[cell, ta.REFERRED_CONTACTS] += 1
        elif citizens.contacts[i] > 0:
            tally.flows[cell, ta.FAILURE_CONTACTS] += 1
            tally.services[here, ta.S_FAILURE] += 1
        if need == 3:
            tally.flows[cell, ta.CRISIS_CONTACTS] += 1
        note(tally.events, tally.n_events, week, tally.watched[i], ta.E_CONTACT, service, 0, 0, 0, 0)
        if citizens.contacts[i] == 0:
            tally.flows[cell, ta.REQUESTS] += 1
            citizens.first_contact[i] = week
        citizens.contacts[i] = min(30000, citizens.contacts[i] + 1)
        citizens.in_contact[i] = 1
        if services.health_share[service] > 0.0:
            reach = min(1.0, p.service.link_reach * now.link_workers[at] * now.in_deal[service])
            if draw(links, id, 0) < reach * services.health_share[service]:
                citizens.known_to_groups[i] = 1
        if need == 1 and draw(sent, id, 0) < now.offloading[at] * now.in_deal[service]:
            citizens.known_to_groups[i] = 1
            citizens.in_contact[i] = 0
            citizens.referred[i] = 0
            tally.flows[cell, ta.SENT_TO_COMMUNITY] += 1
            note(tally.events, tally.n_events, week, tally.watched[i], ta.E_SENT, service, 0, 0, 0, 0)
            continue
        scratch.asked_by[n_asked] = i
        scratch.asked_of[n_asked] = team_of(citizens, i, service, first_team, team_count)
        scratch.rank[n_asked] = draw(ranks, id, 0) + (0.0 if need == 3 else 1.0)
        n_asked += 1
    scratch.n_asked[0] = n_asked
