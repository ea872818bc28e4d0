import contextlib
import os
import shutil
import subprocess
import tarfile
import time
from dataclasses import replace

import pytest

from vitreous.context import UserError
from vitreous.files import star
from vitreous.project import graph as graphs
from vitreous.project.graph import Flavour, Graph, Node, Process
from vitreous.project.graph_text import to_text
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
def test_a_save_without_a_change_leaves_every_byte(real):
    layout = Layout(real.parent)
    before, when = real.read_bytes(), real.stat().st_mtime_ns
    with graphs.locked(layout):
        pass
    assert real.read_bytes() == before
    assert real.stat().st_mtime_ns == when, "not even written"
    assert to_text(graphs.read(real)).encode() == before, "and the text that would be written is the same"


@pytest.mark.data
def test_one_change_leaves_all_other_lines(real):
    before = real.read_text().splitlines(keepends=True)
    with graphs.locked(Layout(real.parent)) as graph:
        name = next(name for name, process in graph.processes.items() if process.status == "Succeeded")
        graph.set_status(name, "Failed")
    after = real.read_text().splitlines(keepends=True)
    assert len(before) == len(after)
    (changed,) = [(old, new) for old, new in zip(before, after) if old != new]
    old, new = changed
    assert old.split()[:2] == new.split()[:2]
    assert new.split()[-1] in ("3", "Failed")
    assert len(new) - len(new.rstrip()) == 2, "RELION's blank at the end"
    if "Succeeded" not in old:
        assert len(old) == len(new), "in RELION's widths"


@pytest.mark.data
def test_a_new_job_adds_lines_and_changes_only_the_counter(real):
    before = real.read_text().splitlines(keepends=True)
    with graphs.locked(Layout(real.parent)) as graph:
        graph.processes["Class3D/job099/"] = Process("Class3D/job099/", "relion.class3d", "Scheduled")
        graph.add_node(Node("Class3D/job099/x.star", "ParticleGroupMetadata.star.relion.class3d"))
        graph.add_output("Class3D/job099/", "Class3D/job099/x.star")
        graph.counter = 100
    after = real.read_text().splitlines(keepends=True)
    assert [line for line in after if line not in before and "job099" not in line] == [
        "_rlnPipeLineJobCounter                     100\n"
    ]
    assert [line for line in before if line not in after] == [line for line in before if "JobCounter" in line]
    assert len([line for line in after if "job099" in line]) == 3


@pytest.mark.data
def test_the_file_with_columns_counted_from_0_stays_too(data):
    path = data / "relion_projects" / "star" / "default_pipeline.star"
    assert to_text(graphs.read(path)).encode() == path.read_bytes()


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


OF_4 = (
    "\n# version 30001\n\ndata_pipeline_general\n\n_rlnPipeLineJobCounter                       2\n \n"
    "\n# version 30001\n\ndata_pipeline_processes\n\nloop_ \n_rlnPipeLineProcessName #1 \n_rlnPipeLineProcessAlias #2 \n"
    "_rlnPipeLineProcessTypeLabel #3 \n_rlnPipeLineProcessStatusLabel #4 \n"
    "Class2D/job001/       None relion.class2d.em  Succeeded \n \n"
    "\n# version 30001\n\ndata_pipeline_nodes\n\nloop_ \n_rlnPipeLineNodeName #1 \n_rlnPipeLineNodeTypeLabel #2 \n"
    "Class2D/job001/run_it025_data.star ParticlesData.star.relion.class2d \n"
    "Class2D/job001/run_it025_optimiser.star ProcessData.star.relion.optimiser.class2d \n \n"
)


def test_words_of_relion_4_are_kept_in_the_file(tmp_path):
    path = tmp_path / "graph.star"
    path.write_text(OF_4)
    graph = graphs.read(path)
    assert graph.flavour == Flavour(numbers=False, labels=True, old_words=True)
    assert [node.label for node in graph.nodes.values()] == [
        "ParticleGroupMetadata.star.relion.class2d",
        "OptimiserData.star.relion.class2d",
    ]
    assert to_text(graph) == OF_4
    graph.add_node(Node("Extract/job002/particles.star", "ParticleGroupMetadata.star.relion"))
    assert "Extract/job002/particles.star ParticlesData.star.relion \n" in to_text(graph)
    assert "TypeLabelDepth" not in to_text(graph)


def test_relion_5_has_depths_and_its_version(tmp_path):
    path = tmp_path / "graph.star"
    path.write_text(
        OF_4.replace("30001", "50001")
        .replace("ParticlesData.star", "ParticleGroupMetadata.star")
        .replace("ProcessData.star.relion.optimiser", "OptimiserData.star.relion")
        .replace("NodeTypeLabel #2 \n", "NodeTypeLabel #2 \n_rlnPipeLineNodeTypeLabelDepth #3 \n")
        .replace("relion.class2d \n", "relion.class2d            2 \n")
    )
    graph = graphs.read(path)
    assert graph.flavour == Flavour(numbers=False, labels=True, depths=True)
    assert {node.depth for node in graph.nodes.values()} == {2}
    assert to_text(graph) == path.read_text()
    graph.add_node(Node("Extract/job002/particles.star", "ParticleGroupMetadata.star.relion"))
    assert "Extract/job002/particles.star ParticleGroupMetadata.star.relion            1 \n" in to_text(graph)
    part = graph.part("Class2D/job001/")
    assert part.flavour == graph.flavour
    assert "# version 50001" in to_text(part)
    assert not part.source.text


