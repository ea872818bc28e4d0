"""The CTF against its formula, and the signs of defocus, astigmatism and phase."""

import math

import numpy as np
import pytest
import torch

from vitreous.maths.ctf import CtfParams, ctf1d, ctf2d, ctf_at, phase_at, wavelength_A


def by_hand(kx, ky, u, v, *, angle, kV, cs, q0, phase=0.0, b=0.0, scale=1.0):
    volts = kV * 1e3
    lam = 12.2643247 / math.sqrt(volts * (1 + 0.978466e-6 * volts))
    square, theta = kx**2 + ky**2, math.atan2(ky, kx)
    dz = (u + v) / 2 + (u - v) / 2 * math.cos(2 * (theta - math.radians(angle)))
    chi = math.pi * lam * square * dz - math.pi / 2 * cs * 1e7 * lam**3 * square**2 + math.radians(phase) + math.asin(q0)
    return scale * math.sin(chi) * math.exp(-b * square / 4)


def test_against_the_formula_point_by_point():
    rng = np.random.default_rng(0)
    kx, ky = rng.uniform(-0.3, 0.3, (2, 50))
    rows = [
        {"u": 15000, "v": 14000, "angle": 30, "kV": 300, "cs": 2.7, "q0": 0.1},
        {"u": 8000, "v": 9500, "angle": -75, "kV": 200, "cs": 1.4, "q0": 0.07, "phase": 90, "b": 60, "scale": 0.8},
        {"u": -5000, "v": -5500, "angle": 120, "kV": 120, "cs": 2.0, "q0": 0.2},
    ]
    params = CtfParams.of(
        [r["u"] for r in rows],
        [r["v"] for r in rows],
        defocus_angle_deg=[r["angle"] for r in rows],
        voltage_kV=[r["kV"] for r in rows],
        cs_mm=[r["cs"] for r in rows],
        amplitude_contrast=[r["q0"] for r in rows],
        phase_shift_deg=[r.get("phase", 0) for r in rows],
        bfactor_A2=[r.get("b", 0) for r in rows],
        scale=[r.get("scale", 1) for r in rows],
    )
    expected = torch.tensor([[by_hand(x, y, **row) for x, y in zip(kx, ky)] for row in rows], dtype=torch.float64)
    points = torch.from_numpy(kx), torch.from_numpy(ky)
    torch.testing.assert_close(ctf_at(params, *points, dtype=torch.float64), expected)
    torch.testing.assert_close(ctf_at(params, *points), expected.float(), atol=2e-4, rtol=0)


@pytest.mark.parametrize(("kV", "lam"), [(300, 0.0196876), (200, 0.0250795), (120, 0.0334923), (100, 0.0370146)])
def test_wavelength(kV, lam):
    assert float(wavelength_A(torch.tensor(float(kV), dtype=torch.float64))) == pytest.approx(lam, abs=1e-7)


@pytest.mark.parametrize("box", [16, 17])
def test_the_grid_has_dc_first_and_its_value_is_the_amplitude_contrast(box):
    params = CtfParams.of(20000.0, 18000.0, defocus_angle_deg=40.0, amplitude_contrast=0.07)
    grid = ctf2d(params, box, 1.5, dtype=torch.float64)
    assert grid.shape == (1, box, box // 2 + 1)
    assert float(grid[0, 0, 0]) == pytest.approx(0.07)
    k = 1 / (box * 1.5)
    point = ctf_at(
        params, torch.tensor([3 * k], dtype=torch.float64), torch.tensor([-2 * k], dtype=torch.float64), dtype=torch.float64
    )
    assert float(grid[0, -2, 3]) == pytest.approx(float(point))


def test_positive_at_low_frequency_and_first_zero_where_it_must_be():
    lam = 0.0196876
    chi0 = math.asin(0.1)
    # pi lam dz k^2 - pi/2 Cs lam^3 k^4 + asin(0.1) = pi: a quadratic in k^2
    a, b, c = math.pi / 2 * 2.7e7 * lam**3, -math.pi * lam * 10000, math.pi - chi0
    k = math.sqrt((-b - math.sqrt(b * b - 4 * a * c)) / (2 * a))
    line = torch.linspace(0, 0.1, 100001, dtype=torch.float64)
    value = ctf1d(CtfParams.of(10000.0, amplitude_contrast=0.1), line)[0]
    first = int(torch.nonzero(value < 0)[0, 0])
    assert bool((value[:first] > 0).all())
    assert float(line[first]) == pytest.approx(k, rel=1e-4)
    deeper = ctf1d(CtfParams.of(20000.0, amplitude_contrast=0.1), line)[0]
    assert int(torch.nonzero(deeper < 0)[0, 0]) < first


def test_the_larger_defocus_lies_along_the_angle():
    params = CtfParams.of(12000.0, 9000.0, defocus_angle_deg=30.0)
    line = torch.linspace(0, 0.09, 9001, dtype=torch.float64)
    zero = {az: int(torch.nonzero(ctf1d(params, line, azimuth_deg=az)[0] < 0)[0, 0]) for az in (30.0, 120.0, 75.0)}
    assert zero[30.0] < zero[75.0] < zero[120.0]
    only_u = ctf1d(CtfParams.of(12000.0), line)
    torch.testing.assert_close(ctf1d(params, line, azimuth_deg=30.0), only_u)


def test_a_phase_shift_of_90_degrees_turns_sine_to_cosine():
    line = torch.linspace(0, 0.2, 50, dtype=torch.float64)
    plain = CtfParams.of(10000.0, amplitude_contrast=0.0)
    shifted = CtfParams.of(10000.0, amplitude_contrast=0.0, phase_shift_deg=90.0)
    torch.testing.assert_close(ctf1d(shifted, line), torch.cos(phase_at(plain, line, torch.zeros_like(line))))


def test_rows_and_broadcast():
    params = CtfParams.of(torch.arange(4) * 1000.0 + 5000, voltage_kV=200.0)
    assert len(params) == 4 and len(params[1]) == 1 and len(params[torch.tensor([0, 2])]) == 2
    torch.testing.assert_close(ctf2d(params[2], 8, 2.0), ctf2d(params, 8, 2.0)[2:3])
    with pytest.raises(TypeError, match="magic"):
        CtfParams.of(1.0, magic=3)
