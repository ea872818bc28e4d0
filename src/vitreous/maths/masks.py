"""Soft masks: discs, spheres, and soft edges grown around a binary region. Edges are raised cosines."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from vitreous.maths.grids import distance2, distance3


def _falling(distance: Tensor, radius_px: float, edge_px: float) -> Tensor:
    """1 inside the radius, 0 from radius + edge on."""
    if edge_px <= 0:
        return (distance <= radius_px).to(distance.dtype)
    return 0.5 + 0.5 * torch.cos(torch.pi * ((distance - radius_px) / edge_px).clamp(0, 1))


def disc(box: int, radius_px: float, edge_px: float = 5.0) -> Tensor:
    """A soft disc about pixel N//2: 1 to radius_px, 0 beyond radius_px + edge_px; (N, N) float32."""
    return _falling(distance2(box), radius_px, edge_px).to(torch.float32)


def sphere(box: int, radius_px: float, edge_px: float = 5.0) -> Tensor:
    """A soft sphere about voxel N//2, (N, N, N) float32."""
    return _falling(distance3(box), radius_px, edge_px).to(torch.float32)


def soft_edge(binary: Any, extend_px: float, edge_px: float) -> Tensor:
    """A region (bool array of 2 or 3 dimensions) grown by extend_px, then falling to 0 over edge_px; float32 of its shape.

    A negative extend_px shrinks the region. An empty region gives an empty mask.
    """
    from scipy import ndimage  # a tenth of a second that most who use masks need not spend

    region = np.asarray(binary, dtype=bool)
    if not region.any():
        return torch.zeros(region.shape, dtype=torch.float32)
    outside = ndimage.distance_transform_edt(~region)
    if extend_px < 0:
        inside = ndimage.distance_transform_edt(region)
        outside = np.where(region, 1.0 - inside, outside)
    distance = torch.from_numpy(np.asarray(outside, dtype=np.float64))
    return _falling(distance, extend_px, edge_px).to(torch.float32)


def mean_outside(images: Tensor, mask: Tensor) -> Tensor:
    """The mean (...,) of what a mask of shape S takes away from images (..., *S); 0 where it takes nothing."""
    weight = 1 - mask
    axes = tuple(range(-mask.ndim, 0))
    return (images * weight).sum(axes) / weight.sum().clamp(min=1e-6)


def apply_soft(images: Tensor, mask: Tensor) -> Tensor:
    """Images (..., *S) inside a mask of shape S; outside, the mean of what is masked away, blended along the edge."""
    background = mean_outside(images, mask)[(..., *[None] * mask.ndim)]
    return images * mask + background * (1 - mask)
