"""Kills sweeps at random moments, goes on, and compares the tables with those of an undisturbed one.

Run by hand for the full figure: `python tests/sweeps/kills.py --kills 200`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TABLES = ("runs.parquet", "series.parquet")


def sweep_file(folder: Path, size: int, years: int, points: int, replicates: int, every: int = 4) -> Path:
    """A sweep over levers, parameters and a rival, so that burnt-in boroughs differ from point to point."""
    path = folder / "killed.yaml"
    path.write_text(
        f"name: killed\nbase: cuts_only\nscenarios: [deal]\nsize: {size}\nyears: {years}\nreplicates: {replicates}\n"
        f"design: {{kind: latin_hypercube, points: {points}}}\n"
        "factors:\n  blame_culture: {low: 0.1, high: 0.9}\n  citizen.trust_gain:\n  fast_word:\n"
        f"outputs: {{groups: [all, quintile], every: {every}}}\n",
        encoding="utf-8",
    )
    return path


def start(file: Path, out: Path, workers: int) -> subprocess.Popen[bytes]:
    """A sweep in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "dealsim", "sweep", str(file), "--out", str(out), "--workers", str(workers), "--quiet"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def children_of(pid: int) -> list[int]:
    """The processes that a sweep started, dask's workers among them."""
    import psutil

    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def kill(process: subprocess.Popen[bytes], chance: random.Random) -> str:
    """Kill the parent, or one of its workers, at once and without warning."""
    workers = children_of(process.pid)
    if workers and chance.random() < 0.4:
        victim = chance.choice(workers)
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        return "worker"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    return "parent"


def tables(out: Path) -> list[bytes]:
    """The tables of the one sweep below a folder."""
    return [(out / "sweep-killed" / name).read_bytes() for name in TABLES]


def killed_until_done(file: Path, out: Path, workers: int, seed: int, longest: float, most: int) -> int:
    """Go on with a sweep after each kill until it ends by itself; how often it was killed."""
    chance = random.Random(seed)
    kills = 0
    while True:
        process = start(file, out, workers)
        while kills < most:
            try:
                process.wait(chance.uniform(0.0, longest))
                break
            except subprocess.TimeoutExpired:
                kills += 1
                if kill(process, chance) == "parent":
                    break
        if kills >= most or process.returncode is None or process.returncode >= 0:
            said, _ = process.communicate(timeout=600)
            if process.returncode == 0:
                return kills
            if process.returncode is not None and process.returncode > 0:
                raise AssertionError(f"seed {seed}: ended with {process.returncode}: {said.decode()}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--a-sweep", type=int, default=8, help="kills of one sweep, at most")
    options.add_argument("--size", type=int, default=300)
    options.add_argument("--years", type=int, default=1)
    options.add_argument("--points", type=int, default=12)
    options.add_argument("--replicates", type=int, default=2)
    options.add_argument("--longest", type=float, default=5.0, help="longest wait before a kill, in seconds")
    options.add_argument("--workers", type=int, default=2)
    asked = options.parse_args()
    began = time.time()
    with tempfile.TemporaryDirectory() as room:
        root = Path(room)
        file = sweep_file(root, asked.size, asked.years, asked.points, asked.replicates)
        undisturbed = start(file, root / "undisturbed", asked.workers)
        undisturbed.communicate(timeout=3600)
        expected = tables(root / "undisturbed")
        print(f"undisturbed: {time.time() - began:.0f} s", flush=True)
        done = sweeps = 0
        while done < asked.kills:
            out = root / f"sweep{sweeps}"
            done += killed_until_done(
                file, out, asked.workers, sweeps, asked.longest, min(asked.a_sweep, asked.kills - done)
            )
            sweeps += 1
            if tables(out) != expected:
                raise AssertionError(f"sweep {sweeps - 1} differs after its kills")
            shutil.rmtree(out)
            print(
                f"{done} kills of {sweeps} sweeps, all tables equal to the byte; {time.time() - began:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
