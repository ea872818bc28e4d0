"""Looks before a job starts whether disk, memory and GPUs suffice, and says how its images will be read."""

import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitreous.context import Context, Reading, UserError
from vitreous.files.space import bytes_in
from vitreous.files.stacks import ImagesInMemory
from vitreous.job.placement import Placement, device_lists
from vitreous.run.estimates import Estimate, estimate, in_GB, preread_GB, processes_on_a_machine
from vitreous.run.folder import JobFolder
from vitreous.run.memory import available_GB, gpus_GB
from vitreous.run.scratch import Scratch, scratch_of

REQUESTS = 8  # in flight: on a cold disk eight are four times as quick as one
AT_ONCE_BYTES = 64 * 2**20  # of a pre-read
TIGHT = 0.8  # of the free space
UNSURE = 0.8  # an estimate that is not certain is taken less seriously before a job is refused
FOR_THE_WORK = 0.2  # of memory_GB stays for the work when images are read into memory

Note = Callable[[str], None]


@dataclass(frozen=True)
class Preread:
    """Reads all images into memory when it is called with them; a member of a team its own."""

    def __call__(self, images: Any, context: Context) -> Any:
        """The images in memory."""
        own = context.team.share(len(images))
        size_GB = preread_GB(len(own), images.box)
        context.note(f"reading {len(own):,} images of {images.box} pixels into memory: {in_GB(size_GB)}")
        held = np.empty((len(own), images.box, images.box), np.float32)
        _, stack, index = images.where()
        mine = slice(own.start, own.stop)
        order = np.lexsort((index[mine], stack[mine]))  # as they lie on the disk
        step = max(1, AT_ONCE_BYTES // (4 * images.box**2))
        for first in range(0, len(order), step):
            context.check()
            rows = order[first : first + step]
            held[rows] = images.read(rows + own.start)
            context.progress(first + len(rows), len(order), "images read into memory")
        return ImagesInMemory(held, images.pixel_size_A, first=own.start, whole=images if len(own) < len(images) else None)


def reading_of(placed: Placement, where: JobFolder, threads: int) -> Reading:
    """How the images of a job are to be read, in this process and in every other of the job."""
    disk = placed.disk
    staged = Preread() if disk.preread else scratch_of(disk, where.path)
    plain = Reading(
        together=disk.pool * max(1, threads),
        requests=REQUESTS if disk.parallel_reads else 1,
        turns=None if disk.parallel_reads else where.hidden / "reading.lock",
    )
    return plain if staged is None else Reading(plain.together, plain.requests, plain.turns, staged)


def leave(reading: Reading, *, succeeded: bool) -> None:
    """After the work, in every process of the job: give up what it held, and take the scratch copy away after a success."""
    if isinstance(reading.staged, Scratch):
        reading.staged.leave(succeeded=succeeded)


def memory_for_work_GB(job: Any, placed: Placement) -> float:
    """Memory that the method may plan with: what images in memory leave of it."""
    if not placed.disk.preread:
        return placed.memory_GB
    return max(FOR_THE_WORK * placed.memory_GB, placed.memory_GB - estimate(job, placed).preread_GB)


def look(job: Any, where: JobFolder, placed: Placement, note: Note) -> Estimate:
    """Say what the job takes where that matters, warn where it is tight, and refuse what cannot fit, with the figures."""
    found = estimate(job, placed)
    if found.images is not None:
        _look_at_memory(job, found, placed, note)
        if placed.device != "cpu":
            _look_at_gpus(job, found, placed, note)
    if found.output is not None:
        _look_at_disk(job, found, where, note)
    return found


def _look_at_memory(job: Any, found: Estimate, placed: Placement, note: Note) -> None:
    count = processes_on_a_machine(job, placed)
    there = available_GB()
    assert found.images is not None
    if placed.disk.preread:
        need, what = found.preread_GB, f"{found.images.count:,} images of {found.images.box_px} pixels"
        each = f" in each of {count} processes" if count > 1 else ""
        note(f"pre-reading {what} takes {in_GB(need)} of memory{each}")
        if need > (1 - FOR_THE_WORK) * placed.memory_GB:
            enough = math.ceil(need / (1 - FOR_THE_WORK))
            raise UserError(
                f"{job.type.title}: pre-reading {what} takes {in_GB(need)}, more than {1 - FOR_THE_WORK:.0%} of the "
                f"{placed.memory_GB:g} GB allowed: give --memory-gb {enough} or more, or do not pre-read"
            )
        if need * count > there:
            raise UserError(
                f"{job.type.title}: pre-reading {what}{each} takes {in_GB(need * count)}, but {in_GB(there)} of memory are free "
                "here: use fewer processes, a scratch directory, or do not pre-read"
            )
    elif placed.memory_GB * count > there:
        note(
            f"warning: {count} processes may plan with {in_GB(placed.memory_GB * count)} of memory and {in_GB(there)} are free: "
            "lower --memory-gb or --workers if it runs out"
        )


def _look_at_gpus(job: Any, found: Estimate, placed: Placement, note: Note) -> None:
    """RELION's estimate against the memory of the GPUs that the workers share."""
    share = found.workers_per_gpu
    need = share * found.gpu_GB
    note(f"GPU memory: {in_GB(found.gpu_GB)} for a worker, {share} on a GPU: {in_GB(need)}")
    there = gpus_GB()
    named = [int(number) for numbers in device_lists(placed.gpus) for number in numbers]
    chosen = there if placed.use_queue else [there[number] for number in named if number < len(there)] or there
    if not chosen:
        return
    if need > min(chosen):
        fewer = int(min(chosen) / found.gpu_GB)
        advice = f"take at most {fewer} on a GPU" if fewer else "run it with --device cpu, or extract with a smaller box"
        said = f"{in_GB(need)} are more than the {in_GB(min(chosen))} of a GPU: {advice}"
        if job.type.uses_gpu:
            raise UserError(f"{job.type.title}: {said}")
        note(f"warning: {said}")


def _look_at_disk(job: Any, found: Estimate, where: JobFolder, note: Note) -> None:
    assert found.output is not None
    where.path.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(where.path).free
    if found.output.bytes <= TIGHT * free:
        return  # also if nothing is there yet, which need not be counted then
    need = max(0, found.output.bytes - bytes_in(where.path))
    said = f"{'' if found.output.certain else 'about '}{in_GB(need / 1e9)} ({found.output.made_of})"
    if need * (1 if found.output.certain else UNSURE) > free:
        raise UserError(
            f"{job.type.title} will write {said}, but {in_GB(free / 1e9)} are free where {where.path} lies: "
            "free some space, then continue the job"
        )
    if need > TIGHT * free:
        note(f"warning: the disk will be nearly full: {said} to write, {in_GB(free / 1e9)} free")
