"""The community network: the figures it should have, measured with networkx, and what it never does."""

from __future__ import annotations

from functools import lru_cache

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealsim.compiled import interpreted
from dealsim.declare import changed
from dealsim.errors import InputError
from dealsim.network import (
    NetworkParameters,
    Ties,
    _both_ways,
    _drawn_ties,
    build_ties,
    network_figures,
    ties_from_edges,
    to_networkx,
)
from dealsim.people import draw_people
from dealsim.places import shipped

WIGAN = shipped("wigan")
SIZE = 6000


@lru_cache
def people(size=SIZE, seed=1, n_places=3):
    return draw_people(WIGAN, size, seed, n_places)


@lru_cache
def ties(size=SIZE, seed=1, n_places=3, p=None):
    return build_ties(people(size, seed, n_places), seed, p)


@lru_cache
def graph():
    return to_networkx(people(), ties())


def pairs(found: Ties):
    end = np.repeat(np.arange(found.start.size - 1), np.diff(found.start))
    return list(zip(end.tolist(), found.to.tolist(), found.weight.tolist(), strict=True))


def check(found: Ties, n):
    """What is true of every network."""
    assert found.start.dtype == np.int64 and found.to.dtype == np.int32 and found.weight.dtype == np.uint8
    assert found.start.size == n + 1 and found.start[0] == 0 and found.start[-1] == found.to.size
    all_pairs = pairs(found)
    assert all(a != b for a, b, _ in all_pairs), "a tie to oneself"
    assert sorted((b, a, w) for a, b, w in all_pairs) == all_pairs, "not symmetric, or not in order"
    assert len({(a, b) for a, b, _ in all_pairs}) == len(all_pairs), "a tie twice"
    assert (found.weight >= 1).all()


def test_people_have_about_twelve_ties():
    assert 11.5 < np.mean([degree for _, degree in graph().degree]) < 13


def test_clustering_lies_where_close_networks_lie():
    assert 0.2 < nx.average_clustering(graph()) < 0.5


def test_paths_are_short_and_everybody_is_reached():
    assert nx.is_connected(graph())
    lengths = [np.mean(list(nx.single_source_shortest_path_length(graph(), i).values())) for i in range(0, SIZE, 600)]
    ring = SIZE / (2 * 12)
    assert np.mean(lengths) < 8 < ring / 4


def test_most_ties_stay_inside_the_place_and_some_do_not():
    # a figure of the whole borough with its seven places: fewer places mean fewer ties that leave one
    whole = draw_people(shipped("wigan"), 33_000, 1, 7)
    figures = network_figures(build_ties(whole, 1), whole, sample=100, sources=2)
    assert figures.inside_place == pytest.approx(0.87, abs=0.03)


def test_ties_join_people_in_like_deprivation_more_than_chance_would():
    for_chance = to_networkx(people(), ties(p=NetworkParameters(rewired_share=1.0, rewired_inside=0.0, homophily=0.0)))
    for_likeness = to_networkx(people(), ties(p=NetworkParameters(rewired_share=1.0, rewired_inside=0.0)))
    without = nx.numeric_assortativity_coefficient(for_chance, "deprivation")
    likeness = nx.numeric_assortativity_coefficient(for_likeness, "deprivation")
    assert likeness > without + 0.1
    assert nx.numeric_assortativity_coefficient(graph(), "deprivation") > 0.8


