"""STAR text out of blocks: numbers with six decimals or, where that would lose them, seven figures; quotes as needed."""

import io
import re
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from vitreous.files.star_blocks import Block, StarFile

_SMALL = 20_000  # values in a loop below which plain Python is quicker than loading polars
_NEEDS_QUOTES = r"""^$|[\s]|^["'#_;]|^data_|^loop_"""
_QUOTED = re.compile(_NEEDS_QUOTES)


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
    """Rows of a large loop through polars' CSV writer."""
    import polars as pl  # here, since its 0.3 s of loading must not burden a program that writes small files only

    step = 100_000  # rows at a time, so that the texts never stand in memory all at once
    for start in range(0, len(columns[0]), step):
        part = [column[start : start + step] for column in columns]
        try:
            series = [_series(pl, str(at), column) for at, column in enumerate(part)]
        except UnicodeEncodeError:  # bytes that are not UTF-8, which polars refuses
            file.write(_padded(part).encode("utf-8", "surrogateescape"))
            continue
        out = io.BytesIO()
        pl.DataFrame(series).write_csv(
            out, include_header=False, separator=" ", float_precision=6, float_scientific=False, quote_style="never"
        )
        file.write(out.getbuffer())


def _series(pl: Any, name: str, column: NDArray[Any]) -> Any:
    """One column as polars is to write it."""
    if column.dtype == bool:
        return pl.Series(name, column.astype(np.int8))
    if column.dtype.kind in "iu":
        return pl.Series(name, column)
    if column.dtype.kind == "f":
        size = np.abs(column.astype(np.float64))
        odd = np.flatnonzero(((size < 0.1) & (size > 0)) | ~(size < 1e15))
        if not len(odd):
            return pl.Series(name, column.astype(np.float64))
        return _mixed(pl, name, column.astype(np.float64), odd)
    if all(type(value) is str for value in column):
        texts = pl.Series(name, column.tolist(), dtype=pl.String)
        if texts.str.contains(_NEEDS_QUOTES).any():
            return pl.Series(name, [quoted(value) for value in column], dtype=pl.String)
        return texts
    return pl.Series(name, [_text(value) for value in column.tolist()], dtype=pl.String)


def _mixed(pl: Any, name: str, column: NDArray[np.float64], odd: NDArray[np.intp]) -> Any:
    """Floats of which some do not fit six decimals, as texts."""
    texts = np.char.mod("%.6f", column).astype(object) if len(column) < 2000 else _fixed(pl, column)
    texts[odd] = [number(value) for value in column[odd].tolist()]
    return pl.Series(name, texts.tolist(), dtype=pl.String)


def _fixed(pl: Any, column: NDArray[np.float64]) -> NDArray[Any]:
    """Six decimals for each value, by polars."""
    out = io.BytesIO()
    pl.DataFrame({"x": column}).write_csv(out, include_header=False, float_precision=6, float_scientific=False)
    texts = np.empty(len(column), object)
    texts[:] = out.getvalue().decode().split("\n")[:-1]
    return texts
