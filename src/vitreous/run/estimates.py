"""What a job will take of disk, memory and GPU, worked out before it runs; formulas and sentences, no checks."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitreous.files import glance
from vitreous.job.declare import LoopJob, Size
from vitreous.job.options import options, value_of
from vitreous.job.placement import Placement, shares_by_processes
from vitreous.run.places.request import gpus_of, workers_of

GIB = 1024**3
PADDING = 2  # of transforms in 3D


def preread_GB(count: int, box_px: int) -> float:
    """Memory (GB of 1024^3 bytes) for so many images of box x box pixels as 32-bit floats: 100,000 of 200 px take 14.9."""
    return count * box_px**2 * 4 / GIB


def gpu_GB(box_px: int, padding: int = PADDING) -> float:
    """GPU memory (GB of 1024^3 bytes) that one worker of a 3D job wants: 2.5 maps of 32-bit floats, padded, and 5 % more."""
    return float(2.5 * 1.05 * 4 * (padding * box_px) ** 3 / GIB)


def in_GB(size_GB: float) -> str:
    """A size for people: 59.6 GB, 0.0034 GB."""
    return f"{size_GB:.1f} GB" if size_GB >= 10 else f"{size_GB:.3g} GB"


@dataclass(frozen=True)
class Estimate:
    """What one job takes. Memory is in GB of 1024^3 bytes, as RELION's documentation counts it; disk in GB of 10^9."""

    images: glance.Particles | None
    preread_GB: float
    scratch_GB: float
    gpu_GB: float
    output: Size | None
    memory_GB: float
    processes: int
    workers_per_gpu: int

    def lines(self) -> list[str]:
        """The estimate in words, a line for each resource that is known."""
        said = []
        if self.images is not None:
            box = self.images.box_px
            said.append(f"images     {self.images.count:,} of {box} x {box} pixels")
            each = "" if self.processes == 1 else f" in each of {self.processes} processes on a machine"
            said.append(f"pre-read   {in_GB(self.preread_GB)} of memory{each}")
            said.append(f"scratch    {in_GB(self.scratch_GB)} on the scratch disk of each machine")
            share = f"; {self.workers_per_gpu} share a GPU: {in_GB(self.workers_per_gpu * self.gpu_GB)}"
            said.append(f"GPU        {in_GB(self.gpu_GB)} for each worker{share if self.workers_per_gpu > 1 else ''}")
        said.append(f"memory     {self.memory_GB:g} GB planned for each process (--memory-gb)")
        if self.output is None:
            said.append("disk       not known for this type of job")
        else:
            sure = "" if self.output.certain else "about "
            said.append(f"disk       {sure}{in_GB(self.output.bytes / 1e9)}: {self.output.made_of}")
        return said


def estimate(job: Any, placed: Placement) -> Estimate:
    """What a job takes, by a quick look at its input, which must be there; paths count from the current directory."""
    table = next((str(value_of(job, option)) for option in options(type(job)) if option.reads_images), "")
    images = glance.particles(table) if table and Path(table).is_file() else None
    count, box = (images.count, images.box_px) if images else (0, 0)
    return Estimate(
        images=images,
        preread_GB=preread_GB(math.ceil(count / _members(job, placed)), box),
        scratch_GB=count * box**2 * (images.pixel_bytes if images else 0) / 1e9,
        gpu_GB=gpu_GB(box),
        output=job.size() if _has_inputs(job) else None,
        memory_GB=placed.memory_GB,
        processes=processes_on_a_machine(job, placed),
        workers_per_gpu=_workers_per_gpu(job, placed),
    )


def _has_inputs(job: Any) -> bool:
    """Whether the files that the job names are there already: another job may still have to make them."""
    named = [str(value_of(job, option)) for option in options(type(job)) if option.is_input]
    return all(Path(name).exists() for name in named if name)


def processes_on_a_machine(job: Any, placed: Placement) -> int:
    """Processes that read the images on one machine: the members of a loop; a map job that reads images is one unit."""
    return max(1, math.ceil(_members(job, placed) / placed.nodes))


def _members(job: Any, placed: Placement) -> int:
    """Processes that share the images of a loop: its workers, but where they are threads of one."""
    shared = isinstance(job, LoopJob) and (placed.use_queue or shares_by_processes(placed))
    return max(1, workers_of(placed)) if shared else 1


def _workers_per_gpu(job: Any, placed: Placement) -> int:
    gpus = gpus_of(placed)
    return math.ceil(processes_on_a_machine(job, placed) / gpus) if gpus else 1
