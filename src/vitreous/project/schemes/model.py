"""A Scheme in memory: variables, operators, jobs, edges, and the node it stands at."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from vitreous.context import UserError
from vitreous.files.star_blocks import Block

UNDEFINED = "undefined"
Value = bool | float | str
Kind = Literal["bool", "float", "string"]


@dataclass(frozen=True)
class Variable:
    """A value and what a reset makes of it; both of one type: bool, float or str."""

    value: Value
    reset: Value

    @property
    def kind(self) -> Kind:
        return kind_of(self.value)


@dataclass(frozen=True)
class Operator:
    """A node that computes: `type` such as "float=plus"; the others name variables, or hold a number, or "undefined"."""

    name: str
    type: str
    output: str = UNDEFINED
    input1: str = UNDEFINED
    input2: str = UNDEFINED


@dataclass(frozen=True)
class SchemeJob:
    """A node that is a job: its name in the Scheme, its job in the project once it has started, and its mode."""

    original: str
    name: str
    mode: str = "new"
    has_started: bool = False


@dataclass(frozen=True)
class Edge:
    """From one node to the next. A fork goes to `if_true` when its boolean variable holds, else to `to`."""

    from_: str
    to: str
    is_fork: bool = False
    if_true: str = UNDEFINED
    boolean: str = UNDEFINED


@dataclass
class Scheme:
    """One Scheme. name "Schemes/prep/"; `flavour` is RELION's word for it: scheme (4, 5) or schedule (3.1)."""

    name: str
    flavour: Literal["scheme", "schedule"] = "scheme"
    current: str = UNDEFINED
    start: str = ""
    variables: dict[str, Variable] = field(default_factory=dict)
    operators: dict[str, Operator] = field(default_factory=dict)
    jobs: dict[str, SchemeJob] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    others: list[Block] = field(default_factory=list)
    comments: tuple[str, ...] = ("# version 30001", "")

    @property
    def word(self) -> str:
        """The name by which users call it, "prep"."""
        return self.name.rstrip("/").rpartition("/")[2]

    @property
    def first_node(self) -> str:
        """Where it begins: the start node if the file says one, else the left end of the first edge."""
        if self.start and self.start != UNDEFINED:
            return self.start
        if not self.edges:
            raise UserError(f"{self.name} has no edges, so it has no first node; add some (scheme add edge)")
        return self.edges[0].from_

    def is_node(self, name: str) -> bool:
        """Whether an operator or a job has this name."""
        return name in self.operators or name in self.jobs

    def next_of(self, node: str) -> str:
        """The node that follows, by the fork's variable where there is a fork; empty at a dead end."""
        for edge in self.edges:
            if edge.from_ == node:
                return edge.if_true if edge.is_fork and self.boolean(edge.boolean) else edge.to
        return ""

    def downstream(self, node: str) -> set[str]:
        """The nodes that may come after a node in the same round: a way back to the first node begins the next round."""
        found: set[str] = set()
        left = [node]
        while left:
            here = left.pop()
            for edge in self.edges:
                if edge.from_ == here:
                    new = {edge.to, edge.if_true} - found - {UNDEFINED, self.first_node}
                    found |= new
                    left += new
        return found

    def boolean(self, name: str) -> bool:
        """The value of a boolean variable."""
        value = self.variable(name).value
        if not isinstance(value, bool):
            raise UserError(f"{self.name}: the variable {name} is {value!r}, but must be true or false here")
        return value

    def variable(self, name: str) -> Variable:
        """A variable by its name."""
        try:
            return self.variables[name]
        except KeyError:
            known = ", ".join(sorted(self.variables)) or "none"
            raise UserError(f"{self.name} has no variable {name!r}; it has {known}") from None

    def set_value(self, name: str, value: Value) -> None:
        """Give a variable another value; its reset value stays."""
        self.variables[name] = replace(self.variable(name), value=value)

    def of_kind(self, kind: Kind) -> dict[str, Variable]:
        """The variables of one type, sorted by name as RELION writes them."""
        return {name: self.variables[name] for name in sorted(self.variables) if self.variables[name].kind == kind}

    def faults(self) -> Iterator[str]:
        """What is wrong with the graph, a sentence each."""
        for edge in self.edges:
            ends = (edge.from_, edge.to, edge.if_true) if edge.is_fork else (edge.from_, edge.to)
            for node in ends:
                if not self.is_node(node):
                    yield f"an edge from {edge.from_} to {edge.to} names {node}, which is neither an operator nor a job"
            if edge.is_fork and not isinstance(self.variables.get(edge.boolean, Variable("", "")).value, bool):
                yield f"the fork at {edge.from_} asks {edge.boolean}, which is no boolean variable"
        twice = {edge.from_ for number, edge in enumerate(self.edges) if edge.from_ in {e.from_ for e in self.edges[:number]}}
        for node in sorted(twice):
            yield f"two edges leave {node}; only a fork may lead to two nodes"


def kind_of(value: Value) -> Kind:
    """RELION's word for the type of a value."""
    if isinstance(value, bool):
        return "bool"
    return "float" if isinstance(value, float) else "string"


def guessed(text: str) -> Value:
    """The value that a text means, by RELION's rule: a number, true or false, else a string."""
    if text.strip().lower() in ("true", "false"):
        return text.strip().lower() == "true"
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def as_text(value: Value) -> str:
    """A value as it stands in a job option: Yes and No; numbers with six figures, whole ones with all."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:g}"
    return value
