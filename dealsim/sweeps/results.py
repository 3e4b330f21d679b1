"""What a sweep found, read from its folder: tidy tables, an xarray dataset, and a query in SQL.

It lives nothing and changes nothing.
"""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dealsim import store
from dealsim.errors import InputError, MismatchError, StoreError
from dealsim.metrics import METRICS
from dealsim.summary import MetricInfo
from dealsim.sweeps.asked import Asked, Target
from dealsim.sweeps.factors import Factor, factor_of, read_values
from dealsim.sweeps.folder import (
    ABOUT_A_RUN,
    DESIGN,
    RUNS,
    SERIES,
    TABLES,
    TIMINGS,
    damage,
    is_sweep_folder,
    read_recipe,
)
from dealsim.sweeps.jobs import OK
from dealsim.sweeps.plan import INSTALL_EXTRA

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class SweepResults:
    """What a sweep found.

    Attributes
    ----------
    folder
        Where it lies.
    recipe
        What was asked for, as plain data.
    factors
        What was varied.
    targets
        What the file says must be reached.
    """

    folder: Path
    recipe: dict[str, Any] = field(repr=False)
    factors: tuple[Factor, ...] = field(repr=False)
    targets: tuple[Target, ...] = field(default=(), repr=False)
    notices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The sweep's name."""
        return str(self.recipe["name"])

    @property
    def base(self) -> str:
        """The scenario that others are compared with."""
        return self.scenarios[0]

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The scenarios lived at every point, the base first."""
        return tuple(scenario["name"] for scenario in self.recipe["same"]["scenarios"])

    @property
    def metrics(self) -> dict[str, MetricInfo]:
        """The measures kept, by name."""
        return {name: MetricInfo.of(METRICS[name]) for name in self.recipe["same"]["metrics"] if name in METRICS}

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run: scenario, point, replicate, seeds, status, factors and outcomes (means of the last two years)."""
        return pd.read_parquet(self.folder / RUNS)

    @cached_property
    def design(self) -> pd.DataFrame:
        """One row a point: its values, and where they lie between the ends of their ranges (`unit.…`)."""
        return pd.read_parquet(self.folder / DESIGN)

    @cached_property
    def series(self) -> pd.DataFrame:
        """One row a run, metric, group and stretch of weeks; read when it is first asked for, as it may be large."""
        return pd.read_parquet(self.folder / SERIES)

    @cached_property
    def timings(self) -> pd.DataFrame:
        """How long each run took, who lived it and when; the one table that differs from time to time."""
        return pd.read_parquet(self.folder / TIMINGS)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The columns of `runs` that hold outcomes."""
        fixed = {*ABOUT_A_RUN, *self.recipe["same"]["factors"]}
        return tuple(name for name in self.runs.columns if name not in fixed)

    @property
    def failed(self) -> pd.DataFrame:
        """The runs that failed or were set aside, with what went wrong."""
        return self.runs[self.runs["status"] != OK]

    @property
    def n_points(self) -> int:
        """Points of the design."""
        return len(self.design)

    @property
    def replicates(self) -> int:
        """Lives at each point."""
        return int(self.recipe["replicates"])

    def outcome(self, name: str, scenario: str | None = None, *, against_base: bool = False) -> np.ndarray:
        """One outcome as `[point, replicate]`, not-a-number where a run failed.

        Parameters
        ----------
        scenario
            The scenario it is of; the last.
        against_base
            Whether it is the difference from the base, run by run with the same people and the same chances.
        """
        scenario = scenario or self.scenarios[-1]
        if name not in self.outcomes:
            raise InputError(f"this sweep kept no '{name}'; it kept {', '.join(self.outcomes)}")
        if scenario not in self.scenarios:
            raise InputError(f"this sweep has no scenario '{scenario}'; it has {', '.join(self.scenarios)}")
        found = self._grid(name, scenario)
        return found - self._grid(name, self.base) if against_base else found

    def _grid(self, name: str, scenario: str) -> np.ndarray:
        own = self.runs[self.runs["scenario"] == scenario]
        grid = np.full((self.n_points, self.replicates), np.nan)
        grid[own["point"].to_numpy(), own["replicate"].to_numpy()] = own[name].to_numpy(np.float64)
        return grid

    def query(self, sql: str) -> pd.DataFrame:
        """What a query in SQL finds in the tables `runs`, `series`, `design` and `timings`, by duckdb.

        Large tables are read in pieces, so they need not fit into memory.
        """
        try:
            import duckdb
        except ImportError:
            raise InputError("queries need duckdb: " + INSTALL_EXTRA) from None
        with duckdb.connect() as database:
            folder = self.folder.resolve().as_posix().replace("'", "''")
            for name in (*TABLES, DESIGN):
                path = f"{folder}/{name}"
                database.execute(f"CREATE VIEW {name.removesuffix('.parquet')} AS SELECT * FROM read_parquet('{path}')")  # noqa: S608
            # a query reads these tables and nothing else: no file beside them, no network, no extension
            database.execute("SET autoinstall_known_extensions=false; SET autoload_known_extensions=false")
            database.execute("SET allowed_directories=[$1]".replace("$1", f"'{folder}'"))
            database.execute("SET enable_external_access=false; SET lock_configuration=true")
            try:
                if not isinstance(sql, str) or not sql.strip():
                    raise InputError("a query is a text in SQL, such as SELECT * FROM runs")
                return database.execute(sql).df()
            except duckdb.Error as problem:
                raise InputError(f"the query cannot be answered: {problem}") from None

    def to_xarray(self) -> xarray.Dataset:
        """The outcomes as a dataset.

        Dimensions are scenario, each factor and replicate where the points are every combination of the factors'
        values, else scenario, point and replicate with the factors along the points.
        """
        try:
            import xarray
        except ImportError:
            raise InputError("datasets need xarray: " + INSTALL_EXTRA) from None
        names = [factor.name for factor in self.factors]
        runs = self.runs
        if self.recipe["design"]["kind"] == "factorial":
            index = ["scenario", *names, "replicate"]
            found = xarray.Dataset.from_dataframe(runs.set_index(index)[list(self.outcomes)])
        else:
            found = xarray.Dataset.from_dataframe(
                runs.set_index(["scenario", "point", "replicate"])[list(self.outcomes)]
            )
            found = found.assign_coords({name: ("point", self.design[name].to_numpy()) for name in names})
        for name in self.outcomes:
            about = METRICS.get(name.split(" (")[0])
            if about is not None:
                found[name].attrs = {"long_name": about.label, "units": about.unit}
        return found.reindex(scenario=list(self.scenarios))

    def summary(self) -> pd.DataFrame:
        """Each outcome over all points: mean, lowest and highest mean of a point, by scenario."""
        own = self.runs[self.runs["status"] == OK]
        rows = []
        for scenario in self.scenarios:
            means = own[own["scenario"] == scenario].groupby("point")[list(self.outcomes)].mean()
            for name in self.outcomes:
                values = means[name]
                rows.append({"scenario": scenario, "outcome": name, "mean": values.mean(), "lowest": values.min(),
                             "highest": values.max()})  # fmt: skip
        return pd.DataFrame(rows)

    @property
    def id(self) -> str:
        """Names what was found: the start of the hash of the folder's manifest."""
        return store.manifest_hash(self.folder)[:8]

    def __repr__(self) -> str:
        return (
            f"<Sweep {self.name!r} ({self.id}): {len(self.runs):,} runs at {self.n_points:,} points, "
            f"{len(self.failed):,} failed; {self.folder.as_posix()}>"
        )

    def _repr_html_(self) -> str:
        head = html.escape(repr(self)[1:-1])
        return f"<p><strong>{head}</strong></p>{self.summary().head(40).to_html(index=False, float_format='{:.4g}'.format)}"


