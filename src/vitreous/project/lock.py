"""RELION's lock on a project, a folder made in one step, with a note of who holds it; what a crash left is told and broken."""

import errno
import os
import random
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from vitreous.context import UserError
from vitreous.project.layout import Layout
from vitreous.run.record import duration

WAIT_S = 60.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.002, 0.1
YOUNG_S = 60.0
FRESHEN_S, SILENT_S, LOOK_EVERY_S = 30.0, 300.0, 2.0
_OURS = "vitreous"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


class LockBroken(UserWarning):
    """A lock that a dead program of ours had left was taken away."""


@dataclass(frozen=True)
class Owner:
    """Who holds a lock. `began` is the process's start in ticks since the machine's, `machine` the machine's start: a
    number that was given to another process, or a machine that started again, is no living owner."""

    program: str
    host: str
    process: int
    began: str
    machine: str
    token: str

    @classmethod
    def here(cls) -> "Owner":
        """This process, with a token of its own for one lock."""
        return cls(_OURS, socket.gethostname(), os.getpid(), _began(os.getpid()), _machine(), os.urandom(6).hex())

    def text(self) -> str:
        """As the lock file holds it, also to be read by people."""
        return "".join(f"{name} {value}\n" for name, value in vars(self).items())

    def is_dead(self) -> bool:
        """Whether it can be said for sure that the owner lives no more: only on its own machine."""
        if self.host != socket.gethostname():
            return False
        boot, _, space = self.machine.partition(",")
        boot_here, _, space_here = _machine().partition(",")
        if boot != boot_here:
            return True
        return space == space_here and _began(self.process) != self.began

    def __str__(self) -> str:
        return f"{self.program}, process {self.process} on {self.host}"


def _began(process: int) -> str:
    """When a process began, as the system counts it; empty if there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _machine() -> str:
    """Which start of which machine this is, and in which space its process numbers count."""
    try:
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()},{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ","


def owner(layout: Layout) -> Owner | None:
    """Who holds the lock, if it is a program of ours and has said so."""
    return owner_in(layout.lock_file)


def owner_in(lock_file: Path) -> Owner | None:
    """Who has written a lock file, if it is a program of ours."""
    try:
        said = dict(line.split(" ", 1) for line in lock_file.read_text(errors="replace").splitlines() if " " in line)
        return Owner(said["program"], said["host"], int(said["process"]), said.get("began", ""), said["machine"], said["token"])
    except (OSError, KeyError, ValueError):
        return None


def age_s(layout: Layout) -> float | None:
    """How long the lock has been there, by the clock of the disk alone, for the machines' clocks may differ; None without one."""
    probe = layout.root / f".vitreous_clock_{os.urandom(6).hex()}"
    try:
        probe.touch()
        try:
            return max(0.0, probe.stat().st_mtime - layout.lock_folder.stat().st_mtime)
        finally:
            probe.unlink(missing_ok=True)
    except OSError:
        return None


def check_writable(layout: Layout) -> None:
    """A project that was opened for reading only is not to be changed."""
    if layout.readonly:
        raise UserError(f"{layout.root.resolve()} was opened for reading only: nothing in it can be changed")


@contextmanager
def held(layout: Layout, *, wait_s: float | None = None) -> Iterator[Owner]:
    """Hold the project's lock. Waits up to a minute for others.

    A lock of ours is broken when its process is dead (known on its own machine), or when it has not been freshened for five
    minutes (a machine that died): a holder freshens it every half minute, and looks before it writes whether it is still his.
    """
    check_writable(layout)
    mine = _take(layout, WAIT_S if wait_s is None else wait_s)
    over = threading.Event()
    threading.Thread(target=_freshen, args=(layout, mine, over), daemon=True).start()
    try:
        yield mine
    finally:
        over.set()
        if is_held(layout, mine):
            _remove(layout, mine.token)


def _freshen(layout: Layout, mine: Owner, over: threading.Event) -> None:
    while not over.wait(FRESHEN_S):
        with suppress(OSError):
            if is_held(layout, mine):
                os.utime(layout.lock_folder)


def is_held(layout: Layout, mine: Owner) -> bool:
    """Whether the lock is still ours: somebody may have broken it while we were stopped or out of reach of the disk."""
    return _token(layout, mine.token).exists()


def _token(layout: Layout, token: str) -> Path:
    """The file whose removal gives the right to break this very lock and no other."""
    return layout.lock_folder / f"{_OURS}.{token}"


