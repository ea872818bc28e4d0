"""The real beta-galactosidase images through the commands: seconds, memory and quality of each step.

python bench/betagal.py --out FOLDER [--data FOLDER] [--steps reconstruct,class2d,...] [--picture FOLDER]
The data folder holds betagal_particles and models; without --data it is VITREOUS_TEST_DATA. Steps: reconstruct, class2d
(mini-batches), class2d50 (50 classes), em (25 full passes), initial-model (D2), initial-model-c1 (symmetry found),
refine3d (D2, from the map at the true poses), refine3d-model (from an atomic model), refine3d-own and refine3d-own-c1 (from those
first maps, of the images that class2d and select kept). Steps after the first need the map of reconstruct, in this call or an
earlier one with the same --out.
"""

import argparse
import csv
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from scipy.stats import rankdata

from class_sheet import picture
from judge3d import MIRROR, angles_apart, common_turn
from refine3d import turns_of
from vitreous.files import classification, mrc, star
from vitreous.maths import filters, symmetry
from vitreous.methods.reconstruction.wiener import masked_fsc, sphere_mask
from vitreous.methods.refinement.resolution import half_map_fsc, resolution_A
from vitreous.simulation.atoms import Atoms
from vitreous.simulation.model import read_model
from vitreous.simulation.specimen import true_map
from vitreous.tables.table import Table

BOX, PIXEL_A, DIAMETER_A = 64, 3.54, 210.0
MASK_A = "200"
TRUE_MAP = "Reconstruct/truth/reconstruction.mrc"
FIRST, FIRST_MAP = "InitialModel", "initial_model.mrc"


@dataclass(frozen=True)
class Data:
    """Where things are, and what is known of the images. labels, names: one an image; truth: the 454 with poses."""

    folder: Path
    out: Path
    labels: np.ndarray
    names: np.ndarray
    truth: Table


def prepared(folder: Path, out: Path) -> Data:
    """The tables that the commands read: all images with their micrograph's defocus, and those with known poses."""
    out.mkdir(parents=True, exist_ok=True)
    real = folder / "betagal_particles"
    if not (out / "stacks").exists():
        (out / "stacks").symlink_to((real / "stacks").resolve())
    rows = list(csv.DictReader((real / "labels.csv").read_text().splitlines()))
    ctf = {row["micrograph"]: row for row in csv.DictReader((real / "ctf_truth.csv").read_text().splitlines())}
    names = np.array([row["image"] for row in rows], dtype=object)
    mine = [ctf[name.split("/")[-1].replace("_frameImage.mrcs", "")] for name in names]
    columns = {"image": names, "micrograph": np.array([f"{row['micrograph']}.mrc" for row in mine], dtype=object)}
    for name, key in (("u_A", "defocusU"), ("v_A", "defocusV"), ("angle_deg", "angle")):
        columns[f"defocus_{name}"] = np.array([float(row[f"truth_{key}"]) for row in mine])
    columns["optics_group"] = np.ones(len(names), int)
    truth = star.read_table(real / "particles_truth.star", "particles")
    star.write_table(out / "particles.star", Table(columns, "particles", truth.optics))
    star.write_table(out / "truth.star", truth)
    return Data(folder, out, np.array([row["label"] for row in rows]), names, truth)


def run(data: Data, *words: str) -> str:
    """One command in the folder, its job new; what it took, in words."""
    job = data.out / words[words.index("--out") + 1]
    if job.exists():
        sys.exit(f"{job} is there already: give another --out, or remove it")
    began = time.monotonic()
    with open(data.out / "log.txt", "ab") as log:
        child = subprocess.Popen([sys.executable, "-m", "vitreous", *words], cwd=data.out, stdout=log, stderr=log)
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"vitreous {' '.join(words)} ended with {child.returncode}: see {data.out / 'log.txt'}")
    wall, cpu = time.monotonic() - began, used.ru_utime + used.ru_stime
    print(f"vitreous {' '.join(words)}", flush=True)
    return f"    CPU {cpu:.1f} s, wall {wall:.1f} s, peak {used.ru_maxrss / 1e6:.2f} GB; "


