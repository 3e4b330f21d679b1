"""Which levers and which parameters carry each headline, and under which of them does the Deal fail?

Design: three sweeps of 3,300 citizens over ten years, each point with a burn-in of its own where parameters differ, and
the same seeds at every point.
- Screen: all parameters of the model over the whole of their declared ranges, Morris's trajectories (eight), the Deal
  against cuts alone, two replicates. Which parameters move what the Deal changes?
- Shares: all levers held for ten years from the old regime, and the ten parameters that the screen puts first, Sobol
  indices (128 base rows), two replicates. Which of them carry each headline?
- Fails: the ten parameters again, as an uncertain world, 400 points of a Latin hypercube, the Deal against cuts alone,
  three replicates. Where does the Deal not lower contacts, or raise hidden need as a share of people in need?
In the last two, a parameter moves a quarter of its declared range either way from its default. That was changed after
the screen was seen, and before the others were run: over the whole of all ranges at once many boroughs run away (the
Deal's change in contacts reaches thousands where the old regime has 460), and shares of that say little of any borough.

The ten parameters are chosen by a rule and not by hand: of those that stand out from chance for a headline (the whole
interval above what chance alone gives), the ones with the largest effect against the largest of that headline, going
round the headlines.

Written before the first run, what would contradict the source (the Wigan Deal as told):
- blame and permission decide: contradicted if neither is among the five largest total shares of contacts, failure
  demand or willingness;
- communities must be cultivated: contradicted if investment is not among the five largest total shares of contacts;
- the Deal works whatever the world is like: contradicted if contacts are not lower at more than a quarter of points;
- it does not work by hiding need: contradicted if hidden need rises at more than half of them.

The result is reported as found, whatever it is. What has not converged is said to have not, and no share is read from it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import study

from dealsim.levers import LEVERS
from dealsim.parameters import every_parameter
from dealsim.sweeps.analysing import Analysis
from dealsim.sweeps.asked import Target
from dealsim.sweeps.carrying_out import sweep

OUTCOMES = (
    "contacts_per_1000",
    "hidden_need_share",
    "failure_demand_share",
    "crisis_onsets_per_1000",
    "wellbeing_in_need",
    "mean_trust",
    "mean_willingness",
    "cost_per_head",
)
FULL = {
    "size": 3_300,
    "trajectories": 8,
    "base_rows": 128,
    "points": 400,
    "parameters": 10,
    "levers": len(LEVERS),
    "lives": (2, 2, 3),
}
TINY = {"size": 300, "trajectories": 2, "base_rows": 4, "points": 40, "parameters": 2, "levers": 3, "lives": (2, 2, 2)}
SCREENED_WHEN_TINY = ("citizen.reopening", "citizen.trust_gain", "staff.by_fear", "group.idle_capacity")
RULES = {
    "contacts not lower": Target("contacts_per_1000", 0.0, True, True),
    "hidden need higher": Target("hidden_need_share", 0.0, True, True),
}
"""What must be reached not to fail, by how a failure of it is called."""


def asked(name: str, scale: study.Scale, sizes: dict[str, Any], replicates: int, **more: object) -> dict[str, object]:
    """One of the sweeps, as a file would say it."""
    return {
        "name": name,
        "size": sizes["size"],
        "years": scale.years,
        "replicates": replicates,
        "outputs": {"metrics": list(OUTCOMES), "every": 0},
        **more,
    }


def lived(content: dict[str, object], scale: study.Scale) -> Analysis:
    """A sweep carried out, or gone on with, and ready to be asked."""
    if scale == study.TINY:
        with tempfile.TemporaryDirectory() as room:
            results = sweep(content, workers=0, out=room)
            _ = (results.runs, results.design)  # read while they are there
        return Analysis(results)
    out = Path(os.environ.get("DEALSIM_STUDIES", study.ROOT / "results" / "experiments"))
    return Analysis(sweep(content, out=out))


def first_parameters(screen: pd.DataFrame, most: int) -> list[str]:
    """The parameters that stand out, going round the headlines and taking the largest left of each in turn."""
    queues = []
    for _, table in screen.groupby("outcome", sort=False):
        ranked = table.assign(against=table["value"] / table["value"].max()).sort_values("against", ascending=False)
        queues.append(ranked.loc[ranked["stands_out"], "factor"].tolist() or ranked["factor"].head(1).tolist())
    chosen: list[str] = []
    while len(chosen) < most and any(queues):
        for queue in queues:
            while queue and queue[0] in chosen:
                queue.pop(0)
            if queue and len(chosen) < most:
                chosen.append(queue.pop(0))
    return chosen


def main(scale: study.Scale) -> dict[str, pd.DataFrame]:
    """The screen, the shares, and where the Deal fails."""
    is_tiny = scale == study.TINY
    sizes = TINY if is_tiny else FULL
    lives = sizes["lives"]
    pair = {"base": "cuts_only", "scenarios": ["deal"]}
    every = dict.fromkeys(SCREENED_WHEN_TINY if is_tiny else every_parameter())
    screen = lived(
        asked("06_screen", scale, sizes, lives[0], **pair, factors=every,
              design={"kind": "morris", "trajectories": sizes["trajectories"]}), scale
    ).sensitivity  # fmt: skip
    chosen = first_parameters(screen, sizes["parameters"])

    both = dict.fromkeys(list(LEVERS)[: sizes["levers"]]) | study.around_default(chosen)
    shares = lived(
        asked("06_shares", scale, sizes, lives[1], base="old_regime", factors=both,
              design={"kind": "sobol", "points": sizes["base_rows"]}), scale
    )  # fmt: skip
    world = lived(
        asked("06_fails", scale, sizes, lives[2], **pair, factors=study.around_default(chosen),
              design={"kind": "latin_hypercube", "points": sizes["points"]}), scale
    )  # fmt: skip
    fails = []
    for called, target in RULES.items():
        about = Analysis(world.results, targets=[target])
        where = about.failures[0]
        fails.append(
            {
                "failure": called,
                "share_of_points": float(where.fails.mean()),
                "outcome": where.found.outcome,
                "coverage": where.found.coverage,
                "density": where.found.density,
                "held_out_density": where.found.held_out_density,
                "in_words": where.in_words(),
            }
        )
    columns = ["outcome", "factor", "mu", "value", "low", "high", "mu_star_of_chance", "stands_out", "converged"]
    shown = screen[columns] if is_tiny else screen.loc[screen["factor"].isin(chosen), columns]
    kept = ["outcome", "factor", "first", "value", "low", "high", "converged"]
    tables = {
        "screen": shown.reset_index(drop=True),
        "shares": shares.sensitivity[kept],
        "chance": shares.chance[["outcome", "share", "low", "high"]],
        "fails": pd.DataFrame(fails),
        "alone": world.sensitivity[["outcome", "factor", "value", "low", "high", "direction", "converged"]],
    }
    # what is nothing but rounding is shown as nothing
    return {name: table.round(9) for name, table in tables.items()}


if __name__ == "__main__":
    study.by_hand(__doc__, "06", main)
