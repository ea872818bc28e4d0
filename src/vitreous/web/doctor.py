"""What a report needs to know of this machine: releases, devices, the kind of file system that holds the project."""

import os
from pathlib import Path

import psutil

from vitreous.web.machine import gpus

SHARED = {"nfs", "nfs4", "lustre", "gpfs", "beegfs", "ceph", "cifs", "smb3", "fuse.sshfs", "panfs", "wekafs"}


def devices() -> list[str]:
    """GPUs and processors in words."""
    found = [f"GPU {gpu.index}: {gpu.name}, {gpu.total_GB:.0f} GB" for gpu in gpus() or ()]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = psutil.virtual_memory().total / 1e9
    return [*found, f"{cores} processors, {memory:.0f} GB of memory"]


def file_system(path: Path) -> str:
    """The kind of the disk that holds a path, and whether it is shared with other machines."""
    best = ""
    kind = ""
    for part in psutil.disk_partitions(all=True):
        if path.is_relative_to(part.mountpoint) and len(part.mountpoint) >= len(best):
            best, kind = part.mountpoint, part.fstype
    if not kind:
        return "not known"
    return f"{kind}, shared with other machines" if kind in SHARED else f"{kind}, of this machine"
