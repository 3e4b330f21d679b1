"""What was said of Wigan beforehand stands as it was said, and the script that said it still runs."""

from __future__ import annotations

import hashlib
import importlib
import re
import sys

import numpy as np
import pandas as pd
import pytest

from dealsim.show.pages import ROOT

TABLE = ROOT / "docs" / "predictions.csv"
PAGE = (ROOT / "docs" / "predictions.md").read_text(encoding="utf-8")


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "experiments"))
    yield importlib.import_module("predict_wigan")
    for name in ("predict_wigan", "study"):
        sys.modules.pop(name, None)


def test_the_table_is_the_one_whose_hash_was_published():
    said = re.search(r"SHA-256 `([0-9a-f]{64})`", PAGE)
    assert said, "the page gives no hash"
    assert hashlib.sha256(TABLE.read_bytes()).hexdigest() == said[1], "the predictions were edited after they were made"


def test_every_outcome_has_both_worlds_every_year_and_intervals_in_order(script):
    table = pd.read_csv(TABLE)
    assert set(table["outcome"]) == {*script.OUTCOMES, "payback_year"}
    for outcome in script.OUTCOMES:
        own = table[table["outcome"] == outcome]
        assert len(own) == 5 * script.YEARS, outcome
        assert (own["low_90"] <= own["low_50"]).all() and (own["low_50"] <= own["median"]).all(), outcome
        assert (own["median"] <= own["high_50"]).all() and (own["high_50"] <= own["high_90"]).all(), outcome
    assert (table["sets"] >= 100).all(), "intervals must be over at least a hundred parameter sets"


def test_every_outcome_says_how_it_maps_to_the_published_figure(script):
    for label, unit, mapping, _ in script.OUTCOMES.values():
        assert f"\n## {label}\n" in PAGE and f"Unit: {unit}." in PAGE and mapping in PAGE


def test_the_page_says_what_the_table_says(script):
    digest = hashlib.sha256(TABLE.read_bytes()).hexdigest()
    assert script.page_of(pd.read_csv(TABLE), digest, script.FULL_SIZE) == PAGE


def test_one_figure_of_each_outcome_that_has_a_record_is_held_against_it():
    table = pd.read_csv(TABLE)
    counted = table[table["counts"]]
    assert counted["outcome"].is_unique and len(counted) == 9
    assert not {"solved_in_community", "turned_away"} & set(counted["outcome"])


def test_the_script_runs_small_and_goes_on_where_it_was_stopped(script, tmp_path, monkeypatch):
    monkeypatch.setenv("DEALSIM_STUDIES", str(tmp_path))
    script.main(tmp_path / "once", 600, 2, 1)
    parts = sorted((tmp_path / "predict_wigan_parts").glob("*.json"))
    assert len(parts) == 2
    parts[1].unlink()
    script.main(tmp_path / "again", 600, 2, 1)
    made = [(tmp_path / name / "predictions.csv").read_bytes() for name in ("once", "again")]
    assert made[0] == made[1]
    assert (tmp_path / "once" / "predictions.md").read_text(encoding="utf-8").count("## ") == len(script.OUTCOMES) + 2


def test_a_reading_is_a_difference_set_by_set(script):
    """By hand: two sets, the Deal higher by 1 and by 3; the median of the differences is 2."""
    flat = {name: [0.0] * script.YEARS for name in script.OUTCOMES}
    found = [
        {script.BASE: flat, script.OTHER: {name: [up] * script.YEARS for name in flat}, "payback": {"year": [paid]}}
        for up, paid in ((1.0, 2016.0), (3.0, float("nan")))
    ]
    table = script.table_of(found)
    own = table[(table["outcome"] == "trust") & (table["reading"] == "the Deal minus cuts alone")]
    assert np.allclose(own["median"], 2.0) and np.allclose(own["share_above_nought"], 1.0)
    paid = table[table["outcome"] == "payback_year"].iloc[0]
    assert paid["share_above_nought"] == 0.5 and paid["low_90"] == 2016.0 and np.isinf(paid["high_90"])
