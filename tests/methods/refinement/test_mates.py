import numpy as np
import pytest
import torch

from vitreous.maths import rotations, symmetry
from vitreous.methods.refinement import density, mates, packed, slices

GROUPS = ["C1", "C3", "C4", "D2", "D3", "T", "O", "I1", "I2", "I3", "I4"]


def _inserted(pixels, values, turns, operators):
    cubes = density.empty_cube(pixels.reach)
    ones = np.ones(len(pixels.index), np.float32)
    for value, turn in zip(values, turns):
        for operator in operators:
            slices.insert(*cubes, value, ones, pixels.index, np.float32(2), turn @ operator, np.zeros(2), pixels.box)
    slices.complete_plane(*cubes)
    return cubes


def _whole(cube):
    """The centred full transform (z, y, x) of a cube, inside its last whole shell."""
    half = (cube.shape[0] - 1) // 2
    right = cube[:, :, : half + 1]
    full = np.concatenate([right[::-1, ::-1, :0:-1].conj(), right], axis=2)
    z, y, x = np.meshgrid(*[np.arange(-half, half + 1)] * 3, indexing="ij")
    return full, np.sqrt(z**2 + y**2 + x**2)


@pytest.mark.parametrize("group", GROUPS)
def test_symmetrised_sums_are_those_of_insertion_at_every_mate(group):
    """The signal is that of blobs near the centre, so that values are smooth on the padded grid."""
    generator = np.random.default_rng(symmetry.order(group))
    pixels = packed.pixels_of(24)
    operators = symmetry.operators(group).numpy()
    turns = rotations.random_rotations(40, torch.Generator().manual_seed(3)).numpy()
    places = np.concatenate([generator.normal(size=(4, 3)) @ o.T for o in operators])
    at = np.einsum("pi,nij->npj", pixels.index.astype(float), turns[:, :2])
    values = np.exp(-2j * np.pi / 24 * (at @ places.T)).sum(2).astype(np.complex64)
    apart = _inserted(pixels, values, turns, operators)
    once = mates.symmetrise(*_inserted(pixels, values, turns, np.eye(3)[None]), group)
    radius = _whole(apart[0])[1]
    exact = np.allclose(operators, np.rint(operators), atol=1e-9)
    inside = radius < pixels.reach
    ratio = [np.divide(d, w, out=np.zeros_like(d), where=w > 0.3) for d, w in (apart, once)]
    full = [_whole(r)[0][inside] for r in ratio]
    there = (_whole(apart[1])[0][inside] > 0.3) & (_whole(once[1])[0][inside] > 0.3)
    assert there.mean() > 0.5
    error = np.linalg.norm((full[0] - full[1])[there]) / np.linalg.norm(full[0][there])
    assert error < (1e-5 if exact else 0.06)
    total = [_whole(c[1])[0][inside].sum() for c in (apart, once)]
    assert total[0] == pytest.approx(total[1], rel=1e-4 if exact else 0.03)


@pytest.mark.parametrize("group", GROUPS)
def test_symmetrised_twice_is_once(group):
    generator = np.random.default_rng(5)
    smooth = density.to_cube(np.pad(generator.normal(size=(7,) * 3), 9)[:24, :24, :24].astype(np.float32) / 7, 11).copy()
    slices.complete_plane(smooth, np.zeros(smooth.shape, np.float32))
    weights = np.abs(smooth).astype(np.float32) + 1.0
    once = mates.symmetrise(smooth, weights, group)
    twice = mates.symmetrise(*once, group)
    count = symmetry.order(group)
    full, radius = _whole(once[0])
    again, _ = _whole(twice[0])
    inside = radius < 18
    error = np.linalg.norm((again / count - full)[inside]) / np.linalg.norm(full[inside])
    exact = np.allclose(symmetry.operators(group).numpy(), np.rint(symmetry.operators(group).numpy()), atol=1e-9)
    assert error < (1e-5 if exact else 0.05)


@pytest.mark.parametrize("group", ["D2", "O", "I1", "I3"])
def test_the_operators_fall_into_cosets(group):
    operators = symmetry.operators(group).numpy()
    exact = np.abs(operators - np.rint(operators)).max((1, 2)) < mates.NEAR
    others = mates.representatives(operators, operators[exact])
    assert (1 + len(others)) * exact.sum() == len(operators)
    products = np.concatenate([operators[exact], *(operators[exact] @ other for other in others)])
    assert _every_one_once(products, operators)


@pytest.mark.parametrize("group", GROUPS)
def test_steps_of_a_chain_make_every_operator_once(group):
    operators = symmetry.operators(group).numpy()
    products = np.eye(3)[None]
    for others in mates.chain(operators):
        products = np.concatenate([products, *(products @ other for other in others)])
    assert _every_one_once(products, operators)


def _every_one_once(products, operators):
    nearest = np.abs(products[:, None] - operators[None]).max((2, 3))
    once = len(products) == len(set(nearest.argmin(1).tolist())) == len(operators)
    return once and bool((nearest.min(0) < 1e-6).all())


@pytest.mark.parametrize("group", ["C3", "D2", "T", "O", "I1", "I3"])
def test_equivalent_poses_see_the_same_slice(group):
    """Poses A and A R_j of a symmetric map: the order of multiplication, and the axes."""
    generator = np.random.default_rng(6)
    pixels = packed.pixels_of(24)
    operators = symmetry.operators(group).numpy()
    own = 2.5 * generator.normal(size=(3, 3))
    places = np.concatenate([own @ o.T for o in operators])
    grid = np.stack(np.meshgrid(*[np.arange(24) - 12] * 3, indexing="ij"), -1)[..., ::-1]
    volume = sum(np.exp(-((grid - place) ** 2).sum(-1) / 4.5) for place in places)
    cube = density.to_cube(volume.astype(np.float32), pixels.reach)
    turn = rotations.random_rotations(1, torch.Generator().manual_seed(8)).numpy()[0]
    seen = np.empty((len(operators), len(pixels.index)), np.complex64)
    for out, operator in zip(seen, operators):
        slices.read(pixels.index.astype(float), cube, np.float32(2), turn @ operator, out)
    assert np.linalg.norm(seen - seen[:1]) < 0.03 * np.linalg.norm(seen)
    other = np.empty_like(seen[0])
    slices.read(pixels.index.astype(float), cube, np.float32(2), operators[-1] @ turn, other)
    assert np.linalg.norm(other - seen[0]) > 0.05 * np.linalg.norm(seen[0])  # the other order is another view
