import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from vitreous.context import UserError
from vitreous.project import graph as graphs
from vitreous.project import lock
from vitreous.project.commands import main
from vitreous.project.graph import Graph
from vitreous.project.layout import Layout
from vitreous.project.lock import Owner


@pytest.fixture
def layout(tmp_path) -> Layout:
    made = Layout(tmp_path)
    graphs.save(made, Graph())
    return made


def leave(layout: Layout, owner: Owner | None) -> None:
    """A lock as a program leaves it that was killed in the middle."""
    layout.lock_folder.mkdir()
    if owner is not None:
        layout.lock_file.write_text(owner.text())
        (layout.lock_folder / f"vitreous.{owner.token}").touch()


def dead_process() -> Owner:
    """What a process of this machine writes into its lock, after it has ended."""
    said = "import sys; from vitreous.project.lock import Owner; sys.stdout.write(Owner.here().text())"
    text = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout
    values = dict(line.split(" ", 1) for line in text.splitlines())
    return Owner(**{**values, "process": int(values["process"])})


def test_the_lock_file_says_who_holds_it_and_goes(layout):
    with lock.held(layout):
        owner = lock.owner(layout)
        assert (owner.program, owner.host, owner.process) == ("vitreous", socket.gethostname(), os.getpid())
        assert not owner.is_dead()
    assert not layout.lock_folder.exists()
    assert not list(layout.root.glob(".relion_lock*"))


def test_a_lock_of_a_dead_process_of_this_machine_is_broken_and_said(layout):
    owner = dead_process()
    leave(layout, owner)
    with pytest.warns(lock.LockBroken, match=f"process {owner.process} on"), graphs.locked(layout) as graph:
        graph.counter = 7
    assert graphs.read(layout.graph).counter == 7
    assert not layout.lock_folder.exists()


def test_a_number_given_to_another_process_is_no_living_owner(layout):
    mine = Owner.here()
    leave(layout, Owner("vitreous", mine.host, os.getppid(), "1", mine.machine, "cafe"))
    with pytest.warns(lock.LockBroken), lock.held(layout):
        pass
    rebooted = Owner("vitreous", mine.host, mine.process, mine.began, "another-start,pid:[1]", "cafe")
    assert rebooted.is_dead()
    elsewhere = Owner("vitreous", mine.host, 1, "1", mine.machine.partition(",")[0] + ",pid:[1]", "cafe")
    assert not elsewhere.is_dead(), "a container's process numbers say nothing here"


@pytest.mark.parametrize("owner", [None, Owner("vitreous", "another.host", 1, "1", "x,y", "cafe")])
def test_a_lock_that_may_be_alive_is_waited_for_and_explained(layout, owner):
    leave(layout, owner)
    with pytest.raises(UserError, match="vitreous project unlock") as said, lock.held(layout, wait_s=0.05):
        pass
    assert ("process 1 on another.host" if owner else "such as RELION") in str(said.value)
    assert layout.lock_folder.exists(), "somebody else's lock is not ours to take"


def test_a_lock_of_another_machine_that_is_silent_for_long_is_broken(layout):
    leave(layout, Owner("vitreous", "a.node.that.died", 1, "1", "x,y", "cafe"))
    os.utime(layout.lock_folder, (time.time() - 400, time.time() - 400))
    with pytest.warns(lock.LockBroken, match=r"a\.node\.that\.died"), graphs.locked(layout) as graph:
        graph.counter = 7
    assert graphs.read(layout.graph).counter == 7


def test_a_lock_that_is_held_for_long_is_freshened(layout, monkeypatch):
    monkeypatch.setattr(lock, "FRESHEN_S", 0.02)
    with lock.held(layout):
        os.utime(layout.lock_folder, (1, 1))
        for _ in range(500):
            if layout.lock_folder.stat().st_mtime > 1:
                break
            time.sleep(0.01)
        assert layout.lock_folder.stat().st_mtime > 1


def test_a_lock_of_relion_is_never_broken_by_age(layout):
    leave(layout, None)
    os.utime(layout.lock_folder, (1, 1))
    with pytest.raises(UserError, match="such as RELION"), lock.held(layout, wait_s=0.05):
        pass


def test_a_lock_in_use_is_waited_for(layout):
    inside, order = threading.Event(), []

    def hold():
        with lock.held(layout):
            inside.set()
            time.sleep(0.1)
            order.append("first")

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait()
    with lock.held(layout):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_unlock_takes_what_is_dead_and_leaves_what_lives(layout):
    assert lock.unlock(layout) == "there is no lock on this project"
    with lock.held(layout):
        with pytest.raises(UserError, match="which is alive"):
            lock.unlock(layout)
        assert "is taken away" in lock.unlock(layout, force=True)
    leave(layout, None)
    with pytest.raises(UserError, match="younger than a minute"):
        lock.unlock(layout)
    os.utime(layout.lock_folder, (time.time() - 7200, time.time() - 7200))
    assert "2 h 0 min" in lock.explain(layout)
    assert "another program, such as RELION" in lock.unlock(layout)
    assert not layout.lock_folder.exists()


