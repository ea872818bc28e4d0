"""Which images each turn of 2D classification takes, in which blocks, and how far it moves the classes."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vitreous.methods.refinement.settings import Classification

FIRST_PHASE, LAST_PHASE = 0.3, 0.2
SETTLE, LAST_REVIVAL = 0.05, 0.9
LEAST_STEP = 0.3
MOST_LOOKS = 40
LEAST_BATCH = 100


@dataclass(frozen=True)
class Turn:
    """One turn: its number from 1, images it takes, step of the running sums, whether empty classes are revived."""

    iteration: int
    images: int
    step: float
    revive: bool


def turns(chosen: Classification, count: int) -> Sequence[Turn]:
    """The whole schedule for `count` images.

    Mini-batches of a small set are smaller, so that no image is looked at more than about MOST_LOOKS times: the classes have
    settled by then. Their number stays as asked for.
    """
    if chosen.use_em:
        last = chosen.em_iterations
        return [Turn(i, count, 1.0, i < last - 2) for i in range(1, last + 1)]
    last = chosen.mini_batches
    first, final = _batch(count, 0.005, 200, 10_000), _batch(count, 0.05, 1_000, 100_000)
    sizes = []
    for i in range(1, last):
        part = min(1.0, max(0.0, (i / last - FIRST_PHASE) / (1 - FIRST_PHASE - LAST_PHASE)))
        sizes.append(first + (final - first) * part)
    share = min(1.0, MOST_LOOKS * count / max(1.0, sum(sizes)))
    made = []
    for i, size in enumerate(sizes, 1):
        images = min(count, max(LEAST_BATCH, round(size * share)))
        made.append(Turn(i, images, _step(i / last, images, count), SETTLE < i / last < LAST_REVIVAL))
    return [*made, Turn(last, count, 1.0, False)]


def _batch(count: int, share: float, least: int, most: int) -> int:
    return min(count, max(least, min(most, round(share * count))))


def _step(part: float, images: int, count: int) -> float:
    """Falls over the schedule from one to LEAST_STEP; one where a turn takes everything."""
    return 1.0 if images >= count else max(1.0 - part / 0.8, LEAST_STEP)


def noise_left(schedule: Sequence[Turn], iteration: int, count: int) -> float:
    """The variance of the running sums after a turn over what their weight says: below one, for they remember earlier turns.

    A sum of part a of independent images and part b of others has weight a + b but variance a^2 + b^2; and never less than
    that of all `count` images together.
    """
    weight = variance = 0.0
    for turn in schedule[:iteration]:
        kept = 0.0 if turn.iteration == 1 else 1 - turn.step
        weight = kept * weight + (1 - kept) * turn.images
        variance = kept**2 * variance + (1 - kept) ** 2 * turn.images
    return max(variance / weight, weight / count) if weight else 1.0


def rows_of(schedule: Sequence[Turn], iteration: int, count: int, seed: Callable[[str], int]) -> NDArray[np.int64]:
    """The images of a turn: the next stretch of one random order after another, so that all are seen equally often."""
    turn = schedule[iteration]
    if turn.images >= count:
        return np.arange(count)
    start = sum(earlier.images for earlier in schedule[:iteration])
    chosen = np.zeros(0, np.int64)
    while len(chosen) < turn.images:
        epoch, place = divmod(start + len(chosen), count)
        order = np.random.default_rng(seed(f"order {epoch}")).permutation(count)
        chosen = np.concatenate([chosen, order[place : place + turn.images - len(chosen)]])
    return np.unique(chosen)


@dataclass(frozen=True)
class Block:
    """Images that go through the E step together: all of one optics group, all counted to one half."""

    rows: NDArray[np.int64]
    group: int
    half: int


def part_of(blocks: Sequence[Block], places: range) -> list[Block]:
    """The images at these places (a stretch) of all the blocks in a row, as blocks; one that lies across an end is cut."""
    parts, at = [], 0
    for block in blocks:
        low, high = max(places.start - at, 0), min(places.stop - at, len(block.rows))
        if low < high:
            parts.append(replace(block, rows=block.rows[low:high]))
        at += len(block.rows)
    return parts


def blocks_of(rows: NDArray[np.int64], group: NDArray[np.int64], size: int) -> Iterator[Block]:
    """Rows in blocks of at most `size`, two or more of each group: neither half may be without images."""
    number = 0
    for one in np.unique(group[rows]):
        mine = rows[group[rows] == one]
        parts = max(2, math.ceil(len(mine) / size))
        for part in np.array_split(mine, min(parts, len(mine))):
            yield Block(part, int(one), number % 2)
            number += 1
