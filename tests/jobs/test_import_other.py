from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context, UserError
from vitreous.files import mrc, star
from vitreous.jobs.import_other import ImportOther
from vitreous.run.nodes_file import made_nodes
from vitreous.tables.table import Table


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path("Import/job002")
    folder.mkdir(parents=True)
    return folder


def run(job, folder):
    context = Context(folder=folder)
    job.gather([job.work(unit, context) for unit in job.units(context)], context)
    return {(node.name, node.number) for node in made_nodes(folder, job)}


def particles(path, groups=1):
    optics = Table(
        {
            "optics_group_name": np.array([f"g{i + 1}" for i in range(groups)], object),
            "optics_group": np.arange(1, groups + 1),
            "voltage_kV": np.full(groups, 300.0),
            "cs_mm": np.full(groups, 2.7),
            "amplitude_contrast": np.full(groups, 0.1),
            "pixel_size_A": np.full(groups, 1.0),
        }
    )
    rows = {"image": np.array(["1@a.mrcs", "2@a.mrcs"], object), "optics_group": np.array([1, groups])}
    star.write_table(path, Table(rows, "particles", optics))


def test_particles_keep_their_bytes_or_get_a_new_group_name(folder):
    particles("set.star")
    assert run(ImportOther(file="set.star", what="particles"), folder) == {("Import/job002/set.star", 3)}
    assert (folder / "set.star").read_bytes() == Path("set.star").read_bytes()
    run(ImportOther(file="set.star", what="particles", optics_group_name="titan"), folder)
    assert star.read_table(folder / "set.star", "particles").optics["optics_group_name"].tolist() == ["titan"]


def test_two_groups_cannot_be_renamed(folder):
    particles("set.star", groups=2)
    with pytest.raises(UserError, match="more than one optics group"):
        run(ImportOther(file="set.star", what="particles", optics_group_name="titan"), folder)


def test_coordinates_lie_beside_the_name_of_their_ending(folder):
    Path("Mics").mkdir()
    for name in ("m1", "m2"):
        star.write_table(Path("Mics", f"{name}_pick.star"), Table({"x_px": np.array([1.0]), "y_px": np.array([2.0])}))
    nodes = run(ImportOther(file="Mics/*_pick.star", what="coordinates"), folder)
    assert nodes == {("Import/job002/coords_suffix_pick.star", 2)}
    assert (folder / "Mics/m1_pick.star").is_file() and (folder / "Mics/m2_pick.star").is_file()


@pytest.mark.parametrize("what, number", [("map", 6), ("mask", 7)])
def test_a_map_or_mask(folder, what, number):
    mrc.write_volume("thing.mrc", np.zeros((8, 8, 8), np.float32), pixel_size_A=2.0)
    assert run(ImportOther(file="thing.mrc", what=what), folder) == {("Import/job002/thing.mrc", number)}
    assert (folder / "thing.mrc").read_bytes() == Path("thing.mrc").read_bytes()


def test_both_half_maps(folder):
    for half in (1, 2):
        mrc.write_volume(f"run_half{half}_class001_unfil.mrc", np.zeros((4, 4, 4), np.float32), pixel_size_A=2.0)
    nodes = run(ImportOther(file="run_half2_class001_unfil.mrc", what="half map"), folder)
    assert nodes == {(f"Import/job002/run_half{half}_class001_unfil.mrc", 10) for half in (1, 2)}


def test_references(folder):
    mrc.write_stack("refs.mrcs", np.zeros((3, 8, 8), np.float32), pixel_size_A=2.0)
    assert run(ImportOther(file="refs.mrcs", what="references"), folder) == {("Import/job002/refs.mrcs", 5)}


@pytest.mark.parametrize(
    "file, what, words",
    [
        ("nothing.star", "particles", "there is no file nothing.star"),
        ("nothing_half1.mrc", "half map", "there is no file"),
        ("whole.mrc", "half map", "half1 or half2"),
        ("m1_pick.star", "coordinates", "wildcard"),
        ("image.mrc", "mask", "single image"),
        ("picks.star", "particles", "no table data_particles|rlnImageName|optics"),
    ],
)
def test_what_does_not_fit_is_refused(folder, file, what, words):
    mrc.write_image("image.mrc", np.zeros((8, 8), np.float32), pixel_size_A=1.0)
    star.write_table("picks.star", Table({"x_px": np.array([1.0]), "y_px": np.array([2.0])}, "coordinates"))
    with pytest.raises(UserError, match=words):
        run(ImportOther(file=file, what=what), folder)
    assert not list(folder.iterdir())
