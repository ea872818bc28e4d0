import fcntl
import shutil

import pytest

from vitreous.context import UserError
from vitreous.project import graph as graphs
from vitreous.project.commands import main
from vitreous.project.graph_model import Graph, Process
from vitreous.project.project import Project

REFINE = "Refine3D/job002/"


@pytest.fixture
def stuck(tmp_path, monkeypatch):
    """A project of RELION's with a refinement that the graph calls running, for ever."""
    graph = Graph(counter=3)
    graph.processes["External/job001/"] = Process("External/job001/", "relion.external", "Running")
    graph.processes[REFINE] = Process(REFINE, "relion.refine3d", "Running")
    graphs.write(tmp_path / "default_pipeline.star", graph)
    for name in graph.processes:
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return Project.open(tmp_path)


def write(project, name, *paths):
    for path in paths:
        (project.layout.job(name) / path).write_text("data_\n")


def test_a_refinement_offers_its_last_iteration(stuck):
    names = ("data.star", "optimiser.star", "model.star", "half1_class001.mrc", "half2_class001.mrc")
    write(stuck, REFINE, *(f"run_it{number:03d}_{end}" for number in (4, 5) for end in names))
    write(stuck, REFINE, *(f"run_ct4_it005_{end}" for end in names), "RELION_JOB_ABORT_NOW")
    with graphs.locked(stuck.layout) as graph:
        for end in ("run_data.star", "run_class001.mrc"):
            graph.add_node(graphs.Node(f"{REFINE}{end}", "UserFile"))
            graph.add_output(REFINE, f"{REFINE}{end}")
        graph.add_input(f"{REFINE}run_class001.mrc", "External/job001/")
    made = stuck.mark_finished("2")
    expected = {"data.star", "optimiser.star", "model.star", "half1_class001.mrc"}
    assert {path.removeprefix(f"{REFINE}run_ct4_it005_") for path in made} == expected
    graph = stuck.graph()
    assert graph.processes[REFINE].status == "Succeeded"
    assert set(graph.outputs_of(REFINE)) == {*made, f"{REFINE}run_class001.mrc"}, (
        "what is not there goes, unless it is waited for"
    )
    assert graph.nodes[f"{REFINE}run_ct4_it005_data.star"].label == "ParticleGroupMetadata.star.relion.refine3d"
    assert graph.nodes[f"{REFINE}run_ct4_it005_half1_class001.mrc"].label == "DensityMap.mrc.relion.halfmap.refine3d"
    folder = stuck.layout.job(REFINE)
    assert (folder / "RELION_JOB_EXIT_SUCCESS").exists() and not (folder / "RELION_JOB_ABORT_NOW").exists()
    assert "Marked as finished by hand" in (folder / "note.txt").read_text()


def test_a_refinement_that_wrote_nothing_is_not_finished(stuck):
    write(stuck, REFINE, "run_it000_data.star")
    with pytest.raises(UserError, match="has written no iteration yet"):
        stuck.mark_finished("2")
    assert stuck.graph().processes[REFINE].status == "Running"


def test_classes_of_a_3d_classification(stuck):
    with graphs.locked(stuck.layout) as graph:
        graph.processes[REFINE] = Process(REFINE, "relion.class3d", "Running")
    write(
        stuck,
        REFINE,
        *(f"run_it003_{end}" for end in ("optimiser.star", "class001.mrc", "class002.mrc", "class001_angdist.bild")),
    )
    made = stuck.mark_finished("2")
    assert [path.rpartition("/")[2] for path in made] == [
        "run_it003_optimiser.star",
        "run_it003_class001.mrc",
        "run_it003_class002.mrc",
    ]


def test_other_types_offer_what_they_list_and_what_is_there(stuck):
    with pytest.raises(UserError, match="none of the outputs of External/job001/ is there"):
        stuck.mark_finished("1")
    write(stuck, "External/job001/", "picks.star")
    (stuck.layout.job("External/job001/") / "RELION_OUTPUT_NODES.star").write_text(
        "data_output_nodes\n\nloop_\n_rlnPipeLineNodeName #1\n_rlnPipeLineNodeType #2\nExternal/job001/picks.star 2\n"
    )
    assert stuck.mark_finished("1") == ["External/job001/picks.star"]
    assert stuck.graph().nodes["External/job001/picks.star"].label.startswith("MicrographCoordsGroup")


def test_a_job_of_ours_offers_its_declared_outputs(project, toys):
    name = project.add(toys.ToyMap(listing="list.txt"))
    project.run(name, quiet=True)
    with graphs.locked(project.layout) as graph:
        graph.set_status(name, "Running")
        graph.outputs, graph.nodes = [], {node: graph.nodes[node] for node, _ in graph.inputs}
    (project.layout.job(name) / "RELION_JOB_EXIT_SUCCESS").unlink()
    assert project.graph().processes[name].status == "Running"
    assert project.mark_finished(name) == [f"{name}table.json"]


def test_a_job_at_work_is_not_marked(project, toys):
    name = project.add(toys.ToyMap(listing="list.txt"))
    with graphs.locked(project.layout) as graph:
        graph.set_status(name, "Running")
    lock = project.layout.job(name) / ".vitreous" / "lock"
    lock.parent.mkdir()
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(UserError, match=r"is at work: abort it first$"):
            project.mark_failed(name)
    project.mark_failed(name)
    assert project.graph().processes[name].status == "Failed"


def test_the_verb(stuck, capsys):
    assert main(["mark", "2", "failed"]) == 0
    assert capsys.readouterr().out == f"{REFINE} is marked as failed\n"
    assert stuck.graph().processes[REFINE].status == "Failed"
    assert (stuck.layout.job(REFINE) / "RELION_JOB_EXIT_FAILURE").exists()
    write(stuck, REFINE, "run_it001_optimiser.star")
    assert main(["mark", "2", "finished"]) == 0
    assert not (stuck.layout.job(REFINE) / "RELION_JOB_EXIT_FAILURE").exists()
    assert "run_it001_optimiser.star" in capsys.readouterr().out


@pytest.mark.data
def test_relions_project(relions):
    folder = relions.layout.job("Class2D/job006/")
    shutil.copy(folder / "run_it003_optimiser.star", folder / "run_it004_optimiser.star")
    with graphs.locked(relions.layout) as graph:
        graph.set_status("Class2D/job006/", "Running")
    (folder / "RELION_JOB_EXIT_SUCCESS").unlink()
    assert relions.mark_finished("first2d")[-1] == "Class2D/job006/run_it004_optimiser.star"
