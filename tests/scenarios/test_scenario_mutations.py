"""A scenario file damaged at random is read or refused, quickly, and never fails in any other way."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealsim.errors import InputError
from dealsim.scenarios import load, scenario_from
from dealsim.scenarios.checking import problems_of
from dealsim.scenarios.reading import read_bytes

DEAL = load("deal").text.encode()
TOKENS = [
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"- ",
    b"\n",
    b"\t",
    b"&a ",
    b"*a",
    b"!!int ",
    b"<<: ",
    b"#",
    b"'",
    b'"',
    b"|",
    b">",
    b"%YAML 1.1\n",
    b"---\n",
    b"null",
    b"true",
    b".nan",
    b"1e999",
    b"-",
    b"9" * 5000,
    b"\x00",
    b"\xff",
    b"\xe2\x80\xae",
    b"\xed\xa0\x80",
    b"2013-02-30",
    b"0000-00",
    b"9999-12-31",
    b"lever",
    b"default",
    b"{}",
    b"[]",
    b'"\\ud800"',
    b'"\\0one"',
    b"? ",
    b"extends: deal\n",
    b"police",
    b"\r",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
]


def damaged(pick: random.Random) -> bytes:
    """The Deal's file after one to six random changes of bytes, tokens or lines."""
    content = bytearray(DEAL)
    for _ in range(pick.randint(1, 6)):
        at = pick.randrange(len(content) + 1)
        kind = pick.randrange(8)
        if kind == 0:
            del content[at : at + pick.choice((1, 2, 10, 300))]
        elif kind == 1:
            content[at:at] = pick.choice(TOKENS)
        elif kind == 2:
            content[at : at + 1] = bytes([pick.randrange(256)])
        elif kind == 3:
            content[at : at + pick.randint(1, 8)] = pick.choice(TOKENS)
        elif kind == 4:
            end = at + pick.randint(1, 200)
            content[at:at] = content[at:end] * pick.choice((1, 1, 1, 20))
        else:
            lines = bytes(content).split(b"\n")
            one, other = pick.randrange(len(lines)), pick.randrange(len(lines))
            if kind == 5:
                lines[one], lines[other] = lines[other], lines[one]
            elif kind == 6:
                lines.insert(one, lines[other])
            else:
                lines[one] = b" " * pick.randrange(6) + lines[one].strip()
            content = bytearray(b"\n".join(lines))
    return bytes(content)


def read(content: bytes) -> None:
    """Succeed or raise `InputError`, in less than two seconds, showing no control character."""
    started = time.perf_counter()
    try:
        problems = problems_of(read_bytes(content, "mine.yaml"))
    except InputError as error:
        problems = error.problems
    assert time.perf_counter() - started < 2
    for problem in problems:
        assert problem.startswith("mine.yaml:")
        assert all(char.isprintable() or char == "\n" for char in problem)


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_file_is_read_or_refused(seed: int) -> None:
    pick = random.Random(seed)
    for _ in range(60):
        read(damaged(pick))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    read(content)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("{}[]:,-#&*!|>'\"%@`?~<\n \tab01."), max_size=80))
def test_any_punctuation_is_read_or_refused(text: str) -> None:
    read(f"name: a\n{text}".encode())


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        [
            "",
            "nerve",
            "2013-04",
            "police",
            "deal",
            "value",
            "commissioning",
            "tender",
            "scandal",
            "\x00one",
            "a" * 90,
        ]
    )
)
WORDS = st.sampled_from(
    [
        "name",
        "levers",
        "schedule",
        "shocks",
        "rivals",
        "size",
        "extends",
        "lever",
        "from",
        "to",
        "until",
        "value",
        "ramp",
        "pulse",
        "paid_by",
        "kind",
        "at",
        "weeks",
        "service",
        "nerve",
        "community_investment",
        "services_in_deal",
        "commissioning",
        "police",
        "default",
        "from_",
        "\x00one",
        "format",
        "place",
        "date",
        "sources",
    ]
)
DATA = st.recursive(
    LEAVES, lambda part: st.lists(part, max_size=3) | st.dictionaries(WORDS, part, max_size=5), max_leaves=12
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(WORDS, DATA, max_size=6))
def test_any_python_data_is_read_or_refused(content: dict[str, object]) -> None:
    try:
        scenario_from({"name": "a", **content}).policy(60, ("Leigh",))
    except InputError as error:
        assert all(problem.startswith("scenario") for problem in error.problems)


ENTRIES = st.fixed_dictionaries(
    {"lever": st.sampled_from(["nerve", "community_investment", "commissioning", "services_in_deal", "hope"])},
    optional=dict.fromkeys(("from", "to", "until", "value", "ramp", "pulse", "paid_by"), DATA),
)
STRIKES = st.fixed_dictionaries(
    {"kind": st.sampled_from(["scandal", "leader_leaves", "demand_shock", "budget_shock", "leaders_stay", "flood"])},
    optional=dict.fromkeys(("at", "size", "weeks", "service"), DATA),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ENTRIES, max_size=4), st.lists(STRIKES, max_size=3))
def test_any_entries_are_read_or_refused(schedule: list[object], shocks: list[object]) -> None:
    try:
        scenario_from({"name": "a", "schedule": schedule, "shocks": shocks}).policy(60, ("Leigh",))
    except InputError as error:
        assert all(problem.startswith("scenario") for problem in error.problems)
