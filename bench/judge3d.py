"""A refined or first map judged by the truth: its FSC with the true map, its poses' angular and shift errors.

python bench/judge3d.py FOLDER --map run_class001.mrc [--data run_data.star] [--symmetry C1] [--truth truth_1.mrc]
    [--either-hand]

FOLDER is one of ribosome.py's. The map is first brought to the truth's frame: by the turn that poses have in common (where there
is a --data), else by a search over all turns at 30 Å; both are polished by the correlation of the maps. --either-hand tries the
mirror image too. FSCs are under a soft sphere of the specimen's diameter. Numpy and scipy only: nothing that is judged is used.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from class_views import Floats, turns_of
from specimens import DIAMETER_A, operators
from vitreous.files import mrc, star
from vitreous.tables.table import Table

Volume = NDArray[np.float32]
MIRROR = np.diag([1.0, 1.0, -1.0])
COARSE_A, FINE_A, EDGE_PX = 30.0, 12.0, 5.0


@dataclass(frozen=True)
class Judged:
    """FSC with the truth by shell, and the poses' errors (nan without poses)."""

    curve: Floats
    length_A: float
    angle_deg: Floats
    shift_A: Floats
    mirrored: bool

    def resolution_A(self, threshold: float) -> float:
        """Length over the last shell before the curve falls below the threshold, read between shells."""
        below = np.flatnonzero(self.curve[1:] < threshold)
        if not len(below):
            return self.length_A / (len(self.curve) - 1)
        shell = int(below[0]) + 1
        high, low = self.curve[shell - 1], self.curve[shell]
        return float(self.length_A / max(shell - 1 + (high - threshold) / max(high - low, 1e-9), 1e-3))

    def __str__(self) -> str:
        poses = ""
        if len(self.angle_deg):
            poses = (
                f"; angle {np.median(self.angle_deg):.2f}° in the median ({np.mean(self.angle_deg < 10):.3f} within 10°), "
                f"shift {np.median(self.shift_A):.2f} Å"
            )
        hand = ", mirrored" if self.mirrored else ""
        return f"FSC with the truth 0.5 at {self.resolution_A(0.5):.2f} Å, 0.143 at {self.resolution_A(0.143):.2f} Å{hand}{poses}"


def mates(group: str) -> Floats:
    """The operators of C1, Cn, D2 or O."""
    if group in ("D2", "O"):
        return operators(group)
    turns = 360.0 / int(group[1:]) * np.arange(int(group[1:]))
    made: Floats = Rotation.from_euler("z", turns, degrees=True).as_matrix().reshape(-1, 3, 3)
    return made


def angles_apart(first: Floats, second: Floats, group: str) -> Floats:
    """Degrees between turns (n, 3, 3), the nearest mate counted."""
    traces = np.stack([np.einsum("nij,nij->n", first, second @ mate) for mate in mates(group)])
    return np.asarray(np.degrees(np.arccos(np.clip((traces.max(0) - 1) / 2, -1, 1))))


def common_turn(found: Floats, true: Floats, group: str, seed: int = 0) -> Floats:
    """The turn Q (3, 3) with found = true Q^T for as many poses as can be: the best of pairs, then the mean of those near it."""
    generator = np.random.default_rng(seed)
    few = generator.permutation(len(found))[:400]
    best, least = np.eye(3), 400.0
    for i in few[:100]:
        for mate in mates(group):
            turn = (true[i] @ mate).T @ found[i]
            error = float(np.median(angles_apart(found[few], true[few] @ turn, group)))
            if error < least:
                best, least = turn.T, error
    for _ in range(3):
        nearest = [np.argmax([np.sum(f * (t @ mate @ best.T)) for mate in mates(group)]) for f, t in zip(found, true)]
        relative = np.stack([(t @ mates(group)[m]).T @ f for f, t, m in zip(found, true, nearest)])
        apart = np.degrees(np.arccos(np.clip((np.einsum("nij,ij->n", relative, best.T) - 1) / 2, -1, 1)))
        best = Rotation.from_matrix(relative[apart < max(10.0, 1.5 * least)]).mean().as_matrix().T if least < 60 else best
    return best


