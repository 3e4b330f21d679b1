"""What did the model say of Wigan, before anything of Wigan's outcomes was looked at?

Design: `cuts_only` and `deal` at full size (330,000 citizens) for 2011/12 to 2019/20, one life in each parameter set of
the shipped ensemble, the same people and chances in both. Outcomes are yearly means; their intervals are over sets: the
middle half and the middle 90 %. It writes `docs/predictions.csv`, and `docs/predictions.md` with the hash of the table.

No outcome of Wigan's has been used anywhere in the model, its calibration or this script.

Of each outcome one figure counts, named before the full run: how it stands under the Deal in 2019/20 against 2011/12,
and of staff engagement its change from 2013/14 to 2016/17, the years of the first training. It is missed if the record,
once its own error is allowed for, lies outside the 90 % interval. Two outcomes have no record to be held against. Of the
nine that have, a right model would miss about one by chance, and three or more in one case of twenty: that many
contradict the model. The files are not to be edited: a later model makes a prediction of its own beside this one.
"""

from __future__ import annotations

import argparse
import hashlib
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import points
import study

from dealsim.calendar import WEEKS_A_MONTH, WEEKS_A_YEAR
from dealsim.calibration import parameter_sets
from dealsim.engine import World, branch, burn_in, live
from dealsim.metrics import series
from dealsim.parameters import Parameters, with_values
from dealsim.places import shipped
from dealsim.plans import borough_seed, life_seed
from dealsim.scenarios import load
from dealsim.show.words import figure
from dealsim.summary import payback_week
from dealsim.version import MODEL_VERSION

SEED = 2011
FIRST_YEAR, YEARS = 2011, 9
RESIDENTS = FULL_SIZE = 330_000
BASE, OTHER = "cuts_only", "deal"


class Outcome(NamedTuple):
    """What an outcome is called, its unit, how the model's quantity becomes the published one, and if one is published."""

    label: str
    unit: str
    mapping: str
    has_record: bool = True


OUTCOMES: dict[str, Outcome] = {
    "life_satisfaction": Outcome(
        "Mean life satisfaction", "0–10",
        "The model's survey of people 16 and over (whole answers, with the mood of the day): ONS life satisfaction.",
    ),
    "satisfaction_gap": Outcome(
        "Gap in life satisfaction", "points",
        "Mean answer in the least deprived national fifth of neighbourhoods minus the most deprived. Surveys give it "
        "by deprivation of the neighbourhood.",
    ),
    "trust": Outcome(
        "Trust in the council", "% of people",
        "Mean trust of people 16 and over, read as the share who trust the council a fair amount or more.",
    ),
    "hope": Outcome(
        "Staff engagement", "index, 2013/14 = 100",
        "Mean hope of staff against its mean in 2013/14 under the same scenario: an engagement index of a staff survey.",
    ),
    "fair_treatment": Outcome(
        "Fair treatment", "% of staff",
        "One minus mean fear of blame: the share of staff who think that errors are treated fairly.",
    ),
    "crossings": Outcome(
        "Crossing into long-term or crisis care", "residents per 100,000 a year",
        "New crises, and needs that have been with a service for a year as of now. Council figures count packages of "
        "care: read the change, not the level.",
    ),
    "solved_in_community": Outcome(
        "Solved in the community", "% of needs that ended",
        "Needs ended by the person, family or friends, or a group, of all that ended. No return counts this; the "
        "nearest is the share of requests that end in universal services.",
        has_record=False,
    ),
    "volunteering": Outcome(
        "Volunteering each month", "% of people 16 and over",
        "People who volunteer with a group: formal volunteering at least monthly.",
    ),
    "crisis_and_long_term_spend": Outcome(
        "Spending on crisis and long-term care", "£m a year",
        "Contacts in crisis at their cost, and contacts of people whose need has been with a service for over a year "
        "(their number × chance of a contact × cost). Prices are the model's and stand still.",
    ),
    "turned_away": Outcome(
        "Turned away", "% of contacts",
        "Contacts for which no team had a slot: no return counts it.", has_record=False,
    ),
    "staff_leavers": Outcome(
        "Staff who leave", "% a year", "Frontline workers who leave in the year: turnover in returns.",
    ),
}  # fmt: skip
"""What is predicted."""
COUNTS = {name: ("the Deal minus 2011/12", 2019) for name, one in OUTCOMES.items() if one.has_record}
COUNTS["hope"] = ("the Deal", 2016)
"""The one reading and year of each outcome that is held against the record."""


