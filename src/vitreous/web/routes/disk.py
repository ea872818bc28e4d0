"""Where the disk has gone: sizes by job, counted in the background and dated, with what cleans would free; never on page load."""

import shutil

from fastapi import APIRouter
from pydantic import BaseModel

from vitreous.project.graph_model import Graph
from vitreous.web import reading, sizes
from vitreous.web.opened import ProjectHere
from vitreous.web.telling.results import JobLink, link_to
from vitreous.web.telling.state import LONGEST_S

router = APIRouter(tags=["disk"])


class DiskJob(BaseModel):
    """One job on disk. proposed: cleaning it gently is proposed, as it is finished, used by others, and not protected;
    took_s: seconds of its last run, 0 where that is not known.
    """

    job: JobLink
    label: str
    state: str
    bytes: int
    gentle: int
    harsh: int
    protected: bool
    used_by: list[JobLink]
    proposed: bool
    took_s: float


class Disk(BaseModel):
    """The disk of the project. counted_at: seconds since 1970, 0 before the first count; counting: a count is under way."""

    free: int
    total: int
    project: int
    trash: int
    counted_at: float
    took_s: float
    counting: bool
    done: int
    of: int
    fault: str
    jobs: list[DiskJob]


@router.get("/disk")
def disk(here: ProjectHere, anew: bool = False) -> Disk:
    """What is known of the sizes; a count begins where there is none yet, or where one is asked for anew."""
    found = sizes.counted(here, anew=anew)
    known = dict(found.jobs)
    graph = reading.graph(here)
    users = _users(graph)
    usage = shutil.disk_usage(here.root)
    jobs = []
    for row in reading.rows(here):
        size = known.get(row.process.name)
        if size is None:
            continue
        used = [link_to(graph.processes[name]) for name in users.get(row.process.name, ()) if name in graph.processes]
        jobs.append(
            DiskJob(
                job=link_to(row.process),
                label=row.process.label,
                state=row.state,
                bytes=size.bytes,
                gentle=size.gentle,
                harsh=size.harsh,
                protected=size.protected,
                used_by=used[-3:],
                proposed=row.state == "finished" and bool(used) and not size.protected and size.gentle > 0,
                took_s=_took_s(row),
            )
        )
    return Disk(
        free=usage.free,
        total=usage.total,
        project=sum(job.bytes for job in jobs) + found.trash,
        trash=found.trash,
        counted_at=found.when_s,
        took_s=found.took_s,
        counting=found.counting,
        done=found.done,
        of=found.total,
        fault=found.fault,
        jobs=jobs,
    )


def _took_s(row: reading.Row) -> float:
    """Seconds of the last run; 0 where it is not known, as in a project that was copied."""
    spent = row.about.ended - row.about.runs[-1] if row.about.runs and row.about.ended else 0.0
    return spent if 0 < spent < LONGEST_S else 0.0


def _users(graph: Graph) -> dict[str, list[str]]:
    """Of each job the jobs that take something of it, in the order of the graph."""
    makers = {node: job for job, node in graph.outputs}
    found: dict[str, dict[str, None]] = {}
    for node, user in graph.inputs:
        maker = makers.get(node)
        if maker and maker != user:
            found.setdefault(maker, {})[user] = None
    return {job: list(after) for job, after in found.items()}
