"""Teams ration, citizens meet workers, and what follows from each part tried."""

from __future__ import annotations

import numpy as np

from dealsim import chance as ch
from dealsim import tally as ta
from dealsim.agents.citizen import (
    NEVER,
    agency_after_help,
    expectation_after_contact,
    experience_of,
    trust_after_contact,
)
from dealsim.agents.service import (
    handoff_lost_chance,
    incident_chance,
    joint_chance,
    report_chance,
    sanction_chance,
    solve_chance,
)
from dealsim.agents.staff import TEAM_SIZE as TEAM
from dealsim.agents.staff import reveal_chance, team_slots, training_chance, training_share
from dealsim.chance import chance, draw, question
from dealsim.compiled import compiled, compiled_loop
from dealsim.rows import team_of
from dealsim.tally import cell_of, note


@compiled_loop
def ration(citizens, staff, teams, services, now, p, seed, week, scratch, tally, n_places):
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
            skill += np.float64(staff.skill[j])
        capacity = team_slots(
            teams.slots_per_worker[team],
            services.capacity[service],
            training_share(now.asset_based_training[service], p.staff),
            teams.departure_share[team],
            1.0 - skill / TEAM,
            p.staff,
        )
        teams.capacity[team] = capacity
        slots = teams.slots[team] + capacity - p.service.huddle_slots * teams.joined[team]
        teams.joined[team] = 0.0
        whole = max(0.0, np.floor(slots))
        teams.slots[team] = slots - whole
        left = whole
        asked = 0.0
        for k in range(low, high):
            request = scratch.queue[k]
            i = int(scratch.asked_by[request])
            crisis = citizens.need[i] == 3
            price = p.service.crisis_slots if crisis else 1.0
            asked += price
            if crisis and left >= 1.0:
                price = min(price, left)  # the last slot goes to a crisis, or a team of one slot would never end one
            cell = cell_of(citizens.fifth[i], citizens.place[i], n_places)
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
                expected = np.float64(citizens.expectation[elder])
                x = p.citizen.experience_turned_away
                citizens.trust[elder] = trust_after_contact(np.float64(citizens.trust[elder]), expected, x, p.citizen)
                citizens.expectation[elder] = expectation_after_contact(expected, x, p.citizen)
                citizens.referred[i] = 0
                note(tally.events, tally.n_events, week, tally.watched[i], ta.E_TURNED_AWAY, service, 0, 0, 0, 0)
        teams.asked[team] = asked
        used = (whole - left) / max(1.0, whole)
        teams.utilisation[team] += p.staff.use_pace * (min(1.0, used) - teams.utilisation[team])


@compiled_loop
def train_staff(staff, now, p, seed, week):
    """Some workers are away for a training session this week."""
    away = question(seed, ch.TRAINED, week)
    for j in range(staff.id.size):
        hours = now.asset_based_training[staff.service[j]]
        staff.trained[j] = 1 if draw(away, int(staff.id[j]), 0) < training_chance(hours, p) else 0


@compiled
def _stand_in(staff, team, pick):
    """The next colleague who is not away for training; where all are, the worker is called back."""
    for step in range(1, TEAM):
        j = int(team * TEAM + (pick + step) % TEAM)
        if not staff.trained[j]:
            return j
    return int(team * TEAM + pick)


@compiled_loop
def meet_workers(
    citizens, staff, teams, services, places, neighbourhoods, first_team, team_count, now, p, seed, week,
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
        cell = cell_of(citizens.fifth[i], at, n_places)
        elder = int(citizens.speaks_for[i])
        in_crisis = citizens.need[i] == 3
        current = int(citizens.part_now[i])

        parts = 0
        product = 1.0
        all_in = 1.0
        for part in range(citizens.parts[i]):
            if citizens.part_open[i, part]:
                s = citizens.part_service[i, part]
                parts += 1
                product *= teams.willingness[team_of(citizens, i, s, first_team, team_count)]
                all_in = min(all_in, now.in_deal[s])
        huddle = parts >= 2 and draw(huddles, id, 0) < all_in * joint_chance(
            places.joint[at], product, parts, p.service
        )
        if huddle and now.partnership > 0.5:
            citizens.known_to_groups[i] = 1
        if not citizens.met_this_episode[i]:
            citizens.met_this_episode[i] = 1
            wait = min(ta.WAIT_BINS - 1, week - citizens.first_contact[i])
            tally.waits[cell, max(0, wait)] += 1
        citizens.last_met[i] = week
        citizens.last_seen[elder] = week
        citizens.referred[i] = 0
        coverage = np.float64(neighbourhoods.coverage[citizens.neighbourhood[i]])

        any_revealed = False
        for part in range(citizens.parts[i]):
            if not citizens.part_open[i, part] or (part != current and not huddle):
                continue
            s = int(citizens.part_service[i, part])
            here = s * n_places + at
            team = team_of(citizens, i, s, first_team, team_count)
            if p.staff.continuity > 0.5:
                pick = int(chance(seed, ch.MEETS_WORKER, 0, id, s) * TEAM)
            else:
                pick = int(draw(meets, id, part) * TEAM)
            j = int(team * TEAM + pick)
            if staff.trained[j]:
                j = _stand_in(staff, team, pick)
            skill = np.float64(staff.skill[j])
            fear = np.float64(staff.fear[j])
            fits = citizens.part_fits[i, part] == 1
            revealed = draw(reveals, id, part) < reveal_chance(skill, p.staff)
            acts = draw(departs, id, part) < np.float64(staff.willingness[j])
            departed = acts and not fits
            know_how = services.know_how[s]
            solved = draw(solves, id, part) < solve_chance(fits, acts, revealed, coverage, know_how, p.service)

            services.tried[s] += 1.0
            staff.met[j] += 1
            if part != current:
                teams.joined[team] += 1.0
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
            expected = np.float64(citizens.expectation[elder])
            citizens.trust[elder] = trust_after_contact(np.float64(citizens.trust[elder]), expected, x, p.citizen)
            citizens.expectation[elder] = expectation_after_contact(expected, x, p.citizen)
            if solved:
                citizens.agency[elder] = agency_after_help(np.float64(citizens.agency[elder]), departed, p.citizen)
                citizens.part_open[i, part] = 0
                citizens.part_last_solved[i] = part
            note(
                tally.events, tally.n_events, week, tally.watched[i], ta.E_TRIED, s, 1 if departed else 0,
                1 if solved else 0, 1 if revealed else 0, 1 if sanctioned else 0,
            )  # fmt: skip

        if any_revealed:
            citizens.last_changed[elder] = week
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
        if not citizens.part_open[i, current]:
            citizens.part_now[i] = following
            if not huddle:
                s = int(citizens.part_service[i, current])
                after = int(citizens.part_service[i, following])
                pair = (
                    teams.willingness[team_of(citizens, i, s, first_team, team_count)]
                    * teams.willingness[team_of(citizens, i, after, first_team, team_count)]
                )
                both_in = min(now.in_deal[s], now.in_deal[after])
                joint = both_in * joint_chance(places.joint[at], pair, 2, p.service)
                lost = handoff_lost_chance(joint, both_in * places.devolution[at], p.service)
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
        citizens.in_contact[i] = 0
        citizens.referred[i] = 0
        citizens.known_to_groups[i] = 0
        citizens.first_contact[i] = NEVER
        citizens.met_this_episode[i] = 0
        for part in range(3):
            citizens.part_open[i, part] = 0
