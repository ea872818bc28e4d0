"""The verdict of the demonstration: the refined poses and the sharpened map against the simulated truth."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from vitreous.demo import keys, truth
from vitreous.demo.steps import Session
from vitreous.files import mrc, star
from vitreous.maths import masks, rotations, shells, symmetry
from vitreous.maths.fourier import resize3, rfft3
from vitreous.project.project import Project
from vitreous.tables.table import Table

MATCH_RADIUS_A = 40.0


@dataclass(frozen=True)
class Verdict:
    """What the page shows of the comparison with the truth."""

    curve: NDArray[np.float64]
    voxel_size_A: float
    resolution_A: float
    frame: truth.Frame
    matched: int
    volume: NDArray[np.float32]
    true_volume: NDArray[np.float32]
    mask: NDArray[np.float32]

    @property
    def sentence(self) -> str:
        """The verdict in one line."""
        hand = "mirrored (projections cannot tell)" if self.frame.mirrored else "right"
        return f"FSC 0.5 at {self.resolution_A:.1f} Å, median pose error {self.frame.median_error_deg:.1f}°, hand {hand}"


def judge(project: Project, session: Session) -> Verdict:
    """Compare the refined particles and the sharpened map with what was simulated."""
    refined, sharpened = Path(project.find("refined")), Path(project.find("sharpened"))
    found = star.read_table(f"{keys.last_root(refined)}_data.star", "particles")
    known = star.read_table(Path(session.folder) / "particles_truth.star", "particles")
    radius = MATCH_RADIUS_A / session.settings.camera.pixel_size_A
    ours, theirs = truth.match(found, known, radius_px=radius)
    operators = symmetry.operators(session.settings.specimen.symmetry).numpy()
    frame = truth.find_frame(poses_of(found)[ours], poses_of(known)[theirs], operators)
    volume, voxel = mrc.read_volume(sharpened / "postprocess.mrc")
    true_volume = _true_map(session, volume.shape[0], voxel)
    aligned = truth.shifted_onto(truth.into_truth_frame(volume, frame), true_volume)
    mask = _mask_of(true_volume, voxel)
    curve = shells.fsc(*(rfft3(torch.from_numpy((v * mask).astype(np.float32))) for v in (aligned, true_volume)))
    resolution = shells.resolution_at(curve, 0.5, volume.shape[0], voxel)
    return Verdict(curve.numpy(), voxel, resolution, frame, len(ours), aligned, true_volume, mask)


def poses_of(table: Table) -> NDArray[np.float64]:
    """Rotation matrices (n, 3, 3) of a table's Euler angles."""
    angles = (torch.from_numpy(table[name].astype(np.float64)) for name in ("rot_deg", "tilt_deg", "psi_deg"))
    return np.asarray(rotations.from_euler(*angles).numpy(), np.float64)


def _true_map(session: Session, box: int, voxel_size_A: float) -> NDArray[np.float32]:
    """The simulated map on the grid of the result (their boxes span the same length)."""
    volume, voxel = mrc.read_volume(Path(session.folder) / "true_map.mrc")
    if abs(volume.shape[0] * voxel - box * voxel_size_A) > 0.01 * box * voxel_size_A:
        raise ValueError(f"the true map spans {volume.shape[0] * voxel:.1f} Å, the result {box * voxel_size_A:.1f} Å")
    return np.asarray(resize3(torch.from_numpy(volume), box).numpy(), np.float32)


def _mask_of(volume: NDArray[np.float32], voxel_size_A: float) -> NDArray[np.float32]:
    """A soft mask about the true particle: density above a tenth of its peak at 12 Å, widened by 6 Å, edge of 8 Å."""
    smooth = ndimage.gaussian_filter(volume, 12.0 / 4 / voxel_size_A)
    inside = torch.from_numpy(smooth > 0.1 * smooth.max())
    return np.asarray(masks.soft_edge(inside, 6.0 / voxel_size_A, 8.0 / voxel_size_A).numpy(), np.float32)
