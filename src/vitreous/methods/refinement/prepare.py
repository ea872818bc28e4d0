"""Particle images of some rows brought onto the polar grid: moved, masked, weighted by CTF and noise."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.arrays.source import ImageSource
from vitreous.maths import masks
from vitreous.maths.ctf import CtfParams, ctf_at, phase_at
from vitreous.methods.refinement.polar import PolarGrid, sample_images

Columns = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Images:
    """The images of a 2D classification and what stays the same about them.

    group (n,) row of each image in sigma2, from 0; mask (N, N) the soft circle; outside with_zeros says what is put
    there: the mean of what is there, or noise (seeded by the row).
    """

    source: ImageSource
    ctf: CtfParams | None
    group: NDArray[np.int64]
    pixel_size_A: float
    mask: torch.Tensor
    with_zeros: bool
    intact_first_peak: bool
    seed: int

    @property
    def box(self) -> int:
        """Side of the images in pixels."""
        return int(self.mask.shape[-1])

    @property
    def kept(self) -> float:
        """The share of white noise's power that the mask, and what it puts outside, leave."""
        inside = float(self.mask.square().mean())
        return inside if self.with_zeros else inside + float((1 - self.mask).square().mean())


@dataclass(frozen=True)
class Batch:
    """Images on a grid: score = masked X C / sigma2m, whole = unmasked X C / sigma2, samples (n, shells + 1, half) complex64.

    sigma2m is the noise left by the mask. Each in the mean round a circle, (n, shells + 1): norm = C^2 / sigma2m,
    power = C^2 / sigma2, noise = |masked X|^2.
    """

    score: torch.Tensor
    whole: torch.Tensor
    norm: torch.Tensor
    power: torch.Tensor
    noise: torch.Tensor


def moved(image: NDArray[np.float32], origin_px: NDArray[np.int64]) -> NDArray[np.float32]:
    """One image moved by whole pixels (x, y), nothing wrapped round: zeros come in."""
    x, y = (int(v) for v in origin_px)
    box = image.shape[0]
    out = np.zeros_like(image)
    if abs(x) < box and abs(y) < box:
        to_x, from_x = slice(max(x, 0), box + min(x, 0)), slice(max(-x, 0), box + min(-x, 0))
        to_y, from_y = slice(max(y, 0), box + min(y, 0)), slice(max(-y, 0), box + min(-y, 0))
        out[to_y, to_x] = image[from_y, from_x]
    return out


def pixels(
    images: Images, raw: NDArray[np.float32], rows: NDArray[np.int64], *, origins: NDArray[np.int64], scale: NDArray[np.float64]
) -> tuple[torch.Tensor, torch.Tensor]:
    """raw (n, N, N) times scale (n,), moved by origins (n, 2) whole px: unmasked and masked, float32."""
    whole = torch.from_numpy(np.stack([moved(image, o) for image, o in zip(raw, origins)]))
    whole = whole * torch.from_numpy(scale.astype(np.float32))[:, None, None]
    mask = images.mask
    if images.with_zeros:
        return whole, masks.apply_soft(whole, mask)
    noise = torch.stack([_noise(images.seed, int(row), images.box) for row in rows])
    spread = masks.mean_outside(whole.square(), mask)
    return whole, whole * mask + noise * spread.sqrt()[:, None, None] * (1 - mask)


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
) -> Batch:
    """The batch of pixels() with noise sigma2 (shells,) of their one optics group; shell 0 has no weight.

    factors (n,) multiply the CTFs: the contrast of each image's group.

    Scores take the power that masked noise has (sigma2 times kept), as if its components were independent: sharper than
    the truth, and the classes come apart in a third of the time. Averages take the true sigma2.
    """
    weight = torch.zeros(grid.shells + 1)
    weight[1:] = (1 / sigma2[1 : grid.shells + 1]).to(torch.float32)
    ctf = contrast(images, rows, grid)
    if factors is not None:
        ctf = ctf * torch.from_numpy(factors).float()[:, None, None]
    factor = ctf * weight[:, None]
    masked_samples = sample_images(masked, grid)
    noise = torch.view_as_real(masked_samples).square().sum(-1).mean(-1)
    power, kept = ctf.square().mean(-1) * weight, images.kept
    return Batch(masked_samples * (factor / kept), sample_images(whole, grid) * factor, power / kept, power, noise)
