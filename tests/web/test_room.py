"""The page's lives: the very runs that the command would make, kept, stopped at once, and told in the report's words."""

from __future__ import annotations

import itertools
import time
from types import SimpleNamespace

import numpy as np
import pytest

from dealsim.errors import InputError
from dealsim.levers import LEVERS
from dealsim.runs import compare
from dealsim.scenarios import load
from dealsim.web import views
from dealsim.web.dials import BASES, DIALS, MEASURES, MORE, NAMES, PRESETS, wish_from
from dealsim.web.hands import LostWorkerError
from dealsim.web.life import SHOWN, asked_of
from dealsim.web.room import Room
from dealsim.web.stage import stage
from dealsim.web.telling import bands, id_of, results_of, told
from dealsim.web.understand import EXPLAINED, moved_parts, outcomes_of, shares, without
from dealsim.web.worlds import Kept
from tests.web.conftest import TINY

BOLD = {"begins": "cuts_only", "levers": {"community_investment": 6.0, "blame_culture": 0.1}}


@pytest.fixture(scope="module")
def room():
    made = Room(2, scale=TINY)
    yield made
    made.close()


@pytest.fixture(scope="module")
def asked():
    return asked_of("cuts_only", [wish_from(BOLD, "cuts_only")], TINY)


@pytest.fixture(scope="module")
def found(room, asked):
    assert list(room.pairs(asked))[-1] == TINY.pairs
    return room.lives(asked, TINY.pairs)


@pytest.mark.parametrize("dial", DIALS.values(), ids=str)
def test_a_dial_begins_as_it_was_and_moves_levers_that_can_take_its_values(dial):
    for name in dial.moves:
        lever = LEVERS[name]
        assert lever.is_number and lever.default == dial.levels[0]
        assert all(lever.low <= level <= lever.high for level in dial.levels)
        assert (lever.low, lever.high, lever.unit) == (dial.lever.low, dial.lever.high, dial.lever.unit)
    assert "Example:" in dial.practice and len(set(dial.levels)) == 3


def test_every_lever_is_a_dial_or_one_step_away():
    moved = [name for dial in DIALS.values() for name in dial.moves]
    assert sorted([*moved, *MORE]) == sorted(LEVERS) and len(DIALS) == 6
    assert set(MEASURES) <= set(SHOWN) and len(MEASURES) == 8


def test_the_stage_says_of_every_lever_how_we_know():
    for lever in (*stage(TINY)["dials"], *stage(TINY)["more"]):
        assert lever["source"] and lever["grade"] and lever["meaning"]


def test_the_page_shows_what_the_command_finds(asked, found):
    """The same runs: every figure of the summary is the command's."""
    other = compare(
        *asked.made.scenarios, size=TINY.size, years=TINY.years, ensemble=TINY.sets, replicates=TINY.pairs, workers=2
    )
    own = results_of(asked, found)
    key = ["scenario", "metric", "group"]
    mine = own.summary.set_index(key).sort_index()
    theirs = other.summary.set_index(key).sort_index().loc[mine.index]
    for column in ("mean", "difference", "difference_low", "difference_high"):
        one, two = mine[column].to_numpy(float), theirs[column].to_numpy(float)
        assert np.allclose(one, two, rtol=1e-9, atol=1e-12, equal_nan=True), column
    apart = mine["difference"].abs() > 1e-9  # which way nothing goes is for the last bit to say
    assert (mine["agree"][apart] == theirs["agree"][apart]).all()
    assert (mine["verdict"] == theirs["verdict"]).all()


def test_a_band_is_student_s_interval_over_parameter_sets(asked, found):
    """By hand, for one measure and quarter."""
    row, quarter = SHOWN.index("contacts_per_1000"), 7
    values = np.array([life.curves[row, quarter] for life in found[1]])
    units = np.array([values[0::2].mean(), values[1::2].mean()])
    half = 12.706204736432095 * units.std(ddof=1) / np.sqrt(2)
    own = bands(asked, found)[1]["contacts_per_1000"]
    assert own["mean"][quarter] == pytest.approx(units.mean(), rel=1e-3)
    assert own["half"][quarter] == pytest.approx(half, rel=1e-3)


def test_one_pair_has_no_band(room, asked, found):
    own = told(asked, room.lives(asked, 1))
    assert set(own["curves"][0]["contacts_per_1000"]["half"]) == {None}
    assert "cannot tell" in own["scenarios"][1]["headline"]


