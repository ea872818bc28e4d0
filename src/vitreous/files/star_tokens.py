"""The rows of a large STAR loop in one pass over its bytes, by numba: values parsed where they lie, bad lines noted."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

TEXT, FLOAT, INT = 0, 1, 2
DONE, TOO_HARD, OTHER_KIND = 0, 1, 2
_POWERS: NDArray[np.float64] = 10.0 ** np.arange(23, dtype=np.float64)
_NEWLINE, _RETURN, _BLANK, _TAB = 10, 13, 32, 9
_HASH, _DOUBLE, _SINGLE, _SEMICOLON, _UNDERSCORE = 35, 34, 39, 59, 95

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


# All of these stop at a line's end, so the data must end with one.


@_jit
def _skip(data: NDArray[np.uint8], at: int) -> int:
    """The first byte at or after `at` that is no blank."""
    while data[at] == _BLANK or data[at] == _TAB or data[at] == _RETURN:
        at += 1
    return at


@_jit
def _over(data: NDArray[np.uint8], at: int) -> bool:
    return bool(data[at] == _NEWLINE or data[at] == _HASH)


@_jit
def _text(data: NDArray[np.uint8], at: int) -> tuple[int, int, int]:
    """First byte, byte behind and where to go on, of the value that begins at `at`, without its quotes."""
    if data[at] == _DOUBLE or data[at] == _SINGLE:
        i = at + 1
        while data[i] != _NEWLINE:
            if data[i] == data[at] and data[i + 1] <= _BLANK:
                return at + 1, i, i + 1
            i += 1
    first = at
    while data[at] > _BLANK:
        at += 1
    return first, at, at


@_jit
def _figures(data: NDArray[np.uint8], at: int, stop: int) -> tuple[int, int]:
    """The first eighteen figures between two places as a whole number, and the power of ten that it stands for."""
    mantissa, figures, exponent, fraction = 0, 0, 0, 0
    for i in range(at, stop):
        if data[i] == 46:
            fraction = 1
        elif figures < 18:
            mantissa = mantissa * 10 + (data[i] - 48)
            figures += mantissa > 0
            exponent -= fraction
        else:
            exponent += 1 - fraction
    return mantissa, exponent


@_jit
def _number(data: NDArray[np.uint8], at: int, powers: NDArray[np.float64]) -> tuple[bool, float, int]:
    """Whether a plain decimal number begins at `at`, its value, and where to go on.

    The value is exact to 15 figures, else within an ulp or two.
    """
    negative = data[at] == 45
    if negative or data[at] == 43:
        at += 1
    mantissa, exponent, start = 0, 0, at
    while 48 <= data[at] <= 57:
        mantissa = mantissa * 10 + (data[at] - 48)
        at += 1
    digits = at - start
    if data[at] == 46:
        at += 1
        point = at
        while 48 <= data[at] <= 57:
            mantissa = mantissa * 10 + (data[at] - 48)
            at += 1
        exponent = point - at
        digits -= exponent
    if digits == 0:
        return False, 0.0, at
    if digits > 18:  # the product may have run over
        mantissa, exponent = _figures(data, start, at)
    if data[at] == 101 or data[at] == 69:
        down = data[at + 1] == 45
        at += 2 if down or data[at + 1] == 43 else 1
        start, power = at, 0
        while 48 <= data[at] <= 57:
            power = min(power * 10 + (data[at] - 48), 10000)
            at += 1
        if at == start:
            return False, 0.0, at
        exponent += -power if down else power
    value = float(mantissa)
    if exponent < 0:
        value = value / powers[-exponent] if exponent >= -22 else value / 10.0**-exponent
    elif exponent > 0:
        value = value * powers[exponent] if exponent <= 22 else value * 10.0**exponent
    plain = data[at] <= _BLANK and (abs(exponent) <= 300 or mantissa == 0)
    return plain, -value if negative else value, at


@_jit
def _is_structure(data: NDArray[np.uint8], at: int, width: int) -> bool:
    """Whether a line begins something new: data_NAME or loop_ alone, or a label."""
    first, behind, on = _text(data, at)
    limit = 1
    if data[at] == _UNDERSCORE:
        limit = 2 if width != 2 else 1
    elif behind - first < 5 or data[at + 4] != _UNDERSCORE:
        return False
    else:
        is_data = data[at] == 100 and data[at + 1] == 97 and data[at + 2] == 116 and data[at + 3] == 97
        is_loop = data[at] == 108 and data[at + 1] == 111 and data[at + 2] == 111 and data[at + 3] == 112
        if not (is_data or (is_loop and behind - first == 5)):
            return False
    for _ in range(limit):
        on = _skip(data, on)
        if _over(data, on):
            return True
        first, behind, on = _text(data, on)
    return False


@_jit
def _row(
    data: NDArray[np.uint8],
    at: int,
    kinds: NDArray[np.uint8],
    row: int,
    out: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]],
    powers: NDArray[np.float64],
) -> tuple[int, int, int]:
    """Parse the line at `at` into row `row`: the number of its values, the first column whose number is none (or -1),
    and where the line ends."""
    floats, ints, places = out
    wrong, f, n, t = -1, 0, 0, 0
    for column in range(len(kinds)):
        at = _skip(data, at)
        if _over(data, at):
            return column, wrong, at
        if kinds[column] == TEXT:
            places[t, row, 0], places[t, row, 1], at = _text(data, at)
            t += 1
            continue
        good, value, on = _number(data, at, powers)
        if kinds[column] == FLOAT:
            floats[f, row] = value
            f += 1
        else:
            ints[n, row] = int(value) if good else 0
            n += 1
            good = good and value == np.floor(value) and abs(value) < 2.0**53
        if not good:
            wrong = column if wrong < 0 else wrong
            _, _, on = _text(data, at)
        at = on
    count = len(kinds)
    at = _skip(data, at)
    while not _over(data, at):
        count += 1
        _, _, at = _text(data, at)
        at = _skip(data, at)
    return count, wrong, at


@_jit
def _rows(
    data: NDArray[np.uint8],
    start: int,
    kinds: NDArray[np.uint8],
    out: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]],
    bad: NDArray[np.int64],
    powers: NDArray[np.float64],
) -> tuple[int, int, int, int]:
    """All rows from `start` on: status, rows, bad lines, and the byte where something new begins.

    bad takes for each line that has too few or too many values its first byte and their number.
    """
    at, end, width, row, wrong_rows = start, len(data), len(kinds), 0, 0
    while at < end:
        first, c = at, data[at]
        if c == _SEMICOLON:
            return TOO_HARD, row, wrong_rows, at
        if (c == _UNDERSCORE or c == 100 or c == 108) and _is_structure(data, at, width):
            break
        count, wrong, at = _row(data, at, kinds, row, out, powers)
        if count == width and wrong >= 0:
            return OTHER_KIND, wrong, wrong_rows, first
        if count == width:
            row += 1
        elif count > 0:
            if wrong_rows == len(bad):
                return TOO_HARD, row, wrong_rows, at
            bad[wrong_rows, 0], bad[wrong_rows, 1] = first, count
            wrong_rows += 1
        while data[at] != _NEWLINE:  # a comment
            at += 1
        at += 1
    return DONE, row, wrong_rows, at


@_jit
def _lines(data: NDArray[np.uint8], start: int) -> int:
    count = 1
    for at in range(start, len(data)):
        count += data[at] == _NEWLINE
    return count


def read(buffer: bytes, start: int, kinds: list[int]) -> tuple[int, list[NDArray[Any]], NDArray[np.int64], int] | None:
    """The rows that begin at byte `start`: their number, a column each, bad lines (first byte, number of values), the end.

    kinds says TEXT, FLOAT or INT of each column; a column that holds something else becomes INT -> FLOAT -> TEXT, in
    this list too. A column of text is an array (rows, 2) of first byte and byte behind. None means that the rows hold
    texts between ';' lines, or that hardly anything can be read.
    """
    data = np.frombuffer(buffer if buffer[-1:] == b"\n" else buffer + b"\n", np.uint8)
    lines = _lines(data, start) + 1
    bad = np.empty((10_000, 2), np.int64)
    while True:
        floats = np.empty((kinds.count(FLOAT), lines), np.float64)
        ints = np.empty((kinds.count(INT), lines), np.int64)
        places = np.empty((kinds.count(TEXT), lines, 2), np.int64)
        status, rows, wrong, end = _rows(data, start, np.array(kinds, np.uint8), (floats, ints, places), bad, _POWERS)
        if status != OTHER_KIND:
            break
        kinds[rows] = FLOAT if kinds[rows] == INT else TEXT
    if status == TOO_HARD:
        return None
    pools = {FLOAT: iter(floats), INT: iter(ints), TEXT: iter(places)}
    return rows, [next(pools[kind])[:rows] for kind in kinds], bad[:wrong], min(end, len(buffer))
