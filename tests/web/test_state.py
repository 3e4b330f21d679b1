"""What the page's own script does with plain data: states, links, undo; run in the same browser as the page."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealsim.web.dials import wish_from
from dealsim.web.stage import stage
from tests.web.conftest import TINY


@pytest.fixture(scope="module")
def script(chromium, served):
    """Calls functions of the page's modules with data: `script("state", "problemsOf", [...])`; "stage" stands for the stage."""
    page = chromium.new_context().new_page()
    page.goto(served.address)
    page.locator("html[data-ready]").wait_for(state="attached")

    def call(module, name, *arguments):
        return page.evaluate(
            """async ([module, name, given]) => {
              const found = await import(`/page/${module}.js`);
              const stage = await (await fetch("/api/stage")).json();
              return found[name](...given.map((one) => one === "stage" ? stage : one));
            }""",
            [module, name, list(arguments)],
        )

    call.page = page
    return call


def fresh(script):
    return script("state", "fresh", "stage")


def test_a_fresh_state_is_right_and_survives_its_link(script):
    state = fresh(script)
    assert script("state", "problemsOf", "stage", state) == []
    link = script("state", "linkOf", state)
    assert set(link) <= set(string.ascii_letters + string.digits + "-_")
    assert script("state", "readLink", "stage", link) == {"state": state}


def test_moving_a_lever_back_to_where_it_began_is_as_if_it_never_moved(script):
    state = fresh(script)
    moved = script("state", "withLevers", "stage", state, 0, ["nerve"], 0.9)
    assert moved["scenarios"][0]["levers"] == {"nerve": 0.9}
    assert script("state", "withLevers", "stage", moved, 0, ["nerve"], 0.3) == state


def test_a_lever_that_moves_with_time_is_held_once_it_is_moved(script):
    state = fresh(script)
    state["scenarios"][0]["begins"] = "deal"
    stands = script("state", "valueOf", "stage", state["scenarios"][0], "permission_to_innovate")
    assert stands == {"value": 0.8, "isEnd": True}, "it climbs, so it only ends there"
    stands = script("state", "valueOf", "stage", state["scenarios"][0], "blame_culture")
    assert stands == {"value": 0.15, "from": "April 2013"}
    moved = script("state", "withLevers", "stage", state, 0, ["permission_to_innovate"], 0.8)
    assert moved["scenarios"][0]["levers"] == {"permission_to_innovate": 0.8}, "the held value is another policy"