def read_sweep(folder: str | Path) -> SweepResults:
    """A sweep from its folder, once every file in it has been checked.

    Raises
    ------
    InputError
        When there is no sweep.
    StoreError
        When it is not finished.
    MismatchError
        When a file is not what its record says.
    """
    path = Path(folder)
    if not is_sweep_folder(path):
        raise InputError(f"there is no sweep in {store.shown(path)}")
    problems = damage(path)
    if problems:
        raise MismatchError("\n".join(f"{store.shown(path)}/{line}" for line in problems))
    if not (path / store.MANIFEST).exists():
        raise StoreError(f"the sweep in {store.shown(path)} is not finished; `dealsim sweep` goes on with it")
    return read_checked(path)


def read_checked(path: Path) -> SweepResults:
    """A finished sweep whose files have just been checked.

    Raises
    ------
    MismatchError
        When it varies what this dealsim does not know.
    """
    recipe = read_recipe(path)
    assert recipe is not None
    factors = []
    for about in recipe["factors"]:
        factor = factor_of(about["name"])
        if factor is None:
            raise MismatchError(f"{store.shown(path)} varies {about['name']}, which this dealsim does not know")
        factors.append(
            replace(
                factor,
                low=about.get("low", factor.low),
                high=about.get("high", factor.high),
                values=tuple(read_values(value) for value in about.get("values", ())),
                since=about.get("from", ""),
            )
        )
    targets = tuple(Target(**target) for target in recipe["targets"])
    return SweepResults(path, recipe, tuple(factors), targets)


def more_replicates(results: SweepResults, asked: Asked) -> int | None:
    """How many replicates a sweep that stops at an error should have next; none where it has enough."""
    rule = asked.stop_at
    if rule is None or asked.replicates >= rule.most:
        return None
    from dealsim.analysis.precision import stop_at

    wanted = asked.replicates
    for scenario in results.scenarios:
        for values in results.outcome(rule.metric, scenario):
            found = stop_at(values[np.isfinite(values)], rule.error)
            if not found.is_enough:
                needed = found.needed if math.isfinite(found.needed) else 2 * asked.replicates
                # no further than twice in one step: what is needed is itself a guess from few lives
                wanted = max(wanted, int(min(max(needed, asked.replicates + 1), 2 * asked.replicates)))
    return min(wanted, rule.most) if wanted > asked.replicates else None
