"""Mean and standard deviation of each of the images that a table names."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vitreous.files import mrc
from vitreous.files.stacks import ImageStacks

PART = 256


def moments(names: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of images in stacks ("3@a.mrcs"), or of whole micrographs, in double precision."""
    mean, spread = np.empty(len(names)), np.empty(len(names))
    stacks = ImageStacks(names) if names and "@" in names[0] else None
    for start in range(0, len(names), PART):
        part = range(start, min(start + PART, len(names)))
        images = stacks.read(part) if stacks else (mrc.read_image(names[index])[0] for index in part)
        for index, image in zip(part, images, strict=True):
            mean[index], spread[index] = image.mean(dtype=np.float64), image.std(dtype=np.float64)
    return mean, spread
