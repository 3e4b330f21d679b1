"""Does the whole model keep two staff cultures under one and the same policy, from which strength of peers on?

Design: the strength of peers (`by_norm`) in {3, 3.5, 3.9, 4.5, 6} × permission in {0.2, 0.4, 0.6, 0.8, 1.0}, blame
culture 0.3, steady leaders; the same borough and chances are lived for 40 years from two starts, one in which nobody is
willing to depart from the menu (norm and willingness 0.05) and one in which everybody is (0.95); 12,000 citizens, 6
seeds. Memory is the difference in mean willingness of the two in years 39 and 40, taken at the permission where it is
largest. Then, at peers of 4.5, one loop after another is cut: belief in what works, hope, credibility of leaders, fear.

The reduced system, in which only norm and willingness move, keeps two cultures above 4 and one below. That the other
loops lower this threshold is expected; it is contradicted if no interval of memory at 3.9 or less lies above 0.02.
(The permission is picked for its memory, which makes noise look like memory; hence the interval and not the mean.) A
loop carries the memory if the memory falls by half or more when it is cut.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pandas as pd
import study

from dealsim.parameters import Parameters, with_values
from dealsim.places import shipped

PEERS = (3.0, 3.5, 3.9, 4.5, 6.0)
PERMISSIONS = (0.2, 0.4, 0.6, 0.8, 1.0)
STARTS = {"nobody": 0.05, "everybody": 0.95}
CUTS = {
    "no loop cut": {},
    "belief in what works": {"staff.by_value": 0.0},
    "hope": {"staff.by_hope": 0.0},
    "credibility of leaders": {"staff.heard_without_trust": 1.0},
    "fear": {"staff.fear_own": 0.3, "staff.fear_seen": 0.0, "staff.fear_contagion": 0.0, "staff.fear_decay": 0.03},
}
"""Each loop, and the values under which willingness no longer moves through it (fear: hardly)."""
STRONG = 4.5
YEARS = 40
SIZE, PAIRS = 12_000, 6


def ends_of(values: dict[str, float], scale: study.Scale, pair: int) -> list[dict[str, float]]:
    """Mean willingness in the last two years, for each permission and start."""
    place = shipped("wigan")
    parameters = with_values(Parameters(), values)
    world = study.burn_in(place, scale.size, 1 + pair, parameters, scale.burn_in_weeks)
    weeks = scale.years * study.WEEKS_A_YEAR
    rows = []
    for permission in PERMISSIONS:
        levers = {"permission_to_innovate": permission, "blame_culture": 0.3}
        steady = [{"kind": "leaders_stay", "at": "2011-04-04", "weeks": weeks}]
        policy = study.scenario_from(study.setting("held", levers, shocks=steady)).policy(
            weeks, world.borough.place_names
        )
        row = {"permission": permission}
        for name, culture in STARTS.items():
            begun = study.branch(world, policy, 1001 + pair, weeks)
            begun.borough.teams.norm[:] = begun.borough.teams.willingness[:] = culture
            begun.borough.staff.willingness[:] = culture
            row[name] = study.last_two_years(study.live(begun), ("mean_willingness",))["mean_willingness"]
        rows.append(row)
    return rows


def memory(cases: dict[str, dict[str, float]], scale: study.Scale, label: str) -> pd.DataFrame:
    """One row a case: where the two cultures end at the permission at which they differ most, with the interval."""
    jobs = [(name, pair) for name in cases for pair in range(scale.pairs)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        lived = list(pool.map(lambda job: ends_of(cases[job[0]], scale, job[1]), jobs))
    table = pd.DataFrame(
        [{label: name, "pair": pair, **row} for (name, pair), rows in zip(jobs, lived, strict=True) for row in rows]
    )
    table["memory"] = table["everybody"] - table["nobody"]
    rows = []
    for name in cases:
        own = table[table[label] == name]
        at = own.groupby("permission")["memory"].mean().idxmax()
        there = own[own["permission"] == at]
        mean, low, high = study.interval(there["memory"].to_numpy())
        rows.append(
            {label: name, "permission": at, "ends from nobody": there["nobody"].mean(),
             "ends from everybody": there["everybody"].mean(), "memory": mean, "low": low, "high": high}
        )  # fmt: skip
    return pd.DataFrame(rows)


def main(scale: study.Scale) -> dict[str, pd.DataFrame]:
    """Memory by the strength of peers, and with one loop after another cut."""
    if scale == study.FULL:
        scale = replace(scale, size=SIZE, years=YEARS, pairs=PAIRS)
    peers = {str(strength): {"staff.by_norm": strength} for strength in PEERS}
    cuts = {name: {"staff.by_norm": STRONG, **values} for name, values in CUTS.items()}
    return {"peers": memory(peers, scale, "peers"), "loops": memory(cuts, scale, "loop cut")}


if __name__ == "__main__":
    study.by_hand(__doc__, "05", main)
