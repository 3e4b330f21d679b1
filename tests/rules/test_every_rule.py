"""What every rule promises: bounds, direction, rest where nothing pushes, and one meaning compiled or plain.

Arguments and parameters are drawn from their declared ranges, so a new rule is tried as soon as it stands.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealsim.compiled import interpreted, packed
from tests.strategies import RULES, arguments_of, calls_of, values_for

PLAIN = {name: interpreted(rule) for name, rule in RULES.items()}
SLIP = 1e-7
"""What the stated error of the exponential may add to a comparison."""

SHARES = (
    "citizen.trust_after_contact", "citizen.expectation_after_contact", "citizen.trust_after_month",
    "citizen.expectation_after_month", "citizen.agency_after_help", "citizen.agency_after_month",
    "citizen.experience_of", "staff.word_counts", "staff.willingness_to_depart", "staff.fear_after_week",
    "staff.credibility_after_week", "staff.permission_known_after_week", "staff.skill_after_week",
    "staff.value_after_week", "staff.hope_after_week", "staff.norm_after_week", "staff.training_share",
    "service.blame_after_week", "service.blame_with_reaction", "service.menu_after_week", "staff.fear_of_newcomer",
    "staff.known_to_newcomer",
    "service.permission_decided_after_week", "service.held_after_week", "service.held_after_decision", "group.known_share_of",
)  # fmt: skip
"""Rules beside the chances whose value is a share, whatever comes in."""


@pytest.mark.parametrize("name", RULES)
@given(data=st.data())
@settings(max_examples=25)
def test_a_rule_gives_a_number_and_keeps_its_bound(name, data):
    call = data.draw(calls_of(name))
    value = PLAIN[name](**call)
    assert math.isfinite(value), f"{name} gave {value} for {call}"
    if name.endswith("_chance") or name in SHARES:
        assert 0.0 <= value <= 1.0, f"{name} gave {value}, no share, for {call}"


@pytest.mark.parametrize("name", RULES)
@given(data=st.data())
@settings(max_examples=15)
def test_a_rule_compiled_is_the_rule_as_written(name, data):
    call = data.draw(calls_of(name))
    values = [float(call[k]) if type(call[k]) is int else call[k] for k in arguments_of(name)]
    fast = RULES[name](*values, packed(call["p"])) if "p" in call else RULES[name](*values)
    plain = PLAIN[name](*values, packed(call["p"])) if "p" in call else PLAIN[name](*values)
    assert float(fast) == float(plain)


def test_the_rules_that_give_a_share_are_rules():
    assert set(SHARES) <= set(RULES)


class Claim(NamedTuple):
    """As one argument rises and the rest stays, the rule never falls (`up`), never rises (`down`)."""

    rule: str
    argument: str
    way: str
    said: str


CLAIMS = [
    Claim("citizen.arrival_chance", "deprivation", "up", "need is more common in deprived areas"),
    Claim("citizen.arrival_chance", "condition", "up", "illness brings need"),
    Claim("citizen.need_weight", "weight", "up", "a weightier kind of need comes more often"),
    Claim("citizen.arrival_chance", "wellbeing", "down", "wellbeing protects from need"),
    Claim("citizen.parts_of_need", "u", "down", "the draw is read from the many parts down to one"),
    Claim("citizen.resolution_chance", "agency", "up", "confident people put more right themselves"),
    Claim("citizen.resolution_chance", "support", "up", "friends help"),
    Claim("citizen.resolution_chance", "coverage", "up", "groups help"),
    Claim("citizen.escalation_chance", "agency", "down", "confident people get worse less often"),
    Claim("citizen.seeking_chance", "trust", "up", "trust brings people forward"),
    Claim("citizen.trust_after_contact", "experience", "up", "a better experience leaves more trust"),
    Claim("citizen.trust_after_contact", "expectation", "down", "who hopes for more is sooner let down"),
    Claim("citizen.trust_after_contact", "trust", "up", "who trusted more still trusts more"),
    Claim("citizen.expectation_after_contact", "experience", "up", "a good experience raises what one expects"),
    Claim("citizen.trust_after_month", "neighbours", "up", "trust around one spreads"),
    Claim("citizen.trust_after_month", "home", "up", "trust returns to a personal level"),
    Claim("citizen.expectation_after_month", "reach", "up", "a message raises expectation"),
    Claim("citizen.expectation_after_month", "clarity", "up", "a message that is understood raises it more"),
    Claim("citizen.expectation_after_month", "trust", "up", "a message is believed by those who trust"),
    Claim("citizen.agency_after_help", "departed", "up", "working with people builds confidence"),
    Claim("citizen.agency_after_month", "volunteers", "up", "volunteering builds confidence"),
    Claim("citizen.agency_after_month", "champions", "up", "champions pass confidence on"),
    Claim("citizen.agency_after_month", "devolved", "up", "a say builds confidence"),
    Claim("citizen.wellbeing_target", "agency", "up", "confident people fare better"),
    Claim("citizen.wellbeing_target", "volunteers", "up", "volunteers fare better"),
    Claim("citizen.wellbeing_target", "support", "up", "the supported fare better"),
    Claim("citizen.wellbeing_after_month", "noise", "up", "a good swing lifts wellbeing"),
    Claim("citizen.wellbeing_after_month", "target", "up", "wellbeing follows its causes"),
    Claim("citizen.survey_answer", "wellbeing", "up", "the happier answer higher"),
    Claim("citizen.survey_answer", "noise", "up", "a good day answers higher"),
    Claim("citizen.joining_chance", "agency", "up", "the confident join"),
    Claim("citizen.joining_chance", "expectation", "up", "the hopeful join"),
    Claim("citizen.joining_chance", "volunteer_ties", "up", "people join when asked by those they know"),
    Claim("citizen.joining_chance", "reach", "up", "coordinators reach more people"),
    Claim("citizen.leaving_chance", "load", "up", "overloaded volunteers leave"),
    Claim("citizen.leaving_chance", "coordination", "down", "coordinated volunteers stay"),
    Claim("citizen.leaving_chance", "need", "up", "an acute need of one's own ends volunteering"),
    Claim("staff.word_counts", "credibility", "up", "credible leaders are believed"),
    Claim("staff.willingness_to_depart", "trusted", "up", "permission frees"),
    Claim("staff.willingness_to_depart", "value", "up", "belief that it works encourages"),
    Claim("staff.willingness_to_depart", "norm", "up", "people do what their team does"),
    Claim("staff.willingness_to_depart", "hope", "up", "hope dares"),
    Claim("staff.willingness_to_depart", "fear", "down", "fear holds back"),
    Claim("staff.reveal_chance", "skill", "up", "skill brings out what would fit"),
    Claim("staff.fear_after_week", "own", "up", "a sanction frightens"),
    Claim("staff.fear_after_week", "seen", "up", "a sanction seen frightens"),
    Claim("staff.fear_after_week", "backed", "down", "backing eases fear"),
    Claim("staff.fear_after_week", "team_fear", "up", "fear is shared"),
    Claim("staff.credibility_after_week", "backed", "up", "leaders who back staff are believed"),
    Claim("staff.credibility_after_week", "sanctions", "down", "leaders who sanction are not"),
    Claim("staff.permission_known_after_week", "real", "up", "real permission becomes known"),
    Claim("staff.skill_after_week", "acts", "up", "practice teaches"),
    Claim("staff.skill_after_week", "peers", "up", "skilled colleagues teach"),
    Claim("staff.skill_after_week", "norm", "up", "they teach where it is the custom"),
    Claim("staff.skill_after_week", "willingness", "up", "who uses a skill keeps it"),
    Claim("staff.skill_after_week", "trained", "up", "training teaches"),
    Claim("staff.value_after_week", "success", "up", "success convinces"),
    Claim("staff.hope_target", "success", "up", "success gives hope"),
    Claim("staff.hope_target", "willingness", "up", "discretion gives hope"),
    Claim("staff.hope_target", "trusted", "up", "being trusted gives hope"),
    Claim("staff.hope_target", "fear", "down", "fear takes hope"),
    Claim("staff.hope_target", "overload", "down", "overload takes hope"),
    Claim("staff.hope_after_week", "target", "up", "hope follows its causes"),
    Claim("staff.overload_of", "cases", "up", "more cases overload"),
    Claim("staff.overload_of", "capacity", "down", "capacity relieves"),
    Claim("staff.leaving_job_chance", "hope", "down", "the hopeful stay"),
    Claim("staff.norm_after_week", "willingness", "up", "what a team does becomes its custom"),
    Claim("staff.training_share", "hours", "up", "training takes time"),
    Claim("staff.training_chance", "hours", "up", "more hours, more sessions"),
    Claim("staff.team_slots", "slots_per_worker", "up", "workers with room have room"),
    Claim("staff.team_slots", "capacity", "up", "money buys slots"),
    Claim("staff.team_slots", "training", "down", "training takes slots"),
    Claim("staff.team_slots", "departures", "down", "departures take time"),
    Claim("staff.team_slots", "unskilled", "down", "and more so without skill"),
    Claim("service.solve_chance", "coverage", "up", "bespoke answers need a community"),
    Claim("service.solve_chance", "know_how", "up", "know-how helps"),
    Claim("service.incident_chance", "in_crisis", "up", "crises go wrong more often"),
    Claim("service.incident_chance", "skill", "down", "skill prevents incidents"),
    Claim("service.incident_chance", "know_how", "down", "know-how prevents incidents"),
    Claim("service.incident_chance", "revealed", "down", "a well-founded departure is safer than a blind one"),
    Claim("service.report_chance", "fear", "down", "the frightened do not report"),
    Claim("service.sanction_chance", "blame", "up", "blame sanctions"),
    Claim("service.sanction_chance", "departed", "up", "procedure protects"),
    Claim("service.blame_after_week", "target", "up", "the climate follows the leaders' aim"),
    Claim("service.reaction_to_incidents", "salience", "up", "a rush of incidents raises blame"),
    Claim("service.reaction_to_incidents", "nerve", "down", "unless leaders hold their nerve"),
    Claim("service.blame_with_reaction", "blame", "up", "blame is blame"),
    Claim("service.blame_with_reaction", "reaction", "up", "and what leaders add to it"),
    Claim("service.place_leaning", "judgement", "up", "a bold place departs more"),
    Claim("service.investment_in_place", "spend", "up", "money is invested"),
    Claim("service.investment_in_place", "judgement", "up", "more where the place would"),
    Claim("staff.fear_of_newcomer", "team_fear", "up", "fear is passed on"),
    Claim("staff.known_to_newcomer", "team_known", "up", "what is known is passed on"),
    Claim("staff.known_to_newcomer", "old", "up", "so is the old rule"),
    Claim("group.load_of", "known", "up", "more known need, more load"),
    Claim("service.salience_after_week", "rate", "up", "incidents are felt"),
    Claim("service.know_how_after_week", "reports", "up", "reports teach"),
    Claim("service.menu_after_week", "shared", "up", "the standard offer learns from what worked"),
    Claim("service.joint_chance", "joint", "up", "joint working works jointly"),
    Claim("service.joint_chance", "willingness_product", "up", "where both ends are willing"),
    Claim("service.handoff_lost_chance", "joint_in_force", "down", "joint work saves hand-offs"),
    Claim("service.handoff_lost_chance", "devolution", "down", "devolved power shortens hand-offs"),
    Claim("service.permission_decided_after_week", "lever", "up", "leaders come to what they want"),
    Claim("service.held_after_decision", "held", "up", "permission that is held persists"),
    Claim("service.held_after_decision", "now", "up", "what is decided anew is held by all"),
    Claim("service.held_after_week", "exits", "down", "who leaves takes the permission along"),
    Claim("service.held_after_week", "held", "up", "permission that is held persists"),
    Claim("service.capacity_from_money", "budget", "up", "money buys staff"),
    Claim("service.capacity_from_money", "cut", "down", "cuts cost staff"),
    Claim("service.capacity_from_money", "demand_cost", "down", "demand eats the budget"),
    Claim("service.capacity_from_money", "programme_cost", "down", "so do programmes"),
    Claim("group.coordination_lift", "hours", "up", "coordination lifts what volunteers can do"),
    Claim("group.needs_carried", "volunteers", "up", "volunteers carry need"),
    Claim("group.needs_carried", "coordination", "up", "coordinated ones carry more"),
    Claim("group.known_share_of", "investment", "up", "coordinators make need known"),
    Claim("group.own_income_after_month", "noise", "up", "a good month brings income"),
    Claim("group.own_income_after_month", "income", "up", "and lasts"),
    Claim("group.reserves_after_month", "grant", "up", "grants fill reserves, where they do not crowd out"),
    Claim("group.reserves_after_month", "overhead", "down", "overhead eats them"),
    Claim("group.reserves_after_month", "income", "up", "income fills reserves"),
    Claim("group.group_ends", "reserves", "down", "money keeps a group alive"),
    Claim("group.group_ends", "volunteers", "down", "people keep a group alive"),
    Claim("group.group_ends", "age", "up", "a new group has time to find people"),
    Claim("group.birth_chance", "investment", "up", "a seed fund starts groups"),
    Claim("group.funded_chance", "investment", "up", "more money funds more groups"),
]  # fmt: skip

UNORDERED = {
    "citizen.experience_of": "by outcome; its own cases hold it",
    "citizen.need_cost": "its three costs are drawn apart and may cross",
}
"""Rules without a direction that holds over the whole declared range."""

SCOPE = {
    ("group.reserves_after_month", "grant"): {"crowding": 0.0},
}
"""Values of parameters under which alone a claim is made."""


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.rule}-{claim.argument}: {claim.said}")
@given(data=st.data())
@settings(max_examples=25)
def test_a_rule_moves_the_way_it_is_said_to(claim, data):
    call = data.draw(calls_of(claim.rule))
    if "p" in call:
        call["p"] = call["p"]._replace(**SCOPE.get((claim.rule, claim.argument), {}))
    low, high = sorted(data.draw(st.tuples(*[values_for(claim.rule, claim.argument)] * 2)))
    at_low = float(PLAIN[claim.rule](**{**call, claim.argument: low}))
    at_high = float(PLAIN[claim.rule](**{**call, claim.argument: high}))
    gap = (at_high - at_low) if claim.way == "up" else (at_low - at_high)
    assert gap >= -SLIP * max(1.0, abs(at_low)), f"{claim.said}: {at_low} at {low}, {at_high} at {high}, with {call}"


def test_every_rule_has_a_direction_or_a_reason_for_none():
    told = {claim.rule for claim in CLAIMS}
    assert told | set(UNORDERED) >= set(RULES), f"say which way these move: {sorted(set(RULES) - told)}"
    assert not told & set(UNORDERED)


def test_a_claim_names_an_argument_of_its_rule():
    for claim in CLAIMS:
        assert claim.argument in arguments_of(claim.rule), claim


class Rest(NamedTuple):
    """Where nothing pushes, nothing moves: with these values the rule gives back an argument as it was."""

    rule: str
    stays: str
    given: dict
    parameters: dict
    said: str


RESTS = [
    Rest("citizen.trust_after_contact", "trust", {"experience": 0.5, "expectation": 0.5}, {}, "what was expected"),
    Rest("citizen.trust_after_contact", "trust", {}, {"trust_gain": 0.0}, "nobody learns"),
    Rest("citizen.expectation_after_contact", "expectation", {}, {"expectation_gain": 0.0}, "expectation fixed"),
    Rest("citizen.trust_after_month", "trust", {}, {"trust_contagion": 0.0, "trust_return": 0.0}, "no talk, no home"),
    Rest("citizen.trust_after_month", "trust", {"trust": 0.4, "neighbours": 0.4, "home": 0.4}, {}, "all alike"),
    Rest("citizen.expectation_after_month", "expectation", {"reach": 0.0}, {"expectation_drift": 0.0}, "no message"),
    Rest("citizen.expectation_after_month", "expectation", {"clarity": 0.0}, {"expectation_drift": 0.0}, "not heard"),
    Rest("citizen.expectation_after_month", "expectation", {"reach": 0.0, "trust": 0.3, "expectation": 0.3}, {},
         "expectation at trust"),
    Rest("citizen.agency_after_help", "agency", {"departed": False}, {"agency_down": 0.0}, "standard help harmless"),
    Rest("citizen.agency_after_help", "agency", {"departed": True}, {"agency_up": 0.0}, "departures teach nothing"),
    Rest("citizen.agency_after_month", "agency",
         {"agency": 0.6, "home": 0.6, "volunteers": 0.0, "champions": 0.0, "devolved": 0.0}, {}, "at home"),
    Rest("citizen.wellbeing_after_month", "wellbeing", {"pull": 0.0, "noise": 0.0}, {}, "no pull, no swing"),
    Rest("citizen.wellbeing_after_month", "wellbeing", {"wellbeing": 7.0, "target": 7.0, "noise": 0.0}, {}, "at rest"),
    Rest("staff.fear_after_week", "fear", {"own": 0.0, "seen": 0.0, "backed": 0.0},
         {"fear_contagion": 0.0, "fear_decay": 0.0}, "no event, no time"),
    Rest("staff.fear_after_week", "fear", {"fear": 0.0, "own": 0.0, "seen": 0.0, "team_fear": 0.0}, {},
         "nobody afraid"),
    Rest("staff.credibility_after_week", "credibility", {"backed": 0.0, "sanctions": 0.0, "credibility": 0.5}, {},
         "no deeds, in the middle"),
    Rest("staff.permission_known_after_week", "known", {"known": 0.3, "real": 0.3}, {}, "the truth is known"),
    Rest("staff.permission_known_after_week", "known", {"campaign": 0.0, "share_who_know": 0.0},
         {"permission_told": 0.0}, "nobody says a word"),
    Rest("staff.skill_after_week", "skill", {"acts": 0.0, "trained": 0.0, "peers": 0.0}, {"skill_decay": 0.0},
         "no use, no decay"),
    Rest("staff.skill_after_week", "skill", {"acts": 0.0, "trained": 0.0, "norm": 0.0, "willingness": 1.0}, {},
         "always in use"),
    Rest("staff.value_after_week", "value", {"value": 0.3, "success": 0.3}, {}, "as believed"),
    Rest("staff.hope_after_week", "hope", {"hope": 0.3, "target": 0.3}, {}, "as hoped"),
    Rest("staff.norm_after_week", "norm", {"norm": 0.2, "willingness": 0.2}, {}, "as usual"),
    Rest("service.blame_after_week", "blame", {"blame": 0.6, "target": 0.6}, {}, "climate at its aim"),
    Rest("service.blame_with_reaction", "blame", {"reaction": 0.0}, {}, "no reaction"),
    Rest("service.salience_after_week", "salience", {"salience": 1.0, "rate": 0.2, "normal": 0.2}, {}, "the old normal"),
    Rest("service.know_how_after_week", "know_how", {"reports": 0.0}, {"know_how_loss": 0.0}, "nothing said or lost"),
    Rest("service.menu_after_week", "fit", {"shared": 0.0, "fit": 0.5, "start": 0.5}, {}, "the old menu"),
    Rest("service.permission_decided_after_week", "decided", {"decided": 0.15, "lever": 0.15}, {}, "decided already"),
    Rest("service.held_after_decision", "held", {"before": 1.0, "now": 1.0}, {}, "nothing is decided anew"),
    Rest("service.held_after_week", "held", {"held": 1.0, "exits": 0.0}, {}, "nobody leaves"),
    Rest("service.held_after_week", "held", {"held": 0.0, "exits": 0.0}, {}, "nobody left to convince anyone"),
    Rest("group.own_income_after_month", "income", {"income": 1.0, "noise": 0.0}, {}, "an ordinary month"),
    Rest("group.reserves_after_month", "reserves", {"grant": 0.0, "income": 1.0, "reserves": 5.0}, {}, "breaks even"),
]  # fmt: skip


@pytest.mark.parametrize("rest", RESTS, ids=lambda rest: f"{rest.rule}: {rest.said}")
@given(data=st.data())
@settings(max_examples=25)
def test_where_nothing_pushes_nothing_moves(rest, data):
    call = {**data.draw(calls_of(rest.rule)), **rest.given}
    if "p" in call:
        call["p"] = call["p"]._replace(**rest.parameters)
    assert PLAIN[rest.rule](**call) == pytest.approx(call[rest.stays], abs=1e-12)


MOVERS = {name for name in RULES if "_after_" in name}


def test_every_rule_that_moves_a_value_has_a_place_of_rest():
    assert {rest.rule for rest in RESTS} >= MOVERS, f"say where these rest: {MOVERS - {r.rule for r in RESTS}}"


PACE = {
    "staff.value_after_week": ("value", "success"),
    "staff.hope_after_week": ("hope", "target"),
    "staff.norm_after_week": ("norm", "willingness"),
    "service.blame_after_week": ("blame", "target"),
    "service.permission_decided_after_week": ("decided", "lever"),
    "staff.permission_known_after_week": ("known", "real"),
    "citizen.expectation_after_contact": ("expectation", "experience"),
}
"""Rules that only draw a value to a target."""


@pytest.mark.parametrize("name", PACE)
@given(data=st.data())
@settings(max_examples=25)
def test_a_value_drawn_to_its_target_never_overshoots(name, data):
    call = data.draw(calls_of(name))
    value, target = PACE[name]
    if name == "staff.hope_after_week":
        call["target"] = min(1.0, max(0.0, call["target"]))
    low, high = sorted((call[value], call[target]))
    assert low - 1e-12 <= PLAIN[name](**call) <= high + 1e-12
