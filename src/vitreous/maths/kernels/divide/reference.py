"""Division by weights with a prior and a floor for each shell: the definition, in plain torch."""

import math

import torch
from torch import Tensor

from vitreous.maths.grids import radius3


def _radius(padded: int, padding: int, device: torch.device) -> Tensor:
    return (radius3(padded) / padding).to(device)


def shell_means(weight: Tensor, *, padding: int, r_max: float) -> Tensor:
    """Mean weight of each shell; see the kernel's public function."""
    radius = _radius(weight.shape[0], padding, weight.device).reshape(-1)
    inside = radius <= r_max
    index = torch.floor(radius[inside] + 0.5).to(torch.int64)
    shells = math.floor(r_max + 0.5) + 1
    zero = torch.zeros(shells, dtype=torch.float64, device=weight.device)
    total = zero.index_add(0, index, weight.reshape(-1)[inside].to(torch.float64))
    return total / torch.bincount(index, minlength=shells).clamp(min=1)


def divide(data: Tensor, weight: Tensor, *, padding: int, r_max: float, prior: Tensor, floor: Tensor) -> None:
    """Divide in place; see the kernel's public function."""
    radius = _radius(data.shape[0], padding, data.device)
    index = torch.floor(radius + 0.5).to(torch.int64).clamp(max=len(prior) - 1)
    below = torch.maximum(weight.to(torch.float64) + prior.to(data.device)[index], floor.to(data.device)[index])
    usable = (radius <= r_max) & (below > 0)
    inverse = torch.where(usable, 1 / below.clamp(min=torch.finfo(torch.float64).tiny), torch.zeros_like(below))
    data.mul_(inverse.to(data.real.dtype))
