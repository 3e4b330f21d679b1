"""The plain object twin: the same borough as an ordinary Mesa model, one object a person, lived agent by agent.

It calls the scalar rules of `dealsim.agents` in their plain Python form and holds no second version of any.
What it says again, in objects, is who meets whom and when. It keeps no tallies and writes down no events.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, ClassVar

import mesa
import numpy as np

from dealsim import chance as ch
from dealsim import curves
from dealsim.agents import citizen as of_citizens
from dealsim.agents import group as of_groups
from dealsim.agents import service as of_services
from dealsim.agents import staff as of_staff
from dealsim.agents.citizen import FIRST_ADULT_BAND, NEVER, OLDER_BAND
from dealsim.agents.service import INVESTMENT_UNIT
from dealsim.borough import COLUMNS_OF_KIND, Borough
from dealsim.calendar import MONTHS_A_YEAR, WEEKS_A_MONTH, WEEKS_A_QUARTER, WEEKS_A_YEAR
from dealsim.compiled import interpreted, is_compiled
from dealsim.declare import columns_of
from dealsim.engine import World
from dealsim.levers import PAID_LEVERS, SERVICE_KINDS, policy_in_force, without_shocks
from dealsim.processes.needs import CARE
from dealsim.tally import SCALE, whole_of
from dealsim.week import WEEK

rule = SimpleNamespace(
    **{
        name: interpreted(function)
        for module in (ch, curves, of_citizens, of_staff, of_services, of_groups)
        for name, function in vars(module).items()
        if is_compiled(function)
    },
    whole_of=interpreted(whole_of),
)
"""Every scalar rule, in its plain Python form."""

EMERGING, ACUTE, CRISIS = 1, 2, 3


class Thing(mesa.Agent):
    """Somebody or something with plain attributes named as its columns are.

    A column declared float32 is rounded to float32 once, when it is stored. A column that holds a row of another
    kind holds that object itself, or None for −1.
    """

    kind: ClassVar[str]
    links: ClassVar[dict[str, str]] = {}
    single: ClassVar[frozenset[str]]

    def __init_subclass__(cls) -> None:
        cls.columns = columns_of(COLUMNS_OF_KIND[cls.kind])
        cls.single = frozenset(name for name, spec in cls.columns.items() if spec.dtype is np.float32)

    def __init__(self, model: Twin, row: int) -> None:
        super().__init__(model)
        self.row = row

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, float(np.float32(value)) if name in self.single else value)


class Part:
    """One part of a need: the service it belongs to, whether it is open, whether the standard offer fits."""

    def __init__(self, open: int, service: Service, fits: int) -> None:
        self.open, self.service, self.fits = open, service, fits


class Place(Thing):
    """A place: teams of each service, joint work, devolved power, investment."""

    kind = "places"

    def settle(self) -> None:
        """The place makes its own of the policy in force."""
        now, p = self.model.now, self.model.p.service
        self.joint = now.place_based_working[self.row]
        self.devolution = now.devolution[self.row]
        self.investment = rule.investment_in_place(
            now.community_investment[self.row], self.devolution, self.judgement_investment, p
        )

    def leaning(self, service: Service) -> float:
        """How the place's own judgement shifts the odds of departing, in services that take part."""
        taken_part = self.model.now.in_deal[service.row] * self.devolution
        return rule.place_leaning(taken_part, self.judgement_departures, self.model.p.service)


class Leadership(Thing):
    """The people who hold the permission."""

    kind = "leadership"

    def decide(self) -> None:
        """Leaders leave by chance or by a shock; a new decision is held by all who took it."""
        model = self.model
        now, p = model.now, model.p.service
        leaders = int(now.leaders_holding_permission)
        exits = now.leader_leaves
        if now.leaders_stay < 0.5:
            for leader in range(leaders):
                if model.draw(ch.LEADER_LEAVES, leader) < p.leader_exit / WEEKS_A_YEAR:
                    exits += 1.0
        was = wanted = 0.0
        old_regime = zip(
            model.before.permission_to_innovate, now.permission_to_innovate, now.old_permission, strict=True
        )
        for before, after, old in old_regime:
            was += abs(before - old)
            wanted += abs(after - old)
        self.held = rule.held_after_decision(self.held, was, wanted)
        self.holders = float(leaders)
        self.held = rule.held_after_week(self.held, min(exits, float(leaders)), float(leaders), p)


