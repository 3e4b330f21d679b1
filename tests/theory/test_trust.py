"""Where trust comes to rest under the asymmetric rule, and what talk and home do to it."""

from __future__ import annotations

import numpy as np
import pytest

from dealsim.agents.citizen import (
    CitizenParameters,
    expectation_after_contact,
    trust_after_contact,
    trust_after_month,
)
from dealsim.chance import chance
from dealsim.compiled import interpreted, packed

after_contact, after_month = interpreted(trust_after_contact), interpreted(trust_after_month)
expectation_next = interpreted(expectation_after_contact)
P = CitizenParameters()._replace(trust_gain=0.05)
PEOPLE, CONTACTS = 800, 300


def balance(good: float, bad: float, share_good: float, expectation: float, p: CitizenParameters) -> float:
    """g·q/(g·q + l·(1−q)): where gains and losses of a mixed life cancel."""
    gain = p.trust_gain * (good - expectation) * share_good
    loss = p.trust_asymmetry * p.trust_gain * (expectation - bad) * (1.0 - share_good)
    return gain / (gain + loss)


@pytest.mark.parametrize(
    ("asymmetry", "share_good", "expected"),
    [(1.0, 0.5, 0.5), (3.0, 0.5, 0.25), (3.0, 0.75, 0.5), (5.0, 0.75, 0.375), (8.0, 0.9, 0.5294117647)],
)
def test_trust_rests_where_gains_and_losses_cancel(asymmetry, share_good, expected):
    """Many people with good and bad surprises of the same size, by chance; tolerance four standard errors."""
    p = P._replace(trust_asymmetry=asymmetry)
    assert balance(0.8, 0.2, share_good, 0.5, p) == pytest.approx(expected)
    ends = np.empty(PEOPLE)
    for person in range(PEOPLE):
        trust = expected
        for contact in range(CONTACTS // 3):
            good = chance(11, 1, contact, person, int(asymmetry)) < share_good
            trust = after_contact(trust, 0.5, 0.8 if good else 0.2, p)
        ends[person] = trust
    error = ends.std() / np.sqrt(PEOPLE)
    assert error < 0.01
    assert abs(ends.mean() - expected) < 4.0 * error


def test_from_any_start_trust_comes_to_the_same_place():
    fast = packed(P._replace(trust_gain=0.2))
    found = []
    for start in (0.0, 0.5, 1.0):
        trust = start
        for contact in range(CONTACTS):
            trust = trust_after_contact(trust, 0.5, 0.8 if contact % 2 else 0.2, fast)
        found.append(trust)
    assert max(found) - min(found) < 1e-6


def test_with_equal_surprises_trust_ends_at_one_in_one_plus_the_asymmetry():
    for asymmetry in (1.0, 2.0, 3.0, 8.0):
        assert balance(0.7, 0.3, 0.5, 0.5, P._replace(trust_asymmetry=asymmetry)) == pytest.approx(1 / (1 + asymmetry))


def test_who_expects_what_she_gets_keeps_her_trust():
    """The expectation closes the gap, so that the same treatment for ever moves trust only a little."""
    expectation, trust = 0.9, 0.6
    moved = []
    for _ in range(200):
        before = trust
        trust = after_contact(trust, expectation, 0.25, P)
        expectation = expectation_next(expectation, 0.25, P)
        moved.append(before - trust)
    assert expectation == pytest.approx(0.25, abs=1e-6)
    assert moved[-1] < 1e-9 < moved[0]
    # Σ gaps = (e−x)/gain, to first order; the product form is exact
    gaps = 0.65 * (1.0 - P.expectation_gain) ** np.arange(200)
    assert trust == pytest.approx(0.6 * np.prod(1.0 - P.trust_asymmetry * P.trust_gain * gaps), rel=1e-9)


def test_talk_and_home_pull_a_group_to_a_mixture_of_its_homes():
    """Three people who all know each other: τ = τ⁰ pulled to the mean in the ratio ω to 4ρ_τ."""
    p = P._replace(trust_contagion=0.05, trust_return=0.005)
    homes = np.array([0.2, 0.5, 0.9])
    trust = np.array([0.5, 0.5, 0.5])
    for _ in range(2000):
        around = (trust.sum() - trust) / 2.0
        trust = np.array([after_month(t, n, h, p) for t, n, h in zip(trust, around, homes, strict=True)])
    omega, rho = 0.05, 0.02
    matrix = (rho + omega) * np.eye(3) - omega / 2.0 * (np.ones((3, 3)) - np.eye(3))
    assert trust == pytest.approx(np.linalg.solve(matrix, rho * homes), abs=1e-9)
    assert trust.mean() == pytest.approx(homes.mean(), abs=1e-9), "talk moves trust about and makes none"
