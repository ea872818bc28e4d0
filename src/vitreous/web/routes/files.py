"""Any file of the project: what it is, its text in parts, its bytes, and what a folder holds."""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from vitreous.context import UserError
from vitreous.web import any_file, reading
from vitreous.web.opened import Opened, ProjectHere
from vitreous.web.telling import log

router = APIRouter(prefix="/file", tags=["file"])
MOST_ENTRIES = 5000
MOST_LINES = 2000
Where = Annotated[str, Query(max_length=4096, description="The file's path from the project directory")]
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; sandbox; frame-ancestors 'none'"
PDF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; object-src 'self'; frame-ancestors 'none'"


class FileInfo(BaseModel):
    """A file of the project, and how it can be shown."""

    path: str
    name: str
    kind: str = Field(description="The word of its kind, as job types use it; empty for a folder")
    view: str = Field(description="The view that shows it; empty where none does")
    plain: str = Field(description="How it is shown without a view: folder, picture, pdf, page, text or bytes")
    label: str = Field(description="RELION's label in the graph; empty for a file that the graph does not know")
    job: str = Field(description="The job in whose folder it lies; empty for none")
    bytes: int
    changed: float = Field(description="Seconds since 1970")
    outside: str = Field(description="Where a link of the project leads; empty for a file inside")


class EntryRow(BaseModel):
    """One name in a folder."""

    name: str
    path: str
    folder: bool
    link: str
    bytes: int
    changed: float


class FolderPage(BaseModel):
    """What a folder holds, folders first; hidden names are left out."""

    path: str
    entries: list[EntryRow]
    left_out: int


@router.get("/info")
def info(here: ProjectHere, path: Where = "") -> FileInfo:
    """What a file is, and by which view it is shown."""
    file, plain = here.inside(path), _plain(path)
    graph = reading.graph(here)
    label = any_file.label_of(graph, plain)
    how, about = any_file.shown(file, plain, label), file.stat()
    return FileInfo(
        path=plain,
        name=plain.rpartition("/")[2] or here.name,
        kind=how.kind,
        view=how.view,
        plain=how.plain,
        label=label,
        job=any_file.job_of(graph, plain),
        bytes=about.st_size,
        changed=about.st_mtime,
        outside="" if file.is_relative_to(here.root) else str(file),
    )


@router.get("/list")
def folder(here: ProjectHere, path: Where = "") -> FolderPage:
    """What a folder of the project holds."""
    place, plain = here.inside(path), _plain(path)
    if not place.is_dir():
        raise UserError(f"{plain} is a file, not a folder")
    found, left_out = any_file.entries(place, most=MOST_ENTRIES)
    rows = [EntryRow(path=f"{plain}/{one.name}".lstrip("/"), **vars(one)) for one in found]
    return FolderPage(path=plain, entries=rows, left_out=left_out)


@router.get("/text")
def text(
    here: ProjectHere,
    path: Where,
    from_line: Annotated[int, Query(ge=-(2**40), le=2**40, description="Negative: from the end")] = 0,
    lines: Annotated[int, Query(ge=1, le=MOST_LINES)] = MOST_LINES,
) -> log.LogPart:
    """Some lines of a text; very long lines are cut short, the raw file has them whole."""
    return log.window(_file(here, path), from_line=from_line, count=lines)


@router.get("/raw", response_class=FileResponse, responses={200: {"content": {"*/*": {}}}, 206: {"description": "A part"}})
def raw(here: ProjectHere, path: Where, download: bool = False) -> FileResponse:
    """The bytes of a file, whole or in ranges. Nothing in it can run in the browser: its page has no rights and no scripts."""
    file = _file(here, path)
    kind, inline = any_file.media_type(file)
    way = "inline" if inline and not download else "attachment"
    return FileResponse(
        file,
        media_type=kind,
        headers={
            "Content-Disposition": f"{way}; filename*=UTF-8''{quote(file.name, safe='', errors='replace')}",
            "Content-Security-Policy": PDF_POLICY if kind == "application/pdf" else PAGE_POLICY,
            "Cache-Control": "no-cache",
        },
    )


def _plain(path: str) -> str:
    """A path without needless parts, as the graph has it."""
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def _file(here: Opened, path: str) -> Path:
    """A plain file of the project; folders, pipes and devices are none."""
    file = here.inside(path)
    if not file.is_file():
        raise UserError(f"{path} is no file")
    return file
