"""Images read ahead of their use, in the order of the files; and work by threads, taken in order with little waiting."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vitreous.arrays.source import ImageSource
from vitreous.methods.refinement.schedule import Block
from vitreous.tables.table import Table

S = TypeVar("S")
T = TypeVar("T")
Pixels = NDArray[np.float32]

PARTS = 3  # in memory at a time: one that is worked on, one that is at hand, one that is read


def file_ranks(particles: Table) -> NDArray[np.int64] | None:
    """The place of each row's image among all in the order in which they lie in files, stacks in the order of the table.

    None if that is the order of the table, or if its rows name no images.
    """
    if "image" not in particles:
        return None
    names, count = particles["image"].tolist(), len(particles)
    stacks: dict[str, int] = {}
    stack = np.fromiter((stacks.setdefault(name[name.find("@") + 1 :], len(stacks)) for name in names), np.int64, count)
    index = np.fromiter((_number(name[: max(name.find("@"), 0)]) for name in names), np.int64, count)
    order = np.lexsort((index, stack))
    if bool((np.diff(order) > 0).all()):
        return None
    ranks = np.empty(count, np.int64)
    ranks[order] = np.arange(count)
    return ranks


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def with_images(source: ImageSource, blocks: Sequence[Block], *, together: int) -> Iterator[tuple[Block, Pixels]]:
    """Each block with its images as read, by one thread that is at most two requests of about `together` images ahead."""
    with ThreadPoolExecutor(1) as reader:
        waiting: deque[tuple[list[Block], Future[Pixels]]] = deque()
        for part in _parts(blocks, together):
            waiting.append((part, reader.submit(source.read, np.concatenate([block.rows for block in part]))))
            if len(waiting) == PARTS - 1:
                yield from _taken(*waiting.popleft())
        while waiting:
            yield from _taken(*waiting.popleft())


def _parts(blocks: Sequence[Block], together: int) -> Iterator[list[Block]]:
    """Neighbouring blocks, as many as hold up to `together` images, at least one."""
    part: list[Block] = []
    count = 0
    for block in blocks:
        if part and count + len(block.rows) > together:
            yield part
            part, count = [], 0
        part.append(block)
        count += len(block.rows)
    if part:
        yield part


def _taken(part: list[Block], read: "Future[Pixels]") -> Iterator[tuple[Block, Pixels]]:
    images, at = read.result(), 0
    for block in part:
        yield block, images[at : at + len(block.rows)]
        at += len(block.rows)


def in_order(pool: Executor, work: Callable[[S], T], items: Iterable[S], *, most: int) -> Iterator[T]:
    """Results in the order of the items, of which no more than `most` are taken and not yet given back."""
    waiting: deque[Future[T]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
