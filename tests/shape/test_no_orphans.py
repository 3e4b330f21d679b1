"""Nothing is declared that no code uses: rules, parameters, columns, decisions of chance."""

from __future__ import annotations

import ast
from collections import Counter
from functools import lru_cache

import pytest

from dealsim import chance
from dealsim.parameters import every_parameter
from tests.shape.package import layer_of, modules, tree_of
from tests.shape.test_declarations import COLUMNS, RULES

ENGINE = [name for name in modules() if layer_of(name) not in ("show", "scenarios", "__main__")]


@lru_cache
def uses(*, by_name: bool = False) -> Counter[str]:
    """How often each name is read in the engine, as an attribute or alone; `by_name` counts text such as "trust" too."""
    found: Counter[str] = Counter()
    for name in ENGINE:
        for node in ast.walk(tree_of(name)):
            if isinstance(node, ast.Attribute):
                found[node.attr] += 1
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found[node.id] += 1
            elif by_name and isinstance(node, ast.Constant) and isinstance(node.value, str):
                found[node.value] += 1
    return found


WEIGHTS = {f"citizen.weight_{kind}" for kind in ("health", "adult_social_care", "children_and_families", "housing",
                                                  "police", "employment_and_welfare")}  # fmt: skip
"""Read as a family, by name."""


@pytest.mark.parametrize("name", [name for name in every_parameter() if name not in WEIGHTS])
def test_some_rule_reads_the_parameter(name):
    assert uses()[name.split(".")[1]], f"{name} is read nowhere: delete it, or give it its rule"


@pytest.mark.parametrize("name", COLUMNS)
def test_some_process_uses_the_column(name):
    assert uses(by_name=True)[name.split(".")[1]], f"{name} is used nowhere"


DECISIONS = [n for n, v in vars(chance).items() if n.isupper() and type(v) is int and n[0] != "_"]


@pytest.mark.parametrize("name", RULES)
def test_some_process_or_rule_calls_the_rule(name):
    rule = name.split(".")[1]
    assert uses()[rule], f"{name} is called nowhere"


@pytest.mark.parametrize("name", DECISIONS)
def test_some_code_asks_the_decision(name):
    assert uses()[name], f"the decision {name} is asked nowhere"
