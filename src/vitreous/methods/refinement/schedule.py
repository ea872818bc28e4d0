"""Which images each turn of 2D classification takes, in which blocks, and how far it moves the classes."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vitreous.methods.refinement.settings import Classification

PER_CLASS, LEAST_BATCH = 50, 500  # images in a batch at first
FIRST_TURNS, MORE_TURNS = 6, 24  # where the first batches are all images, and more where they are half of them or less
TURNS_A_DOUBLING = 3  # of the images over the first batch
LAST_PART = 0.5
USUAL = 200  # mini-batches, by which those asked for are measured
EVERY = 10  # iterations are written
EVEN = 0.7  # of the schedule, in which all classes are taken as equally likely
LAST_REVIVAL = 0.9
LEAST_STEP = 0.5


@dataclass(frozen=True)
class Turn:
    """One turn: its number, images it takes, step of the running sums, whether empty classes are revived.

    even: classes are taken as equally likely, or else those that many images have would draw the others' too.
    """

    iteration: int
    images: int
    step: float
    revive: bool
    even: bool = False


def turns(chosen: Classification, count: int) -> Sequence[Turn]:
    """The whole schedule for `count` images.

    Batches grow from first_batch() to half of all images, and the last turn takes all. A small set needs few of the
    mini-batches asked for: the turns' numbers then leave some out, but no tenth that has a turn.
    """
    if chosen.use_em:
        last = chosen.em_iterations
        return [Turn(i, count, 1.0, i < last - 2, i < EVEN * last) for i in range(1, last + 1)]
    first = first_batch(count, chosen.classes)
    most = max(first, round(LAST_PART * count))
    doublings = math.log2(max(1.0, count / first))
    enough = (FIRST_TURNS + MORE_TURNS * min(1.0, doublings) + TURNS_A_DOUBLING * doublings) * chosen.mini_batches / USUAL
    number = min(chosen.mini_batches, max(FIRST_TURNS, round(enough)))
    made = []
    for i, at in enumerate(_numbers(number, chosen.mini_batches), 1):
        images = min(count, round(first * (most / first) ** (i / number)))
        made.append(Turn(at, images, _step(i / number, images, count), i / number < LAST_REVIVAL, i / number < EVEN))
    return [*made[:-1], Turn(chosen.mini_batches, count, 1.0, False)]


def first_batch(count: int, classes: int) -> int:
    """Images in the first batches: some for each class, but where there are few of them at most half of all."""
    return min(count, max(LEAST_BATCH, min(PER_CLASS * classes, count // 2)))


def _numbers(turns: int, last: int) -> list[int]:
    """Numbers from 1 to `last` for so many turns, those of each ten beginning with its first and ending with its last."""
    of = [-(-math.ceil(i * last / turns) // EVERY) for i in range(1, turns + 1)]
    made: list[int] = []
    for i, ten in enumerate(of):
        ends = i + 1 == turns or of[i + 1] > ten
        made.append(min(last, EVERY * ten) if ends else max(EVERY * (ten - 1), made[-1] if made else 0) + 1)
    return made


def _step(part: float, images: int, count: int) -> float:
    """Falls over the schedule from one to LEAST_STEP; one where a turn takes everything."""
    return 1.0 if images >= count else max(1.0 - part, LEAST_STEP)


def following(schedule: Sequence[Turn], iteration: int) -> Turn:
    """The turn after an iteration."""
    return next(turn for turn in schedule if turn.iteration > iteration)


def noise_left(schedule: Sequence[Turn], iteration: int, count: int) -> float:
    """The variance of the running sums after a turn over what their weight says: below one, for they remember earlier turns.

    A sum of part a of independent images and part b of others has weight a + b but variance a^2 + b^2; and never less than
    that of all `count` images together.
    """
    weight = variance = 0.0
    for turn in schedule:
        if turn.iteration <= iteration:
            kept = 0.0 if turn is schedule[0] else 1 - turn.step
            weight = kept * weight + (1 - kept) * turn.images
            variance = kept**2 * variance + (1 - kept) ** 2 * turn.images
    return max(variance / weight, weight / count) if weight else 1.0


def rows_of(schedule: Sequence[Turn], turn: Turn, count: int, seed: Callable[[str], int]) -> NDArray[np.int64]:
    """The images of a turn: the next stretch of one random order after another, so that all are seen equally often."""
    if turn.images >= count:
        return np.arange(count)
    start = sum(earlier.images for earlier in schedule if earlier.iteration < turn.iteration)
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
