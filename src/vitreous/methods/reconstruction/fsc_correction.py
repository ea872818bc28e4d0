"""FSC of half maps in a mask, corrected for the mask by phase randomisation (Chen et al. 2013)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vitreous.maths.conventions import FSC_THRESHOLD, RANDOMISE_BELOW_FSC
from vitreous.maths.fourier import irfft3, rfft3
from vitreous.maths.shells import fsc, shell_at, shells3

OF_THE_BOX = 0.476  # of its volume: the ball within which a particle and its solvent lie, as is customary


@dataclass(frozen=True)
class Curves:
    """FSC by shell 0 .. N//2: without mask, in the mask, with randomised phases in the mask, and the corrected one.

    randomised_from is the first shell whose phases were randomised. mask_dropped: the unmasked curve reached further
    than the corrected one, which it then replaces.
    """

    unmasked: Tensor
    masked: Tensor
    randomised: Tensor
    corrected: Tensor
    randomised_from: int
    mask_dropped: bool

    @property
    def shell(self) -> int:
        """The last shell before the corrected curve falls below 0.143."""
        return shell_at(self.corrected, FSC_THRESHOLD)


def corrected_fsc(half1: Tensor, half2: Tensor, mask: Tensor | None, *, seed: int = 0, repeats: int = 1) -> Curves:
    """The curves of two half maps (N, N, N) and a mask of the same size; without mask all are the unmasked one.

    repeats: how many randomisations are averaged (small masks want a few).
    """
    ft1, ft2 = rfft3(half1), rfft3(half2)
    unmasked = fsc(ft1, ft2)
    if mask is None:
        return Curves(unmasked, unmasked, torch.zeros_like(unmasked), unmasked, len(unmasked), False)
    masked = fsc(rfft3(half1 * mask), rfft3(half2 * mask))
    start = first_below(unmasked, RANDOMISE_BELOW_FSC)
    if start >= len(unmasked):
        return Curves(unmasked, masked, torch.zeros_like(unmasked), masked, start, False)
    generator = torch.Generator().manual_seed(seed)
    randomised = torch.zeros_like(unmasked)
    for _ in range(repeats):
        noise1 = randomise_phases(ft1, half1.shape[-1], start=start, generator=generator)
        noise2 = randomise_phases(ft2, half2.shape[-1], start=start, generator=generator)
        randomised += fsc(rfft3(noise1 * mask), rfft3(noise2 * mask)) / repeats
    corrected = masked.clone()
    beyond = slice(start + 2, None)
    corrected[beyond] = (masked[beyond] - randomised[beyond]) / (1 - randomised[beyond]).clamp(min=1e-6)
    if shell_at(unmasked) > shell_at(corrected):
        return Curves(unmasked, masked, randomised, unmasked, start, True)
    return Curves(unmasked, masked, randomised, corrected, start, False)


def inside_the_particle(unmasked: Tensor, mask: Tensor) -> tuple[float, Tensor]:
    """The ratio of the box to the particle's volume, and the unmasked FSC less the noise outside it, f F / (1 + (f - 1) F).

    The particle is what the mask has above 0.5, the box counts 0.476 of its volume.
    """
    ratio = OF_THE_BOX / max(float((mask > 0.5).double().mean()), 1e-9)
    return ratio, ratio * unmasked / (1 + (ratio - 1) * unmasked).clamp(min=1e-6)


def first_below(curve: Tensor, value: float) -> int:
    """The first shell after 0 whose value is below; the number of shells if there is none."""
    below = torch.nonzero(curve[1:] < value)
    return int(below[0, 0]) + 1 if len(below) else len(curve)


def randomise_phases(ft: Tensor, box: int, *, start: int, generator: torch.Generator) -> Tensor:
    """The map (N, N, N) of a half transform with its amplitudes kept and its phases from shell `start` on made random.

    The phases are those of white noise's transform, which is Hermitian by itself, so every amplitude survives exactly.
    """
    noise = rfft3(torch.randn(box, box, box, generator=generator, dtype=ft.real.dtype))
    phase = noise / noise.abs().clamp(min=torch.finfo(ft.real.dtype).tiny)
    return irfft3(torch.where(shells3(box) >= start, ft.abs() * phase, ft), box)
