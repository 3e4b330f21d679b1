"""Groups and citizens: carrying need, living on money, talk between ties, wellbeing, volunteering."""

from __future__ import annotations

import numpy as np

from dealsim import chance as ch
from dealsim import tally as ta
from dealsim.agents.citizen import (
    FIRST_ADULT_BAND,
    agency_after_month,
    expectation_after_month,
    joining_chance,
    leaving_chance,
    trust_after_month,
    wellbeing_after_month,
    wellbeing_target,
)
from dealsim.agents.group import (
    birth_chance,
    coordination_lift,
    funded_chance,
    group_ends,
    known_share_of,
    load_of,
    needs_carried,
    own_income_after_month,
    reserves_after_month,
)
from dealsim.calendar import MONTHS_A_YEAR, WEEKS_A_MONTH, WEEKS_A_YEAR
from dealsim.chance import draw, question
from dealsim.compiled import compiled_loop
from dealsim.curves import inverse_normal
from dealsim.rows import arrival_in_row
from dealsim.tally import cell_of, note


@compiled_loop
def groups_take_on_need(citizens, neighbourhoods, groups, places, first_slot, p, scratch):
    """Groups carry as much of the need they know of as their volunteers can."""
    for near in range(neighbourhoods.id.size):
        scratch.need_here[near, 0] = 0.0
        scratch.need_here[near, 1] = 0.0
    for k in range(scratch.n_in_need[0]):
        i = int(scratch.in_need[k])
        if citizens.need[i] == 1 or citizens.need[i] == 2:
            scratch.need_here[citizens.neighbourhood[i], 1 if citizens.known_to_groups[i] else 0] += 1.0
    for near in range(neighbourhoods.id.size):
        investment = places.investment[neighbourhoods.place[near]]
        volunteers = 0.0
        hours = 0.0
        living = 0.0
        for g in range(first_slot[near], first_slot[near + 1]):
            if groups.alive[g]:
                volunteers += groups.volunteers[g]
                hours += groups.coordinator_hours[g]
                living += 1.0
        lift = coordination_lift(hours / living if living > 0.0 else 0.0, p)
        known_share = known_share_of(investment, p)
        known = known_share * scratch.need_here[near, 0] + scratch.need_here[near, 1]
        carrying = needs_carried(volunteers, lift, np.float64(neighbourhoods.population[near]), p)
        neighbourhoods.coordination[near] = lift
        able = 1.0 if carrying > 0.0 else 0.0
        neighbourhoods.met_share[near] = min(1.0, carrying / known) if known > 0.0 else able
        neighbourhoods.load[near] = load_of(known, carrying, p)
        neighbourhoods.coverage[near] = neighbourhoods.met_share[near] * known_share
        for g in range(first_slot[near], first_slot[near + 1]):
            groups.load[g] = neighbourhoods.load[near] if groups.alive[g] else 0.0


@compiled_loop
def groups_begin_and_end(groups, neighbourhoods, places, now, p, seed, week, tally, cells):
    """Once a month groups are born, apply for money, live on it, and close when money or people run out."""
    born = question(seed, ch.GROUP_BORN, week)
    income = question(seed, ch.GROUP_INCOME, week)
    contracts = question(seed, ch.GROUP_CONTRACT, week)
    partnership = now.partnership > 0.5
    for g in range(groups.id.size):
        near = groups.neighbourhood[g]
        investment = places.investment[neighbourhoods.place[near]]
        id = int(groups.id[g])
        if not groups.alive[g]:
            if draw(born, id, 0) < birth_chance(investment, p):
                groups.alive[g] = 1
                groups.id[g] = id + groups.id.size
                groups.born[g] = week
                groups.volunteers[g] = 0
                groups.reserves[g] = min(p.reserve_ceiling, p.reserve_start)
                groups.own_income[g] = 1.0
                groups.grant_share[g] = 0.0
                groups.contract_ends[g] = week
                tally.groups[cells[near], ta.BIRTHS] += 1
            continue
        groups.coordinator_hours[g] = p.coordinator_hours * investment
        if week >= groups.contract_ends[g]:
            if draw(contracts, id, 0) < funded_chance(investment, p):
                years = p.years_partnership if partnership else p.years_tender
                groups.grant_share[g] = p.grant_size
                groups.contract[g] = 1 if partnership else 0
                groups.contract_ends[g] = week + int(years * WEEKS_A_YEAR)
            else:
                groups.grant_share[g] = 0.0
                wait = int(draw(contracts, id, 1) * MONTHS_A_YEAR)
                groups.contract_ends[g] = week + WEEKS_A_MONTH * (1 + wait)
        overhead = p.overhead_partnership if groups.contract[g] == 1 else p.overhead_tender
        noise = inverse_normal(draw(income, id, 0))
        groups.own_income[g] = own_income_after_month(groups.own_income[g], noise, p)
        groups.reserves[g] = reserves_after_month(
            groups.reserves[g], groups.own_income[g], groups.grant_share[g], overhead, p
        )
        if group_ends(groups.reserves[g], groups.volunteers[g], week - groups.born[g], p):
            groups.alive[g] = 0
            groups.reserves[g] = 0.0
            groups.grant_share[g] = 0.0
            groups.coordinator_hours[g] = 0.0
            tally.groups[cells[near], ta.DEATHS] += 1


