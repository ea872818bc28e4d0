import os
import shutil
import subprocess

import pytest

from vitreous.context import UserError
from vitreous.project import graph as graphs
from vitreous.project.commands import main
from vitreous.project.project import Project
from vitreous.run.folder import JobFolder


@pytest.fixture
def filled(toys, tmp_path, monkeypatch) -> Project:
    """A job that ran, and one that the graph calls running though its marker says that it has ended."""
    project = Project.new(tmp_path / "P")
    monkeypatch.chdir(tmp_path / "P")
    (tmp_path / "P" / "list.txt").write_text("a 1\nb 2\n")
    project.run(project.add(toys.ToyMap(listing="list.txt"), alias="first"), quiet=True)
    second = project.add(toys.ToyMap(listing="list.txt"))
    with graphs.locked(project.layout) as graph:
        graph.set_status(second, "Running")
    JobFolder(project.layout.job(second)).failure.touch()
    return project


def contents(root) -> dict[str, tuple[int, bytes]]:
    """Every file with its time and bytes, every folder with its time."""
    return {
        str(path.relative_to(root)): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in root.rglob("*")
    }


def looked_at(project: Project, capsys) -> None:
    """All that only looks."""
    assert [process.status for process in project.graph().processes.values()] == ["Succeeded", "Failed"]
    for words in (["list"], ["show", "1"], ["history", "1"]):
        assert main(["--readonly", *words]) == 0
    assert "failed" in capsys.readouterr().out


def test_looking_changes_nothing(filled, capsys):
    before = contents(filled.layout.root)
    looked_at(Project.open(".", readonly=True), capsys)
    assert contents(filled.layout.root) == before


def test_changes_are_refused_with_a_sentence(filled, toys):
    project = Project.open(".", readonly=True)
    before = contents(filled.layout.root)
    for change in (
        lambda: project.add(toys.ToyMap(listing="list.txt")),
        lambda: project.run("1", quiet=True),
        lambda: project.alias("1", "another"),
        lambda: project.remake_nodes(),
        lambda: project.restore(force=True),
    ):
        with pytest.raises(UserError, match="opened for reading only"):
            change()
    assert contents(filled.layout.root) == before


def test_a_directory_on_a_disk_that_takes_no_writes(filled, toys, tmp_path, capsys, monkeypatch):
    """As a colleague's project: nothing is said of reading only, the system refuses the writes."""
    there = tmp_path / "mounted"
    there.mkdir()
    mounts = ["mount", "--bind", str(filled.layout.root), str(there)], ["mount", "-o", "remount,bind,ro", str(there)]
    if shutil.which("mount") is None or any(subprocess.run(words, capture_output=True).returncode for words in mounts):
        if os.geteuid() == 0:
            subprocess.run(["umount", str(there)], capture_output=True)
            pytest.skip("a read-only mount is not allowed here, and root may write everywhere")
        there = filled.layout.root
        there.chmod(0o555)
    try:
        monkeypatch.chdir(there)
        looked_at(Project.open("."), capsys)
        with pytest.raises(UserError, match="cannot be written by you"):
            Project.open(".").add(toys.ToyMap(listing="list.txt"))
    finally:
        monkeypatch.chdir(tmp_path)
        subprocess.run(["umount", str(there)], capture_output=True)
        filled.layout.root.chmod(0o755)
