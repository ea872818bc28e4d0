"""Which job was started at the node where a Scheme stands: written before it starts, gone when the node is left."""

import json
from dataclasses import asdict, dataclass

from vitreous.files import atomic
from vitreous.project.schemes.folder import SchemeFolder


@dataclass(frozen=True)
class Visit:
    """A node and its job."""

    node: str
    job: str


def read(folder: SchemeFolder, node: str) -> Visit | None:
    """The visit of a node that a run before this one began and did not end."""
    try:
        found = Visit(**json.loads(folder.visit.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return found if found.node == node else None


def write(folder: SchemeFolder, visit: Visit) -> None:
    """Note the job of the node in hand."""
    atomic.write_text(folder.visit, json.dumps(asdict(visit)))


def end(folder: SchemeFolder) -> None:
    """The node is left."""
    folder.visit.unlink(missing_ok=True)
