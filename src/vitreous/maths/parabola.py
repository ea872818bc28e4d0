"""The top of a parabola through three neighbouring samples: maxima finer than a pixel."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def vertex(left: ArrayLike, middle: ArrayLike, right: ArrayLike) -> NDArray[np.float64]:
    """Its place in samples from the middle one, at most half a sample away; 0 where the three have no maximum."""
    low, mid, high = (np.asarray(values, np.float64) for values in (left, middle, right))
    bend = low - 2 * mid + high
    safe = np.where(bend < 0, bend, -1.0)
    return np.where(bend < 0, np.clip(0.5 * (low - high) / safe, -0.5, 0.5), 0.0)