def lived(number: int, size: int) -> dict[str, dict[str, list[float]]]:
    """One parameter set: every outcome by scenario and year, and the week in which the Deal has paid back."""
    parameters = with_values(Parameters(), parameter_sets()[number])
    start = burn_in(shipped("wigan"), size, borough_seed(SEED, 1, 0), parameters)
    found: dict[str, dict[str, list[float]]] = {}
    spent: dict[str, np.ndarray] = {}
    weeks = YEARS * WEEKS_A_YEAR
    for name in (BASE, OTHER):
        policy = load(name).policy(weeks, start.borough.place_names)
        world = branch(start, policy, life_seed(SEED, number), weeks, parameters)
        long_term = np.zeros((weeks // WEEKS_A_MONTH, 2))
        for month in range(weeks // WEEKS_A_MONTH):
            live(world, WEEKS_A_MONTH)
            long_term[month] = _long_term(world)
        found[name], spent[name] = _outcomes(world, long_term, size)
    paid = payback_week(np.cumsum(spent[BASE] - spent[OTHER]))
    found["payback"] = {"year": [float(paid) / WEEKS_A_YEAR + FIRST_YEAR + 0.25]}  # years begin in April
    return found


def _long_term(world: World) -> tuple[float, float]:
    """People whose need has become long-term in the last four weeks, and all whose need is."""
    citizens = world.borough.citizens
    with_a_service = (citizens.need > 0) & (citizens.in_contact == 1) & (citizens.met_this_episode == 1)
    age = world.week - 1 - citizens.first_contact
    long = with_a_service & (age >= WEEKS_A_YEAR)
    return float((long & (age < WEEKS_A_YEAR + WEEKS_A_MONTH)).sum()), float(long.sum())


def _outcomes(world: World, long_term: np.ndarray, size: int) -> tuple[dict[str, list[float]], np.ndarray]:
    by: dict[tuple[str, str], np.ndarray] = {
        (metric, group): np.asarray(values)
        for metric, group, _, values in series(world, ("all", "quintile:1", "quintile:5"))
    }

    def yearly(metric: str, group: str = "all") -> np.ndarray:
        values = by[metric, group]
        return values.reshape(YEARS, -1).mean(axis=1)

    p = world.parameters
    months = long_term.reshape(YEARS, -1, 2)
    hope = yearly("mean_hope")
    per_head = WEEKS_A_YEAR * p.citizen.seek_again * p.service.contact_cost
    crisis = yearly("crisis_cost_per_head") * RESIDENTS / 1e6
    long_spend = months[:, :, 1].mean(axis=1) / size * RESIDENTS * per_head / 1e6
    found = {
        "life_satisfaction": yearly("surveyed_satisfaction"),
        "satisfaction_gap": yearly("surveyed_satisfaction", "quintile:5") - yearly("surveyed_satisfaction", "quintile:1"),
        "trust": 100.0 * yearly("mean_trust"),
        "hope": 100.0 * hope / hope[2],
        "fair_treatment": 100.0 * (1.0 - yearly("mean_fear")),
        "crossings": 100.0 * yearly("crisis_onsets_per_1000") + months[:, :, 0].sum(axis=1) / size * 100_000.0,
        "solved_in_community": 100.0 * yearly("resolved_in_community_share"),
        "volunteering": 100.0 * yearly("volunteer_share"),
        "crisis_and_long_term_spend": crisis + long_spend,
        "turned_away": 100.0 * yearly("turned_away_share"),
        "staff_leavers": 100.0 * yearly("leavers_share"),
    }  # fmt: skip
    return {name: values.tolist() for name, values in found.items()}, by["cost_per_head", "all"] / WEEKS_A_YEAR


def all_lived(sets: int, size: int, folder: Path, workers: int | None) -> list[dict[str, dict[str, list[float]]]]:
    """Every parameter set, or those an earlier call has left."""
    own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    names = (points.name_of(dict(one), k, size, own) for k, one in enumerate(parameter_sets()[:sets]))
    paths = [folder / f"predicted-{k:03d}-{name}.json" for k, name in enumerate(names)]
    return list(points.carried_out("predictions", partial(lived, size=size), range(sets), paths, workers))


QUANTILES = {"median": 0.5, "low_50": 0.25, "high_50": 0.75, "low_90": 0.05, "high_90": 0.95}


def table_of(found: list[dict[str, dict[str, list[float]]]]) -> pd.DataFrame:
    """One row an outcome, reading and year: the median over sets with the middle half and the middle 90 %."""
    rows = []
    for outcome, (label, unit, *_) in OUTCOMES.items():
        base, other = (np.array([one[name][outcome] for one in found]) for name in (BASE, OTHER))
        readings = {
            "cuts alone": base,
            "the Deal": other,
            "the Deal minus cuts alone": other - base,
            "the Deal minus 2011/12": other - other[:, :1],
            "cuts alone minus 2011/12": base - base[:, :1],
        }
        for reading, values in readings.items():
            for year in range(YEARS):
                own = values[:, year]
                rows.append(
                    {"outcome": outcome, "label": label, "unit": unit, "reading": reading,
                     "year": said_year(FIRST_YEAR + year),
                     **{name: float(np.quantile(own, q)) for name, q in QUANTILES.items()},
                     "share_above_nought": float((own > 0).mean()), "share_below_nought": float((own < 0).mean()),
                     "sets": len(found), "counts": COUNTS.get(outcome) == (reading, FIRST_YEAR + year)}
                )  # fmt: skip
    paid = np.array([one["payback"]["year"][0] for one in found], float)
    share = float(np.isfinite(paid).mean())
    late = np.where(np.isfinite(paid), paid, np.inf)
    with np.errstate(invalid="ignore"):
        quantiles = {
            name: float(np.quantile(late, q, method="lower" if q < 0.5 else "higher")) for name, q in QUANTILES.items()
        }
    rows.append(
        {"outcome": "payback_year", "label": "Year in which investment is paid back", "unit": "calendar year (inf: not by March 2020)",
         "reading": "the Deal minus cuts alone", "year": "all", **quantiles, "share_above_nought": share, "share_below_nought": 0.0, "sets": len(found),
         "counts": False}
    )  # fmt: skip
    return pd.DataFrame(rows)


def said_of(value: float, unit: str, reading: str = "") -> str:
    """A figure as the page shows it: a difference in survey answers is small, and is given to a thousandth."""
    if unit in ("0–10", "points"):
        return figure(value, places=3 if " minus " in reading else 2)
    return figure(value, places=0 if "100,000" in unit else 1)


def said_year(year: int) -> str:
    """The council's year, April to March, that begins in this calendar year.

    >>> said_year(2019)
    '2019/20'
    """
    return f"{year}/{(year + 1) % 100:02d}"


def paid_in(at: float) -> str:
    """The council's year in which a moment in decimal calendar years lies."""
    return said_year(int(at - 0.25)) if np.isfinite(at) else "not by March 2020"


def page_of(table: pd.DataFrame, digest: str, size: int) -> str:
    """The page: what was said beforehand, outcome by outcome."""
    sets = int(table["sets"].iloc[0])
    said = [
        "# What the model said of Wigan beforehand",
        "",
        f"`cuts_only` and `deal` at {size:,} citizens, one life in each of {sets} parameter sets of the ensemble "
        f"(model {MODEL_VERSION}), the same people and chances in both. **No outcome of Wigan's was used** in the model, "
        "its calibration or here: the page is the record of what was said before looking. It is made by "
        "`python experiments/predict_wigan.py` and is not edited.",
        "",
        f"The figures are in [predictions.csv](predictions.csv), SHA-256 `{digest}`.",
        "",
        "Each cell: the median over parameter sets, the middle half in brackets, and the middle 90 % in square brackets. "
        "The intervals hold doubt about parameters and one life's chance. They do not hold doubt about the model's form: "
        "[what the calibration could not reach](calibration.md) is the first thing to read beside them.",
        "",
        "## What counts",
        "",
        "One figure of each outcome is held against the record, and was named before the full run. It is missed if the "
        "record, once its own error is allowed for, lies outside the middle 90 %. Of these nine a right model would miss about one by "
        "chance, and three or more in one case of twenty: that many contradict the model.",
        "",
        *_what_counts(table),
        "",
        "The borough is closed: nobody ages, moves, is born or dies. Prices stand still. Nothing but the cuts and the Deal "
        "happens: no national trend in wellbeing, no change of law, no winter.",
        "",
    ]
    for outcome, (label, unit, mapping, _) in OUTCOMES.items():
        own = table[table["outcome"] == outcome]
        said += [f"## {label}", "", f"Unit: {unit}. {mapping}", ""]
        said += [
            "| Year | Cuts alone | The Deal | The Deal minus cuts alone | The Deal minus 2011/12 |",
            "| --- | --- | --- | --- | --- |",
        ]
        for year in own["year"].unique():
            cells = []
            for reading in ("cuts alone", "the Deal", "the Deal minus cuts alone", "the Deal minus 2011/12"):
                row = own[(own["year"] == year) & (own["reading"] == reading)].iloc[0]
                f = {name: said_of(row[name], unit, reading) for name in QUANTILES}
                cells.append(f"{f['median']} ({f['low_50']} to {f['high_50']}) [{f['low_90']} to {f['high_90']}]")
            said.append(f"| {year} | {' | '.join(cells)} |")
        last = own[own["reading"] == "the Deal minus cuts alone"].iloc[-1]
        higher, lower = (f"{last[f'share_{way}_nought']:.0%}".replace("%", " %") for way in ("above", "below"))
        said += ["", f"In {last['year']} it is higher under the Deal in {higher} of sets, and lower in {lower}.", ""]
    paid = table[table["outcome"] == "payback_year"].iloc[0]
    when = {name: paid_in(paid[name]) for name in QUANTILES}
    share = f"{paid['share_above_nought']:.0%}".replace("%", " %")
    said += [
        "## When investment is paid back",
        "",
        "The first week from which what the Deal has saved against cuts alone, all spend of all services, never again falls "
        "below what it has cost. A person who is turned away costs nothing that week, and the fund is the council's own "
        "money: read it beside those turned away, above.",
        "",
        f"Paid back by March 2020 in {share} of sets. Median: {when['median']}; middle half: {when['low_50']} to "
        f"{when['high_50']}; middle 90 %: {when['low_90']} to {when['high_90']}.",
    ]
    return "\n".join(said) + "\n"


def _what_counts(table: pd.DataFrame) -> list[str]:
    lines = ["| Outcome | From | To | Change under the Deal |", "| --- | --- | --- | --- |"]
    for outcome, (reading, year) in COUNTS.items():
        row = table[(table["outcome"] == outcome) & table["counts"]].iloc[0]
        since, less, unit = ("2011/12", 0.0, row["unit"]) if " minus " in reading else ("2013/14", 100.0, "%")
        f = {name: said_of(row[name] - less, unit, " minus ") for name in QUANTILES}
        said = f"{f['median']} ({f['low_50']} to {f['high_50']}) [{f['low_90']} to {f['high_90']}]"
        lines.append(f"| {row['label']} ({unit}) | {since} | {said_year(year)} | {said} |")
    return lines


def main(out: Path, size: int, sets: int, workers: int | None) -> None:
    """Live what is not lived yet, and write the table and the page."""
    parts = study.kept_in() / "predict_wigan_parts"
    table = table_of(all_lived(sets, size, parts, workers))
    out.mkdir(parents=True, exist_ok=True)
    path = out / "predictions.csv"
    table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    page = page_of(
        pd.read_csv(path), digest, size
    )  # from the table as it is published, so that anyone can make it again
    (out / "predictions.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=study.ROOT / "docs")
    parser.add_argument("--size", type=int, default=FULL_SIZE)
    parser.add_argument("--sets", type=int, default=len(parameter_sets()))
    parser.add_argument("--workers", type=int, default=None)
    asked = parser.parse_args()
    main(asked.out, asked.size, asked.sets, asked.workers)
