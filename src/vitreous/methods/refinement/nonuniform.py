"""Half maps filtered as far as they agree at each place: band by band, by cross-validation between the halves.

In each band of Fourier space the gain g(x) makes g times one half tell the other best in a soft window about x: the least of
<|g m1 - m2|^2 + |g m2 - m1|^2>, g = 2 <m1 m2> / <m1^2 + m2^2>, less what chance makes of noise. The halves share g and nothing
else. Punjani, Zhang & Fleet 2020 had the idea; they choose one cut-off for each place, not a gain for each band.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import fft
from torch import Tensor

from vitreous.context import Context
from vitreous.maths import fourier, shells
from vitreous.maths.grids import half_weights, radius3
from vitreous.methods.refinement import gold_standard, resolution

Volume = NDArray[np.float32]
Curve = NDArray[np.float64]
WINDOW = 0.7  # spread of the Gaussian window over the wavelength in the middle of a band
WIDEST = 1 / 8  # of the box: the spread of any window
CAUTION = 1.0  # standard deviations of chance that a gain must exceed
FIRST_SHELL = 3.0  # below it halves are taken as they are: no window in the box could tell
LEAST_WIDTH, GROWTH = 3.0, 0.15  # width of a band in shells, and as a part of its frequency
ROOM = 1.5  # a band's grid holds frequencies up to so many times its highest
LEAST_RATIO = 0.25  # of signal to noise that evens out the density of views
TELLING = 0.143  # gain at which a place counts as resolved
PLACES = 0.02  # of the mask's volume must be resolved for a shell to count


@dataclass(frozen=True)
class Regularised:
    """Both halves and the joined map (N, N, N) under their local filters, and the last shell that some of the volume resolves."""

    halves: tuple[Volume, Volume]
    joined: Volume
    shell: int


@dataclass(frozen=True)
class _Band:
    """Hat-shaped weights over |k| in shells: rising from low to middle, falling to high; flat below middle in the first band."""

    low: float
    middle: float
    high: float

    @property
    def wavelength_shells(self) -> float:
        """The shell whose wavelength sets the window."""
        return self.middle if self.low < self.middle else self.high / 2

    def weights(self, radius: Tensor) -> Tensor:
        """The hat at |k| in shells; those of all bands add up to 1 up to the last one's middle."""
        falling = ((self.high - radius) / (self.high - self.middle)).clamp(0, 1)
        if self.low >= self.middle:
            return falling
        return torch.minimum(falling, ((radius - self.low) / (self.middle - self.low)).clamp(0, 1))


def references(sums: list[gold_standard.Sums], fsc: Curve, *, mask: Volume, context: Context) -> Regularised:
    """The maps of two halves' sums for the next round, regularised place by place within a mask (N, N, N).

    One member of a team makes them for all. Where views are few the sums' own weights damp first, as in the Wiener filter.
    """
    ratio = np.maximum(resolution.signal_to_noise(fsc), LEAST_RATIO)

    def made(_: int) -> Regularised:
        level = [levelled(gold_standard.filtered(one, ratio, len(mask)), ratio) for one in sums]
        return regularised(level[0], level[1], mask=mask)

    return context.team.each(made, 1)[0]


def levelled(volume: Volume, ratio: Curve) -> Volume:
    """A Wiener-filtered map without the filter's mean gain in each shell, ratio / (1 + ratio)."""
    box = len(volume)
    gain = shells.to_grid(torch.from_numpy(1.0 + 1.0 / ratio).to(torch.float32), box, ndim=3)
    made: Volume = fourier.irfft3(fourier.rfft3(torch.from_numpy(volume)) * gain, box).numpy()
    return made


