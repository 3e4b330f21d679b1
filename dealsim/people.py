"""People: a synthetic population that matches a place's published figures.

It draws who the citizens are and where they live; how they feel at the start is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from dealsim.agents.citizen import AGE_BANDS, FIRST_ADULT_BAND, OLDER_BAND
from dealsim.chance import (
    BUILD_AGE,
    BUILD_CARER,
    BUILD_CHILDREN,
    BUILD_HEALTH,
    BUILD_HOUSEHOLD,
    BUILD_HOUSEHOLD_ORDER,
    BUILD_NEIGHBOURHOOD,
    chance,
    draw,
    question,
)
from dealsim.compiled import compiled
from dealsim.places import LARGEST_PLACE, PlaceInput

CELL = 1500
"""People in a cell, about; a neighbourhood half as large again is split."""
FEWEST_NEIGHBOURHOODS = 6
"""A small borough keeps at least so many neighbourhoods, so that all deprivation fifths can be there."""
CHOICES = 64
"""Sets of neighbourhoods drawn for a small borough; the set nearest in deprivation is kept."""

# How many more neighbourhoods than wanted weigh in a fifth, in a place, and in a single fifth of a place.
_FIFTH_WEIGHT, _PLACE_WEIGHT, _CELL_WEIGHT = 4.0, 2.0, 1.0
_NEVER = 1e9
_STRETCH = 1.6
"""How far a neighbourhood's size may be stretched to bring the places of a small borough to their shares."""

# Who lives with whom, as relative weights by age band (assumed): only the pattern of ages within a household
# rests on them, since the ages themselves are drawn first and every person is used once.
_WITH_WHOM = np.array(
    [
        [0, 0, 0.05, 0.8, 1.0, 1.6, 0, 0, 0],
        [0, 0, 0.02, 1.3, 1.6, 0.15, 0.01, 0.001, 0.001],
        [0, 0, 0.02, 0.3, 1.0, 1.6, 0.5, 0.3, 0.2],
        [0, 0, 0.3, 1.0, 1.0, 1.2, 1.6, 1.6, 1.6],
        [0, 0, 6.0, 1.6, 0.25, 0.15, 0.1, 0.15, 0.3],
        [8.0, 1.5, 0.1, 0.03, 0.01, 0.01, 0.01, 0.01, 0.01],
    ]
)
_ALONE, _PARENT, _MIDDLE, _COUPLE, _GROWN, _APART = range(6)
"""Rows of the table: alone under 65, parent, other large household, couple, further adult; the last row is
the weight of a partner so many bands away."""


class Neighbourhoods(NamedTuple):
    """The neighbourhoods of a drawn borough, one entry each, in row order.

    Attributes
    ----------
    names
        Names, as in the place file.
    place
        Row of the place, int8.
    first
        First citizen row of each, then the number of citizens, int64[neighbourhoods + 1].
    population
        Citizens drawn, int64.
    deprivation
        d, 0 the least and 1 the most deprived, float64.
    rank
        Deprivation rank, 1 the most deprived, int64.
    fifth
        National deprivation fifth, 0 the most deprived, int8.
    area
        The larger area, an index into the place's `area_names`, int32.
    source
        Entry in the place file, int64.
    """

    names: tuple[str, ...]
    place: np.ndarray
    first: np.ndarray
    population: np.ndarray
    deprivation: np.ndarray
    rank: np.ndarray
    fifth: np.ndarray
    area: np.ndarray
    source: np.ndarray


class People(NamedTuple):
    """The fixed columns of a drawn borough, one row a citizen, ordered neighbourhood, cell, household.

    The arrays carry the names and types of `CitizenColumns`; `neighbourhoods` and `place_names` say what
    their row numbers mean.
    """

    neighbourhood: np.ndarray
    cell: np.ndarray
    household: np.ndarray
    speaks_for: np.ndarray
    place: np.ndarray
    fifth: np.ndarray
    age_band: np.ndarray
    deprivation: np.ndarray
    long_term_condition: np.ndarray
    carer: np.ndarray
    neighbourhoods: Neighbourhoods
    place_names: tuple[str, ...]


