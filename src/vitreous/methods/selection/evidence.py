"""How surely each particle belongs to its class: its image against the average of all the others of the class."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.arrays.source import ImageSource
from vitreous.context import QUIET, Context, UserError
from vitreous.maths import masks
from vitreous.maths.ctf import CtfParams, ctf_at
from vitreous.methods.particles import ctf_of, faults, pixel_size_of
from vitreous.methods.refinement.polar import PolarGrid, angles_for, sample_images, shift_phases
from vitreous.tables.table import Table

Floats = NDArray[np.float64]
FINEST = 10.0  # parts of the particle's diameter: finer detail is too weak in one image to tell
MOST_SHELLS = 64
BLOCK_BYTES = 1 << 26
LEAST_SSNR = 1e-4
BY_CHANCE = 3.5  # standard deviations that noise comes to when it is turned and shifted to its best
LEAST_WIDTH = 2.0
BEST = 1 / 3
LEAST_SIGMA_PX = 0.5
ALL = slice(1, None)


@dataclass(frozen=True)
class Placed:
    """Particles as a classification left them: class from 0 (-1: none), in-plane angle, origin (x, y) in px, CTF (or None).

    radius_px: of the particle; flipped: the images' phases were flipped, so that their CTF has no sign.
    """

    classes: NDArray[np.int64]
    psi_deg: Floats
    origin_px: Floats
    ctf: CtfParams | None
    pixel_size_A: float
    radius_px: float
    flipped: bool = False

    @staticmethod
    def of(particles: Table, *, diameter_A: float) -> "Placed":
        """From a table."""
        if _said(particles, "ctf_premultiplied"):
            raise UserError("images that are multiplied by their CTF cannot be scored: leave the score of particles out")
        pixel = pixel_size_of(particles)
        origin = np.stack([particles.get(f"origin_{axis}_A", 0.0) for axis in "xy"], 1).astype(float)
        return Placed(
            classes=particles["class_number"].astype(np.int64) - 1,
            psi_deg=particles.get("psi_deg", 0.0).astype(float),
            origin_px=origin / pixel,
            ctf=ctf_of(particles),
            pixel_size_A=pixel,
            radius_px=diameter_A / 2 / pixel,
            flipped=_said(particles, "ctf_phase_flipped"),
        )


def _said(particles: Table, name: str) -> bool:
    """Whether a column of the rows or of the optics table is true of any."""
    known = name in particles or (particles.optics is not None and name in particles.optics)
    return known and bool(particles.optics_column(name).astype(bool).any())


@dataclass(frozen=True)
class Evidence:
    """For each particle (n,), -inf and 0 where its image cannot be used.

    found: log of the chance of the image as a view of what its class shows, over that as one of something else with the same
    power, and of its origin among those of good images, in standard deviations above what such another thing has on average.
    expected: that of a true member.
    """

    found: Floats
    expected: Floats

    @property
    def score(self) -> Floats:
        """0 to 1, for each particle: 1/2 halfway between what noise comes to by chance and a true member of a class.

        Only classes count whose members can be told from noise.
        """
        telling = self.expected[self.expected > BY_CHANCE]
        member = float(np.median(telling)) if len(telling) else BY_CHANCE
        width = max(member - BY_CHANCE, LEAST_WIDTH) / 4
        found: Floats = 1 / (1 + np.exp(-np.clip((self.found - (member + BY_CHANCE) / 2) / width, -50, 50)))
        return found


@dataclass(frozen=True)
class _Views:
    """Some rows' images turned into their class's frame, and their CTFs, (n, shells + 1, half)."""

    rows: NDArray[np.int64]
    images: torch.Tensor
    ctf: torch.Tensor


@dataclass(frozen=True)
class _Sums:
    """Over each class's images: sum of X C (K, shells + 1, half) and of C^2 (K, shells + 1); noise variance, signal to noise."""

    data: torch.Tensor
    weight: torch.Tensor
    noise: torch.Tensor
    ssnr: torch.Tensor


