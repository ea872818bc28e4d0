"""The rows of a STAR loop: a quick way for well-formed bodies, and a careful one that finds and names the bad line."""

import io
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.files.star_blocks import BadRow
from vitreous.tables.columns import BY_LABEL

Buffer = mmap.mmap | bytes
Columns = dict[str, NDArray[Any]]

_SMALL = 1 << 16  # bytes below which loading pandas costs more than it saves
_TOKEN = re.compile(r""""(.*?)"(?=\s|$)|'(.*?)'(?=\s|$)|(\#.*)|(\S+)""")
_SPECIAL = re.compile(rb"[ \t\n]['#]|\n;")
_NUMPY = {"float": np.float64, "int": np.int64, "bool": np.int64}


@dataclass(frozen=True)
class Body:
    """Where the rows of a loop lie in a buffer: bytes start to end, the first on line `line` (from 1)."""

    buffer: Buffer
    start: int
    end: int
    line: int


class _Window(io.RawIOBase):
    """A read-only file over a part of a buffer, without copying it."""

    def __init__(self, body: Body) -> None:
        self._body, self._at = body, body.start

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        count = min(len(target), self._body.end - self._at)
        target[:count] = self._body.buffer[self._at : self._at + count]
        self._at += count
        return count


def parse(labels: list[str], body: Body) -> tuple[Columns, list[BadRow]]:
    """The columns of a loop, typed by the dictionary of columns, and the rows that could not be read."""
    if body.end - body.start > _SMALL and _plain(body):
        columns = _parse_quickly(labels, body)
        if columns is not None:
            return columns, []
    return _parse_carefully(labels, body)


def _plain(body: Body) -> bool:
    """True if the body has no comments, no single quotes and no text blocks where a value may start."""
    buffer = body.buffer
    if buffer[body.start : body.start + 1] in (b"'", b"#", b";"):
        return False
    if all(buffer.find(mark, body.start, body.end) < 0 for mark in (b"'", b"#", b"\n;")):
        return True
    return _SPECIAL.search(buffer, body.start, body.end) is None


def _parse_quickly(labels: list[str], body: Body) -> Columns | None:
    """Pandas' C tokenizer; None when a row has too few or too many values, or one that is not of its type."""
    import pandas as pd  # here, since its 0.4 s of loading must not burden a program that reads small files only

    # One column more than the labels: a row that is too long fills it, a row that is too short leaves the last empty.
    names = [str(i) for i in range(len(labels) + 1)]
    types: dict[str, Any] = dict.fromkeys(names, object)
    for name, label in zip(names, labels):
        if label in BY_LABEL:
            types[name] = _NUMPY.get(BY_LABEL[label].type, object)
    try:
        frame = pd.read_csv(
            io.BufferedReader(_Window(body), 1 << 20),
            sep=r"\s+",
            engine="c",
            header=None,
            names=names,
            dtype=types,
            na_filter=False,
            index_col=False,
            low_memory=False,
            encoding="utf-8",
            encoding_errors="surrogateescape",
        )
    except (ValueError, OverflowError):  # pandas' ParserError is a ValueError; the careful way finds the line
        return None
    if len(frame) and frame[names[-1]].to_numpy().any():
        return None
    columns: Columns = {}
    for name, label in zip(names, labels):
        columns[label] = frame.pop(name).to_numpy()
    last = columns[labels[-1]]
    quoted = body.buffer.find(b'"', body.start, body.end) >= 0
    if last.dtype == object and len(last) and (quoted or not last.all()):
        return None if not all(last) else columns
    return columns


