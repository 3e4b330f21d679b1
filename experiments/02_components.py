"""What does each component of the Deal do alone, left out, and together with the others?

Design: the four components (asset-based working as training; permission to innovate with its leaders and nerve;
investment in communities with link workers, champions and partnership; place-based working) and the end of
blame culture, each alone against the old regime and each left out of the whole; all held from the first week for
ten years; 20 paired seeds, 33,000 citizens; the last two years compared, and new crises in years 1 and 2.
Two bounds of plausibility for the uncalibrated model: with the whole, contacts in years 9–10 fall by at most
40 %, and new crises in years 1 and 2 stay within 5 % of their value.

The result is reported as found. No component is expected to help on its own.
"""

from __future__ import annotations

import pandas as pd
import study

from dealsim.patterns.trials import TRIALS

WHOLE = TRIALS["whole"].levers
COMPONENTS = {
    "training": ("asset_based_training",),
    "permission": ("permission_to_innovate", "nerve", "leaders_holding_permission", "staff_communications"),
    "investment": ("community_investment", "link_workers", "citizen_leadership", "commissioning"),
    "places": ("place_based_working",),
    "no blame": ("blame_culture",),
}
"""The levers of each component; together they are the trial of everything the Deal is made of."""
METRICS = (
    "contacts_per_1000",
    "need_share",
    "hidden_need_share",
    "hidden_need_population_share",
    "without_service_share",
    "crisis_onsets_per_1000",
    "mean_wellbeing",
    "wellbeing_in_need",
    "mean_trust",
    "mean_fear",
    "mean_willingness",
    "cost_per_head",
)
STEADY = [{"kind": "leaders_stay", "at": "2011-04-04", "weeks": 520}]


def main(scale: study.Scale) -> dict[str, pd.DataFrame]:
    """Differences from the old regime, and new crises of the whole in its first two years."""
    settings = {"old regime": study.setting("old regime", {}, shocks=STEADY)}
    for name, levers in COMPONENTS.items():
        own = {lever: WHOLE[lever] for lever in levers}
        settings[f"only {name}"] = study.setting(f"only {name}", own, shocks=STEADY)
    for name, levers in COMPONENTS.items():
        rest = {lever: value for lever, value in WHOLE.items() if lever not in levers}
        settings[f"all but {name}"] = study.setting(f"all but {name}", rest, shocks=STEADY)
    settings["all"] = study.setting("all", WHOLE, shocks=STEADY)

    def measure(world: study.World) -> dict[str, float]:
        found = study.last_two_years(world, METRICS)
        for year in (0, 1):
            first = year * study.WEEKS_A_YEAR
            onsets = study.means(world, ("crisis_onsets_per_1000",), first, first + study.WEEKS_A_YEAR)
            found[f"crisis_onsets_per_1000, year {year + 1}"] = onsets["crisis_onsets_per_1000"]
        return found

    lived = study.live_settings(settings, scale, measure)
    early = tuple(f"crisis_onsets_per_1000, year {year}" for year in (1, 2))
    return {"components": study.differences(lived, "old regime", (*METRICS, *early))}


if __name__ == "__main__":
    study.by_hand(__doc__, "02", main)
