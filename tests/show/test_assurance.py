"""The assurance pack: whole, true to what was checked, safe whatever things are called, the same bytes each time."""

from __future__ import annotations

import csv
import io
import re
import shutil
from dataclasses import replace

import pytest

from dealsim import calibration, doctor, store
from dealsim.errors import InputError, MismatchError
from dealsim.parameters import RIVALS, every_parameter
from dealsim.show import assurance
from dealsim.show.assurance import assure
from dealsim.version import MODEL_VERSION
from tests.show.test_influence import FOUND, measured, not_measured  # noqa: F401  (fixtures)
from tests.show.test_report import HOSTILE, _Page, _policy


@pytest.fixture(scope="module")
def kept(lived, tmp_path_factory):
    return store.save(lived, tmp_path_factory.mktemp("kept"))


@pytest.fixture
def folder(kept, tmp_path):
    return shutil.copytree(kept, tmp_path / kept.name)


def rows_of(path):
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and b"\r\n" in raw, "as a spreadsheet needs it"
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))


def logs(pack):
    return {log.stem: rows_of(log) for log in pack.logs}


def test_a_pack_has_every_part_and_every_log(folder, lived, measured):  # noqa: F811
    pack = assure(folder, replay=False)
    assert pack.page == folder / "derived" / "assurance" / "assurance.html"
    text = pack.page.read_text(encoding="utf-8")
    headings = re.findall(r'<h2 id="(\w+)"', text)
    assert headings == ["short", "assumptions", "structure", "decisions", "data", "tests", "limits", "statement"]
    for role in ("Commissioner", "Analyst", "Analytical assurer", "Approver"):
        assert role in text
    for fact in (lived.run_id, store.manifest_hash(folder), "Fitted to national figures", "The population is closed"):
        assert fact in text, fact
    found = logs(pack)
    assert list(found) == list(assurance.LOGS)
    named = [row["parameter"] for row in found["assumptions"]]
    assert sorted(named) == sorted([*every_parameter(), *(f"rival.{name}" for name in RIVALS)])
    assert found["assumptions"][0]["rating"] == "red"
    assert sum(pack.ratings.values()) == len(every_parameter())
    assert pack.ratings["red"] == sum(row["rating"] == "red" for row in found["assumptions"]) > 0
    assert not store.damage(folder), "the pack is derived, and is no part of the data"


def test_the_page_runs_no_script_and_asks_for_nothing(folder):
    tags = _Page(assure(folder, replay=False).page.read_text(encoding="utf-8")).tags
    assert not [tag for tag, _ in tags if tag in ("script", "link", "iframe", "img", "form")]
    assert _policy(tags).startswith("default-src 'none'; style-src")
    assert all((attrs.get("href") or "#").startswith("#") for _, attrs in tags)


