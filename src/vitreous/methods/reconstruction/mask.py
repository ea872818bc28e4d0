"""Solvent masks out of maps: low-pass, threshold, grow, soft edge."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from vitreous.context import UserError
from vitreous.maths.filters import low_pass3
from vitreous.maths.grids import distance3
from vitreous.maths.masks import soft_edge
from vitreous.methods.reconstruction.settings import MaskCreation

PROTEIN_A3_PER_DA = 1.21
ROOM = 1.2
"""The core of a mask is this much larger than the protein's own volume."""


@dataclass(frozen=True)
class SolventMask:
    """A mask (N, N, N) float32 in 0 .. 1, the threshold it was made with, and the share of voxels above it."""

    mask: Tensor
    threshold: float
    core_share: float


def create_mask(volume: Tensor, *, voxel_size_A: float, settings: MaskCreation) -> SolventMask:
    """The mask of a map (N, N, N): above the threshold after low-pass, grown by extend_px, soft over edge_px."""
    smooth = volume.to(torch.float32)
    if settings.low_pass_A > 0:
        smooth = low_pass3(smooth, voxel_size_A, cutoff_A=settings.low_pass_A)
    given = settings.threshold_given
    threshold = settings.threshold if given else find_threshold(smooth, voxel_size_A=voxel_size_A, mass_kDa=settings.mass_kDa)
    core = (smooth >= threshold).numpy()
    if not given:
        core = largest_part(core)
    if not core.any():
        high = float(smooth.max())
        raise UserError(f"no voxel reaches the threshold {threshold:g} (the filtered map's highest is {high:.4g}): lower it")
    if core.all():
        low = float(smooth.min())
        raise UserError(f"all voxels are above the threshold {threshold:g} (the filtered map's lowest is {low:.4g}): raise it")
    return SolventMask(soft_edge(core, settings.extend_px, settings.edge_px), float(threshold), float(core.mean()))


def find_threshold(smooth: Tensor, *, voxel_size_A: float, mass_kDa: float) -> float:
    """A threshold for a low-passed map: by the mass, or 5 deviations above the density of the box's corners.

    By the mass, 1.2 times the protein's volume (1.21 Å3 a dalton) lies above it.
    """
    if mass_kDa > 0:
        count = round(ROOM * mass_kDa * 1000 * PROTEIN_A3_PER_DA / voxel_size_A**3)
        if count >= smooth.numel():
            raise UserError(f"a particle of {mass_kDa:g} kDa does not fit into this box: check mass and voxel size")
        return float(torch.topk(smooth.flatten(), max(count, 1)).values[-1])
    box = smooth.shape[-1]
    distance = distance3(box)
    # Maps are often masked to zero outside the box's sphere: the shell just inside it holds solvent in any case.
    rim = smooth[(distance > 0.42 * box) & (distance < 0.48 * box)].to(torch.float64)
    centre = rim.median()
    spread = 1.4826 * (rim - centre).abs().median()
    return float(centre + 5 * spread)


def region_above(
    volume: Tensor, level: float, *, voxel_size_A: float, low_pass_A: float = 0.0, largest: bool = False
) -> NDArray[np.bool_]:
    """The voxels of a map (N, N, N) at or above a level, after a low-pass (0: none); if asked the largest part of them."""
    smooth = low_pass3(volume, voxel_size_A, cutoff_A=low_pass_A) if low_pass_A > 0 else volume
    found = np.asarray((smooth >= level).numpy())
    return largest_part(found) if largest else found


def shaped_mask(core: NDArray[np.bool_], *, extend_px: float, edge_px: float) -> SolventMask:
    """The mask of a region that is known: grown by extend_px, soft over edge_px. It has no threshold (0)."""
    if not core.any():
        raise UserError(
            "the shapes of this mask enclose no voxel of the map: check their places, which are in Å from the first voxel"
        )
    return SolventMask(soft_edge(core, extend_px, edge_px), 0.0, float(core.mean()))


def largest_part(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest connected part of a region, without dust."""
    labels, count = ndimage.label(region)
    if count < 2:
        return region
    sizes = np.bincount(labels.reshape(-1))
    sizes[0] = 0
    return np.asarray(labels == sizes.argmax())
