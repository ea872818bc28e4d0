"""Images are read ahead in the order of the files, and no more of them than are soon used."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from vitreous.methods.refinement import ahead
from vitreous.methods.refinement.schedule import Block
from vitreous.tables.table import Table


class Told:
    """Images whose pixels are their row; notes what was asked for."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked: list[list[int]] = []

    def __len__(self) -> int:
        return self.count

    def read(self, indices: Any) -> np.ndarray:
        if self.count in indices:
            raise OSError("there is no such image")
        self.asked.append(list(indices))
        return np.broadcast_to(np.asarray(indices, np.float32)[:, None, None], (len(indices), 2, 2))


def blocks(*sizes: int) -> list[Block]:
    ends = np.cumsum(sizes)
    return [Block(np.arange(end - size, end), 0, 0) for size, end in zip(sizes, ends)]


def test_each_block_gets_its_own_images_and_few_are_in_memory() -> None:
    source, given = Told(100), blocks(10, 10, 30, 4, 4, 4, 38)
    held = []
    for at, (block, images) in enumerate(ahead.with_images(source, given, together=20)):
        assert block is given[at]
        assert images[:, 0, 0].tolist() == block.rows.tolist()
        held.append(sum(map(len, source.asked)) - int(block.rows[-1]) - 1)
    assert [len(asked) for asked in source.asked] == [20, 30, 12, 38]
    assert max(held) <= 2 * 38


def test_an_image_that_cannot_be_read_stops_the_work() -> None:
    with pytest.raises(OSError, match="no such image"):
        list(ahead.with_images(Told(15), blocks(10, 10), together=10))


def test_results_come_in_order_and_few_items_wait() -> None:
    taken, most = [], 0

    def items() -> Any:
        for number in range(50):
            taken.append(number)
            yield number

    gate = threading.Event()
    threading.Timer(0.05, gate.set).start()
    with ThreadPoolExecutor(3) as pool:
        for at, value in enumerate(ahead.in_order(pool, lambda number: (gate.wait(), number)[1], items(), most=6)):
            assert value == at
            most = max(most, len(taken) - at)
    assert most <= 6


def test_rows_are_ranked_by_stack_and_place() -> None:
    names = ["3@b.mrcs", "000001@a.mrcs", "1@b.mrcs", "000002@a.mrcs", "2@b.mrcs"]
    ranks = ahead.file_ranks(Table({"image": np.array(names, object)}))
    assert ranks is not None
    assert ranks.tolist() == [2, 3, 0, 4, 1]
    assert ahead.file_ranks(Table({"image": np.array([names[i] for i in np.argsort(ranks)], object)})) is None
    assert ahead.file_ranks(Table({"image": np.array(["one.mrc", "two.mrc"], object)})) is None
