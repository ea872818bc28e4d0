"""Continuous refinement of poses: Gauss-Newton with damping on the exact Cartesian log-likelihood, one image after another.

Starts from any number of modes an image; each keeps its own optimum, its log-likelihood and the log-determinant of its
information matrix, so that modes are weighed against each other by their mass (Laplace) and not by their height alone.
"""

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import special

from vitreous.maths.conventions import PADDING
from vitreous.methods.refinement.slices import evaluate

ALONE = np.eye(3)[None]  # the operators of C1
NEAR_DEG, NEAR_PX = 1.5, 0.7  # modes nearer to each other in a rough climb end at one place
_jit: Any = numba.njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True)
class Modes:
    """Poses of n images, m modes each: rotations (n, m, 3, 3), origins (n, m, 2) px, log_likelihood (n, m) (-inf: no mode).

    information (n, m, 5, 5) is the Gauss-Newton Hessian of (turn in rad about the image's x, y, z; origin x, y in px).
    """

    rotations: NDArray[np.float64]
    origins: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    information: NDArray[np.float64]

    def scores(self) -> NDArray[np.float64]:
        """Log of each mode's mass (n, m): its likelihood times its volume (Laplace), up to a constant; -inf: no mode."""
        there = self.log_likelihood > -np.inf
        _, log_det = np.linalg.slogdet(np.where(there[..., None, None], self.information, 0.0) + 1e-6 * np.eye(5))
        scores: NDArray[np.float64] = np.where(there, self.log_likelihood - 0.5 * log_det, -np.inf)
        return scores

    def log_mass(self) -> NDArray[np.float64]:
        """Log of the mass of all modes of each image (n,)."""
        mass: NDArray[np.float64] = special.logsumexp(self.scores(), axis=1)
        return mass

    def posterior(self) -> NDArray[np.float64]:
        """Weights (n, m) of the modes, summing to one."""
        weights: NDArray[np.float64] = special.softmax(self.scores(), axis=1)
        return weights

    def distinct(self, *, nearer_deg: float, nearer_px: float, operators: NDArray[np.float64] = ALONE) -> "Modes":
        """The same, best first, with modes that came to rest at a better one's place taken out (log_likelihood -inf).

        A place is the same at all mates: operators (o, 3, 3) of the point group, on the right of a rotation.
        """
        rows = np.arange(len(self.log_likelihood))[:, None]
        order = np.argsort(-self.log_likelihood, axis=1, kind="stable")
        turned, origins = self.rotations[rows, order], self.origins[rows, order]
        score = self.log_likelihood[rows, order].copy()
        least = 1.0 + 2.0 * np.cos(np.radians(nearer_deg))
        for later in range(1, score.shape[1]):
            mates = turned[:, later, None] @ operators
            for earlier in range(later):
                trace = np.einsum("noij,nij->no", mates, turned[:, earlier]).max(1)
                apart = np.linalg.norm(origins[:, later] - origins[:, earlier], axis=1)
                same = (trace > least) & (apart < nearer_px) & (score[:, earlier] > -np.inf)
                score[same, later] = -np.inf
        return Modes(turned, origins, score, self.information[rows, order])

    def select(self, which: NDArray[Any]) -> "Modes":
        """The modes of these images."""
        return Modes(self.rotations[which], self.origins[which], self.log_likelihood[which], self.information[which])


@_jit
def _turned(rotation, w):  # type: ignore[no-untyped-def]
    """exp([w]x) applied on the left of a rotation (Rodrigues)."""
    angle = np.sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2])
    k = np.zeros((3, 3))
    k[0, 1], k[0, 2], k[1, 2] = -w[2], w[1], -w[0]
    k[1, 0], k[2, 0], k[2, 1] = w[2], -w[1], w[0]
    if angle < 1e-12:
        return rotation.copy()
    step = np.eye(3) + np.sin(angle) / angle * k + (1.0 - np.cos(angle)) / (angle * angle) * (k @ k)
    return step @ rotation


@_jit
def _climb(image, ctf, weight, view, rotation, origin, limits, gradient, hessian):  # type: ignore[no-untyped-def]
    """Climb from one pose, in place; limits = [rounds, largest turn rad, largest move px, sigma of origins px, tolerance]."""
    prior = 1.0 / (limits[3] * limits[3])
    score = evaluate(image, ctf, weight, view, rotation, origin, gradient, hessian)
    score -= 0.5 * prior * (origin[0] ** 2 + origin[1] ** 2)
    trial_gradient = np.empty(5)
    trial_hessian = np.empty((5, 5))
    damping = 1e-2
    for _ in range(int(limits[0])):
        lhs = hessian.copy()
        rhs = gradient.copy()
        for i in range(2):
            lhs[3 + i, 3 + i] += prior
            rhs[3 + i] -= prior * origin[i]
        for i in range(5):
            lhs[i, i] += damping * lhs[i, i] + 1e-12
        move = np.linalg.solve(lhs, rhs)
        turn = np.sqrt(move[0] ** 2 + move[1] ** 2 + move[2] ** 2)
        shift = np.sqrt(move[3] ** 2 + move[4] ** 2)
        shrink = max(1.0, turn / limits[1], shift / limits[2])
        move /= shrink
        # What a step should gain tells when to stop; a small gain after a step that failed does not, and hangs on roundings.
        if np.sum(move * (rhs - 0.5 * (lhs @ move))) < limits[4]:
            break
        there = _turned(rotation, move[:3])
        moved = origin + move[3:]
        new = evaluate(image, ctf, weight, view, there, moved, trial_gradient, trial_hessian)
        new -= 0.5 * prior * (moved[0] ** 2 + moved[1] ** 2)
        if new > score:
            score = new
            rotation[:] = there
            origin[:] = moved
            gradient[:] = trial_gradient
            hessian[:] = trial_hessian
            damping = max(1e-4, damping * 0.2)
        else:
            damping = max(damping, 1e-2) * 10.0
            if damping > 1e4 or (turn < 1e-4 and shift < 1e-3):
                break
    return score


