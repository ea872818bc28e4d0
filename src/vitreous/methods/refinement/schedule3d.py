"""How each round of a 3D refinement looks for poses, and what ends each stage: coarse, global, local, last.

Coarse and global rounds search all views; local ones climb from the last poses. There is no angular step, so changes of
poses are counted against the accuracy that the images allow (Scheres 2012).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.resolution import Convergence

TOLD_APART = -2.0 * np.log(0.01)  # twice the loss of log-likelihood at which a pose is a hundred times less likely
SETTLED = 0.1  # of the accuracy: median changes below it are no longer worth a round; on real data they fall slowly
MOST_GLOBAL = 4
MOST_LOCAL_WITHOUT_GAIN = 3
FEW = 0.03  # of the images brought to another view by a second look: the search has found what it can
STILL_FINDING_DEG = 15.0  # median turn in a global round from which on most poses are new, and another one is worth it
WORST_DEG, WORST_PX = 30.0, 10.0


@dataclass(frozen=True)
class Accuracy:
    """The errors of angle (degrees) and origin (px) that the images tell from the right pose."""

    turn_deg: float
    move_px: float


def accuracy(modes: Modes) -> Accuracy:
    """By the information at the best modes: the mean over images and axes, at most 30 degrees and 10 px."""
    best = modes.posterior().argmax(1)
    information = modes.information[np.arange(len(best)), best]
    along = np.maximum(np.diagonal(information, axis1=1, axis2=2), 1e-12)
    error: NDArray[np.float64] = np.sqrt(TOLD_APART / along)
    turn = np.minimum(np.degrees(error[:, :3]), WORST_DEG)
    move = np.minimum(error[:, 3:], WORST_PX)
    return Accuracy(float(turn.mean()) if len(turn) else WORST_DEG, float(move.mean()) if len(move) else WORST_PX)


def settled(at: Convergence, fine: Accuracy) -> bool:
    """Whether poses changed by less than matters."""
    return at.turn_deg < SETTLED * fine.turn_deg and at.move_px < SETTLED * fine.move_px


def following(
    stage: str, at: Convergence, *, global_rounds: int, fine: Accuracy, moved_share: float, by_resolution: bool
) -> tuple[str, Convergence]:
    """The next round's stage and the counters it begins with, after a round of this stage.

    moved_share: of the images that a second look brought elsewhere; by_resolution: changes of poses are not waited for.
    """
    if stage == "coarse":
        return "global", at
    if stage == "global":
        found = moved_share <= FEW and at.turn_deg < STILL_FINDING_DEG
        enough = found or (at.no_gain >= 1 and global_rounds >= 2) or global_rounds >= MOST_GLOBAL
        return ("local", replace(at, no_gain=0, no_change=0)) if enough or by_resolution else ("global", at)
    quiet = by_resolution or settled(at, fine)
    if stage == "local" and ((at.no_gain >= 1 and quiet) or at.no_gain >= MOST_LOCAL_WITHOUT_GAIN):
        return "last", at
    return stage, at
