"""The picture of the pipeline: columns, rows, folding, the tree of one job; small pictures."""

from fastapi.testclient import TestClient

from vitreous.project.graph import Graph, Node, Process
from vitreous.web.stages import STAGES, picture, without_detours

GRAPH = "/api/p/demo/graph"


def graph_of(*jobs: tuple[str, str, tuple[str, ...]]) -> Graph:
    """A graph of jobs with label and parents, each making one file."""
    graph = Graph()
    for name, label, parents in jobs:
        graph.processes[name] = Process(name, label, "Succeeded")
        graph.add_node(Node(f"{name}out.star", "UserFile"))
        graph.add_output(name, f"{name}out.star")
        for parent in parents:
            graph.add_input(f"{parent}out.star", name)
    return graph


CHAIN = graph_of(
    ("Import/job001/", "relion.import.movies", ()),
    ("MotionCorr/job002/", "relion.motioncorr.own", ("Import/job001/",)),
    ("CtfFind/job003/", "relion.ctffind", ("MotionCorr/job002/",)),
    ("AutoPick/job004/", "relion.autopick.log", ("CtfFind/job003/",)),
    ("Extract/job005/", "relion.extract", ("CtfFind/job003/", "AutoPick/job004/")),
    ("Class2D/job006/", "relion.class2d.em", ("Extract/job005/",)),
    ("Select/job007/", "relion.select.interactive", ("Class2D/job006/",)),
    ("Class2D/job008/", "relion.class2d.em", ("Select/job007/",)),
    ("InitialModel/job009/", "relion.initialmodel", ("Select/job007/",)),
)


def test_each_job_stands_in_the_column_of_what_it_makes() -> None:
    found = picture(CHAIN, {})
    stages = [STAGES[place.stage] for place in found.places]
    assert stages == [
        "Movies", "Micrographs", "Micrographs", "Particles", "Particles", "2D classes", "2D classes", "2D classes", "3D models",
    ]  # fmt: skip


def test_two_jobs_never_share_a_place_and_new_ones_come_below() -> None:
    found = picture(CHAIN, {})
    spots = [(place.stage, place.row) for place in found.places]
    assert len(set(spots)) == len(spots)
    column = [place.row for place in found.places if place.stage == 3]
    assert column == sorted(column)


def test_nothing_moves_when_a_job_is_added() -> None:
    before = [(place.stage, place.row) for place in picture(CHAIN, {}).places]
    jobs = [(name, job.label, ()) for name, job in CHAIN.processes.items()]
    larger = graph_of(*jobs)
    larger.inputs = list(CHAIN.inputs)
    larger.processes["Extract/job010/"] = Process("Extract/job010/", "relion.extract", "Running")
    larger.add_input("InitialModel/job009/out.star", "Extract/job010/")
    assert [(place.stage, place.row) for place in picture(larger, {}).places][: len(before)] == before


def test_a_line_that_another_way_says_is_left_out() -> None:
    assert without_detours({"a": [], "b": ["a"], "c": ["a", "b"]}) == {"a": [], "b": ["a"], "c": ["b"]}


def test_a_finished_chain_becomes_one_node() -> None:
    states = dict.fromkeys(CHAIN.processes, "finished") | {"Class2D/job008/": "running"}
    found = picture(CHAIN, states, fold=True)
    assert [len(place.jobs) for place in found.places] == [7, 1, 1]
    assert found.edges == [(0, 1), (0, 2)]
    assert found.places[0].stage == 3


def test_a_failed_job_is_never_folded_away() -> None:
    states = dict.fromkeys(CHAIN.processes, "finished") | {"AutoPick/job004/": "failed"}
    alone = [place.jobs for place in picture(CHAIN, states, fold=True).places if len(place.jobs) == 1]
    assert ["AutoPick/job004/"] in alone


def test_the_whole_project(client: TestClient) -> None:
    said = client.get(GRAPH).json()
    assert said["stages"] == list(STAGES) and len(said["nodes"]) >= 9
    assert all(0 <= start < end < len(said["nodes"]) for start, end in said["edges"])
    folded = client.get(GRAPH, params={"fold": True}).json()
    assert any(node["members"] for node in folded["nodes"]) and len(folded["nodes"]) < len(said["nodes"])


def test_the_tree_of_a_job(client: TestClient) -> None:
    said = client.get(GRAPH, params={"focus": "006"}).json()
    rows = {node["job"]: node["row"] for node in said["nodes"]}
    assert said["focus"] == "006" and rows["001"] == 0
    assert all(said["nodes"][start]["row"] < said["nodes"][end]["row"] for start, end in said["edges"])
    assert client.get(GRAPH, params={"focus": "nobody"}).status_code == 404


def test_small_pictures(client: TestClient) -> None:
    for node in client.get(GRAPH).json()["nodes"]:
        answer = client.get(f"/api/p/demo/jobs/{node['job']}/thumb", params={"size": "48", "tag": node["thumb"]})
        assert answer.status_code == (200 if node["thumb"] else 204)
        if node["thumb"]:
            assert answer.content.startswith(b"\xff\xd8") and "immutable" in answer.headers["cache-control"]
