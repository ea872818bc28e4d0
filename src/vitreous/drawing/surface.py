"""A map's surface as a shaded picture: parallel rays meet the threshold, the gradient there gives light and shade."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

LIGHT = np.array([-0.35, -0.5, 0.79])
AMBIENT, DEPTH_FALL = 0.25, 0.35
LEAST_PART = 0.02


def shaded(volume: NDArray[np.float32], *, threshold: float, axis: int, side: int) -> NDArray[np.uint8]:
    """Grey picture (side, side) of the surface of `volume` (z, y, x) at `threshold`, seen along an axis from its far end.

    The map is interpolated (cubic) to `side` voxels; nearer parts are brighter; where no ray meets the surface it is black.
    """
    fine = ndimage.zoom(volume, side / volume.shape[0], order=3, grid_mode=True, mode="grid-constant")
    seen = np.moveaxis(fine, axis, 0)[::-1]
    inside = seen > threshold
    hit = inside.any(axis=0)
    depth = np.argmax(inside, axis=0)
    rows, columns = np.indices(depth.shape)
    before = np.maximum(depth - 1, 0)
    low, high = seen[before, rows, columns], seen[depth, rows, columns]
    part = np.where(depth > 0, (threshold - low) / np.where(high > low, high - low, 1), 0.0)
    exact = np.where(hit, before + part, np.nan)
    normal = np.stack(np.gradient(ndimage.gaussian_filter(seen, 1.0)))[:, depth, rows, columns]
    normal = -normal / np.maximum(np.linalg.norm(normal, axis=0), 1e-12)
    # Rays run down the first axis, so light from the viewer's side has the opposite sign there.
    light = np.clip(-normal[0] * LIGHT[2] + normal[1] * LIGHT[1] + normal[2] * LIGHT[0], 0, 1)
    near, far = (np.nanmin(exact), np.nanmax(exact)) if hit.any() else (0.0, 1.0)
    fading = 1 - DEPTH_FALL * (exact - near) / max(far - near, 1.0)
    return np.where(hit, np.clip(255 * (AMBIENT + (1 - AMBIENT) * light) * fading, 0, 255), 0).astype(np.uint8)


def without_specks(volume: NDArray[np.float32], *, threshold: float) -> NDArray[np.float32]:
    """The map with parts above the threshold that are smaller than a fiftieth of the largest part set to zero."""
    labels, count = ndimage.label(volume > threshold)
    if not count:
        return volume
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    small = sizes < LEAST_PART * sizes.max()
    small[0] = False
    return np.where(small[labels], np.float32(0), volume)


def threshold_for(volume: NDArray[np.float32], *, voxel_size_A: float, mass_kDa: float) -> float:
    """The density above which a protein of this mass fits: 1.21 Å3 for each dalton."""
    voxels = int(mass_kDa * 1000 * 1.21 / voxel_size_A**3)
    return float(np.partition(volume.ravel(), -voxels)[-voxels])