@pytest.mark.parametrize(
    "told",
    [
        None, 3, "x", [], {}, {"version": 2}, {"version": 1, "rivals": [], "base": "cuts_only", "scenarios": []},
        {"version": 1, "rivals": [], "base": "nowhere", "scenarios": [{"begins": "deal", "levers": {}, "name": ""}]},
        {"version": 1, "rivals": [], "base": "cuts_only", "scenarios": [{"begins": "deal", "levers": {"nerve": 2}, "name": ""}]},
        {"version": 1, "rivals": [], "base": "cuts_only", "scenarios": [{"begins": "deal", "levers": {"nerve": "0.5"}, "name": ""}]},
        {"version": 1, "rivals": [], "base": "cuts_only", "scenarios": [{"begins": "deal", "levers": {"no": 1}, "name": ""}]},
        {"version": 1, "base": "cuts_only", "scenarios": [{"begins": "deal", "levers": {}, "name": ""}], "rivals": ["no"]},
        {"version": 1, "rivals": [], "base": "cuts_only", "scenarios": [{"begins": "deal", "levers": {}, "name": "x" * 61}]},
        {"version": 1, "rivals": [], "base": "cuts_only", "scenarios": [{"begins": "deal", "levers": {"services_in_deal": ["health", "health"]}, "name": ""}]},
        {"version": 1, "rivals": [], "base": "cuts_only", "scenarios": [{"begins": "deal", "levers": {"leaders_holding_permission": 2.5}, "name": ""}]},
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_state_is_said(script, told):
    assert script("state", "problemsOf", "stage", told)
    assert "problems" in script("state", "read", "stage", json.dumps(told))


@settings(max_examples=60)
@given(
    text=st.one_of(
        st.text(max_size=200), st.binary(max_size=80).map(lambda b: b.decode("latin-1")), st.text(max_size=3000)
    )
)
def test_no_link_breaks_the_page(script, text):
    found = script("state", "readLink", "stage", text)
    assert set(found) in ({"state"}, {"problems"})


def test_undo_and_redo_are_a_list_with_a_position(script):
    """Whatever is done, undone and redone: undo gives back what was before, and something new forgets what was undone."""
    found = script.page.evaluate(
        """async () => {
          const {Steps, fresh, withLevers} = await import("/page/state.js");
          const stage = await (await fetch("/api/stage")).json();
          const at = (value) => withLevers(stage, fresh(stage), 0, ["nerve"], value), told = [];
          const steps = new Steps(at(0.3));
          const now = () => steps.now.scenarios[0].levers.nerve ?? 0.3;
          for (const value of [0.4, 0.5, 0.6]) steps.add(at(value));
          told.push(now(), steps.undo() && now(), steps.undo() && now(), steps.redo() && now());
          steps.add(at(0.9));
          told.push(now(), steps.canRedo, steps.undo() && now());
          steps.redo();
          steps.add(at(0.91), true);
          steps.add(at(0.92), true);
          told.push(now(), steps.undo() && now());
          for (let k = 0; k < 9; k += 1) steps.undo();
          told.push(now(), steps.canUndo);
          return told;
        }"""
    )
    assert found == [0.6, 0.5, 0.4, 0.5, 0.9, False, 0.5, 0.92, 0.5, 0.3, False]


def test_a_scenario_is_written_as_a_file_that_dealsim_reads_back(script):
    from dealsim.scenarios import scenario_from
    from dealsim.scenarios.reading import read_text

    name = 'A "quoted" name: #1 \\ é <b>'
    scenario = {
        "begins": "deal",
        "levers": {"nerve": 0.5, "services_in_deal": ["health"], "blame_culture": 0.2, "community_investment": 5},
        "rivals": ["fast_word"],
        "name": name,
    }
    dated = {one["name"]: one["dated"] for one in stage(TINY)["presets"]}["deal"]
    text = script("share", "yamlOf", scenario, ["fast_word"], name, dated)
    made = scenario_from(json.loads(json.dumps(read_text(text, "page").data)))
    assert made.name == name and made.rivals == ("fast_word",)
    assert tuple(made.levers["services_in_deal"]) == ("health",)
    own = wish_from({key: scenario[key] for key in ("begins", "levers", "name")}, "cuts_only")
    for part in ("levers", "schedule", "shocks"):
        assert own.as_dict()[part] == made.as_dict()[part], "the file lives other runs than the page"
    (blame,) = [entry for entry in made.schedule if entry["lever"] == "blame_culture"]
    assert blame == {"lever": "blame_culture", "from": "2013-04", "value": 0.2}, (
        "when it begins is the ready scenario's"
    )
    (paid,) = [entry for entry in made.schedule if entry["lever"] == "community_investment"]
    assert paid["paid_by"] == "council" and paid["from"] == "2013-01"


def test_text_that_a_spreadsheet_would_run_is_quoted(script):
    text = script("dom", "csvOf", [["=1+1", "-2", -2, None, 'say "no"']])
    assert text == '\ufeff"\'=1+1","\'-2",-2,"","say ""no"""\r\n'


def test_no_two_worlds_have_one_name(script):
    state = fresh(script)
    deal = {"begins": "deal", "levers": {}, "name": ""}
    state["scenarios"] = [deal, deal, {**deal, "name": "Cuts only"}]
    assert script("state", "titlesOf", "stage", state) == ["Cuts only", "Deal", "Deal (B)", "Cuts only (C)"]


def test_a_name_is_never_read_as_a_pattern(script):
    assert script("curves", "label", "%{x} <b>") == "% {x} ‹b›"


def test_what_was_tried_is_told_by_what_was_moved(script):
    state = fresh(script)
    state["scenarios"] = [
        {"begins": "deal", "levers": {"blame_culture": 0.2}, "name": ""},
        {"begins": "cuts_only", "levers": {"services_in_deal": []}, "name": "Ours"},
    ]
    said = script("state", "askedFor", "stage", {**state, "rivals": ["fast_word"]})
    assert (
        said
        == "Deal with blame culture 0.2; Ours: Cuts only with services in the deal none, against Cuts only, if fast word holds"
    )
