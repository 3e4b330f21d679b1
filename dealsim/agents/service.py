"""Services, places and the leadership: how blame, permission, know-how, the menu, money and joint work move,
and what happens in one encounter.

It knows one service, one place, one encounter at a time; who meets whom stands in `dealsim.week`.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from dealsim.compiled import compiled
from dealsim.curves import clipped, cube_root, exponential
from dealsim.declare import Column, Parameter

INVESTMENT_UNIT = 6.0
"""£ per resident per year at which I = 1."""


# A declaration a line reads as a table.
# fmt: off
class ServiceColumns(NamedTuple):
    """One row a service."""

    id: Annotated[np.ndarray, Column("Permanent number", "number", np.int32, fixed=True)]
    health_share: Annotated[np.ndarray, Column("Needs about health among those of this service", "share", np.float64, 0, 1, fixed=True)]
    blame: Annotated[np.ndarray, Column("Blame culture", "0–1", np.float64, 0, 1, symbol="β")]
    reaction: Annotated[np.ndarray, Column("Blame added by a rush of incidents, decided once a quarter", "0 and up", np.float64, 0)]
    blame_in_force: Annotated[np.ndarray, Column("Blame in force, with pressure from incidents", "0–1", np.float64, 0, 1, symbol="β_eff")]
    permission_decided: Annotated[np.ndarray, Column("Permission the leaders have decided on", "0–1", np.float64, 0, 1)]
    permission: Annotated[np.ndarray, Column("Permission in force", "0–1", np.float64, 0, 1, symbol="P")]
    nerve: Annotated[np.ndarray, Column("Holding nerve", "0–1", np.float64, 0, 1, symbol="χ")]
    know_how: Annotated[np.ndarray, Column("Know-how from reported incidents", "0 and up", np.float64, 0, symbol="L")]
    salience: Annotated[np.ndarray, Column("Visible incidents against the old normal", "times", np.float64, 0, symbol="sal")]
    incidents_normal: Annotated[np.ndarray, Column("Visible incidents per part tried in the old regime", "per part", np.float64, 0, symbol="v₀")]
    menu_fit: Annotated[np.ndarray, Column("Share of needs the standard offer fits", "0–1", np.float64, 0, 1, symbol="φ_M")]
    budget: Annotated[np.ndarray, Column("Budget in the old regime", "£ per week", np.float64, 0, symbol="B")]
    capacity: Annotated[np.ndarray, Column("Capacity against the old regime", "times", np.float64, 0, symbol="capacity")]
    demand_cost: Annotated[np.ndarray, Column("Cost of contacts and crises, slow mean", "£ per week", np.float64, 0, symbol="C̄")]
    programme_cost: Annotated[np.ndarray, Column("Cost of programmes this service pays for, mean of the last quarter", "£ per week", np.float64, 0, symbol="I_£")]
    quarter_cost: Annotated[np.ndarray, Column("Cost of contacts and crises so far this quarter", "£", np.float64, 0)]
    quarter_programme: Annotated[np.ndarray, Column("Programme cost so far this quarter", "£", np.float64, 0)]
    tried: Annotated[np.ndarray, Column("Parts tried this week", "number", np.float64, 0)]
    visible: Annotated[np.ndarray, Column("Visible incidents this week", "number", np.float64, 0)]
    reports: Annotated[np.ndarray, Column("Reported incidents this week", "number", np.float64, 0)]
    shared: Annotated[np.ndarray, Column("Departures that worked and were shared this week", "number", np.float64, 0)]
    served: Annotated[np.ndarray, Column("Contacts served this week", "number", np.float64, 0)]
    crisis_served: Annotated[np.ndarray, Column("Crisis contacts served this week", "number", np.float64, 0)]
    staff_spend: Annotated[np.ndarray, Column("Staff spend this week", "£ per week", np.float64, 0)]
    contact_spend: Annotated[np.ndarray, Column("Contact spend this week", "£ per week", np.float64, 0)]
    crisis_spend: Annotated[np.ndarray, Column("Crisis spend this week", "£ per week", np.float64, 0)]
    programme_spend: Annotated[np.ndarray, Column("Programme spend this week", "£ per week", np.float64, 0)]


class PlaceColumns(NamedTuple):
    """One row a place."""

    id: Annotated[np.ndarray, Column("Permanent number", "number", np.int32, fixed=True)]
    population: Annotated[np.ndarray, Column("Residents", "people", np.int32, 0, fixed=True)]
    judgement_departures: Annotated[np.ndarray, Column("The place's own judgement on departures", "standard deviations", np.float64, fixed=True)]
    judgement_investment: Annotated[np.ndarray, Column("The place's own judgement on investment", "standard deviations", np.float64, fixed=True)]
    joint: Annotated[np.ndarray, Column("Joint working", "0–1", np.float64, 0, 1, symbol="J")]
    investment: Annotated[np.ndarray, Column("Investment in communities, £6 a head a year = 1", "times £6 a head a year", np.float64, 0, symbol="I")]
    devolution: Annotated[np.ndarray, Column("Devolved power", "0–1", np.float64, 0, 1, symbol="D")]
    champions: Annotated[np.ndarray, Column("Chance that a volunteer is a champion", "0–1", np.float64, 0, 1)]


class LeadershipColumns(NamedTuple):
    """One row: the people who hold the permission."""

    id: Annotated[np.ndarray, Column("Permanent number", "number", np.int32, fixed=True)]
    holders: Annotated[np.ndarray, Column("Leaders who hold the permission", "people", np.float64, 1, 10)]
    held: Annotated[np.ndarray, Column("Share of the decided permission still held", "0–1", np.float64, 0, 1)]


class ServiceParameters(NamedTuple):
    """Encounters, incidents, blame, know-how, money and joint work."""

    menu_fits: Annotated[float, Parameter("Share of needs the standard offer fits", "share of parts", 0.35, 0.75, "src-vanguard", "calibrated", "φ_M")] = 0.519
    solve_menu: Annotated[float, Parameter("Solved when the standard offer fits", "per part", 0.6, 0.9, "src-calibration", "calibrated", "π_M")] = 0.693
    solve_bespoke: Annotated[float, Parameter("Solved when revealed and acted on", "per part", 0.4, 0.8, "src-three-conversations", "published", "π_B")] = 0.60
    solve_blind: Annotated[float, Parameter("Solved by acting without knowing", "per part", 0.05, 0.60, "src-calibration", "calibrated", "π_R")] = 0.0727
    solve_again: Annotated[float, Parameter("Solved by the same menu again", "per part", 0, 0.1, "src-choice", "assumed", "π_0")] = 0.05
    solve_listening: Annotated[float, Parameter("Solved by listening alone", "per part", 0, 0.3, "src-choice", "rival", "π_L")] = 0.0
    community_part: Annotated[float, Parameter("Part of a bespoke answer that needs the community", "share", 0, 0.8, "src-choice", "rival", "g_com")] = 0.35
    coverage_enough: Annotated[float, Parameter("Coverage by groups at which a bespoke answer lacks nothing", "share of need", 0.1, 1, "src-choice", "assumed", "min(1, 2·cov)")] = 0.5
    know_how_helps: Annotated[float, Parameter("How much know-how helps a bespoke answer", "per unit", 0, 0.3, "src-choice", "assumed", "0.1·L")] = 0.1
    handoff_loss: Annotated[float, Parameter("Hand-offs that get lost", "per hand-off", 0.2, 0.6, "src-referral-hub", "published", "d0")] = 0.45
    handoff_joint: Annotated[float, Parameter("How much joint work saves hand-offs", "times", 0, 1, "src-choice", "assumed", "0.7")] = 0.7
    handoff_devolved: Annotated[float, Parameter("How much devolved power shortens hand-offs", "times", 0, 0.8, "src-choice", "assumed", "D handoff")] = 0.3
    joint_needs_willing: Annotated[float, Parameter("Joint work needs willing workers at both ends (1) or not (0)", "switch", 0, 1, "src-choice", "rival", "both ends")] = 1.0
    crisis_calms: Annotated[float, Parameter("An encounter calms a crisis to acute", "per encounter", 0.2, 0.9, "src-choice", "assumed", "stab")] = 0.5
    huddle_slots: Annotated[float, Parameter("Case slots that a joint huddle takes from each team beside the one contacted", "slots", 0, 2, "src-choice", "assumed", "huddle slots")] = 1.0
    crisis_slots: Annotated[float, Parameter("Case slots that a crisis takes", "slots", 1, 4, "src-choice", "assumed", "2 slots")] = 2.0
    incident_base: Annotated[float, Parameter("Something goes wrong in an encounter", "per part tried", 0.004, 0.05, "src-choice", "assumed", "q0")] = 0.034
    incident_crisis: Annotated[float, Parameter("How much more in a crisis", "times", 1, 4, "src-choice", "assumed", "2 if crisis")] = 2.0
    incident_novice: Annotated[float, Parameter("Extra risk when a novice departs", "times", 0, 2, "src-choice", "assumed", "ξ_n")] = 1.0
    incident_revealed: Annotated[float, Parameter("Risk of a departure that was well founded", "times", 0.3, 1, "src-choice", "assumed", "0.7 if D")] = 0.7
    incident_blind: Annotated[float, Parameter("Risk of a departure made blind", "times", 1, 2, "src-choice", "assumed", "1.3 if blind")] = 1.3
    report_unafraid: Annotated[float, Parameter("An unafraid worker reports an incident", "per incident", 0.3, 0.96, "src-nhs-reporting", "published", "ρ_rep")] = 0.9
    surfaces: Annotated[float, Parameter("An unreported incident comes out", "per incident", 0.05, 0.4, "src-nhs-reporting", "published", "v_u")] = 0.2
    procedure_shields: Annotated[float, Parameter("Sanction by the book against sanction for departing", "times", 0, 1, "src-hood", "rival", "δ_def")] = 0.15
    blame_pace: Annotated[float, Parameter("Blame culture follows the leaders' aim", "per week", 0.001, 0.02, "src-nhs-survey", "calibrated", "r_β")] = 0.00159
    pressure: Annotated[float, Parameter("Blame raised by a rush of incidents", "per unit of salience", 0, 2, "src-capability-trap", "assumed", "η_press")] = 0.5
    pressure_from: Annotated[float, Parameter("Salience at which pressure starts", "times the old normal", 1, 2, "src-choice", "assumed", "s*")] = 1.25
    salience_pace: Annotated[float, Parameter("How fast incidents are felt and forgotten", "per week", 0.005, 0.1, "src-choice", "assumed", "sal rate")] = 0.02
    know_how_gain: Annotated[float, Parameter("Know-how from reports", "per report per part tried", 0, 0.1, "src-burlison", "assumed", "λ_L")] = 0.02
    know_how_loss: Annotated[float, Parameter("Know-how lost", "per week", 0, 0.01, "src-choice", "assumed", "μ_L")] = 0.002
    know_how_start: Annotated[float, Parameter("Know-how at the start of burn-in", "0 and up", 0, 1, "src-choice", "assumed", "L start")] = 0.21
    menu_learning: Annotated[float, Parameter("The standard offer learns from departures that worked and were shared", "per shared departure per part tried", 0, 0.1, "src-choice", "assumed", "λ_menu")] = 0.01
    menu_forgetting: Annotated[float, Parameter("The standard offer falls back", "per week", 0, 0.01, "src-calibration", "calibrated", "μ_menu")] = 0.00181
    leader_exit: Annotated[float, Parameter("Leaders who leave", "per person per year", 0, 0.6, "src-choice", "assumed", "leader exit")] = 0.25
    leader_convinced: Annotated[float, Parameter("A new leader is won over by colleagues who hold the permission", "per week", 0, 0.2, "src-choice", "assumed", "leader pace")] = 0.04
    leader_slowness: Annotated[float, Parameter("Time each further leader adds to a decision", "weeks", 0, 13, "src-choice", "assumed", "n/2 quarters")] = 6.5
    judgement_spread: Annotated[float, Parameter("Spread of places' own judgements when power is devolved", "standard deviations", 0, 1, "src-choice", "assumed", "s_D")] = 0.3
    worker_cost: Annotated[float, Parameter("Cost of a worker", "£ per year", 22500, 90000, "src-unit-costs", "assumed", "worker £")] = 45000.0
    contact_cost: Annotated[float, Parameter("Cost of a contact", "£ per contact", 75, 300, "src-unit-costs", "assumed", "contact £")] = 150.0
    crisis_cost: Annotated[float, Parameter("Cost of a crisis contact", "£ per contact", 1250, 5000, "src-unit-costs", "assumed", "crisis £")] = 2500.0
    communications_cost: Annotated[float, Parameter("Cost of full communications", "£ per resident per year", 0, 3, "src-choice", "assumed", "comms £")] = 0.5
    champion_cost: Annotated[float, Parameter("Cost of a champion", "£ per champion per year", 0, 500, "src-choice", "assumed", "champion £")] = 50.0
    link_worker_cost: Annotated[float, Parameter("Cost of a link worker", "£ per year", 20000, 60000, "src-choice", "assumed", "link £")] = 35000.0
    link_reach: Annotated[float, Parameter("Health contacts linked to groups, by one link worker per 100,000", "share of health contacts", 0, 0.1, "src-social-prescribing", "assumed", "link reach")] = 0.03
    cost_lag: Annotated[float, Parameter("Weight of the last quarter in the slow mean of cost", "share", 0.1, 1, "src-choice", "assumed", "¼")] = 0.25
    capacity_low: Annotated[float, Parameter("Least capacity", "times", 0, 1, "src-choice", "assumed", "cap_min")] = 0.4
    capacity_high: Annotated[float, Parameter("Most capacity", "times", 1, 2, "src-choice", "assumed", "cap_max")] = 1.3
# fmt: on


@compiled
def solve_chance(fits, acts, revealed, coverage, know_how, p):
    """Chance that one attempt solves one part.

    fits: π_M; acted, revealed: π_B·(1−g_com+g_com·min(1,2cov)) + 0.1·min(1,L); acted blind: π_R;
    menu again: π_0, + π_L if heard; clipped to 0–1 (src-three-conversations, src-vanguard)
    """
    if fits:
        chance_of_it = p.solve_menu
    elif acts and revealed:
        community = 1.0 - p.community_part + p.community_part * min(1.0, coverage / p.coverage_enough)
        chance_of_it = p.solve_bespoke * community + p.know_how_helps * min(1.0, know_how)
    elif acts:
        chance_of_it = p.solve_blind
    elif revealed:
        chance_of_it = p.solve_again + p.solve_listening
    else:
        chance_of_it = p.solve_again
    return clipped(chance_of_it, 0.0, 1.0)


@compiled
def incident_chance(in_crisis, departed, revealed, skill, know_how, p):
    """Chance that something goes wrong in one attempt.

    q = q0·(2 if crisis)·[departed: (1+ξ_n(1−κ)e^{−L})·(0.7 if D else 1.3)], clipped to 0–1 (src-choice)
    """
    q = p.incident_base
    if in_crisis:
        q *= p.incident_crisis
    if departed:
        q *= 1.0 + p.incident_novice * (1.0 - skill) * exponential(-min(1.0, know_how))
        q *= p.incident_revealed if revealed else p.incident_blind
    return clipped(q, 0.0, 1.0)


@compiled
def report_chance(fear, p):
    """Chance that a worker reports an incident, or shares a departure that worked.

    ρ_rep(1−F) (src-nhs-reporting)
    """
    return clipped(p.report_unafraid * (1.0 - fear), 0.0, 1.0)


@compiled
def sanction_chance(blame, departed, p):
    """Chance that a visible incident is answered with a sanction: procedure protects.

    β_eff if departed, else δ_def·β_eff (src-hood)
    """
    return blame if departed else p.procedure_shields * blame


@compiled
def blame_after_week(blame, target, p):
    """Blame culture after a week: leaders set the aim, the climate follows slowly.

    β' = β + r_β(β_target−β) (src-nhs-survey)
    """
    return blame + p.blame_pace * (target - blame)


@compiled
def reaction_to_incidents(salience, nerve, p):
    """Blame that a rush of visible incidents adds, unless leaders hold their nerve; decided once a quarter.

    η_press(1−χ)(sal−s*)₊ (src-capability-trap)
    """
    return p.pressure * (1.0 - nerve) * max(0.0, salience - p.pressure_from)


@compiled
def blame_with_reaction(blame, reaction):
    """Blame in force: the climate, and what leaders add to it in reaction to incidents.

    β_eff = clip(β + reaction, 0, 1) (src-capability-trap)
    """
    return clipped(blame + reaction, 0.0, 1.0)


@compiled
def place_leaning(devolution, judgement, p):
    """How a place's own judgement shifts the log odds of departing, as far as power is devolved to it.

    D·s_D·z (src-choice)
    """
    return devolution * p.judgement_spread * judgement


@compiled
def investment_in_place(spend, devolution, judgement, p):
    """Investment in communities as the place makes it, in units of £6 a head a year.

    I = spend/6·(1 + D·s_D·z)₊ (src-choice)
    """
    return spend / INVESTMENT_UNIT * max(0.0, 1.0 + devolution * p.judgement_spread * judgement)


@compiled
def salience_after_week(salience, rate, normal, p):
    """How many incidents leaders feel there are, after a week.

    sal' = sal + 0.02(v/v₀ − sal) (src-capability-trap)
    """
    return salience + p.salience_pace * (rate / normal - salience)


@compiled
def know_how_after_week(know_how, reports, p):
    """What a service has learnt from reported incidents, after a week.

    L' = L + λ_L·reports per part tried − μ_L·L (src-burlison)
    """
    return know_how + p.know_how_gain * reports - p.know_how_loss * know_how


@compiled
def menu_after_week(fit, shared, start, p):
    """Share of needs the standard offer fits, after a week: staff rethink it from departures that worked.

    φ' = φ + λ_menu·shared·(1−φ) − μ_menu(φ−φ₀), clipped to 0–1 (src-choice)
    """
    return clipped(fit + p.menu_learning * shared * (1.0 - fit) - p.menu_forgetting * (fit - start), 0.0, 1.0)


@compiled
def joint_chance(joint, willingness_product, parts, p):
    """Chance that services try all open parts together in one contact.

    J_eff = J·(A_1·A_2…)^{1/m} (src-pioneer); rival: J_eff = J
    """
    if p.joint_needs_willing < 0.5:
        return joint
    if parts == 2:
        return joint * np.sqrt(willingness_product)
    if parts == 3:
        return joint * cube_root(willingness_product)
    return joint * willingness_product


@compiled
def handoff_lost_chance(joint_in_force, devolution, p):
    """Chance that a hand-off to the next service is lost.

    d0(1−0.7·J_eff)(1−0.3·D) (src-referral-hub)
    """
    return clipped(
        p.handoff_loss * (1.0 - p.handoff_joint * joint_in_force) * (1.0 - p.handoff_devolved * devolution), 0.0, 1.0
    )


@compiled
def permission_decided_after_week(decided, lever, leaders, p):
    """Permission the leaders have agreed on: one decides at once, ten take about five quarters.

    P_d' = P_d + (lever−P_d)/(1+6.5(n−1)) (src-choice)
    """
    return decided + (lever - decided) / (1.0 + p.leader_slowness * (leaders - 1.0))


@compiled
def held_after_decision(held, before, now):
    """Share of the permission held once leaders have decided anew: those in office hold what they have just added.

    H' = 1 − (1−H)·before/now, with before and now the distance of the decision from the old regime; a decision
    that adds nothing leaves H as it is (src-choice)
    """
    if now <= before:
        return held
    return 1.0 - (1.0 - held) * before / now


@compiled
def held_after_week(held, exits, leaders, p):
    """Share of the permission still held, after a week: exits take their part, those who stay win over newcomers.

    H' = (H + pace·H(1−H)) − exits/n, clipped to 0–1 (src-choice)
    """
    return clipped(held + p.leader_convinced * held * (1.0 - held) - exits / leaders, 0.0, 1.0)


@compiled
def capacity_from_money(budget, cut, demand_cost, programme_cost, staff_cost, p):
    """Staff capacity a service can pay for next quarter, against the old regime.

    clip[(B(1−cut) − C̄ − I_£) / staff cost, 0.4, 1.3] (src-eif)
    """
    return clipped((budget * (1.0 - cut) - demand_cost - programme_cost) / staff_cost, p.capacity_low, p.capacity_high)
