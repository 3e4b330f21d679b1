"""What the tests of pages share: one small comparison, its report on disk, and a browser."""

from __future__ import annotations

import pytest

from dealsim import calibration, store
from dealsim.runs import compare
from dealsim.show.analysis_page import write_analysis
from dealsim.show.assurance import assure
from dealsim.show.report import write_report
from dealsim.sweeps.analysing import analyse
from dealsim.sweeps.carrying_out import sweep


@pytest.fixture(scope="session")
def lived():
    """Three scenarios on the same 3,000 people for four years: enough for every chart of a report."""
    return compare("cuts_only", "deal", "stop_start", size=3000, years=4, replicates=2, workers=2, seed=3)


@pytest.fixture(scope="session")
def report(lived, tmp_path_factory):
    """The report of that comparison as a file."""
    folder = store.save(lived, tmp_path_factory.mktemp("report"))
    return write_report(folder, lived)


@pytest.fixture(scope="session")
def assured(report):
    """The assurance pack of that comparison, with influences as a calibration study would ship them."""
    with pytest.MonkeyPatch.context() as patch:
        from tests.show.test_influence import FOUND

        patch.setattr(calibration, "influences", lambda: FOUND)
        return assure(report.parents[1], replay=False).page


@pytest.fixture(scope="session")
def analysis(tmp_path_factory):
    """The page of a small sweep in which mixes of levers meet futures: every chart of an analysis is in it."""
    asked = {
        "name": "small",
        "question": "What carries contacts?",
        "base": "old_regime",
        "size": 300,
        "years": 1,
        "replicates": 2,
        "design": {"kind": "latin_hypercube", "points": 4, "futures": 14},
        "factors": {"community_investment": {}, "blame_culture": {}, "citizen.trust_gain": {}, "fast_word": {}},
        "targets": [{"metric": "mean_trust", "at_least": 0.515}],
        "outputs": {"metrics": ["contacts_per_1000", "mean_trust", "cost_per_head"], "every": 0},
    }
    return write_analysis(analyse(sweep(asked, workers=0, out=tmp_path_factory.mktemp("analysis"))))
