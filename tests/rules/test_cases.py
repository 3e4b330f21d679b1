"""Hand sums: what each rule gives in a case one can reckon on paper, with round numbers of its own.

The numbers are given here and not read from the defaults, so that calibration moves no case.
"""

from __future__ import annotations

import math

import pytest

from dealsim.agents.citizen import CitizenParameters
from dealsim.agents.group import GroupParameters
from dealsim.agents.service import ServiceParameters
from dealsim.agents.staff import StaffParameters
from dealsim.compiled import interpreted
from dealsim.declare import parameters_of
from tests.strategies import RULES, arguments_of, takes_parameters

CITIZEN = CitizenParameters()._replace(
    care_older=2.0,
    arrival_base=0.01, arrival_deprivation=1.0, arrival_older=0.5, arrival_young=-0.5, arrival_condition=0.7,
    arrival_carer=0.1, arrival_wellbeing=0.1, wellbeing_middle=7.5, two_parts=0.35, three_parts=0.10,
    resolve_emerging=0.02, resolve_acute=0.01, support_strength=1.0, agency_slope=1.0, group_help_emerging=0.03,
    group_help_acute=0.01, escalate_emerging=0.008, escalate_acute=0.004, seek_emerging=0.04, seek_acute=0.08,
    seek_crisis=0.9, seek_trust=1.0, seek_again=0.05, trust_gain=0.2, trust_asymmetry=3.0, trust_return=0.005,
    trust_contagion=0.05, expectation_gain=0.15, expectation_drift=0.005, message_gain=0.05, message_base=0.3,
    agency_up=0.03, agency_down=0.01, agency_return=0.01, agency_volunteering=0.003, agency_champion=0.004,
    agency_devolved=0.002, occasion_noise=1.0, cost_emerging=0.5, cost_acute=1.0, cost_crisis=1.8,
    agency_wellbeing=1.0, volunteer_wellbeing=0.1, support_wellbeing=0.4, joining_base=0.003, joining_one=0.001,
    joining_two=0.002, volunteer_leaving=0.01, volunteer_overload=0.5, volunteer_own_need=3.0,
    experience_departure=1.0, experience_menu=0.8, experience_tried=0.4, experience_unsolved=0.25,
    experience_heard_only=0.05,
)  # fmt: skip
STAFF = StaffParameters()._replace(
    base_willingness=-0.4, by_permission=3.0, by_value=2.0, by_norm=4.0, by_hope=1.0, by_fear=4.0, norm_middle=0.3, norm_pace=0.05,
    reveal_unskilled=0.1, reveal_skilled=0.8, fear_own=0.5, fear_seen=0.2, fear_contagion=0.05, fear_decay=0.01,
    fear_backing=0.05, credibility_up=0.02, credibility_down=0.05, credibility_return=0.01, permission_told=0.01,
    permission_peers=0.02, permission_campaign=0.04, skill_practice=0.01, skill_peers=0.01, skill_training=0.06,
    skill_decay=0.01, value_pace=0.1, hope_pace=0.02, hope_base=0.4, hope_success=0.6, hope_willingness=0.1,
    hope_trusted=0.1, hope_fear=0.3, hope_overload=0.2, heard_without_trust=0.3, turnover=0.13, turnover_hope=1.5,
    time_of_departure=1.4, caseload_full=25.0, session_hours=8.0, working_hours=35.0,
    newcomer_takes_over=0.5, newcomer_fear=0.1,
)  # fmt: skip
SERVICE = ServiceParameters()._replace(
    solve_menu=0.75, solve_bespoke=0.6, solve_blind=0.15, solve_again=0.05, solve_listening=0.1, community_part=0.4,
    know_how_helps=0.1, handoff_loss=0.4, handoff_joint=0.5, handoff_devolved=0.5, joint_needs_willing=1.0,
    incident_base=0.03, incident_crisis=2.0, incident_novice=1.0, incident_revealed=0.7, incident_blind=1.3,
    report_unafraid=0.9, procedure_shields=0.15, blame_pace=0.01, pressure=0.5, pressure_from=1.2, salience_pace=0.02,
    know_how_gain=0.02, know_how_loss=0.01, menu_learning=0.01, menu_forgetting=0.01, leader_convinced=0.04,
    leader_slowness=6.5, judgement_spread=0.4, capacity_low=0.4, capacity_high=1.3,
)  # fmt: skip
GROUP = GroupParameters()._replace(
    needs_per_volunteer=0.25, known=0.3, signposting=0.2, coordination=0.15, income_memory=0.8, income_noise=0.1,
    reserve_ceiling=18.0, crowding=-0.5, grant_reach=0.5, fewest_volunteers=3.0, grace=52.0, births=0.039,
    births_seed=0.026, idle_capacity=0.0, load_unserved=3.0,
)  # fmt: skip
P = {"citizen": CITIZEN, "staff": STAFF, "service": SERVICE, "group": GROUP}
E = math.e

