"""Tracks, their files, and moving an image along them."""

import tarfile
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import star
from vitreous.simulation.motion import Track, random_track, read_track, write_track
from vitreous.simulation.settings import Camera, Microscope, Motion
from vitreous.simulation.warp import warped


def make(seed: int, **camera: int) -> tuple[Track, Camera]:
    shape = Camera(**camera)
    return random_track(Motion(), shape, np.random.default_rng(seed)), shape


@pytest.mark.parametrize("seed", range(3))
def test_a_track_is_written_and_read_back(seed: int, tmp_path: Path) -> None:
    track, camera = make(seed)
    write_track(tmp_path / "m.star", track, movie="m.tiff", camera=camera, microscope=Microscope(), gain="gain.mrc")
    read = read_track(tmp_path / "m.star", camera)
    assert np.allclose(read.path_px, track.path_px, atol=1e-5)
    x = y = np.array([-0.5, 0.1, 0.5])
    assert np.allclose(read.at(23, x, y), track.at(23, x, y), atol=1e-3)
    shifts = star.read(tmp_path / "m.star")["global_shift"]
    assert np.allclose(np.asarray(shifts["rlnMicrographShiftX"], float), -track.path_px[:, 0], atol=1e-5)


def test_nothing_has_moved_in_the_first_frame() -> None:
    track, _ = make(5)
    assert np.allclose(track.at(0, np.array([0.3]), np.array([-0.4])), 0)
    assert np.abs(track.path_px).max() > 1


def test_another_number_of_frames_takes_the_same_course(tmp_path: Path) -> None:
    track, camera = make(2)
    write_track(tmp_path / "m.star", track, movie="m.tiff", camera=camera, microscope=Microscope(), gain="gain.mrc")
    half = read_track(tmp_path / "m.star", Camera(frames=12, pixel_size_A=1.0))
    x = np.array([0.4])
    assert np.allclose(half.at(11, x, x), 2 * track.at(23, x, x), atol=1e-2)  # the same end in Å, of pixels half as large


@pytest.mark.data
def test_real_tracks_of_the_tutorial(data: Path, tmp_path: Path) -> None:
    with tarfile.open(data / "relion_projects" / "relion31_tutorial_betagal.tar.xz") as archive:
        member = next(m for m in archive if "MotionCorr/job002/Movies/" in m.name and m.name.endswith(".star"))
        archive.extract(member, tmp_path, filter="data")
    track = read_track(tmp_path / member.name, Camera(frames=24, pixel_size_A=0.885))
    corners = track.at(23, np.array([-0.5, 0.5]), np.array([-0.5, 0.5]))
    assert 1 < np.abs(track.path_px[-1]).max() < 60
    assert np.abs(corners - track.path_px[-1]).max() < 40


def test_a_file_of_another_kind_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.star").write_text("data_other\n\nloop_\n_rlnA #1\n1\n")
    with pytest.raises(UserError, match=r"x\.star"):
        read_track(tmp_path / "x.star", Camera())


def blob(shape: tuple[int, int], x: float, y: float, sigma: float = 2.0) -> np.ndarray:
    rows, columns = np.arange(shape[0])[:, None], np.arange(shape[1])[None]
    return np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * sigma**2)).astype(np.float32)


@pytest.mark.parametrize("place", [(20.0, 30.0), (100.0, 40.0), (64.0, 64.0), (110.0, 100.0)])
@pytest.mark.parametrize("seed", range(3))
def test_a_point_moves_by_the_local_displacement(place: tuple[float, float], seed: int) -> None:
    """A blob at r of the frame is found at r + path + local(r)."""
    rng = np.random.default_rng(seed)
    terms, path = rng.normal(0, 2.0, (2, 6)), rng.normal(0, 3.0, 2)
    shape, margin = (120, 140), 24
    canvas = blob((shape[0] + 2 * margin, shape[1] + 2 * margin), place[0] + path[0] + margin, place[1] + path[1] + margin)
    moved = warped(canvas, terms, path, shape)
    u, v = place[0] / shape[1] - 0.5, place[1] / shape[0] - 0.5
    local = terms @ np.array([1, u, u * u, v, v * v, u * v])
    expected = np.array(place) + path + local
    rows, columns = np.arange(shape[0]), np.arange(shape[1])
    found = np.array([(moved.sum(0) * columns).sum(), (moved.sum(1) * rows).sum()]) / moved.sum()
    assert np.allclose(found, expected, atol=0.05)


def test_fine_detail_survives_the_sampling() -> None:
    """Waves at 0.7 of Nyquist, moved by half a pixel, keep 98 % of their amplitude."""
    x = np.arange(200)[None] * np.ones((200, 1))
    for fraction in (0.3, 0.5, 0.7):
        canvas = np.cos(np.pi * fraction * x).astype(np.float32)
        terms = np.zeros((2, 6))
        terms[:, 0] = 0.5
        moved = warped(canvas, terms, np.zeros(2), (150, 150))
        expected = np.cos(np.pi * fraction * (x[:150, 25:175] - 0.5))
        assert np.abs(moved - expected).max() < 0.02
