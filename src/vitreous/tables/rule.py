"""Rows of a table by a rule in words: `defocus > 20000 and class in 1,3`; a small parser that never carries anything out."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.tables.columns import name_of
from vitreous.tables.table import Table

Mask = NDArray[np.bool_]

_WORD = re.compile(r"""\s*(?:(?P<quoted>"[^"]*"|'[^']*')|(?P<sign><=|>=|==|!=|<>|≤|≥|[<>=~(),])|(?P<word>[^\s<>=!~(),"']+))""")
_SHORT = {
    "defocus": ("defocus_u_A",),
    "class": ("class_number",),
    "resolution": ("ctf_resolution_A", "estimated_resolution_A"),
    "fit": ("ctf_resolution_A",),
    "astigmatism": ("ctf_astigmatism_A",),
    "motion": ("accumulated_motion_A",),
    "fom": ("pick_fom", "ctf_fom"),
    "x": ("x_px",),
    "y": ("y_px",),
    "ice": ("ice_ring",),
    "group": ("optics_group",),
    "name": ("micrograph", "movie", "image"),
}
_SAME = {"=": "==", "<>": "!=", "≤": "<=", "≥": ">="}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
LONGEST = 2000
DEEPEST = 40


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def rows(table: Table, text: str) -> Mask:
    """Which rows pass a rule; without any word all do. UserError: it cannot be read, or names a column that is not there."""
    if len(text) > LONGEST:
        raise UserError(f"a filter has at most {LONGEST} characters")
    if not text.strip():
        return np.ones(len(table), bool)
    reader = _Reader(table, _tokens(text))
    found = reader.any_of()
    if reader.at < len(reader.tokens):
        raise UserError(f"the filter is not understood from {reader.tokens[reader.at].text!r} on: join conditions with and, or")
    return found


def column_of(table: Table, word: str) -> str:
    """The column that a word means: our name, RELION's label with or without rln, a short word, or the beginning of one name."""
    names: list[str] = [*table, *([name for name in table.optics if name not in table] if table.optics is not None else [])]
    plain = word.removeprefix("_")
    for label in (plain, f"rln{plain}"):
        if name_of(label) in names:
            return name_of(label)
    for name in (plain, *_SHORT.get(plain.lower(), ())):
        if name in names:
            return name
    near = [name for name in names if name.lower().startswith(plain.lower())]
    if len(near) == 1:
        return near[0]
    if near:
        raise UserError(f"{word} may be {' or '.join(near[:6])}: write more of its name")
    raise UserError(f"there is no column {word}; there are {', '.join(names[:12])}{' and more' if len(names) > 12 else ''}")


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _WORD.match(text, at)
        if match is None:
            raise UserError(f"the filter is not understood at {text[at : at + 12].strip()!r}")
        kind = str(match.lastgroup)
        said = match[kind]
        found.append(_Token(kind, said[1:-1] if kind == "quoted" else _SAME.get(said, said)))
        at = match.end()
    return found


@dataclass
class _Reader:
    """Walks over the words of one rule for one table."""

    table: Table
    tokens: list[_Token]
    at: int = 0
    depth: int = 0

    def word(self) -> str:
        """The next word in small letters if it may be one of the language; empty for quoted text and at the end."""
        if self.at >= len(self.tokens) or self.tokens[self.at].kind == "quoted":
            return ""
        return self.tokens[self.at].text.lower()

    def take(self, expected: str) -> _Token:
        """The next word, whatever it is; `expected` says what should stand there when nothing does."""
        if self.at >= len(self.tokens):
            raise UserError(f"the filter ends where {expected} should stand")
        self.at += 1
        return self.tokens[self.at - 1]

    def any_of(self) -> Mask:
        """Conditions joined by or."""
        return self._joined("or", self.all_of, np.logical_or)

    def all_of(self) -> Mask:
        """Conditions joined by and, which binds closer."""
        return self._joined("and", self.one, np.logical_and)

    def _joined(self, word: str, part: Callable[[], Mask], join: Any) -> Mask:
        found = part()
        while self.word() == word:
            self.at += 1
            found = join(found, part())
        return found

    def one(self) -> Mask:
        """not CONDITION, (CONDITIONS), or one comparison."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise UserError("the filter has too many brackets in one another")
        try:
            if self.word() == "not":
                self.at += 1
                return ~self.one()
            if self.word() != "(":
                return self._comparison()
            self.at += 1
            found = self.any_of()
            if self.take("a closing bracket").text != ")":
                raise UserError("the filter has an opening bracket that is not closed")
            return found
        finally:
            self.depth -= 1

    def _comparison(self) -> Mask:
        first = self.take("a column")
        if first.kind == "sign":
            raise UserError(f"the filter has {first.text!r} where a column should stand")
        sign = self.word()
        if not sign or sign in ("and", "or", ")"):
            return self._anywhere(first.text)
        self.at += 1
        if sign == "not" and self.word() == "in":
            self.at += 1
            return ~self._listed(first.text)
        if sign == "in":
            return self._listed(first.text)
        if sign in ("~", "contains", "has"):
            return _containing(self._values(first.text), self.take("a text").text)
        if sign not in _FLIPPED:
            raise UserError(f"the filter has {sign!r} behind {first.text}: write one of < <= > >= = != in contains")
        second = self.take("a value")
        if _is_number(first.text) and not _is_number(second.text):
            found = _compared(self._values(second.text), _FLIPPED[sign], first, second.text)
            if self.word() in ("<", "<=", ">", ">="):  # 1 < column < 3
                sign = self.take("a sign").text
                found &= _compared(self._values(second.text), sign, self.take("a value"), second.text)
            return found
        return _compared(self._values(first.text), sign, second, first.text)

    def _listed(self, name: str) -> Mask:
        """column in 1,3 or in (1, 3)."""
        values = self._values(name)
        bracket = self.word() == "("
        self.at += bracket
        found = _compared(values, "==", self.take("a value"), name)
        while self.word() == ",":
            self.at += 1
            found |= _compared(values, "==", self.take("a value"), name)
        if bracket and self.take("a closing bracket").text != ")":
            raise UserError("the filter has an opening bracket that is not closed")
        return found

    def _anywhere(self, text: str) -> Mask:
        """Rows in any of whose texts the word stands."""
        found = np.zeros(len(self.table), bool)
        for values in self.table.columns.values():
            if values.dtype == object:
                found |= _containing(values, text)
        return found

    def _values(self, word: str) -> NDArray[Any]:
        if word.lower() == "row" and "row" not in self.table:
            return np.arange(1, len(self.table) + 1)
        return self.table.optics_column(column_of(self.table, word))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _compared(values: NDArray[Any], sign: str, wanted: _Token, column: str) -> Mask:
    if values.dtype == object:
        if sign not in ("==", "!="):
            raise UserError(f"{column} holds text, which has no more or less: use = != in contains")
        same = np.fromiter((str(value) == wanted.text for value in values), bool, len(values))
        return same if sign == "==" else ~same
    truth = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}.get(wanted.text.lower())
    try:
        limit = float(wanted.text) if truth is None else truth
    except ValueError:
        raise UserError(f"{column} holds numbers, and {wanted.text!r} is none") from None
    return np.asarray(
        {"<": values < limit, "<=": values <= limit, ">": values > limit, ">=": values >= limit}[sign]
        if sign in ("<", "<=", ">", ">=")
        else (values == limit) == (sign == "==")
    )


def _containing(values: NDArray[Any], text: str) -> Mask:
    wanted = text.lower()
    return np.fromiter((wanted in str(value).lower() for value in values), bool, len(values))
