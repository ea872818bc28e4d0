"""A name beside a job's number: a link beside its folder, an entry in the graph, and its place in .Nodes."""

import os
from dataclasses import replace

from vitreous.context import UserError
from vitreous.project import node_marks
from vitreous.project.graph_model import Graph
from vitreous.project.layout import Layout, alias_fault


def checked(layout: Layout, graph: Graph, folder: str, alias: str, but: str = "") -> str:
    """An alias as it will stand, "Class2D/first/", blanks as underscores; empty for "" or "None". `but` is the job it is for."""
    plain = alias.strip().replace(" ", "_")
    if not plain or plain.lower() == "none":
        return ""
    fault = alias_fault(plain)
    if fault:
        raise UserError(f"the alias {plain!r} {fault}")
    full = f"{folder}/{plain}/"
    taken = next((p.name for p in graph.processes.values() if p.alias == full and p.name != but), None)
    if taken:
        raise UserError(f"the alias {plain!r} belongs to {taken} already")
    link = layout.job(full)
    if os.path.lexists(link) and not link.is_symlink():
        raise UserError(f"{full.rstrip('/')} is a file or folder already: choose another alias")
    return full


def give(layout: Layout, graph: Graph, name: str, full: str) -> None:
    """Let a job have a checked alias in place of the one it has; empty takes it away."""
    process = graph.processes[name]
    if full:
        link = layout.job(full)
        link.unlink(missing_ok=True)
        link.symlink_to(f"../{name.rstrip('/')}")
    if process.alias not in ("", full) and layout.job(process.alias).is_symlink():
        layout.job(process.alias).unlink()
    node_marks.unmark_job(layout, name, process.alias)
    graph.processes[name] = replace(process, alias=full)
    node_marks.mark_job(layout, graph, name)
