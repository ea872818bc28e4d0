"""Where and how wide a job runs: workers, threads, device, memory. Never part of what is computed, nor of its identity."""

from vitreous.param import param, settings

QUEUE_NAMES = ("do_queue", "queuename", "qsub", "qsubscript", "min_dedicated")
"""RELION's queue options. They are kept in job.star as they stand; a job that asks for a queue is refused when it starts."""

COMPUTE_NAMES = ("do_parallel_discio", "nr_pool", "do_preread_images", "scratch_dir", "do_combine_thru_disc")
"""RELION's options for disk and memory traffic, which cannot change a result and have no counterpart here."""

FIXED_FOR_ALL = {"other_args": ""}
"""RELION's options of every type that are accepted at one value only: arguments for its programs mean nothing to ours."""

QUEUE_EXTRA = "qsub_extra"
"""Options of a site's own queue fields begin with this."""


@settings
class Placement:
    """Processes, threads, device and memory of one job."""

    workers: int = param(
        1,
        minimum=1,
        high=64,
        relion="nr_mpi",
        tab="Running",
        help="Processes that work side by side on movies, micrographs or other independent units. A job that goes round in "
        "iterations runs in one process and takes workers times threads as its threads.",
    )
    threads: int = param(
        1,
        minimum=1,
        high=64,
        relion="nr_threads",
        tab="Running",
        help="Threads of each process; never more than there are cores.",
    )
    device: str = param(
        "cpu",
        choices=("cpu", "cuda"),
        relion="use_gpu",
        relion_values={"cpu": "No", "cuda": "Yes"},
        tab="Running",
        help="Where the numbers are worked out: cpu, or cuda for NVIDIA GPUs. A job without GPU code says so and takes the CPU.",
    )
    gpus: str = param(
        "",
        relion="gpu_ids",
        tab="Running",
        help="Which GPUs, as 0:1; they are given to the workers in turn. Empty: all that PyTorch sees. Without effect on a cpu.",
    )
    memory_GB: float = param(
        4.0, unit="GB", minimum=0.1, high=64, tab="Running", help="Memory that each process may plan with for its batches."
    )


def device_of(placement: Placement, worker: int) -> str:
    """The torch device of one worker: "cpu", "cuda", or "cuda:1" where GPUs are named."""
    if placement.device == "cpu" or not placement.gpus.strip():
        return placement.device
    named = [part.strip() for part in placement.gpus.replace(",", ":").split(":") if part.strip()]
    return f"cuda:{named[worker % len(named)]}"
