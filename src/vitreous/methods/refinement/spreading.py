"""The transpose of Kaiser-Bessel sampling: values at points of the Fourier plane spread onto its padded grid."""

import functools
from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths.conventions import KAISER_WIDTH
from vitreous.maths.kernels.sample import kernel, shape_parameter

STEPS = 1024  # of the kernel table in a grid step; linear between


@functools.lru_cache(maxsize=32)
def table(box: int, padded: int) -> NDArray[np.float64]:
    """The kernel at distances 0, 1/STEPS, ... grid steps, to half its width and two more."""
    distance = torch.arange(KAISER_WIDTH * STEPS // 2 + 3, dtype=torch.float64) / STEPS
    return kernel(distance, shape_parameter(box, padded)).numpy()


@numba.njit(cache=True, nogil=True)
def _weights(position: float, values: NDArray[Any], weights: NDArray[Any]) -> int:
    """Fill the kernel's weights about a position; returns the first grid index."""
    first = int(np.floor(position - KAISER_WIDTH / 2.0)) + 1
    for tap in range(KAISER_WIDTH):
        at = abs(position - (first + tap)) * STEPS
        low = int(at)
        part = at - low
        weights[tap] = values[low] * (1.0 - part) + values[low + 1] * part
    return first


@numba.njit(cache=True, nogil=True)
def spread(values: NDArray[Any], kx: NDArray[Any], ky: NDArray[Any], kernel_values: NDArray[Any], planes: NDArray[Any]) -> None:
    """Add values (n, p) at kx, ky (p,), in padded grid steps, to planes (n, P, P) complex, DC at 0."""
    size = planes.shape[1]
    wx, wy = np.empty(KAISER_WIDTH), np.empty(KAISER_WIDTH)
    for p in range(kx.size):
        x0 = _weights(kx[p], kernel_values, wx)
        y0 = _weights(ky[p], kernel_values, wy)
        for n in range(planes.shape[0]):
            for j in range(KAISER_WIDTH):
                row = (y0 + j) % size
                for i in range(KAISER_WIDTH):
                    planes[n, row, (x0 + i) % size] += values[n, p] * (wy[j] * wx[i])
