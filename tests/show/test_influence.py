"""Ratings: every cell of the table, and what a report says of the parameters that move its headline."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dealsim import calibration
from dealsim.calibration import UNSETTLED, Influence
from dealsim.declare import GRADES as DECLARED
from dealsim.parameters import every_parameter
from dealsim.results import Results
from dealsim.show import influence as on
from dealsim.show.report import report_page

GRADES = (*DECLARED, UNSETTLED)


def moves(parameter, size, metric="contacts_per_1000", of="difference", converged=True):
    return Influence(of, metric, parameter, -size, size, 0.5 * size, 1.5 * size, 0.1, converged)


FOUND = (
    moves("citizen.trust_asymmetry", 8.0),
    moves("group.idle_capacity", 4.0, converged=False),
    moves("staff.by_fear", 2.0),
    moves("staff.skill_decay", 1.9),
    moves("staff.by_fear", 0.02, metric="hidden_need_share"),
    *(moves(name, 1.0) for name in list(every_parameter())[:9]),
)


@pytest.fixture
def measured(monkeypatch):
    """Influences as a calibration study would ship them."""
    monkeypatch.setattr(calibration, "influences", lambda: FOUND)


@pytest.fixture
def not_measured(monkeypatch):
    """A version that comes without them."""

    def missing():
        raise FileNotFoundError("influence.csv")

    monkeypatch.setattr(calibration, "influences", missing)


CELLS = {
    "strong": dict.fromkeys(("official", "published", "derived", "calibrated"), "amber")
    | dict.fromkeys(("claimed", "assumed", "rival", UNSETTLED), "red"),
    "some": dict.fromkeys(("official", "published", "derived", "calibrated"), "green")
    | dict.fromkeys(("claimed", "assumed", "rival", UNSETTLED), "amber"),
    "none": dict.fromkeys(GRADES, "green"),
    None: dict.fromkeys(GRADES, "not rated"),
}


@pytest.mark.parametrize("grade", GRADES)
@pytest.mark.parametrize("strength", [*on.STRENGTHS, None])
def test_every_cell_of_the_table(strength, grade):
    assert on.rating_of(strength, grade) == CELLS[strength][grade]


def test_every_grade_has_its_evidence_and_what_would_change_it():
    assert set(on.IS_WEAK) == set(on.WHAT_WOULD_CHANGE_IT) == set(GRADES)


@pytest.mark.parametrize(
    ("size", "strength"), [(8.0, "strong"), (2.0, "strong"), (1.99, "some"), (0.01, "some"), (None, "none")]
)
def test_strong_begins_at_a_quarter_of_the_largest(size, strength):
    assert on.strength_of(None if size is None else moves("staff.by_fear", size), 8.0) == strength


def test_the_worst_come_first(lived, measured):
    found = on.assumptions(lived)
    assert [one.name for one in found] != sorted(one.name for one in found)
    assert {one.name for one in found} == set(every_parameter()), "no parameter is left out"
    assert [on.RATINGS.index(one.rating) for one in found] == sorted(on.RATINGS.index(one.rating) for one in found)
    for rating in on.RATINGS:
        sizes = [one.influence.mu_star if one.influence else 0.0 for one in found if one.rating == rating]
        assert sizes == sorted(sizes, reverse=True)
    assert sum(on.counted(found).values()) == len(found)
    assert found[0].rating == "red"


def test_a_metric_that_nothing_moves_is_no_metric_that_was_not_measured(measured):
    assert on.influences_on("difference", "mean_trust") == ()
    assert on.influences_on("difference", "cumulative_saving") is None


def test_a_single_run_takes_the_influences_on_the_level(lived, measured):
    alone = replace(lived, names=lived.names[:1], scenarios=lived.scenarios[:1])
    assert on.kind_of(alone) == "level"
    assert on.influences_on("level", "contacts_per_1000") == ()
    assert "none" in {one.strength for one in on.assumptions(alone)}
    assert on.NONE_STANDS_OUT in on.top_parameters(alone)
    assert "old regime" in on.measured_as(alone)


def test_without_measurements_nothing_is_rated_and_the_report_says_so(lived, not_measured):
    assert {one.rating for one in on.assumptions(lived)} == {"not rated"}
    assert on.NOT_SHIPPED in on.top_parameters(lived)
    assert on.NOT_SHIPPED in report_page(lived, "0" * 64)


def test_a_report_lists_ten_with_words_figures_and_titles(lived, measured):
    text = on.top_parameters(lived)
    assert text.count("<tr") == 1 + on.TOP
    assert text.index("Weight of a bad experience") < text.index("<code>group.idle_capacity")
    assert "8 (4 to 12)" in text
    assert "Skogan, W. G. (2006)" in text
    assert text.count(">not settled<") == 1
    assert "half of its declared range" in text and "not for this very scenario" in text
    assert "per 1,000 residents" in text, "figures have their unit"
    assert "src-" not in text


def test_a_share_is_shown_in_points(measured):
    assert on.influence_in_figures(moves("staff.by_fear", 0.02), "share of people in need") == "2.0 points (1.0 to 3.0)"


def test_values_are_those_that_were_used(lived: Results):
    under = [
        dict(lived.scenarios[0]),
        dict(lived.scenarios[1]) | {"rivals": ["strong_peers"]},
        dict(lived.scenarios[2]),
    ]
    used = on.values_used(replace(lived, scenarios=tuple(under)))
    default = every_parameter()["staff.by_norm"][1]
    assert used["staff.by_norm"] == f"{default:g} in Cuts only; 5.5 in Deal; {default:g} in Stop start"
    asked = replace(lived, settings={**lived.settings, "values": {"citizen.trust_gain": 0.2}})
    assert on.values_used(asked)["citizen.trust_gain"] == "0.2"


def test_an_ensemble_shows_its_range(lived, monkeypatch):
    sets = ({"citizen.trust_gain": 0.1}, {"citizen.trust_gain": 0.3})
    monkeypatch.setattr(calibration, "first_sets", lambda number: sets[:number])
    used = on.values_used(replace(lived, settings={**lived.settings, "ensemble": {"sets": 2}}))
    assert used["citizen.trust_gain"] == "0.1 to 0.3 over 2 sets"
    assert "over" not in used["staff.by_fear"]
