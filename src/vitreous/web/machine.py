"""Load of the machine that the window runs on: GPUs by nvidia-smi where there is one, processors, memory, the project's disk.

Looked at only when asked, and not more often than every few seconds; the last minutes are kept for the small curves.
"""

import shutil
import subprocess
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import psutil

AGAIN_S = 4.0
KEPT = 60
_FORGET_S = 30.0
"""After so long without a look the curve begins anew: a gap is not a load."""
_ASKED = "index,name,utilization.gpu,memory.used,memory.total,temperature.gpu"


@dataclass(frozen=True)
class Gpu:
    """One GPU as its driver tells."""

    index: int
    name: str
    load: float
    used_GB: float
    total_GB: float
    temperature_C: float


@dataclass(frozen=True)
class Look:
    """One look: loads from 0 to 1, memory and disk in GB of 10^9 bytes."""

    cpu: float
    used_GB: float
    total_GB: float
    free_GB: float
    disk_GB: float
    gpus: tuple[Gpu, ...]


@dataclass
class Machine:
    """The last looks."""

    root: Path
    looks: deque[Look] = field(default_factory=lambda: deque(maxlen=KEPT))
    _at: float = -1e9
    _no_gpus: bool = False
    _times: tuple[float, float] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self) -> list[Look]:
        """The last looks, the newest last; a new one is taken where the last is older than a few seconds."""
        with self._lock:
            now = time.monotonic()
            if now - self._at >= AGAIN_S:
                if now - self._at > _FORGET_S:
                    self.looks.clear()
                self._at = now
                self.looks.append(self._taken())
            return list(self.looks)

    def _taken(self) -> Look:
        memory = psutil.virtual_memory()
        disk = shutil.disk_usage(self.root)
        cpu = self._load()
        used = (memory.total - memory.available) / 1e9
        return Look(cpu, used, memory.total / 1e9, disk.free / 1e9, disk.total / 1e9, self._gpus())

    def _load(self) -> float:
        """The share of time that the processors were busy since the last look; by our own sums, as handlers change threads."""
        if not self._times:
            self._times = _busy_and_all()
            time.sleep(0.05)
        before, self._times = self._times, _busy_and_all()
        spent = self._times[1] - before[1]
        return min(1.0, max(0.0, (self._times[0] - before[0]) / spent)) if spent > 0 else 0.0

    def _gpus(self) -> tuple[Gpu, ...]:
        found = None if self._no_gpus else gpus()
        self._no_gpus = found is None
        return found or ()


def _busy_and_all() -> tuple[float, float]:
    """Seconds that the processors were busy, and all seconds, since the machine was started."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    everything = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return everything - idle, everything


def gpus() -> tuple[Gpu, ...] | None:
    """The GPUs as their driver's program tells; None where there is no such program."""
    try:
        command = ["nvidia-smi", f"--query-gpu={_ASKED}", "--format=csv,noheader,nounits"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=3, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return tuple(gpu for line in said.splitlines() if (gpu := _gpu(line)))


def _gpu(line: str) -> Gpu | None:
    """A GPU of a line of nvidia-smi; what the driver does not know counts as 0."""
    parts = [part.strip() for part in line.split(",")]
    if len(parts) != 6 or not parts[0].isdigit():
        return None

    def number(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            return 0.0

    load, used, total, warm = map(number, parts[2:])
    return Gpu(int(parts[0]), parts[1], load / 100, used * 1.048576 / 1e3, total * 1.048576 / 1e3, warm)
