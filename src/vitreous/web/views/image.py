"""Pictures of micrographs and movies: what they are, the first picture, thumbnails, tiles, sheets of thumbnails for tables."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.files import star_all
from vitreous.web import pictures
from vitreous.web.opened import Opened, ProjectHere
from vitreous.web.picture_cache import PictureCache
from vitreous.web.problems import Missing

router = APIRouter(prefix="/image", tags=["image"])
JPEG: dict[int | str, dict[str, object]] = {200: {"content": {"image/jpeg": {}}}}
Size = Literal["64", "96", "256", "1024"]
_SHEET_ROWS = 64
_PATH_COLUMNS = ("micrograph", "movie")


Frame = Annotated[str, Query(max_length=12, description='"7", "2-9"; empty: the sum of all')]
Lowpass = Annotated[float, Query(ge=0, le=10_000, description="Å; 0: none")]
Highpass = Annotated[float, Query(ge=0, le=100_000, description="Å; 0: none")]
PixelSize = Annotated[float, Query(ge=0, le=1000, description="Å, where the file does not know it")]


class Level(BaseModel):
    """A level of a picture: blocks of block x block pixels are one of its own; grey levels are mean - 6 sd to mean + 6 sd."""

    level: int
    block: int
    width: int
    height: int
    mean: float
    sd: float


class ImageInfo(BaseModel):
    """A picture: its size in pixels, frames in the file, levels from coarse to fine, and the tag for addresses of its parts.

    fault: why it cannot be shown, as where a project came without its micrographs; all else is empty then.
    """

    fault: str = ""
    width: int
    height: int
    pixel_size_A: float
    frames: int
    mean: float
    sd: float
    first: Level
    levels: list[Level]
    tile_px: int
    tag: str


@lru_cache(maxsize=8)
def _cache(hidden: Path, writable: bool) -> PictureCache:
    return PictureCache.of(hidden, writable=writable)


def cache_of(here: Opened) -> PictureCache:
    """The cache of a project's pictures."""
    layout = here.project.layout
    return _cache(layout.kept_graph.parent.resolve(), not layout.readonly)


def wish(
    here: ProjectHere, path: str, frame: Frame = "", lowpass: Lowpass = 0.0, highpass: Highpass = 0.0, pixel: PixelSize = 0.0
) -> pictures.Wish:
    """Which picture an address means."""
    file = here.inside(path)
    if not file.is_file():
        raise UserError(f"{path} is a folder: name a picture in it")
    return pictures.Wish(file, frame, round(lowpass, 2), round(highpass, 2), round(pixel, 4))


Wished = Annotated[pictures.Wish, Depends(wish)]


def picture_answer(data: bytes, *, tag: str, asked: str) -> Response:
    """A JPEG; its address never changes its meaning where it carries the present tag."""
    lasting = "public, max-age=31536000, immutable" if asked == tag else "no-cache"
    return Response(data, media_type="image/jpeg", headers={"Cache-Control": lasting, "ETag": f'"{tag}"'})


@router.get("/info")
def info(
    here: ProjectHere, path: str, frame: Frame = "", lowpass: Lowpass = 0.0, highpass: Highpass = 0.0, pixel: PixelSize = 0.0
) -> ImageInfo:
    """Size, pixel size, levels and tag of a picture; reads it once. A picture that cannot be shown says so and is no error."""
    try:
        wished = wish(here, path, frame, lowpass, highpass, pixel)
        known = pictures.first(cache_of(here), wished).known
    except UserError as error:
        nothing = Level(level=-1, block=1, width=0, height=0, mean=0.0, sd=1.0)
        empty = {"width": 0, "height": 0, "pixel_size_A": 0.0, "frames": 0, "mean": 0.0, "sd": 1.0}
        return ImageInfo(fault=str(error), first=nothing, levels=[], tile_px=pictures.TILE_PX, tag="", **empty)
    return ImageInfo(tile_px=pictures.TILE_PX, tag=wished.tag, **known)


@router.get("/thumb/{size}", response_class=Response, responses=JPEG)
def thumb(here: ProjectHere, wish: Wished, size: Size, tag: str = "") -> Response:
    """The whole picture, its longer side at most so many pixels."""
    data = pictures.first(cache_of(here), wish).read(size)
    if data is None:
        raise Missing(f"the picture of {wish.path.name} has just been removed; ask again")
    return picture_answer(data, tag=wish.tag, asked=tag)


@router.get("/tile/{level}/{x}/{y}", response_class=Response, responses=JPEG)
def tile(here: ProjectHere, wish: Wished, level: int, x: int, y: int, tag: str = "") -> Response:
    """A tile of 512 px of a level that `info` lists; x and y count tiles from the upper left."""
    data = pictures.pyramid(cache_of(here), wish).read(f"{level}/{x}/{y}")
    if data is None:
        raise Missing(f"the picture of {wish.path.name} has no tile {x}, {y} at level {level}")
    return picture_answer(data, tag=wish.tag, asked=tag)


@router.get("/sheet", response_class=Response, responses=JPEG)
def sheet(
    here: ProjectHere,
    path: str,
    rows: Annotated[str, Query(max_length=800, description="rows of the table, from 0: 3,17,204")],
    side: Literal["32", "64", "96"] = "64",
    columns: Annotated[int, Query(ge=1, le=64)] = 8,
    tag: str = "",
) -> Response:
    """Square thumbnails of micrographs or movies in rows of a table, side by side; a missing picture leaves its place grey."""
    table = here.inside(path)
    wanted = _rows(rows)
    names = picture_names(table, pictures.tag_of(table))
    if wanted and max(wanted) >= len(names):
        raise UserError(f"{path} has {len(names)} rows; there is no row {max(wanted)}")
    wishes = [_wish_or_none(here, names[row]) for row in wanted]
    data = pictures.sheet(cache_of(here), wishes, side=int(side), columns=columns)
    return picture_answer(data, tag=pictures.tag_of(table), asked=tag)


def _rows(text: str) -> list[int]:
    words = [word for word in text.split(",") if word]
    if not all(word.isdecimal() and len(word) < 10 for word in words) or len(words) > _SHEET_ROWS:
        raise UserError(f"rows are numbers with commas between, at most {_SHEET_ROWS}")
    return [int(word) for word in words]


def _wish_or_none(here: Opened, name: str) -> pictures.Wish | None:
    try:
        return pictures.Wish(here.inside(name))
    except UserError:
        return None


@lru_cache(maxsize=16)
def picture_names(table: Path, tag: str) -> list[str]:
    """The pictures that a table of micrographs or movies lists; kept as long as the table's tag stays."""
    for found in star_all.read_tables(table).values():
        column = next((name for name in _PATH_COLUMNS if name in found), None)
        if column:
            return [str(name) for name in found[column]]
    raise UserError(f"{table.name} lists no micrographs or movies")
