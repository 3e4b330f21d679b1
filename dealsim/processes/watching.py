"""Counting at the end of the week. Nothing here changes a borough."""

from __future__ import annotations

import numpy as np

from dealsim import chance as ch
from dealsim import tally as ta
from dealsim.agents.citizen import FIRST_ADULT_BAND, survey_answer
from dealsim.agents.staff import TEAM_SIZE
from dealsim.calendar import WEEKS_A_YEAR
from dealsim.chance import draw, question
from dealsim.compiled import compiled_loop
from dealsim.curves import inverse_normal
from dealsim.rows import clear_counts, coverage_of
from dealsim.tally import cell_of, whole_of


@compiled_loop
def clear_week(staff, services):
    """The week begins: what was counted last week is cleared."""
    for j in range(staff.id.size):
        clear_counts(staff, j)
    for s in range(services.id.size):
        services.tried[s] = 0.0
        services.visible[s] = 0.0
        services.reports[s] = 0.0
        services.shared[s] = 0.0
        services.served[s] = 0.0
        services.crisis_served[s] = 0.0


@compiled_loop
def observe_need(citizens, neighbourhoods, seed, scratch, tally, n_places):
    """Count people in need, hidden or waiting, at the end of the week.

    Someone in contact with no service is hidden unless a group carries her need: groups carry a share of what
    they know of, and one draw an episode decides who is within it.
    """
    carries = question(seed, ch.CARRIED_BY_GROUP, 0)
    for k in range(scratch.n_in_need[0]):
        i = int(scratch.in_need[k])
        need = int(citizens.need[i])
        if need == 0:
            continue
        cell = cell_of(citizens.fifth[i], citizens.place[i], n_places)
        tally.needs[cell, need - 1] += 1
        if not citizens.in_contact[i]:
            tally.needs[cell, ta.NO_SERVICE] += 1
            carried = coverage_of(citizens, i, neighbourhoods) if need < 3 else 0.0
            if draw(carries, int(citizens.id[i]), int(citizens.episode[i])) >= carried:
                tally.needs[cell, ta.HIDDEN] += 1
        elif not citizens.met_this_episode[i]:
            tally.needs[cell, ta.WAITING] += 1


@compiled_loop
def observe_staff_and_groups(staff, teams, neighbourhoods, groups, week, tally, n_places, cells):
    """Sum up staff and groups at the end of the week."""
    for j in range(staff.id.size):
        here = int(staff.service[j]) * n_places + int(staff.place[j])
        known = np.float64(staff.perceived_permission[j])
        tally.staff[here, ta.WORKERS] += 1
        tally.staff[here, ta.WILLINGNESS] += whole_of(np.float64(staff.willingness[j]))
        tally.staff[here, ta.FEAR] += whole_of(np.float64(staff.fear[j]))
        tally.staff[here, ta.SKILL] += whole_of(np.float64(staff.skill[j]))
        tally.staff[here, ta.HOPE] += whole_of(np.float64(staff.hope[j]))
        tally.staff[here, ta.CREDIBILITY] += whole_of(np.float64(staff.credibility[j]))
        tally.staff[here, ta.KNOWN] += whole_of(known)
        tally.staff[here, ta.KNOWN_SQUARED] += whole_of(known * known)
        tally.staff[here, ta.VALUE] += whole_of(np.float64(staff.value[j]))
        tally.staff[here, ta.CASES] += whole_of(np.float64(staff.open_cases[j]))
        if staff.last_departure[j] > week - WEEKS_A_YEAR:
            tally.staff[here, ta.DEPARTED_LAST_YEAR] += 1
        tally.staff[here, ta.UTILISATION] += whole_of(teams.utilisation[staff.team[j]])
        tally.staff[here, ta.SLOTS] += whole_of(teams.capacity[staff.team[j]] / TEAM_SIZE)
    for near in range(neighbourhoods.id.size):
        cell = cells[near]
        residents = np.float64(neighbourhoods.population[near])
        tally.groups[cell, ta.RESIDENTS] += neighbourhoods.population[near]
        tally.groups[cell, ta.COVERAGE] += whole_of(neighbourhoods.coverage[near] * residents)
        tally.groups[cell, ta.LOAD] += whole_of(neighbourhoods.load[near] * residents)
    for g in range(groups.id.size):
        if groups.alive[g]:
            cell = cells[groups.neighbourhood[g]]
            tally.groups[cell, ta.GROUPS] += 1
            tally.groups[cell, ta.RESERVES] += whole_of(groups.reserves[g])
            tally.groups[cell, ta.MEMBERS] += groups.volunteers[g]
            if groups.grant_share[g] > 0.0:
                tally.groups[cell, ta.FUNDED] += 1


