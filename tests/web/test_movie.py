"""Movies: the list, film of frames and running sums with and without gain, tracks; what is missing is said."""

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from fastapi.testclient import TestClient

from vitreous.files import frames, motion

AT = "/api/p/demo"
MOVIE = "session/movies/movie_00002.tiff"
MICROGRAPH = "MotionCorr/job002/session/movies/movie_00002.mrc"


def test_the_list_of_a_table_and_of_one_movie(client: TestClient) -> None:
    """A table lists its movies; a movie itself."""
    found = client.get(f"{AT}/movies/list", params={"path": "Import/job001/movies.star"}).json()
    assert found["names"] == [f"session/movies/movie_0000{n}.tiff" for n in range(1, 5)]
    assert client.get(f"{AT}/movies/list", params={"path": MOVIE}).json()["names"] == [MOVIE]


def test_frames_sums_and_gain(project: Path, client: TestClient) -> None:
    """A frame is that of the file times the gain; the running sum of n frames is less noisy than one frame."""
    film = client.get(f"{AT}/movies/film", params={"path": MOVIE}).json()
    movie = frames.open_movie(MOVIE)
    assert (film["frames"], film["height"], film["width"]) == (movie.count, *movie.shape)
    assert film["gained"] and film["gain"].endswith("gain.mrc") and not film["fault"]
    last = film["frames"]
    pictures = {}
    for name, asked in {
        "one": {"number": 1},
        "raw": {"number": 1, "gain": False},
        "first sum": {"number": 1, "what": "sum"},
        "sum": {"number": last, "what": "sum"},
    }.items():
        answer = client.get(f"{AT}/movies/frame", params={"path": MOVIE, "tag": film["tag"], **asked})
        assert answer.status_code == 200, answer.text
        pictures[name] = np.asarray(imagecodecs.jpeg8_decode(answer.content), float)
    block = film["block"]
    gain = frames.read_gain(film["gain"], shape=movie.shape)
    for name, pixels in (("raw", movie.read(0, 1)[0]), ("one", movie.read(0, 1)[0] * gain)):
        small = np.asarray(pixels, float)[: movie.shape[0] // block * block, : movie.shape[1] // block * block]
        small = small.reshape(small.shape[0] // block, block, -1, block).mean(axis=(1, 3))
        seen = pictures[name][: small.shape[0], : small.shape[1]]
        assert np.corrcoef(seen.ravel(), small.ravel())[0, 1] > 0.9, name
    assert np.array_equal(pictures["one"], pictures["first sum"])
    assert not np.array_equal(pictures["one"], pictures["sum"])
    assert client.get(f"{AT}/movies/frame", params={"path": MOVIE, "number": last + 1}).status_code == 404


@pytest.mark.parametrize("path", [MOVIE, MICROGRAPH, MICROGRAPH.replace(".mrc", ".star")])
def test_the_track_is_that_of_motion_correction(project: Path, client: TestClient, path: str) -> None:
    """By movie, micrograph or file; Å from the first frame; the local ways agree with the polynomial where they are asked."""
    from vitreous.methods.motion.model import LocalMotion

    found = client.get(f"{AT}/track", params={"path": path}).json()
    known = motion.read(MICROGRAPH.replace(".mrc", ".star"))
    assert found["job"] == "MotionCorr/job002"
    whole = -(known.shifts_px - known.shifts_px[0]) * known.pixel_size_A
    assert np.allclose(found["whole"]["x_A"], whole[:, 0], atol=1e-3) and np.allclose(
        found["whole"]["y_A"], whole[:, 1], atol=1e-3
    )
    assert found["total_A"] == pytest.approx(np.hypot(*np.diff(whole, axis=0).T).sum(), rel=1e-4)
    if known.coefficients is None:
        assert found["local"] == []
        return
    one = found["local"][7]
    at = np.array(one["at"]) / (known.shape[2], known.shape[1]) - 0.5
    field = LocalMotion(known.coefficients).at(at[:1], at[1:], np.arange(len(whole), dtype=float))[0]
    assert np.allclose(one["x_A"], whole[:, 0] - field[:, 0] * known.pixel_size_A, atol=2e-3)
    assert np.allclose(one["y_A"], whole[:, 1] - field[:, 1] * known.pixel_size_A, atol=2e-3)


def test_what_is_missing_is_said(project: Path, client: TestClient) -> None:
    """A movie that was not copied, a picture without motion: words and null, no error; a path outside is none of ours."""
    assert "not on disk" in client.get(f"{AT}/movies/film", params={"path": "Movies/gone.tiff"}).json()["fault"]
    assert client.get(f"{AT}/track", params={"path": "Movies/gone.tiff"}).json() is None
    assert "outside" in client.get(f"{AT}/movies/film", params={"path": "../../x.tiff"}).json()["fault"]
    assert client.get(f"{AT}/movies/frame", params={"path": "Movies/gone.tiff", "number": 1}).status_code == 404
    assert client.get(f"{AT}/movies/list", params={"path": "default_pipeline.star"}).status_code == 422
