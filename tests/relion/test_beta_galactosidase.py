"""The real beta-galactosidase images through the commands: 2D classes of all, 3D refinement against independent poses."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from vitreous.files import classification, mrc, star
from vitreous.maths import rotations, symmetry
from vitreous.methods.reconstruction.wiener import masked_fsc, sphere_mask
from vitreous.tables.table import Table

pytestmark = [pytest.mark.data, pytest.mark.slow]
BOX, PIXEL_A = 64, 3.54


@pytest.fixture(scope="module")
def folder(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of all images, with their micrograph's defocus, and of those with known poses."""
    real, made = data / "betagal_particles", tmp_path_factory.mktemp("betagal")
    (made / "stacks").symlink_to((real / "stacks").resolve())
    truth = star.read_table(real / "particles_truth.star", "particles")
    star.write_table(made / "truth.star", truth)
    with open(real / "labels.csv") as file:
        names = [row["image"] for row in csv.DictReader(file)]
    with open(real / "ctf_truth.csv") as file:
        ctf = {row["micrograph"]: row for row in csv.DictReader(file)}
    mine = [ctf[name.split("/")[-1].replace("_frameImage.mrcs", "")] for name in names]
    columns = {"image": np.array(names, dtype=object), "optics_group": np.ones(len(names), int)}
    for name, key in (("u_A", "defocusU"), ("v_A", "defocusV"), ("angle_deg", "angle")):
        columns[f"defocus_{name}"] = np.array([float(row[f"truth_{key}"]) for row in mine])
    star.write_table(made / "particles.star", Table(columns, "particles", truth.optics))
    return made


def command(folder: Path, *words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "vitreous", *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def turns_of(table: Table) -> torch.Tensor:
    return rotations.from_euler(*(np.array(table[name], float) for name in ("rot_deg", "tilt_deg", "psi_deg")))


def test_refinement_from_forty_angstrom_finds_the_independent_poses(folder: Path) -> None:
    command(folder, "reconstruct", "--particles", "truth.star", "--sym", "D2", "--out", "first")
    reference = ("--reference", "first/reconstruction.mrc", "--low-pass", "40", "--sym", "D2")
    command(folder, "refine3d", "--particles", "truth.star", *reference, "--particle-diameter", "200", "--out", "refined")
    halves = [torch.from_numpy(mrc.read_volume(folder / f"refined/run_half{n}_class001_unfil.mrc")[0]) for n in (1, 2)]
    curve = masked_fsc(halves[0], halves[1], sphere_mask(BOX, PIXEL_A, 210))
    assert float(curve[: int(BOX * PIXEL_A / 9) + 1].min()) > 0.143
    truth, table = (star.read_table(folder / name, "particles") for name in ("truth.star", "refined/run_data.star"))
    assert table["image"].tolist() == truth["image"].tolist()
    assert float(rotations.distance_deg(turns_of(truth), turns_of(table), symmetry.operators("D2")).median()) < 3.0
    moved = [table[f"origin_{axis}_A"] - truth[f"origin_{axis}_A"] for axis in "xy"]
    assert np.median(np.hypot(*moved)) < 2.0


def test_2d_classes_of_all_images_show_the_protein(folder: Path) -> None:
    words = ("--classes", "8", "--mini-batches", "40", "--particle-diameter", "200")
    command(folder, "class2d", "--particles", "particles.star", *words, "--out", "classes")
    last = classification.last_iteration(folder / "classes")
    classes = star.read_table(str(last).replace("optimiser", "model"), "model_classes")
    table = star.read_table(str(last).replace("optimiser", "data"), "particles")
    sizes = np.bincount(table["class_number"].astype(int), minlength=9)[1:]
    resolution = classes["estimated_resolution_A"].astype(float)
    assert len(table) == 1157 and sizes.sum() == 1157
    assert resolution[sizes > 50].min() < 22.0  # of a class of some size: few images agree on anything
    averages = mrc.read_stack(str(last).replace("optimiser.star", "classes.mrcs"))[0]
    spread = averages.std(axis=(1, 2))
    assert np.isfinite(averages).all() and spread.max() < 20 * np.median(spread)
