"""Where in the space of factors a policy fails: one box of conditions, and how well it holds elsewhere.

It describes where failures lie; it does not say what causes them, and it runs nothing.
"""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dealsim.analysis.intervals import orders, share_interval
from dealsim.errors import InputError

LEAST_POINTS = 40
"""Points below which no box is sought: one peel of a twentieth would then take away two points at most."""
LEAST_OF_EACH = 10
"""Failures, and points that do not fail, without which a box would describe single points."""
QUASI_P = 0.05
"""A restriction stays where the failures in the box would be this rare without it (Bryant and Lempert 2010)."""
NEARLY_BEST = 0.02
"""Boxes whose F-measure is this close to the best count as equally good, so that the simpler one is taken."""

BOX, NO_BOX, CANNOT_TELL, NEVER_FAILS, ALWAYS_FAILS = (
    "box", "no box", "cannot tell", "never fails", "always fails",
)  # fmt: skip
"""What a search may come to."""


class _Cut(NamedTuple):
    """One restriction: a number at least `low`, at most `high`, or a category `among` some."""

    column: int
    side: str
    value: Any


class _Found(NamedTuple):
    """A box and what it was chosen from."""

    cuts: tuple[_Cut, ...]
    trajectory: pd.DataFrame


class Limit(NamedTuple):
    """What a box asks of one factor; NaN and empty where it asks nothing."""

    factor: str
    above: float
    below: float
    among: tuple[Any, ...]
    quasi_p: float
    """How rare the failures in the box would be without this limit; the larger of both sides."""


@dataclass(frozen=True)
class Discovery:
    """A box in which failures lie, or the word that there is none.

    Coverage is the share of all failures that lie in the box, density the share of what lies in the box that fails,
    mass the share of all points that lie in it.
    """

    outcome: str
    """'box', 'no box', 'cannot tell', 'never fails' or 'always fails'."""
    limits: tuple[Limit, ...]
    """Of the box; where none is claimed, of the best that was found, to be seen and not to be relied on."""
    coverage: float
    density: float
    mass: float
    base_rate: float
    """The share of all points that fail."""
    held_out_coverage: float
    held_out_density: float
    held_out_low: float
    held_out_high: float
    """The same on points that were not used to find a box: pooled over folds, each searched for without its points.
    The ends are those of the density's 95 % interval by Wilson."""
    points: int
    failures: int
    points_left_out: int
    trajectory: pd.DataFrame
    """Every box the search went through: coverage, density, mass, f_measure, restricted."""
    decimals: Mapping[str, int]
    """How many decimals of a limit of each factor are shown."""

    def table(self) -> pd.DataFrame:
        """The limits: factor, above, below, among, quasi_p."""
        return pd.DataFrame(list(self.limits), columns=list(Limit._fields))

    def in_words(self, labels: Mapping[str, str] | None = None, *, does: str = "fail") -> str:
        """What was found, in a sentence or two; `labels` names factors as a reader knows them.

        `does` says what a point does that counts, after "it does not" or "they"; where it is "hold", what was sought
        are the points that do not fail.
        """
        rate = f"{_hundredths(self.base_rate)} {does} overall"
        if self.outcome == NEVER_FAILS:
            return f"It never {does}s, so there is nothing to describe."
        if self.outcome == ALWAYS_FAILS:
            return f"It always {does}s, so no condition tells points apart."
        if self.outcome == CANNOT_TELL:
            return (
                f"It cannot be told where it {does}s: {self.points} points of which {self.failures} {does} are too few "
                f"({LEAST_POINTS} points, with {LEAST_OF_EACH} that {does} and {LEAST_OF_EACH} that do not, are needed)."
            )
        if self.outcome == NO_BOX:
            if not self.limits:
                return f"No conditions were found under which it {does}s more than elsewhere; {rate}."
            return (
                f"No conditions are claimed: in the best box found {_hundredths(self.density)} {does}, but of points not "
                f"used to find it {_hundredths(self.held_out_density)}, which cannot be told from the "
                f"{_hundredths(self.base_rate)} that {does} overall."
            )
        said = " and ".join(self._limit_in_words(limit, labels or {}) for limit in self.limits)
        return (
            f"{does}s when {said}: {_hundredths(self.coverage)} of all points that {does} are there (coverage), and "
            f"{_hundredths(self.density)} of what is there {does}s (density); {rate}. On points not used to find it, "
            f"coverage is {_hundredths(self.held_out_coverage)} and density {_hundredths(self.held_out_density)} "
            f"({100 * self.held_out_low:.0f} to {_hundredths(self.held_out_high)})."
        )

    def _limit_in_words(self, limit: Limit, labels: Mapping[str, str]) -> str:
        name = labels.get(limit.factor, limit.factor.replace("_", " "))
        places = self.decimals.get(limit.factor, 2)
        if limit.among:
            if limit.among in ((True,), (False,)):
                return f"{name} is {'on' if limit.among[0] else 'off'}"
            told = ", ".join(str(value) for value in limit.among)
            return f"{name} is {told}" if len(limit.among) == 1 else f"{name} is one of {told}"
        if math.isnan(limit.below):
            return f"{name} is above {limit.above:.{places}f}"
        if math.isnan(limit.above):
            return f"{name} is below {limit.below:.{places}f}"
        return f"{name} is between {limit.above:.{places}f} and {limit.below:.{places}f}"


