"""How a project of many jobs behaves: list and add with 10,000 jobs, and 1,000 adds from 8 processes at once.

python bench/project_scale.py [--jobs 10000] [--adds 1000] [--processes 8] [--folder DIR]

Wall time, CPU time (user and system) and peak memory of each; commands are timed with the start of their process.
"""

import argparse
import contextlib
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from vitreous.jobs.class2d import Class2D
from vitreous.jobs.mask_create import MaskCreate
from vitreous.project import graph as graphs
from vitreous.project.graph import Flavour, Graph, Node, Process
from vitreous.project.layout import Layout
from vitreous.project.project import Project

REPEATS = 5


def make(root: Path, count: int, flavour: Flavour) -> None:
    """A chain of Class2D jobs, each with two outputs and the output of the one before; every third has an alias."""
    graph = Graph(counter=count + 1, flavour=flavour)
    for number in range(1, count + 1):
        name = f"Class2D/job{number:03d}/"
        alias = f"Class2D/alias{number}/" if number % 3 == 0 else ""
        graph.processes[name] = Process(name, "relion.class2d", "Succeeded", alias)
        for word, label in (("data", "ParticleGroupMetadata"), ("optimiser", "OptimiserData")):
            graph.nodes[f"{name}run_it025_{word}.star"] = Node(f"{name}run_it025_{word}.star", f"{label}.star.relion.class2d")
            graph.outputs.append((name, f"{name}run_it025_{word}.star"))
        if number > 1:
            graph.inputs.append((f"Class2D/job{number - 1:03d}/run_it025_data.star", name))
        (root / name).mkdir(parents=True)
        (root / name / "RELION_JOB_EXIT_SUCCESS").touch()
    graphs.save(Layout(root), graph)
    Layout(root).mark.touch()


def command(root: Path, *words: str) -> str:
    """Wall, CPU and peak memory of `vitreous project ...`, the best of some; the start of Python is in it."""
    found = []
    for _ in range(REPEATS):
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "vitreous", "project", *words], cwd=root, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found.append((time.perf_counter() - began, cpu_s, after.ru_maxrss / 1024))
    return f"{min(w for w, _, _ in found):.2f} s wall, {min(c for _, c, _ in found):.2f} s CPU, {found[-1][2]:.0f} MB at most"


def adds(root: Path, count: int) -> str:
    """The time of one add from Python, in a process that has begun."""
    with contextlib.chdir(root):
        project, walls, cpus = Project.open("."), [], []
        last = f"Class2D/job{count:03d}/run_it025_data.star"
        for number in range(REPEATS * 2):
            began, cpu = time.perf_counter(), time.process_time()
            project.add(Class2D(particles=last), alias=f"added{number}")
            walls.append(time.perf_counter() - began)
            cpus.append(time.process_time() - cpu)
    return f"{statistics.median(walls):.3f} s wall, {statistics.median(cpus):.3f} s CPU (median of {len(walls)})"


def _add_some(root: str, count: int, start: float) -> None:
    os.chdir(root)
    project = Project.open(".")
    time.sleep(max(0.0, start - time.time()))
    for _ in range(count):
        project.add(MaskCreate(map="map.mrc"))


def together(root: Path, count: int, processes: int) -> str:
    """Many adds from several processes at once; every number must be there once, and no lock left."""
    Project.new(root)
    start = time.time() + 2.0
    each = count // processes
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add_some, args=(str(root), each, start)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took = time.time() - start
    graph = graphs.read(root / "default_pipeline.star")
    numbers = sorted(int(name[name.rfind("job") + 3 : -1]) for name in graph.processes)
    good = numbers == list(range(1, each * processes + 1)) and graph.counter == each * processes + 1
    folders = sum(1 for _ in (root / "MaskCreate").iterdir())
    left = "no lock left" if not list(root.glob(".relion_lock*")) else "A LOCK IS LEFT"
    word = "no number lost or doubled" if good and folders == len(numbers) else "NUMBERS ARE WRONG"
    return f"{took:.1f} s wall, {1000 * took / (each * processes):.1f} ms an add; {word}, {left}"


@contextlib.contextmanager
def _folder(given: str) -> Iterator[Path]:
    if given:
        yield Path(given)
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--adds", type=int, default=1_000)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--folder", default="", help="where to work, an empty folder of the disk in question")
    said = parser.parse_args()
    with _folder(said.folder) as folder:
        print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs; {said.jobs} jobs")
        for word, flavour in (("new project", Flavour()), ("3.1 project", Flavour(labels=False))):
            root = folder / word.replace(" ", "_")
            root.mkdir(parents=True)
            make(root, said.jobs, flavour)
            print(f"{word}: list        {command(root, 'list')}")
            print(f"{word}: add, Python {adds(root, said.jobs)}")
            job_star = root / f"Class2D/job{said.jobs + 1:03d}/job.star"
            print(f"{word}: add, command {command(root, 'add', str(job_star))}")
        empty = folder / "empty"
        Project.new(empty)
        print(f"no jobs:     list        {command(empty, 'list')}")
        print(f"{said.adds} adds from {said.processes} processes: {together(folder / 'many', said.adds, said.processes)}")


if __name__ == "__main__":
    main()
