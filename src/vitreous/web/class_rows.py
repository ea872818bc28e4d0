"""The classes of an iteration as rows: particles, share, resolution, accuracy, score; and scores found in the project."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.files import mrc
from vitreous.files.star_blocks import Block
from vitreous.web import rounds
from vitreous.web.opened import Opened
from vitreous.web.rounds import Round

SCORES = "scores"


class ClassRow(BaseModel):
    """A class of one iteration. share of all particles; None where a file does not know the value; tile: which picture of the
    page's stack is its own, from 1: of chosen classes not their number.
    """

    index: int
    tile: int
    particles: int
    share: float
    resolution_A: float | None
    score: float | None
    accuracy_deg: float | None
    accuracy_A: float | None
    image: str
    present: bool


def table_of(one: Round) -> Block:
    """The table of classes of a model file."""
    file = rounds.head(one.model)
    if "model_classes" not in file:
        raise UserError(f"{one.model.name} has no table of classes (data_model_classes)")
    return file["model_classes"]


def rows(here: Opened, one: Round) -> list[ClassRow]:
    """The classes of an iteration, in the order of their numbers."""
    table = table_of(one)
    count = len(table)
    images = [str(name) for name in _column(table, "rlnReferenceImage", count, "")]
    shares = floats(table, "rlnClassDistribution", count)
    particles = rounds.assigned(one.data).counts(count) if one.data.is_file() else [0] * count
    total = sum(particles)
    scores = found_scores(here, one, count)
    there = {path: (here.root / path).is_file() for path in {mrc.split_name(name)[1] for name in images}}
    values = {
        "resolution_A": floats(table, "rlnEstimatedResolution", count),
        "accuracy_deg": floats(table, "rlnAccuracyRotations", count),
        "accuracy_A": floats(table, "rlnAccuracyTranslationsAngst", count),
    }
    return [
        ClassRow(
            index=k + 1,
            tile=k + 1,
            particles=particles[k],
            share=particles[k] / total if total else float(np.nan_to_num(shares[k])),
            score=None if scores is None else round(float(scores[k]), 4),
            image=images[k],
            present=there[mrc.split_name(images[k])[1]],
            **{name: known(column[k]) for name, column in values.items()},
        )
        for k in range(count)
    ]


def _column(block: Block, label: str, count: int, missing: Any) -> Any:
    return block[label] if label in block else [missing] * count


def floats(block: Block, label: str, count: int) -> NDArray[np.float64]:
    """A column as numbers; not a number where it says so, or is missing."""
    found = np.asarray(_column(block, label, count, np.nan))
    try:
        return found.astype(np.float64)
    except ValueError:
        return np.array([_float(value) for value in found])


def _float(value: Any) -> float:
    try:
        return float(value)
    except ValueError:
        return float("nan")


def known(value: float) -> float | None:
    """A resolution or accuracy; None where the file says that it is not known."""
    return float(value) if np.isfinite(value) and 0 < value < rounds.UNKNOWN else None


def found_scores(here: Opened, one: Round, count: int) -> NDArray[np.float64] | None:
    """Scores of the classes: of the model itself, of a selection that ranked this iteration, or made here before; else None."""
    own = table_of(one)
    if "rlnClassScore" in own:
        return floats(own, "rlnClassScore", count)
    places = [*here.root.glob("Select/job*/rank_optimiser.star"), kept_scores(here, one) / "rank_optimiser.star"]
    for path in sorted(places, key=lambda path: path.stat().st_mtime if path.is_file() else 0.0, reverse=True):
        if not path.is_file():
            continue
        said = rounds.values(path, "optimiser_general")
        model = path.with_name("rank_model.star")
        if (here.root / str(said.get("rlnExperimentalDataStarFile", ""))).resolve() != one.data.resolve() or not model.is_file():
            continue
        scores = _scores(model, *rounds.stamp(model))
        if len(scores) == count:
            return scores
    return None


@lru_cache(maxsize=64)
def _scores(path: Path, time_ns: int, size: int) -> NDArray[np.float64]:
    table = rounds.head(path)["model_classes"]
    return floats(table, "rlnClassScore", len(table))


def kept_scores(here: Opened, one: Round) -> Path:
    """The folder in the window's cache for the scores of one iteration."""
    time_ns, size = rounds.stamp(one.model)
    hidden = here.project.layout.kept_graph.parent.resolve()
    return hidden / "window" / SCORES / f"{one.model.parent.name}_{one.model.stem}_{time_ns:x}_{size:x}"


def chosen_rows(here: Opened, averages: Path) -> list[ClassRow]:
    """The class averages that a selection kept, under the numbers that they had."""
    file = rounds.head(averages)
    table = next((block for block in file if block.loop and "rlnReferenceImage" in block), None)
    if table is None:
        raise UserError(f"{averages.name} lists no class averages")
    count = len(table)
    numbers = [int(value) for value in _column(table, "rlnClassIndex", count, 0)]
    if not all(numbers):  # RELION names the class only by its place in the stack
        numbers = [mrc.split_name(str(name))[0] or k + 1 for k, name in enumerate(table["rlnReferenceImage"])]
    particles = averages.with_name("particles.star")
    counts = rounds.assigned(particles).counts(max(numbers, default=0)) if particles.is_file() else [0] * max(numbers, default=0)
    total = sum(counts)
    images = [str(name) for name in table["rlnReferenceImage"]]
    resolution, score = floats(table, "rlnEstimatedResolution", count), floats(table, "rlnClassScore", count)
    return [
        ClassRow(
            index=number,
            tile=k + 1,
            particles=counts[number - 1],
            share=counts[number - 1] / total if total else 0.0,
            resolution_A=known(resolution[k]),
            score=float(score[k]) if np.isfinite(score[k]) else None,
            accuracy_deg=None,
            accuracy_A=None,
            image=images[k],
            present=(here.root / mrc.split_name(images[k])[1]).is_file(),
        )
        for k, number in enumerate(numbers)
    ]
