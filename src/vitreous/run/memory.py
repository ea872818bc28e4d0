"""How much memory there is: of this machine, of the control group that a batch system put us in, and of its GPUs."""

import subprocess
from pathlib import Path

GIB = 1024**3
_UNLIMITED = 2**60  # version 1 of control groups writes a huge number where there is no limit


def available_GB(root: Path = Path("/")) -> float:
    """Memory (GB of 1024^3 bytes) that this process may still take: the machine's, or less where a control group says so."""
    found = [_of_machine(root), *_of_groups(root)]
    return min(found) / GIB


def _of_machine(root: Path) -> int:
    for line in (root / "proc" / "meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"{root}/proc/meminfo has no line MemAvailable")


def _of_groups(root: Path) -> list[int]:
    """What is left in the control groups around this process, from its own to the outermost."""
    try:
        lines = (root / "proc" / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return []
    left: list[int] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            base, names = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            base = root / "sys/fs/cgroup/memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        inner = Path(path.lstrip("/"))
        left += [room for part in (inner, *inner.parents) if (room := _room(base / part, *names)) is not None]
    return left


def _room(group: Path, limit: str, used: str, cache: str) -> int | None:
    """Bytes left in one group; what it holds as cache of files counts as free. None without a limit."""
    try:
        most = (group / limit).read_text().strip()
        now = int((group / used).read_text())
    except (OSError, ValueError):
        return None
    if most == "max" or int(most) >= _UNLIMITED:
        return None
    return max(0, int(most) - now + _cached(group / "memory.stat", cache))


def _cached(stat: Path, name: str) -> int:
    try:
        pairs = dict(line.split(None, 1) for line in stat.read_text().splitlines())
    except (OSError, ValueError):
        return 0
    return int(pairs.get(name, "0"))


def gpus_GB(command: str = "nvidia-smi") -> list[float]:
    """Memory (GB of 1024^3 bytes) of each GPU that the driver shows; empty where there is no driver to ask."""
    asked = [command, "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [float(line) / 1024 for line in said.split("\n") if line.strip().replace(".", "", 1).isdigit()]
