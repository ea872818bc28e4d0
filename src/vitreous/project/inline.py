"""The jobs of a project as HTML, for notebooks."""

from html import escape
from pathlib import Path

from vitreous.project.graph_model import Graph
from vitreous.project.history import title_of
from vitreous.tables.inline import rows_html

LAST = 40


def jobs_html(graph: Graph, root: Path) -> str:
    """The newest jobs, each with its type, alias and state."""
    jobs = list(graph.processes.values())
    rows = [
        {
            "job": job.name.rstrip("/"),
            "type": title_of(job),
            "alias": job.alias.rstrip("/").rpartition("/")[2],
            "state": job.status,
        }
        for job in jobs[-LAST:]
    ]
    shown = f", the last {LAST} shown" if len(jobs) > LAST else ""
    return f"<p>{escape(str(root.resolve()))}: {len(jobs):,} jobs{shown}</p>{rows_html(['job', 'type', 'alias', 'state'], rows)}"
