"""Maps, images, curves and classes as drawings: three slices and a surface, a sheet of tiles, lines with Å above 1/Å."""

import base64
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vitreous.context import UserError
from vitreous.drawing.chart import Axes, Curve, chart
from vitreous.drawing.shown import Shown
from vitreous.drawing.surface import shaded, without_specks
from vitreous.files.picture import montage, png_bytes, to_grey

TILE_PX, SURFACE_PX = 230, 230
TOKENS = ("s1", "s2", "s3", "s4", "s5")
IMAGE_SIGMA, MAP_SIGMA = 3.0, 4.0
COARSE_VOXELS = 96  # a surface of finer maps is drawn after binning; the slices are not


def figure(pixels: NDArray[np.uint8], caption: str, *, width: int = TILE_PX) -> str:
    """One picture with the words under it."""
    data = base64.b64encode(png_bytes(pixels)).decode()
    image = f'<img alt="{escape(caption)}" width="{width}" src="data:image/png;base64,{data}">'
    return f'<figure style="margin-right:8px">{image}<figcaption>{escape(caption)}</figcaption></figure>'


def show_map(volume: ArrayLike, voxel_size_A: float = 0.0, *, threshold: float | None = None, name: str = "map") -> Shown:
    """The three central slices of a map (z, y, x), protein white, and its surface at the threshold [mean + 4 s.d.]."""
    array = np.asarray(volume, np.float32)
    if array.ndim != 3:
        raise UserError(f"a map has three axes (z, y, x); this has the shape {array.shape}")
    level = float(array.mean() + MAP_SIGMA * array.std()) if threshold is None else threshold
    middle = [side // 2 for side in array.shape]
    parts = [
        figure(to_grey(np.take(array, place, axis), sigma=MAP_SIGMA), f"{word} {place}")
        for axis, (word, place) in enumerate(zip("zyx", middle))
    ]
    coarse = _coarse(array)
    surface = shaded(without_specks(coarse, threshold=level), threshold=level, axis=0, side=SURFACE_PX)
    parts.append(figure(surface, f"surface at {level:.3g}"))
    size = " x ".join(str(side) for side in array.shape)
    length = f", {voxel_size_A:g} Å per voxel, {voxel_size_A * array.shape[2]:.0f} Å wide" if voxel_size_A else ""
    said = f"{name}: {size} voxels{length}; mean {array.mean():.3g}, s.d. {array.std():.3g}"
    return Shown(f"<p>{escape(said)}</p>{''.join(parts)}", said)


def _coarse(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """The map binned by whole blocks until no side is longer than COARSE_VOXELS; a rest at the edges is cut."""
    block = -(-max(array.shape) // COARSE_VOXELS)
    if block == 1 or min(array.shape) < block:
        return array
    z, y, x = (side // block for side in array.shape)
    cut = array[: z * block, : y * block, : x * block].reshape(z, block, y, block, x, block)
    return np.asarray(cut.mean(axis=(1, 3, 5)), np.float32)


def show_images(
    images: ArrayLike, labels: Sequence[str] = (), *, columns: int = 8, size_px: int = 96, name: str = "images"
) -> Shown:
    """Images (n, y, x) as a sheet, each at mean +-3 s.d.; with labels, each over its own words."""
    stack = np.asarray(images, np.float32)
    if stack.ndim == 2:
        stack = stack[None]
    if stack.ndim != 3 or not len(stack):
        raise UserError(f"images have the shape (n, y, x), at least one; these have {stack.shape}")
    tiles = np.stack([to_grey(image, sigma=IMAGE_SIGMA) for image in stack])
    said = f"{name}: {len(stack):,} of {stack.shape[1]} x {stack.shape[2]} pixels"
    if labels:
        body = "".join(figure(tile, label, width=size_px) for tile, label in zip(tiles, labels, strict=True))
    else:
        across = min(columns, len(tiles))
        body = figure(montage(tiles, columns=across), said, width=across * size_px)
    return Shown(f"<p>{escape(said)}</p>{body}", said)


def show_micrograph(image: ArrayLike, pixel_size_A: float = 0.0, *, side_px: int = 720, name: str = "micrograph") -> Shown:
    """A micrograph (y, x) binned to at most side_px, protein dark as recorded, at mean +-3 s.d. of the binned picture."""
    array = np.asarray(image, np.float32)
    if array.ndim != 2:
        raise UserError(f"a micrograph has two axes (y, x); this has the shape {array.shape}")
    picture = to_grey(array, sigma=IMAGE_SIGMA, side=side_px)
    length = f", {pixel_size_A:g} Å per pixel, {pixel_size_A * array.shape[1] / 10:.0f} nm wide" if pixel_size_A else ""
    said = f"{name}: {array.shape[1]} x {array.shape[0]} pixels{length}"
    return Shown(figure(picture, said, width=min(side_px, picture.shape[1])), said)


def show_curves(
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    x_name: str = "",
    y_name: str = "",
    resolution: bool = False,
    levels: Sequence[float] = (),
) -> Shown:
    """Lines by name, each (x, y). resolution: x is in 1/Å and labelled in Å; levels: heights of dashed lines."""
    drawn = [
        Curve(label, np.asarray(x, float), np.asarray(y, float), TOKENS[i % len(TOKENS)], "" if i < len(TOKENS) else "5 3")
        for i, (label, (x, y)) in enumerate(curves.items())
    ]
    if not drawn:
        raise UserError("there are no curves to show")
    axes = Axes(
        x_name or ("resolution (Å)" if resolution else ""),
        y_name,
        _span([c.x for c in drawn], 0.0),
        _span([c.y for c in drawn], 0.04),
        resolution=resolution,
        levels=tuple(levels),
    )
    title = ", ".join(curves)
    return Shown(chart(axes, drawn, title=title), f"curves: {title}")


def _span(values: Sequence[ArrayLike], margin: float) -> tuple[float, float]:
    """The range of all finite values with a margin, never empty."""
    whole = np.concatenate([np.ravel(np.asarray(value, float)) for value in values])
    finite = whole[np.isfinite(whole)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    extra = (high - low) * margin or (0.0 if high > low else 0.5)
    return low - extra, high + extra
