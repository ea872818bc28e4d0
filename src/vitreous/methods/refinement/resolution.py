"""Resolution out of the two halves: FSC, signal-to-noise by shell, how far the next round looks, and when to stop."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths import fourier, shells
from vitreous.maths.conventions import FSC_THRESHOLD
from vitreous.methods.reconstruction import fsc_correction

Curve = NDArray[np.float64]


def half_map_fsc(first: NDArray[np.float32], second: NDArray[np.float32], mask: NDArray[np.float32] | None = None) -> Curve:
    """FSC (N // 2 + 1,) of two maps (N, N, N), under a mask if one is given; shell 0 is 1."""
    one, two = (torch.from_numpy(v if mask is None else v * mask) for v in (first, second))
    curve: Curve = shells.fsc(fourier.rfft3(one), fourier.rfft3(two)).numpy()
    return curve


def corrected_fsc(first: NDArray[np.float32], second: NDArray[np.float32], mask: NDArray[np.float32], *, seed: int = 0) -> Curve:
    """FSC under a mask less what the mask alone makes, by phase randomisation; see reconstruction.fsc_correction."""
    curves = fsc_correction.corrected_fsc(*(torch.from_numpy(v) for v in (first, second, mask)), seed=seed)
    curve: Curve = curves.corrected.numpy()
    return curve


def signal_to_noise(fsc: Curve) -> Curve:
    """SSNR of a half map: FSC / (1 - FSC), held within limits."""
    ratio: Curve = shells.signal_to_noise(torch.from_numpy(fsc)).numpy()
    return ratio


def joined(fsc: Curve) -> Curve:
    """The correlation of both halves together with the truth."""
    curve: Curve = shells.joined(torch.from_numpy(fsc)).numpy()
    return curve


def shell_at(fsc: Curve, threshold: float = FSC_THRESHOLD) -> int:
    """The last shell before the curve first falls below the threshold."""
    return shells.shell_at(torch.from_numpy(fsc), threshold)


def resolution_A(fsc: Curve, box: int, pixel_size_A: float, threshold: float = FSC_THRESHOLD) -> float:
    """Resolution in Å of the last shell before the FSC falls below the threshold; infinite when even shell 1 does."""
    return shells.resolution_at(torch.from_numpy(fsc), threshold, box, pixel_size_A)


@dataclass(frozen=True)
class Convergence:
    """What decides the next round: best shell so far, rounds without gain, the last changes of poses."""

    best_shell: int = 0
    no_gain: int = 0
    no_change: int = 0
    smallest_turn_deg: float = 999.0
    turn_deg: float = 999.0
    move_px: float = 999.0

    def after(self, shell: int, turn_deg: float, move_px: float) -> "Convergence":
        """The next state: no_gain counts rounds whose shell did not rise, no_change those whose turns stayed within 3 %."""
        gained = shell > self.best_shell
        settled = turn_deg > 0.97 * self.smallest_turn_deg or turn_deg < 0.1
        return replace(
            self,
            best_shell=max(shell, self.best_shell),
            no_gain=0 if gained else self.no_gain + 1,
            no_change=self.no_change + 1 if settled else 0,
            smallest_turn_deg=min(turn_deg, self.smallest_turn_deg),
            turn_deg=turn_deg,
            move_px=move_px,
        )