def turned(volume: Volume, turn: Floats, move_px: Floats | None = None) -> Volume:
    """The map r -> V(turn^T (r - move)) about voxel N//2, in x, y, z order."""
    centre = np.full(3, volume.shape[0] // 2, float)
    matrix = turn.T[::-1, ::-1]
    move = np.zeros(3) if move_px is None else np.asarray(move_px)[::-1]
    return np.asarray(affine_transform(volume, matrix, centre - matrix @ (centre + move), order=3), np.float32)


def mirror(volume: Volume) -> Volume:
    """The map with z turned round about its centre voxel."""
    return np.roll(volume[::-1], 1 - volume.shape[0] % 2, 0)


def shells(box: int) -> NDArray[np.int64]:
    """Shell of each term of a half transform."""
    at = np.fft.fftfreq(box, 1 / box)
    return np.rint(np.sqrt(at[:, None, None] ** 2 + at[:, None] ** 2 + np.arange(box // 2 + 1) ** 2)).astype(np.int64)


def fsc(first: Volume, second: Volume) -> Floats:
    """FSC by shell 0..N//2 of two maps."""
    box = first.shape[0]
    one, two, shell = np.fft.rfftn(first), np.fft.rfftn(second), shells(box).ravel()
    sums = [np.bincount(shell, v.ravel(), box)[: box // 2 + 1] for v in ((one * two.conj()).real, abs(one) ** 2, abs(two) ** 2)]
    return np.asarray(sums[0] / np.sqrt(np.maximum(sums[1] * sums[2], 1e-30)))


def sphere(box: int, radius_px: float) -> Volume:
    """A soft ball."""
    at = np.arange(box) - box // 2
    r = np.sqrt(at[:, None, None] ** 2 + at[:, None] ** 2 + at**2)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.clip((r - radius_px) / EDGE_PX, 0, 1)), np.float32)


def small(volume: Volume, pixel_A: float, to_A: float) -> Volume:
    """The map low-passed to a resolution on a grid just fine enough for it, scaled to unit length."""
    box = volume.shape[0]
    keep = min(box, 2 * int(np.ceil(1.2 * box * pixel_A / to_A)))
    centred = np.fft.fftshift(np.fft.fftn(np.fft.ifftshift(volume)))
    cut = slice(box // 2 - keep // 2, box // 2 - keep // 2 + keep)
    at = np.arange(keep) - keep // 2
    inside = np.sqrt(at[:, None, None] ** 2 + at[:, None] ** 2 + at**2) <= box * pixel_A / to_A
    made = np.fft.fftshift(np.fft.ifftn(np.fft.ifftshift(centred[cut, cut, cut] * inside))).real
    return np.asarray(made / np.linalg.norm(made), np.float32)


def searched(volume: Volume, truth: Volume, pixel_A: float) -> tuple[Floats, float]:
    """The turn that brings a map nearest to the truth at 30 Å, of all turns in steps of some 15 degrees; its correlation."""
    one, two = small(volume, pixel_A, COARSE_A), small(truth, pixel_A, COARSE_A)
    tries = Rotation.random(3000, random_state=0).as_matrix()
    score = [float(np.vdot(turned(one, turn), two)) for turn in tries]
    finals = [polished(one, two, tries[i]) for i in np.argsort(score)[-4:]]
    matches = [float(np.vdot(turned(one, *final), two)) for final in finals]
    return finals[int(np.argmax(matches))][0], max(matches)


def polished(volume: Volume, truth: Volume, turn: Floats) -> tuple[Floats, Floats]:
    """The turn and the move (px) near a turn that make the maps' correlation highest."""

    def worth(x: Floats) -> float:
        there = Rotation.from_rotvec(np.radians(x[:3])).as_matrix() @ turn
        return -float(np.vdot(turned(volume, there, x[3:]), truth))

    found = minimize(worth, np.zeros(6), method="Powell", options={"maxfev": 500, "xtol": 1e-2, "ftol": 1e-6}).x
    return Rotation.from_rotvec(np.radians(found[:3])).as_matrix() @ turn, found[3:]


def judged(
    volume: Volume, truth: Volume, *, pixel_A: float, group: str, found: Table | None, true: Table, either_hand: bool
) -> Judged:
    """Bring a map to the truth's frame and compare."""
    poses = None if found is None else (turns_in(found), turns_in(true))
    best: tuple[float, Volume, Floats, bool] | None = None
    for flip in (False, True) if either_hand else (False,):
        map_here = mirror(volume) if flip else volume
        if poses is None:
            turn, _ = searched(map_here, truth, pixel_A)
        else:
            mine = MIRROR @ poses[0] @ MIRROR if flip else poses[0]
            turn = common_turn(mine, poses[1], group).T
        fine = FINE_A if poses is not None else COARSE_A
        shrunk = small(map_here, pixel_A, fine)
        turn, move = polished(shrunk, small(truth, pixel_A, fine), turn)
        moved = turned(map_here, turn, move * len(volume) / len(shrunk))
        match = float(np.vdot(small(moved, pixel_A, COARSE_A), small(truth, pixel_A, COARSE_A)))
        if best is None or match > best[0]:
            best = (match, moved, turn, flip)
    assert best is not None
    _, moved, turn, flip = best
    ball = sphere(len(truth), DIAMETER_A / pixel_A / 2)
    angle, shift = np.zeros(0), np.zeros(0)
    if poses is not None and found is not None:
        mine = MIRROR @ poses[0] @ MIRROR if flip else poses[0]
        angle = angles_apart(mine @ turn.T, poses[1], group)
        origins = [np.stack([np.asarray(t[f"origin_{axis}_A"], float) for axis in "xy"], 1) for t in (found, true)]
        shift = np.linalg.norm(origins[0] - origins[1], axis=1)
    return Judged(fsc(moved * ball, truth * ball), len(truth) * pixel_A, angle, shift, flip)


def turns_in(table: Table) -> Floats:
    """Turns (n, 3, 3) of a table's angles."""
    return turns_of(*(np.asarray(table[name], float) for name in ("rot_deg", "tilt_deg", "psi_deg")))


def same_order(found: Table, true: Table) -> Table:
    """The rows of the truth that a table has, in the table's order, by the image's number in the stack."""
    place = {str(name).split("@")[0].lstrip("0"): row for row, name in enumerate(true["image"])}
    return true.select(np.array([place[str(name).split("@")[0].lstrip("0")] for name in found["image"]]))


def judge(folder: Path, map_path: Path, data: Path | None, *, group: str, truth: str, either_hand: bool = False) -> Judged:
    """judged() on files."""
    true = star.read_table(folder / "truth.star", "particles")
    found = None if data is None else star.read_table(data, "particles")
    volume, pixel_A = mrc.read_volume(map_path)
    known, true_pixel_A = mrc.read_volume(folder / truth)
    assert volume.shape == known.shape and abs(pixel_A - true_pixel_A) < 1e-3 * true_pixel_A
    ordered = true if found is None else same_order(found, true)
    return judged(volume, known, pixel_A=true_pixel_A, group=group, found=found, true=ordered, either_hand=either_hand)


def main() -> None:
    """Print one line."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--map", type=Path, required=True)
    ask.add_argument("--data", type=Path)
    ask.add_argument("--symmetry", default="C1")
    ask.add_argument("--truth", default="truth_1.mrc")
    ask.add_argument("--either-hand", action="store_true")
    said = ask.parse_args()
    print(judge(said.folder, said.map, said.data, group=said.symmetry, truth=said.truth, either_hand=said.either_hand))


if __name__ == "__main__":
    main()
