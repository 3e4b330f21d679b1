"""What a study keeps: it goes on where it was stopped, makes damaged parts anew, and loses nothing to one failure."""

from __future__ import annotations

import importlib
import json
import sys

import numpy as np
import pandas as pd
import pytest

from dealsim.errors import InputError
from dealsim.show.pages import ROOT


@pytest.fixture
def points(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "experiments"))
    yield importlib.import_module("points")
    sys.modules.pop("points", None)


def _squared(number: int) -> int:
    if number < 0:
        raise ValueError("a negative number")
    return number**2


def test_what_is_kept_is_not_made_again_and_what_is_damaged_is(points, tmp_path, capsys):
    paths = [tmp_path / f"{k}.json" for k in range(3)]
    made: list[int] = []

    def work(number: int) -> int:
        made.append(number)
        return _squared(number)

    assert list(points.carried_out("try", work, [1, 2, 3], paths, 1)) == [1, 4, 9]
    paths[1].write_text('{"half a fi')
    paths[2].unlink()
    made.clear()
    assert list(points.carried_out("try", work, [1, 2, 3], paths, 1)) == [1, 4, 9]
    assert made == [2, 3] and "1.json is damaged" in capsys.readouterr().err
    assert [json.loads(path.read_text()) for path in paths] == [1, 4, 9]


def test_one_failure_loses_nothing_that_was_finished(points, tmp_path):
    paths = [tmp_path / f"{k}.json" for k in range(4)]
    with pytest.raises(ValueError, match="negative"):
        list(points.carried_out("try", _squared, [1, 2, -1, 3], paths, 2))
    assert [path.exists() for path in paths[:2]] == [True, True]
    assert not paths[2].exists()


def test_a_process_with_other_code_refuses_to_work(points):
    points.must_be(points.code_hash())
    with pytest.raises(RuntimeError, match="changed while the study ran"):
        points.must_be("other")


def test_a_name_tells_apart_what_differs(points):
    point = points.Point((("staff.turnover", 0.13),), 1, 600)
    names = {
        points.name_of([point]),
        points.name_of([points.Point((("staff.turnover", 0.14),), 1, 600)]),
        points.name_of([points.Point((("staff.turnover", 0.13),), 2, 600)]),
        points.name_of(np.zeros(3)),
        points.name_of(np.ones(3)),
    }
    assert len(names) == 5
    assert points.name_of([point]) == points.name_of([points.Point((("staff.turnover", 0.13),), 1, 600)])


def test_means_leave_out_what_was_not_lived_everywhere_and_hide_no_gap(points, monkeypatch, tmp_path):
    """Three sets in two boroughs: one figure missing in one of them, and one set that could not be lived in one."""
    rows = pd.DataFrame(
        {"point": [0, 1, 2, 3, 4], "life": 0, "a": [1.0, 2.0, 3.0, 3.0, np.nan], "b": [1.0, 1.0, 1.0, 3.0, 5.0]}
    )
    monkeypatch.setattr(points, "lived", lambda *_: rows)
    found = points.means("try", pd.DataFrame({"x": [0, 1, 2]}), tmp_path, size=600, seeds=(1, 2))
    assert list(found.index) == [0, 1]
    assert found.loc[0].tolist() == [2.0, 2.0]
    assert np.isnan(found.loc[1, "a"]) and found.loc[1, "b"] == 3.0


def test_a_set_that_cannot_live_is_a_result_and_a_fault_of_the_code_is_not(points, monkeypatch):
    point = points.Point((), 1, 600)

    def refused(_):
        raise InputError("nobody is left")

    monkeypatch.setattr(points, "_read", refused)
    assert points._read_part([point]) == ["nobody is left"]

    def broken(_):
        raise ValueError("shapes do not fit")

    monkeypatch.setattr(points, "_read", broken)
    with pytest.raises(ValueError, match="shapes"):
        points._read_part([point])
