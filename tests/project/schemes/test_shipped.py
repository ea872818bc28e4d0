"""RELION's own Schemes prep and proc, their job.star files as shipped, from simulated movies to a refined map."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import mrc, star
from vitreous.project.project import Project

pytestmark = [pytest.mark.slow, pytest.mark.data]

MOVIES, AT_MOST = 5, 3
CHOSEN = (("class2d", "nr_classes", "4"), ("select_parts", "rank_threshold", "0.05"))
"""What a user would set for some twenty particles; as shipped these are a hundred classes, and averages that show detail."""
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


def ball(path, box_px, pixel_size_A, diameter_A):
    """A first map that knows nothing but the size."""
    axis = (np.arange(box_px) - box_px // 2) * pixel_size_A
    radius = np.sqrt(sum(part**2 for part in np.meshgrid(axis, axis, axis)))
    mrc.write_volume(path, (radius < diameter_A / 2).astype(np.float32), pixel_size_A=pixel_size_A)


@pytest.fixture(scope="module")
def processed(project, prepared):
    """After proc with a first map of the user's, as its variable iniref asks; a second pass finds no new micrographs."""
    proc, root = project.scheme("proc"), project.layout.root
    ball(root / "ball.mrc", 48, 166 / 48 * 0.91, 130)
    for name, value in {"wait_sec": "1", "maxtime_hr": "0.0001", "min_nr_parts_3d": "3", "iniref": "ball.mrc"}.items():
        proc.set_variable(name, value)
    for job, option, value in CHOSEN:
        proc.set_option(job, option, value)
    return proc.run()


def options(path):
    """The values of a job.star."""
    values = star.read(path)["joboptions_values"]
    return dict(zip(values["rlnJobOptionVariable"], values["rlnJobOptionValue"], strict=True))


def values_of(project):
    return {name: variable.value for name, variable in project.scheme("proc").read().variables.items()}


def rows(project, path, kind="particles"):
    return len(star.read_table(project.layout.root / path, kind))


def test_prep_does_at_most_so_many_and_then_the_rest(project, prepared):
    assert prepared == [AT_MOST, MOVIES]
    assert list(project.graph().processes)[:3] == ["Import/job001/", "MotionCorr/job002/", "CtfFind/job003/"]
    assert [job.name for job in project.scheme("prep").read().jobs.values()] == list(project.graph().processes)[:3]


def test_proc_goes_from_micrographs_to_a_map(project, processed):
    assert processed.node == "EXIT_maxtime"
    processes = project.graph().processes
    assert [name.partition("/")[0] for name in processes][3:9] == [
        "Select", "AutoPick", "Extract", "Class2D", "Select", "Refine3D",
    ]  # fmt: skip
    assert {process.status for process in list(processes.values())[:9]} == {"Succeeded"}
    now, chosen = values_of(project), rows(project, "Select/job008/particles.star")
    assert now["current_nr_mics"] == now["prev_nr_mics"] == rows(project, "Select/job004/micrographs.star", "micrographs")
    assert now["current_nr_parts"] == chosen >= 3
    assert (now["has_ctffind"], now["do_3d"], now["has_iniref"], now["do_topaz"]) == (True, True, True, False)
    assert now["myref"] == "ball.mrc"
    assert rows(project, "Refine3D/job009/run_data.star") == chosen


def test_the_job_stars_were_as_shipped(project, processed, data):
    shipped = data / "relion_projects" / "schemes" / "Schemes"
    names = [path.relative_to(shipped) for path in shipped.rglob("job.star")]
    assert len(names) == 10
    for name in names:
        before, now = shipped / name, project.layout.root / "Schemes" / name
        set_here = {option: value for job, option, value in CHOSEN if job == name.parts[1]}
        assert set_here or now.read_bytes() == before.read_bytes()
        assert options(now) == options(before) | set_here


def test_without_a_first_map_proc_makes_one(project, processed):
    """The other way of the fork. One random start where five are the rule, which take minutes."""
    proc = project.scheme("proc")
    proc.set_variable("iniref", "None")
    assert proc.set_option("inimodel3d", "starts", "1") == ["refine3d"]
    proc.set_node("CHECK_iniref")
    assert proc.run().node == "EXIT_maxtime"
    assert list(project.graph().processes)[9:] == ["InitialModel/job010/", "Refine3D/job011/"]
    assert values_of(project)["myref"] == "InitialModel/job010/initial_model.mrc"
    assert ("InitialModel/job010/initial_model.mrc", "Refine3D/job011/") in project.graph().inputs


def test_topaz_is_refused_with_a_sentence(project, processed):
    proc = project.scheme("proc")
    proc.set_variable("do_log", "false")
    proc.set_node("SET_do_topaz")
    with pytest.raises(UserError, match="does not support do_topaz: pick with do_log"):
        proc.run()
