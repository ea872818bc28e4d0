"""A map against the density of its atomic model: their FSC, masks about atoms, and masks that must be placed."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vitreous.context import UserError
from vitreous.maths.fourier import rfft3
from vitreous.maths.masks import soft_edge
from vitreous.maths.shells import fsc

HALF = 0.5
"""The correlation of a map with its model at which its resolution is read (Rosenthal & Henderson 2003)."""
LEAST_OVERLAP = 0.1
"""Correlation of the low shells below which a model does not lie in its map."""
LOW_A = 10.0


@dataclass(frozen=True)
class MapModel:
    """FSC by shell 0 .. N//2 of map and model, without mask and in the mask; where they fall below 0.5 and 0.143, in Å.

    agreement: correlation of both in the mask over all that is coarser than 10 Å.
    """

    unmasked: Tensor
    masked: Tensor
    half_unmasked_A: float
    half_A: float
    coarse_A: float
    agreement: float


def compare(volume: Tensor, model: Tensor, mask: Tensor, *, voxel_size_A: float) -> MapModel:
    """A map and its model's density (N, N, N) in the same frame, and a soft mask."""
    size_A = volume.shape[-1] * voxel_size_A
    one, two = rfft3(volume * mask), rfft3(model * mask)
    unmasked, masked = fsc(rfft3(volume), rfft3(model)), fsc(one, two)
    low = masked[1 : max(int(size_A / LOW_A), 2) + 1]
    agreement = float(low.mean())
    if agreement < LEAST_OVERLAP:
        raise UserError(
            f"map and model do not lie in one another (correlation {agreement:.2f} of what is coarser than {LOW_A:.0f} Å): "
            "fit the model into the map first"
        )
    half = [crossing_A(curve, size_A, HALF) for curve in (unmasked, masked)]
    return MapModel(unmasked, masked, half[0], half[1], crossing_A(masked, size_A, 0.143), agreement)


def crossing_A(curve: Tensor, size_A: float, threshold: float) -> float:
    """Where a curve first falls below a threshold, read between shells; its last shell where it does not.

    size_A: box times voxel size. Shell 1, in which few terms lie, is not looked at.
    """
    below = torch.nonzero(curve[2:] < threshold)
    if not len(below):
        return size_A / (len(curve) - 1)
    shell = int(below[0, 0]) + 2
    high, low = float(curve[shell - 1]), float(curve[shell])
    part = min(max((high - threshold) / max(high - low, 1e-9), 0.0), 1.0)
    return size_A / (shell - 1 + part)


def mask_about(positions_px: NDArray[np.float64], box: int, *, extend_px: float, edge_px: float) -> Tensor:
    """A soft mask (N, N, N) about atoms at voxels (n, 3) = (x, y, z) from the first; those outside the box are left out."""
    at = np.rint(positions_px).astype(int)
    at = at[((at >= 0) & (at < box)).all(1)]
    if not len(at):
        raise UserError("no atom of the model lies in the map's box: are they in the same frame?")
    core = np.zeros((box,) * 3, bool)
    core[at[:, 2], at[:, 1], at[:, 0]] = True
    return soft_edge(core, extend_px, edge_px)


def placed(mask: Tensor, aim: Tensor) -> tuple[Tensor, tuple[int, int, int]]:
    """A mask cut out of a larger box, put where it covers `aim` (N, N, N) best; and the voxel (z, y, x) of its corner."""
    room = [whole - part + 1 for whole, part in zip(aim.shape, mask.shape)]
    if min(room) < 1:
        sizes = ["x".join(str(n) for n in reversed(one.shape)) for one in (mask, aim)]
        raise UserError(f"the mask of {sizes[0]} voxels is larger than the map of {sizes[1]}")
    wide = torch.zeros_like(aim)
    wide[: mask.shape[0], : mask.shape[1], : mask.shape[2]] = mask
    overlap = torch.fft.irfftn(torch.fft.rfftn(aim) * torch.fft.rfftn(wide).conj(), s=aim.shape)
    allowed = overlap[: room[0], : room[1], : room[2]]
    z, y, x = (int(n) for n in np.unravel_index(int(allowed.argmax()), tuple(room)))
    return torch.roll(wide, (z, y, x), (0, 1, 2)), (z, y, x)
