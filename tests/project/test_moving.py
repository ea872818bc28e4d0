"""A project that is moved goes on; the data beside it that moved is found again, and no finished work is done twice."""

import json
import os
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import mrc, star
from vitreous.jobs.import_movies import ImportMovies
from vitreous.jobs.mask_create import MaskCreate
from vitreous.jobs.motion_correction import MotionCorrection
from vitreous.methods.motion.settings import Alignment
from vitreous.project import moving
from vitreous.project.commands import main
from vitreous.project.commands.disk import changed, told
from vitreous.project.project import Project
from vitreous.run.folder import JobFolder

COUNT = 3
SAID = ("place.json", "failed.star")  # a hint for a running job; sentences for people


@pytest.fixture
def movies(tmp_path):
    """Tiny movies beside the project."""
    rng = np.random.default_rng(0)
    (tmp_path / "raw").mkdir()
    for number in range(COUNT):
        pixels = rng.poisson(3, (4, 64, 64)).astype(np.float32)
        mrc.write_stack(tmp_path / "raw" / f"mic{number}.mrcs", pixels, pixel_size_A=1.0)
    return tmp_path / "raw"


@pytest.fixture
def project(tmp_path, movies):
    """Imported and corrected movies, all but one; their place is written with its full name."""
    made = Project.new(tmp_path / "P")
    first = made.add(ImportMovies(files=f"{movies}/*.mrcs", pixel_size_A=1.0, voltage_kV=300.0))
    made.run(first, quiet=True)
    alignment = Alignment(patches_x=1, patches_y=1)
    second = made.add(MotionCorrection(movies=f"{first}movies.star", alignment=alignment), alias="corrected")
    (movies / "mic2.mrcs").rename(movies / "away")
    made.run(second, quiet=True)
    (movies / "away").rename(movies / "mic2.mrcs")
    cube = np.pad(np.ones((8, 8, 8), np.float32), 8)
    mrc.write_volume(tmp_path / "map.mrc", cube, pixel_size_A=8.0)
    made.run(made.add(MaskCreate(map=str(tmp_path / "map.mrc"))), quiet=True)
    return made


def moved(project, tmp_path, name="elsewhere"):
    """The project under another name, in another folder."""
    (tmp_path / name).mkdir()
    shutil.move(project.layout.root, tmp_path / name / "Q")
    return Project.open(tmp_path / name / "Q")


def worked(project, name):
    return sum(len(path.read_bytes().splitlines()) for path in JobFolder(project.layout.job(name)).rows.glob("*.jsonl"))


def test_nothing_that_we_write_names_the_place_of_the_project(project):
    root = str(project.layout.root)
    for file in project.layout.root.rglob("*"):
        if file.is_symlink():
            assert not os.readlink(file).startswith("/"), file
        elif file.is_file() and file.suffix in (".star", ".json", ".jsonl", ".xml", ".txt", ".job") and file.name not in SAID:
            assert root not in file.read_text(), file


def test_a_moved_project_goes_on_where_it_was(project, tmp_path):
    now = moved(project, tmp_path)
    outcome = now.continue_("corrected", quiet=True)
    assert (outcome.done, outcome.did) == (COUNT, 1), "only the movie that was missing is done"
    assert now.continue_("2", quiet=True).did == 0
    assert now.continue_("1", quiet=True).did == 0
    assert now.continue_("3", quiet=True).did == 0
    assert len(star.read_table(now.layout.root / "MotionCorr/job002/corrected_micrographs.star", "micrographs")) == COUNT


def test_what_leads_out_is_listed_with_its_users(project, tmp_path, movies):
    os.symlink(movies, project.layout.root / "Movies")
    ways = project.external_paths()
    paths = {one.path: one for one in ways.outside}
    assert {f"{movies}/mic{number}.mrcs" for number in range(COUNT)} <= set(paths)
    assert all(one.reachable for one in ways.outside)
    assert paths[f"{movies}/mic0.mrcs"].jobs == ("Import/job001", "MotionCorr/job002")
    assert paths[f"{tmp_path}/map.mrc"].jobs == ("MaskCreate/job003",)
    assert ways.links == [("Movies", str(movies), True)]
    assert not ways.old_places
    (movies / "mic1.mrcs").unlink()
    said = told(project.external_paths())
    assert "1 not reachable" in said
    assert "vitreous project repoint OLD-BEGINNING NEW-BEGINNING" in said
    assert f"{movies}/mic1.mrcs  not reachable" in told(project.external_paths(), every=True)


