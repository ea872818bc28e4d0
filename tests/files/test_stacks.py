from pathlib import Path

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import mrc
from vitreous.files.stacks import ImageStacks, StackWriter


def two_stacks(folder: Path, dtype: mrc.Dtype = "float32") -> np.ndarray:
    rng = np.random.default_rng(1)
    images = rng.integers(0, 100, (200, 12, 12)).astype(np.float32)
    (folder / "Extract").mkdir()
    mrc.write_stack(folder / "Extract" / "a.mrcs", images[:150], pixel_size_A=1.5, dtype=dtype)
    mrc.write_stack(folder / "Extract" / "b.mrcs", images[150:], pixel_size_A=1.5, dtype=dtype)
    return images


NAMES = [f"{i + 1:06d}@Extract/a.mrcs" for i in range(150)] + [f"{i + 1}@Extract/b.mrcs:mrcs" for i in range(50)]


@pytest.mark.parametrize("dtype", ["float32", "float16", "int16", "uint8"])
@pytest.mark.parametrize("seed", [1, 2])
def test_any_rows_in_any_order(tmp_path: Path, seed: int, dtype: mrc.Dtype) -> None:
    images = two_stacks(tmp_path, dtype)
    stacks = ImageStacks(NAMES, tmp_path)
    assert (len(stacks), stacks.box, stacks.pixel_size_A) == (200, 12, 1.5)
    rng = np.random.default_rng(seed)
    for rows in (rng.permutation(200), rng.integers(0, 200, 77), [5], [3, 3, 3], [], range(10, 90), np.array([199, 0])):
        read = stacks.read(list(rows))
        assert read.dtype == np.float32
        np.testing.assert_array_equal(read, images[np.array(rows, int)])
    stacks.check()


def test_a_compressed_stack_is_read(tmp_path: Path) -> None:
    import gzip

    images = two_stacks(tmp_path)
    (tmp_path / "z.mrcs.gz").write_bytes(gzip.compress((tmp_path / "Extract" / "a.mrcs").read_bytes()))
    stacks = ImageStacks(["7@z.mrcs.gz", "2@Extract/a.mrcs", "1@z.mrcs.gz"], tmp_path)
    np.testing.assert_array_equal(stacks.read([0, 1, 2]), images[[6, 1, 0]])


def test_an_index_out_of_range_names_stack_index_and_row(tmp_path: Path) -> None:
    two_stacks(tmp_path)
    stacks = ImageStacks([*NAMES[:3], "000151@Extract/a.mrcs", "0@Extract/b.mrcs"], tmp_path)
    np.testing.assert_equal(stacks.read([0, 1, 2]).shape, (3, 12, 12))
    with pytest.raises(UserError, match=r"a\.mrcs holds 150 images and row 4 of the table asks for number 151"):
        stacks.read([2, 3])
    with pytest.raises(UserError, match=r"b\.mrcs holds 50 images and row 5 of the table asks for number 0"):
        stacks.read([4])
    with pytest.raises(UserError, match="row 4"):
        stacks.check()


def test_other_trouble_is_said_clearly(tmp_path: Path) -> None:
    two_stacks(tmp_path)
    mrc.write_stack(tmp_path / "small.mrcs", np.zeros((2, 8, 8)), pixel_size_A=1)
    mrc.write_stack(tmp_path / "wide.mrcs", np.zeros((2, 8, 9)), pixel_size_A=1)
    with pytest.raises(UserError, match=r"small\.mrcs \(row 2\) has images of 8 pixels where the others have 12"):
        ImageStacks([NAMES[0], "1@small.mrcs"], tmp_path).read([0, 1])
    with pytest.raises(UserError, match="must be square"):
        ImageStacks(["1@wide.mrcs"], tmp_path).read([0])
    with pytest.raises(UserError, match=r"there is no file .*none\.mrcs"):
        ImageStacks(["1@none.mrcs"], tmp_path).read([0])
    with pytest.raises(UserError, match="no particle"):
        _ = ImageStacks([], tmp_path).box


def test_a_stack_cut_after_it_was_opened(tmp_path: Path) -> None:
    two_stacks(tmp_path)
    stacks = ImageStacks(NAMES, tmp_path)
    stacks.check()
    path = tmp_path / "Extract" / "b.mrcs"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(UserError, match=r"b\.mrcs is cut short"):
        stacks.read([199])


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_images_are_added_one_after_the_other(tmp_path: Path, dtype: mrc.Dtype) -> None:
    images = np.random.default_rng(3).normal(size=(9, 6, 6)).astype(dtype)
    with StackWriter(tmp_path / "x.mrcs", box=6, pixel_size_A=2.0, dtype=dtype) as writer:
        assert list(writer.append(images[:4])) == [1, 2, 3, 4]
        assert list(writer.append(images[4])) == [5]
        assert not (tmp_path / "x.mrcs").exists()
        writer.append(images[5:])
    mrc.write_stack(tmp_path / "once.mrcs", images, pixel_size_A=2.0, dtype=dtype)
    read, pixel = mrc.read_stack(tmp_path / "x.mrcs")
    np.testing.assert_array_equal(read, images.astype(np.float32))
    assert pixel == 2.0
    one, other = ((tmp_path / name).read_bytes() for name in ("x.mrcs", "once.mrcs"))
    assert (one[:76], one[88:216], one[220:]) == (other[:76], other[88:216], other[220:])
    np.testing.assert_allclose(np.frombuffer(one[76:88], "<f4"), np.frombuffer(other[76:88], "<f4"), atol=1e-6)


def test_an_error_or_no_image_leaves_no_stack(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), StackWriter(tmp_path / "x.mrcs", box=4, pixel_size_A=1) as writer:
        writer.append(np.zeros((2, 4, 4)))
        raise RuntimeError
    with StackWriter(tmp_path / "y.mrcs", box=4, pixel_size_A=1):
        pass
    with pytest.raises(ValueError, match="box is 4"), StackWriter(tmp_path / "z.mrcs", box=4, pixel_size_A=1) as writer:
        writer.append(np.zeros((5, 5)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.data
def test_real_particles(data: Path) -> None:
    from vitreous.files import star

    table = star.read_table(data / "betagal_particles" / "particles_truth.star", "particles")
    stacks = ImageStacks(table["image"], data / "betagal_particles")
    assert (len(stacks), stacks.box) == (454, 64)
    images = stacks.read(np.arange(454))
    name, index = table["image"][300].split("@")[1], int(table["image"][300].split("@")[0])
    np.testing.assert_array_equal(images[300], mrc.read_image(f"{index}@{data}/betagal_particles/{name}")[0])
    assert images.std() == pytest.approx(1, abs=0.1)
