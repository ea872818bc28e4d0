"""The rows of a large STAR loop as bytes in one pass, by numba: the same numbers as star_write.number writes."""

import numba
import numpy as np
from numpy.typing import NDArray

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")
FLOAT_BYTES, INT_BYTES = 24, 22  # the most that a number and the blank behind it take
LARGEST = 9e12  # from here on six decimals do not fit 64 bits

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@_jit
def _digits(out: Bytes, at: int, value: int, least: int) -> int:
    """Write a whole number >= 0 with at least so many digits; gives the place behind it."""
    count, rest = 1, value // 10
    while rest > 0:
        count, rest = count + 1, rest // 10
    count = max(count, least)
    for i in range(count):
        out[at + count - 1 - i] = 48 + value % 10
        value //= 10
    return at + count


@_jit
def _float(out: Bytes, at: int, value: float) -> int:
    """Six decimals; below 0.1 seven figures, from 1e-4 down with an exponent."""
    if value < 0:
        out[at] = 45
        at, value = at + 1, -value
    if value == 0 or value >= 0.1:
        scaled = int(np.rint(value * 1e6))
        at = _digits(out, at, scaled // 1_000_000, 1)
        out[at] = 46
        return _digits(out, at + 1, scaled % 1_000_000, 6)
    power = int(np.floor(np.log10(value)))
    figures = _figures(value, power)
    if figures >= 10_000_000:  # rounded up to the next power of ten, or the logarithm was a hair too small
        power += 1
        figures = _figures(value, power)
    while figures % 10 == 0 and figures > 0:
        figures //= 10
    return _exponent(out, at, figures, power) if power < -4 else _fraction(out, at, figures, power)


@_jit
def _figures(value: float, power: int) -> int:
    """The first seven figures of a number of this power of ten, as a whole number."""
    scale = 6 - power
    return int(np.rint(value * 10.0**scale)) if scale <= 300 else int(np.rint(value * 1e300 * 10.0 ** (scale - 300)))


@_jit
def _fraction(out: Bytes, at: int, figures: int, power: int) -> int:
    """0.000123: zeros behind the point, then the figures."""
    out[at], out[at + 1] = 48, 46
    at += 2
    for _ in range(-power - 1):
        out[at] = 48
        at += 1
    return _digits(out, at, figures, 1)


@_jit
def _exponent(out: Bytes, at: int, figures: int, power: int) -> int:
    """1.23e-07: one figure, the rest behind the point, the exponent."""
    count, top = 0, figures
    while top >= 10:
        count, top = count + 1, top // 10
    out[at] = 48 + top
    at += 1
    if count:
        out[at] = 46
        at = _digits(out, at + 1, figures - top * 10**count, count)
    out[at] = 101
    out[at + 1] = 45
    return _digits(out, at + 2, -power, 2)


@_jit
def _write(out: Bytes, kinds: Bytes, floats: Floats, ints: Ints, blob: Bytes, ends: Ints) -> int:
    """All rows into `out`; kinds says of each column 0 text, 1 float, 2 whole number; gives the number of bytes."""
    at, rows = 0, max(floats.shape[1], ints.shape[1], ends.shape[1])
    for row in range(rows):
        f, n, t = 0, 0, 0
        for column in range(len(kinds)):
            if kinds[column] == 1:
                at = _float(out, at, floats[f, row])
                f += 1
            elif kinds[column] == 2:
                value = ints[n, row]
                if value < 0:
                    out[at] = 45
                    at, value = at + 1, -value
                at = _digits(out, at, value, 1)
                n += 1
            else:
                first = ends[t, row - 1] if row else (ends[t - 1, rows - 1] if t else 0)
                for i in range(first, ends[t, row]):
                    out[at] = blob[i]
                    at += 1
                t += 1
            out[at] = 32
            at += 1
        out[at - 1] = 10
    return at


@_jit
def _odd(blob: Bytes, ends: Ints) -> bool:
    """Whether any of the texts needs quotes: it is empty, has blanks, or begins like something else."""
    start = 0
    for end in ends:
        if start == end:
            return True
        c = blob[start]
        if c == 34 or c == 39 or c == 35 or c == 59 or c == 95:
            return True
        if (c == 100 or c == 108) and end - start > 4 and blob[start + 4] == 95:
            return True
        for i in range(start, end):
            if blob[i] <= 32:
                return True
        start = end
    return False


def needs_quotes(texts: bytes, ends: Ints) -> bool:
    """Whether any text needs quotes, or might; texts lie end to end, `ends` are the bytes behind them."""
    return bool(_odd(np.frombuffer(texts, np.uint8), ends))


def rows(kinds: list[int], floats: Floats, ints: Ints, texts: bytes, ends: Ints) -> memoryview:
    """Rows as bytes, a blank between values.

    kinds gives 0 text, 1 float, 2 whole number for each column; floats (columns, rows) finite and below LARGEST; ints
    (columns, rows); texts of all text columns, one column behind the other, ending at ends (columns, rows).
    """
    count = max(floats.shape[1], ints.shape[1], ends.shape[1])
    room = count * (FLOAT_BYTES * len(floats) + INT_BYTES * len(ints) + len(ends)) + len(texts)
    out = np.empty(room, np.uint8)
    used = _write(
        out, np.array(kinds, np.uint8), floats.astype(np.float64, copy=False), ints, np.frombuffer(texts, np.uint8), ends
    )
    return out[:used].data
