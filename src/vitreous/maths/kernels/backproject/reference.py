"""Trilinear spreading of slices into a volume: the definition, in plain torch."""

import torch
from torch import Tensor

from vitreous.maths.grids import indices2
from vitreous.maths.kernels.project.reference import corners, slice_points


def insert(
    data: Tensor, weight: Tensor, slices: Tensor, weights: Tensor, rotations: Tensor, *, r_max: float, padding: int
) -> None:
    """Add slices and weights to the accumulators; see the kernel's public function."""
    box = slices.shape[-2]
    points, inside = slice_points(rotations.to(weights.dtype), box, r_max=r_max, padding=padding)
    kx, ky = (k.expand(box, box // 2 + 1).reshape(-1)[inside.cpu()] for k in indices2(box))
    once = torch.nonzero((kx > 0) | (ky >= 0))[:, 0].to(slices.device)
    points, inside = points[:, once], inside[once]
    index, share, flipped = corners(points, data.shape[0])
    values = slices.flatten(1)[:, inside]
    values = torch.where(flipped, values.conj().resolve_conj(), values)
    power = weights.flatten(1)[:, inside]
    data.view(-1).index_add_(0, index.reshape(-1), (share * values).reshape(-1).to(data.dtype))
    weight.view(-1).index_add_(0, index.reshape(-1), (share * power).reshape(-1).to(weight.dtype))
