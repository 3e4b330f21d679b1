"""How well a sweep uses its workers, and whether its memory stays flat.

    python benchmarks/sweeps.py speed      two workers against one, and what scheduling costs
    python benchmarks/sweeps.py memory     memory of all processes over 100,000 runs

Figures are ratios within one run of this script; a busy machine makes them worse, never better.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time

import psutil

from dealsim.sweeps.carrying_out import carry_out
from dealsim.sweeps.plan import plan_sweep


def asked(name: str, size: int, years: int, points: int, replicates: int) -> dict:
    """A sweep of two levers: every run starts from the one borough of its seed."""
    return {
        "name": name,
        "base": "deal",
        "size": size,
        "years": years,
        "replicates": replicates,
        "design": {"kind": "latin_hypercube", "points": points},
        "factors": {"blame_culture": {}, "permission_to_innovate": {}},
    }


def speed(runs: int, size: int) -> dict:
    """The same sweep with one worker and with two, one after another, each from its first batch to its last."""
    found = {}
    seconds_a_run = 0.0
    for workers in (1, 2, 1, 2):
        with tempfile.TemporaryDirectory() as room:
            marks: list[tuple[float, int]] = []
            began = time.perf_counter()
            results = carry_out(
                plan_sweep(asked("speed", size, 10, runs, 1)), workers=workers, out=room,
                progress=lambda seen, marks=marks: marks.append((time.perf_counter(), seen.done)),
            )  # fmt: skip
            whole = time.perf_counter() - began
            working = results.timings["seconds"].sum()
            seconds_a_run = float(results.timings["seconds"].median())
        # from the first batch that came back to the last one: the workers' start is told apart
        (first, done), (last, every) = next(m for m in marks if m[1]), marks[-1]
        kept = found.setdefault(workers, {"rate": 0.0})
        rate = (every - done) / (last - first)
        if rate > kept["rate"]:
            found[workers] = {
                "rate": rate, "start_seconds": first - began, "whole_seconds": whole,
                "overhead": 1 - rate * working / every / workers,
            }  # fmt: skip
    return {
        "runs": runs,
        "seconds_a_run": seconds_a_run,
        "speed_up": found[2]["rate"] / found[1]["rate"],
        "workers": found,
    }


def memory(runs: int) -> dict:
    """Memory of the sweep and its workers as it goes on, in MB, at each tenth of the way."""
    me = psutil.Process()
    seen_at: dict[int, dict[str, float]] = {}

    def look(seen) -> None:
        tenth = 10 * seen.done // seen.wanted
        if tenth not in seen_at:
            workers = [child.memory_info().rss for child in me.children(recursive=True)]
            seen_at[tenth] = {
                "runs": seen.done, "parent": me.memory_info().rss / 1e6, "largest_worker": max(workers, default=0) / 1e6,
                "seconds": seen.seconds,
            }  # fmt: skip

    with tempfile.TemporaryDirectory() as room:
        began = time.perf_counter()
        carry_out(plan_sweep(asked("memory", 60, 1, runs // 10, 10)), workers=2, out=room, progress=look)
        after = me.memory_info().rss / 1e6
        whole = time.perf_counter() - began
    return {"runs": runs, "seconds": whole, "after_the_tables": after, "tenths": seen_at}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("speed", "memory"))
    options.add_argument("--runs", type=int)
    options.add_argument("--size", type=int, default=800, help="citizens; 800 make a run of about 0.1 s")
    chosen = options.parse_args()
    found = speed(chosen.runs or 600, chosen.size) if chosen.what == "speed" else memory(chosen.runs or 100_000)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
