"""Iterations of 2D classification that RELION wrote are read."""

import tarfile
from pathlib import Path

import numpy as np
import pytest

from vitreous.files import chain, iterations


@pytest.mark.data
def test_relions_own_iteration_is_read(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(data / "relion_projects" / "relion313_small.tar.gz") as tree:
        wanted = [member for member in tree.getmembers() if "Class2D/job006/run_it003" in member.name]
        tree.extractall(tmp_path, members=[m for m in wanted if not m.name.startswith("./Trash")], filter="data")
    monkeypatch.chdir(next(tmp_path.rglob("Class2D")).parent)
    folder = Path("Class2D/job006")
    assert chain.saved(folder) == [3]
    found = iterations.read(folder, 3)
    assert found.references.shape == (3, 64, 64)
    assert np.isclose(found.shares.sum(), 1, atol=1e-3)
    assert found.shells == 16
    assert np.isclose(found.offset_sigma_A, 9.579551)
    assert np.isclose(found.sigma2[2, 1] / 64**4, 2.714040e-04)
    assert len(found.group_names) == 3
    assert set(found.particles["class_number"].tolist()) == {1, 2, 3}


@pytest.mark.data
def test_an_iteration_of_relion_5_is_read(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(data / "relion_projects" / "relion5_class2d.tar.xz") as tree:
        wanted = [member for member in tree.getmembers() if "Class2D/job010/run_it025" in member.name]
        tree.extractall(tmp_path, members=wanted, filter="data")
    monkeypatch.chdir(next(tmp_path.rglob("Class2D")).parent)
    folder = Path("Class2D/job010")
    assert [one.name for one in chain.saved(folder)] == ["run_it025"]
    found = iterations.read(folder, 25)
    assert found.references.shape == (50, 64, 64)
    assert np.isclose(found.shares.sum(), 1, atol=1e-3)
    assert found.sigma2.shape == (1, 33) and found.shells == 22
    assert len(found.particles) == 2374 and found.particles["class_number"].max() == 50
