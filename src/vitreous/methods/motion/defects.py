"""Bad pixels: found in the sum of a movie's frames, and filled in each frame with values of good neighbours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

Frame = NDArray[np.float32]
SIGMAS = 6.0  # from its surroundings, beyond which a pixel is bad
NEIGHBOURHOOD_PX = 9  # side of the surroundings
REACH_PX = 2  # how far away a value for a bad pixel is taken
FEW_GOOD = 6  # neighbours, up to which noise stands in


def hot_and_dead(total: Frame) -> NDArray[np.bool_]:
    """Where the sum of all frames (y, x) stands out by more than 6 robust standard deviations from its surroundings.

    The surroundings are a 9 x 9 mean of the clipped sum, so that neither slopes of the illumination nor the bad pixels
    themselves move the threshold. Pixels that are not numbers are bad.
    """
    finite = np.isfinite(total)
    if not finite.any():
        return np.ones(total.shape, bool)
    middle, scatter = _robust(total[finite])
    clipped = np.clip(np.where(finite, total, middle), middle - 8 * scatter, middle + 8 * scatter).astype(np.float32)
    surroundings = uniform_filter(clipped, NEIGHBOURHOOD_PX, mode="nearest")
    excess = np.where(finite, total, middle) - surroundings
    _, scatter = _robust(excess)
    return ~finite | (np.abs(excess) > SIGMAS * scatter)


def _robust(values: Frame) -> tuple[float, float]:
    """Median, and 1.4826 times the median absolute deviation (the standard deviation where that is zero)."""
    sample = values.ravel()[:: max(1, values.size // 400_000)]
    middle = float(np.median(sample))
    scatter = 1.4826 * float(np.median(np.abs(sample - middle)))
    return middle, scatter if scatter > 0 else float(sample.std())


@dataclass(frozen=True)
class Repair:
    """How bad pixels are filled: each takes the value of a random good pixel at most 2 away, drawn anew in each frame.

    Where 6 or fewer neighbours are good a Gaussian with the mean and the standard deviation of a frame stands in.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    sources: NDArray[np.intp]
    counts: NDArray[np.intp]

    @staticmethod
    def of(bad: NDArray[np.bool_]) -> "Repair":
        """Plan the repair of the true pixels of a mask (y, x)."""
        rows, columns = np.nonzero(bad)
        height, width = bad.shape
        steps = [(dy, dx) for dy in range(-REACH_PX, REACH_PX + 1) for dx in range(-REACH_PX, REACH_PX + 1) if dy or dx]
        y = rows[:, None] + np.array([dy for dy, _ in steps])
        x = columns[:, None] + np.array([dx for _, dx in steps])
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        flat = np.where(inside, y * width + x, 0)
        good = inside & ~bad.ravel()[flat]
        order = np.argsort(~good, axis=1, kind="stable")
        return Repair(rows, columns, np.take_along_axis(flat, order, axis=1), good.sum(1))

    def fill(self, frame: Frame, generator: np.random.Generator) -> None:
        """Fill the bad pixels of a frame (y, x) in place."""
        if not len(self.rows):
            return
        draw = (generator.random(len(self.rows)) * self.counts).astype(np.intp)
        values = frame.ravel()[self.sources[np.arange(len(self.rows)), draw]]
        lonely = self.counts <= FEW_GOOD
        if lonely.any():
            sample = frame.ravel()[:: max(1, frame.size // 100_000)]
            sample = sample[np.isfinite(sample)]
            values[lonely] = generator.normal(sample.mean(), sample.std(), int(lonely.sum()))
        frame[self.rows, self.columns] = values
