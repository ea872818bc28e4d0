"""What a round of 3D refinement hands to the next."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vitreous.methods.refinement.contrast3d import Contrast
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.resolution import Convergence

Volume = NDArray[np.float32]


@dataclass(frozen=True)
class State:
    """All that a round needs of the last one. Poses are of all rows; maps are what the next round projects."""

    iteration: int
    half: NDArray[np.int64]
    modes: Modes | None
    references: tuple[Volume, Volume]
    noise: NDArray[np.float64]
    reach: int
    sigma_origin_px: float
    global_rounds: int = 0
    local_rounds: int = 0
    stage: str = "coarse"
    convergence: Convergence = field(default_factory=Convergence)
    contrast: Contrast | None = None
    fsc: NDArray[np.float64] | None = None
    map_noise: NDArray[np.float64] | None = None
    unfiltered: tuple[Volume, Volume] | None = None
    joined: Volume | None = None
    local_shell: int = 0  # the last shell that some of the volume resolves, where references are regularised locally
    resolution_A: float = float("inf")
    finished: bool = False

    @property
    def best(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Rotations (n, 3, 3), origins (n, 2) px, log-likelihoods (n,) and posterior (n,) of each row's best mode."""
        assert self.modes is not None
        posterior = self.modes.posterior()
        at = (np.arange(len(posterior)), posterior.argmax(1))
        return self.modes.rotations[at], self.modes.origins[at], self.modes.log_likelihood[at], posterior[at]