def _take(layout: Layout, wait_s: float) -> Owner:
    mine = Owner.here()
    until = time.monotonic() + wait_s
    pause, look = FIRST_PAUSE_S, time.monotonic() + LOOK_EVERY_S / 4
    while True:
        try:
            layout.lock_folder.mkdir()
        except FileExistsError:
            now = time.monotonic()
            look_now = now >= look
            look = now + LOOK_EVERY_S if look_now else look
            if _break_if_dead(layout, by_age=look_now):
                continue
            if now >= until:
                raise UserError(explain(layout)) from None
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 1.5, LONGEST_PAUSE_S)
            continue
        except OSError as error:
            raise UserError(_refused(layout, error)) from error
        try:
            _token(layout, mine.token).touch()
            layout.lock_file.write_text(mine.text())
        except OSError as error:
            if error.errno in _FULL and is_held(layout, mine):
                return mine  # without its note: what frees space must be possible on a full disk, a write fails by itself
            _remove(layout, mine.token)
            raise UserError(_refused(layout, error)) from error
        return mine


def _refused(layout: Layout, error: OSError) -> str:
    where = layout.root.resolve()
    if error.errno in _FORBIDDEN:
        return f"{where} cannot be written by you: it can be looked at (list, show), but nothing in it can be changed"
    if error.errno in _FULL:
        return f"no space left on the disk of {where}, not even for its lock: remove something by hand, then try again"
    return f"cannot lock {where}: {error.strerror}"


def _break_if_dead(layout: Layout, *, by_age: bool) -> bool:
    """Take away the lock of a process of ours that is dead for sure, or silent for long. One of many who try it wins."""
    dead = owner(layout)
    if dead is None or not (dead.is_dead() or (by_age and (age_s(layout) or 0.0) > SILENT_S)):
        return False
    try:
        _token(layout, dead.token).unlink()
    except FileNotFoundError:
        return False
    _remove(layout, dead.token)
    warnings.warn(f"took away the lock that {dead} had left when it died", LockBroken, stacklevel=2)
    return True


def _remove(layout: Layout, token: str) -> None:
    """Set the lock free in one step, by another name; then clear that away (NFS may keep an open file in it for a while)."""
    aside = layout.lock_folder.with_name(f"{layout.lock_folder.name}.{token}")
    with suppress(FileNotFoundError):
        layout.lock_folder.rename(aside)
    for freed in layout.root.glob(f"{layout.lock_folder.name}.*"):
        if freed == aside:
            _empty(freed)
        with suppress(OSError):
            freed.rmdir()


def _empty(folder: Path) -> None:
    with suppress(FileNotFoundError):  # somebody who says unlock at the same moment clears the same folder
        for path in folder.iterdir():
            path.unlink(missing_ok=True)


def explain(layout: Layout) -> str:
    """What there is to know of the lock, and what to do, in a sentence."""
    where, held_by, age = layout.root.resolve(), owner(layout), age_s(layout)
    since = f" for {duration(age)}" if age is not None else ""
    if held_by is not None:
        return (
            f"{where} has been locked{since} by {held_by}; if that process is no more, "
            f"vitreous project unlock takes the lock away"
        )
    try:
        said = layout.lock_file.read_text(errors="replace").strip()
    except OSError:
        said = ""
    words = f" (it says {said!r})" if said else ""
    return (
        f"{where} has been locked{since} by another program, such as RELION{words}; if none is at work there, "
        f"vitreous project unlock takes the lock away"
    )


def unlock(layout: Layout, *, force: bool = False) -> str:
    """Take away a lock that a crash has left. One that may be in use is left, unless forced. Says what was done."""
    if not layout.lock_folder.is_dir():
        return "there is no lock on this project"
    holder, age = owner(layout), age_s(layout)
    alive = holder is not None and holder.host == socket.gethostname() and not holder.is_dead()
    if alive and not force:
        raise UserError(f"the lock is held by {holder}, which is alive; wait, end it, or say --force")
    if holder is None and (age is None or age < YOUNG_S) and not force:
        raise UserError(
            f"the lock is younger than a minute ({duration(age or 0)}), its program may be at work; wait, or say --force"
        )
    _remove(layout, holder.token if holder else os.urandom(6).hex())
    by = str(holder) if holder else "another program, such as RELION"
    return f"the lock of {by}, {duration(age or 0)} old, is taken away"
