"""Writes the small tables every study is held to: `results/expected`. Nothing else writes there.

Run it when results were meant to change, look at what moved, and say why under **Results change** in the changelog.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import study

HERE = Path(__file__).resolve().parent
EXPECTED = study.ROOT / "results" / "expected"


def studies() -> list[str]:
    """The numbered studies, by the name of their file."""
    return sorted(path.stem for path in HERE.glob("[0-9][0-9]_*.py"))


def tables_of(name: str, folder: Path) -> list[Path]:
    """Run one study small and write its tables as the study itself does."""
    found = importlib.import_module(name).main(study.TINY)
    return [study.write(table, folder, f"{name[:2]}_{title}") for title, table in found.items()]


def main() -> None:
    """Write every table anew, say which moved, and remove those that no study makes."""
    EXPECTED.mkdir(parents=True, exist_ok=True)
    before = {path.name: path.read_bytes() for path in EXPECTED.glob("*.csv")}
    made = {path.name for name in studies() for path in tables_of(name, EXPECTED)}
    for name in sorted(before.keys() | made):
        path = EXPECTED / name
        if name not in made:
            path.unlink()
            print(f"removed: {name}", file=sys.stderr)
        elif before.get(name) != path.read_bytes():
            print(f"{'changed' if name in before else 'new'}: {name}", file=sys.stderr)


if __name__ == "__main__":
    main()
