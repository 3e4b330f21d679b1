"""Who may import whom."""

from __future__ import annotations

import pytest

from dealsim.show.layout import modules_of
from tests.shape.package import LAYERS, imports_of, layer_of, modules, own_imports_of


def test_every_module_has_a_layer():
    unknown = sorted({layer_of(name) for name in modules()} - set(LAYERS))
    assert not unknown, f"give these a line in LAYERS (dealsim/show/layout.py): {unknown}"


def test_every_layer_has_a_module():
    assert len(set(LAYERS)) == len(LAYERS)
    assert set(LAYERS) <= {layer_of(name) for name in modules()}, "a layer without a module"


def test_the_table_of_modules_leaves_none_out():
    listed = [path for layer in LAYERS for path in modules_of(layer)]
    assert sorted(listed) == sorted(modules().values())


@pytest.mark.parametrize("name", modules())
def test_imports_point_up_the_list(name):
    mine = LAYERS.index(layer_of(name))
    for line, target in own_imports_of(name):
        theirs = LAYERS.index(layer_of(target))
        within = layer_of(target) == layer_of(name) and layer_of(name) != "agents"  # the four kinds stay apart
        assert theirs < mine or within, f"dealsim.{name} line {line} imports dealsim.{target}, which stands below it"


@pytest.mark.parametrize(
    ("library", "homes"),
    [
        ("numba", ("compiled",)),
        ("networkx", ("network",)),
        ("plotly", ("show",)),
        ("mesa", ("agents.view", "model")),
        (
            "pandas",
            (
                "plans",
                "summary",
                "results",
                "runs",
                "store",
                "sweeps",
                "analysis",
                "doctor",
                "show",
                "web",
                "__init__",
                "__main__",
            ),
        ),
        ("scipy", ("summary", "sweeps", "analysis", "show")),
        ("pyarrow", ("store", "sweeps")),
        ("dask", ("sweeps.workers",)),
        ("distributed", ("sweeps.workers", "sweeps.jobs")),
        ("SALib", ("sweeps.designs", "analysis")),
        ("ema_workbench", ("analysis", "workbench")),
        ("duckdb", ("sweeps.results",)),
        ("xarray", ("sweeps.results",)),
        ("filelock", ("sweeps.folder",)),
        ("pydantic", ("scenarios",)),
        ("typer", ("__main__",)),
        ("rich", ("show",)),
        ("ruamel", ("scenarios",)),
        ("starlette", ("web",)),
        ("uvicorn", ("web",)),
    ],
)
def test_a_library_is_known_in_one_corner_only(library, homes):
    for name in modules():
        for line, target in imports_of(name):
            if target.split(".")[0] == library:
                at_home = any(name == home or name.startswith(f"{home}.") for home in homes)
                assert at_home, f"dealsim.{name} line {line} imports {library}; only {', '.join(homes)} may"


@pytest.mark.parametrize("name", modules())
def test_nothing_draws_from_a_stream_of_chance(name):
    for line, target in imports_of(name):
        assert target.split(".")[0] not in ("random", "secrets"), f"dealsim.{name} line {line} imports {target}"
        assert not target.startswith("numpy.random"), f"dealsim.{name} line {line} imports {target}"
