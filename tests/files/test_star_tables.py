from pathlib import Path

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import mrc, star
from vitreous.tables.table import Table

OLD = """
data_images

loop_
_rlnImageName #1
_rlnVoltage #2
_rlnSphericalAberration #3
_rlnAmplitudeContrast #4
_rlnMagnification #5
_rlnDetectorPixelSize #6
_rlnOriginX #7
_rlnOriginY #8
_rlnAngleRot #9
_rlnMyOwn #10
000001@a.mrcs 300 2.7 0.1 10000 1.5 2 -1 10 007
000002@a.mrcs 300 2.7 0.1 10000 1.5 0 0.5 20 x
000001@b.mrcs 200 1.4 0.1 50000 5.0 1 1 30 y
"""

NEW = """
# version 30001

data_optics

loop_
_rlnOpticsGroup #1
_rlnOpticsGroupName #2
_rlnVoltage #3
_rlnImagePixelSize #4
_rlnCtfDataAreCtfPremultiplied #5
1 one 300 1.5 0
2 two 200 1.0 1

# version 30001

data_particles

loop_
_rlnImageName #1
_rlnOpticsGroup #2
_rlnClassNumber #3
_other #4
000001@a.mrcs 2 1.0 00.10
000002@a.mrcs 1 2.0 none

# remark

data_more

_x 1
"""


def put(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "particles.star"
    path.write_text(text)
    return path


def test_a_3_0_file_is_upgraded(tmp_path: Path) -> None:
    table = star.read_table(put(tmp_path, OLD), "particles")
    assert table.kind == "particles"
    assert table.optics is not None
    assert table.optics["voltage_kV"].tolist() == [300, 200]
    assert table.optics["cs_mm"].tolist() == [2.7, 1.4]
    assert table.optics["pixel_size_A"].tolist() == [1.5, 1.0]
    assert table["optics_group"].tolist() == [1, 1, 2]
    np.testing.assert_allclose(table["origin_x_A"], [3, 0, 1])
    np.testing.assert_allclose(table["origin_y_A"], [-1.5, 0.75, 1])
    assert table["rlnMyOwn"].tolist() == ["007", "x", "y"]
    gone = ("origin_x_px", "voltage_kV", "magnification", "detector_pixel_size_um")
    assert not any(name in table for name in gone)
    assert table.optics_column("voltage_kV").tolist() == [300, 300, 200]


def test_an_upgrade_finds_the_box_where_the_stacks_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mrc.write_stack("a.mrcs", np.zeros((2, 8, 8)), pixel_size_A=1.5)
    mrc.write_stack("b.mrcs", np.zeros((1, 6, 6)), pixel_size_A=1.0)
    table = star.read_table(put(tmp_path, OLD), "particles")
    assert table.optics is not None
    assert table.optics["box"].tolist() == [8, 6]


def test_a_3_1_file_comes_back_as_it_was(tmp_path: Path) -> None:
    table = star.read_table(put(tmp_path, NEW), "particles")
    assert table["class_number"].tolist() == [1, 2]
    assert table["class_number"].dtype == np.int64
    assert table.optics is not None
    assert table.optics["ctf_premultiplied"].tolist() == [False, True]
    star.write_table(tmp_path / "again.star", table)
    again = star.read(tmp_path / "again.star")
    assert again.names() == ["optics", "particles", "more"]
    assert again["optics"].comments == ("# version 30001", "")
    assert again["particles"].columns["other"].tolist() == ["00.10", "none"]
    assert again["optics"].columns["rlnCtfDataAreCtfPremultiplied"].tolist() == [0, 1]
    assert "# remark" in again["more"].comments
    star.write_table(tmp_path / "five.star", table, version=50001)
    assert star.read(tmp_path / "five.star")["particles"].comments[0] == "# version 50001"


@pytest.mark.parametrize("name", ["", "images", "particles"])
@pytest.mark.parametrize("kind", ["particles", "particles.refined", None])
def test_the_kind_picks_the_block(tmp_path: Path, name: str, kind: str | None) -> None:
    table = star.read_table(put(tmp_path, OLD.replace("data_images", f"data_{name}")), kind)
    assert table.kind == "particles"
    assert len(table) == 3


def test_a_file_without_the_table_says_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"particles.star has no table data_micrographs; it holds data_optics, data_particles"):
        star.read_table(put(tmp_path, NEW), "micrographs")


def test_missing_optics_are_said_clearly(tmp_path: Path) -> None:
    bare = put(tmp_path, "data_particles\nloop_\n_rlnImageName #1\n1@a.mrcs\n")
    with pytest.raises(UserError, match=r"particles.star has no optics table \(data_optics\)"):
        star.read_table(bare, "particles")
    assert star.read_table(bare, "particles", optics="optional").optics is None
    assert star.read_table(bare).optics is None


