"""Simulated particles with junk among them, as an automatic picker finds both, and a table that says which is which.

python bench/junk.py --images 1000 --out FOLDER [--good 0.5 --diameter 200 --box 64 --pixel-size 3.54 --snr 0.08 --seed 1]

Writes particles.mrcs, particles.star and kinds.csv (image, kind) into the folder. Kinds: particle; empty (noise that a picker
takes for a blob), ice (a bright lump), edge (of a carbon film), aggregate, offcentre, pair (two that touch), broken (a part of
one). A sixth of the particles have a neighbour in the box. Backgrounds are normalised as an extraction does.
"""

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from ribosome import ASTIGMATISM_A, DEFOCI_A, contrast, optics_of, projection
from specimens import DIAMETER_A, two_lobes
from vitreous.files import mrc, star
from vitreous.tables.table import Table

Floats = NDArray[np.float64]
KINDS = ("empty", "ice", "edge", "aggregate", "offcentre", "pair", "broken")


@dataclass(frozen=True)
class Scene:
    """The specimen's beads (p, 3) in Å and heights (p,), its diameter, and how it is photographed."""

    beads: Floats
    heights: Floats
    diameter_A: float
    box: int
    pixel_A: float

    def views(self, generator: np.random.Generator, places_A: Floats, *, part: float = 1.0) -> Floats:
        """The sum (box, box) of the specimen in random views at places (n, 2) in Å; part: the share of it that is left."""
        beads, heights = self.beads, self.heights
        if part < 1:
            along = beads @ Rotation.random(random_state=generator).as_matrix()[0]
            kept = along <= np.quantile(along, part)
            beads, heights = beads[kept] - beads[kept].mean(0), heights[kept]
        turns = Rotation.random(len(places_A), random_state=generator).as_matrix()
        return projection(beads, heights, turns, -places_A, box=self.box, pixel_A=self.pixel_A).sum(0)


def around(generator: np.random.Generator, count: int, low_A: float, high_A: float) -> Floats:
    """Places (count, 2) at distances between two values."""
    angle, distance = generator.uniform(0, 2 * np.pi, count), generator.uniform(low_A, high_A, count)
    return np.stack([distance * np.cos(angle), distance * np.sin(angle)], 1)


