"""The report as a reader meets it: in a browser, by keyboard, on a phone, on paper, with hostile names in it."""

from __future__ import annotations

import csv
import time
from dataclasses import replace

import pytest

from dealsim.show.report import report_page

pytestmark = pytest.mark.browser

AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def open_page(chromium):
    """Opens a file in a page of its own that may reach nothing, and gathers what goes wrong."""
    contexts = []

    def open_(path, width=1280, height=900):
        context = chromium.new_context(viewport={"width": width, "height": height}, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.faults, page.asked = [], []
        page.on("console", lambda said: page.faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("dialog", lambda dialog: (page.faults.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()


def draw_all(page):
    """Open what is folded away and scroll past every chart, so that each is drawn."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    # one after another, each until it is there: on a busy machine a chart passed too quickly is never seen
    bring = """() => {
      const left = [...document.querySelectorAll(".chart")].find((at) => !at.querySelector("svg"));
      if (left) left.scrollIntoView();
      return !left;
    }"""
    end = time.monotonic() + 120.0
    while time.monotonic() < end:
        if page.evaluate(bring):
            return
        page.wait_for_timeout(20)
    pytest.fail("a chart was not drawn")


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("which", ["report", "analysis", "assured"])
def test_it_opens_whole_without_a_fault_or_a_request_and_axe_finds_nothing(open_page, request, which, width):
    from axe_playwright_python.sync_playwright import Axe

    file = request.getfixturevalue(which)
    page = open_page(file, width)
    draw_all(page)
    assert page.faults == []
    assert page.asked == [file.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "nothing runs over the right edge"
    assert page.evaluate("document.querySelectorAll('canvas').length") == 0, "no chart needs WebGL"
    # what a chart is made of stands behind its label; its text has the contrast of the page
    found = (
        Axe()
        .run(page, context={"exclude": [[".chart svg"]]}, options={"runOnly": {"type": "tag", "values": AA}})
        .response["violations"]
    )
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []


def test_a_chart_can_be_read_by_keyboard_step_by_step(open_page, report):
    page = open_page(report)
    slider = page.locator("#level-contacts_per_1000-tools input[type=range]")
    slider.focus()
    page.keyboard.press("Home")
    first = slider.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowRight")
    second = slider.get_attribute("aria-valuetext")
    assert first.startswith("May 2011: Cuts only ") and "Deal " in first and " to " in first
    assert first != second
    assert page.locator("#level-contacts_per_1000-tools output").inner_text() == second


def test_a_chart_shows_another_group_and_everyone_again(open_page, report):
    page = open_page(report)
    select = page.locator("#level-contacts_per_1000-tools select")
    slider = page.locator("#level-contacts_per_1000-tools input[type=range]")
    whole = slider.get_attribute("aria-valuetext")
    select.select_option("Fifth 1 (most deprived)")
    fifth = slider.get_attribute("aria-valuetext")
    select.select_option("Everyone")
    assert fifth != whole == slider.get_attribute("aria-valuetext")
    assert page.faults == []


def test_another_group_has_the_same_interval_as_the_results(open_page, report, lived):
    from dealsim.show.plots import charts_over_time

    page = open_page(report)
    page.locator("#level-contacts_per_1000-tools select").select_option("Fifth 2")
    with page.expect_download() as waiting:
        page.get_by_role(
            "button", name="Figures (CSV) of “Contacts with services (per 1,000 residents a year)”"
        ).click()
    rows = waiting.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert rows[0] == '"line","group","week_ends","mean","low","high","unit","run"'
    heights = charts_over_time(lived)["demand"][0].level.views.heights["Fifth 2"]
    (_, (name, group, _, mean, low, high, unit, run), *_) = csv.reader(rows)
    assert (name, group, unit, run) == ("Cuts only", "Fifth 2", "per 1,000 residents a year", lived.run_id[:8])
    assert float(mean) == heights[0]["mean"][0]
    assert (float(high) - float(low)) / 2 == pytest.approx(heights[0]["half"][0], rel=0.02)


@pytest.mark.parametrize(("what", "start"), [("PNG", b"\x89PNG"), ("SVG", b"<svg")])
def test_a_chart_is_saved_as_a_picture_with_its_title(open_page, report, what, start):
    page = open_page(report)
    with page.expect_download() as waiting:
        page.locator("#level-contacts_per_1000-tools").get_by_role("button", name=f"Picture ({what})").click()
    content = waiting.value.path().read_bytes()
    assert content.startswith(start)
    if what == "SVG":
        assert b"Contacts with services" in content and b"fitted to national figures" in content


def test_a_link_to_a_measure_that_is_folded_away_opens_it(open_page, report):
    page = open_page(report)
    page.evaluate("location.hash = '#difference-turned_away_share'")
    page.wait_for_selector("#difference-turned_away_share svg")
    top = page.evaluate("document.getElementById('difference-turned_away_share').getBoundingClientRect().top")
    assert 0 <= top < 100, "the measure itself is in view, not what stood there before charts were drawn"


def test_it_prints_with_its_charts_and_without_its_buttons(open_page, report):
    page = open_page(report)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_selector("#level-contacts_per_1000 svg")
    assert page.locator("#level-contacts_per_1000-tools").is_hidden()
    assert page.locator("nav").is_hidden()
    assert len(page.pdf()) > 100_000


HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg onload=alert(1)>",
    "<a href='javascript:alert(1)'>press</a>",
    "=cmd|' /C calc'!A0",
    "a\u202eb\x1b[31m",
)


@pytest.mark.parametrize("names", [HOSTILE[:3], HOSTILE[3:]])
def test_a_hostile_name_is_text_and_nothing_more(open_page, lived, tmp_path, names):
    one, other, word = names

    def called(frame):
        return frame.assign(scenario=frame["scenario"].astype(str).replace({"deal": one, "stop_start": other}))

    odd = replace(
        lived,
        names=("cuts_only", one, other),
        series=called(lived.series),
        summary=called(lived.summary).assign(label=word, unit=word),
        outcomes=called(lived.outcomes).assign(label=word),
        people=called(lived.people),
        events=called(lived.events),
        metrics={key: about._replace(label=word, unit=word, meaning=word) for key, about in lived.metrics.items()},
        scenarios=(
            lived.scenarios[0],
            *({**scenario, "question": word, "sources": [word], "author": word} for scenario in lived.scenarios[1:]),
        ),
        notices=names,
    )
    file = tmp_path / "odd.html"
    file.write_text(report_page(odd, "0" * 64), encoding="utf-8")
    page = open_page(file)
    draw_all(page)
    assert page.faults == []
    assert page.evaluate("[...document.querySelectorAll('.chart a, main img, main svg[onload]')].length") == 0
    assert page.evaluate("document.querySelectorAll('script').length") == 3
