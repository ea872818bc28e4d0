"""What the surroundings say by environment variables: a site's queue (RELION's names), this process's rank, cores and GPUs."""

import glob
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vitreous.context import UserError
from vitreous.job.placement import QUEUE_EXTRA, Placement, device_of

RANKS = (
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"),
    ("PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID"),
    ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID"),
)
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
WORKER_THREADS = (*THREADS, "NUMBA_NUM_THREADS")  # numba's is read once, and would bind all later work of a process


@dataclass(frozen=True)
class Rank:
    """Which of the processes of one launch (mpirun, srun) this one is; `local` counts those of the same node."""

    number: int = 0
    size: int = 1
    local: int = 0


@dataclass(frozen=True)
class SiteField:
    """A field that a site has added to the queue's, for XXXextraNXXX of its template."""

    label: str
    default: str = ""
    help: str = ""


def rank_here() -> Rank:
    """The rank of this process, from the launcher; alone without one."""
    for number, size, local in RANKS:
        if _whole(number) is not None and _whole(size) is not None:
            return Rank(_whole(number) or 0, _whole(size) or 1, _whole(local) or 0)
    return Rank()


def threads_here(threads: int) -> int:
    """Threads for a process: those that Slurm has given to this task, else as asked."""
    return _whole("SLURM_CPUS_PER_TASK") or threads


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them, else all of this machine by number."""
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    if said is not None:
        return [name.strip() for name in said.split(",") if name.strip()]
    return [str(number) for number in range(len(glob.glob("/dev/nvidia[0-9]*")))]


def device_here(placement: Placement, local: int) -> str:
    """The torch device of one process of this machine: of the GPUs that are named, else of those it may use, in turn.

    In a queue the names do not count, as the queue has chosen.
    """
    named = replace(placement, gpus="") if placement.use_queue or placement.profile else placement
    return device_of(named, local, present=len(visible_gpus()))


def take_gpu(local: int) -> str:
    """Let this process see one of its node's GPUs alone, in turn by its number on the node; gives its name, "" without any."""
    gpus = visible_gpus()
    if not gpus:
        return ""
    mine = gpus[local % len(gpus)]
    os.environ["CUDA_VISIBLE_DEVICES"] = mine
    return mine


def site_defaults(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What a site wants in the fields of a new job, as fields of Placement: RELION_QSUB_... and RELION_QUEUE_..."""
    given = os.environ if environment is None else environment
    found: dict[str, Any] = {}
    for name, field in (
        ("RELION_QSUB_TEMPLATE", "queue_template"),
        ("RELION_QSUB_COMMAND", "submit"),
        ("RELION_QUEUE_NAME", "queue"),
    ):
        if given.get(name):
            found[field] = given[name]
    for name, field in (
        ("RELION_QSUB_NRMPI", "workers"),
        ("RELION_QSUB_NRTHREADS", "threads"),
        ("RELION_MINIMUM_DEDICATED", "dedicated_cores"),
    ):
        if given.get(name, "").isdigit():
            found[field] = int(given[name])
    if given.get("RELION_QUEUE_USE"):
        found["use_queue"] = _is_yes(given["RELION_QUEUE_USE"])
    extra = tuple(field.default for field in site_fields(given))
    return found | ({"queue_extra": extra} if any(extra) else {})


def site_fields(environment: Mapping[str, str] | None = None) -> list[SiteField]:
    """The fields that a site has added: RELION_QSUB_EXTRA_COUNT of them, else as many as are numbered without a gap."""
    given = os.environ if environment is None else environment
    count = given.get("RELION_QSUB_EXTRA_COUNT", "")
    number, fields = 1, []
    while number <= int(count) if count.isdigit() else f"RELION_QSUB_EXTRA{number}" in given:
        name = f"RELION_QSUB_EXTRA{number}"
        label = given.get(name, f"{QUEUE_EXTRA}{number}")
        fields.append(SiteField(label, given.get(f"{name}_DEFAULT", ""), given.get(f"{name}_HELP", "")))
        number += 1
    return fields


def completed(placement: Placement) -> Placement:
    """A placement with the site's defaults in queue fields that are empty, and within the site's limits."""
    site = site_defaults()
    fields = () if placement.profile else ("queue_template", "submit", "queue")
    changed: dict[str, Any] = {name: site[name] for name in fields if name in site and not getattr(placement, name)}
    extra = site.get("queue_extra", ())
    if len(extra) > len(placement.queue_extra):
        changed["queue_extra"] = (*placement.queue_extra, *extra[len(placement.queue_extra) :])
    if "dedicated_cores" in site and not _is_yes(os.environ.get("RELION_ALLOW_CHANGE_MINIMUM_DEDICATED", "Yes")):
        changed["dedicated_cores"] = site["dedicated_cores"]
    found = replace(placement, **changed)
    for name, what, value in (("RELION_MPI_MAX", "workers", found.workers), ("RELION_THREAD_MAX", "threads", found.threads)):
        most = _whole(name)
        if most and value > most:
            raise UserError(f"{value} {what} are more than this site allows ({name} is {most}); take {most} or fewer")
    return found


def too_wide_here(placement: Placement) -> str:
    """What a site says of so many processes on this machine: "" or a warning; more than it allows is an error."""
    most, warned = _whole("RELION_ERROR_LOCAL_MPI"), _whole("RELION_WARNING_LOCAL_MPI")
    if most and placement.workers > most:
        raise UserError(
            f"{placement.workers} workers on this machine are more than the site allows (RELION_ERROR_LOCAL_MPI is {most}): "
            "take fewer, or hand the job to the queue with --use-queue"
        )
    if warned and placement.workers > warned:
        return f"{placement.workers} workers on this machine are many: the site warns from {warned} on (RELION_WARNING_LOCAL_MPI)"
    return ""


def launcher() -> str:
    """The program that starts the ranks of an MPI program: RELION_MPIRUN, else srun."""
    return os.environ.get("RELION_MPIRUN") or os.environ.get("RELION_MPI_RUN") or "srun"


def _whole(name: str) -> int | None:
    text = os.environ.get(name, "").strip()
    return int(text) if text.isdigit() else None


def _is_yes(text: str) -> bool:
    return text.strip().lower() in ("yes", "y", "true", "1", "on")


def leave_out_leader(workers: int) -> bool:
    """Where one process more was started than there are workers, as a leader, and none is needed: count without the last.

    Whether this process is the one too many, for which nothing is left to do.
    """
    for number, size, _ in RANKS:
        if _whole(number) is not None and _whole(size) == workers + 1:
            os.environ[size] = str(workers)
            return _whole(number) == workers
    return False
