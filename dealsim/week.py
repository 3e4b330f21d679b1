"""The processes of one week and their order: who meets whom, when. No psychology; that is in `dealsim.agents`.

Each process reads what the one before wrote; neighbours and colleagues are read from a copy taken when it
starts; every draw is keyed by the person it is about, so the order of rows cannot change a result.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dealsim import chance as ch
from dealsim import tally as ta
from dealsim.agents.citizen import (
    FIRST_ADULT_BAND,
    NEVER,
    OLDER_BAND,
    agency_after_help,
    agency_after_month,
    arrival_chance,
    escalation_chance,
    expectation_after_contact,
    expectation_after_month,
    experience_of,
    joining_chance,
    leaving_chance,
    parts_of_need,
    resolution_chance,
    seeking_chance,
    trust_after_contact,
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
    needs_carried,
    own_income_after_month,
    reserves_after_month,
)
from dealsim.agents.service import (
    blame_after_week,
    blame_under_pressure,
    capacity_from_money,
    handoff_lost_chance,
    held_after_week,
    incident_chance,
    joint_chance,
    know_how_after_week,
    menu_after_week,
    permission_decided_after_week,
    report_chance,
    salience_after_week,
    sanction_chance,
    solve_chance,
)
from dealsim.agents.staff import (
    credibility_after_week,
    fear_after_week,
    hope_after_week,
    hope_target,
    leaving_job_chance,
    norm_after_week,
    overload_of,
    permission_known_after_week,
    reveal_chance,
    skill_after_week,
    team_slots,
    training_chance,
    training_share,
    value_after_week,
    willingness_to_depart,
    word_counts,
)
from dealsim.chance import chance, draw, question
from dealsim.compiled import compiled_loop
from dealsim.curves import inverse_normal
from dealsim.levers import PAID_LEVERS

WEEKS_A_YEAR = 52
WEEKS_A_MONTH = 4
WEEKS_A_QUARTER = 13
TEAM = 8
INVESTMENT_UNIT = 6.0
"""£ per resident per year at which I = 1."""


class Scratch(NamedTuple):
    """Room the processes work in; nothing in it is kept from one week to the next."""

    in_need: np.ndarray  # int32 [citizen]: rows of people in need, in row order
    n_in_need: np.ndarray  # int64 [1]
    asked_by: np.ndarray  # int32 [citizen]: who asks for help this week
    asked_of: np.ndarray  # int32 [citizen]: which team
    rank: np.ndarray  # float64 [citizen]: keyed draw that ranks the request, one more for all but crises
    queue: np.ndarray  # int32 [citizen]: requests by team, crisis first, then by rank
    served: np.ndarray  # int8 [citizen]: by request
    n_asked: np.ndarray  # int64 [1]
    team_start: np.ndarray  # int64 [team + 1]: where a team's requests start in the queue
    ties: np.ndarray  # float32 [citizen, 4]: trust, support given, volunteer count, champions; as the month began
    group_trust: np.ndarray  # int64 [group]: summed trust of its volunteers, in 2^-24
    need_here: np.ndarray  # float64 [neighbourhood, 2]: people in need below crisis: unknown, already known
    colleagues: np.ndarray  # float64 [staff, 3]: fear, skill, permission known; as the process began


def new_scratch(citizens: int, staff: int, teams: int, groups: int, neighbourhoods: int) -> Scratch:
    """Room for a borough of that shape."""
    return Scratch(
        in_need=np.zeros(citizens, np.int32),
        n_in_need=np.zeros(1, np.int64),
        asked_by=np.zeros(citizens, np.int32),
        asked_of=np.zeros(citizens, np.int32),
        rank=np.zeros(citizens),
        queue=np.zeros(citizens, np.int32),
        served=np.zeros(citizens, np.int8),
        n_asked=np.zeros(1, np.int64),
        team_start=np.zeros(teams + 1, np.int64),
        ties=np.zeros((citizens, 4), np.float32),
        group_trust=np.zeros(groups, np.int64),
        need_here=np.zeros((neighbourhoods, 2)),
        colleagues=np.zeros((staff, 3)),
    )


@compiled_loop
def _note(events, n_events, week, who, kind, service, departed, solved, revealed, sanctioned):
    """Write down what happens to a watched person; `who` is their number among the watched, −1 for others."""
    at = n_events[0]
    if who >= 0 and at < events.shape[0]:
        events[at, 0] = week
        events[at, 1] = who
        events[at, 2] = kind
        events[at, 3] = service
        events[at, 4] = departed
        events[at, 5] = solved
        events[at, 6] = revealed
        events[at, 7] = sanctioned
        n_events[0] = at + 1


# ---- policy ------------------------------------------------------------------------------------------------


@compiled_loop
def set_policy(policy, row, week, services, places, leadership, p, seed):
    """Leaders decide, leave and are replaced; blame and permission follow; places set their own course."""
    n = int(policy.leaders_holding_permission[row])
    exits = policy.leader_leaves[row]
    if policy.leaders_stay[row] < 0.5:
        for leader in range(n):
            if chance(seed, ch.LEADER_LEAVES, week, leader, 0) < p.service.leader_exit / WEEKS_A_YEAR:
                exits += 1.0
    moved = False
    if row > 0:
        for s in range(services.id.size):
            if policy.permission_to_innovate[row, s] != policy.permission_to_innovate[row - 1, s]:
                moved = True
    if moved:
        leadership.held[0] = 1.0  # those in office have just decided it
    leadership.holders[0] = n
    leadership.held[0] = held_after_week(float(leadership.held[0]), min(exits, float(n)), float(n), p.service)
    for s in range(services.id.size):
        services.nerve[s] = policy.nerve[row, s]
        services.blame[s] = blame_after_week(services.blame[s], policy.blame_culture[row, s], p.service)
        services.blame_in_force[s] = blame_under_pressure(
            services.blame[s], services.salience[s], services.nerve[s], p.service
        )
        services.permission_decided[s] = permission_decided_after_week(
            services.permission_decided[s], policy.permission_to_innovate[row, s], float(n), p.service
        )
        old = policy.old_permission[s]
        services.permission[s] = old + (services.permission_decided[s] - old) * leadership.held[0]
    for at in range(places.id.size):
        places.joint[at] = policy.place_based_working[row, at]
        places.devolution[at] = policy.devolution[row, at]
        own = 1.0 + places.devolution[at] * p.service.judgement_spread * places.judgement_investment[at]
        places.investment[at] = policy.community_investment[row, at] / INVESTMENT_UNIT * max(0.0, own)


# ---- needs -------------------------------------------------------------------------------------------------


@compiled_loop
def move_needs(citizens, neighbourhoods, services, service_of_kind, weights, p, seed, week, demand, scratch, tally, n_places):
    """Needs arise, are put right without a service, or get worse; solved parts of a need may re-open."""
    arrives = question(seed, ch.NEED_ARRIVES, week)
    moves = question(seed, ch.NEED_MOVES, week)
    reopens = question(seed, ch.REOPENS, week)
    how_many = question(seed, ch.NEED_PARTS, week)
    whose = question(seed, ch.NEED_SERVICE, week)
    fits = question(seed, ch.NEED_FITS_MENU, week)
    count = 0
    for i in range(citizens.id.size):
        if citizens.need[i] == 0:
            if draw(arrives, int(citizens.id[i]), 0) < float(citizens.arrival[i]) * demand:
                id = int(citizens.id[i])
                parts = parts_of_need(draw(how_many, id, 0), p)
                citizens.need[i] = 1
                citizens.parts[i] = parts
                citizens.episode[i] += 1
                first = -1
                second = -1
                for part in range(parts):
                    total = 0.0
                    for kind in range(weights.size):
                        if kind != first and kind != second:
                            total += weights[kind]
                    left = draw(whose, id, part) * total
                    chosen = -1
                    for kind in range(weights.size):
                        if left >= 0.0 and kind != first and kind != second and weights[kind] > 0.0:
                            chosen = kind
                            left -= weights[kind]
                    second = first
                    first = chosen
                    service = service_of_kind[citizens.place[i], chosen]
                    citizens.part_service[i, part] = service
                    citizens.part_open[i, part] = 1
                    citizens.part_fits[i, part] = 1 if draw(fits, id, part) < services.menu_fit[service] else 0
                tally.flows[citizens.fifth[i] * n_places + citizens.place[i], ta.ARRIVALS] += 1
                _note(tally.events, tally.n_events, week, tally.watched[i], ta.E_ARISES, citizens.part_service[i, 0], 0, 0, 0, 0)
                scratch.in_need[count] = i
                count += 1
            continue
        id = int(citizens.id[i])
        cell = citizens.fifth[i] * n_places + citizens.place[i]
        need = int(citizens.need[i])
        if need < 3:
            agency = float(citizens.agency[citizens.speaks_for[i]])
            near = citizens.neighbourhood[i]
            if citizens.known_to_groups[i]:
                coverage = float(neighbourhoods.met_share[near])
            else:
                coverage = float(neighbourhoods.coverage[near])
            support = float(citizens.support[i])
            rho = resolution_chance(need, agency, support, coverage, p)
            u = draw(moves, id, 0)
            if u < rho:
                if u < resolution_chance(need, agency, support, 0.0, p):
                    tally.flows[cell, ta.RESOLVED_ALONE] += 1
                    _note(tally.events, tally.n_events, week, tally.watched[i], ta.E_ALONE, -1, 0, 1, 0, 0)
                else:
                    tally.flows[cell, ta.RESOLVED_BY_GROUP] += 1
                    _note(tally.events, tally.n_events, week, tally.watched[i], ta.E_GROUP, -1, 0, 1, 0, 0)
                citizens.need[i] = 0
                scratch.in_need[count] = i
                count += 1
                continue
            met_last_week = citizens.last_met[i] == week - 1
            if not met_last_week and u < rho + escalation_chance(need, agency, p):
                citizens.need[i] = need + 1
                if need == 2:
                    tally.flows[cell, ta.ONSETS] += 1
                _note(tally.events, tally.n_events, week, tally.watched[i], ta.E_CRISIS if need == 2 else ta.E_WORSE, -1, 0, 0, 0, 0)
        last = int(citizens.part_last_solved[i])
        if last >= 0 and draw(reopens, id, 0) < p.reopening:
            citizens.part_open[i, last] = 1
            citizens.part_last_solved[i] = -1
            _note(tally.events, tally.n_events, week, tally.watched[i], ta.E_REOPENS, citizens.part_service[i, last], 0, 0, 0, 0)
        scratch.in_need[count] = i
        count += 1
    scratch.n_in_need[0] = count


# ---- seeking -----------------------------------------------------------------------------------------------


@compiled_loop
def seek_help(citizens, services, teams, first_team, team_count, policy, row, p, seed, week, scratch, tally, n_places):
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
        in_contact = citizens.contacts[i] > 0
        at = int(citizens.place[i])
        if in_contact:
            for part in range(citizens.parts[i]):
                if citizens.part_open[i, part]:
                    s = citizens.part_service[i, part]
                    teams.open_parts[first_team[at, s] + citizens.patch[i] % team_count[at, s]] += 1.0
        trust = float(citizens.trust[citizens.speaks_for[i]])
        if draw(seeks, id, 0) >= seeking_chance(need, in_contact, citizens.referred[i] == 1, trust, p.citizen):
            continue
        service = int(citizens.part_service[i, citizens.part_now[i]])
        cell = citizens.fifth[i] * n_places + at
        here = service * n_places + at
        tally.flows[cell, ta.CONTACTS] += 1
        tally.services[here, ta.S_CONTACTS] += 1
        services.contacts[service] += 1.0
        if citizens.referred[i]:
            tally.flows[cell, ta.REFERRED_CONTACTS] += 1
        elif in_contact:
            tally.flows[cell, ta.FAILURE_CONTACTS] += 1
            tally.services[here, ta.S_FAILURE] += 1
        if need == 3:
            tally.flows[cell, ta.CRISIS_CONTACTS] += 1
        if not in_contact:
            tally.flows[cell, ta.REQUESTS] += 1
            citizens.first_contact[i] = week
        citizens.contacts[i] = min(30000, citizens.contacts[i] + 1)
        if services.kind[service] == 0:
            reach = min(1.0, p.service.link_reach * policy.link_workers[row, at])
            if draw(links, id, 0) < reach:
                citizens.known_to_groups[i] = 1
        if need == 1 and draw(sent, id, 0) < policy.offloading[row, at]:
            citizens.known_to_groups[i] = 1
            citizens.referred[i] = 0
            tally.flows[cell, ta.SENT_TO_COMMUNITY] += 1
            _note(tally.events, tally.n_events, week, tally.watched[i], ta.E_SENT, service, 0, 0, 0, 0)
            continue
        scratch.asked_by[n_asked] = i
        scratch.asked_of[n_asked] = first_team[at, service] + citizens.patch[i] % team_count[at, service]
        scratch.rank[n_asked] = draw(ranks, id, 0) + (0.0 if need == 3 else 1.0)
        n_asked += 1
    scratch.n_asked[0] = n_asked


# ---- rationing ---------------------------------------------------------------------------------------------


@compiled_loop
def ration(citizens, staff, teams, services, policy, row, p, seed, week, scratch, tally, n_places):
    """Each team serves as many as it has whole slots for; who is turned away loses trust."""
    n_asked = scratch.n_asked[0]
    n_teams = teams.id.size
    for team in range(n_teams + 1):
        scratch.team_start[team] = 0
    for k in range(n_asked):
        scratch.team_start[scratch.asked_of[k] + 1] += 1
    for team in range(n_teams):
        scratch.team_start[team + 1] += scratch.team_start[team]
    for k in range(n_asked - 1, -1, -1):  # fill each team's stretch from its end, which leaves the starts one on
        team = scratch.asked_of[k]
        scratch.team_start[team + 1] -= 1
        scratch.queue[scratch.team_start[team + 1]] = k
    for team in range(n_teams):
        scratch.team_start[team] = scratch.team_start[team + 1]
    scratch.team_start[n_teams] = n_asked
    for team in range(n_teams):
        low = scratch.team_start[team]
        high = scratch.team_start[team + 1]
        for k in range(low + 1, high):
            request = scratch.queue[k]
            j = k - 1
            rank = scratch.rank[request]
            while j >= low:
                other = scratch.queue[j]
                if scratch.rank[other] < rank:
                    break
                if scratch.rank[other] == rank and (
                    citizens.id[scratch.asked_by[other]] < citizens.id[scratch.asked_by[request]]
                ):
                    break
                scratch.queue[j + 1] = other
                j -= 1
            scratch.queue[j + 1] = request

        service = teams.service[team]
        here = service * n_places + teams.place[team]
        skill = 0.0
        for j in range(team * TEAM, team * TEAM + TEAM):
            skill += float(staff.skill[j])
        capacity = team_slots(
            teams.slots_per_worker[team],
            services.capacity[service],
            training_share(policy.asset_based_training[row, service], p.staff),
            teams.departure_share[team],
            1.0 - skill / TEAM,
            p.staff,
        )
        teams.capacity[team] = capacity
        slots = teams.slots[team] + capacity
        whole = np.floor(slots)
        teams.slots[team] = slots - whole
        left = whole
        asked = 0.0
        for k in range(low, high):
            request = scratch.queue[k]
            i = int(scratch.asked_by[request])
            crisis = citizens.need[i] == 3
            price = 2.0 if crisis else 1.0
            asked += price
            cell = citizens.fifth[i] * n_places + citizens.place[i]
            if price <= left:
                left -= price
                scratch.served[request] = 1
                tally.flows[cell, ta.SERVED] += 1
                tally.services[here, ta.S_SERVED] += 1
                services.served[service] += 1.0
                if crisis:
                    services.crisis_served[service] += 1.0
                    tally.services[here, ta.S_CRISIS_SERVED] += 1
            else:
                scratch.served[request] = 0
                tally.flows[cell, ta.TURNED_AWAY] += 1
                tally.services[here, ta.S_TURNED_AWAY] += 1
                elder = citizens.speaks_for[i]
                expected = float(citizens.expectation[elder])
                x = p.citizen.experience_turned_away
                citizens.trust[elder] = trust_after_contact(float(citizens.trust[elder]), expected, x, p.citizen)
                citizens.expectation[elder] = expectation_after_contact(expected, x, p.citizen)
                citizens.referred[i] = 0
                _note(tally.events, tally.n_events, week, tally.watched[i], ta.E_TURNED_AWAY, service, 0, 0, 0, 0)
        teams.asked[team] = asked
        used = (whole - left) / max(1.0, whole)
        teams.utilisation[team] += 0.02 * (min(1.0, used) - teams.utilisation[team])


# ---- encounters --------------------------------------------------------------------------------------------


@compiled_loop
def train_staff(staff, policy, row, p, seed, week):
    """Some workers are away for a training session this week."""
    away = question(seed, ch.TRAINED, week)
    for j in range(staff.id.size):
        hours = policy.asset_based_training[row, staff.service[j]]
        staff.trained[j] = 1 if draw(away, int(staff.id[j]), 0) < training_chance(hours, p) else 0


@compiled_loop
def meet_workers(
    citizens, staff, teams, services, places, neighbourhoods, first_team, team_count, policy, row, p, seed, week,
    scratch, tally, n_places,
):  # fmt: skip
    """Citizens meet workers: the conversation, the menu or a departure from it, incidents, and the hand-on."""
    meets = question(seed, ch.MEETS_WORKER, week)
    reveals = question(seed, ch.REVEALS, week)
    departs = question(seed, ch.DEPARTS, week)
    solves = question(seed, ch.SOLVES, week)
    hands_on = question(seed, ch.HANDED_ON, week)
    huddles = question(seed, ch.JOINT_HUDDLE, week)
    calms = question(seed, ch.CRISIS_CALMS, week)
    incidents = question(seed, ch.INCIDENT, week)
    reports = question(seed, ch.REPORTED, week)
    surfaces = question(seed, ch.SURFACES, week)
    sanctions = question(seed, ch.SANCTIONED, week)
    for k in range(scratch.n_asked[0]):
        request = scratch.queue[k]
        if not scratch.served[request]:
            continue
        i = int(scratch.asked_by[request])
        id = int(citizens.id[i])
        at = int(citizens.place[i])
        cell = citizens.fifth[i] * n_places + at
        elder = int(citizens.speaks_for[i])
        near = citizens.neighbourhood[i]
        in_crisis = citizens.need[i] == 3
        now = int(citizens.part_now[i])

        parts = 0
        product = 1.0
        all_in = 1.0
        for part in range(citizens.parts[i]):
            if citizens.part_open[i, part]:
                s = citizens.part_service[i, part]
                parts += 1
                product *= teams.willingness[first_team[at, s] + citizens.patch[i] % team_count[at, s]]
                all_in = min(all_in, policy.in_deal[row, s])
        huddle = parts >= 2 and draw(huddles, id, 0) < all_in * joint_chance(
            places.joint[at], product, parts, p.service
        )
        if huddle and policy.partnership[row] > 0.5:
            citizens.known_to_groups[i] = 1
        if not citizens.met_this_episode[i]:
            citizens.met_this_episode[i] = 1
            wait = min(ta.WAIT_BINS - 1, week - citizens.first_contact[i])
            tally.waits[cell, max(0, wait)] += 1
        citizens.last_met[i] = week
        citizens.referred[i] = 0
        if citizens.known_to_groups[i]:
            coverage = float(neighbourhoods.met_share[near])
        else:
            coverage = float(neighbourhoods.coverage[near])

        any_revealed = False
        for part in range(citizens.parts[i]):
            if not citizens.part_open[i, part] or (part != now and not huddle):
                continue
            s = int(citizens.part_service[i, part])
            here = s * n_places + at
            team = first_team[at, s] + citizens.patch[i] % team_count[at, s]
            if p.staff.continuity > 0.5:
                pick = int(chance(seed, ch.MEETS_WORKER, 0, id, s) * TEAM)
            else:
                pick = int(draw(meets, id, part) * TEAM)
            j = int(team * TEAM + pick)
            if staff.trained[j]:
                j = int(team * TEAM + (pick + 1) % TEAM)
            skill = float(staff.skill[j])
            fear = float(staff.fear[j])
            fits = citizens.part_fits[i, part] == 1
            revealed = draw(reveals, id, part) < reveal_chance(skill, p.staff)
            acts = draw(departs, id, part) < float(staff.willingness[j])
            departed = acts and not fits
            know_how = services.know_how[s]
            solved = draw(solves, id, part) < solve_chance(fits, acts, revealed, coverage, know_how, p.service)

            services.tried[s] += 1.0
            staff.met[j] += 1
            tally.services[here, ta.S_TRIED] += 1
            if revealed:
                any_revealed = True
                tally.services[here, ta.S_REVEALED] += 1
            if departed:
                staff.departures[j] += 1
                staff.last_departure[j] = week
                tally.services[here, ta.S_DEPARTURES] += 1
            if solved:
                staff.solved[j] += 1
                tally.services[here, ta.S_SOLVED] += 1
                tally.flows[cell, ta.PARTS_SOLVED] += 1
                teams.closed_now[team] += 1.0
                if departed:
                    staff.departures_solved[j] += 1
            report = report_chance(fear, p.service)
            if departed and solved and draw(reports, id, 3 + part) < report:
                services.shared[s] += 1.0

            sanctioned = False
            if draw(incidents, id, part) < incident_chance(in_crisis, departed, revealed, skill, know_how, p.service):
                tally.services[here, ta.S_INCIDENTS] += 1
                reported = draw(reports, id, part) < report
                if reported:
                    services.reports[s] += 1.0
                    tally.services[here, ta.S_REPORTS] += 1
                if reported or draw(surfaces, id, part) < p.service.surfaces:
                    services.visible[s] += 1.0
                    tally.services[here, ta.S_VISIBLE] += 1
                    sanctioned = draw(sanctions, id, part) < sanction_chance(
                        services.blame_in_force[s], departed, p.service
                    )
                    if sanctioned:
                        staff.sanctioned[j] = 1
                        tally.services[here, ta.S_SANCTIONS] += 1
                    elif departed:
                        staff.backed[j] = 1
                        tally.services[here, ta.S_BACKED] += 1

            heard = revealed and not acts and not fits
            tried = departed
            x = experience_of(solved, departed, tried, heard, p.citizen)
            expected = float(citizens.expectation[elder])
            citizens.trust[elder] = trust_after_contact(float(citizens.trust[elder]), expected, x, p.citizen)
            citizens.expectation[elder] = expectation_after_contact(expected, x, p.citizen)
            if solved:
                citizens.agency[elder] = agency_after_help(float(citizens.agency[elder]), departed, p.citizen)
                citizens.part_open[i, part] = 0
                citizens.part_last_solved[i] = part
            _note(
                tally.events, tally.n_events, week, tally.watched[i], ta.E_TRIED, s, 1 if departed else 0,
                1 if solved else 0, 1 if revealed else 0, 1 if sanctioned else 0,
            )  # fmt: skip

        if any_revealed:
            citizens.last_changed[i] = week
            tally.flows[cell, ta.CHANGED_CONVERSATIONS] += 1
        following = -1
        for part in range(citizens.parts[i] - 1, -1, -1):
            if citizens.part_open[i, part]:
                following = part
        if following < 0:
            citizens.need[i] = 0
            tally.flows[cell, ta.EPISODES_SOLVED] += 1
            continue
        if in_crisis and draw(calms, id, 0) < p.service.crisis_calms:
            citizens.need[i] = 2
        if not citizens.part_open[i, now]:
            citizens.part_now[i] = following
            if not huddle:
                s = int(citizens.part_service[i, now])
                after = int(citizens.part_service[i, following])
                pair = (
                    teams.willingness[first_team[at, s] + citizens.patch[i] % team_count[at, s]]
                    * teams.willingness[first_team[at, after] + citizens.patch[i] % team_count[at, after]]
                )
                both_in = min(policy.in_deal[row, s], policy.in_deal[row, after])
                joint = both_in * joint_chance(places.joint[at], pair, 2, p.service)
                lost = handoff_lost_chance(joint, places.devolution[at], p.service)
                citizens.referred[i] = 0 if draw(hands_on, id, 0) < lost else 1


@compiled_loop
def close_episodes(citizens, scratch):
    """Episodes that ended this week leave nothing behind: no parts, contacts or referral."""
    for k in range(scratch.n_in_need[0]):
        i = int(scratch.in_need[k])
        if citizens.need[i] > 0:
            continue
        citizens.parts[i] = 0
        citizens.part_now[i] = 0
        citizens.part_last_solved[i] = -1
        citizens.contacts[i] = 0
        citizens.referred[i] = 0
        citizens.known_to_groups[i] = 0
        citizens.first_contact[i] = NEVER
        citizens.met_this_episode[i] = 0
        for part in range(3):
            citizens.part_open[i, part] = 0


# ---- staff -------------------------------------------------------------------------------------------------


@compiled_loop
def staff_take_stock(staff, teams, services, places, policy, row, p, scratch):
    """After the week's encounters: fear, credibility, belief, skill, hope, what is known to be permitted; teams
    and services learn."""
    for j in range(staff.id.size):
        scratch.colleagues[j, 0] = float(staff.fear[j])
        scratch.colleagues[j, 1] = float(staff.skill[j])
        scratch.colleagues[j, 2] = float(staff.perceived_permission[j])
    for team in range(teams.id.size):
        s = int(teams.service[team])
        at = int(teams.place[team])
        low = team * TEAM
        fear = 0.0
        skilled = 0.0
        practising = 0.0
        sanctions = 0
        tried = 0.0
        departures = 0.0
        knowing = 0.0
        for j in range(low, low + TEAM):
            fear += scratch.colleagues[j, 0]
            sanctions += staff.sanctioned[j]
            tried += staff.met[j]
            departures += staff.departures[j]
            if staff.departures[j] > 0:
                skilled += scratch.colleagues[j, 1]
                practising += 1.0
            if abs(scratch.colleagues[j, 2] - services.permission[s]) < p.staff.permission_near:
                knowing += 1.0
        teams.closed_recently[team] += teams.closed_now[team] - teams.closed_recently[team] / p.staff.case_lag
        teams.closed_now[team] = 0.0
        cases = (teams.open_parts[team] + teams.closed_recently[team]) / TEAM
        overload = overload_of(cases, services.capacity[s], p.staff)
        norm = float(teams.norm[team])
        willing = 0.0
        for j in range(low, low + TEAM):
            bridge = int(staff.bridge[j])
            own = float(staff.sanctioned[j])
            seen = float(sanctions) - own
            backed = float(staff.backed[j])
            mean_fear = fear
            others = float(TEAM)
            peers = skilled
            n_peers = practising
            know = knowing
            if staff.departures[j] > 0:
                peers -= scratch.colleagues[j, 1]
                n_peers -= 1.0
            if bridge >= 0:
                seen += float(staff.sanctioned[bridge])
                mean_fear += scratch.colleagues[bridge, 0]
                others += 1.0
                if staff.departures[bridge] > 0:
                    peers += scratch.colleagues[bridge, 1]
                    n_peers += 1.0
                real_there = services.permission[staff.service[bridge]]
                if abs(scratch.colleagues[bridge, 2] - real_there) < p.staff.permission_near:
                    know += 1.0
            seen = min(2.0, seen)
            staff.fear[j] = fear_after_week(scratch.colleagues[j, 0], own, seen, backed, mean_fear / others, p.staff)
            staff.credibility[j] = credibility_after_week(float(staff.credibility[j]), backed, own + seen, p.staff)
            staff.perceived_permission[j] = permission_known_after_week(
                scratch.colleagues[j, 2],
                services.permission[s],
                know / others,
                float(staff.credibility[j]),
                policy.staff_communications[row, s],
                p.staff,
            )
            staff.skill[j] = skill_after_week(
                scratch.colleagues[j, 1],
                float(staff.departures[j]),
                norm,
                peers / n_peers if n_peers > 0.0 else 0.0,
                float(staff.willingness[j]),
                float(staff.trained[j]),
                p.staff,
            )
            if staff.departures[j] > 0:
                staff.value[j] = value_after_week(
                    float(staff.value[j]), float(staff.departures_solved[j]) / float(staff.departures[j]), p.staff
                )
            known = float(staff.perceived_permission[j])
            word = word_counts(float(staff.credibility[j]), p.staff)
            if staff.met[j] > 0:
                target = hope_target(
                    float(staff.solved[j]) / float(staff.met[j]),
                    float(staff.willingness[j]),
                    known * word,
                    float(staff.fear[j]),
                    overload,
                    p.staff,
                )
                staff.hope[j] = hope_after_week(float(staff.hope[j]), target, p.staff)
            staff.open_cases[j] = cases
            willing += float(staff.willingness[j])
        teams.norm[team] = norm_after_week(norm, willing / TEAM, p.staff)
        if tried > 0.0:
            teams.departure_share[team] += 0.05 * (departures / tried - teams.departure_share[team])
        leaning = places.devolution[at] * p.service.judgement_spread * places.judgement_departures[at]
        mean = 0.0
        for j in range(low, low + TEAM):
            staff.willingness[j] = willingness_to_depart(
                float(staff.perceived_permission[j]) * word_counts(float(staff.credibility[j]), p.staff),
                float(staff.value[j]),
                float(teams.norm[team]),
                float(staff.hope[j]),
                float(staff.fear[j]),
                leaning,
                p.staff,
            )
            mean += float(staff.willingness[j])
        teams.willingness[team] = mean / TEAM


@compiled_loop
def services_learn(services, policy, row, p):
    """Services learn from what was reported, feel what came out, and rethink the standard offer."""
    for s in range(services.id.size):
        tried = services.tried[s]
        reports = 0.0
        shared = 0.0
        if tried > 0.0:
            reports = services.reports[s] / tried
            shared = services.shared[s] / tried
            if services.incidents_normal[s] > 0.0:
                services.salience[s] = salience_after_week(
                    services.salience[s], services.visible[s] / tried, services.incidents_normal[s], p
                )
        services.salience[s] += policy.scandal[row, s]
        services.know_how[s] = know_how_after_week(services.know_how[s], reports, p)
        services.menu_fit[s] = menu_after_week(services.menu_fit[s], shared, p.menu_fits, p)


@compiled_loop
def staff_leave_and_join(staff, services, teams, policy, p, seed, week, tally, n_places):
    """Once a month some workers leave; newcomers arrive unskilled and half told."""
    leaves = question(seed, ch.LEAVES_JOB, week)
    for team in range(teams.id.size):
        s = int(teams.service[team])
        low = team * TEAM
        fear = 0.0
        known = 0.0
        for j in range(low, low + TEAM):
            fear += float(staff.fear[j])
            known += float(staff.perceived_permission[j])
        for j in range(low, low + TEAM):
            if draw(leaves, int(staff.id[j]), 0) >= leaving_job_chance(float(staff.hope[j]), p):
                continue
            staff.id[j] += staff.id.size
            staff.skill[j] = p.newcomer_skill
            staff.fear[j] = min(1.0, 0.5 * fear / TEAM + p.newcomer_fear)
            staff.hope[j] = p.newcomer_hope
            staff.credibility[j] = p.newcomer_credibility
            staff.value[j] = p.newcomer_value
            staff.perceived_permission[j] = 0.5 * (known / TEAM + policy.old_permission[s])
            staff.last_departure[j] = NEVER
            staff.willingness[j] = willingness_to_depart(
                float(staff.perceived_permission[j]) * word_counts(float(staff.credibility[j]), p),
                float(staff.value[j]),
                float(teams.norm[team]),
                float(staff.hope[j]),
                float(staff.fear[j]),
                0.0,
                p,
            )
            tally.services[s * n_places + teams.place[team], ta.S_LEAVERS] += 1


# ---- groups ------------------------------------------------------------------------------------------------


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
        carrying = needs_carried(volunteers, lift, float(neighbourhoods.population[near]), p)
        neighbourhoods.known_share[near] = known_share
        neighbourhoods.known_need[near] = known
        neighbourhoods.carrying[near] = carrying
        neighbourhoods.coordination[near] = lift
        neighbourhoods.met_share[near] = min(1.0, carrying / known) if known > 0.0 else 1.0
        neighbourhoods.load[near] = known / carrying if carrying > 0.0 else (3.0 if known > 0.0 else 0.0)
        neighbourhoods.coverage[near] = neighbourhoods.met_share[near] * known_share
        for g in range(first_slot[near], first_slot[near + 1]):
            groups.load[g] = neighbourhoods.load[near] if groups.alive[g] else 0.0


@compiled_loop
def groups_begin_and_end(groups, neighbourhoods, places, policy, row, p, seed, week, tally, cell_of):
    """Once a month groups are born, apply for money, live on it, and close when money or people run out."""
    born = question(seed, ch.GROUP_BORN, week)
    income = question(seed, ch.GROUP_INCOME, week)
    contracts = question(seed, ch.GROUP_CONTRACT, week)
    partnership = policy.partnership[row] > 0.5
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
                groups.reserves[g] = p.reserve_start
                groups.own_income[g] = 1.0
                groups.grant_share[g] = 0.0
                groups.contract_ends[g] = week
                tally.groups[cell_of[near], ta.BIRTHS] += 1
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
                wait = int(draw(contracts, id, 1) * 13.0)
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
            tally.groups[cell_of[near], ta.DEATHS] += 1


# ---- citizens, monthly -------------------------------------------------------------------------------------


@compiled_loop
def copy_ties(citizens, groups, places, neighbourhoods, policy, row, p, seed, scratch):
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
            scratch.group_trust[citizens.group[i]] += int(np.floor(float(citizens.trust[i]) * ta.SCALE + 0.5))
    for near in range(neighbourhoods.id.size):
        neighbourhoods.volunteer_share[near] /= max(1.0, float(neighbourhoods.adults[near]))
    for at in range(places.id.size):
        wanted = policy.citizen_leadership[row, at] * places.population[at] / 1000.0
        places.champions[at] = min(1.0, wanted / max(1.0, places.champions[at]))
    for i in range(citizens.id.size):
        scratch.ties[i, 0] = citizens.trust[i]
        scratch.ties[i, 1] = citizens.agency[i] if citizens.need[i] <= 1 else 0.0
        scratch.ties[i, 2] = 0.0
        scratch.ties[i, 3] = 0.0
        if citizens.volunteer[i]:
            scratch.ties[i, 2] = 1.0
            share = places.champions[citizens.place[i]]
            if share > 0.0 and draw(champions, int(citizens.id[i]), 0) < share:
                scratch.ties[i, 2] = 2.0
                scratch.ties[i, 3] = 1.0


@compiled_loop
def live_a_month(
    citizens, groups, neighbourhoods, places, ties, first_slot, policy, row, p, seed, week, scratch, tally, n_places
):
    """Once a month: talk with ties, messages, a slow return home, wellbeing, and volunteers who come and go."""
    noises = question(seed, ch.WELLBEING_NOISE, week)
    joins = question(seed, ch.JOINS_GROUP, week)
    leaves = question(seed, ch.LEAVES_GROUP, week)
    picks = question(seed, ch.PICKS_GROUP, week)
    pc = p.citizen
    keep = 1.0 - pc.wellbeing_pull
    pull = 1.0 - keep * keep * keep * keep
    spread = pc.wellbeing_noise * np.sqrt(2.0 * pc.wellbeing_pull * WEEKS_A_MONTH)
    clarity = policy.communications_clarity[row]
    for i in range(citizens.id.size):
        weights = 0.0
        trust_near = 0.0
        given = 0.0
        volunteers = 0.0
        champions = 0.0
        for k in range(ties.start[i], ties.start[i + 1]):
            j = ties.to[k]
            weight = float(ties.weight[k])
            weights += weight
            trust_near += weight * float(scratch.ties[j, 0])
            given += weight * float(scratch.ties[j, 1])
            volunteers += float(scratch.ties[j, 2])
            champions += float(scratch.ties[j, 3])
        support = given / weights if weights > 0.0 else 0.0
        citizens.support[i] = support
        if citizens.age_band[i] < FIRST_ADULT_BAND:
            continue
        id = int(citizens.id[i])
        near = citizens.neighbourhood[i]
        at = citizens.place[i]
        need = int(citizens.need[i])
        volunteer = float(citizens.volunteer[i])
        trust = float(citizens.trust[i])
        expectation = float(citizens.expectation[i])
        agency = float(citizens.agency[i])
        if citizens.volunteer[i]:
            group = citizens.group[i]
            if groups.volunteers[group] > 0:
                members = float(scratch.group_trust[group]) / ta.SCALE / float(groups.volunteers[group])
                weights += p.group.pull_of_volunteering
                trust_near += p.group.pull_of_volunteering * members
        trust_near = trust_near / weights if weights > 0.0 else trust
        citizens.trust[i] = trust_after_month(trust, trust_near, float(citizens.trust_home[i]), pc)
        citizens.expectation[i] = expectation_after_month(
            expectation, trust, policy.public_communications[row, at], clarity, pc
        )
        citizens.agency[i] = agency_after_month(
            agency,
            float(citizens.agency_home[i]),
            volunteer,
            champions if need > 0 else 0.0,
            places.devolution[at] * volunteer,
            pc,
        )
        target = wellbeing_target(float(citizens.wellbeing_home[i]), need, agency, volunteer, support, pc)
        noise = inverse_normal(draw(noises, id, 0))
        citizens.wellbeing[i] = wellbeing_after_month(float(citizens.wellbeing[i]), target, noise, pull, spread)
        age = citizens.age_band[i]
        citizens.arrival[i] = arrival_chance(
            float(citizens.deprivation[i]),
            1.0 if age >= OLDER_BAND else 0.0,
            0.0,
            float(citizens.long_term_condition[i]),
            float(citizens.carer[i]),
            float(citizens.wellbeing[i]),
            pc,
        )
        lift = float(neighbourhoods.coordination[near])
        looks = False
        if citizens.volunteer[i]:
            gone = not groups.alive[citizens.group[i]]
            stops = draw(leaves, id, 0) < leaving_chance(float(neighbourhoods.load[near]), lift, need, pc)
            # half of a closed group's volunteers look for another one nearby
            looks = gone and not stops and draw(leaves, id, 1) < 0.5
            if stops or gone:
                groups.volunteers[citizens.group[i]] -= 1
                citizens.group[i] = -1
        else:
            room = max(0.0, 1.0 - float(neighbourhoods.volunteer_share[near]) / pc.volunteer_ceiling)
            looks = draw(joins, id, 0) < joining_chance(agency, expectation, volunteers, lift * room, pc)
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
        now_volunteers = 1 if citizens.group[i] >= 0 else 0
        if now_volunteers != citizens.volunteer[i]:
            citizens.volunteer[i] = now_volunteers
            cell = citizens.fifth[i] * n_places + at
            tally.flows[cell, ta.JOINED if now_volunteers else ta.LEFT] += 1
            kind = ta.E_JOINS if now_volunteers else ta.E_STOPS
            _note(tally.events, tally.n_events, week, tally.watched[i], kind, -1, 0, 0, 0, 0)


# ---- money -------------------------------------------------------------------------------------------------


@compiled_loop
def _programme_cost(policy, row, lever, places, service_count, p):
    """What one paid lever costs in a week, in the order of `PAID_LEVERS`, and in £."""
    cost = 0.0
    for at in range(places.id.size):
        residents = float(places.population[at])
        if lever == 0:
            cost += places.investment[at] * INVESTMENT_UNIT * residents
        elif lever == 1:
            for s in range(service_count):
                cost += policy.staff_communications[row, s] / service_count * p.communications_cost * residents
        elif lever == 2:
            cost += policy.public_communications[row, at] * p.communications_cost * residents
        elif lever == 3:
            cost += policy.citizen_leadership[row, at] / 1000.0 * residents * p.champion_cost
        else:
            cost += policy.link_workers[row, at] / 100000.0 * residents * p.link_worker_cost
    return cost / WEEKS_A_YEAR


@compiled_loop
def spend_money(services, staff, places, policy, row, p, workers, tally):
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
    for lever in range(5):
        cost = _programme_cost(policy, row, lever, places, count, p)
        outside = policy.paid_from_outside[row, lever]
        named = 0.0
        for s in range(count):
            named += policy.paid_by_service[row, lever, s]
        for s in range(count):
            share = policy.paid_by_service[row, lever, s] / named if named > 0.0 else workers[s] / posts
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
def set_budgets(services, policy, row, p, workers):
    """Once a quarter: what is left of the budget after contacts, crises and programmes pays for staff."""
    for s in range(services.id.size):
        services.demand_cost[s] += p.cost_lag * (services.quarter_cost[s] / WEEKS_A_QUARTER - services.demand_cost[s])
        services.programme_cost[s] = services.quarter_programme[s] / WEEKS_A_QUARTER
        services.quarter_cost[s] = 0.0
        services.quarter_programme[s] = 0.0
        if services.budget[s] > 0.0:
            cut = min(1.0, policy.budget_cut[row, s] + policy.budget_shock[row])
            services.capacity[s] = capacity_from_money(
                services.budget[s],
                cut,
                services.demand_cost[s],
                services.programme_cost[s],
                workers[s] * p.worker_cost / WEEKS_A_YEAR,
                p,
            )


# ---- observation -------------------------------------------------------------------------------------------


@compiled_loop
def clear_week(staff, services):
    """The week begins: what was counted last week is cleared."""
    for j in range(staff.id.size):
        staff.met[j] = 0
        staff.solved[j] = 0
        staff.departures[j] = 0
        staff.departures_solved[j] = 0
        staff.sanctioned[j] = 0
        staff.backed[j] = 0
    for s in range(services.id.size):
        services.tried[s] = 0.0
        services.visible[s] = 0.0
        services.reports[s] = 0.0
        services.shared[s] = 0.0
        services.contacts[s] = 0.0
        services.served[s] = 0.0
        services.crisis_served[s] = 0.0


@compiled_loop
def _whole(value):
    """A value as a whole number of 2^-24, so that sums do not depend on their order."""
    return int(np.floor(value * ta.SCALE + 0.5))


@compiled_loop
def observe_need(citizens, scratch, tally, n_places):
    """Count people in need, hidden or waiting, at the end of the week."""
    for k in range(scratch.n_in_need[0]):
        i = int(scratch.in_need[k])
        need = int(citizens.need[i])
        if need == 0:
            continue
        cell = citizens.fifth[i] * n_places + citizens.place[i]
        tally.needs[cell, need - 1] += 1
        if citizens.contacts[i] == 0:
            tally.needs[cell, ta.HIDDEN] += 1
        elif not citizens.met_this_episode[i]:
            tally.needs[cell, ta.WAITING] += 1


@compiled_loop
def observe_staff_and_groups(staff, teams, neighbourhoods, groups, week, tally, n_places, cell_of):
    """Sum up staff and groups at the end of the week."""
    for j in range(staff.id.size):
        here = staff.service[j] * n_places + staff.place[j]
        known = float(staff.perceived_permission[j])
        tally.staff[here, ta.WORKERS] += 1
        tally.staff[here, ta.WILLINGNESS] += _whole(float(staff.willingness[j]))
        tally.staff[here, ta.FEAR] += _whole(float(staff.fear[j]))
        tally.staff[here, ta.SKILL] += _whole(float(staff.skill[j]))
        tally.staff[here, ta.HOPE] += _whole(float(staff.hope[j]))
        tally.staff[here, ta.CREDIBILITY] += _whole(float(staff.credibility[j]))
        tally.staff[here, ta.KNOWN] += _whole(known)
        tally.staff[here, ta.KNOWN_SQUARED] += _whole(known * known)
        tally.staff[here, ta.VALUE] += _whole(float(staff.value[j]))
        tally.staff[here, ta.CASES] += _whole(float(staff.open_cases[j]))
        if staff.last_departure[j] > week - WEEKS_A_YEAR:
            tally.staff[here, ta.DEPARTED_LAST_YEAR] += 1
        tally.staff[here, ta.UTILISATION] += _whole(teams.utilisation[staff.team[j]])
    for near in range(neighbourhoods.id.size):
        cell = cell_of[near]
        residents = float(neighbourhoods.population[near])
        tally.groups[cell, ta.RESIDENTS] += neighbourhoods.population[near]
        tally.groups[cell, ta.COVERAGE] += _whole(neighbourhoods.coverage[near] * residents)
        tally.groups[cell, ta.LOAD] += _whole(neighbourhoods.load[near] * residents)
    for g in range(groups.id.size):
        if groups.alive[g]:
            cell = cell_of[groups.neighbourhood[g]]
            tally.groups[cell, ta.GROUPS] += 1
            tally.groups[cell, ta.RESERVES] += _whole(groups.reserves[g])
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
        e = float(citizens.expectation[i])
        surveyed += adult
        wellbeing += adult * _whole(float(citizens.wellbeing[i]))
        trust += adult * _whole(float(citizens.trust[i]))
        agency += adult * _whole(float(citizens.agency[i]))
        expectation += adult * _whole(e)
        squared += adult * _whole(e * e)
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
def observe_groups_of_people(citizens, week, tally, n_places):
    """Every fourth week: sum up people aged 16 and over by national fifth and place."""
    for i in range(citizens.id.size):
        cell = citizens.fifth[i] * n_places + citizens.place[i]
        tally.stocks[cell, ta.PEOPLE] += 1
        if citizens.age_band[i] < FIRST_ADULT_BAND:
            continue
        w = _whole(float(citizens.wellbeing[i]))
        e = float(citizens.expectation[i])
        tally.stocks[cell, ta.SURVEYED] += 1
        tally.stocks[cell, ta.WELLBEING] += w
        if citizens.need[i] > 0:
            tally.stocks[cell, ta.SURVEYED_IN_NEED] += 1
            tally.stocks[cell, ta.WELLBEING_IN_NEED] += w
        tally.stocks[cell, ta.TRUST] += _whole(float(citizens.trust[i]))
        tally.stocks[cell, ta.AGENCY] += _whole(float(citizens.agency[i]))
        tally.stocks[cell, ta.EXPECTATION] += _whole(e)
        tally.stocks[cell, ta.EXPECTATION_SQUARED] += _whole(e * e)
        tally.stocks[cell, ta.VOLUNTEERS] += citizens.volunteer[i]
        changed = citizens.last_changed[i] > week - WEEKS_A_YEAR
        if citizens.last_met[i] > week - WEEKS_A_YEAR:
            tally.stocks[cell, ta.MET] += 1
            if changed:
                tally.stocks[cell, ta.MET_CHANGED] += 1
            if changed or citizens.volunteer[i]:
                tally.stocks[cell, ta.MET_REACHED] += 1
        if changed or citizens.volunteer[i]:
            tally.stocks[cell, ta.REACHED] += 1


# ---- the order of the week ---------------------------------------------------------------------------------


def policy_takes_effect(w: Any) -> None:
    """Policy: levers, leaders who leave or hold, blame and permission in force, joint work, investment."""
    b = w.borough
    clear_week(b.staff, b.services)
    for counted in (w.tally.flows, w.tally.waits, w.tally.needs, w.tally.services, w.tally.staff, w.tally.groups):
        counted[:] = 0
    w.tally.money[:] = 0.0
    set_policy(w.policy, w.row, w.week, b.services, b.places, b.leadership, w.p, w.seed)


def budgets_are_set(w: Any) -> None:
    """Money: the quarter's budget becomes staff capacity."""
    if w.week % WEEKS_A_QUARTER == 0:
        set_budgets(w.borough.services, w.policy, w.row, w.p.service, w.workers)


