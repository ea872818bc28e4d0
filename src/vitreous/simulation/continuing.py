"""What was simulated already: a line of settings beside each result, written last, so that a stopped simulation goes on."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vitreous.context import Context
from vitreous.files.atomic import write_text

VERSION = 2  # rises when the same settings make other data


def _identity(folder: Path, settings: Any, context: Context) -> str:
    """Of the settings, the seed and the folder's name as given, since the tables hold names that begin with it."""
    what = {"settings": asdict(settings), "seed": context.seed, "folder": str(folder), "version": VERSION}
    text = json.dumps(what, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _marker(folder: Path, name: str) -> Path:
    return folder / ".simulated" / f"{name}.txt"


def is_done(folder: Path, name: str, files: Sequence[Path], settings: Any, context: Context) -> bool:
    """Whether the result `name` was finished in the folder with the same settings and seed, and its files are there."""
    marker = _marker(folder, name)
    if not all(path.is_file() for path in (marker, *files)):
        return False
    return marker.read_text().strip() == _identity(folder, settings, context)


def mark_done(folder: Path, name: str, settings: Any, context: Context) -> None:
    """Say that the result `name` is complete."""
    marker = _marker(folder, name)
    marker.parent.mkdir(parents=True, exist_ok=True)
    write_text(marker, _identity(folder, settings, context) + "\n")
