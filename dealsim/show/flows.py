"""Where needs go: every need of the last years, from where it came to how it ended or where it stands.

It adds up stored weekly figures; it counts nothing of its own.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from dealsim.calendar import WEEKS_A_YEAR
from dealsim.results import Results
from dealsim.show.plots import Chart, layout_of, numbers
from dealsim.show.words import between, count, figure, places_of, title_of
from dealsim.summary import interval, unit_means, verdict_of
from dealsim.text import label

ENDED = {
    "put_right_alone_per_1000": "Put right alone",
    "put_right_with_ties_per_1000": "With family or friends",
    "put_right_by_group_per_1000": "With a group's help",
    "put_right_by_service_per_1000": "By services",
}
"""How a need ends, by the metric that counts it (per 1,000 residents a year)."""
OPEN = {
    "with_service_share": "Still open: with a service",
    "turned_away_so_far_share": "Still open: turned away so far",
    "with_group_share": "Still open: with a group",
    "hidden_need_population_share": "Still open: hidden",
}
"""Where a need that has not ended stands, by the metric that counts it (share of residents)."""
BEGAN = {"open": "Open before", "needs_per_1000": "New needs"}
UNIT = "needs per 1,000 residents"

# by who deals with it: services blue, people and groups green, nobody orange; every band is named as well
_COLOURS = {
    "By services": "#0060A8",
    "Still open: with a service": "#0060A8",
    "Still open: turned away so far": "#B34700",
    "Still open: hidden": "#B34700",
}
_OTHER = "#00704A"


def flows(results: Results, scenario: str) -> pd.DataFrame:
    """Needs per 1,000 residents over the last years, one row a replicate, one column a beginning or an end.

    With an ensemble a row is a parameter set, as intervals are taken over sets.

    Beginnings and ends add up to the same: a need was open before or arose, and ended or is open still. Empty
    where the results do not hold every figure.
    """
    weeks, span = int(results.settings["weeks"]), int(results.settings["outcome_weeks"])
    start = weeks - span
    table = results.series
    wanted = ["needs_per_1000", *ENDED, *OPEN]
    own = table[(table["scenario"] == scenario) & (table["group"] == "all") & table["metric"].isin(wanted)]
    found = {}
    for metric in wanted:
        wide = own[own["metric"] == metric].pivot(index="week", columns="replicate", values="value")
        if wide.empty or wide.index.max() != weeks - 1:
            return pd.DataFrame()
        if metric in OPEN:
            found[metric] = 1000.0 * wide.loc[weeks - 1]
        else:
            found[metric] = wide[wide.index >= start].sum() / WEEKS_A_YEAR
    ends = sum(found[metric] for metric in (*ENDED, *OPEN))
    each = pd.DataFrame({"open": ends - found["needs_per_1000"], **found})
    return unit_means(each.T, results.sets).T


def flow_charts(results: Results) -> list[Chart]:
    """Where needs go in each scenario, and how far that differs from the base."""
    tables = {name: flows(results, name) for name in results.names}
    if any(table.empty for table in tables.values()):
        return []
    span = count(int(results.settings["outcome_weeks"]) // WEEKS_A_YEAR, "year")
    charts = []
    for name, table in tables.items():
        base = tables[results.base] if name != results.base else None
        charts.append(
            Chart(
                key=f"flows-{results.names.index(name)}",
                title=f"Where needs go: {title_of(name)}",
                subtitle=f"{UNIT}, over the last {span}; mean of {count(len(table), 'replicate')}",
                sentence=flow_sentence(table, base, name, results.base),
                data=[_sankey(table)],
                layout=_layout(results),
                unit=UNIT,
                short=_table(table, base, name),
            )
        )
    return charts


def _names() -> dict[str, str]:
    return {**BEGAN, **ENDED, **OPEN}


def _sankey(table: pd.DataFrame) -> dict[str, Any]:
    names, means = _names(), table.mean()
    nodes = list(names)
    middle = len(nodes)
    links = [(at, middle, key) for at, key in enumerate(nodes) if key in BEGAN]
    links += [(middle, at, key) for at, key in enumerate(nodes) if key not in BEGAN]
    colours = {key: _COLOURS.get(name, "#444444" if key in BEGAN else _OTHER) for key, name in names.items()}
    shown = [f"{name}: {figure(means[key], places=1)}" for key, name in names.items()]
    return {
        "type": "sankey",
        "arrangement": "snap",
        "node": {
            "label": [*map(label, shown), ""],
            "color": [*colours.values(), "#444444"],
            "pad": 14,
            "thickness": 14,
            "hovertemplate": "%{label}<extra></extra>",
        },
        "link": {
            "source": [link[0] for link in links],
            "target": [link[1] for link in links],
            "value": numbers(pd.Series([max(0.0, means[link[2]]) for link in links])),
            "color": [f"{colours[link[2]]}55" for link in links],
            "hovertemplate": "%{source.label} → %{target.label}<extra></extra>",
        },
    }


def _layout(results: Results) -> dict[str, Any]:
    layout = layout_of(results, "", 0.0, 1.0)
    for axis in ("xaxis", "yaxis", "legend", "hovermode"):
        del layout[axis]
    layout["annotations"][0]["yshift"] = -14
    return {
        **layout,
        "height": 420,
        "margin": {"l": 8, "r": 8, "t": 12, "b": 40},
        "font": {**layout["font"], "size": 12},
    }


def _table(table: pd.DataFrame, base: pd.DataFrame | None, name: str) -> pd.DataFrame:
    rows = []
    for key, what in _names().items():
        mean, low, high = interval(table[key].to_numpy())
        row: dict[str, Any] = {"scenario": name, "group": what, "mean": mean, "low": low, "high": high}
        if base is not None:
            row["difference"], row["low"], row["high"] = interval((table[key] - base[key]).dropna().to_numpy())
        rows.append(row)
    return pd.DataFrame(rows)


def flow_sentence(table: pd.DataFrame, base: pd.DataFrame | None, name: str, base_name: str) -> str:
    """Where most needs end; against a base, only the moves that the intervals show."""
    means = table.mean()
    if base is None:
        ended = sum(means[key] for key in ENDED)
        if not ended:
            return f"Under {title_of(name)} no need ended."
        parts = [
            f"{what[0].lower()}{what[1:]} {figure(100 * means[key] / ended, places=0)} %" for key, what in ENDED.items()
        ]
        return (
            f"Under {title_of(name)}, of the needs that ended: {', '.join(parts)}. At the end "
            f"{figure(sum(means[key] for key in OPEN), places=0)} needs per 1,000 residents are open, and "
            f"{figure(means['hidden_need_population_share'], places=0)} of them are hidden."
        )
    moved: dict[str, list[str]] = {"More": [], "Fewer": []}
    unsure = 0
    for key, what in {"needs_per_1000": "new needs", **ENDED, **OPEN}.items():
        mean, low, high = interval((table[key] - base[key]).dropna().to_numpy())
        if verdict_of(low, high, "") not in ("higher", "lower"):
            unsure += 1
            continue
        places = places_of({"low": low, "high": high})
        near, far = sorted((abs(low), abs(high)))
        moved["More" if mean > 0 else "Fewer"].append(
            f"{what[0].lower()}{what[1:].replace(':', '')} by {figure(abs(mean), places=places)} "
            f"({between(near, far, places=places)})"
        )
    said = [f"{way}: {', '.join(parts)}." for way, parts in moved.items() if parts]
    start = [f"Against {title_of(base_name)}, with the 95 % interval of the difference."] if said else []
    rest = (
        [f"For {unsure} of {1 + len(ENDED) + len(OPEN)} of these figures no difference can be told."] if unsure else []
    )
    return " ".join([*start, *said, *rest])
