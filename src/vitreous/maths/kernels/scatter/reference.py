"""Trilinear spreading of values at any places: the definition, in plain torch."""

from torch import Tensor

from vitreous.maths.kernels.project.reference import corners


def scatter(data: Tensor, weight: Tensor, points: Tensor, values: Tensor, weights: Tensor, *, reach: float) -> None:
    """Add values and weights to the accumulators; see the kernel's public function."""
    near = points.square().sum(-1) <= reach**2
    index, share, flipped = corners(points[near][None], data.shape[0])
    kept = values[near][None]
    kept = kept.real + 1j * kept.imag * (1 - 2 * flipped.to(kept.real.dtype))
    data.view(-1).index_add_(0, index.reshape(-1), (share * kept).reshape(-1).to(data.dtype))
    weight.view(-1).index_add_(0, index.reshape(-1), (share * weights[near][None]).reshape(-1).to(weight.dtype))
