"""Starts a job in a process of its own, which no window, terminal or login shell needs to outlive."""

import subprocess
import sys
from collections.abc import Mapping

from vitreous.project.layout import Layout


def start_detached(layout: Layout, name: str, changed: Mapping[str, str]) -> int:
    """Run a job of a project in a new session on this machine; gives the process number. What it says goes to its run.out."""
    changes = [part for option, value in changed.items() for part in ("--set", f"{option}={value}")]
    command = [sys.executable, "-m", "vitreous", "project", "run", name, *changes]
    folder = layout.job(name)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "run.out").open("ab") as out, (folder / "run.err").open("ab") as err:
        began = subprocess.Popen(
            command, cwd=layout.root, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        )
    return began.pid
