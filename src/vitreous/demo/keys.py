"""The key figure of each step of the demonstration, read from what the step wrote."""

from pathlib import Path

import numpy as np

from vitreous.files import chain, mrc, star


def last_iteration(folder: Path) -> str:
    """The beginning of the names of a job's last iteration, Class2D/job006/run_it025; empty where there is none."""
    last = chain.latest(folder)
    return str(folder / last.name) if last is not None else ""


def last_root(folder: Path) -> str:
    """The beginning of the names of a job's last files, Refine3D/job009/run, or run_ct5 where it went on from iteration 5."""
    last = chain.latest(folder)
    return str(folder / (chain.ROOT if last is None else last.root))


def imported(folder: Path) -> str:
    """How many movies."""
    return f"{len(star.read_table(folder / 'movies.star', 'movies'))} movies"


def motion(folder: Path) -> str:
    """How far the specimen moved."""
    table = star.read_table(folder / "corrected_micrographs.star", "micrographs")
    return f"{np.mean(table['accumulated_motion_A'].astype(float)):.1f} Å of motion on average"


def defocus(folder: Path) -> str:
    """Defocus range and the rings' resolution."""
    table = star.read_table(folder / "micrographs_ctf.star", "micrographs")
    u, best = table["defocus_u_A"].astype(float), table["ctf_resolution_A"].astype(float)
    return f"defocus {u.min() / 1e4:.2f} to {u.max() / 1e4:.2f} µm, rings to {np.median(best):.1f} Å"


def picks(folder: Path) -> str:
    """How many particles were found."""
    files = star.read_table(folder / "autopick.star", "coordinate_files")["coordinates_file"]
    return f"{sum(len(star.read_table(path, 'coordinates')) for path in files)} particles"


def particles(folder: Path) -> str:
    """How many particles there are, and how large."""
    table = star.read_table(folder / "particles.star", "particles")
    assert table.optics is not None
    return f"{len(table)} particles, {table.optics['box'][0]} px of {float(table.optics['pixel_size_A'][0]):.3g} Å"


def classes(folder: Path) -> str:
    """How many classes hold particles."""
    numbers = star.read_table(f"{last_iteration(folder)}_data.star", "particles")["class_number"]
    return f"{len(np.unique(numbers))} classes of {len(numbers)} particles"


def initial_model(folder: Path) -> str:
    """The size of the first map."""
    volume, voxel = mrc.read_volume(folder / "initial_model.mrc")
    return f"a map of {volume.shape[0]} voxels of {voxel:.3g} Å"


def refinement(folder: Path) -> str:
    """The resolution that the halves agree to."""
    values = star.read_list(f"{last_root(folder)}_model.star", "model_general")
    return f"{float(values['rlnCurrentResolution']):.1f} Å without a mask"


def mask(folder: Path) -> str:
    """How much of the box is inside."""
    values, voxel = mrc.read_volume(folder / "mask.mrc")
    return f"{float((values > 0.5).sum()) * voxel**3 / 1e3:.0f} nm³ inside"


def sharpening(folder: Path) -> str:
    """Resolution inside the mask, and the B-factor."""
    values = star.read_list(folder / "postprocess.star", "general")
    return f"{float(values['rlnFinalResolution']):.1f} Å, B-factor {float(values['rlnBfactorUsedForSharpening']):.0f} Å²"
