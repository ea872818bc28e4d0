import csv

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.methods.ctf import fit, report, spectrum
from vitreous.methods.ctf.rings import Microscope
from vitreous.methods.ctf.settings import CtfSearch

TITAN = Microscope(300.0, 2.7, 0.1)


def micrograph(seed, u, v, angle, *, phase_deg=0.0, shape=(1200, 1400), pixel=1.5, signal=0.35, kV=300.0, cs=2.7, q0=0.1):
    """Noise through a CTF, plus noise; the formula is written out here on its own."""
    generator = np.random.default_rng(seed)
    volts = kV * 1e3
    wavelength = 12.2643247 / np.sqrt(volts + 0.978466e-6 * volts**2)
    ky = np.fft.fftfreq(shape[0], pixel)[:, None]
    kx = np.fft.rfftfreq(shape[1], pixel)[None, :]
    k2 = kx**2 + ky**2
    theta = np.arctan2(ky, kx)
    defocus = (u + v) / 2 + (u - v) / 2 * np.cos(2 * (theta - np.deg2rad(angle)))
    chi = np.pi * wavelength * defocus * k2 - np.pi / 2 * cs * 1e7 * wavelength**3 * k2**2
    ctf = np.sin(chi + np.arcsin(q0) + np.deg2rad(phase_deg)) * np.exp(-20 * k2)
    ice = np.fft.irfft2(np.fft.rfft2(generator.normal(size=shape)) * ctf, s=shape)
    return (signal * ice / ice.std() + generator.normal(size=shape) + 3).astype(np.float32)


def apart(one, other):
    return abs((one - other + 90) % 180 - 90)


@pytest.mark.parametrize("seed", range(4))
def test_defocus_and_astigmatism_are_found(seed):
    generator = np.random.default_rng(100 + seed)
    mean, difference, angle = generator.uniform(6000, 30000), generator.uniform(200, 1200), generator.uniform(-90, 90)
    u, v = mean + difference / 2, mean - difference / 2
    found = fit.estimate(micrograph(seed, u, v, angle), 1.5, microscope=TITAN, search=CtfSearch())
    assert abs(found.astigmatism.mean_A - mean) < 30
    assert abs(found.defocus_u_A - u) < 60
    assert abs(found.defocus_v_A - v) < 60
    assert apart(found.defocus_angle_deg, angle) < 8
    assert found.defocus_u_A >= found.defocus_v_A
    assert 0 < found.error_A < 30


def test_turning_the_picture_over_turns_the_angle_over():
    image = micrograph(7, 15500, 14500, 30)
    upright = fit.estimate(image, 1.5, microscope=TITAN, search=CtfSearch())
    over = fit.estimate(image[::-1], 1.5, microscope=TITAN, search=CtfSearch())
    assert apart(upright.defocus_angle_deg, 30) < 4
    assert apart(over.defocus_angle_deg, -upright.defocus_angle_deg) < 2


def test_a_phase_shift_is_found():
    search = CtfSearch(fit_phase=True)
    image = micrograph(3, 10400, 10000, 10, phase_deg=70.0)
    found = fit.estimate(image, 1.5, microscope=TITAN, search=search)
    assert abs(found.phase_shift_deg - 70) < 8
    assert abs(found.astigmatism.mean_A - 10200) < 120


def test_strong_astigmatism_needs_the_exhaustive_search():
    image = micrograph(4, 20000, 15000, -20)
    found = fit.estimate(image, 1.5, microscope=TITAN, search=CtfSearch(exhaustive=True, astigmatism_A=-1))
    assert abs(found.defocus_u_A - 20000) < 60
    assert abs(found.defocus_v_A - 15000) < 60


def test_clear_rings_reach_further_than_faint_ones():
    clear = fit.estimate(micrograph(1, 12000, 11800, 0, signal=0.8), 1.5, microscope=TITAN, search=CtfSearch())
    faint = fit.estimate(micrograph(1, 12000, 11800, 0, signal=0.12), 1.5, microscope=TITAN, search=CtfSearch())
    assert clear.resolution_A < faint.resolution_A
    assert clear.score > faint.score > 0
    assert clear.error_A < faint.error_A


