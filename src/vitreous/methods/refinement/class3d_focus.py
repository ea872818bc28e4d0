"""Classes told apart inside a circle only: a sphere of the map, projected along the view of each image (cisTEM's focus mask).

What a class at its best pose leaves of an image is whitened, brought to real space and counted inside the circle alone.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths import fourier
from vitreous.maths.conventions import PADDING
from vitreous.methods.refinement import slices
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.stock import Stock

EDGE_PX = 2.0  # of the circle, outside its radius


@dataclass(frozen=True)
class Sphere:
    """Centre (3,) (x, y, z) from the centre voxel, and radius, px."""

    centre_px: NDArray[np.float64]
    radius_px: float

    @staticmethod
    def of(place_A: tuple[float, float, float], radius_A: float, *, box: int, pixel_size_A: float) -> "Sphere":
        """A sphere given in Å from the centre of the first voxel."""
        return Sphere(np.array(place_A) / pixel_size_A - box // 2, radius_A / pixel_size_A)

    def inside(self, box: int) -> bool:
        """Whether the whole of it lies in a box."""
        return bool((np.abs(self.centre_px) + self.radius_px <= box / 2).all())

    def circles(self, rotations: NDArray[np.float64], box: int) -> NDArray[np.float32]:
        """Soft circles (n, box, box), 1 inside, of the sphere seen along rotations (n, 3, 3)."""
        seen = rotations @ self.centre_px
        at = np.arange(box) - box // 2
        far = np.hypot(at[None, None, :] - seen[:, 0, None, None], at[None, :, None] - seen[:, 1, None, None])
        edge = np.clip((far - self.radius_px) / EDGE_PX, 0.0, 1.0)
        made: NDArray[np.float32] = (0.5 + 0.5 * np.cos(np.pi * edge)).astype(np.float32)
        return made


def scores(
    stock: Stock, rows: NDArray[np.int64], modes: Modes, *, cube: NDArray[np.complex64], noise: NDArray[np.float64], reach: int,
    sphere: Sphere,
) -> NDArray[np.float64]:  # fmt: skip
    """Log-likelihood (n,) of what is inside each image's circle, at the heaviest mode; the noise (groups, shells) is sigma2."""
    count = stock.pixels.count(reach)
    index = stock.pixels.index[:count]
    best = modes.posterior().argmax(1)
    found = np.zeros(len(rows))
    at = 0
    for part in stock.chunks(rows):
        here = np.arange(at, at + len(part))
        turned, origins = modes.rotations[here, best[here]], modes.origins[here, best[here]]
        batch = stock.batch(part).upto(count)
        model = np.empty((len(part), count), np.complex64)
        for i in range(len(part)):
            slices.read(index, cube, np.float32(PADDING), turned[i], model[i])
        phase = np.exp(-2j * np.pi / stock.box * (origins @ index.T.astype(np.float64)))
        deviation = np.sqrt(noise[stock.groups[part]][:, stock.pixels.shell[:count]])
        left = whitened((batch.masked * phase - batch.ctf * model) / deviation, index, stock.box)
        circle = sphere.circles(turned, stock.box)
        found[here] = -0.25 * stock.box**2 * (circle * left * left).sum((1, 2), dtype=np.float64)
        at += len(part)
    return found


def whitened(packed: NDArray[np.complex128], index: NDArray[np.int32], box: int) -> NDArray[np.float32]:
    """Real images (n, box, box) of packed transforms (n, P), each Friedel pair listed once in index (P, 2)."""
    half = np.zeros((len(packed), box, box // 2 + 1), np.complex64)
    half[:, index[:, 1] % box, index[:, 0]] = packed
    line = index[:, 0] == 0
    half[:, -index[line, 1] % box, 0] = packed[:, line].conj()
    images: NDArray[np.float32] = fourier.irfft2(torch.from_numpy(half), box).numpy()
    return images
