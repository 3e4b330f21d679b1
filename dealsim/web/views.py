"""What the page may ask for, by name: each checks the wish, then lives it and tells what is found as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dealsim.errors import InputError
from dealsim.parameters import RIVALS
from dealsim.scenarios import Scenario
from dealsim.scenarios.wording import brief
from dealsim.web import understand
from dealsim.web.dials import BASES, MOST_SCENARIOS, PRESETS, wish_from
from dealsim.web.life import asked_of
from dealsim.web.room import Room
from dealsim.web.telling import told
from dealsim.web.understand import Begin, Message, Stop

View = Callable[[Room, Any], Begin]

FIRST_TOLD = 2
"""Pairs from which there is an interval."""
PAUSE = 0.5
"""Seconds between two answers, so that telling takes little from living."""
FULL_EVERY = 1.5
"""Seconds between two answers with sentences."""
LONGEST = 45.0
"""Seconds after which verdicts are given on the pairs that are there."""


Wishes = tuple[str, list[Scenario], tuple[str, ...]]
"""A base, scenarios, and the other explanations that hold in every world."""


def wishes_of(content: Any) -> Wishes:
    """What a request asks for, checked.

    Raises
    ------
    InputError
        With everything that is wrong.
    """
    if not isinstance(content, Mapping):
        raise InputError("a request must be an object")
    unknown = sorted(set(map(str, content)) - {"base", "scenarios", "rivals", "which"})
    if unknown:
        raise InputError(f"a request has no {', '.join(map(repr, unknown))}")
    base = content.get("base")
    if base not in (*BASES, *PRESETS):
        raise InputError(f"base is {brief(base)}; it must be one of {', '.join((*BASES, *PRESETS))}")
    told_ = content.get("scenarios")
    if not isinstance(told_, list) or not 1 <= len(told_) <= MOST_SCENARIOS:
        raise InputError(f"scenarios must be a list of 1 to {MOST_SCENARIOS}")
    rivals = content.get("rivals", [])
    if not isinstance(rivals, list):
        raise InputError("rivals must be a list")
    found: list[Scenario] = []
    problems = [
        f"there is no other explanation {brief(one)}" for one in rivals if not isinstance(one, str) or one not in RIVALS
    ]
    for position, one in enumerate(told_):
        try:
            found.append(wish_from(one, base, position))
        except InputError as error:
            problems += error.problems
    names = [base, *(scenario.name for scenario in found)]
    if len(set(names)) < len(names) and not problems:
        problems.append("each scenario needs a name of its own")
    if problems:
        raise InputError(problems)
    return base, found, tuple(rivals)


def runs(room: Room, content: Any) -> Begin:
    """Curves of every scenario beside the base, which tighten as pairs come in; sentences now and then and at the end."""
    base, scenarios, rivals = wishes_of(content)
    asked = asked_of(base, scenarios, room.scale, rivals)

    def begin(stop: Stop) -> Iterator[Message]:
        done, last, last_full = 0, 0.0, time.monotonic()
        ends = last_full + LONGEST
        for done in room.pairs(asked, lambda: stop() or time.monotonic() > ends):
            now = time.monotonic()
            if FIRST_TOLD <= done < asked.made.replicates and now - last >= PAUSE:
                in_full = now - last_full >= FULL_EVERY
                yield told(asked, room.lives(asked, done), in_full)
                last = time.monotonic()
                last_full = last if in_full else last_full
        if stop():
            return
        if done:
            yield {**told(asked, room.lives(asked, done)), "last": True}
        if done < asked.made.replicates:
            yield {"kind": "late", "said": f"Stopped after {LONGEST:.0f} seconds, at {done} of {asked.made.replicates} runs: "
                   "this machine is slow or busy." + (" What stands here is of those runs." if done else "")}  # fmt: skip

    return begin


def one_of(content: Any) -> tuple[str, Scenario, tuple[str, ...]]:
    """What a request asks for, with the one scenario that is asked about (`which`, from 0).

    Raises
    ------
    InputError
    """
    base, scenarios, rivals = wishes_of(content)
    which = content.get("which", 0)
    if isinstance(which, bool) or not isinstance(which, int) or not 0 <= which < len(scenarios):
        raise InputError(f"which is {which!r}; it must be a whole number below {len(scenarios)}")
    return base, scenarios[which], rivals


VIEWS: dict[str, View] = {
    "runs": runs,
    "why": lambda room, content: understand.why(room, *one_of(content)),
    "people": lambda room, content: understand.people(room, *one_of(content)),
    "network": lambda room, content: understand.network(room, *wishes_of(content)),
    "places": lambda room, content: understand.places(room, *wishes_of(content)),
}
"""Every view by the name in its address."""
