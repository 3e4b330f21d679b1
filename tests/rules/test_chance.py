"""Chance: the published generator, even draws, no two questions with one draw, the same compiled and plain."""

from __future__ import annotations

import ast
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealsim import chance as ch
from dealsim.compiled import interpreted
from tests.shape.package import layer_of, modules, tree_of

threefry = interpreted(ch.threefry)
question = interpreted(ch.question)
draw = interpreted(ch.draw)
chance = interpreted(ch.chance)

DECISIONS = {n: v for n, v in vars(ch).items() if n.isupper() and type(v) is int and not n.startswith("_")}
SEEDS = st.integers(0, 2**63 - 1)
WEEKS = st.integers(-5_000, 5_000)
WORDS = st.integers(0, 2**32 - 1)

ONES = 0xFFFFFFFF
PUBLISHED = [
    pytest.param((0, 0), (0, 0), (0x9D1C5EC6, 0x8BD50731), id="nought"),
    pytest.param((ONES, ONES), (ONES, ONES), (0xFD36D048, 0x2D17272C), id="all ones"),
    pytest.param((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xBA3E4725, 0xF27D669E), id="digits of pi"),
]
"""Known answers of Threefry-2x32 with 13 rounds, from Random123 (src-threefry)."""


@pytest.mark.parametrize(("key", "counter", "wanted"), PUBLISHED)
@pytest.mark.parametrize("form", [ch.threefry, threefry], ids=["compiled", "plain"])
def test_the_generator_gives_its_published_answers(form, key, counter, wanted):
    assert tuple(int(word) for word in form(*key, *counter)) == wanted


@given(SEEDS, WEEKS, WORDS, st.integers(0, 1000))
def test_a_draw_lies_in_nought_to_one_and_is_a_whole_number_of_steps(seed, week, id, n):
    u = chance(seed, ch.NEED_ARRIVES, week, id, n)
    assert 0.0 <= u < 1.0
    assert u * 2**32 == int(u * 2**32)


def test_the_largest_draw_is_below_one():
    assert ONES * 2.3283064365386963e-10 < 1.0 and ch.UNIT == 2.3283064365386963e-10


def test_compiled_and_plain_give_the_same_draws_on_ten_thousand_rows():
    rng = np.random.default_rng(1)
    seeds = rng.integers(0, 2**63 - 1, 10_000)
    weeks = rng.integers(-2000, 2000, 10_000)
    ids = rng.integers(0, 2**31 - 1, 10_000)
    counts = rng.integers(0, 40, 10_000)
    decisions = rng.choice(list(DECISIONS.values()), 10_000)
    rows = list(zip(seeds.tolist(), decisions.tolist(), weeks.tolist(), ids.tolist(), counts.tolist(), strict=True))
    assert [ch.chance(*row) for row in rows] == [chance(*row) for row in rows]


@pytest.mark.parametrize("name", ["week", "id", "n", "decision", "seed"])
def test_draws_are_even_along_every_part_of_the_question(name):
    """Chi-square over 64 bins of 20,000 draws; the bound is passed by chance once in ten thousand."""
    rows = np.arange(20_000)
    part = {
        "week": lambda k: (7, ch.SOLVES, k - 10_000, 11, 0),
        "id": lambda k: (7, ch.SOLVES, 3, k, 0),
        "n": lambda k: (7, ch.SOLVES, 3, 11, k),
        "decision": lambda k: (7, k, 3, 11, 0),
        "seed": lambda k: (k, ch.SOLVES, 3, 11, 0),
    }[name]
    draws = np.array([ch.chance(*part(k)) for k in rows.tolist()])
    seen = np.bincount((draws * 64).astype(int), minlength=64)
    wanted = rows.size / 64
    assert ((seen - wanted) ** 2 / wanted).sum() < 112.3, f"draws along {name} are not even"
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < 4.0 / np.sqrt(rows.size), f"neighbours along {name} agree"


def test_no_two_questions_of_a_seed_share_a_key():
    keys = [ch.question(5, decision, week) for decision in DECISIONS.values() for week in range(-700, 1300)]
    assert len(set(keys)) == len(keys)


def test_the_two_steps_are_one_to_one():
    """A bijection of its counter under any key, so within a question no two people (or counts) share a block."""
    blocks = {ch.threefry(123, 456, id, n) for id in range(500) for n in range(40)}
    assert len(blocks) == 500 * 40


def test_draws_of_different_questions_collide_no_more_than_chance_allows():
    rng = np.random.default_rng(2)
    seen = Counter()
    for seed in (0, 1, 2**32, 2**62):
        for decision in DECISIONS.values():
            for week in (-1, 0, 1, 519):
                key = ch.question(seed, decision, week)
                for id in rng.integers(0, 400_000, 12).tolist():
                    seen[ch.draw(key, id, 0)] += 1
    draws = sum(seen.values())
    shared = draws - len(seen)
    assert shared <= 6, f"{shared} of {draws} draws are shared; chance alone gives {draws**2 / 2**33:.2f}"


@given(SEEDS, SEEDS, WEEKS)
def test_two_seeds_ask_with_different_keys(one, other, week):
    if one != other:
        assert question(one, ch.SOLVES, week) != question(other, ch.SOLVES, week)


def test_high_bits_of_a_seed_count():
    assert chance(1, ch.SOLVES, 0, 1) != chance(1 + 2**32, ch.SOLVES, 0, 1)


@given(SEEDS, st.integers(1, 5000), st.integers(0, 10**6))
def test_weeks_before_and_after_the_start_have_draws_of_their_own(seed, week, id):
    assert draw(question(seed, ch.SOLVES, -week), id, 0) != draw(question(seed, ch.SOLVES, week), id, 0)


def test_every_decision_has_a_number_of_its_own():
    shared = [number for number, times in Counter(DECISIONS.values()).items() if times > 1]
    assert not shared, f"decisions share the numbers {shared}: their draws would be one"


ASKED = {
    node.attr if isinstance(node, ast.Attribute) else node.id
    for name in modules()
    if layer_of(name) in ("places", "processes", "borough", "people", "network", "week", "engine")
    for node in ast.walk(tree_of(name))
    if isinstance(node, ast.Attribute) or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
}


@pytest.mark.parametrize("name", DECISIONS)
def test_every_decision_is_asked_somewhere(name):
    assert name in ASKED, f"nothing draws {name}: strike it, or give it back its question"
