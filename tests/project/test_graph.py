import shutil
import subprocess
import tarfile

import pytest

from vitreous.context import UserError
from vitreous.files import star
from vitreous.project import graph as graphs
from vitreous.project.graph import Graph, Node, Process
from vitreous.project.layout import Layout, alias_fault, job_name, number_of

ARCHIVES = {
    "relion31_tutorial_betagal.tar.xz": "relion31_tutorial_betagal/default_pipeline.star",
    "relion313_small.tar.gz": "default_pipeline.star",
    "relion5_class2d.tar.xz": "relion5_class2d/default_pipeline.star",
}
NAMES = graphs.NAMES


def rows(path, name):
    file = star.read(path)
    return [{k: str(v) for k, v in row.items()} for row in file[name].rows()] if name in file else []


@pytest.fixture(params=sorted(ARCHIVES))
def real(request, data, tmp_path):
    """The graph of a project made by RELION 3.1 or 5, with the job folders beside it."""
    with tarfile.open(data / "relion_projects" / request.param) as archive:
        archive.extractall(tmp_path, filter="data")
    found = [path for path in tmp_path.rglob("default_pipeline.star") if (path.parent / ".gui_projectdir").exists()]
    return found[0] if found else sorted(tmp_path.rglob(ARCHIVES[request.param]), key=lambda path: len(path.parts))[0]


@pytest.mark.data
def test_a_real_graph_is_rewritten_with_nothing_lost(real, tmp_path):
    graph = graphs.read(real)
    assert len(graph.processes) >= 8
    again = tmp_path / "again.star"
    graphs.write(again, graph)
    for name in NAMES:
        assert rows(again, name) == rows(real, name), name


@pytest.mark.data
def test_relion_projects_are_understood(real):
    graph = graphs.read(real)
    for process in graph.processes.values():
        assert process.label.startswith(("relion.", "dynamight"))
        assert process.status in ("Running", "Scheduled", "Succeeded", "Failed", "Aborted")
        assert (number_of(process.name) or 0) < graph.counter
    assert {edge[1] for edge in graph.inputs} <= set(graph.processes)
    assert {edge[0] for edge in graph.inputs} <= set(graph.nodes)


def small():
    graph = Graph(counter=3)
    graph.processes["Import/job001/"] = Process("Import/job001/", "relion.import.movies", "Succeeded", alias="Import/all/")
    graph.processes["External/job002/"] = Process("External/job002/", "relion.external.vitreous.x", "Scheduled")
    graph.add_node(Node("Import/job001/movies.star", "MicrographMovieGroupMetadata.star.relion"))
    graph.add_output("Import/job001/", "Import/job001/movies.star")
    graph.add_input("Import/job001/movies.star", "External/job002/")
    return graph


def test_numbers_and_labels_side_by_side(tmp_path):
    graphs.write(tmp_path / "g.star", small())
    processes = rows(tmp_path / "g.star", "pipeline_processes")
    assert [row["rlnPipeLineProcessType"] for row in processes] == ["0", "99"]
    assert [row["rlnPipeLineProcessStatus"] for row in processes] == ["2", "1"]
    assert [row["rlnPipeLineProcessTypeLabel"] for row in processes] == ["relion.import.movies", "relion.external.vitreous.x"]
    assert [row["rlnPipeLineProcessAlias"] for row in processes] == ["Import/all/", "None"]
    assert graphs.read(tmp_path / "g.star") == small()