def discover(
    points: pd.DataFrame,
    fails: pd.Series,
    *,
    least_density: float = 0.0,
    least_mass: float = 0.05,
    peel: float = 0.05,
    paste: float = 0.05,
    folds: int = 5,
    seed: int = 0,
) -> Discovery:
    """The box of conditions that best tells where a policy fails, by PRIM.

    Parameters
    ----------
    points
        One row a point, one column a factor: numbers, true or false, or categories.
    fails
        Whether each point fails, in the same order; missing where its runs failed, and such points are left out.
    least_density
        Boxes in which a smaller share fails are not considered.
    least_mass
        The smallest share of all points that a box may hold.
    peel, paste
        Shares of a box that one step of the search takes away or puts back.
    folds
        Parts of the points that are held out in turn.
    seed
        Moves which points are held out together, nothing else.

    Notes
    -----
    The patient rule induction method (Friedman and Fisher 1999) peels the space step by step. Of all boxes on its way
    the one with the best F-measure, 2·coverage·density / (coverage + density), is taken; among those within
    `NEARLY_BEST` of it, the one that restricts the fewest factors. Restrictions with a quasi-p above `QUASI_P` are
    dropped, the weakest first. The search is greedy and can lose its way, which the held-out figures then show: they
    are those of the whole way of searching. A box is claimed only where the density on held-out points lies above the base rate
    with its whole interval, since a search always finds something.

    Examples
    --------
    >>> grid = pd.DataFrame([(a / 10, b / 10) for a in range(10) for b in range(10)], columns=["blame", "nerve"])
    >>> discover(grid, grid["blame"] > 0.55).in_words()[:28]
    'fails when blame is above 0.'
    """
    if len(points) != len(fails):
        raise InputError(f"{len(points)} points do not fit {len(fails)} outcomes")
    if folds < 2:
        raise InputError("points are held out in two folds or more")
    is_there = (fails.notna().to_numpy()) & points.notna().all(axis=1).to_numpy()
    table = points[is_there].reset_index(drop=True)
    failing = fails[is_there].astype(bool).to_numpy()
    n, n_failing = len(table), int(failing.sum())
    space = _Space(table)
    options = _Options(least_density, least_mass, peel, paste)

    def told(outcome: str, cuts: Sequence[_Cut] = (), trajectory: pd.DataFrame | None = None) -> Discovery:
        inside = space.inside(cuts)
        coverage, density = _coverage_and_density(inside, failing)
        held = _held_out(space, failing, options, folds, seed) if cuts else (math.nan,) * 4
        if outcome == BOX and not held[2] > n_failing / n:
            outcome = NO_BOX
        return Discovery(
            outcome, space.limits(cuts, failing), coverage, density, float(inside.mean()) if n else math.nan,
            n_failing / n if n else math.nan, *held, n, n_failing, len(points) - n,
            pd.DataFrame(columns=list(TRAJECTORY)) if trajectory is None else trajectory, space.decimals(),
        )  # fmt: skip

    if n < LEAST_POINTS:
        return told(CANNOT_TELL)
    if n_failing in (0, n):
        return told(ALWAYS_FAILS if n_failing else NEVER_FAILS)
    if min(n_failing, n - n_failing) < LEAST_OF_EACH:
        return told(CANNOT_TELL)
    found = _searched(space, failing, options)
    return told(BOX if found.cuts else NO_BOX, found.cuts, found.trajectory)