CASES = [
    ("in the middle of everything a need arrives at its base", "citizen.arrival_chance", (0.5, 0, 0, 0, 0, 7.5), 0.01),
    ("half a unit more deprived is e to the half more need", "citizen.arrival_chance", (1.0, 0, 0, 0, 0, 7.5),
     0.01 * E**0.5),
    ("old, ill and caring add up", "citizen.arrival_chance", (0.5, 1, 0, 1, 1, 7.5), 0.01 * E**1.3),
    ("a point less wellbeing is a tenth more need", "citizen.arrival_chance", (0.5, 0, 0, 0, 0, 6.5), 0.01 * E**0.1),
    ("at 65 more of need is about social care", "citizen.need_weight", (0.1, True, 1.0), 0.1 * E**2),
    ("under 65 it is not", "citizen.need_weight", (0.1, True, 0.0), 0.1),
    ("age does not make housing weigh more", "citizen.need_weight", (0.1, False, 1.0), 0.1),
    ("a low draw makes three parts", "citizen.parts_of_need", (0.05,), 3),
    ("a middling draw makes two", "citizen.parts_of_need", (0.10,), 2),
    ("a high draw makes one", "citizen.parts_of_need", (0.46,), 1),
    ("someone middling without support puts half of the base right", "citizen.resolution_chance", (1, 0.5, 0, 0), 0.01),
    ("support of one half makes it the base", "citizen.resolution_chance", (1, 0.5, 0.5, 0), 0.02),
    ("groups at full coverage add their part", "citizen.resolution_chance", (2, 0.5, 0.5, 1), 0.02),
    ("a crisis is not put right without a service", "citizen.resolution_chance", (3, 1, 1, 1), 0.0),
    ("full agency slows escalation by e to the half", "citizen.escalation_chance", (1, 1.0), 0.008 / E**0.5),
    ("an acute need escalates at its own pace", "citizen.escalation_chance", (2, 0.5), 0.004),
    ("a crisis gets no worse", "citizen.escalation_chance", (3, 0.0), 0.0),
    ("a live referral is kept", "citizen.seeking_chance", (1, True, True, 0.0), 1.0),
    ("a crisis brings people whatever they think", "citizen.seeking_chance", (3, False, False, 0.0), 0.9),
    ("who waits comes again", "citizen.seeking_chance", (2, True, False, 0.0), 0.05),
    ("full trust brings e to the half more", "citizen.seeking_chance", (1, False, False, 1.0), 0.04 * E**0.5),
    ("an acute need at middling trust", "citizen.seeking_chance", (2, False, False, 0.5), 0.08),
    ("solved by a departure is the best", "citizen.experience_of", (True, True, True, True), 1.0),
    ("solved by the menu", "citizen.experience_of", (True, False, False, False), 0.8),
    ("tried but not solved", "citizen.experience_of", (False, True, True, True), 0.4),
    ("heard, then given the same menu again, is worst", "citizen.experience_of", (False, False, False, True), 0.05),
    ("not solved", "citizen.experience_of", (False, False, False, False), 0.25),
    ("a good surprise of 0.5 lifts a trust of 0.5 by 0.05", "citizen.trust_after_contact", (0.5, 0.5, 1.0), 0.55),
    ("a bad one of 0.5 costs three times that", "citizen.trust_after_contact", (0.5, 0.5, 0.0), 0.35),
    ("a bad meeting costs a trusting citizen more than a wary one", "citizen.trust_after_contact", (0.8, 0.5, 0.0),
     0.56),
    ("expectation goes 15 % of the way", "citizen.expectation_after_contact", (0.6, 0.2), 0.54),
    ("a month of talk and home", "citizen.trust_after_month", (0.5, 0.7, 0.9), 0.5 + 0.01 + 0.008),
    ("a message heard by a trusting citizen", "citizen.expectation_after_month", (0.5, 1.0, 1.0, 0.5),
     0.5 + 0.5 * 0.05 * 0.5 + 0.01),
    ("a message heard without trust counts three tenths", "citizen.expectation_after_month", (0.0, 0.0, 1.0, 1.0),
     0.015),
    ("a departure builds agency", "citizen.agency_after_help", (0.5, True), 0.515),
    ("standard help wears it down", "citizen.agency_after_help", (0.5, False), 0.495),
    ("a volunteer with two champions and a say", "citizen.agency_after_month", (0.5, 0.5, 1, 2, 1), 0.5065),
    ("agency returns 4 % of the way in a month", "citizen.agency_after_month", (0.5, 1.0, 0, 0, 0), 0.52),
    ("no need costs nothing", "citizen.need_cost", (0,), 0.0),
    ("a crisis costs most", "citizen.need_cost", (3,), 1.8),
    ("a confident, supported volunteer with an acute need", "citizen.wellbeing_target", (7.5, 2, 0.7, 1, 1.0),
     7.5 - 1.0 + 0.2 + 0.1 + 0.2),
    ("wellbeing goes a tenth of the way, and swings", "citizen.wellbeing_after_month", (7.0, 8.0, 1.0, 0.1, 0.3), 7.4),
    ("wellbeing stops at ten", "citizen.wellbeing_after_month", (9.9, 12.0, 3.0, 0.1, 0.3), 10.0),
    ("a survey answer is a whole number", "citizen.survey_answer", (7.2, 0.5), 8.0),
    ("nobody answers eleven", "citizen.survey_answer", (9.9, 3.0), 10.0),
    ("unasked, middling, hopeful: four weeks of the base", "citizen.joining_chance", (0.5, 0.5, 0, 1.0), 0.012),
    ("one tie asks", "citizen.joining_chance", (0.5, 0.5, 1, 1.0), 0.016),
    ("two ties ask", "citizen.joining_chance", (0.5, 0.5, 2, 1.0), 0.024),
    ("at the ceiling nobody joins", "citizen.joining_chance", (1.0, 1.0, 9, 0.0), 0.0),
    ("a volunteer leaves at the base pace", "citizen.leaving_chance", (1.0, 1.0, 0), 0.04),
    ("overload of two and more counts as two", "citizen.leaving_chance", (9.0, 1.0, 0), 0.08),
    ("coordination of four halves leaving", "citizen.leaving_chance", (1.0, 4.0, 1), 0.02),
    ("one's own acute need triples it", "citizen.leaving_chance", (0.5, 1.0, 2), 0.12),
    ("without credibility three tenths of the word count", "staff.word_counts", (0.0,), 0.3),
    ("a fully credible word counts", "staff.word_counts", (1.0,), 1.0),
    ("at the middle of everything the intercept decides", "staff.willingness_to_depart", (0, 0.5, 0.3, 0.5, 0, 0.4),
     0.5),
    ("full fear, known permission", "staff.willingness_to_depart", (1.0, 0.5, 0.3, 0.5, 1.0, 0.0),
     1 / (1 + E ** (0.4 - 3 + 4))),
    ("half skill reveals half way", "staff.reveal_chance", (0.5,), 0.45),
    ("one's own sanction", "staff.fear_after_week", (0.2, 1, 0, 0, 0.2), 0.2 + 0.4 - 0.002),
    ("two seen, backed once, in a fearful team", "staff.fear_after_week", (0.5, 0, 2, 1, 0.9),
     0.5 + 0.2 + 0.02 - 0.005 - 0.025),
    ("backing lifts credibility, sanctions cost more", "staff.credibility_after_week", (0.5, 1, 1), 0.5 + 0.01 - 0.025),
    ("a known half, all colleagues know, full campaign", "staff.permission_known_after_week", (0.1, 0.6, 1, 1, 1),
     0.1 + 0.07 * 0.5),
    ("two departures practise, decay takes half", "staff.skill_after_week", (0.5, 2, 0, 0, 0.5, 0), 0.5 + 0.01 - 0.0025),
    ("a session teaches six in a hundred of what is missing", "staff.skill_after_week", (0.0, 0, 0, 0, 0, 1), 0.06),
    ("better peers teach where departing is the custom", "staff.skill_after_week", (0.4, 0, 0.5, 0.8, 1, 0), 0.402),
    ("worse peers teach nothing", "staff.skill_after_week", (0.8, 0, 1, 0.4, 1, 0), 0.8),
    ("belief goes a tenth of the way", "staff.value_after_week", (0.4, 1.0), 0.46),
    ("hope of a successful, trusted, afraid, overloaded worker", "staff.hope_target", (0.5, 0.5, 0.5, 0.5, 1.0),
     0.4 + 0.3 + 0.05 + 0.05 - 0.15 - 0.2),
    ("hope goes two hundredths of the way", "staff.hope_after_week", (0.5, 1.0), 0.51),
    ("25 cases at full capacity are one overload", "staff.overload_of", (25, 1.0), 1.0),
    ("half of that is a sixteenth", "staff.overload_of", (12.5, 1.0), 1 / 16),
    ("overload stops at two", "staff.overload_of", (100, 1.0), 2.0),
    ("half the capacity is twice the cases", "staff.overload_of", (12.5, 0.5), 1.0),
    ("at middling hope a thirteenth of the year's leavers go", "staff.leaving_job_chance", (0.5,), 0.01),
    ("without hope e to three quarters more", "staff.leaving_job_chance", (0.0,), 0.01 * E**0.75),
    ("a norm goes a twentieth of the way", "staff.norm_after_week", (0.2, 0.6), 0.22),
    ("182 hours are a tenth of a year", "staff.training_share", (182,), 0.1),
    ("41.6 hours are a session every ten weeks", "staff.training_chance", (41.6,), 0.1),
    ("eight workers of two slots at full capacity", "staff.team_slots", (2, 1, 0, 0, 1), 16.0),
    ("a tenth in training, half departing unskilled", "staff.team_slots", (2, 1, 0.1, 0.5, 1), 16 * 0.9 / 1.2),
    ("the menu fits", "service.solve_chance", (True, True, True, 0, 0), 0.75),
    ("a bespoke answer without community", "service.solve_chance", (False, True, True, 0, 0), 0.36),
    ("half coverage is community enough", "service.solve_chance", (False, True, True, 0.5, 0), 0.6),
    ("know-how counts up to one", "service.solve_chance", (False, True, True, 0.5, 9.0), 0.7),
    ("acting blind", "service.solve_chance", (False, True, False, 1, 1), 0.15),
    ("the same menu again", "service.solve_chance", (False, False, False, 1, 1), 0.05),
    ("the same menu, but heard", "service.solve_chance", (False, False, True, 1, 1), 0.15),
    ("by the book", "service.incident_chance", (False, False, True, 0.5, 0), 0.03),
    ("in a crisis", "service.incident_chance", (True, False, False, 0.5, 0), 0.06),
    ("a skilled, well-founded departure", "service.incident_chance", (False, True, True, 1.0, 0), 0.021),
    ("a novice departing blind", "service.incident_chance", (False, True, False, 0.0, 0), 0.078),
    ("know-how shrinks what a novice adds", "service.incident_chance", (False, True, True, 0.0, 1.0),
     0.03 * (1 + 1 / E) * 0.7),
    ("half afraid, half reported", "service.report_chance", (0.5,), 0.45),
    ("departing is sanctioned at the full rate", "service.sanction_chance", (0.6, True), 0.6),
    ("procedure protects", "service.sanction_chance", (0.6, False), 0.09),
    ("the climate goes a hundredth of the way", "service.blame_after_week", (0.6, 0.1), 0.595),
    ("a rush of incidents, half the nerve", "service.reaction_to_incidents", (1.6, 0.5), 0.1),
    ("nerve held", "service.reaction_to_incidents", (9.0, 1.0), 0.0),
    ("no more incidents than usual", "service.reaction_to_incidents", (1.0, 0.0), 0.0),
    ("blame with what leaders add", "service.blame_with_reaction", (0.4, 0.1), 0.5),
    ("blame stops at one", "service.blame_with_reaction", (0.9, 3.0), 1.0),
    ("a place without power follows the rest", "service.place_leaning", (0.0, 2.0), 0.0),
    ("a place with half the power", "service.place_leaning", (0.5, 2.0), 0.4),
    ("£6 a head is one", "service.investment_in_place", (6.0, 0.0, 1.0), 1.0),
    ("a place that would invest more", "service.investment_in_place", (6.0, 0.5, 2.0), 1.4),
    ("no place invests less than nothing", "service.investment_in_place", (6.0, 1.0, -99.0), 0.0),
    ("a newcomer takes over half the fear", "staff.fear_of_newcomer", (0.4,), 0.3),
    ("a newcomer is half told", "staff.known_to_newcomer", (0.8, 0.2), 0.5),
    ("two needs known for each that is carried", "group.load_of", (4, 2), 2.0),
    ("nobody to carry what is known", "group.load_of", (4, 0), 3.0),
    ("no need, no load", "group.load_of", (0, 0), 0.0),
    ("twice the old normal is felt slowly", "service.salience_after_week", (1.0, 0.4, 0.2), 1.02),
    ("what reports teach, what time takes", "service.know_how_after_week", (0.2, 0.5), 0.208),
    ("the menu learns from what worked", "service.menu_after_week", (0.6, 0.5, 0.5), 0.6 + 0.002 - 0.001),
    ("two willing halves", "service.joint_chance", (0.8, 0.25, 2), 0.4),
    ("three of a half each", "service.joint_chance", (0.8, 0.125, 3), 0.4),
    ("nobody willing, no joint work", "service.joint_chance", (1.0, 0.0, 3), 0.0),
    ("hand-offs as they were", "service.handoff_lost_chance", (0, 0), 0.4),
    ("full joint work and full devolution", "service.handoff_lost_chance", (1, 1), 0.1),
    ("one leader decides at once", "service.permission_decided_after_week", (0.15, 0.8, 1), 0.8),
    ("three need fourteen times as long", "service.permission_decided_after_week", (0.1, 0.8, 3), 0.1 + 0.7 / 14),
    ("a decision all those in office have just made", "service.held_after_decision", (0.5, 0.0, 1.0), 1.0),
    ("as much again is decided anew", "service.held_after_decision", (0.5, 1.0, 2.0), 0.75),
    ("nothing is added", "service.held_after_decision", (0.5, 2.0, 1.0), 0.5),
    ("one of four leaves", "service.held_after_week", (1.0, 1, 4), 0.75),
    ("those who stay win over newcomers", "service.held_after_week", (0.5, 0, 4), 0.51),
    ("a heroic leader takes it all", "service.held_after_week", (1.0, 1, 1), 0.0),
    ("what is left pays for staff", "service.capacity_from_money", (100, 0.1, 20, 10, 60), 1.0),
    ("capacity has a floor", "service.capacity_from_money", (100, 0.5, 40, 30, 60), 0.4),
    ("and a ceiling", "service.capacity_from_money", (100, 0, 0, 0, 60), 1.3),
    ("two hours of coordination", "group.coordination_lift", (2,), 1.3),
    ("eight volunteers carry two needs", "group.needs_carried", (8, 1.0, 1000), 2.0),
    ("coordinated they carry more", "group.needs_carried", (8, 1.4, 1000), 2.4),
    ("known without help", "group.known_share_of", (0,), 0.3),
    ("known at £6 a head", "group.known_share_of", (1,), 0.5),
    ("no more than all need is known", "group.known_share_of", (4,), 1.0),
    ("a good month lasts", "group.own_income_after_month", (1.5, 1.0), 1.5),
    ("a grant of 30 % loses a fifth to bidding", "group.reserves_after_month", (5, 1.0, 0.3, 0.2),
     5 + 12 / 13 * (0.24 - 0.5 * 0.3 / 1.3)),
    ("reserves stop at eighteen months", "group.reserves_after_month", (17.9, 3.0, 0.0, 0.2), 18.0),
    ("out of money", "group.group_ends", (-0.1, 10, 100), True),
    ("out of people, but new", "group.group_ends", (1.0, 2, 51), False),
    ("out of people, after its first year", "group.group_ends", (1.0, 2, 52), True),
    ("three are enough", "group.group_ends", (1.0, 3, 500), False),
    ("a thirteenth of a year of births", "group.birth_chance", (0,), 0.003),
    ("a seed fund adds", "group.birth_chance", (1,), 0.005),
    ("half are funded at £6", "group.funded_chance", (1,), 0.5),
    ("no money, no grants", "group.funded_chance", (0,), 0.0),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "given", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_rule_does_what_the_hand_sum_says(rule, given, wanted):
    assert len(given) == len(arguments_of(rule)), f"{rule} takes {arguments_of(rule)}"
    record = (P[rule.split(".")[0]],) if takes_parameters(rule) else ()
    found = interpreted(RULES[rule])(*given, *record)
    assert found == pytest.approx(wanted, rel=1e-8, abs=1e-12)


OTHER_PARAMETERS = [
    ("joint work without both ends", "service.joint_chance", (0.8, 0.0, 3), {"joint_needs_willing": 0.0}, 0.8),
    ("idle capacity is carried by nobody in particular", "group.needs_carried", (0, 1.0, 1000), {"idle_capacity": 6.0},
     60.0),
    ("symmetric trust loses what it gains", "citizen.trust_after_contact", (0.5, 0.5, 0.0), {"trust_asymmetry": 1.0},
     0.45),
    ("no shield", "service.sanction_chance", (0.6, False), {"procedure_shields": 1.0}, 0.6),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "given", "changes", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in OTHER_PARAMETERS]
)
def test_a_rule_under_a_rival_does_what_the_hand_sum_says(rule, given, changes, wanted):
    p = P[rule.split(".")[0]]._replace(**changes)
    assert interpreted(RULES[rule])(*given, p) == pytest.approx(wanted)


