"""Where the making of a first map stands."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.methods.initial_model.levels import Volume
from vitreous.methods.initial_model.rounds import Posed
from vitreous.methods.initial_model.starts import Candidate
from vitreous.methods.initial_model.sureness import Sureness


@dataclass(frozen=True)
class State:
    """The maps (small box, one a class) so far and what is known of them; posed: rows and poses of the last round.

    starts: all random starts so far; runs: the best start of each run, sharpened. score is that of the maps.
    """

    iteration: int
    maps: tuple[Volume, ...]
    noise: NDArray[np.float64]
    score: float = -np.inf
    posed: Posed | None = None
    group: str = "C1"
    agreement: float = 1.0
    fsc: NDArray[np.float64] | None = None
    finished: bool = False
    starts: tuple[Candidate, ...] = ()
    runs: tuple[Candidate, ...] = ()
    sure: Sureness | None = None
