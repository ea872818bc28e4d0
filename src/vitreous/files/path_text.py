"""Paths in the text of STAR files and run.job: which of them leave a directory, and another beginning put before them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

_OUTWARD = re.compile(rb"""[\s@"']((?:\.\./|/)[^\s"'/][^\s"']*)""")
_QUOTED = re.compile(rb"""["'](?:\d+@)?((?:\.\./|/)[^"'\n]*\s[^"'\n]*)["']""")
_COMMENT = re.compile(rb"\n#[^\n]*")
_HINTS = (b" /", b"@/", b"\t/", b"\n/", b'"/', b"'/", b"../")
_BEFORE = frozenset(b" \t\n\r@\"'")
_BEHIND = frozenset(b"/ \t\n\r\"'")


def outward(contents: bytes) -> set[str]:
    """The paths in a text that are absolute or begin with ../, each once; those in comments do not count."""
    if not any(hint in contents for hint in _HINTS):
        return set()
    text = _COMMENT.sub(b"", b"\n" + contents)
    quoted = set(_QUOTED.findall(text))
    parts = {part for path in quoted for part in path.split()}
    found = quoted | {path for path in _OUTWARD.findall(text) if path not in parts}
    return {path.decode("utf-8", "surrogateescape") for path in found}


@dataclass(frozen=True)
class Prefix:
    """`old` at the beginning of a path becomes `new`; both without a slash at the end. An empty new makes paths relative."""

    old: str
    new: str

    def path(self, text: str) -> str:
        """A path, or index@path, as it is now; any other text as it was."""
        index, at, path = text.rpartition("@")
        if path == self.old:
            return f"{index}{at}{self.new or '.'}"
        if not path.startswith(self.old + "/"):
            return text
        return f"{index}{at}{self.new}/{path[len(self.old) + 1 :]}" if self.new else f"{index}{at}{path[len(self.old) + 1 :]}"

    def values(self, value: Any) -> Any:
        """A plain value (of JSON) with every text in it as `path` has it."""
        return mapped(value, self.path)

    def contents(self, contents: bytes) -> tuple[bytes, int]:
        """The text of a file with every such path changed, else byte for byte as it was; and how many were changed."""
        old, new = (text.encode("utf-8", "surrogateescape") for text in (self.old, self.new))
        parts = contents.split(old)
        if len(parts) == 1:
            return contents, 0
        done: list[bytes] = [parts[0]]
        count = 0
        for before, after in pairwise(parts):
            begins = before[-1] in _BEFORE if before else len(done) == 1
            ends = after[0] in _BEHIND if after else True
            if not (begins and ends):
                done += [old, after]
                continue
            count += 1
            inside = after[:1] == b"/" and len(after) > 1 and after[1] not in _BEHIND
            done += [new or (b"" if inside else b"."), after[1:] if inside and not new else after]
        return (b"".join(done), count) if count else (contents, 0)


def mapped(value: Any, change: Callable[[str], str]) -> Any:
    """A plain value with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: mapped(part, change) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(mapped(part, change) for part in value)
    return value
