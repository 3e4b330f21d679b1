"""Every compiled loop does to its columns what its plain Python form does, to the last bit."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dealsim import processes, week
from dealsim.compiled import Loop, interpreted
from dealsim.engine import World, branch
from dealsim.parameters import Parameters, with_values
from tests.model.boroughs import BUSY, every_lever_moving, small_world

WEEKS = 53
LOOPS = {
    name: value
    for module in pkgutil.iter_modules(processes.__path__)
    for name, value in vars(importlib.import_module(f"dealsim.processes.{module.name}")).items()
    if isinstance(value, Loop)
}


def lively_world(size: int, weeks: int) -> World:
    """A restless borough of two places, about to live under a policy in which everything moves."""
    start = small_world(size, n_places=2, n_services=5, parameters=with_values(Parameters(), BUSY), weeks=40)
    return branch(start, every_lever_moving(weeks, 2), life_seed=7, weeks=weeks, watch=range(20))


def _copied(thing: Any) -> Any:
    if isinstance(thing, np.ndarray):
        return thing.copy()
    if hasattr(thing, "_fields"):
        return type(thing)(*map(_copied, thing))
    return thing


def _arrays(thing: Any, path: str = "") -> list[tuple[str, np.ndarray]]:
    if isinstance(thing, np.ndarray):
        return [(path, thing)]
    if hasattr(thing, "_fields"):
        return [pair for name in thing._fields for pair in _arrays(getattr(thing, name), f"{path}.{name}")]
    return []


def _unpacked(thing: Any) -> Any:
    """A packed record as plain attributes: numpy's own record has a `base` that hides the field of that name."""
    if isinstance(thing, np.record):
        return SimpleNamespace(**{name: _unpacked(thing[name]) for name in thing.dtype.names})
    return thing


def _plain_form(loop: Loop) -> Any:
    plain = interpreted(loop)
    return lambda *args: plain(*map(_unpacked, args))


class _Seen:
    """One loop, run both ways on the same columns at each call."""

    def __init__(self, loop: Loop) -> None:
        self.loop, self.plain = loop, _plain_form(loop)
        self.calls = 0
        self.moved = False
        self.differs = ""

    def __call__(self, *args: Any) -> None:
        before, both = tuple(map(_copied, args)), tuple(map(_copied, args))
        self.loop(*both)
        self.plain(*args)
        self.calls += 1
        kinds = [type(arg).__name__ for arg in args]
        for kind, was, compiled, plain in zip(kinds, before, both, args, strict=True):
            for (name, old), (_, one), (_, other) in zip(*map(_arrays, (was, compiled, plain)), strict=True):
                self.moved |= old.tobytes() != other.tobytes()
                if one.tobytes() != other.tobytes() and not self.differs:
                    at = int(np.flatnonzero((one != other).reshape(len(one), -1).any(axis=1))[0])
                    self.differs = f"call {self.calls}, {kind}{name} at {at}: {one[at]!r} compiled, {other[at]!r} plain"


@lru_cache
def seen() -> dict[str, _Seen]:
    """A year of 300 restless people, each loop of the week run both ways."""
    watched = {name: _Seen(loop) for name, loop in LOOPS.items()}
    world = lively_world(300, WEEKS)
    with pytest.MonkeyPatch.context() as patch:
        for name, both in watched.items():
            patch.setattr(week, name, both)
        for _ in range(WEEKS):
            world.step()
    return watched


def test_the_week_calls_every_loop():
    assert len(LOOPS) > 15
    unused = [name for name, loop in LOOPS.items() if getattr(week, name, None) is not loop]
    assert not unused, f"dealsim.week does not know {unused}"


@pytest.mark.parametrize("name", LOOPS)
def test_a_compiled_loop_is_its_plain_form(name):
    loop = seen()[name]
    assert loop.calls, f"{name} was never called"
    assert loop.moved, f"{name} changed nothing, so nothing was compared"
    assert not loop.differs, f"{name}: {loop.differs}"


def test_whole_weeks_of_plain_loops_give_the_same_columns_and_tallies():
    one, other = lively_world(100, 9), lively_world(100, 9)
    with pytest.MonkeyPatch.context() as patch:
        for name, loop in LOOPS.items():
            patch.setattr(week, name, _plain_form(loop))
        for _ in range(9):
            other.step()
    for _ in range(9):
        one.step()
    for compiled, plain in ((one.borough, other.borough), (one.record, other.record)):
        for (name, a), (_, b) in zip(_arrays(compiled), _arrays(plain), strict=True):
            assert a.tobytes() == b.tobytes(), name