TRAJECTORY = ("coverage", "density", "mass", "f_measure", "restricted")
"""Columns of the way a search took."""


class _Options(NamedTuple):
    least_density: float
    least_mass: float
    peel: float
    paste: float


class _Space:
    """Points as the search needs them: numbers as they are, all else by the number of its category."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.names = [str(name) for name in table.columns]
        self.is_number: list[bool] = []
        self.categories: list[list[Any]] = []
        self.columns: list[np.ndarray] = []
        for name in table.columns:
            column = table[name]
            is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
            kinds: list[Any] = [] if is_number else list(dict.fromkeys(_plain(value) for value in column))
            place = {value: at for at, value in enumerate(kinds)}
            coded = column if is_number else [place[_plain(value)] for value in column]
            self.is_number.append(is_number)
            self.categories.append(kinds)
            self.columns.append(np.asarray(coded, dtype=float))

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def part(self, rows: np.ndarray) -> _Space:
        """Some of the points."""
        found = _Space.__new__(_Space)
        found.names, found.is_number, found.categories = self.names, self.is_number, self.categories
        found.columns = [column[rows] for column in self.columns]
        return found

    def for_prim(self) -> pd.DataFrame:
        """Columns that vary, under names of their own: the search drops one that is called 'scenario'."""
        varied = {at: column for at, column in enumerate(self.columns) if len(column) and np.ptp(column) > 0.0}
        return pd.DataFrame(
            {
                str(at): column if self.is_number[at] else pd.Series([str(int(code)) for code in column], dtype=object)
                for at, column in varied.items()
            }
        )

    def inside(self, cuts: Sequence[_Cut]) -> np.ndarray:
        """Which points lie in a box."""
        found = np.ones(len(self), dtype=bool)
        for cut in cuts:
            column = self.columns[cut.column]
            if cut.side == "among":
                found &= np.isin(column, cut.value)
            else:
                found &= column >= cut.value if cut.side == "low" else column <= cut.value
        return found

    def limits(self, cuts: Sequence[_Cut], failing: np.ndarray) -> tuple[Limit, ...]:
        """The cuts of a box, one limit a factor."""
        found = []
        for at in sorted({cut.column for cut in cuts}):
            sides = {cut.side: cut.value for cut in cuts if cut.column == at}
            among = tuple(self.categories[at][code] for code in sides.get("among", ()))
            rare = max(_quasi_p(self, cuts, cut, failing) for cut in cuts if cut.column == at)
            low, high = float(sides.get("low", math.nan)), float(sides.get("high", math.nan))
            found.append(Limit(self.names[at], low, high, among, rare))
        return tuple(found)

    def decimals(self) -> dict[str, int]:
        """Decimals at which a hundredth of a factor's range still shows, more or less."""
        found = {}
        for name, column in zip(self.names, self.columns, strict=True):
            spread = float(np.ptp(column)) if len(column) else 0.0
            found[name] = max(0, math.floor(2.0 - math.log10(spread))) if spread > 0.0 else 2
        return found


def _plain(value: Any) -> Any:
    """A category as Python's own value, lists as tuples, so that it can be looked up."""
    if isinstance(value, np.generic):
        return value.item()
    return tuple(value) if isinstance(value, list) else value


