import os
import subprocess
import sys

import pytest

from vitreous.context import UserError
from vitreous.project.lock import Owner
from vitreous.project.schemes import lock


def test_the_lock_is_relions_folder_and_goes_with_its_holder(build):
    folder = build("s").folder
    assert str(folder.lock_folder) == ".relion_lock_scheme_s"
    assert str(build("t", flavour="schedule").folder.lock_file) == ".relion_lock_schedule_t/lock_schedule"
    with lock.held(folder):
        assert lock.is_held(folder) and not lock.is_dead(folder)
        with pytest.raises(UserError, match=rf"locked by vitreous, process {os.getpid()} on .*scheme abort s"), lock.held(folder):
            pass
    assert not lock.is_held(folder)


def test_a_dead_owner_is_told_and_his_lock_broken_by_command(build):
    door = build("s")
    words = "from vitreous.project.lock import Owner; print(Owner.here().text(), end='')"
    dead = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True).stdout
    door.folder.lock_folder.mkdir()
    door.folder.lock_file.write_text(dead)
    assert door.state() == "died"
    with pytest.raises(UserError, match="that process has died: vitreous project scheme unlock s"):
        door.reset()
    with pytest.raises(UserError, match="has died; scheme unlock"):
        door.abort()
    assert "is free; the lock was of vitreous, process" in door.unlock()
    assert door.unlock() == "Schemes/s/ is not locked"


def test_a_lock_of_which_nothing_is_known_needs_force(build):
    door = build("s")
    door.folder.lock_folder.mkdir()
    with pytest.raises(UserError, match=r"by RELION, or a program that left no name, .* --force"):
        door.unlock()
    assert "is free" in door.unlock(force=True)


def test_a_living_owner_is_not_robbed(build):
    door = build("s")
    door.folder.lock_folder.mkdir()
    door.folder.lock_file.write_text(Owner.here().text())
    with pytest.raises(UserError, match="scheme abort s"):
        door.unlock()
    assert lock.is_held(door.folder)
