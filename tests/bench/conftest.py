"""The scripts of bench/, which import one another by name, as they do when started."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"
NAMES = (
    "class2d_scaling",
    "class2d_vs_relion",
    "class_frc",
    "class_views",
    "initial_model_vs_relion",
    "judge2d",
    "judge3d",
    "map_model",
    "measured",
    "refine3d_vs_relion",
    "ribosome",
    "specimens",
)


@pytest.fixture(scope="module")
def bench() -> Iterator[SimpleNamespace]:
    """Modules by their names."""
    sys.path.insert(0, str(BENCH))
    try:
        yield SimpleNamespace(**{name: import_module(name) for name in NAMES})
    finally:
        sys.path.remove(str(BENCH))
