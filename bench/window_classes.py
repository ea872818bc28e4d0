"""How long a gallery of class averages takes: python bench/window_classes.py [--classes 200] [--box 256]; no browser needed."""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from fastapi.testclient import TestClient

from vitreous.files import mrc, star
from vitreous.files.star_blocks import StarFile, list_block, loop_block
from vitreous.project.project import Project
from vitreous.web.app import create_app

PARTICLES = 200_000


def make(folder: Path, classes: int, box: int) -> None:
    """A classification as RELION leaves it: class averages, model with spectra, particles, optimiser."""
    random = np.random.default_rng(3)
    start = folder / "Class2D/job001/run_it025"
    start.parent.mkdir(parents=True)
    mrc.write_stack(f"{start}_classes.mrcs", random.standard_normal((classes, box, box), np.float32), pixel_size_A=1.2)
    table = {
        "rlnReferenceImage": [f"{k + 1:06d}@Class2D/job001/run_it025_classes.mrcs" for k in range(classes)],
        "rlnClassDistribution": np.full(classes, 1 / classes),
        "rlnEstimatedResolution": random.uniform(5, 20, classes),
    }
    spectra = [
        loop_block(f"model_class_{k + 1}", {"rlnSpectralIndex": np.arange(box // 2 + 1), "rlnSsnrMap": np.ones(box // 2 + 1)})
        for k in range(classes)
    ]
    general = list_block("model_general", {"rlnReferenceDimensionality": 2, "rlnNrClasses": classes, "rlnPixelSize": 1.2})
    star.write(f"{start}_model.star", StarFile([general, loop_block("model_classes", table), *spectra]))
    data = {
        "rlnImageName": [f"{k % 100 + 1:06d}@Extract/job000/{k // 100:06d}.mrcs" for k in range(PARTICLES)],
        "rlnClassNumber": random.integers(1, classes + 1, PARTICLES),
        "rlnVoltage": np.full(PARTICLES, 300.0),
    }
    star.write(f"{start}_data.star", StarFile([loop_block("particles", data)]))
    star.write(f"{start}_optimiser.star", StarFile([list_block("optimiser_general", {"rlnNumberOfIterations": 25})]))


def timed(client: TestClient, address: str) -> tuple[float, int]:
    """Seconds and bytes of an answer."""
    began = time.perf_counter()
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return time.perf_counter() - began, len(answer.content)


def main() -> None:
    """Print a table: the first time, and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--classes", type=int, default=200)
    parser.add_argument("--box", type=int, default=256)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Project.new(folder)
        make(Path(folder), said.classes, said.box)
        client = TestClient(create_app(folder), base_url="http://127.0.0.1")
        at = f"/api/p/{Path(folder).name}"
        rows, tiles = "classes/-?path=Class2D/job001", "stack/tiles?path=Class2D/job001/run_it025_model.star&size="
        print(f"{said.classes} classes of {said.box} px, {PARTICLES:,} particles")
        print(f"{'':28}{'first':>9}{'again':>9}{'kB':>9}")
        for words, address in (("rows", rows), ("tiles of 96 px", f"{tiles}96"), ("tiles of 64 px", f"{tiles}64")):
            (first, size), (again, _) = timed(client, f"{at}/{address}"), timed(client, f"{at}/{address}")
            print(f"{words:28}{first:9.3f}{again:9.3f}{size / 1000:9.0f}   s")


if __name__ == "__main__":
    main()
