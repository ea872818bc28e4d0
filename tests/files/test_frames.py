import subprocess
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile

from vitreous.context import UserError
from vitreous.files import eer, frames, mrc, tiff


def movie(seed: int, shape: tuple[int, int, int] = (5, 40, 60), dtype: str = "uint8") -> np.ndarray:
    return np.random.default_rng(seed).poisson(2, shape).astype(dtype)


@pytest.mark.parametrize("compression", ["lzw", "deflate", "zstd", "none"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_tiff_movies_come_back_turned_over(tmp_path: Path, compression: tiff.Compression, dtype: str) -> None:
    pixels = movie(1, dtype=dtype)
    tiff.write_tiff_movie(tmp_path / "m.tif", iter(pixels), compression=compression, pixel_size_A=0.885)
    opened = frames.open_movie(tmp_path / "m.tif")
    assert (opened.count, opened.shape, opened.dtype) == (5, (40, 60), np.dtype(dtype))
    assert opened.pixel_size_A == pytest.approx(0.885, abs=1e-4)
    np.testing.assert_array_equal(opened.read(), pixels)
    np.testing.assert_array_equal(opened.read(1, 3), pixels[1:3])
    np.testing.assert_array_equal(np.stack(list(opened.frames())), pixels)
    # the file's last row is our first: any other reader of TIFF sees it upside down
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "m.tif"), pixels[:, ::-1])


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32", "float16"])
def test_mrc_movies(tmp_path: Path, dtype: mrc.Dtype) -> None:
    pixels = movie(2, dtype=dtype)
    mrc.write_stack(tmp_path / "m.mrcs", pixels, pixel_size_A=1.1, dtype=dtype)
    opened = frames.open_movie(tmp_path / "m.mrcs")
    assert (opened.count, opened.shape, opened.dtype) == (5, (40, 60), np.dtype(dtype))
    np.testing.assert_array_equal(opened.read(), pixels)
    np.testing.assert_array_equal(opened.read(4), pixels[4:])
    with pytest.raises(UserError, match=r"m\.mrcs has 5 frames; frames 4 to 6 were asked for"):
        opened.read(3, 6)


