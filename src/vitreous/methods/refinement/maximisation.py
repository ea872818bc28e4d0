"""The M step of 2D classification: sums to classes, noise, shares; classes masked, centred and revived."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths.fourier import irfft2, rfft2
from vitreous.maths.grids import radius2
from vitreous.maths.shells import power
from vitreous.methods.refinement import planes, scores
from vitreous.methods.refinement.expectation import BlockResult, Model
from vitreous.methods.refinement.polar import PolarGrid
from vitreous.methods.refinement.state import Sums

SMALLEST_SHARE = 0.1  # of an even share; a class below is revived
LEAST_SSNR = 0.5  # in the first shells, see signal_to_noise
LEAST_WEIGHT = 1e-5
LEAST_NOISE = 1e-2  # of the images' power: below, classes hold their own images only, or what the mask took away


@dataclass
class Collected:
    """The blocks of one optics group and half, added up: modes, weight (K, shells + 1), mass (K,), noise (shells + 1,)."""

    modes: scores.Modes
    weight: torch.Tensor
    mass: torch.Tensor
    noise: torch.Tensor
    count: int

    def add(self, block: BlockResult) -> None:
        """One more block."""
        for mine, theirs in zip(self.modes, block.modes):
            mine += theirs
        self.weight += block.weight
        self.mass += block.mass
        self.noise += block.noise
        self.count += len(block.classes)

    def of(self, which: NDArray[np.int64]) -> "Collected":
        """The sums of some of the classes."""
        return Collected([m[:, :, which] for m in self.modes], self.weight[which], self.mass[which], self.noise, self.count)

    @staticmethod
    def start(block: BlockResult) -> "Collected":
        """From the first block."""
        return Collected(block.modes, block.weight.clone(), block.mass.clone(), block.noise.clone(), len(block.classes))


def residual_noise(parts: list[Collected], model: Model, sigma2: torch.Tensor, *, kept: float) -> torch.Tensor:
    """sigma2 (shells,) of one group with its scored shells replaced by mean |X - C A|^2 / 2 over the posterior.

    kept: the share of the noise's power that the mask on the images let through.
    """
    grid = model.grid
    upto = grid.shells + 1
    reference = model.samples.to(torch.complex128)
    data = sum(scores.to_samples(p.modes, grid).to(torch.complex128) for p in parts)
    weight = sum(p.weight for p in parts)
    cross = (data * reference.conj()).real.mean(-1).sum(0)
    signal = (weight * reference.abs().square().mean(-1)).sum(0)
    count = sum(p.count for p in parts)
    old = sigma2[:upto]
    whole = torch.stack([p.noise for p in parts]).sum(0)
    residual = torch.maximum(whole - old * (2 * cross - signal), LEAST_NOISE * whole)
    found = sigma2.clone()
    found[1:upto] = (residual / (2 * kept * count))[1:].clamp_min(1e-3 * old[1:])
    return found


def to_sums(parts: dict[int, list[Collected]], grid: PolarGrid, classes: int) -> Sums:
    """Collected blocks of each half (0, 1) as images and spectra, one gridding a class and half."""
    made = Sums.empty(classes, grid.box)
    for half, collected in parts.items():
        for part in collected:
            made.data[half] += planes.spread_images(scores.to_samples(part.modes, grid), grid)
            made.weight[half, :, : grid.shells + 1] += part.weight
            made.mass[half] += part.mass
    return made


def signal_to_noise(
    data: torch.Tensor,
    weight: torch.Tensor,
    mask: torch.Tensor,
    *,
    regularisation: float,
    first_shells: int,
    noise_left: float = 1.0,
) -> torch.Tensor:
    """SSNR (K, shells) of classes from data images (K, N, N) and weights (K, shells), after the mask.

    noise_left: the data's noise variance over the weight, less than one where sums of several turns were averaged.

    With S = |data|^2 / (2 weight) - 1 the plain estimate in the mask, the value is where tau2 = half the power of the
    regularised class leads in the end: x^2 + (2 - T (1 + S)) x + 1 = 0; below its threshold it falls as S^2. In the
    first shells it is never below LEAST_SSNR: a class that vanished could not find its images any more.
    """
    noise = 2 * weight * noise_left * float(mask.square().mean())
    measured = power(rfft2((data * mask).double()), ndim=2)
    ratio = torch.where(noise > 0, measured / noise.clamp_min(1e-300), torch.zeros_like(measured))
    ratio = torch.cat([ratio[:, :1], (ratio[:, :-2] + 2 * ratio[:, 1:-1] + ratio[:, 2:]) / 4, ratio[:, -1:]], 1)
    middle = regularisation * ratio - 2
    settled = (middle + torch.sqrt((middle**2 - 4).clamp_min(0))) / 2
    threshold = max(4 / regularisation - 1, 0.1)
    below = ((ratio - 1).clamp_min(0) / threshold).clamp_max(1) ** 2
    found = torch.where(middle >= 2, settled, below)
    found[:, : first_shells + 1].clamp_(min=LEAST_SSNR)
    return found * held(weight)


def held(weight: torch.Tensor) -> torch.Tensor:
    """Where a class has data to speak of: not a vanishing part of the best class's weight, which rounding would fill."""
    return weight > LEAST_WEIGHT * weight.amax(0)


