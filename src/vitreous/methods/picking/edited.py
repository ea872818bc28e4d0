"""What a person's edits make of the picks of one micrograph: thresholds, then what was removed, erased and added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.tables.table import Table

BY_HAND = -999.0
"""Stands where a pick made by hand has no score, class or angle."""
SAME_PX = 0.05
MOST = 200_000
_FIELDS = {"added", "removed", "erased", "selected", "done"}
_LIMITS = {"least", "most", "min_distance_A"}
Places = NDArray[np.float64]


@dataclass(frozen=True)
class Edits:
    """The edits of one micrograph, in its pixels. erased: x, y, radius of circles in which no older pick stays."""

    added: Places
    removed: Places
    erased: Places
    selected: bool = True


@dataclass(frozen=True)
class Limits:
    """Which of the older picks count: by score, and by their distance from better ones (Å; 0: any)."""

    least: float = -np.inf
    most: float = np.inf
    min_distance_A: float = 0.0


def edits(said: Any, micrograph: str) -> Edits:
    """The edits of a micrograph as an answer says them; ValueError says what is wrong."""
    if not isinstance(said, Mapping) or set(said) - _FIELDS:
        odd = ", ".join(sorted(set(said) - _FIELDS)) if isinstance(said, Mapping) else repr(said)[:40]
        raise ValueError(f"the edits of {micrograph} are {', '.join(sorted(_FIELDS))}; it says {odd}")
    places = {name: _numbers(said.get(name, []), width, f"{name} of {micrograph}") for name, width in _WIDTHS}
    return Edits(**places, selected=bool(said.get("selected", True)))


_WIDTHS = (("added", 2), ("removed", 2), ("erased", 3))


def _numbers(said: Any, width: int, what: str) -> Places:
    if not isinstance(said, Sequence) or isinstance(said, str) or len(said) > MOST:
        raise ValueError(f"{what} is no list of at most {MOST} places")
    try:
        found = np.asarray(said, np.float64).reshape(-1, width) if len(said) else np.zeros((0, width))
    except (TypeError, ValueError):
        raise ValueError(f"{what} is no list of {width} numbers each") from None
    if len(found) != len(said) or not np.isfinite(found).all():
        raise ValueError(f"{what} is no list of {width} numbers each")
    return found


def limits(said: Any) -> Limits:
    """The limits as an answer says them; null means none. ValueError says what is wrong."""
    if said is None:
        return Limits()
    if not isinstance(said, Mapping) or set(said) - _LIMITS:
        raise ValueError(f"the threshold holds {', '.join(sorted(_LIMITS))} and nothing else")
    given = {name: value for name, value in said.items() if value is not None}
    if not all(isinstance(value, (int, float)) and np.isfinite(value) for value in given.values()):
        raise ValueError("the limits of the threshold are numbers")
    return Limits(**given)


def edited(older: Table, change: Edits, limit: Limits, *, pixel_size_A: float) -> Table:
    """The picks of a micrograph: those of the older that the limits and the hand leave, in their order; then those added."""
    places = np.stack([older.get("x_px", 0.0), older.get("y_px", 0.0)], axis=1) if len(older) else np.zeros((0, 2))
    scores = np.asarray(older["pick_fom"], np.float64) if "pick_fom" in older else None
    kept = within(places, scores, limit, min_distance_px=limit.min_distance_A / pixel_size_A if pixel_size_A else 0.0)
    kept &= ~_near(places, change.removed, SAME_PX)
    for x, y, radius in change.erased:
        kept &= np.hypot(places[:, 0] - x, places[:, 1] - y) > radius
    return _joined(older.select(np.flatnonzero(kept)), change.added)


def within(places: Places, scores: Places | None, limit: Limits, *, min_distance_px: float) -> NDArray[np.bool_]:
    """Which picks the limits leave: all without a score; of two that are too close the better one (the first of equals)."""
    kept = np.ones(len(places), bool)
    if scores is not None:
        kept = (scores == BY_HAND) | np.isnan(scores) | ((scores >= limit.least) & (scores <= limit.most))
    if min_distance_px <= 0:
        return kept
    order = np.flatnonzero(kept)
    if scores is not None:
        order = order[np.argsort(-scores[order], kind="stable")]
    taken: dict[tuple[int, int], list[int]] = {}
    for index in order:
        x, y = places[index]
        cell = int(x // min_distance_px), int(y // min_distance_px)
        around = (n for i in (-1, 0, 1) for j in (-1, 0, 1) for n in taken.get((cell[0] + i, cell[1] + j), ()))
        if any((places[n, 0] - x) ** 2 + (places[n, 1] - y) ** 2 < min_distance_px**2 for n in around):
            kept[index] = False
        else:
            taken.setdefault(cell, []).append(int(index))
    return kept


def _near(places: Places, marked: Places, distance_px: float) -> NDArray[np.bool_]:
    found = np.zeros(len(places), bool)
    for x, y in marked:
        found |= (np.abs(places[:, 0] - x) <= distance_px) & (np.abs(places[:, 1] - y) <= distance_px)
    return found


def _joined(older: Table, added: Places) -> Table:
    """The older picks and behind them the added, of which only the place is known."""
    count = len(added)
    columns: dict[str, Any] = {}
    names = dict.fromkeys(["x_px", "y_px", "class_number", "psi_deg", "pick_fom", *older])
    for name in names:
        own = older.get(name, int(BY_HAND) if name == "class_number" else BY_HAND)
        columns[name] = np.concatenate([own, np.full(count, _unknown(own), own.dtype)])
    columns["x_px"] = np.concatenate([np.asarray(older.get("x_px", 0.0), float), added[:, 0]])
    columns["y_px"] = np.concatenate([np.asarray(older.get("y_px", 0.0), float), added[:, 1]])
    return Table(columns)


def _unknown(column: NDArray[Any]) -> Any:
    return "None" if column.dtype.kind == "O" else int(BY_HAND) if column.dtype.kind in "iu" else BY_HAND
