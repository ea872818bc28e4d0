import os
import shutil
import tarfile

import pytest

from vitreous.context import UserError
from vitreous.project import graph as graphs
from vitreous.project.commands import main
from vitreous.project.copies import ENOUGH, copies
from vitreous.project.graph import Graph, Process
from vitreous.project.layout import GRAPH, Layout, job_name
from vitreous.project.project import Project


@pytest.fixture
def project(toys, tmp_path, monkeypatch) -> Project:
    """Two jobs: one that ran, one that waits for its output."""
    made = Project.new(tmp_path / "P")
    monkeypatch.chdir(tmp_path / "P")
    (tmp_path / "P" / "list.txt").write_text("a 1\nb 2\n")
    (tmp_path / "P" / "start.txt").write_text("1")
    name = made.add(toys.ToyMap(listing="list.txt"), alias="first")
    made.run(name, quiet=True)
    made.add(toys.ToyLoop(start="External/first/table.json"))
    return made


def same(one: Graph, other: Graph) -> bool:
    """Whether two graphs say the same, the order of edges aside."""
    return (one.counter, one.processes, one.nodes, set(one.inputs), set(one.outputs), one.flavour) == (
        other.counter,
        other.processes,
        other.nodes,
        set(other.inputs),
        set(other.outputs),
        other.flavour,
    )


