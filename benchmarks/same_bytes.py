"""The same bytes everywhere: one life, lived under settings that must not matter, and the hash of its state.

`python benchmarks/same_bytes.py [--python PATH …] [--size 2000] [--quick]` prints a row a setting and ends with
exit code 1 if any hash differs from the first.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

LIFE = """
import concurrent.futures, hashlib, sys
from dealsim.engine import branch, burn_in, live, state_hash
from dealsim.places import shipped
from dealsim.scenarios import load

size, weeks, workers = map(int, sys.argv[1:])
start = burn_in(shipped("wigan"), size, 5, weeks=60)
policy = load("deal").policy(weeks, start.borough.place_names)

def one(seed):
    world = live(branch(start, policy, seed, weeks))
    counted = hashlib.sha256()
    for column in world.record:
        counted.update(column.tobytes())
    return state_hash(world) + counted.hexdigest()

with concurrent.futures.ThreadPoolExecutor(workers) as pool:
    print(hashlib.sha256("".join(pool.map(one, range(1, 5))).encode()).hexdigest())
"""
"""Four lives from one burn-in: the hash of their last states and of everything that was counted."""

WIDE = ("AVX512", "AVX2", "FMA3")
"""Beginnings of the names of the processor features that are switched off."""
GLIBC = (
    "AVX512F", "AVX512VL", "AVX512BW", "AVX512DQ", "AVX512CD", "AVX512ER", "AVX512PF", "AVX2", "AVX2_Usable",
    "AVX_Usable", "FMA", "FMA_Usable", "FMA4",
)  # fmt: skip


def numpy_features() -> list[str]:
    """The wide features numpy chose to use on this processor, under the names it knows them by."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return [name for name in __cpu_dispatch__ if __cpu_features__.get(name) and switches_off(name)]


def switches_off(name: str) -> bool:
    """Whether a numpy feature stands for wide or fused arithmetic; numpy 2.4 and later name them by level."""
    return name.startswith(WIDE) or name in ("X86_V3", "X86_V4")


def settings(pythons: list[str]) -> list[tuple[str, str, dict[str, str], int]]:
    """What is tried: name, Python, environment, workers."""
    mask = " ".join(numpy_features())
    glibc = "glibc.cpu.hwcaps=" + ",".join(f"-{name}" for name in GLIBC)
    here = sys.executable
    tried: list[tuple[str, str, dict[str, str], int]] = [(f"repeat {n}", here, {}, 1) for n in (1, 2, 3)]
    tried += [(f"{n} workers", here, {}, n) for n in (2, 4)]
    tried += [(f"PYTHONHASHSEED={n}", here, {"PYTHONHASHSEED": str(n)}, 1) for n in (0, 1, 12345)]
    tried += [
        ("NUMBA_CPU_NAME=generic", here, {"NUMBA_CPU_NAME": "generic"}, 1),
        (f"NPY_DISABLE_CPU_FEATURES={mask}", here, {"NPY_DISABLE_CPU_FEATURES": mask}, 1),
        ("GLIBC_TUNABLES without AVX512, AVX2, FMA", here, {"GLIBC_TUNABLES": glibc}, 1),
        (
            "all of them off at once", here,
            {"NUMBA_CPU_NAME": "generic", "NPY_DISABLE_CPU_FEATURES": mask, "GLIBC_TUNABLES": glibc}, 2,
        ),
    ]  # fmt: skip
    return tried + [(f"Python {path}", path, {}, 1) for path in pythons]


def state_of(python: str, env: dict[str, str], size: int, weeks: int, workers: int, cache: str) -> str:
    """The hash of the four lives in a process of its own."""
    done = subprocess.run(
        [python, "-c", LIFE, str(size), str(weeks), str(workers)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "DEALSIM_CACHE_DIR": cache, **env},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if done.returncode:
        raise SystemExit(f"{python} with {env}: failed\n{done.stderr}")
    return done.stdout.strip().splitlines()[-1]


def main() -> int:
    """Try every setting and print a table."""
    reader = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    reader.add_argument("--python", action="append", default=[], help="another Python with dealsim's packages")
    reader.add_argument("--size", type=int, default=2000)
    reader.add_argument("--weeks", type=int, default=104)
    reader.add_argument("--quick", action="store_true", help="two settings only, to try it out")
    asked = reader.parse_args()
    warnings.simplefilter("ignore")
    tried = settings(asked.python)
    first = ""
    differing = 0
    with tempfile.TemporaryDirectory() as cache:
        for name, python, env, workers in tried[:2] if asked.quick else tried:
            found = state_of(python, env, asked.size, asked.weeks, workers, cache)
            first = first or found
            differing += found != first
            print(f"{name:<60}  {found[:16]}  {'equal' if found == first else 'DIFFERS'}", flush=True)
    print("all equal" if not differing else f"{differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
