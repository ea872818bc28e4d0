"""The project that a request is about, what its sender may do, and paths that are resolved inside the project."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from vitreous.context import UserError
from vitreous.project.project import Project
from vitreous.web.problems import Forbidden, Missing

SECRET = {"crew", "window"}
"""Folders in a .vitreous that hold keys; the window shows nothing of them, to nobody."""
NEVER = tuple(Path(folder) for folder in ("/etc", "/proc", "/sys", "/dev", "/boot"))
"""No link of a project makes these places readable."""
DATA = frozenset(
    (
        *(".mrc", ".mrcs", ".map", ".tif", ".tiff", ".eer", ".dm4", ".gain", ".mdoc", ".xml"),
        *(".star", ".pdb", ".cif", ".ent", ".txt", ".csv", ".png", ".jpg", ".jpeg", ".pdf"),
    )
)
"""What a link out of the project may show: endings of data, also compressed."""
PACKED = frozenset((".gz", ".bz2", ".xz", ".zst"))


@dataclass(frozen=True)
class Opened:
    """A project as the sender of one request sees it; `may_act`: whether jobs may be run and files changed."""

    project: Project
    name: str
    may_act: bool

    @property
    def root(self) -> Path:
        """The project directory, absolute, without links."""
        return self.project.layout.root.resolve()

    @property
    def exists(self) -> bool:
        """Whether the directory holds a project yet."""
        return self.project.layout.graph.is_file()

    def inside(self, path: str) -> Path:
        """A path that a browser names, relative to the project: absolute, and in the project or on a path its own links lead to.

        Raises Missing when it is not there, UserError when it would lie outside.
        """
        if "\0" in path:
            raise UserError("the path holds a character that no file name may hold")
        try:
            whole = _within(self.root, path)
            if not whole.exists():
                raise Missing(f"{path} is not on disk any more, or never was")
            if not (whole.is_file() or whole.is_dir()):
                raise UserError(f"{path} is a pipe or a device, not a file")
        except OSError as error:
            raise UserError(f"{path[:100]}: {error.strerror}") from None
        return whole


def _within(root: Path, path: str) -> Path:
    """The place of a path, without links, once it is known that it may be shown.

    Words of the path lead out of the project only by a link that stands in the project, as a user makes one to the disk with
    the movies; and then only to data below that link's target.
    """
    plain = Path(os.path.normpath(root / path))
    if ".." in Path(path).parts or not plain.is_relative_to(root):
        raise UserError(f"{path} lies outside the project; only files of the project are shown")
    whole = plain.resolve()
    for place in (plain.relative_to(root), whole):
        if any(above == ".vitreous" and below in SECRET for above, below in zip(place.parts, place.parts[1:])):
            raise UserError(f"{path} holds keys of this window or of its workers; it is not shown")
    if not whole.is_relative_to(root):
        _check_way_out(root, plain, whole)
    return whole


def _check_way_out(root: Path, plain: Path, whole: Path) -> None:
    """Refuse a link out of the project that leads to anything but a place of data."""
    said = plain.relative_to(root)
    steps = [root.joinpath(*said.parts[: depth + 1]) for depth in range(len(said.parts))]
    target = next((end for step in steps if step.is_symlink() and not (end := step.resolve()).is_relative_to(root)), None)
    if target is None or not whole.is_relative_to(target):
        raise UserError(f"{said} leads out of the project by more than one link; link to the folder of the data itself")
    hidden = any(part.startswith(".") for part in whole.parts[1:])
    above = root.is_relative_to(target) or Path.home().is_relative_to(target)
    if hidden or above or any(whole.is_relative_to(never) for never in NEVER):
        raise UserError(f"{said} is a link to a place that is not the project's; it is not shown")
    ending = whole.suffix.lower() if whole.suffix.lower() not in PACKED else whole.with_suffix("").suffix.lower()
    if whole.is_file() and ending not in DATA:
        raise UserError(f"{said} lies outside the project, and only data are shown from there")


def folder(request: Request, project: str) -> Opened:
    """The directory of the address, whether it holds a project yet or not, with the rights of the sender."""
    here: Opened = request.app.state.opened(request)
    if project != here.name:
        raise Missing(f"no project {project} is open here; {here.name} is")
    return here


def opened(here: Annotated[Opened, Depends(folder)]) -> Opened:
    """The project of the address, with the rights that the sender's token gives."""
    if not here.exists:
        raise Missing("there is no project in this directory yet")
    return here


def _may_act(here: Opened) -> Opened:
    if not here.may_act:
        raise Forbidden("this window may only look: acts need the address with the full token")
    return here


def acting(here: Annotated[Opened, Depends(opened)]) -> Opened:
    """The same for an act: refused to those who may only look."""
    return _may_act(here)


def acting_in_folder(here: Annotated[Opened, Depends(folder)]) -> Opened:
    """The same where there is no project yet: for the acts that make one."""
    return _may_act(here)


FolderHere = Annotated[Opened, Depends(folder)]
ProjectHere = Annotated[Opened, Depends(opened)]
Acting = Annotated[Opened, Depends(acting)]
ActingInFolder = Annotated[Opened, Depends(acting_in_folder)]
