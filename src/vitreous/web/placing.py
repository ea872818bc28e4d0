"""Where a job may run from here: this machine with its devices, a batch system, the run profiles of the project."""

import functools
import os
import shutil
import time
from pathlib import Path

from vitreous.context import UserError
from vitreous.run.memory import available_GB, gpus_GB
from vitreous.run.places import environment, profile
from vitreous.web.form_shapes import Device, Place

ASKED_AGAIN_S = 60


def places(root: Path, *, uses_gpu: bool) -> list[Place]:
    """All places; one that cannot be reached is there with the reason."""
    cores = os.cpu_count() or 1
    devices = [Device(word="cpu", title=f"CPU, {cores} cores", memory_GB=round(available_GB(), 1))]
    devices += [
        Device(word=str(n), title=f"GPU {n}", memory_GB=round(size, 1)) for n, size in enumerate(gpu_memory_GB()) if uses_gpu
    ]
    here = Place(word="here", title="This machine", values={"use_queue": "No", "profile": ""}, devices=devices)
    return [here, _queue(uses_gpu=uses_gpu), *_profiles(root)]


def gpu_memory_GB() -> list[float]:
    """Memory of each GPU of this machine; asked again after a minute at the earliest."""
    return list(_gpus(int(time.monotonic() // ASKED_AGAIN_S)))


@functools.lru_cache(maxsize=1)
def _gpus(minute: int) -> tuple[float, ...]:
    return tuple(gpus_GB())


def _queue(*, uses_gpu: bool) -> Place:
    site = environment.site_defaults()
    submit = str(site.get("submit", "sbatch"))
    there = shutil.which(submit.split()[0]) if submit.split() else None
    devices = [Device(word="cpu", title="CPU nodes")] + ([Device(word="gpu", title="GPU nodes")] if uses_gpu else [])
    return Place(
        word="queue",
        title="Slurm" if submit.startswith("sbatch") else f"Queue ({submit.split()[0]})",
        values={"use_queue": "Yes", "profile": ""},
        devices=devices,
        fault="" if there else f"there is no {submit.split()[0]} on this machine",
    )


def _profiles(root: Path) -> list[Place]:
    try:
        known = profile.known(root)
    except UserError:
        return []
    return [
        Place(word=f"profile:{name}", title=name, values={"use_queue": "No", "profile": name}, devices=[])
        for name in known
        if name != profile.DEFAULT.name
    ]
