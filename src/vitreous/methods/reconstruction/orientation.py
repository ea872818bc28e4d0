"""How even a map is in all directions: conical FSCs of half maps, and how views sample Fourier space."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor

from vitreous.context import QUIET, Context
from vitreous.maths import sphere, symmetry
from vitreous.maths.conventions import FSC_THRESHOLD
from vitreous.maths.fourier import rfft3
from vitreous.maths.grids import half_weights, indices3

Floats = NDArray[np.float64]
CONE_DEG = 20.0
"""Half the opening of a cone: a curve takes the frequencies within this angle of its direction."""
FEW = 4
"""Shells from 0 in which a cone holds too few terms for its curve to be believed when it falls."""
CONES = 2
"""HEALPix order of the cones' directions: 96 on half a sphere."""
VIEWS, FOURIER = 5, 3
"""HEALPix orders on which views are counted, and on which sampling is read."""
BAND_DEG = 3.0
"""A view samples the directions that are nearer to perpendicular to it than this."""
FLOOR = 0.02
"""Least sampling of a direction, relative to the mean, in the sampling factor that survives empty directions."""


@dataclass(frozen=True)
class Cones:
    """directions (c, 2) = (rot, tilt) in degrees on half a sphere; curves (c, N//2 + 1); areas and resolutions_A (c,).

    evenness (as cFAR): the least area under a curve over the greatest, each down to where its curve falls below 0.143.
    """

    directions: Tensor
    curves: Tensor
    areas: Tensor
    resolutions_A: Tensor
    evenness: float


@dataclass(frozen=True)
class Sampling:
    """How views, with their mates, sample the directions of Fourier space.

    factor: 1 / mean(1 / s), s the sampling relative to the mean: 1 for even views, 0 where a direction is not sampled at all
    (Baldwin & Lyumkis 2020); floored: the same with s at least 0.02; spread: 1 - 2 sd / mean of the widths of the point
    spread function over directions, read from its curvature (in the manner of Naydenova & Russo 2017); missing: the share of
    directions sampled less than a tenth of the mean. counts: views on HEALPix directions (rot, tilt) of order 2.
    """

    factor: float
    floored: float
    spread: float
    missing: float
    directions: Tensor
    counts: NDArray[np.int64]


def conical(half1: Tensor, half2: Tensor, mask: Tensor | None, *, voxel_size_A: float, context: Context = QUIET) -> Cones:
    """FSC of half maps (N, N, N) in cones about directions over half a sphere; in a mask (N, N, N) if one is given."""
    box = half1.shape[-1]
    one, two = (rfft3(half if mask is None else half * mask) for half in (half1, half2))
    kx, ky, kz = indices3(box)
    radius = torch.sqrt(kx**2 + ky**2 + kz**2)
    shell = torch.round(radius).long()
    used = ((shell <= box // 2) & (shell > 0)).flatten()
    unit = torch.stack([part.expand(radius.shape).flatten()[used] for part in (kx, ky, kz)], 1).float()
    unit /= unit.norm(dim=1, keepdim=True)
    weight = half_weights(box).expand(radius.shape).flatten()[used]
    terms = torch.stack([(one * two.conj()).real, one.abs() ** 2, two.abs() ** 2]).flatten(1)[:, used].double() * weight
    index = shell.flatten()[used]
    whole = sphere.healpix(CONES)
    directions = whole[sphere.vectors(whole)[:, 2] >= -1e-9]
    curves = []
    for direction in sphere.vectors(directions).float():
        context.check()
        inside = torch.nonzero((unit @ direction).abs() >= np.cos(np.deg2rad(CONE_DEG)))[:, 0]
        sums = torch.zeros(3, box // 2 + 1, dtype=torch.float64).index_add_(1, index[inside], terms[:, inside])
        norm = (sums[1] * sums[2]).sqrt()
        # A cone may hold no term of the first shells: nothing speaks against agreement there.
        curves.append(torch.where(norm > 0, sums[0] / norm.clamp(min=1e-300), 1.0))
    found = torch.stack(curves)
    areas, last = _areas(found)
    resolutions = box * voxel_size_A / last.clamp(min=1)
    return Cones(directions, found, areas, resolutions, float(areas.min() / areas.max().clamp(min=1e-9)))


def _areas(curves: Tensor) -> tuple[Tensor, Tensor]:
    """The sum of each curve's shells before it first falls below 0.143, and the last of them."""
    alive = curves >= FSC_THRESHOLD
    alive[:, :FEW] = True
    alive = alive.long().cumprod(1)
    return (curves * alive)[:, 1:].sum(1), alive[:, 1:].sum(1)


def sampling(rot_deg: Floats, tilt_deg: Floats, *, group: str = "C1") -> Sampling:
    """The sampling of Fourier space by views (n,) of rot and tilt in degrees, repeated by the mates of a point group."""
    fine = sphere.vectors(sphere.healpix(VIEWS)).numpy()
    coarse = sphere.healpix(CONES)
    views = sphere.vectors(torch.from_numpy(np.stack([rot_deg, tilt_deg], 1))).numpy()
    trees = [cKDTree(fine), cKDTree(sphere.vectors(coarse).numpy())]
    counts = [np.zeros(tree.n, np.int64) for tree in trees]
    for operator in symmetry.operators(group).numpy():
        # Poses A and A R are mates: a view, the third row of A, becomes R^T times itself.
        mates = views @ operator
        for tree, count in zip(trees, counts):
            count += np.bincount(tree.query(mates)[1], minlength=tree.n)
    s, towards = _sampled(counts[0], fine)
    factor = float(1 / np.mean(1 / s)) if s.min() > 0 else 0.0
    floored = float(1 / np.mean(1 / np.maximum(s, FLOOR)))
    return Sampling(factor, floored, _spread(s, towards), float((s < 0.1).mean()), coarse, counts[1])


def _sampled(counts: NDArray[np.int64], at: Floats) -> tuple[Floats, Floats]:
    """Sampling of directions over half a sphere relative to the mean, (d,), and these as unit vectors (d, 3)."""
    towards = sphere.vectors(sphere.healpix(FOURIER)).numpy()
    towards = towards[towards[:, 2] >= -1e-9]
    near = np.abs(towards @ at.T) < np.sin(np.deg2rad(BAND_DEG))
    seen = (near @ counts.astype(np.float64)) / near.mean(1)
    relative: Floats = seen / max(float(seen.mean()), 1e-300)
    return relative, towards


def _spread(s: Floats, towards: Floats) -> float:
    """1 - 2 sd / mean of the point spread function's widths, 1 / sqrt(mean of s (k.u)^2) along u; not below 0."""
    moments = (towards * s[:, None]).T @ towards / s.sum()
    widths = 1 / np.sqrt(np.maximum(np.einsum("ui,ij,uj->u", towards, moments, towards), 1e-6))
    return max(float(1 - 2 * widths.std() / widths.mean()), 0.0)