class Service(Thing):
    """A service: its climate of blame, the permission in force, its know-how, standard offer and money."""

    kind = "services"

    def begin_week(self) -> None:
        """What was counted last week is cleared."""
        self.tried = self.visible = self.reports = self.shared = 0.0
        self.served = self.crisis_served = 0.0

    def follow(self, leadership: Leadership) -> None:
        """Blame and permission follow what the leaders decide and hold."""
        now, p, s = self.model.now, self.model.p.service, self.row
        self.nerve = now.nerve[s]
        self.blame = rule.blame_after_week(self.blame, now.blame_culture[s], p)
        if self.model.week % WEEKS_A_QUARTER == 0:
            self.reaction = rule.reaction_to_incidents(self.salience, self.nerve, p)
        self.blame_in_force = rule.blame_with_reaction(self.blame, self.reaction)
        self.permission_decided = rule.permission_decided_after_week(
            self.permission_decided, now.permission_to_innovate[s], float(leadership.holders), p
        )
        old = now.old_permission[s]
        self.permission = old + (self.permission_decided - old) * leadership.held

    def close_quarter(self) -> None:
        """The quarter's costs become those that the next budgets count on."""
        p = self.model.p.service
        self.demand_cost += p.cost_lag * (self.quarter_cost / WEEKS_A_QUARTER - self.demand_cost)
        self.programme_cost = self.quarter_programme / WEEKS_A_QUARTER
        self.quarter_cost = self.quarter_programme = 0.0

    def set_budget(self) -> None:
        """What is left of the budget pays for staff."""
        now, p = self.model.now, self.model.p.service
        if self.budget > 0.0:
            self.capacity = rule.capacity_from_money(
                self.budget,
                min(1.0, now.budget_cut[self.row] + now.budget_shock),
                self.demand_cost,
                self.programme_cost,
                self.posts * p.worker_cost / WEEKS_A_YEAR,
                p,
            )

    def learn(self) -> None:
        """The service learns from what was reported and shared, and feels what came out."""
        p = self.model.p.service
        reports = shared = 0.0
        if self.tried > 0.0:
            reports = self.reports / self.tried
            shared = self.shared / self.tried
            if self.incidents_normal > 0.0:
                self.salience = rule.salience_after_week(
                    self.salience, self.visible / self.tried, self.incidents_normal, p
                )
        self.salience += self.model.now.scandal[self.row]
        self.know_how = rule.know_how_after_week(self.know_how, reports, p)
        self.menu_fit = rule.menu_after_week(self.menu_fit, shared, p.menu_fits, p)

    def pay_for_work(self) -> None:
        """Staff, contacts and crises of the week."""
        p = self.model.p.service
        self.staff_spend = self.posts * p.worker_cost / WEEKS_A_YEAR * self.capacity
        self.contact_spend = (self.served - self.crisis_served) * p.contact_cost
        self.crisis_spend = self.crisis_served * p.crisis_cost
        self.programme_spend = 0.0

    def keep_the_books(self) -> None:
        """The week's bills are added to the quarter's."""
        self.quarter_cost += self.contact_spend + self.crisis_spend
        self.quarter_programme += self.programme_spend


class Team(Thing):
    """Eight workers of one service in one place, with case slots and a norm."""

    kind = "teams"
    links: ClassVar = {"service": "services", "place": "places"}

    def serve(self, requests: list[Citizen]) -> list[Citizen]:
        """Crises first, then by lot; as many as there are whole slots for. Gives back whom it serves, in order."""
        model, service = self.model, self.service
        queue = sorted(requests, key=lambda c: (c.need != CRISIS, model.draw(ch.RATIONED, c.id), c.id))
        skill = 0.0
        for worker in self.workers:
            skill += worker.skill
        p = model.p.staff
        self.capacity = rule.team_slots(
            self.slots_per_worker,
            service.capacity,
            rule.training_share(model.now.asset_based_training[service.row], p),
            self.departure_share,
            1.0 - skill / len(self.workers),
            p,
        )
        slots = self.slots + self.capacity - model.p.service.huddle_slots * self.joined
        self.joined = 0.0
        whole = max(0.0, float(math.floor(slots)))
        self.slots = slots - whole
        left, asked, served = whole, 0.0, []
        for citizen in queue:
            price = model.p.service.crisis_slots if citizen.need == CRISIS else 1.0
            asked += price
            if citizen.need == CRISIS and left >= 1.0:
                price = min(price, left)
            if price > left:
                citizen.is_turned_away()
                continue
            left -= price
            service.served += 1.0
            if citizen.need == CRISIS:
                service.crisis_served += 1.0
            served.append(citizen)
        self.asked = asked
        used = (whole - left) / max(1.0, whole)
        self.utilisation += p.use_pace * (min(1.0, used) - self.utilisation)
        return served

    def take_stock(self) -> None:
        """The week's encounters in a team: what was sanctioned, who practised, who knows; then the norm moves."""
        p = self.model.p
        fear = skilled = practising = tried = departures = knowing = 0.0
        sanctions = 0
        for worker in self.workers:
            fear += worker.was_afraid
            sanctions += worker.sanctioned
            tried += worker.met
            departures += worker.departures
            if worker.departures > 0:
                skilled += worker.was_skilled
                practising += 1.0
            if worker.knew_the_truth():
                knowing += 1.0
        self.closed_recently += self.closed_now - self.closed_recently / p.staff.case_lag
        self.closed_now = 0.0
        cases = (self.open_parts + self.closed_recently) / len(self.workers)
        willing = 0.0
        for worker in self.workers:
            worker.take_stock(fear, sanctions, skilled, practising, knowing, cases)
            willing += worker.willingness
        self.norm = rule.norm_after_week(self.norm, willing / len(self.workers), p.staff)
        if tried > 0.0:
            self.departure_share += p.staff.departures_pace * (departures / tried - self.departure_share)
        for worker in self.workers:
            worker.make_up_mind()
        self.sum_up()

    def sum_up(self) -> None:
        """The team's willingness is the mean of its workers'."""
        mean = 0.0
        for worker in self.workers:
            mean += worker.willingness
        self.willingness = mean / len(self.workers)

    def see_people_go(self) -> None:
        """Some leave; newcomers take over half the team's fear and half of what it knows."""
        fear = known = 0.0
        for worker in self.workers:
            fear += worker.fear
            known += worker.perceived_permission
        for worker in self.workers:
            if self.model.draw(ch.LEAVES_JOB, worker.id) < rule.leaving_job_chance(worker.hope, self.model.p.staff):
                worker.is_replaced(fear / len(self.workers), known / len(self.workers))
        self.sum_up()


