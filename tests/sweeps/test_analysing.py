"""What is said of a sweep follows from its tables, says what it rests on, and treats failed runs openly."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dealsim.errors import InputError
from dealsim.show.analysis_page import analysis_page, charts_of, sections, write_analysis
from dealsim.sweeps.analysing import Analysis
from dealsim.sweeps.asked import Target
from dealsim.sweeps.carrying_out import sweep
from dealsim.sweeps.results import SweepResults

HEAD = {
    "base": "old_regime",
    "size": 300,
    "years": 1,
    "replicates": 2,
    "outputs": {"metrics": ["contacts_per_1000", "mean_trust", "cost_per_head"], "every": 0},
}
FACTORS = {"community_investment": {"low": 0, "high": 12}, "blame_culture": {}, "nerve": {}}
DESIGNS = {
    "sobol": {"kind": "sobol", "points": 32},
    "morris": {"kind": "morris", "trajectories": 10},
    "latin": {"kind": "latin_hypercube", "points": 100},
    "factorial": {"kind": "factorial", "levels": 2},
    "listed": {"kind": "points", "points": [{"nerve": 0.1}, {"nerve": 0.9}]},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small sweep of each design, all of levers, so that they share one burnt-in borough."""
    out = tmp_path_factory.mktemp("designs")
    found = {}
    for name, design in DESIGNS.items():
        asked = {**HEAD, "name": name, "design": design} | ({} if name == "listed" else {"factors": FACTORS})
        found[name] = sweep(asked, workers=0, out=out)
    found["crossed"] = sweep(
        {**HEAD, "name": "crossed", "factors": {**FACTORS, "fast_word": {}, "citizen.trust_gain": {}},
         "design": {"kind": "latin_hypercube", "points": 4, "futures": 3},
         "targets": [{"metric": "contacts_per_1000", "at_most": 10_000}]},
        workers=0, out=out,
    )  # fmt: skip
    found["pair"] = sweep(
        {**HEAD, "name": "pair", "base": "cuts_only", "scenarios": ["deal"], "factors": {"fast_word": {}},
         "design": {"kind": "factorial"}},
        workers=0, out=out,
    )  # fmt: skip
    return found


def filled(results: SweepResults, value) -> SweepResults:
    """The same sweep as if its outcomes followed a formula of the factors' shares of their ranges, with chance."""
    runs = results.runs.copy()
    unit = results.design[[name for name in results.design if name.startswith("unit.")]].to_numpy()
    rng = np.random.default_rng(1)
    for name in ("contacts_per_1000", "mean_trust", "cost_per_head"):
        own = value(unit[runs["point"].to_numpy()])
        runs[name] = own + rng.normal(0, 0.05, len(own))
    copy = replace(results)
    copy.__dict__["runs"] = runs
    return copy


def steep(unit):
    """The first factor carries nine tenths of the variance, the second one tenth, the third nothing."""
    return 3.0 * unit[:, 0] + unit[:, 1]


@pytest.mark.parametrize("name", ["sobol", "morris", "latin", "factorial"])
def test_the_factor_that_carries_most_is_named_first(name, made):
    found = Analysis(filled(made[name], steep))
    for subject in found.subjects:
        rows = found.sensitivity[found.sensitivity["outcome"] == subject.outcome]
        top = rows.loc[rows["value"].abs().sort_values(ascending=False).index, "factor"]
        assert top.iloc[0] == "community_investment" and top.iloc[-1] == "nerve"
    said = next(part for part in sections(found) if part.heading == "Which factors carry what")
    assert said.rows[0][2].startswith("Investment in communities")


def test_shares_of_a_known_formula_are_found(made):
    rows = Analysis(filled(made["sobol"], steep)).sensitivity.set_index(["outcome", "factor"])
    row = rows.loc[("mean_trust", "community_investment")]
    assert row["low"] <= 0.9 <= row["high"] and rows.loc[("mean_trust", "nerve"), "value"] == pytest.approx(0, abs=0.05)