@pytest.mark.parametrize("damage", ["cut", "empty", "zeros", "gone"])
def test_a_damaged_graph_is_told_and_made_again(project, damage):
    before = project.graph()
    path = project.layout.graph
    whole = path.read_bytes()
    path.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "zeros": bytes(len(whole)), "gone": b""}[damage])
    if damage == "gone":
        path.unlink()
    with pytest.raises(UserError, match="vitreous project restore"):
        Project.open(project.layout.root).graph()
    said = project.restore()
    assert same(project.graph(), before)
    assert said[0] == "began with .vitreous/default_pipeline.star"
    if damage != "gone":
        kept = project.layout.root / "default_pipeline.star.broken1"
        assert len(kept.read_bytes()) == {"cut": len(whole) // 2, "empty": 0, "zeros": len(whole)}[damage]
        assert any("kept as default_pipeline.star.broken1" in line for line in said)


def test_from_the_copy_in_a_job_folder_and_what_the_folders_say(project, toys):
    """R7: the newest copy lies in the folder of the job that ran last; what came later is in the other folders."""
    project.add(toys.ToyMap(listing="list.txt"), alias="späte Namen")
    gone = project.add(toys.ToyMap(listing="list.txt"))
    before = project.graph()
    shutil.rmtree(project.layout.kept_graph.parent)
    project.layout.graph.write_text("nonsense")
    (project.layout.root / "Trash" / "External").mkdir(parents=True)
    project.layout.job(gone).rename(project.layout.root / "Trash" / gone)
    said = project.restore()
    after = project.graph()
    before.drop(gone)
    assert after.counter == 5, "no number is used again, not that of a deleted job either"
    assert same(after, before)
    assert said[0] == "began with External/job001/default_pipeline.star"
    assert "External/job001 is succeeded now" in said
    assert "added External/job002 from job_pipeline.star" in said
    assert after.processes["External/job003/"].alias == "External/späte_Namen/"


def test_from_the_job_folders_alone(project):
    before = project.graph()
    shutil.rmtree(project.layout.kept_graph.parent)
    (project.layout.job("External/job001/") / "default_pipeline.star").unlink()
    (project.layout.job("External/job002/") / "job_pipeline.star").unlink()
    project.layout.graph.unlink()
    said = project.restore()
    after = project.graph()
    assert "found no copy" in said[0]
    assert "added External/job002 from its job.star" in said
    assert after.processes == before.processes
    assert after.inputs == before.inputs
    assert after.outputs == before.outputs


def test_a_job_without_a_job_star_and_with_marks(project):
    shutil.rmtree(project.layout.kept_graph.parent)
    folder = project.layout.root / "Class2D" / "job007"
    folder.mkdir(parents=True)
    (folder / "run_it025_data.star").touch()
    mark = project.layout.node("3", "Class2D/job007/run_it025_data.star")
    mark.parent.mkdir(parents=True)
    mark.touch()
    project.layout.graph.unlink()
    assert "added Class2D/job007 from its folder's name" in project.restore()
    after = project.graph()
    assert after.processes["Class2D/job007/"].label == "relion.class2d"
    assert after.nodes["Class2D/job007/run_it025_data.star"].label == "ParticleGroupMetadata.star.relion"
    assert after.outputs_of("Class2D/job007/") == ["Class2D/job007/run_it025_data.star"]
    assert after.counter == 8


def test_the_newest_copy_is_told_by_what_it_says_and_not_by_clocks(project, toys):
    third = project.add(toys.ToyMap(listing="list.txt"))
    project.run(third, quiet=True)
    shutil.rmtree(project.layout.kept_graph.parent)
    newest = project.layout.job(third) / "default_pipeline.star"
    os.utime(newest, (1, 1))
    os.utime(project.layout.job("External/job001/") / "default_pipeline.star", (4_000_000_000, 4_000_000_000))
    assert copies(project.layout)[0][0].path == newest


def test_a_graph_that_can_be_read_is_left_alone(project, tmp_path, capsys):
    with pytest.raises(UserError, match="nothing to restore"):
        project.restore()
    old = project.layout.job("External/job001/") / "default_pipeline.star"
    assert main(["restore", "--from", str(old)]) == 0
    assert "began with " in capsys.readouterr().out
    assert len(project.graph().processes) == 2, "job 2 comes back from its folder"
    with pytest.raises(UserError, match="no copy of its graph"):
        Project(tmp_path).restore()


def test_a_link_that_loops_does_no_harm(project, toys):
    (project.layout.root / "External" / "loop").symlink_to("../External")
    (project.layout.root / "External" / "self").symlink_to("self")
    (project.layout.root / "round").symlink_to(".")
    name = project.add(toys.ToyMap(listing="list.txt"))
    project.run(name, quiet=True)
    assert len(project.graph().processes) == 3
    project.layout.graph.write_text("")
    project.restore()
    assert len(project.graph().processes) == 3
    assert project.remake_nodes() >= 3


def test_a_job_folder_deleted_by_hand(project, capsys):
    shutil.rmtree(project.layout.job("External/job001/"))
    main(["list"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["External/job001", "first", "succeeded"]
    assert "folder is gone" in lines[0]
    main(["show", "1"])
    assert "(not there)" in capsys.readouterr().out
    project.layout.graph.unlink()
    assert "External/job001 has no folder any more; it stays in the list" in project.restore()
    assert main(["delete", "1", "--yes"]) == 0
    assert "External/job001/" not in project.graph().processes


@pytest.mark.data
@pytest.mark.parametrize("archive", ["relion31_tutorial_betagal.tar.xz", "relion313_small.tar.gz", "relion5_class2d.tar.xz"])
def test_real_projects_are_made_again_from_relions_copies(data, tmp_path, archive):
    with tarfile.open(data / "relion_projects" / archive) as opened:
        opened.extractall(tmp_path, filter="data")
    found = min(tmp_path.rglob("default_pipeline.star"), key=lambda path: len(path.parts))
    before = graphs.read(found)
    found.write_text("")
    project = Project(found.parent)
    project.restore()
    after = graphs.read(found)
    there = {name for name in before.processes if project.layout.job(name).is_dir()}
    assert there <= set(after.processes) <= set(before.processes)
    for name in there:
        if before.processes[name].alias == "" or project.layout.job(before.processes[name].alias).is_symlink():
            assert plainly(after.processes[name]) == plainly(before.processes[name])
        assert set(after.inputs_of(name)) >= set(before.inputs_of(name))
    assert after.flavour == before.flavour
    assert after.counter >= max(int(name[-4:-1]) for name in there) + 1


def plainly(process):
    """A job without the detail of its label, which RELION's small files lack."""
    return process.name, process.status, process.alias, ".".join(process.label.split(".")[:2])


def test_of_thousands_of_copies_only_the_likeliest_are_read(tmp_path):
    layout = Layout(tmp_path)
    for number in range(1, 60):
        name = job_name("External", number)
        layout.job(name).mkdir(parents=True)
        graphs.write(layout.job(name) / GRAPH, Graph(number + 1, {name: Process(name, "relion.external", "Failed")}))
    cut = layout.job("External/job059") / GRAPH
    cut.write_text("data_pipeline_general\n\n_rlnPipeLineJobCounter 60")
    found, broken = copies(layout)
    assert [copy.graph.counter for copy in found] == list(range(59, 59 - ENOUGH, -1))
    assert broken == [cut]