def test_numbers_that_nobody_knows_are_kept(tmp_path):
    path = tmp_path / "graph.star"
    text = (
        "data_pipeline_general\n\n_rlnPipeLineJobCounter 3\n\ndata_pipeline_processes\n\nloop_\n_rlnPipeLineProcessName\n"
        "_rlnPipeLineProcessAlias\n_rlnPipeLineProcessType\n_rlnPipeLineProcessStatus\nSort/job001/ None 6 2\n"
        "MovieRefine/job002/ None 17 2\n\ndata_pipeline_nodes\n\nloop_\n_rlnPipeLineNodeName\n_rlnPipeLineNodeType\n"
        "a.star 4\nb.star 77\n"
    )
    path.write_text(text)
    graph = graphs.read(path)
    assert graph.processes["Sort/job001/"].label == "relion.number6"
    assert to_text(graph) == text
    graph.flavour = Flavour()
    graphs.write(path, graph)
    assert [row["rlnPipeLineProcessType"] for row in rows(path, "pipeline_processes")] == ["6", "17"]
    assert [row["rlnPipeLineNodeType"] for row in rows(path, "pipeline_nodes")] == ["4", "77"]


def test_labels_that_relion_31_drops_come_back(tmp_path):
    layout = Layout(tmp_path)
    graph = small()
    graph.nodes["Import/job001/movies.star"] = Node(
        "Import/job001/movies.star", "MicrographMovieGroupMetadata.star.relion.special"
    )
    graphs.save(layout, graph)
    dropped = replace(graph, flavour=Flavour(labels=False), counter=4)
    dropped.processes["Class2D/job003/"] = Process("Class2D/job003/", "relion.class2d", "Scheduled")
    graphs.write(layout.graph, dropped)
    assert "rlnPipeLineProcessTypeLabel" not in rows(layout.graph, "pipeline_processes")[0]
    again = graphs.read(layout.graph)
    assert again.flavour == Flavour()
    assert [process.label for process in again.processes.values()] == [
        "relion.import.movies",
        "relion.external.vitreous.x",
        "relion.class2d",
    ]
    assert again.nodes["Import/job001/movies.star"].label.endswith(".special")
    with graphs.locked(layout) as graph:
        graph.set_status("Class2D/job003/", "Running")
    assert rows(layout.graph, "pipeline_processes")[1]["rlnPipeLineProcessTypeLabel"] == "relion.external.vitreous.x"


def test_numbers_that_relion_5_drops_come_back_but_foreign_projects_stay_as_they_are(tmp_path):
    layout = Layout(tmp_path)
    graphs.save(layout, small())
    graphs.write(layout.graph, replace(small(), flavour=Flavour(numbers=False, depths=True)))
    assert graphs.read(layout.graph).flavour == Flavour(depths=True)
    shutil.rmtree(layout.kept_graph.parent)
    assert graphs.read(layout.graph).flavour == Flavour(numbers=False, depths=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\0" * 4096, "is empty"),
        ("data_pipeline_general\n\n_rlnPipeLineJobCounter 3\n\ndata_pipeline_processes\n\nloop_\n_rlnPipeLi", "is broken"),
        ("data_pipeline_general\n\n_rlnPipeLineJobCounter many\n", "missing or no number"),
        (
            "data_pipeline_general\n\n_rlnPipeLineJobCounter 3\n\ndata_pipeline_nodes\n\nloop_\n_rlnPipeLineNodeName\na b\n",
            "line 9",
        ),
        (
            "data_pipeline_general\n\n_rlnPipeLineJobCounter 3\n\ndata_pipeline_nodes\n\nloop_\n_rlnPipeLineNodeName\na\n",
            "no kind",
        ),
    ],
)
def test_a_corrupt_graph_is_told_with_its_cure(tmp_path, text, said):
    path = tmp_path / "default_pipeline.star"
    path.write_text(text)
    with pytest.raises(UserError, match=said) as raised:
        graphs.read(path)
    assert "vitreous project restore" in str(raised.value)


def test_a_graph_cut_between_its_tables_is_told(tmp_path):
    layout = Layout(tmp_path)
    graphs.save(layout, small())
    whole = layout.graph.read_text()
    layout.graph.write_text(whole.partition("\n# version 30001\n\ndata_pipeline_input_edges")[0])
    with pytest.raises(UserError, match="lost the edges"):
        graphs.read(layout.graph)
    layout.graph.write_text(whole.partition("\n# version 30001\n\ndata_pipeline_nodes")[0])
    with pytest.raises(UserError, match="lost its files"):
        graphs.read(layout.graph)