class Worker(Thing):
    """A post and the person in it."""

    kind = "staff"
    links: ClassVar = {"team": "teams", "service": "services", "place": "places", "bridge": "staff"}

    def begin_week(self) -> None:
        """What was counted last week is cleared."""
        self.met = self.solved = self.departures = self.departures_solved = 0
        self.sanctioned = self.backed = 0

    def perhaps_train(self) -> None:
        """Away for a training session this week, or not."""
        hours = self.model.now.asset_based_training[self.service.row]
        chance = rule.training_chance(hours, self.model.p.staff)
        self.trained = 1 if self.model.draw(ch.TRAINED, self.id) < chance else 0

    def remember(self) -> None:
        """What colleagues can see of this worker as the process begins."""
        self.was_afraid = self.fear
        self.was_skilled = self.skill
        self.knew = self.perceived_permission

    def knew_the_truth(self) -> bool:
        """Whether what the worker took to be permitted was near enough to what was."""
        return abs(self.knew - self.service.permission) < self.model.p.staff.permission_near

    def take_stock(
        self, fear: float, sanctions: int, skilled: float, practising: float, knowing: float, cases: float
    ) -> None:
        """Fear, credibility, what is known to be permitted, skill, belief and hope, after the week."""
        p, team, others = self.model.p.staff, self.team, float(len(self.team.workers))
        own, backed = float(self.sanctioned), float(self.backed)
        seen = float(sanctions) - own
        if self.departures > 0:
            skilled -= self.was_skilled
            practising -= 1.0
        if self.bridge is not None:
            friend = self.bridge
            others += 1.0
            seen += float(friend.sanctioned)
            fear += friend.was_afraid
            if friend.departures > 0:
                skilled += friend.was_skilled
                practising += 1.0
            if friend.knew_the_truth():
                knowing += 1.0
        seen = min(2.0, seen)
        self.fear = rule.fear_after_week(self.was_afraid, own, seen, backed, fear / others, p)
        self.credibility = rule.credibility_after_week(self.credibility, backed, own + seen, p)
        self.perceived_permission = rule.permission_known_after_week(
            self.knew,
            self.service.permission,
            knowing / others,
            self.credibility,
            self.model.now.staff_communications[self.service.row],
            p,
        )
        peers = skilled / practising if practising > 0.0 else 0.0
        self.skill = rule.skill_after_week(
            self.was_skilled, float(self.departures), team.norm, peers, self.willingness, float(self.trained), p
        )
        if self.departures > 0:
            self.value = rule.value_after_week(self.value, self.departures_solved / self.departures, p)
        if self.met > 0:
            target = rule.hope_target(
                self.solved / self.met,
                self.willingness,
                self.perceived_permission * rule.word_counts(self.credibility, p),
                self.fear,
                rule.overload_of(cases, self.service.capacity, p),
                p,
            )
            self.hope = rule.hope_after_week(self.hope, target, p)
        self.open_cases = cases

    def make_up_mind(self) -> None:
        """How ready the worker is to depart from the menu."""
        p = self.model.p.staff
        self.willingness = rule.willingness_to_depart(
            self.perceived_permission * rule.word_counts(self.credibility, p),
            self.value,
            self.team.norm,
            self.hope,
            self.fear,
            self.place.leaning(self.service),
            p,
        )

    def is_replaced(self, team_fear: float, team_known: float) -> None:
        """A newcomer takes the post."""
        p = self.model.p.staff
        self.id += len(self.model.staff)
        self.skill = p.newcomer_skill
        self.fear = rule.fear_of_newcomer(team_fear, p)
        self.hope = p.newcomer_hope
        self.credibility = p.newcomer_credibility
        self.value = p.newcomer_value
        old = self.model.now.old_permission[self.service.row]
        self.perceived_permission = rule.known_to_newcomer(team_known, old, p)
        self.last_departure = NEVER
        self.begin_week()
        self.trained = 0
        self.make_up_mind()


class Neighbourhood(Thing):
    """A neighbourhood and the slots its groups live in."""

    kind = "neighbourhoods"
    links: ClassVar = {"place": "places"}

    def living_groups(self) -> list[Group]:
        """The groups that are alive, in the order of their slots."""
        return [group for group in self.slots if group.alive]

    def carry_need(self, in_need: list[Citizen]) -> None:
        """Groups carry as much of the need they know of as their volunteers can."""
        p = self.model.p.group
        sent = unsent = 0.0
        for citizen in in_need:
            if citizen.known_to_groups:
                sent += 1.0
            else:
                unsent += 1.0
        volunteers = hours = living = 0.0
        for group in self.living_groups():
            volunteers += group.volunteers
            hours += group.coordinator_hours
            living += 1.0
        self.coordination = rule.coordination_lift(hours / living if living else 0.0, p)
        known_share = rule.known_share_of(self.place.investment, p)
        known = known_share * unsent + sent
        carrying = rule.needs_carried(volunteers, self.coordination, float(self.population), p)
        self.met_share = min(1.0, carrying / known) if known > 0.0 else float(carrying > 0.0)
        self.load = rule.load_of(known, carrying, p)
        self.coverage = self.met_share * known_share
        for group in self.slots:
            group.load = self.load if group.alive else 0.0

    def coverage_of(self, citizen: Citizen) -> float:
        """How far groups reach a citizen: further when they know of her."""
        return self.met_share if citizen.known_to_groups else self.coverage


