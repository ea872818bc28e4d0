"""RELION's own motion correction on a simulated session: drift, gain and hot pixels are where the truth has them."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context
from vitreous.files import motion
from vitreous.simulation.session import simulate_session
from vitreous.simulation.settings import Camera, Ice, Motion, Particles, SessionSettings, Specimen


@pytest.mark.relion
@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 9])
def test_motion_as_relion_finds_it(relion: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """A bright still-standing specimen, so that the noise of the alignment is far below the drift."""
    monkeypatch.chdir(tmp_path)
    settings = SessionSettings(
        movies=1,
        specimen=Specimen(symmetry="C2", mass_kDa=150),
        particles=Particles(per_micrograph=30, spacing=0.8),
        camera=Camera(width=560, height=512, frames=10, dose_e_A2=120),
        ice=Ice(water_motion_A2=0.0),
        motion=Motion(drift_A=25, local_A=0),
        damage=0.0,
    )
    simulate_session(settings, Path("sim"), Context(seed=seed))
    dose = ["--dose_per_frame", "12", "--angpix", "2", "--voltage", "300"]
    gain = ["--gainref", "sim/gain.mrc", "--defect_file", "sim/defects.txt"]
    command = [f"{relion}/relion_run_motioncorr", "--i", "sim/movies.star", "--o", "mc/", "--use_own", *dose, *gain]
    subprocess.run(command, check=True, capture_output=True)
    truth, found = motion.read("sim/motion/movie_00001.star"), motion.read("mc/sim/movies/movie_00001.star")
    assert np.abs(truth.shifts_px).max() > 3
    difference = found.shifts_px - truth.shifts_px
    assert np.abs(difference - difference.mean(axis=0)).max() < 0.5
    assert 6 <= len(found.bad_px) <= 14  # twelve hot pixels; those of little heat are passed over
