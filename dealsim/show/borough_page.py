"""The page that shows a drawn borough beside what is published: `docs/borough.md`.

It draws people and ties as the model does and counts them; it decides nothing about either.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dealsim.agents.citizen import AGE_BANDS, FIRST_ADULT_BAND, OLDER_BAND
from dealsim.network import NetworkFigures, NetworkParameters, build_ties, network_figures
from dealsim.people import People, draw_people
from dealsim.places import MarginRow, PlaceInput, margin_rows, shipped

SIZES = (330_000, 33_000)
SEED = 1


class DrawnMargin(NamedTuple):
    """One published figure beside what a drawn borough has."""

    margin: str
    group: str
    meaning: str
    target: float
    drawn: float
    year: str
    source: str
    grade: str


def household_columns(people: People) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Members, children under 16 and members with a long-term condition of every household."""
    return (
        np.bincount(people.household),
        np.bincount(people.household, people.age_band < FIRST_ADULT_BAND).astype(np.int64),
        np.bincount(people.household, people.long_term_condition).astype(np.int64),
    )


def _counted(place: PlaceInput, people: People) -> dict[str, list[float]]:
    """Each margin as it is in a drawn borough, in the groups of the margins file."""
    n = people.age_band.size
    size, children, ill = household_columns(people)
    households = size.size
    older = people.age_band >= OLDER_BAND
    alone = size[people.household] == 1
    possible = n - place.margins.under_five_share * np.count_nonzero(people.age_band == 0)
    inside = people.neighbourhoods
    mean = inside.rank.mean()
    areas = np.bincount(inside.area)
    of_area = np.bincount(inside.area, inside.rank) / np.maximum(areas, 1)
    between = np.sum(areas * (of_area - mean) ** 2) / np.sum((inside.rank - mean) ** 2)
    return {
        "age_share": [np.mean(people.age_band == band) for band in range(len(AGE_BANDS))],
        "fifth_share": [np.mean(people.fifth == fifth) for fifth in range(5)],
        "rank_variance_between_areas": [between],
        "older_share": [np.mean(older[people.fifth == fifth]) for fifth in range(5)],
        "household_share": [*(np.mean(size == s) for s in range(1, 6)), np.mean(size > 5)],
        "alone_older_share": [np.count_nonzero(alone & older) / households],
        "lone_parent_share": [np.mean((children > 0) & (size - children == 1))],
        "condition_share": [np.mean(people.long_term_condition)],
        "disabled_households": [np.mean(ill == 0), np.mean(ill == 1), np.mean(ill > 1)],
        "carer_share": [np.count_nonzero(people.carer) / possible],
    }


def _target(row: MarginRow, place: PlaceInput) -> float:
    """The published figure; for older people by fifth, scaled so that the borough has the share of 2011."""
    if row.margin != "older_share":
        return row.value
    margins = place.margins
    now = sum(s * g for s, g in zip(margins.fifth_share, margins.older_share, strict=True))
    return row.value * sum(margins.age_share[OLDER_BAND:]) / now


def margins_drawn(place: PlaceInput, people: People) -> list[DrawnMargin]:
    """Every published figure people are drawn to, beside what these people have; then the places' shares."""
    counted = _counted(place, people)
    rows = []
    for row in margin_rows():
        if row.margin in counted and row.grade != "assumed":
            drawn = float(counted[row.margin].pop(0))
            rows.append(
                DrawnMargin(
                    row.margin,
                    row.group,
                    row.meaning,
                    _target(row, place),
                    drawn,
                    row.year,
                    row.source,
                    row.grade,
                )
            )
    if len(people.place_names) == len(place.place_names):
        residents = np.bincount(place.place, place.population) / place.population.sum()
        for k, name in enumerate(place.place_names):
            here = float(np.mean(people.place == k))
            meaning = "Residents by place: near-equal sizes within the published rule of 30,000–50,000"
            rows.append(
                DrawnMargin("place", name, meaning, float(residents[k]), here, "2018", "src-wigan-places", "assumed")
            )
    return rows


TITLES = {
    "age_share": "Age",
    "fifth_share": "National deprivation fifth (1 the most deprived)",
    "rank_variance_between_areas": "Clustering of deprivation",
    "older_share": "Aged 65 and over, by deprivation fifth",
    "household_share": "Household size",
    "alone_older_share": "Older people living alone",
    "lone_parent_share": "Lone parents",
    "condition_share": "Limiting long-term condition",
    "disabled_households": "Households by disabled members",
    "carer_share": "Unpaid carers",
    "place": "Places",
}
"""What each margin is called on the page, in its order."""


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _margin_tables(place: PlaceInput, boroughs: dict[int, People]) -> str:
    drawn = {size: margins_drawn(place, people) for size, people in boroughs.items()}
    text = []
    for margin, title in TITLES.items():
        rows = [row for row in zip(*drawn.values(), strict=True) if row[0].margin == margin]
        if not rows:
            continue
        meanings = list(dict.fromkeys(both[0].meaning for both in rows))
        text.append(f"### {title}\n\n{'; '.join(meanings)}.\n\n")
        heads = " | ".join(f"Drawn at {size:,}" for size in boroughs)
        text.append(f"| | Published, % | {heads} | Year | Source | Grade |\n")
        text.append(f"|---|---:|{'---:|' * len(boroughs)}---|---|---|\n")
        for both in rows:
            first = both[0]
            values = " | ".join(
                "–" if margin == "rank_variance_between_areas" and row is not first else _percent(row.drawn)
                for row in both
            )
            text.append(
                f"| {first.group} | {_percent(first.target)} | {values} | {first.year} | "
                f"[{first.source}](sources.md#{first.source}) | {first.grade} |\n"
            )
        text.append("\n")
    return "".join(text)


