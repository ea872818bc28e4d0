"""Which classes go on: by number, or by score with a least number of classes or particles."""

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths.fourier import irfft2, rfft2, shift2
from vitreous.methods.selection.settings import ClassChoice


def by_score(scores: NDArray[np.float64], sizes: NDArray[np.int64], choice: ClassChoice) -> NDArray[np.bool_]:
    """The classes with the least score or more; then the best of the others until there are enough classes and particles.

    sizes are the particles in each class; classes without any are never kept.
    """
    kept = (scores >= choice.least_score) & (sizes > 0)
    for index in np.lexsort((np.arange(len(scores)), -scores)):
        enough = kept.sum() >= choice.least_classes and sizes[kept].sum() >= choice.least_particles
        if enough:
            break
        kept[index] = sizes[index] > 0
    return kept


def by_number(numbers: tuple[int, ...], count: int) -> NDArray[np.bool_]:
    """The classes of these numbers, counted from 1."""
    wrong = [number for number in numbers if not 1 <= number <= count]
    if wrong:
        raise ValueError(f"there is no class {wrong[0]}: they are numbered from 1 to {count}")
    kept = np.zeros(count, dtype=bool)
    kept[np.array(numbers, np.intp) - 1] = True
    return kept


def centred(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Images (n, y, x) moved, also by parts of a pixel, so that the centre of mass of what is positive sits at N // 2."""
    box = images.shape[-1]
    at = np.arange(box) - box // 2
    positive = np.maximum(images, 0).astype(np.float64)
    mass = np.maximum(positive.sum((1, 2)), 1e-30)
    x, y = positive.sum(1) @ at / mass, positive.sum(2) @ at / mass
    shifts = torch.from_numpy(-np.stack([x, y], 1))
    moved = irfft2(shift2(rfft2(torch.from_numpy(images)), shifts, box), box)
    return np.asarray(moved.numpy(), np.float32)
