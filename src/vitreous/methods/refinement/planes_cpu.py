"""The compiled loops of planes: images folded, points read from quadrants of a padded grid, and the transpose of reading."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from vitreous.maths.conventions import KAISER_WIDTH


@numba.njit(cache=True, nogil=True, fastmath=True)
def fold(images: NDArray[Any], out: NDArray[Any]) -> None:
    """planes.folded()."""
    box = images.shape[1]
    size, centre, beyond = out.shape[2], box // 2, box - box // 2
    rows, back = np.empty((2, box), np.float32), np.empty((2, centre + 1), np.float32)
    for n in range(images.shape[0]):
        for y in range(size):
            up, down = images[n, centre - y], images[n, (centre + y) % box]
            first = np.float32(y > 0)
            second = np.float32(y < beyond)
            for x in range(box):
                rows[0, x] = second * down[x] + first * up[x]
                rows[1, x] = first * (second * down[x] - up[x])
            for x in range(centre):
                back[0, x + 1] = rows[0, centre - 1 - x]
                back[1, x + 1] = rows[1, centre - 1 - x]
            for parity in range(2):
                row, left, even, odd = rows[parity], back[parity], out[0, parity, y, n], out[1, parity, y, n]
                even[0], odd[0] = row[centre], 0
                for x in range(1, min(beyond, size)):
                    even[x] = row[centre + x] + left[x]
                    odd[x] = row[centre + x] - left[x]
                for x in range(beyond, size):
                    even[x] = left[x]
                    odd[x] = -left[x]


@numba.njit(cache=True, nogil=True, fastmath=True)
def sample(parts: NDArray[Any], where: Any, re: NDArray[Any], im: NDArray[Any]) -> None:
    """planes.sampled(): fill re and im (points, n)."""
    rows, columns, weights, place, mirror = where
    count, lanes = re.shape[1], parts.shape[4]
    total = np.empty((2, 2, lanes), np.float32)
    for p in range(place.size):
        total[:] = 0
        for j in range(KAISER_WIDTH):
            row = rows[p, j]
            for wave_x in range(2):
                w0, w1, w2, w3, w4 = weights[2 + wave_x, p]
                c0, c1, c2, c3, c4 = columns[p]
                for wave_y in range(2):
                    line, weight, out = parts[wave_y, row, wave_x], weights[wave_y, p, j], total[wave_y, wave_x]
                    for n in range(lanes):
                        out[n] += weight * (
                            w0 * line[c0, n] + w1 * line[c1, n] + w2 * line[c2, n] + w3 * line[c3, n] + w4 * line[c4, n]
                        )
        at, twin = place[p], mirror[p]
        for n in range(count):
            re[at, n] = total[0, 0, n] - total[1, 1, n]
            im[at, n] = -total[1, 0, n] - total[0, 1, n]
        if twin >= 0:
            for n in range(count):
                re[twin, n] = total[0, 0, n] + total[1, 1, n]
                im[twin, n] = total[0, 1, n] - total[1, 0, n]


@numba.njit(cache=True, nogil=True, fastmath=True)
def spread(values: NDArray[Any], where: Any, out: NDArray[Any]) -> None:
    """Add values (2, 2, points, n), cosines and sines, to quadrants."""
    rows, columns, weights = where
    for p in range(rows.shape[0]):
        for wave_y in range(2):
            for wave_x in range(2):
                line = values[wave_y, wave_x, p]
                for j in range(KAISER_WIDTH):
                    for i in range(KAISER_WIDTH):
                        weight = weights[wave_y, p, j] * weights[2 + wave_x, p, i]
                        into = out[wave_y, rows[p, j], wave_x, columns[p, i]]
                        for n in range(line.size):
                            into[n] += weight * line[n]