def test_another_explanation_holds_in_both_worlds(room):
    """With nothing moved the two worlds stay the same to the last bit, whatever is true of both."""
    asked = asked_of("cuts_only", [wish_from({}, "cuts_only")], TINY, ("fast_word",))
    assert {scenario.rivals for scenario in asked.made.scenarios} == {("fast_word",)}
    for _ in room.pairs(asked):
        pass
    base, own = room.lives(asked, TINY.pairs)
    assert all(np.array_equal(one.curves, other.curves, equal_nan=True) for one, other in zip(base, own, strict=True))
    other = compare(*asked.made.scenarios, size=TINY.size, years=TINY.years, ensemble=TINY.sets, replicates=TINY.pairs)
    mean = other.rows().query("scenario == 'cuts_only' and metric == 'contacts_per_1000'")["mean"].iloc[0]
    units = [np.mean([life.groups["contacts_per_1000", "all"] for life in base[k::2]]) for k in (0, 1)]
    assert np.mean(units) == pytest.approx(mean, rel=1e-9)


def test_the_id_is_the_one_that_the_command_gives(asked):
    other = compare(*asked.made.scenarios, size=TINY.size, years=TINY.years, ensemble=TINY.sets)
    assert other.run_id == id_of(asked)


def test_an_id_names_what_is_lived_and_nothing_else():
    one = id_of(asked_of("cuts_only", [wish_from({"begins": "deal"}, "cuts_only")], TINY))
    assert one == id_of(asked_of("cuts_only", [wish_from({"begins": "deal", "name": "Other"}, "cuts_only")], TINY))
    assert one != id_of(asked_of("old_regime", [wish_from({"begins": "deal"}, "old_regime")], TINY))
    assert one != id_of(asked_of("cuts_only", [wish_from({"begins": "bold"}, "cuts_only")], TINY))


def test_nothing_moved_is_the_baseline_to_the_last_bit(room):
    asked = asked_of("cuts_only", [wish_from({}, "cuts_only")], TINY)
    assert asked.made.names[1] == NAMES[0]
    for _ in room.pairs(asked):
        pass
    base, own = room.lives(asked, TINY.pairs)
    assert all(np.array_equal(one.curves, other.curves, equal_nan=True) for one, other in zip(base, own, strict=True))


def test_a_stop_ends_the_work_at_once_and_keeps_no_half_life(room):
    """How fast is measured in benchmarks; here: long before the work would have ended by itself, and nothing half is kept."""
    long = asked_of("cuts_only", [load("deal")], TINY.of_places)
    list(itertools.islice(room.pairs(long), 1))  # worlds are there, code is compiled
    other = asked_of("cuts_only", [load("bold")], TINY.of_places)
    asked_for = iter([False, False, True])
    ended = list(room.pairs(other, lambda: next(asked_for, True)))
    assert not ended or ended[-1] < other.made.replicates
    for own in room.lives(other, ended[-1] if ended else 0):
        assert all(np.isfinite(life.curves[0]).all() for life in own)
    assert list(room.pairs(other))[-1] == other.made.replicates, "what was stopped cannot be gone on with"


def test_verdicts_are_given_on_the_pairs_that_are_there_when_time_is_up(asked, found):
    """A slow machine must not leave a room without an answer, nor with one that hides on how little it rests."""
    short = SimpleNamespace(
        scale=TINY, lives=lambda asked, done: [own[:done] for own in found], pairs=lambda *_: iter([1, 2])
    )
    *_, last, late = views.runs(short, {"base": "cuts_only", "scenarios": [{"begins": "deal"}]})(lambda: False)
    assert last["last"] and last["done"] == 2 < last["of"] and last["scenarios"][1]["headline"]
    assert late["kind"] == "late" and f"2 of {TINY.pairs} runs" in late["said"]
    none = SimpleNamespace(scale=TINY, pairs=lambda *_: iter([]))
    (only,) = views.runs(none, {"base": "cuts_only", "scenarios": [{}]})(lambda: False)
    assert only["kind"] == "late" and "0 of" in only["said"]
    stale = views.runs(short, {"base": "cuts_only", "scenarios": [{}]})(lambda: True)
    assert not any(message.get("last") or message["kind"] == "late" for message in stale)


def test_a_process_that_is_still_starting_is_left_to_start(asked, monkeypatch):
    """A room that moves a slider again and again on a cold machine would otherwise end each process before it is up."""
    monkeypatch.setattr("dealsim.web.room.PATIENCE", 0.01)
    own = Room(1, scale=TINY)
    stops = iter([False, False])
    assert not list(own.pairs(asked, lambda: next(stops, True)))
    (hand,) = own.hands._pools
    (process,) = hand._processes.values()
    assert not hand.is_ready
    assert list(own.pairs(asked))[-1] == TINY.pairs
    assert own.hands._pools == [hand] and list(hand._processes.values()) == [process] and hand.is_ready
    own.close()


