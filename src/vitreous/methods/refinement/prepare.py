"""Particle images of some rows brought onto the polar grid: moved, masked, weighted by CTF and noise."""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.arrays.source import ImageSource
from vitreous.maths.ctf import CtfParams, ctf_at, phase_at, wavelength_A
from vitreous.methods.refinement import scores
from vitreous.methods.refinement.planes import Columns, quadrants, sampled
from vitreous.methods.refinement.polar import PolarGrid

LEAST_MODE = 1e-3  # of C^2's angular modes, the size of the first that is left out
MOST_MODES = 12


@dataclass(frozen=True)
class Images:
    """The images of a 2D classification and what stays the same about them.

    group (n,) row of each image in sigma2, from 0; mask (N, N) the soft circle; outside with_zeros says what is put
    there: zeros (the mean of what is there is subtracted), or noise (seeded by the row).
    """

    source: ImageSource
    ctf: CtfParams | None
    group: NDArray[np.int64]
    pixel_size_A: float
    mask: torch.Tensor
    with_zeros: bool
    intact_first_peak: bool
    seed: int
    phase_flipped: bool = False

    @property
    def box(self) -> int:
        """Side of the images in pixels."""
        return int(self.mask.shape[-1])

    @functools.cached_property
    def reach(self) -> int:
        """Pixels along an axis from the centre to the last that the mask leaves (all, where noise is put outside)."""
        at = torch.nonzero(self.mask)[:, 0] if self.with_zeros else torch.tensor([0])
        return int((at - self.box // 2).abs().max())

    @functools.cached_property
    def kept(self) -> float:
        """The share of white noise's power that the mask, and what it puts outside, leave."""
        inside = float(self.mask.square().mean())
        return inside if self.with_zeros else inside + float((1 - self.mask).square().mean())


@dataclass(frozen=True)
class Batch:
    """Images on a grid: score = masked X C / sigma2m, whole = unmasked X C / sigma2, as columns (half, shells + 1, n).

    sigma2m is the noise left by the mask. Each in the mean round a circle, (n, shells + 1): norm = C^2 / sigma2m,
    power = C^2 / sigma2, noise = |masked X|^2. square (n,): the sum of |masked X|^2 over the whole plane. around: the
    angular modes 2, 4, ... of C^2 / sigma2m, scores.even_modes(); none where astigmatism does not matter.
    """

    score_columns: Columns
    whole_columns: Columns
    norm: torch.Tensor
    power: torch.Tensor
    noise: torch.Tensor
    square: torch.Tensor
    around: torch.Tensor

    def __len__(self) -> int:
        return len(self.norm)

    @property
    def score(self) -> torch.Tensor:
        """(n, shells + 1, half) complex64."""
        return torch.complex(*self.score_columns).permute(2, 1, 0)

    @property
    def whole(self) -> torch.Tensor:
        """(n, shells + 1, half) complex64."""
        return torch.complex(*self.whole_columns).permute(2, 1, 0)


def pixels(
    images: Images, raw: NDArray[np.float32], rows: NDArray[np.int64], *, origins: NDArray[np.int64], scale: NDArray[np.float64]
) -> tuple[torch.Tensor, torch.Tensor]:
    """raw (n, N, N) less its mean outside the mask, times scale (n,), moved by origins (n, 2) whole px: unmasked and masked.

    Nothing is wrapped round: zeros come in. The mean of what the mask takes away then is subtracted under it. float32.
    """
    raw = np.ascontiguousarray(raw)
    whole, masked = np.empty_like(raw), np.empty_like(raw)
    outside = np.empty((len(raw), 2), np.float32)
    _place(raw, origins, scale.astype(np.float32), images.mask.numpy(), whole, outside)
    _mask(whole, images.mask.numpy(), outside[:, 0] * np.float32(images.with_zeros), masked)
    if not images.with_zeros:
        for n, row in enumerate(rows.tolist()):
            masked[n] += _noise(images.seed, row, images.box).numpy() * np.sqrt(outside[n, 1]) * (1 - images.mask.numpy())
    return torch.from_numpy(whole), torch.from_numpy(masked)


@numba.njit(cache=True, nogil=True, fastmath=True)
def _place(
    raw: NDArray[Any], origins: NDArray[Any], scale: NDArray[Any], mask: NDArray[Any], whole: NDArray[Any], outside: NDArray[Any]
) -> None:
    """Images less their ground, moved and scaled; mean and mean square of what the mask takes away of each."""
    box = mask.shape[0]
    for n in range(raw.shape[0]):
        to_x, to_y, factor = origins[n, 0], origins[n, 1], scale[n]
        ground = _ground(raw[n], mask)
        first, last = min(max(to_x, 0), box), max(min(box + to_x, box), 0)
        total = square = weight = np.float32(1e-6)
        for y in range(box):
            out = whole[n, y]
            if 0 <= y - to_y < box:
                line = raw[n, y - to_y]
                for x in range(first):
                    out[x] = 0
                for x in range(first, last):
                    out[x] = (line[x - to_x] - ground) * factor
                for x in range(max(first, last), box):
                    out[x] = 0
            else:
                out[:] = 0
            for x in range(box):
                part = np.float32(1) - mask[y, x]
                total += out[x] * part
                square += out[x] * out[x] * part
                weight += part
        outside[n, 0], outside[n, 1] = total / weight, square / weight


@numba.njit(cache=True, nogil=True, fastmath=True)
def _ground(image: NDArray[Any], mask: NDArray[Any]) -> Any:
    """Mean of an image outside a mask: what a whole box of it has beyond its edges is not in the model of a class."""
    total = weight = np.float32(1e-6)
    for y in range(mask.shape[0]):
        for x in range(mask.shape[0]):
            part = np.float32(1) - mask[y, x]
            total += image[y, x] * part
            weight += part
    return total / weight


@numba.njit(cache=True, nogil=True, fastmath=True)
def _mask(whole: NDArray[Any], mask: NDArray[Any], mean: NDArray[Any], masked: NDArray[Any]) -> None:
    for n in range(whole.shape[0]):
        for y in range(mask.shape[0]):
            for x in range(mask.shape[0]):
                masked[n, y, x] = (whole[n, y, x] - mean[n]) * mask[y, x]


def _noise(seed: int, row: int, box: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed((seed * 1_000_003 + row) % 2**63)
    return torch.randn((box, box), generator=generator)


def contrast(images: Images, rows: NDArray[np.int64], grid: PolarGrid) -> torch.Tensor:
    """CTFs of rows at the grid's points, (n, shells + 1, half) float32."""
    if images.ctf is None:
        return torch.ones((len(rows), grid.shells + 1, grid.half))
    params = images.ctf[torch.from_numpy(rows)]
    kx, ky = ((k / (grid.box * images.pixel_size_A)).flatten() for k in grid.points)
    values = ctf_at(params, kx, ky)
    if images.intact_first_peak:
        before = (phase_at(params, kx, ky) < torch.pi / 2).view(len(rows), grid.shells + 1, grid.half)
        until = torch.cumprod(before.int(), 1).view(len(rows), -1) > 0
        values = torch.where(until, torch.ones_like(values), values)
    if images.phase_flipped:
        values = values.abs()
    return values.view(len(rows), grid.shells + 1, grid.half)


def on_grid(
    images: Images,
    whole: torch.Tensor,
    masked: torch.Tensor,
    *,
    rows: NDArray[np.int64],
    sigma2: torch.Tensor,
    grid: PolarGrid,
    factors: NDArray[np.float64] | None = None,
    sharp: bool = True,
) -> Batch:
    """The batch of pixels() with noise sigma2 (shells,) of their one optics group; shell 0 has no weight.

    factors (n,) multiply the CTFs: the contrast of each image's group.

    Scores take the power that masked noise has (sigma2 times kept), as if its components were independent: sharper than
    the truth, and the classes come apart in a third of the time; unless not `sharp`. Averages take the true sigma2.
    """
    weight = torch.zeros(grid.shells + 1)
    weight[1:] = (1 / sigma2[1 : grid.shells + 1]).to(torch.float32)
    ctf = contrast(images, rows, grid).permute(2, 1, 0).contiguous()
    if factors is not None:
        ctf *= torch.from_numpy(factors).float()
    factor = ctf * weight[:, None]
    inside = sampled(quadrants(masked, grid.shells, images.reach), grid, len(rows))
    noise = (inside[0].square() + inside[1].square()).mean(0).T
    outside = sampled(quadrants(whole, grid.shells), grid, len(rows))
    power, kept = ctf.square().mean(0).T * weight, images.kept if sharp else 1.0
    square = masked.square().sum((1, 2)) * images.box**2
    modes = scores.even_modes(ctf.square(), grid, modes_of_contrast(images, rows, grid)) * (weight / kept)[:, None]
    return Batch(_times(inside, factor / kept), _times(outside, factor), power / kept, power, noise, square, modes)


def modes_of_contrast(images: Images, rows: NDArray[np.int64], grid: PolarGrid) -> int:
    """How many angular modes 2, 4, ... C^2 has up to the last shell: they are Bessel functions of pi lambda k^2 (U - V)."""
    if images.ctf is None:
        return 0
    of = torch.from_numpy(rows)
    most = min(MOST_MODES, grid.half // 2 - 2)
    if images.ctf.even_zernike.shape[1]:
        return most
    split = (images.ctf.defocus_u_A - images.ctf.defocus_v_A)[of].abs()
    wavelength = wavelength_A(images.ctf.voltage_kV[of])
    argument = float((wavelength * split).max()) * math.pi * (grid.shells / (grid.box * images.pixel_size_A)) ** 2
    count, size = 0, argument / 2
    while size > LEAST_MODE and count < most:
        count += 1
        size *= argument / 2 / (count + 1)
    return count


def _times(samples: Columns, factor: torch.Tensor) -> Columns:
    """Samples times a real factor, in place."""
    return samples[0].mul_(factor), samples[1].mul_(factor)
