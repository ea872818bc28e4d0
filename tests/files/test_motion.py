import tarfile

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import motion


def a_motion(**changed):
    given = {
        "movie": "Movies/a.tiff",
        "gain": "gain.mrc",
        "shape": (5, 30, 40),
        "pixel_size_A": 0.885,
        "voltage_kV": 200.0,
        "binning": 1.0,
        "dose_per_frame_e_A2": 1.277,
        "pre_exposure_e_A2": 0.5,
        "first_frame": 2,
        "shifts_px": np.random.default_rng(0).normal(size=(4, 2)),
        "coefficients": np.random.default_rng(1).normal(size=(2, 18)),
        "bad_px": np.array([[3, 7], [39, 0]]),
    }
    return motion.Motion(**{**given, **changed})


def test_written_and_read_again(tmp_path):
    truth = a_motion()
    motion.write(tmp_path / "a.star", truth)
    found = motion.read(tmp_path / "a.star")
    assert found.shifts_px == pytest.approx(truth.shifts_px, abs=1e-6)
    assert found.coefficients == pytest.approx(truth.coefficients, abs=1e-6)
    assert (found.bad_px == truth.bad_px).all()
    for name in ("movie", "gain", "shape", "pixel_size_A", "voltage_kV", "binning", "first_frame", "dose_per_frame_e_A2"):
        assert getattr(found, name) == getattr(truth, name)


def test_without_local_motion_and_bad_pixels(tmp_path):
    motion.write(tmp_path / "a.star", a_motion(coefficients=None, bad_px=np.zeros((0, 2), int), gain=""))
    found = motion.read(tmp_path / "a.star")
    assert found.coefficients is None and len(found.bad_px) == 0 and found.gain == ""


def test_another_file_is_refused(tmp_path):
    (tmp_path / "a.star").write_text("data_particles\n\nloop_\n_rlnImageName #1\n1@a.mrcs\n")
    with pytest.raises(UserError, match="data_general"):
        motion.read(tmp_path / "a.star")


@pytest.mark.data
def test_relions_own_file(tmp_path, data):
    with tarfile.open(data / "relion_projects" / "relion31_tutorial_betagal.tar.xz") as archive:
        member = next(m for m in archive if "MotionCorr/job002/Movies/" in m.name and m.name.endswith(".star"))
        archive.extract(member, tmp_path, filter="data")
    found = motion.read(tmp_path / member.name)
    assert found.shape == (24, 3838, 3710)
    assert len(found.shifts_px) == 24 and found.coefficients.shape == (2, 18)
    assert found.pixel_size_A == 0.885 and found.gain == "Movies/gain.mrc" and len(found.bad_px) > 3
