"""Moving frames: exact whole-frame shifts as phases, and smooth local fields by windowed-sinc sampling in two passes."""

import numba
import numpy as np
from numpy.typing import NDArray

TAPS = 12
_STEPS = 1024


def _kernel_table() -> NDArray[np.float32]:
    """Kaiser-windowed sinc weights (steps + 1, taps) for each fraction of a pixel; each row sums to one."""
    fraction = np.arange(_STEPS + 1)[:, None] / _STEPS
    x = np.arange(TAPS)[None, :] - (TAPS // 2 - 1) - fraction
    window = np.i0(5.0 * np.sqrt(np.maximum(1 - (x / (TAPS / 2)) ** 2, 0))) / np.i0(5.0)
    weights = np.sinc(x) * window
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


KERNEL = _kernel_table()


@numba.njit(cache=True, nogil=True)
def polynomial(terms: NDArray[np.float64], x: float, y: float) -> float:
    """The six spatial terms 1, x, x2, y, y2, xy with their coefficients."""
    return terms[0] + terms[1] * x + terms[2] * x * x + terms[3] * y + terms[4] * y * y + terms[5] * x * y


@numba.njit(cache=True, nogil=True, fastmath=True)
def _along_x(
    source: NDArray[np.float32], terms: NDArray[np.float64], path: NDArray[np.float64], height: int, out: NDArray[np.float32]
) -> None:
    """out[r, x] = source row r at x less the displacement in x; out has the frame's columns and all of the canvas' rows."""
    rows, width = out.shape
    top, left = (rows - height) // 2, (source.shape[1] - width) // 2
    for r in range(rows):
        v = (r - top - path[1]) / height - 0.5
        for x in range(width):
            u = (x - path[0]) / width - 0.5
            u -= polynomial(terms[0], u, v) / width
            at = x + left - polynomial(terms[0], u, v)
            first = int(np.floor(at))
            weights = KERNEL[int((at - first) * _STEPS + 0.5)]
            first -= TAPS // 2 - 1
            total = np.float32(0)
            for j in range(TAPS):
                total += weights[j] * source[r, first + j]
            out[r, x] = total


@numba.njit(cache=True, nogil=True, fastmath=True)
def _along_y(
    source: NDArray[np.float32], terms: NDArray[np.float64], path: NDArray[np.float64], out: NDArray[np.float32]
) -> None:
    """out[y, x] = source column x at y less the displacement in y."""
    height, width = out.shape
    top = (source.shape[0] - height) // 2
    for y in range(height):
        for x in range(width):
            u0, v0 = (x - path[0]) / width - 0.5, (y - path[1]) / height - 0.5
            u = u0 - polynomial(terms[0], u0, v0) / width
            v = v0 - polynomial(terms[1], u0, v0) / height
            at = y + top - polynomial(terms[1], u, v)
            first = int(np.floor(at))
            weights = KERNEL[int((at - first) * _STEPS + 0.5)]
            first -= TAPS // 2 - 1
            total = np.float32(0)
            for j in range(TAPS):
                total += weights[j] * source[first + j, x]
            out[y, x] = total


def warped(
    canvas: NDArray[np.float32], terms_px: NDArray[np.float64], path_px: NDArray[np.float64], shape: tuple[int, int]
) -> NDArray[np.float32]:
    """The middle (shape) of a canvas that was moved by path_px (x, y) already, with the local displacement added.

    terms_px (2, 6): coefficients of the local displacement's x and y in pixels for 1, x, x2, y, y2, xy, with x and y from
    -0.5 to 0.5 over the frame, at the place that a point comes from. The canvas must be larger at both ends of an
    axis, by more than the displacement; of an odd difference the larger part is at the far end.
    """
    top, left = ((big - small) // 2 for big, small in zip(canvas.shape, shape))
    if not terms_px.any():
        return np.ascontiguousarray(canvas[top : top + shape[0], left : left + shape[1]])
    half = np.empty((canvas.shape[0], shape[1]), np.float32)
    path = np.ascontiguousarray(path_px, np.float64)
    _along_x(canvas, terms_px, path, shape[0], half)
    out = np.empty(shape, np.float32)
    _along_y(half, terms_px, path, out)
    return out