def _rows(body: Body) -> Iterator[tuple[int, str, list[str]]]:
    """Line number, text and values of each line that has values; a text between two lines with ';' is one value."""
    lines = body.buffer[body.start : body.end].decode("utf-8", "surrogateescape").split("\n")
    at = 0
    while at < len(lines):
        first, text = at, lines[at].rstrip("\r")
        values = tokens(text)
        at += 1
        if text.startswith(";"):
            values = []
            at = first
        while at < len(lines) and lines[at].startswith(";"):
            closing = next((i for i in range(at + 1, len(lines)) if lines[i].startswith(";")), None)
            if closing is None:  # no second ';': a comment, as RELION has it
                at += 1
                break
            values.append("\n".join([lines[at][1:], *lines[at + 1 : closing]]))
            values += tokens(lines[closing][1:])
            at = closing + 1
            if at < len(lines) and not lines[at].startswith(";"):
                break
        if values:
            yield body.line + first, text, values


def tokens(text: str) -> list[str]:
    """The values of one line: quotes taken off, a comment left out."""
    if not any(mark in text for mark in "\"'#"):
        return text.split()
    values = []
    for double, single, comment, plain in _TOKEN.findall(text):
        if comment:
            break
        values.append(double or single or plain)
    return values


def _unfold(rows: list[tuple[int, str, list[str]]], width: int) -> list[tuple[int, str, list[str]]]:
    """Rows that are broken over several lines, put together; only where no line at all is a whole row."""
    if not rows or any(len(values) >= width for _, _, values in rows):
        return rows
    flat = [(line, text, value) for line, text, values in rows for value in values]
    if len(flat) % width:
        return rows
    starts = range(0, len(flat), width)
    return [(flat[i][0], flat[i][1], [value for _, _, value in flat[i : i + width]]) for i in starts]


def _parse_carefully(labels: list[str], body: Body) -> tuple[Columns, list[BadRow]]:
    """Row by row in Python; what cannot be read is listed and left out."""
    bad: list[BadRow] = []
    good: list[tuple[int, str, list[str]]] = []
    for line, text, values in _unfold(list(_rows(body)), len(labels)):
        if len(values) > len(labels) and "__" in text and "\t" in text:
            # RELION 3.1 before its release wrote blanks inside a value as "__" but left tabs as they were
            values = [value.replace("\0", "\t") for value in tokens(text.replace("\t", "\0"))]
        if len(values) == len(labels):
            good.append((line, text, values))
        else:
            bad.append(BadRow(line, text, f"has {len(values)} values where the table has {len(labels)} columns"))
    columns: Columns = {}
    wrong = np.zeros(len(good), bool)
    for at, label in enumerate(labels):
        texts = [values[at] for _, _, values in good]
        columns[label], failed = typed(label, texts)
        for row in failed:
            if not wrong[row]:
                bad.append(BadRow(good[row][0], good[row][1], f"has {texts[row]!r} for {label}, which is a number"))
            wrong[row] = True
    if wrong.any():
        columns = {label: typed(label, values[~wrong].tolist())[0] for label, values in columns.items()}
    return columns, sorted(bad, key=lambda row: row.line)


def typed(label: str, texts: list[Any]) -> tuple[NDArray[Any], list[int]]:
    """Texts as the array that the dictionary of columns asks for, and the rows that are no such thing.

    Whole numbers written as 1.0 are taken as such; fractions in a column of whole numbers make it a column of floats.
    When some rows fail, the array is of text.
    """
    kind = BY_LABEL[label].type if label in BY_LABEL else "str"
    if kind not in _NUMPY:
        return _objects(texts), []
    if kind != "float":
        try:
            return np.array([int(text) for text in texts], np.int64), []
        except (ValueError, OverflowError):
            pass
    failed, numbers = [], np.zeros(len(texts))
    for row, text in enumerate(texts):
        try:
            numbers[row] = float(text)
        except ValueError:
            failed.append(row)
    if failed:
        return _objects(texts), failed
    whole = kind != "float" and bool(np.all(np.abs(numbers) < 2**53) and np.all(numbers == np.floor(numbers)))
    return (numbers.astype(np.int64) if whole else numbers), []


def _objects(texts: list[Any]) -> NDArray[Any]:
    column = np.empty(len(texts), object)
    column[:] = texts
    return column
