"""The project as a whole: name, note, rights."""

from fastapi import APIRouter
from pydantic import BaseModel

from vitreous.web.opened import ProjectHere

router = APIRouter(tags=["project"])


class ProjectRow(BaseModel):
    """The head of the home page."""

    name: str
    may_act: bool
    note: str


@router.get("/project")
def project(here: ProjectHere) -> ProjectRow:
    """What stands at the head of the project's home."""
    return ProjectRow(name=here.name, may_act=here.may_act, note=here.project.note())
