"""Where everything lies in the package, top to bottom: the order of imports and the table of the architecture page.

It imports nothing of the package; it reads the modules as text.
"""

from __future__ import annotations

import ast
from pathlib import Path

LAYERS = (
    "errors",
    "text",
    "version",
    "browser",
    "declare",
    "calendar",
    "compiled",
    "chance",
    "curves",
    "agents",
    "levers",
    "network",
    "parameters",
    "calibration",
    "places",
    "people",
    "rows",
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
    "analysis.doubt",
    "plans",
    "agents.view",
    "model",
    "summary",
    "analysis",
    "patterns",
    "results",
    "runs",
    "store",
    "sweeps",
    "workbench",
    "doctor",
    "show",
    "web",
    "__init__",
    "__main__",
)
"""The modules and packages of dealsim, each importing only from those above it.

A module named with its package (`agents.view`) has a place of its own, away from the rest of the package.
"""

_PACKAGE = Path(__file__).resolve().parents[1]


def layer_of(name: str) -> str:
    """The layer of a module, by its name inside the package: its own, or that of its package."""
    return name if name in LAYERS else name.split(".")[0]


def modules_of(layer: str) -> list[Path]:
    """The files of a layer: one module, or all of a package that have no layer of their own."""
    path = _PACKAGE.joinpath(*layer.split("."))
    if path.with_suffix(".py").exists():
        return [path.with_suffix(".py")]
    return [found for found in sorted(path.glob("*.py")) if layer_of(f"{layer}.{found.stem}") == layer]


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
