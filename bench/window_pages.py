"""How quick the window's pages are in a headless Chromium: ms to first paint and to data, kB of script by gzip.

python bench/window_pages.py PROJECT [--large N] [--only NAME ...] [--again 3]
PROJECT is a finished demonstration (vitreous demo); nothing in it is changed. Each page is opened in a fresh tab with an empty
cache; the median of several times is printed. --large: also the home of a project of N jobs, made for it. A page of one's own
is a line in PAGES: its address, and what is there when its data are.
"""

import argparse
import gzip
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from vitreous.project import graph as graphs
from vitreous.project.graph import Node, Process
from vitreous.project.project import Project
from vitreous.web.app import STATIC

PAGES = {
    "home": ("", ".home-node"),
    "home, tree": ("?view=tree&focus=006", ".home-node"),
    "home, table": ("?view=table", "[role=row] >> nth=3"),
    "glance": ("glance", ".glance-result img"),
    "settings": ("settings/look", ".settings-rows"),
    "job": ("job/006", "[role=tab]"),
    "new job": ("new/class2d", ".slot-button"),
    "disk": ("disk", "main h1"),
    "any file": ("view?path=demo.json", "main h1"),
}
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The window on a project; gives its address with the token."""
    command = [sys.executable, "-m", "vitreous", "web", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        for line in process.stdout:
            found = re.search(r"https?://\S+", line)
            if found:
                yield found.group()
                return
    finally:
        process.terminate()
        process.wait(timeout=20)


def large(folder: Path, count: int) -> Path:
    """A project of so many finished jobs, one after another with branches."""
    folder.mkdir(parents=True)
    project = Project.new(folder)
    chain = (
        "AutoPick.autopick",
        "Extract.extract",
        "Class2D.class2d",
        "Select.select",
        "Refine3D.refine3d",
        "PostProcess.postprocess",
    )
    with graphs.locked(project.layout) as graph:
        made: list[str] = []
        for number in range(1, count + 1):
            place, _, word = chain[number % len(chain)].partition(".")
            name = f"{place}/job{number:03d}/"
            graph.processes[name] = Process(
                name, f"relion.{word}", "Succeeded" if number % 37 else "Failed", f"{place}/try_{number}/"
            )
            made.append(f"{name}particles.star")
            graph.nodes[made[-1]] = Node(made[-1], "ParticleGroupMetadata.star.relion")
            graph.outputs.append((name, made[-1]))
            if number > 1:
                graph.inputs.append((made[-2 if number % 11 else max(-len(made), -7)], name))
            (folder / name).mkdir(parents=True)
            (folder / name / "run.out").write_text("1452 particles of 30 micrographs\ndone\n")
        graph.counter = count + 1
    return folder


def measured(browser: Any, address: str, path: str, there: str) -> tuple[float, float, float]:
    """First paint and data in ms after the address was given, and kB of script by gzip that came until then."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(address, wait_until="commit")  # the cookie
    page.wait_for_load_state()
    page.close()
    page = context.new_page()
    scripts: set[str] = set()
    page.on("response", lambda answer: scripts.add(answer.url.rpartition("/")[2]) if answer.url.endswith(".js") else None)
    base = re.sub(r"\?token=.*", "", address)
    root = page.request.get(base).url.rstrip("/").split("?")[0]
    page.goto(f"{root}/{path}", wait_until="commit")
    page.locator(there).first.wait_for(timeout=60_000)
    data_ms = page.evaluate("performance.now()")
    paint_ms = page.evaluate(PAINT)
    context.close()
    return paint_ms, data_ms, sum(map(_gzipped, scripts)) / 1000


def _gzipped(name: str) -> int:
    """Bytes of a script of the built front end by gzip."""
    path = STATIC / "assets" / name
    return len(gzip.compress(path.read_bytes(), 6)) if path.is_file() else 0


def table(browser: Any, address: str, pages: dict[str, tuple[str, str]], again: int) -> None:
    """One line for each page."""
    sys.stdout.write(f"{'page':<22}{'first paint':>14}{'data':>12}{'script':>12}\n")
    for name, (path, there) in pages.items():
        try:
            found = [measured(browser, address, path, there) for _ in range(again)]
        except Exception as error:  # the other pages are measured all the same
            sys.stdout.write(f"{name:<22} {str(error).splitlines()[0][:90]}\n")
            continue
        paint, data, script = (statistics.median(column) for column in zip(*found, strict=True))
        sys.stdout.write(f"{name:<22}{paint:>11.0f} ms{data:>9.0f} ms{script:>9.1f} kB\n")


def main() -> None:
    """Measure, and print a line for each page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--again", type=int, default=3)
    said = parser.parse_args()
    pages = {name: page for name, page in PAGES.items() if not said.only or name in said.only}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with serving(said.project) as address:
            table(browser, address, pages, said.again)
        if said.large:
            folder = large(Path(scratch) / "large", said.large)
            with serving(folder) as address:
                sys.stdout.write(f"{said.large} jobs\n")
                table(browser, address, {"home": PAGES["home"], "home, table": PAGES["home, table"]}, said.again)
        browser.close()


if __name__ == "__main__":
    main()
