"""A sweep's folder survives every fault of the disk, and every damage to it is found and named."""

from __future__ import annotations

import errno
import os
import random
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from dealsim import checkpoints, store
from dealsim.errors import InputError, MismatchError, StoreError
from dealsim.sweeps import carrying_out
from dealsim.sweeps import folder as folders
from dealsim.sweeps.carrying_out import StoppedSweep, sweep
from dealsim.sweeps.folder import DAMAGED, PARTS, damage
from dealsim.sweeps.results import read_sweep
from dealsim.sweeps.verifying import verify_sweep
from dealsim.version import MODEL_VERSION
from tests.sweeps.conftest import SMALL, tables

LEAN = {
    **SMALL,
    "scenarios": [],
    "replicates": 1,
    "factors": {"blame_culture": {}, "commissioning": {}, "leaders_holding_permission": {}},
}
"""Four runs that share one burnt-in borough, for tests that live them again and again."""


@pytest.fixture(scope="module")
def lean(tmp_path_factory):
    """The lean sweep, undisturbed; its borough is kept on this machine from here on."""
    return sweep(LEAN, workers=0, out=tmp_path_factory.mktemp("lean"))


LONG = bool(os.environ.get("DEALSIM_LONG"))
FAULTS = ("write", "fsync", "replace")


class Faults:
    """Counts calls to the system, and says no to one of them."""

    def __init__(self, monkeypatch, what: str, at: int) -> None:
        self.count, self.at, self.what = 0, at, what
        real_fsync, real_replace = os.fsync, os.replace
        real_open = checkpoints.written_whole.__wrapped__
        monkeypatch.setattr(os, "fsync", lambda *a: self.call("fsync", real_fsync, *a))
        monkeypatch.setattr(os, "replace", lambda *a: self.call("replace", real_replace, *a))
        self._open = real_open
        if what == "write":
            monkeypatch.setattr(Path, "open", self.opened(Path.open))

    def call(self, what, real, *arguments):
        if what == self.what:
            self.count += 1
            if self.count == self.at:
                raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments)

    def opened(self, real):
        faults = self

        class Full:
            """A file whose disk is full at the chosen write."""

            def __init__(self, file):
                self._file = file

            def __getattr__(self, name):
                return getattr(self._file, name)

            def __enter__(self):
                self._file.__enter__()
                return self

            def __exit__(self, *error):
                return self._file.__exit__(*error)

            def write(self, content):
                return faults.call("write", self._file.write, content)

        def opened(path, mode="r", *arguments, **named):
            file = real(path, mode, *arguments, **named)
            return Full(file) if "w" in mode and path.name.startswith(".part-") else file

        return opened


def in_batches(monkeypatch, runs=2):
    monkeypatch.setattr(carrying_out._Pace, "runs_a_batch", lambda self, left, slots: runs)


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_at_each_call_to_the_system_loses_nothing(what, lean, tmp_path, monkeypatch):
    """The disk is full at the first write, then at the second, …: each time the same call goes on and ends the same."""
    step = 1 if LONG or what != "write" else 5  # a table is written in many small pieces
    at = 1 - step
    while True:
        at += step
        out = tmp_path / str(at)
        with monkeypatch.context() as patch:
            in_batches(patch)
            faults = Faults(patch, what, at)
            try:
                sweep(LEAN, workers=0, out=out)
                assert faults.count < at, "a fault was swallowed"
                break
            except StoreError as error:
                assert "disk is full" in str(error)
        if (out / "sweep-small").exists():
            assert damage(out / "sweep-small") == [] or not folders.is_sweep_folder(out / "sweep-small")
        found = sweep(LEAN, workers=0, out=out)
        assert tables(found.folder) == tables(lean.folder)
        assert not list(found.folder.rglob(".part-*")), "nothing half written is left"
        shutil.rmtree(out)
    assert at > 6, "several calls were made"


@pytest.mark.parametrize("what", ["fsync", "replace"])
def test_a_fault_while_more_runs_are_added_loses_nothing(what, lean, tmp_path, monkeypatch):
    larger = {**LEAN, "replicates": 2}
    expected = tables(sweep(larger, workers=0, out=tmp_path / "fresh").folder)
    for at in range(1, 40):
        out = tmp_path / str(at)
        shutil.copytree(lean.folder, out / "sweep-small")
        with monkeypatch.context() as patch:
            in_batches(patch)
            faults = Faults(patch, what, at)
            try:
                sweep(larger, workers=0, out=out)
                assert faults.count < at
                break
            except StoreError:
                pass
        assert tables(sweep(larger, workers=0, out=out).folder) == expected
        shutil.rmtree(out)
    assert at > 6


