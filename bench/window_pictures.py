"""How long pictures take to be made for the browser: python bench/window_pictures.py [--side 4096]; no server, no project."""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from vitreous.files import mrc
from vitreous.web import pictures
from vitreous.web.picture_cache import PictureCache

CASES = [
    ("4,096 x 4,096 float16", (4096, 4096), "float16"),
    ("4,096 x 4,096 float32", (4096, 4096), "float32"),
    ("5,760 x 4,092 float32", (4092, 5760), "float32"),
    ("11,520 x 8,184 float16", (8184, 11520), "float16"),
    ("11,520 x 8,184 float32", (8184, 11520), "float32"),
]


def timed(act) -> float:
    """Seconds that an act takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def steps(cache: PictureCache, path: Path) -> list[float]:
    """Seconds to the first picture, to it again, to the same at 20 Å, to the first tile, to the next."""
    wish, smooth = pictures.Wish(path), pictures.Wish(path, lowpass_A=20.0)
    return [
        timed(lambda: pictures.first(cache, wish).read("1024")),
        timed(lambda: pictures.first(cache, wish).read("1024")),
        timed(lambda: pictures.first(cache, smooth).read("1024")),
        timed(lambda: pictures.pyramid(cache, wish).read("0/0/0")),
        timed(lambda: pictures.pyramid(cache, wish).read("0/1/1")),
    ]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", help="where the pictures and the cache go [default: a temporary folder]")
    said = parser.parse_args()
    random = np.random.default_rng(3)
    print(f"{'picture':26}{'first':>8}{'cached':>8}{'20 Å':>8}{'tiles':>8}{'tile':>8}")
    with tempfile.TemporaryDirectory(dir=said.folder) as folder:
        for words, shape, dtype in CASES:
            path = Path(folder) / "picture.mrc"
            mrc.write_image(path, random.standard_normal(shape, np.float32), pixel_size_A=0.9, dtype=dtype)
            cache = PictureCache(Path(folder) / "cache")
            print(f"{words:26}" + "".join(f"{seconds:8.3f}" for seconds in steps(cache, path)) + "   s", flush=True)


if __name__ == "__main__":
    main()
