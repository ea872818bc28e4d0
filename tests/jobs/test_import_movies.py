from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context, UserError
from vitreous.files import star
from vitreous.jobs.import_movies import ImportMovies


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("Movies").mkdir()
    for name in ("b.tiff", "a.mrcs", "c.eer", "notes.txt"):
        Path("Movies", name).write_bytes(b"x")
    return Path("Import/job001")


def run(job, folder):
    folder.mkdir(parents=True, exist_ok=True)
    context = Context(folder=folder)
    records = [job.work(unit, context) for unit in job.units(context)]
    job.gather(records, context)


def test_movies_are_listed_with_their_optics(project):
    run(ImportMovies(files="Movies/*", pixel_size_A=0.885, voltage_kV=200, cs_mm=1.4, mtf="mtf.star"), project)
    table = star.read_table(project / "movies.star", "movies")
    assert table["movie"].tolist() == ["Movies/a.mrcs", "Movies/b.tiff", "Movies/c.eer"]
    assert table["optics_group"].tolist() == [1, 1, 1]
    optics = table.optics.row(0)
    assert optics["original_pixel_size_A"] == 0.885
    assert (optics["voltage_kV"], optics["cs_mm"], optics["amplitude_contrast"]) == (200, 1.4, 0.1)
    assert optics["mtf_path"] == "mtf.star"
    assert "beam_tilt_x_mrad" not in optics and "micrograph_pixel_size_A" not in optics


def test_single_micrographs(project):
    job = ImportMovies(files="Movies/*.mrcs", multiframe=False, pixel_size_A=1.1, voltage_kV=300, cs_mm=2.7, beam_tilt_y_mrad=0.3)
    run(job, project)
    table = star.read_table(project / "micrographs.star", "micrographs")
    assert table["micrograph"].tolist() == ["Movies/a.mrcs"]
    assert table.optics["micrograph_pixel_size_A"] == np.array([1.1])
    assert table.optics["beam_tilt_y_mrad"] == np.array([0.3])
    assert not (project / "movies.star").exists()


def test_new_files_are_new_units(project):
    job = ImportMovies(files="Movies/*.tiff", pixel_size_A=1, voltage_kV=300, cs_mm=2.7)
    before = job.units(Context())
    Path("Movies/d.tiff").write_bytes(b"x")
    after = job.units(Context())
    assert [unit.key for unit in after] == ["Movies/b.tiff", "Movies/d.tiff"]
    assert after[0] == before[0]


@pytest.mark.parametrize(
    "pattern, words",
    [("Movies/*.dm4", "names no file"), ("Movies/*.txt", "not MRC, TIFF or EER"), ("Elsewhere/*", "names no file")],
)
def test_a_wildcard_without_files_is_refused(project, pattern, words):
    with pytest.raises(UserError, match=words):
        ImportMovies(files=pattern, pixel_size_A=1, voltage_kV=300, cs_mm=2.7).units(Context())


def test_an_empty_file_and_a_dead_link_are_refused(project):
    job = ImportMovies(files="Movies/*", pixel_size_A=1, voltage_kV=300, cs_mm=2.7)
    Path("Movies/a.mrcs").write_bytes(b"")
    with pytest.raises(UserError, match=r"a\.mrcs is empty"):
        job.work(job.units(Context())[0], Context())
    Path("Movies/b.tiff").unlink()
    Path("Movies/b.tiff").symlink_to("nowhere.tiff")
    found = [unit for unit in job.units(Context()) if unit.key.endswith("b.tiff")]
    with pytest.raises(UserError, match=r"b\.tiff cannot be read"):
        job.work(found[0], Context())


def test_a_wrong_name_of_the_optics_group_is_refused(project):
    job = ImportMovies(files="Movies/*", pixel_size_A=1, voltage_kV=300, cs_mm=2.7, optics_group_name="my group")
    with pytest.raises(UserError, match="my group"):
        job.units(Context())


def test_watching_takes_what_comes_and_keeps_what_is_taken_away(project):
    from vitreous.jobs.import_movies import Watching
    from vitreous.run import runner

    watching = Watching(watch=True, settle_s=0.2, last_file="Movies/DONE")
    job = ImportMovies(files="Movies/*", pixel_size_A=1, voltage_kV=300, watching=watching)
    Path("Movies/DONE").touch()
    assert runner.run(job, project, quiet=True).done == 3
    Path("Movies/a.mrcs").unlink()
    Path("Movies/d.tiff").write_bytes(b"x")
    Path("Movies/e.tiff").write_bytes(b"")
    outcome = runner.run(job, project, quiet=True)
    assert (outcome.done, outcome.did) == (4, 1)
    movies = star.read_table(project / "movies.star", "movies")["movie"].tolist()
    assert movies == ["Movies/a.mrcs", "Movies/b.tiff", "Movies/c.eer", "Movies/d.tiff"]
    odd = list(star.read(project / "irregular_files.star")["irregular"].rows())
    assert [row["rlnMicrographMovieName"] for row in odd] == ["Movies/e.tiff"]


def test_watching_ends_after_the_time_out_also_without_a_file(project):
    from vitreous.jobs.import_movies import Watching
    from vitreous.run import runner

    watching = Watching(watch=True, settle_s=0.2, time_out_s=1)
    assert (
        runner.run(ImportMovies(files="Movies/*", pixel_size_A=1, voltage_kV=300, watching=watching), project, quiet=True).done
        == 3
    )
    empty = ImportMovies(files="Elsewhere/*", pixel_size_A=1, voltage_kV=300, watching=watching)
    with pytest.raises(UserError, match="nothing has come"):
        runner.run(empty, Path("Import/job002"), quiet=True)
