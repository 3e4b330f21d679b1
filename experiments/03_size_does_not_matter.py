"""Do results per head depend on the size of the borough? 33,000 citizens against 330,000.

Design: the old regime and the Deal's levers held from the first week, ten years, the last two years compared;
20 boroughs of 33,000 and 4 of 330,000, each drawn and lived with seeds of its own.
It depends on size if the difference between the sizes is beyond its 95 % interval (Welch) in more metrics than
chance would bring (about one in twenty), or by more than 3 % of its value in any headline metric.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import study
from scipy import stats

METRICS = (
    "contacts_per_1000",
    "failure_demand_share",
    "hidden_need_share",
    "crisis_onsets_per_1000",
    "turned_away_share",
    "mean_wellbeing",
    "wellbeing_in_need",
    "mean_trust",
    "mean_fear",
    "mean_willingness",
    "mean_skill",
    "mean_hope",
    "volunteer_share",
    "group_coverage",
    "caseload",
    "cost_per_head",
)
LARGE_PAIRS = 4


def main(scale: study.Scale) -> dict[str, pd.DataFrame]:
    """One row a setting and metric: both means, their difference with its interval, and whether they agree."""
    levers = {
        "blame_culture": 0.15,
        "permission_to_innovate": 0.8,
        "community_investment": 6.0,
        "asset_based_training": 16.0,
        "place_based_working": 0.6,
        "staff_communications": 0.5,
    }
    steady = [{"kind": "leaders_stay", "at": "2011-04-04", "weeks": 520}]  # one leader's luck is the same at every size
    settings = {
        "old regime": study.setting("old regime", {}, shocks=steady),
        "levers": study.setting("levers", levers, shocks=steady),
    }
    large = replace(scale, size=10 * scale.size, pairs=min(LARGE_PAIRS, scale.pairs))

    def measure(world: study.World) -> dict[str, float]:
        return study.last_two_years(world, METRICS)

    small_lived = study.live_settings(settings, scale, measure)
    large_lived = study.live_settings(settings, large, measure)
    rows = []
    for name in settings:
        for metric in METRICS:
            a = small_lived[small_lived["setting"] == name][metric]
            b = large_lived[large_lived["setting"] == name][metric]
            found = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
            rows.append(
                {
                    "setting": name,
                    "metric": metric,
                    f"{scale.size:,}": float(a.mean()),
                    f"{large.size:,}": float(b.mean()),
                    "difference": float(b.mean() - a.mean()),
                    "low": float(found.low),
                    "high": float(found.high),
                    "in per cent": 100 * float((b.mean() - a.mean()) / abs(a.mean())),
                    "agree": "yes" if found.low <= 0 <= found.high else "no",
                }
            )
    return {"size": pd.DataFrame(rows)}


if __name__ == "__main__":
    study.by_hand(__doc__, "03", main)
