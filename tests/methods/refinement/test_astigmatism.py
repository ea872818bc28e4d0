"""Cells of images with 1,000 Å of astigmatism, to 6 Å, against sums over pixels in float64, on fresh numbers each run."""

import math
import secrets
from collections.abc import Callable

import numpy as np
import pytest
import torch

from vitreous.arrays.source import InMemory
from vitreous.maths import masks
from vitreous.maths.ctf import CtfParams, ctf_at
from vitreous.methods.refinement import expectation, polar, prepare, scores
from vitreous.methods.refinement.polar import PolarGrid

Maker = Callable[..., torch.Tensor]

BOX, PIXEL_A, SHELLS, WIDTH_PX = 80, 2.0, 26, 1.6
IMAGES, CLASSES = 3, 2


def variance(radius: torch.Tensor) -> torch.Tensor:
    """Of the noise: it rises towards the last shell, whose edge is ragged on the pixels and smooth on the polar grid."""
    return (2000 - 10 * radius) * (1 + torch.exp(1.5 * (radius - SHELLS + 2)))


class Case:
    """Random blobs as classes, noise as images, and their exact transforms over the plane."""

    def __init__(self, direct: Maker) -> None:
        seed = secrets.randbits(32)
        print("seed", seed)
        made = torch.Generator().manual_seed(seed)
        self.points = (torch.rand((CLASSES, 6, 2), generator=made, dtype=torch.float64) - 0.5) * 0.2 * BOX
        noise = torch.randn((IMAGES, BOX, BOX), generator=made)
        self.mask = masks.disc(BOX, 0.22 * BOX, 5.0)
        defocus = 2500 + 2000 * torch.rand(IMAGES, generator=made, dtype=torch.float64)
        angle = 180 * torch.rand(IMAGES, generator=made, dtype=torch.float64)
        self.ctf = CtfParams.of(defocus + 1000, defocus, defocus_angle_deg=angle)
        source = InMemory(noise.numpy())
        self.images = prepare.Images(source, self.ctf, np.zeros(IMAGES, np.int64), PIXEL_A, self.mask, True, False, 0)
        nothing = np.zeros((IMAGES, 2), np.int64)
        self.whole, self.masked = prepare.pixels(
            self.images, noise.numpy(), np.arange(IMAGES), origins=nothing, scale=np.ones(IMAGES)
        )
        self.sigma2 = variance(torch.arange(BOX // 2 + 1, dtype=torch.float64))
        k = torch.arange(-BOX // 2 + 1, BOX // 2, dtype=torch.float64)
        self.ky, self.kx = torch.meshgrid(k, k, indexing="ij")
        radius = torch.hypot(self.kx, self.ky)
        inside = (radius < SHELLS + 0.5) & (radius > 0)
        self.weight = inside / variance(radius) / self.images.kept
        self.contrast = ctf_at(self.ctf, self.kx / (BOX * PIXEL_A), self.ky / (BOX * PIXEL_A), dtype=torch.float64)
        self.transform = direct(self.masked, self.kx, self.ky)

    def reference(self, points: torch.Tensor, kx: torch.Tensor, ky: torch.Tensor) -> torch.Tensor:
        """Transform of a sum of blobs less wider ones of the same weight (classes have no mean): exact."""
        turns = points[:, 0, None, None] * kx + points[:, 1, None, None] * ky
        fall = 2 * (math.pi * WIDTH_PX / BOX) ** 2 * (kx**2 + ky**2)
        height = 2 * math.pi * WIDTH_PX**2 * (torch.exp(-fall) - torch.exp(-2 * fall))
        return height * torch.exp(-2j * math.pi / BOX * turns).sum(0)

    def cartesian(self, psi: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Cross and norm terms (K, n) with the classes turned by psi."""
        turn = torch.tensor([[math.cos(psi), -math.sin(psi)], [math.sin(psi), math.cos(psi)]], dtype=torch.float64)
        turned = torch.stack([self.reference(p @ turn.T, self.kx, self.ky) for p in self.points])
        weighted = self.transform * self.contrast * self.weight
        cross = torch.einsum("nyx,kyx->kn", weighted, turned.conj()).real / 2
        return cross, torch.einsum("nyx,kyx->kn", self.contrast**2 * self.weight, turned.abs().square()) / 4

    def model(self, grid: PolarGrid) -> expectation.Model:
        """The classes on the grid."""
        samples = torch.stack([self.reference(p, *grid.points) for p in self.points]).to(torch.complex64)
        shifts = torch.zeros((1, 2), dtype=torch.float64)
        phases = expectation.phases_of(shifts, grid)
        return expectation.Model(grid, samples, scores.reference_modes(samples, grid), torch.zeros(CLASSES), 3.0, phases)


@pytest.fixture(scope="module")
def case(direct: Maker) -> Case:
    return Case(direct)


def relative(found: torch.Tensor, truth: torch.Tensor) -> float:
    return float((found - truth).norm() / truth.norm())


def test_cells_norms_and_maxima_are_the_cartesian_ones(case: Case) -> None:
    grid, space = PolarGrid(BOX, SHELLS, polar.angles_for(SHELLS, BOX / 2, BOX)), scores.Workspace()
    batch = prepare.on_grid(case.images, case.whole, case.masked, rows=np.arange(IMAGES), sigma2=case.sigma2, grid=grid)
    assert batch.around.shape[1] >= 4
    model = case.model(grid)
    truth = [torch.stack(part) for part in zip(*(case.cartesian(2 * math.pi * j / grid.angles) for j in range(grid.angles)))]
    images = scores.quarter_modes(scores.quarters(*batch.score_columns), grid, space)
    cross = scores.cross_terms(images, model.modes, grid, space)
    assert relative(cross, truth[0]) < 1e-3
    around = scores.norm_modes(batch.around, scores.ring_modes(model.samples, grid, batch.around.shape[1]), space)
    m = 2 * torch.arange(1, batch.around.shape[1] + 1)
    turn = torch.exp(2j * math.pi / grid.angles * torch.arange(grid.angles)[:, None] * m)
    waves = torch.einsum("jm,mkn->jkn", turn, torch.complex(around[0], around[1])).real * (2 / grid.angles)
    radial = scores.norm_terms(batch.norm, model.samples, grid)
    assert relative(radial + waves, truth[1]) < 1e-3 < relative(radial.expand_as(waves), truth[1])
    pairs = expectation.Pairs.all(IMAGES, torch.zeros((1, 2), dtype=torch.float64))
    both = truth[0] - truth[1]
    for angle in (0, grid.angles // 3):
        at = torch.full((IMAGES,), angle)
        scored = expectation.score(batch, model, pairs, log_prior=torch.zeros(IMAGES), angle=at, space=space)
        assert relative(scored.log_sum.view(CLASSES, IMAGES), both[angle]) < 2e-3
    scored = expectation.score(batch, model, pairs, log_prior=torch.zeros(IMAGES), angle=None, space=space)
    out = torch.empty((grid.angles, CLASSES * IMAGES))
    scores.unfolded(scored.parts, out)
    whole = (out + scored.bias).view(grid.angles, CLASSES, IMAGES)
    best, wanted = whole.flatten(0, 1).max(0), both.flatten(0, 1).max(0)
    within = 3e-3 * float(both.std())
    assert torch.allclose(best.values.double(), wanted.values, rtol=0, atol=within)
    assert (both.flatten(0, 1).gather(0, best.indices[None])[0] > wanted.values - within).all()


def test_few_modes_are_made_where_few_matter(case: Case) -> None:
    rows = np.arange(IMAGES)
    assert prepare.modes_of_contrast(case.images, rows, PolarGrid(BOX, SHELLS, 80)) > 3
    assert prepare.modes_of_contrast(case.images, rows, PolarGrid(BOX, 6, 80)) <= 2
    plain = CtfParams.of(torch.full((IMAGES,), 9000.0))
    without = prepare.Images(case.images.source, plain, rows * 0, PIXEL_A, case.mask, True, False, 0)
    assert prepare.modes_of_contrast(without, rows, PolarGrid(BOX, SHELLS, 80)) == 0
