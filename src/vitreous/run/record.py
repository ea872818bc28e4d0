"""What a run leaves behind: records of units, run.out and run.err, note.txt, progress, versions and exit markers."""

import errno
import importlib.metadata
import json
import os
import platform
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vitreous.files import atomic
from vitreous.job.options import plain_value
from vitreous.run.folder import JobFolder

WAITING = "waiting for more"
CLEARED = " ++++ What it had made went to the Trash: it begins from scratch\n"
TAIL_BYTES = 4096  # of progress.jsonl, which hold its last lines
REPORTED = ("vitreous", "torch", "numpy", "scipy", "numba", "pydantic", "distributed", "mrcfile", "tifffile", "imagecodecs")


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Append one record as a line of JSON that is on disk when this returns. A torn last line is closed first."""
    with Records(path) as records:
        records.append(record)


class Records:
    """The file of records of one process, open for many lines; a context manager.

    A line is handed to the system at once, so that the process may be killed and it stays; the disk is told to keep it
    when SYNC_EVERY_S have passed, and at the end, so that a power cut loses the last fraction of a second.
    """

    SYNC_EVERY_S = 0.25

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None
        self._synced = time.monotonic()
        self._loose = False

    def __enter__(self) -> "Records":
        return self

    def __exit__(self, *about: object) -> None:
        self.sync()
        if self._handle is not None:
            os.close(self._handle)

    def append(self, record: Mapping[str, Any]) -> None:
        """Add one record as a line of JSON. A torn last line of an earlier process is closed first."""
        data = json.dumps(record, default=plain_value).encode() + b"\n"
        if self._handle is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            size = os.fstat(self._handle).st_size
            if size and os.pread(self._handle, 1, size - 1) != b"\n":
                data = b"\n" + data
        written = os.write(self._handle, data)
        if written < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        self._loose = True
        if time.monotonic() - self._synced > self.SYNC_EVERY_S:
            self.sync()

    def sync(self) -> None:
        """Have all lines on the disk when this returns."""
        if self._loose and self._handle is not None:
            os.fsync(self._handle)
            self._loose = False
        self._synced = time.monotonic()


def append_text(path: Path, text: str) -> None:
    """Append lines to a log."""
    with path.open("a", encoding="utf-8") as stream:
        stream.write(text if text.endswith("\n") else text + "\n")


def worker_file(folder: JobFolder) -> Path:
    """The file of records that this process appends to."""
    return folder.rows / f"{socket.gethostname()}-{os.getpid()}.jsonl"


def note_start(folder: JobFolder, command: str, *, goes_on: bool) -> None:
    """Add the time and the command to note.txt in the words RELION uses."""
    how = "continuing" if goes_on else "new"
    append_text(
        folder.note,
        f" ++++ Executing {how} job on {time.asctime()}\n ++++ with the following command(s): \n{command}\n ++++ \n",
    )


def was_started(folder: JobFolder) -> bool:
    """Whether note.txt tells of a run, ours or RELION's, since the folder was last cleared."""
    return folder.note.is_file() and " ++++ Executing " in folder.note.read_text(errors="replace").rpartition(CLEARED)[2]


def note_cleared(folder: JobFolder) -> None:
    """Say in note.txt that the folder is as before any run again, where there was one."""
    if was_started(folder):
        append_text(folder.note, CLEARED)


def clear_markers(folder: JobFolder) -> None:
    """Remove the files that tell how an earlier run ended."""
    for path in (*folder.control, folder.stop, folder.close):
        path.unlink(missing_ok=True)


def mark(folder: JobFolder, status: str) -> None:
    """Say how the run ended: "succeeded", "failed" or "aborted"; there is one verdict, also where a program left its own."""
    verdict = {"succeeded": folder.success, "failed": folder.failure, "aborted": folder.aborted}[status]
    atomic.write_text(verdict, "")
    for path in (*folder.control, folder.stop):
        if path != verdict:
            path.unlink(missing_ok=True)


def versions() -> dict[str, str]:
    """The releases of the suite, of Python and of the libraries underneath."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for name in REPORTED:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def write_versions(folder: JobFolder) -> None:
    """Note which releases did the work."""
    atomic.write_text(folder.versions, json.dumps(versions(), indent=1))


def last_progress(folder: JobFolder) -> str:
    """What progress.jsonl says last, in words; empty without one."""
    if not folder.progress.is_file():
        return ""
    with folder.progress.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - TAIL_BYTES))
        lines = stream.read().splitlines()[-2:]
    for line in reversed(lines):
        try:
            said = json.loads(line)
        except ValueError:
            continue
        left = f", {duration(said['left_s'])} left" if said.get("left_s") else ""
        waits = f", {WAITING}" if said.get("note") == WAITING else ""
        return f"{said['done']:g} of {said['total']:g}{left}{waits}"
    return ""


def duration(seconds: float) -> str:
    """A time span for people: 0.3 s, 12 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if 0 < seconds < 9.95:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
