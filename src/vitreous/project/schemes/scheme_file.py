"""scheme.star of RELION 4 and 5 and schedule.star of 3.1, in and out."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import atomic, star
from vitreous.files.star_blocks import Block, StarFile, list_block, loop_block
from vitreous.files.star_write import number
from vitreous.project.schemes import own_pipeline
from vitreous.project.schemes.folder import SchemeFolder
from vitreous.project.schemes.model import Edge, Kind, Operator, Scheme, SchemeJob, Value, Variable

WORDS = {"scheme": "Scheme", "schedule": "Schedule"}
MODES = ("new", "continue", "overwrite")
_TABLES = ("general", "floats", "bools", "strings", "operators", "jobs", "edges")
_KINDS: dict[Kind, tuple[str, str]] = {
    "float": ("floats", "Float"),
    "bool": ("bools", "Boolean"),
    "string": ("strings", "String"),
}
_TRUE = ("1", "true", "yes")
_FALSE = ("0", "false", "no")


def read(folder: SchemeFolder) -> Scheme:
    """Read the file of a Scheme or schedule. What is not understood stays in `others` and is written back."""
    if not folder.star.is_file():
        raise UserError(f"there is no file {folder.star}: name a scheme that lies in Schemes/NAME/scheme.star")
    file = star.read(folder.star)
    flavour, prefix = folder.flavour, f"rln{WORDS[folder.flavour]}"
    names = {f"{flavour}_{table}" for table in _TABLES}
    if f"{flavour}_general" not in file:
        raise UserError(f"{folder.star} holds no scheme: it has no block data_{flavour}_general")
    general = _rows(file, f"{flavour}_general")[0]
    scheme = Scheme(
        name=folder.name,
        flavour=flavour,
        current=general.get(f"{prefix}CurrentNodeName", "undefined"),
        start=general.get(f"{prefix}OriginalStartNodeName", ""),
        others=[block for block in file if block.name not in names],
        comments=file[f"{flavour}_general"].comments,
    )
    for kind, (table, word) in _KINDS.items():
        for row in _rows(file, f"{flavour}_{table}"):
            name, value, reset = _variable(row, f"{prefix}{word}Variable", kind, folder.star)
            # RELION 3.1 leaves a float beside a string into which it read a number: the string is the variable that was meant
            if name in scheme.variables and scheme.variables[name].kind == kind:
                raise UserError(f"{folder.star}: the variable {name} stands twice; give one of them another name")
            scheme.variables[name] = Variable(value, reset)
    for row in _rows(file, f"{flavour}_operators"):
        said = _columns(row, f"{prefix}Operator", ("Name", "Type", "Output", "Input1", "Input2"), folder.star)
        scheme.operators[said[0]] = Operator(*said)
    for row in _rows(file, f"{flavour}_jobs"):
        said = _columns(row, f"{prefix}Job", ("NameOriginal", "Name", "Mode", "HasStarted"), folder.star)
        scheme.jobs[said[0]] = SchemeJob(said[0], said[1], _mode(said[2], folder), said[3].lower() in _TRUE)
    for row in _rows(file, f"{flavour}_edges"):
        scheme.edges.append(_edge(row, f"{prefix}Edge", folder.star))
    return scheme


def _rows(file: StarFile, name: str) -> list[dict[str, str]]:
    return [{k: str(v) for k, v in row.items()} for row in file[name].rows()] if name in file else []


def _columns(row: dict[str, str], prefix: str, names: tuple[str, ...], path: Path) -> list[str]:
    missing = [f"_{prefix}{name}" for name in names if f"{prefix}{name}" not in row]
    if missing:
        raise UserError(f"{path}: a table lacks the column {', '.join(missing)}")
    return [row[f"{prefix}{name}"] for name in names]


def _variable(row: dict[str, str], prefix: str, kind: Kind, path: Path) -> tuple[str, Value, Value]:
    name, value, reset = _columns(row, prefix, ("Name", "Value", "ResetValue"), path)
    return name, typed(value, kind, f"{path}: the variable {name}"), typed(reset, kind, f"{path}: the variable {name}")


def typed(text: str, kind: Kind, what: str) -> Value:
    """A text as a value of a type; `what` begins the sentence when it is none."""
    if kind == "string":
        return text
    if kind == "bool":
        if text.lower() not in _TRUE + _FALSE:
            raise UserError(f"{what} is {text!r}, but must be true or false")
        return text.lower() in _TRUE
    try:
        return float(text)
    except ValueError:
        raise UserError(f"{what} is {text!r}, but must be a number") from None


def _mode(text: str, folder: SchemeFolder) -> str:
    if text not in MODES or (text == "overwrite" and folder.flavour == "scheme"):
        raise UserError(f"{folder.star}: a job has the mode {text!r}; it may be new or continue (3.1 also: overwrite)")
    return text


def _edge(row: dict[str, str], prefix: str, path: Path) -> Edge:
    names = ("InputNodeName", "OutputNodeName", "IsFork", "OutputNodeNameIfTrue", "BooleanVariable")
    from_, to, is_fork, if_true, boolean = _columns(row, prefix, names, path)
    return Edge(from_, to, is_fork.lower() in _TRUE, if_true, boolean)


def write(folder: SchemeFolder, scheme: Scheme) -> None:
    """Write a Scheme as RELION does: the file before is kept beside it, and the mark that it has changed is touched."""
    if folder.star.is_file():
        _keep(folder)
    star.write(folder.star, StarFile([*_blocks(scheme), *scheme.others]))
    if scheme.flavour == "schedule":
        own_pipeline.complete(folder, scheme)
    folder.changed.touch()


def _keep(folder: SchemeFolder) -> None:
    """Let the backup be the file as it is now: its own bytes under a second name, since a write makes a new file."""
    aside = folder.backup.with_name(f".{folder.backup.name}.{os.getpid()}")
    try:
        aside.unlink(missing_ok=True)
        aside.hardlink_to(folder.star)
        aside.replace(folder.backup)
    except OSError:  # a file system without second names
        atomic.write_bytes(folder.backup, folder.star.read_bytes())
    finally:
        aside.unlink(missing_ok=True)


def _blocks(scheme: Scheme) -> list[Block]:
    flavour, prefix = scheme.flavour, f"rln{WORDS[scheme.flavour]}"
    general = {f"{prefix}Name": scheme.name, f"{prefix}CurrentNodeName": scheme.current}
    if scheme.start:
        general[f"{prefix}OriginalStartNodeName"] = scheme.start
    tables: list[tuple[str, dict[str, list[str]]]] = []
    for kind, (table, word) in _KINDS.items():
        tables.append((table, _variable_table(scheme, kind, f"{prefix}{word}Variable")))
    tables.append(("operators", _table(scheme.operators.values(), f"{prefix}Operator", _OPERATOR)))
    tables.append(("jobs", _table(scheme.jobs.values(), f"{prefix}Job", _JOB)))
    tables.append(("edges", _table(scheme.edges, f"{prefix}Edge", _EDGE)))
    blocks = [list_block(f"{flavour}_general", general, scheme.comments)]
    return blocks + [loop_block(f"{flavour}_{name}", cells, scheme.comments) for name, cells in tables if cells]


def _variable_table(scheme: Scheme, kind: Kind, prefix: str) -> dict[str, list[str]]:
    there = scheme.of_kind(kind)
    columns: dict[str, Callable[[tuple[str, Variable]], str]] = {
        "Name": lambda item: item[0],
        "Value": lambda item: _cell(item[1].value),
        "ResetValue": lambda item: _cell(item[1].reset),
    }
    return _table(there.items(), prefix, columns)


def _cell(value: Value) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return number(value) if isinstance(value, float) else value


_OPERATOR: dict[str, Callable[[Operator], str]] = {
    "Name": lambda o: o.name,
    "Type": lambda o: o.type,
    "Output": lambda o: o.output,
    "Input1": lambda o: o.input1,
    "Input2": lambda o: o.input2,
}
_JOB: dict[str, Callable[[SchemeJob], str]] = {
    "NameOriginal": lambda j: j.original,
    "Name": lambda j: j.name,
    "Mode": lambda j: j.mode,
    "HasStarted": lambda j: str(int(j.has_started)),
}
_EDGE: dict[str, Callable[[Edge], str]] = {
    "InputNodeName": lambda e: e.from_,
    "OutputNodeName": lambda e: e.to,
    "IsFork": lambda e: str(int(e.is_fork)),
    "OutputNodeNameIfTrue": lambda e: e.if_true,
    "BooleanVariable": lambda e: e.boolean,
}


def _table(items: Any, prefix: str, columns: dict[str, Callable[[Any], str]]) -> dict[str, list[str]]:
    listed = list(items)
    return {f"{prefix}{name}": [cell(item) for item in listed] for name, cell in columns.items()} if listed else {}
