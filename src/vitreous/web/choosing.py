"""Selections made in the window: a job with the answer of a person beside it, as the command line could have been given it."""

import json
import re
from typing import Any

from pydantic import BaseModel, Field

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.job import registry
from vitreous.tables.table import Table
from vitreous.web.opened import Opened

ANSWER = "answer.json"


class Outline(BaseModel):
    """A closed outline drawn over two columns; its points in their units."""

    x: str
    y: str
    points: list[tuple[float, float]] = Field(max_length=20_000)


def kind_of(block: str, table: Table) -> str:
    """What a table's subset would be for the selection job: micrographs or particles; empty: it takes no such table."""
    if "micrograph" in table and block == "micrographs":
        return "micrographs"
    if block == "particles" or (block in ("", "images") and "image" in table):
        return "particles"
    return ""


def select(here: Opened, path: str, answer: dict[str, Any], *, kind: str, alias: str = "", start: bool = True) -> tuple[str, str]:
    """Make a selection job whose answer lies in its folder, and start it; gives its number and its name."""
    if not kind:
        raise UserError(f"{path} lists neither micrographs nor particles here, and only of these a subset can be made")
    project = here.project
    select_job: Any = registry.by_command("select")
    job = select_job(**{kind: path})
    name = project.add(job, alias=alias)
    where = f"{name.rstrip('/')}/{ANSWER}"
    atomic.write_text(here.root / where, json.dumps(answer, indent=1) + "\n")
    if start:
        project.start(name, changed={"answer": where})
    found = re.search(r"job(\d+)", name)
    return (found.group(1) if found else ""), name.rstrip("/")
