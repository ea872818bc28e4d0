"""Beam tilt and odd Zernike terms."""

import math

import torch

from vitreous.maths.aberrations import beam_tilt_phase, odd_phase, phase_factor
from vitreous.maths.ctf import CtfParams, phase_at, wavelength_A
from vitreous.maths.zernike import even_basis, even_term, odd_term, zernike


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
    kx, ky = points(2)
    factor = phase_factor(beam_tilt_phase(kx, ky, tilt_mrad=(1.0, -2.0), voltage_kV=200.0, cs_mm=2.0))
    torch.testing.assert_close(factor * factor.conj(), torch.ones_like(factor))
    assert float((factor - 1).abs().max()) > 0.5


def test_the_order_of_the_terms_is_that_of_the_files():
    assert [odd_term(i) for i in range(6)] == [(1, -1), (1, 1), (3, -3), (3, -1), (3, 1), (3, 3)]
    assert [even_term(i) for i in range(9)] == [(0, 0), (2, -2), (2, 0), (2, 2), (4, -4), (4, -2), (4, 0), (4, 2), (4, 4)]


def test_defocus_and_astigmatism_are_even_terms():
    kx, ky = points(3)
    ideal = CtfParams.of(10000.0, voltage_kV=300.0)
    lam = float(wavelength_A(ideal.voltage_kV)[0])
    # coefficients are terms of minus our phase, and Z20 = 2 k^2 - 1: 500 Å more defocus is -pi lam 500 k^2 of gamma
    more = -math.pi * lam * 500
    aberrant = CtfParams.of(10000.0, voltage_kV=300.0, even_zernike=[more / 2, 0.0, more / 2, 0.0])
    torch.testing.assert_close(phase_at(aberrant, kx, ky), phase_at(CtfParams.of(10500.0, voltage_kV=300.0), kx, ky))
    split = CtfParams.of(10000.0, voltage_kV=300.0, even_zernike=[0.0, 0.0, 0.0, -math.pi * lam * 200])
    torch.testing.assert_close(phase_at(split, kx, ky), phase_at(CtfParams.of(10200.0, 9800.0, voltage_kV=300.0), kx, ky))


def test_even_terms_are_even():
    kx, ky = points(4)
    torch.testing.assert_close(even_basis(kx, ky, 9), even_basis(-kx, -ky, 9))


def test_rows_of_ctfs_keep_their_aberrations():
    params = CtfParams.of([9000.0, 9000.0], even_zernike=[[0.0, 0.1, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    kx, ky = points(5)
    torch.testing.assert_close(phase_at(params[1], kx, ky)[0], phase_at(CtfParams.of(9000.0), kx, ky)[0])
    torch.testing.assert_close(phase_at(params, kx, ky)[0], phase_at(params[0], kx, ky)[0])