def needs_arise_and_move(w: Any) -> None:
    """Needs arrive, are put right by oneself, ties or groups, get worse, or re-open."""
    b = w.borough
    move_needs(
        b.citizens, b.neighbourhoods, b.services, b.service_of_kind, w.need_weights, w.p.citizen, w.seed,
        w.week, float(w.policy.demand[w.row]), w.scratch, w.tally, len(b.place_names),
    )  # fmt: skip


def citizens_seek_help(w: Any) -> None:
    """People in need contact services: first, repeat, referred or in crisis."""
    b = w.borough
    seek_help(
        b.citizens, b.services, b.teams, b.first_team, b.team_count, w.policy, w.row, w.p, w.seed, w.week,
        w.scratch, w.tally, len(b.place_names),
    )  # fmt: skip


def groups_carry_need(w: Any) -> None:
    """Groups take on the need they know of, as far as their volunteers reach."""
    b = w.borough
    groups_take_on_need(b.citizens, b.neighbourhoods, b.groups, b.places, b.first_slot, w.p.group, w.scratch)


def teams_ration(w: Any) -> None:
    """Teams serve up to whole capacity, crisis first; who is turned away loses trust."""
    b = w.borough
    ration(
        b.citizens, b.staff, b.teams, b.services, w.policy, w.row, w.p, w.seed, w.week, w.scratch, w.tally,
        len(b.place_names),
    )  # fmt: skip


