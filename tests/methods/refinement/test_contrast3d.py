import numpy as np
import pytest
import torch

from vitreous.context import Context
from vitreous.methods.refinement import contrast3d, refine3d, rescue, restored
from vitreous.methods.refinement.contrast3d import Contrast
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.problem2d import Groups
from vitreous.methods.refinement.scale2d import Scales
from vitreous.methods.refinement.settings3d import Images, Optimisation, Reference, RefineSettings, Sampling
from vitreous.methods.refinement.stock import Adjustment, Stock


@pytest.fixture(scope="module")
def uneven(simulated):
    """120 images of 6 micrographs: signal of a micrograph's strength plus noise, times a brightness of each image."""
    made = simulated(32, 61, 120, snr=0)
    generator = np.random.default_rng(1)
    strength = np.repeat([0.5, 0.8, 1.0, 1.0, 1.2, 1.5], 20)
    brightness = generator.uniform(0.6, 1.6, 120)
    noise = generator.normal(size=made.images.shape) * 1.5 * made.images.std()
    images = ((strength[:, None, None] * made.images + noise) * brightness[:, None, None]).astype(np.float32)
    table = made.table.with_(micrograph=np.repeat([f"m{i}.mrc" for i in range(6)], 20).astype(object))
    return type(made)(made.blobs, made.volume, images, table, made.turns, made.origins), strength, brightness


def _engine(made, **images):
    settings = RefineSettings(
        reference=Reference(low_pass_A=20.0, greyscale_is_right=True), images=Images(**images),
        optimisation=Optimisation(particle_diameter_A=100.0), sampling=Sampling(step="3.7 degrees", local_from="3.7 degrees"),
    )  # fmt: skip
    stock = refine3d.stock_of(made, made.table, settings, Context())
    return refine3d.Refinement(stock, settings, groups=Groups.of(made.table), mask=None, context=Context())


def _posed(made):
    angles = {name: made.table[name] for name in ("rot_deg", "tilt_deg", "psi_deg") if name in made.table}
    if angles:
        return made.table
    from vitreous.maths import rotations

    rot, tilt, psi = (a.numpy() for a in rotations.to_euler(torch.from_numpy(made.turns)))
    x, y = (4.0 * made.origins).T
    return made.table.with_(rot_deg=rot, tilt_deg=tilt, psi_deg=psi, origin_x_A=x, origin_y_A=y)


def test_brightness_of_images_and_strength_of_micrographs_are_found(uneven):
    made, strength, brightness = uneven
    engine = _engine(made)
    state = engine.begin(_posed(made), made.volume)
    for _ in range(3):
        state = engine.step(state)
    norm, factors = state.contrast.norm, state.contrast.scales.factors[engine.groups.of_row]
    assert norm.mean() == pytest.approx(1.0)
    assert np.corrcoef(norm, brightness)[0, 1] > 0.98
    assert np.abs(norm / brightness * brightness.mean() - 1).max() < 0.15
    assert np.corrcoef(factors, strength)[0, 1] > 0.95
    assert np.abs(factors / strength - 1).max() < 0.25


def test_corrections_that_are_not_asked_for_stay_at_one(uneven):
    made, _, _ = uneven
    engine = _engine(made, correct_norm=False, correct_scale=False)
    state = engine.step(engine.begin(_posed(made), made.volume))
    assert (state.contrast.norm == 1).all()
    assert (state.contrast.scales.factors == 1).all()


def test_an_adjusted_image_is_what_the_undisturbed_one_was(simulated):
    made = simulated(24, 62, 6, snr=0.5)
    factors = np.linspace(0.5, 2.0, 6).astype(np.float32)
    bright = type(made)(made.blobs, made.volume, made.images * factors[:, None, None], made.table, made.turns, made.origins)
    one, two = (Stock(m, m.table, pixel_size_A=4.0, diameter_A=80.0, context=Context()) for m in (made, bright))
    two.adjustment = Adjustment(factors, np.full(6, 3.0, np.float32))
    rows = np.array([4, 1])
    plain, adjusted = one.batch(rows), two.batch(rows)
    assert np.allclose(plain.masked, adjusted.masked, rtol=1e-4, atol=1e-4)
    assert np.allclose(plain.whole, adjusted.whole, rtol=1e-4, atol=1e-4)
    assert np.allclose(3 * plain.ctf, adjusted.ctf, rtol=1e-5)
    assert torch.allclose(one.masked_images(rows), two.masked_images(rows), atol=1e-4)
    assert (two.without_ctf().batch(rows).ctf == 3).all()
    k = torch.tensor([0.01, 0.03])
    assert torch.allclose(3 * one.contrast(rows, k, k), two.contrast(rows, k, k))


