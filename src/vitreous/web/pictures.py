"""Pictures of micrographs and movies for the browser: one of 1,024 px first, thumbnails, then tiles of ever finer levels."""

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.context import UserError
from vitreous.files.bands import Picture, open_picture
from vitreous.web import picture_parts as parts
from vitreous.web.picture_cache import Pack, PictureCache

FIRST_PX = 1024
TILE_PX = 512
THUMBS = (64, 96, 256)
_PATCH_PX = 1024
_AT_ONCE = threading.BoundedSemaphore(2)  # so that many who ask do not take all memory


@dataclass(frozen=True)
class Wish:
    """Which picture is meant: a file of the project, the frame or frames of it, and filters in Å (0: none).

    pixel_size_A: what the project's tables say, where it is known better than by the file itself; 0: as the file says.
    """

    path: Path
    frame: str = ""
    lowpass_A: float = 0.0
    highpass_A: float = 0.0
    pixel_size_A: float = 0.0

    @property
    def tag(self) -> str:
        """Changes when the file does."""
        return tag_of(self.path)

    @property
    def key(self) -> str:
        return f"{self.tag} {self.frame} {self.lowpass_A:g} {self.highpass_A:g} {self.pixel_size_A:.4g}"


def tag_of(path: Path) -> str:
    """A short word of a file's path, time and size."""
    seen = path.stat()
    return hashlib.sha256(f"{path}\0{seen.st_mtime_ns}\0{seen.st_size}".encode()).hexdigest()[:16]


def first(cache: PictureCache, wish: Wish) -> Pack:
    """The picture of at most 1,024 px and its thumbnails ("1024", "256", "96", "64"), and what `known` says of all levels."""
    key = f"first {wish.key}"
    found = cache.find(key)
    if found:
        return found
    with cache.lock(key), _AT_ONCE:
        found = cache.find(key)
        return found or cache.write(key, *_make_first(wish))


def pyramid(cache: PictureCache, wish: Wish) -> Pack:
    """All tiles of the levels finer than the first picture, by "level/column/row"."""
    key = f"tiles {wish.key}"
    found = cache.find(key)
    if found:
        return found
    known = first(cache, wish).known
    with cache.lock(key), _AT_ONCE:
        found = cache.find(key)
        return found or cache.write(key, {}, _make_tiles(wish, known))