def test_names_with_blanks_and_far_letters(tmp_path):
    graph = small()
    for name in ("Import/job001/a file.star", "Import/job001/Ångström_データ.star", "Import/job001/wide\u3000blank.star"):
        graph.add_node(Node(name, "UserFile"))
        graph.add_output("Import/job001/", name)
    graphs.write(tmp_path / "g.star", graph)
    assert graphs.read(tmp_path / "g.star") == graph
    assert to_text(graphs.read(tmp_path / "g.star")) == (tmp_path / "g.star").read_text()


def test_a_full_disk_leaves_the_graph_as_it_was(tmp_path):
    """A small disk of its own, filled to the brim."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(disk)], capture_output=True).returncode == 0
    if not mounted:
        pytest.skip("a small disk cannot be mounted here")
    try:
        layout = Layout(disk)
        graphs.save(layout, small())
        before = layout.graph.read_bytes()
        filler = os.open(disk / "filler", os.O_WRONLY | os.O_CREAT)
        with contextlib.suppress(OSError):
            while os.write(filler, bytes(4096)):
                pass
        os.close(filler)
        with pytest.raises(UserError, match="no space left"), graphs.locked(layout) as graph:
            for number in range(200):
                graph.add_node(Node(f"Import/job001/{number}.star", "UserFile"))
        assert layout.graph.read_bytes() == before
        assert not list(disk.glob(".*part")), "nothing half-written stays"
        (disk / "filler").unlink()
        with graphs.locked(layout) as graph:
            graph.counter = 7
        assert graphs.read(layout.graph).counter == 7
    finally:
        subprocess.run(["umount", str(disk)], capture_output=True)


MASK_JOB = (
    "data_job\n\n_rlnJobType 12\n_rlnJobIsContinue 0\n\ndata_joboptions_values\n\nloop_\n_rlnJobOptionVariable #1\n"
    "_rlnJobOptionValue #2\nfn_in map.mrc\ninimask_threshold 0.02\n"
)


@pytest.mark.relion
def test_what_relion_drops_is_back_with_our_next_change(relion, tmp_path):
    layout = Layout(tmp_path)
    graph = small()
    special = Node("Import/job001/movies.star", "MicrographMovieGroupMetadata.star.relion.special")
    graph.nodes[special.name] = special
    graphs.save(layout, graph)
    (tmp_path / "Import" / "job001").mkdir(parents=True)
    (tmp_path / "External" / "job002").mkdir(parents=True)
    (tmp_path / "mask_job.star").write_text(MASK_JOB)
    subprocess.run(
        [shutil.which("relion_pipeliner"), "--addJobFromStar", "mask_job.star"],
        cwd=tmp_path, check=True, timeout=90, capture_output=True,
    )  # fmt: skip
    assert "rlnPipeLineProcessTypeLabel" not in rows(layout.graph, "pipeline_processes")[0], "RELION 3.1 drops them"
    with graphs.locked(layout) as graph:
        graph.set_status("External/job002/", "Aborted")
    written = {row["rlnPipeLineProcessName"]: row for row in rows(layout.graph, "pipeline_processes")}
    assert written["External/job002/"]["rlnPipeLineProcessTypeLabel"] == "relion.external.vitreous.x"
    assert written["External/job002/"]["rlnPipeLineProcessStatusLabel"] == "Aborted"
    assert written["MaskCreate/job003/"]["rlnPipeLineProcessTypeLabel"] == "relion.maskcreate"
    assert graphs.read(layout.graph).nodes[special.name] == special
    assert (tmp_path / "Import" / "all").is_symlink(), "RELION makes the link of an alias"


@pytest.mark.relion
@pytest.mark.slow
def test_relion_waits_for_our_lock_and_we_for_its(relion, tmp_path):
    """RELION looks for the lock every three seconds. (It picks its number before it locks, so that adding at the very same
    moment makes RELION, also beside another RELION, stop with its lock left behind: that is not tried here.)"""
    layout = Layout(tmp_path)
    graphs.save(layout, Graph())
    (tmp_path / "mask_job.star").write_text(MASK_JOB)
    with graphs.locked(layout) as graph:
        theirs = subprocess.Popen(
            [shutil.which("relion_pipeliner"), "--addJobFromStar", "mask_job.star"], cwd=tmp_path, stdout=subprocess.DEVNULL
        )
        time.sleep(2.0)
        assert theirs.poll() is None, "it waits"
        graph.add_node(Node("ours.star", "UserFile"))
        graph.add_input("ours.star", "nobody")
    while theirs.poll() is None:
        with graphs.locked(layout) as graph:
            graph.set_status("MaskCreate/job001/", "Failed") if graph.processes else None
        time.sleep(0.2)
    assert theirs.returncode == 0
    graph = graphs.read(layout.graph)
    assert list(graph.processes) == ["MaskCreate/job001/"]
    assert "ours.star" in graph.nodes
    assert graph.counter == 2


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


def test_the_lock_is_there_and_is_left_clean(tmp_path):
    layout = Layout(tmp_path)
    graphs.write(layout.graph, Graph())
    with graphs.locked(layout) as graph:
        assert layout.lock_file.is_file()
        graph.counter = 7
    assert not layout.lock_folder.exists()
    assert graphs.read(layout.graph).counter == 7
    assert layout.changed.exists()


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