def test_the_first_peak_may_be_left_alone(simulated):
    made = simulated(24, 63, 2, snr=0.5)
    stock = Stock(made, made.table, pixel_size_A=4.0, diameter_A=80.0, context=Context(), intact_first_peak=True)
    plain = Stock(made, made.table, pixel_size_A=4.0, diameter_A=80.0, context=Context())
    one, two = stock.batch(np.arange(2)).ctf, plain.batch(np.arange(2)).ctf
    assert (one[:, 0] == 1).all()
    changed = one != two
    assert changed.any()
    assert (one[changed] == 1).all()
    assert np.array_equal(one[:, -20:], two[:, -20:])


def test_residuals_are_the_noise_that_was_put_in(simulated):
    made = simulated(24, 64, 40, snr=0)
    images = made.images + np.random.default_rng(2).normal(size=made.images.shape).astype(np.float32) * 0.7
    noisy = type(made)(made.blobs, made.volume, images, made.table, made.turns, made.origins)
    stock = Stock(noisy, made.table, pixel_size_A=4.0, diameter_A=1000.0, context=Context(), zero_mask=False)
    modes = Modes(made.turns[:, None], made.origins[:, None], np.zeros((40, 1)), np.tile(np.eye(5), (40, 1, 1, 1)))
    foretold = np.full((1, stock.pixels.reach + 1), 24**2 * 0.7**2 / 2)
    found = contrast3d.residuals(stock, np.arange(40), modes, volume=made.volume, noise=foretold)
    sigma2 = found.sums[0] / (2 * 40 * np.maximum(np.bincount(stock.pixels.shell), 1))
    assert np.allclose(sigma2[2:], foretold[0, 2:], rtol=0.15)
    assert np.allclose(found.relative, 1.0, atol=0.2)
    fit = rescue.fit_of(stock, np.arange(40), modes, volume=made.volume, noise=foretold, reach=8)
    assert float(fit.cross.sum() / fit.norm.sum()) == pytest.approx(1.0, abs=0.1)


def test_earlier_norms_are_taken_up_and_nonsense_is_not(simulated):
    made = simulated(24, 65, 4, snr=0.5)
    groups = Groups.of(made.table)
    table = made.table.with_(norm_correction=[0.5, 1.5, 0.0, 1.0])
    assert Contrast.known(table, groups).norm.tolist() == [0.5, 1.5, 1.0, 1.0]
    assert Contrast.known(table, groups, norms=False).norm.tolist() == [1.0] * 4
    kept = contrast3d.updated(
        Contrast(np.ones(4), Scales.ones(len(groups.names))), groups, rows=np.arange(0), relative=np.zeros(0),
        cross=np.zeros(0), power=np.zeros(0), norms=True, scales=True,
    )  # fmt: skip
    assert (kept.norm == 1).all()
    assert contrast3d.trusted_shell(np.array([1.0, 0.9, 0.8, 0.7, 0.9])) == 2


def test_noise_of_a_file_becomes_one_for_each_optics_group(uneven):
    made, _, _ = uneven
    table = made.table.with_(optics_group=np.repeat([1, 2], 60))
    optics = {name: np.repeat(made.table.optics[name], 2) for name in made.table.optics} | {"optics_group": np.array([1, 2])}
    stock = Stock(made, table.with_optics(type(table)(optics, "optics")), pixel_size_A=4.0, diameter_A=100.0, context=Context())
    rows = np.arange(6.0)[:, None] * np.ones(4)
    groups = Groups.of(table)
    assert np.allclose(restored.noise_by_optics(rows, stock, groups)[:, 0], [1.0, 4.0])
    assert restored.noise_by_optics(rows[:2], stock, groups) is not None
    assert np.allclose(restored.noise_by_optics(rows[:3], stock, groups), 1.0)
