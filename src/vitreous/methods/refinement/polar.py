"""The polar Fourier grid: images, references and slices of volumes on half circles, and back to pixels.

Samples are (n, shells + 1, half) complex: radius 0..shells in 1/(box px), angle 2 pi h / angles from +x towards +y,
h < half = angles / 2; the other half circle is the complex conjugate. Transforms are unnormalised, about pixel N // 2.
"""

import functools
import math
from dataclasses import dataclass

import torch

from vitreous.maths.kernels.sample import Prepared, prepare_images, sample2, sample3

BLOCK_MODES = 16  # modes multiplied together; fewer blocks are quicker, larger ones waste shells that do not matter

# Sums over r = 0, 1, 2, ... of r f(r) miss the integral by what |r| does at the origin (1/12 f(0) - 1/240 f''(0) + ...).
# These corrections of the first weights were fitted to f = J0(a r) times Gaussians for a up to 0.85 pi, so that
# products of transforms are right for supports up to 0.85 of the box; what is left is 3e-4 f(0).
NEAR_ORIGIN = (0.10062987, -0.02228629, 0.00693757, -0.00277039, 0.00116751, -0.00038067)


@dataclass(frozen=True)
class ModeBlock:
    """Angular modes of one parity and like bandwidth: `modes` of them, which matter from shell `first_shell` on."""

    modes: tuple[int, ...]
    first_shell: int

    @property
    def odd(self) -> bool:
        return self.modes[0] % 2 == 1


@dataclass(frozen=True)
class PolarGrid:
    """Radii 0..shells and `angles` (even) angles on the full circle, for a box of `box` px.

    support_px is the radius of what the references hold (0: half the box): it limits the angular modes of each shell.
    """

    box: int
    shells: int
    angles: int
    support_px: float = 0.0

    def __post_init__(self) -> None:
        if self.angles % 2 or self.angles < 4:
            raise ValueError(f"a polar grid has an even number of angles, 4 or more; not {self.angles}")
        if not 0 < self.shells < self.box / 2:
            raise ValueError(f"shells must lie between 1 and below half the box ({self.box}); not {self.shells}")

    @property
    def half(self) -> int:
        """Angles on the half circle that is kept."""
        return self.angles // 2

    @functools.cached_property
    def radii(self) -> torch.Tensor:
        """(shells + 1,) float64, in 1/(box px)."""
        return torch.arange(self.shells + 1, dtype=torch.float64)

    @functools.cached_property
    def quadrature(self) -> torch.Tensor:
        """(shells + 1,) float64: weight of one sample in a sum over the full circle that stands for one over pixels."""
        weights = self.radii.clone()
        count = min(len(NEAR_ORIGIN), len(weights))
        weights[:count] += torch.tensor(NEAR_ORIGIN[:count], dtype=torch.float64)
        return weights * (2 * math.pi / self.angles)

    @functools.cached_property
    def points(self) -> tuple[torch.Tensor, torch.Tensor]:
        """kx, ky of the samples, (shells + 1, half) float64, in 1/(box px)."""
        theta = torch.arange(self.half, dtype=torch.float64) * (2 * math.pi / self.angles)
        return self.radii[:, None] * torch.cos(theta), self.radii[:, None] * torch.sin(theta)

    @functools.cached_property
    def blocks(self) -> tuple[ModeBlock, ...]:
        """All modes that matter, even ones first, each block with the shell from which its lowest mode matters."""
        limit = [bandwidth(r, self.support_px or self.box / 2, self.box) for r in range(self.shells + 1)]
        top = min(self.half - 1, max(limit))
        blocks = []
        for parity in (0, 1):
            modes = range(parity, top + 1, 2)
            for start in range(0, len(modes), BLOCK_MODES):
                part = tuple(modes[start : start + BLOCK_MODES])
                blocks.append(ModeBlock(part, next(r for r, m in enumerate(limit) if m >= part[0])))
        return tuple(blocks)


def bandwidth(shell: float, support_px: float, box: int, *, error: float = 1e-3) -> int:
    """The highest angular mode that matters at a shell for an object within a radius (tail of the Bessel function)."""
    argument = 2 * math.pi * shell * support_px / box
    return math.ceil(argument + 1.8 * argument ** (1 / 3) * (-math.log10(error)) ** (2 / 3) + 2)


def angles_for(shells: int, support_px: float, box: int, *, coarsest_deg: float = 360.0) -> int:
    """The smallest even number of angles that carries all modes at `shells` and is no coarser than coarsest_deg."""
    least = max(2 * bandwidth(shells, support_px, box) + 2, math.ceil(360.0 / coarsest_deg), 8)
    return 4 * math.ceil(least / 4)


def sample_images(images: torch.Tensor, grid: PolarGrid) -> torch.Tensor:
    """Images (n, N, N) real -> samples (n, shells + 1, half) complex64 (complex128 for float64 images)."""
    kx, ky = (k.flatten() for k in grid.points)
    return sample2(prepare_images(images), kx, ky).view(len(images), grid.shells + 1, grid.half)


def slices(volume: Prepared, rotations: torch.Tensor, grid: PolarGrid) -> torch.Tensor:
    """Central slices of maths.kernels.sample.prepare_volume(map) at rotations (n, 3, 3): (n, shells + 1, half) complex.

    The slice of rotation A is spanned by the first two rows of A: the projection's transform, psi included.
    """
    kx, ky = (k.flatten() for k in grid.points)
    return sample3(volume, rotations, kx, ky).view(len(rotations), grid.shells + 1, grid.half)


def shift_phases(origins_px: torch.Tensor, grid: PolarGrid) -> torch.Tensor:
    """Factors (s, shells + 1, half) complex128 that move an image by +origins_px (s, 2) as (x, y): the table's origins."""
    kx, ky = grid.points
    moved = origins_px.to(torch.float64)
    turns = (kx * moved[:, 0, None, None] + ky * moved[:, 1, None, None]) / grid.box
    return torch.polar(torch.ones_like(turns), -2 * math.pi * turns)


def radial(spectrum: torch.Tensor, grid: PolarGrid) -> torch.Tensor:
    """A value per integer shell (..., at least shells + 1) at the grid's radii (..., shells + 1, 1), to multiply samples."""
    return spectrum[..., : grid.shells + 1, None]
