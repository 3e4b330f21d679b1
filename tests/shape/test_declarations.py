"""What is declared is declared well: parameters, columns, levers, rivals, rules."""

from __future__ import annotations

import importlib
import re

import numpy as np
import pytest

from dealsim import chance
from dealsim.compiled import interpreted, is_compiled
from dealsim.declare import GRADES, columns_of, parameters_of
from dealsim.levers import LEVERS, POLICY_COLUMNS
from dealsim.parameters import KINDS, RIVALS, every_parameter
from tests.shape.package import modules

KIND_MODULES = [name for name in modules() if name.startswith("agents.") and name != "agents.view"]
RECORDS = {
    thing.__name__: thing
    for name in KIND_MODULES
    for thing in vars(importlib.import_module(f"dealsim.{name}")).values()
    if isinstance(thing, type) and thing.__name__.endswith("Columns")
}
RULES = {
    f"{name.split('.')[1]}.{rule}": thing
    for name in KIND_MODULES
    for rule, thing in vars(importlib.import_module(f"dealsim.{name}")).items()
    if is_compiled(thing) and thing.py_func.__module__ == f"dealsim.{name}"
}
COLUMNS = {f"{record}.{name}": spec for record, kind in RECORDS.items() for name, spec in columns_of(kind).items()}
SOURCE = re.compile(r"^src-[a-z0-9]+(-[a-z0-9]+)*$")


@pytest.mark.parametrize("name", every_parameter())
def test_a_parameter_has_all_its_parts(name):
    spec, default = every_parameter()[name]
    assert spec.label and spec.unit and spec.symbol, f"{name} lacks a label, a unit or a symbol"
    assert spec.label[0].isupper(), f"{name}: a label begins with a capital"
    assert spec.grade in GRADES
    assert SOURCE.match(spec.source), f"{name}: '{spec.source}' is no source key"
    assert spec.low < spec.high, f"{name} cannot be varied"
    assert spec.low <= default <= spec.high, f"{name}: the default {default} lies outside its range"
    assert type(default) is float, f"{name}: write {default} as a float, or it compiles a second version"


@pytest.mark.parametrize("kind", KINDS)
def test_labels_are_unique_within_a_kind_but_for_shared_symbols(kind):
    labels = [spec.label for spec in parameters_of(KINDS[kind]).values()]
    assert len(set(labels)) == len(labels), f"two parameters of {kind} have one label"


@pytest.mark.parametrize("name", COLUMNS)
def test_a_columns_name_and_range_agree_with_its_type(name):
    spec = COLUMNS[name]
    dtype = np.dtype(spec.dtype)
    short = name.split(".")[1]
    assert spec.label and spec.unit, f"{name} lacks a label or a unit"
    if short.startswith(("is_", "has_")):
        assert dtype.kind in "bi" and (spec.low, spec.high) == (0, 1), f"{name}: is_ and has_ are 0 or 1"
    if short.startswith("n_"):
        assert dtype.kind in "iu", f"{name}: n_ counts, so it is a whole number"
    if short.endswith("_share"):
        assert dtype.kind == "f", f"{name}: a share is no whole number"
    if spec.unit == "0 or 1":
        assert dtype == np.int8 and (spec.low, spec.high) == (0, 1), f"{name}: 0 or 1 is int8 from 0 to 1"
    if spec.unit == "0–1":
        assert dtype.kind == "f" and (spec.low, spec.high) == (0, 1), f"{name}: 0–1 is a float from 0 to 1"
    if spec.unit in ("row", "number", "week", "people"):
        assert dtype.kind in "iu" or spec.unit in ("number", "people"), f"{name}: a {spec.unit} is a whole number"
    if dtype.kind in "iu":
        room = np.iinfo(dtype)
        assert (spec.low or 0) >= room.min and (spec.high or 0) <= room.max, f"{name} does not fit its type"


@pytest.mark.parametrize("record", RECORDS)
def test_every_kind_has_a_permanent_number(record):
    assert "id" in columns_of(RECORDS[record])


def test_symbols_are_unique_within_a_kind():
    for record, kind in RECORDS.items():
        symbols = [spec.symbol for spec in columns_of(kind).values() if spec.symbol]
        assert len(set(symbols)) == len(symbols), f"{record}: one symbol stands for two columns"


SHARED = {"a⁰", "τ⁰", "w⁰", "φ_M", "x"}
"""Symbols of one thing: a mean beside the column drawn from it, the old menu, the experiences by outcome."""


def test_a_symbol_stands_for_one_thing():
    told: dict[str, list[str]] = {}
    for name, spec in [*COLUMNS.items(), *((name, spec) for name, (spec, _) in every_parameter().items())]:
        if spec.symbol and spec.symbol not in SHARED:
            told.setdefault(spec.symbol, []).append(name)
    assert {symbol: names for symbol, names in told.items() if len(names) > 1} == {}


@pytest.mark.parametrize("name", LEVERS)
def test_a_lever_has_all_its_parts(name):
    lever = LEVERS[name]
    assert lever.label and lever.meaning and lever.unit
    assert lever.grade in GRADES
    assert SOURCE.match(lever.source)
    assert lever.varies_by in ("service", "place", "borough")
    if lever.is_number:
        assert lever.low <= lever.default <= lever.high


def test_the_literal_list_of_levers():
    assert list(LEVERS) == [
        "blame_culture", "permission_to_innovate", "community_investment", "asset_based_training",
        "place_based_working", "staff_communications", "public_communications", "communications_clarity",
        "citizen_leadership", "nerve", "services_in_deal", "leaders_holding_permission", "devolution",
        "commissioning", "budget_cut", "offloading", "link_workers",
    ]  # fmt: skip


@pytest.mark.parametrize("name", [name for name, lever in LEVERS.items() if lever.is_number])
def test_a_lever_has_a_column_in_the_policy_table(name):
    assert name in POLICY_COLUMNS


@pytest.mark.parametrize("name", RIVALS)
def test_a_rival_changes_declared_parameters_within_their_ranges(name):
    rival = RIVALS[name]
    assert rival.meaning and rival.changes
    for kind, parameter, value in rival.changes:
        spec, default = every_parameter()[f"{kind}.{parameter}"]
        assert spec.low <= value <= spec.high, f"{name}: {kind}.{parameter} = {value}"
        assert value != default, f"{name} changes nothing in {kind}.{parameter}"


@pytest.mark.parametrize("name", RULES)
def test_a_rule_states_its_equation_and_source(name):
    plain = interpreted(RULES[name])
    said = (RULES[name].py_func.__doc__ or "").strip()
    assert "\n\n" in said, f"{name} has no equation on a line of its own"
    equation = said.split("\n\n", 1)[1]
    assert re.search(r"\(src-[a-z0-9-]+(?:, src-[a-z0-9-]+)*\)", equation), f"{name} names no source"
    assert len(re.sub(r"\(src-[^)]*\)", "", equation).strip()) >= 3, f"{name} has no equation"
    assert plain.__code__.co_argcount <= 7, f"{name} takes {plain.__code__.co_argcount} values; split it"


def test_the_literal_list_of_rules_is_not_empty_in_any_kind():
    for module in KIND_MODULES:
        assert any(name.startswith(module.split(".")[1] + ".") for name in RULES), module


def test_decisions_are_numbered_once():
    numbers = {name: value for name, value in vars(chance).items() if name.isupper() and isinstance(value, int)}
    decisions = {name: value for name, value in numbers.items() if not name.startswith("_")}
    assert len(set(decisions.values())) == len(decisions), "two decisions share a number: their draws would be one"
