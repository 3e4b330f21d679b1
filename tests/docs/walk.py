"""Walks a page: does what its blocks say, from top to bottom, in the folder it is started in.

It is a program of its own (`python walk.py PAGE FOLDER_FOR_COMMANDS`), so that a page's Python has its names to itself and finds
the package that the page has changed; `test_pages.py` starts it. What each kind of block means stands in `walk`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SMALLER = "--size 600 --replicates 2"
"""What is added to each `dealsim run` and `dealsim compare` of a page: the last word on a size wins. This and what
follows are the one place in which the pages are made smaller than they say."""
SMALLER_ENSEMBLE = "--size 600 --ensemble 2 --replicates 4"
"""The same for a run or a comparison over parameter sets, each of which needs two lives."""
SMALLER_SWEEP = "--size 400 --years 1"
"""The same for each `dealsim sweep`, whose replicates and points a page may go on to count."""

NOT_RUN = {
    "python3 -m venv .venv": "installs over the network; `.ci/run` does the second such line of the README",
    "py -3 -m venv .venv": "PowerShell, which says of itself that it is untested",
    "python experiments/07_calibration.py": "takes more than an hour; `tests/docs/test_experiments.py` runs the study small",
    "dealsim serve": "goes on until it is stopped; `tests/web` serves the page and uses it",
    "dealsim pack": "takes half an hour; `tests/web/test_pack.py` packs a small one",
    "dask scheduler": "needs a cluster and goes on until it is stopped; `tests/sweeps/test_workers.py` starts a small one",
}
"""How a block that is not run begins, and why it is not."""

READ_ONLY = ("text",)
"""Languages of blocks that show something. Right after commands, they show what these print, and are held to it."""

FENCE = re.compile(
    r"(?:<!-- ends with (?P<code>\d+) -->\n)?"
    r'^```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """One fenced block of a page."""

    where: str
    language: str
    title: str
    text: str
    ends_with: int
    follows: bool
    """True where nothing but white space stands between it and the block before."""


def blocks_of(page: Path, name: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    told = page.read_text(encoding="utf-8")
    found, end = [], -1
    for at, fence in enumerate(FENCE.finditer(told), 1):
        follows = end >= 0 and not told[end : fence.start()].strip()
        where = f"{name}, block {at} (line {told.count(chr(10), 0, fence.start()) + 1})"
        found.append(
            Block(where, fence["language"], fence["title"] or "", fence["text"], int(fence["code"] or 0), follows)
        )
        end = fence.end()
    return found


def why_not_run(block: Block) -> str:
    """The reason why a block is not run, or nothing."""
    return next((why for start, why in NOT_RUN.items() if block.text.startswith(start)), "")


def changes_the_package(blocks: list[Block]) -> bool:
    """Whether a page changes files of the project, and so must be walked in a copy of it."""
    return any(block.title.startswith(("dealsim/", "tests/")) for block in blocks)


def patched(text: str, change: str, where: str) -> str:
    """A text after a change: lines with `-` go, lines with `+` come, the others say where.

    `…` stands for the rest of a line; alone on a line it parts two places of one file.
    """
    lines = text.splitlines(keepends=True)
    for part in re.split(r"^…\n", change, flags=re.MULTILINE):
        steps = part.splitlines(keepends=True)
        old = [".*".join(map(re.escape, step[1:].split("…"))) for step in steps if step[0] in " -"]
        found = [at for at in range(len(lines)) if all(map(re.fullmatch, old, lines[at : at + len(old)]))]
        assert len(found) == 1, f"{where}: these lines stand {len(found)} times in the file:\n{part}"
        kept = iter(lines[found[0] : found[0] + len(old)])
        new = [step[1:] if step[0] == "+" else next(kept) for step in steps]
        lines[found[0] : found[0] + len(old)] = [line for line, step in zip(new, steps, strict=True) if step[0] != "-"]
    return "".join(lines)


def walk(blocks: list[Block]) -> None:
    """Do what each block says.

    `sh` runs as it stands (and must end well, or as a comment before it says); `python` runs in one and the same
    session; a `yaml`, `csv` or `python` block with a title is that file; a `diff` changes the file of its title.
    """
    names: dict[str, object] = {"__name__": "__main__"}
    printed = ""
    for block in blocks:
        if why_not_run(block):
            continue
        print(f"== {block.where}", flush=True)
        if block.language == "sh":
            printed = run(block)
        elif block.language == "diff":
            file = Path(block.title)
            file.write_text(patched(file.read_text(encoding="utf-8"), block.text, block.where), encoding="utf-8")
        elif block.title:
            Path(block.title).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            exec(compile(block.text, block.where, "exec"), names)
        elif block.language in READ_ONLY and block.follows:
            for line in block.text.splitlines():
                parts = [part.strip() for part in line.split("…")]
                pattern = ".*".join(re.escape(part) for part in parts)
                assert re.search(pattern, printed), f"{block.where}: this is not printed: {line}\nbut:\n{printed}"


def run(block: Block) -> str:
    """Run a shell block and give back all it printed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print(done.stdout, flush=True)
    assert done.returncode == block.ends_with, f"{block.where} ended with {done.returncode}, not {block.ends_with}"
    return done.stdout


def put_on_path(folder: Path) -> None:
    """Let `dealsim` and `python` in a shell block be those of this interpreter, and runs small."""
    folder.mkdir(exist_ok=True)
    python = f'exec "{sys.executable}" -W error'
    lives = f'case " $* " in *" --ensemble "*) set -- "$@" {SMALLER_ENSEMBLE};; *) set -- "$@" {SMALLER};; esac'
    small = f'case "$1" in run|compare) {lives};; sweep) set -- "$@" {SMALLER_SWEEP};; esac'
    for name, text in {"python": f'{python} "$@"', "dealsim": f'{small}\n{python} -m dealsim "$@"'}.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


if __name__ == "__main__":
    put_on_path(Path(sys.argv[2]))
    walk(blocks_of(ROOT / sys.argv[1], sys.argv[1]))