def test_noise_alone_scores_nothing():
    image = np.random.default_rng(8).normal(size=(1024, 1024)).astype(np.float32)
    found = fit.estimate(image, 1.5, microscope=TITAN, search=CtfSearch())
    assert found.score < 0.05
    assert found.resolution_A > 8


def test_a_small_and_a_wide_micrograph():
    found = fit.estimate(micrograph(5, 9100, 9000, 0, shape=(300, 900), signal=1.0), 1.5, microscope=TITAN, search=CtfSearch())
    assert abs(found.astigmatism.mean_A - 9050) < 250


@pytest.mark.parametrize(
    "search, words",
    [
        (CtfSearch(min_resolution_A=4.0, max_resolution_A=5.0), "resmin"),
        (CtfSearch(min_defocus_A=9000.0, max_defocus_A=8000.0), "defocus range is empty"),
        (CtfSearch(fit_phase=True, min_phase_deg=90.0, max_phase_deg=10.0), "phase shifts"),
    ],
)
def test_ranges_that_are_empty_are_refused(search, words):
    image = np.random.default_rng(0).random((600, 600)).astype(np.float32)
    with pytest.raises(UserError, match=words):
        fit.estimate(image, 1.5, microscope=TITAN, search=search)


def test_the_picture_and_the_curves():
    found = fit.estimate(micrograph(2, 15000, 14800, 40, signal=1.0), 1.5, microscope=TITAN, search=CtfSearch())
    picture = report.picture(found, TITAN)
    assert picture.shape == (512, 512) and np.isfinite(picture).all()
    mirrored = np.roll(picture[:, ::-1][::-1], 1, axis=(0, 1))
    y, x = np.mgrid[:512, :512] - 256
    seen = (x > 3) & (np.hypot(x, y) > 30) & (np.hypot(x, y) < 150)
    assert np.corrcoef(mirrored[seen], picture[seen])[0, 1] > 0.5
    rows = [line for line in report.curves_text(found, "a.mrc").splitlines() if not line.startswith("#")]
    assert len(rows) == 6
    assert float(rows[0].split()[-1]) == pytest.approx(255 / (512 * found.spectrum.pixel_size_A), rel=1e-5)
    log = report.log_text(found, "a.mrc")
    assert f"{found.defocus_u_A:.2f} , {found.defocus_v_A:.2f} Angstroms" in log


@pytest.mark.data
def test_ten_real_spectra_agree_with_ctffind(data):
    from vitreous.files import mrc

    folder = data / "betagal_particles"
    with (folder / "ctf_truth.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        picture, pixel = mrc.read_image(folder / "power_spectra" / f"{row['micrograph']}_frameImage_PS.mrc")
        averaged = spectrum.from_power_spectrum(picture, pixel)
        found = fit.fit(averaged, microscope=Microscope(200.0, 1.4, 0.1), search=CtfSearch())
        u, v, angle = (float(row[f"truth_{name}"]) for name in ("defocusU", "defocusV", "angle"))
        assert abs(found.astigmatism.mean_A - (u + v) / 2) < 40, row["micrograph"]
        assert abs(found.defocus_u_A - u) < 60 and abs(found.defocus_v_A - v) < 60, row["micrograph"]
        assert apart(found.defocus_angle_deg, angle) < 5, row["micrograph"]
        assert found.resolution_A == pytest.approx(float(row["truth_maxres"]), rel=0.2), row["micrograph"]


@pytest.mark.data
def test_a_real_micrograph(data):
    from vitreous.files import mrc

    image, _ = mrc.read_image(data / "micrographs" / "fei-extended.mrc")
    found = fit.estimate(image, 0.8537755, microscope=TITAN, search=CtfSearch())
    assert abs(found.astigmatism.mean_A - 10530) < 50
    assert found.resolution_A < 6