def test_listed_points_are_no_sample_and_that_is_said(made):
    found = Analysis(made["listed"])
    assert found.sensitivity.empty
    assert any("Listed points are no sample" in line for part in sections(found) for line in part.lines)


def test_a_box_is_found_where_failures_were_planted(made):
    results = filled(made["latin"], lambda unit: np.where(unit[:, 0] < 0.4, 1.0, 0.0))
    found = Analysis(results, targets=[Target("mean_trust", 0.5, True, False)]).failures[0]
    assert found.found.outcome == "box"
    limit = found.found.limits[0]
    assert limit.factor == "community_investment" and limit.below == pytest.approx(0.4 * 12, abs=0.6)
    assert "coverage" in found.found.in_words()


def test_policies_meet_futures_and_the_best_guess_is_known(made):
    found = Analysis(made["crossed"])
    names, grid, guess = found.policies
    assert len(names) == 4 and grid.shape == (4, 4, 2) and guess == 0
    assert found.choices[0].robust.table["policy"].tolist() == names
    assert found.cheapest.chosen in names, "every policy meets a target that asks nothing"
    cost = made["crossed"].outcome("cost_per_head").mean(axis=1)[grid[..., 1]].mean(axis=1)
    assert found.cheapest.chosen == names[int(np.argmin(cost))], "hand sum: the least mean cost over futures"


def test_a_future_drawn_twice_is_two_futures(tmp_path):
    """Rivals alone make few different worlds, and some are drawn again."""
    asked = {**HEAD, "name": "twice", "factors": {"nerve": {}, "fast_word": {}},
             "design": {"kind": "latin_hypercube", "points": 3, "futures": 4}}  # fmt: skip
    found = Analysis(sweep(asked, workers=0, out=tmp_path))
    names, grid, guess = found.policies
    assert len(names) == 3 and grid.shape == (3, 5, 2) and guess == 0
    assert sorted(grid[..., 1].ravel().tolist()) == list(range(15)), "every point once"


def test_points_that_are_no_whole_crossing_choose_nothing(tmp_path):
    points = [{"blame_culture": b, "fast_word": f} for b, f in ((0.1, True), (0.1, False), (0.4, True))]
    asked = {**HEAD, "name": "gap", "design": {"kind": "points", "points": points}}
    found = Analysis(sweep(asked, workers=0, out=tmp_path))
    assert found.policies is None and "Not every policy meets every future" in found.why_no_choice


def test_points_that_share_a_future_are_no_points_of_their_own(made):
    """Of a crossed design the futures are searched, each once, for the policy that would be chosen."""
    where = Analysis(made["crossed"], targets=[Target("mean_trust", 0.5, False, False)]).failures
    assert (
        len(where) == 1 and len(where[0].points) == 4 and list(where[0].points) == ["fast_word", "citizen.trust_gain"]
    )


def test_where_nothing_finished_that_is_said(made):
    results = replace(made["latin"])
    runs = made["latin"].runs.drop(columns=list(made["latin"].outcomes)).assign(status="failed", error="made to")
    results.__dict__["runs"] = runs
    found = Analysis(results)
    assert found.failures[0].rule == "no run finished"
    assert "200 of 200 runs failed" in sections(found)[0].lines[-2]


def test_scenarios_are_policies_where_only_the_world_is_varied(made):
    found = Analysis(made["pair"])
    assert found.policies[0] == ["cuts only", "deal"] and found.policies[2] == 0
    assert set(found.pairing["scenario"]) == {"deal"} and (found.pairing["ratio"] > 0).all()
    assert all(subject.is_change for subject in found.subjects)


def test_where_policies_do_not_meet_all_futures_nothing_is_chosen(made):
    assert Analysis(made["latin"]).policies is None and Analysis(made["latin"]).choices == []


def test_failed_runs_are_told_and_left_out(made):
    results = replace(made["morris"])
    runs = made["morris"].runs.copy()
    runs.loc[runs["point"] == 0, ["status", "error"]] = ["failed", "ArithmeticError: made to fail"]
    runs.loc[runs["point"] == 0, ["contacts_per_1000", "mean_trust", "cost_per_head"]] = np.nan
    results.__dict__["runs"] = runs
    found = Analysis(results)
    assert "2 of 80 runs failed, at 1 of 40 points; the first said: ArithmeticError" in found.treated[0]
    assert "left out" in found.treated[1]
    assert found.sensitivity["steps_left_out"].max() == 1
    assert found.failures[0].fails.isna().sum() == 1