@compiled_loop
def copy_ties(citizens, groups, places, neighbourhoods, ties, now, seed, scratch):
    """A copy of what ties can see of each citizen as the month begins; children take after their elder."""
    champions = question(seed, ch.CHAMPION, 0)
    for g in range(groups.id.size):
        scratch.group_trust[g] = 0
    for at in range(places.id.size):
        places.champions[at] = 0.0
    for near in range(neighbourhoods.id.size):
        neighbourhoods.volunteer_share[near] = 0.0
    for i in range(citizens.id.size):
        elder = citizens.speaks_for[i]
        if elder != i:
            citizens.trust[i] = citizens.trust[elder]
            citizens.expectation[i] = citizens.expectation[elder]
            citizens.agency[i] = citizens.agency[elder]
        if citizens.volunteer[i]:
            places.champions[citizens.place[i]] += 1.0
            neighbourhoods.volunteer_share[citizens.neighbourhood[i]] += 1.0
            scratch.group_trust[citizens.group[i]] += int(np.floor(np.float64(citizens.trust[i]) * ta.SCALE + 0.5))
    for near in range(neighbourhoods.id.size):
        neighbourhoods.volunteer_share[near] /= max(1.0, np.float64(neighbourhoods.adults[near]))
    for at in range(places.id.size):
        wanted = now.citizen_leadership[at] * places.population[at] / 1000.0
        places.champions[at] = min(1.0, wanted / max(1.0, places.champions[at]))
    for i in range(citizens.id.size):
        scratch.ties[i, 0] = citizens.trust[i]
        scratch.ties[i, 1] = citizens.agency[i] if citizens.need[i] <= 1 else 0.0
        scratch.asking[i] = 0
        scratch.champions[i] = 0
    for i in range(citizens.id.size):
        if not citizens.volunteer[i]:
            continue
        share = places.champions[citizens.place[i]]
        if share > 0.0 and draw(champions, int(citizens.id[i]), 0) < share:
            for k in range(ties.start[i], ties.start[i + 1]):
                scratch.asking[ties.to[k]] += 2
                scratch.champions[ties.to[k]] += 1
        else:
            for k in range(ties.start[i], ties.start[i + 1]):
                scratch.asking[ties.to[k]] += 1


@compiled_loop
def listen_to_ties(citizens, groups, ties, p, scratch):
    """What each citizen hears and can lean on: trust around her, and support from ties without a need."""
    k = 0  # the ties of the citizens lie one after the other
    for i in range(citizens.id.size):
        weights = 0.0
        trust = 0.0
        given = 0.0
        end = ties.start[i + 1]
        while k < end:
            j = ties.to[k]
            weight = np.float64(ties.weight[k])
            weights += weight
            trust += weight * np.float64(scratch.ties[j, 0])
            given += weight * np.float64(scratch.ties[j, 1])
            k += 1
        citizens.support[i] = given / weights if weights > 0.0 else 0.0
        if citizens.volunteer[i]:
            group = citizens.group[i]
            if groups.volunteers[group] > 0:
                members = np.float64(scratch.group_trust[group]) / ta.SCALE / np.float64(groups.volunteers[group])
                weights += p.pull_of_volunteering
                trust += p.pull_of_volunteering * members
        scratch.trust_around[i] = trust / weights if weights > 0.0 else np.float64(citizens.trust[i])


# The loops below are short on purpose: one column each, so that the compiler can move many people at once.