def test_the_newest_things_are_kept():
    kept = Kept(2)
    for name in "abc":
        kept.keep(name, name.upper())
    assert kept.get("a") is None and kept.get("b") == "B"
    kept.keep("d", "D")
    assert kept.get("c") is None and kept.get("b") == "B", "what was asked for last stays longest"


def test_warming_stands_back_and_then_goes_on(asked):
    own = Room(2, scale=TINY)
    own.warm(asked)
    assert list(own.pairs(asked_of("cuts_only", [load("bold")], TINY)))[-1] == TINY.pairs
    for _ in range(600):
        try:
            there = own.lives(asked, TINY.pairs)
            break
        except LostWorkerError:
            time.sleep(0.05)
    assert [len(lives) for lives in there] == [TINY.pairs] * 2
    own.close()


def test_knocking_out_everything_gives_back_the_whole():
    """One dial moved: what goes without it is all there is, in every pair."""
    base = load("cuts_only")
    scenario = wish_from({"levers": {"community_investment": 6.0}}, "cuts_only")
    assert moved_parts(base, scenario) == {"Investment in communities": ("community_investment",)}
    back = without(base, scenario, ("community_investment",), "back")
    assert back.policy(100, ("x",)).community_investment.max() == 0.0
    assert moved_parts(base, back) == {}


def test_shares_by_hand():
    """Two sets of two pairs: the whole is −10, without one lever −4, so −6 goes with it, and joint effects are the rest."""
    one = {name: np.array([10.0, 20.0, 10.0, 20.0]) for name in outcomes_of([])}
    own = {name: values - 10.0 for name, values in one.items()}
    without_a = {name: values - 4.0 for name, values in one.items()}
    without_b = {name: values - 7.0 for name, values in one.items()}
    first = shares(one, own, {"a": without_a, "b": without_b}, 2)[0]
    assert first["together"]["mean"] == pytest.approx(-1.0)
    assert first["whole"]["mean"] == pytest.approx(-10.0)
    assert [part["mean"] for part in first["parts"]] == pytest.approx([-6.0, -3.0])
    assert first["sentence"].startswith("Contacts with services: −10") and "−6" in first["sentence"]


def test_shares_that_pull_in_opposite_ways_are_told_though_the_whole_is_nothing():
    sets = 20
    base = {metric: np.zeros(2 * sets) for metric in EXPLAINED}
    sway = np.array([-0.1, 0.1] * sets)
    own = dict.fromkeys(EXPLAINED, sway)
    up, down = (dict.fromkeys(EXPLAINED, by + sway / 2) for by in (3.0, -3.0))
    first = shares(base, own, {"Up": up, "Down": down}, sets)[0]
    assert not first["whole"]["shown"] and all(part["shown"] for part in first["parts"])
    assert "no change in all can be told" in first["sentence"] and "pull in opposite ways" in first["sentence"]


def test_no_words_are_made_of_a_change_that_cannot_be_told():
    one = {name: np.array([10.0, 20.0, 10.0, 20.0]) for name in outcomes_of([])}
    own = {name: values + np.array([5.0, -5.0, 5.0, -5.0]) for name, values in one.items()}
    assert "no change can be told" in shares(one, own, {"a": one}, 2)[0]["sentence"]


def test_a_lever_that_moves_with_time_in_the_base_can_be_taken_out():
    base, scenario = load("cuts_only"), wish_from({"levers": {"budget_cut": 0.3}}, "cuts_only")
    assert moved_parts(base, scenario) == {"Everything else": ("budget_cut", "shocks")}
    back = without(base, scenario, ("budget_cut", "shocks"), "back")
    assert np.array_equal(back.policy(520, ("x",)).budget_cut, base.policy(520, ("x",)).budget_cut)


def test_the_deal_is_told_apart_by_dial_and_rest():
    parts = moved_parts(load("cuts_only"), load("deal"))
    assert list(parts) == [*(dial.label for dial in DIALS.values()), "Everything else"]
    assert "budget_cut" not in parts["Everything else"]


@pytest.mark.parametrize("name", PRESETS)
def test_every_ready_scenario_can_be_compared_with_every_other(name):
    for base in (*BASES, *(one for one in PRESETS if one != name)):
        asked = asked_of(base, [wish_from({"begins": name}, base)], TINY)
        assert asked.made.names == (base, name)


@pytest.mark.parametrize(
    "wish",
    [None, 3, {"begins": "nothing"}, {"levers": []}, {"levers": {"nerve": 7}}, {"rivals": []}, {"much": 1}, {"name": ""} | {"levers": {"x": 1}}],
)  # fmt: skip
def test_a_wrong_wish_is_refused_with_what_is_wrong(wish):
    with pytest.raises(InputError):
        wish_from(wish, "cuts_only")
