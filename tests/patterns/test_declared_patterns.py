"""Every declared pattern keeps the common promises, and the table says of each what it should."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np
import pytest

from dealsim.__main__ import _exit_code
from dealsim.errors import InputError
from dealsim.parameters import Parameters
from dealsim.patterns.national import CHECK, FIT, HELD, NOT_EXPRESSED, PATTERNS, Pattern
from dealsim.patterns.reading import Reading, check_patterns, read_off, readings, values_of
from dealsim.patterns.trials import OLD_REGIME, TRIALS, WAVE_ENDS, Seen, live_trials
from dealsim.show.pages import ROOT, SOURCE_KEY
from dealsim.show.patterns import as_rows, in_words, summed_up
from tests.model.boroughs import WIGAN


@lru_cache
def seen() -> Seen:
    """One borough of 3,000, put through every trial once."""
    return live_trials(WIGAN, 3_000, 1, [7], Parameters())[0]


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_declared_whole(name):
    one = PATTERNS[name]
    assert one.name == name
    assert one.label and one.unit and one.rejects and one.meaning.endswith(".")
    assert SOURCE_KEY.fullmatch(one.source), one.source
    assert one.low < one.target < one.high
    assert one.holds(one.low) and one.holds(one.high) and one.holds(one.target)
    assert not one.holds(one.high + 1e-6) and not one.holds(one.low - 1e-6) and not one.holds(float("nan"))


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_can_be_read_off_a_borough(name):
    value = PATTERNS[name].measure(seen())
    assert isinstance(value, float)
    if not name.startswith("care_requests"):  # so small a borough has no social care apart
        assert np.isfinite(value), name


def test_patterns_are_of_three_uses_and_none_is_of_wigan():
    uses = {one.use for one in PATTERNS.values()}
    assert uses == {FIT, HELD, CHECK}
    assert not [one.source for one in PATTERNS.values() if "wigan" in one.source]
    assert NOT_EXPRESSED and all(why.endswith(".") for why in NOT_EXPRESSED.values())


@pytest.mark.parametrize("wrong", [{"grade": "sure"}, {"low": 2.0}, {"use": "liked"}], ids=["grade", "range", "use"])
def test_a_pattern_declared_wrong_is_refused(wrong):
    right = {
        "name": "one", "label": "One", "unit": "share", "low": 0.0, "high": 1.0, "source": "src-choice", "grade": "assumed",
        "rejects": "all", "use": FIT, "measure": lambda seen: 0.0, "meaning": "One.",
    }  # fmt: skip
    Pattern(**right)
    with pytest.raises(ValueError, match="one"):
        Pattern(**(right | wrong))


@pytest.mark.parametrize("name", TRIALS)
def test_a_trial_says_what_it_is_and_moves_what_it_names(name):
    trial = TRIALS[name]
    scenario = trial.scenario()
    moved = set(trial.levers) | {entry["lever"] for entry in trial.schedule}
    policy = scenario.policy(52, ("one",))
    old = TRIALS[OLD_REGIME].scenario().policy(52, ("one",))
    differ = {field for field in policy._fields if not np.array_equal(getattr(policy, field), getattr(old, field))}
    assert bool(differ) == bool(moved), f"{name} names {moved} and moves {differ}"


def test_the_wave_of_training_ends_when_it_is_said_to():
    policy = TRIALS["wave"].scenario().policy(104, ("one",))
    hours = policy.asset_based_training[:, 0]
    assert (hours[:WAVE_ENDS] > 0).all() and (hours[WAVE_ENDS:] == 0).all()


def test_means_and_changes_are_over_the_years_asked_for():
    weeks = {name: trial.years * 52 for name, trial in TRIALS.items()}
    metrics = {name: {"one": np.arange(count, dtype=float)} for name, count in weeks.items()}
    made = Seen({**metrics, "whole": {"one": np.arange(weeks["whole"]) + 3.0}}, {}, seen().survey)
    assert made.mean("one", OLD_REGIME, 0, 1) == pytest.approx(25.5)
    assert made.mean("one", OLD_REGIME, 1, 2) == pytest.approx(77.5)
    assert made.change("one", "whole", 0, 2) == pytest.approx(3.0)
    monthly = Seen({OLD_REGIME: {"one": np.arange(weeks[OLD_REGIME] // 4, dtype=float)}}, {}, seen().survey)
    assert monthly.mean("one", OLD_REGIME, 1, 2) == pytest.approx(np.arange(13, 26).mean())


def test_trials_share_their_chances_so_that_nothing_changed_is_nothing():
    """Before its first lever moves anything, a trial is the old regime: the wave's fear in its first week."""
    assert seen().at_week("contacts_per_1000", "wave", 0) == seen().at_week("contacts_per_1000", OLD_REGIME, 0)
    assert seen().at_week("mean_skill", "wave", 12) > seen().at_week("mean_skill", OLD_REGIME, 12)