class Group(Thing):
    """A slot for a voluntary group, and the group in it if there is one."""

    kind = "groups"
    links: ClassVar = {"neighbourhood": "neighbourhoods"}

    def live_a_month(self) -> None:
        """An empty slot may be filled; a group asks for money, lives on it, and may close."""
        p = self.model.p.group
        investment = self.neighbourhood.place.investment
        if not self.alive:
            if self.model.draw(ch.GROUP_BORN, self.id) < rule.birth_chance(investment, p):
                self.begin()
            return
        self.coordinator_hours = p.coordinator_hours * investment
        if self.model.week >= self.contract_ends:
            self.apply_for_money(investment)
        overhead = p.overhead_partnership if self.contract == of_groups.PARTNERSHIP else p.overhead_tender
        noise = rule.inverse_normal(self.model.draw(ch.GROUP_INCOME, self.id))
        self.own_income = rule.own_income_after_month(self.own_income, noise, p)
        self.reserves = rule.reserves_after_month(self.reserves, self.own_income, self.grant_share, overhead, p)
        if rule.group_ends(self.reserves, self.volunteers, self.model.week - self.born, p):
            self.alive = 0
            self.reserves = self.grant_share = self.coordinator_hours = 0.0

    def begin(self) -> None:
        """A new group, with a number of its own."""
        self.alive = 1
        self.id += len(self.model.groups)
        self.born = self.contract_ends = self.model.week
        self.volunteers = 0
        self.reserves = min(self.model.p.group.reserve_ceiling, self.model.p.group.reserve_start)
        self.own_income = 1.0
        self.grant_share = 0.0

    def apply_for_money(self, investment: float) -> None:
        """A grant for the term of a contract, or a wait of up to a year."""
        model, p = self.model, self.model.p.group
        if model.draw(ch.GROUP_CONTRACT, self.id) < rule.funded_chance(investment, p):
            partnership = model.now.partnership > 0.5
            self.grant_share = p.grant_size
            self.contract = of_groups.PARTNERSHIP if partnership else of_groups.TENDER
            years = p.years_partnership if partnership else p.years_tender
            self.contract_ends = model.week + int(years * WEEKS_A_YEAR)
        else:
            self.grant_share = 0.0
            months = 1 + int(model.draw(ch.GROUP_CONTRACT, self.id, 1) * MONTHS_A_YEAR)
            self.contract_ends = model.week + WEEKS_A_MONTH * months


