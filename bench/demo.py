"""The demonstration as a whole: wall and CPU seconds, peak memory of all its processes together, and its figures.

python bench/demo.py [--movies 30] [--out FOLDER]. Limits: 20 minutes and 6 GB on two cores, map and truth to better than 8 Å.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil


def memory_GB(process: psutil.Process) -> float:
    """Proportional memory of a process and its children: shared pages count once."""
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_full_info().pss
        except psutil.Error:
            continue  # it has just ended
    return total / 1e9


def main() -> None:
    """Run the demonstration, watch it, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--movies", type=int, default=30)
    parser.add_argument("--out", default="")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = said.out or folder
        began = time.monotonic()
        words = [sys.executable, "-m", "vitreous", "demo", "--out", out, "--movies", str(said.movies)]
        child = subprocess.Popen(words)
        watched, peak = psutil.Process(child.pid), 0.0
        while child.poll() is None:
            peak = max(peak, memory_GB(watched))
            time.sleep(1)
        used = os.times()
        notes = json.loads((Path(out) / "demo.json").read_text())
        print(f"wall {time.monotonic() - began:.0f} s, CPU {used.children_user + used.children_system:.0f} s, peak {peak:.2f} GB")
        print(", ".join(f"{step} {seconds:.0f} s" for step, seconds in notes["seconds"].items()))
    sys.exit(child.returncode)


if __name__ == "__main__":
    main()
