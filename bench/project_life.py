"""What looking back, deleting and cleaning cost in a project of many jobs, and in a job of many files.

python bench/project_life.py [--jobs 10000] [--files 100000] [--folder DIR]

Wall time, CPU time (user and system) and peak memory of each verb, with the start of its process.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from project_scale import _folder, command, make
from vitreous.project import graph as graphs
from vitreous.project.graph import Flavour, Node, Process
from vitreous.project.project import Project


def with_a_large_job(root: Path, files: int) -> str:
    """Add an extraction job with so many stacks and a coordinate file beside each, in ten sub-directories; gives its name."""
    with graphs.locked(Project.open(root).layout) as graph:
        name = f"Extract/job{graph.counter:03d}/"
        graph.counter += 1
        graph.processes[name] = Process(name, "relion.extract", "Succeeded")
        graph.add_node(Node(f"{name}particles.star", "ParticleGroupMetadata.star.relion"))
        graph.add_output(name, f"{name}particles.star")
    for number in range(files // 2):
        folder = root / name / f"Movies{number % 10}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"mic{number:06d}.mrcs").touch()
        (folder / f"mic{number:06d}_extract.star").touch()
    rows = "\n".join(f"1@{name}Movies{number % 10}/mic{number:06d}.mrcs" for number in range(files // 2))
    (root / name / "particles.star").write_text(f"data_particles\n\nloop_\n_rlnImageName #1\n{rows}\n")
    (root / name / "RELION_JOB_EXIT_SUCCESS").touch()
    return name


def once(root: Path, *words: str) -> str:
    """Wall and CPU time of a verb that can be done only once."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "vitreous", "project", *words], cwd=root, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"{time.perf_counter() - began:.2f} s wall, {cpu_s:.2f} s CPU"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--folder", default="", help="where to work, an empty folder of the disk in question")
    said = parser.parse_args()
    with _folder(said.folder) as folder:
        print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs; {said.jobs} jobs in one chain")
        root = folder / "project"
        root.mkdir(parents=True)
        make(root, said.jobs, Flavour())
        middle = str(said.jobs // 2)
        for words in (
            ("list", "--type", "class2d", "--sort", "state"),
            ("show", middle),
            ("history", middle),
            ("clean", "--all"),
        ):
            print(f"{' '.join(words):<34}{command(root, *words)}")
        some = str(min(500, said.jobs))
        print(f"{f'flowchart of {some} jobs':<34}{command(root, 'flowchart', some)}")
        print(f"{'delete one':<34}{once(root, 'delete', middle, '--yes')}")
        print(f"{'undelete it':<34}{once(root, 'undelete', middle)}")
        name = with_a_large_job(root, said.files)
        for what, words in (
            (f"gentle clean of {said.files} files", ("clean", name)),
            ("then a harsh one", ("clean", name, "--harsh")),
            ("empty the Trash", ("empty-trash",)),
        ):
            print(f"{what:<34}{once(root, *words, '--yes')}")


if __name__ == "__main__":
    main()
