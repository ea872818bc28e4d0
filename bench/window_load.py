"""What the window costs while a job runs: 50 streams of events and 20 requests a second of mixed pages, on loopback.

python bench/window_load.py PROJECT [--seconds 60] [--streams 50] [--rate 20] [--iterations 120]
PROJECT is a finished demonstration (vitreous demo); it is copied. Prints the latency of each kind of page, the server's
CPU-seconds a second, and the CPU-seconds of a 2D classification that runs meanwhile, with and without the window.
"""

import argparse
import http.client
import itertools
import json
import os
import queue
import re
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import psutil

TOKEN = "a-token-of-the-measurement-that-is-long-enough"
HEAD = {"Authorization": f"Bearer {TOKEN}", "Accept-Encoding": "gzip"}
MICROGRAPH = "MotionCorr/job002/session/movies/movie_00001.mrc"
MAP = "Refine3D/job009/run_class001.mrc"
PAGES = {
    "page": "/p/demo/",
    "head": "/api/p/demo/project",
    "job list": "/api/p/demo/jobs",
    "graph": "/api/p/demo/graph",
    "machine": "/api/p/demo/machine",
    "job": "/api/p/demo/jobs/006",
    "progress": "/api/p/demo/jobs/012/progress",
    "log": "/api/p/demo/jobs/012/log",
    "files": "/api/p/demo/jobs/006/files",
    "form": "/api/p/demo/forms/class2d",
    "micrographs": "/api/p/demo/micrographs?path=CtfFind/job003/micrographs_ctf.star",
    "table": "/api/p/demo/table?path=Extract/job005/particles.star&block=particles",
    "picture": f"/api/p/demo/image/info?path={MICROGRAPH}",
    "thumbnail": f"/api/p/demo/image/thumb/256?path={MICROGRAPH}",
    "classes": "/api/p/demo/classes/006",
    "class tiles": "/api/p/demo/stack/tiles?path=Class2D/job006/run_it200_classes.mrcs&size=96&indices=1-20",
    "curves": "/api/p/demo/curves/011",
    "map": f"/api/p/demo/volume/level?path={MAP}&edge=64",
    "any file": "/api/p/demo/file/info?path=demo.json",
}


def class2d(folder: Path, out: str, iterations: int) -> subprocess.Popen[str]:
    """A classification of the demonstration's particles, of fixed work, in the project's next job."""
    words = ["class2d", "--particles", "Extract/job005/particles.star", "--mini-batches", str(iterations)]
    words += ["--classes", "20", "--particle-diameter-a", "197", "--alias", out]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "vitreous", *words, "--seed", "1", "--threads", "1"],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def cpu_of(job: subprocess.Popen[str]) -> float:
    """CPU-seconds of a job and its processes, once it has ended."""
    assert job.stderr
    said = job.stderr.read()
    _, status, used = os.wait4(job.pid, 0)
    assert status == 0, said
    return used.ru_utime + used.ru_stime


def serve(folder: Path) -> tuple[subprocess.Popen[str], int]:
    """The window on a folder, and its port."""
    kept = folder.parent / "token"
    kept.touch(mode=0o600)
    kept.write_text(TOKEN)
    command = [sys.executable, "-m", "vitreous", "web", "--port", "0", "--token-file", str(kept)]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    found = re.search(r":(\d+)/", server.stdout.readline())
    assert found
    return server, int(found[1])


class Streams(threading.Thread):
    """Browsers that listen."""

    def __init__(self, port: int, count: int) -> None:
        super().__init__(daemon=True)
        self.bytes, self._chosen = 0, selectors.DefaultSelector()
        for _ in range(count):
            one = socket.create_connection(("127.0.0.1", port))
            lines = "".join(f"{name}: {value}\r\n" for name, value in HEAD.items())
            one.sendall(f"GET /api/p/demo/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{lines}\r\n".encode())
            self._chosen.register(one, selectors.EVENT_READ)

    def run(self) -> None:
        while True:
            for key, _ in self._chosen.select():
                self.bytes += len(key.fileobj.recv(65536))  # type: ignore[union-attr]


