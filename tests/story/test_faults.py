"""What goes wrong in months of work, met as a user meets it: through commands. Each answer is one sentence, nothing is lost."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vitreous import cli
from vitreous.project import graph as graphs
from vitreous.project import lock
from vitreous.project.layout import Layout
from vitreous.project.project import Project


class Desk:
    """A user in a project: types a command and reads the answer, which is never a traceback."""

    def __init__(self, root: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capfd = capfd

    def says(self, *words: str, code: int = 0) -> str:
        """What a command answers; one that fails does so with a sentence."""
        self._capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main(["project", *words])
        said = self._capfd.readouterr()
        text = said.out + said.err
        assert left.value.code == code, text
        assert "Traceback" not in text and "Errno" not in text, text
        if code == 1:
            last = said.err.splitlines()[-1]
            assert last.startswith("vitreous: ") and len(last) > 30, text
        return text

    def add(self, *words: str) -> str:
        """Schedule the job of job.star; gives its name."""
        return self.says("add", "job.star", *words).strip()


@pytest.fixture
def desk(toys, tmp_path, monkeypatch, capfd) -> Desk:
    """An empty project with a job.star of the toy map over two rows."""
    return furnished(tmp_path / "P", monkeypatch, capfd)


def furnished(root: Path, monkeypatch, capfd) -> Desk:
    root.mkdir(exist_ok=True)
    monkeypatch.chdir(root)
    made = Desk(root, capfd)
    made.says("new", ".")
    (root / "list.txt").write_text("a 1\nb 2\n")
    made.says("draft", "toy-map", "--set", "listing=list.txt")
    return made


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of half a megabyte."""
    there = tmp_path / "disk"
    there.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(there)], capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield there
    os.chdir(tmp_path)
    subprocess.run(["umount", str(there)], capture_output=True)


def fill(disk: Path) -> Path:
    """Leave not a byte free on a disk; gives the file that takes it all."""
    with (disk / "filler").open("wb", buffering=0) as filler:
        try:
            while filler.write(bytes(1024)):
                pass
        except OSError:
            return disk / "filler"
    raise AssertionError("the disk has no end")


def test_a_full_disk_loses_no_job_and_what_frees_space_still_works(toys, small_disk, monkeypatch, capfd):
    desk = furnished(small_disk, monkeypatch, capfd)
    first, second, third = desk.add("--alias", "erster"), desk.add(), desk.add()
    (desk.root / third / "table.json").write_bytes(bytes(100_000))
    desk.says("delete", "3", "--yes")
    (desk.root / second / "RELION_JOB_EXIT_FAILURE").touch()
    before = (desk.root / "default_pipeline.star").read_bytes()
    filler = fill(desk.root)
    changes = [["add", "job.star"], ["run", "1"], ["start", "1"], ["alias", "1", "anders"], ["note", "1", "--add", "x" * 5000]]
    changes += [["delete", "1", "--yes"], ["undelete", "3"], ["overwrite", "1", "--yes"], ["draft", "toy-map", "--out", "b.star"]]
    for words in changes:
        assert "space" in desk.says(*words, code=1)
    listed = desk.says("list")
    assert f"{first.rstrip('/')}  erster  scheduled" in listed and "failed" in listed, "one can look, and states are those of now"
    assert (desk.root / "default_pipeline.star").read_bytes() == before
    assert not list(desk.root.glob(".relion_lock*"))
    filler.write_bytes(filler.read_bytes()[:-20_000])
    assert f"{third} is back" in desk.says("undelete", "3"), "also where the first try moved the folder already"
    desk.says("delete", "3", "--yes")
    filler.unlink()
    fill(desk.root)
    assert "free again" in desk.says("empty-trash", "--yes"), "this needs no space"
    assert desk.add() == "External/job004/", "no number was used up by what failed"
    assert sorted(graphs.read(desk.root / "default_pipeline.star").processes) == [first, second, "External/job004/"]


def test_a_copy_that_finds_no_room_leaves_the_new_job_its_folder(desk, monkeypatch):
    """The graph is written, then the disk is full: the job is known, so it keeps its folder."""
    real = graphs.atomic.write_bytes

    def no_room(path, data, **how):
        if Path(path) == Layout(desk.root).kept_graph or Path(path).parent.name == ".vitreous":
            raise OSError(28, os.strerror(28), str(path))
        real(path, data, **how)

    monkeypatch.setattr(graphs.atomic, "write_bytes", no_room)
    assert "no space left" in desk.says("add", "job.star", code=1)
    monkeypatch.undo()
    os.chdir(desk.root)
    for name in graphs.read(desk.root / "default_pipeline.star").processes:
        assert (desk.root / name / "job.star").is_file()
    assert desk.add() == "External/job002/"


