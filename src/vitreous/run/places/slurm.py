"""Slurm: scripts with the right flags, submitting, states by squeue and cancelling. Accounting (sacct) is never asked."""

import os
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace

from vitreous.context import UserError
from vitreous.run.places.request import Ranks, Request

ANSWER_WITHIN_S = 30.0
MOST_RESTARTS = 3
OURS = re.compile(r"^(SLURM|SRUN|SLURMD|SBATCH|PMI|PMIX|OMPI)_(?!CONF$)")


def job_name(name: str) -> str:
    """A name as batch systems take it: without blanks, slashes and other signs."""
    return re.sub(r"[^\w.+-]+", "_", name.strip("/")) or "vitreous"


def time_limit(hours: float) -> str:
    """Hours as Slurm writes them: 1-06:30:00."""
    seconds = round(hours * 3600)
    return f"{seconds // 86400}-{seconds % 86400 // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


def header(request: Request, *, out: str, err: str, tasks: int = 0, most_per_node: int = 0) -> list[str]:
    """The lines at the head of a script. tasks and most_per_node replace those of the request where ranks are not even."""
    said = {
        "job-name": job_name(request.name),
        "output": _quoted(out),
        "error": _quoted(err),
        "open-mode": "append",
        "nodes": str(request.nodes),
        "ntasks": str(tasks or request.tasks),
        "ntasks-per-node": str(most_per_node or request.tasks_per_node),
        "cpus-per-task": str(request.threads),
        "gres": f"gpu:{request.gpus}" if request.gpus else "",
        "mem": f"{request.memory_MB}M" if request.memory_MB else "",
        "time": time_limit(request.time_limit_h) if request.time_limit_h else "",
        "partition": request.queue,
        "account": request.account,
    }
    lines = ["#!/bin/bash", *(f"#SBATCH --{name}={value}" for name, value in said.items() if value)]
    lines.append("#SBATCH --requeue" if request.again else "#SBATCH --no-requeue")
    return [*lines, *(f"#SBATCH {option}" for option in shlex.split(request.options))]


def script(request: Request, command: str, *, folder: str, out: str, err: str) -> str:
    """A script that runs a command once for each task, in a folder. The threads of each are those that Slurm gives."""
    lines = [*header(request, out=out, err=err), *_setting_out(request, folder), f"exec srun --kill-on-bad-exit=0 {command}"]
    return "\n".join([*lines, ""])


def ranks_script(request: Request, laid: Ranks, command: str, *, folder: str, out: str, err: str, launcher: str = "srun") -> str:
    """A script for an MPI program with a leader: its ranks by an explicit list of hosts, so that no GPU has a worker less.

    launcher: srun, or an mpirun that takes -machinefile. The command may use $SLURM_CPUS_PER_TASK for its threads.
    """
    memory = request.memory_MB // request.tasks_per_node * laid.most_per_node
    lines = header(replace(request, memory_MB=memory), out=out, err=err, tasks=laid.total, most_per_node=laid.most_per_node)
    lines += _setting_out(request, folder)
    if laid.nodes == 1:
        start = "srun" if launcher == "srun" else f"{launcher} -n {laid.total}"
        return "\n".join([*lines, f"exec {start} {command}", ""])
    first, others = laid.most_per_node, laid.workers_per_node
    lines += [
        f"# the leader and {others} workers on the first node, {others} workers on each other node",
        "hosts=$(mktemp -p .)",
        'scontrol show hostnames "$SLURM_JOB_NODELIST" |'
        f" awk '{{n = NR == 1 ? {first} : {others}; while (n-- > 0) print}}' > $hosts",
    ]
    if launcher == "srun":
        lines.append("unset SLURM_NTASKS_PER_NODE  # it would contradict the list")
        lines.append(f"SLURM_HOSTFILE=$hosts srun --distribution=arbitrary --ntasks={laid.total} {command}")
    else:
        lines.append(f"{launcher} -n {laid.total} -machinefile $hosts {command}")
    return "\n".join([*lines, "code=$?", "rm -f $hosts", "exit $code", ""])


def _setting_out(request: Request, folder: str) -> list[str]:
    lines = ["", f"cd {shlex.quote(folder)} || exit 1"]
    if request.setup:
        lines.append(request.setup)
    return [*lines, "export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK"]


def _quoted(path: str) -> str:
    """A path for an #SBATCH line, in which % begins a pattern."""
    plain = path.replace("%", "%%")
    return f'"{plain}"' if " " in plain else plain


def submit(path: str, *, command: str = "sbatch", folder: str = ".") -> str:
    """Hand a script to the queue; gives the number of the job, empty when the answer holds none."""
    whole = f"{command} {shlex.quote(path)}"
    done = subprocess.run(whole, shell=True, cwd=folder, env=clean_environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise UserError(f"{whole} was refused: {said[-1] if said else f'exit code {done.returncode}'}")
    return job_number(done.stdout)


def job_number(answer: str) -> str:
    """The number of a job in what a submit command answers: "Submitted batch job 12", "Job <12> is submitted", "12.server"."""
    found = re.search(r"(?<![\w.])\d+(\.[A-Za-z][\w.-]*)?", answer)
    return found.group(0) if found else ""


def states(run: Sequence[str] = ("squeue",)) -> dict[str, str] | None:
    """The states of this user's jobs that Slurm knows, by number (those of an array by number_index); None without an answer."""
    try:
        done = subprocess.run(
            [*run, "-h", "-r", f"--user={os.getuid()}", "-o", "%i %T"],
            capture_output=True,
            text=True,
            timeout=ANSWER_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:
        return None
    return dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if len(line.split()) >= 2)


def cancel(numbers: Sequence[str]) -> bool:
    """Take jobs out of the queue, running ones too. Whether Slurm took the order; a job that has ended is no failure."""
    return not numbers or told(["scancel", "--quiet", *numbers])


def told(command: Sequence[str]) -> bool:
    """Give a batch system an order; whether it was taken."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=ANSWER_WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def begin_again() -> bool:
    """Let Slurm put the batch job of this process back into its queue, three times at most. Whether it takes that on.

    Slurm then ends all processes of the job; it begins anew, perhaps on other nodes, a minute or two later.
    """
    number, before = os.environ.get("SLURM_JOB_ID"), os.environ.get("SLURM_RESTART_COUNT", "0")
    return bool(number) and int(before) < MOST_RESTARTS and told(["scontrol", "requeue", str(number)])


def clean_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a new batch job: without what an enclosing one says of itself, its sizes and its memory."""
    given = os.environ if environment is None else environment
    return {name: value for name, value in given.items() if not OURS.match(name)}