def test_the_figures_are_those_networkx_finds():
    figures = network_figures(ties(), people(), sample=SIZE, sources=7)
    g = graph()
    assert figures.people == SIZE
    assert figures.mean_degree == pytest.approx(2 * g.number_of_edges() / SIZE)
    assert figures.clustering == pytest.approx(nx.average_clustering(g))
    assert figures.homophily == pytest.approx(nx.numeric_assortativity_coefficient(g, "deprivation"), abs=1e-6)
    lengths = [sum(nx.single_source_shortest_path_length(g, k * SIZE // 7).values()) for k in range(7)]
    assert figures.path_length == pytest.approx(sum(lengths) / (7 * (SIZE - 1)))
    assert figures.connected == 1
    same = np.mean([g.nodes[a]["neighbourhood"] == g.nodes[b]["neighbourhood"] for a, b in g.edges])
    assert figures.inside_neighbourhood == pytest.approx(same)


def test_figures_hardly_depend_on_the_size_of_the_borough():
    small = network_figures(ties(33_000, 1, 7), people(33_000, 1, 7))
    large = network_figures(ties(330_000, 1, 7), people(330_000, 1, 7))
    assert small.mean_degree == pytest.approx(large.mean_degree, abs=0.05)
    assert small.clustering == pytest.approx(large.clustering, abs=0.02)
    assert small.inside_place == pytest.approx(large.inside_place, abs=0.01)


@settings(max_examples=30)
@given(
    size=st.integers(1, 800),
    seed=st.integers(0, 2**63 - 1),
    n_places=st.integers(1, 4),
    near=st.integers(0, 20),
    rewired=st.floats(0, 1),
    inside=st.floats(0, 1),
    homophily=st.floats(0, 10),
)
def test_any_borough_has_a_sound_network(size, seed, n_places, near, rewired, inside, homophily):
    p = NetworkParameters(float(near), rewired, inside, homophily)
    drawn = draw_people(WIGAN, size, 3, n_places)
    found = build_ties(drawn, seed, p)
    check(found, size)
    for household in np.unique(drawn.household)[:20]:
        members = np.flatnonzero(drawn.household == household).tolist()
        for i in members:
            known = {b: w for a, b, w in pairs(found) if a == i and b in members}
            assert known == {j: 3 for j in members if j != i}, "a household in which not all know each other"


def test_no_tie_leaves_its_place_when_none_may():
    p = NetworkParameters(rewired_share=0.5, rewired_inside=1.0)
    place = people().place
    assert all(place[a] == place[b] for a, b, _ in pairs(ties(p=p)))


def test_the_share_rewired_is_the_share_asked_for():
    none, some = ties(p=NetworkParameters(rewired_share=0.0)), ties()
    before = {(a, b) for a, b, _ in pairs(none)}
    after = [(a, b) for a, b, w in pairs(some) if w == 1]
    moved = np.mean([pair not in before for pair in after])
    assert moved == pytest.approx(NetworkParameters().rewired_share, abs=0.01)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("near_neighbours", 2.0, 9.0),
        ("rewired_share", 0.0, 0.5),
        ("rewired_inside", 0.0, 1.0),
        ("homophily", 0.0, 9.0),
        ("household_weight", 1.0, 9.0),
    ],
)
def test_every_parameter_changes_the_network(name, low, high):
    weak, strong = (ties(p=changed(NetworkParameters(), **{name: value})) for value in (low, high))
    assert pairs(weak) != pairs(strong)


def test_the_same_seed_gives_the_same_ties_and_another_seed_others():
    assert pairs(build_ties(people(), 1)) == pairs(ties())
    assert pairs(build_ties(people(), 2)) != pairs(ties())


def test_the_plain_and_the_compiled_form_build_the_same_ties(monkeypatch):
    small = people(300, 4, 2)
    compiled = build_ties(small, 5)
    for function in (_drawn_ties, _both_ways):
        monkeypatch.setattr(f"dealsim.network.{function.py_func.__name__}", interpreted(function))
    plain = build_ties(small, 5)
    for one, other in zip(plain, compiled, strict=True):
        assert one.dtype == other.dtype and np.array_equal(one, other)


def test_a_part_of_the_borough_comes_out_with_all_its_columns():
    place = people().place_names[1]
    part = to_networkx(people(), ties(), place=place)
    rows = np.flatnonzero(people().place == 1)
    assert sorted(part.nodes) == rows.tolist()
    for name in people()._fields[:10]:
        column = getattr(people(), name)
        assert all(part.nodes[i][name] == column[i] for i in rows[::97].tolist()), name
    whole = graph().subgraph(rows.tolist())
    assert {frozenset(e) for e in part.edges} == {frozenset(e) for e in whole.edges}
    assert all(part.edges[e]["weight"] == graph().edges[e]["weight"] for e in part.edges)


def test_parts_may_be_chosen_by_rows_and_by_neighbourhood_together():
    inside = np.flatnonzero(people().neighbourhood == 0)
    part = to_networkx(people(), ties(), rows=[*inside[:5], SIZE - 1], neighbourhood=0, attributes=["carer"])
    assert sorted(part.nodes) == inside[:5].tolist()
    assert all(list(data) == ["carer"] for _, data in part.nodes(data=True))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"place": "Leihg"}, "there is no place called 'Leihg'; did you mean 'Leigh'?"),
        ({"place": 9}, "there is no place 9; they are numbered 0 to 2"),
        ({"neighbourhood": -1}, "there is no neighbourhood -1"),
        ({"rows": [SIZE]}, f"there are rows 0 to {SIZE - 1}, and none other"),
        ({"attributes": ["trsut"]}, "there is no column 'trsut'"),
    ],
)
def test_a_part_that_is_not_there_is_refused(asked, said):
    named = people()._replace(place_names=("Wigan North", "Hindley", "Leigh"))
    with pytest.raises(InputError) as caught:
        to_networkx(named, ties(), **asked)
    assert said in str(caught.value)


def alone(n):
    return people(n, 1, 1)


@pytest.mark.parametrize(
    ("edges", "degree", "clustering", "path"),
    [
        ([(i, j) for i in range(10) for j in range(i)], 9.0, 1.0, 1.0),
        ([(i, (i + 1) % 10) for i in range(10)], 2.0, 0.0, 25 / 9),
        ([(0, i) for i in range(1, 10)], 1.8, 0.0, 1.8),
    ],
    ids=["complete", "ring", "star"],
)
def test_networks_made_by_hand_have_the_figures_theory_says(edges, degree, clustering, path):
    found = ties_from_edges(10, edges)
    check(found, 10)
    figures = network_figures(found, alone(10), sources=10)
    assert figures.mean_degree == pytest.approx(degree)
    assert figures.clustering == pytest.approx(clustering)
    assert figures.path_length == pytest.approx(path)


def test_nobody_need_know_anybody():
    found = ties_from_edges(10, [])
    check(found, 10)
    assert network_figures(found, alone(10)).mean_degree == 0
    assert to_networkx(alone(10), found).number_of_edges() == 0


def test_a_tie_given_twice_is_one_tie_with_the_larger_weight():
    found = ties_from_edges(3, [(0, 1), (1, 0), (2, 1)], [1, 7, 2])
    assert pairs(found) == [(0, 1, 7), (1, 0, 7), (1, 2, 2), (2, 1, 2)]


@pytest.mark.parametrize(
    ("edges", "weights"), [([(0, 3)], 1), ([(-1, 0)], 1), ([(1, 1)], 1), ([(0, 1)], 0), ([(0, 1)], 256)]
)
def test_ties_that_cannot_be_are_refused(edges, weights):
    with pytest.raises(ValueError, match=r"tie|weight"):
        ties_from_edges(3, edges, weights)
