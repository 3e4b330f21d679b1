"""The community network: who knows whom, built with the borough and never changed in a run.

It holds no rules about what passes along a tie. Arrays are built here directly; networkx, imported only where
it is used, takes any part of the network out and measures it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np

from dealsim.chance import BUILD_REWIRE, BUILD_TIE, BUILD_TIE_TARGET, draw, question
from dealsim.compiled import compiled
from dealsim.curves import exponential
from dealsim.declare import Parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import networkx as nx

    from dealsim.people import People

TRIES = 12
"""Candidates looked at for one rewired tie before the most alike of them is taken."""


class NetworkParameters(NamedTuple):
    """How the community network is made."""

    near_neighbours: Annotated[float, Parameter("Near neighbours known on each side", "people", 0, 20, "src-dunbar", "assumed", "k")] = 6.0  # fmt: skip
    rewired_share: Annotated[float, Parameter("Near ties replaced by one further away", "share of ties", 0, 1, "src-choice", "assumed", "φ")] = 0.15  # fmt: skip
    rewired_inside: Annotated[float, Parameter("Replaced ties that stay inside the place", "share of replaced ties", 0, 1, "src-choice", "assumed", "φ_in")] = 0.8  # fmt: skip
    homophily: Annotated[float, Parameter("How far replaced ties prefer similar deprivation", "log per unit of deprivation", 0, 10, "src-choice", "assumed", "γ_sim")] = 3.0  # fmt: skip
    household_weight: Annotated[float, Parameter("Weight of a household tie, others weighing 1", "times", 1, 10, "src-dunbar", "assumed", "w_h")] = 3.0  # fmt: skip


class Ties(NamedTuple):
    """Ties as two arrays: those of row i are `to[start[i]:start[i + 1]]`, sorted by row.

    Each tie stands once with either end. `start` is int64[n + 1], `to` int32, `weight` uint8.
    """

    start: np.ndarray
    to: np.ndarray
    weight: np.ndarray


def build_ties(people: People, seed: int, p: NetworkParameters | None = None) -> Ties:
    """The ties of a borough: household, near neighbours in a ring round each place, and a share rewired.

    With `rewired_inside` 1 no tie leaves its place.

    Parameters
    ----------
    people
        A drawn borough (or any record with its `place`, `household` and `deprivation` columns).
    seed
        Seed of the borough.
    p
        How the network is made.

    Examples
    --------
    >>> from dealsim.people import draw_people
    >>> from dealsim.places import shipped
    >>> people = draw_people(shipped("wigan"), 3000, seed=1, n_places=1)
    >>> ties = build_ties(people, seed=1)
    >>> 11 < ties.to.size / 3000 < 14
    True
    """
    p = NetworkParameters() if p is None else p
    count = np.bincount(people.place)
    place_first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    first, other, weight = _drawn_ties(
        seed,
        people.place,
        people.household,
        people.deprivation,
        place_first,
        int(p.near_neighbours),
        p.rewired_share,
        p.rewired_inside,
        p.homophily,
        int(p.household_weight),
    )
    return Ties(*_both_ways(people.place.size, first, other, weight))


def ties_from_edges(n: int, edges: Sequence[tuple[int, int]] | np.ndarray, weights: Any = 1) -> Ties:
    """Ties from a list of pairs of rows, for small networks made by hand (complete, ring, star, empty).

    Parameters
    ----------
    n
        Number of rows.
    edges
        Pairs of rows; a pair given twice, in either order, is one tie with the larger weight.
    weights
        One weight for all or one for each pair, 1 to 255.

    Raises
    ------
    ValueError
        For a row that is not there, a tie to oneself or a weight out of range.

    Examples
    --------
    >>> star = ties_from_edges(4, [(0, 1), (0, 2), (0, 3)])
    >>> star.to.tolist()
    [1, 2, 3, 0, 0, 0]
    """
    pairs = np.array(edges, dtype=np.int64).reshape(-1, 2)
    if pairs.size and (pairs.min() < 0 or pairs.max() >= n):
        raise ValueError(f"a tie names a row outside 0 to {n - 1}")
    if np.any(pairs[:, 0] == pairs[:, 1]):
        raise ValueError("a tie joins a row to itself")
    heavy = np.broadcast_to(np.asarray(weights, dtype=np.int64), len(pairs))
    if heavy.size and (heavy.min() < 1 or heavy.max() > 255):
        raise ValueError("a weight lies outside 1 to 255")
    return Ties(*_both_ways(n, pairs[:, 0].astype(np.int32), pairs[:, 1].astype(np.int32), heavy.astype(np.uint8)))


@compiled
def _drawn_ties(seed, place, household, deprivation, place_first, near, rewired, inside, homophily, heavy):
    """Both ends and the weight of every tie, some of them twice."""
    n = place.size
    extra = 0
    start = 0
    for i in range(n):
        if household[i] != household[start]:
            start = i
        extra += max(0, i - start - near)
    first = np.zeros(n * near + extra, dtype=np.int32)
    other = np.zeros(n * near + extra, dtype=np.int32)
    weight = np.zeros(n * near + extra, dtype=np.uint8)
    ring_key = question(seed, BUILD_TIE, 0)
    rewire_key = question(seed, BUILD_REWIRE, 0)
    target_key = question(seed, BUILD_TIE_TARGET, 0)
    found = 0
    start = 0
    for i in range(n):
        if household[i] != household[start]:
            start = i
        for j in range(start, i - near):  # members of a very large household out of reach of the ring
            first[found], other[found], weight[found] = i, j, heavy
            found += 1
        low, high = place_first[place[i]], place_first[place[i] + 1]
        people = high - low
        for step in range(1, near + 1):
            if step >= people:
                break
            j = low + (i - low + step) % people
            worth = 1
            if household[i] == household[j]:
                worth = heavy
            elif draw(rewire_key, i, step) < rewired:
                stays = draw(ring_key, i, step) < inside
                j = _further_away(
                    target_key, i, j, step, low if stays else 0, high if stays else n, low, people, near,
                    household, deprivation, homophily,
                )  # fmt: skip
            first[found], other[found], weight[found] = i, j, worth
            found += 1
    return first[:found], other[:found], weight[:found]


@compiled
def _further_away(key, i, near_one, step, low, high, place_low, people, near, household, deprivation, homophily):
    """Someone from rows low to high, more likely someone living in similar deprivation; else the near one."""
    best, best_gap = near_one, 1e300
    for go in range(12):
        j = low + int(draw(key, i, (step * 12 + go) * 2) * (high - low))
        if household[j] == household[i]:
            continue
        if place_low <= j < place_low + people:
            away = abs(j - i)
            if min(away, people - away) <= near:
                continue
        gap = abs(float(deprivation[j]) - float(deprivation[i]))
        if draw(key, i, (step * 12 + go) * 2 + 1) < exponential(-homophily * gap):
            return j
        if gap < best_gap:
            best, best_gap = j, gap
    return best


@compiled
def _both_ways(n, first, other, weight):
    """Each tie at both ends, each person's sorted by row, none twice."""
    count = np.zeros(n + 1, dtype=np.int64)
    for k in range(first.size):
        count[first[k] + 1] += 1
        count[other[k] + 1] += 1
    for i in range(n):
        count[i + 1] += count[i]
    to = np.zeros(count[n], dtype=np.int32)
    worth = np.zeros(count[n], dtype=np.uint8)
    at = count[:n].copy()
    for k in range(first.size):
        a, b = first[k], other[k]
        to[at[a]], worth[at[a]] = b, weight[k]
        at[a] += 1
        to[at[b]], worth[at[b]] = a, weight[k]
        at[b] += 1
    start = np.zeros(n + 1, dtype=np.int64)
    kept = 0
    for i in range(n):
        begin, end = count[i], count[i + 1]
        if end - begin > 64:
            order = np.argsort(to[begin:end], kind="mergesort")
            to[begin:end] = to[begin:end][order]
            worth[begin:end] = worth[begin:end][order]
        else:
            for k in range(begin + 1, end):
                b, w = to[k], worth[k]
                j = k - 1
                while j >= begin and to[j] > b:
                    to[j + 1], worth[j + 1] = to[j], worth[j]
                    j -= 1
                to[j + 1], worth[j + 1] = b, w
        for k in range(begin, end):
            if kept > start[i] and to[kept - 1] == to[k]:
                worth[kept - 1] = max(worth[kept - 1], worth[k])
            else:
                to[kept], worth[kept] = to[k], worth[k]
                kept += 1
        start[i + 1] = kept
    return start, to[:kept].copy(), worth[:kept].copy()