def test_a_reading_over_boroughs_is_a_mean_and_over_sets_a_median():
    lived = [dict.fromkeys(PATTERNS, value) for value in (0.0, 1.0, 5.0)]
    over_boroughs, over_sets = readings(lived, of_sets=False)[0], readings(lived, of_sets=True)[0]
    assert over_boroughs.simulated == pytest.approx(2.0) and over_sets.simulated == 1.0
    assert over_boroughs.simulated_low < 0.0 < 5.0 < over_boroughs.simulated_high
    assert over_sets.simulated_low == pytest.approx(0.1) and over_sets.simulated_high == pytest.approx(4.6)


def test_what_could_not_be_read_does_not_hold():
    one = readings([{name: float("nan") for name in PATTERNS}], of_sets=False)[0]
    assert not one.holds and "cannot be read" in in_words(one)[2]
    assert as_rows([one])[0]["simulated"] is None


def test_a_sentence_names_what_does_not_hold():
    first = next(iter(PATTERNS.values()))
    good, bad = (Reading(first, value, value, value, 1.0) for value in (first.target, first.high * 2))
    assert summed_up([good]) == "1 of 1 patterns hold."
    assert summed_up([good, bad]) == f"1 of 2 patterns hold; these do not: {first.label}."


def test_the_same_boroughs_give_the_same_figures_for_any_number_of_workers():
    found = [check_patterns(size=300, boroughs=2, workers=workers) for workers in (1, 2)]
    assert as_rows(found[0]) == as_rows(found[1])


def test_several_sets_are_read_apart_and_rivals_hold_in_all():
    values = {"staff.turnover": 0.3}
    one = values_of(values, (), WIGAN, 300, 1, [1])[0]
    assert one["leavers"] > values_of({}, (), WIGAN, 300, 1, [1])[0]["leavers"]
    assert values_of({}, ("weak_fear",), WIGAN, 300, 1, [1])[0] != values_of({}, (), WIGAN, 300, 1, [1])[0]
    assert read_off(seen()).keys() == one.keys()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"size": 0}, "size is 0"),
        ({"boroughs": 0}, "boroughs is 0"),
        ({"sets": ()}, "no parameter set"),
        ({"rivals": ("no_such",)}, "unknown rival"),
        ({"sets": ({"staff.nonsense": 1.0},)}, "unknown parameter"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_wrong_input_is_told(asked, said):
    with pytest.raises(InputError, match=said):
        check_patterns(**({"size": 300, "boroughs": 1} | asked))


def test_the_command_prints_a_list_with_target_range_and_verdict(capsys):
    assert _exit_code(["patterns", "--size", "300", "--boroughs", "2", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == list(PATTERNS)
    for row in rows:
        inside = row["simulated"] is not None and row["low"] <= row["simulated"] <= row["high"]
        assert row["pass"] is inside, row["name"]
        assert {"name", "target", "low", "high", "simulated", "pass"} <= row.keys()
    assert _exit_code(["patterns", "--size", "300", "--boroughs", "2"]) == 0
    out = capsys.readouterr().out
    assert "The model against national patterns" in out and "patterns hold" in out
    assert _exit_code(["patterns", "--size", "0"]) == 2


def test_a_dry_run_says_what_it_would_take_and_lives_nothing(capsys):
    assert _exit_code(["patterns", "--dry-run", "--json", "--boroughs", "4", "--size", "6600"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["dry_run"] is True and said["burn_ins"] == 4 and said["runs"] == 4 * len(TRIALS)
    assert _exit_code(["patterns", "--dry-run", "--boroughs", "8"]) == 0
    assert "each in 8 boroughs of 33,000 citizens" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        (["--size", "2000000", "--boroughs", "10000"], 5, "Ask for fewer"),
        (["--boroughs", "0"], 2, "boroughs is 0"),
        (["--workers", "0"], 2, "workers is 0"),
        (["--rival", "nonsense", "--dry-run"], 2, "nonsense"),
    ],
)
def test_what_is_too_much_or_cannot_be_is_refused_before_anything_is_lived(asked, code, said, capsys):
    assert _exit_code(["patterns", *asked]) == code
    assert said in capsys.readouterr().err


def test_the_page_lists_every_pattern():
    page = (ROOT / "docs" / "patterns.md").read_text(encoding="utf-8")
    for name in PATTERNS:
        assert f"| `{name}` |" in page, name
