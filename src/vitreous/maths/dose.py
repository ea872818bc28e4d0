"""Radiation damage: how much exposure a frequency survives, and the weights of frames by exposure (Grant & Grigorieff 2015)."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

_VOLTAGES = (100.0, 200.0, 300.0)
_TOLERANCE = (0.64, 0.8, 1.0)


def critical_dose(k_1_A: Tensor, voltage_kV: float = 300.0) -> Tensor:
    """Exposure in e/Å2 at which the signal's intensity at |k| (1/Å) has fallen to 1/e; infinite at k = 0.

    Scaled by 0.8 at 200 kV and 0.64 at 100 kV, linear between, constant beyond.
    """
    factor = float(np.interp(voltage_kV, _VOLTAGES, _TOLERANCE))
    return (0.24499 * k_1_A**-1.6649 + 2.8141) * factor


def dose_weights(k_1_A: Tensor, end_doses_e_A2: Any, voltage_kV: float = 300.0) -> Tensor:
    """Weights exp(-N / 2 Ne(k)), (frames, *k.shape), of frames that end at these exposures (pre-exposure included).

    A sum of frames keeps a flat noise spectrum when divided by the root of the sum of squared weights over frames.
    """
    doses = torch.as_tensor(end_doses_e_A2, dtype=k_1_A.dtype).reshape(-1, *[1] * k_1_A.ndim)
    return torch.exp(-doses / (2 * critical_dose(k_1_A, voltage_kV)))
