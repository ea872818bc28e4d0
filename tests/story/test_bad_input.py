"""Bad input ends in one clear sentence that names the file and what to do, with nothing half-written under a final name."""

import os
import subprocess

import numpy as np
import pytest

from vitreous import cli
from vitreous.files import mrc, star, tiff
from vitreous.tables.table import Table

PIXEL = 2.0


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def vitreous(*words):
    """Exit code of a command."""
    with pytest.raises(SystemExit) as left:
        cli.main([str(w) for w in words])
    return left.value.code


def frames(seed=0, count=6, side=128):
    return np.random.default_rng(seed).poisson(5, (count, side, side)).astype(np.uint8)


def write_movies(folder, names):
    (folder / "movies").mkdir(exist_ok=True)
    for i, name in enumerate(names):
        tiff.write_tiff_movie(folder / "movies" / f"{name}.tiff", frames(i), pixel_size_A=PIXEL)


def import_movies():
    return vitreous(
        "import", "--files", "movies/*.tiff", "--pixel-size-a", PIXEL, "--voltage-kv", 300, "--cs-mm", 2.7, "--out", "I"
    )


def align(*more):
    return vitreous("motion-correction", "--movies", "I/movies.star", "--dose-per-frame-e-a2", 1, "--out", "M", *more)


def optics(**columns):
    plain = {
        "optics_group_name": ["og"],
        "optics_group": [1],
        "pixel_size_A": [PIXEL],
        "box": [32],
        "voltage_kV": [300.0],
        "cs_mm": [2.7],
        "amplitude_contrast": [0.1],
        "dimensions": [2],
    }
    return Table({**plain, **columns}, "optics")


def particles(count=8, stack="stack.mrcs", **columns):
    rows = {
        "image": np.array([f"{i + 1:06d}@{stack}" for i in range(count)], object),
        "micrograph": np.array(["m.mrc"] * count, object),
        "optics_group": np.ones(count, int),
        "x_px": np.zeros(count),
        "y_px": np.zeros(count),
        "defocus_u_A": np.full(count, 15000.0),
        "defocus_v_A": np.full(count, 15000.0),
        "defocus_angle_deg": np.zeros(count),
        "rot_deg": np.zeros(count),
        "tilt_deg": np.zeros(count),
        "psi_deg": np.zeros(count),
        "origin_x_A": np.zeros(count),
        "origin_y_A": np.zeros(count),
    }
    return Table({**rows, **columns}, "particles", optics())


def write_stack(path="stack.mrcs", count=8, box=32):
    images = np.random.default_rng(1).normal(size=(count, box, box)).astype(np.float32)
    mrc.write_stack(path, images, pixel_size_A=PIXEL)


def test_missing_table_is_named(here, capsys):
    assert vitreous("ctf-find", "--micrographs", "nowhere.star", "--out", "C") == 1
    said = capsys.readouterr().err
    assert "nowhere.star" in said and "Traceback" not in said


def test_no_file_fits_the_wildcard(here, capsys):
    assert import_movies() == 1
    assert "movies/*.tiff" in capsys.readouterr().err


