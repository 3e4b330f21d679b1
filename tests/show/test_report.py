"""The report: one page, offline, safe whatever things are called, and saying what it must."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import plotly.graph_objects as go
import pytest

from dealsim.runs import compare, run
from dealsim.show.report import Charts, report_page
from dealsim.show.words import figure, in_words, sentence
from dealsim.text import cell, escaped, label, plain, slug

HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<!--",
    "=cmd|' /C calc'!A0",
    "\x1b[31mred\x07",
    "a\u202eb",
    "javascript:alert(1)",
    "{{7*7}}",
    "</style><style>*{display:none}",
    "&lt;b&gt;",
)


@pytest.fixture(scope="module")
def results():
    return compare("cuts_only", "deal", size=400, years=1, replicates=2, workers=2, seed=3)


@pytest.fixture(scope="module")
def page(results):
    return report_page(results, "0" * 64)


class _Page(HTMLParser):
    """Every tag with its attributes, and the text of every script."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self._open = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open = dict(attrs) if tag == "script" else None
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_data(self, data):
        if self._open is not None:
            attrs, text = self.scripts[-1]
            self.scripts[-1] = (attrs, text + data)

    def handle_endtag(self, tag):
        self._open = None


def _policy(tags):
    return next(a["content"] for tag, a in tags if a.get("http-equiv") == "Content-Security-Policy")


def test_the_page_asks_nothing_of_any_other_machine(page):
    found = _Page(page)
    for tag, attrs in found.tags:
        assert tag not in ("iframe", "object", "embed", "base", "form", "link"), tag
        for name in ("src", "href", "action", "srcset", "poster"):
            target = attrs.get(name) or ""
            assert not target or target.startswith(("data:text/csv", "#")), (tag, target[:80])
        assert not any(name.startswith("on") for name in attrs), attrs


def test_only_the_pages_own_scripts_may_run(page):
    found = _Page(page)
    policy = _policy(found.tags)
    assert policy.startswith("default-src 'none'")
    for attrs, text in found.scripts:
        if attrs.get("type") != "application/json":
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy
    assert "unsafe-eval" not in policy
    assert "connect-src" not in policy


def test_the_upload_button_is_off(page):
    config = next(json.loads(text) for attrs, text in _Page(page).scripts if attrs.get("id") == "config")
    assert config["showSendToCloud"] is False
    assert config["displaylogo"] is False


def test_the_page_is_small_enough_to_send(page):
    assert len(page.encode()) < 7_000_000


def test_every_chart_has_title_unit_interval_sentence_table_and_stamp(results, page):
    charts = Charts(results).every()
    assert len(charts) >= 2 * len(results.headline)
    for chart in charts:
        assert chart.title and chart.subtitle and chart.sentence
        assert not chart.short.empty
        assert results.run_id[:8] in chart.layout["annotations"][0]["text"]
        assert page.count(f'<figure id="{chart.key}"') == 1
        go.Figure({"data": chart.data, "layout": chart.layout})
    assert page.count("Figures of this chart") == page.count("<figure") == len(charts)
    assert len({chart.title for chart in charts}) == len(charts), "no two charts are called the same"


def test_lines_differ_by_more_than_colour(results):
    pairs = Charts(results).over_time["demand"]
    lines = [trace["line"] for trace in pairs[0].level.data if "name" in trace]
    assert len({line["dash"] for line in lines}) == len(lines) == 2


def test_who_loses_comes_before_everything_else(page):
    order = [page.index(f'id="{key}"') for key in ("in-short", "who-loses", "what-changes", "demand", "trust")]
    assert order == sorted(order)
    assert page.index("<h4>Worse</h4>") < page.index("<h4>Better</h4>")


def test_the_limits_are_said(page, results):
    for words in (
        "Fitted to national figures",
        "Too small to report",
        "no forecast",
        "Grade of evidence",
        results.run_id,
    ):
        assert words in page


def test_only_one_script_runs(page):
    assert len([1 for attrs, _ in _Page(page).scripts if not attrs.get("type")]) == 1


def test_groups_are_shown_with_intervals_and_those_that_lose_most_first(results):
    charts = Charts(results).groups
    assert charts
    losing = [int((chart.short["shows"] == "worse").sum()) for chart in charts]
    assert losing == sorted(losing, reverse=True)
    for chart in charts:
        assert {"base", "mean", "difference", "low", "high"} <= set(chart.short)


def test_one_run_alone_has_a_report_too():
    results = run("deal", size=400, years=1, replicates=1)
    page = report_page(results, "0" * 64)
    assert "one replicate, so no interval" in page
    told = re.sub(r"(?s)<script.*?</script>", "", page).split("<main>")[1].split('id="trust"')[0]
    assert "difference" not in told and "worse" not in told


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_runs_nothing(results, name):
    def called(frame):
        return frame.assign(scenario=frame["scenario"].astype(str).replace({"deal": name}))

    odd = replace(
        results,
        names=("cuts_only", name),
        series=called(results.series),
        summary=called(results.summary).assign(label=name, unit=name),
        outcomes=called(results.outcomes).assign(label=name),
        metrics={key: about._replace(label=name, unit=name) for key, about in results.metrics.items()},
        scenarios=(results.scenarios[0], {**results.scenarios[1], "question": name, "sources": [name]}),
        notices=(name,),
    )
    found, plain_one = _Page(report_page(odd, "0" * 64)), _Page(report_page(results, "0" * 64))
    kinds = [tag for tag, _ in found.tags]
    assert set(kinds) == {tag for tag, _ in plain_one.tags}
    assert len(found.scripts) == len(plain_one.scripts)
    assert _policy(found.tags) == _policy(plain_one.tags)
    assert "alert(1)" not in "".join(text for attrs, text in found.scripts if not attrs.get("type"))


@pytest.mark.parametrize("name", HOSTILE)
def test_text_is_made_safe(name):
    assert not re.search(r"[\x00-\x1f\x7f\u202e]", plain(name))
    assert not set('<>"') & set(escaped(name))
    assert not set("<>&") & set(label(name))
    assert not str(cell(name)).startswith(("=", "+", "-", "@"))
    assert re.fullmatch(r"[a-z0-9_-]{1,40}", slug(name))


@pytest.mark.parametrize(
    ("value", "signed", "shown"),
    [
        (0.0, True, "0"), (1234.5, False, "1,234"), (-0.5, False, "−0.500"), (12.34, True, "+12.3"),
        (float("nan"), False, "–"), (None, False, "–"), (1e-7, False, "0.000000100"), (99.96, False, "100.0"),
    ],
)  # fmt: skip
def test_figures_are_shown_with_three_that_matter(value, signed, shown):
    assert figure(value, signed=signed) == shown


def test_words_decline_what_the_interval_does_not_show():
    row = {
        "label": "Crises", "scenario": "deal", "verdict": "cannot tell", "pairs": 10, "pairs_needed": 210.0,
        "difference": -1.0, "difference_low": -3.0, "difference_high": 1.0, "unit": "share of residents",
    }  # fmt: skip
    assert sentence(row, "cuts_only") == "Crises under Deal: cannot tell from 10 pairs; about 210 would do."
    sure = {**row, "verdict": "better", "difference_high": -0.5, "pairs_needed": 4.0}
    assert in_words(sure) == "better"
    said = sentence(sure, "cuts_only")
    assert "100 points lower under Deal than under Cuts only, which is better" in said
    assert "−300 to −50" in said
