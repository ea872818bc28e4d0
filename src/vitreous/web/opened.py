"""The project that a request is about, what its sender may do, and paths that are resolved inside the project."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from vitreous.context import UserError
from vitreous.project.project import Project
from vitreous.web.problems import Forbidden, Missing


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

    def inside(self, path: str) -> Path:
        """A path that a browser names, relative to the project: absolute, and in the project or on a path its own links lead to.

        Raises Missing when it is not there, UserError when it would lie outside.
        """
        if "\0" in path:
            raise UserError("the path holds a character that no file name may hold")
        whole = (self.root / path).resolve()
        if not whole.is_relative_to(self.root):
            raise UserError(f"{path} lies outside the project; only files of the project are shown")
        if not whole.exists():
            raise Missing(f"{path} is not on disk any more, or never was")
        return whole


def opened(request: Request, project: str) -> Opened:
    """The project of the address, with the rights that the sender's token gives."""
    here: Opened = request.app.state.opened(request)
    if project != here.name:
        raise Missing(f"no project {project} is open here; {here.name} is")
    return here


def acting(here: Annotated[Opened, Depends(opened)]) -> Opened:
    """The same for an act: refused to those who may only look."""
    if not here.may_act:
        raise Forbidden("this window may only look: acts need the address with the full token")
    return here


ProjectHere = Annotated[Opened, Depends(opened)]
Acting = Annotated[Opened, Depends(acting)]
