"""HEALPix directions: known values, evenness, nesting."""

import math

import pytest
import torch

from vitreous.maths import sphere
from vitreous.maths.rotations import distance_deg


def test_order_zero_is_the_twelve_base_pixels():
    z = sphere.vectors(sphere.healpix(0))[:, 2]
    expected = [2 / 3] * 4 + [0.0] * 4 + [-2 / 3] * 4
    torch.testing.assert_close(z, torch.tensor(expected, dtype=torch.float64), atol=1e-12, rtol=0)
    rot = sphere.healpix(0)[:, 0] % 360
    assert rot.tolist() == pytest.approx([45, 135, 225, 315, 0, 90, 180, 270, 45, 135, 225, 315])


@pytest.mark.parametrize(
    ("order", "pixel", "theta", "phi"),
    [
        # nested scheme, nside 4: from the closed form of Gorski et al. 2005 worked by hand for pixels at the caps and the belt
        (2, 15, math.acos(1 - 1 / 48), math.pi / 4),
        (2, 0, math.acos(2 / 3 * (2 - 7 / 4)), math.pi / 4),
        (1, 3, math.acos(1 - 1 / 12), math.pi / 4),
        (1, 0, math.acos(1 / 3), math.pi / 4),
    ],
)
def test_known_pixels(order, pixel, theta, phi):
    rot, tilt = sphere.healpix(order)[pixel].tolist()
    assert (tilt, rot) == pytest.approx((math.degrees(theta), math.degrees(phi)))


@pytest.mark.parametrize("order", range(6))
def test_directions_are_distinct_even_and_antipodal(order):
    grid = sphere.vectors(sphere.healpix(order))
    assert len(grid) == sphere.count(order)
    assert float(grid.mean(0).abs().max()) < 1e-10
    second = torch.einsum("ni,nj->ij", grid, grid) / len(grid)
    assert float((second - torch.eye(3) / 3).abs().max()) < (0.02 if order else 0.2)
    if order <= 4:
        near = (grid @ grid.T).fill_diagonal_(-1).amax(1).clamp(max=1).acos().rad2deg()
        assert float(near.min()) > 0.6 * sphere.step_deg(order) and float(near.max()) < 1.3 * sphere.step_deg(order)
        opposite = (grid @ -grid.T).amax(1)
        assert float(opposite.min()) > 1 - 1e-9


def test_children_lie_in_their_parent():
    parents, children = (sphere.vectors(sphere.healpix(order)) for order in (2, 3))
    inside = (children.reshape(-1, 4, 3) * parents[:, None]).sum(-1).clamp(max=1).acos().rad2deg()
    assert float(inside.max()) < sphere.step_deg(2)
    nearest = (children @ parents.T).argmax(1)
    assert float((nearest == torch.arange(len(children)) // 4).double().mean()) > 0.9


def test_angles_and_vectors_agree():
    grid = sphere.healpix(3)
    torch.testing.assert_close(sphere.angles(sphere.vectors(grid)), grid)


@pytest.mark.parametrize("group", ["C1", "C4", "D2", "T", "O", "I1"])
def test_the_asymmetric_unit_holds_its_share(group):
    from vitreous.maths.symmetry import order

    share = len(sphere.directions(4, group)) * order(group) / sphere.count(4)
    assert share == pytest.approx(1, abs=0.1)


def test_rotations_cover_all_poses():
    grid = sphere.rotations(1)
    assert grid.shape == (48 * 12, 3, 3)
    from vitreous.maths.rotations import random_rotations

    probes = random_rotations(200, torch.Generator().manual_seed(0))
    nearest = torch.stack([distance_deg(probe, grid).min() for probe in probes])
    assert float(nearest.max()) < 30


@pytest.mark.parametrize(("angle", "order"), [(60, 0), (30, 1), (7.5, 3), (7.6, 3), (7.4, 4), (1.875, 5)])
def test_order_for_an_angle(angle, order):
    assert sphere.order_for(angle) == order


@pytest.mark.parametrize("group", ["C1", "C2", "C3", "C7", "D1", "D2", "D3", "D7", "T", "O", "I1", "I2", "I3", "I4"])
def test_the_grid_of_a_group_reaches_every_view_once(group):
    from vitreous.maths.rotations import random_rotations
    from vitreous.maths.symmetry import mates

    grid = sphere.vectors(sphere.directions(3, group))
    views = random_rotations(300, torch.Generator().manual_seed(4))[:, 2]
    nearest = (mates(views, group) @ grid.T).amax((1, 2)).clamp(max=1).acos().rad2deg()
    assert float(nearest.max()) < sphere.step_deg(3)
    # No direction stands for another's mate, but for those on the unit's border, where whole pixels are kept.
    apart = (mates(grid, group) @ grid.T).amax(1).fill_diagonal_(-1).amax(1).clamp(max=1).acos().rad2deg()
    assert float((apart < 1e-3).double().mean()) < 0.02
    assert float((apart > 0.6 * sphere.step_deg(3)).double().mean()) > 0.6
