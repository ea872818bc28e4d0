"""Every operator of a Scheme: what it takes, what it gives, what it does."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vitreous.context import UserError
from vitreous.project.schemes import disk, tables
from vitreous.project.schemes.model import UNDEFINED, Kind, Operator, Scheme, Value
from vitreous.project.schemes.names import resolved

LIVE = ("wait", "email", "exit", "exit_maxtime")
"""Operators that act on the run itself; project/schemes/running.py carries them out."""


@dataclass(frozen=True)
class Taken:
    """The operator at work: its Scheme, and the project directory from which paths count."""

    scheme: Scheme
    operator: Operator
    root: Path

    def float(self, which: str, default: float | None = None) -> float:
        """An input as a number: a variable's, or a number that stands there itself."""
        name = self._name(which)
        if name == UNDEFINED and default is not None:
            return default
        if name not in self.scheme.variables:
            try:
                return float(name)
            except ValueError:
                pass
        return float(self._value(which, "float"))

    def whole(self, which: str, default: int | None = None) -> int:
        """An input as a whole number."""
        return round(self.float(which, default))

    def bool(self, which: str) -> bool:
        """An input as true or false."""
        return bool(self._value(which, "bool"))

    def text(self, which: str) -> str:
        """An input as a text, with the jobs and variables that it names put in."""
        return resolved(str(self._value(which, "string")), self.scheme, self.root)

    def _name(self, which: str) -> str:
        return self.operator.input1 if which == "input1" else self.operator.input2

    def _value(self, which: str, kind: Kind) -> Value:
        variable = self.scheme.variable(self._name(which))
        if variable.kind != kind:
            raise UserError(
                f"{self.scheme.name}: {which} of the operator {self.operator.name} ({self.operator.type}) is the {variable.kind} "
                f"{self._name(which)}, but must be a {kind}"
            )
        return variable.value


def _round(value: float) -> float:
    """Halves go away from zero, as in C."""
    return math.copysign(math.floor(abs(value) + 0.5), value)


def _divided(taken: Taken) -> float:
    by = taken.float("input2")
    if by == 0:
        raise UserError(f"{taken.scheme.name}: the operator {taken.operator.name} divides by {taken.operator.input2}, which is 0")
    return taken.float("input1") / by


def _words(text: str) -> list[str]:
    return [] if text in ("", UNDEFINED) else text.split(",")


def _nth_word(taken: Taken) -> str:
    words, nth = _words(taken.text("input1")), taken.whole("input2")
    if nth == 0 or abs(nth) > len(words):
        return UNDEFINED
    return words[nth - 1 if nth > 0 else nth]


def _cut(taken: Taken, *, first: bool, before: bool) -> str:
    """The part before or after the first or last place where input2 stands in input1; all of it where it does not."""
    text, mark = taken.text("input1"), taken.text("input2")
    if not mark or mark not in text:
        return text
    head, _, tail = text.partition(mark) if first else text.rpartition(mark)
    return head if before else tail


def _read_star(taken: Taken) -> str:
    return tables.value(taken.text("input1"), taken.whole("input2", 0), taken.root)


def _star_number(taken: Taken) -> float:
    text = _read_star(taken)
    try:
        return float(text)
    except ValueError:
        raise UserError(f"{taken.text('input1')} is {text!r}, but must be a number") from None


def _star_bool(taken: Taken) -> bool:
    text = _read_star(taken)
    if text.lower() not in ("0", "1", "true", "false", "yes", "no"):
        raise UserError(f"{taken.text('input1')} is {text!r}, but must be true or false")
    return text.lower() in ("1", "true", "yes")


def _column(taken: Taken) -> list[float]:
    return tables.numbers(taken.text("input1"), taken.root)


def _extreme_index(taken: Taken, best: Callable[[list[float]], float]) -> float:
    cells = _column(taken)
    return float(cells.index(best(cells)))


