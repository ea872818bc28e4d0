"""show(thing): a map, images, a table, curves or a file of them, drawn in place in a notebook."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.context import UserError
from vitreous.drawing.drawings import show_curves, show_images, show_map, show_micrograph
from vitreous.drawing.shown import Shown
from vitreous.files import classification, mrc, mrc_header, star
from vitreous.files.frames import open_movie
from vitreous.files.stacks import ImageStacks
from vitreous.files.star_all import read_tables
from vitreous.tables.inline import table_html
from vitreous.tables.table import Table

FIRST = 32  # images of a stack that are shown
FSC_NAMES = {
    "rlnFourierShellCorrelationCorrected": "corrected",
    "rlnFourierShellCorrelationMaskedMaps": "masked",
    "rlnFourierShellCorrelationUnmaskedMaps": "no mask",
    "rlnCorrectedFourierShellCorrelationPhaseRandomizedMaskedMaps": "random phases",
}
MOVIES = (".tif", ".tiff", ".eer")
LARGEST_TILE_PX = 1024  # sections larger than this are micrographs, not particles


def show(thing: Any, pixel_size_A: float = 0.0, **how: Any) -> Shown:
    """Draw a thing in place.

    thing: a path (.mrc, .mrcs, .map, .star, .tif, .eer); an array of two axes (a micrograph) or three (a map if it is a
    cube, else images); a Table; images to be read (ImageStacks); curves as {name: (x, y)}. `how` goes to the drawing.
    """
    if isinstance(thing, Shown):
        return thing
    if isinstance(thing, (str, Path)):
        return show_file(Path(thing), **how)
    if isinstance(thing, Table):
        return _table(thing, **how)
    if isinstance(thing, dict):
        return show_curves(thing, **how)
    if hasattr(thing, "read") and hasattr(thing, "__len__"):
        return show_images(thing.read(np.arange(min(len(thing), FIRST))), **how)
    array = np.asarray(thing.detach().cpu() if hasattr(thing, "detach") else thing)
    if array.ndim == 2:
        return show_micrograph(array, pixel_size_A, **how)
    if array.ndim == 3 and len(set(array.shape)) == 1 and array.shape[0] > 1:
        return show_map(array, pixel_size_A, **how)
    if array.ndim == 3:
        return show_images(array[:FIRST], **how)
    raise UserError(f"an array of the shape {array.shape} is no map, image or stack")


def show_file(path: Path, **how: Any) -> Shown:
    """Draw what a file holds."""
    if not path.exists():
        raise UserError(f"{path} is not there: give the path of a map, stack, movie or STAR file")
    if path.suffix.lower() == ".star":
        return _star(path, **how)
    if path.suffix.lower() in MOVIES:
        movie = open_movie(path)
        total = np.zeros(movie.shape, np.float32)
        for frame in movie.frames():
            total += frame
        return show_micrograph(total, movie.pixel_size_A, name=f"{path.name}, sum of {movie.count} frames", **how)
    if mrc.is_mrc(path) or path.suffix.lower() in (".mrc", ".mrcs", ".map"):
        return _mrc(path, **how)
    raise UserError(f"{path} is of a kind that is not drawn: a map, stack, movie or STAR file is")


def _mrc(path: Path, **how: Any) -> Shown:
    header = mrc_header.read_header(path)
    sections, height, width = header.shape
    if sections == 1:
        image, pixel = mrc.read_image(path)
        return show_micrograph(image, pixel, name=path.name, **how)
    if path.suffix.lower() != ".mrcs" and sections == height == width:
        volume, voxel = mrc.read_volume(path)
        return show_map(volume, voxel, name=path.name, **how)
    if max(height, width) > LARGEST_TILE_PX:
        images, pixel = mrc.read_stack(path, np.arange(1))
        return show_micrograph(images[0], pixel, name=f"{path.name}, the first of {sections} sections", **how)
    images, _ = mrc.read_stack(path, np.arange(min(sections, FIRST)))
    return show_images(images, name=f"{path.name}, the first {len(images)} of {sections}", **how)


def _star(path: Path, **how: Any) -> Shown:
    file = star.read(path)
    if "fsc" in file and "rlnResolution" in file["fsc"].columns:
        return _fsc(file["fsc"].columns, **how)
    if "model_classes" in file or "optimiser_general" in file:
        return _classes(path, **how)
    return _one_under_another([_table(table, **how) for table in read_tables(path).values()], path)


def _table(table: Table, **how: Any) -> Shown:
    body, said = table_html(table, **how)
    return Shown(body, f"Table of {said}")


def _one_under_another(drawn: list[Shown], path: Path) -> Shown:
    if not drawn:
        raise UserError(f"{path} holds nothing that can be drawn")
    whole = drawn[0]
    for part in drawn[1:]:
        whole += part
    return whole


def _fsc(block: Mapping[str, Any], **how: Any) -> Shown:
    frequency = np.asarray(block["rlnResolution"], float)
    found = {word: (frequency, np.asarray(block[label], float)) for label, word in FSC_NAMES.items() if label in block}
    return show_curves(found, y_name="FSC", resolution=True, levels=(0.143,), **how)


def _classes(path: Path, **how: Any) -> Shown:
    found = classification.read(path)
    names = [str(name) for name in found.classes["reference_image"]]
    sizes = np.bincount(found.particles["class_number"].astype(np.intp), minlength=len(names) + 1)[1:]
    labels = [f"{index + 1}: {size:,}" for index, size in enumerate(sizes)]
    if all("@" in name for name in names):
        stacks = ImageStacks(names)
        order = np.argsort(-sizes, kind="stable")
        return show_images(stacks.read(order), [labels[i] for i in order], name=f"{path.name}, particles by class", **how)
    return _one_under_another([show_file(Path(name), **how) for name in names], path)
