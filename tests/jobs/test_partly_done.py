"""Motion correction, CTF, picking and extraction go on with the micrographs that are not yet done, ours and RELION's."""

import shutil
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest

from vitreous.files import mrc, star
from vitreous.jobs.auto_pick import AutoPick
from vitreous.jobs.ctf_find import CtfFind
from vitreous.jobs.extract import Extract
from vitreous.jobs.motion_correction import MotionCorrection
from vitreous.methods.ctf.settings import CtfSearch
from vitreous.methods.extraction.settings import Windows
from vitreous.methods.picking.settings import BlobSearch
from vitreous.project.project import Project
from vitreous.tables.table import Table

PIXEL_A = 4.0
OPTICS = {
    "optics_group_name": np.array(["a"], object),
    "optics_group": [1],
    "voltage_kV": [300.0],
    "cs_mm": [2.7],
    "amplitude_contrast": [0.1],
}


def micrograph(seed: int) -> np.ndarray:
    image = np.random.default_rng(seed).normal(10, 1, (256, 256))
    y, x = np.indices(image.shape)
    for cy in range(60, 230, 60):
        for cx in range(60, 230, 60):
            image -= 3 * (np.hypot(y - cy, x - cx) < 12)
    return image.astype(np.float32)


def table(path: str, kind: str, names: list[str], **columns: object) -> None:
    optics = Table({**OPTICS, "micrograph_pixel_size_A": [PIXEL_A], "original_pixel_size_A": [PIXEL_A]}, "optics")
    named = {"movie" if kind == "movies" else "micrograph": np.array(names, object), "optics_group": np.ones(len(names), int)}
    star.write_table(path, Table({**named, **columns}, kind, optics))


def motion(count: int) -> MotionCorrection:
    names = [f"Movies/m{number}.mrcs" for number in range(count)]
    for number, name in enumerate(names):
        frames = np.random.default_rng(number).poisson(2.0, (4, 128, 128)).astype(np.float32)
        mrc.write_stack(name, frames, pixel_size_A=PIXEL_A)
    table("movies.star", "movies", names)
    return MotionCorrection(movies="movies.star")


def mics(count: int) -> list[str]:
    names = [f"Mics/m{number}.mrc" for number in range(count)]
    for number, name in enumerate(names):
        mrc.write_image(name, micrograph(number), pixel_size_A=PIXEL_A)
    defocus = {name: np.full(count, 12000.0) for name in ("defocus_u_A", "defocus_v_A")}
    table("mics.star", "micrographs", names, **defocus, defocus_angle_deg=np.zeros(count))
    return names


def ctf(count: int) -> CtfFind:
    mics(count)
    return CtfFind(micrographs="mics.star", use_spectra=False, search=CtfSearch(box=128))


def pick(count: int) -> AutoPick:
    mics(count)
    return AutoPick(micrographs="mics.star", blobs=BlobSearch(min_diameter_A=80, max_diameter_A=110))


def extract(count: int) -> Extract:
    for name in mics(count):
        path = Path(f"Picks/job001/{Path(name).with_suffix('')}_mine.star")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n60 60\n120 120\n\n")
    Path("Picks/job001/coords_suffix_mine.star").write_text("mics.star\n")
    return Extract(micrographs="mics.star", coordinates="Picks/job001/coords_suffix_mine.star", windows=Windows(box_px=32))


TABLES = {motion: "corrected_micrographs.star", ctf: "micrographs_ctf.star", pick: "autopick.star", extract: "particles.star"}


@pytest.mark.parametrize("make", list(TABLES))
def test_only_micrographs_that_are_not_yet_done(tmp_path, monkeypatch, make):
    monkeypatch.chdir(tmp_path)
    project = Project.new(".")
    name = project.add(make(2))
    assert project.run(name, quiet=True).did == 2
    first = {path: path.stat().st_mtime_ns for path in Path(name).rglob("*m0*")}
    make(3)
    assert project.continue_(name, quiet=True).did == 1
    assert len(star.read_table(f"{name}{TABLES[make]}", optics="optional")) == (6 if make is extract else 3)
    assert {path: path.stat().st_mtime_ns for path in Path(name).rglob("*m0*")} == first
    assert "continuing" in Path(f"{name}note.txt").read_text()