class Citizen(Thing):
    """A person: needs, trust, agency, wellbeing, ties, and perhaps a group to volunteer in."""

    kind = "citizens"
    links: ClassVar = {
        "neighbourhood": "neighbourhoods",
        "speaks_for": "citizens",
        "place": "places",
        "group": "groups",
    }

    def open_parts(self) -> list[Part]:
        """The parts of her need that are still open."""
        return [part for part in self.own_parts[: self.parts] if part.open]

    def team_for(self, service: Service) -> Team:
        """The team of a service that looks after her patch."""
        teams = self.place.teams_of[service.row]
        return teams[self.patch % len(teams)]

    def live_with_need(self) -> bool:
        """A week of having, or not having, a need. True when there was one this week."""
        model, p = self.model, self.model.p.citizen
        if not self.need:
            if model.draw(ch.NEED_ARRIVES, self.id) >= self.arrival * model.now.demand:
                return False
            self.fall_into_need()
            return True
        if self.need < CRISIS:
            agency = self.speaks_for.agency
            coverage = self.neighbourhood.coverage_of(self)
            put_right = rule.resolution_chance(self.need, agency, self.support, coverage, p)
            lot = model.draw(ch.NEED_MOVES, self.id)
            if lot < put_right:
                self.need = 0
                return True
            met_last_week = self.last_met == model.week - 1
            if not met_last_week and lot < put_right + rule.escalation_chance(self.need, agency, p):
                self.need += 1
        if self.part_last_solved >= 0 and model.draw(ch.REOPENS, self.id) < p.reopening:
            self.own_parts[self.part_last_solved].open = 1
            self.part_last_solved = -1
        return True

    def fall_into_need(self) -> None:
        """A new need of one to three parts, each with a service of its own."""
        model = self.model
        self.need = EMERGING
        services = sum(weight > 0.0 for weight in model.weights)
        self.parts = min(services, rule.parts_of_need(model.draw(ch.NEED_PARTS, self.id), model.p.citizen))
        self.episode += 1
        older = 1.0 if self.age_band >= OLDER_BAND else 0.0
        weights = [
            rule.need_weight(weight, kind == CARE, older, model.p.citizen) for kind, weight in enumerate(model.weights)
        ]
        taken: list[int] = []
        for n in range(self.parts):
            kinds = [kind for kind, weight in enumerate(weights) if weight > 0.0 and kind not in taken]
            total = 0.0
            for kind in kinds:
                total += weights[kind]
            left = model.draw(ch.NEED_SERVICE, self.id, n) * total
            for kind in kinds:
                if left < 0.0:
                    break
                chosen = kind
                left -= weights[kind]
            taken.append(chosen)
            part = self.own_parts[n]
            part.service = self.place.service_of_kind[chosen]
            part.open = 1
            part.fits = 1 if model.draw(ch.NEED_FITS_MENU, self.id, n) < part.service.menu_fit else 0

    def seek_help(self) -> bool:
        """She, or the adult who speaks for her, contacts a service; True when she then asks a team for a slot."""
        model, p = self.model, self.model.p
        if self.in_contact:
            for part in self.open_parts():
                self.team_for(part.service).open_parts += 1.0
        trust = self.speaks_for.trust
        chance = rule.seeking_chance(self.need, self.in_contact == 1, self.referred == 1, trust, p.citizen)
        if model.draw(ch.SEEKS_HELP, self.id) >= chance:
            return False
        service = self.own_parts[self.part_now].service
        if not self.contacts:
            self.first_contact = model.week
        self.contacts = min(30000, self.contacts + 1)
        self.in_contact = 1
        now, in_deal = model.now, model.now.in_deal[service.row]
        if service.health_share > 0.0:
            reach = min(1.0, p.service.link_reach * now.link_workers[self.place.row] * in_deal)
            if model.draw(ch.LINKED, self.id) < reach * service.health_share:
                self.known_to_groups = 1
        sent = model.draw(ch.SENT_TO_COMMUNITY, self.id) < now.offloading[self.place.row] * in_deal
        if self.need == EMERGING and sent:
            self.known_to_groups = 1
            self.in_contact = self.referred = 0
            return False
        return True

    def is_turned_away(self) -> None:
        """No slot for her this week."""
        self.speaks_for.live_through(self.model.p.citizen.experience_turned_away)
        self.referred = 0

    def live_through(self, experience: float) -> None:
        """One experience moves trust and expectation."""
        p, expected = self.model.p.citizen, self.expectation
        self.trust = rule.trust_after_contact(self.trust, expected, experience, p)
        self.expectation = rule.expectation_after_contact(expected, experience, p)

    def meet_workers(self) -> None:
        """The encounter: one part, or all open parts where services sit together; then the hand-on."""
        model, p = self.model, self.model.p.service
        current = self.own_parts[self.part_now]
        in_crisis = self.need == CRISIS
        huddle = self.is_joint()
        if huddle and model.now.partnership > 0.5:
            self.known_to_groups = 1
        self.met_this_episode = 1
        self.last_met = self.speaks_for.last_seen = model.week
        self.referred = 0
        coverage = self.neighbourhood.coverage
        for n, part in enumerate(self.own_parts[: self.parts]):
            if part.open and (part is current or huddle):
                self.try_part(n, part, in_crisis, coverage)
        still_open = self.open_parts()
        if not still_open:
            self.need = 0
            return
        if in_crisis and model.draw(ch.CRISIS_CALMS, self.id) < p.crisis_calms:
            self.need = ACUTE
        if current.open:
            return
        following = still_open[0]
        self.part_now = self.own_parts.index(following)
        if not huddle:
            pair = self.team_for(current.service).willingness * self.team_for(following.service).willingness
            in_deal = model.now.in_deal
            both_in = min(in_deal[current.service.row], in_deal[following.service.row])
            joint = both_in * rule.joint_chance(self.place.joint, pair, 2, p)
            lost = rule.handoff_lost_chance(joint, both_in * self.place.devolution, p)
            self.referred = 0 if model.draw(ch.HANDED_ON, self.id) < lost else 1

    def is_joint(self) -> bool:
        """Whether the services of her open parts try them all together."""
        parts = self.open_parts()
        if len(parts) < 2:
            return False
        product, all_in = 1.0, 1.0
        for part in parts:
            product *= self.team_for(part.service).willingness
            all_in = min(all_in, self.model.now.in_deal[part.service.row])
        chance = all_in * rule.joint_chance(self.place.joint, product, len(parts), self.model.p.service)
        return self.model.draw(ch.JOINT_HUDDLE, self.id) < chance

    def worker_for(self, n: int, service: Service) -> Worker:
        """Whom she meets: someone of the team, or the next one when that one is away for training."""
        model, workers = self.model, self.team_for(service).workers
        if model.p.staff.continuity > 0.5:
            lot = model.draw(ch.MEETS_WORKER, self.id, service.row, week=0)
        else:
            lot = model.draw(ch.MEETS_WORKER, self.id, n)
        pick = int(lot * len(workers))
        in_turn = workers[pick:] + workers[:pick]
        return next((worker for worker in in_turn if not worker.trained), workers[pick])

    def try_part(self, n: int, part: Part, in_crisis: bool, coverage: float) -> None:
        """One attempt at one part: talk, the menu or a departure, an incident perhaps, and what she makes of it."""
        model, p = self.model, self.model.p
        service = part.service
        worker = self.worker_for(n, service)
        skill, fear, know_how = worker.skill, worker.fear, service.know_how
        fits = part.fits == 1
        revealed = model.draw(ch.REVEALS, self.id, n) < rule.reveal_chance(skill, p.staff)
        acts = model.draw(ch.DEPARTS, self.id, n) < worker.willingness
        departed = acts and not fits
        chance = rule.solve_chance(fits, acts, revealed, coverage, know_how, p.service)
        solved = model.draw(ch.SOLVES, self.id, n) < chance

        service.tried += 1.0
        worker.met += 1
        if part is not self.own_parts[self.part_now]:
            worker.team.joined += 1.0
        if revealed:
            self.speaks_for.last_changed = model.week
        if departed:
            worker.departures += 1
            worker.last_departure = model.week
        if solved:
            worker.solved += 1
            self.team_for(service).closed_now += 1.0
        if departed and solved:
            worker.departures_solved += 1
            if model.draw(ch.REPORTED, self.id, 3 + n) < rule.report_chance(fear, p.service):
                service.shared += 1.0
        risk = rule.incident_chance(in_crisis, departed, revealed, skill, know_how, p.service)
        if model.draw(ch.INCIDENT, self.id, n) < risk:
            self.goes_wrong(n, service, worker, departed)

        heard = revealed and not acts and not fits
        speaker = self.speaks_for
        speaker.live_through(rule.experience_of(solved, departed, departed, heard, p.citizen))
        if solved:
            speaker.agency = rule.agency_after_help(speaker.agency, departed, p.citizen)
            part.open = 0
            self.part_last_solved = n

    def goes_wrong(self, n: int, service: Service, worker: Worker, departed: bool) -> None:
        """An incident: reported, or out by itself, or never seen; what is seen is sanctioned or backed."""
        draw, p = self.model.draw, self.model.p.service
        reported = draw(ch.REPORTED, self.id, n) < rule.report_chance(worker.fear, p)
        if reported:
            service.reports += 1.0
        elif draw(ch.SURFACES, self.id, n) >= p.surfaces:
            return
        service.visible += 1.0
        if draw(ch.SANCTIONED, self.id, n) < rule.sanction_chance(service.blame_in_force, departed, p):
            worker.sanctioned = 1
        elif departed:
            worker.backed = 1

    def close_episode(self) -> None:
        """A need that is over leaves nothing behind."""
        self.parts = self.part_now = self.contacts = self.in_contact = self.referred = self.known_to_groups = 0
        self.part_last_solved = -1
        self.first_contact = NEVER
        self.met_this_episode = 0
        for part in self.own_parts:
            part.open = 0

    def remember(self) -> None:
        """What her ties can see of her as the month begins."""
        self.shown_trust = self.trust
        self.shown_support = self.agency if self.need <= EMERGING else 0.0
        share = self.place.champions if self.volunteer else 0.0
        self.champion = share > 0.0 and self.model.draw(ch.CHAMPION, self.id, week=0) < share

    def listen(self) -> None:
        """Trust around her, support from ties without a need of their own, and who would ask her to join in."""
        weights = trust = given = 0.0
        self.asking = self.champions_known = 0
        for tie, weight in self.ties:
            weights += weight
            trust += weight * tie.shown_trust
            given += weight * tie.shown_support
            if tie.volunteer:
                self.asking += 2 if tie.champion else 1
                self.champions_known += 1 if tie.champion else 0
        self.support = given / weights if weights > 0.0 else 0.0
        if self.volunteer and self.group.volunteers > 0:
            pull = self.model.p.group.pull_of_volunteering
            weights += pull
            trust += pull * (float(self.group.summed_trust) / SCALE / float(self.group.volunteers))
        self.trust_around = trust / weights if weights > 0.0 else self.trust

    def change_mind(self) -> None:
        """Expectation, then trust, then agency, after a month of talk and messages."""
        now, p, at = self.model.now, self.model.p.citizen, self.place.row
        self.expectation = rule.expectation_after_month(
            self.expectation, self.trust, now.public_communications[at], now.communications_clarity, p
        )
        self.trust = rule.trust_after_month(self.trust, self.trust_around, self.trust_home, p)
        volunteers = float(self.volunteer)
        champions = float(self.champions_known) if self.need else 0.0
        devolved = volunteers * self.place.devolution
        self.agency = rule.agency_after_month(self.agency, self.agency_home, volunteers, champions, devolved, p)

    def feel(self) -> None:
        """Wellbeing after a month, and the chance of new need that follows from it."""
        p = self.model.p.citizen
        kept = 1.0 - p.wellbeing_pull
        pull = 1.0 - kept * kept * kept * kept
        spread = p.wellbeing_noise * math.sqrt(2.0 * p.wellbeing_pull * WEEKS_A_MONTH)
        target = rule.wellbeing_target(
            self.wellbeing_home, self.need, self.agency, float(self.volunteer), self.support, p
        )
        noise = rule.inverse_normal(self.model.draw(ch.WELLBEING_NOISE, self.id))
        self.wellbeing = rule.wellbeing_after_month(self.wellbeing, target, noise, pull, spread)
        self.arrival = rule.arrival_chance(
            self.deprivation,
            1.0 if self.age_band >= OLDER_BAND else 0.0,
            1.0 if self.age_band < FIRST_ADULT_BAND else 0.0,
            float(self.long_term_condition),
            float(self.carer),
            self.wellbeing,
            p,
        )

    def join_or_leave(self) -> None:
        """She starts to volunteer, stops, or looks for another group when hers has closed."""
        draw, p, near = self.model.draw, self.model.p.citizen, self.neighbourhood
        if self.age_band < FIRST_ADULT_BAND:
            return
        if self.volunteer:
            chance = rule.leaving_chance(self.group.load, near.coordination, self.need, p)
            stops = draw(ch.LEAVES_GROUP, self.id) < chance
            gone = not self.group.alive
            looks = gone and not stops and draw(ch.LEAVES_GROUP, self.id, 1) < p.volunteer_moves_on
            if stops or gone:
                self.group.volunteers -= 1
                self.group = None
        else:
            room = max(0.0, 1.0 - near.volunteer_share / p.volunteer_ceiling)
            chance = rule.joining_chance(self.agency, self.expectation, float(self.asking), near.coordination * room, p)
            looks = draw(ch.JOINS_GROUP, self.id) < chance
        groups = near.living_groups() if looks else []
        if groups:
            self.group = groups[int(draw(ch.PICKS_GROUP, self.id) * len(groups))]
            self.group.volunteers += 1
        self.volunteer = 0 if self.group is None else 1


