"""STAR text out of blocks: numbers with six decimals or, where that would lose them, seven figures; quotes as needed."""

import re
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from vitreous.files.star_blocks import Block, StarFile

_SMALL = 20_000  # values in a loop below which loading the compiled writer costs more than it saves
_ROWS = 20_000  # rows that are turned into bytes together
_QUOTED = re.compile(r"""^$|[\s]|^["'#_;]|^data_|^loop_""")


def number(value: float) -> str:
    """One float as text: six decimals; below 0.1 seven significant figures; from 1e15 on with exponent."""
    size = abs(value)
    if size == 0:
        return "0.000000"
    if 0.1 <= size < 1e15:
        return f"{value:.6f}"
    return f"{value:.7g}" if size < 0.1 else repr(float(value))


def quoted(text: str) -> str:
    """A value as it may stand in a row: in quotes if it is empty, has blanks, or begins like something else."""
    if not _QUOTED.search(text):
        return text
    for quote in ('"', "'"):
        if "\n" not in text and not re.search(re.escape(quote) + r"(?:\s|$)", text):
            return f"{quote}{text}{quote}"
    return f"\n;{text}\n;\n"


def _text(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return number(float(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    return quoted(str(value))


def write_to(file: IO[bytes], star_file: StarFile) -> None:
    """All blocks of a file, in order, with their comments."""
    for at, block in enumerate(star_file.blocks):
        if at:
            file.write(b"\n")
        file.write(_head(block).encode("utf-8", "surrogateescape"))
        if not block.loop:
            continue
        cells = len(block) * len(block.columns)
        if cells < _SMALL:
            file.write(_padded(list(block.columns.values())).encode("utf-8", "surrogateescape"))
        elif cells:
            _write_quickly(file, list(block.columns.values()))
    if star_file.tail:
        file.write(b"\n")
    file.write("".join(line + "\n" for line in star_file.tail).encode("utf-8", "surrogateescape"))


def _head(block: Block) -> str:
    """Everything of a block but its rows."""
    lines = [*block.comments] if block.continued else [*block.comments, f"data_{block.name}", ""]
    if block.loop:
        lines += ["loop_", *(f"_{label} #{at}" for at, label in enumerate(block.columns, 1))]
    else:
        lines += [f"_{label:<44} {_text(value)}" for label, value in block.values.items()]
    return "".join(line + "\n" for line in lines)


def _padded(columns: list[NDArray[Any]]) -> str:
    """Rows of a small loop, columns lined up as far as they are narrow."""
    if not columns or not len(columns[0]):
        return ""
    texts = [[_text(value) for value in column.tolist()] for column in columns]
    widths = [min(12, max(map(len, column))) for column in texts]
    rows = zip(*([text.rjust(width) for text in column] for column, width in zip(texts, widths)))
    return "".join(" ".join(row) + "\n" for row in rows)


def _write_quickly(file: IO[bytes], columns: list[NDArray[Any]]) -> None:
    """Rows of a large loop by compiled code, some thousands at a time."""
    from vitreous.files import star_format  # here, since its 0.3 s of loading must not burden those who write small files

    for start in range(0, len(columns[0]), _ROWS):
        part = [column[start : start + _ROWS] for column in columns]
        kinds: list[int] = []
        floats: list[NDArray[np.float64]] = []
        ints: list[NDArray[np.int64]] = []
        texts: list[bytes] = []
        ends: list[NDArray[np.int64]] = []
        for column in part:
            if column.dtype.kind == "f" and bool(np.all(np.abs(column) < star_format.LARGEST)):
                kinds.append(1)
                floats.append(column.astype(np.float64))
            elif column.dtype.kind in "iub":
                kinds.append(2)
                ints.append(column.astype(np.int64))
            else:
                kinds.append(0)
                text, behind = _joined(column)
                if star_format.needs_quotes(text, behind):
                    text, behind = _joined(np.array([_text(value) for value in column.tolist()], object))
                ends.append(behind + sum(len(before) for before in texts))
                texts.append(text)
        file.write(
            star_format.rows(kinds, _stack(floats, part), _stack(ints, part), b"".join(texts), _stack(ends, part)),
        )


def _stack(columns: list[NDArray[Any]], part: list[NDArray[Any]]) -> NDArray[Any]:
    """Columns as (columns, rows), also when there are none."""
    return np.stack(columns) if columns else np.empty((0, len(part[0])), np.int64)


def _joined(column: NDArray[Any]) -> tuple[bytes, NDArray[np.int64]]:
    """Values as texts end to end, and the byte behind each."""
    values = column.tolist()
    if column.dtype != object or not all(type(value) is str for value in values):
        values = [value if isinstance(value, str) else _text(value) for value in values]
    blob = "".join(values)
    if blob.isascii():
        return blob.encode(), np.cumsum(np.fromiter(map(len, values), np.int64, len(values)))
    parts = [value.encode("utf-8", "surrogateescape") for value in values]
    return b"".join(parts), np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)))