@pytest.fixture
def relions(data, tmp_path, monkeypatch):
    """A project that RELION 3.1.3 ran, with noise in place of the corrected micrographs that it lacks."""
    with tarfile.open(data / "relion_projects" / "relion313_small.tar.gz") as tree:
        tree.extractall(tmp_path, filter="data")
    monkeypatch.chdir(tmp_path)
    for number in (1, 2, 3):
        image = np.random.default_rng(number).normal(10, 1, (1024, 1024)).astype(np.float32)
        mrc.write_image(f"MotionCorr/job002/Movies/movie{number}.mrc", image, pixel_size_A=3.0)
    return Project.open(".")


@pytest.mark.data
@pytest.mark.parametrize("job, count", [("AutoPick/job004/", 300), ("Extract/job010/", 27)])
def test_what_relion_did_stays_and_the_rest_is_done(relions, job, count):
    assert relions.continue_(job, quiet=True).did == 0
    assert "3 of 3 were done by RELION and stay as they are" in Path(f"{job}run.out").read_text()
    mics_star = "External/job003/micrographs_ctf.star" if "Extract" in job else relions.loaded(job).job.micrographs
    file = star.read(mics_star)
    rows = file["micrographs"].columns
    for label, values in rows.items():
        new = (
            str(values[-1]).replace("movie3", "movie4") if label in ("rlnMicrographName", "rlnMicrographMetadata") else values[-1]
        )
        rows[label] = np.append(values, new)
    star.write(mics_star, file)
    shutil.copy("MotionCorr/job002/Movies/movie3.mrc", "MotionCorr/job002/Movies/movie4.mrc")
    shutil.copy("External/job009/Movies/movie3_extpick.star", "External/job009/Movies/movie4_extpick.star")
    assert relions.continue_(job, quiet=True).did == 1
    if "Extract" in job:
        assert len(star.read_table(f"{job}particles.star", "particles")) == count + 9
    else:
        files = star.read_table(f"{job}autopick.star", optics="optional")["coordinates_file"]
        assert sum(len(star.read_table(path, "coordinates", optics="optional")) for path in files[:3]) == count
        assert Path(f"{job}coords_suffix_autopick.star").read_text().strip() == mics_star


@pytest.mark.data
def test_what_relion_did_stays_in_a_job_that_is_handed_over(relions):
    relions.start("10")
    until = time.monotonic() + 120
    assert relions.wait("10", poll_s=0.1, stop_asked=lambda: time.monotonic() > until) == "Succeeded"
    assert "3 of 3 were done by RELION and stay as they are" in Path("Extract/job010/run.out").read_text()


@pytest.mark.data
def test_with_other_options_all_is_done_anew(relions):
    changed = relions.continue_("10", changed={"extract_size": "48"}, quiet=True)
    assert changed.did == 3
    assert "is done anew, for box_px had another value" in Path("Extract/job010/run.out").read_text()
    assert star.read_table("Extract/job010/particles.star", "particles").optics["box"][0] == 48


@pytest.mark.data
def test_tables_of_relions_motion_and_ctf_are_taken_up(data, tmp_path, monkeypatch):
    with tarfile.open(data / "relion_projects" / "relion31_tutorial_betagal.tar.xz") as tree:
        parts = ("/MotionCorr/job002", "/CtfFind/job003", "/Import/job001", "/default_pipeline.star")
        tree.extractall(tmp_path, members=[m for m in tree.getmembers() if any(part in m.name for part in parts)], filter="data")
    monkeypatch.chdir(next(tmp_path.rglob("default_pipeline.star")).parent)
    while not Path("Import").is_dir():
        monkeypatch.chdir("..")
    project = Project.open(".")
    motion_table = star.read_table("MotionCorr/job002/corrected_micrographs.star", "micrographs")
    for column in ("micrograph", "power_spectrum"):
        for name in motion_table[column]:
            mrc.write_image(str(name), np.ones((8, 8), np.float32), pixel_size_A=1.0)
    mrc.write_image("Movies/gain.mrc", np.ones((8, 8), np.float32), pixel_size_A=1.0)
    before = star.read_table("CtfFind/job003/micrographs_ctf.star", "micrographs")
    for name in before["ctf_image"]:
        path = Path(str(name).removesuffix(":mrc"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for job, old, path in (
        ("2", motion_table, "MotionCorr/job002/corrected_micrographs.star"),
        ("3", before, "CtfFind/job003/micrographs_ctf.star"),
    ):
        assert project.continue_(job, quiet=True).did == 0
        after = star.read_table(path, "micrographs")
        for column in old:
            if "motion" in column:  # RELION tells it in pixels
                assert np.allclose(after[column], 0.885 * old[column], rtol=1e-3), column
            else:
                assert after[column].tolist() == old[column].tolist(), column
