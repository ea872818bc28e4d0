"""All tables of a STAR file at once."""

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import star
from vitreous.files.star_all import read_tables, write_tables
from vitreous.tables.table import Table

TEXT = """
# version 30001

data_general

_rlnFinalResolution    7.5
_myRemark    "two words"


# version 30001

data_optics

loop_
_rlnOpticsGroup #1
_rlnVoltage #2
1   300.000000
2   200.000000


# version 30001

data_particles

loop_
_rlnImageName #1
_rlnOpticsGroup #2
_rlnDefocusU #3
000001@a.mrcs   2   10000.000000
000002@a.mrcs   1   12000.500000
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "in.star"
    path.write_text(TEXT)
    return path


def test_blocks_come_by_name_and_go_back_as_they_stood(file, tmp_path):
    tables = read_tables(file)
    assert list(tables) == ["general", "optics", "particles"]
    assert tables["general"]["myRemark"].tolist() == ["two words"]
    assert tables["particles"].optics_column("voltage_kV").tolist() == [200, 300]
    write_tables(tmp_path / "out.star", tables)
    assert (tmp_path / "out.star").read_text().split() == TEXT.split()


def test_rows_may_be_changed_in_between(file, tmp_path):
    tables = read_tables(file)
    tables["particles"] = tables["particles"].select([1]).with_(half=1)
    write_tables(tmp_path / "out.star", tables)
    again = star.read_table(tmp_path / "out.star", "particles")
    assert again["defocus_u_A"].tolist() == [12000.5] and again["half"].tolist() == [1]
    assert read_tables(tmp_path / "out.star")["general"]["myRemark"].tolist() == ["two words"]


def test_one_table_and_a_list_of_tables(tmp_path):
    optics = Table({"optics_group": np.array([1]), "voltage_kV": np.array([300.0])}, "optics")
    particles = Table({"image": np.array(["1@a.mrcs"]), "optics_group": np.array([1])}, "particles", optics)
    write_tables(tmp_path / "one.star", particles)
    write_tables(tmp_path / "list.star", [particles])
    assert (tmp_path / "one.star").read_bytes() == (tmp_path / "list.star").read_bytes()
    micrographs = Table({"micrograph": np.array(["m.mrc"])}, "micrographs")
    write_tables(tmp_path / "two.star", [particles, micrographs])
    assert list(read_tables(tmp_path / "two.star")) == ["optics", "particles", "micrographs"]


def test_what_cannot_be_one_file_is_refused(tmp_path):
    def particles(voltage):
        optics = Table({"optics_group": np.array([1]), "voltage_kV": np.array([voltage])}, "optics")
        return Table({"image": np.array(["1@a.mrcs"]), "optics_group": np.array([1])}, "particles", optics)

    with pytest.raises(ValueError, match="name of its own"):
        write_tables(tmp_path / "a.star", [particles(300.0), particles(300.0)])
    with pytest.raises(ValueError, match="different optics"):
        write_tables(tmp_path / "a.star", {"one": particles(300.0), "two": particles(200.0)})
    assert not list(tmp_path.iterdir())


def test_a_name_that_comes_twice_is_told(tmp_path):
    (tmp_path / "a.star").write_text("data_x\n\n_a 1\n\ndata_x\n\n_b 2\n")
    with pytest.raises(UserError, match="data_x twice"):
        read_tables(tmp_path / "a.star")