@_jit
def _thin(scores, known, rotations, origins, near):  # type: ignore[no-untyped-def]
    """Give up modes of one image (m,): those near[0] below the best, and of two nearer than near[1:] (trace, px) the worse."""
    best = scores.max()
    for m in range(len(scores)):
        if scores[m] < best - near[0]:
            scores[m] = -np.inf
        for k in range(m):
            if scores[m] == -np.inf or scores[k] == -np.inf:
                continue
            apart = np.sqrt((origins[m, 0] - origins[k, 0]) ** 2 + (origins[m, 1] - origins[k, 1]) ** 2)
            if apart < near[2] and np.sum(rotations[m] * rotations[k]) > near[1]:
                # Modes that were climbed before stand still here, so that the others are ahead of them by a little.
                scores[m if scores[k] + (1.0 if known[k] else 0.0) >= scores[m] + (1.0 if known[m] else 0.0) else k] = -np.inf


@_jit
def _climb_all(images, ctfs, weights, groups, view, poses, limits, stages, near):  # type: ignore[no-untyped-def]
    """Climb from every mode at the first stages[0] pixels, then at more; those of known information move at the last only."""
    rotations, origins, scores, hessians = poses
    pixels, cube, padding, box = view
    gradient = np.empty(5)
    rough, still = limits.copy(), limits.copy()
    rough[0], rough[4] = min(limits[0], 4.0), 5.0 * limits[4]
    still[0] = 0.0
    for i in range(images.shape[0]):
        weight = weights[groups[i]]
        known = hessians[i, :, 0, 0] > 0.0
        for s in range(len(stages)):
            n = stages[s]
            here = (pixels[:n], cube, padding, box)
            last = s == len(stages) - 1
            for m in range(rotations.shape[1]):
                if scores[i, m] == -np.inf:
                    hessians[i, m] = np.eye(5)
                    continue
                how = limits if last else (still if known[m] else rough)
                scores[i, m] = _climb(
                    images[i, :n], ctfs[i, :n], weight[:n], here, rotations[i, m], origins[i, m], how, gradient, hessians[i, m]
                )
            if not last:
                _thin(scores[i], known, rotations[i], origins[i], near)


@dataclass(frozen=True)
class Climb:
    """How far a pose may go in images of a box: rounds, largest steps (rad, px), spread of origins, least gain hoped for.

    rough: counts of pixels (a lower resolution) climbed first, rising; after each, modes `depth` below an image's best in
    log-likelihood are given up, and those that came to a better one's place. Modes that bring an information matrix were
    climbed before and stay still until the last. padding: of the cube.
    """

    box: int
    rounds: int = 8
    largest_turn_rad: float = 0.1
    largest_move_px: float = 2.0
    sigma_origin_px: float = 10.0
    tolerance: float = 0.005
    rough: tuple[int, ...] = ()
    depth: float = 20.0
    padding: int = PADDING

    def packed(self) -> NDArray[np.float64]:
        values = [self.rounds, self.largest_turn_rad, self.largest_move_px, self.sigma_origin_px, self.tolerance]
        return np.array(values, np.float64)


def refine(
    images: NDArray[np.complex64],
    ctfs: NDArray[np.float32],
    *,
    weights: NDArray[np.float32],
    groups: NDArray[np.int64],
    pixels: NDArray[np.int32],
    cube: NDArray[np.complex64],
    start: Modes,
    climb: Climb,
) -> Modes:
    """Climb from every mode of every image; images, ctfs (n, P), groups (n,), weights (groups, P) = 1/sigma2, new Modes out.

    Releases the interpreter's lock, so that parts of the work run side by side in threads.
    """
    padding = np.float32(climb.padding)
    out = Modes(start.rotations.copy(), start.origins.copy(), start.log_likelihood.copy(), start.information.copy())
    limits = climb.packed()

    poses = (out.rotations, out.origins, out.log_likelihood, out.information)
    stages = np.array([n for n in climb.rough if n < len(pixels)] + [len(pixels)], np.int64)
    near = np.array([climb.depth, 1.0 + 2.0 * np.cos(np.radians(NEAR_DEG)), NEAR_PX])
    view = (pixels, cube, padding, climb.box)
    _climb_all(images, ctfs, weights, groups, view, poses, limits, stages, near)
    return out
