"""Pictures of class averages for the eye."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.files.picture import montage, to_grey, write_png


def picture(path: Path, images: NDArray[np.floating[Any]], *, columns: int | None = None) -> None:
    """A sheet of images (n, y, x), each on its own grey scale from its least to its greatest value, twice as large."""
    across = columns or int(np.ceil(np.sqrt(len(images) * 1.5)))
    grey = [to_grey(image, low=0, high=100) for image in images]
    write_png(path, np.kron(montage(grey, columns=across), np.ones((2, 2), np.uint8)))
    print(path)
