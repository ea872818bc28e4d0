import subprocess
import sys
import tarfile

import pytest

from vitreous.context import UserError
from vitreous.jobs.mask_create import MaskCreate
from vitreous.project import graph as graphs
from vitreous.project import node_marks
from vitreous.project.commands import main
from vitreous.project.graph import Process
from vitreous.project.project import Project

ADD_SOME = """
from vitreous.jobs.mask_create import MaskCreate
from vitreous.project.project import Project
for _ in range(125):
    Project.open(".").add(MaskCreate(map="map.mrc"))
"""


@pytest.mark.slow
def test_a_thousand_adds_from_eight_processes_lose_no_number(tmp_path):
    Project.new(tmp_path)
    workers = [subprocess.Popen([sys.executable, "-c", ADD_SOME], cwd=tmp_path) for _ in range(8)]
    assert [worker.wait(timeout=300) for worker in workers] == [0] * 8
    graph = graphs.read(tmp_path / "default_pipeline.star")
    names = [f"MaskCreate/job{number:03d}/" for number in range(1, 1001)]
    assert sorted(graph.processes) == sorted(names)
    assert graph.counter == 1001
    assert sorted(entry.name for entry in (tmp_path / "MaskCreate").iterdir()) == sorted(name[11:-1] for name in names)
    assert all((tmp_path / name / "job.star").is_file() for name in names)
    assert not list(tmp_path.glob(".relion_lock*"))
    assert len(graph.outputs) == len(graph.inputs) == 1000


FLAVOURS = {
    "relion31_tutorial_betagal.tar.xz": ("# version 30001", {"Type", "Status"}, {"7"}),
    "relion313_small.tar.gz": ("# version 30001", {"Type", "Status"}, {"7"}),
    "relion5_class2d.tar.xz": ("# version 50001", {"TypeLabel", "StatusLabel"}, {"Mask3D"}),
}


@pytest.mark.data
@pytest.mark.parametrize("archive", sorted(FLAVOURS))
def test_a_real_project_keeps_its_flavour_in_all_that_is_written(data, tmp_path, monkeypatch, archive, capsys):
    with tarfile.open(data / "relion_projects" / archive) as opened:
        opened.extractall(tmp_path, filter="data")
    root = min(tmp_path.rglob("default_pipeline.star"), key=lambda path: len(path.parts)).parent
    monkeypatch.chdir(root)
    project = Project.open(".")
    before = (root / "default_pipeline.star").read_text()
    counter = project.graph().counter
    name = project.add(MaskCreate(map="map.mrc"), alias="eine")
    assert name == f"MaskCreate/job{counter:03d}/"
    version, columns, kinds = FLAVOURS[archive]
    for text in ((root / name / "job_pipeline.star").read_text(), (root / "default_pipeline.star").read_text()):
        assert version in text
        assert {
            word for word in ("Type", "TypeLabel", "Status", "StatusLabel") if f"_rlnPipeLineProcess{word} #" in text
        } == columns
        assert ("NodeTypeLabelDepth" in text) == ("50001" in version)
    assert {kind for kind, path in node_marks.marked(project.layout) if path == "MaskCreate/eine/mask.mrc"} == kinds
    kept = [line for line in before.splitlines() if "JobCounter" not in line]
    after = (root / "default_pipeline.star").read_text().splitlines()
    assert [line for line in after if line in set(kept)] == kept, "every line that stood is there, in its order"
    for words in (["list"], *(["show", job] for job in project.graph().processes)):
        assert main(words) == 0
    assert f"{name.rstrip('/')}  " in capsys.readouterr().out


def test_numbers_are_consecutive_over_all_types_and_go_on_behind_999(tmp_path, monkeypatch, toys):
    project = Project.new(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert project.add(MaskCreate(map="m.mrc")) == "MaskCreate/job001/"
    assert project.add(toys.ToyMap(listing="l.txt")) == "External/job002/"
    with graphs.locked(project.layout) as graph:
        graph.counter = 1000
    assert project.add(MaskCreate(map="m.mrc")) == "MaskCreate/job1000/"


def test_a_number_is_never_given_twice(tmp_path, toys):
    project = Project.new(tmp_path)
    with graphs.locked(project.layout) as graph:
        graph.processes["Class2D/job001/"] = Process("Class2D/job001/", "relion.class2d", "Succeeded")
    (tmp_path / "MaskCreate" / "job002").mkdir(parents=True)
    assert project.add(MaskCreate(map="m.mrc")) == "MaskCreate/job003/", "past another type's number, and an unknown folder"


def test_a_job_that_cannot_be_added_leaves_nothing(tmp_path, monkeypatch):
    project = Project.new(tmp_path)

    def full(*_, **__):
        raise UserError("no space left")

    monkeypatch.setattr(graphs, "save", full)
    with pytest.raises(UserError, match="no space"):
        project.add(MaskCreate(map="m.mrc"))
    monkeypatch.undo()
    assert project.add(MaskCreate(map="m.mrc")) == "MaskCreate/job001/"


def test_two_names_are_never_alike(tmp_path):
    project = Project.new(tmp_path)
    project.add(MaskCreate(map="m.mrc"), alias="große Maske")
    assert (tmp_path / "MaskCreate" / "große_Maske").resolve() == tmp_path / "MaskCreate" / "job001"
    with pytest.raises(UserError, match="belongs to MaskCreate/job001/ already"):
        project.add(MaskCreate(map="m.mrc"), alias="große_Maske")
    (tmp_path / "MaskCreate" / "mine").mkdir()
    with pytest.raises(UserError, match="a file or folder already"):
        project.add(MaskCreate(map="m.mrc"), alias="mine")
    assert project.graph().counter == 2, "what is refused takes no number"
    assert not (tmp_path / "MaskCreate" / "job002").exists()


def test_a_project_folder_with_blanks_and_far_letters(tmp_path, toys, monkeypatch):
    root = tmp_path / "ein Projekt für 蛋白"
    project = Project.new(root)
    monkeypatch.chdir(root)
    (root / "eine Liste.txt").write_text("a 1\n")
    name = project.add(toys.ToyMap(listing="eine Liste.txt"), alias="Ångström")
    assert project.run(name, quiet=True).status == "succeeded"
    after = project.add(toys.ToyLoop(start="External/Ångström/table.json"))
    assert project.graph().inputs_of(after) == [f"{name}table.json"]
    assert project.graph().inputs_of(name) == ["eine Liste.txt"]
    assert project.find("Ångström") == name


@pytest.mark.parametrize(
    "path", ["./External/job001/table.json", "External//job001/table.json", "{root}/External/job001/table.json"]
)
def test_one_file_is_one_node_however_it_is_written(tmp_path, toys, monkeypatch, path):
    project = Project.new(tmp_path)
    monkeypatch.chdir(tmp_path)
    first = project.add(toys.ToyMap(listing="list.txt"))
    second = project.add(toys.ToyLoop(start=path.format(root=tmp_path)))
    assert project.graph().parents(second) == [first]
