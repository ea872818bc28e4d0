"""Where a job was handed to (.vitreous/place.json) and what that place says of it: a hint, the exit marker is the verdict."""

import json
import socket
import time
from dataclasses import asdict, dataclass
from typing import Any

from vitreous.files import atomic
from vitreous.run.folder import JobFolder
from vitreous.run.places import local, slurm

GRACE_S = 30.0  # a job that its place does not know may have ended just now, with a marker not seen yet
ASK_EVERY_S = 5.0
CANCEL = {"qsub": "qdel", "bsub": "bkill", "condor_submit": "condor_rm", "flux": "flux cancel"}


@dataclass(frozen=True)
class Placed:
    """A job that was handed over. place: "here", "slurm", "queue" or "profile"; id: the batch system's number, or "".

    host, pid, began: the process, where the job runs as one of this user's; when: seconds since 1970.
    """

    place: str
    id: str = ""
    host: str = ""
    pid: int = 0
    began: float = 0.0
    when: float = 0.0
    submit: str = ""


def note(folder: JobFolder, place: str, *, number: str = "", pid: int = 0, submit: str = "") -> Placed:
    """Write down where a job was handed to."""
    began = local.began_at(pid) if pid else 0.0
    placed = Placed(place, number, socket.gethostname(), pid, began, time.time(), submit)
    atomic.write_text(folder.place, json.dumps(asdict(placed), indent=1) + "\n")
    return placed


def read(folder: JobFolder) -> Placed | None:
    """Where a job was handed to; None if nobody wrote it down."""
    try:
        said: Any = json.loads(folder.place.read_text())
        return Placed(**said)
    except (OSError, ValueError, TypeError):
        return None


_asked: tuple[float, dict[str, str] | None] = (0.0, None)


def _slurm_states(since: float) -> dict[str, str] | None:
    """The states of Slurm's jobs, asked for once in a few seconds at most, but after `since` (seconds since 1970)."""
    global _asked
    now = time.time()
    if not max(since, now - ASK_EVERY_S) < _asked[0] <= now:
        _asked = (now, slurm.states())
    return _asked[1]


def hint(folder: JobFolder) -> str:
    """What the place says: "waiting", "running", "gone", or "" when it does not know."""
    placed = read(folder)
    if placed is None:
        return ""
    if placed.place == "here":
        return _of_process(placed)
    found = _of_slurm(placed, folder) if placed.place == "slurm" else _of_files(folder)
    if found == "gone" and any(abs(time.time() - sign) < GRACE_S for sign in (placed.when, _last_sign(folder))):
        return "running"  # a sign from far ahead is of a machine whose clock is wrong, and tells nothing
    return found


def _of_files(folder: JobFolder) -> str:
    """Nobody can be asked, or answers: a job whose settings were not written since it was handed over has not begun."""
    if folder.lost.exists():
        return "gone"
    begun = folder.settings.exists() and folder.settings.stat().st_mtime_ns >= folder.place.stat().st_mtime_ns
    return "" if begun else "waiting"


def _of_slurm(placed: Placed, folder: JobFolder) -> str:
    known = _slurm_states(placed.when)
    if known is None or not placed.id:
        return _of_files(folder)
    state = known.get(placed.id)
    if state is None:
        return "gone"
    return "waiting" if state in ("PENDING", "REQUEUED", "REQUEUE_HOLD", "CONFIGURING", "SUSPENDED") else "running"


def _of_process(placed: Placed) -> str:
    if placed.host != socket.gethostname():
        return ""
    return "running" if placed.began and local.began_at(placed.pid) == placed.began else "gone"


def _last_sign(folder: JobFolder) -> float:
    """When the job wrote something last."""
    paths = (folder.out, folder.progress)
    return max((path.stat().st_mtime for path in paths if path.exists()), default=0.0)


def cancel(folder: JobFolder, *, hard: bool = False) -> bool:
    """Take a job away from its place: out of the queue, or its process ended (hard: at once). Whether that was done."""
    placed = read(folder)
    if placed is None:
        return False
    if placed.place == "slurm":
        return bool(placed.id) and slurm.cancel([placed.id])
    if placed.place == "queue":
        word = CANCEL.get(placed.submit.split()[0] if placed.submit else "", "")
        return bool(word and placed.id) and slurm.told([*word.split(), placed.id])
    here = placed.host == socket.gethostname() and placed.began and local.began_at(placed.pid) == placed.began
    return bool(here) and local.end(placed.pid, hard=hard)
