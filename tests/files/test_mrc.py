import bz2
import gzip
import struct
import subprocess
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import mrc

TYPES = ["float32", "float16", "int8", "uint8", "int16", "uint16"]


def pixels(seed: int, shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape).astype(dtype) if dtype.startswith("float") else rng.integers(0, 100, shape).astype(dtype)


@pytest.mark.parametrize("dtype", TYPES)
def test_stacks_images_and_volumes_come_back(tmp_path: Path, dtype: mrc.Dtype) -> None:
    stack = pixels(1, (5, 6, 7), dtype)
    mrc.write_stack(tmp_path / "s.mrcs", stack, pixel_size_A=1.25, dtype=dtype)
    images, pixel = mrc.read_stack(tmp_path / "s.mrcs")
    assert (images.dtype, pixel) == (np.float32, 1.25)
    np.testing.assert_array_equal(images, stack.astype(np.float32))
    np.testing.assert_array_equal(mrc.read_stack(tmp_path / "s.mrcs", [4, 0, 1])[0], stack[[4, 0, 1]])
    np.testing.assert_array_equal(mrc.read_image(f"3@{tmp_path}/s.mrcs")[0], stack[2])
    np.testing.assert_array_equal(mrc.read_stack(f"{tmp_path}/s.mrcs:mrcs")[0], stack)
    assert mrc.read_header(tmp_path / "s.mrcs").is_volume is False
    mrc.write_image(tmp_path / "i.mrc", stack[0], pixel_size_A=0.885, dtype=dtype)
    image, pixel = mrc.read_image(tmp_path / "i.mrc")
    assert pixel == pytest.approx(0.885, abs=1e-6)
    np.testing.assert_array_equal(image, stack[0])
    mrc.write_volume(tmp_path / "v.mrc", stack, pixel_size_A=3.54, dtype=dtype)
    np.testing.assert_array_equal(mrc.read_volume(tmp_path / "v.mrc")[0], stack)
    assert mrc.read_header(tmp_path / "v.mrc").is_volume is True


@pytest.mark.parametrize("kind", ["stack", "volume"])
def test_mrcfile_finds_our_files_valid(tmp_path: Path, kind: str) -> None:
    data = pixels(2, (5, 6, 7))
    path = tmp_path / "x.mrc"
    {"stack": mrc.write_stack, "volume": mrc.write_volume}[kind](path, data, pixel_size_A=1.5)
    assert mrcfile.validate(path)
    with mrcfile.open(path) as file:
        np.testing.assert_array_equal(file.data, data)
        assert (file.is_volume(), file.is_image_stack()) == (kind == "volume", kind == "stack")
        assert float(file.header.dmean) == pytest.approx(data.mean(), abs=1e-6)
        assert float(file.voxel_size.x) == pytest.approx(1.5)


@pytest.mark.parametrize("mode", [0, 1, 2, 6, 12])
def test_files_of_mrcfile_are_read(tmp_path: Path, mode: int) -> None:
    dtype = {0: "int8", 1: "int16", 2: "float32", 6: "uint16", 12: "float16"}[mode]
    data = pixels(3, (4, 5, 6), dtype)
    with mrcfile.new(tmp_path / "x.mrc") as file:
        file.set_data(data)
        file.voxel_size = 2.5
    volume, pixel = mrc.read_volume(tmp_path / "x.mrc")
    np.testing.assert_array_equal(volume, data.astype(np.float32))
    assert pixel == 2.5


@pytest.mark.parametrize("width", [8, 9])
def test_mode_101_has_two_pixels_a_byte(tmp_path: Path, width: int) -> None:
    data = np.random.default_rng(4).integers(0, 16, (3, 5, width)).astype(np.uint8)
    mrc.write_stack(tmp_path / "x.mrcs", data, pixel_size_A=1, dtype="int8")
    raw = bytearray((tmp_path / "x.mrcs").read_bytes()[:1024])
    struct.pack_into("<i", raw, 12, 101)
    even = np.zeros((3, 5, width + width % 2), np.uint8)
    even[..., :width] = data
    (tmp_path / "x.mrcs").write_bytes(bytes(raw) + (even[..., 0::2] | even[..., 1::2] << 4).tobytes())
    np.testing.assert_array_equal(mrc.read_stack(tmp_path / "x.mrcs")[0], data)
    np.testing.assert_array_equal(mrc.read_stack(tmp_path / "x.mrcs", [2, 0])[0], data[[2, 0]])


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_compressed_files_are_read(tmp_path: Path, pack) -> None:
    data = pixels(5, (5, 6, 7))
    mrc.write_volume(tmp_path / "x.mrc", data, pixel_size_A=1)
    packed = pack((tmp_path / "x.mrc").read_bytes())
    (tmp_path / "x.mrc.packed").write_bytes(packed)
    np.testing.assert_array_equal(mrc.read_volume(tmp_path / "x.mrc.packed")[0], data)
    (tmp_path / "cut").write_bytes(packed[:-40])
    with pytest.raises(UserError, match="cut"):
        mrc.read_volume(tmp_path / "cut")


