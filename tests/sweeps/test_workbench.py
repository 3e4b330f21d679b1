"""The EMA Workbench drives the model and finds what a sweep of the same points finds."""

from __future__ import annotations

import pytest

from dealsim.errors import InputError
from dealsim.sweeps.carrying_out import sweep
from dealsim.workbench import workbench_model

FACTORS = {
    "blame_culture": {"low": 0.1, "high": 0.9},
    "commissioning": None,
    "citizen.trust_gain": None,
    "fast_word": None,
}


@pytest.fixture(scope="module")
def experiments():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the workbench's own
        from ema_workbench import SequentialEvaluator

        model = workbench_model(
            "deal", FACTORS, ["mean_trust", "contacts_per_1000"], size=300, years=1, seed=3, replicates=2
        )
        with SequentialEvaluator(model) as evaluator:
            return model, evaluator.perform_experiments(scenarios=2, policies=2)


def test_levers_uncertainties_and_outcomes_are_told_apart(experiments):
    model, _ = experiments
    assert {lever.name for lever in model.levers} == {"blame_culture", "commissioning"}
    assert {one.name for one in model.uncertainties} == {"citizen_trust_gain", "fast_word"}
    kinds = {outcome.name: outcome.kind for outcome in model.outcomes}
    assert kinds["mean_trust"] != kinds["contacts_per_1000"]


def test_it_finds_what_a_sweep_finds(experiments, tmp_path):
    _, (table, outcomes) = experiments
    assert len(table) == 4
    points = [
        {
            "blame_culture": float(row.blame_culture),
            "commissioning": str(row.commissioning),
            "citizen.trust_gain": float(row.citizen_trust_gain),
            "fast_word": str(row.fast_word) == "True",
        }
        for row in table.itertuples()
    ]
    asked = {
        "name": "same", "base": "deal", "size": 300, "years": 1, "seed": 3, "replicates": 2,
        "design": {"kind": "points", "points": points}, "outputs": {"metrics": ["mean_trust", "contacts_per_1000"]},
    }  # fmt: skip
    found = sweep(asked, workers=0, out=tmp_path)
    assert found.outcome("mean_trust").mean(axis=1) == pytest.approx(outcomes["mean_trust"])


def test_a_wrong_name_is_told():
    with pytest.raises(InputError, match="did you mean 'blame_culture'"):
        workbench_model("deal", ["blame_cultur"], ["mean_trust"])
