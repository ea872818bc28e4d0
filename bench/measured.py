"""What a program costs: CPU seconds and peak memory of it and its children, wall seconds; CPU seconds at each file it wrote."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

TICK = os.sysconf("SC_CLK_TCK")
LOOK_S = 0.2


@dataclass(frozen=True)
class Cost:
    """CPU (user + system) and wall seconds, peak memory in MB (all its processes together), and CPU seconds at files seen."""

    cpu_s: float
    wall_s: float
    peak_MB: float
    stopped: bool
    marks: Mapping[str, float]

    def __str__(self) -> str:
        return f"CPU {self.cpu_s:.1f} s, wall {self.wall_s:.1f} s, peak {self.peak_MB:.0f} MB"


def cpu_so_far(pid: int) -> float:
    """CPU seconds of a running process, its children that have ended included; 0 once it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(field) for field in fields[11:15]) / TICK


def peak_so_far_MB(pid: int) -> float:
    """Most memory that a running process has held, and each that it started; what has ended counts for nothing.

    (rusage counts what its parent held before, and of children only the largest.)
    """
    total = 0.0
    for number in family(pid):
        try:
            lines = Path(f"/proc/{number}/status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += next((int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM")), 0.0)
    return total


def family(pid: int) -> list[int]:
    """A process and all that it started, and these in turn, as far as they run."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return [pid]


def measured(
    command: Sequence[str],
    *,
    log: Path,
    minutes: float | None = None,
    watch: Path | None = None,
    pattern: str = "*",
    until: str = "",
    threads: int = 1,
) -> Cost:
    """Run a program to its end, or stop it after some minutes, or once a file of the name `until` has appeared.

    watch, pattern: a folder whose files are watched for; marks holds how much CPU had been spent when each appeared.
    """
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    began, marks, stopped, peak_MB, most_s = time.monotonic(), dict[str, float](), False, 0.0, 0.0
    with open(log, "wb") as out:
        child = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        while True:
            spent = sum(map(cpu_so_far, family(child.pid)))  # a child that has ended stays readable until it is waited for
            peak_MB = max(peak_MB, peak_so_far_MB(child.pid))
            most_s = max(most_s, spent)
            for path in watch.glob(pattern) if watch else ():
                marks.setdefault(path.name, spent)
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            late = minutes is not None and time.monotonic() - began > 60 * minutes
            if (late or until in marks) and not stopped:
                child.terminate()
                stopped = True
            time.sleep(LOOK_S)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode and not stopped:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}: see {log}")
    # A program that is stopped may leave its children behind unwaited for: what they took was seen before.
    return Cost(max(used.ru_utime + used.ru_stime, most_s), time.monotonic() - began, peak_MB, stopped, marks)
