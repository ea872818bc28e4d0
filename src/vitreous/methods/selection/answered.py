"""What a person chose in the window, applied to a table: ranges and verdicts by hand, or a rule, an outline and row numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.tables import rule
from vitreous.tables.table import Table

Mask = NDArray[np.bool_]
VERDICTS = {"keep": True, "out": False}


def micrographs(table: Table, answer: Mapping[str, Any]) -> Mask:
    """The micrographs whose values lie in all ranges; a verdict by hand beats them both ways.

    answer: ranges {column: [low, high]}, either may be null; by_hand {micrograph: "keep" or "out"}. A value that is no
    number is in no range. Verdicts on micrographs that are not in the table say nothing.
    """
    kept = np.ones(len(table), bool)
    table = refitted(table, answer)
    for column, limits in _mapping(answer, "ranges").items():
        values = _numbers(table, column)
        low, high = _limits(column, limits)
        kept &= (values >= low) & (values <= high)
    by_hand = _mapping(answer, "by_hand")
    wrong = [verdict for verdict in by_hand.values() if verdict not in VERDICTS]
    if wrong:
        raise UserError(f"the answer has the verdict {wrong[0]!r}; only keep and out are known")
    if by_hand:
        if "micrograph" not in table:
            raise UserError("the table has no column rlnMicrographName, by which verdicts by hand are told apart")
        for row, name in enumerate(table["micrograph"].tolist()):
            if name in by_hand:
                kept[row] = VERDICTS[by_hand[name]]
    return kept


def refitted(table: Table, answer: Mapping[str, Any]) -> Table:
    """The table with the values of single micrographs that were fitted again: fits {micrograph: {column: number}}."""
    fits = _mapping(answer, "fits")
    if not fits or "micrograph" not in table:
        return table
    place = {name: row for row, name in enumerate(table["micrograph"].tolist())}
    changed = {name: values.copy() for name, values in table.columns.items() if values.dtype.kind == "f"}
    for micrograph, fit in fits.items():
        for column, value in fit.items() if isinstance(fit, Mapping) and micrograph in place else ():
            if column in changed and isinstance(value, (int, float)):
                changed[column][place[micrograph]] = value
    return table.with_(**changed)


def rows(table: Table, answer: Mapping[str, Any]) -> Mask:
    """The rows that a rule in words, an outline over two columns, and row numbers (from 0) all hold; each may be missing."""
    kept = rule.rows(table, str(answer.get("rule") or ""))
    outline = answer.get("lasso")
    if outline is not None:
        if not isinstance(outline, Mapping) or not {"x", "y", "points"} <= set(outline):
            raise UserError("the answer's lasso has no x, y and points")
        x, y = (_numbers(table, str(outline[axis])).astype(np.float32) for axis in "xy")
        kept &= inside(x, y, _points(outline["points"]))
    numbers = answer.get("rows")
    if numbers is not None:
        chosen = np.zeros(len(table), bool)
        at = _whole_numbers(numbers)
        if len(at) and (at.min() < 0 or at.max() >= len(table)):
            raise UserError(f"the answer names row {at.max()}, and the table has {len(table)} rows, counted from 0")
        chosen[at] = True
        kept &= chosen
    return kept


def inside(x: NDArray[np.float32], y: NDArray[np.float32], points: NDArray[np.float64]) -> Mask:
    """Which points lie in a closed outline (n, 2), by the even-odd rule; the window counts by the same sums.

    Only points between the outline's edges in x and y are looked at.
    """
    found = np.zeros(len(x), bool)
    if len(points) < 3:
        return found
    low, high = points.min(axis=0), points.max(axis=0)
    near = np.flatnonzero((x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]))
    px, py = x[near].astype(np.float64), y[near].astype(np.float64)
    odd = np.zeros(len(near), bool)
    for (x1, y1), (x2, y2) in zip(points, np.roll(points, 1, axis=0), strict=True):
        if y1 != y2:
            odd ^= ((y1 > py) != (y2 > py)) & (px < (x2 - x1) * (py - y1) / (y2 - y1) + x1)
    found[near] = odd
    return found


def classes(answer: Mapping[str, Any]) -> tuple[int, ...]:
    """The numbers of the classes that go on."""
    return tuple(_whole_numbers(answer.get("classes", ())).tolist())


def _mapping(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = answer.get(name) or {}
    if not isinstance(found, Mapping):
        raise UserError(f"the answer's {name} is no list of names with values")
    return found


def _limits(column: str, limits: Any) -> tuple[float, float]:
    try:
        low, high = limits
        return (-np.inf if low is None else float(low), np.inf if high is None else float(high))
    except (TypeError, ValueError):
        raise UserError(f"the answer's range of {column} is not a low and a high value") from None


def _numbers(table: Table, column: str) -> NDArray[np.float64]:
    """A column of numbers, also one of the optics table; the two that tables may lack are made of others."""
    if column == "ctf_astigmatism_A" and column not in table and {"defocus_u_A", "defocus_v_A"} <= set(table):
        return np.asarray(np.abs(table["defocus_u_A"] - table["defocus_v_A"]))
    try:
        return np.asarray(table.optics_column(rule.column_of(table, column)), np.float64)
    except ValueError:
        raise UserError(f"the column {column} does not hold numbers") from None


def _points(points: Any) -> NDArray[np.float64]:
    try:
        found = np.asarray(points, np.float64)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.ndim != 2 or found.shape[1] != 2 or not np.isfinite(found).all():
        raise UserError("the answer's lasso is no list of points [x, y]")
    return found


def _whole_numbers(numbers: Any) -> NDArray[np.intp]:
    if not isinstance(numbers, Sequence) or any(type(number) is not int or abs(number) > 2**53 for number in numbers):
        raise UserError("the answer's numbers are no list of whole numbers")
    return np.asarray(numbers, np.intp)