def rows_of(table: Table, names: np.ndarray) -> np.ndarray:
    """Rows of a table that hold these images."""
    place = {name: row for row, name in enumerate(table["image"].tolist())}
    return np.array([place[name] for name in names.tolist()])


def auc(score: np.ndarray, good: np.ndarray) -> float:
    """Chance that a good image scores above one that is not, ties counted half."""
    ranks, many = rankdata(score), good.sum()
    return float((ranks[good].sum() - many * (many + 1) / 2) / (many * (~good).sum()))


def spread_of_views(data: Data, particles: Table) -> tuple[float, float]:
    """Mean angle of the known views to the middlemost of their class, modulo D2, in degrees; and with classes shuffled."""
    rows = rows_of(particles, data.truth["image"])
    views, group = turns_of(data.truth)[:, 2].numpy(), symmetry.operators("D2").numpy()
    cosines = np.max([views @ (views @ operator).T for operator in group], axis=0)
    apart = np.degrees(np.arccos(np.clip(cosines, -1, 1)))

    def spread(classes: np.ndarray) -> float:
        each = [apart[np.ix_(classes == k, classes == k)] for k in np.unique(classes)]
        return float(sum(part.sum(1).min() for part in each) / len(views))

    classes = particles["class_number"][rows]
    return spread(classes), spread(np.random.default_rng(0).permutation(classes))


def class2d(data: Data, words: tuple[str, ...], job: str, pictures: Path | None) -> None:
    """Classify, score the classes as select does, compare with the labels."""
    took = run(data, "class2d", "--particles", "particles.star", "--classes", *words, "--out", job)
    found = classification.read(classification.last_iteration(data.out / job).relative_to(data.out))
    all_with_scores = ("--by-score", "--least-score", "0", "--by-particle-score", "--least-particle-score", "0")
    run(data, "select", "--model", job, *all_with_scores, "--out", f"{job}_scored")
    score = star.read_table(f"{job}_scored/rank_model.star", "model_classes")["class_score"].astype(float)
    classes = found.particles["class_number"][rows_of(found.particles, data.names)].astype(int) - 1
    known, good = data.labels != "ambiguous", data.labels == "good"
    purity = np.array([good[known & (classes == k)].mean() if (known & (classes == k)).any() else 0 for k in range(len(score))])
    spread, shuffled = spread_of_views(data, found.particles)
    resolution = found.classes["estimated_resolution_A"].astype(float)
    by = {"score": score, "resolution": -resolution, "the labels themselves": purity}
    aucs = ", ".join(f"{auc(values[classes][known], good[known]):.3f} by {name}" for name, values in by.items())
    scored = star.read_table(f"{job}_scored/particles.star", "particles")
    own = scored["particle_fom"][rows_of(scored, data.names)].astype(float)
    print(
        f"{took}best class {resolution.min():.1f} Å, AUC of classes {aucs}, AUC of particles by their own score "
        f"{auc(own[known], good[known]):.3f}, views of a class within {spread:.1f}° "
        f"(shuffled {shuffled:.1f}°), {(np.bincount(classes) > 20).sum()} classes with more than 20 images",
        flush=True,
    )
    if pictures is not None:
        order = np.argsort(-score)
        averages = mrc.read_stack(Path(str(found.classes["reference_image"][0]).split("@")[1]))[0][order]
        pictures.mkdir(parents=True, exist_ok=True)
        picture(pictures / f"{job.replace('/', '_')}.png", averages)
        print("    good:", *purity[order].round(2))


