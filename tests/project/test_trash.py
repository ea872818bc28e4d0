import io
import json
import os
import subprocess
import sys
import tempfile

import pytest

from vitreous.context import UserError
from vitreous.project import graph as graphs
from vitreous.project import tidy, trash
from vitreous.project.commands import main
from vitreous.project.project import Project


@pytest.fixture
def three(project, toys):
    """Three jobs, each taking the output of the one before; the second has an alias."""
    first = project.add(toys.ToyMap(listing="list.txt"))
    project.run(first, quiet=True)
    second = project.add(toys.ToyLoop(start="start.txt", rounds=2), alias="mine")
    project.run(second, quiet=True)
    third = project.add(toys.ToyMap(listing=f"{second}run_it002.json"))
    return first, second, third


def said_by(graph):
    return dict(graph.processes), dict(graph.nodes), sorted(graph.inputs), sorted(graph.outputs)


def test_a_deleted_job_comes_back_as_it_was(project, three):
    _, second, third = three
    before, marks = project.graph(), sorted(map(str, (project.layout.root / ".Nodes").rglob("*")))
    files = sorted(path.name for path in project.layout.job(second).iterdir())
    gone = project.delete(["mine"])
    assert gone.names == (second,)
    assert gone.losing == ((third, f"{second}run_it002.json"),)
    graph = project.graph()
    assert second not in graph.processes and third in graph.processes
    assert f"{second}run_it002.json" not in graph.nodes and not graph.inputs_of(third)
    assert graph.counter == before.counter, "a number is never used again"
    assert not os.path.lexists("External/mine") and not project.layout.job(second).exists()
    assert not [path for path in (project.layout.root / ".Nodes").rglob("*") if "mine" in path.parts or "job002" in path.parts]
    back = project.undelete("mine")
    assert (back.names, back.notes) == ((second,), ())
    assert said_by(project.graph()) == said_by(before)
    assert list(project.graph().processes) == list(before.processes), "in their order"
    assert sorted(map(str, (project.layout.root / ".Nodes").rglob("*"))) == marks
    assert os.readlink("External/mine").endswith("External/job002")
    assert sorted(path.name for path in project.layout.job(second).iterdir()) == files
    assert not list((project.layout.root / "Trash").rglob("job*"))


def test_descendants_go_and_come_back_together(project, three):
    _, second, third = three
    before = project.graph()
    assert project.delete([second], descendants=True).names == (second, third)
    assert set(project.graph().processes) == {three[0]}
    assert project.undelete(second).names == (second,)
    assert project.undelete(third).names == (third,)
    assert said_by(project.graph()) == said_by(before)
    project.delete([second], descendants=True)
    assert set(project.undelete(second, descendants=True).names) == {second, third}
    assert said_by(project.graph()) == said_by(before)


def test_a_child_that_comes_back_without_its_parent_says_so(project, three):
    _, second, third = three
    before = project.graph()
    project.delete([second], descendants=True)
    back = project.undelete("3")
    assert back.names == (third,)
    assert back.notes == (f"{third} took {second}run_it002.json, which is gone with the job that made it",)
    assert not project.undelete(second).notes
    assert said_by(project.graph()) == said_by(before), "the edge between them is back too"


def test_a_taken_alias_is_not_taken_away_again(project, toys, three):
    first, second, _ = three
    project.delete([second])
    project.alias(first, "mine")
    assert "belongs to External/job001/ already" in project.undelete(second).notes[0]
    assert project.graph().processes[second].alias == ""
    assert project.find("mine") == first


