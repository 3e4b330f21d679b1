"""However many workers live a sweep, and however they die, the tables are the same, and nothing is lost."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from distributed import Client

from dealsim.errors import InputError, MismatchError, StoreError
from dealsim.sweeps import carrying_out
from dealsim.sweeps.carrying_out import StoppedSweep, TooManyFailures, carry_out, sweep
from dealsim.sweeps.jobs import live_batch
from dealsim.sweeps.plan import plan_sweep
from dealsim.sweeps.workers import Dask
from tests.sweeps import at_fault, kills
from tests.sweeps.conftest import SMALL, tables

LONG = bool(os.environ.get("DEALSIM_LONG"))
BLAMES = {
    "name": "blames",
    "base": "deal",
    "size": 300,
    "years": 1,
    "replicates": 2,
    "design": {"kind": "factorial"},
    "factors": {"blame_culture": [0.15, at_fault.RAISES, at_fault.KILLS, at_fault.KILLS_ONCE]},
    "outputs": {"metrics": ["mean_trust"], "every": 52},
}


@pytest.mark.parametrize("workers", [1, 2, 4, 8] if LONG else [2, 4])
def test_the_tables_do_not_depend_on_the_number_of_workers(workers, done, tmp_path):
    found = sweep(SMALL, workers=workers, out=tmp_path)
    assert tables(found.folder) == tables(done.folder)


@pytest.mark.parametrize("seed", range(20) if LONG else [7])
def test_nor_on_how_python_hashes_text(seed, done, tmp_path):
    code = f"from dealsim import sweep; sweep({SMALL!r}, workers=0, out={str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONHASHSEED": str(seed)})
    assert tables(tmp_path / "sweep-small") == tables(done.folder)


@pytest.mark.parametrize("runs", [1, 3, 1000])
def test_nor_on_how_runs_are_cut_into_batches(runs, done, tmp_path, monkeypatch):
    monkeypatch.setattr(carrying_out._Pace, "runs_a_batch", lambda self, left, slots: runs)
    assert tables(sweep(SMALL, workers=0, out=tmp_path).folder) == tables(done.folder)


def test_nor_on_the_order_in_which_they_are_lived(done, tmp_path, monkeypatch):
    class Shuffled(carrying_out._Missing):
        def __init__(self, made, done):
            super().__init__(made, done)
            order = np.random.default_rng(1).permutation(len(self.place))
            self.place, self.start, self.moved = self.place[order], self.start[order], np.ones(len(order), bool)

    monkeypatch.setattr(carrying_out, "_Missing", Shuffled)
    assert tables(sweep(SMALL, workers=0, out=tmp_path).folder) == tables(done.folder)


def test_nor_on_how_many_runs_are_gathered_at_a_time_for_what_they_say(done, tmp_path, monkeypatch):
    """Groups of rows are part of a file's bytes, so they follow from the sweep alone; the rows are the same anyway."""
    monkeypatch.setattr("dealsim.sweeps.folder.MOST_RUNS_A_GROUP", 3)
    found = sweep(SMALL, workers=0, out=tmp_path)
    assert found.runs.equals(done.runs) and found.series.equals(done.series)
    more = sweep({**SMALL, "replicates": 3}, workers=0, out=tmp_path)
    assert len(more.runs) == 24


def test_many_parts_are_joined_and_the_tables_stay_the_same(done, tmp_path, monkeypatch):
    monkeypatch.setattr("dealsim.sweeps.folder.MOST_PARTS", 3)
    monkeypatch.setattr(carrying_out._Pace, "runs_a_batch", lambda self, left, slots: 1)
    assert tables(sweep(SMALL, workers=0, out=tmp_path).folder) == tables(done.folder)


def test_a_failing_run_is_a_row_and_a_killing_one_is_set_aside(tmp_path):
    made = plan_sweep(BLAMES)
    found = carry_out(made, workers=2, out=tmp_path, work=at_fault.one_kills)
    by_blame = found.runs.set_index("blame_culture")
    assert set(by_blame.loc[at_fault.RAISES, "status"]) == {"failed"}
    assert set(by_blame.loc[at_fault.KILLS, "status"]) == {"set aside"}
    assert set(by_blame.loc[[0.15, at_fault.KILLS_ONCE], "status"]) == {"ok"}
    failed = found.failed.iloc[0]
    assert "ArithmeticError: a run made to fail" in by_blame.loc[at_fault.RAISES, "error"].iloc[0]
    assert "at_fault.py" in by_blame.loc[at_fault.RAISES, "traceback"].iloc[0]
    assert failed["run_id"] not in set(found.series["run_id"])
    assert np.isnan(by_blame.loc[at_fault.KILLS, "mean_trust"]).all()
    attempts = found.timings.set_index("run_id")["attempts"]
    assert attempts[by_blame.loc[at_fault.KILLS, "run_id"]].tolist() == [2, 2]

    well = sweep(BLAMES, workers=0, out=tmp_path, retry_failed=True)
    assert set(well.runs["status"]) == {"ok"}, "tried again without the fault, they live"
    assert tables(well.folder) == tables(sweep(BLAMES, workers=0, out=tmp_path / "fresh").folder)