def citizens_meet_workers(w: Any) -> None:
    """Encounters: reveal, decide, solve, hand on; incident, report, sanction or back; trust, expectation, agency."""
    b = w.borough
    train_staff(b.staff, w.policy, w.row, w.p.staff, w.seed, w.week)
    meet_workers(
        b.citizens, b.staff, b.teams, b.services, b.places, b.neighbourhoods, b.first_team, b.team_count, w.policy,
        w.row, w.p, w.seed, w.week, w.scratch, w.tally, len(b.place_names),
    )  # fmt: skip
    close_episodes(b.citizens, w.scratch)


def staff_and_services_learn(w: Any) -> None:
    """Fear, credibility, belief, skill, know-how, hope, permission known, norm and willingness move."""
    b = w.borough
    staff_take_stock(b.staff, b.teams, b.services, b.places, w.policy, w.row, w.p, w.scratch)
    services_learn(b.services, w.policy, w.row, w.p.service)


def staff_come_and_go(w: Any) -> None:
    """Some workers leave and newcomers take their posts."""
    if w.week % WEEKS_A_MONTH == 0:
        b = w.borough
        staff_leave_and_join(
            b.staff, b.services, b.teams, w.policy, w.p.staff, w.seed, w.week, w.tally, len(b.place_names)
        )


