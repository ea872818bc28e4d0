"""Which classes go on: by number, or by score with a least number of classes or particles."""

import numpy as np
from numpy.typing import NDArray

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
    """Images (n, y, x) moved by whole pixels so that the centre of mass of what is above half the maximum sits at N // 2."""
    moved = np.empty_like(images)
    y, x = np.indices(images.shape[1:])
    for target, image in zip(moved, images, strict=True):
        weight = np.where(image > 0.5 * image.max(), image, 0).astype(np.float64)
        total = weight.sum()
        if total > 0:
            shift = [round(size // 2 - (weight * axis).sum() / total) for size, axis in zip(image.shape, (y, x), strict=True)]
        else:
            shift = [0, 0]
        target[:] = np.roll(image, shift, axis=(0, 1))
    return moved
