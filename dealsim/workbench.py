"""The model as the EMA Workbench knows one: levers, uncertainties and outcomes, to drive with its own tools.

It needs the `sweep` extra. The workbench keeps its results in memory and does not go on after a kill;
`dealsim.sweep` does both.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dealsim.errors import InputError
from dealsim.metrics import METRICS
from dealsim.plans import borough_seed, life_seed
from dealsim.sweeps.asked import read_asked
from dealsim.sweeps.factors import LEVER, RIVAL, Factor
from dealsim.sweeps.jobs import Context, Wanted, lived
from dealsim.sweeps.plan import INSTALL_EXTRA, plan_sweep

if TYPE_CHECKING:
    from ema_workbench import Model


class LivedByName:
    """Lives the replicates of one point, given by name, and gives back the mean of each outcome."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def __call__(self, **values: Any) -> dict[str, float]:
        """Outcomes by name, means over replicates; every point has the same people and the same chances."""
        asked = self.context.asked
        point = tuple(_plain(factor, values[name_of(factor.name)]) for factor in asked.factors)
        found = [
            lived(
                self.context,
                Wanted(
                    "", 0, point, borough_seed(asked.seed, asked.boroughs, replicate), life_seed(asked.seed, replicate)
                ),
            )["outcome"]
            for replicate in range(asked.replicates)
        ]
        means = np.mean(np.array(found), axis=0)
        return dict(zip(asked.outputs.metrics, means.tolist(), strict=True))


def name_of(factor: str) -> str:
    """A factor's name as the workbench takes it: one word.

    >>> name_of("citizen.trust_gain")
    'citizen_trust_gain'
    """
    return factor.replace(".", "_")


def workbench_model(
    base: str,
    factors: Sequence[str] | dict[str, Any],
    outcomes: Sequence[str],
    *,
    size: int = 3_300,
    years: int = 10,
    seed: int = 1,
    replicates: int = 5,
) -> Model:
    """The model for the EMA Workbench: levers as levers, parameters and rivals as uncertainties.

    Parameters
    ----------
    base
        The scenario whose levers and world are moved.
    factors
        Names of levers, parameters and rivals, or a mapping of them to ranges as in a sweep file.
    outcomes
        Metrics; each is the mean over the last two years and over the replicates, to be minimised or maximised as its
        good direction says.

    Raises
    ------
    InputError
        When a name or a range is wrong, or the workbench is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of what is not installed beside it
            import ema_workbench as ema
    except ImportError:
        raise InputError(f"the EMA Workbench is not installed: {INSTALL_EXTRA}") from None
    ranges = factors if isinstance(factors, dict) else dict.fromkeys(factors)
    asked = read_asked(
        {
            "name": "workbench",
            "base": base,
            "size": size,
            "years": years,
            "seed": seed,
            "replicates": replicates,
            "factors": ranges,
            "design": {"kind": "latin_hypercube", "points": 1},
            "outputs": {"metrics": list(outcomes), "every": 0},
        }
    )
    made = plan_sweep(asked)
    context = Context(made.asked, made.place)
    model = ema.Model("dealsim", function=LivedByName(context))
    model.levers = [_variable(ema, factor) for factor in asked.factors if factor.kind == LEVER]
    model.uncertainties = [_variable(ema, factor) for factor in asked.factors if factor.kind != LEVER]
    model.outcomes = [_outcome(ema, metric) for metric in asked.outputs.metrics]
    return model


def _variable(ema: Any, factor: Factor) -> Any:
    name = name_of(factor.name)
    if factor.kind == RIVAL:
        return ema.BooleanParameter(name)
    if factor.values:
        return ema.CategoricalParameter(name, list(factor.values))
    if factor.is_whole:
        return ema.IntegerParameter(name, int(factor.low), int(factor.high))
    return ema.RealParameter(name, factor.low, factor.high)


def _outcome(ema: Any, metric: str) -> Any:
    good = METRICS[metric].good
    kind = {"up": ema.ScalarOutcome.MAXIMIZE, "down": ema.ScalarOutcome.MINIMIZE}.get(good, ema.ScalarOutcome.INFO)
    return ema.ScalarOutcome(metric, kind)


def _plain(factor: Factor, value: Any) -> Any:
    """A value from the workbench as the factor holds it."""
    if factor.kind == RIVAL:
        return bool(value)
    if factor.values:
        return next(known for known in factor.values if known == value)
    return int(value) if factor.is_whole else float(value)
