"""Scores of class averages on demand: our ranker as a process of its own, its tables kept in the window's cache."""

import contextlib
import subprocess
import sys
import threading
from pathlib import Path
from typing import Literal

from vitreous.context import UserError
from vitreous.web import class_rows
from vitreous.web.class_source import relative
from vitreous.web.opened import Opened
from vitreous.web.rounds import Round

State = Literal["none", "running", "done", "failed"]
_LOG = "ranking.txt"
_NOT_NEEDED = ("particles.star", "class_averages.star", "backup_selection.star")
_running: dict[Path, subprocess.Popen[bytes]] = {}
_guard = threading.Lock()


def state(here: Opened, one: Round) -> tuple[State, str]:
    """How far the ranking of an iteration is, and a sentence."""
    if class_rows.found_scores(here, one, len(class_rows.table_of(one))) is not None:
        return "done", "The classes have scores."
    folder = class_rows.kept_scores(here, one)
    with _guard:
        process = _running.get(folder)
        if process is not None and process.poll() is None:
            return "running", "The classes are being ranked."
        _running.pop(folder, None)
    said = _last_line(folder / _LOG)
    return ("failed", said) if said else ("none", "The classes have no scores yet.")


def begin(here: Opened, one: Round) -> tuple[State, str]:
    """Begin to rank, unless that is done or under way."""
    now, sentence = state(here, one)
    if now in ("done", "running"):
        return now, sentence
    if one.optimiser is None or not one.classes.is_file():
        raise UserError("the pictures of these classes are not on disk any more, so that they cannot be ranked")
    folder = class_rows.kept_scores(here, one)
    folder.mkdir(parents=True, exist_ok=True)
    words = ["select", "--model", relative(here, one.optimiser), "--by-score", "--out", str(folder)]
    with _guard, (folder / _LOG).open("ab") as log:
        if folder in _running and _running[folder].poll() is None:
            return "running", "The classes are being ranked."
        log.truncate(0)
        _running[folder] = subprocess.Popen(
            [sys.executable, "-m", "vitreous", *words],
            cwd=here.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        threading.Thread(target=_tidied, args=(_running[folder], folder), daemon=True).start()
    return "running", "The classes are being ranked."


def _tidied(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Take away what the ranker wrote beside the scores."""
    process.wait()
    for name in _NOT_NEEDED:
        with contextlib.suppress(OSError):
            (folder / name).unlink()


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else "the ranking ended without a word"
