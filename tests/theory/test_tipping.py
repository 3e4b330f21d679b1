"""When a team has two stable cultures: the reduced system, in the rules themselves and in the engine.

With belief, hope, credibility, skill and known permission held, a team's norm N is drawn to A = σ(c + bN·N − bF·F).
It has two places of rest for some leaning c if bN − bF·∂F/∂A > 1/(A(1−A)) somewhere, which without fear means bN > 4.
"""

from __future__ import annotations

import numpy as np
import pytest

from dealsim.agents.staff import StaffParameters, fear_after_week, norm_after_week, willingness_to_depart
from dealsim.compiled import interpreted
from dealsim.engine import branch, live
from dealsim.levers import policy_of
from dealsim.parameters import Parameters
from tests.model.boroughs import small_world

willing, norm_next, fear_next = (interpreted(f) for f in (willingness_to_depart, norm_after_week, fear_after_week))
STRENGTHS = (3.0, 3.9, 4.5, 6.0)
LEANINGS = np.linspace(-2.0, 2.0, 41)
"""How far a team leans to departing when its norm is one half."""


def parameters(by_norm: float) -> StaffParameters:
    return StaffParameters()._replace(by_norm=by_norm, norm_pace=0.2)


def leaning_for(middle: float, p: StaffParameters) -> float:
    """The leaning that makes the log odds of departing `middle` in an unafraid team with a norm of one half."""
    return middle - p.base_willingness - p.by_norm * (0.5 - p.norm_middle)


def rests_at(norm: float, middle: float, p: StaffParameters, sanctions: float = 0.0) -> float:
    """Where a team's norm comes to rest when a departure brings a sanction with some chance."""
    leaning = leaning_for(middle, p)
    fear = 0.0
    for _ in range(3000):
        a = willing(0.0, 0.5, norm, 0.5, fear, leaning, p)
        moved = norm_next(norm, a, p)
        if sanctions:
            for _ in range(40):  # fear comes to rest far sooner than the norm
                fear = fear_next(fear, sanctions * a, 0.0, 0.0, fear, p)
        if abs(moved - norm) < 1e-9:
            break
        norm = moved
    return norm


@pytest.mark.parametrize("by_norm", STRENGTHS)
def test_two_cultures_need_peers_that_weigh_more_than_four(by_norm):
    p = parameters(by_norm)
    apart = [abs(rests_at(0.01, c, p) - rests_at(0.99, c, p)) > 0.05 for c in LEANINGS]
    assert any(apart) == (by_norm > 4.0), f"bN = {by_norm}: {sum(apart)} of {len(apart)} leanings have two cultures"


@pytest.mark.parametrize("by_norm", [4.5, 6.0])
def test_the_two_cultures_rest_where_the_equation_says(by_norm):
    p = parameters(by_norm)
    low, high = rests_at(0.01, 0.0, p), rests_at(0.99, 0.0, p)
    for norm in (low, high):
        assert norm == pytest.approx(1.0 / (1.0 + np.exp(-by_norm * (norm - 0.5))), abs=1e-6)
    assert low + high == pytest.approx(1.0, abs=1e-6), "at the middle leaning the two cultures mirror each other"


def middle_that_holds(p: StaffParameters, sanctions: float) -> np.ndarray:
    """The leaning c that makes each willingness A a place of rest: c = logit A − bN(A−½) + bF·F(A).

    F is where the fear rule rests, s·A/(s·A + δ_F) with s = φ_own·sanctions. Two cultures need a c that falls.
    """
    a = np.linspace(0.001, 0.999, 4000)
    s = p.fear_own * sanctions
    return np.log(a / (1.0 - a)) - p.by_norm * (a - 0.5) + p.by_fear * s * a / (s * a + p.fear_decay)


def fold(p: StaffParameters, sanctions: float) -> float | None:
    """A leaning in the middle of those with two cultures, or none."""
    c = middle_that_holds(p, sanctions)
    falls = np.flatnonzero(np.diff(c) < 0)
    return float((c[falls[0]] + c[falls[-1] + 1]) / 2.0) if falls.size else None


@pytest.mark.parametrize("by_norm", STRENGTHS)
@pytest.mark.parametrize("sanctions", [0.002, 0.02])
def test_fear_hides_tipping_where_the_condition_says_so(by_norm, sanctions):
    p = parameters(by_norm)._replace(fear_decay=0.03, fear_own=0.7, fear_contagion=0.0)
    middle = fold(p, sanctions)
    if middle is None:
        wide = np.linspace(-2.0, 6.0, 21)
        assert not any(abs(rests_at(0.01, c, p, sanctions) - rests_at(0.99, c, p, sanctions)) > 0.02 for c in wide)
    else:
        assert rests_at(0.99, middle, p, sanctions) - rests_at(0.01, middle, p, sanctions) > 0.02


def test_fear_alone_can_undo_two_cultures():
    p = parameters(4.5)._replace(fear_decay=0.03, fear_own=0.7, fear_contagion=0.0)
    assert fold(p, 0.0) is not None and fold(p, 0.02) is None
    assert fold(p._replace(by_norm=6.0), 0.02) is not None, "stronger peers win it back"


@pytest.mark.parametrize("by_norm", STRENGTHS)
def test_the_engine_keeps_two_cultures_where_the_reduced_system_does(by_norm):
    """A borough without need: workers meet nobody, so nothing but the norm and willingness can move."""
    base = Parameters()
    staff = base.staff._replace(
        by_norm=by_norm, norm_pace=0.2, fear_decay=0.0, fear_contagion=0.0, credibility_return=0.0, turnover=0.0,
        permission_told=0.0, permission_peers=0.0, start_spread=0.0, by_permission=0.0, newcomer_value=0.5,
        hope_start=0.5, fear_start=0.0,
    )  # fmt: skip
    staff = staff._replace(base_willingness=-by_norm * (0.5 - staff.norm_middle))
    p = base._replace(staff=staff)
    start = small_world(60, weeks=0, parameters=p)
    weeks = 2080
    quiet = policy_of(weeks, 1)
    quiet.demand[:] = 0.0
    ends = []
    for norm in (0.05, 0.95):
        world = branch(start, quiet, 1, weeks)
        world.borough.teams.norm[:] = norm
        world.borough.staff.willingness[:] = norm
        world.borough.teams.willingness[:] = norm
        live(world)
        assert world.record.flows.sum() - world.record.flows[..., -2:].sum() == 0, "somebody was in need after all"
        ends.append(float(world.borough.teams.norm.mean()))
    p_here = parameters(by_norm)
    for end, norm in zip(ends, (0.05, 0.95), strict=True):
        assert end == pytest.approx(rests_at(norm, 0.0, p_here), abs=1e-3)
    assert (ends[1] - ends[0] > 0.05) == (by_norm > 4.0)
