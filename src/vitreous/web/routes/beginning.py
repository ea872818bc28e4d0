"""An empty directory: to make a project in it, or to run the demonstration in it."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from vitreous.project.project import Project
from vitreous.web.beginning import Demonstration, check_empty
from vitreous.web.opened import ActingInFolder, FolderHere

router = APIRouter(tags=["project"])


class Begun(BaseModel):
    """How a directory stands after its first act."""

    name: str
    exists: bool
    demonstration: str = Field(description="What the demonstration does now; empty when none was begun or it has ended")


class DemoWish(BaseModel):
    """What the demonstration is to be."""

    movies: int = Field(6, ge=4, le=200, description="Movies to simulate")


@router.post("/project")
def new_project(here: ActingInFolder) -> Begun:
    """Make a project in this directory; 409 when there is one."""
    check_empty(here.project.layout)
    Project.new(here.project.layout.root)
    return Begun(name=here.name, exists=True, demonstration="")


@router.post("/project/demo")
def demo(here: ActingInFolder, wish: DemoWish) -> Begun:
    """Make a project and run the demonstration in it; its jobs appear as those of any project."""
    check_empty(here.project.layout)
    made = Demonstration(here.root)
    made.start(wish.movies)
    Project.new(here.project.layout.root)
    return Begun(name=here.name, exists=True, demonstration=made.sentence())


@router.get("/project/demo")
def demo_now(here: FolderHere) -> Begun:
    """What a demonstration that was begun here does now; topic "project" tells when it has gone on."""
    return Begun(name=here.name, exists=here.exists, demonstration=Demonstration(here.root).sentence())