@compiled_loop
def change_minds(citizens, places, now, p, scratch):
    """After a month of talk and messages: expectation, then trust, then agency."""
    clarity = now.communications_clarity
    for i in range(citizens.id.size):
        citizens.expectation[i] = expectation_after_month(
            np.float64(citizens.expectation[i]),
            np.float64(citizens.trust[i]),
            now.public_communications[citizens.place[i]],
            clarity,
            p,
        )
    for i in range(citizens.id.size):
        citizens.trust[i] = trust_after_month(
            np.float64(citizens.trust[i]), scratch.trust_around[i], np.float64(citizens.trust_home[i]), p
        )
    for i in range(citizens.id.size):
        volunteer = np.float64(citizens.volunteer[i])
        in_need = 1.0 if citizens.need[i] > 0 else 0.0
        citizens.agency[i] = agency_after_month(
            np.float64(citizens.agency[i]),
            np.float64(citizens.agency_home[i]),
            volunteer,
            in_need * np.float64(scratch.champions[i]),
            volunteer * places.devolution[citizens.place[i]],
            p,
        )


@compiled_loop
def feel_and_face_need(citizens, p, seed, week, scratch):
    """Wellbeing after a month, and the chance of new need that follows from it."""
    noises = question(seed, ch.WELLBEING_NOISE, week)
    keep = 1.0 - p.wellbeing_pull
    pull = 1.0 - keep * keep * keep * keep
    spread = p.wellbeing_noise * np.sqrt(2.0 * p.wellbeing_pull * WEEKS_A_MONTH)
    for i in range(citizens.id.size):
        scratch.draws[i] = inverse_normal(draw(noises, int(citizens.id[i]), 0))
    for i in range(citizens.id.size):
        target = wellbeing_target(
            np.float64(citizens.wellbeing_home[i]),
            int(citizens.need[i]),
            np.float64(citizens.agency[i]),
            np.float64(citizens.volunteer[i]),
            np.float64(citizens.support[i]),
            p,
        )
        citizens.wellbeing[i] = wellbeing_after_month(
            np.float64(citizens.wellbeing[i]), target, scratch.draws[i], pull, spread
        )
    for i in range(citizens.id.size):
        citizens.arrival[i] = arrival_in_row(citizens, i, p)


@compiled_loop
def join_and_leave(citizens, groups, neighbourhoods, first_slot, p, seed, week, scratch, tally, n_places):
    """People 16 and over start to volunteer, stop, or look for another group when theirs has closed."""
    joins = question(seed, ch.JOINS_GROUP, week)
    leaves = question(seed, ch.LEAVES_GROUP, week)
    picks = question(seed, ch.PICKS_GROUP, week)
    for i in range(citizens.id.size):
        scratch.draws[i] = draw(joins, int(citizens.id[i]), 0)
    for i in range(citizens.id.size):
        if citizens.age_band[i] < FIRST_ADULT_BAND:
            continue
        id = int(citizens.id[i])
        near = citizens.neighbourhood[i]
        lift = np.float64(neighbourhoods.coordination[near])
        looks = False
        if citizens.volunteer[i]:
            gone = not groups.alive[citizens.group[i]]
            load = groups.load[citizens.group[i]]
            stops = draw(leaves, id, 0) < leaving_chance(load, lift, int(citizens.need[i]), p)
            looks = gone and not stops and draw(leaves, id, 1) < p.volunteer_moves_on
            if stops or gone:
                groups.volunteers[citizens.group[i]] -= 1
                citizens.group[i] = -1
        else:
            room = max(0.0, 1.0 - np.float64(neighbourhoods.volunteer_share[near]) / p.volunteer_ceiling)
            looks = scratch.draws[i] < joining_chance(
                np.float64(citizens.agency[i]),
                np.float64(citizens.expectation[i]),
                np.float64(scratch.asking[i]),
                lift * room,
                p,
            )
        if looks:
            living = 0
            for g in range(first_slot[near], first_slot[near + 1]):
                living += groups.alive[g]
            left = int(draw(picks, id, 0) * living)
            for g in range(first_slot[near], first_slot[near + 1]):
                if groups.alive[g]:
                    if left == 0:
                        citizens.group[i] = g
                        groups.volunteers[g] += 1
                    left -= 1
        volunteers = 1 if citizens.group[i] >= 0 else 0
        if volunteers != citizens.volunteer[i]:
            citizens.volunteer[i] = volunteers
            cell = cell_of(citizens.fifth[i], citizens.place[i], n_places)
            tally.flows[cell, ta.JOINED if volunteers else ta.LEFT] += 1
            kind = ta.E_JOINS if volunteers else ta.E_STOPS
            note(tally.events, tally.n_events, week, tally.watched[i], kind, -1, 0, 0, 0, 0)
