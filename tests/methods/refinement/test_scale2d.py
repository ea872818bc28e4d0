"""The contrast of groups of images: measured on the truth, bounded, and found by a classification."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from vitreous.arrays.source import InMemory
from vitreous.context import Context
from vitreous.methods.refinement import expectation, polar, prepare, problem2d, scale2d, scores
from vitreous.methods.refinement.class2d import classify2d
from vitreous.methods.refinement.sampling import plan_for
from vitreous.methods.refinement.scale2d import Scales
from vitreous.methods.refinement.settings import Class2DSettings, Classification, CtfUse
from vitreous.tables.table import Table

BOX, PIXEL_A = 32, 5.0
CONTRASTS = np.array([0.6, 1.0, 1.5])


def images_of(blobs: Callable[..., torch.Tensor], count: int, *, noise: float = 1.0) -> tuple[InMemory, Table]:
    """One object turned by quarters, of three contrasts by turns, in white noise; the table names three micrographs."""
    shape = blobs(1, BOX, 3, reach=0.15)[0]
    generator = torch.Generator().manual_seed(8)
    quarter = torch.randint(4, (count,), generator=generator).tolist()
    turned = torch.stack([torch.rot90(shape, k) for k in quarter])
    group = np.arange(count) % 3
    scaled = turned * torch.from_numpy(CONTRASTS[group])[:, None, None] * (8 / turned.std())
    noisy = scaled / 4 + noise * torch.randn(scaled.shape, generator=generator, dtype=torch.float64)
    optics = {"optics_group": [1], "pixel_size_A": [PIXEL_A], "voltage_kV": [300.0], "cs_mm": [2.7], "amplitude_contrast": [0.1]}
    columns = {"optics_group": np.ones(count, int), "micrograph": np.array([f"m{g}.mrc" for g in group], object)}
    return InMemory(noisy.numpy()), Table(columns, "particles", Table(optics, "optics"))


def settings(**values: object) -> Class2DSettings:
    plain = {"classes": 1, "particle_diameter_A": 130, "use_em": True, "use_mini_batches": False, "em_iterations": 5}
    return Class2DSettings(ctf=CtfUse(correct_ctf=False), classification=Classification(**{**plain, **values}))


@pytest.mark.parametrize("how", [{}, {"use_em": False, "use_mini_batches": True, "mini_batches": 20}], ids=["em", "batches"])
def test_contrasts_of_micrographs_are_found(blobs: Callable[..., torch.Tensor], how: dict[str, object]) -> None:
    source, table = images_of(blobs, 150)
    *_, state = classify2d(source, table, settings(**how), Context(seed=2))
    assert np.isclose(state.scales.factors.mean(), 1)
    np.testing.assert_allclose(state.scales.factors, CONTRASTS / CONTRASTS.mean(), atol=0.08)


def test_contrasts_stay_one_where_they_are_not_asked_for(blobs: Callable[..., torch.Tensor]) -> None:
    source, table = images_of(blobs, 60)
    *_, state = classify2d(source, table, settings(correct_scale=False, em_iterations=2), Context(seed=2))
    assert state.scales.factors.tolist() == [1, 1, 1]


def test_what_is_measured_is_the_sum_over_pixels(blobs: Callable[..., torch.Tensor], direct: Callable[..., torch.Tensor]) -> None:
    """image . class and class . class of images at known poses, against transforms summed term by term in float64."""
    source, table = images_of(blobs, 6)
    setup = problem2d.problem(source, table, settings(), Context())
    rows, shells = np.arange(6), 9
    plan = plan_for(setup.settings.search, BOX, shells, support_px=12.0, jitter=torch.zeros(2))
    grid = plan.fine
    reference = blobs(2, BOX, 5, reach=0.15).float()
    read = problem2d.pixels(setup, rows, setup.given, 1.0)
    sigma2 = torch.linspace(900.0, 700.0, BOX // 2 + 1, dtype=torch.float64)
    factors = np.linspace(0.7, 1.4, 6)
    batch = prepare.on_grid(setup.images, read.whole, read.masked, rows=rows, sigma2=sigma2, grid=grid, factors=factors)
    model = expectation.Model.of(reference, grid, torch.ones(2) / 2, offset_sigma_px=3.0, shifts_px=plan.shifts_px)
    plain = replace(plan, coarse=None, shifts_px=plan.shifts_px)
    found = expectation.expect(batch, (model, None), plain, residue=torch.zeros((6, 2)), fixed=None, space=scores.Workspace())
    ssnr = torch.full((2, BOX // 2 + 1), 9.0, dtype=torch.float64)
    ssnr[1, 6:] = 1.0
    got = scale2d.measured(batch, model, found, ssnr=ssnr, factors=factors)
    for i in range(6):
        k = int(found.classes[i])
        upto = 6 if k == 1 else shells + 1
        kx, ky = (part[:upto] for part in grid.points)
        psi = math.radians(found.psi_deg[i])
        image = direct(read.masked[i : i + 1].double(), kx, ky)[0]
        image = image * polar.shift_phases(torch.from_numpy(found.shift_px[i : i + 1]), grid)[0, :upto]
        turned = direct(
            reference[k : k + 1].double(), kx * math.cos(psi) - ky * math.sin(psi), kx * math.sin(psi) + ky * math.cos(psi)
        )[0]
        weight = torch.zeros(upto, dtype=torch.float64)
        weight[1:] = 1 / (sigma2[1:upto] * setup.images.kept)
        weight = (weight * grid.quadrature[:upto])[:, None]
        cross = float(((image * turned.conj()).real * weight).sum())
        power = float((turned.abs().square() * weight).sum())
        assert got[i, 0] + scale2d.POSE_FREEDOMS / 2 / factors[i] == pytest.approx(cross, rel=2e-3)
        assert got[i, 1] == pytest.approx(power, rel=2e-3)


def test_factors_keep_to_their_limits_and_groups_without_images_to_the_mean() -> None:
    rows, sizes = np.arange(4), np.full(5, 10)
    found = np.array([[1000.0, 1000.0], [100_000.0, 1000.0], [1.0, 1000.0], [0.0, 0.0]])
    made = Scales.ones(5).updated(rows, found, step=1.0, sizes=sizes)
    assert np.isclose(made.factors.mean(), 1)
    assert made.factors.max() <= scale2d.WIDEST * np.median(made.factors) * (1 + 1e-9)
    assert made.factors.min() >= np.median(made.factors) / scale2d.WIDEST * (1 - 1e-9)
    assert made.factors[3] == made.factors[4], "nothing is known of either"
    again = made.updated(np.array([0]), np.array([[500.0, 1000.0]]), step=1.0, sizes=sizes)
    assert again.cross[1] == made.cross[1], "a group that is not seen keeps what it has"
    assert again.cross[0] == 500.0
