"""A room at the page, in any order: slide, begin, add, drop, undo, redo, reload. The page always shows what a plain list says."""

from __future__ import annotations

import json

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

LEVERS = {"blame_culture": (0.6, (0.1, 0.3, 0.6)), "community_investment": (0.0, (0.0, 3.0, 6.0))}


class Session(RuleBasedStateMachine):
    """Each scenario is the levers that were moved; `steps` are the states, `position` the one that is shown."""

    open_page = None

    @initialize()
    def begin(self):
        self.page = self.open_page()
        self.steps, self.position, self.which = [[{}]], 0, 0

    @property
    def now(self):
        return self.steps[self.position]

    def add_step(self, state):
        if state != self.now:
            self.steps = [*self.steps[: self.position + 1], state]
            self.position += 1
        self.which = min(self.which, len(state) - 1)

    @rule(name=st.sampled_from(sorted(LEVERS)), choice=st.integers(0, 2))
    def slide(self, name, choice):
        old, values = LEVERS[name]
        self.page.move(name, values[choice])
        own = {key: value for key, value in self.now[self.which].items() if key != name}
        if values[choice] != old:
            own[name] = values[choice]
        self.add_step([own if k == self.which else one for k, one in enumerate(self.now)])

    @precondition(lambda self: self.position > 0)
    @rule()
    def undo(self):
        self.page.page.locator("#undo").click()
        self.page.ready()
        self.position -= 1
        self.which = min(self.which, len(self.now) - 1)

    @precondition(lambda self: self.position < len(self.steps) - 1)
    @rule()
    def redo(self):
        self.page.page.locator("#redo").click()
        self.page.ready()
        self.position += 1
        self.which = min(self.which, len(self.now) - 1)

    @precondition(lambda self: len(self.now) < 3)
    @rule()
    def add(self):
        self.page.page.locator("#add").click()
        self.page.ready()
        self.which = len(self.now)
        self.add_step([*self.now, dict(self.now[-1])])

    @precondition(lambda self: len(self.now) > 1)
    @rule()
    def drop(self):
        self.page.page.locator("#drop").click()
        self.page.ready()
        rest = [one for k, one in enumerate(self.now) if k != self.which]
        self.which = max(0, self.which - 1)
        self.add_step(rest)

    @rule()
    def reload(self):
        self.page.page.reload()
        self.page.ready()
        self.steps, self.position, self.which = [self.now], 0, 0

    @invariant()
    def the_page_shows_what_the_list_says(self):
        page = self.page.page
        state = json.loads(page.evaluate("() => JSON.stringify(page.state().scenarios.map((one) => one.levers))"))
        assert state == self.now
        for name, (old, _) in LEVERS.items():
            shown = float(page.locator(f"#lever-{name}").input_value())
            assert shown == pytest.approx(self.now[self.which].get(name, old))
        assert page.locator("#undo").is_enabled() == (self.position > 0)
        assert page.locator("#redo").is_enabled() == (self.position < len(self.steps) - 1)
        assert not [one for one in self.page.faults if "favicon" not in one]


def test_any_session_shows_what_was_done(open_page):
    class Here(Session):
        pass

    Here.open_page = staticmethod(open_page)
    run_state_machine_as_test(Here, settings=settings(max_examples=6, stateful_step_count=12, deadline=None))
