"""Resolution from place to place: the FSC of half maps in soft spheres on a grid of points, and a map filtered by it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vitreous.context import QUIET, Context, UserError
from vitreous.maths.conventions import FSC_THRESHOLD
from vitreous.maths.filters import bfactor, low_pass
from vitreous.maths.fourier import irfft3, rfft3
from vitreous.maths.grids import frequency3, half_weights, radius3
from vitreous.maths.masks import sphere
from vitreous.maths.shells import to_grid
from vitreous.methods.reconstruction.fsc_correction import randomise_phases
from vitreous.methods.reconstruction.postprocess import Mtf, fsc_weights, mtf_grid
from vitreous.methods.reconstruction.settings_maps import LocalResolution

SHARED = 2
"""Shells after the first with random phases in which the curve is not yet corrected: the step there disturbs its neighbours."""
SOFT_SHELLS = 2.0
"""Width of the edge of the local low-pass filter, in shells."""
FILTER_ERROR = 5e-3
"""How far a local filter may be off where many are made as mixtures of few."""
WINDOW_BYTES = 2**24
"""Memory for the windows that are transformed at once: what a processor's cache holds."""


@dataclass(frozen=True)
class Spheres:
    """The soft sphere and the points at which it is set.

    mask: (W, W, W) about voxel W//2; places: (p, 3) voxels (z, y, x) of the centres; shells: those of the box, N//2 + 1.
    """

    mask: Tensor
    places: Tensor
    box: int
    voxel_size_A: float

    @property
    def window(self) -> int:
        """Voxels a side of the window that holds the sphere."""
        return int(self.mask.shape[-1])


@dataclass(frozen=True)
class LocallyResolved:
    """resolution_A and filtered (N, N, N), 0 beyond all spheres; the points' places (p, 3), voxels z, y, x, and values."""

    resolution_A: Tensor
    filtered: Tensor
    places: Tensor
    at_places_A: Tensor
    voxel_size_A: float


def local_resolution(
    half1: Tensor,
    half2: Tensor,
    *,
    voxel_size_A: float,
    mtf: Mtf | None = None,
    settings: LocalResolution | None = None,
    context: Context = QUIET,
) -> LocallyResolved:
    """Local resolution of two unfiltered half maps (N, N, N), and their mean filtered by it.

    It is read at FSC 0.143 of the curve in each sphere, corrected by random phases; mtf: the detector's, to be divided out.
    """
    chosen = settings or LocalResolution()
    if half1.shape != half2.shape or len(set(half1.shape)) != 1:
        sizes = " and ".join("x".join(str(n) for n in reversed(h.shape)) for h in (half1, half2))
        raise UserError(f"half maps of {sizes} voxels: they must be cubes of the same size")
    box = half1.shape[-1]
    spheres = spheres_on_grid(box, voxel_size_A=voxel_size_A, settings=chosen)
    start = int(box * voxel_size_A / chosen.randomise_from_A)
    curves = local_curves(half1, half2, spheres, start=start, context=context)
    resolution = resolutions(curves, size_A=box * voxel_size_A, coarsest_A=chosen.coarsest_A)
    detector_A = chosen.mtf_pixel_size_A if chosen.mtf_pixel_size_A > 0 else voxel_size_A
    sharp = sharpened(
        (half1 + half2) / 2, voxel_size_A=voxel_size_A, bfactor_A2=chosen.bfactor_A2, mtf=mtf, detector_A=detector_A
    )
    filters = local_filters(curves, resolution, size_A=box * voxel_size_A)
    weight = spread(spheres, torch.ones(len(spheres.places)))
    inside = weight > 0
    least = weight.clamp(min=torch.finfo(torch.float32).tiny)
    frequency = spread(spheres, 1 / resolution)
    return LocallyResolved(
        torch.where(inside, weight / frequency.clamp(min=torch.finfo(torch.float32).tiny), 0.0),
        torch.where(inside, locally_filtered(sharp, filters, spheres, context) / least, 0.0),
        spheres.places,
        resolution,
        voxel_size_A,
    )


