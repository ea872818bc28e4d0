"""Windows of lines of a log that may be huge and grow: where lines begin is remembered, and only what is new is looked at."""

import os
import re
import threading
from array import array
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

KEPT = 24
CHUNK_BYTES = 1 << 20
LONGEST = 4000
MOST_LINES = 5000
ERROR = re.compile(rb"\b(error|traceback|exception|fatal|failed|killed|no space left|out of memory)\b", re.I)
CALM = re.compile(rb"\b(0|no) (errors?|failed)\b|fsc.?error|error.?estimate|\bmeans? error\b", re.I)


class LogPart(BaseModel):
    """Some lines of a log. from_line: number of the first, from 0; total: lines in the file; first_error: its line, if any.

    complete: whether these are all lines. Of lines that a program wrote over again and again, the last state is given.
    """

    lines: list[str]
    from_line: int
    total: int
    bytes: int
    first_error: int | None = None
    complete: bool


@dataclass
class _Index:
    """Where the lines of one file begin."""

    inode: int = -1
    size: int = 0
    starts: "array[int]" = field(default_factory=lambda: array("q", [0]))
    first_error: int | None = None
    open_error: bool = False


_known: OrderedDict[str, _Index] = OrderedDict()
_lock = threading.Lock()


def window(path: Path, *, from_line: int, count: int) -> LogPart:
    """Lines of a log from a number on; a negative number counts from the end. A file that is not there has no lines."""
    try:
        with path.open("rb") as stream, _lock:
            index = _brought_up(path, stream)
            starts, size, error = index.starts, index.size, index.first_error
            total = len(starts) - (1 if starts[-1] >= size else 0)
            begin = max(0, total + from_line) if from_line < 0 else min(from_line, total)
            end = min(total, begin + min(count, MOST_LINES))
            first, behind = starts[begin] if begin < len(starts) else size, starts[end] if end < len(starts) else size
            stream.seek(first)
            raw = stream.read(behind - first)
    except OSError:
        return LogPart(lines=[], from_line=0, total=0, bytes=0, complete=True)
    lines = [_shown(line) for line in raw.split(b"\n")[: end - begin]]
    return LogPart(lines=lines, from_line=begin, total=total, bytes=size, first_error=error, complete=begin == 0 and end == total)


def find(path: Path, text: str, most: int = 2000) -> list[int]:
    """The numbers of the lines that hold a text, letters of either case."""
    wanted = text.encode().lower()
    found: list[int] = []
    if not wanted:
        return found
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream):
                if wanted in line.lower():
                    found.append(number)
                    if len(found) >= most:
                        break
    except OSError:
        return []
    return found


def _brought_up(path: Path, stream: "object") -> _Index:
    """The index of a file as it is now; a file that was cut or replaced is read anew."""
    about = os.fstat(stream.fileno())  # type: ignore[attr-defined]
    key = str(path)
    index = _known.pop(key, None)
    if index is None or index.inode != about.st_ino or index.size > about.st_size:
        index = _Index(inode=about.st_ino)
    _known[key] = index
    while len(_known) > KEPT:
        _known.popitem(last=False)
    stream.seek(index.size)  # type: ignore[attr-defined]
    while index.size < about.st_size:
        part: bytes = stream.read(min(CHUNK_BYTES, about.st_size - index.size))  # type: ignore[attr-defined]
        if not part:
            break
        _take_in(index, part)
    return index


def _take_in(index: _Index, part: bytes) -> None:
    at = part.find(b"\n")
    while at >= 0:
        index.starts.append(index.size + at + 1)
        at = part.find(b"\n", at + 1)
    if index.first_error is None:
        index.first_error = _error_in(index, part)
    index.size += len(part)


def _error_in(index: _Index, part: bytes) -> int | None:
    """The number of the first line of this part that tells of an error."""
    before = len(index.starts) - part.count(b"\n") - 1
    for found in ERROR.finditer(part):
        line = part[part.rfind(b"\n", 0, found.start()) + 1 : part.find(b"\n", found.start()) % (len(part) + 1)]
        if not CALM.search(line):
            return before + part.count(b"\n", 0, found.start())
    return None


def _shown(line: bytes) -> str:
    """One line as it would stand on a terminal in the end: what was written over is gone."""
    states = [state for state in line.rstrip(b"\r").split(b"\r") if state]
    text = (states[-1] if states else b"").decode("utf-8", "replace").replace("\0", "")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ... ({len(text):,} characters)"