def test_a_worker_that_dies_once_costs_nothing_but_time(tmp_path):
    asked = {**BLAMES, "question": str(tmp_path / "mark")}
    found = carry_out(plan_sweep(asked), workers=2, out=tmp_path, work=at_fault.one_kills_once)
    assert (tmp_path / "mark").exists() and set(found.runs["status"]) == {"ok"}
    assert found.timings["attempts"].max() == 2
    assert tables(found.folder) == tables(sweep(asked, workers=0, out=tmp_path / "undisturbed").folder)


def test_too_many_failures_end_a_sweep_and_keep_what_is_done(tmp_path):
    with pytest.raises(TooManyFailures, match="2 runs failed, more than the 1 allowed") as said:
        carry_out(plan_sweep(BLAMES), workers=0, out=tmp_path, max_failures=1, work=at_fault.one_fails)
    assert said.value.exit_code == 3
    assert list((tmp_path / "sweep-blames" / "parts").glob("*.parquet"))


def test_a_sweep_that_is_stopped_goes_on(done, tmp_path, monkeypatch):
    monkeypatch.setattr(carrying_out._Pace, "runs_a_batch", lambda self, left, slots: 4)
    seen = []
    with pytest.raises(StoppedSweep, match="8 of 16 runs are kept"):
        sweep(SMALL, workers=0, out=tmp_path, progress=seen.append, stop=lambda: len(seen) == 2)
    assert [one.done for one in seen] == [4, 8] and seen[1].wanted == 16
    again = []
    found = sweep(SMALL, workers=0, out=tmp_path, progress=again.append)
    assert again[0].before == 8 and len(again) == 2, "only what was missing was lived"
    assert tables(found.folder) == tables(done.folder)
    assert sweep(SMALL, workers=0, out=tmp_path, progress=lambda _: pytest.fail("nothing is left to live"))


def test_more_points_and_more_replicates_use_what_is_there(done, tmp_path):
    sweep(SMALL, workers=0, out=tmp_path)
    design = {"kind": "latin_hypercube", "points": [4, 3]}
    seen = []
    larger = sweep({**SMALL, "replicates": 3, "design": design}, workers=0, out=tmp_path, progress=seen.append)
    assert seen[0].before == 16 and len(larger.runs) == 7 * 2 * 3
    before = done.runs.set_index("run_id")["state_hash"]
    assert larger.runs.set_index("run_id")["state_hash"].loc[before.index].equals(before)
    fresh = sweep({**SMALL, "replicates": 3, "design": design}, workers=0, out=tmp_path / "fresh")
    assert tables(larger.folder) == tables(fresh.folder)


def test_two_sweeps_cannot_write_in_one_folder(tmp_path):
    held = []

    def look(_):
        with pytest.raises(StoreError, match="another sweep is at work"):
            sweep(SMALL, workers=0, out=tmp_path)
        held.append(True)

    sweep(SMALL, workers=0, out=tmp_path, progress=look)
    assert held


def test_replicates_are_added_until_the_error_is_small_enough(tmp_path):
    asked = {
        **BLAMES, "factors": {"blame_culture": [0.1, 0.9]}, "replicates": 4,
        "stop_at": {"metric": "mean_trust", "error": 0.004, "most": 40},
    }  # fmt: skip
    found = sweep(asked, workers=0, out=tmp_path)
    assert 10 <= found.replicates <= 40
    assert sweep(asked, workers=0, out=tmp_path, progress=lambda _: pytest.fail("it has enough already"))


def test_a_worker_with_other_code_ends_the_sweep(tmp_path):
    with pytest.raises(MismatchError, match="has another dealsim than the one that asks"):
        carry_out(plan_sweep(BLAMES), workers=1, out=tmp_path, work=at_fault.with_other_code)


def test_workers_listen_on_this_machine_only():
    """A page or port of dask's that the hall's network can reach would run whatever it is sent."""
    hands = Dask(live_batch, 1)
    try:
        me = psutil.Process()
        heard = [
            found.laddr.ip
            for process in (me, *me.children(recursive=True))
            for found in process.net_connections()
            if found.status == psutil.CONN_LISTEN
        ]
        assert heard and set(heard) == {"127.0.0.1"}
    finally:
        hands.close()


