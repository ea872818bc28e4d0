"""Direct Fourier reconstruction: CTF-weighted slices put into a padded transform, divided by their weights."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vitreous.arrays.source import InMemory
from vitreous.context import QUIET, Context, UserError
from vitreous.maths import symmetry
from vitreous.maths.conventions import FSC_THRESHOLD, WEIGHT_FLOOR
from vitreous.maths.ctf import CtfParams
from vitreous.maths.fourier import VOLUME, rfft3, unwrapped
from vitreous.maths.kernels.backproject import accumulators, complete_plane
from vitreous.maths.kernels.divide import divide, last_shell, shell_means
from vitreous.maths.kernels.project import gridding_correction, limit
from vitreous.maths.masks import sphere
from vitreous.maths.shells import fsc, joined, resolution_at, signal_to_noise
from vitreous.methods.particles import faults
from vitreous.methods.reconstruction.gridding import compensation, radially
from vitreous.methods.reconstruction.particles import PosedParticles, random_halves
from vitreous.methods.reconstruction.settings import Reconstruction
from vitreous.methods.reconstruction.sheets import add_images

BATCH = 128  # images inserted together
EDGE_PX = 3.0  # soft edge of the sphere that fits the box


@dataclass(frozen=True)
class Accumulated:
    """Sums of slices (P, P, P//2+1) complex64 and of their weights, float64, P = padding * box; complete (both mates in)."""

    data: Tensor
    weight: Tensor
    box: int
    padding: int
    r_max: float


@dataclass(frozen=True)
class Reconstructed:
    """A map from all particles, the plain half maps (N, N, N) float32, and how well these agree in a soft sphere."""

    volume: Tensor
    half1: Tensor
    half2: Tensor
    fsc: Tensor
    resolution_A: float
    voxel_size_A: float


def reconstruct(
    images: Any,
    rotations: Tensor,
    *,
    pixel_size_A: float,
    shifts_A: Tensor | None = None,
    ctf: CtfParams | None = None,
    half: Tensor | None = None,
    settings: Reconstruction | None = None,
    context: Context = QUIET,
) -> Reconstructed:
    """Reconstruct from arrays: images (n, N, N), rotations A (n, 3, 3), shifts (n, 2) in Å that centre the images.

    ctf: n CTFs, or none. half: 1 or 2 for each image; random by the context's seed if not given.
    """
    count = len(images)
    split = random_halves(count, context.seed_for("half sets")) if half is None else half
    shifts = torch.zeros(count, 2, dtype=torch.float64) if shifts_A is None else shifts_A
    source = images if hasattr(images, "read") else InMemory(images)
    posed = PosedParticles(source, rotations, shifts, ctf, pixel_size_A, split)
    return reconstruct_particles(posed, settings or Reconstruction(), context)


def reconstruct_particles(particles: PosedParticles, settings: Reconstruction, context: Context = QUIET) -> Reconstructed:
    """Both half maps, their FSC, and the map of all particles."""
    try:
        symmetry.canonical(settings.symmetry)
    except ValueError as error:
        raise UserError(f"symmetry: {error}") from None
    box = _box(particles)
    voxel = particles.pixel_size_A
    if settings.ewald:
        _check_ewald(particles, settings)
    wanted = box * voxel / settings.max_resolution_A if settings.max_resolution_A > 0 else box
    r_max = limit(box, wanted, padding=settings.padding)
    plan_memory(box, settings, context)
    halves = []
    for number in (1, 2):
        rows = torch.nonzero(particles.half == number)[:, 0]
        if len(rows) == 0:
            raise UserError(f"half set {number} is empty: particles need both halves, or no half-set column at all")
        halves.append(accumulate(particles, rows, settings, r_max=r_max, context=context))
    maps = [solve(half, gridding=settings.gridding, context=context) for half in halves]
    curve = masked_fsc(maps[0], maps[1], sphere_mask(box, voxel, settings.mask_diameter_A))
    curve[last_shell(r_max) + 1 :] = 0
    first, second = halves
    first.data.add_(second.data)
    first.weight.add_(second.weight)
    del second, halves
    prior = joined_prior(first, curve) if settings.wiener else None
    volume = solve(first, prior, gridding=settings.gridding, in_place=True, context=context)
    return Reconstructed(volume, maps[0], maps[1], curve, resolution_at(curve, FSC_THRESHOLD, box, voxel), voxel)


def _check_ewald(particles: PosedParticles, settings: Reconstruction) -> None:
    """Stop where the Ewald sphere is asked for and cannot be had."""
    if particles.ctf is None or not settings.correct_ctf:
        raise UserError("the Ewald sphere wants the CTF: give particles with a defocus, and correct for the CTF")
    if particles.premultiplied:
        raise UserError("the Ewald sphere wants images that are not multiplied by their CTF: extract them without")
    if settings.ewald_diameter_A <= 0:
        raise UserError("the Ewald sphere wants the particle's diameter: give ewald_diameter_A")


def _box(particles: PosedParticles) -> int:
    shape = particles.source.read([0]).shape
    if shape[1] != shape[2]:
        raise UserError(f"images of {shape[2]} x {shape[1]} pixels cannot be reconstructed: they must be square")
    return int(shape[1])


def plan_memory(box: int, settings: Reconstruction, context: Context) -> None:
    """Stop before the work if it cannot fit, with the figure and the option that would."""
    padding = settings.padding
    padded = padding * box
    real = padded**3 * 4
    need_GB = (4 * real + (5 if settings.gridding else 2) * real + BATCH * box**2 * 60) / 1e9
    if need_GB > context.memory_GB:
        advice = "a smaller padding" if padding > 1 else "smaller images (a larger pixel)"
        raise UserError(
            f"reconstruction in a box of {box} at padding {padding} needs {need_GB:.1f} GB, more than the "
            f"{context.memory_GB:g} GB allowed: raise memory_GB, or choose {advice}"
        )


def _batches(particles: PosedParticles, rows: Tensor, context: Context) -> Iterator[tuple[Tensor, Tensor]]:
    """(rows, images) batch by batch, the next one read while this one is worked on. Images of no use are left out and told."""
    parts = list(rows.split(BATCH))
    with ThreadPoolExecutor(1) as reader:
        ahead = reader.submit(particles.source.read, parts[0].numpy())
        for i, part in enumerate(parts):
            images = ahead.result()
            if i + 1 < len(parts):
                ahead = reader.submit(particles.source.read, parts[i + 1].numpy())
            bad = faults(images)
            for at, why in sorted(bad.items()):
                context.note(f"particle {int(part[at]) + 1} is set aside: its image {why}")
            good = np.setdiff1d(np.arange(len(images)), list(bad))
            if len(good):
                yield part[torch.from_numpy(good)], torch.from_numpy(images[good] if bad else images)


def accumulate(
    particles: PosedParticles, rows: Tensor, settings: Reconstruction, *, r_max: float, context: Context = QUIET
) -> Accumulated:
    """Sums over the particles of these rows, at all symmetry mates of their poses: data C X, weight C^2."""
    box = _box(particles)
    data, weight = (sums.to(context.device) for sums in accumulators(box, settings.padding))
    mates = symmetry.operators(settings.symmetry)
    done = 0
    for part, images in _batches(particles, rows, context):
        context.check()
        images = images.to(context.device)
        add_images((data, weight), particles, part, images, settings=settings, mates=mates, r_max=r_max)
        done += len(part)
        context.progress(done, len(rows), "particles")
    if not done:
        raise UserError(
            f"not one of the {len(rows)} images of a half set can be used: all are empty or hold values that are not numbers"
        )
    complete_plane(data, weight)
    return Accumulated(data.cpu(), weight.cpu(), box, settings.padding, r_max)


def solve(
    sums: Accumulated, prior: Tensor | None = None, *, gridding: int = 0, in_place: bool = False, context: Context = QUIET
) -> Tensor:
    """The map (N, N, N) float32 of accumulated slices.

    prior: 1/tau^2 for shells 0 .. last_shell(r_max) in the unit of the weights (see joined_prior); without it no weight is taken
    below a thousandth of its shell's mean. gridding: iterations of density compensation in place of the plain division.
    in_place spares a copy and spoils the sums.
    """
    padded = sums.padding * sums.box
    data = sums.data if in_place else sums.data.clone()
    mean = shell_means(sums.weight, padding=sums.padding, r_max=sums.r_max)
    floor = mean * (WEIGHT_FLOOR if prior is None else 0.0)
    prior = torch.zeros_like(mean) if prior is None else prior
    if gridding:
        weight = _with_prior(sums, prior)
        data *= compensation(weight, padding=sums.padding, r_max=sums.r_max, iterations=gridding, context=context)
    else:
        divide(data, sums.weight, padding=sums.padding, r_max=sums.r_max, prior=prior, floor=floor)
    volume = unwrapped(torch.fft.irfftn(data, s=[padded] * 3, dim=VOLUME), [sums.box] * 3)
    line = gridding_correction(sums.box, padded).to(volume.dtype)
    volume /= line[:, None, None] * line[:, None] * line
    # Outside the sphere that fits the box there is only what the coarse sampling folds in.
    return volume * sphere(sums.box, sums.box / 2 - EDGE_PX, EDGE_PX)


def _with_prior(sums: Accumulated, prior: Tensor) -> Tensor:
    """The weights with the prior of each voxel's unpadded shell added."""
    if not prior.any():
        return sums.weight
    square = torch.arange(3 * (sums.weight.shape[0] // 2) ** 2 + 1, dtype=torch.float64)
    shell = torch.floor(square.sqrt() / sums.padding + 0.5).to(torch.int64)
    added = torch.ones_like(sums.weight)
    radially(added, prior[shell.clamp(max=len(prior) - 1)])
    return added.add_(sums.weight)


def joined_prior(sums: Accumulated, curve: Tensor) -> Tensor:
    """1/tau^2 of each shell for the map of both halves, from the halves' FSC: mean weight / SSNR."""
    mean = shell_means(sums.weight, padding=sums.padding, r_max=sums.r_max)
    return mean / signal_to_noise(joined(curve[: last_shell(sums.r_max) + 1]))


def sphere_mask(box: int, voxel_size_A: float, diameter_A: float) -> Tensor:
    """A soft sphere of a diameter in Å, its edge of 5 voxels inside; the largest of the box if negative or too large."""
    edge = min(5.0, box / 8)
    radius = min(diameter_A / 2 / voxel_size_A, box / 2) if diameter_A > 0 else box / 2
    return sphere(box, max(radius - edge, 0.0), edge)


def masked_fsc(first: Tensor, second: Tensor, mask: Tensor) -> Tensor:
    """FSC of two maps (N, N, N) inside a mask, shells 0 .. N//2."""
    return fsc(rfft3(first * mask), rfft3(second * mask))
