"""Small pictures of stacks, of particles in many stacks, and of class averages, in one binary answer."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.files import mrc
from vitreous.web import image_lists, tile_packs
from vitreous.web.image_lists import ImageList
from vitreous.web.opened import Opened, ProjectHere

router = APIRouter(prefix="/stack", tags=["stack"])
MOST_TILES = 1024
MOST_PIXELS = 1 << 26
READ_AT_ONCE = 64
"""Images of a large box are made small a few at a time, so that a gallery of them does not take all memory."""
BINARY: dict[int | str, dict[str, object]] = {200: {"content": {"application/octet-stream": {}}}}


class StackInfo(BaseModel):
    """Images of a stack or table: how many, their side, Å of a pixel (0: not known), the tag for addresses of tiles."""

    count: int
    box: int
    pixel_size_A: float
    tag: str
    aligned: bool


@router.get("/info")
def info(here: ProjectHere, path: str) -> StackInfo:
    """What a stack, or a table of particles or class averages, holds; aligned: whether its particles have angles."""
    images = image_lists.images_of(here, path)
    return StackInfo(
        count=images.count,
        box=_box(here, images),
        pixel_size_A=_pixel_size_A(here, images),
        tag=images.tag,
        aligned="psi_deg" in images.poses,
    )


@router.get("/tiles", response_class=Response, responses=BINARY)
def tiles(
    here: ProjectHere,
    path: str,
    indices: Annotated[str, Query(max_length=20_000, description="1-64,70; empty: all, at most 1,024")] = "",
    size: Annotated[int, Query(ge=16, le=512, description="side of a tile in pixels; not more than the images have")] = 96,
    lowpass: Annotated[float, Query(ge=0, le=1000, description="Å; 0: none")] = 0.0,
    aligned: Annotated[bool, Query(description="particles turned and shifted as in their class")] = False,
    tag: str = "",
) -> Response:
    """Tiles of 8 bits: four bytes with the length of the head, the head as JSON, the pixels of tile after tile.

    Images of stacks that are not on disk (any more) are left out; `indices` in the head says which are there.
    """
    images = image_lists.images_of(here, path)
    wanted = image_lists.numbers(indices, images.count, MOST_TILES)
    small: list[tile_packs.Floats] = []
    there: list[int] = []
    shown_A = 0.0
    for start in range(0, len(wanted), READ_AT_ONCE):
        pixels, found = images.read(here, wanted[start : start + READ_AT_ONCE])
        if not found:
            continue
        pixel_A = _pixel_size_A(here, images, found[0])
        if lowpass and not pixel_A:
            raise UserError(f"{path} does not say its pixel size, so that no low-pass in Å can be made")
        if aligned:
            pixels = tile_packs.turned(pixels, _pose(images, found, pixel_A))
        small.append(tile_packs.shrunk(pixels, size, lowpass_px=lowpass / pixel_A if lowpass else 0.0))
        there += found
        shown_A = shown_A or pixel_A * pixels.shape[-1] / small[0].shape[-1]
        _check_tiles(path, small)
    whole = np.concatenate(small) if small else np.zeros((0, 1, 1), np.float32)
    return binary(tile_packs.packed(whole, there, pixel_A=shown_A), tag=images.tag, asked=tag if there else "")


def _check_tiles(path: str, small: list[tile_packs.Floats]) -> None:
    """Refuse what no page can show: tiles of several sizes, or more than fit into one answer."""
    if small[-1].shape[1:] != small[0].shape[1:]:
        raise UserError(f"the images that {path} names are not of one size")
    if sum(part.size for part in small) > MOST_PIXELS:
        raise UserError(f"at most {MOST_PIXELS:,} pixels are sent at once; ask for smaller tiles, or in parts")


def binary(content: bytes, *, tag: str, asked: str) -> Response:
    """Bytes whose address never changes its meaning where it carries the present tag."""
    lasting = "public, max-age=31536000, immutable" if asked and asked == tag else "no-cache"
    return Response(content, media_type="application/octet-stream", headers={"Cache-Control": lasting})


def _pose(images: ImageList, wanted: list[int], pixel_A: float) -> tile_packs.Pose:
    if "psi_deg" not in images.poses:
        raise UserError(f"{images.path.name} has no column rlnAnglePsi, so that its particles cannot be turned")
    rows = np.array(wanted, np.intp) - 1
    nothing = np.zeros(images.count)
    shift = [images.poses.get(name, nothing)[rows] / (pixel_A or 1.0) for name in ("origin_x_A", "origin_y_A")]
    return tile_packs.Pose(images.poses["psi_deg"][rows], shift[0], shift[1])


def _first_header(here: Opened, images: ImageList, index: int = 1) -> mrc.Header:
    if images.names is None:
        return mrc.read_header(images.path)
    if not images.count:
        raise UserError(f"{images.path.name} lists no images: the step before left none")
    return mrc.read_header(here.inside(mrc.split_name(str(images.names[index - 1]))[1]))


def _box(here: Opened, images: ImageList) -> int:
    return _first_header(here, images).shape[-1]


def _pixel_size_A(here: Opened, images: ImageList, index: int = 1) -> float:
    return images.pixel_size_A or _first_header(here, images, index).pixel_size_A
