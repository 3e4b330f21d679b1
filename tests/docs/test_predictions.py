"""The script that says beforehand what the model says of Wigan runs, small, and sums up as it should."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest

from dealsim.show.pages import ROOT


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "experiments"))
    yield importlib.import_module("predict_wigan")
    for name in ("predict_wigan", "study"):
        sys.modules.pop(name, None)


def test_the_script_runs_small_and_goes_on_where_it_was_stopped(script, tmp_path, monkeypatch):
    monkeypatch.setenv("DEALSIM_STUDIES", str(tmp_path))
    script.main(tmp_path / "once", 600, 2, 1)
    parts = sorted((tmp_path / "predict_wigan_parts").glob("*.json"))
    assert len(parts) == 2
    parts[1].unlink()
    script.main(tmp_path / "again", 600, 2, 1)
    made = [(tmp_path / name / "predictions.csv").read_bytes() for name in ("once", "again")]
    assert made[0] == made[1]
    assert (tmp_path / "once" / "predictions.md").read_text(encoding="utf-8").count("## ") == len(script.OUTCOMES) + 1


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
