"""Results say what their figures may be taken for: fitted values, or values that were moved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dealsim import run
from dealsim.results import FITTED, NOT_CALIBRATED

SMALL = {"size": 300, "years": 1, "replicates": 1}


@pytest.mark.parametrize(
    ("scenario", "more", "is_calibrated"),
    [
        ("old_regime", {}, True),
        ("old_regime", {"values": {"staff.turnover": 0.2}}, False),
        ({"name": "rival", "rivals": ["fast_word"]}, {}, False),
    ],
    ids=["defaults", "values moved", "a rival"],
)
def test_only_fitted_values_count_as_calibrated(scenario, more, is_calibrated):
    results = run(scenario, **SMALL, **more)
    assert results.is_calibrated is is_calibrated
    assert results.standing == (FITTED if is_calibrated else NOT_CALIBRATED)
    assert results.as_dict()["calibrated"] is is_calibrated


def test_results_of_an_older_model_do_not_count_as_calibrated():
    results = run("old_regime", **SMALL)
    settings = {key: value for key, value in results.settings.items() if key != "calibrated"}
    assert not replace(results, settings=settings).is_calibrated
