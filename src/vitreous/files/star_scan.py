"""The structure of a STAR file: finds blocks, lists, loops and comments in its bytes; rows are left to star_loops."""

import re
from dataclasses import dataclass, field

from vitreous.files import star_loops
from vitreous.files.star_blocks import BadRow, Block, StarFile
from vitreous.files.star_loops import end_of_line

_EMPTY_LINE = re.compile(rb"\n[ \t\r]*\n")


@dataclass
class _Reader:
    """Walks over the lines; `at` is the byte where the next one begins."""

    buffer: bytes
    at: int = 0
    file: StarFile = field(default_factory=StarFile)
    comments: list[str] = field(default_factory=list)

    def peek(self) -> str | None:
        """The next line without its end, or None at the end of the file."""
        if self.at >= len(self.buffer):
            return None
        return self.buffer[self.at : end_of_line(self.buffer, self.at)].decode("utf-8", "surrogateescape").rstrip("\r")

    def step(self) -> None:
        """Past the next line."""
        self.at = min(end_of_line(self.buffer, self.at) + 1, len(self.buffer))

    def complain(self, at: int, text: str, reason: str) -> None:
        """Note the line that begins at byte `at` as bad."""
        self.file.skipped.append(BadRow(star_loops.line_at(self.buffer, at), text, reason))

    def take_comments(self) -> tuple[str, ...]:
        """The comment lines gathered so far, and the blank lines among them but not before them."""
        taken, self.comments = self.comments, []
        while taken and not taken[0]:
            taken.pop(0)
        return tuple(taken)


def scan(buffer: bytes) -> StarFile:
    """All blocks of a file. Rows that cannot be read are in `skipped`; whether that is an error is the caller's word."""
    reader = _Reader(buffer, at=3 if buffer[:3] == b"\xef\xbb\xbf" else 0)
    name, fresh = "", False
    comments: tuple[str, ...] = ()
    while (text := reader.peek()) is not None:
        words = text.split(maxsplit=1)
        if not words or words[0].startswith(("#", ";")):
            reader.comments.append(text.rstrip())
            reader.step()
        elif words[0].lower().startswith("data_"):
            if fresh:  # a block with nothing in it
                reader.file.blocks.append(Block(name, loop=False, comments=comments))
            name, fresh, comments = words[0][5:], True, reader.take_comments()
            reader.step()
        elif words[0] == "loop_" or words[0].startswith("_"):
            inner = reader.take_comments()
            block = _loop(reader, name) if words[0] == "loop_" else _list(reader, name)
            block.continued = not fresh
            # comments between data_ and the first label move up before data_, so that none is lost
            block.comments = comments + tuple(c for c in inner if c) if fresh else inner
            fresh = False
            reader.file.blocks.append(block)
        else:
            reader.complain(reader.at, text, "is not part of any block")
            reader.step()
    if fresh:
        reader.file.blocks.append(Block(name, loop=False, comments=comments))
    reader.file.tail = reader.take_comments()
    return reader.file


def _list(reader: _Reader, name: str) -> Block:
    """Lines of `_label value` up to a line that is none."""
    block = Block(name, loop=False)
    while (text := reader.peek()) is not None:
        if not text.strip() or text.lstrip().startswith("#"):
            if not _more_values(reader):
                break
            reader.step()
            continue
        if not text.lstrip().startswith("_"):
            break
        label, rest = [*text.split(maxsplit=1), ""][:2]
        line = reader.at
        reader.step()
        values = star_loops.tokens(rest)
        if not values:
            values = _value_below(reader)
        if len(values) == 1:
            block.values[label[1:]] = values[0]
        else:
            reader.complain(line, text, f"has {len(values)} values where one is expected; put a value with blanks in quotes")
    return block


def _more_values(reader: _Reader) -> bool:
    """True if the list goes on behind blank and comment lines (RELION ends a list there, others do not)."""
    at, crossed_comment = reader.at, False
    while at < len(reader.buffer):
        end = end_of_line(reader.buffer, at)
        text = reader.buffer[at:end].strip()
        if text and not text.startswith(b"#"):
            return text.startswith(b"_") and not crossed_comment
        crossed_comment = crossed_comment or text.startswith(b"#")
        at = end + 1
    return False


def _value_below(reader: _Reader) -> list[str]:
    """The value of a label that stands alone on its line: one word on the next line, or a text between ';' lines."""
    text = reader.peek()
    if text is None or not text.startswith(";"):
        if text is None or not text.strip() or text.lstrip().startswith(("_", "data_", "loop_", "#")):
            return []
        reader.step()
        return star_loops.tokens(text)
    parts = [text[1:]]
    reader.step()
    while (text := reader.peek()) is not None:
        reader.step()
        if text.startswith(";"):
            return ["\n".join(parts)]
        parts.append(text)
    return []


def _loop(reader: _Reader, name: str) -> Block:
    """The labels under `loop_` and the rows under them."""
    reader.step()
    labels: list[str] = []
    while (text := reader.peek()) is not None:
        words = text.split()
        if words and words[0].startswith("_"):
            labels.append(words[0][1:])
        elif (words and not words[0].startswith("#")) or (labels and not words):
            break
        reader.step()
    start = reader.at
    end = start
    block = Block(name)
    if labels:
        block.columns, bad, end = star_loops.parse(labels, reader.buffer, start)
        footer = _footer(reader.buffer, start, end, len(labels)) if bad else end
        if footer < end:
            block.columns, bad, _ = star_loops.parse(labels, reader.buffer[:footer], start)
            reader.comments += reader.buffer[footer:end].decode("utf-8", "surrogateescape").splitlines()
        reader.file.skipped += bad
    reader.at = end
    return block


def _footer(buffer: bytes, start: int, end: int, width: int) -> int:
    """Where text begins that stands under the rows after an empty line and has no row in it, such as a mail's footer.

    RELION ends a table at an empty line, so it does not see such text. Without any, `end`.
    """
    empty = _EMPTY_LINE.search(buffer, start, end)
    if empty is None:
        return end
    below = buffer[empty.end() : end].decode("utf-8", "surrogateescape").splitlines()
    return end if any(len(star_loops.tokens(text)) == width for text in below) else empty.end()