def draw_people(place: PlaceInput, size: int, seed: int, n_places: int) -> People:
    """A borough of any size drawn from a place: who lives in which household where.

    A smaller borough keeps fewer neighbourhoods of about their real size, chosen so that the shares of the
    deprivation fifths (first) and of the places (next) stay; a larger one has larger neighbourhoods.

    Parameters
    ----------
    place
        A shipped or a user's own place.
    size
        Citizens, 1 to 2,000,000.
    seed
        Seed of the borough, 0 to 2^63−1.
    n_places
        Places wanted; neighbouring places are joined when the file has more, and take the name of the
        largest of them.

    Raises
    ------
    ValueError
        When `size` or `n_places` is out of range.

    Examples
    --------
    >>> from dealsim.places import shipped
    >>> people = draw_people(shipped("wigan"), 3000, seed=1, n_places=1)
    >>> people.age_band.size, len(people.neighbourhoods.names)
    (3000, 6)
    """
    if not 1 <= size <= LARGEST_PLACE:
        raise ValueError(f"size is {size}; it must lie between 1 and {LARGEST_PLACE:,}")
    if n_places < 1:
        raise ValueError(f"n_places is {n_places}; it must be at least 1")
    joined, place_names = _joined_places(place, min(n_places, size, 127))
    chosen = _chosen(place, joined, len(place_names), size, seed)
    population = _populations(place, joined, len(place_names), chosen, size)
    fifth = place.fifth[chosen]
    ages = _age_shares(place, chosen)
    condition = _condition_chances(place, chosen, ages)
    margins = place.margins
    sizes = _household_sizes(place)
    mean = _sum(size * share for size, share in enumerate(sizes))
    household_tables = (
        sizes / mean,
        _older_alone(place, mean),
        _lone_parents(place, sizes),
        np.array([0.0, 0.0, 0.0, *margins.with_children, *margins.with_children[-1:] * 2]),
    )
    first = np.zeros(len(chosen) + 1, dtype=np.int64)
    first[1:] = np.cumsum(population)
    keys = (
        question(seed, BUILD_AGE, 0),
        question(seed, BUILD_AGE, 1),
        question(seed, BUILD_HOUSEHOLD, 0),
        question(seed, BUILD_HOUSEHOLD_ORDER, 0),
        question(seed, BUILD_CHILDREN, 0),
        question(seed, BUILD_CHILDREN, 1),
    )
    household, speaks_for, age_band = _fill(keys, chosen, first, ages, *household_tables, _WITH_WHOM)
    neighbourhood, cell = _cells(first, household)
    long_term_condition = _conditions(
        question(seed, BUILD_HEALTH, 0),
        question(seed, BUILD_HEALTH, 1),
        neighbourhood,
        household,
        age_band,
        condition,
        margins.condition_at_home,
    )
    carer = _carers(
        question(seed, BUILD_CARER, 0),
        household,
        age_band,
        long_term_condition,
        np.array(margins.carer_chance),
        margins.carer_at_home,
        margins.carer_share,
        margins.under_five_share,
    )
    return People(
        neighbourhood=neighbourhood,
        cell=cell,
        household=household,
        speaks_for=speaks_for,
        place=joined[chosen].astype(np.int8)[neighbourhood],
        fifth=fifth[neighbourhood],
        age_band=age_band,
        deprivation=place.deprivation[chosen].astype(np.float32)[neighbourhood],
        long_term_condition=long_term_condition,
        carer=carer,
        neighbourhoods=Neighbourhoods(
            names=tuple(place.names[k] for k in chosen),
            place=joined[chosen].astype(np.int8),
            first=first,
            population=population,
            deprivation=place.deprivation[chosen],
            rank=place.deprivation_rank[chosen],
            fifth=fifth,
            area=place.area[chosen],
            source=chosen,
        ),
        place_names=place_names,
    )


def _sum(values: Iterable[float]) -> float:
    """A sum in the order given, the same to the last bit everywhere."""
    total = 0.0
    for value in values:
        total += float(value)
    return total


