"""The community network: who knows whom, built with the borough and never changed in a run.

It holds no rules about what passes along a tie. Arrays are built here directly; networkx, imported only where
it is used, takes any part of the network out and measures it.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np

from dealsim.chance import BUILD_REWIRE, BUILD_TIE, BUILD_TIE_TARGET, draw, question
from dealsim.compiled import compiled
from dealsim.curves import exponential
from dealsim.declare import Parameter
from dealsim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import networkx as nx

    from dealsim.people import People

TRIES = 12
"""Candidates looked at for one rewired tie before the most alike of them is taken."""


class NetworkParameters(NamedTuple):
    """How the community network is made."""

    near_neighbours: Annotated[
        float, Parameter("Near neighbours known on each side", "people", 0, 20, "src-dunbar", "assumed", "k")
    ] = 6.0
    rewired_share: Annotated[
        float,
        Parameter("Near ties replaced by one further away", "share of ties", 0, 1, "src-choice", "assumed", "φ"),
    ] = 0.17
    rewired_inside: Annotated[
        float,
        Parameter(
            "Replaced ties that stay inside the place",
            "share of replaced ties",
            0,
            1,
            "src-choice",
            "assumed",
            "φ_in",
        ),
    ] = 0.0
    homophily: Annotated[
        float,
        Parameter(
            "How far replaced ties prefer similar deprivation",
            "log per unit of deprivation",
            0,
            10,
            "src-choice",
            "assumed",
            "γ_sim",
        ),
    ] = 3.0
    household_weight: Annotated[
        float,
        Parameter("Weight of a household tie, others weighing 1", "times", 1, 10, "src-dunbar", "assumed", "w_h"),
    ] = 3.0


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
        (question(seed, BUILD_TIE, 0), question(seed, BUILD_REWIRE, 0), question(seed, BUILD_TIE_TARGET, 0)),
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
def _drawn_ties(keys, place, household, deprivation, place_first, near, rewired, inside, homophily, heavy):
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
    ring_key, rewire_key, target_key = keys
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
    for go in range(TRIES):
        j = low + int(draw(key, i, (step * TRIES + go) * 2) * (high - low))
        if household[j] == household[i]:
            continue
        if place_low <= j < place_low + people:
            away = abs(j - i)
            if min(away, people - away) <= near:
                continue
        gap = abs(np.float64(deprivation[j]) - np.float64(deprivation[i]))
        if draw(key, i, (step * TRIES + go) * 2 + 1) < exponential(-homophily * gap):
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
    # Handing the ties out in the order of their other end leaves each person's sorted by row.
    ordered = np.zeros(count[n], dtype=np.int32)
    heavy = np.zeros(count[n], dtype=np.uint8)
    for i in range(n):
        at[i] = count[i]
    for i in range(n):
        for k in range(count[i], count[i + 1]):
            j = to[k]
            ordered[at[j]], heavy[at[j]] = i, worth[k]
            at[j] += 1
    start = np.zeros(n + 1, dtype=np.int64)
    kept = 0
    for i in range(n):
        for k in range(count[i], count[i + 1]):
            if kept > start[i] and to[kept - 1] == ordered[k]:
                worth[kept - 1] = max(worth[kept - 1], heavy[k])
            else:
                to[kept], worth[kept] = ordered[k], heavy[k]
                kept += 1
        start[i + 1] = kept
    return start, to[:kept].copy(), worth[:kept].copy()


class NetworkFigures(NamedTuple):
    """What a community network looks like, in numbers.

    Attributes
    ----------
    people
        Rows.
    mean_degree
        Ties a person has.
    clustering
        Share of pairs of a person's ties who know each other, mean over a sample of people.
    inside_place, inside_neighbourhood
        Share of ties whose ends live in one place, in one neighbourhood.
    homophily
        Correlation of the deprivation of the two ends of a tie, −1 to 1; NaN where all are alike.
    path_length
        Mean number of ties between two people who can reach each other, from a sample of people to all.
    connected
        Share of the people reached from that sample, itself left out.
    """

    people: int
    mean_degree: float
    clustering: float
    inside_place: float
    inside_neighbourhood: float
    homophily: float
    path_length: float
    connected: float


def network_figures(ties: Ties, columns: Any, sample: int = 1000, sources: int = 20) -> NetworkFigures:
    """The figures of a network; clustering and path length from people spread evenly over the rows.

    Parameters
    ----------
    ties
        The ties.
    columns
        A record with the columns `place`, `neighbourhood` and `deprivation`: people, or a borough's citizens.
    sample
        People whose clustering is measured (with networkx, on their own ties).
    sources
        People from whom the length of the shortest path to everybody is measured.

    Examples
    --------
    >>> from dealsim.people import draw_people
    >>> from dealsim.places import shipped
    >>> people = draw_people(shipped("wigan"), 3000, seed=1, n_places=1)
    >>> network_figures(build_ties(people, seed=1), people).inside_place
    1.0
    """
    import networkx as nx

    n = columns.place.size
    nan = float("nan")
    if n == 0 or ties.to.size == 0:
        return NetworkFigures(n, 0.0, 0.0, nan, nan, nan, nan, 0.0)
    end = np.repeat(np.arange(n), np.diff(ties.start))
    inside_place = float(np.mean(columns.place[end] == columns.place[ties.to]))
    inside_neighbourhood = float(np.mean(columns.neighbourhood[end] == columns.neighbourhood[ties.to]))
    d = columns.deprivation.astype(np.float64)
    apart = d - np.mean(d[end])
    spread = float(np.mean(apart[end] * apart[end]))
    homophily = float(np.mean(apart[end] * apart[ties.to])) / spread if spread > 0.0 else nan

    seen = np.unique(np.arange(min(sample, n)) * n // min(sample, n))
    near = np.unique(np.concatenate([seen, *(ties.to[ties.start[i] : ties.start[i + 1]] for i in seen)]))
    graph = to_networkx(columns, ties, rows=near, attributes=())
    clustering = float(nx.average_clustering(graph, nodes=seen.tolist()))

    steps, reached = 0, 0
    starts = np.unique(np.arange(min(sources, n)) * n // min(sources, n))
    for i in starts:
        far, count = _steps_to_all(ties.start, ties.to, int(i))
        steps, reached = steps + far, reached + count
    return NetworkFigures(
        people=n,
        mean_degree=ties.to.size / n,
        clustering=clustering,
        inside_place=inside_place,
        inside_neighbourhood=inside_neighbourhood,
        homophily=homophily,
        path_length=steps / reached if reached else nan,
        connected=reached / (len(starts) * (n - 1)) if n > 1 else 0.0,
    )


@compiled
def _steps_to_all(start, to, source):
    """Steps from one person to all who can be reached, added up, and how many those are."""
    n = start.size - 1
    away = np.full(n, -1, dtype=np.int32)
    queue = np.zeros(n, dtype=np.int32)
    away[source] = 0
    queue[0] = source
    tail, steps = 1, 0
    head = 0
    while head < tail:
        i = queue[head]
        head += 1
        steps += away[i]
        for k in range(start[i], start[i + 1]):
            j = to[k]
            if away[j] < 0:
                away[j] = away[i] + 1
                queue[tail] = j
                tail += 1
    return steps, tail - 1


def to_networkx(
    columns: Any,
    ties: Ties,
    *,
    rows: Sequence[int] | np.ndarray | None = None,
    place: int | str | None = None,
    neighbourhood: int | str | None = None,
    place_names: Sequence[str] = (),
    neighbourhood_names: Sequence[str] = (),
    attributes: Sequence[str] | None = None,
) -> nx.Graph:
    """A borough's people and their ties, or any part of them, as a networkx graph.

    Nodes are rows and carry every column under its name, as plain numbers (a tuple where a column holds
    several); edges carry `weight`. Ties to people outside the part are left out. The whole borough at full
    size takes some gigabytes; a place or a neighbourhood is quick.

    Parameters
    ----------
    columns
        A record of columns: drawn people, or a borough's citizens.
    ties
        Their ties.
    rows
        Only these people.
    place, neighbourhood
        Only people living there: its row, or its name.
    place_names, neighbourhood_names
        Names by row, needed only to choose by name from a record that does not carry them.
    attributes
        Columns to carry; all unless given.

    Raises
    ------
    InputError
        For a row, place or neighbourhood that is not there, or a column that does not exist.

    Examples
    --------
    >>> from dealsim.people import draw_people
    >>> from dealsim.places import shipped
    >>> people = draw_people(shipped("wigan"), 3000, seed=1, n_places=1)
    >>> graph = to_networkx(people, build_ties(people, seed=1), neighbourhood=0)
    >>> sorted(graph.nodes[0])[:4]
    ['age_band', 'carer', 'cell', 'deprivation']
    """
    import networkx as nx

    n = ties.start.size - 1
    wanted = np.ones(n, dtype=bool)
    if rows is not None:
        given = np.asarray(rows, dtype=np.int64).reshape(-1)
        if given.size and (given.min() < 0 or given.max() >= n):
            raise InputError(f"there are rows 0 to {n - 1}, and none other")
        wanted[:] = False
        wanted[given] = True
    if place is not None:
        names = place_names or getattr(columns, "place_names", ())
        wanted &= columns.place == _row_of(place, names, int(columns.place.max()) + 1, "place")
    if neighbourhood is not None:
        own = getattr(columns, "neighbourhoods", None)
        names = neighbourhood_names or (own.names if own is not None else ())
        last = int(columns.neighbourhood.max()) + 1
        wanted &= columns.neighbourhood == _row_of(neighbourhood, names, last, "neighbourhood")
    known = {
        name: values
        for name, values in zip(columns._fields, columns, strict=True)
        if isinstance(values, np.ndarray) and len(values) == n
    }
    for name in attributes if attributes is not None else ():
        if name not in known:
            raise InputError(f"there is no column '{name}'; there are {', '.join(known)}")
    names = list(known) if attributes is None else list(attributes)

    chosen = np.flatnonzero(wanted)
    values = [known[name][chosen] for name in names]
    lists = [v.tolist() if v.ndim == 1 else [tuple(row) for row in v.tolist()] for v in values]
    graph = nx.Graph()
    if lists:
        for row, parts in zip(chosen.tolist(), zip(*lists, strict=True), strict=True):
            graph.add_node(row, **dict(zip(names, parts, strict=True)))
    else:
        graph.add_nodes_from(chosen.tolist())
    end = np.repeat(np.arange(n), np.diff(ties.start))
    kept = wanted[end] & wanted[ties.to] & (end < ties.to)
    graph.add_weighted_edges_from(
        zip(end[kept].tolist(), ties.to[kept].tolist(), ties.weight[kept].tolist(), strict=True)
    )
    return graph


def layout_of(n: int, ends: np.ndarray, *, seed: int) -> np.ndarray:
    """Where so many people stand on a page, those with ties near each other: the same for the same ties and seed.

    Returns
    -------
    numpy.ndarray
        One row a person: across and up, from −1 to 1.
    """
    import networkx as nx

    graph = nx.empty_graph(n)
    graph.add_edges_from(ends.tolist())
    places = nx.spring_layout(graph, seed=seed, iterations=60)
    return np.array([places[row] for row in range(n)])


def _row_of(asked: int | str, names: Sequence[str], count: int, kind: str) -> int:
    """The row of a place or neighbourhood asked for by row or by name."""
    if isinstance(asked, str):
        if asked not in names:
            near = difflib.get_close_matches(asked, names, 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise InputError(f"there is no {kind} called '{asked}'{hint}")
        return list(names).index(asked)
    if not 0 <= asked < count:
        raise InputError(f"there is no {kind} {asked}; they are numbered 0 to {count - 1}")
    return int(asked)
