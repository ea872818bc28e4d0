"""What operators ask of STAR files: one value, the extremes of a column, the number of images."""

from pathlib import Path

from vitreous.context import UserError
from vitreous.files import star

_IMAGES = ("particles", "micrographs", "movies")


def count_images(path: str, kind: str, root: Path) -> int:
    """The rows of the table of particles, micrographs or movies; of another table by its name."""
    file = star.read(_found(path, root))
    for name in (kind, "images" if kind in _IMAGES else kind, ""):
        if name in file:
            return len(file[name])
    raise UserError(f"{path} has no table data_{kind} to count; it has {', '.join(file.names())}")


def value(place: str, row: int, root: Path) -> str:
    """One value, as text. place: "file,table,label" (the label with or without its underscore); row counts from 0."""
    column = column_of(place, root)
    if not 0 <= row < len(column):
        raise UserError(f"{place}: row {row} is asked for (the first is 0), but the table has {len(column)}")
    return column[row]


def column_of(place: str, root: Path) -> list[str]:
    """A column of a table, or the one value of a list, as text."""
    parts = place.split(",")
    if len(parts) != 3:
        raise UserError(f"{place!r} does not name a column: write file,table,label")
    path, table, label = (part.strip() for part in parts)
    file = star.read(_found(path, root))
    if table not in file:
        raise UserError(f"{path} has no table data_{table}; it has {', '.join(file.names())}")
    block, plain = file[table], label.removeprefix("_")
    if plain not in block:
        raise UserError(f"{path}: the table data_{table} has no column {label}")
    cells = block[plain] if block.loop else [block[plain]]
    return [str(cell) for cell in cells]


def numbers(place: str, root: Path) -> list[float]:
    """A column as numbers; without rows it is an error."""
    cells = column_of(place, root)
    if not cells:
        raise UserError(f"{place}: the table has no rows")
    try:
        return [float(cell) for cell in cells]
    except ValueError as error:
        raise UserError(f"{place} does not hold numbers: {error}") from None


def sorted_index(place: str, rank: int, root: Path) -> int:
    """The row (from 0) of the value of a rank: 1 is the lowest, 2 the next, -1 the highest."""
    cells = numbers(place, root)
    order = sorted(range(len(cells)), key=cells.__getitem__)
    if rank == 0 or abs(rank) > len(order):
        raise UserError(f"{place}: rank {rank} is asked for, but there are {len(order)} values (1 is the lowest, -1 the highest)")
    return order[rank - 1 if rank > 0 else rank]


def _found(path: str, root: Path) -> Path:
    where = root / path
    if not where.is_file():
        raise UserError(f"there is no file {path} (asked for by a scheme's operator)")
    return where
