import pytest

from vitreous.context import UserError
from vitreous.jobs.mask_create import MaskCreate
from vitreous.jobs.post_process import PostProcess
from vitreous.jobs.refine3d import Refine3D
from vitreous.jobs.select import Select
from vitreous.project import graph as graphs
from vitreous.project import latest
from vitreous.project.graph_model import Graph, Node, Process
from vitreous.project.project import Project

MAP, HALF = "DensityMap.mrc.relion.refine3d", "DensityMap.mrc.relion.halfmap.refine3d"
NODES = {
    "Refine3D/job003/run_class001.mrc": MAP,
    "Refine3D/job003/run_ct9_class001.mrc": MAP,
    "Refine3D/job003/run_ct10_class001.mrc": MAP,
    "Refine3D/job003/run_ct10_half1_class001_unfil.mrc": HALF,
    "Refine3D/job003/run_ct10_half2_class001_unfil.mrc": HALF,
    "Class2D/job002/run_it025_data.star": "ParticleGroupMetadata.star.relion.class2d",
    "Class2D/job002/run_ct25_it030_data.star": "ParticleGroupMetadata.star.relion.class2d",
}


@pytest.fixture
def graph():
    made = Graph(counter=4)
    made.processes["Class2D/job002/"] = Process("Class2D/job002/", "relion.class2d", "Succeeded", "Class2D/good/")
    made.processes["Refine3D/job003/"] = Process("Refine3D/job003/", "relion.refine3d", "Succeeded")
    for name, label in NODES.items():
        made.add_node(Node(name, label))
        made.add_output("/".join(name.split("/")[:2]) + "/", name)
    return made


def test_the_latest_output_of_a_kind(graph):
    assert latest.output_of(graph, "Refine3D/job003/", "map") == "Refine3D/job003/run_ct10_class001.mrc"
    assert latest.output_of(graph, "Refine3D/job003/", "halfmap") == "Refine3D/job003/run_ct10_half1_class001_unfil.mrc"
    assert latest.output_of(graph, "Class2D/job002/", "particles") == "Class2D/job002/run_ct25_it030_data.star"
    assert latest.output_of(graph, "Class2D/job002/", "map") == ""


@pytest.mark.parametrize("folder", ["Refine3D/job003", "Refine3D/job003/", "./Refine3D/job003"])
def test_a_folder_becomes_the_file(graph, folder):
    assert latest.with_files(graph, MaskCreate(map=folder)).map == "Refine3D/job003/run_ct10_class001.mrc"
    assert latest.with_files(graph, PostProcess(half1=folder)).half1.endswith("run_ct10_half1_class001_unfil.mrc")


def test_aliases_too_and_files_stay_as_they_are(graph):
    job = latest.with_files(graph, Refine3D(particles="Class2D/good", reference="elsewhere/map.mrc"))
    assert (job.particles, job.reference) == ("Class2D/job002/run_ct25_it030_data.star", "elsewhere/map.mrc")
    selection = Select(model="Class2D/job002")
    assert latest.with_files(graph, selection) is selection, "it looks for the last iteration itself"
    with pytest.raises(UserError, match="has made no file of the kind map"):
        latest.with_files(graph, MaskCreate(map="Class2D/job002"))


def test_in_a_project_the_file_is_the_input_that_the_graph_tells(graph, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    project = Project.new(".")
    with graphs.locked(project.layout) as now:
        for field in ("counter", "processes", "nodes", "outputs"):
            setattr(now, field, getattr(graph, field))
    name = project.add(MaskCreate(map="Refine3D/job003"))
    assert project.graph().inputs_of(name) == ["Refine3D/job003/run_ct10_class001.mrc"]
    with pytest.raises(UserError, match=r"run_ct10_class001\.mrc: there is no such file"):
        project.run(name, quiet=True)
