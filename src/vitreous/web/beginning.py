"""The first acts in an empty directory: a new project, and the demonstration, which runs by itself like any command."""

import json
from dataclasses import dataclass
from pathlib import Path

from vitreous.files import atomic
from vitreous.project.layout import Layout
from vitreous.run.places import local
from vitreous.web.problems import Conflict

LAST_BYTES = 2000


@dataclass(frozen=True)
class Demonstration:
    """The demonstration that was begun from the window in a directory."""

    root: Path

    @property
    def out(self) -> Path:
        """What it says."""
        return self.root / ".vitreous" / "demonstration.out"

    @property
    def _mark(self) -> Path:
        return self.root / ".vitreous" / "demonstration.json"

    def runs(self) -> bool:
        """Whether its process is at work."""
        try:
            said = json.loads(self._mark.read_text(encoding="utf-8"))
            return abs(local.began_at(int(said["pid"])) - float(said["began"])) < 1
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def start(self, movies: int) -> None:
        """Begin it in a session of its own: it outlives this server."""
        if self.runs():
            raise Conflict("the demonstration runs already in this directory")
        self.out.parent.mkdir(exist_ok=True)
        words = ["demo", "--out", ".", "--movies", str(movies)]
        pid = local.start_own(words, root=self.root, out=self.out, err=self.out)
        atomic.write_text(self._mark, json.dumps({"pid": pid, "began": local.began_at(pid)}) + "\n")

    def sentence(self) -> str:
        """What it does now; empty when none was begun here, or it has ended well."""
        if not self._mark.is_file():
            return ""
        said = _last_line(self.out)
        if self.runs():
            return f"The demonstration runs. {said}".strip()
        return "" if (self.root / "demo.html").is_file() else f"The demonstration has stopped. {said}".strip()


def check_empty(layout: Layout) -> None:
    """Refuse a directory that holds a project."""
    if layout.graph.exists():
        raise Conflict("this directory holds a project already")


def _last_line(path: Path) -> str:
    """The last thing that was said in a log."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LAST_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(text.replace("\r", "\n").splitlines()) if line.strip()), "")
