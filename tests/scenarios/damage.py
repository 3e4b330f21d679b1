"""Scenario files damaged at random, read as a user's would be: `python -m tests.scenarios.damage SEED COUNT`.

It prints what became of them as JSON; a process of its own, so that its memory is that of reading and nothing else.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from dealsim.errors import InputError
from dealsim.places import shipped
from dealsim.scenarios import load, shipped_names

PLACES = shipped("wigan").place_names
TOKENS = [
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"- ",
    b"\n",
    b"\t",
    b"&a ",
    b"*a",
    b"!!int ",
    b"<<: ",
    b"#",
    b"'",
    b'"',
    b"|",
    b">",
    b"%YAML 1.1\n",
    b"---\n",
    b"null",
    b"true",
    b".nan",
    b"1e999",
    b"-",
    b"9" * 5000,
    b"\x00",
    b"\xff",
    b"\xe2\x80\xae",
    b"\xed\xa0\x80",
    b"2013-02-30",
    b"0000-00",
    b"9999-12-31",
    b"lever",
    b"default",
    b"{}",
    b"[]",
    b'"\\ud800"',
    b'"\\0one"',
    b"? ",
    b"extends: deal\n",
    b"police",
    b"\r",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
]


def damaged(pick: random.Random, whole: bytes) -> bytes:
    """A file after one to six random changes of bytes, tokens or lines."""
    content = bytearray(whole)
    for _ in range(pick.randint(1, 6)):
        at = pick.randrange(len(content) + 1)
        kind = pick.randrange(8)
        if kind == 0:
            del content[at : at + pick.choice((1, 2, 10, 300))]
        elif kind == 1:
            content[at:at] = pick.choice(TOKENS)
        elif kind == 2:
            content[at : at + 1] = bytes([pick.randrange(256)])
        elif kind == 3:
            content[at : at + pick.randint(1, 8)] = pick.choice(TOKENS)
        elif kind == 4:
            end = at + pick.randint(1, 200)
            content[at:at] = content[at:end] * pick.choice((1, 1, 1, 20))
        else:
            lines = bytes(content).split(b"\n")
            one, other = pick.randrange(len(lines)), pick.randrange(len(lines))
            if kind == 5:
                lines[one], lines[other] = lines[other], lines[one]
            elif kind == 6:
                lines.insert(one, lines[other])
            else:
                lines[one] = b" " * pick.randrange(6) + lines[one].strip()
            content = bytearray(b"\n".join(lines))
    return bytes(content)


def read(path: Path) -> str:
    """Load the file and spread it over weeks, or have it refused; whether it was, showing no control character."""
    try:
        load(path).policy(60, PLACES)
    except InputError as error:
        for problem in error.problems:
            assert problem.startswith((str(path), *(f"{name}.yaml" for name in shipped_names()))), problem
            assert all(char.isprintable() or char == "\n" for char in problem), problem
        return "refused"
    return "read"


def survey(seed: int, count: int) -> dict[str, object]:
    """What became of so many damaged files: read or refused, the slowest in seconds, the memory at its peak."""
    pick = random.Random(seed)
    whole = [load(name).text.encode() for name in shipped_names()]
    ends: Counter[str] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mine.yaml"
        for _ in range(count):
            path.write_bytes(damaged(pick, pick.choice(whole)))
            began = time.perf_counter()
            ends[read(path)] += 1
            slowest = max(slowest, time.perf_counter() - began)
    return {**ends, "slowest": round(slowest, 3), "peak_mb": _peak_mb()}


def _peak_mb() -> float | None:
    """The most memory this program has held, where the system says so (`ru_maxrss` would count who started it)."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    peak = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM:"))
    return round(int(peak.split()[1]) / 1e3, 1)


if __name__ == "__main__":
    print(json.dumps(survey(int(sys.argv[1]), int(sys.argv[2]))))
