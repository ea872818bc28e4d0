"""A published map against its atomic model: the resolution at which their FSC falls below 0.5.

python bench/map_model.py [--data FOLDER] [--map emd_3488.mrc] [--model 5me2.pdb]

FOLDER holds maps and models (VITREOUS_TEST_DATA). The model's density is made in the map's frame (first voxel at the header's
origin); the FSC is taken in the whole box, in a soft mask about the model, and for EMD-3488 in the mask deposited with it, which
is cropped and sharp: it is placed where it covers the model best and given a soft edge. EMD-3488 should give 3.5 Å.
"""

import argparse
import os
import sys
from pathlib import Path

import gemmi
import mrcfile
import numpy as np
from numpy.typing import NDArray

from judge3d import fsc
from vitreous.maths.masks import soft_edge
from vitreous.simulation.atoms import Atoms
from vitreous.simulation.model import read_model
from vitreous.simulation.specimen import true_map

Volume = NDArray[np.float32]
NEAR_A, EDGE_A = 3.0, 6.0
MASK = "emd_3488_contour_mask.mrc"


def atoms_in_map(path: Path, *, box: int, voxel_A: float, origin_A: NDArray[np.float64]) -> Atoms:
    """The model's atoms with the map's middle voxel at 0."""
    centred = read_model(path)
    structure = gemmi.read_structure(str(path))
    structure.setup_entities()
    structure.remove_waters()
    middle = np.array([site.atom.pos.tolist() for site in structure[0].all()]).mean(0)
    there = centred.positions_A + middle - origin_A - box // 2 * voxel_A
    return Atoms(there, centred.elements, centred.bfactors_A2, centred.occupancies)


def about(atoms: Atoms, *, box: int, voxel_A: float) -> Volume:
    """A soft mask about the atoms."""
    core = np.zeros((box,) * 3, bool)
    at = np.rint(atoms.positions_A / voxel_A).astype(int) + box // 2
    at = at[((at >= 0) & (at < box)).all(1)]
    core[at[:, 2], at[:, 1], at[:, 0]] = True
    return soft_edge(core, NEAR_A / voxel_A, EDGE_A / voxel_A).numpy()


def placed(mask: Volume, target: Volume) -> NDArray[np.bool_]:
    """The region of a cropped mask put into the target's box where it overlaps the target most."""
    wide = np.zeros_like(target)
    wide[: mask.shape[0], : mask.shape[1], : mask.shape[2]] = mask
    match = np.fft.irfftn(np.fft.rfftn(target) * np.fft.rfftn(wide).conj(), s=target.shape, axes=(0, 1, 2))
    limits = [target.shape[axis] - mask.shape[axis] + 1 for axis in range(3)]
    z, y, x = np.unravel_index(match[: limits[0], : limits[1], : limits[2]].argmax(), limits)
    return np.roll(wide, (z, y, x), (0, 1, 2)) > 0.5


def crossing_A(curve: NDArray[np.float64], length_A: float, threshold: float = 0.5) -> float:
    """Where the curve first falls below the threshold, read between shells."""
    below = np.flatnonzero(curve[2:] < threshold)
    if not len(below):
        return length_A / (len(curve) - 1)
    shell = int(below[0]) + 2
    high, low = curve[shell - 1], curve[shell]
    return float(length_A / (shell - 1 + (high - threshold) / (high - low)))


def main() -> None:
    """Print a line a mask."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--data", type=Path, default=Path(os.environ.get("VITREOUS_TEST_DATA", "")))
    ask.add_argument("--map", default="emd_3488.mrc")
    ask.add_argument("--model", default="5me2.pdb")
    given = ask.parse_args()
    maps = given.data / "maps"
    if not (maps / given.map).exists():
        sys.exit(f"no maps/{given.map} in '{given.data}': name the data's folder by --data or VITREOUS_TEST_DATA")
    with mrcfile.open(maps / given.map, permissive=True) as file:
        volume, voxel_A = np.asarray(file.data, np.float32), float(file.voxel_size.x)
        origin_A = np.array([float(file.header.origin[axis]) for axis in "xyz"])
    box = len(volume)
    atoms = atoms_in_map(given.data / "models" / given.model, box=box, voxel_A=voxel_A, origin_A=origin_A)
    model = true_map(atoms, box=box, pixel_size_A=voxel_A)
    near = about(atoms, box=box, voxel_A=voxel_A)
    masks = {"no mask": np.ones_like(volume), "a soft mask about the model": near}
    if given.map == "emd_3488.mrc":
        with mrcfile.open(maps / MASK, permissive=True) as file:
            region = placed(np.asarray(file.data, np.float32), near)
        masks["the mask deposited with it"] = soft_edge(region, 0.0, EDGE_A / voxel_A).numpy()
    for name, mask in masks.items():
        curve = fsc(volume * mask, model * mask)
        print(f"{given.map} and {given.model}, {name}: FSC 0.5 at {crossing_A(curve, box * voxel_A):.2f} Å")


if __name__ == "__main__":
    main()