def groups_live_and_die(w: Any) -> None:
    """Groups are born, win or lose grants, and close when money or people run out."""
    if w.week % WEEKS_A_MONTH == 0:
        b = w.borough
        groups_begin_and_end(
            b.groups, b.neighbourhoods, b.places, w.policy, w.row, w.p.group, w.seed, w.week, w.tally,
            w.cell_of,
        )  # fmt: skip


def citizens_live_a_month(w: Any) -> None:
    """Neighbour means, trust contagion, communications, agency, wellbeing, volunteers join and leave."""
    if w.week % WEEKS_A_MONTH == 0:
        b = w.borough
        copy_ties(
            b.citizens, b.groups, b.places, b.neighbourhoods, w.policy, w.row, w.p, w.seed, w.scratch
        )
        live_a_month(
            b.citizens, b.groups, b.neighbourhoods, b.places, b.ties, b.first_slot, w.policy, w.row, w.p,
            w.seed, w.week, w.scratch, w.tally, len(b.place_names),
        )  # fmt: skip


def money_is_spent(w: Any) -> None:
    """The week's bills, by service, and who paid them."""
    b = w.borough
    spend_money(b.services, b.staff, b.places, w.policy, w.row, w.p.service, w.workers, w.tally)


def week_is_observed(w: Any) -> None:
    """Metrics watch: counts and sums are taken, and nothing in the borough changes."""
    b = w.borough
    n_places = len(b.place_names)
    observe_need(b.citizens, w.scratch, w.tally, n_places)
    observe_staff_and_groups(b.staff, b.teams, b.neighbourhoods, b.groups, w.week, w.tally, n_places, w.cell_of)
    observe_everyone(b.citizens, w.tally)
    if w.week % WEEKS_A_MONTH == 0:
        w.tally.stocks[:] = 0
        observe_groups_of_people(b.citizens, w.week, w.tally, n_places)


WEEK = (
    policy_takes_effect,
    budgets_are_set,
    needs_arise_and_move,
    citizens_seek_help,
    groups_carry_need,
    teams_ration,
    citizens_meet_workers,
    staff_and_services_learn,
    staff_come_and_go,
    groups_live_and_die,
    citizens_live_a_month,
    money_is_spent,
    week_is_observed,
)
"""The processes of a week, in order."""

HOW_OFTEN = {
    "budgets_are_set": "every 13 weeks",
    "staff_come_and_go": "every 4 weeks",
    "groups_live_and_die": "every 4 weeks",
    "citizens_live_a_month": "every 4 weeks",
}

SCHEDULE = tuple(
    (process.__name__, HOW_OFTEN.get(process.__name__, "every week"), (process.__doc__ or "").splitlines()[0])
    for process in WEEK
)
"""The printable schedule: process, how often, what happens."""

assert PAID_LEVERS == (
    "community_investment",
    "staff_communications",
    "public_communications",
    "citizen_leadership",
    "link_workers",
)  # `_programme_cost` prices them in this order
