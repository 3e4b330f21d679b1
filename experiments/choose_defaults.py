"""Lives every shipped parameter set in two boroughs of 33,000 and lists those that miss the patterns least.

The defaults of the model are the set of the middle third with the smallest mean miss; nothing else chooses them.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd
import points
import study

from dealsim.calibration import parameter_sets
from dealsim.patterns.national import FIT, PATTERNS
from dealsim.patterns.reading import WITHOUT_SERVICE
from dealsim.plans import DEFAULT_SIZE

SEED = 3_000_000
MIDDLE = (0.6, 0.85)


def ranked(folder: Path, workers: int | None = None) -> pd.DataFrame:
    """One row a set: its mean miss in standard deviations of the targets, patterns held, and share without a service."""
    values = pd.DataFrame([dict(one) for one in parameter_sets()])
    todo = [p for k in (0, 1) for p in points.points_at(values, size=DEFAULT_SIZE, seed=SEED + 1000 * k)]
    lived = points.lived("sets", todo, folder, workers)
    lived["point"] %= len(values)
    means = lived.groupby("point").mean()
    fitted = [one for one in PATTERNS.values() if one.use == FIT]
    miss = np.column_stack([(means[one.name] - one.target) / ((one.high - one.low) / 4.0) for one in fitted])
    held = np.column_stack([means[one.name].between(one.low, one.high) for one in PATTERNS.values()])
    of_fitted = np.column_stack([means[one.name].between(one.low, one.high) for one in fitted])
    return pd.DataFrame(
        {
            "set": means.index + 1,
            "miss": np.sqrt(np.nanmean(miss**2, axis=1)),
            "fitted_held": of_fitted.sum(axis=1),
            "all_held": held.sum(axis=1),
            "without_a_service": means[WITHOUT_SERVICE],
        }
    ).sort_values("miss")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=study.ROOT / "results" / "experiments")
    asked = parser.parse_args()
    out = Path(os.environ.get("DEALSIM_STUDIES", asked.out))
    table = ranked(out / "07_parts")
    print(table.to_string(index=False))
    best = table[table["without_a_service"].between(*MIDDLE)].iloc[0]
    print(f"\nthe compromise is set {int(best['set'])}:")
    for name, value in parameter_sets()[int(best["set"]) - 1].items():
        print(f"  {name} = {value:.3g}")