def test_a_deletion_cut_short_is_finished_by_the_same_command(project, three, monkeypatch):
    _, second, _ = three

    def crash(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(trash, "_drop", crash)
        with pytest.raises(KeyboardInterrupt):
            project.delete([second])
    assert second in project.graph().processes and not project.layout.job(second).exists()
    project.delete([second])
    assert second not in project.graph().processes
    project.undelete(second)
    assert (project.layout.job(second) / "run_it002.json").is_file()


def test_a_process_killed_while_it_deletes(project, three):
    """kill -9 between the move and the graph: the lock stays behind too, and the same command finishes."""
    _, second, _ = three
    dies = "import os; from vitreous.project import trash; trash._drop = lambda *_: os._exit(9); "
    dies += f"from vitreous.project.project import Project; Project('.').delete(['{second}'])"
    assert subprocess.run([sys.executable, "-c", dies], check=False).returncode == 9
    assert project.layout.lock_folder.exists() and second in graphs.read(project.layout.graph).processes
    assert subprocess.run([sys.executable, "-m", "vitreous", "project", "delete", second, "--yes"], check=False).returncode == 0
    assert second not in project.graph().processes and not project.layout.lock_folder.exists()
    assert project.undelete(second).names == (second,)


def test_an_undelete_cut_short_is_finished_by_the_same_command(project, three, monkeypatch):
    _, second, _ = three
    before = project.graph()
    project.delete([second])
    with monkeypatch.context() as patched:
        patched.setattr(trash, "_missing_parents", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            project.undelete(second)
    assert project.layout.job(second).is_dir() and second not in project.graph().processes
    assert project.undelete(second).names == (second,)
    assert said_by(project.graph()) == said_by(before)


def test_a_running_job_is_not_deleted(project, three):
    _, second, _ = three
    with graphs.locked(project.layout) as graph:
        graph.set_status(second, "Running")
    folder = project.layout.job(second)
    (folder / "RELION_JOB_EXIT_SUCCESS").unlink()
    (folder / ".vitreous" / "lock").unlink()
    (folder / ".vitreous" / "place.json").unlink(missing_ok=True)
    with pytest.raises(UserError, match="abort it first, or mark it as failed"):
        project.delete([second])
    assert (folder / "job.star").is_file()


def test_a_job_whose_folder_was_removed_by_hand_is_deleted_too(project, three):
    first, _, _ = three
    trash.place_of(project.layout, first)
    for path in sorted(project.layout.job(first).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    project.layout.job(first).rmdir()
    project.delete([first])
    assert first not in project.graph().processes
    assert project.undelete("1").names == (first,)


def test_what_was_cleaned_before_stays_in_the_trash_of_a_deleted_job(project, three):
    _, second, _ = three
    cleaned = trash.place_of(project.layout, second) / "cleaned.txt"
    cleaned.parent.mkdir(parents=True)
    cleaned.write_text("old")
    (cleaned.parent / "note.txt").write_text("an older one of the same name")
    project.delete([second])
    assert cleaned.read_text() == "old"
    assert "Executing" in (cleaned.parent / "note.txt").read_text()


def test_a_folder_that_was_moved_to_another_disk_and_linked(project, three, tmp_path, capsys):
    _, second, _ = three
    folder = project.layout.job(second)
    folder.rename(tmp_path / "big disk")
    folder.symlink_to("../../big disk")
    going = project.deletion([second])
    assert going.bytes[second] > 1000, "what the link leads to counts"
    project.delete([second])
    main(["trash"])
    assert "deleted job, a link to ../../../big disk" in capsys.readouterr().out
    assert project.undelete(second).names == (second,)
    assert os.readlink(folder) == "../../big disk" and (folder / "run_it002.json").is_file()
    assert not (folder / "deleted_pipeline.star").exists()
    project.delete([second])
    main(["empty-trash", "--yes"])
    assert (tmp_path / "big disk" / "run_it002.json").is_file(), "nothing is removed behind a link"


@pytest.mark.parametrize("leads_to", ["/no/such/disk", "job002"])
def test_a_link_that_leads_nowhere_is_not_lost(project, three, tmp_path, leads_to):
    _, second, _ = three
    folder = project.layout.job(second)
    folder.rename(tmp_path / "away")
    folder.symlink_to(leads_to)
    with pytest.raises(UserError, match=r"is a link to .* which is not there"):
        project.delete([second])
    assert folder.is_symlink() and second in project.graph().processes


def test_a_trash_on_another_disk(project, three):
    if not os.path.isdir("/dev/shm") or os.stat("/dev/shm").st_dev == os.stat(".").st_dev:
        pytest.skip("there is no second disk to try it with")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        (project.layout.root / "Trash").symlink_to(other)
        with pytest.raises(UserError, match="lie on different disks"):
            project.delete([three[0]])
    assert three[0] in project.graph().processes and (project.layout.job(three[0]) / "table.json").is_file()


def test_a_project_for_reading_only(project, three):
    looking = Project.open(".", readonly=True)
    before = sorted(path for path in project.layout.root.rglob("*"))
    for refused in (
        lambda: looking.delete([three[0]]),
        lambda: looking.clean(looking.cleaning()[0]),
        lambda: looking.mark_failed(three[0]),
        lambda: looking.overwrite(three[0]),
        lambda: looking.add_note("x"),
        lambda: tidy.empty(looking.layout, []),
    ):
        with pytest.raises(UserError, match="reading only"):
            refused()
    assert sorted(path for path in project.layout.root.rglob("*")) == before


def test_words_that_name_nothing(project, three):
    with pytest.raises(UserError, match="no job 'x9'"):
        project.delete(["x9"])
    with pytest.raises(UserError, match="no deleted job 'x9'; deleted jobs there: none"):
        project.undelete("x9")


@pytest.mark.data
def test_a_job_deleted_by_relions_window_comes_back(relions):
    before = relions.graph()
    back = relions.undelete("14")
    assert back.names == ("MaskCreate/job014/",)
    graph = relions.graph()
    assert graph.processes["MaskCreate/job014/"].status == "Succeeded"
    assert ("Import/job007/truth64.mrc", "MaskCreate/job014/") in graph.inputs
    assert ("MaskCreate/job014/", "MaskCreate/job014/mask.mrc") in graph.outputs
    assert graph.counter == before.counter
    relions.delete(["14"])
    assert said_by(relions.graph()) == said_by(before)
    part = graphs.read(trash.place_of(relions.layout, "MaskCreate/job014/") / "job_pipeline.star")
    assert part.processes["MaskCreate/job014/"].status == "Succeeded", "the file that RELION's window undeletes from"
    assert set(part.nodes) == {"Import/job007/truth64.mrc", "MaskCreate/job014/mask.mrc"}


@pytest.mark.data
def test_jobs_that_relion_deleted_together_come_back_together(relions):
    """RELION's window deletes descendants too and leaves one deleted_pipeline.star, in the first job's folder."""
    names = ("MaskCreate/job008/", "External/job012/", "External/job013/")
    before = relions.graph()
    part = graphs.Graph(counter=15, flavour=before.flavour)
    for name in names:
        one = before.part(name)
        part.processes |= one.processes
        part.nodes |= {key: node for key, node in one.nodes.items() if key.startswith("MaskCreate")}
        part.inputs += one.inputs
        part.outputs += one.outputs
    with graphs.locked(relions.layout) as graph:
        for name in names:
            trash._remove_links(relions.layout, name, graph.processes[name].alias)
            trash.move(relions.layout.job(name), trash.place_of(relions.layout, name))
        trash._drop(graph, names)
    graphs.write(trash.place_of(relions.layout, names[0]) / "deleted_pipeline.star", part)
    assert relions.undelete("12").names == names
    assert said_by(relions.graph()) == said_by(before)
    assert relions.find("mymask") == names[0]


def test_the_verbs(project, three, capsys, monkeypatch):
    _, second, third = three
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main(["delete", "2"]) == 2, "where nobody can be asked, nothing is done"
    said = capsys.readouterr().out
    assert "External/job002" in said and "kB" in said and f"{third} loses its input {second}run_it002.json" in said
    assert second in project.graph().processes
    assert main(["delete", "2", "--with-descendants", "--yes"]) == 0
    assert "2 jobs in the Trash" in capsys.readouterr().out
    main(["trash"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["External/job002", "External/job003", "together"]
    assert "deleted job" in lines[0]
    assert main(["empty-trash", "External/job003"]) == 2
    assert main(["empty-trash", "External/job003", "--yes"]) == 0
    with pytest.raises(UserError, match="no External/job009"):
        main(["empty-trash", "External/job009"])
    assert main(["undelete", "mine"]) == 0
    assert f"{second} is back" in capsys.readouterr().out
    with pytest.raises(UserError, match="deleted jobs there: none"):
        main(["undelete", "3"])
    assert main(["empty-trash", "--yes"]) == 0
    assert "the Trash is empty" in capsys.readouterr().out


def test_emptying_goes_on_where_it_was_cut_short(project, three, monkeypatch):
    project.delete(["1"])
    with monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tidy.empty(project.layout, tidy.content(project.layout))
    with pytest.raises(UserError, match="no deleted job"):
        project.undelete("1")
    left = tidy.content(project.layout)
    assert [one.name for one in left] == [".going/"]
    tidy.empty(project.layout, left)
    assert not tidy.content(project.layout)


def test_overwrite_runs_from_scratch_and_keeps_what_was_there(project, toys, three):
    first, *_ = three
    (project.layout.job(first) / "NO_HARSH_CLEAN").touch()
    outcome = project.overwrite(first, changed={"factor_x": "5"}, quiet=True)
    assert outcome.did == 3, "nothing is taken over"
    assert json.loads((project.layout.job(first) / "table.json").read_text())[0]["result"] == 5
    old = trash.place_of(project.layout, first)
    assert json.loads((old / "table.json").read_text())[0]["result"] == 2
    assert (project.layout.job(first) / "note.txt").read_text().count("Executing new job") == 2
    assert not (old / "note.txt").exists() and not (old / "NO_HARSH_CLEAN").exists()
    assert project.loaded(first).job.manner.factor == 5
    assert project.graph().processes[first].status == "Succeeded"
