"""What a job will take of memory, disk and time where it is to run, whether it fits, and the nearest placement that does."""

import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vitreous.context import UserError
from vitreous.files import glance
from vitreous.job import as_star
from vitreous.job.declare import LoopJob
from vitreous.job.options import options, value_of, values
from vitreous.job.placement import Placement, device_lists
from vitreous.project import history
from vitreous.project.graph_model import Graph
from vitreous.project.layout import Layout, number_of
from vitreous.project.state import job_file
from vitreous.run.estimates import Estimate, estimate
from vitreous.run.memory import available_GB

TIGHT = 0.85
FOR_IMAGES = 0.8  # of the memory a process may plan with, when images are read into it
LOOKED_AT = 4  # earlier jobs of the type
SAME_WORK = (0.7, 1.5)
OTHER_WORK = (0.5, 2.0)
FAR = 8.0  # times more or less work than the earlier job had
FITS, IS_TIGHT, TOO_MUCH, UNKNOWN = "fits", "tight", "will not fit", "not known"


@dataclass(frozen=True)
class Machine:
    """What a place has: memory and GPU memory (GB of 1024^3 bytes), free disk (GB of 10^9), cores. None: not known."""

    memory_GB: float | None
    gpus_GB: tuple[float, ...]
    disk_GB: float | None
    cores: int | None


@dataclass(frozen=True)
class Need:
    """One thing that a job takes, against what is there. unit: GB, or cores."""

    name: str
    need: float
    have: float | None
    unit: str = "GB"

    @property
    def verdict(self) -> str:
        """Whether it fits; more processes than cores are slow rather than impossible, up to twice as many."""
        if self.have is None:
            return UNKNOWN
        loose = 2.0 if self.unit == "cores" else 1.0
        if self.need > loose * self.have:
            return TOO_MUCH
        return IS_TIGHT if self.need > (1.0 if self.unit == "cores" else TIGHT) * self.have else FITS


@dataclass(frozen=True)
class Prediction:
    """What a job will take. time_s: a range in seconds, with its ground; fits_with: settings that make it fit."""

    needs: tuple[Need, ...]
    time_s: tuple[float, float] | None
    ground: str
    fits_with: Mapping[str, Any] | None = None

    @property
    def verdict(self) -> str:
        """The worst of the verdicts; what is not known does not count where something is."""
        found = {need.verdict for need in self.needs}
        return next((word for word in (TOO_MUCH, IS_TIGHT, FITS) if word in found), UNKNOWN)

    def of(self, name: str) -> float | None:
        """How much of one thing is taken."""
        return next((need.need for need in self.needs if need.name == name), None)


def machine_here(layout: Layout, *, gpus_GB: Sequence[float]) -> Machine:
    """What this machine has, with the disk of the project and the memory of its GPUs, which takes long to ask."""
    free = shutil.disk_usage(layout.root).free / 1e9
    return Machine(available_GB(), tuple(gpus_GB), free, os.cpu_count() or 1)


def predict(layout: Layout, graph: Graph, job: Any, placed: Placement, there: Machine) -> Prediction:
    """What a job will take; paths count from the current directory, which is the project's."""
    if placed.use_queue or placed.profile:
        there = replace(there, memory_GB=None, gpus_GB=(), cores=None)
    needs = _needs(job, placed, there)
    time_s, ground = _time(layout, graph, job, placed)
    made = Prediction(tuple(needs), time_s, ground)
    return replace(made, fits_with=_fitting(job, placed, there)) if made.verdict == TOO_MUCH else made


def _needs(job: Any, placed: Placement, there: Machine) -> list[Need]:
    found = _estimated(job, placed)
    loop = isinstance(job, LoopJob)
    processes = found.processes if loop and found else 1 if loop else placed.workers
    needs = [Need("memory", processes * _memory_each_GB(job, placed, found), there.memory_GB)]
    needs.append(Need("cores", placed.workers * placed.threads / placed.nodes, there.cores, "cores"))
    if found and found.images:
        if placed.device != "cpu" and job.type.uses_gpu:
            needs.append(Need("GPU memory", found.workers_per_gpu * found.gpu_GB, _smallest(placed, there)))
        if placed.disk.preread:
            needs.append(Need("images in memory", found.preread_GB, FOR_IMAGES * placed.memory_GB))
        if placed.disk.scratch and os.path.isdir(placed.disk.scratch):
            free = shutil.disk_usage(placed.disk.scratch).free / 1e9 - placed.disk.keep_free_scratch_GB
            needs.append(Need("scratch", found.scratch_GB, max(0.0, free)))
    if found and found.output:
        needs.append(Need("disk", found.output.bytes / 1e9, there.disk_GB))
    return needs


