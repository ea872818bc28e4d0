"""What the tests of methods share: a team whose members are threads of this process."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from vitreous.context import Team


class Meeting:
    """A place where threads exchange values: each sum and gathering is a round to which all bring something."""

    def __init__(self, size: int) -> None:
        self.size, self.summed = size, 0
        self._barrier = threading.Barrier(size, timeout=120)
        self._brought: list[Any] = [None] * size

    def collect(self, rank: int, value: Any) -> list[Any]:
        self._brought[rank] = value
        self._barrier.wait()
        found = list(self._brought)
        self._barrier.wait()
        return found

    def reduce(self, rank: int, values: Any) -> Any:
        copied = values.clone() if isinstance(values, torch.Tensor) else np.array(values)
        self.summed += 1
        return sum(self.collect(rank, copied)[1:], self.collect(rank, copied)[0])

    def team(self, rank: int) -> Team:
        return Team(
            rank,
            self.size,
            lambda values: self.reduce(rank, values),
            lambda value: self.collect(rank, value),
            lambda value: self.collect(rank, value)[0],
            lambda error: self._barrier.abort(),
        )


@pytest.fixture(scope="session")
def as_members() -> Callable[..., list[Any]]:
    """as_members(size, work): work(team) of every member at the same time; gives what each returned."""

    def run(size: int, work: Callable[[Team], Any]) -> list[Any]:
        meeting = Meeting(size)

        def one(rank: int) -> Any:
            try:
                return work(meeting.team(rank))
            except BaseException:
                meeting._barrier.abort()
                raise

        with ThreadPoolExecutor(size) as pool:
            return list(pool.map(one, range(size)))

    return run
