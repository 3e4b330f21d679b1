"""How sure: chance and what the parameter sets disagree about, each shown as what it is."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from dealsim.runs import compare, run
from dealsim.show.findings import findings
from dealsim.show.report import Charts, report_page
from dealsim.show.sure import CHANCE, DOUBT, larger_source, sure_charts, sure_section
from dealsim.show.terminal import remarks
from dealsim.show.words import disagreement, in_words, scaled, sentence, sets_agreeing

NEW = {"name": "New ways", "extends": "old_regime", "levers": {"permission_to_innovate": 0.8, "blame_culture": 0.1}}
ROW = {
    "label": "Crises", "scenario": "deal", "verdict": "cannot tell", "pairs": 40, "pairs_needed": math.nan, "agree": 0.65,
    "pair_sets": 20.0, "difference": -1.0, "difference_low": -1.8, "difference_high": -0.2, "unit": "a year",
    "chance": 0.1, "chance_low": 0.0, "chance_high": 1.0, "doubt": 1.0, "sets_low": 0.0, "sets_high": 1.0,
    "difference_chance": 0.1, "difference_chance_low": -1.2, "difference_chance_high": -0.8, "difference_doubt": 2.0,
    "difference_sets_low": -4.0, "difference_sets_high": 2.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def results():
    return compare("old_regime", NEW, size=500, years=1, ensemble=4, replicates=12, workers=2, seed=3)


@pytest.fixture(scope="module")
def page(results):
    return report_page(results, "0" * 64)


def words_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_section_stands_after_what_changes_and_before_the_charts_over_time(page):
    order = [page.index(f'id="{key}"') for key in ("what-changes", "how-sure", "demand")]
    assert order == sorted(order)
    assert page.count("How sure: chance and what we do not know") >= 2  # the heading, and the contents


def test_every_headline_measure_has_its_line(results):
    said = words_of(sure_section(results, []))
    for row in results.rows().query("scenario == 'New ways'").to_dict("records"):
        assert row["label"] in said
    assert "12 pairs of lives were lived with 4 different sets" in said
    for head in (
        "Difference",
        "Chance (95 %)",
        "Over parameter sets (90 %)",
        "Sets that agree",
        "The larger source of doubt",
    ):
        assert head in said


def test_the_chart_has_two_ranges_a_measure_told_apart_without_colour(results):
    (chart,) = sure_charts(results)
    go.Figure({"data": chart.data, "layout": chart.layout})
    one, other = chart.data
    assert one["marker"]["symbol"] != other["marker"]["symbol"] and one["name"] != other["name"]
    assert one["error_x"]["thickness"] != other["error_x"]["thickness"]
    assert len(one["y"]) == len(other["y"]) == len(chart.short) and not set(one["y"]) & set(other["y"])
    assert one["x"] == other["x"], "both are about the same mean"
    assert len(chart.layout["yaxis"]["ticktext"]) == len(chart.layout["yaxis"]["tickvals"]) == 2 * len(chart.short)


def test_every_range_is_drawn_to_the_scale_of_its_measure(results):
    (chart,) = sure_charts(results)
    ends = {"chance": ("chance_low", "chance_high"), "sets": ("sets_low", "sets_high")}
    far = np.zeros(len(chart.short))
    moves = chart.short["difference"].to_numpy() != 0.0  # what does not move at all is drawn at nought
    assert moves.sum() > 5
    for trace, (low, high) in zip(chart.data, ends.values(), strict=True):
        middle, above = np.array(trace["x"]), np.array(trace["error_x"]["array"])
        below = np.array(trace["error_x"]["arrayminus"])
        far = np.maximum(far, np.maximum(np.abs(middle + above), np.abs(middle - below)))
        factor = middle[moves] / chart.short["difference"].to_numpy()[moves]
        assert (middle + above)[moves] == pytest.approx(factor * chart.short[high].to_numpy()[moves], abs=0.1)
        assert (middle - below)[moves] == pytest.approx(factor * chart.short[low].to_numpy()[moves], abs=0.1)
    assert far[moves] == pytest.approx(100.0, abs=0.1)


def test_the_report_counts_the_chart_among_its_own(results, page):
    charts = Charts(results).every()
    assert [chart.key for chart in charts].count("sure-1") == 1
    assert page.count('<figure id="sure-1"') == 1
    assert len({chart.title for chart in charts}) == len(charts)


def test_bands_say_what_they_are_taken_over(results, page):
    assert (
        "95 % interval over 4 parameter sets (12 pairs): of their average; how far sets lie apart stands under" in page
    )
    assert "95 % interval over 4 parameter sets (12 replicates)" in page
    pair = next(pair for pair in Charts(results).over_time["staff"] if pair.metric == "mean_willingness")
    row = results.rows().set_index(["scenario", "metric"]).loc[("New ways", "mean_willingness")]
    last = pair.difference.short.iloc[-1]
    assert last["low"] < last["mean"] < last["high"] and row["difference_low"] < row["difference_high"]


def test_the_limits_say_what_intervals_span_and_which_numbers_the_sets_name(results, page):
    assert "not doubt about the model's numbers" not in " ".join(remarks(results))
    assert any("12 pairs of lives over 4 calibrated parameter sets" in line for line in remarks(results))
    said = words_of(page.split('id="trust"')[1])
    assert f"The 4 parameter sets name {len(results.settings['ensemble']['names'])} parameter" in said
    assert "none is fitted yet" not in said and results.settings["ensemble"]["sha256"] in said


def test_one_scenario_alone_has_levels_with_both_ranges():
    alone = run("deal", size=400, years=1, ensemble=2)
    (chart,) = sure_charts(alone)
    assert "mean" in chart.short and "difference" not in chart.short
    assert chart.data[0]["x"] == pytest.approx([0.0] * len(chart.short))
    said = words_of(sure_section(alone, [chart]))
    assert "4 lives were lived" in said and "Sets that agree" not in said and "Better or worse" not in said


def test_without_an_ensemble_there_is_no_such_section():
    plain = run("deal", size=400, years=1, replicates=2)
    assert sure_charts(plain) == [] and sure_section(plain, []) == ""
    assert "How sure" not in re.sub(r"(?s)<script.*?</script>", "", report_page(plain, "0" * 64))


def test_why_nothing_can_be_told_is_said():
    assert in_words(ROW) == "cannot tell: the parameter sets disagree: in 13 of 20 it is lower"
    assert sentence(ROW, "cuts_only") == f"Crises under Deal: {in_words(ROW)}."
    assert disagreement({**ROW, "difference": 2.0}).endswith("in 13 of 20 it is higher")
    assert sets_agreeing(ROW) == "13 of 20"
    by_chance = {**ROW, "agree": 1.0, "difference_high": 0.5, "pairs_needed": 90.0}
    assert in_words(by_chance) == "cannot tell from 40 pairs; about 90 would do"
    unknown = {**ROW, "agree": math.nan}
    assert in_words(unknown) == "cannot tell: too few lives of each parameter set were finished"
    assert sets_agreeing(unknown) == "–"


def test_shares_are_shown_in_hundredths_throughout():
    shown = scaled({**ROW, "unit": "share of residents"})
    for name in ("difference_chance", "difference_doubt", "difference_sets_low", "difference_chance_high", "doubt"):
        assert shown[name] == pytest.approx(100 * ROW[name]), name
    assert shown["agree"] == ROW["agree"] and shown["pair_sets"] == ROW["pair_sets"]


@pytest.mark.parametrize(
    ("chance", "doubt", "source"), [(1.0, 2.0, DOUBT), (2.0, 1.0, CHANCE), (1.0, 0.0, CHANCE), (0.0, 1.0, DOUBT), (0.0, 0.0, "")]
)  # fmt: skip
def test_the_larger_source_is_named(chance, doubt, source):
    assert larger_source(chance, doubt) == source


def test_sets_that_hide_in_chance_are_not_said_to_agree(results):
    table = results.summary.copy()
    table.loc[table["scenario"] == "New ways", ["difference_doubt", "difference_chance"]] = 0.0, 1.0
    said = words_of(sure_section(replace(results, summary=table), []))
    assert "no spread beyond chance" in said and "none seen to differ" in said and "4 of 4" not in said


def test_findings_name_the_disagreement_and_do_not_ask_for_lives_that_would_not_help(results):
    table = results.summary.copy()
    own = (table["scenario"] == "New ways") & (table["group"] == "all")
    table.loc[own, ["verdict", "agree", "pair_sets", "pairs_needed"]] = "cannot tell", 0.5, 4.0, math.nan
    found = findings(replace(results, summary=table), "New ways")
    assert found.unsure and all("the parameter sets disagree: in 2 of 4" in one.text for one in found.unsure)
    assert found.command == ""
