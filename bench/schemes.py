"""What a Scheme costs beside its jobs: a node of an operator, and a pass over a job that has nothing left to do.

    python bench/schemes.py [ROUNDS]

Prints user and system CPU and wall of the process that runs the Scheme, for each node; the job's own process is apart.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from vitreous.files import mrc
from vitreous.project.project import Project
from vitreous.project.schemes.model import Edge, Operator

JOB = """
data_job

_rlnJobTypeLabel relion.import.other
_rlnJobIsContinue 0

data_joboptions_values

loop_
_rlnJobOptionVariable #1
_rlnJobOptionValue #2
do_other Yes
do_raw No
fn_in_other some.mrc
node_type "3D reference (.mrc)"
"""


def measured(run):
    """Wall, and CPU of this process and of its children, in seconds."""
    before, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    began = time.perf_counter()
    run()
    wall = time.perf_counter() - began
    after, grown = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, grown.ru_utime + grown.ru_stime - children.ru_utime - children.ru_stime


def looping(project, word, rounds, *, job=False, schedule=False):
    """A Scheme that counts to `rounds` with two operators, and passes a job each time if asked."""
    scheme = project.new_scheme(word, schedule=schedule)
    for name, value in {"n": "0", "one": "1", "most": str(rounds), "more": "false"}.items():
        scheme.add_variable(name, value)
    for words in (("ADD", "float=plus", "n", "n", "one"), ("LESS", "bool=lt", "more", "n", "most"), ("EXIT", "exit")):
        scheme.add_operator(Operator(*words))
    if job:
        scheme.add_job("work", "import.star", "continue")
        scheme.add_edge(Edge("work", "ADD"))
    scheme.add_edge(Edge("ADD", "LESS"))
    scheme.add_edge(Edge("LESS", "EXIT", True, "work" if job else "ADD", "more"))
    return scheme


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as folder:
        project = Project.new(folder)
        os.chdir(folder)
        wall, cpu, _ = measured(looping(project, "count", rounds).run)
        print(f"operator  {2 * rounds} nodes: {500 * wall / rounds:.2f} ms wall, {500 * cpu / rounds:.2f} ms CPU each")
        if shutil.which("relion_scheduler"):
            looping(project, "theirs", rounds, schedule=True)
            words = ["relion_scheduler", "--schedule", "theirs", "--run", "--verb", "0"]
            wall, _, cpu = measured(lambda: subprocess.run(words, check=True, stdout=subprocess.DEVNULL))
            print(
                f"operator  {2 * rounds} nodes, RELION: {500 * wall / rounds:.2f} ms wall, {500 * cpu / rounds:.2f} ms CPU each"
            )
        mrc.write_volume("some.mrc", np.zeros((8, 8, 8), np.float32), pixel_size_A=1.0)
        Path("import.star").write_text(JOB)
        passes = max(rounds // 100, 3)
        for here in (True, False):
            loop = looping(project, f"jobs_{here}", passes, job=True)
            wall, cpu, _ = measured(lambda loop=loop, here=here: loop.run(here=here))
            where = "in this process" if here else "in its place"
            print(f"job {where}  {passes} passes: {wall / passes:.2f} s wall, {cpu / passes:.3f} s CPU of the Scheme itself each")


if __name__ == "__main__":
    main()
