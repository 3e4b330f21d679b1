"""What a week does to staff, teams and services, and who leaves and joins."""

from __future__ import annotations

import numpy as np

from dealsim import chance as ch
from dealsim import tally as ta
from dealsim.agents.citizen import NEVER
from dealsim.agents.service import know_how_after_week, menu_after_week, place_leaning, salience_after_week
from dealsim.agents.staff import (
    TEAM_SIZE as TEAM,
)
from dealsim.agents.staff import (
    credibility_after_week,
    fear_after_week,
    fear_of_newcomer,
    hope_after_week,
    hope_target,
    known_to_newcomer,
    leaving_job_chance,
    norm_after_week,
    overload_of,
    permission_known_after_week,
    skill_after_week,
    value_after_week,
    willingness_to_depart,
    word_counts,
)
from dealsim.chance import draw, question
from dealsim.compiled import compiled, compiled_loop
from dealsim.rows import clear_counts


@compiled
def _mind_of(staff, j, norm, leaning, p):
    """How ready the worker in a post is to depart from the menu, as she and her team now are."""
    return willingness_to_depart(
        np.float64(staff.perceived_permission[j]) * word_counts(np.float64(staff.credibility[j]), p),
        np.float64(staff.value[j]),
        np.float64(norm),
        np.float64(staff.hope[j]),
        np.float64(staff.fear[j]),
        leaning,
        p,
    )


@compiled_loop
def staff_take_stock(staff, teams, services, places, now, p, scratch):
    """After the week's encounters: fear, credibility, belief, skill, hope, what is known to be permitted; teams
    and services learn."""
    for j in range(staff.id.size):
        scratch.colleagues[j, 0] = np.float64(staff.fear[j])
        scratch.colleagues[j, 1] = np.float64(staff.skill[j])
        scratch.colleagues[j, 2] = np.float64(staff.perceived_permission[j])
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
        norm = np.float64(teams.norm[team])
        willing = 0.0
        for j in range(low, low + TEAM):
            bridge = int(staff.bridge[j])
            own = np.float64(staff.sanctioned[j])
            seen = np.float64(sanctions) - own
            backed = np.float64(staff.backed[j])
            mean_fear = fear
            others = np.float64(TEAM)
            peers = skilled
            n_peers = practising
            know = knowing
            if staff.departures[j] > 0:
                peers -= scratch.colleagues[j, 1]
                n_peers -= 1.0
            if bridge >= 0:
                seen += np.float64(staff.sanctioned[bridge])
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
            staff.credibility[j] = credibility_after_week(np.float64(staff.credibility[j]), backed, own + seen, p.staff)
            staff.perceived_permission[j] = permission_known_after_week(
                scratch.colleagues[j, 2],
                services.permission[s],
                know / others,
                np.float64(staff.credibility[j]),
                now.staff_communications[s],
                p.staff,
            )
            staff.skill[j] = skill_after_week(
                scratch.colleagues[j, 1],
                np.float64(staff.departures[j]),
                norm,
                peers / n_peers if n_peers > 0.0 else 0.0,
                np.float64(staff.willingness[j]),
                np.float64(staff.trained[j]),
                p.staff,
            )
            if staff.departures[j] > 0:
                staff.value[j] = value_after_week(
                    np.float64(staff.value[j]),
                    np.float64(staff.departures_solved[j]) / np.float64(staff.departures[j]),
                    p.staff,
                )
            known = np.float64(staff.perceived_permission[j])
            word = word_counts(np.float64(staff.credibility[j]), p.staff)
            if staff.met[j] > 0:
                target = hope_target(
                    np.float64(staff.solved[j]) / np.float64(staff.met[j]),
                    np.float64(staff.willingness[j]),
                    known * word,
                    np.float64(staff.fear[j]),
                    overload,
                    p.staff,
                )
                staff.hope[j] = hope_after_week(np.float64(staff.hope[j]), target, p.staff)
            staff.open_cases[j] = cases
            willing += np.float64(staff.willingness[j])
        teams.norm[team] = norm_after_week(norm, willing / TEAM, p.staff)
        if tried > 0.0:
            teams.departure_share[team] += p.staff.departures_pace * (departures / tried - teams.departure_share[team])
        leaning = place_leaning(now.in_deal[s] * places.devolution[at], places.judgement_departures[at], p.service)
        mean = 0.0
        for j in range(low, low + TEAM):
            staff.willingness[j] = _mind_of(staff, j, teams.norm[team], leaning, p.staff)
            mean += np.float64(staff.willingness[j])
        teams.willingness[team] = mean / TEAM


@compiled_loop
def services_learn(services, now, p):
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
        services.salience[s] += now.scandal[s]
        services.know_how[s] = know_how_after_week(services.know_how[s], reports, p)
        services.menu_fit[s] = menu_after_week(services.menu_fit[s], shared, p.menu_fits, p)


@compiled_loop
def staff_leave_and_join(staff, teams, places, now, p, seed, week, tally, n_places):
    """Once a month some workers leave; newcomers arrive unskilled and half told."""
    leaves = question(seed, ch.LEAVES_JOB, week)
    for team in range(teams.id.size):
        s = int(teams.service[team])
        at = int(teams.place[team])
        low = team * TEAM
        fear = 0.0
        known = 0.0
        for j in range(low, low + TEAM):
            fear += np.float64(staff.fear[j])
            known += np.float64(staff.perceived_permission[j])
        leaning = place_leaning(now.in_deal[s] * places.devolution[at], places.judgement_departures[at], p.service)
        mean = 0.0
        for j in range(low, low + TEAM):
            if draw(leaves, int(staff.id[j]), 0) >= leaving_job_chance(np.float64(staff.hope[j]), p.staff):
                mean += np.float64(staff.willingness[j])
                continue
            staff.id[j] += staff.id.size
            staff.skill[j] = p.staff.newcomer_skill
            staff.fear[j] = fear_of_newcomer(fear / TEAM, p.staff)
            staff.hope[j] = p.staff.newcomer_hope
            staff.credibility[j] = p.staff.newcomer_credibility
            staff.value[j] = p.staff.newcomer_value
            staff.perceived_permission[j] = known_to_newcomer(known / TEAM, now.old_permission[s], p.staff)
            staff.last_departure[j] = NEVER
            clear_counts(staff, j)
            staff.trained[j] = 0
            staff.willingness[j] = _mind_of(staff, j, teams.norm[team], leaning, p.staff)
            mean += np.float64(staff.willingness[j])
            tally.services[s * n_places + at, ta.S_LEAVERS] += 1
        teams.willingness[team] = mean / TEAM
