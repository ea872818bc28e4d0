"""What a STAR file is in memory: blocks in order, each a list of values or a loop of typed columns, with its comments."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class Block:
    """One `data_` block. Labels stand without their leading underscore, values without their quotes.

    A loop has `columns` (label -> array; numbers where the dictionary of columns says so, otherwise object arrays of
    text, which are written back unchanged); a list has `values` (label -> text). comments are the lines before
    `data_NAME`. A further loop or list under the same `data_` line is a Block of its own with continued=True.
    """

    name: str
    columns: dict[str, NDArray[Any]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    loop: bool = True
    comments: tuple[str, ...] = ()
    continued: bool = False

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ())) if self.loop else len(self.values)

    def __contains__(self, label: object) -> bool:
        return label in (self.columns if self.loop else self.values)

    def __getitem__(self, label: str) -> Any:
        return self.columns[label] if self.loop else self.values[label]

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows of a loop as plain Python values by label; a list gives its one row."""
        if not self.loop:
            yield dict(self.values)
            return
        plain = {label: values.tolist() for label, values in self.columns.items()}
        for index in range(len(self)):
            yield {label: values[index] for label, values in plain.items()}


@dataclass(frozen=True)
class BadRow:
    """A line that could not be read: where it stands, what it says, what is wrong with it."""

    line: int
    text: str
    reason: str


@dataclass
class StarFile:
    """The blocks of a file in order; `skipped` lists rows left out by bad_rows="skip"; `tail` are the last comments."""

    blocks: list[Block] = field(default_factory=list)
    tail: tuple[str, ...] = ()
    skipped: list[BadRow] = field(default_factory=list)

    def names(self) -> list[str]:
        """Block names in order, without `data_`."""
        return [block.name for block in self.blocks]

    def __contains__(self, name: object) -> bool:
        return any(block.name == name for block in self.blocks)

    def __getitem__(self, name: str) -> Block:
        for block in self.blocks:
            if block.name == name:
                return block
        raise KeyError(f"no block data_{name}; the file has {', '.join('data_' + n for n in self.names())}")

    def __iter__(self) -> Iterator[Block]:
        return iter(self.blocks)


def loop_block(name: str, columns: Mapping[str, Any], comments: tuple[str, ...] = ("# version 30001", "")) -> Block:
    """A loop out of label -> sequence; text becomes an object array."""
    ready = {}
    for label, values in columns.items():
        array = np.asarray(values)
        ready[label] = array.astype(object) if array.dtype.kind in "US" else array
    return Block(name, columns=ready, comments=comments)


def list_block(name: str, values: Mapping[str, Any], comments: tuple[str, ...] = ("# version 30001", "")) -> Block:
    """A list of label -> value."""
    return Block(name, values=dict(values), loop=False, comments=comments)