def refine(data: Data, particles: str, reference: str, job: str, *, own_frame: bool = False) -> None:
    """Refine from a reference at 40 Å; compare with the independent poses (of a frame of its own: up to a turn and the hand)."""
    words = ("--symmetry", "D2", "--low-pass-a", "40", "--particle-diameter-a", MASK_A)
    took = run(data, "refine3d", "--particles", particles, "--reference", reference, *words, "--out", job)
    halves = sorted(Path(job).glob("run_half[12]_class001_unfil.mrc"))
    made = [torch.from_numpy(mrc.read_volume(half)[0]) for half in halves]
    curve = masked_fsc(made[0], made[1], sphere_mask(BOX, PIXEL_A, DIAMETER_A)).numpy()
    table = star.read_table(f"{job}/run_data.star", "particles")
    both = np.isin(data.truth["image"], table["image"])
    truth = data.truth.select(both)
    table = table.select(rows_of(table, truth["image"]))
    error, hand = pose_errors(turns_of(table).numpy(), turns_of(truth).numpy(), own_frame=own_frame)
    moved = [table[f"origin_{axis}_A"] - truth[f"origin_{axis}_A"] for axis in "xy"]
    print(
        f"{took}halves {resolution_A(curve, BOX, PIXEL_A, 0.143):.2f} Å, angles of {len(truth)} images off by "
        f"{np.median(error):.2f}° in the median ({100 * (error < 5).mean():.1f} % within 5°), shifts by "
        f"{np.median(np.hypot(*moved)):.2f} Å{hand}",
        flush=True,
    )


def pose_errors(found: np.ndarray, true: np.ndarray, *, own_frame: bool) -> tuple[np.ndarray, str]:
    """Degrees between turns modulo D2; in a frame of its own after the common turn by the better hand, which is told."""
    if not own_frame:
        return angles_apart(found, true, "D2"), ""
    hands = [found, MIRROR @ found @ MIRROR]
    errors = [angles_apart(mine @ common_turn(mine, true, "D2"), true, "D2") for mine in hands]
    other = bool(np.median(errors[1]) < np.median(errors[0]))
    return errors[other], ", of the other hand" if other else ""


def axis_turns() -> list[np.ndarray]:
    """The 24 rotations that take the axes to the axes."""
    made = [np.eye(3)[list(p)] * np.array(s)[:, None] for p in permutations(range(3)) for s in product((1, -1), repeat=3)]
    return [m for m in made if np.linalg.det(m) > 0]


def model_map(data: Data) -> str:
    """The atomic model's density with its two-folds along the axes, in the order that agrees best with the true map."""
    path = data.folder / "models" / "5a1a.pdb.gz"
    atoms = read_model(path)
    parts = np.split(atoms.positions_A, 4)
    first = parts[0] - parts[0].mean(0)
    axes = [Rotation.align_vectors(part - part.mean(0), first)[0].as_rotvec() for part in parts[1:]]
    u, _, vt = np.linalg.svd(np.array([axis / np.linalg.norm(axis) for axis in axes]))
    frame = (u @ vt) * np.sign(np.linalg.det(u @ vt))
    true = filters.low_pass3(torch.from_numpy(mrc.read_volume(data.out / TRUE_MAP)[0]), PIXEL_A, cutoff_A=15.0).numpy()
    best, chosen = -1.0, true
    for turn in axis_turns():
        placed = Atoms(atoms.positions_A @ (turn @ frame).T, atoms.elements, atoms.bfactors_A2, atoms.occupancies)
        made = true_map(placed, box=BOX, pixel_size_A=PIXEL_A)
        agreement = float(np.corrcoef(made.ravel(), true.ravel())[0, 1])
        if agreement > best:
            best, chosen = agreement, made
    mrc.write_volume(data.out / "model.mrc", chosen, pixel_size_A=PIXEL_A)
    print(f"density of {path.name}: correlation {best:.3f} with the true map at 15 Å", flush=True)
    return "model.mrc"


