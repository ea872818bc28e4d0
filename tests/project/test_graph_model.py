import pytest

from vitreous.project.graph import Graph, Node, Process


@pytest.fixture
def chain() -> Graph:
    """Import -> Motion -> two CTF jobs, the second of which Extract takes too; a picture that one job takes and makes."""
    graph = Graph(counter=6)
    for name in ("Import/job001/", "Motion/job002/", "Ctf/job003/", "Ctf/job004/", "Extract/job005/"):
        graph.processes[name] = Process(name, "relion.external", "Succeeded")
    edges = [
        ("Import/job001/", "movies", ("Motion/job002/",)),
        ("Motion/job002/", "micrographs", ("Ctf/job003/", "Ctf/job004/")),
        ("Ctf/job004/", "ctf", ("Extract/job005/", "Ctf/job004/")),
    ]
    for maker, node, users in edges:
        graph.add_node(Node(node, "MicrographGroupMetadata.star.relion"))
        graph.add_output(maker, node)
        for user in users:
            graph.add_input(node, user)
    graph.add_node(Node("outside", "Mask3D.mrc.relion"))
    graph.add_input("outside", "Extract/job005/")
    return graph


def test_next_to_a_node_and_a_job(chain):
    assert chain.makers_of("ctf") == ["Ctf/job004/"]
    assert chain.makers_of("outside") == []
    assert chain.users_of("micrographs") == ["Ctf/job003/", "Ctf/job004/"]
    assert chain.inputs_of("Extract/job005/") == ["ctf", "outside"]
    assert chain.outputs_of("Motion/job002/") == ["micrographs"]
    assert chain.parents("Extract/job005/") == ["Ctf/job004/"]
    assert chain.children("Motion/job002/") == ["Ctf/job003/", "Ctf/job004/"]
    assert chain.children("Extract/job005/") == []


def test_all_the_way(chain):
    assert chain.ancestors("Extract/job005/") == ["Import/job001/", "Motion/job002/", "Ctf/job004/"]
    assert chain.descendants("Motion/job002/") == ["Ctf/job003/", "Ctf/job004/", "Extract/job005/"]
    assert chain.ancestors("Import/job001/") == []


def test_a_circle_does_not_hang(chain):
    chain.add_node(Node("back", "UserFile"))
    chain.add_output("Extract/job005/", "back")
    chain.add_input("back", "Motion/job002/")
    assert chain.descendants("Motion/job002/") == ["Ctf/job003/", "Ctf/job004/", "Extract/job005/"]
    assert "Extract/job005/" in chain.ancestors("Motion/job002/")
