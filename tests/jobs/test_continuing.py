"""Going on with a loop job in a project: names of files and nodes, other settings, another file to go on from, other programs."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import chain, classification, iterations, star
from vitreous.jobs.class2d import Class2D
from vitreous.jobs.select import Select
from vitreous.methods.refinement.settings import Classification
from vitreous.methods.selection.settings import ClassChoice
from vitreous.project.project import Project

JOB = "Class2D/job001/"


@pytest.fixture
def project(blob_project: Path) -> Project:
    """A project with a 2D classification that ran for two iterations."""
    made = Project.new(".")
    chosen = Classification(classes=2, particle_diameter_A=110, use_em=True, use_mini_batches=False, em_iterations=2)
    made.add(Class2D(particles="particles.star", classification=chosen), seed=5)
    made.run("1", quiet=True)
    return made


def outputs(project: Project) -> set[str]:
    return {node.removeprefix(JOB) for job, node in project.graph().outputs if job == JOB}


def names(root: str) -> set[str]:
    return {f"{root}_{end}" for end in ("optimiser.star", "data.star", "model.star", "classes.mrcs")}


def test_files_and_nodes_of_a_continued_run_carry_the_iteration(project: Project) -> None:
    assert outputs(project) == names("run_it002")
    assert project.continue_("1", changed={"nr_iter_em": "4"}, quiet=True).did == 2
    assert outputs(project) == names("run_ct2_it004")
    assert [one.name for one in chain.saved(Path(JOB))][-2:] == ["run_ct2_it003", "run_ct2_it004"]
    said = star.read_list(f"{JOB}run_ct2_it004_optimiser.star", "optimiser_general")
    assert said["rlnOutputRootName"] == f"{JOB}run_ct2"
    assert said["rlnModelStarFile"] == f"{JOB}run_ct2_it004_model.star"
    assert project.continue_("1", quiet=True).did == 0, "it has ended with these settings"
    assert project.continue_("1", changed={"nr_iter_em": "5", "tau_fudge": "3"}, quiet=True).did == 1
    assert outputs(project) == names("run_ct4_it005")
    chosen = project.add(Select(model=JOB, choice=ClassChoice(classes=(1, 2))))
    assert (f"{JOB}run_ct4_it005_optimiser.star", chosen) in project.graph().inputs
    project.run(chosen, quiet=True)
    assert len(star.read_table(f"{chosen}particles.star", "particles")) == 60


def test_nodes_that_other_jobs_use_stay(project: Project) -> None:
    project.add(Select(model=f"{JOB}run_it002_optimiser.star", choice=ClassChoice(classes=(1,))))
    project.continue_("1", changed={"nr_iter_em": "3"}, quiet=True)
    assert outputs(project) == {*names("run_ct2_it003"), "run_it002_optimiser.star"}


def test_the_root_can_stay_as_with_relion_4(project: Project) -> None:
    project.continue_("1", changed={"nr_iter_em": "3", "keep_root": "Yes"}, quiet=True)
    assert outputs(project) == names("run_it003")
    assert not list(Path(JOB).glob("run_ct*"))


def test_going_on_from_an_earlier_iteration(project: Project) -> None:
    first = f"{JOB}run_it001_optimiser.star"
    assert project.continue_("1", changed={"fn_cont": first, "nr_iter_em": "3"}, quiet=True).did == 2
    assert outputs(project) == names("run_ct1_it003")
    assert [one.name for one in chain.saved(Path(JOB))] == ["run_it000", "run_it001", "run_ct1_it002", "run_ct1_it003"]
    assert (first, JOB) not in project.graph().inputs, "a job is not its own parent"
    assert classification.last_iteration(JOB) == Path(JOB) / "run_ct1_it003_optimiser.star"
    assert project.continue_("1", changed={"nr_iter_em": "4"}, quiet=True).did == 1, "fn_cont was obeyed once"
    assert outputs(project) == names("run_ct3_it004")
    one, other = (iterations.read(Path(JOB), chain.Saved(2, root)) for root in ("run", "run_ct1"))
    assert np.allclose(one.references, other.references, atol=1e-3)


def test_going_on_from_an_iteration_of_another_job(project: Project) -> None:
    first = f"{JOB}run_it002_optimiser.star"
    job = project.loaded(JOB, {"fn_cont": first, "nr_iter_em": "3"}).job
    name = project.add(job, seed=5)
    assert project.run(name, quiet=True).did == 1
    assert (first, name) in project.graph().inputs
    assert [one.name for one in chain.saved(Path(name))] == ["run_ct2_it003"]
    assert project.continue_(name, changed={"nr_iter_em": "4"}, quiet=True).did == 1
    assert [one.name for one in chain.saved(Path(name))] == ["run_ct2_it003", "run_ct3_it004"]


@pytest.mark.parametrize(("wrong", "left"), [("run_it002_data.star", "Failed"), ("run_it077_optimiser.star", "Succeeded")])
def test_a_file_that_is_none_to_go_on_from(project: Project, wrong: str, left: str) -> None:
    """A file that is not there is told before anything changes; what is in one, when the run has begun."""
    with pytest.raises(UserError, match=r"no optimiser of an iteration|there is no such file"):
        project.continue_("1", changed={"fn_cont": JOB + wrong}, quiet=True)
    assert project.graph().processes[JOB].status == left
    assert project.continue_("1", changed={"fn_cont": ""}, quiet=True).status == "succeeded"


@pytest.mark.relion
def test_relion_continues_ours_and_we_continue_relions(project: Project, relion: str) -> None:
    project.continue_("1", changed={"nr_iter_em": "6"}, quiet=True)
    command = [f"{relion}/relion_refine", "--continue", f"{JOB}run_ct2_it006_optimiser.star", "--iter", "7"]
    done = subprocess.run([*command, "--o", f"{JOB}run_ct6"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert chain.latest(Path(JOB)).name == "run_ct6_it007"
    theirs = iterations.read(Path(JOB), 7).particles
    assert project.continue_("1", changed={"nr_iter_em": "8"}, quiet=True).did == 1
    assert outputs(project) == names("run_ct7_it008")
    ours = iterations.read(Path(JOB), 8).particles
    place = {name: row for row, name in enumerate(theirs["image"].tolist())}
    rows = theirs.select([place[name] for name in ours["image"].tolist()])
    assert (rows["class_number"] == ours["class_number"]).mean() > 0.9


def test_a_folder_without_our_notes_is_gone_on_with_by_its_numbers(project: Project) -> None:
    shutil.rmtree(Path(JOB) / ".vitreous")
    assert project.continue_("1", changed={"nr_iter_em": "3"}, quiet=True).did == 1
    assert outputs(project) == names("run_ct2_it003")
