"""Smoothing of a measured track by the smoothness that its own measurements make most likely."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RATIOS = np.logspace(-5, 3, 33)
EARLY_SHARE = (0.0, 8.0, 64.0)


def smooth(track: Floats, precision: Floats) -> Floats:
    """The most likely track (n, 2) behind measurements (n, 2) with relative precisions (n,).

    The velocity is taken to change from frame to frame by random steps of one size, which may be larger in the first
    frames, and the measurements to have one scatter over root precision. Both sizes come from the largest likelihood of
    the track's second differences, so a rough track is left as it is and a smooth one is freed of its noise.
    """
    count = len(track)
    if count < 5:
        return track.copy()
    second = np.diff(np.eye(count), 2, axis=0)
    variance = np.where(precision > 0, precision.mean() / np.maximum(precision, 1e-3 * precision.mean()), 1e3)
    measured = second @ np.diag(variance) @ second.T
    differences = second @ track
    best = (-np.inf, 1.0, np.ones(count - 2))
    for share in EARLY_SHARE:
        steps = 1 + share / (1 + np.arange(count - 2)) ** 2
        for ratio in RATIOS:
            likelihood = _log_likelihood(differences, measured + ratio * np.diag(steps))
            if likelihood > best[0]:
                best = (likelihood, float(ratio), steps)
    _, ratio, steps = best
    gain = np.diag(1 / variance) + second.T @ np.diag(1 / (ratio * steps)) @ second
    return np.asarray(np.linalg.solve(gain, track / variance[:, None]), np.float64)


def _log_likelihood(differences: Floats, covariance: Floats) -> float:
    """Log-likelihood of (m, 2) normal values with this covariance times the best common factor."""
    sign, log_determinant = np.linalg.slogdet(covariance)
    if sign <= 0:
        return -np.inf
    squares = float(np.sum(differences * np.linalg.solve(covariance, differences)))
    return -0.5 * differences.size * np.log(max(squares, 1e-300)) - 0.5 * differences.shape[1] * float(log_determinant)