def _joined_places(place: PlaceInput, n_places: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """The place of every neighbourhood after neighbouring places were joined, and the places' names."""
    residents = np.bincount(place.place, place.population, len(place.place_names)).astype(np.int64)
    count = len(residents)
    n_places = min(n_places, count)
    group_of = np.zeros(count, dtype=np.int64)
    group, taken, left = 0, 0, int(residents.sum())
    for k in range(count):
        # Close a group when it has its fair part of what was left, or when the rest are needed one each.
        groups_left = n_places - group
        enough = taken > 0 and groups_left > 1 and (2 * taken + int(residents[k])) * groups_left > 2 * left
        if taken > 0 and groups_left > 1 and (enough or count - k <= groups_left - 1):
            group, left, taken = group + 1, left - taken, 0
        group_of[k] = group
        taken += int(residents[k])
    if n_places == 1 < count:
        return group_of[place.place], (place.name,)
    names = []
    for g in range(n_places):
        inside = np.flatnonzero(group_of == g)
        names.append(place.place_names[inside[np.argmax(residents[inside])]])
    return group_of[place.place], tuple(names)


def _chosen(place: PlaceInput, joined: np.ndarray, n_places: int, size: int, seed: int) -> np.ndarray:
    """Which neighbourhoods a borough of that size keeps, ordered by place and then as in the file."""
    available = len(place.names)
    total = int(place.population.sum())
    n = max(min(FEWEST_NEIGHBOURHOODS, available), n_places, (2 * size * available + total) // (2 * total))
    n = min(n, available, size)
    fifth = place.fifth
    order = np.lexsort((np.arange(available), place.place, joined))
    if n == available:
        return order
    counts = np.zeros((n_places, 5), dtype=np.int64)
    residents = np.zeros((n_places, 5))
    np.add.at(counts, (joined, fifth), 1)
    np.add.at(residents, (joined, fifth), place.population)
    wanted = residents * (n / total)
    keep = _controlled_counts(seed, counts, wanted, n)
    target = np.zeros(5)
    for f in range(5):
        inside = fifth == f
        if inside.any():
            here = place.population[inside]
            target[f] = _sum(here * place.deprivation[inside]) / int(here.sum())
    cell_of = joined * 5 + fifth
    ordered = order[np.argsort(cell_of[order], kind="stable")]
    start = np.searchsorted(cell_of[ordered], np.arange(n_places * 5 + 1))
    best = _nearest_choice(
        question(seed, BUILD_NEIGHBOURHOOD, 1),
        ordered,
        start,
        keep.ravel(),
        place.deprivation,
        target,
        CHOICES,
    )
    kept: np.ndarray = order[best[order]]
    return kept


def _controlled_counts(seed: int, available: np.ndarray, wanted: np.ndarray, n: int) -> np.ndarray:
    """How many neighbourhoods to keep of each place and fifth: whole numbers near `wanted` that add up to n.

    Each step adds the one that leaves the fifths, then the places, then the single cells nearest to what is
    wanted; then single ones are moved while that helps. Chance only breaks ties.
    """
    keep = np.zeros(available.shape, dtype=np.int64)
    tie = np.array(
        [[0.05 * chance(seed, BUILD_NEIGHBOURHOOD, 0, 5 * p + f) for f in range(5)] for p in range(len(keep))]
    )
    for _ in range(n):
        cost = _misfit(keep, wanted) + tie
        cost[keep.sum(axis=1) == 0] -= _NEVER  # no place stands empty
        cost[keep >= available] = 2 * _NEVER
        keep.flat[np.argmin(cost)] += 1
    cells = np.arange(keep.size)
    place, fifth = cells // 5, cells % 5
    same = _CELL_WEIGHT * (cells[:, None] == cells) + _FIFTH_WEIGHT * (fifth[:, None] == fifth)
    same = same + _PLACE_WEIGHT * (place[:, None] == place)
    for _ in range(n):
        cost = _misfit(keep, wanted).ravel()
        movable = (keep > 0) & (keep.sum(axis=1) > 1)[:, None]
        # Half the change in the summed squares when one moves from a cell (down) to another (across).
        change = cost[None, :] - cost[:, None] + (_CELL_WEIGHT + _FIFTH_WEIGHT + _PLACE_WEIGHT) - same
        change[~movable.ravel(), :] = _NEVER
        change[:, (keep >= available).ravel()] = _NEVER
        best = int(np.argmin(change))
        if change.flat[best] > -1e-9:
            break
        keep.flat[best // keep.size] -= 1
        keep.flat[best % keep.size] += 1
    return keep


def _misfit(keep: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """By how much one more neighbourhood of each place and fifth is too many."""
    by_fifth = keep.sum(axis=0) - wanted.sum(axis=0)
    by_place = keep.sum(axis=1) - wanted.sum(axis=1)
    in_all: np.ndarray = _FIFTH_WEIGHT * by_fifth + _PLACE_WEIGHT * by_place[:, None]
    in_all += _CELL_WEIGHT * (keep - wanted)
    return in_all


@compiled
def _nearest_choice(key, ordered, start, keep, deprivation, target, choices):
    """Of many sets drawn by chance, the one nearest to the place's mean deprivation in each fifth."""
    chosen = np.zeros(ordered.size, dtype=np.bool_)
    for f in range(5):
        best = 1e300
        best_try = 0
        for go in range(choices + 1):
            final = go == choices
            attempt = best_try if final else go
            total, count = 0.0, 0
            for cell in range(f, keep.size, 5):
                left = keep[cell]
                for k in range(start[cell], start[cell + 1]):
                    # Selection sampling: each takes part with the chance that fills what is left.
                    if draw(key, ordered[k], attempt) * (start[cell + 1] - k) < left:
                        left -= 1
                        total += deprivation[ordered[k]]
                        count += 1
                        if final:
                            chosen[ordered[k]] = True
            if not final and count > 0:
                gap = abs(total / count - target[f])
                if gap < best:
                    best, best_try = gap, attempt
    return chosen


def _populations(place: PlaceInput, joined: np.ndarray, n_places: int, chosen: np.ndarray, size: int) -> np.ndarray:
    """Citizens of each chosen neighbourhood, at least one, so that fifths and places keep their shares."""
    fifth = place.fifth
    want_fifth = np.bincount(fifth, place.population, 5)
    want_place = np.bincount(joined, place.population, n_places)
    parts = place.population[chosen].astype(np.float64)
    if len(chosen) < len(place.names):
        parts = _raked(parts, joined[chosen], fifth[chosen].astype(np.int64), want_place, want_fifth)
    return _whole_parts(parts, size)


def _raked(
    residents: np.ndarray,
    place: np.ndarray,
    fifth: np.ndarray,
    want_place: np.ndarray,
    want_fifth: np.ndarray,
) -> np.ndarray:
    """Residents scaled to the wanted totals of places and, last and so exactly, of fifths.

    Neighbourhoods stay near their own size; where the few that a small borough has cannot meet both, the
    places give way.
    """
    usual = residents * (want_place.sum() / residents.sum())
    for _ in range(100):
        residents = residents * (want_place / np.bincount(place, residents, want_place.size))[place]
        residents = np.minimum(np.maximum(residents, usual / _STRETCH), usual * _STRETCH)
        now = np.bincount(fifth, residents, 5)
        residents = residents * (want_fifth / np.where(now > 0.0, now, 1.0))[fifth]
    return residents


def _whole_parts(parts: np.ndarray, size: int) -> np.ndarray:
    """Whole numbers in proportion to the parts, each at least one, that add up to the size."""
    spare = size - len(parts)
    seen = np.cumsum(np.maximum(0.0, parts - parts.sum() / size))
    upto = np.zeros(len(parts), dtype=np.int64)
    if seen[-1] > 0.0:
        upto[:] = np.floor(seen / seen[-1] * spare + 0.5)
    upto[-1] = spare
    return 1 + np.diff(upto, prepend=0)


def _age_shares(place: PlaceInput, chosen: np.ndarray) -> np.ndarray:
    """Share of each age band in each chosen neighbourhood: older where the fifth is older."""
    margins = place.margins
    total_older = _sum(margins.age_share[OLDER_BAND:])
    total = _sum(margins.age_share)
    gradient = _sum(s * g for s, g in zip(margins.fifth_share, margins.older_share, strict=True))
    shares = np.zeros((len(chosen), len(AGE_BANDS)))
    for row, k in enumerate(chosen):
        older = float(place.share_65_plus[k])
        if older != older:
            older = margins.older_share[place.fifth[k]] * (total_older / total) / gradient
        for band, share in enumerate(margins.age_share):
            if band >= OLDER_BAND:
                shares[row, band] = share / total_older * older
            else:
                shares[row, band] = share / (total - total_older) * (1.0 - older)
    return shares


def _condition_chances(place: PlaceInput, chosen: np.ndarray, ages: np.ndarray) -> np.ndarray:
    """Chance of a long-term condition in each chosen neighbourhood and age band.

    Scaled so that the shipped fifths and ages together give the published share; a neighbourhood's own share,
    where the file has one, replaces that.
    """
    margins = place.margins
    older_total = _sum(margins.age_share[OLDER_BAND:]) / _sum(margins.age_share)
    gradient = _sum(s * g for s, g in zip(margins.fifth_share, margins.older_share, strict=True))
    expected = 0.0
    for f in range(5):
        older = margins.older_share[f] * older_total / gradient
        for band, share in enumerate(margins.age_share):
            here = older / older_total if band >= OLDER_BAND else (1.0 - older) / (1.0 - older_total)
            chance_here = margins.condition_chance[band] * margins.condition_fifth[f]
            expected += margins.fifth_share[f] * share * here * chance_here
    scale = margins.condition_share / expected
    chances = np.zeros_like(ages)
    for row, k in enumerate(chosen):
        told = float(place.share_long_term_condition[k])
        times = scale * margins.condition_fifth[place.fifth[k]]
        if told == told:
            times = told / _sum(a * c for a, c in zip(ages[row], margins.condition_chance, strict=True))
        for band, relative in enumerate(margins.condition_chance):
            chances[row, band] = min(1.0, relative * times)
    return chances


def _household_sizes(place: PlaceInput) -> np.ndarray:
    """Share of households of 0 to 8 people."""
    margins = place.margins
    total = _sum(margins.household_share)
    small = [share / total for share in margins.household_share[:5]]
    large = [margins.household_share[5] / total * part for part in margins.large_household_share]
    return np.array([0.0, *small, *large])


def _older_alone(place: PlaceInput, mean: float) -> np.ndarray:
    """Chance that a person of each age band lives alone, for the older bands; 0 elsewhere."""
    margins = place.margins
    older = margins.age_share[OLDER_BAND:]
    expected = _sum(a * c for a, c in zip(older, margins.alone_chance, strict=True))
    scale = margins.alone_older_share / mean / expected
    return np.array([0.0] * OLDER_BAND + [min(1.0, c * scale) for c in margins.alone_chance])


def _lone_parents(place: PlaceInput, sizes: np.ndarray) -> np.ndarray:
    """Chance that a household of each size is one adult with children."""
    chances = np.zeros(len(sizes))
    for size, part in zip((2, 3, 4), place.margins.lone_parent_size, strict=True):
        chances[size] = place.margins.lone_parent_share * part / sizes[size]
    return chances


@compiled
def _picked(left, weights, u):
    """An age band drawn from those left, by weight; if no weighted one is left, any adult."""
    total = 0.0
    for band in range(left.size):
        total += left[band] * weights[band]
    at = u * total
    last = -1
    if total > 0.0:
        for band in range(left.size):
            here = left[band] * weights[band]
            if here > 0.0:
                last = band
                if at < here:
                    return band
                at -= here
        return last
    for band in range(left.size - 1, FIRST_ADULT_BAND - 1, -1):
        if left[band] > 0:
            return band
    return -1


@compiled
def _picked_partner(left, weights, apart, band, u):
    """An age band for a second adult: likely that of the first, or one beside it."""
    own = np.zeros(left.size)
    for other in range(left.size):
        own[other] = weights[other] * apart[abs(other - band)]
    return _picked(left, own, u)


@compiled
def _age_counts(people, shares, u):
    """Whole numbers of people by age band that add up, each within one of its share."""
    left = np.zeros(shares.size, dtype=np.int64)
    cumulated, before = 0.0, 0
    for band in range(shares.size):
        cumulated += shares[band] * people
        upto = people if band == shares.size - 1 else min(people, int(cumulated + u))
        left[band] = upto - before
        before = upto
    return left


@compiled
def _size_counts(people, per_person, u):
    """How many households of each size house that many people exactly."""
    count = np.zeros(per_person.size, dtype=np.int64)
    cumulated, before, housed = 0.0, 0, 0
    for size in range(1, per_person.size):
        cumulated += per_person[size] * people
        upto = int(cumulated + u)
        count[size] = upto - before
        before = upto
        housed += size * count[size]
    while housed < people:
        size = 2 if housed + 2 <= people else 1
        count[size] += 1
        housed += size
    while housed > people:
        for size in range(2, per_person.size):
            if count[size] > 0:
                count[size] -= 1
                count[size - 1] += 1
                break
        else:
            count[1] -= 1
        housed -= 1
    return count


@compiled
def _fill(keys, ids, first, ages, per_person, alone, lone, with_children, with_whom):
    """Household, speaker and age band of every citizen, neighbourhood by neighbourhood.

    Numbers of people by age and of households by size are fixed first; then each person is given a household:
    older people alone, children with parents, grown children and others, and couples from those who are left.
    """
    size = first[-1]
    household = np.zeros(size, dtype=np.int32)
    speaks_for = np.zeros(size, dtype=np.int32)
    age_band = np.zeros(size, dtype=np.int8)
    age_key, adult_key, household_key, order_key, children_key, parent_key = keys
    households_before = 0
    for k in range(ids.size):
        people = first[k + 1] - first[k]
        left = _age_counts(people, ages[k], draw(age_key, ids[k], 0))
        count = _size_counts(people, per_person, draw(household_key, ids[k], 0))
        n = 0
        for s in range(1, count.size):
            n += count[s]
        adults = people - left[0] - left[1]
        while adults < n:  # only in a handful of people: every household needs an adult
            child = 0 if left[0] > 0 else 1
            left[child] -= 1
            left[3] += 1
            adults += 1

        sizes = np.zeros(n, dtype=np.int64)
        visit = np.zeros(n, dtype=np.int64)
        h = 0
        for s in range(1, count.size):
            for _ in range(count[s]):
                sizes[h] = s
                visit[h] = h
                h += 1
        for h in range(n - 1, 0, -1):
            other = int(draw(order_key, households_before + h, 0) * (h + 1))
            sizes[h], sizes[other] = sizes[other], sizes[h]
            other = int(draw(order_key, households_before + h, 1) * (h + 1))
            visit[h], visit[other] = visit[other], visit[h]
        row = np.zeros(n, dtype=np.int64)
        at = first[k]
        for h in range(n):
            row[h] = at
            for i in range(at, at + sizes[h]):
                household[i] = households_before + h
            at += sizes[h]

        kids = _children_places(
            sizes, visit, left[0] + left[1], lone, with_children, households_before, children_key, parent_key
        )

        single = count[1]
        older = np.zeros(left.size, dtype=np.int64)
        cumulated, before = draw(household_key, ids[k], 1), 0
        for band in range(OLDER_BAND, left.size):
            cumulated += left[band] * alone[band]
            older[band] = min(int(cumulated) - before, left[band], single)
            single -= older[band]
            before = int(cumulated)
        _people_alone(sizes, visit, row, left, older, with_whom, adult_key, age_band)
        _people_together(sizes, visit, row, kids, left, with_whom, adult_key, age_band)

        for h in range(n):
            for j in range(sizes[h]):
                i = row[h] + j
                speaks_for[i] = row[h] if age_band[i] < FIRST_ADULT_BAND else i
        households_before += n
    return household, speaks_for, age_band


@compiled
def _children_places(sizes, visit, children, lone, with_children, households_before, children_key, parent_key):
    """How many children each household has: one-parent families first, then couples."""
    n = sizes.size
    kids = np.zeros(n, dtype=np.int64)
    one_parent = np.zeros(n, dtype=np.bool_)
    left = children
    for v in range(n):
        h = visit[v]
        if sizes[h] > 1 and draw(parent_key, households_before + h, 0) < lone[sizes[h]]:
            one_parent[h] = True
            kids[h] = min(sizes[h] - 1, left)
            left -= kids[h]
    for again in range(2):
        for v in range(n):
            h = visit[v]
            if left > 0 and sizes[h] > 2 and not one_parent[h] and kids[h] == 0:
                if again == 1 or draw(children_key, households_before + h, 0) < with_children[sizes[h]]:
                    kids[h] = min(sizes[h] - 2, left)
                    left -= kids[h]
    for v in range(n):
        h = visit[v]
        more = min(sizes[h] - 1 - kids[h], left)
        kids[h] += more
        left -= more
    return kids


@compiled
def _people_alone(sizes, visit, row, left, older, with_whom, key, age_band):
    """Puts people into the one-person households: the older ones counted off, then younger adults."""
    for v in range(visit.size):
        h = visit[v]
        if sizes[h] != 1:
            continue
        band = -1
        for b in range(OLDER_BAND, older.size):
            if older[b] > 0:
                band = b
                older[b] -= 1
                break
        if band < 0:
            band = _picked(left, with_whom[_ALONE], draw(key, row[h], 0))
        left[band] -= 1
        age_band[row[h]] = band


@compiled
def _people_together(sizes, visit, row, kids, left, with_whom, key, age_band):
    """Puts people into the larger households: families with children, other large households, couples."""
    for turn in range(3):
        for v in range(visit.size):
            h = visit[v]
            kind = 0 if kids[h] > 0 else (1 if sizes[h] > 2 else 2)
            if sizes[h] == 1 or kind != turn:
                continue
            start = row[h]
            grown = sizes[h] - kids[h]
            for j in range(grown):
                u = draw(key, start + j, 0)
                if j == 1:
                    partner = with_whom[_MIDDLE if turn == 1 else _COUPLE]
                    band = _picked_partner(left, partner, with_whom[_APART], int(age_band[start]), u)
                else:
                    band = _picked(left, with_whom[_PARENT + turn if j == 0 else _GROWN], u)
                left[band] -= 1
                age_band[start + j] = band
            for j in range(grown, sizes[h]):
                band = 0 if draw(key, start + j, 0) * (left[0] + left[1]) < left[0] else 1
                left[band] -= 1
                age_band[start + j] = band


@compiled
def _cells(first, household):
    """Neighbourhood and cell of every citizen; a household is never split between cells."""
    size = first[-1]
    neighbourhood = np.zeros(size, dtype=np.int32)
    cell = np.zeros(size, dtype=np.int32)
    before = 0
    for k in range(first.size - 1):
        people = first[k + 1] - first[k]
        parts = max(1, (people + CELL // 2) // CELL)
        here = 0
        for i in range(first[k], first[k + 1]):
            if i == first[k] or household[i] != household[i - 1]:
                here = (i - first[k]) * parts // people
            neighbourhood[i] = k
            cell[i] = before + here
        before += parts
    return neighbourhood, cell


@compiled
def _conditions(key, shared_key, neighbourhood, household, age_band, chances, at_home):
    """Who lives with a limiting long-term condition.

    Some share the draw of their household, so that conditions gather in households; each one's chance stays.
    """
    found = np.zeros(age_band.size, dtype=np.int8)
    for i in range(age_band.size):
        u = draw(key, i, 0)
        if draw(key, i, 1) < at_home:
            u = draw(shared_key, int(household[i]), 0)
        if u < chances[neighbourhood[i], age_band[i]]:
            found[i] = 1
    return found


@compiled
def _carers(key, household, age_band, condition, chances, at_home, share, under_five):
    """Who gives unpaid care: by age, and more often when someone else at home has a long-term condition."""
    n = age_band.size
    ill = np.zeros(household[n - 1] + 1, dtype=np.int64)
    for i in range(n):
        ill[household[i]] += condition[i]
    weight = np.zeros(n)
    total, able = 0.0, 0.0
    for i in range(n):
        weight[i] = chances[age_band[i]] * (at_home if ill[household[i]] > condition[i] else 1.0)
        total += weight[i]
        able += 1.0 - under_five if age_band[i] == 0 else 1.0
    scale = share * able / total if total > 0.0 else 0.0
    found = np.zeros(n, dtype=np.int8)
    for i in range(n):
        if draw(key, i, 0) < weight[i] * scale:
            found[i] = 1
    return found
