"""All tables of a STAR file at once, under our column names; and any number of tables into one file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from vitreous.context import UserError
from vitreous.files import star
from vitreous.files.star import BadRows, PathLike
from vitreous.files.star_blocks import Block, StarFile
from vitreous.files.star_tables import block_of, named
from vitreous.tables.table import Table

HEAD = ("# version 30001", "")


@dataclass(frozen=True)
class Form:
    """How a block stood in its file: as a loop or as a list of values, and the lines before it."""

    loop: bool
    comments: tuple[str, ...]


def read_tables(path: PathLike, *, bad_rows: BadRows = "raise") -> dict[str, Table]:
    """Every block of a file by its name, in order, as a table under our column names.

    A list of values is a table of one row, its values as text. The optics table stands under "optics" and beside each
    table that has a column optics_group. write_tables gives the same file back.
    """
    tables: dict[str, Table] = {}
    for block in star.read(path, bad_rows=bad_rows):
        if block.name in tables:
            raise UserError(f"{path} has data_{block.name} twice: give the second one another name")
        tables[block.name] = Table(named(block), block.name, extra=Form(block.loop, block.comments))
    optics = tables.get("optics")
    return {name: table.with_optics(optics) if "optics_group" in table and name != "optics" else table
            for name, table in tables.items()}  # fmt: skip


def write_tables(path: PathLike, tables: Table | Mapping[str, Table] | Iterable[Table]) -> None:
    """Write one table (with its optics), tables by block name, or tables named by their kind, in the order given.

    Where no table is called "optics", the optics table that stands beside the tables goes first; it must be the same for all.
    """
    if isinstance(tables, Table):
        star.write_table(path, tables)
        return
    if isinstance(tables, Mapping):
        given = list(tables.items())
    else:
        given = [(table.kind.split(".")[0], table) for table in tables]
    names = [name for name, _ in given]
    if len(set(names)) < len(names):
        raise ValueError(f"each table needs a name of its own (its kind); these are {', '.join(map(repr, names))}")
    beside = [table.optics for _, table in given if table.optics is not None]
    if "optics" not in names and beside:
        if any(optics is not beside[0] for optics in beside):
            raise ValueError('the tables have different optics tables: give the one to write as "optics"')
        given.insert(0, ("optics", beside[0]))
    star.write(path, StarFile([_as_it_stood(name, table) for name, table in given]))


def _as_it_stood(name: str, table: Table) -> Block:
    form = table.extra if isinstance(table.extra, Form) else Form(True, HEAD)
    block = block_of(name, table, form.comments)
    if form.loop or len(table) != 1:
        return block
    return replace(block, loop=False, columns={}, values={label: values[0] for label, values in block.columns.items()})
