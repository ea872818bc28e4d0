"""What the refinement tests share: asymmetric images and Fourier sums written out."""

import math
from collections.abc import Callable

import pytest
import torch


def _blobs(count: int, box: int, seed: int, *, reach: float = 0.2, width: float = 1.6) -> torch.Tensor:
    made = torch.Generator().manual_seed(seed)
    y, x = torch.meshgrid(*(torch.arange(box, dtype=torch.float64) - box // 2,) * 2, indexing="ij")
    places = (torch.rand((count, 5, 2, 1, 1), generator=made, dtype=torch.float64) - 0.5) * 2 * reach * box
    heights = torch.rand((count, 5, 1, 1), generator=made, dtype=torch.float64) + 0.3
    square = (x - places[:, :, 0]) ** 2 + (y - places[:, :, 1]) ** 2
    return (heights * torch.exp(-square / (2 * width**2))).sum(1)


def _direct(images: torch.Tensor, kx: torch.Tensor, ky: torch.Tensor) -> torch.Tensor:
    box = images.shape[-1]
    at = torch.arange(box, dtype=torch.float64) - box // 2
    ex = torch.exp(-2j * math.pi / box * kx.flatten()[:, None] * at)
    ey = torch.exp(-2j * math.pi / box * ky.flatten()[:, None] * at)
    return torch.einsum("nyx,py,px->np", images.to(torch.complex128), ey, ex).view(len(images), *kx.shape)


@pytest.fixture(scope="session")
def blobs() -> Callable[..., torch.Tensor]:
    """Images of five unequal Gaussians each, off the axes: blobs(count, box, seed, reach=, width=), float64."""
    return _blobs


@pytest.fixture(scope="session")
def direct() -> Callable[..., torch.Tensor]:
    """The Fourier sum about pixel N // 2, term by term: direct(images, kx, ky)."""
    return _direct
