"""Which implementation of a kernel runs: the reference (any device, float64, gradients) or the fast one (CPU, float32)."""

import os
from typing import Literal

import torch

Choice = Literal["reference", "fast"]

_made: dict[str, str] = {}


def implementation(kernel: str, *tensors: torch.Tensor) -> Choice:
    """ "fast" where it can run, else "reference"; VITREOUS_KERNELS=reference|fast asks for one, and fast raises if it cannot.

    Fast can run when every tensor is on the CPU, none wants a gradient and none is double precision complex.
    """
    wanted = os.environ.get("VITREOUS_KERNELS", "")
    if wanted not in ("", "reference", "fast"):
        raise ValueError(f"VITREOUS_KERNELS is {wanted!r}; it may be reference or fast")
    hindrance = _hindrance(tensors)
    if wanted == "fast" and hindrance:
        raise RuntimeError(f"VITREOUS_KERNELS=fast, but the kernel {kernel} cannot run fast: {hindrance}")
    choice: Choice = "reference" if wanted == "reference" or hindrance else "fast"
    _made[kernel] = f"{choice} ({hindrance or wanted or 'CPU, single precision'})"
    return choice


def _hindrance(tensors: tuple[torch.Tensor, ...]) -> str:
    for tensor in tensors:
        if tensor.device.type != "cpu":
            return f"there is no fast version for {tensor.device.type}"
        if tensor.requires_grad and torch.is_grad_enabled():
            return "a gradient is wanted"
        if tensor.dtype == torch.complex128:
            return "double precision is wanted"
    return ""


def choices() -> dict[str, str]:
    """The last choice made for each kernel, with its reason, for a job's record."""
    return dict(_made)
