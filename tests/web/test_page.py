"""The page as a room meets it, in a browser without a window: slide, compare, undo, reload, lose the server, no mouse."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.web.conftest import TINY, Open, Served

HOSTILE = '<img src=x onerror="alert(1)">'


def no_fault(open_):
    assert not [one for one in open_.faults if "favicon" not in one], open_.faults
    assert all(url.startswith(("http://127.0.0.1", "data:", "blob:")) for url in open_.asked), "it went off the machine"


def test_it_begins_at_the_baseline_and_says_so(open_page):
    own = open_page()
    assert "Nothing is moved yet" in own.text("headline")
    assert own.text("count") == f"{TINY.pairs} of {TINY.pairs} runs"
    assert own.page.locator("#figure-contacts_per_1000 .main-svg").count() >= 1
    assert own.page.locator("#dials .dial").count() == 6
    no_fault(own)


def test_sliding_gives_curves_and_the_report_s_sentence(open_page):
    own = open_page()
    own.move("community_investment", 6)
    assert own.text("headline").startswith("Contacts with services under A:") or "under A" in own.text("headline")
    assert "worse off" in own.text("loses") or "Worse under A" in own.text("loses")
    assert own.page.locator("#undo").is_enabled()
    sentence = own.page.locator("#figure-hidden_need_share .sentence").inner_text()
    assert "Hidden need" in sentence and "A" in sentence
    no_fault(own)


def test_every_dial_says_what_it_is_and_how_we_know(open_page):
    own = open_page()
    for about in own.page.locator("#dials details").all():
        about.locator("summary").click()
        assert "Evidence:" in about.inner_text() and "Example:" in about.inner_text()


def test_undo_redo_and_the_list_of_attempts(open_page):
    own = open_page()
    own.move("nerve", 0.8) if own.page.locator("#lever-nerve").is_visible() else None
    own.move("blame_culture", 0.1)
    own.move("permission_to_innovate", 0.8)
    assert own.page.locator("#attempts li").count() == 2
    own.page.locator("#undo").click()
    own.ready()
    assert own.page.locator("#lever-permission_to_innovate").input_value() == "0.15"
    assert own.page.locator("#lever-blame_culture").input_value() == "0.1"
    own.page.locator("#redo").click()
    own.ready()
    assert own.page.locator("#lever-permission_to_innovate").input_value() == "0.8"
    own.page.locator("#attempts button").first.click()
    own.ready()
    assert own.page.locator("#lever-permission_to_innovate").input_value() == "0.15"
    no_fault(own)


def test_a_link_brings_everything_back(open_page):
    own = open_page()
    own.move("community_investment", 4)
    own.page.locator("#scenario-name").fill("Our plan")
    own.page.locator("#scenario-name").press("Enter")
    own.ready()
    address = own.page.url
    assert len(address.split("#")[1]) <= 1500
    other = open_page(address)
    assert other.page.locator("#lever-community_investment").input_value() == "4"
    assert "Our plan" in other.text("headline")
    own.page.reload()
    own.ready()
    assert own.page.locator("#lever-community_investment").input_value() == "4"


@pytest.mark.parametrize("link", ["x", "%00", "eyJ2ZXJzaW9uIjo5fQ", "A" * 2000, "<script>alert(1)</script>"])
def test_a_wrong_link_is_said_and_the_page_begins_afresh(open_page, served, link):
    own = open_page(f"{served.address}#{link}")
    assert "cannot be used" in own.text("trouble") and "begins afresh" in own.text("trouble")
    assert own.page.locator("#dials .dial").count() == 6


def test_a_hostile_name_is_text_everywhere(open_page):
    own = open_page()
    own.page.on("dialog", lambda _: own.faults.append("a script ran"))
    own.page.locator("#scenario-name").fill(HOSTILE)
    own.page.locator("#scenario-name").press("Enter")
    own.ready()
    own.move("community_investment", 6)
    for view in ("why", "people", "network", "places"):
        own.page.locator(f"[data-shows=view-{view}]").check()
        own.page.locator(f"#{view} figure, #{view} h3, #{view} [role=status]").first.wait_for()
    own.page.locator("#reproduce").click()
    assert HOSTILE in own.page.locator("#scenarios").inner_text()
    assert own.page.locator("img[src=x]").count() == 0
    no_fault(own)


def test_three_scenarios_stand_side_by_side(open_page):
    own = open_page()
    own.move("community_investment", 6)
    for lever, value in (("blame_culture", 0.1), ("permission_to_innovate", 0.8)):
        own.page.locator("#add").click()
        own.ready()
        own.move(lever, value)
    assert own.page.locator("#scenarios input").count() == 3 and own.page.locator("#add").is_disabled()
    legend = own.page.locator("#figure-contacts_per_1000 .legendtext").all_text_contents()
    assert legend == ["Cuts only", "A", "B", "C"]
    own.page.locator("#drop").click()
    own.ready()
    assert own.page.locator("#scenarios input").count() == 2
    no_fault(own)


def test_two_ready_scenarios_can_be_compared(open_page):
    own = open_page()
    own.page.locator("#begins").select_option("deal")
    own.ready()
    own.page.locator("#add").click()
    own.ready()
    assert own.page.locator("#trouble").is_hidden()
    own.page.locator("#begins").select_option("training_only")
    own.ready()
    assert own.page.locator("#figure-contacts_per_1000 .legendtext").all_text_contents() == [
        "Cuts only",
        "Deal",
        "Training only",
    ]
    own.page.locator("#scenarios input").first.check()
    assert "Deal" in own.text("headline")
    no_fault(own)


def test_a_view_that_was_left_is_asked_for_again(open_page):
    own = open_page()
    own.move("community_investment", 6)
    own.page.locator("[data-shows=view-why]").check()
    own.page.evaluate(
        "() => { const slider = document.getElementById('lever-blame_culture'); slider.value = 0.1; slider.dispatchEvent(new Event('input', {bubbles: true})); slider.dispatchEvent(new Event('change', {bubbles: true})); document.getElementById('undo').click(); }"
    )
    own.ready()
    own.page.locator("#why figure").first.wait_for()
    own.page.locator("#why-count", has_text=f"{TINY.pairs} of {TINY.pairs}").wait_for()


def test_the_skip_link_goes_to_what_is_found_and_changes_nothing(open_page):
    own = open_page()
    own.move("community_investment", 6)
    address = own.page.url
    own.page.locator("#skip").focus()
    own.page.keyboard.press("Enter")
    assert own.page.evaluate("() => document.activeElement.id") == "answer"
    assert own.page.url == address and own.page.locator("#trouble").is_hidden()


def test_another_explanation_is_marked_on_every_picture(open_page):
    own = open_page()
    own.move("community_investment", 6)
    own.page.locator("#rivals").evaluate("(room) => { room.parentElement.open = true; }")
    own.page.locator("#rivals input[value=fast_word]").check()
    own.ready()
    assert "not calibrated" in own.page.locator("#figure-contacts_per_1000 .chart").text_content()
    own.page.locator("#reproduce").click()
    shown = own.page.locator("#reproduced").inner_text()
    assert "dealsim compare base.yaml a.yaml" in shown and shown.count("fast_word") == 2


def test_every_view_opens_and_shows_what_it_says(open_page):
    own = open_page()
    own.page.locator("#begins").select_option("deal")
    own.ready()
    assert own.page.locator("#flows figure").count() == 2
    own.page.locator("[data-shows=view-why]").check()
    own.page.locator("#why figure").nth(4).wait_for()
    assert "Only with: Permission to innovate" in own.page.locator("#why").text_content()
    own.page.locator("[data-shows=view-people]").check()
    own.page.locator("#people .notice").wait_for()
    assert "invented person" in own.page.locator("#people").inner_text()
    own.page.locator("[data-shows=view-network]").check()
    own.page.locator("#network figure").nth(1).wait_for()
    own.page.locator("[data-shows=view-places]").check()
    own.page.locator("#places .tile").first.wait_for()
    before = own.page.locator("#places").inner_text()
    for _ in range(3):
        own.page.locator("#clock-back").click()
    assert own.page.locator("#places").inner_text() != before
    own.page.locator("[data-shows=view-people]").check()
    stands = "() => document.querySelector('#people .chart').layout.shapes.at(-1).x0"
    assert own.page.evaluate(stands) == own.page.evaluate("() => page.stage.quarters[page.clock.when]")
    own.page.locator("#clock-back").click()
    assert own.page.evaluate(stands) == own.page.evaluate("() => page.stage.quarters[page.clock.when]")
    own.page.locator("[data-shows=view-places]").check()
    own.page.locator("#begins").select_option("training_only")
    own.ready()
    own.page.locator("#places h3", has_text="Training only").first.wait_for()
    no_fault(own)


def test_figures_and_pictures_can_be_taken_away(open_page):
    own = open_page()
    own.move("community_investment", 6)
    figure = own.page.locator("#figure-contacts_per_1000")
    with own.page.expect_download() as waiting:
        figure.get_by_role("button", name="Figures (CSV)").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    assert len(text.splitlines()) == 1 + 2 * TINY.quarters and "cuts only" in text.lower()
    with own.page.expect_download() as waiting:
        figure.get_by_role("button", name="Picture (PNG)").click()
    assert Path(waiting.value.path()).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    figure.locator("summary").last.click()
    figure.locator("tbody tr").first.wait_for()
    assert figure.locator("tbody tr").count() == TINY.years
    no_fault(own)


def test_a_saved_file_opens_again_and_a_wrong_one_changes_nothing(open_page, tmp_path):
    own = open_page()
    own.move("community_investment", 6)
    with own.page.expect_download() as waiting:
        own.page.locator("#save-file").click()
    saved = tmp_path / "state.json"
    waiting.value.save_as(saved)
    state = json.loads(saved.read_text(encoding="utf-8"))
    own.page.locator("#afresh").click()
    own.ready()
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"version": 1, "scenarios": "all"}', encoding="utf-8")
    own.page.locator("#open-file").set_input_files(wrong)
    own.page.locator("#share-says", has_text="cannot be used").wait_for()
    assert own.page.locator("#lever-community_investment").input_value() == "0"
    own.page.locator("#open-file").set_input_files(saved)
    own.page.locator("#share-says", has_text="is open").wait_for()
    own.ready()
    assert own.page.locator("#lever-community_investment").input_value() == "6"
    assert state["scenarios"][0]["levers"] == {"community_investment": 6}


def test_what_makes_the_runs_again_is_shown_and_reads_back(open_page):
    own = open_page()
    own.move("community_investment", 6)
    own.page.locator("#reproduce").click()
    shown = own.page.locator("#reproduced").inner_text()
    assert f"dealsim compare cuts_only a.yaml --size {TINY.size} --ensemble {TINY.sets}" in shown
    assert "community_investment: 6" in shown


def test_a_lost_server_leaves_the_last_result_and_says_so(chromium):
    server = Served()
    own = Open(chromium, server.address)
    own.move("community_investment", 6)
    headline = own.text("headline")
    server.stop()
    own.move("blame_culture", 0.1)
    assert "last result stays" in own.text("trouble")
    assert own.page.locator("#older").is_visible() and own.text("count") == f"{TINY.pairs} of {TINY.pairs} runs"
    assert own.text("headline") == headline
    assert own.page.locator("#figure-contacts_per_1000 .main-svg").count() >= 1
    own.context.close()


def test_the_newest_wish_wins(open_page):
    own = open_page()
    own.page.evaluate(
        """() => { const slider = document.getElementById("lever-community_investment");
          for (let k = 1; k <= 40; k += 1) { slider.value = k / 4; slider.dispatchEvent(new Event("input", {bubbles: true})); }
          slider.dispatchEvent(new Event("change", {bubbles: true})); }"""
    )
    own.ready()
    state = json.loads(own.page.evaluate("() => JSON.stringify(page.state().scenarios[0].levers)"))
    assert state == {"community_investment": 10}
    assert own.page.locator("#attempts li").count() <= 2
    own.page.locator("#undo").click()
    own.ready()
    assert own.page.locator("#lever-community_investment").input_value() == "0", "one drag is one step"


def test_everything_can_be_done_without_a_mouse(open_page):
    """Every control is reached by the tab key alone, shows where one is, and the arrow keys move a slider."""
    own = open_page()
    wanted = own.page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, summary, [tabindex='0']")]
          .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled && !(one.type === "radio" && !one.checked)).length"""
    )
    reached = own.page.evaluate("() => { document.body.focus(); return 0; }")
    seen = set()
    for _ in range(3 * wanted):
        own.page.keyboard.press("Tab")
        here = own.page.evaluate(
            """() => { const one = document.activeElement; if (one === document.body) return null;
              one.dataset.seen ??= String(Math.random());
              return [one.dataset.seen, getComputedStyle(one).outlineStyle, one.matches("button, input, select, summary, [tabindex='0'], a")]; }"""
        )
        if here is None:
            continue
        if here[0] in seen and reached > 10:
            break
        seen.add(here[0])
        reached += 1
        assert here[1] != "none", "the focus cannot be seen"
    assert len(seen) >= wanted
    own.page.locator("#lever-blame_culture").focus()
    own.page.keyboard.press("ArrowLeft")
    own.ready()
    assert float(own.page.locator("#lever-blame_culture").input_value()) < 0.6
    own.page.keyboard.press("Control+z")
    own.ready()
    assert own.page.locator("#lever-blame_culture").input_value() == "0.6"