def _make_first(wish: Wish) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What is known of a picture, and its small versions."""
    picture = open_picture(wish.path, wish.frame)
    pixel = wish.pixel_size_A or picture.pixel_size_A
    height, width = picture.shape
    block = max(-(-max(height, width) // FIRST_PX), 1)
    raw = parts.shrunk(picture, block)
    small = parts.filtered(raw, pixel * block, lowpass_A=wish.lowpass_A, highpass_A=wish.highpass_A)
    mean, sd = parts.spread(small)
    pictures = {str(FIRST_PX): parts.jpeg(parts.levels(small, mean, sd))}
    for side in THUMBS:
        little = parts.fitted(small, side)
        pictures[str(side)] = parts.jpeg(parts.levels(little, *parts.spread(little)))
    known = {
        "width": width,
        "height": height,
        "pixel_size_A": pixel,
        "frames": picture.count,
        "mean": float(raw.mean(dtype=np.float64)),
        "sd": sd,
        "first": _level(-1, block, picture.shape, mean, sd),
        "levels": [
            _level(level, 1 << level, picture.shape, mean, _sd_at(picture, wish, pixel, (block, 1 << level), sd))
            for level in _finer(block, pixel, wish.lowpass_A)
        ],
    }
    return known, pictures


def _finer(block: int, pixel_size_A: float, lowpass_A: float) -> list[int]:
    """The levels (powers of two) finer than blocks of `block`, coarse to fine, which a low-pass leaves something in."""
    finest = 0
    while lowpass_A and pixel_size_A and pixel_size_A * (2 << finest) <= lowpass_A / 4:
        finest += 1
    return [level for level in range(12, finest - 1, -1) if 1 << level < block]


def _level(level: int, block: int, shape: tuple[int, int], mean: float, sd: float) -> dict[str, float]:
    height, width = (-(-side // block) for side in shape)
    return {"level": level, "block": block, "width": width, "height": height, "mean": mean, "sd": sd}


def _sd_at(picture: Picture, wish: Wish, pixel: float, blocks: tuple[int, int], sd: float) -> float:
    """The standard deviation of a finer level: that of the first picture and, from a few patches, what small waves add."""
    added = []
    for patch in _patches(picture):
        variances = []
        for block in blocks:
            small = parts.averaged(patch, block)
            shown = parts.filtered(small, pixel * block, lowpass_A=wish.lowpass_A, highpass_A=wish.highpass_A)
            variances.append(float(shown.var(dtype=np.float64)))
        added.append(variances[1] - variances[0])
    return float(np.sqrt(max(sd * sd + float(np.median(added)), sd * sd * 0.25)))


def _patches(picture: Picture) -> list[parts.Floats]:
    """Three squares, on the diagonal."""
    height, width = picture.shape
    side = min(_PATCH_PX // 2, height, width)
    places = [(int((height - side) * part), int((width - side) * part)) for part in (0.2, 0.5, 0.8)]
    return [picture.rows(y, y + side)[:, x : x + side] for y, x in places]


def _make_tiles(wish: Wish, known: Mapping[str, Any]) -> dict[str, bytes]:
    """The tiles of all levels; each level but the finest is averaged from the one before."""
    levels: Sequence[Mapping[str, Any]] = list(known["levels"])[::-1]
    tiles: dict[str, bytes] = {}
    if not levels:
        return tiles
    picture = open_picture(wish.path, wish.frame)
    finest = levels[0]
    if wish.lowpass_A and known["pixel_size_A"]:
        pixel = known["pixel_size_A"] * finest["block"]
        whole = parts.shrunk(picture, finest["block"])
        whole = parts.filtered(whole, pixel, lowpass_A=wish.lowpass_A, highpass_A=wish.highpass_A)
        _cut(tiles, whole, finest, 0)
        rest = parts.averaged(whole, 2)
    else:
        rest = _unfiltered(tiles, picture, wish, known)
    for level in levels[1:]:
        _cut(tiles, rest, level, 0)
        rest = parts.averaged(rest, 2)
    return tiles


def _unfiltered(tiles: dict[str, bytes], picture: Picture, wish: Wish, known: Mapping[str, Any]) -> parts.Floats:
    """Tiles of the full picture, a row of tiles at a time (less the background that a high-pass takes); gives its half."""
    finest, block = known["levels"][-1], known["first"]["block"]
    height, width = (-(-side // 2) for side in picture.shape)
    half = np.empty((height, width), np.float32)
    ground = None
    if wish.highpass_A and known["pixel_size_A"]:
        ground = parts.background(parts.shrunk(picture, block), known["pixel_size_A"] * block, wish.highpass_A)
    for row, pixels in picture.bands(TILE_PX):
        shown = pixels if ground is None else pixels - parts.enlarged(ground, block, row, pixels.shape)
        _cut(tiles, shown, finest, row // TILE_PX)
        small = parts.averaged(shown, 2)
        half[row // 2 : row // 2 + len(small)] = small
    return half


def _cut(tiles: dict[str, bytes], pixels: parts.Floats, level: Mapping[str, Any], first_row: int) -> None:
    """Pixels of a level, from a row of tiles on, as tiles."""
    grey = parts.levels(pixels, level["mean"], level["sd"])
    for top in range(0, grey.shape[0], TILE_PX):
        for left in range(0, grey.shape[1], TILE_PX):
            name = f"{level['level']}/{left // TILE_PX}/{first_row + top // TILE_PX}"
            tiles[name] = parts.jpeg(grey[top : top + TILE_PX, left : left + TILE_PX])


def sheet(cache: PictureCache, wishes: Sequence[Wish | None], *, side: int = 64, columns: int = 8) -> bytes:
    """Square thumbnails side by side, as one JPEG; a picture that is missing or cannot be read leaves its place grey."""
    rows = max(-(-len(wishes) // columns), 1)
    whole = np.full((rows * side, columns * side), 127, np.uint8)
    for place, wish in enumerate(wishes):
        top, left = place // columns * side, place % columns * side
        try:
            data = first(cache, wish).read("256") if wish else None
        except (UserError, OSError):
            continue
        if data:
            whole[top : top + side, left : left + side] = parts.square(data, side)
    return parts.jpeg(whole)