def test_big_endian_files_are_read(tmp_path: Path) -> None:
    data = pixels(6, (1, 4, 6))
    mrc.write_stack(tmp_path / "x.mrc", data, pixel_size_A=2)
    raw = (tmp_path / "x.mrc").read_bytes()
    words = np.frombuffer(raw[:208], "<u4").astype(">u4").tobytes() + b"MAP \x11\x11\0\0"
    rest = np.frombuffer(raw[216:224], "<u4").astype(">u4").tobytes() + raw[224:1024] + data.astype(">f4").tobytes()
    (tmp_path / "big.mrc").write_bytes(words + rest)
    image, pixel = mrc.read_image(tmp_path / "big.mrc")
    np.testing.assert_array_equal(image, data[0])
    assert pixel == 2


def test_axes_in_another_order_are_put_right(tmp_path: Path) -> None:
    data = pixels(7, (4, 5, 6))  # z, y, x
    mrc.write_volume(tmp_path / "x.mrc", np.transpose(data, (1, 2, 0)), pixel_size_A=1)  # sections y, rows x, columns z
    raw = bytearray((tmp_path / "x.mrc").read_bytes())
    struct.pack_into("<3i", raw, 64, 3, 1, 2)
    (tmp_path / "x.mrc").write_bytes(raw)
    np.testing.assert_array_equal(mrc.read_volume(tmp_path / "x.mrc")[0], data)


def test_no_number_is_no_error_for_the_reader(tmp_path: Path) -> None:
    data = pixels(8, (2, 4, 4))
    data[1, 2, 3] = np.nan
    mrc.write_stack(tmp_path / "x.mrcs", data, pixel_size_A=1)
    assert np.isnan(mrc.read_stack(tmp_path / "x.mrcs")[0]).sum() == 1


def test_bad_files_are_one_clear_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.mrcs"
    with pytest.raises(UserError, match="there is no file"):
        mrc.read_stack(path)
    path.write_bytes(b"")
    with pytest.raises(UserError, match=r"x\.mrcs is empty"):
        mrc.read_stack(path)
    path.write_bytes(bytes(100))
    with pytest.raises(UserError, match="has 100 bytes, too short"):
        mrc.read_stack(path)
    path.write_bytes(b"hello" * 1000)
    with pytest.raises(UserError, match="no MRC file"):
        mrc.read_stack(path)
    mrc.write_stack(path, pixels(9, (5, 6, 7)), pixel_size_A=1)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(UserError, match=r"x\.mrcs is cut short: its header asks for 1,864 bytes and it has 1,863"):
        mrc.read_header(path)
    raw = bytearray(whole)
    struct.pack_into("<i", raw, 12, 4)
    path.write_bytes(raw)
    with pytest.raises(UserError, match=r"MRC mode 4 \(complex float32\)"):
        mrc.read_stack(path)
    path.write_bytes(whole)
    with pytest.raises(UserError, match="holds 5 images; there is no image 6"):
        mrc.read_image(f"6@{path}")
    with pytest.raises(UserError, match="5 images or slices where one image is expected"):
        mrc.read_image(path)
    with pytest.raises(UserError, match="no image name"):
        mrc.split_name("x@y.mrcs")


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    for value, dtype in ((200, "uint8"), (-1, "uint16"), (40000, "int16")):
        with pytest.raises(ValueError, match="do not fit"):
            mrc.write_image(tmp_path / "x.mrc", np.full((2, 2), float(value)), pixel_size_A=1, dtype=dtype)
    with pytest.raises(ValueError, match="cannot be written"):
        mrc.write_stack(tmp_path / "x.mrc", np.zeros((0, 4, 4)), pixel_size_A=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.data
def test_real_files(data: Path) -> None:
    header = mrc.read_header(data / "micrographs" / "fei-extended.mrc")
    assert (header.shape, header.mode, header.extended) == ((1, 3838, 3710), 6, "FEI1")
    assert header.pixel_size_A == pytest.approx(0.853775, abs=1e-6)
    fields = mrc.read_metadata(data / "micrographs" / "fei-extended.mrc")
    assert fields["HT"] == 300000
    assert fields["Applied defocus"] == pytest.approx(-0.8e-6)
    assert mrc.read_metadata(data / "maps" / "emd_3488.mrc") == {}
    plain, _ = mrc.read_volume(data / "maps" / "EMD-3197.map")
    np.testing.assert_array_equal(mrc.read_volume(data / "maps" / "emd_3197.map.gz")[0], plain)
    assert mrc.read_volume(data / "maps" / "EMD-3001.map.bz2")[0].shape == (73, 25, 43)  # columns z, rows x, sections y


@pytest.mark.relion
@pytest.mark.parametrize("dtype", ["float32", "uint8", "int16", "uint16"])
def test_relion_reads_the_same_pixels(tmp_path: Path, relion: str, dtype: mrc.Dtype) -> None:
    stack = pixels(10, (3, 8, 10), dtype)
    mrc.write_stack(tmp_path / "s.mrcs", stack, pixel_size_A=1.5, dtype=dtype)
    command = ["relion_image_handler", "--i", "s.mrcs", "--o", "o.mrcs", "--multiply_constant", "1"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    images, pixel = mrc.read_stack(tmp_path / "o.mrcs")
    np.testing.assert_array_equal(images, stack.astype(np.float32))
    assert pixel == 1.5


@pytest.mark.relion
def test_relion_takes_a_volume_for_a_volume(tmp_path: Path, relion: str) -> None:
    mrc.write_volume(tmp_path / "v.mrc", pixels(11, (6, 6, 6)), pixel_size_A=2.5)
    command = ["relion_image_handler", "--i", "v.mrc", "--stats"]
    said = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert "6 x 6 x 6 x 1" in said
    assert "angpix = 2.5" in said
