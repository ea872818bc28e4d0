"""How long a map takes from file to screen: python bench/window_volume.py [--edge 256]; loopback, Chromium if there.

A lump of helices in noise is written as a map; the server of the window is asked for it in this process; then headless Chromium
(software drawing) opens it, and says when the first surface and the full one were ready.
"""

import argparse
import os
import tempfile
import threading
import time
from pathlib import Path

import httpx2
import numpy as np
import uvicorn
from scipy import ndimage

from vitreous.files import mrc
from vitreous.project.project import Project
from vitreous.web.app import create_app

PORT = 8931
STEPS = [
    ("info", "volume/info", {}),
    ("64", "volume/level", {"edge": "64"}),
    ("128", "volume/level", {"edge": "128"}),
    ("full", "volume/level", {"edge": "full"}),
    ("slice z", "volume/slice", {"axis": "z", "k": 10}),
    ("slice x", "volume/slice", {"axis": "x", "k": 10}),
    ("sum", "volume/projection", {"axis": "z"}),
]


def lump(edge: int) -> np.ndarray:
    """A map like a protein at 3 Å: smooth strands in a ball, with noise around."""
    random = np.random.default_rng(0)
    noise = random.standard_normal((edge, edge, edge), np.float32)
    strands = ndimage.gaussian_filter(noise, 1.6)
    strands /= strands.std()
    z, y, x = np.ogrid[:edge, :edge, :edge]
    away = np.sqrt((x - edge / 2) ** 2 + (y - edge / 2) ** 2 + (z - edge / 2) ** 2)
    return np.where(away < edge / 3.2, 3 * np.abs(strands), 0).astype(np.float32) + 0.3 * noise


def served(folder: Path) -> uvicorn.Server:
    """The window's server in a thread of this process."""
    os.chdir(folder)
    server = uvicorn.Server(uvicorn.Config(create_app("."), host="127.0.0.1", port=PORT, log_level="warning"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    return server


def browser_times(name: str) -> str:
    """Seconds from the viewer's first line to the first and the full surface, and triangles; as the browser measures them."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return "playwright is not installed"
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        page = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options).new_page()
        page.goto(f"http://127.0.0.1:{PORT}/p/{name}/view?path=map.mrc")
        page.wait_for_selector('.volume-detail[data-state="full"]', timeout=60_000)
        names = "['volume-open', 'volume-first', 'volume-full']"
        opened, first, full = page.evaluate(f"{names}.map((name) => performance.getEntriesByName(name)[0].startTime / 1000)")
        triangles = page.locator(".volume-surface").get_attribute("data-triangles")
        return f"browser: first surface {first - opened:.2f} s, full {full - opened:.2f} s, {int(triangles or 0):,} triangles"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edge", type=int, default=256)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "project"
        Project.new(folder)
        mrc.write_volume(folder / "map.mrc", lump(said.edge), pixel_size_A=1.0)
        server = served(folder)
        with httpx2.Client(base_url=f"http://127.0.0.1:{PORT}/api/p/project/", timeout=60) as client:
            for words, page, asked in STEPS:
                began = time.perf_counter()
                answer = client.get(page, params={"path": "map.mrc", **asked})
                took = time.perf_counter() - began
                print(f"{words:10}{took:8.3f} s {len(answer.content) / 1e6:8.2f} MB  {answer.status_code}")
        (folder / "map.mrc").touch()  # for the server a new file, which is read again
        print(browser_times("project"))
        server.should_exit = True


if __name__ == "__main__":
    main()