def electrons(seed: int, shape: tuple[int, int], raw: int) -> list[np.ndarray]:
    """Places (y, x) in quarters of a pixel, at most one electron a pixel; some frames empty, one full."""
    rng = np.random.default_rng(seed)
    total = shape[0] * shape[1]
    counts = [0, 1, total, *rng.integers(5, total // 20, raw - 3)]
    found = []
    for count in counts:
        pixel = rng.choice(total, count, replace=False)
        y, x = pixel // shape[1] * 4 + rng.integers(0, 4, count), pixel % shape[1] * 4 + rng.integers(0, 4, count)
        found.append(np.stack([y, x], axis=1))
    return found


def rendered(events: list[np.ndarray], shape: tuple[int, int], upsampling: int, group: int) -> np.ndarray:
    count = len(events) // group
    image = np.zeros((count, shape[0] * upsampling, shape[1] * upsampling), int)
    for index in range(count * group):
        y, x = (events[index] * upsampling // 4).T
        np.add.at(image[index // group], (y, x), 1)
    return image


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("upsampling", [1, 2, 4])
@pytest.mark.parametrize("group", [1, 4, 20])
def test_eer_in_any_fractionation(tmp_path: Path, seed: int, upsampling: int, group: int) -> None:
    shape, events = (64, 48), electrons(seed, (64, 48), 23)
    eer.write_eer(tmp_path / "m.eer", events, shape=shape, metadata="<acquisition>of frames</acquisition>")
    opened = frames.open_movie(tmp_path / "m.eer", eer_fractions=group, eer_upsampling=upsampling)
    truth = rendered(events, shape, upsampling, group)  # frames left over are dropped
    assert (opened.count, opened.shape) == (23 // group, truth.shape[1:])
    np.testing.assert_array_equal(opened.read(), truth)
    with tifffile.TiffFile(tmp_path / "m.eer") as file:
        assert len(file.pages) == 23
        assert file.pages.first.tags[65001].value == b"<acquisition>of frames</acquisition>"


def test_the_eer_stream_by_hand() -> None:
    """Electron in pixel 130, place across 1 and down 3: a run of 127 without electron, then 3 empty, then the place."""
    stream = int.from_bytes(eer.encode(np.array([[3, 130 * 4 + 1]]), (1, 256)), "little")
    assert stream & 127 == 127
    assert stream >> 7 & 127 == 3
    assert stream >> 14 & 3 == 1 ^ 2
    assert stream >> 16 & 3 == 3 ^ 2
    assert stream >> 18 & 127 == 125  # the empty pixels to the end
    frame = imagecodecs.eer_decode(eer.encode(np.array([[3, 130 * 4 + 1]]), (1, 256)), (1, 256), 7, 2, 2)
    assert np.flatnonzero(frame).tolist() == [130]


def test_more_than_255_raw_frames_do_not_overflow(tmp_path: Path) -> None:
    eer.write_eer(tmp_path / "m.eer", [np.array([[5, 9]])] * 300, shape=(4, 4))
    assert frames.open_movie(tmp_path / "m.eer", eer_fractions=300).read().max() == 300
    with pytest.raises(UserError, match="300 raw frames; fractions of 301"):
        frames.open_movie(tmp_path / "m.eer", eer_fractions=301)
    with pytest.raises(UserError, match="upsampling 3"):
        frames.open_movie(tmp_path / "m.eer", eer_upsampling=3)
    with pytest.raises(ValueError, match="outside of the frame"):
        eer.write_eer(tmp_path / "x.eer", [np.array([[16, 0]])], shape=(4, 4))
    assert not (tmp_path / "x.eer").exists()


@pytest.mark.parametrize("kind", ["lzw", "deflate", "none", "eer", "mrcs", "mrcs.gz"])
@pytest.mark.parametrize("seed", [1])
def test_a_cut_movie_is_never_taken_for_a_shorter_one(tmp_path: Path, kind: str, seed: int) -> None:
    import gzip

    suffix = kind if kind in ("eer", "mrcs", "mrcs.gz") else "tif"
    path = tmp_path / f"m.{suffix}"
    if kind == "eer":
        eer.write_eer(path, electrons(seed, (64, 48), 12), shape=(64, 48))
    elif suffix == "tif":
        tiff.write_tiff_movie(path, movie(seed), compression=kind)
    else:
        mrc.write_stack(tmp_path / "m.mrcs", movie(seed), pixel_size_A=1, dtype="uint8")
        if kind == "mrcs.gz":
            path.write_bytes(gzip.compress((tmp_path / "m.mrcs").read_bytes()))
    whole = path.read_bytes()
    frames.open_movie(path, eer_fractions=4).read()
    rng = np.random.default_rng(seed)
    for cut in (0, 1, 7, len(whole) - 1, *rng.integers(8, len(whole), 40).tolist()):
        path.write_bytes(whole[:cut])
        with pytest.raises(UserError, match=r"m\.(tif|eer|mrcs)"):
            frames.open_movie(path, eer_fractions=1).read()


def test_files_that_are_no_movies(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no file .*none\.tif"):
        frames.open_movie(tmp_path / "none.tif")
    with pytest.raises(UserError, match=r"it must end in \.mrc"):
        frames.open_movie(tmp_path / "movie.mp4")
    (tmp_path / "x.tif").write_bytes(b"MM not a tiff file at all")
    with pytest.raises(UserError, match="no TIFF file"):
        frames.open_movie(tmp_path / "x.tif")
    tifffile.imwrite(tmp_path / "rgb.tif", np.zeros((8, 8, 3), np.uint8), photometric="rgb")
    with pytest.raises(UserError, match="has colours"):
        frames.open_movie(tmp_path / "rgb.tif")
    tiff.write_tiff_movie(tmp_path / "plain.eer", movie(3))
    with pytest.raises(UserError, match="no electron events"):
        frames.open_movie(tmp_path / "plain.eer")
    with pytest.raises(ValueError, match="without frames"):
        tiff.write_tiff_movie(tmp_path / "zero.tif", [])
    assert not (tmp_path / "zero.tif").exists()


def gain_file(folder: Path, name: str, gain: np.ndarray) -> Path:
    path = folder / name
    if path.suffix == ".mrc":
        mrc.write_image(path, gain, pixel_size_A=1)
    else:
        tifffile.imwrite(path, gain.astype(np.float32))
    return path


@pytest.mark.parametrize("rotation", [0, 1, 2, 3])
@pytest.mark.parametrize("flip", [0, 1, 2])
def test_a_gain_is_turned_then_flipped(tmp_path: Path, rotation: int, flip: int) -> None:
    raw = np.random.default_rng(1).uniform(0.5, 2, (4, 6)).astype(np.float32)
    shape = (6, 4) if rotation % 2 else (4, 6)
    path = gain_file(tmp_path, "g.mrc", raw)
    gain = frames.read_gain(path, shape=shape, rotation=rotation, flip=flip)
    truth = np.empty(shape, np.float32)
    for (y, x), value in np.ndenumerate(raw):
        for _ in range(rotation):  # (row y, column x) goes to (row x, column Ny - 1 - y)
            height = 4 if _ % 2 == 0 else 6
            y, x = x, height - 1 - y
        y = shape[0] - 1 - y if flip == 1 else y
        x = shape[1] - 1 - x if flip == 2 else x
        truth[y, x] = value
    np.testing.assert_array_equal(gain, truth)
    np.testing.assert_array_equal(frames.read_gain(path, shape=shape, rotation=90 * rotation, flip=flip), truth)


def test_gains_of_eer(tmp_path: Path) -> None:
    raw = np.random.default_rng(2).uniform(0.5, 2, (4, 6)).astype(np.float32)
    raw[1, 2] = 0
    divides = np.where(raw > 0, raw.mean() / np.where(raw > 0, raw, 1), 0)
    np.testing.assert_allclose(frames.read_gain(gain_file(tmp_path, "g.mrc", raw), shape=(4, 6), eer=True), divides, rtol=1e-6)
    # TIFF rows are turned over, but not those of a file called .gain, which multiplies
    tif = frames.read_gain(gain_file(tmp_path, "g.tif", raw), shape=(4, 6), eer=True)
    np.testing.assert_allclose(tif, divides[::-1], rtol=1e-6)
    dot_gain = frames.read_gain(gain_file(tmp_path, "g.gain", raw), shape=(4, 6), eer=True)
    np.testing.assert_array_equal(dot_gain, raw)
    twice = frames.read_gain(tmp_path / "g.mrc", shape=(8, 12), eer=True)
    np.testing.assert_allclose(twice, divides.repeat(2, 0).repeat(2, 1), rtol=1e-6)
    large = gain_file(tmp_path, "large.mrc", raw.repeat(2, 0).repeat(2, 1))
    np.testing.assert_allclose(frames.read_gain(large, shape=(4, 6), eer=True), divides, rtol=1e-6)


def test_a_wrong_gain_is_said_clearly(tmp_path: Path) -> None:
    path = gain_file(tmp_path, "g.mrc", np.ones((4, 6)))
    with pytest.raises(UserError, match=r"g\.mrc has 6 x 4 pixels and the movie's frames have 8 x 8"):
        frames.read_gain(path, shape=(8, 8))
    with pytest.raises(UserError, match="turned by 45"):
        frames.read_gain(path, shape=(4, 6), rotation=45)
    with pytest.raises(UserError, match="convert it to MRC"):
        frames.read_gain(tmp_path / "g.dm4", shape=(4, 6))
    with pytest.raises(UserError, match="no pixel above 0"):
        frames.read_gain(gain_file(tmp_path, "z.mrc", np.zeros((4, 6))), shape=(4, 6), eer=True)


def test_defects_as_text_and_as_map(tmp_path: Path) -> None:
    text = tmp_path / "defects.txt"
    text.write_text("# x y width height\n2 1 3 2\n\n0 0 1 1\n")
    mask = frames.read_defects(text, (4, 6))
    truth = np.zeros((4, 6), bool)
    truth[1:3, 2:5] = truth[0, 0] = True
    np.testing.assert_array_equal(mask, truth)
    np.testing.assert_array_equal(frames.read_defects(gain_file(tmp_path, "d.mrc", truth.astype(np.float32)), (4, 6)), truth)
    np.testing.assert_array_equal(frames.read_defects(gain_file(tmp_path, "d.tif", truth[::-1]), (4, 6)), truth)
    for line, said in (("5 0 3 1", "line 1: '5 0 3 1' lies outside"), ("BadColumn 3", "is not `x y width height`")):
        text.write_text(line)
        with pytest.raises(UserError, match=said):
            frames.read_defects(text, (4, 6))
    with pytest.raises(UserError, match="defect map"):
        frames.read_defects(tmp_path / "d.mrc", (8, 8))


@pytest.mark.relion
@pytest.mark.parametrize("compression", ["lzw", "deflate", "zstd", "none"])
def test_relion_sees_the_same_tiff_rows_first(tmp_path: Path, relion: str, compression: tiff.Compression) -> None:
    pixels = movie(4)
    tiff.write_tiff_movie(tmp_path / "m.tif", pixels, compression=compression)
    command = ["relion_image_handler", "--i", "m.tif", "--o", "o.mrcs", "--multiply_constant", "1"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    np.testing.assert_array_equal(mrc.read_stack(tmp_path / "o.mrcs")[0], pixels)


@pytest.mark.relion
@pytest.mark.slow
@pytest.mark.parametrize("upsampling", [1, 2])
def test_relion_renders_our_eer_alike(tmp_path: Path, relion: str, upsampling: int) -> None:
    rng = np.random.default_rng(5)
    events = [rng.integers(0, 4 * 4096, (3000, 2)) for _ in range(4)]
    eer.write_eer(tmp_path / "m.eer", events)
    command = ["relion_convert_to_tiff", "--i", "m.eer", "--o", "out/", "--eer_grouping", "2"]
    subprocess.run([*command, "--eer_upsampling", str(upsampling)], cwd=tmp_path, check=True, capture_output=True)
    theirs = frames.open_movie(next((tmp_path / "out").rglob("*.tif*")))
    ours = frames.open_movie(tmp_path / "m.eer", eer_fractions=2, eer_upsampling=upsampling)
    assert (ours.count, ours.shape) == (theirs.count, theirs.shape)
    np.testing.assert_array_equal(ours.read(), theirs.read())


@pytest.mark.data
def test_a_packbits_tiff(data: Path) -> None:
    opened = frames.open_movie(data / "micrographs" / "KLH.tif")
    assert (opened.count, opened.shape, opened.dtype) == (1, (844, 760), np.uint8)
    assert opened.read().std() > 10
