"""Does the old regime stay put? Ten years of unchanged policy after burn-in, years 1–2 against years 9–10.

Design: the old regime, 20 seeds (each with a borough and chances of its own), 33,000 citizens.
Bounds: counts and shares move by no more than 3 % of their value (willingness and skill 5 %), wellbeing by
0.02 points, trust, fear, agency and hope by 0.01.
It fails if the mean move over the seeds is beyond its bound; the interval is shown beside it.
"""

from __future__ import annotations

import pandas as pd
import study

from dealsim.patterns.national import ABSOLUTE_MOVES, RELATIVE_MOVES

METRICS = (*ABSOLUTE_MOVES, *RELATIVE_MOVES)


def main(scale: study.Scale) -> dict[str, pd.DataFrame]:
    """The moves with their bounds, and the yearly series they come from."""

    def measure(world: study.World) -> dict[str, float]:
        found = {}
        for year in range(scale.years):
            first = year * study.WEEKS_A_YEAR
            for metric, value in study.means(world, METRICS, first, first + study.WEEKS_A_YEAR).items():
                found[f"{metric} {year + 1}"] = value
        return found

    lived = study.live_settings({"old regime": study.setting("old regime", {})}, scale, measure)
    early = [1, 2][: scale.years]
    late = [scale.years - 1, scale.years]
    rows = []
    for metric in METRICS:
        before = lived[[f"{metric} {year}" for year in early]].mean(axis=1)
        after = lived[[f"{metric} {year}" for year in late]].mean(axis=1)
        level, *_ = study.interval(before.to_numpy())
        mean, low, high = study.interval((after - before).to_numpy())
        bound = ABSOLUTE_MOVES.get(metric) or RELATIVE_MOVES[metric] * level
        rows.append(
            {
                "metric": metric,
                "years 1–2": level,
                "years 9–10": float(after.mean()),
                "move": mean,
                "low": low,
                "high": high,
                "bound": bound,
                "stays put": "yes" if abs(mean) <= bound else "no",
            }
        )
    yearly = pd.DataFrame(
        [
            {"metric": metric, **{str(y + 1): float(lived[f"{metric} {y + 1}"].mean()) for y in range(scale.years)}}
            for metric in METRICS
        ]
    )
    return {"moves": pd.DataFrame(rows), "years": yearly}


if __name__ == "__main__":
    study.by_hand(__doc__, "00", main)