def test_a_lock_taken_away_in_the_middle_loses_the_change_and_says_so(layout):
    with pytest.raises(UserError, match="nothing was changed"), graphs.locked(layout) as graph:
        graph.counter = 99
        lock.unlock(layout, force=True)
        leave(layout, Owner("vitreous", "another.host", 1, "1", "x,y", "cafe"))
    assert graphs.read(layout.graph).counter == 1
    assert layout.lock_folder.exists(), "the other one's lock stays"


def test_the_age_is_told_by_the_disks_clock(layout, monkeypatch):
    leave(layout, None)
    monkeypatch.setattr(time, "time", lambda: 4_000_000_000.0)
    assert lock.age_s(layout) < 60


def test_a_project_opened_for_reading_is_not_locked(layout):
    with pytest.raises(UserError, match="opened for reading only"), graphs.locked(Layout(layout.root, readonly=True)):
        pass
    assert not layout.lock_folder.exists()


def test_many_break_a_dead_lock_and_one_wins(layout):
    owner = dead_process()
    leave(layout, owner)
    counted = []

    def add():
        with graphs.locked(layout) as graph:
            counted.append(graph.counter)
            graph.counter += 1

    with pytest.warns(lock.LockBroken):
        threads = [threading.Thread(target=add) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(counted) == list(range(1, 13))


HOLD_AND_DIE = """
import os, signal, sys
from pathlib import Path
from vitreous.project import graph as graphs
from vitreous.project.layout import Layout
with graphs.locked(Layout(Path(sys.argv[1]))) as graph:
    graph.counter = 99
    os.kill(os.getpid(), signal.SIGKILL)
"""

WRITE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from vitreous.files import atomic
from vitreous.project import graph as graphs
from vitreous.project.layout import Layout
os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
with graphs.locked(Layout(Path(sys.argv[1]))) as graph:
    graph.counter = 99
"""


@pytest.mark.parametrize("program", [HOLD_AND_DIE, WRITE_AND_DIE])
def test_a_process_killed_with_the_lock_in_its_hand_costs_nothing(layout, program):
    died = subprocess.run([sys.executable, "-c", program, str(layout.root)], capture_output=True)
    assert died.returncode == -9
    assert layout.lock_folder.is_dir()
    assert graphs.read(layout.graph).counter == 1, "the graph is the whole one from before"
    began = time.monotonic()
    with pytest.warns(lock.LockBroken), graphs.locked(layout) as graph:
        graph.counter += 1
    assert time.monotonic() - began < 30, "at once, not after a minute of waiting"
    assert graphs.read(layout.graph).counter == 2


def test_a_lock_from_the_future_is_waited_for_and_told(layout):
    leave(layout, None)
    os.utime(layout.lock_folder, (4_000_000_000, 4_000_000_000))
    with pytest.raises(UserError, match="such as RELION"), lock.held(layout, wait_s=0.05):
        pass
    assert "is taken away" in lock.unlock(layout, force=True)


def test_the_commands_say_what_they_did(layout, monkeypatch, capsys):
    monkeypatch.chdir(layout.root)
    leave(layout, None)
    with pytest.raises(UserError, match="--force"):
        main(["unlock"])
    assert main(["unlock", "--force"]) == 0
    assert "is taken away" in capsys.readouterr().out
    leave(layout, dead_process())
    assert main(["remake-nodes"]) == 0
    said = capsys.readouterr()
    assert said.err.startswith("vitreous: took away the lock that vitreous, process ")
    assert said.out.startswith(".Nodes is made again")


def test_a_freed_lock_that_two_clear_at_once(layout, monkeypatch):
    """Somebody says unlock while a dead lock is broken: the folder may go between two looks at it."""
    leave(layout, dead_process())
    rename = Path.rename

    def and_gone(self, target):
        made = rename(self, target)
        shutil.rmtree(target)
        Path(target).mkdir()
        monkeypatch.setattr(Path, "iterdir", lambda folder: folder.rmdir() or os.listdir(folder))
        return made

    monkeypatch.setattr(Path, "rename", and_gone)
    assert "is taken away" in lock.unlock(layout, force=True)
    monkeypatch.undo()
    assert not list(layout.root.glob(".relion_lock*"))
