"""What every movie can do, whatever its format: say its size and give frames."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError


class Movie(ABC):
    """Frames on disk, all of one shape. Rows run as RELION reads them (TIFF: from the last row in the file)."""

    path: Path
    count: int
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    pixel_size_A: float
    """From the header; 0 where the file does not know it."""

    @abstractmethod
    def _frame(self, index: int, out: NDArray[Any]) -> None:
        """Put frame `index` (from 0) into `out` (y, x)."""

    def read(self, first: int = 0, last: int | None = None) -> NDArray[Any]:
        """Frames first to last - 1 (from 0) in their type on disk, as (n, y, x)."""
        stop = self.count if last is None else last
        if not 0 <= first < stop <= self.count:
            raise UserError(
                f"{self.path} has {self.count} frames; frames {first + 1} to {stop} were asked for: correct the range"
            )
        frames = np.empty((stop - first, *self.shape), self.dtype)
        for index in range(first, stop):
            self._frame(index, frames[index - first])
        return frames

    def frames(self) -> Iterator[NDArray[Any]]:
        """One frame (y, x) after the other, for movies larger than memory."""
        for index in range(self.count):
            frame = np.empty(self.shape, self.dtype)
            self._frame(index, frame)
            yield frame
