"""Where and how wide a job runs: workers, threads, devices, memory, queue. Never part of what is computed or of its identity."""

from typing import Any

from vitreous.context import UserError
from vitreous.job.disk import Disk
from vitreous.job.options import Option, options
from vitreous.param import group, param, settings

COMPUTE_NAMES = ("do_combine_thru_disc",)
"""RELION's options that cannot change a result and have no counterpart here: members of a job add up over the network."""

FIXED_FOR_ALL = {"other_args": ""}
"""RELION's options of every type that are accepted at one value only: arguments for its programs mean nothing to ours."""

QUEUE_EXTRA = "qsub_extra"
"""Options of a site's own queue fields, qsub_extra1 and so on; together they are `queue_extra`."""

QUEUE_NAMES = ("queuename", "qsub", "qsubscript")
"""RELION's queue options that are left out of a job.star where they say nothing, so that RELION takes its site's own."""


@settings
class Placement:
    """Processes, threads, devices and memory of one job, and the queue that it is handed to."""

    workers: int = param(
        1,
        minimum=1,
        high=64,
        relion="nr_mpi",
        tab="Running",
        usual=True,
        help="Processes that work side by side on movies, micrographs or other independent units. A job that goes round in "
        "iterations takes them as threads more of one process, or as processes: see loop_workers.",
    )
    threads: int = param(
        1,
        minimum=1,
        high=64,
        relion="nr_threads",
        tab="Running",
        usual=True,
        help="Threads of each process; never more than there are cores.",
    )
    loop_workers: str = param(
        "threads",
        choices=("threads", "processes"),
        tab="Running",
        help="What the workers of a job that goes round in iterations are on one machine: threads more of one process, or "
        "processes that share the images and add up their sums. In a queue and on GPUs they are always processes.",
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
        help="Which GPUs of this machine, as 0:1; they are given to the workers in turn, and of 0,1:2,3 each takes one of its "
        "list. Empty: all, in turn. Without effect on a cpu and in a queue, which says itself which GPUs are free.",
    )
    at_most: int = param(
        0,
        minimum=0,
        high=1000,
        tab="Running",
        help="Do at most so many movies or micrographs in one run, and leave the rest to the next (RELION: --do_at_most). "
        "0: all. Without effect on jobs in iterations.",
    )
    keep_root: bool = param(
        False,
        tab="Running",
        help="Files of a job that goes on from an iteration keep the names run_..., as with RELION 4 and 5; otherwise they are "
        "run_ct23_... when it goes on from iteration 23, as with RELION 3.1. Without effect on jobs without iterations.",
    )
    memory_GB: float = param(
        4.0,
        unit="GB",
        minimum=0.1,
        high=64,
        tab="Running",
        usual=True,
        help="Memory that each process may plan with for its batches.",
    )
    use_queue: bool = param(
        False, relion="do_queue", tab="Queue", help="Hand the job to a batch system instead of running it on this machine."
    )
    queue: str = param(
        "",
        relion="queuename",
        tab="Queue",
        when="use_queue",
        usual=True,
        help="The queue; in Slurm the partition. Empty: the site's own.",
    )
    submit: str = param(
        "", relion="qsub", tab="Queue", when="use_queue", help="Command that takes a script into the queue. Empty: sbatch."
    )
    queue_template: str = param(
        "",
        relion="qsubscript",
        tab="Queue",
        when="use_queue",
        help="A submission script with RELION's variables (XXXcommandXXX and so on). Empty: one for Slurm is made.",
    )
    dedicated_cores: int = param(
        1,
        minimum=1,
        relion="min_dedicated",
        tab="Queue",
        when="use_queue",
        help="Cores of each node that a template is to ask for at least.",
    )
    queue_extra: tuple[str, ...] = param(
        (), tab="Queue", when="use_queue", help="Values of the site's own fields, XXXextra1XXX, XXXextra2XXX ..."
    )
    nodes: int = param(
        1,
        minimum=1,
        high=16,
        tab="Queue",
        when="use_queue",
        usual=True,
        help="Machines among which the workers are shared evenly.",
    )
    gpus_per_node: int = param(
        0,
        minimum=0,
        high=8,
        tab="Queue",
        when="use_queue",
        usual=True,
        help="GPUs of each node; 0: as many as are named, or one where cuda is asked for.",
    )
    workers_per_gpu: int = param(
        0,
        minimum=0,
        high=4,
        tab="Queue",
        help="Processes that share a GPU, 2 to 4 are usually best; then there are nodes x GPUs x this many workers. "
        "0: workers says how many there are.",
    )
    time_limit_h: float = param(
        0.0,
        unit="h",
        minimum=0,
        high=168,
        tab="Queue",
        when="use_queue",
        usual=True,
        help="Time after which the queue may end the job; 0: the queue's own.",
    )
    account: str = param("", tab="Queue", when="use_queue", help="Account that pays for the job.")
    queue_options: str = param(
        "",
        tab="Queue",
        when="use_queue",
        help="More options of the queue, each a line of the script: --queue-options='--constraint=a100 --qos=high'.",
    )
    setup: str = param("", tab="Queue", when="use_queue", help="Shell commands at the head of the script, as module load cuda.")
    profile: str = param(
        "", tab="Queue", help="A run profile: command lines with $command that start the job and its workers, as in cisTEM."
    )
    lead_from: str = param(
        "queue",
        choices=("queue", "here"),
        tab="Queue",
        when="use_queue",
        help="Where a job of independent units is led from: a small job in the queue, or a process on this machine. "
        "Its workers come from the queue either way.",
    )
    disk: Disk = group(Disk, tab="Disk")


def placement_options(cls: type[Any]) -> tuple[Option, ...]:
    """The options of a placement that mean something to a job type: those of reading images only where it reads some."""
    reads = any(option.reads_images for option in options(cls))
    return tuple(option for option in options(Placement) if reads or option.path[0] != "disk")


def shares_by_processes(placement: Placement) -> bool:
    """Whether the workers of a job that goes round on this machine are processes, not threads of one: on GPUs, or if asked."""
    return placement.loop_workers == "processes" or placement.device != "cpu"


def device_lists(gpus: str) -> list[list[str]]:
    """RELION's "0,1:2,3" as a list of GPU numbers for each process; a process beyond the end takes from the beginning."""
    lists = [[number.strip() for number in part.split(",") if number.strip()] for part in gpus.split(":")]
    wrong = next((number for numbers in lists for number in numbers if not number.isdigit()), "")
    if wrong:
        raise UserError(f"--gpus is {gpus!r}, but {wrong!r} is no GPU number; write 0:1, a number for each worker in turn")
    return [numbers for numbers in lists if numbers]


def device_of(placement: Placement, worker: int, *, present: int = 0) -> str:
    """The torch device of one worker: "cpu", "cuda", or "cuda:1" where GPUs are named or several are `present`."""
    lists = device_lists(placement.gpus)
    if placement.device == "cpu" or not (lists or present > 1):
        return placement.device
    if not lists:
        return f"cuda:{worker % present}"
    mine = lists[worker % len(lists)]
    return f"cuda:{mine[worker // len(lists) % len(mine)]}"
