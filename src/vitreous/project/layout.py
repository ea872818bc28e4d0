"""Path names of a project directory, pure: the graph's file, its lock, the node folders, the names of jobs and their aliases."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

GRAPH = "default_pipeline.star"
JOB_NAME = re.compile(r"^(?P<folder>[^/]+)/job(?P<number>\d{3,})/?$")
LONGEST_ALIAS = 240
NOT_IN_ALIAS = set("*?()/\"\\|#<>&%{}$'`;")


@dataclass(frozen=True)
class Layout:
    """The names in a project directory. One opened for reading only is never locked or changed."""

    root: Path
    readonly: bool = False

    @property
    def graph(self) -> Path:
        return self.root / GRAPH

    @property
    def lock_folder(self) -> Path:
        return self.root / ".relion_lock"

    @property
    def lock_file(self) -> Path:
        return self.lock_folder / f"lock_{GRAPH}"

    @property
    def kept_graph(self) -> Path:
        """Our copy of the graph as it was last written by us: it tells what RELION 3.1 leaves out, and is a backup."""
        return self.root / ".vitreous" / GRAPH

    @property
    def changed(self) -> Path:
        """Touched after each write, so that open windows read again."""
        return self.root / ".pipeline_has_changed"

    @property
    def mark(self) -> Path:
        """Tells RELION's window that this is a project."""
        return self.root / ".gui_projectdir"

    @property
    def nodes(self) -> Path:
        """Empty files by which a file browser finds nodes of a kind."""
        return self.root / ".Nodes"

    def node(self, kind: str, name: str) -> Path:
        """The empty file that lets a file browser find a node by its kind (3.1: the number)."""
        return self.nodes / kind / name

    def job(self, name: str) -> Path:
        """The folder of a job, "CtfFind/job003/"."""
        return self.root / name.rstrip("/")


def job_name(folder: str, number: int) -> str:
    """The name of a job: CtfFind/job003/, with the slash at its end as in the graph."""
    return f"{folder}/job{number:03d}/"


def folder_of(path: str) -> str:
    """The first two parts of a path from the project directory, where the name or alias of a job stands: CtfFind/job003/."""
    return "/".join(path.split("/", 2)[:2]) + "/"


def number_of(name: str) -> int | None:
    """The number in a job's name, None if it is no job's."""
    found = JOB_NAME.match(name)
    return int(found["number"]) if found else None


def alias_fault(alias: str) -> str:
    """What is wrong with an alias by RELION's rules; empty when it may be used. Blanks are to be underscores before."""
    if len(alias) < 2:
        return "must have two characters at least"
    if alias.startswith("job"):
        return "must not begin with job"
    if len(os.fsencode(alias)) > LONGEST_ALIAS:
        return f"is too long: a folder's name has {LONGEST_ALIAS} bytes at most"
    if not alias.isprintable() or any(letter.isspace() for letter in alias):
        return "must not hold line ends, tabs or other signs that cannot be seen"
    wrong = sorted(NOT_IN_ALIAS & set(alias))
    return f"must not hold {' '.join(wrong)}" if wrong else ""
