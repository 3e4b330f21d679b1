"""The package as text: every module's path, name and syntax tree, for tests that read the code."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

from dealsim.show.layout import LAYERS as LAYERS
from dealsim.show.layout import layer_of as layer_of

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "dealsim"

KERNEL = (
    "agents",
    "processes",
    "week",
    "engine",
    "borough",
    "people",
    "network",
    "chance",
    "curves",
    "levers",
    "tally",
    "scratch",
    "parameters",
    "calendar",
)
"""The modules whose numbers feed a decision, so that their last bit matters."""


def name_of(path: Path) -> str:
    """The dotted name of a module inside the package: `agents.citizen`, `week`, `scenarios`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)


@lru_cache
def modules() -> dict[str, Path]:
    """Every module of the package, by its name inside it."""
    return {name_of(path): path for path in sorted(PACKAGE.rglob("*.py")) if "__pycache__" not in path.parts}


@lru_cache
def tree_of(name: str) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(modules()[name].read_text(encoding="utf-8"))


def imports_of(name: str) -> list[tuple[int, str]]:
    """Every module that a module imports when it runs, with the line; imports for type checkers do not count."""
    found: list[tuple[int, str]] = []
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            skipped.update(inner for statement in node.body for inner in ast.walk(statement))
    for node in ast.walk(tree_of(name)):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno} imports by dots; write the full name"
            module = node.module or ""
            if module == "dealsim":  # `from dealsim import chance` may name a module or a public name
                found += [(node.lineno, f"dealsim.{a.name}") for a in node.names if a.name in modules()]
                found += [(node.lineno, "dealsim") for a in node.names if a.name not in modules()]
            else:
                found.append((node.lineno, module))
    return found


def own_imports_of(name: str) -> list[tuple[int, str]]:
    """The imports of other modules of the package, by their names inside it."""
    return [
        (line, target.removeprefix("dealsim").removeprefix(".") or "__init__")
        for line, target in imports_of(name)
        if target == "dealsim" or target.startswith("dealsim.")
    ]
