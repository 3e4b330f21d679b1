"""Frontline staff and their teams: state, and how skill, fear, hope, belief and willingness move.

Blame reaches staff through events only: an incident, seen or hidden, sanctioned or backed.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from dealsim.calendar import MONTHS_A_YEAR, WEEKS_A_YEAR
from dealsim.compiled import compiled
from dealsim.curves import clipped, exponential, logistic
from dealsim.declare import Column, Parameter

TEAM_SIZE = 8
"""Workers in a team, at every size of borough."""


# A declaration a line reads as a table.
# fmt: off
class StaffColumns(NamedTuple):
    """One row a post; the person in it changes when someone leaves, and the number with them."""

    id: Annotated[np.ndarray, Column("Permanent number of the worker", "number", np.int32)]
    team: Annotated[np.ndarray, Column("Team", "row", np.int32, fixed=True)]
    service: Annotated[np.ndarray, Column("Service", "row", np.int32, fixed=True)]
    place: Annotated[np.ndarray, Column("Place", "row", np.int8, fixed=True)]
    bridge: Annotated[np.ndarray, Column("Row of a colleague in another service of the place, or −1", "row", np.int32, -1, fixed=True)]
    last_departure: Annotated[np.ndarray, Column("Week of the last departure, or −1,000,000", "week", np.int32)]
    skill: Annotated[np.ndarray, Column("Skill in the different conversation", "0–1", np.float32, 0, 1, symbol="κ")]
    fear: Annotated[np.ndarray, Column("Fear of blame", "0–1", np.float32, 0, 1, symbol="F")]
    hope: Annotated[np.ndarray, Column("Hope", "0–1", np.float32, 0, 1, symbol="h")]
    value: Annotated[np.ndarray, Column("Belief that departing from the menu works", "0–1", np.float32, 0, 1, symbol="Q")]
    credibility: Annotated[np.ndarray, Column("Credibility of leaders", "0–1", np.float32, 0, 1, symbol="r")]
    perceived_permission: Annotated[np.ndarray, Column("Permission as the worker knows it", "0–1", np.float32, 0, 1, symbol="P̂")]
    willingness: Annotated[np.ndarray, Column("Willingness to depart from the menu", "0–1", np.float32, 0, 1, symbol="A")]
    open_cases: Annotated[np.ndarray, Column("Open cases", "cases", np.float32, 0)]
    met: Annotated[np.ndarray, Column("Parts tried this week", "number", np.int16, 0)]
    solved: Annotated[np.ndarray, Column("Parts solved this week", "number", np.int16, 0)]
    departures: Annotated[np.ndarray, Column("Departures this week", "number", np.int16, 0)]
    departures_solved: Annotated[np.ndarray, Column("Departures that solved a part this week", "number", np.int16, 0)]
    sanctioned: Annotated[np.ndarray, Column("Sanctioned this week", "0 or 1", np.int8, 0, 1)]
    backed: Annotated[np.ndarray, Column("Publicly backed this week", "0 or 1", np.int8, 0, 1)]
    trained: Annotated[np.ndarray, Column("Away for training this week", "0 or 1", np.int8, 0, 1)]


class TeamColumns(NamedTuple):
    """One row a team of eight, all of one service in one place."""

    id: Annotated[np.ndarray, Column("Permanent number", "number", np.int32, fixed=True)]
    service: Annotated[np.ndarray, Column("Service", "row", np.int32, fixed=True)]
    place: Annotated[np.ndarray, Column("Place", "row", np.int32, fixed=True)]
    slots_per_worker: Annotated[np.ndarray, Column("Case slots a worker has in a week; set in burn-in, then frozen", "slots per week", np.float64, 0, symbol="cap")]
    slots: Annotated[np.ndarray, Column("Part of a slot left over from this week; below 0 where huddles took more than there was", "slots", np.float64, None, 1)]
    joined: Annotated[np.ndarray, Column("Parts tried this week in a huddle on another team's contact", "parts", np.float64, 0)]
    capacity: Annotated[np.ndarray, Column("Slots this week as planned", "slots per week", np.float64, 0)]
    asked: Annotated[np.ndarray, Column("Slots asked for this week", "slots per week", np.float64, 0)]
    utilisation: Annotated[np.ndarray, Column("Slots used, slow mean", "share of capacity", np.float64, 0)]
    norm: Annotated[np.ndarray, Column("What the team is used to doing", "0–1", np.float64, 0, 1, symbol="N")]
    willingness: Annotated[np.ndarray, Column("Mean willingness of the team", "0–1", np.float64, 0, 1, symbol="Ā")]
    departure_share: Annotated[np.ndarray, Column("Share of parts tried by a departure, slow mean", "0–1", np.float64, 0, 1)]
    open_parts: Annotated[np.ndarray, Column("Open parts in contact", "parts", np.float64, 0)]
    closed_recently: Annotated[np.ndarray, Column("Closed cases younger than the case lag", "cases", np.float64, 0)]
    closed_now: Annotated[np.ndarray, Column("Parts closed this week", "parts", np.float64, 0)]


class StaffParameters(NamedTuple):
    """How staff learn, fear, hope, dare, leave and join."""

    base_willingness: Annotated[float, Parameter("Willingness to depart, intercept", "log odds", -3, 1, "src-lipsky", "calibrated", "b_A")] = -0.3
    by_permission: Annotated[float, Parameter("Willingness from permission", "log odds per unit", 0, 5, "src-choice", "assumed", "bP")] = 3.3
    by_value: Annotated[float, Parameter("Willingness from belief that it works", "log odds per unit", 0, 4, "src-choice", "assumed", "bQ")] = 2.0
    by_norm: Annotated[float, Parameter("Willingness from the team's norm", "log odds per unit", 0, 6, "src-centola", "assumed", "bN")] = 3.5
    by_hope: Annotated[float, Parameter("Willingness from hope", "log odds per unit", 0, 2, "src-choice", "assumed", "bH")] = 1.0
    by_fear: Annotated[float, Parameter("Unwillingness from fear", "log odds per unit", 1, 8, "src-frazier", "assumed", "bF")] = 4.0
    norm_middle: Annotated[float, Parameter("Norm at which peers neither push nor hold back", "0–1", 0.1, 0.5, "src-centola", "assumed", "N₀")] = 0.3
    norm_pace: Annotated[float, Parameter("The norm follows what the team does", "per week", 0.01, 0.2, "src-choice", "assumed", "N rate")] = 0.05
    reveal_unskilled: Annotated[float, Parameter("A conversation reveals what would fit, without skill", "per part", 0.1, 0.4, "src-three-conversations", "assumed", "d_lo")] = 0.10
    reveal_skilled: Annotated[float, Parameter("A conversation reveals what would fit, with full skill", "per part", 0.6, 0.95, "src-three-conversations", "assumed", "d_hi")] = 0.75
    fear_own: Annotated[float, Parameter("Fear from one's own sanction", "per event", 0.3, 0.7, "src-bourne", "published", "φ_own")] = 0.5
    fear_seen: Annotated[float, Parameter("Fear from a sanction seen", "per event", 0, 0.25, "src-bourne", "published", "φ_vic")] = 0.20
    fear_contagion: Annotated[float, Parameter("Fear drawn to that of the team", "per week", 0, 0.1, "src-foldy", "published", "ω_F")] = 0.05
    fear_decay: Annotated[float, Parameter("Fear fades", "per week", 0.005, 0.03, "src-foldy", "calibrated", "δ_F")] = 0.0109
    fear_backing: Annotated[float, Parameter("Fear eased by public backing", "per event", 0, 0.1, "src-choice", "assumed", "φ_back")] = 0.03
    credibility_up: Annotated[float, Parameter("Credibility gained by backing", "per event", 0.005, 0.05, "src-simons", "assumed", "r_up")] = 0.02
    credibility_down: Annotated[float, Parameter("Credibility lost by a sanction", "per event", 0.02, 0.2, "src-simons", "assumed", "r_dn")] = 0.05
    credibility_return: Annotated[float, Parameter("Credibility returns to the middle", "per week", 0, 0.02, "src-choice", "assumed", "r_rev")] = 0.004
    permission_told: Annotated[float, Parameter("Learning of permission from the line", "per week", 0.0006, 0.02, "src-bass", "assumed", "p_info")] = 0.002
    permission_peers: Annotated[float, Parameter("Learning of permission from colleagues who know", "per week", 0.007, 0.3, "src-bass", "assumed", "q_info")] = 0.01
    permission_campaign: Annotated[float, Parameter("Learning of permission from full staff communications", "per week", 0, 0.1, "src-bass", "assumed", "c_staff")] = 0.02
    permission_near: Annotated[float, Parameter("A colleague knows when within this of the truth", "0–1", 0.05, 0.4, "src-choice", "assumed", "|P̂−P|")] = 0.2
    skill_practice: Annotated[float, Parameter("Skill from practice", "per departure", 0, 0.03, "src-choice", "assumed", "ℓ_prac")] = 0.008
    skill_peers: Annotated[float, Parameter("Skill from practising peers", "per week", 0, 0.03, "src-foldy", "assumed", "ℓ_peer")] = 0.008
    skill_training: Annotated[float, Parameter("Skill from a training session", "per session", 0, 0.10, "src-saks", "assumed", "train")] = 0.06
    skill_decay: Annotated[float, Parameter("Skill fades without use", "per week", 0, 0.02, "src-newstrom", "calibrated", "μ_κ")] = 0.0132
    session_hours: Annotated[float, Parameter("Length of a training session", "hours", 4, 40, "src-wigan-champions", "assumed", "session")] = 8.0
    working_hours: Annotated[float, Parameter("Working week", "hours", 30, 40, "src-choice", "assumed", "working week")] = 35.0
    fear_start: Annotated[float, Parameter("Fear at the start of burn-in", "0–1", 0, 1, "src-ahrq", "assumed", "F start")] = 0.41
    hope_start: Annotated[float, Parameter("Hope at the start of burn-in", "0–1", 0, 1, "src-choice", "assumed", "h start")] = 0.43
    credibility_start: Annotated[float, Parameter("Credibility of leaders at the start of burn-in", "0–1", 0, 1, "src-choice", "assumed", "r start")] = 0.45
    norm_start: Annotated[float, Parameter("Team norm at the start of burn-in", "0–1", 0, 1, "src-lipsky", "assumed", "N start")] = 0.04
    start_spread: Annotated[float, Parameter("Width of the spread between workers at the start", "0–1", 0, 0.6, "src-choice", "assumed", "spread")] = 0.2
    newcomer_skill: Annotated[float, Parameter("Skill of a newcomer", "0–1", 0, 0.4, "src-choice", "assumed", "κ new")] = 0.12
    newcomer_hope: Annotated[float, Parameter("Hope of a newcomer", "0–1", 0.3, 0.9, "src-choice", "assumed", "h new")] = 0.6
    newcomer_credibility: Annotated[float, Parameter("Credibility of leaders to a newcomer", "0–1", 0.3, 0.7, "src-choice", "assumed", "r new")] = 0.5
    newcomer_value: Annotated[float, Parameter("A newcomer's belief that departing works", "0–1", 0.2, 0.6, "src-choice", "assumed", "Q new")] = 0.4
    newcomer_takes_over: Annotated[float, Parameter("Part of the team's fear and knowledge that a newcomer takes over", "share", 0, 1, "src-choice", "assumed", "½")] = 0.5
    newcomer_fear: Annotated[float, Parameter("Fear a newcomer brings, beside what the team passes on", "0–1", 0, 0.3, "src-choice", "assumed", "F new")] = 0.1
    departures_pace: Annotated[float, Parameter("How fast a team's share of departures shows in its working time", "per week", 0.01, 0.5, "src-choice", "assumed", "share rate")] = 0.05
    use_pace: Annotated[float, Parameter("How fast the slow mean of used slots moves", "per week", 0.005, 0.5, "src-choice", "assumed", "use rate")] = 0.02
    value_pace: Annotated[float, Parameter("Belief follows success", "per week with a departure", 0.01, 0.1, "src-choice", "assumed", "α_Q")] = 0.03
    hope_pace: Annotated[float, Parameter("Hope follows its causes", "per week with a meeting", 0.005, 0.05, "src-choice", "assumed", "α_h")] = 0.02
    hope_base: Annotated[float, Parameter("Hope without any of its causes", "0–1", 0.2, 0.6, "src-calibration", "calibrated", "h₀")] = 0.488
    hope_success: Annotated[float, Parameter("Hope from success", "per unit", 0, 1, "src-choice", "assumed", "h succ")] = 0.6
    hope_willingness: Annotated[float, Parameter("Hope from using discretion", "per unit", 0, 0.4, "src-choice", "assumed", "h A")] = 0.10
    hope_trusted: Annotated[float, Parameter("Hope from being trusted", "per unit", 0, 0.4, "src-choice", "assumed", "h P̂")] = 0.12
    hope_fear: Annotated[float, Parameter("Hope lost to fear", "per unit", 0, 0.6, "src-frazier", "assumed", "h F")] = 0.3
    hope_overload: Annotated[float, Parameter("Hope lost to overload", "per unit", 0, 0.4, "src-bakker", "assumed", "h ovl")] = 0.2
    heard_without_trust: Annotated[float, Parameter("How far leaders' word counts without credibility", "0–1", 0, 1, "src-choice", "assumed", "0.3+0.7r")] = 0.3
    turnover: Annotated[float, Parameter("Staff who leave at middling hope", "share a year", 0.10, 0.40, "src-skills-for-care", "calibrated", "x0")] = 0.133
    turnover_hope: Annotated[float, Parameter("How much hope holds staff", "log per unit", 0, 3, "src-bakker", "assumed", "γ_h")] = 1.5
    time_of_departure: Annotated[float, Parameter("Time a departure takes against the menu, without skill", "times", 1, 1.6, "src-choice", "assumed", "t_c")] = 1.3
    case_lag: Annotated[float, Parameter("How long a closed case stays on the caseload", "weeks", 4, 40, "src-coventry", "assumed", "case lag")] = 18.0
    caseload_full: Annotated[float, Parameter("Cases per worker at which overload is 1", "cases", 15, 35, "src-coventry", "published", "25")] = 25.0
    overload_most: Annotated[float, Parameter("Most that overload counts", "times", 1, 5, "src-choice", "assumed", "2 ovl")] = 2.0
    planned_use: Annotated[float, Parameter("Share of slots planned to be used in the old regime", "share", 0.6, 0.95, "src-choice", "assumed", "planned use")] = 0.77
    bridging: Annotated[float, Parameter("Staff with a close colleague in another service of the place", "share of staff", 0.05, 0.3, "src-bridging", "assumed", "bridging")] = 0.15
    continuity: Annotated[float, Parameter("Citizens keep the same worker (1) or are given whoever is free (0)", "switch", 0, 1, "src-choice", "rival", "continuity")] = 0.0
# fmt: on


@compiled
def word_counts(credibility, p):
    """How far what leaders say counts, given their credibility.

    0.3 + 0.7r (src-simons)
    """
    return p.heard_without_trust + (1.0 - p.heard_without_trust) * credibility


@compiled
def willingness_to_depart(trusted, value, norm, hope, fear, leaning, p):
    """How ready a worker is to depart from the standard menu.

    A = σ[b_A + bP·P̂(0.3+0.7r) + bQ(Q−½) + bN(N−0.3) + bH(h−½) − bF·F + place's leaning], with
    trusted = P̂(0.3+0.7r) (src-lipsky, src-frazier, src-centola)
    """
    return logistic(
        p.base_willingness
        + leaning
        + p.by_permission * trusted
        + p.by_value * (value - 0.5)
        + p.by_norm * (norm - p.norm_middle)
        + p.by_hope * (hope - 0.5)
        - p.by_fear * fear
    )


@compiled
def reveal_chance(skill, p):
    """Chance that the conversation brings out what would really fit.

    D = d_lo + (d_hi−d_lo)·κ (src-three-conversations)
    """
    return p.reveal_unskilled + (p.reveal_skilled - p.reveal_unskilled) * skill


@compiled
def fear_after_week(fear, own, seen, backed, team_fear, p):
    """Fear of blame after a week: own and watched sanctions raise it, peers share it, time and backing ease it.

    F' = F + φ_own·own(1−F) + φ_vic·seen(1−F) + ω_F(F̄−F) − δ_F·F − φ_back·backed·F, clipped (src-bourne, src-foldy)
    """
    return clipped(
        fear
        + (p.fear_own * own + p.fear_seen * seen) * (1.0 - fear)
        + p.fear_contagion * (team_fear - fear)
        - p.fear_decay * fear
        - p.fear_backing * backed * fear,
        0.0,
        1.0,
    )


@compiled
def credibility_after_week(credibility, backed, sanctions, p):
    """Credibility of leaders after a week: deeds count, bad ones more.

    r' = r + r_up·backed(1−r) − r_dn·(own+seen)·r + r_rev(½−r), clipped (src-simons)
    """
    return clipped(
        credibility
        + p.credibility_up * backed * (1.0 - credibility)
        - p.credibility_down * sanctions * credibility
        + p.credibility_return * (0.5 - credibility),
        0.0,
        1.0,
    )


@compiled
def permission_known_after_week(known, real, share_who_know, credibility, campaign, p):
    """What a worker takes to be permitted, after a week of hearing from the line, from peers, and from leaders.

    P̂' = P̂ + (p_info + q_info·share + c_staff·r)(P−P̂) (src-bass)
    """
    pace = p.permission_told + p.permission_peers * share_who_know + p.permission_campaign * campaign * credibility
    return clipped(known + min(1.0, pace) * (real - known), 0.0, 1.0)


@compiled
def skill_after_week(skill, acts, norm, peers, willingness, trained, p):
    """Skill in the different conversation after a week.

    κ' = κ + ℓ_prac·acts(1−κ) + ℓ_peer·N(κ̄−κ)₊ + train·trained(1−κ) − μ_κ(1−A)κ, clipped (src-saks, src-newstrom)
    """
    return clipped(
        skill
        + (p.skill_practice * acts + p.skill_training * trained) * (1.0 - skill)
        + p.skill_peers * norm * max(0.0, peers - skill)
        - p.skill_decay * (1.0 - willingness) * skill,
        0.0,
        1.0,
    )


@compiled
def value_after_week(value, success, p):
    """Belief that departing works, after a week with at least one departure.

    Q' = Q + α_Q(success − Q) (src-choice)
    """
    return value + p.value_pace * (success - value)


@compiled
def hope_target(success, willingness, trusted, fear, overload, p):
    """The hope a worker is drawn to.

    h* = h₀ + .6·success + .10A + .12·P̂(.3+.7r) − .3F − .2·overload (src-bakker, src-frazier)
    """
    return (
        p.hope_base
        + p.hope_success * success
        + p.hope_willingness * willingness
        + p.hope_trusted * trusted
        - p.hope_fear * fear
        - p.hope_overload * overload
    )


@compiled
def hope_after_week(hope, target, p):
    """Hope after a week in which the worker met someone.

    h' = h + α_h(h*−h), clipped to 0–1 (src-choice)
    """
    return clipped(hope + p.hope_pace * (target - hope), 0.0, 1.0)


@compiled
def overload_of(cases, capacity, p):
    """How overloaded a worker is: next to nothing below 25 cases, steeply more above.

    min(2, (cases ÷ capacity ÷ 25)⁴) (src-coventry)
    """
    ratio = cases / max(capacity, 0.01) / p.caseload_full
    return min(p.overload_most, ratio * ratio * ratio * ratio)


@compiled
def leaving_job_chance(hope, p):
    """Chance that a worker leaves in a month.

    x0·exp[γ_h(½−h)] ÷ 13, clipped to 0–1 (src-skills-for-care)
    """
    return clipped(p.turnover * exponential(p.turnover_hope * (0.5 - hope)) / MONTHS_A_YEAR, 0.0, 1.0)


@compiled
def fear_of_newcomer(team_fear, p):
    """Fear of a newcomer.

    F = ½·F̄ + F_new, at most 1 (src-choice)
    """
    return min(1.0, p.newcomer_takes_over * team_fear + p.newcomer_fear)


@compiled
def known_to_newcomer(team_known, old, p):
    """Permission as a newcomer knows it: part of the way from the old one to what the team knows.

    P̂ = P_old + ½(P̂_team − P_old) (src-choice)
    """
    return old + p.newcomer_takes_over * (team_known - old)


@compiled
def norm_after_week(norm, willingness, p):
    """What a team is used to, after a week.

    N' = N + 0.05(Ā−N) (src-choice)
    """
    return norm + p.norm_pace * (willingness - norm)


@compiled
def training_share(hours, p):
    """Share of working time that training takes.

    hours a year ÷ (52 × working week), at most 1 (src-choice)
    """
    return min(1.0, hours / (WEEKS_A_YEAR * p.working_hours))


@compiled
def training_chance(hours, p):
    """Chance that a worker is away for a training session in a week.

    hours a year ÷ (52 × session), at most 1 (src-choice)
    """
    return min(1.0, hours / (WEEKS_A_YEAR * p.session_hours))


@compiled
def team_slots(slots_per_worker, capacity, training, departures, unskilled, p):
    """Case slots of a team in a week.

    8·cap·capacity·(1−training share) / (1+(t_c−1)·departures·(1−κ̄)) (src-choice)
    """
    slower = 1.0 + (p.time_of_departure - 1.0) * departures * unskilled
    return TEAM_SIZE * slots_per_worker * capacity * (1.0 - training) / slower
