"""2D classification measured: seconds and quality on simulated particles with known views, and on real ones by eye.

python bench/class2d.py --particles 2000 --box 64 --classes 20 [--em 25] [--picture out.png]
"""

import argparse
import resource
import time
from pathlib import Path

import numpy as np
import torch

from vitreous.context import Context
from vitreous.maths import rotations
from vitreous.maths.ctf import CtfParams, ctf2d
from vitreous.maths.fourier import irfft2, rfft2
from vitreous.methods.refinement.class2d import classify2d
from vitreous.methods.refinement.settings import Class2DSettings, Classification
from vitreous.tables.table import Table


class Held:
    """Images in memory as a source."""

    def __init__(self, images: np.ndarray) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def read(self, indices: np.ndarray) -> np.ndarray:
        return self.images[indices]


def simulated(count: int, box: int, *, pixel_size_A: float, diameter_A: float, snr: float, seed: int) -> tuple[Held, Table]:
    """A chain of 80 Gaussian blobs seen from everywhere, with CTF, shifts of up to 3 px rms 1.5, and white noise.

    snr: variance of the signal over that of the noise within the particle's circle.
    """
    generator = np.random.default_rng(seed)
    radius = 0.42 * diameter_A / pixel_size_A
    places = [np.zeros(3)]
    while len(places) < 80:
        place = places[-1] + generator.normal(0, radius / 4, 3)
        if np.linalg.norm(place) < radius:
            places.append(place)
    points = torch.from_numpy(np.array(places) - np.mean(places, 0)).float()
    heights = torch.from_numpy(generator.uniform(0.5, 1.5, len(points))).float()
    turns = rotations.random_rotations(count, torch.Generator().manual_seed(seed)).float()
    origins = torch.from_numpy(np.clip(generator.normal(0, 1.5, (count, 2)), -3, 3)).float()
    width, at = max(1.2, 7.0 / pixel_size_A), torch.arange(box) - box // 2
    defocus = generator.uniform(8000, 22000, count)
    params = CtfParams.of(defocus, defocus - 200, defocus_angle_deg=generator.uniform(0, 180, count))
    images = np.empty((count, box, box), np.float32)
    y, x = np.meshgrid(at.numpy(), at.numpy(), indexing="ij")
    disc = torch.from_numpy(np.hypot(x, y) < diameter_A / pixel_size_A / 2)
    for start in range(0, count, 500):
        part = slice(start, min(start + 500, count))
        landed = torch.einsum("nij,pj->npi", turns[part], points)[..., :2] - origins[part, None]
        ex = torch.exp(-((at - landed[..., 0, None]) ** 2) / (2 * width**2))
        ey = torch.exp(-((at - landed[..., 1, None]) ** 2) / (2 * width**2)) * heights[:, None]
        clean = ey.transpose(1, 2) @ ex
        clean = irfft2(rfft2(clean) * ctf2d(params[part], box, pixel_size_A), box)
        images[part] = clean.numpy()
    scale = np.sqrt(snr / images[:, disc.numpy()].var())
    images = images * scale + generator.standard_normal(images.shape, dtype=np.float32)
    optics = Table(
        {
            "optics_group": np.array([1]),
            "pixel_size_A": np.array([pixel_size_A]),
            "voltage_kV": np.array([300.0]),
            "cs_mm": np.array([2.7]),
            "amplitude_contrast": np.array([0.1]),
        },
        "optics",
    )
    columns = {
        "optics_group": np.ones(count, int),
        "defocus_u_A": defocus,
        "defocus_v_A": defocus - 200,
        "defocus_angle_deg": params.defocus_angle_deg.numpy(),
    }
    columns |= {f"true_{i}": turns[:, 2, i].numpy() for i in range(3)} | {
        "true_x": origins[:, 0].numpy(),
        "true_y": origins[:, 1].numpy(),
    }
    return Held(images), Table(columns, "particles", optics)


def view_spread(views: np.ndarray, classes: np.ndarray) -> float:
    """Mean angle (degrees) between the views of a class and their mean direction."""
    total = 0.0
    for number in np.unique(classes):
        mine = views[classes == number]
        mean = mine.mean(0) / np.linalg.norm(mine.mean(0))
        total += np.degrees(np.arccos(np.clip(mine @ mean, -1, 1))).sum()
    return total / len(views)


