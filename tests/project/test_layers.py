import itertools

import pytest

from vitreous.project.layers import apart_at_least, place


def crossings(placed, edges):
    lines = [list(itertools.pairwise(placed.ways[edge])) for edge in edges]
    pieces = {piece for way in lines for piece in way}
    at = {(a, b): (placed.layer[a], placed.x[a], placed.x[b]) for a, b in pieces}
    pairs = itertools.combinations(at.values(), 2)
    return sum(one[0] == other[0] and (one[1] - other[1]) * (one[2] - other[2]) < 0 for one, other in pairs)


def test_edges_lead_down_and_things_keep_apart():
    widths = dict.fromkeys("abcdefgh", 50.0)
    edges = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d"), ("d", "e"), ("f", "e"), ("a", "g"), ("g", "h")]
    placed = place(widths, edges, gap=10)
    for start, end in edges:
        way = placed.ways[start, end]
        assert (way[0], way[-1]) == (start, end)
        assert [placed.layer[key] for key in way] == list(range(placed.layer[start], placed.layer[end] + 1))
    by_layer = {}
    for key, layer in placed.layer.items():
        by_layer.setdefault(layer, []).append((placed.x[key], widths.get(key, 0)))
    for row in by_layer.values():
        for (left, wide), (right, other) in itertools.pairwise(sorted(row)):
            assert right - left >= (wide + other) / 2 + 10 - 1e-6
    assert min(placed.x[key] - widths[key] / 2 for key in widths) >= -1e-6


def test_crossings_are_undone():
    edges = [("a", "y"), ("b", "x"), ("c", "z"), ("a", "z"), ("b", "y")]
    placed = place(dict.fromkeys("abcxyz", 30.0), edges, gap=10)
    assert crossings(placed, edges) == 0


def test_a_chain_is_straight():
    edges = list(itertools.pairwise("abcdef"))
    placed = place({name: 20.0 + 7 * number for number, name in enumerate("abcdef")}, edges, gap=10)
    assert max(placed.x.values()) - min(placed.x.values()) == pytest.approx(0, abs=0.5)


def test_even_and_odd_layers():
    edges = [("file", "job"), ("start", "made"), ("made", "job")]
    placed = place(dict.fromkeys(("file", "job", "start", "made"), 10.0), edges, gap=5, even={"job", "start"})
    assert [placed.layer[key] % 2 for key in ("file", "job", "start", "made")] == [1, 0, 0, 1]


def test_a_circle_loses_an_edge_and_nothing_more():
    placed = place(dict.fromkeys("abc", 10.0), [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a")], gap=5)
    assert len(placed.ways) == 2


def test_places_in_a_row_are_the_nearest_that_keep_apart():
    assert apart_at_least([0, 100, 300], [1, 1, 1], [50, 50]) == [0, 100, 300]
    assert apart_at_least([10, 10], [1, 1], [20]) == [0, 20]
    assert apart_at_least([10, 10], [3, 1], [20]) == [5, 25]
    assert apart_at_least([5, 4, 3], [1, 1, 1], [2, 2]) == [2, 4, 6]


def test_nothing_at_all():
    assert place({}, [], gap=1).x == {}
