"""A drawing of things that follow one another in layers from top to bottom: who stands in which layer, in which order, and where.

Edges that pass a layer get a point in it, so that they run between the things and not over them; edges of one start share it.
"""

from bisect import bisect_right, insort
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

SWEEPS = 24
SETTLING = 80
STRAIGHT = 12.0
"""How much more than others two points of one edge want to stand under one another."""

Edge = tuple[str, str]
Key = str | tuple[str, int]
"""A thing, or the point in a layer where the edges of a thing pass."""


@dataclass(frozen=True)
class Placed:
    """x is the middle of each thing or point, layer counts from 0 at the top, ways lead each edge from thing to thing."""

    x: Mapping[Key, float]
    layer: Mapping[Key, int]
    ways: Mapping[Edge, Sequence[Key]]


def place(widths: Mapping[str, float], edges: Iterable[Edge], *, gap: float, even: Collection[str] | None = None) -> Placed:
    """Place things of these widths so that edges lead downwards and cross seldom; `gap` stays free between neighbours.

    even: things that are to stand in layers of even number, all others in odd ones. An edge that closes a circle is left out.
    """
    kept = _without_circles(widths, edges)
    layer: dict[Key, int] = {}
    layer.update(_layers(widths, kept, even))
    ways = {edge: _way(edge, layer) for edge in kept}
    above, below = _neighbours(ways)
    rows = _ordered(_rows(widths, layer), above, below)
    return Placed(_settled(rows, widths, above, below, gap), layer, ways)


def _without_circles(things: Iterable[str], edges: Iterable[Edge]) -> list[Edge]:
    kept = [edge for edge in dict.fromkeys(edges) if edge[0] != edge[1]]
    while True:
        try:
            _sorted(things, kept)
            return kept
        except CycleError as error:
            circle = error.args[1]
            kept.remove((circle[0], circle[1]))


def _sorted(things: Iterable[str], edges: Iterable[Edge]) -> list[str]:
    before: dict[str, list[str]] = {thing: [] for thing in things}
    for start, end in edges:
        before[end].append(start)
    return list(TopologicalSorter(before).static_order())


def _layers(things: Iterable[str], edges: Sequence[Edge], even: Collection[str] | None) -> dict[str, int]:
    """Each thing right below the lowest that it follows; then down again where that makes edges shorter."""
    order = _sorted(things, edges)
    before: dict[str, list[str]] = {thing: [] for thing in order}
    after: dict[str, list[str]] = {thing: [] for thing in order}
    for start, end in edges:
        before[end].append(start)
        after[start].append(end)
    layer: dict[str, int] = {}
    for thing in order:
        first = max((layer[other] + 1 for other in before[thing]), default=0)
        layer[thing] = first + _is_wrong(first, thing, even)
    for thing in reversed(order):
        if after[thing] and len(after[thing]) >= len(before[thing]):
            last = min(layer[other] for other in after[thing]) - 1
            layer[thing] = last - _is_wrong(last, thing, even)
    return layer


def _is_wrong(layer: int, thing: str, even: Collection[str] | None) -> bool:
    return even is not None and layer % 2 != int(thing not in even)


def _way(edge: Edge, layer: dict[Key, int]) -> list[Key]:
    start, end = edge
    points: list[Key] = [(start, level) for level in range(layer[start] + 1, layer[end])]
    layer.update({point: level for level, point in enumerate(points, layer[start] + 1)})
    return [start, *points, end]


Near = dict[Key, list[Key]]


def _neighbours(ways: Mapping[Edge, Sequence[Key]]) -> tuple[Near, Near]:
    above: Near = {}
    below: Near = {}
    for upper, lower in dict.fromkeys(pair for way in ways.values() for pair in pairwise(way)):
        above.setdefault(lower, []).append(upper)
        below.setdefault(upper, []).append(lower)
    return above, below


def _rows(things: Iterable[str], layer: Mapping[Key, int]) -> list[list[Key]]:
    rows: list[list[Key]] = [[] for _ in range(max(layer.values(), default=0) + 1)]
    for key in layer:
        rows[layer[key]].append(key)
    return [row for row in rows if row]


def _ordered(rows: list[list[Key]], above: Near, below: Near) -> list[list[Key]]:
    """The order in each layer with few crossings: by the middle of the neighbours, down and up in turn; the best is kept."""
    best, fewest = [list(row) for row in rows], _crossings(rows, below)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        near = above if downwards else below
        turns = range(1, len(rows)) if downwards else range(len(rows) - 2, -1, -1)
        for number in turns:
            at = {key: place for place, key in enumerate(rows[number - 1 if downwards else number + 1])}
            own = {key: place for place, key in enumerate(rows[number])}
            rows[number].sort(key=lambda key: _middle([at[other] for other in near.get(key, ())], own[key]))
        crossings = _crossings(rows, below)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    return best


def _middle(places: Sequence[float], otherwise: float) -> float:
    return sum(places) / len(places) if places else otherwise


def _crossings(rows: Sequence[Sequence[Key]], below: Near) -> int:
    """How many edges cross between neighbouring layers."""
    total = 0
    for upper, lower in pairwise(rows):
        at = {key: place for place, key in enumerate(lower)}
        passed: list[int] = []
        for key in upper:
            ends = sorted(at[other] for other in below.get(key, ()))
            total += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return total


def _settled(
    rows: Sequence[Sequence[Key]], widths: Mapping[str, float], above: Near, below: Near, gap: float
) -> dict[Key, float]:
    """Where each thing stands: as near under and over its neighbours as the others in its layer allow."""
    wide = {key: widths[key] if isinstance(key, str) else 0.0 for row in rows for key in row}
    x: dict[Key, float] = {}
    for row in rows:
        at = 0.0
        for key in row:
            x[key] = at + wide[key] / 2
            at += wide[key] + gap
    for sweep in range(SETTLING):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted, weights = zip(*(_wish(key, x, above, below) for key in row))
            apart = [(wide[one] + wide[other]) / 2 + gap for one, other in pairwise(row)]
            x.update(zip(row, apart_at_least(wanted, weights, apart)))
    left = min((x[key] - wide[key] / 2 for key in x), default=0.0)
    return {key: value - left for key, value in x.items()}


def _wish(key: Key, x: Mapping[Key, float], above: Near, below: Near) -> tuple[float, float]:
    """Where something wants to stand, and how much."""
    near = [*above.get(key, ()), *below.get(key, ())]
    weights = [STRAIGHT if not isinstance(key, str) and not isinstance(other, str) else 1.0 for other in near]
    if not near:
        return x[key], 0.1
    return sum(x[other] * weight for other, weight in zip(near, weights)) / sum(weights), sum(weights)


def apart_at_least(wanted: Sequence[float], weights: Sequence[float], apart: Sequence[float]) -> list[float]:
    """Places in a row nearest to the wanted ones (least squares) with each neighbour at least so far apart."""
    offsets = [0.0]
    for distance in apart:
        offsets.append(offsets[-1] + distance)
    groups: list[tuple[float, float, int]] = []  # mean, weight, members: pooled where the order would break
    for want, weight, offset in zip(wanted, weights, offsets):
        mean, mass, count = want - offset, weight, 1
        while groups and groups[-1][0] > mean:
            other, other_mass, other_count = groups.pop()
            mean = (mean * mass + other * other_mass) / (mass + other_mass)
            mass, count = mass + other_mass, count + other_count
        groups.append((mean, mass, count))
    means = [mean for mean, _, count in groups for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets)]
