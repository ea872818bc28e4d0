"""Beam tilt and odd Zernike terms."""

import math

import torch

from vitreous.maths.aberrations import beam_tilt_phase, odd_phase, phase_factor2d, zernike
from vitreous.maths.ctf import wavelength_A


def points(seed=0):
    return torch.rand(2, 30, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 0.5


def test_a_beam_tilt_is_its_zernike_terms():
    kx, ky = points()
    tilt, cs = (0.4, -0.7), 2.7
    lam = float(wavelength_A(torch.tensor(300.0, dtype=torch.float64)))
    z = [-2 * math.pi * 1e-3 * cs * 1e7 * lam**2 * t / 3 for t in tilt]
    # order (1,-1) (1,1) (3,-3) (3,-1) (3,1) (3,3); Z31 = (3 k^2 - 2) kx
    terms = [2 * z[1], 2 * z[0], 0.0, z[1], z[0], 0.0]
    torch.testing.assert_close(odd_phase(kx, ky, terms), beam_tilt_phase(kx, ky, tilt_mrad=tilt, voltage_kV=300.0, cs_mm=cs))


def test_trefoil_has_three_fold_symmetry_and_is_odd():
    kx, ky = points(1)
    c, s = math.cos(2 * math.pi / 3), math.sin(2 * math.pi / 3)
    value = zernike(3, 3, kx, ky)
    torch.testing.assert_close(zernike(3, 3, c * kx - s * ky, s * kx + c * ky), value)
    torch.testing.assert_close(zernike(3, 3, -kx, -ky), -value)


def test_data_made_with_the_factor_are_corrected_by_its_conjugate():
    factor = phase_factor2d(32, 1.0, tilt_mrad=(1.0, -2.0), voltage_kV=200.0, cs_mm=2.0)
    torch.testing.assert_close(factor * factor.conj(), torch.ones_like(factor))
    assert float((factor - 1).abs().max()) > 0.5