def evidence(source: ImageSource, placed: Placed, context: Context = QUIET) -> Evidence:
    """Look at every image twice: for the sums of its class, then against these less itself."""
    box = int(source.read(np.array([0]))[0].shape[-1])
    radius = min(placed.radius_px, box / 2 - 1)
    shells = int(max(4, min(box // 2 - 1, MOST_SHELLS, round(FINEST * box / (2 * radius)))))
    grid = PolarGrid(box, shells, angles_for(shells, radius, box), radius)
    sums = _summed(source, placed, grid, context)
    found = np.full(len(placed.classes), -np.inf)
    expected, spread = np.zeros(len(found)), np.ones(len(found))
    for views in _views(source, placed, grid, context):
        found[views.rows], expected[views.rows], spread[views.rows] = _compared(views, placed, sums, grid)
    return Evidence(found - _far_off(found, placed.origin_px) / spread, expected)


def _far_off(found: Floats, origin_px: Floats) -> Floats:
    """What the log of a Gaussian takes from each origin (n, 2). Its spread is that of the third of the images that fit best."""
    square, usable = (origin_px**2).sum(1), np.isfinite(found)
    best = usable & (found >= np.quantile(found[usable], 1 - BEST)) if usable.any() else usable
    variance = max(float(np.median(square[best])) / (2 * np.log(2)), LEAST_SIGMA_PX**2) if best.any() else 1.0
    return np.asarray(square / (2 * variance))


def _views(source: ImageSource, placed: Placed, grid: PolarGrid, context: Context) -> Iterator[_Views]:
    """All usable images, block by block: mean outside taken off, masked, moved and turned as their classes lie."""
    mask = masks.disc(grid.box, min(placed.radius_px, grid.box / 2 - 1), min(5.0, grid.box / 12)).float()
    steps = np.rint(-placed.psi_deg * grid.angles / 360).astype(np.int64) % grid.angles
    rows = np.flatnonzero(placed.classes >= 0)
    size = max(1, BLOCK_BYTES // (16 * (grid.shells + 1) * grid.angles))
    for start in range(0, len(rows), size):
        context.check()
        mine = rows[start : start + size]
        raw = np.asarray(source.read(mine), np.float32)
        usable = np.setdiff1d(np.arange(len(mine)), list(faults(raw)))
        mine, raw = mine[usable], raw[usable]
        if not len(mine):
            continue
        whole = np.rint(placed.origin_px[mine]).astype(int)
        moved = torch.from_numpy(np.stack([np.roll(image, (y, x), (0, 1)) for image, (x, y) in zip(raw, whole)]))
        flat = (moved - masks.mean_outside(moved, mask)[:, None, None]) * mask
        rest = torch.from_numpy(placed.origin_px[mine] - whole)
        samples = sample_images(flat, grid) * shift_phases(rest, grid).to(torch.complex64)
        turned = torch.from_numpy(steps[mine])
        yield _Views(mine, _turned(samples, turned), _turned(_contrast(placed, mine, grid), turned))


def _contrast(placed: Placed, rows: NDArray[np.int64], grid: PolarGrid) -> torch.Tensor:
    if placed.ctf is None:
        return torch.ones((len(rows), grid.shells + 1, grid.half))
    kx, ky = ((k / (grid.box * placed.pixel_size_A)).flatten() for k in grid.points)
    values = ctf_at(placed.ctf[torch.from_numpy(rows)], kx, ky).view(len(rows), grid.shells + 1, grid.half)
    return values.abs() if placed.flipped else values


def _turned(samples: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Samples (n, shells + 1, half) of half circles turned by whole steps (n,) of the angle."""
    half = samples.shape[-1]
    circle = torch.cat([samples, samples.conj()], -1)
    index = (torch.arange(half) + steps[:, None]) % (2 * half)
    return torch.gather(circle, 2, index[:, None].expand(-1, samples.shape[1], -1))


def _summed(source: ImageSource, placed: Placed, grid: PolarGrid, context: Context) -> _Sums:
    """The sums of all classes, in two halves for how well they agree; the noise is the power of all images."""
    count = int(placed.classes.max(initial=0)) + 1
    half_of = _halves(placed.classes)
    data = torch.zeros((2 * count, grid.shells + 1, grid.half), dtype=torch.complex64)
    weight = torch.zeros((2 * count, grid.shells + 1))
    power, seen = torch.zeros(grid.shells + 1, dtype=torch.float64), 0
    for views in _views(source, placed, grid, context):
        where = torch.from_numpy(2 * placed.classes[views.rows] + half_of[views.rows])
        data.index_add_(0, where, views.images * views.ctf)
        weight.index_add_(0, where, views.ctf.square().mean(-1))
        power += views.images.abs().square().double().mean(-1).sum(0)
        seen += len(views.rows)
    first, second = data[0::2], data[1::2]
    agreed = (first * second.conj()).real.mean(-1)
    norm = (first.abs().square().mean(-1) * second.abs().square().mean(-1)).sqrt().clamp_min(1e-30)
    frc = (agreed / norm).clamp(0.0, 0.999)
    frc = 2 * frc / (1 + frc)
    smooth = torch.cat([frc[:, :1], (frc[:, :-2] + 2 * frc[:, 1:-1] + frc[:, 2:]) / 4, frc[:, -1:]], 1).clamp_max(0.999)
    ssnr = (smooth / (1 - smooth)).clamp_min(LEAST_SSNR)
    return _Sums(first + second, weight[0::2] + weight[1::2], (power / max(seen, 1)).float().clamp_min(1e-30), ssnr)


def _halves(classes: NDArray[np.int64]) -> NDArray[np.int64]:
    """0 and 1 by turns within each class."""
    order = np.argsort(classes, kind="stable")
    sizes = np.unique(classes, return_counts=True)[1]
    place = np.arange(len(classes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    half = np.empty(len(classes), np.int64)
    half[order] = place % 2
    return half


def _compared(views: _Views, placed: Placed, sums: _Sums, grid: PolarGrid) -> tuple[Floats, Floats, Floats]:
    """Found (without origins) and expected of Evidence, and the standard deviation that is their unit, for a block.

    With noise variance s, the class without the image A known to a variance v, and its power t: the image X of contrast C is
    Gaussian about C A with s + C^2 v if it is of the class, about 0 with s + C^2 t if it is something else. What is stronger
    than either, coarse or fine, is something else, too.
    """
    which, x, c = torch.from_numpy(placed.classes[views.rows]), views.images, views.ctf
    square, noise = c.square(), sums.noise
    prior = sums.ssnr[which] * noise / sums.weight[which].clamp_min(1e-6)
    others = (sums.weight[which] - square.mean(-1)).clamp_min(0)
    variance = 1 / (others / noise + 1 / prior.clamp_min(1e-30))
    shown = c * (sums.data[which] - x * c) * (variance / noise)[:, :, None]
    member = noise[:, None] + square * variance[:, :, None]
    other = noise[:, None] + square * prior[:, :, None]
    volume = torch.log(other / member)
    there = shown.abs().square()
    held = float(np.pi * min(placed.radius_px, grid.box / 2) ** 2 / grid.box**2)  # of the pixels are independent in the mask
    weights = grid.quadrature.float() * (grid.angles / 2 * held)

    def total(values: torch.Tensor, part: slice = ALL) -> Floats:
        return np.asarray((values.mean(-1) * weights)[:, part].sum(1).double().numpy())

    misfit = (x - shown).abs().square() / member
    ratio = total(x.abs().square() / other - misfit + volume)
    centre = total(1 - (other + there) / member + volume)
    true = total((there + member) / other - 1 + volume)
    spread = np.sqrt(1 + total((other / member - 1).square() + 2 * there * other / member.square()))
    coarse = round(grid.shells / 3)
    too_much = sum(_excess(total(misfit, part), float(weights[part].sum())) for part in (slice(1, coarse), slice(coarse, None)))
    return (ratio - too_much - centre) / spread, (true - centre) / spread, spread


def _excess(misfit: Floats, many: float) -> Floats:
    """What power beyond the expected takes: the best log-likelihood of so many components at any larger variance, over theirs."""
    excess = np.maximum(misfit / many, 1)
    return np.asarray(many * (excess - 1 - np.log(excess)))
