"""Where everything lies in the package, top to bottom: the order of imports and the table of the architecture page.

It imports nothing of the package; it reads the modules as text.
"""

from __future__ import annotations

import ast
from pathlib import Path

LAYERS = (
    "errors",
    "version",
    "text",
    "declare",
    "compiled",
    "calendar",
    "chance",
    "curves",
    "agents",
    "levers",
    "network",
    "parameters",
    "places",
    "people",
    "borough",
    "scenarios",
    "tally",
    "scratch",
    "processes",
    "week",
    "metrics",
    "engine",
    "checkpoints",
    "starts",
    "plans",
    "model",
    "summary",
    "results",
    "runs",
    "store",
    "doctor",
    "show",
    "__init__",
    "__main__",
)
"""The modules and packages of dealsim, each importing only from those above it."""

_PACKAGE = Path(__file__).resolve().parents[1]


def modules_of(layer: str) -> list[Path]:
    """The files of a layer: one module, or all of a package."""
    if (_PACKAGE / f"{layer}.py").exists():
        return [_PACKAGE / f"{layer}.py"]
    return sorted((_PACKAGE / layer).glob("*.py"))


def said_of(path: Path) -> str:
    """The first sentence a module says of itself, without its full stop."""
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(said.split("\n\n")[0].split()).rstrip(".")


def layout_table() -> str:
    """Every module in the order of imports, with what it says of itself."""
    lines = ["| Module | What it is |", "| --- | --- |"]
    for layer in LAYERS:
        for path in modules_of(layer):
            said = said_of(path)
            if said:
                name = path.relative_to(_PACKAGE).as_posix()
                lines.append(f"| `{name}` | {said.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"