def regularised(data: torch.Tensor, weight: torch.Tensor, ssnr: torch.Tensor) -> torch.Tensor:
    """Wiener-filtered classes (K, N, N) float32: data / (weight (1 + 1/ssnr)), this gain linear between shells."""
    box = data.shape[-1]
    gain = torch.where(held(weight), ssnr / (1 + ssnr) / weight.clamp_min(1e-300), torch.zeros_like(weight))
    radius = radius2(box).to(torch.float64).clamp_max(box // 2 - 1e-6)
    low = radius.floor().long()
    part = radius - low
    # The gain itself, not filter over weight: it must fade towards a shell that is not known.
    wide = gain[:, low] * (1 - part) + gain[:, low + 1] * part
    return irfft2(rfft2(data.double()) * wide * (radius2(box) < box / 2), box).float()


def centred(sums: Sums, references: torch.Tensor) -> tuple[Sums, torch.Tensor]:
    """Classes and their sums moved by whole pixels so that the centre of mass of the positive pixels is in the middle."""
    box = references.shape[-1]
    at = torch.arange(box, dtype=torch.float32) - box // 2
    positive = references.clamp_min(0)
    total = positive.sum((1, 2)).clamp_min(1e-12)
    y = (positive.sum(2) * at).sum(1) / total
    x = (positive.sum(1) * at).sum(1) / total
    data, moved = sums.data.clone(), references.clone()
    for k, (dy, dx) in enumerate(zip(torch.round(y).long().tolist(), torch.round(x).long().tolist())):
        if dy or dx:
            data[:, k] = torch.roll(sums.data[:, k], (-dy, -dx), (1, 2))
            moved[k] = torch.roll(references[k], (-dy, -dx), (0, 1))
    return replace(sums, data=data), moved


def revived(sums: Sums, ssnr: torch.Tensor) -> tuple[Sums, tuple[int, ...]]:
    """Classes that hold nearly nothing become one half of the images of a strong class, which keeps the other half.

    Gives the new sums and the classes that were revived.
    """
    data, weight, mass = sums.data.clone(), sums.weight.clone(), sums.mass.clone()
    classes = mass.shape[1]
    shares = mass.sum(0) / mass.sum().clamp_min(1e-300)
    strength = shares * torch.log1p(ssnr).sum(1)
    empty = [k for k in range(classes) if shares[k] < SMALLEST_SHARE / classes]
    for k in empty:
        donor = int(torch.argmax(strength))
        for part in (data, weight, mass):
            first, second = part[0, donor].clone() / 2, part[1, donor].clone() / 2
            part[:, k] = first
            part[:, donor] = second
        strength[donor] /= 2
        strength[k] = 0
    return Sums(data, weight, mass), tuple(empty)