def lump(scene: Scene, generator: np.random.Generator) -> Floats:
    """A rough bright lump, unit amplitude."""
    y, x = (np.indices((scene.box, scene.box)) - scene.box // 2) * scene.pixel_A
    made = np.zeros_like(x)
    radius = scene.diameter_A * generator.uniform(0.15, 0.5)
    for cx, cy in generator.normal(0, radius / 3, (generator.integers(1, 6), 2)):
        made += np.exp(-(((x - cx) ** 2 + (y - cy) ** 2) / (2 * (radius * generator.uniform(0.3, 0.7)) ** 2)))
    return made / made.max()


def film(scene: Scene, generator: np.random.Generator) -> Floats:
    """A film that ends along a wavy line through the image, with grains, unit amplitude."""
    y, x = (np.indices((scene.box, scene.box)) - scene.box // 2) * scene.pixel_A
    angle = generator.uniform(0, 2 * np.pi)
    across = x * np.cos(angle) + y * np.sin(angle) - generator.uniform(-0.4, 0.4) * scene.diameter_A
    across += 15 * np.sin((x * np.sin(angle) - y * np.cos(angle)) / 40 + generator.uniform(0, 6))
    grains = ndimage.gaussian_filter(generator.standard_normal(x.shape), 12 / scene.pixel_A)
    return (1 + 0.6 * grains / grains.std()) / (1 + np.exp(-across / 8))


def density(scene: Scene, kind: str, generator: np.random.Generator, signal: float) -> Floats:
    """What lies in the ice, (box, box); signal: root mean square of one particle."""
    d = scene.diameter_A
    if kind == "particle":
        places = np.concatenate(
            [generator.normal(0, 0.05 * d, (1, 2)), around(generator, int(generator.random() < 1 / 6), 0.9 * d, d)]
        )
        return scene.views(generator, places)
    if kind == "offcentre":
        return scene.views(generator, around(generator, 1, 0.4 * d, 0.6 * d))
    if kind == "pair":
        first = around(generator, 1, 0.3 * d, 0.45 * d)
        return scene.views(generator, np.concatenate([first, -first]))
    if kind == "aggregate":
        return scene.views(generator, around(generator, int(generator.integers(3, 8)), 0.0, 0.6 * d))
    if kind == "broken":
        return scene.views(generator, generator.normal(0, 0.05 * d, (1, 2)), part=generator.uniform(0.25, 0.5))
    if kind == "ice":
        return lump(scene, generator) * signal * generator.uniform(5, 25)
    return film(scene, generator) * signal * generator.uniform(1, 5) if kind == "edge" else np.zeros((scene.box, scene.box))


def noise(scene: Scene, generator: np.random.Generator, *, picked: bool) -> Floats:
    """White noise; picked: the field of forty whose middle is brightest, as a picker of blobs would have it."""
    fields = generator.standard_normal((40 if picked else 1, scene.box, scene.box))
    at = (np.arange(scene.box) - scene.box // 2) * scene.pixel_A
    weight = np.exp(-(at[:, None] ** 2 + at**2) / (2 * (scene.diameter_A / 4) ** 2))
    return fields[np.argmax((fields * (weight - weight.mean())).sum((1, 2)))]


def make(folder: Path, count: int, *, scene: Scene, good: float, snr: float, seed: int) -> None:
    """Write the set."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    kinds = np.where(generator.random(count) < good, "particle", generator.choice(KINDS, count))
    micrograph = np.arange(count) * len(DEFOCI_A) // count
    defocus, angle = np.array(DEFOCI_A)[micrograph], generator.uniform(0, 180, len(DEFOCI_A))[micrograph]
    at = np.arange(scene.box) - scene.box // 2
    r = np.hypot(at[:, None], at) * scene.pixel_A
    inside, outside = r < scene.diameter_A / 2, r > min(scene.diameter_A / 2, 0.5 * scene.box * scene.pixel_A - 2 * scene.pixel_A)
    transfer = contrast(defocus, angle, box=scene.box, pixel_A=scene.pixel_A)

    def seen(there: Floats, row: int) -> Floats:
        return np.fft.fftshift(np.fft.irfft2(np.fft.rfft2(np.fft.ifftshift(there)) * transfer[row], s=(scene.box,) * 2))

    some = [scene.views(generator, np.zeros((1, 2))) for _ in range(20)]
    signal = float(np.sqrt(np.mean([one[inside].var() for one in some])))
    scale = float(np.sqrt(snr / np.mean([seen(one, row * count // 20)[inside].var() for row, one in enumerate(some)])))
    images = np.empty((count, scene.box, scene.box), np.float32)
    for row, kind in enumerate(kinds):
        whole = scale * seen(density(scene, str(kind), generator, signal), row) + noise(scene, generator, picked=kind == "empty")
        images[row] = (whole - whole[outside].mean()) / whole[outside].std()
    mrc.write_stack(folder / "particles.mrcs", images, pixel_size_A=scene.pixel_A)
    known = {
        "image": np.array([f"{i + 1:06d}@{folder / 'particles.mrcs'}" for i in range(count)], object),
        "micrograph": np.array([f"mic{m}.mrc" for m in micrograph], object),
        "optics_group": np.ones(count, int),
        "defocus_u_A": defocus,
        "defocus_v_A": defocus - ASTIGMATISM_A,
        "defocus_angle_deg": angle,
    }
    star.write_table(folder / "particles.star", Table(known, "particles", optics_of(scene.box, scene.pixel_A)))
    with open(folder / "kinds.csv", "w", newline="") as file:
        csv.writer(file).writerows([("image", "kind"), *zip(known["image"], kinds.tolist())])


def main() -> None:
    """Make a set."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--images", type=int, default=1000)
    ask.add_argument("--out", type=Path, required=True)
    ask.add_argument("--good", type=float, default=0.5)
    ask.add_argument("--diameter", type=float, default=200.0)
    ask.add_argument("--box", type=int, default=64)
    ask.add_argument("--pixel-size", type=float, default=3.54)
    ask.add_argument("--snr", type=float, default=0.08)
    ask.add_argument("--seed", type=int, default=1)
    said = ask.parse_args()
    beads, heights, _ = two_lobes(said.seed)
    scene = Scene(beads * (said.diameter / DIAMETER_A), heights, said.diameter, said.box, said.pixel_size)
    make(said.out, said.images, scene=scene, good=said.good, snr=said.snr, seed=said.seed)


if __name__ == "__main__":
    main()