def _searched(space: _Space, failing: np.ndarray, options: _Options) -> _Found:
    """Peel, choose a box on the way, and drop what it does not need."""
    boxes = _peeled(space, failing, options)
    rows = []
    for box in boxes:
        inside = space.inside(box)
        coverage, density = _coverage_and_density(inside, failing)
        f_measure = 2.0 * coverage * density / (coverage + density) if coverage + density > 0.0 else 0.0
        rows.append((coverage, density, float(inside.mean()), f_measure, len({cut.column for cut in box})))
    trajectory = pd.DataFrame(rows, columns=list(TRAJECTORY))
    dense = trajectory[trajectory["density"] >= options.least_density]
    if dense.empty:
        return _Found((), trajectory)
    near = dense[dense["f_measure"] >= dense["f_measure"].max() - NEARLY_BEST]
    chosen = near.sort_values(["restricted", "f_measure"], ascending=[True, False], kind="stable").index[0]
    cuts = list(boxes[int(chosen)])
    while cuts:
        rare = [_quasi_p(space, cuts, cut, failing) for cut in cuts]
        if max(rare) <= QUASI_P:
            break
        cuts.pop(int(np.argmax(rare)))
    return _Found(tuple(cuts), trajectory)


def _peeled(space: _Space, failing: np.ndarray, options: _Options) -> list[tuple[_Cut, ...]]:
    """Every box that PRIM goes through, the whole space first."""
    table = space.for_prim()
    if table.empty or failing.all() or not failing.any():
        return [()]
    with warnings.catch_warnings():
        # it warns of what is not installed beside it, and of ways of pandas that it does not use here
        warnings.simplefilter("ignore")
        from ema_workbench.analysis import prim

        settings: dict[str, Any] = {
            "peel_alpha": options.peel, "paste_alpha": options.paste, "mass_min": options.least_mass,
        }  # fmt: skip
        if "threshold" in inspect.signature(prim.Prim).parameters:
            settings["threshold"] = _ANY_DENSITY
        box = prim.Prim(table, failing.astype(int), **settings).find_box()
    if box is None:
        return [()]
    start = box.box_lims[0]
    return [_cuts(lims, start, space) for lims in box.box_lims]


_ANY_DENSITY = 1e-9
"""Up to its release 2.5 the workbench asks for a density to reach, and counts as a failure what reaches it."""


def _cuts(lims: pd.DataFrame, start: pd.DataFrame, space: _Space) -> tuple[_Cut, ...]:
    """A box of the workbench as cuts: what it asks beyond the box of all points."""
    found = []
    for name in lims.columns:
        at = int(name)
        low, high = lims[name].iloc[0], lims[name].iloc[1]
        if not space.is_number[at]:
            if low != start[name].iloc[0]:
                found.append(_Cut(at, "among", tuple(sorted(int(code) for code in low))))
            continue
        if low != start[name].iloc[0]:
            found.append(_Cut(at, "low", float(low)))
        if high != start[name].iloc[1]:
            found.append(_Cut(at, "high", float(high)))
    return tuple(found)


def _coverage_and_density(inside: np.ndarray, failing: np.ndarray) -> tuple[float, float]:
    n_inside, n_failing, n_both = int(inside.sum()), int(failing.sum()), int((inside & failing).sum())
    return (
        n_both / n_failing if n_failing else math.nan,
        n_both / n_inside if n_inside else math.nan,
    )


def _quasi_p(space: _Space, cuts: Sequence[_Cut], cut: _Cut, failing: np.ndarray) -> float:
    """How rare as many failures as in the box would be, at the density of the box without one of its cuts."""
    from scipy import stats

    inside = space.inside(cuts)
    without = space.inside([other for other in cuts if other is not cut])
    rate = float(failing[without].mean()) if without.any() else 0.0
    return float(stats.binom.sf(int((inside & failing).sum()) - 1, int(inside.sum()), rate))


def _held_out(
    space: _Space, failing: np.ndarray, options: _Options, folds: int, seed: int
) -> tuple[float, float, float, float]:
    """Coverage and density, and the density's interval, on points that each box was found without."""
    inside = np.zeros(len(space), dtype=bool)
    for fold in np.array_split(orders(seed, 1, len(space))[0], folds):
        is_used = np.ones(len(space), dtype=bool)
        is_used[fold] = False
        found = _searched(space.part(is_used), failing[is_used], options)
        if found.cuts:
            inside[fold] = space.part(fold).inside(found.cuts)
    coverage, _ = _coverage_and_density(inside, failing)
    return coverage, *share_interval(int((inside & failing).sum()), int(inside.sum()))


def _hundredths(share: float) -> str:
    return "none" if math.isnan(share) else f"{100 * share:.0f} %"
