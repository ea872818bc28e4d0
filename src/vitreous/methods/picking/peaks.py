"""Local maxima of a map: found, made finer than a pixel, thinned to a least distance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, spatial

from vitreous.maths.parabola import vertex

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Peaks:
    """Local maxima: whole pixels (row, column), the place to a fraction of a pixel, and the height there."""

    row: NDArray[np.intp]
    column: NDArray[np.intp]
    y: Floats
    x: Floats
    height: Floats

    def __len__(self) -> int:
        return len(self.height)

    def select(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Peaks":
        """The peaks of a mask or an index array."""
        return Peaks(self.row[which], self.column[which], self.y[which], self.x[which], self.height[which])


def find_peaks(image: NDArray[np.float32], lowest: float) -> Peaks:
    """The local maxima of `image` (y, x) among their eight neighbours that are at least `lowest`, highest first.

    Ties are put in order of row and column, so that the result does not depend on chance. Maxima on the border are kept,
    at whole pixels across it.
    """
    top = image == ndimage.maximum_filter(image, 3, mode="nearest")
    row, column = np.nonzero(top & (image >= lowest))
    height = image[row, column].astype(np.float64)
    order = np.lexsort((column, row, -height))
    row, column, height = row[order], column[order], height[order]
    edged = np.pad(image.astype(np.float64), 1, mode="edge")
    y = row + vertex(edged[row, column + 1], height, edged[row + 2, column + 1])
    x = column + vertex(edged[row + 1, column], height, edged[row + 1, column + 2])
    return Peaks(row, column, y, x, height)


def thin_out(peaks: Peaks, distance: float) -> Peaks:
    """The highest peak, then each next one that is at least `distance` (pixels) from all that were kept."""
    if len(peaks) < 2 or distance <= 0:
        return peaks
    places = np.stack([peaks.y, peaks.x], axis=1)
    neighbours = spatial.cKDTree(places).query_ball_point(places, distance * (1 - 1e-9))
    kept = np.ones(len(peaks), dtype=bool)
    for index, near in enumerate(neighbours):
        if kept[index]:
            kept[[other for other in near if other > index]] = False
    return peaks.select(kept)


def centred_on(peaks: Peaks, others: Peaks, *, reach: float) -> Peaks:
    """Each peak, with its own height, at the place of the nearest of `others` if one is within reach (pixels)."""
    if not len(peaks) or not len(others):
        return peaks
    tree = spatial.cKDTree(np.stack([others.y, others.x], axis=1))
    away, nearest = tree.query(np.stack([peaks.y, peaks.x], axis=1))
    near, there = away <= reach, others.select(nearest)
    return Peaks(
        row=np.where(near, there.row, peaks.row),
        column=np.where(near, there.column, peaks.column),
        y=np.where(near, there.y, peaks.y),
        x=np.where(near, there.x, peaks.x),
        height=peaks.height,
    )


def roundness(image: NDArray[np.float32], peaks: Peaks, reach: Floats) -> Floats:
    """How evenly the height falls off around each peak: 1 for a round one, 0 for a ridge such as the rim of carbon.

    The height at the peak less the mean of two opposite points at distance `reach` (pixels, one a peak) is taken in eight
    directions; the result is the smallest of these over the largest.
    """
    angle = np.arange(8)[:, None] * np.pi / 8
    dy, dx = np.sin(angle) * reach, np.cos(angle) * reach
    ends = [
        ndimage.map_coordinates(image, [peaks.y + sign * dy, peaks.x + sign * dx], order=1, mode="nearest") for sign in (-1, 1)
    ]
    fall = peaks.height - (ends[0] + ends[1]) / 2
    most = fall.max(axis=0, initial=1e-12)
    ratio: Floats = np.maximum(fall.min(axis=0, initial=np.inf), 0) / most
    return ratio
