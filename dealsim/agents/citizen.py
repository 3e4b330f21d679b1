"""Citizens: who they are, what moves in them, and the rules by which it moves.

The order of the week and who meets whom stand in `dealsim.week`; here one person is described at a time.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from dealsim.calendar import WEEKS_A_MONTH
from dealsim.compiled import compiled
from dealsim.curves import clipped, exponential
from dealsim.declare import Column, Parameter

NEED_LEVELS = ("none", "emerging", "acute", "crisis")
AGE_BANDS = ("0–14", "15", "16–19", "20–34", "35–49", "50–64", "65–74", "75–84", "85+")
FIRST_ADULT_BAND = 2
"""From this band on a citizen is 16 or over: surveyed, and free to volunteer."""
OLDER_BAND = 6
"""From this band on a citizen is 65 or over."""


# A declaration a line reads as a table.
# fmt: off
class CitizenColumns(NamedTuple):
    """One row a citizen."""

    id: Annotated[np.ndarray, Column("Permanent number", "number", np.int32, fixed=True)]
    neighbourhood: Annotated[np.ndarray, Column("Neighbourhood", "row", np.int32, fixed=True)]
    cell: Annotated[np.ndarray, Column("Cell of about 1,500 people", "number", np.int32, fixed=True)]
    household: Annotated[np.ndarray, Column("Household", "number", np.int32, fixed=True)]
    speaks_for: Annotated[np.ndarray, Column("Row of the adult who seeks help for this person", "row", np.int32, fixed=True)]
    place: Annotated[np.ndarray, Column("Place", "row", np.int8, fixed=True)]
    patch: Annotated[np.ndarray, Column("Number of the cell within its place: decides the team", "number", np.int32, 0, fixed=True)]
    fifth: Annotated[np.ndarray, Column("National deprivation fifth, 0 the most deprived", "0–4", np.int8, 0, 4, fixed=True)]
    age_band: Annotated[np.ndarray, Column("Age band", "0–8", np.int8, 0, 8, fixed=True)]
    deprivation: Annotated[np.ndarray, Column("Deprivation of the neighbourhood", "0 least – 1 most", np.float32, 0, 1, fixed=True, symbol="d")]
    long_term_condition: Annotated[np.ndarray, Column("Lives with a limiting long-term condition", "0 or 1", np.int8, 0, 1, fixed=True)]
    carer: Annotated[np.ndarray, Column("Cares for someone without pay", "0 or 1", np.int8, 0, 1, fixed=True)]
    agency_home: Annotated[np.ndarray, Column("Agency the person returns to", "0–1", np.float32, 0, 1, fixed=True, symbol="a⁰")]
    trust_home: Annotated[np.ndarray, Column("Trust the person returns to", "0–1", np.float32, 0, 1, fixed=True, symbol="τ⁰")]
    wellbeing_home: Annotated[np.ndarray, Column("Wellbeing set-point", "0–10 (ONS life satisfaction)", np.float32, fixed=True, symbol="w⁰")]
    need: Annotated[np.ndarray, Column("Level of need", "0 none – 3 crisis", np.int8, 0, 3, symbol="ℓ")]
    parts: Annotated[np.ndarray, Column("Parts of the need", "0–3", np.int8, 0, 3)]
    part_open: Annotated[np.ndarray, Column("Which parts are still open", "0 or 1", np.int8, 0, 1, per=3)]
    part_service: Annotated[np.ndarray, Column("Service each part belongs to", "row", np.int16, 0, None, per=3)]
    part_fits: Annotated[np.ndarray, Column("Whether the standard offer fits each part (hidden)", "0 or 1", np.int8, 0, 1, per=3, symbol="M")]
    part_now: Annotated[np.ndarray, Column("Part being worked on", "0–2", np.int8, 0, 2)]
    part_last_solved: Annotated[np.ndarray, Column("Part solved last, −1 for none", "−1 to 2", np.int8, -1, 2)]
    episode: Annotated[np.ndarray, Column("Episodes of need so far", "number", np.int32, 0)]
    contacts: Annotated[np.ndarray, Column("Contacts in this episode", "number", np.int16, 0)]
    in_contact: Annotated[np.ndarray, Column("A service is dealing with this need", "0 or 1", np.int8, 0, 1)]
    referred: Annotated[np.ndarray, Column("Has a live referral to another service", "0 or 1", np.int8, 0, 1)]
    known_to_groups: Annotated[np.ndarray, Column("Groups know of this need: sent on at the door, linked, or met with a partner in the huddle", "0 or 1", np.int8, 0, 1)]
    first_contact: Annotated[np.ndarray, Column("Week of the first contact of this episode, or −1,000,000", "week", np.int32)]
    last_met: Annotated[np.ndarray, Column("Week of the last meeting with a worker, or −1,000,000", "week", np.int32)]
    met_this_episode: Annotated[np.ndarray, Column("Has met a worker in this episode", "0 or 1", np.int8, 0, 1)]
    last_seen: Annotated[np.ndarray, Column("Week in which the person last met a worker, for herself or a child, or −1,000,000", "week", np.int32)]
    last_changed: Annotated[np.ndarray, Column("Week of the person's last changed conversation, for herself or a child, or −1,000,000", "week", np.int32)]
    agency: Annotated[np.ndarray, Column("Agency: confidence to act", "0–1", np.float32, 0, 1, symbol="a")]
    trust: Annotated[np.ndarray, Column("Trust in local services", "0–1", np.float32, 0, 1, symbol="τ")]
    expectation: Annotated[np.ndarray, Column("Expectation of the next contact", "0–1", np.float32, 0, 1, symbol="e")]
    wellbeing: Annotated[np.ndarray, Column("Wellbeing", "0–10 (ONS life satisfaction)", np.float32, 0, 10, symbol="w")]
    volunteer: Annotated[np.ndarray, Column("Volunteers", "0 or 1", np.int8, 0, 1)]
    group: Annotated[np.ndarray, Column("Group the person volunteers in, or −1", "row", np.int32, -1)]
    support: Annotated[np.ndarray, Column("Support from ties, taken anew each month", "0–1", np.float32, 0, 1, symbol="S")]
    arrival: Annotated[np.ndarray, Column("Chance that a need arrives in a week, taken anew each month", "per week", np.float32, 0, 1, symbol="λ")]
# fmt: on


NEVER = -1_000_000
"""The week of something that has not happened."""


# A declaration a line reads as a table.
# fmt: off
class CitizenParameters(NamedTuple):
    """How needs arise and move in citizens, and what contact does to them."""

    arrival_base: Annotated[float, Parameter("Need arrives, at the middle of deprivation", "per week", 0.002, 0.012, "src-asc", "calibrated", "λ0")] = 0.0069
    arrival_deprivation: Annotated[float, Parameter("How much more need in deprived areas", "log per unit of deprivation", 0, 2.3, "src-bywaters", "calibrated", "γ_d")] = 1.64
    arrival_older: Annotated[float, Parameter("How much more need at 65 and over", "log", -1, 1.5, "src-asc", "calibrated", "γ_age65")] = -0.082
    arrival_young: Annotated[float, Parameter("How much less need under 16", "log", -1.5, 1, "src-choice", "assumed", "γ_young")] = -0.4
    arrival_condition: Annotated[float, Parameter("How much more need with a long-term condition", "log", 0, 1.5, "src-choice", "assumed", "γ_ltc")] = 0.7
    arrival_carer: Annotated[float, Parameter("How much more need for unpaid carers", "log", -0.5, 1, "src-choice", "assumed", "γ_carer")] = 0.1
    arrival_wellbeing: Annotated[float, Parameter("How far wellbeing protects from need", "log per point", 0, 0.3, "src-choice", "assumed", "γ_w")] = 0.10
    wellbeing_middle: Annotated[float, Parameter("Wellbeing at which it neither protects nor harms", "0–10 (ONS life satisfaction)", 7, 8, "src-ons-wellbeing", "published", "w̄")] = 7.5
    weight_health: Annotated[float, Parameter("Needs that are about health", "weight", 0, 1, "src-choice", "assumed", "share 1")] = 0.20
    weight_adult_social_care: Annotated[float, Parameter("Needs that are about adult social care", "weight", 0, 1, "src-calibration", "calibrated", "share 2")] = 0.0509
    weight_children_and_families: Annotated[float, Parameter("Needs that are about children and families", "weight", 0, 1, "src-calibration", "calibrated", "share 3")] = 0.0911
    weight_housing: Annotated[float, Parameter("Needs that are about housing", "weight", 0, 1, "src-choice", "assumed", "share 4")] = 0.16
    weight_police: Annotated[float, Parameter("Needs that are about safety", "weight", 0, 1, "src-choice", "assumed", "share 5")] = 0.14
    weight_employment_and_welfare: Annotated[float, Parameter("Needs that are about work and welfare", "weight", 0, 1, "src-choice", "assumed", "share 6")] = 0.16
    care_older: Annotated[float, Parameter("How much more of need is about adult social care at 65 and over", "log", 0, 4, "src-asc", "calibrated", "γ_care")] = 2.66
    two_parts: Annotated[float, Parameter("Share of needs with two parts", "share of needs", 0, 0.5, "src-choice", "assumed", "P(m=2)")] = 0.35
    three_parts: Annotated[float, Parameter("Share of needs with three parts", "share of needs", 0, 0.4, "src-calibration", "calibrated", "P(m=3)")] = 0.153
    resolve_emerging: Annotated[float, Parameter("Emerging need put right without a service", "per week", 0.01, 0.10, "src-calibration", "calibrated", "ρ_1")] = 0.0305
    resolve_acute: Annotated[float, Parameter("Acute need put right without a service", "per week", 0, 0.03, "src-calibration", "calibrated", "ρ_2")] = 0.0242
    support_strength: Annotated[float, Parameter("How much support from ties helps", "times", 0, 2, "src-choice", "assumed", "k_S")] = 1.0
    agency_slope: Annotated[float, Parameter("How much agency helps against need", "log per unit of agency", 0, 1.6, "src-pam", "calibrated", "γ_a")] = 0.108
    group_help_emerging: Annotated[float, Parameter("Emerging need put right by groups at full coverage", "per week", 0, 0.15, "src-social-prescribing", "calibrated", "g_1")] = 0.0423
    group_help_acute: Annotated[float, Parameter("Acute need put right by groups at full coverage", "per week", 0, 0.06, "src-social-prescribing", "calibrated", "g_2")] = 0.00791
    escalate_emerging: Annotated[float, Parameter("Unserved emerging need becomes acute", "per week", 0.004, 0.04, "src-elsa", "assumed", "ε_1")] = 0.0075
    escalate_acute: Annotated[float, Parameter("Unserved acute need becomes a crisis", "per week", 0.002, 0.05, "src-elsa", "assumed", "ε_2")] = 0.0040
    seek_emerging: Annotated[float, Parameter("First contact with an emerging need", "per week", 0.015, 0.06, "src-clement", "calibrated", "s_1")] = 0.0575
    seek_acute: Annotated[float, Parameter("First contact with an acute need", "per week", 0.05, 0.2, "src-clement", "assumed", "s_2")] = 0.08
    seek_crisis: Annotated[float, Parameter("Contact in a crisis", "per week", 0.45, 1, "src-choice", "assumed", "s_3")] = 0.9
    seek_trust: Annotated[float, Parameter("How much trust brings people forward", "log per unit of trust", 0, 3, "src-clement", "published", "γ_τ")] = 1.0
    seek_again: Annotated[float, Parameter("Repeat contact while unresolved", "per week", 0.03, 0.3, "src-asc-repeat", "calibrated", "s_re")] = 0.0538
    reopening: Annotated[float, Parameter("A solved part re-opens while another is open", "per week", 0, 0.1, "src-choice", "assumed", "re-opening")] = 0.04
    trust_gain: Annotated[float, Parameter("Trust moved by one experience", "per contact", 0.02, 0.3, "src-skogan", "assumed", "η")] = 0.25
    trust_asymmetry: Annotated[float, Parameter("Weight of a bad experience against a good one", "times", 1, 8, "src-skogan", "calibrated", "Λ")] = 6.53
    trust_home_mean: Annotated[float, Parameter("Mean of the trust people return to", "0–1", 0.5, 0.95, "src-lga-trust", "calibrated", "τ⁰")] = 0.81
    trust_home_spread: Annotated[float, Parameter("Spread of the trust people return to", "0–1", 0.05, 0.25, "src-choice", "assumed", "SD(τ⁰)")] = 0.14
    trust_start: Annotated[float, Parameter("Trust at the start of burn-in, against home", "0–1", -0.4, 0.1, "src-choice", "assumed", "τ start")] = -0.19
    trust_return: Annotated[float, Parameter("Trust returns to a personal level", "per week", 0, 0.02, "src-calibration", "calibrated", "ρ_τ")] = 0.00629
    trust_contagion: Annotated[float, Parameter("Trust drawn to that of one's ties", "per month", 0, 0.1, "src-degroot", "published", "ω")] = 0.05
    expectation_gain: Annotated[float, Parameter("Expectation moved by one experience", "per contact", 0, 0.3, "src-edm", "assumed", "e gain")] = 0.15
    expectation_drift: Annotated[float, Parameter("Expectation drifts to trust", "per week", 0, 0.02, "src-choice", "assumed", "e drift")] = 0.006
    message_gain: Annotated[float, Parameter("Expectation raised by a message that is heard", "per message", 0, 0.1, "src-campaigns", "published", "gain")] = 0.056
    message_base: Annotated[float, Parameter("How far a message is believed without any trust", "0–1", 0, 1, "src-choice", "assumed", "0.3")] = 0.3
    agency_up: Annotated[float, Parameter("Agency gained when a departure solves a part", "per part", 0, 0.06, "src-choice", "assumed", "δ_a")] = 0.03
    agency_down: Annotated[float, Parameter("Agency lost to standard help (doing to, not with)", "per part", 0, 0.03, "src-choice", "assumed", "δ_dep")] = 0.005
    agency_return: Annotated[float, Parameter("Agency returns to a personal level", "per week", 0, 0.03, "src-big-local", "assumed", "a return")] = 0.008
    agency_volunteering: Annotated[float, Parameter("Agency gained by volunteering", "per month", 0, 0.02, "src-big-local", "assumed", "a vol")] = 0.003
    agency_champion: Annotated[float, Parameter("Agency a champion passes to a tie in need", "per month", 0, 0.02, "src-choice", "assumed", "a champ")] = 0.004
    agency_devolved: Annotated[float, Parameter("Agency gained by those who take part in devolved choices", "per month", 0, 0.02, "src-big-local", "assumed", "a devolve")] = 0.003
    agency_home_mean: Annotated[float, Parameter("Mean agency", "0–1", 0.4, 0.7, "src-pam", "calibrated", "a⁰")] = 0.528
    agency_home_spread: Annotated[float, Parameter("Spread of agency between people", "0–1", 0.05, 0.25, "src-pam", "calibrated", "SD(a⁰)")] = 0.243
    wellbeing_pull: Annotated[float, Parameter("Wellbeing returns to its set-point", "per week", 0.005, 0.02, "src-lucas", "assumed", "θ")] = 0.0085
    wellbeing_noise: Annotated[float, Parameter("Spread of slow swings in wellbeing", "points", 0.7, 1.3, "src-lucas", "published", "SD_AR")] = 1.10
    wellbeing_home_mean: Annotated[float, Parameter("Mean wellbeing set-point", "0–10 (ONS life satisfaction)", 7, 8.2, "src-ons-wellbeing", "calibrated", "w⁰")] = 7.85
    wellbeing_home_spread: Annotated[float, Parameter("Spread of the set-point between people", "points", 0.8, 1.6, "src-lucas", "published", "SD(w⁰)")] = 1.2
    wellbeing_home_slope: Annotated[float, Parameter("Set-point against deprivation", "points per unit", -1, 0, "src-ons-wellbeing", "calibrated", "w⁰(d)")] = -0.462
    occasion_noise: Annotated[float, Parameter("Spread of the mood of the day in a survey answer", "points", 0.5, 1.5, "src-lucas", "published", "SD_occ")] = 1.05
    cost_emerging: Annotated[float, Parameter("Wellbeing lost to an emerging need", "points", 0.25, 0.75, "src-need-cost", "assumed", "c_1")] = 0.5
    cost_acute: Annotated[float, Parameter("Wellbeing lost to an acute need", "points", 0.5, 1.5, "src-need-cost", "assumed", "c_2")] = 1.0
    cost_crisis: Annotated[float, Parameter("Wellbeing lost to a crisis", "points", 0.9, 2.7, "src-need-cost", "assumed", "c_3")] = 1.8
    agency_wellbeing: Annotated[float, Parameter("Wellbeing from agency", "points per unit", 0.3, 1.5, "src-big-local", "assumed", "c_a")] = 1.0
    volunteer_wellbeing: Annotated[float, Parameter("Wellbeing from volunteering", "points", 0, 0.3, "src-tabassum", "published", "c_v")] = 0.12
    support_wellbeing: Annotated[float, Parameter("Wellbeing from support by ties", "points per unit", 0, 0.8, "src-seifert", "assumed", "c_s")] = 0.4
    joining_base: Annotated[float, Parameter("Starts to volunteer unasked", "per week", 0, 0.005, "src-bls-asked", "calibrated", "r_0")] = 0.00175
    joining_one: Annotated[float, Parameter("Added when one tie volunteers", "per week", 0, 0.003, "src-bls-asked", "calibrated", "r_1")] = 0.000968
    joining_two: Annotated[float, Parameter("Added when two or more ties volunteer", "per week", 0, 0.005, "src-bls-asked", "calibrated", "r_2")] = 0.000701
    joining_unsure: Annotated[float, Parameter("How readily people without agency join, against the middle", "times", 0, 1, "src-choice", "assumed", "0.4")] = 0.4
    joining_agency: Annotated[float, Parameter("How much more readily the confident join", "times per unit", 0, 2, "src-choice", "assumed", "1.2")] = 1.2
    joining_hopeless: Annotated[float, Parameter("How readily people who expect nothing join, against those who expect half", "times", 0, 1, "src-choice", "assumed", "½ join")] = 0.5
    volunteer_ceiling: Annotated[float, Parameter("Most that would ever volunteer", "share of people 16 and over", 0.3, 0.7, "src-calibration", "calibrated", "V_max")] = 0.564
    volunteer_start: Annotated[float, Parameter("Volunteers at the start of burn-in", "share of people 16 and over", 0.1, 0.4, "src-community-life", "published", "V start")] = 0.22
    volunteer_leaving: Annotated[float, Parameter("Stops volunteering", "per week", 0.005, 0.010, "src-volunteer-retention", "calibrated", "ν")] = 0.0054
    volunteer_overload: Annotated[float, Parameter("How much overload drives volunteers away", "times", 0, 2, "src-choice", "assumed", "υ")] = 0.5
    overload_counts: Annotated[float, Parameter("Most that overload counts for a volunteer who thinks of leaving", "times over", 1, 5, "src-choice", "assumed", "2 overload")] = 2.0
    volunteer_moves_on: Annotated[float, Parameter("Volunteers of a closed group who look for another nearby", "share", 0, 1, "src-choice", "assumed", "half move on")] = 0.5
    volunteer_own_need: Annotated[float, Parameter("Leaving when one's own need is acute", "times", 1, 6, "src-choice", "assumed", "3 if ℓ≥2")] = 3.0
    experience_departure: Annotated[float, Parameter("Experience: solved by a departure from the menu", "0–1", 0.8, 1, "src-edm", "assumed", "x")] = 1.0
    experience_menu: Annotated[float, Parameter("Experience: solved by the standard offer", "0–1", 0.6, 1, "src-edm", "assumed", "x")] = 0.8
    experience_tried: Annotated[float, Parameter("Experience: something else tried, not solved", "0–1", 0.2, 0.6, "src-edm", "assumed", "x")] = 0.4
    experience_unsolved: Annotated[float, Parameter("Experience: not solved", "0–1", 0.1, 0.4, "src-edm", "assumed", "x")] = 0.25
    experience_heard_only: Annotated[float, Parameter("Experience: heard, then given the same menu again", "0–1", 0, 0.5, "src-edm", "assumed", "x")] = 0.05
    experience_turned_away: Annotated[float, Parameter("Experience: turned away", "0–1", 0, 0.3, "src-edm", "assumed", "x")] = 0.1
# fmt: on


@compiled
def arrival_chance(deprivation, older, young, condition, carer, wellbeing, p):
    """Chance that a need arrives in a week for someone without one.

    λ = λ0·exp[γ_d(d−½) + γ_age + γ_ltc·condition + γ_carer·carer − γ_w(w−w̄)], at most 1 (src-bywaters)
    """
    return min(
        1.0,
        p.arrival_base
        * exponential(
            p.arrival_deprivation * (deprivation - 0.5)
            + p.arrival_older * older
            + p.arrival_young * young
            + p.arrival_condition * condition
            + p.arrival_carer * carer
            - p.arrival_wellbeing * (wellbeing - p.wellbeing_middle)
        ),
    )


@compiled
def need_weight(weight, is_care, older, p):
    """How readily a part of a need is of one kind: at 65 and over more of it is about adult social care.

    weight·exp(γ_care·older) for adult social care, weight for every other kind (src-asc)
    """
    return weight * exponential(p.care_older * older) if is_care else weight


@compiled
def parts_of_need(u, p):
    """How many parts a new need has.

    m = 3 if u < P(3), 2 if u < P(3)+P(2), else 1 (src-choice)
    """
    if u < p.three_parts:
        return 3
    if u < p.three_parts + p.two_parts:
        return 2
    return 1


@compiled
def resolution_chance(need, agency, support, coverage, p):
    """Chance that a need below crisis is put right in a week without a service.

    ρ = ρ_ℓ·exp[γ_a(a−½)]·(½ + k_S·S) + g_ℓ·cov, clipped to 0–1; 0 in a crisis (src-pam, src-social-prescribing)
    """
    if need == 1:
        own, group = p.resolve_emerging, p.group_help_emerging
    elif need == 2:
        own, group = p.resolve_acute, p.group_help_acute
    else:
        return 0.0
    return clipped(
        own * exponential(p.agency_slope * (agency - 0.5)) * (0.5 + p.support_strength * support) + group * coverage,
        0.0,
        1.0,
    )


@compiled
def escalation_chance(need, agency, p):
    """Chance that an unserved need gets worse in a week.

    ε = ε_ℓ·exp[−γ_a(a−½)], clipped to 0–1; 0 in a crisis (src-elsa, src-pam)
    """
    if need == 1:
        base = p.escalate_emerging
    elif need == 2:
        base = p.escalate_acute
    else:
        return 0.0
    return clipped(base * exponential(-p.agency_slope * (agency - 0.5)), 0.0, 1.0)


@compiled
def seeking_chance(need, in_contact, referred, trust, p):
    """Chance that someone in need contacts a service in a week.

    referred: 1; crisis: s_3; unresolved after contact: s_re; else s_ℓ·exp[γ_τ(τ−½)], clipped to 0–1 (src-clement)
    """
    if referred:
        return 1.0
    if need == 3:
        return p.seek_crisis
    if in_contact:
        return p.seek_again
    base = p.seek_emerging if need == 1 else p.seek_acute
    return clipped(base * exponential(p.seek_trust * (trust - 0.5)), 0.0, 1.0)


@compiled
def experience_of(solved, departed, tried, heard, p):
    """How a citizen lives one attempt at one part, from 0 to 1.

    solved by departure 1.0; by menu 0.8; tried 0.4; heard but given the same menu 0.05; else 0.25 (src-edm)
    """
    if solved:
        return p.experience_departure if departed else p.experience_menu
    if tried:
        return p.experience_tried
    if heard:
        return p.experience_heard_only
    return p.experience_unsolved


@compiled
def trust_after_contact(trust, expectation, experience, p):
    """Trust after one experience: it comes on foot and leaves on horseback.

    τ' = τ + η(x−e)₊(1−τ) − Λ·η(e−x)₊τ, clipped to 0–1 (src-skogan)
    """
    gap = experience - expectation
    if gap > 0.0:
        moved = trust + p.trust_gain * gap * (1.0 - trust)
    else:
        moved = trust + p.trust_asymmetry * p.trust_gain * gap * trust
    return clipped(moved, 0.0, 1.0)


@compiled
def expectation_after_contact(expectation, experience, p):
    """Expectation after one experience.

    e' = e + 0.15(x−e) (src-edm)
    """
    return expectation + p.expectation_gain * (experience - expectation)


@compiled
def trust_after_month(trust, neighbours, home, p):
    """Trust after a month of talk with one's ties and a slow return to a personal level.

    τ' = τ + ω(τ̄−τ) + 4ρ_τ(τ⁰−τ) (src-degroot)
    """
    return clipped(
        trust + p.trust_contagion * (neighbours - trust) + WEEKS_A_MONTH * p.trust_return * (home - trust), 0.0, 1.0
    )


@compiled
def expectation_after_month(expectation, trust, reach, clarity, p):
    """Expectation after a month: the council's words raise it, as far as they are heard, understood and believed.

    e' = e + reach·clarity·gain·(0.3+0.7τ)(1−e) + 4·drift·(τ−e) (src-campaigns)
    """
    believed = p.message_base + (1.0 - p.message_base) * trust
    heard = reach * clarity * p.message_gain * believed
    return clipped(
        expectation + heard * (1.0 - expectation) + WEEKS_A_MONTH * p.expectation_drift * (trust - expectation),
        0.0,
        1.0,
    )


@compiled
def agency_after_help(agency, departed, p):
    """Agency after a part was solved: working with people builds it, doing things to them wears it down.

    by departure a' = a + δ_a(1−a); by standard help a' = a − δ_dep·a (src-choice)
    """
    if departed:
        return agency + p.agency_up * (1.0 - agency)
    return agency - p.agency_down * agency


@compiled
def agency_after_month(agency, home, volunteers, champions, devolved, p):
    """Agency after a month: slow return home, plus volunteering, champions among ties, and a say in the place.

    a' = a + 4·return·(a⁰−a) + (a_vol·volunteer + a_champ·champions + a_devolve·D)(1−a) (src-big-local)
    """
    gained = p.agency_volunteering * volunteers + p.agency_champion * champions + p.agency_devolved * devolved
    return clipped(agency + WEEKS_A_MONTH * p.agency_return * (home - agency) + gained * (1.0 - agency), 0.0, 1.0)


@compiled
def need_cost(need, p):
    """Wellbeing lost to a need of that level.

    c_ℓ (src-need-cost)
    """
    if need == 0:
        return 0.0
    if need == 1:
        return p.cost_emerging
    if need == 2:
        return p.cost_acute
    return p.cost_crisis


@compiled
def wellbeing_target(home, need, agency, volunteers, support, p):
    """The wellbeing a person is drawn to now.

    w* = w⁰ − c_ℓ + c_a(a−½) + c_v·volunteer + c_s(S−½) (src-need-cost, src-tabassum, src-seifert)
    """
    return (
        home
        - need_cost(need, p)
        + p.agency_wellbeing * (agency - 0.5)
        + p.volunteer_wellbeing * volunteers
        + p.support_wellbeing * (support - 0.5)
    )


@compiled
def wellbeing_after_month(wellbeing, target, noise, pull, spread):
    """Wellbeing after a month of four weeks.

    w' = w + pull·(w*−w) + spread·ξ, clipped to 0–10, with pull = 1−(1−θ)⁴ and spread = SD_AR·√(2θ·4) (src-lucas)
    """
    return clipped(wellbeing + pull * (target - wellbeing) + spread * noise, 0.0, 10.0)


@compiled
def survey_answer(wellbeing, noise, p):
    """What someone says in a survey that day: a whole number from 0 to 10.

    round(clip(w + SD_occ·ξ, 0, 10)) (src-lucas)
    """
    return np.floor(clipped(wellbeing + p.occasion_noise * noise, 0.0, 10.0) + 0.5)


@compiled
def joining_chance(agency, expectation, volunteer_ties, reach, p):
    """Chance that someone starts to volunteer in a month, before the ceiling is applied.

    4·(r_0 + r_1[k≥1] + r_2[k≥2])·(0.4+1.2a)(½+e)·reach, clipped to 0–1; reach = M_n·(1−V_share/V_max) (src-bls-asked)
    """
    hazard = p.joining_base
    if volunteer_ties >= 1.0:
        hazard += p.joining_one
    if volunteer_ties >= 2.0:
        hazard += p.joining_two
    ready = (p.joining_unsure + p.joining_agency * agency) * (p.joining_hopeless + expectation)
    return clipped(WEEKS_A_MONTH * hazard * ready * reach, 0.0, 1.0)


@compiled
def leaving_chance(load, coordination, need, p):
    """Chance that a volunteer stops in a month: sooner in an overloaded group or with an acute need of one's own.

    4·ν[1+υ·min(2,(load−1)₊)]/√M_n ·(3 if ℓ≥2), clipped to 0–1 (src-volunteer-retention)
    """
    overload = min(p.overload_counts, max(0.0, load - 1.0))
    hazard = p.volunteer_leaving * (1.0 + p.volunteer_overload * overload) / np.sqrt(coordination)
    if need >= 2:
        hazard *= p.volunteer_own_need
    return clipped(WEEKS_A_MONTH * hazard, 0.0, 1.0)
