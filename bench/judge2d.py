"""How good a 2D classification of bench/ribosome.py's particles is, against the truth that only the simulation knows.

python bench/judge2d.py FOLDER-OF-PARTICLES DATA.star [CLASSES.mrcs] [--against DATA.star CLASSES.mrcs] [--oracle] [--each]
    [--picture PNG]

With the averages: their Fourier ring correlation with true projections, and with --against the other run's beside it, shell by
shell. --oracle does so with averages by k-means of the true views, at the true angles and shifts of the same images. --picture
draws the averages, largest class first, with the projections below them; --each prints a line for each class in that order.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from class_frc import Compared, Specimen, compared, resolution_A, true_average
from class_sheet import picture
from class_views import Floats, Integers, in_plane_errors, in_plane_spread, mirrored, perfect, spread, turns_of
from vitreous.files import mrc, star
from vitreous.tables.table import Table


@dataclass(frozen=True)
class Verdict:
    """Spreads in degrees (folded, not, of perfect and of random classes), the share of mirror images, how full classes are."""

    folded: float
    whole: float
    mirrored: float
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
            f"view spread {self.folded:.1f} degrees folded (perfect {self.perfect:.1f}, random {self.random:.1f}: "
            f"{self.relative:.3f}), {self.whole:.1f} unfolded, {100 * self.mirrored:.0f} % mirrored; "
            f"classes of {100 * self.smallest:.1f} to {100 * self.largest:.1f} %, {self.empty} empty"
        )


def judged(views: Floats, classes: Integers, count: int) -> Verdict:
    """The verdict on class numbers from 0 of `count` classes."""
    occupancy = np.bincount(classes, minlength=count) / len(classes)
    shuffled = np.random.default_rng(0).permutation(classes)
    return Verdict(
        folded=spread(views, classes, folded=True),
        whole=spread(views, classes, folded=False),
        mirrored=mirrored(views, classes),
        perfect=spread(views, perfect(views, count), folded=True),
        random=spread(views, shuffled, folded=True),
        largest=float(occupancy.max()),
        smallest=float(occupancy.min()),
        empty=int((occupancy < 0.1 / count).sum()),
    )


@dataclass(frozen=True)
class Run:
    """What a classification found, and the truth in the same order. averages (k, box, box), or None if not given."""

    truth: Table
    turns: Floats
    classes: Integers
    psi_deg: Floats
    averages: NDArray[np.float32] | None

    @classmethod
    def read(cls, particles: Path, data: Path, classes: Path | None) -> "Run":
        """A run by its data.star and classes.mrcs."""
        truth = star.read_table(particles / "truth.star", "particles")
        found = star.read_table(data, "particles")
        truth = truth.select(np.array([int(name.split("@")[0]) - 1 for name in found["image"]]))
        turns = turns_of(truth["rot_deg"], truth["tilt_deg"], truth["psi_deg"])
        averages = mrc.read_stack(classes)[0] if classes else None
        return cls(truth, turns, np.asarray(found["class_number"], int) - 1, found["psi_deg"], averages)

    @property
    def count(self) -> int:
        """How many classes there are, empty ones included where the averages say so."""
        return int(self.classes.max()) + 1 if self.averages is None else len(self.averages)

    def verdict(self) -> Verdict:
        """How the classes hold the views."""
        return judged(self.turns[:, 2], self.classes, self.count)

    def angles(self) -> str:
        """In-plane consistency, in words."""
        psi = np.random.default_rng(0).permutation(self.psi_deg)
        mine, random = (in_plane_spread(self.turns, self.classes, angles) for angles in (self.psi_deg, psi))
        return f"in-plane angles of a class agree within {mine:.1f} degrees (random {random:.1f})"

    def each(self, found: Compared, specimen: Specimen) -> str:
        """A line for each class that is not empty, largest first: share, views, mirror images, in-plane angles, FRC 0.5."""
        errors, lines = in_plane_errors(self.turns, self.classes, self.psi_deg), []
        for k in np.argsort(-found.shares)[: np.count_nonzero(found.shares)]:
            mine = self.classes == k
            views, one = self.turns[mine, 2], np.zeros(mine.sum(), int)
            reached = resolution_A(found.curves[k], specimen.box, specimen.pixel_A)
            lines.append(
                f"class {k + 1:3d} {100 * found.shares[k]:5.1f} %  views {spread(views, one, folded=True):5.1f}  "
                f"mirrored {100 * mirrored(views, one):3.0f} %  in-plane {np.median(errors[mine]):5.1f}  "
                f"FRC 0.5 at {reached:5.1f} Å"
            )
        return "\n".join(lines)

    def compared(self, folder: Path) -> Compared:
        """The averages beside true projections."""
        if self.averages is None:
            raise SystemExit("the stack of class averages is needed for Fourier ring correlation")
        return compared(self.averages, self.turns[:, 2], self.classes, Specimen.of(folder))


def oracle(run: Run, folder: Path) -> Run:
    """The run that knows the truth: k-means of the true views, images averaged at their true angles and shifts."""
    classes = perfect(run.turns[:, 2], run.count)
    rows = [np.flatnonzero(classes == k) for k in range(run.count)]
    box = Specimen.of(folder).box
    averages = [true_average(run.turns[mine], run.truth.select(mine)) if len(mine) else np.zeros((box, box)) for mine in rows]
    return Run(run.truth, run.turns, classes, run.truth["psi_deg"], np.array(averages, np.float32))


def table(named: dict[str, Floats], specimen: Specimen) -> str:
    """Curves side by side, a row a shell, up to where all have fallen to a tenth."""
    last = max(int(np.flatnonzero(curve > 0.1).max(initial=1)) for curve in named.values())
    lines = ["shell    Å  " + "  ".join(f"{name:>8s}" for name in named)]
    for shell in range(1, min(last + 2, specimen.box // 2)):
        spacing = specimen.box * specimen.pixel_A / shell
        lines.append(f"{shell:5d} {spacing:5.1f}  " + "  ".join(f"{curve[shell]:8.3f}" for curve in named.values()))
    reached = (f"{name} {resolution_A(curve, specimen.box, specimen.pixel_A):.1f} Å" for name, curve in named.items())
    return "\n".join([*lines, "FRC 0.5: " + ", ".join(reached)])


def worse_shells(mine: Floats, other: Floats, *, by: float = 0.01) -> list[int]:
    """Shells where a curve lies below another by more than `by`, as far as the other is above a tenth."""
    return [int(shell) for shell in range(1, len(mine)) if other[shell] > 0.1 and mine[shell] < other[shell] - by]


def sheet(path: Path, averages: NDArray[np.float32], beside: Compared) -> None:
    """Rows of averages, largest class first, each above a row of their projections."""
    order, across = np.argsort(-beside.shares), min(10, len(averages))
    rows = [order[start : start + across] for start in range(0, len(order), across)]
    picture(path, np.concatenate([images[row] for row in rows for images in (averages, beside.projections)]), columns=across)


def main() -> None:
    """Judge a run."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("particles", type=Path)
    ask.add_argument("data", type=Path)
    ask.add_argument("classes", type=Path, nargs="?")
    ask.add_argument("--against", type=Path, nargs=2, metavar=("DATA", "CLASSES"))
    ask.add_argument("--oracle", action="store_true")
    ask.add_argument("--each", action="store_true")
    ask.add_argument("--picture", type=Path)
    given = ask.parse_args()
    run = Run.read(given.particles, given.data, given.classes)
    print(f"{run.verdict()}\n{run.angles()}")
    if run.averages is None:
        return
    named = {"this": run.compared(given.particles)}
    if given.against:
        named["other"] = Run.read(given.particles, *given.against).compared(given.particles)
    if given.oracle:
        named["oracle"] = oracle(run, given.particles).compared(given.particles)
    if given.each:
        print(run.each(named["this"], Specimen.of(given.particles)))
    if given.picture:
        sheet(given.picture, run.averages, named["this"])
    print(table({name: one.mean for name, one in named.items()}, Specimen.of(given.particles)))
    if given.against:
        print("worse than the other by more than 0.01 at shells", worse_shells(named["this"].mean, named["other"].mean) or "none")


if __name__ == "__main__":
    main()
