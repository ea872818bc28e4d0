"""The simulator's optics against known numbers."""

import numpy as np
import pytest

from vitreous.simulation.microscope import Defocus, interaction_rad_VA, random_defocus, transfer, wavelength_A
from vitreous.simulation.settings import Microscope


@pytest.mark.parametrize(("voltage", "wave"), [(300, 0.0196875), (200, 0.0250793), (100, 0.0370144)])
def test_wavelength(voltage: float, wave: float) -> None:
    assert np.isclose(wavelength_A(voltage), wave, rtol=1e-5)


def test_interaction_constant() -> None:
    assert np.isclose(interaction_rad_VA(300), 6.526e-4, rtol=1e-3)
    assert np.isclose(interaction_rad_VA(100), 9.244e-4, rtol=1e-3)


def test_zeros_lie_where_the_formula_has_them() -> None:
    """Without Cs the n-th zero is at k2 = (n - asin(Q0) / pi) / (lambda dz)."""
    microscope = Microscope(cs_mm=0.0, envelope_bfactor_A2=0.0)
    dz = 15000.0
    for n in (1, 2, 5):
        k = np.sqrt((n - np.arcsin(0.1) / np.pi) / (wavelength_A(300) * dz))
        around = transfer(microscope, Defocus(dz, dz, 0.0), np.array([k * 0.999, k, k * 1.001]), np.zeros(3))
        assert abs(around[1]) < 1e-4
        assert around[0] * around[2] < 0


def test_positive_at_low_frequency_and_amplitude_contrast_at_zero() -> None:
    values = transfer(Microscope(), Defocus(15000, 15000, 0), np.array([0.0, 1e-3, 5e-3]), np.zeros(3))
    assert np.isclose(values[0], 0.1, atol=1e-6)
    assert (np.diff(values) > 0).all()


def test_defocus_u_is_along_its_angle() -> None:
    """At the angle of U the CTF is that of U alone, a right angle further that of V."""
    microscope, k = Microscope(envelope_bfactor_A2=0), 0.08
    for angle in (0.0, 30.0, -75.0):
        for turn, defocus in ((0, 20000.0), (90, 17000.0)):
            direction = np.deg2rad(angle + turn)
            kx, ky = np.array([k * np.cos(direction)]), np.array([k * np.sin(direction)])
            got = transfer(microscope, Defocus(20000, 17000, angle), kx, ky)
            assert np.allclose(got, transfer(microscope, Defocus(defocus, defocus, 0), kx, ky), atol=1e-5)


def test_random_defoci_keep_to_the_settings() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        defocus = random_defocus(Microscope(defocus_low_A=9000, defocus_high_A=12000, astigmatism_A=500), rng)
        assert 9000 <= (defocus.u_A + defocus.v_A) / 2 <= 12000
        assert 0 <= defocus.u_A - defocus.v_A <= 500