def test_no_worker_outlives_a_killed_sweep(tmp_path):
    process = kills.start(kills.sweep_file(tmp_path, 2_000, 5, 40, 4), tmp_path, 2)
    workers: list[psutil.Process] = []
    while process.poll() is None and not list(tmp_path.glob("sweep-killed/parts/*.parquet")):
        time.sleep(0.05)
        workers = [psutil.Process(pid) for pid in kills.children_of(process.pid)]
    process.kill()
    process.communicate()
    assert len(workers) >= 2
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def cluster():
    """A real scheduler and two workers, started by their own commands on loopback."""
    address = f"tcp://127.0.0.1:{free_port()}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    module = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    started = [subprocess.Popen([*module, "--host", address, "--no-dashboard"], **quiet)]
    for name in ("one", "two"):
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--name", name]
        started.append(subprocess.Popen([*worker, "--no-dashboard", "--no-nanny"], **quiet))
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    yield address, started
    for process in started:
        process.kill()
        process.wait()


def test_a_cluster_gives_the_same_tables_though_one_of_its_workers_is_killed(cluster, done, tmp_path, monkeypatch):
    monkeypatch.setattr(carrying_out._Pace, "runs_a_batch", lambda self, left, slots: 2)
    address, (_, first, _) = cluster
    killed = []

    def kill_one(seen):
        if seen.done >= 2 and not killed:
            os.kill(first.pid, signal.SIGKILL)
            killed.append(seen.done)

    found = sweep(SMALL, scheduler=address, out=tmp_path, progress=kill_one)
    assert killed and killed[0] < 16
    assert tables(found.folder) == tables(done.folder)


def test_a_scheduler_that_dies_is_said_and_nothing_is_lost(cluster, done, tmp_path, monkeypatch):
    monkeypatch.setattr(carrying_out._Pace, "runs_a_batch", lambda self, left, slots: 2)
    address, (scheduler, *_) = cluster

    def kill(seen):
        if seen.done >= 2:
            scheduler.kill()

    with pytest.raises(StoreError, match="the scheduler is gone; what was finished is kept"):
        sweep(SMALL, scheduler=address, out=tmp_path, progress=kill)
    again = []
    found = sweep(SMALL, workers=0, out=tmp_path, progress=again.append)
    assert again[0].before >= 2 and tables(found.folder) == tables(done.folder)


def test_workers_that_die_for_good_are_brought_back(monkeypatch):
    """Killed as it starts, a worker takes with it whoever would start it again."""
    monkeypatch.setattr("dealsim.sweeps.workers.PATIENCE_SECONDS", 1.0)
    hands = Dask(at_fault.counted, 1)
    try:
        end = time.monotonic() + 60
        while hands._cluster.workers and time.monotonic() < end:
            for pid in kills.children_of(os.getpid()):
                with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                    if "spawn_main" in " ".join(psutil.Process(pid).cmdline()):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        hands.give("batch", [1, 2, 3])
        while not (ended := hands.take(0.2)) or ended[0].content is None:
            assert hands.slots and time.monotonic() < end, "nobody came back"
            if ended:  # a last kill was still on its way
                hands.give("batch", [1, 2, 3])
        assert ended[0].content == b"3"
    finally:
        hands.close()


def test_no_scheduler_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("dealsim.sweeps.workers.CONNECT_SECONDS", 1)
    with pytest.raises(InputError, match=r"no scheduler answers at tcp://127\.0\.0\.1"):
        sweep(SMALL, scheduler=f"tcp://127.0.0.1:{free_port()}", out=tmp_path)


@pytest.mark.parametrize("workers", [-1, 1000, "two", True])
def test_a_number_of_workers_that_cannot_be(workers, tmp_path):
    with pytest.raises(InputError, match="workers is"):
        sweep(SMALL, workers=workers, out=tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="kills are posix")
def test_kills_at_random_lose_nothing(tmp_path):
    """The full figure of 200 is run by hand: `python tests/sweeps/kills.py --kills 200`."""
    file = kills.sweep_file(tmp_path, 300, 1, 6, 1)
    plain = sweep(file, workers=0, out=tmp_path / "undisturbed")
    count = kills.killed_until_done(file, tmp_path / "killed", 2, random.Random(0).randrange(1000), 3.0, 2)
    assert count == 2
    assert kills.tables(tmp_path / "killed") == tables(plain.folder)
