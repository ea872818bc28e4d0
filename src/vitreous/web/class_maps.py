"""Maps of 3D classes as tiles: three central slices and a projection of each."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.files import mrc
from vitreous.web import rounds, tile_packs
from vitreous.web.opened import Opened

VIEWS = 4


def tiles(here: Opened, names: Sequence[str], size: int) -> bytes:
    """The tiles of maps by name; those of a map that is not there are left out."""
    found: list[NDArray[np.float32]] = []
    numbers: list[int] = []
    voxel_A = 0.0
    for k, name in enumerate(names):
        if not (here.root / name).is_file():
            continue
        path = here.inside(name)
        pictures, voxel_A = _views(path, size, *rounds.stamp(path))
        found.append(pictures)
        numbers.extend(range(VIEWS * k + 1, VIEWS * k + 1 + VIEWS))
    stack = np.concatenate(found) if found else np.zeros((0, size, size), np.float32)
    slices = stack[np.arange(len(stack)) % VIEWS < VIEWS - 1]
    return tile_packs.packed(stack, numbers, pixel_A=voxel_A, toned_by=slices)


@lru_cache(maxsize=64)
def _views(path: Path, size: int, time_ns: int, bytes_: int) -> tuple[NDArray[np.float32], float]:
    volume, voxel_A = mrc.read_volume(path)
    z, y, x = (side // 2 for side in volume.shape)
    depth = np.sqrt(volume.shape[0])
    parts = [volume[z], volume[:, y], volume[:, :, x], volume.sum(0) / depth]
    side = min(part.shape[k] for part in parts for k in (0, 1))
    square = np.stack([_middle(part, side) for part in parts]).astype(np.float32)
    small = tile_packs.shrunk(square, size)
    return small, voxel_A * side / small.shape[-1]


def _middle(image: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    y, x = ((length - side) // 2 for length in image.shape)
    return image[y : y + side, x : x + side]
