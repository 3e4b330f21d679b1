"""Writes the tables of `docs/calibration.md` from what study 07 and the pattern table found; its words are by hand."""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import pandas as pd
import study

from dealsim.calibration import parameter_sets, provenance
from dealsim.parameters import every_parameter
from dealsim.patterns.national import PATTERNS
from dealsim.show.pages import table, with_tables
from dealsim.show.patterns import simulated_in_words, target_in_words
from dealsim.show.words import figure

PAGE = study.ROOT / "docs" / "calibration.md"
SHIPPED = study.ROOT / "dealsim" / "calibration" / "patterns.csv"


def ship_patterns(rows: list[dict[str, object]]) -> None:
    """The pattern table at the defaults, as the package ships it."""
    with SHIPPED.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        ends = ("simulated", "simulated_low", "simulated_high")
        writer.writerow(["name", *ends, "passed"])
        for row in rows:
            writer.writerow([row["name"], *(f"{row[end]:.6g}" for end in ends), row["pass"]])


def patterns_table(folder: Path, defaults: dict[str, dict[str, object]], ensemble: dict[str, dict[str, object]]) -> str:
    """Every pattern before, at the new defaults and over the ensemble."""
    before = pd.read_csv(folder / "07_before.csv").set_index("pattern")
    rows = []
    for name, one in PATTERNS.items():
        if name.startswith("stays_put"):
            continue
        then, now, sets = before.loc[name], defaults[name], ensemble[name]
        rows.append(
            (
                f"`{name}`",
                one.use,
                target_in_words(one),
                simulated_in_words(one, then["median"], then["low"], then["high"]),
                simulated_in_words(one, now["simulated"], now["simulated_low"], now["simulated_high"]),
                "yes" if now["pass"] else "**no**",
                simulated_in_words(one, sets["simulated"], sets["simulated_low"], sets["simulated_high"]),
                "yes" if sets["pass"] else "**no**",
                f"{sets['share_holding']:.0%}",
            )
        )
    head = (
        "Pattern",
        "Use",
        "Target",
        "Before",
        "At the defaults",
        "Holds",
        "Over the ensemble",
        "Holds",
        "Sets that hold it",
    )
    return table(head, rows)


def moves_table(defaults: dict[str, dict[str, object]], ensemble: dict[str, dict[str, object]]) -> str:
    """How far the old regime moves by itself."""
    rows = []
    for name, one in PATTERNS.items():
        if name.startswith("stays_put"):
            now, sets = defaults[name], ensemble[name]
            rows.append(
                (
                    f"`{name.removeprefix('stays_put_')}`",
                    f"±{figure(one.high)} {one.unit}",
                    f"{figure(now['simulated'], signed=True, places=4)} ({figure(now['simulated_low'], signed=True, places=4)} to {figure(now['simulated_high'], signed=True, places=4)})",
                    "yes" if now["pass"] else "**no**",
                    figure(sets["simulated"], signed=True, places=4),
                    "yes" if sets["pass"] else "**no**",
                )
            )
    return table(("Measure", "Bound", "At the defaults", "Holds", "Median of the ensemble", "Holds"), rows)


def identified_table(folder: Path) -> str:
    """How far matching narrowed each parameter."""
    rows = []
    for row in pd.read_csv(folder / "07_identified.csv").sort_values("of_range").to_dict("records"):
        spec, now = every_parameter()[row["parameter"]]
        rows.append(
            (
                f"`{row['parameter']}`", spec.label, f"{figure(spec.low)} to {figure(spec.high)}", figure(row["before"]), figure(now),
                f"{figure(row['low'])} to {figure(row['high'])}", f"{row['of_range']:.0%}", row["identified"],
            )
        )  # fmt: skip
    head = ("Parameter", "What it is", "Range", "Before", "New default", "Middle 90 % of kept sets", "Of the range", "")
    return table(head, rows)


def simple(path: Path, heads: dict[str, str], digits: int = 3) -> str:
    """Some columns of a table, under names for readers."""
    found = pd.read_csv(path)
    rows = [
        tuple(figure(v, places=digits) if isinstance(v, float) else str(v) for v in row)
        for row in found[list(heads)].itertuples(index=False)
    ]
    return table(tuple(heads.values()), rows) if rows else "None.\n"


def rivals_table(folder: Path) -> str:
    """For each rival the patterns that it loses, and those it gains."""
    found = pd.read_csv(folder / "07_rivals.csv")
    rows = []
    for rival, own in found.groupby("rival", sort=False):
        lost = own[(own["holding_without"] >= 0.5) & (own["holding_under"] <= 0.1)]
        weaker = own[(own["holding_without"] - own["holding_under"] >= 0.25) & ~own["pattern"].isin(lost["pattern"])]
        gained = own[(own["holding_under"] - own["holding_without"] >= 0.25)]

        def said(part: pd.DataFrame) -> str:
            return (
                ", ".join(
                    f"`{r['pattern']}` {figure(r['without'])} → {figure(r['under'])}" for r in part.to_dict("records")
                )
                or "–"
            )

        rows.append((f"`{rival}`", said(lost), said(weaker), said(gained)))
    head = (
        "Rival",
        "Rejected by (holds in half of the sets without it, in a tenth with it)",
        "Spoken against by",
        "Spoken for by",
    )
    return table(head, rows)


def main(folder: Path, defaults: Path, ensemble: Path) -> None:
    """Make every table of the page anew."""
    at_defaults, over_sets = (json.loads(path.read_text(encoding="utf-8")) for path in (defaults, ensemble))
    ship_patterns(at_defaults)
    now, sets = ({row["name"]: row for row in rows} for rows in (at_defaults, over_sets))
    thirds = provenance()["ended_without_a_service"]
    text = PAGE.read_text(encoding="utf-8")
    made = {
        "patterns": lambda: patterns_table(folder, now, sets),
        "moves": lambda: moves_table(now, sets),
        "waves": lambda: simple(folder / "07_waves.csv", {"wave": "Wave", "points": "Points lived", "left_of_cube": "Left of the whole ranges, by its emulators", "patterns_held": "Fitted patterns held by its points, mean share"}, 5),
        "rounds": lambda: simple(folder / "07_rounds.csv", {"round": "Round", "led_to": "Led to a share that is", "generations": "Generations", "expected_miss": "Expected miss at the end", "spread": "Spread", "lived": "Sets lived", "kept": "Kept", "in_third": "Kept, and in the group it was led to"}, 2),
        "sets": lambda: simple(folder / "07_sets.csv", {"third": "Share that ended without a service", "lived": "Sets lived, with the strewn ones", "kept": "Kept"}),
        "ensemble": lambda: table(("Share that ends without a service", "Sets of the ensemble"), [*thirds.items(), ("all", len(parameter_sets()))]),
        "identified": lambda: identified_table(folder),
        "correlations": lambda: simple(folder / "07_correlations.csv", {"one": "Parameter", "other": "And", "correlation": "Correlation"}, 2),
        "recovery": lambda: simple(folder / "07_recovery.csv", {"parameter": "Parameter", "inside": "True values inside", "width": "Width of the interval, of the prior's"}, 2),
        "rivals": lambda: rivals_table(folder),
    }  # fmt: skip
    page = with_tables(text, {name: make() for name, make in made.items()})
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, default=study.ROOT / "results" / "experiments")
    parser.add_argument("--defaults", type=Path, required=True, help="what `dealsim patterns --json` printed")
    parser.add_argument(
        "--ensemble", type=Path, required=True, help="what `dealsim patterns --ensemble --json` printed"
    )
    asked = parser.parse_args()
    main(asked.tables, asked.defaults, asked.ensemble)
