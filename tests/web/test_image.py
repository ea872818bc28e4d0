"""Pictures: the first one, thumbnails, tiles, filters, sheets; what is cached, and what a missing or broken file says."""

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from fastapi.testclient import TestClient

from vitreous.context import UserError
from vitreous.files import mrc, picture
from vitreous.files.bands import open_picture
from vitreous.files.tiff import write_tiff_movie
from vitreous.web import pictures
from vitreous.web.picture_cache import PictureCache

AT = "/api/p/demo/image"


def grey(data: bytes) -> np.ndarray[Any, Any]:
    """A JPEG's pixels."""
    return np.asarray(imagecodecs.jpeg8_decode(data), np.float64)


@pytest.fixture
def ramp() -> np.ndarray[Any, Any]:
    """2,100 x 1,300 pixels that rise to the right and, slower, downwards."""
    y, x = np.mgrid[:1300, :2100]
    return (x + 0.5 * y).astype(np.float32)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "int16", "uint8"])
def test_every_type_of_pixel_is_shown(project: Path, client: TestClient, dtype: Any) -> None:
    """Left is darker than right, and the picture has the file's form."""
    y, x = np.mgrid[:300, :400]
    mrc.write_image(project / "a.mrc", (x // 8 + y // 16).astype(np.float32), pixel_size_A=1.5, dtype=dtype)
    info = client.get(f"{AT}/info", params={"path": "a.mrc"}).json()
    assert (info["width"], info["height"], info["pixel_size_A"], info["levels"]) == (400, 300, 1.5, [])
    shown = grey(client.get(f"{AT}/thumb/1024", params={"path": "a.mrc"}).content)
    assert shown.shape == (300, 400)
    assert shown[:, :20].mean() + 30 < shown[:, -20:].mean()


def test_tiles_join_to_the_picture(project: Path, client: TestClient, ramp: Any) -> None:
    """All tiles of the finest level, put together and read by mean and s.d., are the picture again."""
    mrc.write_image(project / "a.mrc", ramp, pixel_size_A=1.0, dtype="float32")
    info = client.get(f"{AT}/info", params={"path": "a.mrc"}).json()
    finest = info["levels"][-1]
    assert (info["first"]["block"], [level["block"] for level in info["levels"]]) == (3, [2, 1])
    whole = np.zeros((1300, 2100))
    for y in range(3):
        for x in range(5):
            answer = client.get(f"{AT}/tile/{finest['level']}/{x}/{y}", params={"path": "a.mrc", "tag": info["tag"]})
            assert "immutable" in answer.headers["cache-control"]
            tile = grey(answer.content)
            whole[y * 512 : y * 512 + tile.shape[0], x * 512 : x * 512 + tile.shape[1]] = tile
    values = (whole / 255 * 2 - 1) * 6 * finest["sd"] + finest["mean"]
    assert np.abs(values - ramp).mean() < 0.02 * np.ptp(ramp)
    assert client.get(f"{AT}/tile/0/9/9", params={"path": "a.mrc"}).status_code == 404


def test_lowpass_takes_noise_and_leaves_the_particle(project: Path, client: TestClient) -> None:
    """A disc in noise: after 20 Å it stands out, and no finer level is offered than 20 Å needs."""
    random = np.random.default_rng(1)
    image = random.standard_normal((1500, 1500)).astype(np.float32) * 4
    image[700:760, 700:760] -= 6
    mrc.write_image(project / "a.mrc", image, pixel_size_A=1.0, dtype="float32")
    smooth = {"path": "a.mrc", "lowpass": 20}
    info = client.get(f"{AT}/info", params=smooth).json()
    assert [level["block"] for level in info["levels"]] == []
    shown = grey(client.get(f"{AT}/thumb/1024", params=smooth).content)
    plain = grey(client.get(f"{AT}/thumb/1024", params={"path": "a.mrc"}).content)
    sides = [(picture.mean() - picture[355:375, 355:375].mean()) / picture.std() for picture in (shown, plain)]
    assert sides[0] > 1.5 * sides[1] > 1


def test_highpass_takes_the_ramp(project: Path, client: TestClient, ramp: Any) -> None:
    """What falls slowly over the picture is gone, in the first picture and in the tiles."""
    noise = np.random.default_rng(2).standard_normal(ramp.shape).astype(np.float32)
    mrc.write_image(project / "a.mrc", ramp * 0.01 + noise, pixel_size_A=1.0, dtype="float32")
    wanted = {"path": "a.mrc", "highpass": 300}
    for address in (f"{AT}/thumb/1024", f"{AT}/tile/0/2/1"):
        shown = grey(client.get(address, params=wanted).content)
        middle = shown[shown.shape[0] // 3 : -shown.shape[0] // 3]
        left, right = (part.mean() for part in np.array_split(middle, 2, axis=1))
        assert abs(left - right) < 0.1 * middle.std(), address


def test_movie_frames_and_sum(project: Path, client: TestClient) -> None:
    """A frame, a range of frames and the sum of a TIFF movie; a frame that is not there is said."""
    random = np.random.default_rng(4)
    frames = random.poisson(2.0, (5, 96, 128)).astype(np.uint8)
    write_tiff_movie(project / "m.tif", frames, pixel_size_A=0.8)
    assert np.array_equal(open_picture(project / "m.tif").rows(0, 96), frames.sum(axis=0))
    assert np.array_equal(open_picture(project / "m.tif", "2-3").rows(0, 96), frames[1:3].sum(axis=0))
    info = client.get(f"{AT}/info", params={"path": "m.tif", "frame": "2"}).json()
    assert (info["frames"], info["width"], info["height"]) == (5, 128, 96)
    assert info["mean"] == pytest.approx(frames[1].mean(), rel=1e-4)
    missing = client.get(f"{AT}/thumb/64", params={"path": "m.tif", "frame": "6"})
    assert missing.status_code == 422 and "5 frames" in missing.json()["sentence"]


def test_png_is_read_as_grey(tmp_path: Path) -> None:
    """Grey and colour."""
    pixels = np.arange(120, dtype=np.uint8).reshape(10, 12)
    picture.write_png(tmp_path / "a.png", pixels)
    assert np.array_equal(open_picture(tmp_path / "a.png").rows(0, 10), pixels)
    picture.write_png(tmp_path / "b.png", np.stack([pixels] * 3, axis=2))
    assert np.allclose(open_picture(tmp_path / "b.png").rows(2, 4), pixels[2:4])


def test_a_picture_is_made_once_and_anew_when_the_file_changes(project: Path, client: TestClient, monkeypatch: Any) -> None:
    """The second request does not read the file; another file under the same name gives another picture."""
    mrc.write_image(project / "a.mrc", np.eye(64, dtype=np.float32), pixel_size_A=1.0)
    before = client.get(f"{AT}/thumb/1024", params={"path": "a.mrc"}).content
    made = []
    real = pictures.open_picture
    monkeypatch.setattr(pictures, "open_picture", lambda *said: made.append(said) or real(*said))
    assert client.get(f"{AT}/thumb/64", params={"path": "a.mrc"}).status_code == 200
    assert not made
    mrc.write_image(project / "a.mrc", np.eye(64, dtype=np.float32)[::-1], pixel_size_A=2.0)
    assert client.get(f"{AT}/thumb/1024", params={"path": "a.mrc"}).content != before
    assert len(made) == 1


def test_the_cache_is_bounded_and_may_be_deleted(tmp_path: Path) -> None:
    """The oldest packs go first; a deleted folder is made again."""
    cache = PictureCache(tmp_path / "cache", limit_bytes=40_000)
    for number in range(20):
        cache.write(f"picture {number}", {"n": number}, {"1024": bytes(5000)})
    kept = sum(path.stat().st_size for path in (tmp_path / "cache").rglob("*.pack"))
    assert kept <= 50_000
    assert cache.find("picture 19") and not cache.find("picture 0")
    for path in (tmp_path / "cache").rglob("*.pack"):
        path.unlink()
    assert cache.find("picture 19") is None
    pack = cache.write("picture 19", {}, {"64": b"again"})
    assert pack.read("64") == b"again"


def test_sheet_of_a_table(project: Path, client: TestClient) -> None:
    """Thumbnails of chosen rows; one whose file is missing stays grey; a row that is not there is said."""
    table = "CtfFind/job003/micrographs_ctf.star"
    answer = client.get(f"{AT}/sheet", params={"path": table, "rows": "0,2", "columns": 2})
    shown = grey(answer.content)
    assert shown.shape == (64, 128)
    assert shown[:, :64].std() > 5 and shown[:, 64:].std() > 5
    text = (project / table).read_text().replace("movie_00001.mrc", "gone.mrc")
    (project / "gone.star").write_text(text)
    without = grey(client.get(f"{AT}/sheet", params={"path": "gone.star", "rows": "0,1", "columns": 2}).content)
    assert np.ptp(without[8:-8, 8:56]) < 8 < np.ptp(without[:, 72:])
    assert client.get(f"{AT}/sheet", params={"path": table, "rows": "99"}).status_code == 422


@pytest.mark.parametrize(
    ("path", "status"), [("../../etc/passwd", 422), ("nothing.mrc", 404), ("CtfFind", 422), ("default_pipeline.star", 422)]
)
def test_what_is_no_picture_is_said(client: TestClient, path: str, status: int) -> None:
    """A path outside, a missing file, a folder, a table."""
    answer = client.get(f"{AT}/thumb/64", params={"path": path})
    assert answer.status_code == status
    assert client.get(f"{AT}/info", params={"path": path}).json()["fault"] == answer.json()["sentence"]


def test_a_cut_file_is_said(project: Path, client: TestClient) -> None:
    """Half a micrograph is refused with a sentence, not shown in part."""
    mrc.write_image(project / "a.mrc", np.zeros((64, 64), np.float32), pixel_size_A=1.0)
    whole = (project / "a.mrc").read_bytes()
    (project / "a.mrc").write_bytes(whole[: len(whole) // 2])
    answer = client.get(f"{AT}/info", params={"path": "a.mrc"})
    assert answer.status_code == 200 and "cut short" in answer.json()["fault"]


def test_frame_words_that_make_no_sense(tmp_path: Path) -> None:
    """Only numbers, and ranges of them."""
    mrc.write_stack(tmp_path / "s.mrcs", np.zeros((3, 8, 8), np.float32), pixel_size_A=1.0)
    for frame in ("x", "0", "3-2", "1-", "-1", "1-4", "1,2"):
        with pytest.raises(UserError):
            open_picture(tmp_path / "s.mrcs", frame)
