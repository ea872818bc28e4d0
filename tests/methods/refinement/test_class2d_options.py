"""What the options of 2D classification say is what happens: priors, noise, limits, masks, the CTF's first peak, sizes."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from vitreous.arrays.source import InMemory
from vitreous.context import Context, UserError
from vitreous.maths.fourier import rfft2
from vitreous.maths.shells import power
from vitreous.methods.refinement import first2d, prepare, problem2d
from vitreous.methods.refinement.class2d import classify2d
from vitreous.methods.refinement.polar import PolarGrid
from vitreous.methods.refinement.settings import Class2DSettings, Classification, CtfUse, PlaneSearch
from vitreous.methods.refinement.state import State
from vitreous.tables.table import Table

PIXEL_A = 4.0


def table(count: int, **columns: np.ndarray) -> Table:
    groups = columns.setdefault("optics_group", np.ones(count, int))
    number = int(groups.max())
    optics = {"pixel_size_A": PIXEL_A, "voltage_kV": 300.0, "cs_mm": 2.7, "amplitude_contrast": 0.1}
    spread = {name: np.full(number, value) for name, value in optics.items()}
    return Table(dict(columns), "particles", Table({"optics_group": np.arange(1, number + 1), **spread}, "optics"))


def chosen(box: int, *, ctf: bool = False, **values: object) -> Class2DSettings:
    plain = {"classes": 2, "particle_diameter_A": 0.8 * box * PIXEL_A, "use_em": True, "use_mini_batches": False}
    made = Classification(**{**plain, "em_iterations": 6, **values})
    return Class2DSettings(ctf=CtfUse(correct_ctf=ctf), classification=made, search=PlaneSearch(offset_range_px=2))


def last(images: torch.Tensor, rows: Table, settings: Class2DSettings, *, seed: int = 1) -> State:
    *_, state = classify2d(InMemory(images.numpy()), rows, settings, Context(seed=seed))
    return state


def noisy(images: torch.Tensor, noise: torch.Tensor | float, seed: int = 4) -> torch.Tensor:
    made = torch.Generator().manual_seed(seed)
    return images / images.std() + noise * torch.randn(images.shape, generator=made, dtype=torch.float64)


def test_shares_of_classes_are_those_of_the_images(blobs: Callable[..., torch.Tensor]) -> None:
    kind = (np.arange(120) % 4 == 0).astype(int)
    state = last(noisy(blobs(2, 32, 3, reach=0.25)[kind], 0.7), table(120), chosen(32, em_iterations=10))
    assert sorted(state.shares.tolist()) == pytest.approx([0.25, 0.75], abs=0.03)


def test_noise_is_that_of_each_optics_group(blobs: Callable[..., torch.Tensor]) -> None:
    groups = np.repeat([1, 2], 60)
    level = torch.from_numpy(np.where(groups == 1, 1.0, 2.0))[:, None, None]
    images = noisy(blobs(1, 32, 3, reach=0.25)[np.zeros(120, int)], level)
    rows = table(120, optics_group=groups, micrograph=np.array([f"m{g}" for g in groups], object))
    state = last(images, rows, chosen(32, classes=1, correct_scale=False))
    of_noise = [float(state.sigma2[g, 3:12].mean()) / (32**2 / 2) for g in (0, 1)]
    assert of_noise[1] / of_noise[0] > 1.5
    norms = [float(state.poses.norm[groups == g].mean()) for g in (1, 2)]
    assert math.sqrt(of_noise[1] / of_noise[0]) * norms[1] / norms[0] == pytest.approx(2.0, rel=0.1)


def test_nothing_is_scored_beyond_the_limit(blobs: Callable[..., torch.Tensor]) -> None:
    images = noisy(blobs(1, 32, 3, reach=0.25)[np.zeros(60, int)], 0.3)
    free, limited = (last(images, table(60), chosen(32, resolution_limit_A=limit)) for limit in (-1.0, 16.0))
    assert limited.shells == 32 * PIXEL_A / 16 < free.shells
    spectrum = power(rfft2(limited.references.double()), ndim=2).sum(0)
    assert spectrum[limited.shells + 3 :].max() < 1e-3 * spectrum[1:4].max(), "but for what the mask spreads"


def test_the_ctf_is_left_alone_up_to_its_first_peak() -> None:
    rows = table(2, defocus_u_A=np.array([9000.0, 15000.0]), defocus_v_A=np.array([8500.0, 15000.0]))
    settings = chosen(64, ctf=True)
    grid = PolarGrid(64, 30, 64)
    plain, intact = (
        prepare.contrast(problem2d.problem(InMemory(np.ones((2, 64, 64))), rows, kind, Context()).images, np.arange(2), grid)
        for kind in (settings, replace(settings, ctf=CtfUse(ignore_ctf_until_first_peak=True)))
    )
    for n, h in ((0, 0), (0, 20), (1, 5)):
        peak = int(torch.argmax(plain[n, :20, h]))
        assert peak > 2
        assert (intact[n, :peak, h] == 1).all()
        assert torch.equal(intact[n, peak + 2 :, h], plain[n, peak + 2 :, h])


@pytest.mark.parametrize("with_zeros", [True, False])
def test_what_lies_outside_the_mask(with_zeros: bool) -> None:
    """Nothing but its mean, which is taken from the image; or noise of the power that is there beside it."""
    images = noisy(torch.randn((5, 32, 32), dtype=torch.float64), 0.0) * 1.7 + 3.0
    setup = problem2d.problem(InMemory(images.numpy()), table(5), chosen(32, mask_with_zeros=with_zeros), Context())
    masked = problem2d.pixels(setup, np.arange(5), setup.given, 1.0).masked
    outside = masked[:, setup.images.mask == 0]
    if with_zeros:
        assert (outside == 0).all()
        centre = masked[:, 16, 16] - images[:, 16, 16]
        assert centre.numpy() == pytest.approx(np.full(5, -3.0), abs=0.4)
    else:
        assert float(outside.square().mean()) == pytest.approx(1.7**2, rel=0.2)


@pytest.mark.parametrize(("box", "count", "classes"), [(24, 40, 1), (24, 60, 500), (512, 6, 2)])
def test_the_smallest_and_largest_boxes_and_numbers_of_classes(
    blobs: Callable[..., torch.Tensor], box: int, count: int, classes: int
) -> None:
    images = noisy(blobs(1, box, 3, reach=0.2)[np.zeros(count, int)], 0.5)
    state = last(images, table(count), chosen(box, classes=classes, em_iterations=2))
    assert torch.isfinite(state.references).all()
    assert state.shares.sum() == pytest.approx(1)
    assert state.references.shape == (classes, box, box)


def test_a_box_too_small_is_refused() -> None:
    with pytest.raises(UserError, match="14 pixels are too small"):
        last(torch.ones((3, 14, 14)), table(3), chosen(14))


def test_origins_of_the_input_are_where_the_search_begins(blobs: Callable[..., torch.Tensor]) -> None:
    images = torch.roll(noisy(blobs(1, 32, 3, reach=0.2)[np.zeros(40, int)], 0.3), (0, 5), (1, 2))
    rows = table(40, origin_x_A=np.full(40, -5 * PIXEL_A), origin_y_A=np.zeros(40))
    setup = problem2d.problem(InMemory(images.numpy()), rows, chosen(32, classes=1), Context())
    begun = first2d.begin(setup)
    assert np.abs(begun.poses.origin_px - [-5, 0]).max() == 0
    state = last(images, rows, chosen(32, classes=1, centre_classes=False))
    assert np.median(state.poses.origin_px[:, 0]) == pytest.approx(-5, abs=1.5)


def test_images_with_flipped_phases_have_a_ctf_without_sign() -> None:
    rows = table(2, defocus_u_A=np.array([9000.0, 15000.0]), defocus_v_A=np.array([8500.0, 15000.0]))
    assert rows.optics is not None
    marked = rows.with_optics(rows.optics.with_(ctf_phase_flipped=np.array([1])))
    plain, flipped = (
        prepare.contrast(
            problem2d.problem(InMemory(np.ones((2, 64, 64))), given, chosen(64, ctf=True), Context()).images,
            np.arange(2),
            PolarGrid(64, 30, 64),
        )
        for given in (rows, marked)
    )
    assert (plain < 0).any()
    assert torch.equal(flipped, plain.abs())


def test_premultiplied_images_are_refused() -> None:
    rows = table(3, defocus_u_A=np.full(3, 1e4), ctf_premultiplied=np.ones(3, int))
    with pytest.raises(UserError, match="multiplied by their CTF already"):
        last(torch.ones((3, 32, 32)), rows, chosen(32, ctf=True))
    some = rows.with_(ctf_premultiplied=np.array([1, 0, 0]))
    with pytest.raises(UserError, match="rlnCtfDataAreCtfPremultiplied holds for some"):
        last(torch.ones((3, 32, 32)), some, chosen(32, ctf=True))
