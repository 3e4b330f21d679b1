"""No orphan: every declared column is written by some code of the week or the building, and read by some.

It reads the code; that a value stays in its range is among the invariants.
"""

from __future__ import annotations

import ast
from functools import lru_cache

import numpy as np
import pytest

from dealsim.borough import COLUMNS_OF_KIND
from dealsim.declare import columns_of
from dealsim.engine import World, branch
from dealsim.levers import policy_of
from dealsim.metrics import HEADLINE, METRICS, series
from dealsim.parameters import Parameters, with_values
from tests.model.boroughs import small_world
from tests.shape.package import layer_of, modules, tree_of
from tests.worlds import life, rich_policy

COLUMNS = [f"{kind}.{name}" for kind, record in COLUMNS_OF_KIND.items() for name in columns_of(record)]
LIVING = {"week", "processes", "rows"}
BUILDING = LIVING | {"borough", "engine", "people", "network"}
READING = BUILDING | {"metrics", "tally", "rows"}
HOLDERS = {
    "citizens": {"citizens", "people", "columns", "c"},
    "staff": {"staff"},
    "teams": {"teams"},
    "services": {"services", "s"},
    "places": {"places"},
    "leadership": {"leadership"},
    "neighbourhoods": {"neighbourhoods"},
    "groups": {"groups"},
}
"""The names under which code holds the columns of a kind."""


@lru_cache
def uses(layers: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Which columns some code of these layers writes and which it reads, as `kind.column`.

    A column is written where it is assigned to, whole or by row, or added to; `a += b` is a write and no read.
    """
    written, read = set(), set()
    for module in modules():
        if layer_of(module) not in layers:
            continue
        tree = tree_of(module)
        targets = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign | ast.AugAssign):
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    for inner in ast.walk(target) if isinstance(target, ast.Tuple) else [target]:
                        if isinstance(inner, ast.Subscript) and isinstance(inner.value, ast.Attribute):
                            targets.add(inner.value)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                holder = node.value
                name = holder.id if isinstance(holder, ast.Name) else getattr(holder, "attr", "")
                for kind, holders in HOLDERS.items():
                    if name in holders:
                        (written if node in targets else read).add(f"{kind}.{node.attr}")
    return frozenset(written), frozenset(read)


WRITTEN_BY_NAME = {
    *(f"citizens.{name}" for name in ("neighbourhood", "cell", "household", "speaks_for", "place", "fifth", "age_band",
                                      "deprivation", "long_term_condition", "carer")),
    *(f"citizens.{name}" for name in ("first_contact", "last_met", "last_changed")),
    *(f"staff.{name}" for name in ("skill", "fear", "hope", "value", "credibility")),
}  # fmt: skip
"""Columns that the building fills by name in a loop over names."""
KEPT_FOR_PEOPLE = {
    "citizens.cell": "says where a person lives; `patch`, made from it, decides the team",
    "citizens.household": "who lives together; read when ties are drawn",
    "citizens.episode": "tells a story which of a person's episodes an event belongs to",
    "neighbourhoods.deprivation": "for pages and graphs of neighbourhoods",
    "services.programme_cost": "read by the budget",
}
"""Columns whose only reader is a page, a graph or the building, with the reason they are kept."""


@pytest.mark.parametrize("name", [name for name in COLUMNS if name != "leadership.id"])  # of one row, whose number is 0
def test_some_code_writes_the_column(name):
    assert name in uses(frozenset(BUILDING))[0] | WRITTEN_BY_NAME, f"{name} is never written: it stays nought"


MOVING = [
    f"{kind}.{name}"
    for kind, record in COLUMNS_OF_KIND.items()
    for name, spec in columns_of(record).items()
    if not spec.fixed
]


FROM_BURN_IN = {"services.budget", "services.incidents_normal", "teams.slots_per_worker"}
"""Columns that burn-in measures and then leaves alone."""


@pytest.mark.parametrize("name", [name for name in MOVING if name not in FROM_BURN_IN])
def test_some_process_moves_the_column(name):
    assert name in uses(frozenset(LIVING))[0], f"{name} is declared as moving and no process moves it"


@pytest.mark.parametrize("name", COLUMNS)
def test_some_rule_process_or_metric_reads_the_column(name):
    if name.endswith(".id") or name in KEPT_FOR_PEOPLE:
        return
    assert name in uses(frozenset(READING))[1], f"nothing reads {name}: strike it, or give it its use"


def out_of_range(world: World) -> list[str]:
    """Columns with a value outside their declared range."""
    found = []
    for name in COLUMNS:
        kind, _, field = name.partition(".")
        spec, column = columns_of(COLUMNS_OF_KIND[kind])[field], getattr(getattr(world.borough, kind), field)
        low = -np.inf if spec.low is None else spec.low
        high = np.inf if spec.high is None else spec.high
        if column.size and (column.min() < low or column.max() > high):
            found.append(f"{name} runs from {column.min():.3g} to {column.max():.3g}, declared {low} to {high}")
    return found


def test_a_borough_as_built_keeps_every_declared_range():
    assert out_of_range(small_world(3000, 1, 6, 3, 0)) == []


def test_reserves_keep_their_declared_range_under_the_highest_ceiling():
    parameters = with_values(Parameters(), {"group.reserve_ceiling": 36.0, "group.reserve_start": 9.0})
    world = small_world(3000, 1, 6, 3, 1, parameters)
    assert out_of_range(branch(world, policy_of(1, 1), 1, 1, parameters)) == []


def test_a_rich_life_keeps_every_declared_range():
    assert out_of_range(life(rich_policy(56))) == []


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_says_what_it_is(name):
    metric = METRICS[name]
    assert metric.label[0].isupper() and metric.unit and metric.good in ("up", "down", "")
    assert (metric.measure.__doc__ or "").strip().endswith(".")


def test_every_metric_is_recorded_for_everyone_and_headlines_are_metrics():
    found = {(metric, group) for metric, group, _, _ in series(life(rich_policy(56)))}
    assert {metric for metric, group in found if group == "all"} == set(METRICS)
    assert set(HEADLINE) <= set(METRICS)


def test_no_two_metrics_share_a_label():
    labels = [metric.label for metric in METRICS.values()]
    assert len(set(labels)) == len(labels)
