"""What an iteration of a classification left: optimiser, model and data files that belong together; also with class scores."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import chain, mrc, star
from vitreous.tables.columns import label_of
from vitreous.tables.table import Table


@dataclass(frozen=True)
class Classification:
    """Classes and particles of one iteration, and the files that hold them. diameter_A of the mask; negative: unknown."""

    classes: Table
    particles: Table
    model: Path
    optimiser: Path | None
    diameter_A: float


def last_iteration(path: str | os.PathLike[str]) -> Path:
    """The file itself; of a folder, the optimiser of its last iteration."""
    where = Path(path)
    if not where.is_dir():
        return where
    last = chain.latest(where)
    if last is None:
        raise UserError(f"{where} holds no run_itNNN_optimiser.star: name the folder of a classification that has run")
    return where / f"{last.name}_optimiser.star"


def read(path: str | os.PathLike[str]) -> Classification:
    """The classification of an optimiser or model file; the others are found by what it names, or by their names."""
    where, file = Path(path), star.read(path)
    if "optimiser_general" in file:
        said = star.read_list(where, "optimiser_general")
        model, data, optimiser = Path(said["rlnModelStarFile"]), Path(said["rlnExperimentalDataStarFile"]), where
    elif "model_classes" in file:
        model = where
        data, optimiser = (Path(str(path).replace("_model.star", f"_{word}.star")) for word in ("data", "optimiser"))
    else:
        raise UserError(f"{where} is neither an optimiser nor a model of a classification: name a run_it025_optimiser.star")
    for needed in (model, data):
        if not needed.is_file():
            raise UserError(f"{where} belongs to {needed}, which is not there: was the job cleaned?")
    settings = star.read_list(optimiser, "optimiser_general") if optimiser.is_file() else {}
    return Classification(
        classes=star.read_table(model, "model_classes"),
        particles=star.read_table(data, "particles"),
        model=model,
        optimiser=optimiser if optimiser.is_file() else None,
        diameter_A=float(settings.get("rlnParticleDiameter", -1)),
    )


def spectra(found: Classification) -> NDArray[np.float64] | None:
    """The spectral signal to noise (K, shells) of each class; None where the model does not tell."""
    file = star.read(found.model)
    names = [f"model_class_{number}" for number in range(1, len(found.classes) + 1)]
    if not all(name in file and "rlnSsnrMap" in file[name] for name in names):
        return None
    return np.array([np.asarray(file[name]["rlnSsnrMap"], np.float64) for name in names])


def write_ranked(found: Classification, scores: NDArray[np.float64], folder: Path) -> None:
    """Write rank_model.star, the model with its classes' scores, and rank_optimiser.star, which points to it."""
    model = star.read(found.model)
    model["model_classes"].columns[label_of("class_score")] = scores
    star.write(folder / "rank_model.star", model)
    if found.optimiser is not None:
        optimiser = star.read(found.optimiser)
        optimiser["optimiser_general"].values["rlnModelStarFile"] = str(folder / "rank_model.star")
        star.write(folder / "rank_optimiser.star", optimiser)


def are_images(classes: Table) -> bool:
    """Whether the references are images of a stack, not maps."""
    return all("@" in str(name) for name in classes["reference_image"])


def scales(found: Classification) -> dict[int, float]:
    """The factor of the signal of each scale group, by its number; empty where the model does not tell."""
    file = star.read(found.model)
    if "model_groups" not in file or "rlnGroupScaleCorrection" not in file["model_groups"]:
        return {}
    groups = file["model_groups"]
    values = zip(groups["rlnGroupNumber"], groups["rlnGroupScaleCorrection"], strict=True)
    return {int(number): float(scale) for number, scale in values}


def write_selection(
    folder: Path, classes: Table, kept: NDArray[np.bool_], *, centred: NDArray[np.float32] | None, pixel_size_A: float
) -> None:
    """Write class_averages.star of the kept classes with their numbers, and backup_selection.star, as RELION's display does.

    centred (n, y, x): the kept averages, if they were moved; these go into class_averages.mrcs and the table names them.
    """
    numbers = np.flatnonzero(kept) + 1
    table = classes.select(kept).with_(class_number=numbers, class_index=numbers)
    if centred is not None:
        stack = folder / "class_averages.mrcs"
        mrc.write_stack(stack, centred, pixel_size_A=pixel_size_A)
        table = table.with_(reference_image=np.array([f"{i + 1:06d}@{stack}" for i in range(len(table))], object))
    if are_images(classes):
        star.write_table(folder / "class_averages.star", Table(table.columns))
    star.write_table(folder / "backup_selection.star", Table({"selected": kept.astype(int)}))
