import json
import os
import shutil
import subprocess

import pytest

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.job.options import build
from vitreous.job.placement import Placement
from vitreous.project import graph as graphs
from vitreous.project.commands import main
from vitreous.project.project import Project


def test_a_new_project_is_one_and_stays_one(tmp_path):
    project = Project.new(tmp_path / "P")
    assert project.graph().counter == 1
    assert (tmp_path / "P" / ".gui_projectdir").exists()
    with pytest.raises(UserError, match="project already"):
        Project.new(tmp_path / "P")
    with pytest.raises(UserError, match="no project directory"):
        Project.open(tmp_path)


def test_add_run_and_follow(project, toys):
    name = project.add(toys.ToyMap(listing="list.txt"), placement=Placement(threads=2), seed=4, alias="first one")
    assert name == "External/job001/"
    assert project.graph().processes[name].status == "Scheduled"
    assert project.graph().inputs == [("list.txt", name)]
    assert "External/job001/table.json" in project.graph().nodes
    assert os.readlink("External/first_one") == "../External/job001"
    assert project.run(name, quiet=True).did == 3
    graph = project.graph()
    assert graph.processes[name].status == "Succeeded"
    assert graph.processes[name].alias == "External/first_one/"
    folder = project.layout.job(name)
    for there in ("job.star", "job_pipeline.star", "default_pipeline.star", "note.txt", "run.out", "RELION_JOB_EXIT_SUCCESS"):
        assert (folder / there).is_file(), there
    part = graphs.read(folder / "job_pipeline.star")
    assert list(part.processes) == [name]
    assert set(part.nodes) == {"list.txt", "External/job001/table.json"}
    assert (project.layout.root / ".Nodes" / "13" / "External" / "first_one" / "table.json").exists(), "as in RELION"
    loaded = as_star.load(folder / "job.star")
    assert (loaded.seed, loaded.placement.threads) == (4, 2)
    second = project.add(toys.ToyLoop(start="External/first_one/table.json"))
    assert project.graph().inputs[-1] == ("External/job001/table.json", second), "the alias is resolved"
    assert project.find("last") == second
    assert {project.find(word) for word in ("1", "job001", "External/job001", "first_one", "External/first_one/")} == {name}


def test_a_failed_job_is_marked_and_can_go_on(project, toys):
    name = project.add(build(toys.ToyMap, {"listing": "list.txt", "trouble": "all"}))
    with pytest.raises(UserError, match="all 3 units failed"):
        project.run(name, quiet=True)
    assert project.graph().processes[name].status == "Failed"
    outcome = project.continue_(name, changed={"trouble": "none", "factor_x": "3"}, quiet=True)
    assert (outcome.status, outcome.did) == ("succeeded", 3)
    assert project.graph().processes[name].status == "Succeeded"
    assert json.loads((project.layout.job(name) / "table.json").read_text())[2]["result"] == 9


def test_outputs_of_a_loop_enter_when_they_are_known(project, toys):
    name = project.add(toys.ToyLoop(start="start.txt", rounds=3))
    assert not [edge for edge in project.graph().outputs if edge[0] == name]
    project.run(name, quiet=True)
    assert project.graph().outputs == [(name, f"{name}run_it003.json")]
    project.continue_(name, changed={"rounds": "5"}, quiet=True)
    assert project.graph().outputs == [(name, f"{name}run_it005.json")], "only the last iteration is a node"


@pytest.mark.parametrize("folder", ["External/job001", "External/job001/", "External/made"])
def test_a_folder_as_input_stands_for_its_output_in_the_graph(project, toys, folder):
    name = project.add(toys.ToyMap(listing="list.txt"), alias="made")
    second = project.add(toys.ToyLoop(start=folder))
    assert project.graph().inputs[-1] == ("External/job001/table.json", second)
    graph = project.graph()
    assert name in graph.processes and not any(node.rstrip("/") + "/" in graph.processes for node in graph.nodes)


def test_an_input_from_nowhere_and_a_missing_job(project, toys):
    name = project.add(toys.ToyMap(listing="External/job077/none.txt"))
    with pytest.raises(UserError, match="no such file"):
        project.run(name, quiet=True)
    assert project.graph().processes[name].status == "Failed"
    with pytest.raises(UserError, match="no job '12'"):
        project.find("12")


def test_abort_of_what_does_not_run(project, toys):
    name = project.add(toys.ToyMap(listing="list.txt"))
    assert "marked as aborted" in project.abort(name)
    assert project.graph().processes[name].status == "Aborted"
    with pytest.raises(UserError, match="it is aborted"):
        project.abort(name)
    project.run(name, quiet=True)
    assert project.graph().processes[name].status == "Succeeded"


