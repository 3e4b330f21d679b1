"""How do blame culture, permission to innovate and investment affect demand and wellbeing, alone and together?

Design: blame {0.1, 0.6} × permission {0.2, 0.8} × investment {£0, £6 a head a year}, each held for ten years from
the old regime; 20 paired seeds (each with a borough of its own), 33,000 citizens; the last two years compared.
Leaders who hold the permission stay, so that permission is held as the design says. A first run left them to
chance, with one leader: by year ten she had left in nine of ten runs and taken the permission with her, so that
permission .8 against .2 moved contacts by only −1.1 (−1.9 to −0.3); that run is reported beside this one.
Outcomes: contacts, hidden need, new crises, wellbeing, and wellbeing of people in need. Hidden need was measured anew
after the first runs: they counted everyone in contact with no service, among them people whose need a group carries;
now those are left out. What the first measure shows is reported beside it (`without_service_share`).

Written before the first run, what would contradict the source (the Wigan Deal as told):
- blame blocks the change: contradicted if permission lowers contacts by as much under blame 0.6 as under 0.1
  (the interval of the interaction blame × permission on contacts includes 0);
- conversations are pointless without permission is not tested here (no training in this design);
- communities must be cultivated: contradicted if investment does not lower contacts, or raises hidden need as a
  share of residents;
- people gain: contradicted if the three together do not raise the wellbeing of people in need;
- the whole is more than its parts: contradicted if the interactions on contacts all include 0.

The result is reported as found, whatever it is.
"""

from __future__ import annotations

from itertools import product

import pandas as pd
import study

METRICS = (
    "contacts_per_1000",
    "hidden_need_share",
    "hidden_need_population_share",
    "without_service_share",
    "crisis_onsets_per_1000",
    "mean_wellbeing",
    "wellbeing_in_need",
    "mean_willingness",
    "mean_fear",
)
FACTORS = {
    "blame_culture": (0.1, 0.6),
    "permission_to_innovate": (0.2, 0.8),
    "community_investment": (0.0, 6.0),
}
STEADY = [{"kind": "leaders_stay", "at": "2011-04-04", "weeks": 520}]


def name_of(levels: tuple[float, ...]) -> str:
    """A cell's name: blame, permission, investment."""
    return "blame {:g} permission {:g} investment {:g}".format(*levels)


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """Main effects (high minus low) and interactions, with 95 % intervals over pairs.

    An interaction of two factors is the effect of one at the high level of the other, minus that at its low
    level; of three, the same once more.
    """
    cells = list(product(*FACTORS.values()))
    wide = {cell: table[table["setting"] == name_of(cell)].set_index("pair") for cell in cells}
    names = list(FACTORS)
    rows = []
    for chosen in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)):
        for metric in METRICS:
            contrast = 0.0
            for cell in cells:
                sign = 1.0
                for k in chosen:
                    sign *= 1.0 if cell[k] == FACTORS[names[k]][1] else -1.0
                contrast = contrast + sign * wide[cell][metric]
            values = contrast / 2 ** (len(FACTORS) - len(chosen))
            mean, low, high = study.interval(values.to_numpy())
            rows.append(
                {
                    "effect": " × ".join(names[k] for k in chosen),
                    "metric": metric,
                    "mean": mean,
                    "low": low,
                    "high": high,
                    "says": "more" if low > 0 else "less" if high < 0 else "cannot tell",
                }
            )
    return pd.DataFrame(rows)


def main(scale: study.Scale) -> dict[str, pd.DataFrame]:
    """The eight cells and the effects."""
    settings = {
        name_of(cell): study.setting(name_of(cell), dict(zip(FACTORS, cell, strict=True)), shocks=STEADY)
        for cell in product(*FACTORS.values())
    }
    lived = study.live_settings(settings, scale, lambda world: study.last_two_years(world, METRICS))
    base = name_of((0.6, 0.2, 0.0))
    return {"cells": study.differences(lived, base, METRICS), "effects": effects(lived)}


if __name__ == "__main__":
    study.by_hand(__doc__, "01", main)
