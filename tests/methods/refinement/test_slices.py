import numpy as np
import pytest
import torch

from vitreous.maths import rotations
from vitreous.methods.refinement import density, packed, slices
from vitreous.methods.refinement.local import _turned

TWO = np.float32(2.0)


@pytest.fixture(scope="module")
def scene(specimen):
    box = 32
    blobs = specimen(box, 11)
    pixels = packed.pixels_of(box)
    turn = rotations.from_euler(30.0, 40.0, 50.0).numpy()
    return blobs, pixels, density.to_cube(blobs.volume(), pixels.reach), turn


def test_a_slice_is_the_transform_of_the_projection(scene):
    blobs, pixels, cube, turn = scene
    out = np.empty(len(pixels.index), np.complex64)
    slices.read(pixels.index.astype(float), cube, TWO, turn, out)
    true = blobs.slice(turn, pixels.index)
    assert np.linalg.norm(out - true) < 0.04 * np.linalg.norm(true)  # trilinear at padding 2 errs by 2-3 %
    seen = packed.pack(blobs.images(turn[None], np.zeros((1, 2))).astype(np.float32), pixels)[0]
    assert np.linalg.norm(seen - true) < 1e-3 * np.linalg.norm(true)


def test_slopes_against_differences(scene):
    blobs, pixels, cube, turn = scene
    generator = np.random.default_rng(3)
    image = blobs.slice(turn, pixels.index).astype(np.complex64)
    image += (generator.normal(size=image.shape) + 1j * generator.normal(size=image.shape)).astype(np.complex64) * 0.3
    ctf = generator.uniform(-1, 1, len(image)).astype(np.float32)
    weight = generator.uniform(0.5, 1, len(image)).astype(np.float32)
    gradient, hessian = np.zeros(5), np.zeros((5, 5))
    view = (pixels.index, cube, TWO, 32)
    start, origin = _turned(turn, np.array([0.02, -0.03, 0.04])), np.array([0.4, -0.7])

    def score(turned, moved):
        return slices.evaluate(image, ctf, weight, view, turned, moved, np.zeros(5), np.zeros((5, 5)))

    slices.evaluate(image, ctf, weight, view, start, origin, gradient, hessian)
    for axis in range(5):
        step = np.zeros(5)
        step[axis] = 2e-3 if axis < 3 else 1e-2
        up = score(_turned(start, step[:3]), origin + step[3:])
        down = score(_turned(start, -step[:3]), origin - step[3:])
        # Slopes of a trilinear function jump at the grid's planes: turns agree to some per cent, moves exactly.
        assert gradient[axis] == pytest.approx((up - down) / (2 * step.sum()), rel=0.1 if axis < 3 else 2e-3, abs=0.05)
    assert np.allclose(hessian, hessian.T)
    assert np.linalg.eigvalsh(hessian).min() > 0


def test_the_score_is_a_difference_of_squares(scene):
    _, pixels, cube, turn = scene
    generator = np.random.default_rng(9)
    image = (generator.normal(size=len(pixels.index)) + 1j * generator.normal(size=len(pixels.index))).astype(np.complex64)
    one = np.ones(len(image), np.float32)
    model = np.empty(len(image), np.complex64)
    slices.read(pixels.index.astype(float), cube, TWO, turn, model)
    origin = np.array([1.3, -0.6])
    view = (pixels.index, cube, TWO, 32)
    moved = image * np.exp(-2j * np.pi / 32 * (pixels.index @ origin))
    score = slices.evaluate(image, one, one, view, turn, origin, np.zeros(5), np.zeros((5, 5)))
    expected = 0.5 * (np.abs(moved) ** 2).sum() - 0.5 * (np.abs(moved - model) ** 2).sum()
    assert score == pytest.approx(expected, rel=1e-4, abs=1e-2)
    cross, norm = slices.match(image[None], one[None], one[None], pixels.index, cube, TWO, turn[None], origin[None], 32)[0]
    assert cross - norm / 2 == pytest.approx(score, rel=1e-4, abs=1e-2)
    sums = np.zeros(pixels.reach + 1)
    slices.residual(image, one, pixels.shell, view, turn, origin, sums)
    assert sums.sum() == pytest.approx((np.abs(moved - model) ** 2).sum(), rel=1e-4)


def test_without_padding_a_slice_errs_more_but_little(scene):
    blobs, pixels, _, turn = scene
    out, true = np.empty(len(pixels.index), np.complex64), blobs.slice(turn, pixels.index)
    slices.read(pixels.index.astype(float), density.to_cube(blobs.volume(), pixels.reach, 1), np.float32(1.0), turn, out)
    assert np.linalg.norm(out - true) < 0.2 * np.linalg.norm(true)


@pytest.mark.parametrize("padding", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_insertion_is_the_adjoint_of_reading(seed, padding):
    box = 20
    pixels = packed.pixels_of(box)
    generator = np.random.default_rng(seed)
    turn = rotations.random_rotations(1, torch.Generator().manual_seed(seed)).numpy()[0]
    cube, scale = (
        density.to_cube(generator.normal(size=(box,) * 3).astype(np.float32), pixels.reach, padding),
        np.float32(padding),
    )
    image = (generator.normal(size=len(pixels.index)) + 1j * generator.normal(size=len(pixels.index))).astype(np.complex64)
    out = np.empty_like(image)
    slices.read(pixels.index.astype(float), cube, scale, turn, out)
    data, weights = density.empty_cube(pixels.reach, padding)
    slices.insert(data, weights, image, np.ones(len(image), np.float32), pixels.index, scale, turn, np.zeros(2), box)
    there = (out.conj() * image).sum().real
    back = (cube.conj() * data).sum().real
    assert there == pytest.approx(back, rel=1e-4)
    assert weights.sum() == pytest.approx(len(image), rel=1e-4)
    polar_data, polar_weights = density.empty_cube(pixels.reach, padding)
    ones = np.ones((1, len(image)), np.float32)
    slices.insert_points(
        polar_data, polar_weights, image[None], ones, pixels.index.astype(float), scale, turn[None], np.eye(3)[None]
    )
    assert np.abs(polar_data - data).max() < 1e-4 * np.abs(data).max()
