"""The same bits on every processor: nothing in the kernel whose last bit depends on the machine."""

from __future__ import annotations

import ast

import pytest

from tests.shape.package import KERNEL, layer_of, modules, tree_of

UNSAFE = {
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "power", "pow", "float_power", "tanh", "sinh", "cosh",
    "sin", "cos", "tan", "arctan", "arcsin", "arccos", "dot", "matmul", "inner", "vdot", "tensordot", "expit",
    "cbrt", "logaddexp", "erf", "gamma", "lgamma",
}  # fmt: skip
"""Library functions whose last bit differs between processors (or, for products of arrays, between thread counts)."""

KERNEL_MODULES = [name for name in modules() if layer_of(name) in KERNEL]


DRAWS_SAMPLES = ("sweeps.designs", "analysis")
"""Where seeded generators may be made: for designs and for resampling what was lived, never for a life."""


@pytest.mark.parametrize("name", modules())
def test_numpys_random_numbers_are_never_used_in_the_model(name):
    may_draw = name.startswith(DRAWS_SAMPLES)
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("np.random", "numpy.random"):
            allowed = may_draw and node.attr in ("default_rng", "Generator")
            assert allowed, f"dealsim.{name} line {node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("default_rng"):
            assert node.args, f"dealsim.{name} line {node.lineno}: no generator without a seed"


@pytest.mark.parametrize("name", KERNEL_MODULES)
def test_the_kernel_uses_no_function_whose_last_bit_varies(name):
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("np", "numpy", "math", "scipy.special"):
            assert node.attr not in UNSAFE, f"dealsim.{name} line {node.lineno} uses {ast.unparse(node)}"
        assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)), (
            f"dealsim.{name} line {node.lineno} multiplies arrays with @"
        )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "dot":
            pytest.fail(f"dealsim.{name} line {node.lineno} uses .dot")


@pytest.mark.parametrize("name", KERNEL_MODULES)
def test_the_kernel_raises_only_to_whole_powers_outside_tables(name):
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            base = node.left.value if isinstance(node.left, ast.Constant) else None
            whole = isinstance(node.right, ast.Constant) and isinstance(node.right.value, int)
            assert whole or base in (2, 2.0), f"dealsim.{name} line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("name", modules())
def test_nothing_walks_over_a_set(name):
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.For | ast.comprehension):
            walked = node.iter
            is_set = isinstance(walked, ast.Set | ast.SetComp) or (
                isinstance(walked, ast.Call) and ast.unparse(walked.func) in ("set", "frozenset")
            )
            assert not is_set, f"dealsim.{name} line {walked.lineno}: the order of a set is not fixed; sort it"


@pytest.mark.parametrize("name", modules())
def test_nothing_is_evaluated_or_unpickled(name):
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("eval", "exec", "pickle.load", "pickle.loads", "yaml.load", "hash", "id"), (
                f"dealsim.{name} line {node.lineno} calls {called}"
            )
