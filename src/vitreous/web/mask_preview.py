"""A first look at a mask made of shapes, at half the map's size or less, without the job; its edge is that of the job."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vitreous.context import UserError
from vitreous.files.mask_shapes import Bools, MaskShapes, Region, inside
from vitreous.web.volumes import Floats, Volume, binned, low_passed

LARGEST = 96
"""No edge of a preview has more voxels."""
EXTEND_PX, EDGE_PX = 3.0, 3.0
"""What the job takes where the answer does not say them."""


def preview(volume: Volume, answer: MaskShapes) -> tuple[NDArray[np.uint8], int]:
    """The mask as bytes, 255 inside, and how many voxels of the map go along the edge of one of its own."""
    factor = max(2, -(-max(volume.values.shape) // LARGEST))
    values, voxel_A = binned(volume.values, factor), volume.voxel_A * factor
    filled = inside(
        answer,
        (values.shape[0], values.shape[1], values.shape[2]),
        voxel_A=voxel_A,
        first_A=volume.voxel_A * (factor - 1) / 2,
        region=lambda one: _above(values, one, voxel_A),
    )
    if not filled.any():
        raise UserError("the shapes enclose no voxel: add one, or lower the level")
    extend = (EXTEND_PX if answer.extend_px is None else answer.extend_px) / factor
    edge = (EDGE_PX if answer.edge_px is None else answer.edge_px) / factor
    distance = ndimage.distance_transform_edt(~filled)
    if extend < 0:
        distance = np.where(filled, 1.0 - ndimage.distance_transform_edt(filled), distance)
    fall = np.clip((distance - extend) / edge, 0, 1) if edge > 0 else (distance > extend).astype(float)
    return np.rint(255 * (0.5 + 0.5 * np.cos(np.pi * fall))).astype(np.uint8), factor


def _above(values: Floats, one: Region, voxel_A: float) -> Bools:
    smooth = low_passed(values, one.low_pass_A / voxel_A) if one.low_pass_A > 2 * voxel_A else values
    found = smooth >= one.level
    if not one.largest:
        return np.asarray(found)
    labels, count = ndimage.label(found)
    sizes = np.bincount(labels.reshape(-1))
    sizes[0] = 0
    return np.asarray(labels == sizes.argmax()) if count > 1 else np.asarray(found)
