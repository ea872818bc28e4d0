"""Smoothing of a measured track by the smoothness that its own measurements make most likely."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RATIOS = np.concatenate([[0.0], np.logspace(-4, 4, 13)])
EARLY_SHARE = (0.0, 8.0, 64.0)


def smooth(track: Floats, variance: Floats) -> Floats:
    """The most likely track (n, 2) behind measurements (n, 2) of known variances (n,), in squared pixels.

    From frame to frame the position and the velocity are taken to change by random steps, each kind of one size, larger in the
    first frames if that fits better. The sizes come from the largest likelihood of the track's second differences, so a rough
    track is left as it is and a smooth one is freed of its noise; constant position and velocity are never held back.
    """
    count = len(track)
    if count < 5 or not np.all(variance > 0):
        return track.copy()
    second = np.diff(np.eye(count), 2, axis=0)
    first = np.diff(np.eye(count - 1), 1, axis=0)
    noise = second @ np.diag(variance) @ second.T
    differences = second @ track
    unit = float(np.median(variance))
    best, best_likelihood = noise, -np.inf
    for share in EARLY_SHARE:
        early = 1 + share / (1 + np.arange(count - 1)) ** 2
        positions, velocities = first @ np.diag(early) @ first.T, np.diag(early[1:])
        for position in RATIOS:
            for velocity in RATIOS if share == 0 or position > 0 else RATIOS[1:]:
                covariance = noise + unit * (position * positions + velocity * velocities)
                likelihood = _log_likelihood(differences, covariance)
                if likelihood > best_likelihood:
                    best, best_likelihood = covariance, likelihood
    return track - variance[:, None] * (second.T @ np.linalg.solve(best, differences))


def _log_likelihood(differences: Floats, covariance: Floats) -> float:
    """Log-likelihood of (m, 2) normal values, but for a constant."""
    root = np.linalg.cholesky(covariance)
    white = np.linalg.solve(root, differences)
    return -0.5 * float(np.sum(white**2)) - differences.shape[1] * float(np.sum(np.log(np.diag(root))))
