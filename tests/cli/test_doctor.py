"""The doctor tells what is wrong with an installation, each fault with its remedy, and keeps its word on versions."""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
from pathlib import Path

import pytest

from dealsim import __main__ as command
from dealsim import browser, doctor
from dealsim.version import MODEL_VERSION

LIVED = doctor.end_of_known_life


@pytest.fixture
def examined(monkeypatch, capsys):
    """What the doctor says, without living the life again: exit code, lines, and the same as data."""
    monkeypatch.setattr(doctor, "end_of_known_life", lambda: doctor.KNOWN_LIFE.state_hash)

    def look():
        code = command._exit_code(["doctor"])
        lines = capsys.readouterr().out.splitlines()
        assert command._exit_code(["doctor", "--json"]) == code
        return code, lines, json.loads(capsys.readouterr().out)

    return look


def test_the_known_life_still_ends_as_it_did_in_this_version_of_the_model():
    ends = LIVED()
    assert (doctor.KNOWN_LIFE.model_version, doctor.KNOWN_LIFE.state_hash) == (MODEL_VERSION, ends), (
        "the model lives other lives than when the known life was written down. If that is meant, the changelog says "
        f'**Results change**, MODEL_VERSION moves, and KNOWN_LIFE in dealsim/doctor.py has "{MODEL_VERSION}" and "{ends}"'
    )


def test_a_sound_installation_is_said_to_be_one(examined):
    code, lines, found = examined()
    assert code == 0 and lines[-1] == "all is well" and found["problems"] == []
    assert any(f"model {MODEL_VERSION}" in line and "it ends as it should" in line for line in lines)
    assert found["known_life"]["ends"] == doctor.KNOWN_LIFE.state_hash


def test_a_life_that_ends_otherwise_is_told(examined, monkeypatch):
    monkeypatch.setattr(doctor, "end_of_known_life", lambda: "0" * 64)
    code, lines, _ = examined()
    assert code == 1 and any("ends as 00000000, and should not" in line for line in lines)
    assert "does not end as it should" in lines[-1] and "constraints.txt" in lines[-1]


def test_packages_that_are_missing_or_of_another_age_are_named_with_their_remedy(examined, monkeypatch):
    monkeypatch.setattr(doctor, "requires", lambda _: ["no_such_thing>=1", "numpy<1", 'ruff>=99; extra == "dev"'])
    code, lines, found = examined()
    assert code == 1 and found["packages"]["no_such_thing"] is None and "ruff" not in found["packages"]
    assert "no_such_thing is not installed" in lines[-2] and 'pip install "no_such_thing>=1"' in lines[-2]
    assert "is not a version that works (numpy<1)" in lines[-1] and 'pip install "numpy<1"' in lines[-1]


def test_a_package_that_breaks_the_model_is_a_line_and_no_traceback(examined, monkeypatch):
    def broken():
        raise ImportError("numba needs NumPy 2.4 or less")

    monkeypatch.setattr(doctor, "end_of_known_life", broken)
    code, lines, found = examined()
    assert code == 1 and found["known_life"] is None
    assert "the model does not run here (ImportError: numba needs NumPy 2.4 or less)" in lines[-1]


def test_a_folder_without_an_installation_is_told(examined, monkeypatch):
    def unknown(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "requires", unknown)
    code, lines, _ = examined()
    assert code == 1 and "python -m pip install ." in lines[-1]


@pytest.mark.parametrize(
    ("need", "found", "fits"),
    [
        ("mesa<4,>=3.3", "3.3", True),
        ("mesa<4,>=3.3", "3.3.1", True),
        ("mesa<4,>=3.3", "3.10", True),
        ("mesa<4,>=3.3", "3.2.9", False),
        ("mesa<4,>=3.3", "4.0.0a0", False),
        ("numba>=0.61", "0.100.0", True),
        ("numpy>=2.1", None, False),
        ("numpy", "1.0", True),
    ],
)
def test_versions_are_compared_as_numbers(need, found, fits):
    assert (doctor.misfit(need, found) == "") == fits


def test_every_need_of_the_package_can_be_compared():
    for need in importlib.metadata.requires("dealsim"):
        if "extra ==" not in need:
            assert re.fullmatch(r"[\w.-]+[, ]*", doctor._BOUND.sub("", need.partition(";")[0])), need


def test_results_that_cannot_be_kept_here_are_told_and_nothing_is_left_behind(examined, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert examined()[0] == 0 and list(tmp_path.iterdir()) == []
    (tmp_path / "results").write_text("mine")
    code, lines, _ = examined()
    assert code == 1 and "results cannot be kept in results" in lines[-1] and "--out" in lines[-1]


def test_a_browser_is_wanted_by_pictures_only(examined, monkeypatch):
    monkeypatch.setattr(browser, "find", lambda: None)
    code, lines, found = examined()
    assert code == 0 and found["browser"] is None
    assert any("none was found; only pictures from reports need one" in line for line in lines)


def test_a_browser_is_found_on_the_path_and_in_the_usual_places(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "darwin")
    mac = tmp_path / "Applications" / "Chromium.app" / "Contents" / "MacOS" / "Chromium"
    mac.parent.mkdir(parents=True)
    mac.touch()
    places = [path for path in browser.usual_places("darwin", {"HOME": str(tmp_path)}) if path.is_file()]
    assert mac in places and browser.find() == str(places[0])
    named = tmp_path / "google-chrome"
    named.touch(mode=0o755)
    assert browser.find() == str(named)


def test_windows_keeps_browsers_under_three_roots():
    roots = {"PROGRAMFILES": "A", "PROGRAMFILES(X86)": "B", "LOCALAPPDATA": "C"}
    found = {path.as_posix() for path in browser.usual_places("win32", roots)}
    assert {"A/Google/Chrome/Application/chrome.exe", "B/Microsoft/Edge/Application/msedge.exe"} <= found
    assert {Path(path).parts[0] for path in found} == set(roots.values())
    assert list(browser.usual_places("win32", {})) == []
