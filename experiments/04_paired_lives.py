"""How much does it help that the same people live in both worlds? Variance of paired against unpaired differences.

Design: cuts alone against the Deal, one borough, 20 seeds for the lives, ten years, the last two years compared.
A paired difference shares every draw between the worlds; an unpaired one takes the Deal of another seed. The ratio
of their variances says how many unpaired runs one pair is worth.
It would not help if the ratio's whole bootstrap interval lay at or below 1.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import study

from dealsim.engine import branch, burn_in, live
from dealsim.places import shipped
from dealsim.scenarios import load

METRICS = ("contacts_per_1000", "mean_willingness", "mean_wellbeing", "crisis_onsets_per_1000", "mean_trust")
RESAMPLES = 2000


def main(scale: study.Scale) -> dict[str, pd.DataFrame]:
    """One row a metric: both variances and their ratio with its 95 % bootstrap interval over seeds."""
    weeks = scale.years * study.WEEKS_A_YEAR
    start = burn_in(shipped("wigan"), scale.size, 1, None, scale.burn_in_weeks)
    lived: dict[str, list[dict[str, float]]] = {}
    for name in ("cuts_only", "deal"):
        policy = load(name).policy(weeks, start.borough.place_names)
        lived[name] = [
            study.last_two_years(live(branch(start, policy, 1001 + seed, weeks)), METRICS)
            for seed in range(scale.pairs)
        ]
    rng = np.random.default_rng(1)
    drawn = rng.integers(scale.pairs, size=(RESAMPLES, scale.pairs))
    rows = []
    for metric in METRICS:
        a = np.array([found[metric] for found in lived["cuts_only"]])
        b = np.array([found[metric] for found in lived["deal"]])
        paired = (b - a).var(ddof=1)
        unpaired = a.var(ddof=1) + b.var(ddof=1)
        again = (a[drawn].var(axis=1) + b[drawn].var(axis=1)) / np.maximum((b - a)[drawn].var(axis=1), 1e-300)
        low, high = np.quantile(again, [0.025, 0.975])
        rows.append(
            {
                "metric": metric,
                "variance unpaired": unpaired,
                "variance paired": paired,
                "ratio": unpaired / paired if paired > 0 else float("nan"),
                "low": float(low),
                "high": float(high),
            }
        )
    return {"paired": pd.DataFrame(rows)}


if __name__ == "__main__":
    study.by_hand(__doc__, "04", main)
