"""Division by weights with a prior and a floor for each shell, compiled: no grid of radii is kept."""

import math
from typing import Any

import numpy as np
import torch
from numba import njit
from torch import Tensor

from vitreous.maths.kernels.threads import in_parts


def shell_means(weight: Tensor, *, padding: int, r_max: float) -> Tensor:
    """Mean weight of each shell; see the kernel's public function."""
    grid = weight.numpy()
    shells = math.floor(r_max + 0.5) + 1
    sums: list[Any] = []

    def work(start: int, stop: int) -> None:
        part = np.zeros((2, shells))
        _sum(grid, start, stop, padding, r_max, part)
        sums.append(part)

    in_parts(work, grid.shape[0])
    total = np.sum(sums, axis=0)
    return torch.from_numpy(total[0] / np.maximum(total[1], 1))


def divide(data: Tensor, weight: Tensor, *, padding: int, r_max: float, prior: Tensor, floor: Tensor) -> None:
    """Divide in place; see the kernel's public function."""
    grid, sums = torch.view_as_real(data).numpy(), weight.numpy()
    added, least = (values.to(torch.float64).contiguous().numpy() for values in (prior, floor))

    def work(start: int, stop: int) -> None:
        _divide(grid, sums, start, stop, (padding, r_max), added, least)

    in_parts(work, grid.shape[0])


@njit(cache=True, nogil=True, boundscheck=False)
def _sum(grid: Any, start: int, stop: int, padding: int, r_max: float, into: Any) -> None:
    size, columns = grid.shape[0], grid.shape[2]
    for i in range(start, stop):
        z = i if i <= (size - 1) // 2 else i - size
        for j in range(size):
            y = j if j <= (size - 1) // 2 else j - size
            for x in range(columns):
                radius = math.sqrt(x * x + y * y + z * z) / padding
                if radius <= r_max:
                    shell = int(math.floor(radius + 0.5))
                    into[0, shell] += grid[i, j, x]
                    into[1, shell] += 1.0


@njit(cache=True, nogil=True, boundscheck=False)
def _divide(grid: Any, sums: Any, start: int, stop: int, scale: tuple[int, float], prior: Any, floor: Any) -> None:
    padding, r_max = scale
    size, columns = grid.shape[0], grid.shape[2]
    for i in range(start, stop):
        z = i if i <= (size - 1) // 2 else i - size
        for j in range(size):
            y = j if j <= (size - 1) // 2 else j - size
            for x in range(columns):
                radius = math.sqrt(x * x + y * y + z * z) / padding
                inverse = 0.0
                if radius <= r_max:
                    shell = int(math.floor(radius + 0.5))
                    below = max(sums[i, j, x] + prior[shell], floor[shell])
                    if below > 0:
                        inverse = 1.0 / below
                grid[i, j, x, 0] *= inverse
                grid[i, j, x, 1] *= inverse
