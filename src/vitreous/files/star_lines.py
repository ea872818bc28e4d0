"""STAR text that is edited in place: every row keeps the line it stood on, so what does not change is written back byte for byte.

For files whose rows are few columns of text, such as a project's graph; RELION's column widths are used for new rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from vitreous.files.star_loops import tokens
from vitreous.files.star_write import quoted

Row = tuple[str, ...]
_FOOT = " \n"


@dataclass
class LineBlock:
    """One `data_` block: its labels (without underscore), the values of its rows, and the text around them.

    `lines` gives the line of each row as it stood, by its values. A list (no loop) has a row (label, value) for each label.
    """

    name: str
    labels: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    loop: bool = True
    head: str = ""
    foot: str = _FOOT
    lines: Mapping[Row, str] = field(default_factory=dict)

    def value(self, label: str) -> str | None:
        """The value of a label: of a list, or of the first row of a loop."""
        if not self.loop:
            return next((row[1] for row in self.rows if row[0] == label), None)
        return self.rows[0][self.labels.index(label)] if self.rows and label in self.labels else None

    def text(self) -> str:
        """The block as text: rows that stood in the file as they stood, others in RELION's widths."""
        written = list(map(self.lines.get, self.rows))
        if None in written:
            width = max((len(row[0]) for row in self.rows), default=0) + 12 if not self.loop else 0
            written = [line or _line(row, width) for line, row in zip(written, self.rows)]
        return "".join([self.head, *written, self.foot])  # type: ignore[list-item]  # the lines that were None are filled in


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
    lines = text.split("\n")
    ends_well = lines[-1] == ""
    if ends_well:
        lines.pop()
    plain = not any(mark in text for mark in "\"'") and text.isascii()
    at, begun = 0, 0
    while (at := _next_data(lines, at)) < len(lines):
        block, at = _block(lines, begun, at, plain=plain)
        blocks.append(block)
        begun = at
    tail = "\n".join(lines[begun:])
    return blocks, tail + "\n" if tail and ends_well else tail


def _next_data(lines: list[str], at: int) -> int:
    """The line of the next `data_`; anything but blank and comment lines on the way is odd."""
    while at < len(lines) and not lines[at].startswith("data_"):
        if lines[at].strip() and not lines[at].startswith("#"):
            raise OddLayout(lines[at])
        at += 1
    return at


def _block(lines: list[str], begun: int, at: int, *, plain: bool) -> tuple[LineBlock, int]:
    """The block whose `data_` is on line `at` and whose head began on line `begun`; and the line behind it."""
    block = LineBlock(lines[at][5:].strip())
    at += 1
    while at < len(lines) and not lines[at].strip():
        at += 1
    labels: list[str] = []
    block.loop = at < len(lines) and lines[at].strip() == "loop_"
    if block.loop:
        at += 1
        while at < len(lines) and lines[at].startswith("_"):
            labels.append(lines[at].split(None, 1)[0][1:])
            at += 1
    block.labels = tuple(labels)
    block.head = "".join(line + "\n" for line in lines[begun:at])
    first = at
    while at < len(lines) and lines[at].strip() and not lines[at].startswith(("data_", "#", "loop_")):
        at += 1
    block.rows = [_values(line, plain=plain) for line in lines[first:at]]
    width = len(labels) if block.loop else 2
    for row, line in zip(block.rows, lines[first:at]):
        if len(row) != width:
            raise OddLayout(line)
    block.lines = {row: line + "\n" for row, line in zip(block.rows, lines[first:at])}
    if not block.loop:
        block.rows = [(row[0].removeprefix("_"), row[1]) for row in block.rows]
        block.lines = {(row[0].removeprefix("_"), row[1]): line for row, line in block.lines.items()}
        block.labels = tuple(row[0] for row in block.rows)
    block.foot = ""
    if at < len(lines) and not lines[at].strip():
        block.foot = lines[at] + "\n"
        at += 1
    return block, at


def _values(line: str, *, plain: bool) -> Row:
    """The values on a line. Only ASCII blanks part them; a path may hold others."""
    if plain and "#" not in line:
        return tuple(line.split())
    if line.startswith(";"):
        raise OddLayout(line)
    if line.isascii() or '"' in line or "'" in line:
        return tuple(tokens(line))
    return tuple(part.decode("utf-8", "surrogateescape") for part in line.encode("utf-8", "surrogateescape").split())


def _line(row: Row, label_width: int) -> str:
    """A row as RELION lays it out: numbers 12 wide, words 10, a blank behind each; in a list the label first."""
    texts = [quoted(value) for value in row]
    if label_width:
        return f"_{texts[0]}".ljust(label_width) + " " + texts[1].rjust(12) + "\n"
    return "".join(text.rjust(12 if text.lstrip("-").isdigit() else 10) + " " for text in texts) + "\n"
