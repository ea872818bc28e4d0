"""Critical exposures and weights of frames."""

import math

import pytest
import torch

from vitreous.maths.dose import critical_dose, dose_weights


@pytest.mark.parametrize(("d", "dose"), [(10, 14.1), (7, 9.1), (5, 6.4), (4, 5.3), (3, 4.3), (2, 3.6)])
def test_published_values_at_300_kV(d, dose):
    assert float(critical_dose(torch.tensor(1 / d, dtype=torch.float64))) == pytest.approx(dose, abs=0.06)


@pytest.mark.parametrize(("kV", "factor"), [(300, 1), (200, 0.8), (100, 0.64), (250, 0.9), (80, 0.64)])
def test_voltage_scales_it(kV, factor):
    k = torch.tensor([0.1, 0.3], dtype=torch.float64)
    torch.testing.assert_close(critical_dose(k, kV), factor * critical_dose(k))


def test_weights_are_one_at_dc_and_fall_with_dose_and_frequency():
    k = torch.tensor([[0.0, 0.1], [0.2, 0.4]], dtype=torch.float64)
    weights = dose_weights(k, [5.0, 50.0])
    assert weights.shape == (2, 2, 2)
    assert weights[:, 0, 0].tolist() == [1.0, 1.0]
    assert bool((weights[1] <= weights[0]).all()) and float(weights[0, 1, 1]) < float(weights[0, 0, 1])
    ne = float(critical_dose(torch.tensor(0.2, dtype=torch.float64)))
    assert float(weights[0, 1, 0]) == pytest.approx(math.exp(-5 / (2 * ne)))


def test_the_best_exposure_of_a_plain_sum():
    """(1 - exp(-N / 2 Ne))^2 / N is largest at 2.513 Ne."""
    ne = critical_dose(torch.tensor(0.2, dtype=torch.float64))
    doses = torch.linspace(0.1, 5, 4000, dtype=torch.float64) * ne
    gain = (1 - torch.exp(-doses / (2 * ne))) ** 2 / doses
    assert float(doses[gain.argmax()] / ne) == pytest.approx(2.513, abs=0.01)
