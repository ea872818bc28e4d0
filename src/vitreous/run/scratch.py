"""The copy of particle images on a machine's scratch disk: made once for all processes there, reused after a crash, swept."""

import fcntl
import getpass
import hashlib
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from vitreous.context import Context, UserError
from vitreous.files import atomic, staging
from vitreous.job.disk import Disk

VOLATILE = "relion_volatile"
OWNER, COPYING, IN_USE, KEEP = "vitreous.json", "copying.lock", "in_use.lock", "keep"
LOOK_EVERY_S = 0.2

_held: dict[str, IO[bytes]] = {}  # the copies that this process reads from: their locks, which the system frees if it dies


@dataclass(frozen=True)
class Scratch:
    """The copy of one job's images under relion_volatile/ of a scratch directory. Called with the images before the work."""

    folder: Path
    job: str
    keep_free_GB: float = 10.0
    reuse: bool = True
    keep: bool = False

    def __call__(self, images: Any, context: Context) -> Any:
        """The images read from the copy where it has them; it is made first unless there is one that fits.

        Of the processes of a machine one copies, and the others wait for it.
        """
        _make_open(self.folder.parent)
        for other in sorted(self.folder.parent.iterdir()):
            if other != self.folder:
                sweep(other, context.note)
        with _entered(self.folder, context):
            found = staging.read(images, self.folder) if self.reuse or self._others_read() else None
            if found is None and self._others_read():
                context.note(f"{self.folder} holds other images, which are in use: reading from the original stacks")
                return images
            if found is None and not self._copy(images, context):
                return images
            found = found or staging.read(images, self.folder)
            if found is None:
                raise UserError(f"the copy in {self.folder} was lost while it was made: is another program wiping {VOLATILE}?")
            _hold(self.folder)
        source, there, total = found
        beside = f"; {total - there} had no room and are read from their stacks" if there < total else ""
        context.note(f"{there} of {total} particle images are read from {self.folder}{beside}")
        return source

    def _others_read(self) -> bool:
        """Whether another process of this machine reads from the copy."""
        with (self.folder / IN_USE).open("ab") as file:
            return not _locked(file, fcntl.LOCK_EX)

    def _copy(self, images: Any, context: Context) -> bool:
        """Make the copy; False if the disk has no room even for a note of it."""
        began, size_GB = time.monotonic(), staging.size_bytes(images) / 1e9
        self._clear()
        context.note(f"copying {len(images)} particle images, {size_GB:.3g} GB, to {self.folder}")
        owner = {"job": self.job, "host": socket.gethostname(), "pid": os.getpid(), "user": _user(), "since": time.asctime()}
        try:
            atomic.write_text(self.folder / OWNER, json.dumps(owner))
            staging.write(images, self.folder, room_bytes=self._room_bytes, context=context)
        except UserError as error:
            if not staging.is_full(error):
                raise
            self._clear()
            context.note(f"the scratch disk of {self.folder} is full: reading from the original stacks")
            return False
        if self.keep:
            (self.folder / KEEP).touch()
        for file in self.folder.iterdir():
            _open_to_all(file, 0o666)
        context.note(f"copied in {time.monotonic() - began:.1f} s")
        return True

    def _clear(self) -> None:
        for old in self.folder.iterdir():
            if old.name not in (COPYING, IN_USE):
                old.unlink()

    def _room_bytes(self) -> int:
        return int(shutil.disk_usage(self.folder).free - self.keep_free_GB * 1e9)

    def leave(self, *, succeeded: bool) -> None:
        """Say that this process reads no more. After a success the last of a machine takes the copy away, unless it is kept."""
        lock = _held.pop(str(self.folder), None)
        if lock is not None:
            lock.close()
        if succeeded and not self.keep:
            sweep(self.folder)


def scratch_of(disk: Disk, job_folder: Path) -> Scratch | None:
    """The scratch copy that a placement asks for; None if it asks for none. Each job folder has a copy of its own."""
    if not disk.scratch.strip():
        return None
    directory = Path(disk.scratch.strip())
    if not directory.is_dir():
        raise UserError(f"the scratch directory {directory} is not there on {socket.gethostname()}: make it, or give another")
    whole = str(job_folder.resolve())
    name = "-".join((*job_folder.resolve().parts[-2:], hashlib.sha256(whole.encode()).hexdigest()[:10]))
    folder = directory.resolve() / VOLATILE / name
    return Scratch(folder, whole, disk.keep_free_scratch_GB, disk.reuse_scratch, disk.keep_scratch)


def sweep(folder: Path, note: Callable[[str], None] = lambda text: None) -> bool:
    """Take a copy away that no living process holds and nobody wants to keep. What we did not make stays. True if it went."""
    if not (folder / COPYING).is_file() or (folder / KEEP).exists():
        return False
    try:
        with (folder / COPYING).open("ab") as copying, (folder / IN_USE).open("ab") as in_use:
            if not (_locked(copying, fcntl.LOCK_EX) and _locked(in_use, fcntl.LOCK_EX)):
                return False
            note(f"removing {folder}, left behind by {_left_by(folder)}")
            shutil.rmtree(folder)
    except FileNotFoundError:
        return False  # another process swept it first
    except OSError as error:
        note(f"{folder} is of no use any more and cannot be removed: {error.strerror}")
        return False
    return True


def _left_by(folder: Path) -> str:
    try:
        said = json.loads((folder / OWNER).read_text())
    except (OSError, ValueError):
        return "a run that was cut short"
    return f"{said['job']} (process {said['pid']} of {said['user']} on {said['host']})"


@contextmanager
def _entered(folder: Path, context: Context) -> Iterator[None]:
    """Within the block this process alone may look at the copy or make it; waits for another that does."""
    told = False
    while True:
        _make_open(folder)
        with (folder / COPYING).open("ab") as file:
            _open_to_all(folder / COPYING, 0o666)
            if not _locked(file, fcntl.LOCK_EX):
                if not told:
                    context.note(f"waiting for another process that copies to {folder}")
                told = True
            elif _is_same(file, folder / COPYING):
                (folder / IN_USE).touch()
                _open_to_all(folder / IN_USE, 0o666)
                yield
                return
            else:
                continue  # it was swept between opening and locking
        context.check()
        time.sleep(LOOK_EVERY_S)


def _hold(folder: Path) -> None:
    """Say for as long as this process lives that the copy is in use."""
    if str(folder) not in _held:
        file = (folder / IN_USE).open("ab")
        _locked(file, fcntl.LOCK_SH)
        _held[str(folder)] = file


def _locked(file: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise UserError(f"the disk of {file.name} knows no locks ({error.strerror}): give another scratch directory") from error
    return True


def _is_same(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _make_open(folder: Path) -> None:
    """Make a folder that everybody on the machine may write to, and so clear."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make {folder} on the scratch disk: {error.strerror}") from error
    _open_to_all(folder, 0o777)


def _open_to_all(path: Path, mode: int) -> None:
    if path.stat().st_uid == os.geteuid():
        path.chmod(mode)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