def test_data_that_moved_are_found_again_and_no_work_is_done_twice(project, tmp_path, movies):
    os.symlink(movies, project.layout.root / "Movies")
    data = movies.rename(tmp_path / "archive")
    shutil.move(tmp_path / "map.mrc", data / "map.mrc")
    now = moved(project, tmp_path)
    before = {name: worked(now, name) for name in ("Import/job001", "MotionCorr/job002", "MaskCreate/job003")}
    table = (now.layout.root / "Import/job001/movies.star").read_bytes()
    plan = now.repoint(str(movies), str(data), dry_run=True)
    assert (now.layout.root / "Import/job001/movies.star").read_bytes() == table
    assert plan.files["Import/job001/movies.star"] == COUNT
    done = now.repoint(str(movies), str(data))
    assert done.files == plan.files
    assert done.records == plan.records == {"Import/job001/": COUNT, "MotionCorr/job002/": COUNT - 1}
    assert done.links == ("Movies",)
    assert os.readlink(now.layout.root / "Movies") == str(data)
    after = (now.layout.root / "Import/job001/movies.star").read_bytes()
    assert after == table.replace(str(movies).encode(), str(data).encode())
    assert (Path(done.backup) / "Import/job001/movies.star").read_bytes() == table
    now.repoint(str(tmp_path / "map.mrc"), str(data / "map.mrc"))
    assert all(one.reachable for one in now.external_paths().outside)
    assert now.continue_("1", quiet=True).did == 0
    assert now.continue_("2", quiet=True).did == 1
    assert now.continue_("3", quiet=True).did == 0
    assert {name: worked(now, name) for name in before} == {**before, "MotionCorr/job002": COUNT}
    text = (now.layout.job("MaskCreate/job003/") / "run.out").read_text()
    assert "is now" not in text and "another file" not in text
    micrographs = star.read_table(now.layout.root / "MotionCorr/job002/corrected_micrographs.star", "micrographs")
    assert all((now.layout.root / name).is_file() for name in micrographs["micrograph"])


def test_a_job_started_from_the_data_new_place_finds_results_named_after_the_old(project, tmp_path, movies):
    data = movies.rename(tmp_path / "archive")
    project.repoint(str(movies), str(data))
    made = project.layout.job("MotionCorr/job002/")
    old, new = (made / str(place).lstrip("/") for place in (movies, data))
    assert new.is_symlink() and not os.readlink(new).startswith("/")
    assert sorted(path.name for path in new.iterdir()) == sorted(path.name for path in old.iterdir())


def test_full_names_of_the_projects_own_files_are_made_relative(project, tmp_path):
    root = project.layout.root
    table = root / "MotionCorr/job002/corrected_micrographs.star"
    table.write_bytes(table.read_bytes().replace(b" MotionCorr/", f" {root}/MotionCorr/".encode()))
    now = moved(project, tmp_path)
    ways = now.external_paths()
    assert list(ways.old_places) == [str(root)]
    assert f"vitreous project repoint {root} ." in told(ways)
    now.repoint(str(root), str(now.layout.root))
    assert not now.external_paths().old_places
    names = star.read_table(now.layout.root / "MotionCorr/job002/corrected_micrographs.star", "micrographs")["micrograph"]
    assert all(name.startswith("MotionCorr/job002/") for name in names)


def test_an_option_inside_the_project_is_kept_relative(project):
    root = project.layout.root
    name = project.add(MotionCorrection(movies=f"{root}/Import/job001/movies.star"))
    assert project.loaded(name).job.movies == "Import/job001/movies.star"
    other = project.loaded(name, {"gain_reference": f"{root}/Import/job001/gain.mrc"})
    assert other.job.gain_reference == "Import/job001/gain.mrc"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("/", "/tmp", "cannot be the beginning"),
        ("..", "/tmp", "cannot be the beginning"),
        ("/data/x", "/nowhere/at/all", "there is nothing at /nowhere/at/all"),
        ("/data/x", "/my data", "has a blank"),
    ],
)
def test_what_cannot_be_meant_is_refused(project, old, new, why):
    with pytest.raises(UserError, match=why):
        project.repoint(old, new)


def test_a_running_job_is_left_alone(project, movies):
    import fcntl

    from vitreous.project import graph as graphs

    folder = JobFolder(project.layout.job("MotionCorr/job002/"))
    folder.success.unlink()
    with graphs.locked(project.layout) as graph:
        graph.set_status("MotionCorr/job002/", "Running")
    with folder.lock.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="MotionCorr/job002/ is running"):
            project.repoint(str(movies), str(movies))


