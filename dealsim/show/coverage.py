"""The specification, row by row, with the place in the code where each row lives.

It is the list a test holds against the code: a row whose name cannot be found is something the model lacks.
Names are given inside `dealsim`; square brackets name an entry of a registry (`levers.LEVERS[nerve]`).
"""

from __future__ import annotations

import importlib
import re
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One thing the specification asks for, and the names in the code that are it."""

    what: str
    where: tuple[str, ...]


def _rows(*pairs: str) -> tuple[Row, ...]:
    """Rows from what, where, what, where …; several names are separated by blanks."""
    return tuple(Row(what, tuple(where.split())) for what, where in zip(pairs[::2], pairs[1::2], strict=True))


_CITIZEN = "agents.citizen.CitizenColumns."
_STAFF = "agents.staff.StaffColumns."
_TEAM = "agents.staff.TeamColumns."
_SERVICE = "agents.service.ServiceColumns."
_PLACE = "agents.service.PlaceColumns."
_GROUP = "agents.group.GroupColumns."
_C = "agents.citizen."
_S = "agents.staff."
_V = "agents.service."
_G = "agents.group."
_CP = "agents.citizen.CitizenParameters."
_SP = "agents.staff.StaffParameters."
_VP = "agents.service.ServiceParameters."
_GP = "agents.group.GroupParameters."

SPECIFICATION: dict[str, tuple[Row, ...]] = {
    "Kinds and state: citizens": _rows(
        "Where a citizen lives: neighbourhood, cell of about 1,500 people, household",
        f"{_CITIZEN}neighbourhood {_CITIZEN}cell {_CITIZEN}household people.CELL",
        "Age band", f"{_CITIZEN}age_band agents.citizen.AGE_BANDS",
        "Deprivation from 0 to 1", f"{_CITIZEN}deprivation",
        "Long-term condition; carer", f"{_CITIZEN}long_term_condition {_CITIZEN}carer",
        "Need level: none, emerging, acute, crisis", f"{_CITIZEN}need agents.citizen.NEED_LEVELS",
        "One to three parts still open, each of one service", f"{_CITIZEN}part_open {_CITIZEN}part_service {_CITIZEN}parts",
        "Hidden fit of each part", f"{_CITIZEN}part_fits",
        "Episode, contacts in it, live referral", f"{_CITIZEN}episode {_CITIZEN}contacts {_CITIZEN}referred",
        "Agency, trust, expectation", f"{_CITIZEN}agency {_CITIZEN}trust {_CITIZEN}expectation",
        "Wellbeing from 0 to 10, and its set-point", f"{_CITIZEN}wellbeing {_CITIZEN}wellbeing_home",
        "Volunteer, and the group she volunteers in", f"{_CITIZEN}volunteer {_CITIZEN}group",
        "Week of the last changed conversation", f"{_CITIZEN}last_changed",
        "Under 16: no volunteering, no survey, and help sought through the household",
        f"agents.citizen.FIRST_ADULT_BAND {_CITIZEN}speaks_for",
    ),
    "Kinds and state: staff, teams": _rows(
        "Team, service, place of a worker", f"{_STAFF}team {_STAFF}service {_STAFF}place",
        "Skill", f"{_STAFF}skill",
        "Fear", f"{_STAFF}fear",
        "Hope", f"{_STAFF}hope",
        "Belief in the value of departing", f"{_STAFF}value",
        "Credibility of leaders", f"{_STAFF}credibility",
        "Perceived permission", f"{_STAFF}perceived_permission",
        "Willingness to depart from the menu", f"{_STAFF}willingness",
        "Open cases", f"{_STAFF}open_cases",
        "One worker for each 100 residents", "borough.RESIDENTS_PER_TEAM",
        "Teams of eight at every size", "agents.staff.TEAM_SIZE borough.teams_for",
        "Norm, capacity and utilisation of a team", f"{_TEAM}norm {_TEAM}capacity {_TEAM}utilisation",
        "Bridging ties to 10–20 % of colleagues in other services of the place", f"{_STAFF}bridge {_SP}bridging",
    ),
    "Kinds and state: services, places, leadership": _rows(
        "Six services", "levers.SERVICE_KINDS",
        "Blame, and blame in force", f"{_SERVICE}blame {_SERVICE}blame_in_force",
        "Permission", f"{_SERVICE}permission",
        "Nerve", f"{_SERVICE}nerve",
        "Know-how", f"{_SERVICE}know_how",
        "Incident salience", f"{_SERVICE}salience",
        "Budget", f"{_SERVICE}budget",
        "Ledger: who pays, who saves",
        f"{_SERVICE}staff_spend {_SERVICE}contact_spend {_SERVICE}crisis_spend {_SERVICE}programme_spend tally.MONEY",
        "Joint working, investment and devolution of a place", f"{_PLACE}joint {_PLACE}investment {_PLACE}devolution",
        "One leadership: how many people hold the permission", "agents.service.LeadershipColumns.holders",
    ),
    "Kinds and state: groups": _rows(
        "Neighbourhood of a group", f"{_GROUP}neighbourhood",
        "Volunteers", f"{_GROUP}volunteers",
        "Reserves in months", f"{_GROUP}reserves",
        "Grant share", f"{_GROUP}grant_share",
        "Coordinator hours", f"{_GROUP}coordinator_hours",
        "Load", f"{_GROUP}load",
        "Contract type", f"{_GROUP}contract",
        "About 1,700 groups in the full borough", f"{_GP}groups_per_1000",
    ),
    "Kinds and state: boroughs of any size": _rows(
        "Small boroughs drop places first, then merge services", "borough.shape_for",
        "At least one team for each place and service; teams follow demand", "borough._share_out",
        "Below 3,000 citizens only for tests, and marked", "borough.SMALLEST_TO_REPORT",
        "A synthetic Wigan matched to published margins", "places.shipped people.draw_people",
        "A place of one's own from a file of neighbourhoods, with clear errors", "places.read_place",
    ),
    "Kinds and state: the community network": _rows(
        "Citizens ordered by neighbourhood, cell and household", "people.draw_people",
        "Household ties of weight 3", "network.NetworkParameters.household_weight",
        "Near-neighbour ties", "network.NetworkParameters.near_neighbours",
        "About 15 % rewired, to similar deprivation; about 87 % of ties inside the place",
        "network.NetworkParameters.rewired_share network.NetworkParameters.rewired_inside"
        " network.NetworkParameters.homophily",
        "Co-membership of a group", f"{_GP}pull_of_volunteering",
        "Always seeded, as arrays", "network.build_ties",
        "Any part handed out with attributes, and measured", "network.to_networkx network.network_figures",
    ),
    "One week: calendar": _rows(
        "52 weeks a year, 4 a month, 13 a quarter", "calendar.WEEKS_A_YEAR calendar.WEEKS_A_MONTH calendar.WEEKS_A_QUARTER",
        "Week 0 begins on Monday 4 April 2011", "scenarios.timetable.WEEK_ZERO scenarios.timetable.week_of",
        "A printed table of date and week", "scenarios.timetable.timetable show.terminal.print_timetable",
        "Burn-in before week 0, outside the series", "engine.burn_in",
        "The order of the week, printable", "week.SCHEDULE",
    ),
    "One week: processes": _rows(
        "Policy: dated schedule, shocks, leaders", "week.policy_takes_effect processes.policy.set_policy",
        "Needs: arrivals, resolution alone or by groups, escalation, re-opening", "week.needs_arise_and_move processes.needs.move_needs",
        "Seeking: first, repeat, referred, crisis", "week.citizens_seek_help processes.needs.seek_help",
        "Rationing by team: crisis first, then by a keyed rank; whole slots; the turned away lose trust", "week.teams_ration processes.encounters.ration",
        "Training takes workers away", "processes.encounters.train_staff",
        "Encounters: worker, reveal, decide, resolve, hand on; incident, report, sanction or back; citizens after contact",
        "week.citizens_meet_workers processes.encounters.meet_workers",
        "Staff after the week: fear, credibility, value, skill, hope, permission, norm, willingness; know-how",
        "week.staff_and_services_learn processes.workforce.staff_take_stock processes.workforce.services_learn",
        "Leavers and joiners, monthly", "week.staff_come_and_go processes.workforce.staff_leave_and_join",
        "Neighbour means, trust contagion, communications, agency, wellbeing, monthly",
        "week.citizens_live_a_month processes.community.listen_to_ties processes.community.change_minds"
        " processes.community.feel_and_face_need",
        "Volunteers join and leave, monthly", "processes.community.join_and_leave",
        "Group money, births and deaths, monthly", "week.groups_live_and_die processes.community.groups_begin_and_end",
        "Known need, capacity, load and coverage of groups", "week.groups_carry_need processes.community.groups_take_on_need",
        "Money every week, budget to capacity every quarter",
        "week.money_is_spent processes.money.spend_money week.budgets_are_set processes.money.set_budgets",
        "Reactive blame from salience, once a quarter", "agents.service.reaction_to_incidents agents.service.ServiceColumns.reaction",
        "Weekly observation that only watches", "week.week_is_observed tally.Tally",
    ),
    "Citizens: arrival": _rows(
        "Arrival rises with deprivation, age and illness, and falls with wellbeing", f"{_C}arrival_chance",
        "One to three parts, drawn", f"{_C}parts_of_need",
        "The hidden fit of each part, drawn once for citizen, episode and part", "chance.NEED_FITS_MENU",
        "A service for each part, weighted", "chance.NEED_SERVICE",
    ),
    "Citizens: resolution and escalation": _rows(
        "Own and informal resolution by agency and support, and help by groups", f"{_C}resolution_chance",
        "Support: mean over ties, by weight, of the agency of those not in acute need", f"{_CITIZEN}support processes.community.listen_to_ties",
        "Escalation while unserved, less with agency", f"{_C}escalation_chance",
        "One draw a week decides both", "chance.NEED_MOVES",
    ),
    "Citizens: seeking": _rows(
        "First contact by need and trust; repeat; referred; crisis", f"{_C}seeking_chance",
        "Crisis ends only through a service", f"{_C}resolution_chance {_VP}crisis_calms",
    ),
    "Citizens: trust, expectation, agency": _rows(
        "Experience of an attempt, from solved by departure to heard and given the same menu", f"{_C}experience_of",
        "Turned away is an experience", f"{_CP}experience_turned_away",
        "Trust after contact, against the old expectation, asymmetric", f"{_C}trust_after_contact",
        "Trust each month: contagion and return to a personal level", f"{_C}trust_after_month",
        "Expectation after contact", f"{_C}expectation_after_contact",
        "Communications raise expectation; expectation drifts to trust", f"{_C}expectation_after_month",
        "Agency up when a departure solves, down with standard help", f"{_C}agency_after_help",
        "Slow return of agency; agency from volunteering", f"{_C}agency_after_month",
    ),
    "Citizens: wellbeing": _rows(
        "Set-point, need, agency, volunteering and support", f"{_C}wellbeing_target {_C}need_cost",
        "Slow pull and noise", f"{_C}wellbeing_after_month",
        "A survey answer: rounded, clipped, with occasion noise", f"{_C}survey_answer chance.SURVEY_NOISE",
    ),
    "The encounter": _rows(
        "Fit: the standard offer fits only some parts", f"{_SERVICE}menu_fit {_VP}menu_fits",
        "Reveal: the different conversation, by skill", f"{_S}reveal_chance",
        "Act: permission used", "chance.DEPARTS",
        "Chance of solving, by fit, act and reveal", f"{_V}solve_chance",
        "Bespoke answers partly need community capacity", f"{_VP}community_part",
        "Listening alone, a rival", f"{_VP}solve_listening",
        "An unsolved episode is handed on; hand-offs get lost", f"{_V}handoff_lost_chance chance.HANDED_ON",
        "An unsolved part stays with its service", f"{_CITIZEN}part_now processes.encounters.meet_workers",
        "The last solved part may re-open while another is open", f"{_CP}reopening chance.REOPENS",
        "Joint work: all open parts in one contact", f"{_V}joint_chance chance.JOINT_HUDDLE",
        "A crisis is calmed to acute with chance one half", f"{_VP}crisis_calms chance.CRISIS_CALMS",
        "Failure demand: contact in an unresolved episode without a live referral", "tally.FAILURE_CONTACTS",
        "A departure takes longer, less with skill", f"{_S}team_slots {_SP}time_of_departure",
    ),
    "Staff and blame": _rows(
        "Incidents", f"{_V}incident_chance",
        "Reported when unafraid, or surfacing", f"{_V}report_chance {_VP}surfaces",
        "Sanction for departing, less by the book; else publicly backed", f"{_V}sanction_chance",
        "Blame is slow", f"{_V}blame_after_week",
        "Blame under pressure, against nerve", f"{_V}blame_with_reaction {_V}reaction_to_incidents",
        "Salience of visible incidents against late burn-in", f"{_V}salience_after_week {_SERVICE}incidents_normal",
        "Fear", f"{_S}fear_after_week",
        "Credibility", f"{_S}credibility_after_week",
        "Know-how", f"{_V}know_how_after_week",
        "Permission as known", f"{_S}permission_known_after_week",
        "Skill", f"{_S}skill_after_week",
        "Value: Q moves to the success share in weeks with a departure", f"{_S}value_after_week",
        "Hope, in weeks with an encounter", f"{_S}hope_target {_S}hope_after_week",
        "Exit by hope", f"{_S}leaving_job_chance",
        "Caseload and overload", f"{_S}overload_of {_SP}case_lag",
        "Decide", f"{_S}willingness_to_depart {_S}word_counts",
        "Norm", f"{_S}norm_after_week",
    ),
    "Volunteers and groups": _rows(
        "Joining, by volunteer ties, agency, expectation, coordination and room", f"{_C}joining_chance {_CP}volunteer_ceiling",
        "Leaving, by load, coordination and own need", f"{_C}leaving_chance",
        "Known need", f"{_G}known_share_of {_G}load_of",
        "Capacity, load and coverage", f"{_G}needs_carried agents.group.NeighbourhoodColumns.coverage",
        "Lift by coordinators", f"{_G}coordination_lift",
        "Own income", f"{_G}own_income_after_month",
        "Reserves, with grant, overhead and crowding", f"{_G}reserves_after_month {_GP}crowding",
        "Death by money or people; half the volunteers join a neighbour group",
        f"{_G}group_ends processes.community.join_and_leave",
        "Birth in empty slots, with a seed fund", f"{_G}birth_chance {_GP}slots_per_group",
    ),
    "Money": _rows(
        "Budget: mean cost late in burn-in", f"{_SERVICE}budget",
        "Capacity each quarter", f"{_V}capacity_from_money",
        "Slow mean of contact and crisis cost", f"{_SERVICE}demand_cost {_VP}cost_lag",
        "Slots: training share and departures; set in burn-in by planned use, then frozen",
        f"{_S}team_slots {_S}training_share {_TEAM}slots_per_worker {_SP}planned_use",
        "Two slots for a crisis", "processes.encounters.ration",
        "Payer of an intervention named in the schedule",
        "levers.PAYERS levers.Policy.paid_from_outside levers.Policy.paid_by_service",
    ),
    "Devolution, menu, leaders, partners": _rows(
        "Each place's own judgement of thresholds and of investment",
        f"{_PLACE}judgement_departures {_PLACE}judgement_investment {_VP}judgement_spread",
        "Shorter hand-offs, agency for those who take part", f"{_VP}handoff_devolved {_CP}agency_devolved",
        "The menu learns from shared departures", f"{_V}menu_after_week",
        "Leaders leave; each exit returns a part of the permission", f"{_V}held_after_week {_VP}leader_exit",
        "One leader decides at once, several slowly", f"{_V}permission_decided_after_week {_VP}leader_slowness",
        "Tender or partnership: years and overhead",
        f"{_GP}years_tender {_GP}years_partnership {_GP}overhead_tender {_GP}overhead_partnership",
        "Groups sit in the joint huddle under partnership", "levers.Policy.partnership",
        "Tipping condition of the reduced system", f"{_S}willingness_to_depart {_S}fear_after_week",
    ),
    "Settled": _rows(
        "One draw decides resolve or escalate, both clipped", "chance.NEED_MOVES",
        "Departed = acted and the menu does not fit; the menu is tried first", "processes.encounters.meet_workers",
        "Probabilities clipped to 0–1", "curves.clipped",
        "Know-how capped at 1 in formulas", f"{_V}solve_chance {_V}incident_chance",
        "A huddle updates trust once per part, in order", "processes.encounters.meet_workers",
        "Turned away counts as a contact; the next try is failure demand", "tally.TURNED_AWAY tally.FAILURE_CONTACTS",
        "A citizen belongs to one team of her place and service; the worker is drawn each time",
        f"{_CITIZEN}patch chance.MEETS_WORKER",
        "Continuity of worker is a rival", f"{_SP}continuity",
        "Per team-week: own at most 1, seen at most 2, backed at most 1", "processes.workforce.staff_take_stock",
        "Share of the team that knows: within 0.2 of the truth", f"{_SP}permission_near",
        "Belief moves to the success share in weeks with a departure", f"{_S}value_after_week {_STAFF}departures_solved",
        "Hope moves only in weeks with an encounter", f"{_S}hope_after_week {_STAFF}met",
        "Joiners: skill, fear, hope, credibility, belief, and permission halfway to the old",
        f"processes.workforce.staff_leave_and_join {_SP}newcomer_skill {_SP}newcomer_fear {_SP}newcomer_hope {_SP}newcomer_credibility {_SP}newcomer_value",
        "Norm follows the team at 0.05 a week", f"{_SP}norm_pace",
        "I = £ a head ÷ 6, M = 1 + 0.30·I", "agents.service.INVESTMENT_UNIT agents.group.coordination_lift",
        "Coordinators and signposting scale with investment", f"{_GP}coordinator_hours {_GP}signposting",
        "Training takes capacity and teaches the worker who is away", f"{_S}training_share {_S}training_chance {_STAFF}trained",
        "Neighbour means are taken once a month", "week.citizens_live_a_month processes.community.listen_to_ties",
        "A survey answer is rounded and clipped, with occasion noise; wellbeing itself is clipped",
        f"{_C}survey_answer {_C}wellbeing_after_month metrics.METRICS[surveyed_satisfaction]",
        "The payer of an intervention is named in the schedule", "levers.PAYERS",
        "Weekly hazards become monthly, times four", f"{_C}joining_chance {_C}leaving_chance calendar.WEEKS_A_MONTH",
        "Link workers make need known through health contacts", f"{_VP}link_reach chance.LINKED",
        "A champion counts twice among volunteer ties and passes on agency", f"{_CP}agency_champion chance.CHAMPION",
        "Clarity scales what is heard to what is understood", f"{_C}expectation_after_month",
        "Off-loading ends contacts at the front door and adds to known need", f"chance.SENT_TO_COMMUNITY {_CITIZEN}known_to_groups",
        "Shocks: budget cut, leader leaves, scandal, demand shock",
        "levers.SHOCKS[budget_shock] levers.SHOCKS[leader_leaves] levers.SHOCKS[scandal] levers.SHOCKS[demand_shock]",
    ),
    "Promises of the engine": _rows(
        "Chance is a function of seed, decision, week, member and count", "chance.chance chance.question chance.draw",
        "Permanent numbers, stored as a column", f"{_CITIZEN}id {_STAFF}id {_GROUP}id",
        "One arithmetic exponential and one inverse-normal table, errors stated",
        "curves.exponential curves.inverse_normal curves.EXP_ERROR curves.NORMAL_ERROR",
        "Neighbours read from a copy taken when a process starts", "processes.community.copy_ties scratch.new_scratch",
        "The same person in both worlds: a branch shares people and chance", "engine.branch engine.live",
        "Same bytes for the same scenario and seed: one hash of the state", "engine.state_hash engine.column_hashes",
        "A test borough without ties or shared services", "borough.build",
    ),
    "Metrics: demand": _rows(
        "Contacts", "metrics.METRICS[contacts_per_1000]",
        "New requests", "metrics.METRICS[requests_per_1000]",
        "Failure-demand share", "metrics.METRICS[failure_demand_share]",
        "Turned away", "metrics.METRICS[turned_away_share]",
        "Crisis onsets and prevalence", "metrics.METRICS[crisis_onsets_per_1000] metrics.METRICS[crisis_share]",
        "Hidden need", "metrics.METRICS[hidden_need_share]",
        "Unmet need", "metrics.METRICS[unmet_need_share]",
        "Waiting", "metrics.METRICS[waiting_weeks]",
        "Caseload", "metrics.METRICS[caseload]",
    ),
    "Metrics: people": _rows(
        "Mean wellbeing, and of those in need", "metrics.METRICS[mean_wellbeing] metrics.METRICS[wellbeing_in_need]",
        "Gap by deprivation fifth", "metrics.METRICS[wellbeing_gap]",
        "Gap by place", "metrics.METRICS[wellbeing_gap_places]",
        "Agency and trust", "metrics.METRICS[mean_agency] metrics.METRICS[mean_trust]",
        "Share that met a changed conversation in the last year", "metrics.METRICS[changed_conversation_population_share] metrics.METRICS[changed_conversation_share]",
    ),
    "Metrics: staff": _rows(
        "Willingness, fear, skill, hope, credibility",
        "metrics.METRICS[mean_willingness] metrics.METRICS[mean_fear] metrics.METRICS[mean_skill]"
        " metrics.METRICS[mean_hope] metrics.METRICS[mean_credibility]",
        "Reporting", "metrics.METRICS[reported_share]",
        "Sanctions", "metrics.METRICS[sanctions_per_100]",
        "Leavers", "metrics.METRICS[leavers_share]",
        "Shared purpose", "metrics.METRICS[shared_purpose]",
    ),
    "Metrics: community and partners": _rows(
        "Volunteers", "metrics.METRICS[volunteer_share]",
        "Coverage", "metrics.METRICS[group_coverage]",
        "Groups, births and deaths",
        "metrics.METRICS[groups] metrics.METRICS[group_births] metrics.METRICS[group_deaths]",
        "Months of funding in hand", "metrics.METRICS[months_in_hand]",
        "Group survival", "metrics.METRICS[group_survival]",
    ),
    "Metrics: who meets the Deal": _rows(
        "Staff", "metrics.METRICS[departing_staff_share]",
        "People in contact", "metrics.METRICS[changed_conversation_share]",
        "Partners", "metrics.METRICS[funded_share]",
        "People not in contact", "metrics.METRICS[reached_without_contact_share]",
        "Everyone", "metrics.METRICS[reached_share]",
    ),
    "Metrics: money": _rows(
        "Spend", "metrics.METRICS[cost_per_head]",
        "Investment", "metrics.METRICS[investment_per_head]",
        "Saving against the paired baseline, cumulative", "summary.CUMULATIVE",
        "Payback week", "summary.payback_week",
        "Ledger by service", "metrics.METRICS[staff_cost_per_head] metrics.METRICS[contact_cost_per_head]"
        " metrics.METRICS[crisis_cost_per_head] metrics.METRICS[investment_per_head]",
    ),
    "Metrics: dynamics": _rows(
        "Time to half the effect", "summary.pair_outcomes",
        "Depth of the early dip", "summary.pair_outcomes",
        "Retention two years after support stops", "summary.pair_outcomes summary.RETENTION_AFTER",
        "Every outcome by national deprivation fifth and by place", "metrics.groups_of",
        "Wellbeing is of people 16 and over", "agents.citizen.FIRST_ADULT_BAND",
    ),
    "Levers": _rows(
        "How readily an incident is answered with a sanction", "levers.LEVERS[blame_culture]",
        "How far staff may decide for themselves", "levers.LEVERS[permission_to_innovate]",
        "Grants, coordinators, seed fund", "levers.LEVERS[community_investment]",
        "Hours of training, once or spread", "levers.LEVERS[asset_based_training]",
        "Joint work of services in a place", "levers.LEVERS[place_based_working]",
        "Internal and public reach", "levers.LEVERS[staff_communications] levers.LEVERS[public_communications]",
        "Plain language", "levers.LEVERS[communications_clarity]",
        "Health champions", "levers.LEVERS[citizen_leadership]",
        "Holding nerve", "levers.LEVERS[nerve]",
        "Which services take part", "levers.LEVERS[services_in_deal]",
        "Heroic or collective leadership", "levers.LEVERS[leaders_holding_permission]",
        "Share of choices made in the place", "levers.LEVERS[devolution]",
        "Tender or partnership", "levers.LEVERS[commissioning]",
        "Share of the old budget gone", "levers.LEVERS[budget_cut]",
        "Low-level need sent to the community without support", "levers.LEVERS[offloading]",
        "Community link workers", "levers.LEVERS[link_workers]",
        "A lever may differ by service or place", "levers.Lever.varies_by scenarios.timetable.spread",
    ),
    "Rivals": _rows(
        "Listening itself helps", "parameters.RIVALS[listening_helps]",
        "Being heard comforts", "parameters.RIVALS[being_heard_comforts]",
        "Blind action works as well", "parameters.RIVALS[blind_action_works]",
        "Large idle capacity in the community", "parameters.RIVALS[idle_community]",
        "Strong crowding-out", "parameters.RIVALS[crowding_out]",
        "Peers pass the word fast", "parameters.RIVALS[fast_word]",
        "Expectation fixed", "parameters.RIVALS[expectation_fixed]",
        "No peer pressure; strong peers", "parameters.RIVALS[no_peer_pressure] parameters.RIVALS[strong_peers]",
        "No both-ends rule", "parameters.RIVALS[no_both_ends]",
        "Single-agency needs", "parameters.RIVALS[single_agency_needs]",
        "No re-opening", "parameters.RIVALS[no_reopening]",
        "No dependency from standard help", "parameters.RIVALS[no_standard_dependency]",
        "Symmetric trust", "parameters.RIVALS[symmetric_trust]",
        "No safety in procedure", "parameters.RIVALS[no_procedure_shield]",
        "No vicarious fear", "parameters.RIVALS[no_watched_fear]",
        "Weak fear slope", "parameters.RIVALS[weak_fear]",
        "No decay of skill", "parameters.RIVALS[no_skill_decay]",
        "No practice learning, or strong",
        "parameters.RIVALS[no_practice_learning] parameters.RIVALS[strong_practice_learning]",
        "Weaker training; revealing conversations untrained",
        "parameters.RIVALS[weak_training] parameters.RIVALS[talk_without_training]",
        "Pressure as soon as incidents rise", "parameters.RIVALS[early_pressure]",
        "Being trusted is no part of hope", "parameters.RIVALS[trust_is_not_hope]",
        "Hope is an indicator only", "parameters.RIVALS[hope_is_indicator]",
        "A menu that never learns", "parameters.RIVALS[fixed_menu]",
        "Continuity of worker", "parameters.RIVALS[continuity_of_worker]",
        "Lower trust gain with a lower home", "parameters.RIVALS[low_trust_gain]",
    ),
}  # fmt: skip
"""Section by section: what is asked, and where it is."""


def found(name: str) -> Any:
    """What a name inside `dealsim` stands for.

    Raises
    ------
    LookupError
        When there is no such thing.
    """
    match = re.fullmatch(r"([\w.]+?)(?:\[(\w+)\])?", name)
    if not match:
        raise LookupError(f"'{name}' is no name")
    parts = match[1].split(".")
    for length in range(len(parts), 0, -1):
        module = ".".join(["dealsim", *parts[:length]])
        thing: Any
        try:
            thing = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not module.startswith(error.name):
                raise  # the module is there, and something it imports is not
            continue
        for part in parts[length:]:
            annotated = getattr(thing, "__annotations__", {})
            if not hasattr(thing, part) and part not in annotated:
                raise LookupError(f"dealsim.{name} does not exist")
            thing = getattr(thing, part, annotated.get(part))
        if match[2] is not None:
            if match[2] not in thing:
                raise LookupError(f"dealsim.{name} does not exist")
            thing = thing[match[2]]
        return thing
    raise LookupError(f"dealsim.{name} does not exist")


def missing() -> list[str]:
    """What the specification asks for and the code does not have: one line each."""
    lines = []
    for section, rows in SPECIFICATION.items():
        for row in rows:
            for name in row.where:
                try:
                    found(name)
                except LookupError as error:
                    lines.append(f"{section}: {row.what} ({error})")
    return lines


def coverage_page() -> str:
    """The specification and where each row of it is in the code, as a page."""
    gaps = missing()
    count = sum(len(rows) for rows in SPECIFICATION.values())
    parts = [
        "# Where the specification is in the code\n\n",
        "<!-- Made by `python -m dealsim.show.pages`; do not edit. -->\n\n",
        f"{count} rows. That each name exists is checked here; what it does is held by the tests and the studies.\n"
        "What of the specification is not in the model: "
        + ("nothing.\n" if not gaps else "\n\n" + "".join(f"- {line}\n" for line in gaps)),
    ]
    for section, rows in SPECIFICATION.items():
        parts.append(f"\n## {section}\n\n| What is asked | Where it is |\n| --- | --- |\n")
        for row in rows:
            where = ", ".join(f"`dealsim.{name}`" for name in row.where)
            parts.append(f"| {row.what} | {where} |\n")
    return "".join(parts)