def test_empty_and_truncated_movies_are_listed_and_the_rest_goes_on(here, capsys):
    write_movies(here, ["a", "b", "c", "d"])
    whole = (here / "movies" / "b.tiff").read_bytes()
    assert import_movies() == 0
    (here / "movies" / "b.tiff").write_bytes(whole[: len(whole) // 2])
    (here / "movies" / "c.tiff").write_bytes(b"")
    assert align() == 0
    done = star.read_table("M/corrected_micrographs.star", "micrographs")["micrograph"].tolist()
    assert [os.path.basename(name) for name in done] == ["a.mrc", "d.mrc"]
    errors = (here / "M" / "run.err").read_text()
    assert "b.tiff" in errors and "c.tiff" in errors
    left = sorted(p.name for p in (here / "M" / "movies").iterdir())
    assert not [name for name in left if name.startswith(("b", "c"))], left


def test_wrong_gain_size_stops_the_job(here, capsys):
    write_movies(here, ["a"])
    assert import_movies() == 0
    mrc.write_image("gain.mrc", np.ones((64, 128), np.float32), pixel_size_A=PIXEL)
    assert align("--gain-reference", "gain.mrc") == 1
    said = capsys.readouterr().err
    assert "gain.mrc" in said and "64" in said and "128" in said
    assert (here / "M" / "RELION_JOB_EXIT_FAILURE").exists()


def test_micrograph_of_nan_is_listed(here, capsys):
    good = np.random.default_rng(2).normal(10, 2, (256, 256)).astype(np.float32)
    (here / "mics").mkdir()
    mrc.write_image("mics/good.mrc", good, pixel_size_A=PIXEL)
    mrc.write_image("mics/bad.mrc", np.full_like(good, np.nan), pixel_size_A=PIXEL)
    words = ("--pixel-size-a", PIXEL, "--voltage-kv", 300, "--cs-mm", 2.7, "--no-multiframe", "--out", "I")
    assert vitreous("import", "--files", "mics/*.mrc", *words) == 0
    assert vitreous("ctf-find", "--micrographs", "I/micrographs.star", "--out", "C") == 0
    assert len(star.read_table("C/micrographs_ctf.star", "micrographs")) == 1
    assert "bad.mrc" in (here / "C" / "run.err").read_text()


def test_odd_box_is_refused(here, capsys):
    (here / "mics").mkdir()
    mrc.write_image("mics/m.mrc", np.zeros((256, 256), np.float32), pixel_size_A=PIXEL)
    words = ("--pixel-size-a", PIXEL, "--voltage-kv", 300, "--cs-mm", 2.7, "--no-multiframe", "--out", "I")
    assert vitreous("import", "--files", "mics/*.mrc", *words) == 0
    star.write_table("picks.star", Table({"x_px": [100.0], "y_px": [90.0]}, ""))
    table = Table({"micrograph": ["mics/m.mrc"], "coordinates_file": ["picks.star"]}, "coordinate_files")
    star.write_table("autopick.star", table)
    words = ("--micrographs", "I/micrographs.star", "--coordinates", "autopick.star", "--box-px", 65, "--out", "E")
    assert vitreous("extract", *words) == 1
    said = capsys.readouterr().err
    assert "65" in said and "odd" in said


@pytest.mark.parametrize("command", ["class2d", "initial-model", "refine3d", "reconstruct"])
def test_zero_particles(here, capsys, command):
    star.write_table("p.star", particles(0))
    mrc.write_volume("ref.mrc", np.zeros((32, 32, 32), np.float32), pixel_size_A=PIXEL)
    more = ("--reference", "ref.mrc") if command == "refine3d" else ()
    assert vitreous(command, "--particles", "p.star", "--out", "R", *more) == 1
    assert "p.star" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["class2d", "initial-model", "reconstruct"])
def test_star_without_optics(here, capsys, command):
    write_stack()
    star.write_table("p.star", particles().with_optics(None).without("optics_group"))
    assert vitreous(command, "--particles", "p.star", "--out", "R") == 1
    said = capsys.readouterr().err
    assert "p.star" in said and "optics" in said


@pytest.mark.parametrize("command", ["class2d", "initial-model", "reconstruct"])
def test_index_beyond_the_stack(here, capsys, command):
    write_stack(count=6)
    star.write_table("p.star", particles(8))
    assert vitreous(command, "--particles", "p.star", "--out", "R") == 1
    said = capsys.readouterr().err
    assert "stack.mrcs" in said and "row 8" in said and "6 images" in said


@pytest.mark.parametrize("command", ["class2d", "initial-model", "reconstruct"])
def test_odd_particles_are_refused(here, capsys, command):
    write_stack(box=33)
    star.write_table("p.star", particles().with_optics(optics(box=[33])))
    assert vitreous(command, "--particles", "p.star", "--out", "R") == 1
    said = capsys.readouterr().err
    assert "33" in said and "odd" in said


def test_bad_row_names_file_line_and_text(here, capsys):
    star.write_table("p.star", particles())
    lines = (here / "p.star").read_text().splitlines()
    lines.insert(len(lines) - 2, "9")
    (here / "p.star").write_text("\n".join(lines) + "\n")
    write_stack()
    assert vitreous("reconstruct", "--particles", "p.star", "--out", "R") == 1
    said = capsys.readouterr().err
    assert "p.star" in said and str(len(lines) - 2) in said and "9" in said


def test_full_disk_is_said_before_work_begins(here, capsys):
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(here)], check=False).returncode:
        pytest.skip("a small file system can only be mounted by root")
    try:
        os.chdir(here)
        star.write_table("p.star", particles(8))
        assert vitreous("reconstruct", "--particles", "p.star", "--out", "R") == 1
        said = capsys.readouterr().err
        assert "free" in said and "R" in said
    finally:
        os.chdir("/")
        subprocess.run(["umount", str(here)], check=True)