Worker = Callable[[Taken], Value]
WORKERS: dict[str, Worker] = {
    "bool=set": lambda t: t.bool("input1"),
    "bool=and": lambda t: t.bool("input1") and t.bool("input2"),
    "bool=or": lambda t: t.bool("input1") or t.bool("input2"),
    "bool=not": lambda t: not t.bool("input1"),
    "bool=gt": lambda t: t.float("input1") > t.float("input2"),
    "bool=lt": lambda t: t.float("input1") < t.float("input2"),
    "bool=ge": lambda t: t.float("input1") >= t.float("input2"),
    "bool=le": lambda t: t.float("input1") <= t.float("input2"),
    "bool=eq": lambda t: t.float("input1") == t.float("input2"),
    "bool=file_exists": lambda t: (t.root / t.text("input1")).exists(),
    "bool=read_star": _star_bool,
    "float=set": lambda t: t.float("input1"),
    "float=plus": lambda t: t.float("input1") + t.float("input2"),
    "float=minus": lambda t: t.float("input1") - t.float("input2"),
    "float=mult": lambda t: t.float("input1") * t.float("input2"),
    "float=divide": _divided,
    "float=round": lambda t: _round(t.float("input1")),
    "float=count_images": lambda t: float(tables.count_images(t.text("input1"), t.text("input2"), t.root)),
    "float=count_words": lambda t: float(len(_words(t.text("input1")))),
    "float=read_star": _star_number,
    "float=star_table_max": lambda t: max(_column(t)),
    "float=star_table_min": lambda t: min(_column(t)),
    "float=star_table_avg": lambda t: math.fsum(_column(t)) / len(_column(t)),
    "float=star_table_max_idx": lambda t: _extreme_index(t, max),
    "float=star_table_min_idx": lambda t: _extreme_index(t, min),
    "float=star_table_sort_idx": lambda t: float(tables.sorted_index(t.text("input1"), t.whole("input2"), t.root)),
    "string=set": lambda t: t.text("input1"),
    "string=join": lambda t: t.text("input1") + t.text("input2"),
    "string=before_first": lambda t: _cut(t, first=True, before=True),
    "string=after_first": lambda t: _cut(t, first=True, before=False),
    "string=before_last": lambda t: _cut(t, first=False, before=True),
    "string=after_last": lambda t: _cut(t, first=False, before=False),
    "string=read_star": _read_star,
    "string=glob": lambda t: ",".join(disk.matching(t.text("input1"), t.root)) or UNDEFINED,
    "string=nth_word": _nth_word,
}
DOERS: dict[str, Callable[[Taken], str]] = {
    "touch_file": lambda t: disk.touch(t.text("input1"), t.root),
    "copy_file": lambda t: disk.transfer(t.text("input1"), t.text("input2"), t.root, move=False),
    "move_file": lambda t: disk.transfer(t.text("input1"), t.text("input2"), t.root, move=True),
    "delete_file": lambda t: disk.delete(t.text("input1"), t.root),
}
TYPES = (*WORKERS, *DOERS, *LIVE)


def perform(scheme: Scheme, operator: Operator, root: Path) -> str:
    """Carry out an operator that does not act on the run itself; gives what it did, in words."""
    taken = Taken(scheme, operator, root)
    if operator.type in DOERS:
        return DOERS[operator.type](taken)
    found = WORKERS[operator.type](taken)
    scheme.set_value(operator.output, found)
    return f"{operator.output} = {found:g}" if isinstance(found, float) else f"{operator.output} = {found}"


def faults(scheme: Scheme) -> list[str]:
    """Operators of types that are not known, and those whose output is no variable of the right type."""
    said = []
    for operator in scheme.operators.values():
        if operator.type not in TYPES:
            said.append(f"the operator {operator.name} is of the type {operator.type!r}; known are {', '.join(TYPES)}")
        elif operator.type in WORKERS:
            kind, variable = operator.type.partition("=")[0], scheme.variables.get(operator.output)
            if variable is None or variable.kind != kind:
                said.append(f"the operator {operator.name} gives a {kind}, but its output {operator.output!r} is none")
    return said