class Reader(threading.Thread):
    """One connection of the load: it asks with the tag of what it has, as browsers do."""

    def __init__(self, port: int, wanted: "queue.Queue[tuple[str, float] | None]", took: dict[str, list[float]]) -> None:
        super().__init__(daemon=True)
        self._port, self._wanted, self._took = port, wanted, took
        self.wrong: list[str] = []

    def run(self) -> None:
        link, tags = http.client.HTTPConnection("127.0.0.1", self._port), {}
        while (wish := self._wanted.get()) is not None:
            kind, due = wish
            tag = {"If-None-Match": tags[kind]} if kind in tags else {}
            link.request("GET", PAGES[kind], headers={**HEAD, **tag})
            answer = link.getresponse()
            answer.read()
            self._took[kind].append(time.monotonic() - due)
            if answer.status not in (200, 304):
                self.wrong.append(f"{kind}: {answer.status}")
            elif answer.headers.get("ETag"):
                tags[kind] = answer.headers["ETag"]


def load(port: int, *, rate: float, seconds: float) -> tuple[dict[str, list[float]], list[str]]:
    """Ask for pages of all kinds in turn at a steady rate; latency counts from when each was due."""
    wanted: queue.Queue[tuple[str, float] | None] = queue.Queue()
    took: dict[str, list[float]] = defaultdict(list)
    readers = [Reader(port, wanted, took) for _ in range(12)]
    for reader in readers:
        reader.start()
    began, kinds = time.monotonic(), itertools.cycle(PAGES)
    for number in range(int(rate * seconds)):
        due = began + number / rate
        time.sleep(max(0.0, due - time.monotonic()))
        wanted.put((next(kinds), due))
    for _ in readers:
        wanted.put(None)
    for reader in readers:
        reader.join()
    return took, sorted({fault for reader in readers for fault in reader.wrong})


def show(took: dict[str, list[float]]) -> None:
    """A line for each kind of page."""
    print(f"{'page':<14}{'asked':>6}{'median':>9}{'p95':>9}   ms")
    everything = [one for times in took.values() for one in times]
    for kind, times in [*took.items(), ("all", everything)]:
        worst = statistics.quantiles(times, n=20)[18] if len(times) > 1 else times[0]
        print(f"{kind:<14}{len(times):>6}{1000 * statistics.median(times):>9.1f}{1000 * worst:>9.1f}")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--iterations", type=int, default=120)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "demo"
        shutil.copytree(said.project, folder, symlinks=True)
        shutil.copytree(folder, alone := Path(scratch) / "alone" / "demo", symlinks=True)
        without = cpu_of(class2d(alone, "alone", said.iterations))
        server, port = serve(folder)
        try:
            streams = Streams(port, said.streams)
            streams.start()
            job = class2d(folder, "watched", said.iterations)
            while not (folder / "Class2D/job012").is_dir():
                time.sleep(0.1)
            watched = psutil.Process(server.pid)
            load(port, rate=said.rate, seconds=len(PAGES) / said.rate)  # the first look at each, as nobody has asked before
            before, began = sum(watched.cpu_times()[:2]), time.monotonic()
            took, wrong = load(port, rate=said.rate, seconds=said.seconds)
            span = time.monotonic() - began
            used = (sum(watched.cpu_times()[:2]) - before) / span
            still = job.poll() is None
            together = cpu_of(job)
        finally:
            server.terminate()
            server.wait(timeout=10)
    show(took)
    print(f"streams        {said.streams}, {streams.bytes / said.streams / 1000:.1f} kB each")
    print(f"server         {used:.3f} CPU-s a second, {_wrong(wrong)}")
    print(f"job            {without:.1f} CPU-s alone, {together:.1f} with the window: {100 * (together / without - 1):+.1f} %")
    print(f"the job {'ran all the time' if still else 'ended before the load did'}")
    print(json.dumps({"p95_ms": _p95_ms(took), "server_cpu": round(used, 3), "job": round(together / without - 1, 4)}))


def _wrong(wrong: list[str]) -> str:
    return f"wrong answers: {', '.join(wrong)}" if wrong else "no wrong answer"


def _p95_ms(took: dict[str, list[float]]) -> float:
    return round(1000 * statistics.quantiles([one for times in took.values() for one in times], n=20)[18], 1)


if __name__ == "__main__":
    main()