def test_what_is_not_ours_is_kept(tmp_path):
    path = tmp_path / "g.star"
    path.write_text(
        "# version 50001\n\ndata_pipeline_general\n\n_rlnPipeLineJobCounter 2\n\n\ndata_pipeline_processes\n\nloop_\n"
        "_rlnPipeLineProcessName #1\n_rlnPipeLineProcessAlias #2\n_rlnPipeLineProcessTypeLabel #3\n"
        "_rlnPipeLineProcessStatusLabel #4\n_rlnPipeLineProcessMood #5\nImport/job001/ None relion.import.movies Succeeded fine"
        "\n\n\n"
        "data_somebody_else\n\nloop_\n_x #1\n1\n2\n"
    )
    graph = graphs.read(path)
    graph.processes["Import/job002/"] = Process("Import/job002/", "relion.import.movies", "Running")
    graphs.write(path, graph)
    assert [row["rlnPipeLineProcessMood"] for row in rows(path, "pipeline_processes")] == ["fine", "None"]
    assert "rlnPipeLineProcessType" not in rows(path, "pipeline_processes")[0], "labels only, as it was"
    assert [row["x"] for row in rows(path, "somebody_else")] == ["1", "2"]


@pytest.mark.relion
def test_relion_reads_and_rewrites_it(relion, tmp_path):
    graphs.write(tmp_path / "default_pipeline.star", small())
    folder = tmp_path / "External" / "job002"
    folder.mkdir(parents=True)
    (folder / "job.star").write_text(
        "data_job\n\n_rlnJobTypeLabel relion.external.vitreous.x\n_rlnJobType 99\n_rlnJobIsContinue 0\n\n"
        "data_joboptions_values\n\nloop_\n_rlnJobOptionVariable #1\n_rlnJobOptionValue #2\na 1\n"
    )
    (folder / "RELION_JOB_EXIT_SUCCESS").touch()
    program = shutil.which("relion_pipeliner")
    subprocess.run([program, "--check_job_completion"], cwd=tmp_path, check=True, timeout=60, capture_output=True)
    after = graphs.read(tmp_path / "default_pipeline.star")
    before = small()
    assert after.counter == before.counter
    assert list(after.processes) == list(before.processes)
    assert list(after.nodes) == list(before.nodes)
    assert (after.inputs, after.outputs) == (before.inputs, before.outputs)
    assert after.processes["External/job002/"].label == "relion.external.vitreous.x", "found again in job.star"
    assert [node.label for node in after.nodes.values()] == [node.label for node in before.nodes.values()]


def test_the_lock_keeps_others_out_and_is_left_clean(tmp_path, monkeypatch):
    layout = Layout(tmp_path)
    graphs.write(layout.graph, Graph())
    with graphs.locked(layout) as graph:
        assert layout.lock_file.is_file()
        graph.counter = 7
    assert not layout.lock_folder.exists()
    assert graphs.read(layout.graph).counter == 7
    assert layout.changed.exists()
    layout.lock_folder.mkdir()
    monkeypatch.setattr(graphs, "LOCK_WAIT_S", 0.001)
    with pytest.raises(UserError, match="locked by another program"), graphs.locked(layout):
        pass
    assert layout.lock_folder.exists(), "somebody else's lock is not ours to take"


def test_an_error_inside_the_lock_changes_nothing(tmp_path):
    layout = Layout(tmp_path)
    graphs.write(layout.graph, Graph())
    with pytest.raises(RuntimeError), graphs.locked(layout) as graph:
        graph.counter = 7
        raise RuntimeError
    assert graphs.read(layout.graph).counter == 1
    assert not layout.lock_folder.exists()


@pytest.mark.parametrize(("text", "said"), [("data_x\n\n_a 1\n", "no block data_pipeline_general"), (None, "no such file")])
def test_no_graph(tmp_path, text, said):
    if text:
        (tmp_path / "g.star").write_text(text)
    with pytest.raises(UserError, match=said):
        graphs.read(tmp_path / "g.star")


def test_names():
    assert job_name("CtfFind", 3) == "CtfFind/job003/"
    assert job_name("CtfFind", 1234) == "CtfFind/job1234/"
    assert number_of("CtfFind/job003/") == 3
    assert number_of("CtfFind/best/") is None
    assert [bool(alias_fault(alias)) for alias in ("x", "job1", "a/b", "a$b", "fine_one")] == [True, True, True, True, False]