def test_a_row_of_an_unknown_optics_group_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="row 2 is of optics group 7"):
        star.read_table(put(tmp_path, NEW.replace("000002@a.mrcs 1", "000002@a.mrcs 7")), "particles")


def test_coordinates_of_both_kinds(tmp_path: Path) -> None:
    table = star.read_table(put(tmp_path, "data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n10 20\n"), "coordinates")
    assert table["x_px"].tolist() == [10.0]
    files = put(tmp_path, "data_coordinate_files\nloop_\n_rlnMicrographName\n_rlnMicrographCoordinates\na.mrc a.star\n")
    assert star.read_table(files, "coordinates")["coordinates_file"].tolist() == ["a.star"]


def test_bad_rows_can_be_skipped(tmp_path: Path) -> None:
    path = put(tmp_path, NEW.replace("000002@a.mrcs 1 2.0 none\n", "9\n000002@a.mrcs 1 2.0 none\n"))
    number = path.read_text().split("\n").index("9") + 1
    with pytest.raises(UserError, match=f"line {number}: '9' has 1 values"):
        star.read_table(path, "particles")
    assert len(star.read_table(path, "particles", bad_rows="skip")) == 2


@pytest.mark.parametrize("rows", [3, 5000])
def test_a_table_survives(tmp_path: Path, rows: int) -> None:
    rng = np.random.default_rng(rows)
    optics = Table({"optics_group": [1, 2], "optics_group_name": ["a b", "c"], "voltage_kV": [300.0, 200.0]}, "optics")
    table = Table(
        {
            "image": np.array([f"{i + 1:06d}@Extract/job 1/s.mrcs" for i in range(rows)], object),
            "optics_group": rng.integers(1, 3, rows),
            "rot_deg": rng.uniform(-180, 180, rows),
            "ctf_premultiplied": rng.random(rows) < 0.5,
            "vitreousOwn": rng.normal(size=rows),
        },
        "particles",
        optics,
    )
    star.write_table(tmp_path / "t.star", table)
    again = star.read_table(tmp_path / "t.star", "particles")
    assert list(again) == list(table)
    assert again["image"].tolist() == table["image"].tolist()
    assert again["optics_group"].tolist() == table["optics_group"].tolist()
    assert again["ctf_premultiplied"].tolist() == table["ctf_premultiplied"].tolist()
    np.testing.assert_allclose(again["rot_deg"], table["rot_deg"], atol=5.1e-7)
    np.testing.assert_allclose(again["vitreousOwn"].astype(float), table["vitreousOwn"], atol=5.1e-7)
    assert again.optics is not None
    assert again.optics["optics_group_name"].tolist() == ["a b", "c"]


@pytest.mark.data
def test_tables_of_the_peers(data: Path) -> None:
    old = star.read_table(data / "particles/star/FinalRefinement-OriginalParticles-PfCRT.star", "particles")
    assert old.optics is not None
    assert old.optics["pixel_size_A"].tolist() == [1.035]
    np.testing.assert_allclose(old["origin_x_A"][0], -0.14063 * 1.035)
    five = star.read_table(data / "particles/relion31/relion5.star", "particles")
    assert five.optics is not None
    assert five.optics["odd_zernike"][0].startswith("[0.068")
    assert five.optics["mag_matrix_00"][0] == pytest.approx(1.001833)
    six = star.read_table(data / "particles/relion31/relion31.6opticsgroups.star", "particles")
    assert (len(six), len(six.optics or ())) == (139, 6)


@pytest.mark.relion
def test_relion_reads_and_keeps_our_tables(tmp_path: Path, relion: str) -> None:
    import subprocess

    rows = 6000  # enough for the compiled writer
    table = Table(
        {
            "image": np.array([f"{i + 1:06d}@s.mrcs" for i in range(rows)], object),
            "optics_group": np.ones(rows, int),
            "rot_deg": np.linspace(-180, 180, rows),
            "pmax": np.geomspace(1e-9, 1, rows),
        },
        "particles",
        Table(
            {
                "optics_group": [1],
                "optics_group_name": ["one"],
                "voltage_kV": [300.0],
                "cs_mm": [2.7],
                "amplitude_contrast": [0.1],
                "pixel_size_A": [1.5],
                "box": [32],
                "dimensions": [2],
            },
            "optics",
        ),
    )
    star.write_table(tmp_path / "in.star", table)
    command = ["relion_star_handler", "--i", "in.star", "--o", "out.star", "--select", "rlnAngleRot", "--minval", "0"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    kept = star.read_table(tmp_path / "out.star", "particles")
    wanted = table.select(table["rot_deg"] >= 0)
    assert kept["image"].tolist() == wanted["image"].tolist()
    np.testing.assert_allclose(kept["rot_deg"], wanted["rot_deg"], atol=2e-5)
    np.testing.assert_allclose(kept["pmax"], wanted["pmax"], rtol=1e-5, atol=6e-7)
    assert kept.optics is not None
    assert kept.optics["box"].tolist() == [32]
