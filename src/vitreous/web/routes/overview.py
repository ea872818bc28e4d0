"""The project as a whole: name, note, rights."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from vitreous.web.opened import FolderHere

router = APIRouter(tags=["project"])


class ProjectRow(BaseModel):
    """The head of the home page."""

    name: str
    may_act: bool
    exists: bool = Field(description="Whether the directory holds a project yet; if not, POST /project makes one")
    note: str


@router.get("/project")
def project(here: FolderHere) -> ProjectRow:
    """What stands at the head of the project's home."""
    return ProjectRow(name=here.name, may_act=here.may_act, note=here.project.note(), exists=here.exists)
