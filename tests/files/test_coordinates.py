"""Coordinates in both conventions and as EMAN boxes."""

from pathlib import Path

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import coordinates
from vitreous.tables.table import Table

NAMES = ["MotionCorr/job002/Movies/a.mrc", "MotionCorr/job002/Movies/b.mrc", "Raw/c.mrc"]


def write(path: str, count: int) -> None:
    coordinates.write(path, Table({"x_px": np.arange(count) + 0.25, "y_px": np.arange(count) * 2.0}))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("AutoPick/job003/Movies/a_picked.star", 3)
    write("AutoPick/job003/Raw/c_picked.star", 0)
    Path("AutoPick/job003/coords_suffix_picked.star").write_text("micrographs.star\n")
    return tmp_path


def test_a_suffix_file_and_a_table_name_the_same_files(folder):
    by_suffix = coordinates.files_of("AutoPick/job003/coords_suffix_picked.star", NAMES)
    assert by_suffix == {
        NAMES[0]: Path("AutoPick/job003/Movies/a_picked.star"),
        NAMES[2]: Path("AutoPick/job003/Raw/c_picked.star"),
    }
    coordinates.write_list("AutoPick/job003/picked.star", {name: str(file) for name, file in by_suffix.items()})
    assert coordinates.files_of("AutoPick/job003/picked.star", NAMES) == by_suffix
    assert coordinates.files_of("AutoPick/job003/picked.star", NAMES[:1]) == {NAMES[0]: by_suffix[NAMES[0]]}


def test_picks_come_back(folder):
    table = coordinates.read("AutoPick/job003/Movies/a_picked.star")
    assert table["x_px"].tolist() == [0.25, 1.25, 2.25]
    assert table["y_px"].tolist() == [0, 2, 4]
    assert len(coordinates.read("AutoPick/job003/Raw/c_picked.star")) == 0


def test_eman_boxes_give_centres(folder):
    Path("a.box").write_text("10 20 64 64\n\n100\t200\t64\t64\t-3\n")
    table = coordinates.read("a.box")
    assert table["x_px"].tolist() == [42, 132]
    assert table["y_px"].tolist() == [52, 232]


def test_bad_files_are_named(folder):
    Path("bad.box").write_text("10 20 64 64\n1 two 3 4\n")
    with pytest.raises(UserError, match=r"bad\.box, line 2"):
        coordinates.read("bad.box")
    coordinates.write_list("gone.star", {NAMES[0]: "gone/a.star"})
    with pytest.raises(UserError, match=r"gone\.star, row 1: there is no file gone/a\.star"):
        coordinates.files_of("gone.star", NAMES)
    with pytest.raises(UserError, match=r"no coordinates at nowhere\.star"):
        coordinates.files_of("nowhere.star", NAMES)
    with pytest.raises(UserError, match="lists no coordinate files"):
        coordinates.files_of("AutoPick/job003/Movies/a_picked.star", NAMES)
    coordinates.write("flat.star", Table({"x_px": np.zeros(2)}))
    with pytest.raises(UserError, match=r"flat\.star has no columns"):
        coordinates.read("flat.star")


@pytest.mark.data
def test_picks_of_relion_3_and_5(data, tmp_path):
    import tarfile

    with tarfile.open(data / "relion_projects" / "relion31_tutorial_betagal.tar.xz") as archive:
        wanted = [m for m in archive.getmembers() if "/AutoPick/job006/" in m.name]
        archive.extractall(tmp_path, members=wanted, filter="data")
    where = next(tmp_path.glob("*/AutoPick/job006"))
    names = [f"MotionCorr/job002/Movies/20170629_000{n}_frameImage.mrc" for n in range(21, 26)]
    found = coordinates.files_of(where / "coords_suffix_autopick.star", names)
    assert list(found) == names
    assert coordinates.read(found[names[0]]).row(0)["x_px"] == pytest.approx(1614.217657)
