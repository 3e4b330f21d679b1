"""Chance as a function: the same question asked of the same person in the same week gets the same draw.

No stream, no order: `chance(seed, decision, week, id, n)` depends on its arguments and nothing else, so
neither row order nor the number of workers can change a result, and two scenarios share every draw.

The generator is Threefry-2x32 with 13 rounds (Salmon and others 2011, src-threefry), used twice: the seed
keys a block that turns (decision, week) into a second key, which turns (id, n) into the draw. Each of the two
steps is one-to-one, so within a seed no two questions share a block. Everything is whole numbers of 32 bits,
kept in wider integers and masked, so the compiled and the plain form give the same bits.
"""

from __future__ import annotations

import numpy as np

from dealsim.compiled import compiled

UNIT = 1.0 / 4294967296.0
"""One step of a draw: draws are whole multiples of 2^-32."""

# The decisions, append-only: a number once given is never given to another question.
# Building a borough
BUILD_PLACE = 1
BUILD_AGE = 2
BUILD_HOUSEHOLD = 3
BUILD_HEALTH = 4
BUILD_CARER = 5
BUILD_TIE = 6
BUILD_REWIRE = 7
BUILD_AGENCY = 8
BUILD_TRUST = 9
BUILD_WELLBEING = 10
BUILD_WELLBEING_NOW = 11
BUILD_VOLUNTEER = 12
BUILD_STAFF = 13
BUILD_BRIDGE = 14
BUILD_GROUP = 15
BUILD_JUDGEMENT = 17
BUILD_NEIGHBOURHOOD = 18
BUILD_HOUSEHOLD_ORDER = 19
BUILD_CHILDREN = 20
BUILD_TIE_TARGET = 21
# Citizens
NEED_ARRIVES = 30
NEED_PARTS = 31
NEED_SERVICE = 32
NEED_FITS_MENU = 33
NEED_MOVES = 34
SEEKS_HELP = 35
RATIONED = 36
SENT_TO_COMMUNITY = 37
WELLBEING_NOISE = 38
JOINS_GROUP = 39
LEAVES_GROUP = 40
PICKS_GROUP = 41
REOPENS = 42
SURVEY_NOISE = 43
LINKED = 44
CHAMPION = 45
CARRIED_BY_GROUP = 46
# Encounters
MEETS_WORKER = 50
REVEALS = 51
DEPARTS = 52
SOLVES = 53
HANDED_ON = 54
JOINT_HUDDLE = 55
CRISIS_CALMS = 56
INCIDENT = 57
REPORTED = 58
SURFACES = 59
SANCTIONED = 60
# Staff, leaders, groups
LEAVES_JOB = 70
TRAINED = 71
LEADER_LEAVES = 72
GROUP_INCOME = 73
GROUP_BORN = 74
GROUP_CONTRACT = 76


@compiled
def _word(number):
    """The low 32 bits. Compiled, the type says so too, and eight or sixteen draws are made at once."""
    return int(np.uint32(number & 0xFFFFFFFF))


@compiled
def _turned(word, left):
    """A 32-bit word turned left by so many bits."""
    return _word((word << left) | (word >> (32 - left)))


@compiled
def threefry(key0, key1, counter0, counter1):
    """One Threefry-2x32-13 block: two 32-bit words from a key and a counter, each of two 32-bit words."""
    key0 = _word(key0)
    key1 = _word(key1)
    key2 = _word(key0 ^ key1 ^ 0x1BD11BDA)
    x0 = _word(_word(counter0) + key0)
    x1 = _word(_word(counter1) + key1)

    x0 = _word(x0 + x1)
    x1 = _turned(x1, 13) ^ x0
    x0 = _word(x0 + x1)
    x1 = _turned(x1, 15) ^ x0
    x0 = _word(x0 + x1)
    x1 = _turned(x1, 26) ^ x0
    x0 = _word(x0 + x1)
    x1 = _turned(x1, 6) ^ x0
    x0 = _word(x0 + key1)
    x1 = _word(x1 + key2 + 1)

    x0 = _word(x0 + x1)
    x1 = _turned(x1, 17) ^ x0
    x0 = _word(x0 + x1)
    x1 = _turned(x1, 29) ^ x0
    x0 = _word(x0 + x1)
    x1 = _turned(x1, 16) ^ x0
    x0 = _word(x0 + x1)
    x1 = _turned(x1, 24) ^ x0
    x0 = _word(x0 + key2)
    x1 = _word(x1 + key0 + 2)

    x0 = _word(x0 + x1)
    x1 = _turned(x1, 13) ^ x0
    x0 = _word(x0 + x1)
    x1 = _turned(x1, 15) ^ x0
    x0 = _word(x0 + x1)
    x1 = _turned(x1, 26) ^ x0
    x0 = _word(x0 + x1)
    x1 = _turned(x1, 6) ^ x0
    x0 = _word(x0 + key0)
    x1 = _word(x1 + key1 + 3)

    x0 = _word(x0 + x1)
    x1 = _turned(x1, 17) ^ x0
    return x0, x1


@compiled
def question(seed, decision, week):
    """The key of one question in one week; ask it of many people with `draw`. Weeks may be negative."""
    return threefry(seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF, decision, week & 0xFFFFFFFF)


@compiled
def draw(key, id, n):
    """The draw in [0, 1) that person `id` gets on the n-th asking of a question."""
    word, _ = threefry(key[0], key[1], id, n)
    return word * UNIT


@compiled
def chance(seed, decision, week, id, n=0):
    """A draw in [0, 1): the same for the same seed, decision, week, member and count, whatever else happens.

    `seed` is a whole number from 0 to 2^63−1; `id` a member's permanent number; `n` counts draws of one
    decision by one member in one week.
    """
    return draw(question(seed, decision, week), id, n)
