"""RELION's own Schemes prep and proc, their job.star files as shipped, from simulated movies to a refined map."""

import shutil
import subprocess
import sys

import pytest

from vitreous.context import UserError
from vitreous.files import star
from vitreous.project.project import Project

pytestmark = [pytest.mark.slow, pytest.mark.data]

MOVIES, AT_MOST = 5, 3
SESSION = (
    "--width 1536 --height 1536 --pixel-size-a 0.455 --frames 8 --dose-e-a2 40 --voltage-kv 200 --cs-mm 2.7 "
    f"--amplitude-contrast 0.1 --mass-kda 800 --map-box 64 --thickness-a 250 --movies {MOVIES} --out session"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory, data):
    """A project with the Schemes as shipped, and movies and gain where they look for them."""
    root = tmp_path_factory.mktemp("session")
    subprocess.run([sys.executable, "-m", "vitreous", "simulate", "movies", *SESSION.split()], cwd=root, check=True)
    made = Project.new(root / "P")
    shutil.copytree(data / "relion_projects" / "schemes" / "Schemes", root / "P" / "Schemes", copy_function=shutil.copyfile)
    (root / "P" / "Micrographs").mkdir()
    for movie in sorted((root / "session" / "movies").glob("*.tiff")):
        movie.rename(root / "P" / "Micrographs" / f"{movie.stem}.tif")
    (root / "session" / "gain.mrc").rename(root / "P" / "Micrographs" / "norm-gatandata-0.mrc")
    return made


@pytest.fixture(scope="module")
def prepared(project):
    """After prep: one pass over at most three movies, then another run for the rest."""
    prep = project.scheme("prep")
    for name, value in {"wait_sec": "1", "maxtime_hr": "0.0001", "do_at_most": str(AT_MOST)}.items():
        prep.set_variable(name, value)
    counts = []
    for _ in range(2):
        assert prep.run().node == "EXIT_maxtime"
        counts.append(len(star.read_table(project.layout.root / "CtfFind/job003/micrographs_ctf.star", "micrographs")))
    return counts


@pytest.fixture(scope="module")
def processed(project, prepared):
    """After proc, whose second pass finds no new micrographs."""
    proc = project.scheme("proc")
    for name, value in {"wait_sec": "1", "maxtime_hr": "0.0001", "min_nr_parts_3d": "3"}.items():
        proc.set_variable(name, value)
    return proc.run()


def test_prep_does_at_most_so_many_and_then_the_rest(project, prepared):
    assert prepared == [AT_MOST, MOVIES]
    assert list(project.graph().processes) == ["Import/job001/", "MotionCorr/job002/", "CtfFind/job003/"]
    assert [job.name for job in project.scheme("prep").read().jobs.values()] == list(project.graph().processes)


def test_proc_goes_from_micrographs_to_a_map(project, processed):
    assert processed.node == "EXIT_maxtime"
    processes = project.graph().processes
    assert [name.partition("/")[0] for name in processes][3:] == [
        "Select", "AutoPick", "Extract", "Class2D", "Select", "InitialModel", "Refine3D",
    ]  # fmt: skip
    assert {process.status for process in processes.values()} == {"Succeeded"}
    scheme = project.scheme("proc").read()
    now = {name: variable.value for name, variable in scheme.variables.items()}
    kept = star.read_table(project.layout.root / "Select/job004/micrographs.star", "micrographs")
    chosen = star.read_table(project.layout.root / "Select/job008/particles.star", "particles")
    assert now["current_nr_mics"] == now["prev_nr_mics"] == len(kept)
    assert now["current_nr_parts"] == len(chosen) >= 3
    assert (now["has_ctffind"], now["do_3d"], now["has_iniref"], now["do_topaz"]) == (True, True, False, False)
    assert now["myref"] == "InitialModel/job009/initial_model.mrc"
    assert len(star.read_table(project.layout.root / "Refine3D/job010/run_data.star", "particles")) == len(chosen)


def test_the_job_stars_are_as_shipped(project, processed, data):
    shipped = data / "relion_projects" / "schemes" / "Schemes"
    for path in shipped.rglob("job.star"):
        assert (project.layout.root / "Schemes" / path.relative_to(shipped)).read_bytes() == path.read_bytes()


def test_topaz_is_refused_with_a_sentence(project, processed):
    proc = project.scheme("proc")
    proc.set_variable("do_log", "false")
    proc.set_node("SET_do_topaz")
    with pytest.raises(UserError, match="does not support do_topaz: pick with do_log"):
        proc.run()
