"""A table of a million rows in the window: python bench/window_table.py [--rows 1000000]; a server and headless Chromium."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.files import star
from vitreous.project.project import Project
from vitreous.tables.columns import BY_LABEL, name_of
from vitreous.tables.table import Table

NUMBERS = (
    *("AngleRot", "AngleTilt", "AnglePsi", "OriginXAngst", "OriginYAngst", "AutopickFigureOfMerit", "LogLikeliContribution"),
    *("MaxValueProbDistribution", "NrOfSignificantSamples", "NormCorrection", "CtfMaxResolution", "CtfFigureOfMerit"),
    *("PhaseShift", "RandomSubset", "GroupNumber", "CtfBfactor", "CtfScalefactor", "AngleRotPrior", "AngleTiltPrior"),
    *("AnglePsiPrior", "HelicalTubeID", "DefocusU", "DefocusV", "DefocusAngle", "CoordinateX", "CoordinateY", "ClassNumber"),
)


def particles(rows: int) -> Table:
    """A table of particles with 30 columns."""
    random = np.random.default_rng(1)
    columns: dict[str, Any] = {
        "image": np.array(
            [f"{row % 500 + 1:06d}@Extract/job007/movies/foil_{row // 500:05d}.mrcs" for row in range(rows)], object
        ),
        "micrograph": np.array([f"MotionCorr/job002/movies/foil_{row // 500:05d}.mrc" for row in range(rows)], object),
        "optics_group": np.ones(rows, int),
    }
    for label in NUMBERS:
        whole = BY_LABEL[f"rln{label}"].type == "int"
        columns[name_of(f"rln{label}")] = random.integers(1, 50, rows) if whole else random.normal(0, 50, rows)
    optics = Table({"optics_group_name": ["a"], "optics_group": [1], "pixel_size_A": [3.0], "voltage_kV": [300.0]}, "optics")
    return Table(columns, "particles", optics)


def serve(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A server on the folder; its process and its address."""
    command = [sys.executable, "-m", "vitreous", "web", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    for line in process.stdout:
        found = re.search(r"https?://\S+", line)
        if found:
            return process, found.group()
    raise SystemExit("the server did not start")


def timed(page: Any, until: str, act: Any) -> float:
    """Seconds from an act until a function in the page says yes."""
    began = time.perf_counter()
    act()
    page.wait_for_function(until, timeout=120_000)
    return time.perf_counter() - began


def outline(page: Any) -> None:
    """Draw a ring by hand around about half of the points."""
    area = page.locator(".table-area").bounding_box()
    x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    points = [(x + 45 * np.cos(turn), y + 70 * np.sin(turn)) for turn in np.linspace(0, 2 * np.pi, 60)]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point)


def measure(page: Any, base: str, name: str) -> None:
    """Print the times of one table."""
    rows = (
        "() => document.querySelectorAll('.vrows-row').length > 10 && /\\d/.test(document.querySelector('.vrows-row').innerText)"
    )
    address = f"{base}/p/{name}/table?path=particles.star"
    print(f"first rows in the page       {timed(page, rows, lambda: page.goto(address)):8.2f} s")
    whole = "() => document.querySelectorAll('.table-bins').length > 5"
    print(f"then all columns' ranges     {timed(page, whole, lambda: None):8.2f} s")
    print(f"first rows again             {timed(page, rows, lambda: page.goto(address)):8.2f} s")
    plot = "() => document.querySelector('.table-area canvas')?.width > 300"
    print(f"two columns as a density     {timed(page, plot, lambda: page.goto(address + '&x=origin_x_A&y=origin_y_A')):8.2f} s")
    page.wait_for_timeout(1500)
    outline(page)
    counted = timed(page, "() => document.querySelector('.table-count[data-took]')", page.mouse.up)
    took = page.locator(".table-count").get_attribute("data-took")
    count = page.locator(".table-count").inner_text()
    print(f"lasso: to the count          {counted:8.3f} s, of it in the worker {took} ms: {count}")
    sort = "() => document.querySelector('[aria-sort]') && !document.querySelector('.table-bar').innerText.includes('updating')"
    print(f"sorted by a column           {timed(page, sort, lambda: page.goto(address + '&sort=-defocus_u_A')):8.2f} s")
    found = "() => / of 1?,?/.test(document.querySelector('.table-bar h2')?.innerText ?? '')"
    rule = "&q=defocus_u_A > 20 and class in 1,3"
    print(f"filtered in words            {timed(page, found, lambda: page.goto(address + rule)):8.2f} s")


def main() -> None:
    """Make a table, open it in a browser, print how long each step takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", help="where the table goes [default: a temporary folder]")
    said = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(dir=said.folder) as folder, sync_playwright() as playwright:
        root = Path(folder) / "million"
        Project.new(root)
        star.write_table(root / "particles.star", particles(said.rows))
        print(f"{said.rows:,} rows x 30 columns, {(root / 'particles.star').stat().st_size / 1e6:.0f} MB")
        process, address = serve(root)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=["--no-sandbox"]
        )
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(address)
            measure(page, re.match(r"https?://[^/]+", address).group(), root.name)  # type: ignore[union-attr]
        finally:
            browser.close()
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
