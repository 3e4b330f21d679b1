"""How fast the engine is, against what it promises: `python benchmarks/engine.py [--json] [--quick] [--page]`.

Everything is measured in one go on one machine: the whole borough through ten years of the `deal` scenario with
weekly observation, a tenth of it, twice the years, the plain object twin of the tests, two processes beside each
other, compiling from nothing, and the command line's help. Boroughs start from the model's own burn-in: a borough
without needs or queues would live its weeks faster than a real one.
"""

from __future__ import annotations

import argparse
import datetime
import json
import multiprocessing
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

PAGE = ROOT / "docs" / "performance.md"
SCENARIO = "deal"
FULL = {"citizens": 330_000, "tenth": 33_000, "weeks": 520, "twin": 1000, "twin_weeks": 8, "helps": 5}
QUICK = {"citizens": 3000, "tenth": 1000, "weeks": 26, "twin": 100, "twin_weeks": 4, "helps": 2}

TARGETS = {
    "seconds": ("Whole borough, ten years", "s", "≤", 8.0),
    "build_seconds": ("Build of people and network", "s", "≤", 3.0),
    "peak_mb": ("Peak memory", "MB", "≤", 600.0),
    "seconds_33k": ("A tenth of the borough, ten years", "s", "≤", 0.8),
    "twin_ratio": ("Against the plain object twin, per citizen and week", "times", "≥", 200.0),
    "two_process_speedup": ("Two processes against one", "times", "≥", 1.9),
    "compile_seconds": ("First use ever: compile, build and burn in a tiny borough", "s", "≤", 30.0),
    "help_seconds": ("`dealsim --help`", "s", "≤", 0.3),
}
"""What is promised: label, unit, direction, figure."""


def start_of(citizens: int) -> Any:
    """A borough of that size at week 0."""
    from dealsim.engine import burn_in
    from dealsim.places import shipped

    return burn_in(shipped("wigan"), citizens, 1)


def life(world: Any, weeks: int) -> float:
    """Seconds that so many observed weeks of the scenario take from there."""
    from dealsim.engine import branch, live
    from dealsim.scenarios import load

    policy = load(SCENARIO).policy(weeks, world.borough.place_names)
    branched = branch(world, policy, 2, weeks)
    began = time.perf_counter()
    live(branched)
    return time.perf_counter() - began


def peak_mb() -> float:
    """The most memory this process ever held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def whole_borough(size: dict[str, int]) -> dict[str, float]:
    """Build, live and weigh the whole borough; compiled code is warm before the first clock starts."""
    from dealsim.borough import build
    from dealsim.places import shipped

    life(start_of(400), 13)
    place = shipped("wigan")
    began = time.perf_counter()
    build(place, size["citizens"], 1)
    built = time.perf_counter() - began
    seconds = life(start_of(size["citizens"]), size["weeks"])
    return {"seconds": seconds, "build_seconds": built, "peak_mb": peak_mb()}


def tenth_of_it(size: dict[str, int]) -> dict[str, float]:
    """A tenth of the borough for the same weeks (the better of three) and for twice as many."""
    start = start_of(size["tenth"])
    once = min(life(start, size["weeks"]) for _ in range(3))
    return {"seconds_33k": once, "twice_the_weeks": min(life(start, 2 * size["weeks"]) for _ in range(2))}


def twin(size: dict[str, int]) -> float:
    """Seconds a citizen and week that the plain object twin takes."""
    from dealsim.engine import branch
    from dealsim.scenarios import load
    from tests.twin import Twin

    start, weeks = start_of(size["twin"]), size["twin_weeks"]
    policy = load(SCENARIO).policy(weeks, start.borough.place_names)
    plain = Twin(branch(start, policy, 2, weeks))
    began = time.perf_counter()
    for _ in range(weeks):
        plain.step()
    return (time.perf_counter() - began) / size["twin"] / weeks


def _worker(citizens: int, weeks: int, runs: int, ready: Any, go: Any, done: Any) -> None:
    start = start_of(citizens)
    life(start, 4)
    ready.put(True)
    go.wait()
    for _ in range(runs):
        life(start, weeks)
    done.put(True)


def processes_beside(size: dict[str, int], processes: int, runs: int) -> float:
    """Seconds for `runs` lives in all, shared between so many processes that are warm and wait for the start."""
    spawn = multiprocessing.get_context("spawn")
    ready, done, go = spawn.Queue(), spawn.Queue(), spawn.Event()
    workers = [
        spawn.Process(target=_worker, args=(size["tenth"], size["weeks"], runs // processes, ready, go, done))
        for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    for _ in workers:
        ready.get()
    began = time.perf_counter()
    go.set()
    for _ in workers:
        done.get()
    seconds = time.perf_counter() - began
    for worker in workers:
        worker.join()
    return seconds


def compiling() -> float:
    """Seconds from an empty cache to a tiny borough at week 0."""
    code = (
        "from dealsim.engine import burn_in; from dealsim.places import shipped; "
        "burn_in(shipped('wigan'), 400, 1, weeks=13)"
    )
    with tempfile.TemporaryDirectory() as empty:
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", code], check=True, cwd=ROOT, env={**os.environ, "DEALSIM_CACHE_DIR": empty}
        )
        return time.perf_counter() - began


def help_page() -> float:
    """Seconds for the help of the command line."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "dealsim", "--help"], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def measured(size: dict[str, int], compile_too: bool, tell: Any) -> dict[str, Any]:
    """Every figure, and the ratios that should stay near 1."""
    tell("the whole borough")
    whole = whole_borough(size)
    tell("a tenth of it")
    tenth = tenth_of_it(size)
    tell("the plain object twin")
    plain = twin(size)
    tell("one process, then two")
    alone, beside = processes_beside(size, 1, 2), processes_beside(size, 2, 2)
    tell("compiling from nothing")
    compiled = compiling() if compile_too else None
    tell("the help page")
    helped = statistics.median(help_page() for _ in range(size["helps"]))
    citizen_weeks = size["citizens"] * size["weeks"]
    per_citizen_week = whole["seconds"] / citizen_weeks
    tenth_per_citizen_week = tenth["seconds_33k"] / size["tenth"] / size["weeks"]
    return {
        "citizens": size["citizens"],
        "weeks": size["weeks"],
        **whole,
        "seconds_33k": tenth["seconds_33k"],
        "twin_ratio": plain / per_citizen_week,
        "two_process_speedup": alone / beside,
        "compile_seconds": compiled,
        "help_seconds": helped,
        "agent_weeks_per_second": citizen_weeks / whole["seconds"],
        "ratios": {
            "citizen_week_330k_against_33k": per_citizen_week / tenth_per_citizen_week,
            "week_1040_against_520": tenth["twice_the_weeks"] / tenth["seconds_33k"] / 2.0,
        },
    }