def _memory_each_GB(job: Any, placed: Placement, found: Estimate | None) -> float:
    """Memory of one process: what it may plan with, or more where the maps of a reconstruction need it."""
    in_space = any(option.name in ("reference", "symmetry") for option in options(type(job)))
    return max(placed.memory_GB, found.gpu_GB if found and found.images and in_space else 0.0)


def _smallest(placed: Placement, there: Machine) -> float | None:
    named = [int(number) for numbers in device_lists(placed.gpus) for number in numbers]
    chosen = [there.gpus_GB[number] for number in named if number < len(there.gpus_GB)] or list(there.gpus_GB)
    return min(chosen, default=None)


def _estimated(job: Any, placed: Placement) -> Estimate | None:
    try:
        return estimate(job, placed)
    except (UserError, OSError, ValueError, ArithmeticError):
        return None


def _fitting(job: Any, placed: Placement, there: Machine) -> dict[str, Any] | None:
    """The least changes of the placement, one after another, that make a job fit; None where none does."""
    now = placed
    changed: dict[str, Any] = {}
    for step in _steps(job, placed, there):
        then = _with(now, step)
        if then == now:
            continue
        now, changed = then, changed | step
        if all(need.verdict != TOO_MUCH for need in _needs(job, now, there)):
            return changed
    return None


def _with(placed: Placement, step: Mapping[str, Any]) -> Placement:
    if "preread" in step:
        return replace(placed, disk=replace(placed.disk, preread=step["preread"]))
    return replace(placed, **step)


def _steps(job: Any, placed: Placement, there: Machine) -> Iterator[dict[str, Any]]:
    found = _estimated(job, placed)
    if placed.disk.preread:
        yield {"preread": False}
    if there.cores and placed.workers * placed.threads > there.cores:
        yield {"threads": min(placed.threads, there.cores)}
        yield {"workers": max(1, there.cores // min(placed.threads, there.cores))}
    if there.memory_GB:
        each = _memory_each_GB(job, placed, found)
        fewest = max(1, min(placed.workers, int(there.memory_GB // each)))
        yield {"workers": min(fewest, max(1, (there.cores or fewest) // min(placed.threads, there.cores or placed.threads)))}
        yield {"memory_GB": max(0.1, math.floor(10 * TIGHT * there.memory_GB) / 10)}
    if placed.device != "cpu":
        yield {"device": "cpu", "gpus": ""}


def _time(layout: Layout, graph: Graph, job: Any, placed: Placement) -> tuple[tuple[float, float] | None, str]:
    """How long it will take, from the newest job of the type that ran through at once; with the ground of the guess."""
    work = _work(job)
    for name, before, took_s in _earlier(layout, graph, type(job)):
        other = _work(before.job)
        if bool(work) != bool(other):
            continue
        more = work / other if other else 1.0
        lanes = placed.workers * placed.threads / (before.placement.workers * before.placement.threads)
        guess = took_s * more / min(lanes, float(os.cpu_count() or 1)) ** 0.8
        low, high = SAME_WORK if work and 1 / FAR < more < FAR else OTHER_WORK
        scaled = "" if 0.95 < more < 1.05 else f", {more:.2g} times the work"
        return (max(1.0, low * guess), max(1.0, high * guess)), f"from job{number_of(name) or 0:03d}{scaled}"
    return None, "model only: no earlier job"


def _earlier(layout: Layout, graph: Graph, cls: type[Any]) -> Iterator[tuple[str, as_star.Loaded, float]]:
    """Finished jobs of a type that were started once, newest first, with their seconds."""
    alike = [name for name, one in graph.processes.items() if one.label.startswith(cls.type.label) and one.status == "Succeeded"]
    for name in sorted(alike, key=lambda name: -(number_of(name) or 0))[:LOOKED_AT]:
        when = history.times(layout, name)
        if not when.ended or not when.first or when.first != when.last:
            continue
        took_s = (when.ended - when.first).total_seconds()
        try:
            before = as_star.load(job_file(layout, name))
        except UserError:
            continue
        if type(before.job) is cls and took_s >= 0:
            yield name, before, max(1.0, took_s)


def _work(job: Any) -> float:
    """A measure of work that grows as the time does: rows of the input, pixels of an image, classes, rounds; 0: not known."""
    work = 0.0
    for option in options(type(job)):
        path = str(value_of(job, option) or "") if option.is_input else ""
        if not path.endswith(".star") or not os.path.isfile(path):
            continue
        try:
            rows = glance.table(path, option.input_kind.partition(".")[0]).rows
            images = glance.particles(path) if option.reads_images else None
        except (UserError, OSError, ValueError):
            continue
        work = max(work, rows * (images.box_px**2 if images else 1))
    said = values(job)
    for name in ("classes", "starts", "em_iterations" if said.get("use_em") else "mini_batches"):
        if isinstance(said.get(name), int):
            work *= max(1, said[name])
    return work
