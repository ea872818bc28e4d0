"""What a job asks of a batch system, worked out from its placement: nodes, GPUs, processes spread evenly, memory, time."""

import math
from dataclasses import dataclass, replace

from vitreous.context import UserError
from vitreous.job.placement import Placement, device_lists

LEAD_MEMORY_MB = 2048


@dataclass(frozen=True)
class Request:
    """Nodes and what each is to give. gpus and memory_MB are of a node, threads of a task; time_limit_h 0: the queue's own.

    again: to begin anew on other nodes when one dies.
    """

    name: str
    nodes: int = 1
    tasks_per_node: int = 1
    threads: int = 1
    gpus: int = 0
    memory_MB: int = 0
    time_limit_h: float = 0.0
    queue: str = ""
    account: str = ""
    options: str = ""
    setup: str = ""
    again: bool = True

    @property
    def tasks(self) -> int:
        """Processes in all."""
        return self.nodes * self.tasks_per_node


def gpus_of(placement: Placement) -> int:
    """GPUs that a node is asked for."""
    if placement.device == "cpu":
        return placement.gpus_per_node
    named = {number for numbers in device_lists(placement.gpus) for number in numbers}
    return placement.gpus_per_node or len(named) or 1


def workers_of(placement: Placement) -> int:
    """Processes in all. On GPUs of a queue, workers_per_gpu for each; else `workers`."""
    gpus = gpus_of(placement)
    if gpus and placement.workers_per_gpu:
        return placement.nodes * gpus * placement.workers_per_gpu
    return placement.workers


def team(placement: Placement, name: str) -> Request:
    """The request of a job whose workers go round together: all at once, the same number on each node and each GPU."""
    workers, gpus = workers_of(placement), gpus_of(placement)
    parts = placement.nodes * max(gpus, 1)
    if workers % parts:
        fewer, more = workers // parts * parts, math.ceil(workers / parts) * parts
        which = f"{placement.nodes} nodes" + (f" with {gpus} GPUs each" if gpus else "")
        choice = f"{fewer} or {more}" if fewer else str(more)
        raise UserError(f"{name}: {workers} workers cannot be shared evenly among {which}: take {choice} workers")
    tasks = workers // placement.nodes
    return _asked(placement, name, nodes=placement.nodes, tasks=tasks, gpus=gpus)


def lead(placement: Placement, name: str) -> Request:
    """The request of the process that leads a job whose workers are batch jobs of their own: one core, no GPU."""
    return replace(_asked(placement, name, nodes=1, tasks=1, gpus=0), threads=1, memory_MB=LEAD_MEMORY_MB)


def worker(placement: Placement, name: str) -> Request:
    """The request of one batch job of workers: those that share a GPU, or a single one on a CPU.

    It does not begin anew after a loss: whoever leads asks for another one if there is still work.
    """
    gpus = gpus_of(placement)
    shared = max(1, placement.workers_per_gpu or math.ceil(placement.workers / (placement.nodes * gpus))) if gpus else 1
    return replace(_asked(placement, f"{name.rstrip('/')}.worker", nodes=1, tasks=shared, gpus=min(gpus, 1)), again=False)


def worker_jobs(placement: Placement, name: str) -> int:
    """How many batch jobs of workers there may be at once."""
    return math.ceil(workers_of(placement) / worker(placement, name).tasks)


def one_node(placement: Placement, name: str) -> Request:
    """The request of a job that starts its own processes on a single node."""
    alone = replace(placement, nodes=1)
    request = _asked(alone, name, nodes=1, tasks=1, gpus=gpus_of(alone))
    workers = workers_of(alone)
    return replace(request, threads=request.threads * workers, memory_MB=request.memory_MB * workers)


def _asked(placement: Placement, name: str, *, nodes: int, tasks: int, gpus: int) -> Request:
    return Request(
        name=name,
        nodes=nodes,
        tasks_per_node=tasks,
        threads=placement.threads,
        gpus=gpus,
        memory_MB=math.ceil(placement.memory_GB * 1024) * tasks,
        time_limit_h=placement.time_limit_h,
        queue=placement.queue,
        account=placement.account,
        options=placement.queue_options,
        setup=placement.setup,
    )


@dataclass(frozen=True)
class Ranks:
    """How the ranks of a program with a leader are laid: the first node has the leader beside its workers."""

    nodes: int
    workers_per_node: int

    @property
    def total(self) -> int:
        """Workers and the one leader."""
        return self.nodes * self.workers_per_node + 1

    @property
    def most_per_node(self) -> int:
        """Ranks of the first node."""
        return self.workers_per_node + 1

    def hosts(self, names: list[str]) -> list[str]:
        """The node of each rank in turn: the first one listed once more than the others."""
        return [names[0]] + [name for name in names for _ in range(self.workers_per_node)]


def ranks(placement: Placement, name: str) -> Ranks:
    """The ranks of a program with a leader (RELION's) for the workers of a placement."""
    asked = team(placement, name)
    return Ranks(asked.nodes, asked.tasks_per_node)
