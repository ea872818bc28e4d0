"""Kaiser-Bessel samples: the definition, in plain torch."""

from itertools import product

import torch
from torch import Tensor

from vitreous.maths.conventions import KAISER_WIDTH
from vitreous.maths.kernels.sample import MARGIN, Prepared, kernel, shape_parameter


def _neighbours(place: Tensor, beta: float) -> tuple[Tensor, Tensor]:
    """The W grid points nearest to each place (..., points) and their weights; both (W, ..., points)."""
    nearest = torch.floor(place + 0.5)
    steps = torch.arange(KAISER_WIDTH, device=place.device) - KAISER_WIDTH // 2
    index = nearest[None] + steps.reshape(-1, *[1] * place.ndim)
    return index.to(torch.int64), kernel(index - place[None], beta)


def _weighted(grid: Tensor, places: tuple[Tensor, ...], prepared: Prepared) -> Tensor:
    """Sum over neighbours of grid (..., x) at places (x, y[, z]) in grid steps; leading axes of grid are kept."""
    beta = shape_parameter(prepared.box, prepared.padded)
    origin = prepared.padded // 2 + MARGIN
    found = [_neighbours(place, beta) for place in places]
    total: Tensor | None = None
    for steps in product(range(KAISER_WIDTH), repeat=len(places)):
        index = [found[axis][0][step] + (MARGIN if axis == 0 else origin) for axis, step in enumerate(steps)]
        weight = torch.ones_like(places[0])
        for axis, step in enumerate(steps):
            weight = weight * found[axis][1][step]
        if len(places) == 2:
            term = grid[:, index[1], index[0]] * weight
        else:
            term = grid[index[2], index[1], index[0]] * weight
        total = term if total is None else total + term
    assert total is not None
    return total


def sample2(prepared: Prepared, kx: Tensor, ky: Tensor) -> Tensor:
    """Values (n, points) of images; see the kernel's public function."""
    flipped = kx < 0
    sign = torch.where(flipped, -1.0, 1.0).to(kx)
    values = _weighted(prepared.ft, (kx * sign * prepared.ratio, ky * sign * prepared.ratio), prepared)
    return torch.where(flipped, values.conj().resolve_conj(), values)


def sample3(prepared: Prepared, rotations: Tensor, kx: Tensor, ky: Tensor) -> Tensor:
    """Values (n, points) of slices; see the kernel's public function."""
    points = torch.einsum("pi,nij->npj", torch.stack([kx, ky], 1).to(rotations), rotations[:, :2, :]) * prepared.ratio
    flipped = points[..., 0] < 0
    points = torch.where(flipped[..., None], -points, points)
    values = _weighted(prepared.ft, points.unbind(-1), prepared)
    return torch.where(flipped, values.conj().resolve_conj(), values)