@pytest.mark.parametrize("name", [*DESIGNS, "crossed", "pair"])
def test_the_page_is_made_for_every_design(name, made, tmp_path):
    results = made[name]
    folder = Path(shutil.copytree(results.folder, tmp_path / "copy"))
    found = Analysis(replace(results, folder=folder))
    page = write_analysis(found)
    text = page.read_text(encoding="utf-8")
    moves_values = any(factor.kind != "lever" for factor in results.factors)
    assert ("Not calibrated: values were moved" if moves_values else "Fitted to national figures") in text
    assert "invented citizens" in text
    for part in sections(found):
        assert part.heading in text
    for chart in (chart for several in charts_of(found).values() for chart in several):
        assert chart.title and chart.sentence and len(chart.short)
        assert f'id="{chart.key}"' in text
    assert analysis_page(found, "0" * 64) == analysis_page(found, "0" * 64), "the same bytes each time"
    for name_, table in found.tables().items():
        back = pd.read_csv(page.parent / "tables" / f"{name_}.csv")
        assert len(back) == len(table)


def test_names_cannot_become_markup(made, tmp_path):
    results = replace(made["latin"], recipe={**made["latin"].recipe, "name": "<script>alert(1)</script>"})
    page = analysis_page(Analysis(results), "0" * 64)
    assert "<script>alert" not in page


def test_an_outcome_that_was_not_kept_is_said(made):
    with pytest.raises(InputError, match="kept no 'mean_hope'"):
        Analysis(made["latin"], ["mean_hope"])


def test_the_command_says_it_and_gives_it_as_json(made, tmp_path, capsys):
    from dealsim.__main__ import _exit_code

    folder = Path(shutil.copytree(made["pair"].folder, tmp_path / "sweep-pair"))
    assert _exit_code(["analyse", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "Which factors carry what" in shown and "analysis.html" in shown
    assert _exit_code(["analyse", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["tables"]["pairing"]["rows"] and told["says"][0]["heading"] == "What this rests on"
    assert _exit_code(["analyse", str(tmp_path)]) == 2
    assert "there is no sweep" in capsys.readouterr().err


def test_the_command_sweeps_goes_on_and_verifies(tmp_path, capsys):
    from dealsim.__main__ import _exit_code

    file = tmp_path / "s.yaml"
    file.write_text(
        "name: s\nbase: deal\nsize: 300\nyears: 1\nreplicates: 2\ndesign: {kind: factorial}\n"
        "factors: {nerve: [0.1, 0.9]}\noutputs: {metrics: [mean_trust]}\n",
        encoding="utf-8",
    )
    arguments = ["sweep", str(file), "--out", str(tmp_path), "--workers", "0"]
    assert _exit_code([*arguments, "--dry-run"]) == 0
    assert "2 points of 1 factor, 1 scenario, 2 replicates: 4 runs" in capsys.readouterr().out
    assert not (tmp_path / "sweep-s").exists()
    assert _exit_code([*arguments, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["event"] == "progress" and lines[-1] == {**lines[-1], "event": "finished", "runs": 4, "failed": 0}
    assert _exit_code([*arguments, "--replicates", "3"]) == 0
    assert "6 runs at 2 points" in capsys.readouterr().out
    assert _exit_code(["verify", str(tmp_path / "sweep-s"), "--runs", "3"]) == 0
    assert "3 of 6 runs were lived again" in capsys.readouterr().out
    (tmp_path / "sweep-s" / "runs.parquet").write_bytes(b"spoiled")
    assert _exit_code(["verify", str(tmp_path / "sweep-s")]) == 4
    assert "runs.parquet" in capsys.readouterr().err
    assert _exit_code(arguments) == 4
    assert _exit_code(["sweep", "nothing.yaml"]) == 2