def initial_model(data: Data, particles: str, job: str, *more: str) -> None:
    """A first map of the particles; compare with the true map in every order of axes and both hands."""
    words = ("--symmetry", "D2", "--particle-diameter-a", MASK_A, *more, "--out", job)
    took = run(data, "initial-model", "--particles", particles, *words)
    made = mrc.read_volume(f"{job}/initial_model.mrc")[0]
    true = mrc.read_volume(TRUE_MAP)[0] * sphere_mask(BOX, PIXEL_A, DIAMETER_A).numpy()
    curves = []
    for turn in axis_turns():
        order, sign = np.abs(turn).argmax(1), turn.sum(1)
        for hand in (1, -1):
            placed = np.zeros_like(made)
            steps = tuple(slice(None, None, int(s * hand)) for s in sign)
            placed[1:, 1:, 1:] = made[1:, 1:, 1:].transpose(order)[steps]
            curves.append(half_map_fsc(placed, true))
    best = min(resolution_A(curve, BOX, PIXEL_A, 0.5) for curve in curves)
    print(f"{took}agrees with the truth to {best:.1f} Å (FSC 0.5)", flush=True)


def rebuild(data: Data) -> None:
    """A map at the poses of the independent refinement."""
    words = ("--particles", "truth.star", "--sym", "D2", "--mask-diameter", str(int(DIAMETER_A)))
    took = run(data, "reconstruct", *words, "--out", "Reconstruct/truth")
    resolution = float(star.read_list(Path(TRUE_MAP).with_name("fsc.star"), "general")["rlnFinalResolution"])
    print(f"{took}{len(data.truth)} particles, halves {resolution:.2f} Å", flush=True)


def chosen(data: Data) -> str:
    """The particles of the good classes, if there is a classification; else those with known poses."""
    if not Path("Class2D/mini").exists():
        return "truth.star"
    if Path("Select/good/particles.star").exists():
        return "Select/good/particles.star"
    run(data, "select", "--model", "Class2D/mini", "--by-score", "--least-score", "0.3", "--out", "Select/good")
    kept = np.isin(data.names, star.read_table("Select/good/particles.star", "particles")["image"])
    good = data.labels == "good"
    print(f"    {kept.sum()} of {len(kept)} kept, {(kept & good).sum()} of {good.sum()} good ones among them")
    return "Select/good/particles.star"


def main() -> None:
    """The steps that were asked for, in their order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VITREOUS_TEST_DATA", "")))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", default="reconstruct,class2d,em,refine3d,refine3d-model")
    parser.add_argument("--picture", type=Path)
    said = parser.parse_args()
    if not (said.data / "betagal_particles").is_dir():
        sys.exit(f"no betagal_particles in '{said.data}': name the data's folder by --data or VITREOUS_TEST_DATA")
    data = prepared(said.data.resolve(), said.out.resolve())
    pictures = said.picture.resolve() if said.picture else None
    os.chdir(data.out)
    actions = {
        "reconstruct": lambda: rebuild(data),
        "class2d": lambda: class2d(data, ("20",), "Class2D/mini", pictures),
        "class2d50": lambda: class2d(data, ("50",), "Class2D/mini50", pictures),
        "em": lambda: class2d(data, ("20", "--use-em", "--no-use-mini-batches"), "Class2D/em", pictures),
        "initial-model": lambda: initial_model(data, chosen(data), "InitialModel/d2", "--no-without-symmetry-first"),
        "initial-model-c1": lambda: initial_model(data, chosen(data), "InitialModel/c1", "--without-symmetry-first"),
        "refine3d": lambda: refine(data, "truth.star", TRUE_MAP, "Refine3D/from_map"),
        "refine3d-model": lambda: refine(data, "truth.star", model_map(data), "Refine3D/from_model"),
        "refine3d-own": lambda: refine(data, chosen(data), f"{FIRST}/d2/{FIRST_MAP}", "Refine3D/own", own_frame=True),
        "refine3d-own-c1": lambda: refine(data, chosen(data), f"{FIRST}/c1/{FIRST_MAP}", "Refine3D/own_c1", own_frame=True),
    }
    for step in sorted(said.steps.split(","), key=list(actions).index):
        actions[step]()


if __name__ == "__main__":
    main()