def test_a_graph_cut_anywhere_is_told_and_comes_back(desk):
    for number in range(1, 4):
        desk.add("--alias", f"Nummer {number}")
        desk.says("run", str(number))
    path = desk.root / "default_pipeline.star"
    whole, listed = path.read_bytes(), desk.says("list")
    ends = [at + 1 for at, byte in enumerate(whole) if byte == 10][:-1]
    assert len(ends) > 40
    for end in (0, *ends, *range(7, len(whole) - 1, 97)):
        path.write_bytes(whole[:end])
        try:
            left = graphs.read(path)
        except graphs.UserError as error:
            assert "vitreous project restore" in str(error)
        else:
            assert len(left.processes) == 3 and len(left.outputs) == 3, f"cut at byte {end}, and nobody noticed"
    path.write_bytes(whole[: ends[len(ends) // 2]])
    for words in (["list"], ["show", "1"], ["run", "1"], ["add", "job.star"], ["delete", "1", "--yes"]):
        assert "vitreous project restore" in desk.says(*words, code=1)
    assert path.read_bytes() == whole[: ends[len(ends) // 2]], "a broken file is not written over"
    desk.says("restore")
    assert desk.says("list") == listed
    assert desk.add() == "External/job004/"


@pytest.mark.parametrize("days", [3, -3])
def test_clocks_that_are_days_apart_change_nothing(desk, monkeypatch, days):
    """Files of a machine whose clock is days ahead or behind: no unit is done again, no lock in use is taken for an old one."""
    name = desk.add()
    desk.says("run", "1")
    now = time.time
    monkeypatch.setattr("time.time", lambda: now() + days * 86_400)
    for path in (path for path in desk.root.rglob("*") if path.is_file()):
        about = path.stat()
        os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns - days * 86_400 * 10**9))
    desk.says("continue", "1")
    assert "succeeded" in desk.says("list") and "ended" in desk.says("show", "1")
    assert (desk.root / name / "worked.txt").read_text().split() == ["a", "b"], "nothing is done twice"
    layout = Layout(desk.root)
    layout.lock_folder.mkdir()
    layout.lock_file.write_text(lock.Owner("vitreous", "another.host", 1, "1", "x,y", "cafe").text())
    (layout.lock_folder / "vitreous.cafe").touch()
    monkeypatch.setattr(lock, "WAIT_S", 1.5)
    assert "has been locked" in desk.says("add", "job.star", code=1), "a lock of this minute by the disk's clock is in use"
    old = layout.lock_folder.stat().st_mtime - 2 * lock.SILENT_S
    os.utime(layout.lock_folder, (old, old))
    assert "took away the lock" in desk.says("add", "job.star"), "one that was silent for long is not"
    (desk.root / "default_pipeline.star").write_text("")
    desk.says("restore")
    assert "1 succeeded, 1 scheduled" in desk.says("list")


def test_a_lock_that_another_machine_left_tells_its_cure(desk, monkeypatch):
    name = desk.add()
    layout = Layout(desk.root)
    layout.lock_folder.mkdir()
    layout.lock_file.write_text("lock of relion")
    os.utime(layout.lock_folder, (4_000_000_000, 4_000_000_000))
    monkeypatch.setattr(lock, "WAIT_S", 0.2)
    monkeypatch.setattr("vitreous.project.current.PATIENCE_S", 0.2)
    assert "vitreous project unlock" in desk.says("add", "job.star", code=1)
    (desk.root / name / "RELION_JOB_EXIT_ABORTED").touch()
    assert "aborted" in desk.says("list"), "to look is possible"
    assert "--force" in desk.says("unlock", code=1)
    assert "is taken away" in desk.says("unlock", "--force")
    assert desk.add() == "External/job002/"


CHANGES = (
    ["add", "job.star"],
    ["run", "1"],
    ["start", "1"],
    ["overwrite", "1", "--yes"],
    ["alias", "1", "anders"],
    ["mark", "1", "failed"],
    ["delete", "1", "--yes"],
    ["undelete", "2"],
    ["empty-trash", "--yes"],
    ["note", "1", "--add", "x"],
    ["restore", "--force"],
    ["remake-nodes"],
    ["repoint", str(Path("/tmp")), "/var"],
    ["run-scheduled", "x", "1"],
    ["scheme", "new", "x"],
    ["abort", "1"],
    ["close", "1"],
)
LOOKS = (["list"], ["show", "1"], ["history", "1"], ["notes"], ["note", "1"], ["trash"], ["command", "1"], ["external-paths"])


@pytest.mark.parametrize("how", ["mount", "option"])
def test_a_project_that_may_only_be_read(desk, tmp_path, monkeypatch, how):
    desk.add()
    desk.says("run", "1")
    desk.add()
    desk.says("delete", "2", "--yes")
    before = {path: path.stat().st_mtime_ns for path in desk.root.rglob("*")}
    first: list[str] = []
    if how == "option":
        first = ["--readonly"]
    else:
        there = tmp_path / "mounted"
        there.mkdir()
        for words in (["--bind", str(desk.root), str(there)], ["-o", "remount,bind,ro", str(there)]):
            if subprocess.run(["mount", *words], capture_output=True).returncode:
                pytest.skip("a read-only mount is not allowed here")
        monkeypatch.chdir(there)
    try:
        for words in LOOKS:
            desk.says(*first, *words)
        for words in CHANGES:
            desk.says(*first, *words, code=1)
    finally:
        monkeypatch.chdir(tmp_path)
        if how == "mount":
            subprocess.run(["umount", str(tmp_path / "mounted")], capture_output=True)
    assert {path: path.stat().st_mtime_ns for path in desk.root.rglob("*")} == before


def test_a_job_folder_deleted_by_hand(desk):
    for alias in ("erster", "zweiter"):
        desk.add("--alias", alias)
        desk.says("run", alias)
    shutil.rmtree(desk.root / "External" / "job001")
    assert "its folder is gone" in desk.says("list")
    for words in (["run", "1"], ["start", "1"], ["continue", "erster"], ["overwrite", "1", "--yes"], ["estimate", "1"]):
        said = desk.says(*words, code=1)
        assert "vitreous project delete External/job001/" in said
    for words in (["show", "1"], ["history", "1"], ["flowchart", "1"], ["external-paths"], ["clean", "1", "--yes"]):
        desk.says(*words)
    desk.says("delete", "erster", "--yes")
    assert "zweiter" in desk.says("list") and "erster" not in desk.says("list").replace("zweiter", "")
    assert desk.add("--alias", "erster") == "External/job003/", "its number is not used again, its alias may be"


def test_links_that_go_round_in_a_circle(desk):
    name = desk.add()
    desk.says("run", "1")
    (desk.root / name / "self").symlink_to("self")
    (desk.root / name / "up").symlink_to("../..")
    (desk.root / "External" / "all").symlink_to("..")
    (desk.root / "Schemes").symlink_to("Schemes")
    (desk.root / "loop.star").symlink_to("loop.star")
    for words in (["list"], ["show", "1"], ["external-paths"], ["clean", "1", "--harsh", "--yes"], ["notes"], ["remake-nodes"]):
        desk.says(*words)
    desk.says("add", "loop.star", code=1)
    desk.says("delete", "1", "--yes")
    desk.says("trash")
    desk.says("undelete", "1")
    assert (desk.root / name / "table.json").is_file() and (desk.root / name / "self").is_symlink()
    desk.says("delete", "1", "--yes")
    desk.says("empty-trash", "--yes")
    assert (desk.root / "list.txt").is_file(), "nothing behind a link was removed"
    assert desk.says("list").startswith("no jobs yet")


@pytest.mark.parametrize("place", ["ein Projekt", "данные Ångström", "tab\there", "100% 'quoted' $HOME (1)"])
def test_names_with_blanks_and_far_letters_from_the_first_day_to_the_last(toys, tmp_path, monkeypatch, capfd, place):
    desk = furnished(tmp_path / place, monkeypatch, capfd)
    (desk.root / "eine Liste ß.txt").write_text("a 1\n")
    desk.says("draft", "toy-map", "--out", "j.star", "--set", "listing=eine Liste ß.txt")
    name = desk.says("add", "j.star", "--alias", "große Карта").strip()
    desk.says("run", "große_Карта")
    for words in (["show", "große_Карта"], ["history", "1"], ["flowchart", "1", "--out", "Bild ä.svg"], ["external-paths"]):
        desk.says(*words)
    assert "'--listing=eine Liste ß.txt'" in desk.says("command", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert "started as process" in desk.says("start", "1", "--set", "factor=3")
    until = time.monotonic() + 60
    assert Project(".").wait("1", poll_s=0.1, stop_asked=lambda: time.monotonic() > until) == "Succeeded"
    assert json.loads((desk.root / name / "table.json").read_text())[0]["result"] == 3
    desk.says("delete", "1", "--yes")
    assert f"{name} is back" in desk.says("undelete", "große_Карта")
    (desk.root / "default_pipeline.star").unlink()
    desk.says("restore")
    assert "große_Карта" in desk.says("list")


@pytest.mark.parametrize("alias", ["a\nb", "a\tb", "x" * 300, "ä" * 150, "a/b", "j", "job7", "a\u2028b"])
def test_an_alias_that_cannot_be_is_refused_and_the_old_one_stays(desk, alias):
    desk.add("--alias", "gut")
    assert "alias" in desk.says("alias", "1", alias, code=1)
    assert "gut" in desk.says("list")
    assert (desk.root / "External" / "gut").is_symlink()


def test_a_number_means_that_job_whatever_others_are_called(desk):
    desk.add("--alias", "02")
    desk.add()
    assert desk.says("show", "02").startswith("External/job002/")
    assert desk.says("show", "External/02").startswith("External/job001/")
    for word in ("²", "٣", "job", "/", "99"):
        desk.says("show", word, code=1)


def test_a_file_in_the_way(desk):
    (desk.root / "External").write_text("no folder")
    desk.says("add", "job.star", code=1)
    desk.says("new", "list.txt", code=1)
    (desk.root / "External").unlink()
    assert desk.add() == "External/job001/"


def test_names_whose_bytes_are_no_text_are_shown(desk, tmp_path):
    """As in a project from a machine of Latin-1."""
    with graphs.locked(Layout(desk.root)) as graph:
        graph.add_node(graphs.Node(os.fsdecode(b"Gr\xfc\xdfe.star"), "UserFile"))
        graph.processes["External/job001/"] = graphs.Process("External/job001/", "relion.external", "Succeeded")
        graph.add_input(os.fsdecode(b"Gr\xfc\xdfe.star"), "External/job001/")
        graph.counter = 2
    done = subprocess.run(
        [sys.executable, "-m", "vitreous", "project", "history", "1"],
        capture_output=True,
        env={**os.environ, "PYTHONUTF8": "1"},
        cwd=desk.root,
    )
    assert done.returncode == 0, done.stderr
    assert b"Gr\xfc\xdfe.star" in done.stdout


def test_files_of_a_job_that_a_crash_of_the_machine_has_spoilt(desk):
    """What a loss of power leaves: torn files. The job is told with its fault, can be shown, deleted and brought to its end."""
    name = desk.add()
    desk.says("run", "1")
    hidden = desk.root / name / ".vitreous"
    (hidden / "settings.json").write_bytes(bytes(64))
    assert "remove it" in desk.says("continue", "1", code=1)
    (hidden / "settings.json").unlink()
    (hidden / "place.json").write_text("{")
    (hidden / "progress.jsonl").write_bytes(bytes(64))
    (hidden / "rows" / "torn.jsonl").write_bytes(b'{"key": "a", "resu\0\0\n')
    (desk.root / name / "note.txt").write_bytes(b"\xff\0" * 20)
    desk.says("continue", "1")
    assert len(json.loads((desk.root / name / "table.json").read_text())) == 2
    (desk.root / name / "RELION_OUTPUT_NODES.star").write_bytes(os.urandom(200))
    assert "UserWarning" not in desk.says("mark", "1", "finished")
    (desk.root / name / "job.star").write_text("data_jo")
    assert "cannot be run or gone on with" in desk.says("show", "1")
    desk.says("run", "1", code=1)
    for words in (["list"], ["history", "1"], ["delete", "1", "--yes"], ["undelete", "1"], ["restore", "--force"], ["notes"]):
        desk.says(*words)
    assert "succeeded" in desk.says("list")