def test_states_come_from_the_markers(project, toys):
    name = project.add(toys.ToyMap(listing="list.txt"))
    with graphs.locked(project.layout) as graph:
        graph.set_status(name, "Running")
    folder = project.layout.job(name)
    (folder / "extra.star").touch()
    (folder / "RELION_OUTPUT_NODES.star").write_text(
        f"data_output_nodes\n\nloop_\n_rlnPipeLineNodeName #1\n_rlnPipeLineNodeType #2\n{name}extra.star 3\n"
    )
    (folder / "RELION_JOB_EXIT_SUCCESS").touch()
    graph = project.graph()
    assert graph.processes[name].status == "Succeeded"
    assert graph.nodes[f"{name}extra.star"].label == "ParticleGroupMetadata.star.relion"
    assert (name, f"{name}extra.star") in graph.outputs


@pytest.mark.parametrize(
    ("column", "cell"), [("rlnPipeLineNodeName", "odd.star"), ("rlnPipeLineNodeType", "3"), ("rlnPipeLineNodeType", "particles")]
)
def test_a_list_of_outputs_that_makes_no_sense_is_left_out(project, toys, column, cell):
    name = project.add(toys.ToyMap(listing="list.txt"))
    folder = project.layout.job(name)
    (folder / "RELION_OUTPUT_NODES.star").write_text(f"data_output_nodes\n\nloop_\n_{column} #1\n{cell}\n")
    (folder / "RELION_JOB_EXIT_SUCCESS").touch()
    with pytest.warns(UserWarning, match="left out"):
        graph = project.graph()
    assert graph.processes[name].status == "Succeeded"
    assert "odd.star" not in graph.nodes


@pytest.mark.parametrize("alias", ["x", "jobby", "a*b", "taken"])
def test_aliases_follow_relions_rules(project, toys, alias):
    project.add(toys.ToyMap(listing="list.txt"), alias="taken")
    other = project.add(toys.ToyMap(listing="list.txt"))
    with pytest.raises(UserError, match="alias"):
        project.alias(other, alias)
    assert project.graph().processes[other].alias == ""


def test_an_alias_is_changed_and_taken_away(project, toys):
    name = project.add(toys.ToyMap(listing="list.txt"), alias="one")
    assert project.alias("one", "two") == "External/two/"
    assert not os.path.lexists("External/one")
    assert project.alias("two", "None") == ""
    assert not os.path.lexists("External/two")
    assert project.graph().processes[name].alias == ""


def test_the_commands(project, toys, tmp_path, capsys):
    as_star.write(tmp_path / "job.star", toys.ToyMap(listing="list.txt"), Placement())
    assert main(["add", str(tmp_path / "job.star"), "--run", "--alias", "mine", "--set", "factor=5"]) == 0
    assert main(["add", str(tmp_path / "job.star")]) == 0
    assert main(["run", "2", "--set", "factor=7"]) == 0
    assert main(["alias", "2", "yours"]) == 0
    assert main(["continue", "yours"]) == 0
    capsys.readouterr()
    main(["list"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:4] == ["External/job001", "mine", "succeeded", "Toy"]
    assert lines[-1] == "the next is number 3"
    main(["show", "yours"])
    shown = capsys.readouterr().out
    for part in ("External/job002/", "input    list.txt", "output   External/job002/table.json", "option   factor_x = 7"):
        assert part in shown, part


@pytest.mark.relion
def test_relion_completes_and_adds_jobs_in_our_project(relion, project, toys):
    done = project.add(toys.ToyMap(listing="list.txt"), alias="mine")
    project.run(done, quiet=True)
    waiting = project.add(toys.ToyLoop(start="start.txt"))
    before = project.graph()
    program = shutil.which("relion_pipeliner")
    (project.layout.root / "mask_job.star").write_text(
        "data_job\n\n_rlnJobType 12\n_rlnJobIsContinue 0\n\ndata_joboptions_values\n\nloop_\n_rlnJobOptionVariable #1\n"
        "_rlnJobOptionValue #2\nfn_in map.mrc\ninimask_threshold 0.02\n"
    )
    for words in (["--check_job_completion"], ["--addJobFromStar", "mask_job.star"]):
        ran = subprocess.run([program, *words], timeout=90, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
    after = project.graph()
    assert after.counter == before.counter + 1
    assert list(after.processes)[:2] == [done, waiting]
    assert after.processes["MaskCreate/job003/"].label == "relion.maskcreate"
    for name in (done, waiting):
        assert after.processes[name].label == before.processes[name].label
        assert after.processes[name].status == before.processes[name].status
        assert after.processes[name].alias == before.processes[name].alias
    assert set(before.nodes) <= set(after.nodes)
    assert set(before.inputs) <= set(after.inputs)
    assert set(before.outputs) <= set(after.outputs)
    project.run(waiting, quiet=True)
    assert project.graph().processes[waiting].status == "Succeeded"


@pytest.mark.relion
def test_relion_takes_our_job_star(relion, project):
    from vitreous.jobs.mask_create import MaskCreate

    (project.layout.root / "map.mrc").touch()
    as_star.write("mask_job.star", MaskCreate(map="map.mrc"), Placement())
    program = shutil.which("relion_pipeliner")
    ran = subprocess.run([program, "--addJobFromStar", "mask_job.star"], timeout=90, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert project.graph().processes["MaskCreate/job001/"].label.startswith("relion.maskcreate")
    assert ("map.mrc", "MaskCreate/job001/") in project.graph().inputs
