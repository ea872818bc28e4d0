"""A small stack of images of two shapes, for jobs that classify."""

from pathlib import Path

import numpy as np
import pytest

from vitreous.files import mrc, star
from vitreous.tables.table import Table

BOX, COUNT, PIXEL_A = 32, 60, 5.0
SHAPES = (((7, 0, 4), (-4, 4, 3), (0, -5, 2)), ((1, 1, 4), (4, 5, 3), (-6, 3, 2), (-6, -4, 1.5)))


@pytest.fixture
def blob_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with a stack of blobs of two shapes and its particles.star."""
    monkeypatch.chdir(tmp_path)
    made = np.random.default_rng(7)
    y, x = np.mgrid[:BOX, :BOX] - BOX // 2
    images = made.standard_normal((COUNT, BOX, BOX)).astype(np.float32)
    for i in range(COUNT):
        psi, (dx, dy) = made.uniform(0, 2 * np.pi), made.uniform(-1.5, 1.5, 2)
        for ax, ay, height in SHAPES[i % 2]:
            cx, cy = ax * np.cos(psi) - ay * np.sin(psi) + dx, ax * np.sin(psi) + ay * np.cos(psi) + dy
            images[i] += height * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 6)
    mrc.write_stack("particles.mrcs", images, pixel_size_A=PIXEL_A)
    optics = Table(
        {
            "optics_group_name": np.array(["opticsGroup1"], object),
            "optics_group": np.array([1]),
            "voltage_kV": np.array([300.0]),
            "cs_mm": np.array([2.7]),
            "amplitude_contrast": np.array([0.1]),
            "pixel_size_A": np.array([PIXEL_A]),
            "box": np.array([BOX]),
            "dimensions": np.array([2]),
        },
        "optics",
    )
    columns = {
        "image": np.array([f"{i + 1:06d}@particles.mrcs" for i in range(COUNT)], object),
        "micrograph": np.array([f"m{i % 3}.mrc" for i in range(COUNT)], object),
        "optics_group": np.ones(COUNT, int),
        **{name: np.full(COUNT, 12000.0) for name in ("defocus_u_A", "defocus_v_A")},
        "defocus_angle_deg": np.zeros(COUNT),
    }
    star.write_table("particles.star", Table(columns, "particles", optics))
    return tmp_path
