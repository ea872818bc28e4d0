"""The one matrix convention, its inverse, quaternions and distances."""

import math

import pytest
import torch

from vitreous.maths import rotations as R
from vitreous.maths.symmetry import operators


def some(n=200, seed=0):
    return R.random_rotations(n, torch.Generator().manual_seed(seed))


def coordinate_z(angle_deg):
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return torch.tensor([[c, s, 0], [-s, c, 0], [0, 0, 1]], dtype=torch.float64)


def coordinate_y(angle_deg):
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return torch.tensor([[c, 0, -s], [0, 1, 0], [s, 0, c]], dtype=torch.float64)


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 40, 50), (-100, 170, 20), (200, 10, -80)])
def test_the_matrix_is_the_product_of_coordinate_rotations(angles):
    rot, tilt, psi = angles
    torch.testing.assert_close(R.from_euler(rot, tilt, psi), coordinate_z(psi) @ coordinate_y(tilt) @ coordinate_z(rot))


def test_the_third_row_is_the_view_direction():
    rot, tilt = math.radians(30), math.radians(40)
    expected = [math.sin(tilt) * math.cos(rot), math.sin(tilt) * math.sin(rot), math.cos(tilt)]
    torch.testing.assert_close(R.from_euler(30, 40, 77)[2], torch.tensor(expected, dtype=torch.float64))


def test_rot_90_sends_x_to_minus_y():
    """A point on +x lands on -y of the image for rot 90 and for psi 90: coordinate, not active rotations."""
    x = torch.tensor([1.0, 0, 0], dtype=torch.float64)
    for angles in ((90, 0, 0), (0, 0, 90)):
        torch.testing.assert_close(R.from_euler(*angles) @ x, torch.tensor([0.0, -1, 0], dtype=torch.float64))


def test_euler_angles_come_back():
    matrices = some()
    torch.testing.assert_close(R.from_euler(*R.to_euler(matrices)), matrices)
    rot, tilt, psi = R.to_euler(
        R.from_euler(torch.tensor([20.0, -150.0]), torch.tensor([30.0, 100.0]), torch.tensor([-70.0, 160.0]))
    )
    torch.testing.assert_close(torch.stack([rot, tilt, psi], 1), torch.tensor([[20.0, 30, -70], [-150, 100, 160]]))


@pytest.mark.parametrize("tilt", [0.0, 180.0])
def test_euler_angles_at_the_poles(tilt):
    matrices = R.from_euler(torch.tensor([10.0, 100.0, -60.0], dtype=torch.float64), tilt, torch.tensor([20.0, 0.0, 150.0]))
    torch.testing.assert_close(R.from_euler(*R.to_euler(matrices)), matrices, atol=1e-7, rtol=0)


def test_quaternions_come_back_also_for_half_turns():
    half_turns = R.about_axis((1, 2, 3), 180.0)[None]
    matrices = torch.cat([some(), half_turns, torch.eye(3, dtype=torch.float64)[None]])
    torch.testing.assert_close(R.from_quaternion(R.to_quaternion(matrices)), matrices)


def test_a_rotation_vector_is_an_axis_and_an_angle():
    vector = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64)
    torch.testing.assert_close(R.from_vector(vector), R.about_axis(vector, math.degrees(float(vector.norm()))))
    torch.testing.assert_close(
        R.from_vector(vector),
        torch.linalg.matrix_exp(torch.tensor([[0, -0.5, -0.2], [0.5, 0, -0.3], [0.2, 0.3, 0]], dtype=torch.float64)),
    )
    torch.testing.assert_close(R.from_vector(torch.zeros(3, dtype=torch.float64)), torch.eye(3, dtype=torch.float64))


def test_distance_is_the_angle_of_the_difference():
    matrices = some(50)
    for angle in (1e-5, 0.5, 90.0, 179.0):
        turned = R.about_axis((1, -1, 2), angle) @ matrices
        torch.testing.assert_close(
            R.distance_deg(matrices, turned), torch.full((50,), angle, dtype=torch.float64), rtol=1e-6, atol=0
        )


def test_distance_modulo_symmetry_does_not_see_the_mate():
    matrices, group = some(20), operators("D3")
    for operator in group:
        assert float(R.distance_deg(matrices, matrices @ operator, group).max()) < 1e-6
    assert float(R.distance_deg(matrices, matrices @ group[1]).min()) > 100


def test_random_rotations_are_even():
    matrices = some(20000, seed=3)
    assert float(matrices.mean(0).abs().max()) < 0.02
    assert float((matrices[:, 2, 2] ** 2).mean()) == pytest.approx(1 / 3, abs=0.01)


def test_the_mean_of_near_rotations():
    middle = some(1, seed=4)[0]
    generator = torch.Generator().manual_seed(5)
    near = R.from_vector(0.05 * torch.randn(500, 3, generator=generator, dtype=torch.float64)) @ middle
    assert float(R.distance_deg(R.mean_rotation(near), middle)) < 0.5
