"""The tiles of the home page: GPUs, processors and memory, the project's disk."""

import threading
from pathlib import Path

from fastapi import APIRouter
from pydantic import BaseModel

from vitreous.web.machine import Look, Machine
from vitreous.web.opened import FolderHere, Opened

router = APIRouter(tags=["machine"])

_machines: dict[Path, Machine] = {}
_guard = threading.Lock()


class GpuTile(BaseModel):
    """A GPU now, and its load over the last minutes, from 0 to 1."""

    index: int
    name: str
    load: float
    used_GB: float
    total_GB: float
    temperature_C: float
    before: list[float]


class MachineNow(BaseModel):
    """Loads from 0 to 1, memory and disk in GB of 10^9 bytes; `before`: looks of the last minutes, the newest last.

    disk: "ok", "low" below 10 percent or 200 GB, "full" below 2 percent or 20 GB; small disks by percent alone.
    """

    gpus: list[GpuTile]
    cpu: float
    cpu_before: list[float]
    memory_used_GB: float
    memory_total_GB: float
    disk_free_GB: float
    disk_total_GB: float
    disk: str


@router.get("/machine")
def machine(here: FolderHere) -> MachineNow:
    """The machine now. A look is taken only for this, at most every few seconds."""
    looks = look_at(here)
    now = looks[-1]
    gpus = [
        GpuTile(**vars(gpu), before=[look.gpus[place].load for look in looks if len(look.gpus) > place])
        for place, gpu in enumerate(now.gpus)
    ]
    return MachineNow(
        gpus=gpus,
        cpu=now.cpu,
        cpu_before=[look.cpu for look in looks],
        memory_used_GB=now.used_GB,
        memory_total_GB=now.total_GB,
        disk_free_GB=now.free_GB,
        disk_total_GB=now.disk_GB,
        disk=disk_word(now.free_GB, now.disk_GB),
    )


def look_at(here: Opened) -> list[Look]:
    """The last looks at the machine, the newest last."""
    with _guard:
        mine = _machines.setdefault(here.root, Machine(here.root))
    return mine.look()


def disk_word(free_GB: float, total_GB: float) -> str:
    """Whether the disk has room, by its share and, on disks that are large enough for it to mean something, by GB."""
    share = free_GB / total_GB if total_GB else 0.0
    large = total_GB > 1000
    if share < 0.02 or (large and free_GB < 20):
        return "full"
    return "low" if share < 0.10 or (large and free_GB < 200) else "ok"
