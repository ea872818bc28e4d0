"""Where images come from: anything with a length that reads some of its square images by index."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class ImageSource(Protocol):
    """Particle images by row number; files.stacks.ImageStacks is one, InMemory another."""

    def __len__(self) -> int: ...

    def read(self, indices: Any) -> NDArray[np.float32]:
        """Images (n, N, N) by index from 0; white particles on a darker ground."""
        ...


class InMemory:
    """Images (n, N, N) of an array or tensor as an ImageSource."""

    def __init__(self, images: Any) -> None:
        self.images = np.asarray(images, np.float32)

    def __len__(self) -> int:
        return len(self.images)

    def read(self, indices: Any) -> NDArray[np.float32]:
        """Images (n, N, N) by index from 0."""
        return self.images[np.asarray(indices)]
