"""Resolution out of the two halves: FSC, signal-to-noise by shell, how far the next round looks, and when to stop."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths import fourier, shells

Curve = NDArray[np.float64]
FSC_LIMITS = (0.001, 0.999)


def half_map_fsc(first: NDArray[np.float32], second: NDArray[np.float32], mask: NDArray[np.float32] | None = None) -> Curve:
    """FSC (N // 2 + 1,) of two maps (N, N, N), under a mask if one is given; shell 0 is 1."""
    one, two = (torch.from_numpy(v if mask is None else v * mask) for v in (first, second))
    curve: Curve = shells.fsc(fourier.rfft3(one), fourier.rfft3(two)).numpy()
    return curve


def randomised_fsc(
    first: NDArray[np.float32], second: NDArray[np.float32], mask: NDArray[np.float32], generator: np.random.Generator
) -> Curve:
    """FSC under a mask less what the mask alone makes: phases of both halves are drawn anew beyond an unmasked FSC of 0.8.

    (FSC_masked - FSC_noise) / (1 - FSC_noise) from two shells beyond that place on; without such a place the unmasked curve.
    """
    unmasked = half_map_fsc(first, second)
    below = np.flatnonzero(unmasked < 0.8)
    if len(below) == 0:
        return unmasked
    start = int(below[0])
    total = half_map_fsc(first, second, mask)
    one, two = (_random_phases(v, start, generator) for v in (first, second))
    noise = half_map_fsc(one, two, mask)
    curve = total.copy()
    beyond = np.arange(len(curve)) >= start + 2
    true = np.where(noise < total, (total - noise) / np.maximum(1.0 - noise, 1e-6), 0.0)
    curve[beyond] = true[beyond]
    return curve


def _random_phases(volume: NDArray[np.float32], start: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """The map with amplitudes kept and phases those of white noise from shell `start` on (so Hermitian by construction)."""
    box = volume.shape[0]
    transform = fourier.rfft3(torch.from_numpy(volume))
    noise = fourier.rfft3(torch.from_numpy(generator.standard_normal(volume.shape).astype(np.float32)))
    turned = transform.abs() * noise / noise.abs().clamp(min=1e-20)
    far = shells.shells3(box) >= start
    made: NDArray[np.float32] = fourier.irfft3(torch.where(far, turned, transform), box).numpy()
    return made


def signal_to_noise(fsc: Curve) -> Curve:
    """SSNR of a half map, FSC / (1 - FSC), the FSC held within [0.001, 0.999]."""
    held = np.clip(fsc, *FSC_LIMITS)
    ratio: Curve = held / (1.0 - held)
    return ratio


def joined(fsc: Curve) -> Curve:
    """FSC of both halves together with the truth: sqrt(2 FSC / (1 + FSC)), 0 where the FSC is not above 0."""
    positive = np.clip(fsc, 0.0, 1.0)
    curve: Curve = np.sqrt(2.0 * positive / (1.0 + positive))
    return curve


def shell_at(fsc: Curve, threshold: float = 0.143) -> int:
    """The last shell before the curve first falls below the threshold (shell 0 aside)."""
    below = np.flatnonzero(fsc[1:] < threshold)
    return int(below[0]) if len(below) else len(fsc) - 1


def resolution_A(fsc: Curve, box: int, pixel_size_A: float, threshold: float = 0.143) -> float:
    """Resolution in Å where the FSC falls below the threshold; infinite when even shell 1 does."""
    shell = shell_at(fsc, threshold)
    return box * pixel_size_A / shell if shell > 0 else float("inf")


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