def _network_table(figures: dict[int, NetworkFigures]) -> str:
    lines: tuple[tuple[str, str, Callable[[NetworkFigures], str]], ...] = (
        ("Mean number of ties", "about 12", lambda f: f"{f.mean_degree:.2f}"),
        ("Clustering: pairs of one's ties who know each other", "0.2–0.5", lambda f: f"{f.clustering:.2f}"),
        ("Ties inside the neighbourhood", "–", lambda f: f"{f.inside_neighbourhood:.2f}"),
        ("Ties inside the place", "0.87", lambda f: f"{f.inside_place:.2f}"),
        ("Homophily: correlation of deprivation along a tie", "above 0", lambda f: f"{f.homophily:.2f}"),
        ("Mean path length, in ties", "short", lambda f: f"{f.path_length:.1f}"),
        ("Share of people who can be reached", "all", lambda f: f"{f.connected:.2f}"),
    )  # fmt: skip
    heads = " | ".join(f"At {size:,}" for size in figures)
    text = [f"| | Aim | {heads} |\n|---|---|{'---:|' * len(figures)}\n"]
    for label, aim, shown in lines:
        text.append(f"| {label} | {aim} | {' | '.join(shown(f) for f in figures.values())} |\n")
    return "".join(text)


def _paragraph(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 118, break_long_words=False, break_on_hyphens=False) + "\n\n"


def borough_page() -> str:
    """The text of `docs/borough.md`."""
    place = shipped("wigan")
    boroughs = {size: draw_people(place, size, SEED, len(place.place_names)) for size in SIZES}
    figures = {size: network_figures(build_ties(people, SEED), people) for size, people in boroughs.items()}
    p = NetworkParameters()
    residents = np.bincount(place.place, place.population)
    assumed = dict.fromkeys(row.meaning for row in margin_rows() if row.grade == "assumed")
    return "".join(
        (
            "# The borough\n\n<!-- Made by `python -m dealsim.show.pages`; do not edit. -->\n\n",
            _paragraph(
                f"""The shipped borough is a synthetic Wigan: {len(place.names)} made-up neighbourhoods in
                {len(place.area_names)} larger areas and {len(place.place_names)} places, and made-up
                people. No neighbourhood and no person is real; together they match what is published. To
                bring a place of your own, see [your own place](place.md)."""
            ),
            _paragraph(
                f"""**Base years.** Population and age are those of the 2011 census
                ({int(place.margins.population):,} residents), deprivation that of the 2010 index,
                everything else that of the 2021 census. The gradient of age and the clustering of
                deprivation are read from the 2019 index and population estimates. So households of 2021
                hold people of 2011. Communal establishments are left out, and the older people who live
                alone are 65 and over where the source says 66. Ranks are given out of {place.rank_of:,}."""
            ),
            _paragraph(
                f"""**Places.** The seven places are published, their sizes are not: near-equal sizes of
                {residents.min():,.0f} to {residents.max():,.0f} residents are an assumption."""
            ),
            _paragraph(
                f"""**Any size.** A smaller borough keeps fewer neighbourhoods of about their real size,
                chosen so that the shares of the deprivation fifths, and next of the places, stay; a
                larger one has larger neighbourhoods. Every figure here is for seed {SEED}. Tests hold
                every margin within 1 point at 330,000 citizens, and within 2 points at 33,000 for ten
                seeds."""
            ),
            "## People\n\n",
            _paragraph(
                """What is published and what was drawn, in per cent. Clustering is a property of all
                neighbourhoods together, so it is shown at full size only."""
            ),
            _margin_tables(place, boroughs),
            "## What is assumed\n\n",
            _paragraph(
                """No table says which ages live together, or who exactly is ill or gives care. These are
                assumptions; their values stand in `dealsim/places/wigan_margins.csv` and, for the ages
                within a household, in `dealsim/people.py`."""
            ),
            "".join(f"- {meaning}.\n" for meaning in assumed),
            "\n## The community network\n\n",
            _paragraph(
                f"""Ties within a household weigh {p.household_weight:.0f}, all others 1. Near neighbours,
                {p.near_neighbours:.0f} on each side, stand in a ring round each place;
                {100 * p.rewired_share:.0f} % of the ties to near neighbours outside the household are
                replaced by one to someone further away, anywhere in the borough, with a preference for
                people in similar deprivation. No ring crosses the border of a place."""
            ),
            _network_table(figures),
            "\n",
            _paragraph(
                """Clustering is measured with networkx on people
                spread evenly over the borough, path length from some of them to everybody."""
            ).rstrip("\n")
            + "\n",
        )
    )