def spheres_on_grid(box: int, *, voxel_size_A: float, settings: LocalResolution) -> Spheres:
    """The sphere and its points: those of a cubic grid from the box's first voxel whose sphere lies in the box's ball."""
    step_A = settings.sampling_A
    step = max(round(step_A / voxel_size_A), 1)
    radius = round((settings.radius_A if settings.radius_A >= 0 else step_A / 2) / voxel_size_A)
    edge = round((settings.edge_A if settings.edge_A >= 0 else step_A) / voxel_size_A)
    reach = box // 2 - radius
    line = torch.arange(-(box // 2), (box + 1) // 2, step)
    grid = torch.cartesian_prod(line, line, line)
    places = grid[(grid**2).sum(1) < reach**2] + box // 2 if reach > 0 else grid[:0]
    if not len(places):
        raise UserError(f"a sphere of {radius * voxel_size_A:.0f} Å does not fit into a box of {box * voxel_size_A:.0f} Å")
    window = _quick_length(2 * (radius + edge) + 2)
    return Spheres(sphere(window, radius, edge), places, box, voxel_size_A)


def _quick_length(least: int) -> int:
    """The smallest even length from `least` on whose factors are 2, 3 and 5."""
    length = least + least % 2
    while True:
        rest = length
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
        length += 2


def local_curves(half1: Tensor, half2: Tensor, spheres: Spheres, *, start: int, context: Context = QUIET) -> Tensor:
    """The corrected FSC in each sphere, (p, N//2 + 1) float64; phases are random from shell `start` on.

    The windows hold each sphere wholly, so that their transforms are those of the masked map, sampled less finely.
    """
    generator = torch.Generator().manual_seed(context.seed_for("phase randomisation"))
    maps = [half.to(torch.float32) for half in (half1, half2)]
    maps += [randomise_phases(rfft3(half), spheres.box, start=start, generator=generator) for half in maps]
    border = spheres.window
    padded = torch.nn.functional.pad(torch.stack(maps), (border,) * 6)
    rings = _rings(spheres.window, spheres.box)
    curves = []
    for chunk in _chunks(spheres):
        context.check()
        masked, random = _fsc_in_windows(_windows(padded, chunk + border, spheres.mask), rings)
        corrected = masked.clone()
        beyond = slice(start + SHARED, None)
        corrected[:, beyond] = (masked[:, beyond] - random[:, beyond]) / (1 - random[:, beyond]).clamp(min=1e-6)
        curves.append(corrected)
        context.progress(sum(map(len, curves)), len(spheres.places), "points measured")
    return torch.cat(curves)


def _chunks(spheres: Spheres) -> Iterator[Tensor]:
    """The places in runs whose windows fit into memory."""
    bytes_each = 4 * (4 + 4 + 3 * 2) * spheres.window**3
    yield from spheres.places.split(max(1, WINDOW_BYTES // bytes_each))


def _windows(padded: Tensor, places: Tensor, mask: Tensor) -> Tensor:
    """The masked windows (p, m, W, W, W) of maps (m, Z, Y, X) about places (p, 3)."""
    window = mask.shape[-1]
    made = torch.empty(len(places), len(padded), window, window, window)
    for number, (z, y, x) in enumerate((places - window // 2).tolist()):
        torch.mul(padded[:, z : z + window, y : y + window, x : x + window], mask, out=made[number])
    return made


def _rings(window: int, box: int) -> tuple[Tensor, Tensor]:
    """Which terms of a window's half transform count, and their weights (terms, N//2 + 1) in the box's shells.

    A shell takes the terms within one step of the window's frequencies, the nearest most.
    """
    radius = radius3(window)
    used = radius <= window / 2
    shell = torch.arange(box // 2 + 1, dtype=torch.float64) * (window / box)
    hat = (1 - (radius[used][:, None] - shell).abs()).clamp(min=0)
    counted = half_weights(window).expand(radius.shape)[used][:, None]
    return torch.nonzero(used.flatten())[:, 0], (hat * counted).to(torch.float32)


def _fsc_in_windows(windows: Tensor, rings: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """FSC (p, shells) float64 of the first two maps and of the last two of each window (p, 4, W, W, W)."""
    used, weights = rings
    ft = torch.fft.rfftn(windows, dim=(-3, -2, -1)).flatten(2)[:, :, used]
    power = torch.view_as_real(ft).square().sum(-1) @ weights
    cross = torch.stack([(ft[:, m] * ft[:, m + 1].conj()).real @ weights for m in (0, 2)])
    pairs = torch.stack([power[:, 0] * power[:, 1], power[:, 2] * power[:, 3]]).to(torch.float64).sqrt()
    curves = torch.where(pairs > 0, cross / pairs.clamp(min=torch.finfo(torch.float64).tiny), 0.0)
    curves[:, :, 0] = 1.0
    return curves[0], curves[1]


def resolutions(curves: Tensor, *, size_A: float, coarsest_A: float) -> Tensor:
    """Resolution in Å (p,) of the last shell of each curve before it falls below 0.143, none above coarsest_A."""
    below = curves < FSC_THRESHOLD
    last = torch.where(below.any(1), below.to(torch.int8).argmax(1) - 1, curves.shape[1] - 1)
    return (size_A / last.clamp(min=1)).clamp(max=coarsest_A)


def sharpened(volume: Tensor, *, voxel_size_A: float, bfactor_A2: float, mtf: Mtf | None, detector_A: float) -> Tensor:
    """The half transform of a map with the MTF divided out and a B-factor applied."""
    k = frequency3(volume.shape[-1], voxel_size_A)
    ft = rfft3(volume.to(torch.float32)) * bfactor(k, bfactor_A2).to(torch.float32)
    return ft / mtf_grid(mtf, k, detector_A).to(torch.float32) if mtf is not None else ft


def local_filters(curves: Tensor, resolution_A: Tensor, *, size_A: float) -> Tensor:
    """The filter of each point by shell, (p, shells): the correlation with the truth, ended softly at the resolution."""
    k = torch.arange(curves.shape[1], dtype=torch.float64) / size_A
    filters = [
        fsc_weights(curve) * low_pass(k, float(ends), width_1_A=SOFT_SHELLS / size_A) for curve, ends in zip(curves, resolution_A)
    ]
    return torch.stack(filters)


def locally_filtered(ft: Tensor, filters: Tensor, spheres: Spheres, context: Context = QUIET) -> Tensor:
    """Sum over points of sphere times filtered map, (N, N, N), for a half transform and filters (p, shells).

    The filters are mixtures of few shapes (by SVD), so that the whole map is transformed once for each shape, not each point.
    """
    u, s, shapes = np.linalg.svd(filters.numpy(), full_matrices=False)
    total = torch.zeros((spheres.box,) * 3)
    for rank in range(len(s)):
        context.check()
        if np.abs(filters.numpy() - (u[:, :rank] * s[:rank]) @ shapes[:rank]).max() < FILTER_ERROR:
            break
        grid = to_grid(torch.from_numpy(shapes[rank]), spheres.box, ndim=3).to(torch.float32)
        total += irfft3(ft * grid, spheres.box) * spread(spheres, torch.from_numpy(u[:, rank] * s[rank]))
    return total


def spread(spheres: Spheres, values: Tensor) -> Tensor:
    """The sum of all spheres (N, N, N) float32, each times its value (p,)."""
    window, border = spheres.window, spheres.window
    out = torch.zeros((spheres.box + 2 * border,) * 3)
    corners = (spheres.places + border - window // 2).tolist()
    for (z, y, x), value in zip(corners, values.tolist()):
        out[z : z + window, y : y + window, x : x + window].add_(spheres.mask, alpha=value)
    inner = slice(border, border + spheres.box)
    return out[inner, inner, inner].clone()
