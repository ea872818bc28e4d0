"""Simulated particles for the benchmarks: an asymmetric specimen of ribosome size, seen from everywhere, with its truth.

python bench/ribosome.py --particles 5000 --out FOLDER [--kind asymmetric] [--distinct 5000] [--box 128 --pixel-size 3 --snr 0.05]

Writes particles.mrcs, particles.star (images and CTF), truth.star (poses and states too), specimen.npz and the true maps
truth_1.mrc ... (of the beads that stand still: rigid.mrc) into the folder. The specimen (specimens.py) is rods of Gaussian
beads, projected by its formula: nothing is shared with the code that is measured but the file formats. SNR is the variance of the
signal over that of the white noise within the particle's circle. --distinct draws that many views and repeats them with new noise
and shifts, which makes large sets cheap.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from specimens import BEAD_SIGMA_A, DIAMETER_A, KINDS, Beads, density, specimen_of
from vitreous.files import mrc, star
from vitreous.files.stacks import StackWriter
from vitreous.tables.table import Table

Floats = NDArray[np.float64]
VOLTAGE_KV, CS_MM, AMPLITUDE_CONTRAST = 300.0, 2.7, 0.1
DEFOCI_A = (10_000.0, 13_000.0, 16_000.0, 19_000.0, 22_000.0)
ASTIGMATISM_A, SHIFT_SIGMA_PX, SHIFT_MOST_PX = 200.0, 1.5, 4.0
PART = 250


def projection(
    beads: Floats, heights: Floats, turns: Floats, origins_A: Floats, *, box: int, pixel_A: float
) -> NDArray[np.float32]:
    """Images (n, box, box) of the specimen turned by matrices (n, 3, 3) and moved by minus the origins (n, 2)."""
    landed = np.einsum("nij,pj->npi", turns[:, :2], beads) - origins_A[:, None]
    at = (np.arange(box) - box // 2) * pixel_A
    lines = [np.exp(-((at - landed[:, :, axis, None]) ** 2) / (2 * BEAD_SIGMA_A**2)).astype(np.float32) for axis in (0, 1)]
    return np.asarray((lines[1] * heights[:, None].astype(np.float32)).transpose(0, 2, 1) @ lines[0])


def contrast(defocus_A: Floats, angle_deg: Floats, *, box: int, pixel_A: float) -> NDArray[np.float32]:
    """CTFs (n, box, box // 2 + 1) of RELION's convention."""
    ky, kx = np.meshgrid(np.fft.fftfreq(box, pixel_A), np.fft.rfftfreq(box, pixel_A), indexing="ij")
    k2, theta = kx**2 + ky**2, np.arctan2(ky, kx)
    volt = VOLTAGE_KV * 1e3
    wave = 12.2643247 / np.sqrt(volt * (1 + volt * 0.978466e-6))
    angle = np.radians(angle_deg)[:, None, None]
    dz = defocus_A[:, None, None] - ASTIGMATISM_A / 2 + ASTIGMATISM_A / 2 * np.cos(2 * (theta - angle))
    phase = np.pi * wave * dz * k2 - np.pi / 2 * CS_MM * 1e7 * wave**3 * k2**2 + np.arcsin(AMPLITUDE_CONTRAST)
    return np.asarray(np.sin(phase), np.float32)


def make(
    folder: Path, count: int, *, distinct: int, box: int, pixel_A: float, snr: float, seed: int, kind: str = "asymmetric"
) -> None:
    """Write the set."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed + 1000)
    beads = specimen_of(kind, seed)
    heights = beads.heights
    np.savez(folder / "specimen.npz", beads=beads.places[0], heights=heights, box=box, pixel_A=pixel_A, diameter_A=DIAMETER_A)
    _true_maps(folder, beads, box=box, pixel_A=pixel_A)
    views = Rotation.random(min(distinct, count), random_state=seed).as_matrix()
    which = np.arange(count) % len(views)
    origins = np.clip(generator.normal(0, SHIFT_SIGMA_PX, (len(views), 2)), -SHIFT_MOST_PX, SHIFT_MOST_PX) * pixel_A
    defocus = np.array(DEFOCI_A)[np.arange(len(views)) * 5 // len(views)]
    angle = generator.uniform(0, 180, 5)[np.arange(len(views)) * 5 // len(views)]
    state = np.random.default_rng(seed + 2000).choice(len(beads.shares), len(views), p=beads.shares)
    at = np.arange(box) - box // 2
    disc = np.hypot(at[:, None], at) < DIAMETER_A / pixel_A / 2
    scale = 0.0
    clean = np.empty((len(views), box, box), np.float32)
    for start in range(0, len(views), PART):
        part = slice(start, min(start + PART, len(views)))
        images = np.empty((len(views[part]), box, box), np.float32)
        for one in np.unique(state[part]):
            mine = state[part] == one
            places, turns = beads.places[one], views[part][mine]
            images[mine] = projection(places, heights, turns, origins[part][mine], box=box, pixel_A=pixel_A)
        ctf = contrast(defocus[part], angle[part], box=box, pixel_A=pixel_A)
        moved = np.fft.rfft2(np.fft.ifftshift(images, axes=(1, 2))) * ctf
        clean[part] = np.fft.fftshift(np.fft.irfft2(moved, s=(box, box)), axes=(1, 2))
        scale = scale or float(np.sqrt(snr / clean[part][:, disc].var()))
    with StackWriter(folder / "particles.mrcs", box=box, pixel_size_A=pixel_A, dtype="float32") as stack:
        for start in range(0, count, PART):
            rows = which[start : start + PART]
            stack.append(clean[rows] * scale + generator.standard_normal((len(rows), box, box), dtype=np.float32))
    truth = {"turns": views, "origins": origins, "defocus": defocus, "angle": angle, "state": state}
    _tables(folder, which, truth, box=box, pixel_A=pixel_A)


def _true_maps(folder: Path, beads: Beads, *, box: int, pixel_A: float) -> None:
    if len(beads.places) <= 2:
        for number, places in enumerate(beads.places, start=1):
            whole = density(places, beads.heights, box=box, pixel_A=pixel_A)
            mrc.write_volume(folder / f"truth_{number}.mrc", whole, pixel_size_A=pixel_A)
    still = density(beads.places[0][beads.rigid], beads.heights[beads.rigid], box=box, pixel_A=pixel_A)
    mrc.write_volume(folder / "rigid.mrc", still, pixel_size_A=pixel_A)


def _tables(folder: Path, which: NDArray[np.int64], truth: dict[str, Floats], *, box: int, pixel_A: float) -> None:
    count = len(which)
    # The coordinate rotation A = Rz(psi) Ry(tilt) Rz(rot) is the transpose of the active one: intrinsic ZYZ of its inverse.
    rot, tilt, psi = Rotation.from_matrix(truth["turns"].transpose(0, 2, 1)).as_euler("ZYZ", degrees=True).T
    known = {
        "image": np.array([f"{i + 1:07d}@{folder / 'particles.mrcs'}" for i in range(count)], dtype=object),
        "micrograph": np.array([f"mic{int(d / 100):04d}.mrc" for d in truth["defocus"][which]], dtype=object),
        "optics_group": np.ones(count, int),
        "defocus_u_A": truth["defocus"][which],
        "defocus_v_A": truth["defocus"][which] - ASTIGMATISM_A,
        "defocus_angle_deg": truth["angle"][which],
    }
    poses = {"rot_deg": rot[which], "tilt_deg": tilt[which], "psi_deg": psi[which]}
    poses["class_number"] = truth["state"][which] + 1
    poses |= {f"origin_{axis}_A": truth["origins"][which, i] for i, axis in enumerate("xy")}
    optics = optics_of(box, pixel_A)
    star.write_table(folder / "particles.star", Table(known, "particles", optics))
    star.write_table(folder / "truth.star", Table(known | poses, "particles", optics))


def optics_of(box: int, pixel_A: float) -> Table:
    """The optics table of simulated images."""
    optics = {
        "optics_group_name": np.array(["simulated"], dtype=object),
        "optics_group": np.array([1]),
        "voltage_kV": np.array([VOLTAGE_KV]),
        "cs_mm": np.array([CS_MM]),
        "amplitude_contrast": np.array([AMPLITUDE_CONTRAST]),
        "pixel_size_A": np.array([pixel_A]),
        "box": np.array([box]),
        "dimensions": np.array([2]),
    }
    return Table(optics, "optics")


def main() -> None:
    """Make a set of particles."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--particles", type=int, default=5000)
    ask.add_argument("--out", type=Path, required=True)
    ask.add_argument("--kind", choices=KINDS, default="asymmetric")
    ask.add_argument("--distinct", type=int, default=20_000)
    ask.add_argument("--box", type=int, default=128)
    ask.add_argument("--pixel-size", type=float, default=3.0)
    ask.add_argument("--snr", type=float, default=0.05)
    ask.add_argument("--seed", type=int, default=1)
    given = ask.parse_args()
    make(
        given.out,
        given.particles,
        distinct=given.distinct,
        box=given.box,
        pixel_A=given.pixel_size,
        snr=given.snr,
        seed=given.seed,
        kind=given.kind,
    )


if __name__ == "__main__":
    main()