def test_the_same_result_gives_the_same_bytes(folder, tmp_path, measured):  # noqa: F811
    packs = [assure(folder, replay=False, out=tmp_path / name) for name in ("one", "other")]
    for one, other in zip(*[(pack.page, *pack.logs) for pack in packs], strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_the_data_log_names_every_file_seed_and_version(folder, lived):
    rows = logs(assure(folder, replay=False))["data"]
    of = lambda kind: {row["what"]: row["value"] for row in rows if row["kind"] == kind}  # noqa: E731
    for name in ("provenance.json", "series.parquet", "summary.json"):
        assert store.hash_of(folder / name) in of("file")[name]
    assert of("version")["model"] == MODEL_VERSION
    assert len(of("seed")) == 1 + len(lived.runs)
    assert all(row["grade"] for row in rows if row["kind"] == "figure people are drawn to")


@pytest.mark.slow
def test_it_really_lives_the_runs_and_the_known_life_again(folder, lived):
    pack = assure(folder, workers=2)
    assert pack.replayed == len(lived.runs) and not pack.problems
    checks = {row["asked"]: row["outcome"] for row in logs(pack)["tests"]}
    assert checks["Do the runs live again to the last bit?"] == f"identical: {len(lived.runs)} runs lived again"
    assert next(outcome for asked, outcome in checks.items() if "known life" in asked) == "yes"


def test_what_was_not_done_is_said(folder):
    checks = logs(assure(folder, replay=False))["tests"]
    outcomes = {row["asked"]: row["outcome"] for row in checks}
    assert outcomes["Do the runs live again to the last bit?"] == "not done"
    assert outcomes["Whether the runs can be lived again"] == "not tested"
    assert {row["outcome"] for row in checks if row["kind"] == assurance.KEPT} == {"not run for this pack"}
    assert any(row["kind"] == "Not tested" and "Wigan" in row["asked"] for row in checks)


def test_without_measurements_nothing_is_rated(folder, not_measured):  # noqa: F811
    pack = assure(folder, replay=False)
    assert pack.ratings == {"red": 0, "amber": 0, "green": 0, "not rated": len(every_parameter())}
    assert "nothing is rated" in pack.page.read_text(encoding="utf-8")


def test_patterns_are_shown_where_they_are_shipped(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(assurance, "_PATTERNS", tmp_path / "none.csv")
    outcomes = {row["kind"]: row["outcome"] for row in logs(assure(folder, replay=False))["tests"]}
    kind = "Patterns from published data, at the values as shipped"
    assert outcomes[kind] == "not shipped with this version"
    file = tmp_path / "patterns.csv"
    file.write_text(
        "name,simulated,simulated_low,simulated_high,passed\nfailure_demand,0.512,0.49,0.53,True\nfear,0.6,0.58,0.62,False\n"
    )
    monkeypatch.setattr(assurance, "_PATTERNS", file)
    found = [row for row in logs(assure(folder, replay=False))["tests"] if row["kind"] == kind]
    assert [(row["asked"], row["outcome"]) for row in found] == [
        ("Failure demand", "met (values were fitted to it)"),
        ("Fear of blame", "not met (values were fitted to it)"),
    ]
    assert found[0]["more"].startswith("0.51 (0.49 to 0.53), mean and 95 % interval over 20 boroughs")
    assert found[0]["more"].endswith("target 0.45 to 0.62 share of contacts")


def test_a_file_that_was_touched_is_said_and_the_pack_is_written(folder):
    (folder / "notes.txt").write_text("mine")
    pack = assure(folder, replay=False)
    assert pack.problems == ("notes.txt: was not written by dealsim",)
    text = pack.page.read_text(encoding="utf-8")
    assert "Do not sign" in text and "notes.txt" in text and "a mismatch was found" in text


def test_a_known_life_that_ends_otherwise_is_a_mismatch(folder, monkeypatch):
    monkeypatch.setattr(assurance, "end_of_known_life", lambda: "0" * 64)
    monkeypatch.setattr(store, "verify", lambda *_, **__: store.Verification((), ("as written",), 6))
    pack = assure(folder)
    assert len(pack.problems) == 1 and "known life" in pack.problems[0]
    assert doctor.KNOWN_LIFE.state_hash != "0" * 64


def test_where_every_run_failed_the_pack_says_so(tmp_path, monkeypatch):
    from dealsim import runs

    def broken(*_):
        raise ArithmeticError("broken on purpose")

    monkeypatch.setattr(runs, "_live_one", broken)
    monkeypatch.setattr(assurance, "end_of_known_life", lambda: doctor.KNOWN_LIFE.state_hash)
    failed = runs.compare("cuts_only", "deal", size=300, years=1, replicates=2, workers=1)
    text = assure(store.save(failed, tmp_path)).page.read_text(encoding="utf-8")
    assert "broken on purpose" in text and "Only 0 of 2 replicates were finished" in text
    assert "no run of these results was finished" in text


def test_a_folder_that_cannot_be_read_is_a_mismatch_without_a_pack(folder):
    (folder / "series.parquet").write_bytes(b"nonsense")
    with pytest.raises(MismatchError, match="no pack was written"):
        assure(folder, replay=False)
    assert not (folder / "derived" / "assurance").exists()


def test_a_damaged_manifest_is_said_and_not_tripped_over(folder):
    (folder / "manifest.json").write_text("{}")
    assert assure(folder, replay=False).problems == ("manifest.json: is not as it was written",)


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_what_is_no_result_is_refused(name, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no results folder"):
        assure(tmp_path / name)


def test_a_sweep_is_refused_by_name(analysis):
    with pytest.raises(InputError, match="is a sweep"):
        assure(next(folder for folder in analysis.parents if (folder / "manifest.json").exists()))


def test_a_pack_does_not_go_among_the_data(folder, tmp_path):
    with pytest.raises(InputError, match="among the data"):
        assure(folder, replay=False, out=folder / "pack")
    assert assure(folder, replay=False, out=folder / "derived" / "mine").page.exists()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(lived, tmp_path, name):
    scenarios = [dict(one) | {"question": name, "author": name, "sources": [name]} for one in lived.scenarios]
    named = replace(lived, scenarios=tuple(scenarios), notices=(name,),
                    settings={**lived.settings, "place": {**lived.settings["place"], "name": name}})  # fmt: skip
    pack = assure(store.save(named, tmp_path), replay=False)
    tags = _Page(pack.page.read_text(encoding="utf-8")).tags
    assert not [tag for tag, _ in tags if tag in ("script", "img")]
    for rows in logs(pack).values():
        assert not [value for row in rows for value in row.values() if value.startswith(("=", "@", "|", "\t"))]


def test_influences_in_these_tests_name_real_parameters():
    assert {one.parameter for one in FOUND} <= set(every_parameter())
    assert calibration.Influence is type(FOUND[0])