def processor() -> str:
    """The processor's own name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def rows_of(figures: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """What was measured, the target, the figure, and whether the target is met."""
    rows = []
    for name, (label, unit, direction, target) in TARGETS.items():
        value = figures[name]
        if value is None:
            rows.append((label, f"{direction} {target:g} {unit}", "not measured", ""))
            continue
        met = value <= target if direction == "≤" else value >= target
        rows.append((label, f"{direction} {target:g} {unit}", f"{value:.3g} {unit}", "met" if met else "missed"))
    ratios = figures["ratios"]
    for name, label in (
        ("citizen_week_330k_against_33k", "Time of a citizen and week: whole borough against a tenth"),
        ("week_1040_against_520", "Time of a week: twice the weeks against once"),
    ):
        rows.append((label, "about 1", f"{ratios[name]:.2f}", ""))
    rows.append(("Citizens and weeks lived a second", "", f"{figures['agent_weeks_per_second'] / 1e6:.1f} million", ""))
    return rows


def page_of(figures: dict[str, Any]) -> str:
    """The page `docs/performance.md`."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("numba", "numpy", "mesa"))
    lines = [
        "# Performance",
        "",
        "Written by `python benchmarks/engine.py --page`; all figures from one run.",
        "",
        f"- Date: {datetime.datetime.now(datetime.UTC).date().isoformat()}",
        f"- Machine: {processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        f"- Versions: Python {platform.python_version()}, {versions}",
        f"- {figures['citizens']:,} citizens, {figures['weeks']} weeks of the scenario `{SCENARIO}`, observed weekly, "
        "one core, compiled code cached",
        "- Each borough starts from the model's own burn-in, which is not in the time",
        "",
        "| What | Target | Measured | |",
        "|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows_of(figures)),
        "",
        "The plain object twin is the same model as ordinary Mesa objects (`tests/twin.py`), equal to the engine bit for",
        f"bit; it is timed with {FULL['twin']:,} citizens for {FULL['twin_weeks']} weeks and compared per citizen and week.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    reader = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    reader.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    reader.add_argument("--quick", action="store_true", help="tiny sizes and nothing compiled anew: only to try it out")
    reader.add_argument("--page", action="store_true", help=f"also write {PAGE.relative_to(ROOT)}")
    asked = reader.parse_args()
    if asked.page and asked.quick:
        reader.error("the page is written from a full measurement only: leave out --quick")

    def tell(stage: str) -> None:
        print(f"measuring {stage}", file=sys.stderr)

    figures = measured(QUICK if asked.quick else FULL, not asked.quick, tell)
    if asked.page:
        PAGE.write_text(page_of(figures), encoding="utf-8", newline="\n")
    if asked.json:
        print(json.dumps(figures))
        return
    rows = rows_of(figures)
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