KINDS: tuple[type[Thing], ...] = (Citizen, Worker, Team, Service, Place, Leadership, Neighbourhood, Group)

PARTS = {"part_open": "open", "part_service": "service", "part_fits": "fits"}
"""Columns of a citizen that stand on the parts of her need."""


class Twin(mesa.Model):
    """A world copied into objects. `step` lives one week, `borough` gives the state back as columns."""

    def __init__(self, world: World) -> None:
        super().__init__(rng=world.seed % 2**32)
        self.p = world.parameters
        self.week = world.week
        self.seed_of_life = world.seed
        self.policy, self.old_regime = world.policy, world.old_regime
        self.weights = [getattr(self.p.citizen, f"weight_{kind}") for kind in SERVICE_KINDS]
        self.keys: dict[tuple[int, int], tuple[int, int]] = {}
        self._source = world.borough
        for kind in KINDS:
            rows = getattr(world.borough, kind.kind).id.size
            setattr(self, kind.kind, [kind(self, row) for row in range(rows)])
        for kind in KINDS:
            self._read(kind)
        self._meet_each_other()

    def _read(self, kind: type[Thing]) -> None:
        for name in kind.columns:
            values = getattr(getattr(self._source, kind.kind), name).tolist()
            for thing, value in zip(getattr(self, kind.kind), values, strict=True):
                if name in PARTS:
                    continue
                if name in kind.links:
                    value = None if value < 0 else getattr(self, kind.links[name])[value]
                setattr(thing, name, value)

    def _meet_each_other(self) -> None:
        source = self._source
        columns = source.citizens
        for at, citizen in enumerate(self.citizens):
            citizen.own_parts = [
                Part(int(columns.part_open[at, n]), self.services[columns.part_service[at, n]], int(columns.part_fits[at, n]))
                for n in range(3)
            ]  # fmt: skip
            low, high = source.ties.start[at : at + 2]
            citizen.ties = [
                (self.citizens[to], float(weight))
                for to, weight in zip(source.ties.to[low:high], source.ties.weight[low:high], strict=True)
            ]
        for team in self.teams:
            team.workers = [worker for worker in self.staff if worker.team is team]
        for service in self.services:
            service.posts = float(sum(worker.service is service for worker in self.staff))
        for place in self.places:
            place.service_of_kind = [self.services[row] for row in source.service_of_kind[place.row]]
            place.teams_of = [
                [team for team in self.teams if team.place is place and team.service is service]
                for service in self.services
            ]
        for near in self.neighbourhoods:
            near.slots = []
        for group in self.groups:
            group.neighbourhood.slots.append(group)

    def draw(self, decision: int, id: int, n: int = 0, week: int | None = None) -> float:
        """The draw somebody gets on the n-th asking of a question, this week unless told otherwise."""
        asked = (decision, self.week if week is None else week)
        if asked not in self.keys:
            self.keys[asked] = rule.question(self.seed_of_life, *asked)
        return rule.draw(self.keys[asked], id, n)

    def _policy(self, week: int) -> SimpleNamespace:
        """The policy of a week as plain numbers and lists; the old regime's before week 0, the last row's after it."""
        last = self.policy.demand.size - 1
        table = self.old_regime if week < 0 else policy_in_force(self.policy, min(week, last))
        if week > last:
            table = without_shocks(table)
        values = table._asdict().items()
        return SimpleNamespace(**{k: v.tolist() if isinstance(v, np.ndarray) else float(v) for k, v in values})

    def step(self) -> None:
        """One week: the processes of `dealsim.week.WEEK`, by name, in their order."""
        # burn-in lives under the first row of the table
        self.now, self.before = self._policy(max(self.week, 0)), self._policy(self.week - 1)
        self.keys.clear()
        for process in WEEK:
            getattr(self, process.__name__)()
        self.week += 1

    def policy_takes_effect(self) -> None:
        """Leaders decide; services and places follow."""
        for thing in (*self.staff, *self.services):
            thing.begin_week()
        (leadership,) = self.leadership
        leadership.decide()
        for service in self.services:
            service.follow(leadership)
        for place in self.places:
            place.settle()

    def budgets_are_set(self) -> None:
        """Once a quarter, and when a shock begins or ends."""
        is_quarter = self.week % WEEKS_A_QUARTER == 0
        for service in self.services:
            if is_quarter:
                service.close_quarter()
            if is_quarter or self.now.budget_shock != self.before.budget_shock:
                service.set_budget()

    def needs_arise_and_move(self) -> None:
        """Who had a need this week, also one that ended in it."""
        self.in_need = [citizen for citizen in self.citizens if citizen.live_with_need()]

    def citizens_seek_help(self) -> None:
        """Requests lie with teams until they ration."""
        for team in self.teams:
            team.open_parts = 0.0
            team.requests = []
        for citizen in self.in_need:
            if citizen.need and citizen.seek_help():
                citizen.team_for(citizen.own_parts[citizen.part_now].service).requests.append(citizen)

    def groups_carry_need(self) -> None:
        """Groups are for need below crisis."""
        near: list[list[Citizen]] = [[] for _ in self.neighbourhoods]
        for citizen in self.in_need:
            if citizen.need in (EMERGING, ACUTE):
                near[citizen.neighbourhood.row].append(citizen)
        for neighbourhood in self.neighbourhoods:
            neighbourhood.carry_need(near[neighbourhood.row])

    def teams_ration(self) -> None:
        """All teams ration before anyone is met."""
        for team in self.teams:
            team.to_meet = team.serve(team.requests)

    def citizens_meet_workers(self) -> None:
        """Team by team, in the order of the queue."""
        for worker in self.staff:
            worker.perhaps_train()
        for team in self.teams:
            for citizen in team.to_meet:
                citizen.meet_workers()
        for citizen in self.in_need:
            if not citizen.need:
                citizen.close_episode()

    def staff_and_services_learn(self) -> None:
        """Colleagues are seen as they were when the week's encounters ended."""
        for worker in self.staff:
            worker.remember()
        for team in self.teams:
            team.take_stock()
        for service in self.services:
            service.learn()

    def staff_come_and_go(self) -> None:
        """Once a month."""
        if self.week % WEEKS_A_MONTH == 0:
            for team in self.teams:
                team.see_people_go()

    def groups_live_and_die(self) -> None:
        """Once a month."""
        if self.week % WEEKS_A_MONTH == 0:
            for group in self.groups:
                group.live_a_month()

    def citizens_live_a_month(self) -> None:
        """Once a month: children take after the adult who speaks for them; then everyone listens, and changes."""
        if self.week % WEEKS_A_MONTH:
            return
        for citizen in self.citizens:
            speaker = citizen.speaks_for
            if speaker is not citizen:
                citizen.trust, citizen.expectation, citizen.agency = speaker.trust, speaker.expectation, speaker.agency
        for group in self.groups:
            group.summed_trust = 0
        for where in (*self.neighbourhoods, *self.places):
            where.n_volunteers = 0
        for citizen in self.citizens:
            if citizen.volunteer:
                citizen.group.summed_trust += rule.whole_of(citizen.trust)
                citizen.neighbourhood.n_volunteers += 1
                citizen.place.n_volunteers += 1
        for near in self.neighbourhoods:
            near.volunteer_share = near.n_volunteers / max(1.0, float(near.adults))
        for place in self.places:
            wanted = self.now.citizen_leadership[place.row] * place.population / 1000.0
            place.champions = min(1.0, wanted / max(1.0, float(place.n_volunteers)))
        for citizen in self.citizens:
            citizen.remember()
        for citizen in self.citizens:
            citizen.listen()
        for citizen in self.citizens:
            citizen.change_mind()
            citizen.feel()
        for citizen in self.citizens:
            citizen.join_or_leave()

    def money_is_spent(self) -> None:
        """Services pay for their work, and share the programmes that no new money pays for."""
        for service in self.services:
            service.pay_for_work()
        posts = 0.0
        for service in self.services:
            posts += service.posts
        for at, lever in enumerate(PAID_LEVERS):
            cost = self._cost_of(lever)
            shares = self.now.paid_by_service[at]
            named = 0.0
            for share in shares:
                named += share
            for service in self.services:
                share = shares[service.row] / named if named > 0.0 else service.posts / posts
                service.programme_spend += cost * (1.0 - self.now.paid_from_outside[at]) * share
        for service in self.services:
            service.keep_the_books()

    def _cost_of(self, lever: str) -> float:
        """£ a week that a lever costs."""
        now, p, cost = self.now, self.p.service, 0.0
        for place in self.places:
            at, residents = place.row, float(place.population)
            match lever:
                case "community_investment":
                    cost += place.investment * INVESTMENT_UNIT * residents
                case "staff_communications":
                    for reach in now.staff_communications:
                        cost += reach / len(self.services) * p.communications_cost * residents
                case "public_communications":
                    cost += now.public_communications[at] * p.communications_cost * residents
                case "citizen_leadership":
                    cost += now.citizen_leadership[at] / 1000.0 * residents * p.champion_cost
                case "link_workers":
                    cost += now.link_workers[at] / 100000.0 * residents * p.link_worker_cost
        return cost / WEEKS_A_YEAR

    def week_is_observed(self) -> None:
        """The twin keeps no tallies."""

    def borough(self) -> Borough:
        """The state now, as columns."""
        return self._source._replace(
            **{
                kind.kind: COLUMNS_OF_KIND[kind.kind](*(self._column(kind, name) for name in kind.columns))
                for kind in KINDS
            }
        )

    def _column(self, kind: type[Thing], name: str) -> np.ndarray:
        things, dtype = getattr(self, kind.kind), kind.columns[name].dtype
        if name in PARTS:
            values: list[Any] = [[getattr(part, PARTS[name]) for part in citizen.own_parts] for citizen in things]
            if name == "part_service":
                values = [[service.row for service in row] for row in values]
            return np.array(values, dtype).reshape(len(things), 3)
        values = [getattr(thing, name) for thing in things]
        if name in kind.links:
            values = [-1 if thing is None else thing.row for thing in values]
        return np.array(values, dtype)


def first_difference(engine: Borough, twin: Borough) -> str:
    """The first column that is not equal to the last bit, with the row and both values; empty when all are."""
    for kind in COLUMNS_OF_KIND:
        for name, column in getattr(engine, kind)._asdict().items():
            other = getattr(getattr(twin, kind), name)
            if column.dtype != other.dtype or column.shape != other.shape:
                return f"{kind}.{name}: {column.dtype}{column.shape} against {other.dtype}{other.shape}"
            if column.tobytes() != other.tobytes():
                at = int(np.flatnonzero((column != other).reshape(len(column), -1).any(axis=1))[0])
                return f"{kind}.{name} at row {at}: {column[at]!r} in the engine, {other[at]!r} in the twin"
    return ""


def live_both(world: World, weeks: int) -> Twin:
    """Live engine and twin side by side.

    Raises
    ------
    AssertionError
        Naming the first week and column that differ.
    """
    twin = Twin(world)
    found = first_difference(world.borough, twin.borough())
    assert not found, f"before the first week, {found}"
    for _ in range(weeks):
        week = world.week
        world.step()
        twin.step()
        found = first_difference(world.borough, twin.borough())
        assert not found, f"week {week}, {found}"
    return twin
