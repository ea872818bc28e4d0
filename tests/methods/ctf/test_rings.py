import numpy as np
import pytest
import torch

from vitreous.maths.ctf import CtfParams, phase_at
from vitreous.methods.ctf.rings import Astigmatism, Microscope, band, from_form


@pytest.mark.parametrize("seed", range(5))
def test_form_and_back(seed):
    generator = np.random.default_rng(seed)
    u, v = np.sort(generator.uniform(2000, 40000, 2))[::-1]
    angle = generator.uniform(-89.9, 90)
    found = from_form(Astigmatism(u, v, angle).form())
    assert found.defocus_u_A == pytest.approx(u)
    assert found.defocus_v_A == pytest.approx(v)
    assert found.angle_deg == pytest.approx(angle)


def test_the_larger_defocus_lies_along_its_angle():
    astigmatism = Astigmatism(12000.0, 9000.0, 30.0)
    assert astigmatism.along(np.deg2rad(np.array([30.0, 120.0, -150.0]))) == pytest.approx([12000, 9000, 12000])


def test_the_band_has_the_phase_of_the_one_ctf():
    microscope, astigmatism = Microscope(200.0, 1.4, 0.07), Astigmatism(15300.0, 14100.0, -37.0)
    box, pixel = 128, 1.7
    pixels = band(box, pixel, microscope, min_resolution_A=30, max_resolution_A=4)
    axis = torch.arange(box) - box // 2
    ky, kx = torch.meshgrid(axis / (box * pixel), axis / (box * pixel), indexing="ij")
    params = CtfParams.of(15300.0, 14100.0, defocus_angle_deg=-37.0, voltage_kV=200.0, cs_mm=1.4, amplitude_contrast=0.07)
    truth = phase_at(params, kx, ky)[0].numpy().ravel()[pixels.index]
    assert pixels.phase(astigmatism.form()) == pytest.approx(truth, abs=2e-4)
    assert pixels.phase(astigmatism.form(), 0.5) == pytest.approx(truth + 0.5, abs=2e-4)


def test_the_band_leaves_out_the_axes_and_other_half():
    pixels = band(512, 1.4, Microscope(300, 2.7, 0.1), min_resolution_A=30, max_resolution_A=5)
    rows, columns = np.divmod(pixels.index, 512)
    assert rows.min() > 256 + 10
    assert np.abs(columns - 256).min() > 10
    assert pixels.k.min() >= 1 / 30 and pixels.k.max() <= 1 / 5
