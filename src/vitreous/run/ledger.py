"""What is done and what was set aside in a map job, in little memory: records are kept as text until a table is written."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

from vitreous.job.options import plain_value
from vitreous.run.folder import JobFolder
from vitreous.run.units import Listing, lines


class Kept(Sequence[Mapping[str, Any]]):
    """Records in the order of units, each made from its text when it is asked for."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> "Kept": ...
    def __getitem__(self, index: int | slice) -> "Mapping[str, Any] | Kept":
        return Kept(self._texts[index]) if isinstance(index, slice) else _record(self._texts[index])

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return map(_record, self._texts)


def _pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
    return {sys.intern(name): value for name, value in found}


def _record(text: bytes) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(text, object_pairs_hook=_pairs)
    return found


def _text(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":"), default=plain_value).encode()


class Ledger:
    """The records of one job folder: those of earlier runs by identity, those that count now by key."""

    def __init__(self, folder: JobFolder) -> None:
        self._folder = folder
        self._before: dict[str, bytes] = {}
        self.keys_before: set[str] = set()
        for path in sorted(folder.rows.glob("*.jsonl")):
            for line in lines(path):
                if "record" in line and "identity" in line:
                    self._before[line["identity"]] = _text(line["record"])
                    self.keys_before.add(str(line.get("key", "")))
        self._there = Listing(folder.path)
        self._done: dict[str, tuple[str, bytes]] = {}
        self.taken_up = 0

    def __len__(self) -> int:
        return len(self._done)

    def is_done(self, key: str, identity: str) -> bool:
        """Whether a unit is done with these settings and this row, now or in an earlier run whose files are still there."""
        done = self._done.get(key)
        if done is not None and done[0] == identity:
            return True
        text = self._before.pop(identity, None) if self._before else None
        if text is None or self._there.lacks(_record(text)):
            return False
        self._done[key] = (identity, text)
        self.taken_up += 1
        return True

    def forget_listing(self) -> None:
        """Let go of the names of files; they are read again if they are needed again."""
        self._there = Listing(self._folder.path)

    def enter(self, key: str, identity: str, record: Mapping[str, Any]) -> None:
        """Enter a unit that has been done."""
        self._done[key] = (identity, _text(record))

    def records(self, keys: Sequence[str]) -> Kept:
        """The records of these units, less those that are not done, in this order."""
        return Kept([self._done[key][1] for key in keys if key in self._done])
