"""Results folders: whole or not at all, and every bit of damage found."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import random
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from dealsim import checkpoints, plans, runs, store
from dealsim.errors import InputError, MismatchError, StoreError
from dealsim.runs import compare, run

PLACE = "name,place,population,deprivation_rank\nA,North,300,20\nB,South,500,900\nC,South,400,90\n"


@pytest.fixture(scope="module")
def results():
    return compare("cuts_only", "deal", size=400, years=1, replicates=2, workers=2, seed=3)


@pytest.fixture(scope="module")
def kept(results, tmp_path_factory):
    return store.save(results, tmp_path_factory.mktemp("kept"))


@pytest.fixture
def folder(kept, tmp_path):
    return Path(shutil.copytree(kept, tmp_path / kept.name))


def _files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_is_read_is_what_was_saved(results, kept):
    back = store.read(kept)
    pd.testing.assert_frame_equal(back.series.astype({"week": "int32"}), results.series, check_exact=True)
    pd.testing.assert_frame_equal(back.summary, results.summary, check_exact=True, check_dtype=False)
    pd.testing.assert_frame_equal(back.people, results.people, check_exact=True)
    pd.testing.assert_frame_equal(back.events, results.events, check_exact=True)
    for name in (
        "base",
        "names",
        "given",
        "scenarios",
        "headline",
        "hashes",
        "state_hash",
        "run_id",
        "settings",
    ):
        assert getattr(back, name) == getattr(results, name), name


def test_the_folder_is_named_for_the_scenarios_the_time_and_the_run(results, kept):
    slug, stamp, short = kept.name.rsplit("-", 2)
    assert slug == "deal-against-cuts_only"
    assert len(stamp) == 16 and stamp.endswith("Z")
    assert short == results.run_id[:8]
    assert ":" not in kept.name


def test_the_same_results_have_the_same_bytes(results, kept, tmp_path):
    other = store.save(results, tmp_path)
    for path in _files(kept):
        if path.suffix == ".parquet" or path.name in ("hashes.json", "summary.json"):
            assert path.read_bytes() == (other / path.relative_to(kept)).read_bytes(), path.name


def test_nothing_names_the_user_or_the_machine(kept):
    told = b"".join(path.read_bytes() for path in _files(kept))
    for secret in (str(Path.home()), socket.gethostname(), str(kept.parent)):
        assert len(secret) < 4 or secret.encode() not in told


def test_an_undamaged_folder_lives_again_to_the_last_bit(kept):
    found = store.verify(kept, workers=2)
    assert found.problems == ()
    assert found.is_identical
    assert found.replayed == 4


def test_every_damage_is_found_and_named(kept, folder):
    dice = random.Random(7)
    names = [path.relative_to(kept) for path in _files(kept)]
    for turn in range(24):
        name = names[turn % len(names)]
        raw = bytearray((kept / name).read_bytes())
        way = dice.choice(["bit", "cut", "swap", "gone"])
        other = dice.choice([one for one in names if (kept / one).read_bytes() != raw])
        if way == "bit":
            raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
            (folder / name).write_bytes(raw)
        elif way == "cut":
            (folder / name).write_bytes(raw[: dice.randrange(len(raw))])
        elif way == "swap":
            shutil.copy(kept / other, folder / name)
        else:
            (folder / name).unlink()
        if name.name == store.MANIFEST and way == "gone":
            with pytest.raises(StoreError):
                store.damage(folder)
        else:
            found = store.damage(folder)
            assert any(line.startswith(name.as_posix()) for line in found), (name, way, found)
            with pytest.raises(MismatchError):
                store.read(folder)
        shutil.copy(kept / name, folder / name)
    assert store.damage(folder) == []


def test_two_files_swapped_are_both_named(folder):
    one, other = folder / "series.parquet", folder / "people.parquet"
    held = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(held)
    assert {line.split(":")[0] for line in store.damage(folder)} == {"series.parquet", "people.parquet"}


def test_a_file_that_was_not_there_is_named(folder):
    (folder / "extra.txt").write_text("x")
    assert store.damage(folder) == ["extra.txt: was not written by dealsim"]


def test_what_is_derived_may_be_thrown_away(folder):
    store.write_tables(folder)
    assert store.damage(folder) == []
    shutil.rmtree(folder / "derived")
    assert store.damage(folder) == []


def _signed_anew(folder):
    """What somebody could do who changes a file and mends the record."""
    record = json.loads((folder / store.MANIFEST).read_bytes())
    record.pop("sha256_of_this")
    for name in record["files"]:
        raw = (folder / name).read_bytes()
        record["files"][name] = {"sha256": store.hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}
    record["sha256_of_this"] = store.hashlib.sha256(store.as_json(record)).hexdigest()
    (folder / store.MANIFEST).write_bytes(store.as_json(record))


def test_a_changed_figure_is_found_by_living_again(folder):
    series = pd.read_parquet(folder / "series.parquet")
    at = series.query("scenario == 'deal' and replicate == 1 and week == 30 and metric == 'contacts_per_1000'")
    series.loc[at.index[0], "value"] += 1.0
    (folder / "series.parquet").write_bytes(store._parquet(series))
    _signed_anew(folder)
    found = store.verify(folder)
    assert len(found.problems) == 1
    assert "week 30, contacts_per_1000" in found.problems[0]


def test_the_first_week_and_column_that_differ_are_named(folder):
    hashes = json.loads((folder / "hashes.json").read_bytes())
    for week in ("26", "39", "52"):
        hashes["deal"][week]["citizens.trust"] = "0" * 16
    (folder / "hashes.json").write_bytes(store.as_json(hashes))
    _signed_anew(folder)
    found = store.verify(folder)
    assert found.problems == ("deal, replicate 1: differs between week 13 and week 26, column citizens.trust",)


def test_another_model_version_is_said_and_not_called_damage(folder):
    origin = json.loads((folder / "provenance.json").read_bytes())
    origin["model_version"] = "0.0.1"
    (folder / "provenance.json").write_bytes(store.as_json(origin))
    _signed_anew(folder)
    found = store.verify(folder)
    assert not found.is_identical
    assert "model version 0.0.1" in found.problems[0]
    assert "damage" not in found.problems[0]
    assert store.read(folder).finished == 2


def test_a_newer_format_is_refused_by_name(folder):
    record = json.loads((folder / store.MANIFEST).read_bytes())
    record.pop("sha256_of_this")
    record["format"] = 99
    record["sha256_of_this"] = store.hashlib.sha256(store.as_json(record)).hexdigest()
    (folder / store.MANIFEST).write_bytes(store.as_json(record))
    with pytest.raises(StoreError, match="format 99"):
        store.read(folder)


def test_a_manifest_cannot_lead_out_of_the_folder(folder):
    record = json.loads((folder / store.MANIFEST).read_bytes())
    record.pop("sha256_of_this")
    record["files"]["../outside"] = {"sha256": "0", "bytes": 1}
    record["sha256_of_this"] = store.hashlib.sha256(store.as_json(record)).hexdigest()
    (folder / store.MANIFEST).write_bytes(store.as_json(record))
    assert any("does not lie in the folder" in line for line in store.damage(folder))


@pytest.mark.parametrize("number", range(1, 14))
@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_fault_at_any_write_leaves_nothing_half_done(results, tmp_path, monkeypatch, call, number):
    before = tmp_path / "other.txt"
    before.write_text("mine")
    real, seen = getattr(os, call), []

    def sometimes(*words):
        seen.append(1)
        if len(seen) == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*words)

    monkeypatch.setattr(checkpoints.os, call, sometimes)
    try:
        folder = store.save(results, tmp_path)
    except StoreError as problem:
        assert "the disk is full" in str(problem)
        assert "nothing of these results was kept" in str(problem)
        assert _files(tmp_path) == [before]
    else:
        assert store.damage(folder) == []
    assert before.read_text() == "mine"


def test_killed_before_the_manifest_is_never_read_as_whole(results, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def dead(path, content):
        if path.name == store.MANIFEST:
            raise Killed
        path.write_bytes(content)

    monkeypatch.setattr(store, "replace_whole", dead)
    monkeypatch.setattr(store.shutil, "rmtree", lambda *_, **__: None)  # a dead process tidies nothing
    with pytest.raises(Killed):
        store.save(results, tmp_path)
    left = next(tmp_path.iterdir())
    with pytest.raises(StoreError, match="cut short"):
        store.read(left)


def test_a_folder_that_is_there_is_left_as_it_is(results, tmp_path, monkeypatch):
    class Stopped(store.datetime):
        @classmethod
        def now(cls, zone=None):
            return cls(2030, 1, 1, tzinfo=zone)

    monkeypatch.setattr(store, "datetime", Stopped)
    monkeypatch.setattr(store.time, "sleep", lambda _: None)
    first = store.save(results, tmp_path)
    with pytest.raises(StoreError, match="already there"):
        store.save(results, tmp_path)
    assert store.damage(first) == []


def test_a_file_where_a_folder_must_be_is_said(results, tmp_path):
    (tmp_path / "results").write_text("a file")
    for call in (lambda root: store.prepare(root), lambda root: store.save(results, root)):
        with pytest.raises(StoreError, match="there is a file of that name"):
            call(tmp_path / "results")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder_is_said_before_anything_is_run(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="permission"):
        store.prepare(tmp_path / "results")


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.EACCES, "permission"), (errno.EROFS, "only be read"), (errno.ENOSPC, "disk is full")],
)
def test_why_the_system_said_no_is_put_in_words(tmp_path, monkeypatch, number, said):
    def refuse(*_, **__):
        raise OSError(number, "no")

    monkeypatch.setattr(store.tempfile, "mkstemp", refuse)
    with pytest.raises(StoreError, match=said):
        store.prepare(tmp_path)


def test_too_little_room_is_said_before_anything_is_run(tmp_path):
    with pytest.raises(StoreError, match="nothing was run"):
        store.prepare(tmp_path, megabytes=1e12)


def test_a_scenario_cannot_name_its_way_out(tmp_path):
    results = run({"name": "../../escape/.. = me", "extends": "deal"}, size=400, years=1, replicates=1)
    folder = store.save(results, tmp_path / "in")
    assert folder.parent == tmp_path / "in"
    assert store.read(folder).names == results.names
    assert _files(tmp_path) == _files(tmp_path / "in")


def test_a_place_of_ones_own_can_be_lived_again(tmp_path):
    (tmp_path / "my place.csv").write_text(PLACE)
    results = run("deal", size=400, years=1, replicates=2, place=tmp_path / "my place.csv")
    folder = store.save(results, tmp_path / "out")
    assert store.verify(folder).is_identical
    assert results.settings["place"]["file_name"] == "my place.csv"


def test_stopped_work_can_be_lived_again(tmp_path):
    made = plans.plan("compare", ("cuts_only", "deal"), size=400, years=1, replicates=4)
    with pytest.raises(runs.InterruptedRun) as caught:
        runs.live_plan(made, progress=_press_once())
    folder = store.save(caught.value.results, tmp_path)
    assert store.verify(folder).is_identical


def _press_once():
    pressed = []

    def press(stage, done, whole):
        if done >= 0.4 * whole and not pressed:
            pressed.append(1)
            raise KeyboardInterrupt

    return press


def test_failed_runs_are_kept_with_what_went_wrong(results, tmp_path):
    failed = ({"scenario": "deal", "replicate": 1, "error": "E: x", "traceback": "week.py:3 in f"},)
    folder = store.save(replace(results, failed=failed), tmp_path)
    assert store.read(folder).failed == failed


def test_tables_open_in_a_spreadsheet_and_run_no_formula(results, tmp_path):
    odd = replace(
        results,
        metrics={
            name: about._replace(label="=HYPERLINK(1)") if name == results.headline[0] else about
            for name, about in results.metrics.items()
        },
    )
    folder = store.save(odd, tmp_path)
    for path in store.write_tables(folder):
        raw = path.read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")
        assert b",=HYPERLINK" not in raw
        assert results.run_id.encode() in raw
    assert b"'=HYPERLINK" in (folder / "derived/tables/all_metrics.csv").read_bytes()


def test_a_folder_is_found_by_the_start_of_its_id(kept, results):
    assert store.find(results.run_id[:8], kept.parent) == kept
    with pytest.raises(InputError, match="no results folder"):
        store.find("ffffffff", kept.parent)


def test_the_latest_results_are_found_by_the_time_in_their_name(tmp_path):
    for name in ("zebra-20260101T000000Z-aaaaaaaa", "deal-20270101T000000Z-bbbbbbbb", "notes", ".part-x"):
        (tmp_path / name).mkdir()
    assert store.find("latest", tmp_path).name == "deal-20270101T000000Z-bbbbbbbb"
    assert store.find("aaaaaa", tmp_path).name == "zebra-20260101T000000Z-aaaaaaaa"
    with pytest.raises(InputError, match="no results folder"):
        store.find("latest", tmp_path / "notes")


def test_forged_figures_are_found_when_the_runs_are_lived_again(kept, results, tmp_path):
    """A summary changed with a manifest signed anew passes every hash, and not the replay."""
    for part, column in (("summary", "mean"), ("outcomes", "mean")):
        table = getattr(results, part).copy()
        table.loc[table[column].first_valid_index(), column] = 123.0
        forged = store.save(dataclasses.replace(results, **{part: table}), tmp_path / part)
        assert store.damage(forged) == []
        problems = store.verify(forged).problems
        assert problems and part in problems[0]
