"""The rows of a STAR loop: a quick way for well-formed bodies, and a careful one that finds and names the bad line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.files.star_blocks import BadRow
from vitreous.tables.columns import BY_LABEL

Columns = dict[str, NDArray[Any]]

_STRUCTURE = (b"\ndata_", b"\nloop_", b"\n_")
_BLANK_OR_COMMENT = re.compile(rb"[ \t\r]*(?:#.*)?$")
_ROWS = 20_000  # rows whose texts are taken out together
_SMALL = 1 << 16  # bytes below which loading the compiled reader costs more than it saves
_MARGIN = 1 << 10  # a line that is cut at the end of those bytes must not pass for a label
_TOKEN = re.compile(r""""(.*?)"(?=\s|$)|'(.*?)'(?=\s|$)|(\#.*)|(\S+)""")
_NUMPY = {"float": np.float64, "int": np.int64, "bool": np.int64}


@dataclass(frozen=True)
class Body:
    """Where the rows of a loop lie in a buffer: bytes start to end."""

    buffer: bytes
    start: int
    end: int


def line_at(buffer: bytes, position: int) -> int:
    """The number (from 1) of the line on which a byte stands."""
    return 1 + buffer.count(b"\n", 0, position)


def parse(labels: list[str], buffer: bytes, start: int) -> tuple[Columns, list[BadRow], int]:
    """The columns of the loop whose rows begin at byte `start`, typed by the dictionary of columns; the rows that could
    not be read; and the byte where the rows end."""
    piece = buffer[start : start + _SMALL]
    near = _next_structure(piece, 0, len(labels))
    if len(piece) < _SMALL or (near is not None and near < _SMALL - _MARGIN):
        end = start + end_of_rows(piece, 0, len(labels))
        return *_parse_carefully(labels, Body(buffer, start, end)), end
    found = _parse_quickly(labels, buffer, start)
    if found is not None:
        return found
    end = end_of_rows(buffer, start, len(labels))
    return *_parse_carefully(labels, Body(buffer, start, end)), end


def _parse_quickly(labels: list[str], buffer: bytes, start: int) -> tuple[Columns, list[BadRow], int] | None:
    """One pass of compiled code; None where that cannot do it."""
    from vitreous.files import star_tokens  # here, since its 0.3 s of loading must not burden those who read small files

    number = {"float": star_tokens.FLOAT, "int": star_tokens.INT, "bool": star_tokens.INT}
    wanted = [number.get(BY_LABEL[label].type, star_tokens.TEXT) if label in BY_LABEL else star_tokens.TEXT for label in labels]
    kinds = list(wanted)
    found = star_tokens.read(buffer, start, kinds)
    if found is None or (found[0] == 0 and len(found[2])):
        return None
    rows, parts, wrong, end = found
    bad = [_bad_row(buffer, int(at), f"has {count} values where the table has {len(labels)} columns") for at, count in wrong]
    columns: Columns = {}
    failed = np.zeros(rows, bool)
    texts_of = iter(_texts(buffer, [part for part, kind in zip(parts, kinds) if kind == star_tokens.TEXT]))
    for label, part, kind, first_kind in zip(labels, parts, kinds, wanted):
        if kind == star_tokens.TEXT:
            columns[label] = texts = next(texts_of)
            if first_kind != star_tokens.TEXT:
                columns[label], wrong_rows = typed(label, texts.tolist())
                for row in wrong_rows:
                    bad.append(_bad_row(buffer, int(part[row, 0]), f"has {texts[row]!r} for {label}, which is a number"))
                failed[wrong_rows] = True
        else:
            columns[label] = _whole(part) if kind != first_kind else part
    if failed.any():
        columns = _less(columns, failed)
    return columns, sorted(bad, key=lambda row: row.line), _without_tail(buffer, start, end)


def _less(columns: Columns, bad: NDArray[np.bool_]) -> Columns:
    """The columns without the bad rows; those that were text for their sake are numbers again."""
    left = {label: values[~bad] for label, values in columns.items()}
    return {label: typed(label, values.tolist())[0] if values.dtype == object else values for label, values in left.items()}


def _bad_row(buffer: bytes, at: int, reason: str) -> BadRow:
    """The line in which byte `at` stands."""
    start = buffer.rfind(b"\n", 0, at) + 1
    stop = buffer.find(b"\n", at)
    text = buffer[start : len(buffer) if stop < 0 else stop].decode("utf-8", "surrogateescape").rstrip("\r")
    return BadRow(line_at(buffer, start), text, reason)


def _texts(buffer: bytes, columns: list[NDArray[np.int64]]) -> list[NDArray[Any]]:
    """Texts by first byte and byte behind, (rows, 2) a column; equal neighbours in a column share one object."""
    rows = len(columns[0]) if columns else 0
    texts = [np.empty(rows, object) for _ in columns]
    for first in range(0, rows, _ROWS):
        parts = [places[first : first + _ROWS] for places in columns]
        low = min(int(part[0, 0]) for part in parts)
        blob = buffer[low : max(int(part[-1, 1]) for part in parts)]
        text = blob.decode("ascii") if blob.isascii() else None
        for part, column in zip(parts, texts):
            starts, ends = (part[:, 0] - low).tolist(), (part[:, 1] - low).tolist()  # flat, to spare the garbage collector
            if text is not None:
                values = [text[a:b] for a, b in zip(starts, ends)]
            else:
                values = [blob[a:b].decode("utf-8", "surrogateescape") for a, b in zip(starts, ends)]
            before = column[first - 1] if first else None
            for at, value in enumerate(values):
                if value == before:
                    values[at] = before
                else:
                    before = value
            column[first : first + _ROWS] = values
    return texts


def _whole(numbers: NDArray[np.float64]) -> NDArray[Any]:
    """Whole numbers that were written with a point, as such; others as they are."""
    whole = np.all(np.abs(numbers) < 2**53) and np.all(numbers == np.floor(numbers))
    return numbers.astype(np.int64) if whole else numbers.copy()


def _rows(body: Body, width: int) -> Iterator[tuple[int, str, list[str]]]:
    """Line number, text and values of each row: a line, unless some of its values are texts between lines with ';'."""
    lines = body.buffer[body.start : body.end].decode("utf-8", "surrogateescape").split("\n")
    line, at = line_at(body.buffer, body.start), 0
    row: tuple[int, str, list[str]] | None = None  # one that is not complete yet
    while at < len(lines):
        closing = _closing(lines, at)
        here = line + at, lines[at].rstrip("\r")
        if closing is not None:
            row = row or (*here, [])
            row[2].append("\n".join([lines[at][1:], *lines[at + 1 : closing]]))
            row[2].extend(tokens(lines[closing][1:]))
            at = closing + 1
        else:  # without a second ';' a line with ';' is a comment, as RELION has it
            values = [] if here[1].startswith(";") else tokens(here[1])
            if row is not None:
                row[2].extend(values)
            elif 0 < len(values) < width and _closing(lines, at + 1) is not None:
                row = (*here, values)
            elif values:
                yield (*here, values)
            at += 1
        if row is not None and len(row[2]) >= width:
            yield row
            row = None
    if row is not None:
        yield row


def _closing(lines: list[str], at: int) -> int | None:
    """Where the text ends that begins at this line with ';', or None if none does."""
    if at >= len(lines) or not lines[at].startswith(";"):
        return None
    return next((i for i in range(at + 1, len(lines)) if lines[i].startswith(";")), None)


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
    for line, text, values in _unfold(list(_rows(body, len(labels))), len(labels)):
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
        columns = _less(columns, wrong)
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
            words: dict[str, int] = _WORDS if kind == "bool" else {}
            return np.array([int(words.get(text.lower(), text)) for text in texts], np.int64), []
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


_WORDS = {"true": 1, "yes": 1, "false": 0, "no": 0}


def _objects(texts: list[Any]) -> NDArray[Any]:
    column = np.empty(len(texts), object)
    column[:] = texts
    return column


def end_of_line(buffer: bytes, start: int) -> int:
    """Where the line ends in which byte `start` stands."""
    end = buffer.find(b"\n", start)
    return len(buffer) if end < 0 else end


def end_of_rows(buffer: bytes, start: int, width: int) -> int:
    """The byte where rows of `width` values that begin at `start` end: before the next data_, loop_, label or comment."""
    found = _next_structure(buffer, start, width)
    return _without_tail(buffer, start, len(buffer) if found is None else found)


def _next_structure(buffer: bytes, start: int, width: int) -> int | None:
    """Where the next line begins that is a data_, a loop_ or a label, and no row that looks like one."""
    search = max(start - 1, 0)
    while True:
        found = [p for p in (buffer.find(mark, search) for mark in _STRUCTURE) if p >= 0]
        if not found:
            return None
        position = min(found) + 1
        words = buffer[position : end_of_line(buffer, position)].split(b"#")[0].split()
        limit = 2 if words and words[0].startswith(b"_") and width != 2 else 1
        if len(words) <= limit and not _inside_text(buffer, start, position):
            return position
        search = position


def _inside_text(buffer: bytes, start: int, position: int) -> bool:
    """True if `position` lies in a text between two lines that begin with ';'."""
    count, at = 0, buffer.find(b"\n;", start, position)
    while at >= 0:
        count, at = count + 1, buffer.find(b"\n;", at + 2, position)
    return count % 2 == 1 and buffer.find(b"\n;", position) >= 0


def _without_tail(buffer: bytes, start: int, end: int) -> int:
    """`end` moved up over blank and comment lines, which belong to what follows."""
    while end > start:
        previous = buffer.rfind(b"\n", start, end - 1) + 1
        previous = max(previous, start)
        if not _BLANK_OR_COMMENT.match(buffer[previous:end].rstrip(b"\n")):
            return end
        end = previous
    return end
