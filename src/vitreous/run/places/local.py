"""Processes on this machine: a job in a session of its own, which no window, terminal or login shell needs to outlive."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil


def start_detached(command: Sequence[str] | str, *, root: Path, out: Path, err: Path) -> int:
    """Run a command in a new session, so that nothing that ends with the terminal reaches it; gives the process number.

    A text is a line for the shell. What the command says is appended to `out` and `err`.
    """
    with out.open("ab") as said, err.open("ab") as wrong:
        began = subprocess.Popen(
            command,
            shell=isinstance(command, str),
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=wrong,
            start_new_session=True,
        )
    return began.pid


def start_own(words: Sequence[str], *, root: Path, out: Path, err: Path) -> int:
    """The same for a command of this program: `words` are what stands after `vitreous`."""
    return start_detached([sys.executable, "-m", "vitreous", *words], root=root, out=out, err=err)


def began_at(pid: int) -> float:
    """When a process of this machine began, in seconds since 1970; 0 if it is gone. Tells a number that was given again."""
    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.NoSuchProcess:
        return 0.0


def end(pid: int, *, hard: bool) -> bool:
    """Ask a process and those of its session to end, or end them at once. Whether it was there."""
    try:
        os.killpg(pid, signal.SIGKILL if hard else signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        return False
    return True