def half_done(tmp_path: Path, monkeypatch) -> Path:
    """A sweep that was stopped half way."""
    seen = []
    with monkeypatch.context() as patch:
        in_batches(patch, 4)
        with pytest.raises(StoppedSweep):
            sweep(SMALL, workers=0, out=tmp_path, progress=seen.append, stop=lambda: len(seen) == 2)
    return tmp_path / "sweep-small"


def test_a_damaged_part_is_named_and_its_runs_are_lived_again(done, tmp_path, monkeypatch):
    path = half_done(tmp_path, monkeypatch)
    part = min((path / PARTS).iterdir())
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    assert damage(path) == [f"{PARTS}/{part.name}: is not as it was written"]
    assert verify_sweep(path).problems == tuple(damage(path))
    found = sweep(SMALL, workers=0, out=tmp_path)
    assert "its runs are lived again" in found.notices[0] and part.name in found.notices[0]
    assert (path / DAMAGED / part.name).exists(), "what was damaged is kept for whoever wants to look"
    assert tables(found.folder) == tables(done.folder)


def test_a_part_of_a_sweep_that_keeps_something_else_is_put_aside(done, tmp_path, monkeypatch):
    """The runs are the same by their ids, and what is kept of them is not."""
    other = {**SMALL, "outputs": {**SMALL["outputs"], "metrics": ["mean_trust"]}}
    seen = []
    with monkeypatch.context() as patch:
        in_batches(patch, 4)
        with pytest.raises(StoppedSweep):
            sweep(other, workers=0, out=tmp_path / "other", progress=seen.append, stop=lambda: True)
    path = half_done(tmp_path, monkeypatch)
    stranger = min((tmp_path / "other" / "sweep-small" / PARTS).iterdir())
    shutil.copy(stranger, path / PARTS)
    found = sweep(SMALL, workers=0, out=tmp_path)
    assert "is of another sweep" in found.notices[0]
    assert tables(found.folder) == tables(done.folder)


def test_a_stray_file_is_no_damage(done, folder):
    (folder / ".DS_Store").write_bytes(b"mac")
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    assert damage(folder) == [] and read_sweep(folder).runs.equals(done.runs)
    assert any("notes.txt" in note for note in verify_sweep(folder, runs=1).notes)
    assert sweep(SMALL, workers=0, out=folder.parent, progress=lambda _: pytest.fail("all is there"))


def test_a_query_reads_the_tables_and_nothing_else(done, tmp_path):
    counted = done.query("SELECT count(*) AS n FROM runs JOIN series USING (run_id)")
    assert counted["n"].iloc[0] == len(done.series)
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n", encoding="utf-8")
    for wrong in (
        f"SELECT * FROM read_csv('{outside}')",
        f"COPY runs TO '{tmp_path}/copy.csv'",
        "INSTALL httpfs",
        "",
        None,
    ):
        with pytest.raises(InputError):
            done.query(wrong)
    assert not (tmp_path / "copy.csv").exists()


def test_names_that_look_alike_as_files_have_folders_of_their_own():
    names = ["研究", "調査", "a" * 60 + "b", "a" * 60 + "c", "plain", "../../x"]
    found = [folders.folder_of(name, "results").name for name in names]
    assert len(set(found)) == len(names) and found[4] == "sweep-plain"
    assert all(re.fullmatch(r"sweep-[a-z0-9_-]+", name) for name in found)


def test_a_damaged_recipe_does_not_lose_the_runs(done, tmp_path, monkeypatch):
    path = half_done(tmp_path, monkeypatch)
    (path / "sweep.json").write_bytes(b"{")
    found = sweep(SMALL, workers=0, out=tmp_path)
    assert "sweep.json is not as it was written" in found.notices[0]
    assert tables(found.folder) == tables(done.folder)


def test_another_model_version_is_named(folder, monkeypatch):
    monkeypatch.setattr("dealsim.sweeps.plan.MODEL_VERSION", "9.9.9")
    monkeypatch.setattr("dealsim.sweeps.folder.MODEL_VERSION", "9.9.9")
    monkeypatch.setattr("dealsim.sweeps.verifying.MODEL_VERSION", "9.9.9")
    with pytest.raises(MismatchError, match=r"model version 0\.\d\.\d, and this is 9\.9\.9"):
        sweep(SMALL, workers=0, out=folder.parent)
    assert "made it and this is 9.9.9" in verify_sweep(folder).problems[0]
    assert read_sweep(folder).runs.shape[0] == 16, "it can still be read"


