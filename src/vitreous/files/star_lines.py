"""STAR text that is edited in place: every row keeps the line it stood on, so what does not change is written back byte for byte.

For files whose rows are few columns of text, such as a project's graph; RELION's column widths are used for new rows.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from vitreous.files.star_loops import tokens
from vitreous.files.star_write import quoted

Row = tuple[str, ...]
_FOOT = " \n"
_NOT_PLAIN = "\"'#;\x1c\x1d\x1e\x1f"
_DATA = re.compile(r"^data_(\S*)[^\n]*(?:\n|\Z)", re.MULTILINE)
_BLANK_LINES = re.compile(r"(?:[ \t\r]*\n)*")
_LABELS = re.compile(r"(?:[ \t\r]*\n)*loop_[ \t\r]*\n(?:_[^\n]*\n)*")
_BLANK_LINE = re.compile(r"[ \t\r]*\n")
_END = re.compile(r"^(?:[ \t\r]*\n|data_|loop_|#)", re.MULTILINE)


@dataclass
class LineBlock:
    """One `data_` block: its labels (without underscore), the values of its rows, and the text of which they were read.

    A list (no loop) has a row (label, value) for each label. body is the text of the rows, None if it cannot be used again.
    """

    name: str
    labels: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    loop: bool = True
    head: str = ""
    body: str | None = None
    foot: str = _FOOT

    def value(self, label: str) -> str | None:
        """The value of a label: of a list, or of the first row of a loop."""
        if not self.loop:
            return next((row[1] for row in self.rows if row[0] == label), None)
        return self.rows[0][self.labels.index(label)] if self.rows and label in self.labels else None

    def text(self, rows: list[Row]) -> str:
        """The block with these rows: those that stood in the file as they stood, others in RELION's widths."""
        width = max((len(row[0]) for row in rows), default=0) + 12 if not self.loop else 0
        if self.body is not None and rows[: len(self.rows)] == self.rows:
            added = "".join(_line(row, width) + "\n" for row in rows[len(self.rows) :])
            return f"{self.head}{self.body}{added}{self.foot}"
        stood = dict(zip(self.rows, self.body.split("\n"))) if self.body else {}
        lines = (stood[row] if row in stood else _line(row, width) for row in rows)
        return f"{self.head}{''.join(line + chr(10) for line in lines)}{self.foot}"


class OddLayout(ValueError):
    """The text is not in plain lines, one for each row; a full STAR reader may still understand it."""


def head_of(name: str, labels: Sequence[str], version: Iterable[str], *, loop: bool = True) -> str:
    """What stands above the rows of a block, as RELION writes it."""
    lines = ["", *version, f"data_{name}", ""]
    if loop:
        lines += ["loop_ ", *(f"_{label} #{at} " for at, label in enumerate(labels, 1))]
    return "".join(line + "\n" for line in lines)


def parse(text: str) -> tuple[list[LineBlock], str]:
    """The blocks of a text, and what stands below the last. OddLayout where a row is not on one line of its own."""
    blocks: list[LineBlock] = []
    begun = 0
    while (found := _DATA.search(text, begun)) is not None:
        if any(line.strip() and not line.startswith("#") for line in text[begun : found.start()].split("\n")):
            raise OddLayout(text[begun : found.start()])
        block, begun = _block(text, begun, found)
        blocks.append(block)
    if any(line.strip() and not line.startswith("#") for line in text[begun:].split("\n")):
        raise OddLayout(text[begun:])
    return blocks, text[begun:]


def _block(text: str, begun: int, found: re.Match[str]) -> tuple[LineBlock, int]:
    """The block whose `data_` was found and whose head began at `begun`; and where the text behind it begins."""
    heading = _LABELS.match(text, found.end())
    block = LineBlock(found[1], loop=heading is not None)
    start = heading.end() if heading else _BLANK_LINES.match(text, found.end()).end()  # type: ignore[union-attr]  # matches always
    block.labels = tuple(re.findall(r"^_(\S+)", heading[0], re.MULTILINE)) if heading else ()
    block.head = text[begun:start]
    end = _END.search(text, start)
    stop = end.start() if end else len(text)
    block.body = text[start:stop]
    if block.body:
        width = len(block.labels) if block.loop else 2
        block.rows = _rows(block.body, width)
        if not block.loop:
            block.rows = [(row[0].removeprefix("_"), row[1]) for row in block.rows]
            block.labels = tuple(row[0] for row in block.rows)
    foot = _BLANK_LINE.match(text, stop)
    block.foot = foot[0] if foot else ""
    return block, stop + len(block.foot)


def _rows(text: str, width: int) -> list[Row]:
    """The values of lines; without quotes and the like all at once, which is what makes a graph of ten thousand jobs quick."""
    lines = text.removesuffix("\n").split("\n")
    if text.isascii() and not any(mark in text for mark in _NOT_PLAIN):
        values = text.split()
        rows = list(zip(*[iter(values)] * width))
        if len(values) == width * len(lines) and all(map(str.startswith, lines, values[::width])):
            return rows
    rows = [_values(line) for line in lines]
    for row, line in zip(rows, lines):
        if len(row) != width:
            raise OddLayout(line)
    return rows


def _values(line: str) -> Row:
    """The values on a line. Only ASCII blanks part them; a path may hold others."""
    if line.startswith(";"):
        raise OddLayout(line)
    if line.isascii() or '"' in line or "'" in line:
        return tuple(tokens(line))
    return tuple(part.decode("utf-8", "surrogateescape") for part in line.encode("utf-8", "surrogateescape").split())


def _line(row: Row, label_width: int) -> str:
    """A row as RELION lays it out: numbers 12 wide, words 10, a blank behind each; in a list the label first."""
    texts = [quoted(value) for value in row]
    if label_width:
        return f"_{texts[0]}".ljust(label_width) + " " + texts[1].rjust(12)
    return "".join(text.rjust(12 if text.lstrip("-").isdigit() else 10) + " " for text in texts)
