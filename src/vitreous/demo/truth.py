"""How far a result is from the simulated truth: match particles, find the frame of the map, compare poses and maps."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from vitreous.maths.rotations import distance_deg, mean_rotation
from vitreous.tables.table import Table

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """The frame in which a map was found: turn (3, 3) takes the truth's frame to the map's; mirrored if the hand is wrong."""

    turn: Array
    mirrored: bool
    median_error_deg: float
    errors_deg: Array


def match(found: Table, truth: Table, *, radius_px: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of rows (found, truth): the nearest true particle of the same micrograph within radius_px, each used once.

    Micrographs are tied by the file name without folder and extension.
    """
    stem = [name.rsplit("/", 1)[-1].split(".")[0] for name in truth["micrograph"]]
    places = Table({"stem": np.array(stem, dtype=object)}).split_by("stem")
    ours = Table({"stem": np.array([n.rsplit("/", 1)[-1].split(".")[0] for n in found["micrograph"]], dtype=object)})
    pairs: list[tuple[int, int]] = []
    for name, rows in ours.split_by("stem").items():
        if name not in places:
            continue
        known = places[name]
        tree = cKDTree(np.stack([truth["x_px"][known], truth["y_px"][known]], 1).astype(float))
        distance, nearest = tree.query(np.stack([found["x_px"][rows], found["y_px"][rows]], 1).astype(float))
        taken: set[int] = set()
        for i in np.argsort(distance):
            if distance[i] <= radius_px and nearest[i] not in taken:
                taken.add(int(nearest[i]))
                pairs.append((int(rows[i]), int(known[nearest[i]])))
    both = np.array(sorted(pairs), dtype=np.intp).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def mirrored_poses(poses: Array) -> Array:
    """Poses (n, 3, 3) of the inverted map V(-r) that give the same images: (rot, tilt, psi + 180)."""
    return np.diag([-1.0, -1.0, 1.0]) @ poses


def find_frame(found: Array, true: Array, operators: Array, *, trials: int = 60) -> Frame:
    """The turn and hand of the map that `found` poses (n, 3, 3) refer to, given the true ones and the symmetry (m, 3, 3).

    A map turned by Q, V'(r) = V(Q^T r), has the poses A Q^T. Each of some particles proposes Q, which is averaged over the
    particles near it; the proposal with the smallest median error over all particles, modulo symmetry, wins, for both hands.
    """
    best = Frame(np.eye(3), False, 180.0, np.full(len(found), 180.0))
    tries = np.linspace(0, len(found) - 1, min(trials, len(found))).astype(int)
    for mirrored in (False, True):
        poses = mirrored_poses(found) if mirrored else found
        for i in tries:
            turn = _averaged(poses[i].T @ true[i], poses, true, operators)
            errors = pose_errors_deg(poses @ turn, true, operators)
            if np.median(errors) < best.median_error_deg:
                best = Frame(turn, mirrored, float(np.median(errors)), errors)
    return best


def _averaged(turn: Array, poses: Array, true: Array, operators: Array) -> Array:
    """The mean of all particles' own turns that lie within 15 degrees of the proposal."""
    mates = np.einsum("nij,mjk->nmik", true, operators)
    traces = np.einsum("nij,nmij->nm", poses @ turn, mates)
    nearest = mates[np.arange(len(true)), traces.argmax(1)]
    close = traces.max(1) > 1 + 2 * np.cos(np.radians(15))
    if close.sum() < 3:
        return turn
    own = np.einsum("nji,njk->nik", poses[close], nearest[close])
    return np.asarray(mean_rotation(torch.from_numpy(own)).numpy())


def pose_errors_deg(poses: Array, true: Array, operators: Array) -> Array:
    """Angles (n,) between poses and the nearest symmetry mate A R_j of the true ones, in degrees."""
    return np.asarray(distance_deg(*(torch.from_numpy(np.ascontiguousarray(m)) for m in (poses, true, operators))).numpy())


def into_truth_frame(volume: NDArray[np.float32], frame: Frame) -> NDArray[np.float32]:
    """The map (z, y, x) turned and, if need be, inverted into the truth's frame, about the centre voxel N//2 (cubic spline)."""
    size = volume.shape[0]
    if frame.mirrored:
        volume = np.roll(volume[::-1, ::-1, ::-1], 1 - size % 2, axis=(0, 1, 2))
    centre = np.full(3, size // 2)
    matrix = frame.turn[::-1, ::-1]
    return np.asarray(ndimage.affine_transform(volume, matrix, centre - matrix @ centre, order=3), dtype=np.float32)


def shifted_onto(volume: NDArray[np.float32], truth: NDArray[np.float32]) -> NDArray[np.float32]:
    """The map moved by the sub-voxel shift at which it correlates best with the truth."""
    cross = np.fft.ifftn(np.fft.fftn(truth) * np.conj(np.fft.fftn(volume))).real
    peak = np.unravel_index(int(cross.argmax()), cross.shape)
    shift = []
    for axis, p in enumerate(peak):
        n = cross.shape[axis]
        line = [cross[tuple((q + (d if a == axis else 0)) % n for a, q in enumerate(peak))] for d in (-1, 0, 1)]
        bend = line[0] + line[2] - 2 * line[1]
        shift.append((p + n // 2) % n - n // 2 + (0.5 * (line[0] - line[2]) / bend if bend else 0.0))
    frequencies = np.meshgrid(*[np.fft.fftfreq(n) for n in volume.shape], indexing="ij")
    phase = np.exp(-2j * np.pi * sum(f * s for f, s in zip(frequencies, shift)))
    return np.asarray(np.fft.ifftn(np.fft.fftn(volume) * phase).real, dtype=np.float32)
