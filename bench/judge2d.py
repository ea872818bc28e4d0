"""How good a 2D classification of bench/ribosome.py's particles is, against the truth that only the simulation knows.

python bench/judge2d.py FOLDER-OF-PARTICLES DATA.star [CLASSES.mrcs]
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.files import mrc, star

Floats = NDArray[np.float64]


def directions(rot_deg: Floats, tilt_deg: Floats) -> Floats:
    """Unit vectors (n, 3) along which particles are seen."""
    rot, tilt = np.radians(rot_deg), np.radians(tilt_deg)
    return np.stack([np.sin(tilt) * np.cos(rot), np.sin(tilt) * np.sin(rot), np.cos(tilt)], 1)


def spread(views: Floats, classes: NDArray[np.int64], *, folded: bool) -> float:
    """Median angle in degrees between the views of a class and its own, weighted by how many particles it has.

    folded: about the class's best axis, a view and its opposite (whose projection is the mirror image) counted as one;
    random labels give 52 (25 a class) to 57. Else about the mean direction; random labels give nearly 90.
    """
    total = 0.0
    for number in np.unique(classes):
        mine = views[classes == number]
        if folded:
            cosine = np.abs(mine @ np.linalg.eigh(mine.T @ mine)[1][:, -1])
        else:
            mean = mine.mean(0)
            cosine = mine @ (mean / max(np.linalg.norm(mean), 1e-12))
        total += len(mine) * float(np.degrees(np.median(np.arccos(np.clip(cosine, -1, 1)))))
    return total / len(views)


def perfect(views: Floats, count: int, *, seed: int = 0) -> NDArray[np.int64]:
    """Classes by k-means of the true directions."""
    generator = np.random.default_rng(seed)
    middle = views[generator.permutation(len(views))[:count]]
    for _ in range(60):
        classes = np.argmax(views @ middle.T, 1)
        middle = np.stack([views[classes == k].mean(0) if (classes == k).any() else middle[k] for k in range(count)])
        middle /= np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-12)
    return np.argmax(views @ middle.T, 1)


@dataclass(frozen=True)
class Verdict:
    """Spreads in degrees (folded and not), those of perfect and of random classes, and how particles lie on classes."""

    folded: float
    whole: float
    perfect: float
    random: float
    largest: float
    smallest: float
    empty: int

    @property
    def relative(self) -> float:
        """0: as good as k-means of the true views; 1: as random labels."""
        return (self.folded - self.perfect) / (self.random - self.perfect)

    def __str__(self) -> str:
        return (
            f"view spread {self.folded:.1f} degrees folded (perfect {self.perfect:.1f}, random {self.random:.1f}: {self.relative:.3f}), "
            f"{self.whole:.1f} unfolded; classes of {100 * self.smallest:.1f} to {100 * self.largest:.1f} %, {self.empty} empty"
        )


def judged(views: Floats, classes: NDArray[np.int64], count: int) -> Verdict:
    """The verdict on class numbers from 0 of `count` classes."""
    occupancy = np.bincount(classes, minlength=count) / len(classes)
    shuffled = np.random.default_rng(0).permutation(classes)
    return Verdict(
        folded=spread(views, classes, folded=True),
        whole=spread(views, classes, folded=False),
        perfect=spread(views, perfect(views, count), folded=True),
        random=spread(views, shuffled, folded=True),
        largest=float(occupancy.max()),
        smallest=float(occupancy.min()),
        empty=int((occupancy < 0.1 / count).sum()),
    )


def main() -> None:
    """Judge a run."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("particles", type=Path)
    ask.add_argument("data", type=Path)
    ask.add_argument("classes", type=Path, nargs="?")
    given = ask.parse_args()
    truth = star.read_table(given.particles / "truth.star", "particles")
    views = directions(truth["rot_deg"], truth["tilt_deg"])
    found = star.read_table(given.data, "particles")
    number = np.array([int(name.split("@")[0]) - 1 for name in found["image"]])
    classes = np.asarray(found["class_number"], int) - 1
    count = len(mrc.read_stack(given.classes)[0]) if given.classes else int(classes.max()) + 1
    print(judged(views[number], classes, count))


if __name__ == "__main__":
    main()
