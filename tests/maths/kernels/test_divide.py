"""Division by weights: shell means, priors, floors, and what lies beyond."""

import torch

from vitreous.maths.grids import radius3
from vitreous.maths.kernels.divide import divide, last_shell, shell_means


def test_means_of_a_radial_weight_are_the_weight():
    radius = radius3(16) / 2
    means = shell_means(torch.floor(radius + 0.5), padding=2, r_max=7.4)
    torch.testing.assert_close(means, torch.arange(8, dtype=torch.float64))
    assert last_shell(7.4) == 7 and last_shell(7.5) == 8


def test_prior_floor_and_limit():
    radius = radius3(8)
    data = torch.ones(8, 8, 5, dtype=torch.complex128)
    weight = torch.ones(8, 8, 5, dtype=torch.float64)
    weight[0, 0, 1], weight[0, 0, 2] = 0.0, 0.0
    prior = torch.tensor([1.0, 0.0, 0.0, 3.0], dtype=torch.float64)
    floor = torch.tensor([0.0, 0.5, 0.0, 0.0], dtype=torch.float64)
    divide(data, weight, padding=1, r_max=3.2, prior=prior, floor=floor)
    assert data[0, 0, 0] == 0.5 and data[0, 0, 1] == 2 and data[0, 0, 2] == 0 and data[0, 0, 3] == 0.25 and data[0, 1, 0] == 1
    assert not data[radius > 3.2].any()
