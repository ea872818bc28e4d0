"""Scheduled jobs run by a process of its own, each as soon as its input is there; the window only begins and ends it."""

import json
import os
import signal
from contextlib import suppress
from pathlib import Path

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.run.places import local


def _mark(root: Path) -> Path:
    return root / ".vitreous" / "follow.json"


def _alive(root: Path) -> int:
    """The process that follows, 0 when there is none."""
    try:
        said = json.loads(_mark(root).read_text(encoding="utf-8"))
        pid = int(said["pid"])
        return pid if said["began"] and local.began_at(pid) == said["began"] else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def start(root: Path) -> None:
    """Begin to run all scheduled jobs, each when it can begin. Raises UserError when that is being done already."""
    if _alive(root):
        raise UserError("scheduled jobs are being run already; stop that first")
    out = root / ".vitreous" / "follow.out"
    pid = local.start_own(["project", "follow"], root=root, out=out, err=out)
    atomic.write_text(_mark(root), json.dumps({"pid": pid, "began": local.began_at(pid)}) + "\n")


def stop(root: Path) -> int:
    """End that process; jobs that it has started go on. The number of processes that were ended."""
    pid = _alive(root)
    if pid:
        with suppress(OSError):
            os.kill(pid, signal.SIGTERM)
    _mark(root).unlink(missing_ok=True)
    return int(bool(pid))
