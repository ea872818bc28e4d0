import tarfile

import pytest

from vitreous.project import aliases, node_marks
from vitreous.project import graph as graphs
from vitreous.project.graph import Flavour, Graph, Node, Process
from vitreous.project.layout import Layout


@pytest.fixture
def layout(tmp_path) -> Layout:
    folder = tmp_path / "Class2D" / "job001"
    folder.mkdir(parents=True)
    (folder / "run_data.star").touch()
    return Layout(tmp_path)


def one_job(flavour: Flavour, status: str = "Succeeded", depth: int = 1) -> Graph:
    graph = Graph(counter=2, flavour=flavour)
    graph.processes["Class2D/job001/"] = Process("Class2D/job001/", "relion.class2d", status)
    for name in ("run_data.star", "not_there.star"):
        graph.add_node(Node(f"Class2D/job001/{name}", "ParticleGroupMetadata.star.relion.class2d", depth))
        graph.add_output("Class2D/job001/", f"Class2D/job001/{name}")
    return graph


def found(layout: Layout) -> set[tuple[str, str]]:
    return set(node_marks.marked(layout))


@pytest.mark.parametrize(
    ("flavour", "depth", "kinds"),
    [
        (Flavour(labels=False), 1, {"3"}),
        (Flavour(), 1, {"3", "ParticleGroupMetadata"}),
        (Flavour(numbers=False, depths=True), 2, {"ParticleGroupMetadata", "ParticleGroupMetadata.star"}),
        (Flavour(numbers=False, old_words=True), 1, {"ParticlesData"}),
    ],
)
def test_marks_are_in_the_words_of_the_flavour(layout, flavour, depth, kinds):
    assert node_marks.remake(layout, one_job(flavour, depth=depth)) == 1
    assert found(layout) == {(kind, "Class2D/job001/run_data.star") for kind in kinds}


def test_what_a_waiting_job_will_make_has_marks(layout):
    assert node_marks.remake(layout, one_job(Flavour(labels=False), "Scheduled")) == 2


def test_an_alias_moves_the_marks(layout):
    graph = one_job(Flavour(labels=False))
    node_marks.remake(layout, graph)
    aliases.give(layout, graph, "Class2D/job001/", "Class2D/first/")
    assert found(layout) == {("3", "Class2D/first/run_data.star")}
    aliases.give(layout, graph, "Class2D/job001/", "")
    assert found(layout) == {("3", "Class2D/job001/run_data.star")}


def test_what_lies_outside_has_no_mark(layout, tmp_path):
    graph = Graph()
    outside = tmp_path / "outside.star"
    outside.touch()
    for name in (str(outside), "Class2D/../outside.star"):
        graph.add_node(Node(name, "UserFile"))
    assert node_marks.remake(layout, graph) == 0
    assert not found(layout)


def test_remake_forgets_what_is_no_more(layout):
    stale = layout.node("7", "MaskCreate/job009/mask.mrc")
    stale.parent.mkdir(parents=True)
    stale.touch()
    node_marks.remake(layout, one_job(Flavour(labels=False)))
    assert found(layout) == {("3", "Class2D/job001/run_data.star")}


@pytest.mark.data
@pytest.mark.parametrize("archive", ["relion313_small.tar.gz", "relion5_class2d.tar.xz"])
def test_the_marks_of_relion_are_among_ours(data, tmp_path, archive):
    with tarfile.open(data / "relion_projects" / archive) as opened:
        opened.extractall(tmp_path, filter="data")
    root = min(tmp_path.rglob("default_pipeline.star"), key=lambda path: len(path.parts)).parent
    layout = Layout(root)
    graph = graphs.read(layout.graph)
    there = {node for node in graph.nodes if (root / node).exists()}
    theirs = found(layout)
    node_marks.remake(layout, graph)
    ours = found(layout)
    assert {kind for kind, _ in ours} <= {kind for kind, _ in theirs}
    for kind, path in ours:
        job = "/".join(path.split("/")[:2]) + "/"
        process = next(p for p in graph.processes.values() if job in (p.name, p.alias))
        numbered = process.name + path[len(job) :]
        assert numbered in there or process.status == "Scheduled"
        assert (kind, path) in theirs, "where RELION looks for it"