@pytest.mark.parametrize(
    "change, said",
    [
        ({"size": 310}, "size was 300 and is 310"),
        ({"seed": 4}, "seed was 3 and is 4"),
        ({"scenarios": ["bold"]}, "its scenarios say something else"),
        ({"outputs": {"every": 4}}, "metrics was"),
        ({"replicates": 1}, "holds 8 runs that this sweep does not ask for"),
        ({"design": {"kind": "latin_hypercube", "points": 9}}, "add a block"),
    ],
)
def test_another_sweep_of_the_same_name_touches_nothing(change, said, folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with pytest.raises(InputError, match=said):
        sweep({**SMALL, **change}, workers=0, out=folder.parent)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError, match="cannot be kept"):
        sweep(SMALL, workers=0, out=tmp_path / "file")


def test_what_was_kept_verifies_and_lives_again(done):
    found = verify_sweep(done.folder, runs=16)
    assert found.problems == () and found.replayed == 16 and found.is_identical


def test_forged_outcomes_are_found_when_runs_are_lived_again(folder, monkeypatch):
    import pyarrow.parquet as pq

    table = pq.read_table(folder / "runs.parquet").to_pandas()
    table.loc[3, "mean_trust"] = 0.99
    table.to_parquet(folder / "runs.parquet")
    record = {"format": 1, "model_version": MODEL_VERSION, "kind": "sweep", "files": {
        path.name: {"sha256": store.hash_of(path), "bytes": path.stat().st_size}
        for path in folder.iterdir() if path.name not in ("manifest.json", ".lock")
    }}  # fmt: skip
    (folder / "manifest.json").write_bytes(store.signed(record))
    assert damage(folder) == []
    assert any("outcomes in runs.parquet differ" in line for line in verify_sweep(folder, runs=16).problems)


def spoiled(path: Path, chance: random.Random) -> tuple[str, set[str]]:
    """Damage one file of a folder in one way (or two, by swapping them); the way, and their names."""
    files = sorted(p for p in path.rglob("*") if p.is_file() and p.name != ".lock" and p.parent.name != DAMAGED)
    file = chance.choice(files)
    content = bytearray(file.read_bytes())
    way = chance.choice(("flip", "cut", "longer", "swap", "emptied", "gone"))
    if way == "flip":
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        file.write_bytes(content)
    elif way == "cut":
        file.write_bytes(content[: chance.randrange(len(content))])
    elif way == "longer":
        file.write_bytes(content + bytes([chance.randrange(256)]))
    elif way == "emptied":
        file.write_bytes(b"")
    elif way == "swap":
        other = chance.choice([p for p in files if p != file and p.read_bytes() != file.read_bytes()])
        here, there = file.read_bytes(), other.read_bytes()
        file.write_bytes(there)
        other.write_bytes(here)
        return way, {file.name, other.name}
    else:
        file.unlink()
    return way, {file.name}


def named(problems, names: set[str]) -> bool:
    """Whether what is said names a damaged file: of a swapped pair at least one, since nothing says which was first."""
    return any(name in "\n".join(problems) for name in names)


CORRUPTIONS = 1_000 if LONG else 40


def test_every_damage_to_a_finished_sweep_is_named(done, tmp_path):
    chance = random.Random(1)
    for number in range(CORRUPTIONS):
        path = Path(shutil.copytree(done.folder, tmp_path / "sweep-small"))
        way, names = spoiled(path, chance)
        try:
            problems = verify_sweep(path).problems
        except (InputError, MismatchError, StoreError) as error:
            problems = (str(error),)
        if (way, names) == ("gone", {"manifest.json"}):
            assert_it_counts_as_one_that_goes_on(path)
        else:
            assert named(problems, names), (number, way, names, problems)
        shutil.rmtree(path)


def assert_it_counts_as_one_that_goes_on(path: Path) -> None:
    """Without its manifest a sweep is never read as whole."""
    with pytest.raises(StoreError, match="not finished"):
        read_sweep(path)


def test_every_damage_to_a_part_is_named(tmp_path, monkeypatch):
    whole = half_done(tmp_path / "whole", monkeypatch)
    chance = random.Random(2)
    for number in range(CORRUPTIONS):
        path = Path(shutil.copytree(whole, tmp_path / "sweep-small"))
        way, names = spoiled(path, chance)
        if way != "gone":  # a part that is gone is a batch that was never lived
            assert named(damage(path), names), (number, way, names)
        shutil.rmtree(path)


def test_a_part_holds_what_the_tables_say(done):
    """Tables turned back into parts, and parts into tables, lose nothing: this is how runs are added to a sweep."""
    parts = list(folders.parts_of_tables(done.folder))
    ids = [run for part in parts for run in part["run_id"].to_pylist()]
    assert sorted(ids) == sorted(done.runs["run_id"])
    values = np.concatenate([part["value"].combine_chunks().flatten().to_numpy() for part in parts])
    assert np.array_equal(values, done.series["value"].to_numpy(), equal_nan=True)