def test_on_the_command_line(project, tmp_path, movies, monkeypatch, capsys):
    data = movies.rename(tmp_path / "archive")
    monkeypatch.chdir(project.layout.root)
    main(["external-paths"])
    assert f"{movies}/" in (said := capsys.readouterr().out) and "not reachable" in said
    main(["repoint", str(movies), str(data), "--dry-run"])
    assert "would be changed" in (said := capsys.readouterr().out)
    assert "Import/job001/movies.star" in said
    main(["repoint", str(movies), str(data)])
    assert "3 finished units of Import/job001/ matched anew" in capsys.readouterr().out
    main(["estimate", "corrected"])
    assert "3 micrographs of" in capsys.readouterr().out


def test_a_torn_or_foreign_record_is_no_trouble(project, movies, tmp_path):
    folder = JobFolder(project.layout.job("Import/job001/"))
    rows = next(folder.rows.glob("*.jsonl"))
    rows.write_bytes(rows.read_bytes() + b'{"key": "torn')
    (folder.rows / "older.jsonl").write_text(json.dumps({"key": "x", "identity": "y", "record": {"path": f"{movies}/z"}}) + "\n")
    data = movies.rename(tmp_path / "archive")
    done = project.repoint(str(movies), str(data))
    assert done.records["Import/job001/"] == COUNT
    assert f"{data}/z" in (folder.rows / "older.jsonl").read_text()
    assert changed(done, dry_run=False).startswith(f"{sum(done.files.values())} paths in {len(done.files)} files changed")


def test_a_job_that_an_external_job_started_is_matched_anew_too(project, tmp_path, movies):
    folder = JobFolder(project.layout.job("Import/job001/"))
    shutil.copy(folder.job_star, folder.hidden / "job.star")
    folder.job_star.write_text("data_job\n\n_rlnJobType 99\n\ndata_joboptions_values\n\n_rlnNothing x\n")
    data = movies.rename(tmp_path / "archive")
    done = project.repoint(str(movies), str(data))
    assert done.records["Import/job001/"] == COUNT
    assert str(data) in (folder.hidden / "job.star").read_text()


def test_a_change_cut_short_is_brought_to_its_end_by_the_same_command(project, tmp_path, movies, monkeypatch):
    data = movies.rename(tmp_path / "archive")
    whole = moving._rewrite
    left = iter(range(2))

    def cut(*about):
        if next(left, None) is None:
            raise KeyboardInterrupt
        whole(*about)

    monkeypatch.setattr(moving, "_rewrite", cut)
    with pytest.raises(KeyboardInterrupt):
        project.repoint(str(movies), str(data))
    monkeypatch.setattr(moving, "_rewrite", whole)
    project.repoint(str(movies), str(data))
    assert all(one.reachable for one in project.external_paths().outside)
    assert project.continue_("1", quiet=True).did == 0
    assert project.continue_("2", quiet=True).did == 1


@pytest.mark.data
@pytest.mark.parametrize("name", ["relion31_tutorial_betagal.tar.xz", "relion313_small.tar.gz", "relion5_class2d.tar.xz"])
def test_real_projects_are_repointed_there_and_back_to_the_byte(data, tmp_path, name):
    with tarfile.open(data / "relion_projects" / name) as packed:
        packed.extractall(tmp_path / "real", filter="data")
    (tmp_path / "programs").mkdir()
    root = min((tmp_path / "real").rglob("default_pipeline.star"), key=lambda path: len(path.parts)).parent
    project = Project.open(root)
    files = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and not path.is_symlink()}
    ways = project.external_paths()
    assert not ways.old_places
    wanted = {one.path for one in ways.outside if one.path.startswith("/public/EM/")}
    assert wanted and not any(one.reachable for one in ways.outside)
    done = project.repoint("/public/EM", str(tmp_path / "programs"))
    now = {one.path for one in project.external_paths().outside}
    assert {path.replace("/public/EM", str(tmp_path / "programs")) for path in wanted} <= now
    assert sum(done.files.values()) >= len(wanted)
    changed_files = {path for path, contents in files.items() if path.read_bytes() != contents}
    assert changed_files == {root / name for name in done.files}
    for path in changed_files:
        assert path.read_bytes() == files[path].replace(b"/public/EM/", f"{tmp_path}/programs/".encode())
    (tmp_path / "EM").mkdir()
    project.repoint(str(tmp_path / "programs"), str(tmp_path / "EM"))
    for path in changed_files:
        path.write_bytes(path.read_bytes().replace(f"{tmp_path}/EM/".encode(), b"/public/EM/"))
    assert all(path.read_bytes() == contents for path, contents in files.items())
