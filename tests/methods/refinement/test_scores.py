"""Scores over all in-plane angles against direct Cartesian sums in float64, and their adjoint."""

import math
from collections.abc import Callable

import pytest
import torch

from vitreous.methods.refinement import polar, scores
from vitreous.methods.refinement.polar import PolarGrid

Maker = Callable[..., torch.Tensor]


def weighted_modes(samples: torch.Tensor, phases: torch.Tensor, grid: PolarGrid, space: scores.Workspace) -> scores.Modes:
    return scores.modes(scores.shifted(scores.columns(samples), scores.columns(phases), space), grid, space)


@pytest.mark.parametrize("seed", [11, 12, 13, 14])
def test_cross_and_norm_equal_the_cartesian_sums(seed: int, blobs: Maker, direct: Maker) -> None:
    box, shells, images_n, refs_n = 64, 24, 3, 2
    generator = torch.Generator().manual_seed(seed)
    images = blobs(images_n, box, seed) + 0.3 * torch.randn((images_n, box, box), generator=generator, dtype=torch.float64)
    at = torch.arange(box, dtype=torch.float64) - box // 2
    disc = torch.hypot(at[:, None], at) < 0.35 * box
    images = (images - (images * disc).sum((1, 2), keepdim=True) / disc.sum()) * disc
    places = (torch.rand((refs_n, 5, 2), generator=generator, dtype=torch.float64) - 0.5) * 0.25 * box
    widths = 2.2
    waves = 6.0 * torch.rand((images_n, 1), generator=generator, dtype=torch.float64)

    def weigh(radius: torch.Tensor) -> torch.Tensor:
        """C / sigma^2 of three images of different defocus, amplitude contrast 0.1."""
        return torch.sin(0.1 + (radius / (6 + waves.view(-1, *(1,) * radius.ndim))) ** 2) * (1 + radius / 10)

    weight = weigh(torch.arange(shells + 1, dtype=torch.float64))
    origins = torch.tensor([[0.0, 0.0], [1.5, -2.25]])

    grid = PolarGrid(box, shells, polar.angles_for(shells, box / 2, box))
    space = scores.Workspace()

    def reference(points: torch.Tensor) -> torch.Tensor:
        square = (at[None, None, :] - points[:, 0, None, None]) ** 2 + (at[None, :, None] - points[:, 1, None, None]) ** 2
        return torch.exp(-square / (2 * widths**2)).sum(0)

    references = torch.stack([reference(p) for p in places])
    samples = polar.sample_images(references, grid)
    x = weighted_modes(
        polar.sample_images(images, grid) * polar.radial(weight, grid), polar.shift_phases(origins, grid), grid, space
    )
    cells = scores.cross_terms(x, scores.reference_modes(samples, grid), grid, space)
    cells = cells.view(grid.angles, refs_n, len(origins), images_n)

    k = torch.arange(-box // 2 + 1, box // 2, dtype=torch.float64)
    ky, kx = torch.meshgrid(k, k, indexing="ij")
    radius = torch.hypot(kx, ky)
    inside = radius < shells + 0.5
    spectrum = weigh(radius)
    ft = direct(images, kx, ky) * spectrum * inside
    norm = scores.norm_terms(weight**2, samples, grid)
    errors, sizes = [], []
    for j in (0, 5, grid.angles // 2 + 3):
        psi = 2 * math.pi * j / grid.angles
        turn = torch.tensor([[math.cos(psi), -math.sin(psi)], [math.sin(psi), math.cos(psi)]], dtype=torch.float64)
        turned = torch.stack([direct(reference(p @ turn.T)[None], kx, ky)[0] for p in places])
        for s, origin in enumerate(origins):
            phase = torch.exp(-2j * math.pi / box * (kx * origin[0] + ky * origin[1]))
            truth = torch.einsum("nyx,kyx->kn", ft * phase, turned.conj()).real / 2
            errors.append((cells[j, :, s] - truth).flatten())
            sizes.append(truth.flatten())
        square = torch.einsum("nyx,kyx->kn", spectrum**2 * inside, turned.abs().square()) / 4
        assert (norm - square).norm() / square.norm() < 1e-3
    assert torch.cat(errors).norm() / torch.cat(sizes).norm() < 1e-3


def test_accumulation_is_the_adjoint_of_scoring(blobs: Maker) -> None:
    grid = PolarGrid(32, 12, 60)
    generator = torch.Generator().manual_seed(21)
    images = polar.sample_images(torch.randn((4, 32, 32), generator=generator, dtype=torch.float64), grid)
    references = polar.sample_images(blobs(3, 32, 22), grid)
    phases = polar.shift_phases(torch.tensor([[0.0, 0.0], [1.0, 2.0]]), grid)
    space = scores.Workspace()
    x = weighted_modes(images, phases, grid, space)
    cells = scores.cross_terms(x, scores.reference_modes(references, grid), grid, space).clone()
    posterior = torch.rand(cells.shape, generator=generator, dtype=torch.float64)
    sums = scores.empty_sums(3, grid, x[0])
    scores.accumulate(sums, scores.posterior_modes(posterior, grid, space), x)
    weight = grid.quadrature[:, None]
    left = (cells * posterior).sum()
    right = (scores.to_samples(sums, grid) * references.conj() * weight).real.sum()
    assert torch.isclose(left, right, rtol=1e-9)


def test_modes_come_back_as_samples(blobs: Maker) -> None:
    grid = PolarGrid(40, 16, 128)
    samples = polar.sample_images(blobs(2, 40, 31), grid)
    space = scores.Workspace()
    x = scores.modes(scores.columns(samples), grid, space)
    again = scores.to_samples([part.transpose(2, 3) for part in x], grid)
    assert (again - samples).norm() / samples.norm() < 1e-3