def regularised(first: Volume, second: Volume, *, mask: Volume) -> Regularised:
    """Two half maps (N, N, N) as far as they agree at each place, within a mask."""
    box = len(first)
    whole = [fourier.rfft3(torch.from_numpy(np.ascontiguousarray(half))) for half in (first, second)]
    inside = torch.from_numpy(mask)
    made = [torch.zeros_like(whole[0]) for _ in range(3)]
    reached = int(FIRST_SHELL)
    for band in bands((box - 1) // 2):
        one, two, gain = _filtered(whole, band, box)
        if reached >= band.low and resolved(gain, inside) > PLACES:
            reached = int(band.middle)
        weighted = gain / (1 + gain) * (one + two)  # the gain 2 g / (1 + g) of their mean, which has twice the signal to noise
        for into, part in zip(made, (gain * one, gain * two, weighted)):
            into += fourier.fit3(fourier.rfft3(part), box, old=len(part)) * (box / len(part)) ** 3
    maps = [(fourier.irfft3(one, box) * inside).numpy() for one in made]
    return Regularised((maps[0], maps[1]), maps[2], reached)


def bands(last: int) -> list[_Band]:
    """Hats over shells 0 to `last`, the first flat up to FIRST_SHELL, each later one wider."""
    middles = [FIRST_SHELL]
    while middles[-1] < last:
        middles.append(middles[-1] + max(LEAST_WIDTH, GROWTH * middles[-1]))
    lows = [FIRST_SHELL, *middles]
    return [_Band(low, middle, high) for low, middle, high in zip(lows, middles, middles[1:])]


def local_gain(one: Tensor, two: Tensor, *, window_px: float, samples: float) -> Tensor:
    """The gain (n, n, n), 0 to 1, that cross-validation chooses in Gaussian windows of this spread.

    samples: independent values of the maps in all of the box; those within a window give the standard deviation of a gain
    without signal, CAUTION times which (less as the gain nears 1) is taken off.
    """
    cross = smoothed(one * two, window_px)
    power = smoothed(one * one + two * two, window_px) / 2
    gain = cross / power.clamp(min=torch.finfo(power.dtype).tiny)
    within = samples * (4 * math.pi) ** 1.5 * window_px**3 / one.numel()
    chance = CAUTION / math.sqrt(max(within, 1.0))
    return (gain - chance * (1 - gain.clamp(-1, 1) ** 2)).clamp(0, 1)


def smoothed(volume: Tensor, spread_px: float) -> Tensor:
    """A volume (n, n, n) averaged in Gaussian windows that add up to 1; the box's faces meet."""
    box = len(volume)
    window = torch.exp(-2 * (math.pi * spread_px / box) ** 2 * radius3(box) ** 2).to(volume.dtype)
    return torch.fft.irfftn(torch.fft.rfftn(volume) * window, s=volume.shape)


def _filtered(whole: list[Tensor], band: _Band, box: int) -> tuple[Tensor, Tensor, Tensor]:
    """Both halves' part in a band on a grid that just holds it, and the gain there."""
    grid = min(box, 2 * int(fft.next_fast_len(math.ceil(ROOM * band.high) + 1, real=True)))
    weights = band.weights(radius3(grid)).to(torch.float32)
    one, two = (fourier.irfft3(fourier.fit3(one, grid, old=box) * weights, grid) * (grid / box) ** 3 for one in whole)
    window_px = min(WINDOW / band.wavelength_shells, WIDEST) * grid
    power = weights.to(torch.float64) ** 2 * half_weights(grid)
    samples = float(power.sum() ** 2 / (power * weights**2).sum())
    return one, two, local_gain(one, two, window_px=window_px, samples=samples)


def resolved(gain: Tensor, mask: Tensor) -> float:
    """The part of a mask's volume in which the gain on a coarser grid says that there is signal."""
    step = len(mask) / len(gain)
    at = (torch.arange(len(gain)) - len(gain) // 2) * step + len(mask) // 2
    index = at.round().long().clamp(0, len(mask) - 1)
    inside = mask[index][:, index][:, :, index] > 0.5
    return float((gain[inside] > TELLING).float().mean()) if bool(inside.any()) else 0.0
