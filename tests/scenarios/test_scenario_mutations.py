"""A scenario file damaged at random is read or refused, quickly, and never fails in any other way."""

from __future__ import annotations

import json
import os
import random
import string
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealsim.errors import InputError
from dealsim.levers import LEVERS, SERVICE_KINDS, SHOCKS
from dealsim.parameters import RIVALS
from dealsim.places import shipped
from dealsim.scenarios import scenario_from, shipped_names
from dealsim.scenarios.checking import problems_of
from dealsim.scenarios.reading import read_bytes
from dealsim.scenarios.shape import any_entry_model, any_shock_model, scenario_model
from dealsim.scenarios.wording import suggestion

IS_LONG = os.environ.get("DEALSIM_LONG") == "1"
ROOT = Path(__file__).resolve().parents[2]
FILES = 100_000 if IS_LONG else 1_000
"""Damaged files that are read: all that are promised under `DEALSIM_LONG=1`, else one in a hundred."""
BATCHES = 4


@pytest.mark.parametrize("seed", range(BATCHES))
def test_a_damaged_file_is_read_or_refused_soon_and_in_little_memory(seed: int) -> None:
    words = [sys.executable, "-m", "tests.scenarios.damage", str(seed), str(FILES // BATCHES)]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[-2000:]
    told = json.loads(found.stdout)
    print(told)
    assert told["read"] + told["refused"] == FILES // BATCHES
    assert min(told["read"], told["refused"]) > FILES // BATCHES / 50, "it tries both what may be and what may not"
    assert told["slowest"] < 2
    assert told["peak_mb"] is None or told["peak_mb"] < 300


WORDS_OF = {
    "levers": list(LEVERS),
    "services": ["default", *SERVICE_KINDS],
    "places": list(shipped("wigan").place_names),
    "kinds of shock": list(SHOCKS),
    "rivals": list(RIVALS),
    "scenarios": list(shipped_names()),
    "parts of a file": list(scenario_model().model_fields),
    "parts of an entry": [field.alias or name for name, field in any_entry_model().model_fields.items()],
    "parts of a shock": list(any_shock_model().model_fields),
}
"""Every word a scenario may be written with, by what it is a word for."""


def slips_of(word: str) -> set[str]:
    """A word with one letter left out, changed, put in, or swapped with its neighbour."""
    letters = string.ascii_lowercase + "_"
    at = range(len(word))
    return {
        *(word[:i] + word[i + 1 :] for i in at),
        *(word[:i] + letter + word[i + 1 :] for i in at for letter in letters),
        *(word[:i] + letter + word[i:] for i in range(len(word) + 1) for letter in letters),
        *(word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in at[:-1]),
    }


@pytest.mark.parametrize("kind", WORDS_OF)
def test_a_slip_of_one_letter_gets_the_right_suggestion(kind: str) -> None:
    words = WORDS_OF[kind]
    slips = sorted((slip, word) for word in words for slip in slips_of(word) - set(words))
    slips = slips if IS_LONG else random.Random(1).sample(slips, 400)
    right = sum(suggestion(slip, words) == f"; did you mean '{word}'?" for slip, word in slips)
    print(f"{kind}: {right} of {len(slips)}")
    assert right / len(slips) >= 0.95, f"{right} of {len(slips)}"


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
