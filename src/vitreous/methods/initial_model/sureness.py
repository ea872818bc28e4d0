"""How sure a first map is: whether independent random starts lead to it, and how much better it explains unseen images than a
map without features does."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.methods.initial_model import alike
from vitreous.methods.initial_model.levels import Volume

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sureness:
    """agreements: of each start with the chosen maps, the mean FSC of low shells, best hand. gain: how much more likely an
    image that took no part is under the maps than under their rotational average, and error: that mean's standard error."""

    agreements: tuple[float, ...]
    gain: float
    error: float

    @property
    def agreeing(self) -> int:
        """How many starts lead to the chosen maps; the one they came from is among them."""
        return sum(value >= alike.SAME_FOLD for value in self.agreements)

    @property
    def is_sure(self) -> bool:
        """More than one start, and a third of them, lead here; and unseen images are explained better than by chance."""
        return self.agreeing >= max(2, len(self.agreements) / 3) and self.gain > 3 * self.error

    def sentence(self) -> str:
        """For the user."""
        values = ", ".join(f"{value:.2f}" for value in self.agreements)
        doubt = "" if self.is_sure else ": do not trust this map before other starts (reruns) agree with it"
        return (
            f"{self.agreeing} of {len(self.agreements)} random starts lead to this fold (mean FSC of low shells {values}); an "
            f"unseen image is more likely by {self.gain:.1f} ± {self.error:.1f} (natural logarithm) than under a map without "
            f"features{doubt}"
        )


def agreement(maps: Sequence[Volume], chosen: Sequence[Volume], shells: int) -> float:
    """Mean over the chosen maps of the agreement with the nearest of the others."""
    return float(np.mean([max(alike.compared(one, aim, shells=shells).agreement for one in maps) for aim in chosen]))


def featureless(volume: Volume) -> Volume:
    """The rotational average of a map about its centre of mass."""
    box = volume.shape[0]
    dense = np.maximum(volume, 0).astype(np.float64)
    total, at = max(float(dense.sum()), 1e-30), np.arange(box)
    z, y, x = (
        at.reshape([-1 if a == b else 1 for b in range(3)])
        - float((dense.sum(tuple(b for b in range(3) if b != a)) * at).sum()) / total
        for a in range(3)
    )
    radius = np.sqrt(x**2 + y**2 + z**2)
    low = np.floor(radius).astype(np.int64)
    part = (radius - low).ravel()
    count = int(low.max()) + 2
    weight = np.bincount(low.ravel(), 1 - part, count) + np.bincount(low.ravel() + 1, part, count)
    sums = np.bincount(low.ravel(), (1 - part) * volume.ravel(), count)
    sums += np.bincount(low.ravel() + 1, part * volume.ravel(), count)
    mean = sums / np.maximum(weight, 1e-9)
    return np.interp(radius, np.arange(count), mean).astype(np.float32)


def gain(likely: Floats, plain: Floats) -> tuple[float, float]:
    """Mean of the differences of images' log-likelihoods, and its standard error."""
    difference = likely - plain
    return float(difference.mean()), float(difference.std() / np.sqrt(max(len(difference) - 1, 1)))