def test_every_rule_has_a_case():
    assert {case[1] for case in CASES} >= set(RULES), f"no case for {sorted(set(RULES) - {c[1] for c in CASES})}"


def test_the_numbers_of_the_cases_lie_in_their_declared_ranges():
    for record in P.values():
        for name, spec in parameters_of(type(record)).items():
            assert spec.low <= getattr(record, name) <= spec.high, f"{name} of the cases lies outside its range"


def balance(good: float, asymmetry: float) -> float:
    """Where trust rests when a share of experiences is as far above as the others are below expectation."""
    return good / (good + asymmetry * (1.0 - good))


@pytest.mark.parametrize("asymmetry", [1.0, 2.0, 3.0, 8.0])
@pytest.mark.parametrize("good", [0.25, 0.5, 0.75])
def test_the_trust_rule_rests_where_gains_and_losses_balance(good, asymmetry):
    """τ* = g/(g + Λ(1−g)): the mean move there is nought, positive below, negative above."""
    rule = interpreted(RULES["citizen.trust_after_contact"])
    p = CITIZEN._replace(trust_asymmetry=asymmetry, trust_gain=0.1)

    def move(trust: float) -> float:
        return good * rule(trust, 0.5, 0.7, p) + (1 - good) * rule(trust, 0.5, 0.3, p) - trust

    rest = balance(good, asymmetry)
    assert move(rest) == pytest.approx(0.0, abs=1e-12)
    assert move(rest - 0.05) > 0.0 > move(rest + 0.05)


def test_the_cases_name_what_they_say_once():
    names = [case[0] for case in CASES]
    assert len(set(names)) == len(names)