def axis_spread(views: np.ndarray, classes: np.ndarray) -> float:
    """The same about each class's best axis, a view and its opposite (the mirror image) counted as one; random: 55."""
    total = 0.0
    for number in np.unique(classes):
        mine = views[classes == number]
        axis = np.linalg.eigh(mine.T @ mine)[1][:, -1]
        total += np.degrees(np.arccos(np.clip(np.abs(mine @ axis), 0, 1))).sum()
    return total / len(views)


def perfect_classes(views: np.ndarray, count: int, seed: int) -> np.ndarray:
    """k-means on the sphere: the best that classes of views could be."""
    generator = np.random.default_rng(seed)
    middle = views[generator.permutation(len(views))[:count]]
    for _ in range(60):
        classes = np.argmax(views @ middle.T, 1)
        middle = np.stack([views[classes == k].mean(0) if (classes == k).any() else middle[k] for k in range(count)])
        middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    return np.argmax(views @ middle.T, 1)


def picture(path: Path, references: np.ndarray, labels: list[str]) -> None:
    """A sheet of the classes, each on its own grey scale."""
    from vitreous.files.picture import write_png

    columns = int(np.ceil(np.sqrt(len(references) * 1.5)))
    rows = int(np.ceil(len(references) / columns))
    box = references.shape[-1]
    sheet = np.zeros((rows * (box + 2), columns * (box + 2)), np.uint8)
    for i, image in enumerate(references):
        low, high = image.min(), image.max()
        grey = ((image - low) / max(high - low, 1e-9) * 255).astype(np.uint8)
        y, x = divmod(i, columns)
        sheet[y * (box + 2) : y * (box + 2) + box, x * (box + 2) : x * (box + 2) + box] = grey
    write_png(path, np.kron(sheet, np.ones((2, 2), np.uint8)))
    print(path, *labels)


def main() -> None:
    """Classify simulated particles and say how long it took and how good it is."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--particles", type=int, default=2000)
    ask.add_argument("--box", type=int, default=64)
    ask.add_argument("--classes", type=int, default=20)
    ask.add_argument("--diameter", type=float, default=260.0)
    ask.add_argument("--snr", type=float, default=0.05)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--em", type=int, default=0)
    ask.add_argument("--mini-batches", type=int, default=200)
    ask.add_argument("--regularisation", type=float, default=2.0)
    ask.add_argument("--threads", type=int, default=1)
    ask.add_argument("--picture", type=Path)
    given = ask.parse_args()
    source, particles = simulated(
        given.particles, given.box, pixel_size_A=384 / given.box, diameter_A=given.diameter, snr=given.snr, seed=given.seed
    )
    views = np.stack([particles[f"true_{i}"] for i in range(3)], 1)
    perfect = view_spread(views, perfect_classes(views, given.classes, 0))
    chosen = Classification(
        classes=given.classes,
        particle_diameter_A=given.diameter,
        regularisation=given.regularisation,
        use_em=given.em > 0,
        em_iterations=given.em or 25,
        use_mini_batches=given.em == 0,
        mini_batches=given.mini_batches,
    )
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.time()
    for state in classify2d(
        source, particles, Class2DSettings(classification=chosen), Context(seed=given.seed, threads=given.threads)
    ):
        seen = state.poses.classes >= 0
        if state.iteration % (1 if given.em else 20) == 0 and seen.any():
            now = resource.getrusage(resource.RUSAGE_SELF)
            cpu = now.ru_utime + now.ru_stime - before.ru_utime - before.ru_stime
            classes, true = state.poses.classes[seen], np.stack([particles["true_x"], particles["true_y"]], 1)[seen]
            off = state.poses.origin_px[seen] - true
            print(
                f"iteration {state.iteration:3d}: shells {state.shells:2d}, spread {view_spread(views[seen], classes):4.1f}, "
                f"as axes {axis_spread(views[seen], classes):4.1f} (perfect {perfect:4.1f}), mean P_max {state.mean_pmax:.2f}, "
                f"origins off by {np.median(np.linalg.norm(off - np.median(off, 0), axis=1)):.2f} px, "
                f"smallest class {state.shares.min():.3f}, revived {len(state.reseeded)}, "
                f"CPU {cpu:.1f} s, wall {time.time() - began:.1f} s",
                flush=True,
            )
    if given.picture:
        picture(given.picture, state.references.numpy(), [f"{s:.2f}" for s in state.shares.tolist()])


if __name__ == "__main__":
    main()