def test_stepping_through_time_speaks_what_the_curves_stand_at(open_page):
    own = open_page()
    own.move("community_investment", 6)
    clock = own.page.locator("#clock")
    clock.focus()
    own.page.keyboard.press("ArrowLeft")
    said = clock.get_attribute("aria-valuetext")
    assert "Contacts with services" in said and "Cuts only" in said and "A " in said
    assert own.page.locator("#figure-contacts_per_1000 .reading").inner_text() in said


def test_high_contrast_and_print_keep_everything_in_sight(open_page):
    own = open_page(forced_colors="active")
    own.move("community_investment", 6)
    assert own.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    own.page.emulate_media(media="print")
    assert (
        own.page.locator("#headline").is_visible() and own.page.locator("#figure-contacts_per_1000 .chart").is_visible()
    )
    assert own.page.locator("#undo").is_hidden()


def test_the_headline_is_spoken(open_page):
    own = open_page()
    live = own.page.locator("#headline")
    assert live.get_attribute("aria-live") == "polite" and live.get_attribute("role") == "status"
    assert own.page.locator("#trouble").get_attribute("role") == "alert"


STATES = {
    "begun": lambda own: None,
    "moved": lambda own: own.move("community_investment", 6),
    "open": lambda own: [own.page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"), own.page.wait_for_timeout(100)],
    "apart": lambda own: own.page.locator("#apart").check(),
    "why": lambda own: [own.page.locator("[data-shows=view-why]").check(), own.page.locator("#why figure").first.wait_for()],
    "people": lambda own: [own.page.locator("[data-shows=view-people]").check(), own.page.locator("#people .notice").wait_for()],
    "network": lambda own: [own.page.locator("[data-shows=view-network]").check(), own.page.locator("#network figure").first.wait_for()],
    "places": lambda own: [own.page.locator("[data-shows=view-places]").check(), own.page.locator("#places .tile").first.wait_for()],
    "again": lambda own: own.page.locator("#reproduce").click(),
    "projector": lambda own: own.page.locator("#projector").check(),
    "failed": lambda own: own.page.evaluate("() => page.trouble('The server does not answer.')"),
}  # fmt: skip


@pytest.mark.parametrize("width", [1280, 640, 360])
def test_axe_finds_nothing_in_any_state(open_page, width):
    from axe_playwright_python.sync_playwright import Axe

    own = open_page(width=width, height=720, reduced_motion="reduce")
    own.page.locator("#begins").select_option("deal")
    own.ready()
    for state, reach in STATES.items():
        reach(own)
        found = Axe().run(
            own.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
        )
        said = [(one["id"], one["nodes"][0]["html"][:150]) for one in found.response["violations"]]
        assert not said, (state, said)
        wide = own.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{state}: the page is {wide} px too wide at {width}"


def test_what_is_read_from_afar_is_large_on_a_projector(open_page):
    own = open_page(width=1280, height=720)
    own.page.locator("#projector").check()
    own.page.wait_for_timeout(300)
    small = own.page.evaluate(
        """() => [...document.querySelectorAll("#dials label, #dials output, #headline, #count, h2, h3, .sentence, .choice, .legendtext, .xtick text, .ytick text")]
          .filter((one) => one.checkVisibility() && one.textContent.trim() && Number.parseFloat(getComputedStyle(one).fontSize) < 24)
          .map((one) => [one.tagName, one.textContent.slice(0, 40), getComputedStyle(one).fontSize])"""
    )
    assert not small, small
    own.page.locator("#begins").select_option("deal")
    own.ready()
    for view, inside in (("why", "#why h3, #why .sentence, #why .ytick text"), ("people", "#people h3, #people p, #people li"),
                         ("network", "#network h3, #network p, #network .legendtext"), ("places", "#places h3, #places .tile *, #places p")):  # fmt: skip
        own.page.locator(f"[data-shows=view-{view}]").check()
        own.page.locator(f"#{view} h3").first.wait_for()
        own.page.wait_for_timeout(500)
        sizes = own.page.locator(inside).evaluate_all(
            "(all) => all.map((one) => Number.parseFloat(getComputedStyle(one).fontSize))"
        )
        assert sizes and min(sizes) >= 23.9, (view, sorted(sizes)[:3])


def test_no_chart_is_wider_than_its_place(open_page):
    """Each takes its width from its column, which the charts beside it decide."""
    own = open_page()
    own.page.locator("#begins").select_option("deal")
    own.ready()
    drawn = """() => [...document.querySelectorAll(".chart .main-svg")].filter((one) => one.checkVisibility())
      .map((one) => [one.getBoundingClientRect().width - one.closest(".chart").clientWidth, one.closest("figure, div[id]").id])"""
    for is_on in (False, True):
        own.page.locator("#projector").set_checked(is_on)
        for view in ("flows", "why", "people", "network"):
            own.page.locator(f"[data-shows=view-{view}]").check()
            own.page.locator(f"#view-{view} .main-svg").first.wait_for()
            own.page.wait_for_timeout(300)
            widths = own.page.evaluate(drawn)
            assert len(widths) >= 5, view
            assert not [one for one in widths if abs(one[0]) > 1], (view, is_on, widths)


def test_nothing_moves_by_itself(open_page):
    own = open_page()
    before = own.text("clock-says")
    own.page.wait_for_timeout(1200)
    assert own.text("clock-says") == before
    own.page.locator("#clock-play").click()
    own.page.wait_for_timeout(1200)
    assert own.text("clock-says") != before
    own.page.locator("#clock-play").click()
    stood = own.text("clock-says")
    own.page.wait_for_timeout(1200)
    assert own.text("clock-says") == stood


def test_the_share_button_of_the_chart_library_is_nowhere(open_page):
    own = open_page()
    own.page.locator("#figure-contacts_per_1000 .chart").hover()
    assert own.page.locator(".modebar-btn, [data-title*='loud'], [data-title*='dit']").count() == 0
    assert not re.search("chart-studio|plot.ly/|plotly.com", " ".join(own.asked))
