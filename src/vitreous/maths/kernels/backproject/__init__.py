"""Slices put into a volume's transform by trilinear spreading: the exact adjoint of project."""

import torch
from torch import Tensor

from vitreous.maths.conventions import PADDING
from vitreous.maths.kernels.choose import implementation
from vitreous.maths.kernels.project import limit


def accumulators(box: int, padding: int = PADDING, *, dtype: torch.dtype = torch.complex64) -> tuple[Tensor, Tensor]:
    """Empty (data (P, P, P//2+1) of dtype, weight (P, P, P//2+1) float64) for images of N = box pixels."""
    shape = (padding * box, padding * box, padding * box // 2 + 1)
    return torch.zeros(shape, dtype=dtype), torch.zeros(shape, dtype=torch.float64)


def insert(
    data: Tensor, weight: Tensor, slices: Tensor, weights: Tensor, rotations: Tensor, r_max: float, *, padding: int = PADDING
) -> None:
    """Add slices (n, N, N//2+1) complex and weights (n, N, N//2+1) real at poses (n, 3, 3) to the accumulators, in place.

    Points up to r_max take part, each Friedel pair once (kx = 0, ky < 0 is left out), none at Nyquist. The plane kx = 0
    of the accumulators gets one of two mates until complete_plane is called. Adjoint of project: sum over those points of
    Re conj(P V) X equals the sum over the half volume of Re conj(V) P'X. Fast and reference agree to 1e-5 of the largest value.
    """
    r_max = limit(slices.shape[-2], min(r_max, limit(data.shape[0] // padding, r_max, padding=padding)), padding=padding)
    if implementation("backproject", data, slices, weights, rotations) == "fast":
        from vitreous.maths.kernels.backproject import fast_cpu

        fast_cpu.insert(data, weight, slices, weights, rotations, r_max=r_max, padding=padding)
        return
    from vitreous.maths.kernels.backproject import reference

    reference.insert(data, weight, slices, weights, rotations, r_max=r_max, padding=padding)


def complete_plane(data: Tensor, weight: Tensor) -> None:
    """Add to each voxel of the plane kx = 0 what its Friedel mate received, in place; once, after the last insert."""
    for grid in (data, weight):
        plane = grid[:, :, 0]
        mate = torch.roll(plane.flip((0, 1)), (1, 1), (0, 1))
        grid[:, :, 0] = plane + mate.conj() if grid.is_complex() else plane + mate