@compiled_loop
def observe_everyone(citizens, tally):
    """Sum up people aged 16 and over at the end of the week."""
    surveyed = 0
    wellbeing = 0
    trust = 0
    agency = 0
    expectation = 0
    squared = 0
    volunteers = 0
    for i in range(citizens.id.size):
        adult = 1 if citizens.age_band[i] >= FIRST_ADULT_BAND else 0
        e = np.float64(citizens.expectation[i])
        surveyed += adult
        wellbeing += adult * whole_of(np.float64(citizens.wellbeing[i]))
        trust += adult * whole_of(np.float64(citizens.trust[i]))
        agency += adult * whole_of(np.float64(citizens.agency[i]))
        expectation += adult * whole_of(e)
        squared += adult * whole_of(e * e)
        volunteers += citizens.volunteer[i]
    tally.everyone[ta.PEOPLE] = citizens.id.size
    tally.everyone[ta.SURVEYED] = surveyed
    tally.everyone[ta.WELLBEING] = wellbeing
    tally.everyone[ta.TRUST] = trust
    tally.everyone[ta.AGENCY] = agency
    tally.everyone[ta.EXPECTATION] = expectation
    tally.everyone[ta.EXPECTATION_SQUARED] = squared
    tally.everyone[ta.VOLUNTEERS] = volunteers


@compiled_loop
def observe_groups_of_people(citizens, p, seed, week, scratch, tally, n_places):
    """Every fourth week: sum up people aged 16 and over by national fifth and place."""
    moods = question(seed, ch.SURVEY_NOISE, week)
    for i in range(citizens.id.size):  # a loop of its own, which the compiler turns into many draws at once
        scratch.draws[i] = inverse_normal(draw(moods, int(citizens.id[i]), 0))
    for i in range(citizens.id.size):
        cell = cell_of(citizens.fifth[i], citizens.place[i], n_places)
        tally.stocks[cell, ta.PEOPLE] += 1
        if citizens.age_band[i] < FIRST_ADULT_BAND:
            continue
        w = whole_of(np.float64(citizens.wellbeing[i]))
        e = np.float64(citizens.expectation[i])
        answer = int(survey_answer(np.float64(citizens.wellbeing[i]), scratch.draws[i], p))
        tally.stocks[cell, ta.ANSWERS] += answer
        tally.stocks[cell, ta.ANSWERS_SQUARED] += answer * answer
        tally.stocks[cell, ta.SURVEYED] += 1
        tally.stocks[cell, ta.WELLBEING] += w
        if citizens.need[i] > 0:
            tally.stocks[cell, ta.SURVEYED_IN_NEED] += 1
            tally.stocks[cell, ta.WELLBEING_IN_NEED] += w
        tally.stocks[cell, ta.TRUST] += whole_of(np.float64(citizens.trust[i]))
        tally.stocks[cell, ta.AGENCY] += whole_of(np.float64(citizens.agency[i]))
        tally.stocks[cell, ta.EXPECTATION] += whole_of(e)
        tally.stocks[cell, ta.EXPECTATION_SQUARED] += whole_of(e * e)
        tally.stocks[cell, ta.VOLUNTEERS] += citizens.volunteer[i]
        changed = citizens.last_changed[i] > week - WEEKS_A_YEAR
        if citizens.last_seen[i] > week - WEEKS_A_YEAR:
            tally.stocks[cell, ta.MET] += 1
            if changed:
                tally.stocks[cell, ta.MET_CHANGED] += 1
            if changed or citizens.volunteer[i]:
                tally.stocks[cell, ta.MET_REACHED] += 1
        if changed or citizens.volunteer[i]:
            tally.stocks[cell, ta.REACHED] += 1
