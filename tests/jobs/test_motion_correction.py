import subprocess
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context, UserError
from vitreous.files import motion, mrc, star, tiff
from vitreous.jobs.motion_correction import MotionCorrection
from vitreous.methods.motion.settings import Alignment, Exposure, Gain, SavedSums
from vitreous.tables.table import Table

SHAPE = (200, 240)


def counts(seed, track, shape=SHAPE):
    generator = np.random.default_rng(seed)
    ky, kx = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    transform = np.fft.rfft2(generator.normal(size=shape)) * np.exp(-(kx**2 + ky**2) / (2 * 0.06**2))
    scale = 0.2 / np.fft.irfft2(transform, s=shape).std()
    pictures = [np.fft.irfft2(scale * transform * np.exp(-2j * np.pi * (kx * dx + ky * dy)), s=shape) for dx, dy in track]
    return np.stack([generator.poisson(20 * np.clip(1 + p, 0.1, None)) for p in pictures]).astype(np.uint8)


TRACK = np.stack([0.8 * np.arange(9), -0.3 * np.arange(9)], axis=1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("Movies").mkdir()
    for index in range(2):
        tiff.write_tiff_movie(Path(f"Movies/m{index}.tiff"), counts(index, TRACK))
    movies("movies.star", ["Movies/m0.tiff", "Movies/m1.tiff"])
    folder = Path("MotionCorr/job002")
    folder.mkdir(parents=True)
    return folder


def movies(path, names):
    optics = {
        "optics_group_name": np.array(["one"], object),
        "optics_group": np.array([1]),
        "original_pixel_size_A": np.array([0.9]),
        "voltage_kV": np.array([300.0]),
        "cs_mm": np.array([2.7]),
        "amplitude_contrast": np.array([0.1]),
    }
    rows = {"movie": np.array(names, object), "optics_group": np.ones(len(names), int)}
    star.write_table(path, Table(rows, "movies", Table(optics)))


def run(job, folder):
    context = Context(folder=folder)
    records = [job.work(unit, context) for unit in job.units(context)]
    job.gather(records, context)
    return star.read_table(folder / "corrected_micrographs.star", "micrographs")


def test_each_movie_gets_its_sums_motion_and_row(folder):
    table = run(MotionCorrection(movies="movies.star", sums=SavedSums(save_unweighted=True)), folder)
    assert list(table) == [
        *("power_spectrum", "micrograph_no_dw", "micrograph", "micrograph_metadata", "optics_group"),
        *("accumulated_motion_A", "early_motion_A", "late_motion_A"),
    ]
    assert table["micrograph"].tolist() == ["MotionCorr/job002/Movies/m0.mrc", "MotionCorr/job002/Movies/m1.mrc"]
    assert table.optics["micrograph_pixel_size_A"] == np.array([0.9])
    for row in table.rows():
        image, pixel = mrc.read_image(row["micrograph"])
        assert image.shape == SHAPE and pixel == pytest.approx(0.9)
        assert mrc.read_image(row["micrograph_no_dw"])[0].mean() == pytest.approx(9 * 20, rel=0.05)
        found = motion.read(row["micrograph_metadata"])
        assert found.shape == (9, *SHAPE)
        assert found.shifts_px == pytest.approx(-TRACK, abs=0.25)
        length = 0.9 * np.hypot(*np.diff(TRACK, axis=0).T).sum()
        assert row["accumulated_motion_A"] == pytest.approx(length, rel=0.15)
        assert row["early_motion_A"] + row["late_motion_A"] == pytest.approx(row["accumulated_motion_A"], abs=1e-3)
        spectrum, _ = mrc.read_image(row["power_spectrum"])
        assert spectrum.shape[0] == spectrum.shape[1]


def test_some_frames_only(folder):
    exposure = Exposure(first_frame=3, last_frame=7, dose_per_frame_e_A2=1.5)
    table = run(MotionCorrection(movies="movies.star", exposure=exposure), folder)
    text = Path(table["micrograph_metadata"][0]).read_text()
    found = motion.read(table["micrograph_metadata"][0])
    assert found.first_frame == 3 and len(found.shifts_px) == 5 and found.shape[0] == 9
    assert star.read(table["micrograph_metadata"][0])["global_shift"]["rlnMicrographFrameNumber"].tolist() == [3, 4, 5, 6, 7]
    assert "micrograph_no_dw" not in table and "rlnMicrographDoseRate" in text


@pytest.mark.parametrize("rotation", ["0", "90", "180", "270"])
@pytest.mark.parametrize("flip", ["none", "upside down", "left to right"])
def test_the_gain_lies_as_it_is_turned(folder, rotation, flip):
    shape = (200, 200)
    truth = np.random.default_rng(5).uniform(0.5, 2.0, shape).astype(np.float32)
    frames = counts(7, TRACK[:4], shape).astype(np.float32)
    mrc.write_stack("Movies/g.mrcs", frames / truth, pixel_size_A=0.9)
    movies("movies.star", ["Movies/g.mrcs"])
    stored = truth[::-1] if flip == "upside down" else truth[:, ::-1] if flip == "left to right" else truth
    mrc.write_image("gain.mrc", np.rot90(stored, int(rotation) // 90), pixel_size_A=0.9)
    job = MotionCorrection(
        movies="movies.star",
        gain_reference="gain.mrc",
        gain=Gain(gain_rotation_deg=rotation, gain_flip=flip),
        exposure=Exposure(dose_weighting=False),
    )
    image, _ = mrc.read_image(run(job, folder)["micrograph"][0])
    still = frames.sum(0)
    assert abs(image.std() / still.std() - 1) < 0.15
    assert motion.read(folder / "Movies/g.star").gain == "gain.mrc"


def test_half_precision_and_binning(folder):
    job = MotionCorrection(movies="movies.star", sums=SavedSums(half_precision=True), alignment=Alignment(bin_factor=2.0))
    table = run(job, folder)
    header = mrc.read_header(table["micrograph"][0])
    assert header.mode == 12 and header.shape[1:] == (100, 120)
    assert table.optics["micrograph_pixel_size_A"] == np.array([1.8])
    assert motion.read(table["micrograph_metadata"][0]).binning == 2


def test_bad_movies_are_refused_by_name(folder):
    job = MotionCorrection(movies="movies.star")
    units = job.units(Context())
    whole = Path("Movies/m0.tiff").read_bytes()
    Path("Movies/m0.tiff").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"m0\.tiff"):
        job.work(units[0], Context(folder=folder))
    Path("Movies/m0.tiff").write_bytes(b"")
    with pytest.raises(UserError, match=r"m0\.tiff"):
        job.work(units[0], Context(folder=folder))
    frames = counts(0, TRACK)
    frames[4] = 0
    tiff.write_tiff_movie(Path("Movies/m0.tiff"), frames)
    with pytest.raises(UserError, match=r"m0\.tiff: all pixels of frame 5"):
        job.work(units[0], Context(folder=folder))
    mrc.write_image("gain.mrc", np.ones((240, 200), np.float32), pixel_size_A=1)
    with pytest.raises(UserError, match=r"gain\.mrc"):
        MotionCorrection(movies="movies.star", gain_reference="gain.mrc").work(units[1], Context(folder=folder))
    with pytest.raises(UserError, match="9 frames; frames 4 to 12"):
        MotionCorrection(movies="movies.star", exposure=Exposure(first_frame=4, last_frame=12)).work(
            units[1], Context(folder=folder)
        )
    assert not list(folder.rglob("*.*"))


@pytest.mark.relion
@pytest.mark.parametrize("turn, rotation", list(enumerate(["0", "90", "180", "270"])))
@pytest.mark.parametrize("over, flip", list(enumerate(["none", "upside down", "left to right"])))
def test_the_gain_is_turned_as_relion_turns_it(folder, relion, turn, rotation, over, flip):
    shape = (256, 256)
    gain = np.random.default_rng(6).uniform(0.5, 2.0, shape).astype(np.float32)
    tiff.write_tiff_movie(Path("Movies/g.tiff"), counts(8, TRACK[:4], shape))
    mrc.write_image("gain.mrc", gain, pixel_size_A=0.9)
    movies("movies.star", ["Movies/g.tiff"])
    command = [f"{relion}/relion_run_motioncorr", "--use_own", "--i", "movies.star", "--o", "relion/", "--gainref", "gain.mrc"]
    command += ["--gain_rot", str(turn), "--gain_flip", str(over), "--j", "1"]
    subprocess.run(command, check=True, capture_output=True)
    job = MotionCorrection(
        movies="movies.star",
        gain_reference="gain.mrc",
        gain=Gain(gain_rotation_deg=rotation, gain_flip=flip),
        exposure=Exposure(dose_weighting=False),
    )
    ours, _ = mrc.read_image(run(job, folder)["micrograph"][0])
    theirs, _ = mrc.read_image("relion/Movies/g.mrc")
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.9
    shifts = motion.read("relion/Movies/g.star").shifts_px
    assert motion.read(folder / "Movies/g.star").shifts_px == pytest.approx(shifts, abs=1.0)
