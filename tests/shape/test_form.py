"""Form: how long modules are, what they say of themselves, what the package offers."""

from __future__ import annotations

import ast
import re

import pytest

from tests.shape.package import modules, tree_of

LONGEST = 900


@pytest.mark.parametrize("name", modules())
def test_a_module_is_short_enough_to_read(name):
    lines = len(modules()[name].read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"dealsim.{name} has {lines} lines; split it"


@pytest.mark.parametrize("name", [name for name in modules() if name != "agents"])
def test_a_module_says_what_it_is(name):
    assert ast.get_docstring(tree_of(name)), f"dealsim.{name} has no docstring"


@pytest.mark.parametrize("name", modules())
def test_public_functions_and_classes_say_what_they_do(name):
    for node in tree_of(name).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            said = ast.get_docstring(node)
            assert said, f"dealsim.{name}.{node.name} has no docstring"
            assert said.split("\n\n")[0].rstrip().endswith((".", ":")), (
                f"dealsim.{name}.{node.name}: the first sentence has no full stop"
            )


@pytest.mark.parametrize("name", modules())
def test_no_bare_todo(name):
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", modules()[name].read_text(encoding="utf-8")), f"dealsim.{name}"
