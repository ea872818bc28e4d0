"""Why a job failed, in one sentence with numbers, and what may be done about it; from its error stream and its settings."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.files import chain
from vitreous.job import as_star
from vitreous.job.as_star import Loaded
from vitreous.project.layout import Layout
from vitreous.project.state import job_file
from vitreous.run.folder import JobFolder
from vitreous.run.memory import available_GB
from vitreous.run.record import last_progress

TAIL_BYTES = 65536
GPU_MEMORY = re.compile(
    r"CUDA out of memory.*?Tried to allocate (?P<wanted>[\d.]+) (?P<unit>[GM])iB.*?total capacity of (?P<there>[\d.]+) GiB", re.S
)
CAUSES = (
    (
        "gpu memory",
        re.compile(r"CUDA out of memory|cudaErrorMemoryAllocation|out of memory on the GPU", re.I),
    ),
    ("memory", re.compile(r"MemoryError|oom-?kill|Out Of Memory|not enough memory|std::bad_alloc|Cannot allocate memory", re.I)),
    ("disk", re.compile(r"no space left|disk quota exceeded", re.I)),
    ("time", re.compile(r"DUE TO TIME LIMIT|time limit", re.I)),
    ("input", re.compile(r"there is no file|No such file|did not come within|cannot read", re.I)),
)
NOISE = re.compile(r"^\s*$|^\s+(at|in|File) |^Traceback|^\s|^(in:|=== Backtrace|SET ASIDE|\d+ set aside)", re.I)
ERROR = re.compile(r"\b(ERROR|Error:|Exception:|FATAL|fatal:|failed|killed)\b")


class Remedy(BaseModel):
    """One thing to do about a failure. act: "continue", or a page such as "disk" or "log"; changed: settings for the act."""

    title: str
    act: str
    changed: dict[str, str] = {}
    why: str = ""


class Failure(BaseModel):
    """The sentence on a failed job, its cause where it is known, and the remedies, the likely one first."""

    sentence: str
    cause: str = ""
    remedies: list[Remedy] = []


def failure(layout: Layout, name: str, *, died: bool = False) -> Failure:
    """Why a job failed; died: its process has gone without a word."""
    folder = JobFolder(layout.job(name))
    said = _tail(folder.err)
    cause = next((word for word, sign in CAUSES if sign.search(said[-8192:])), "")
    loaded = _loaded(layout, name)
    sentence = _died(loaded) if died and not cause else _sentence(said, cause)
    return Failure(
        sentence=f"{sentence} {_safe(folder)}".strip(),
        cause=cause or ("killed" if died else ""),
        remedies=list(_remedies(cause, loaded, folder, died=died)),
    )


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - TAIL_BYTES))
            return stream.read().decode("utf-8", "replace").replace("\0", "")
    except OSError:
        return ""


def _loaded(layout: Layout, name: str) -> Loaded | None:
    """The job's settings; None for a type, or options, that we do not run."""
    with suppress(UserError, OSError):
        return as_star.load(job_file(layout, name))
    return None


def _sentence(said: str, cause: str) -> str:
    found = GPU_MEMORY.search(said)
    if found:
        wanted = float(found["wanted"]) / (1 if found["unit"] == "G" else 1024)
        return f"The GPU ran out of memory: {wanted:.1f} GB wanted at once, {float(found['there']):.1f} GB in all."
    lines = [line.strip() for line in said.splitlines() if not NOISE.match(line)]
    marked = [line for line in lines if ERROR.search(line)]
    line = (marked or lines or [""])[-1]
    line = re.sub(r"^(ERROR|Error):\s*", "", re.sub(r"\x1b\[[0-9;]*m", "", line))
    if not line:
        return "The job failed and left no word on its error stream."
    line = line if len(line) <= 300 else f"{line[:297]}..."
    ended = line[:1].upper() + line[1:]
    return ended if ended.endswith((".", "?", "!")) else f"{ended}."


def _died(loaded: Loaded | None) -> str:
    """A process that is gone: what is known of memory, in numbers, as that is the usual reason."""
    sentence = "The job's process ended without a word: it was killed, or the machine went down."
    if loaded is None:
        return sentence
    placed = loaded.placement
    each = f"{placed.workers} workers with {placed.memory_GB:g} GB each" if placed.workers > 1 else f"{placed.memory_GB:g} GB"
    return f"{sentence} It planned with {each}; {available_GB():.1f} GB of memory are free here now."


def _safe(folder: JobFolder) -> str:
    """What is not lost."""
    last = chain.latest(folder.path)
    if last is not None and int(last) > 0:
        return f"Iteration {int(last)} is safe."
    done = last_progress(folder).partition(",")[0]
    rows = folder.rows.is_dir() and any(folder.rows.iterdir())
    return f"What is done stays: {done}." if done and rows and not done.startswith("0 of") else ""


def _remedies(cause: str, loaded: Loaded | None, folder: JobFolder, *, died: bool) -> Iterator[Remedy]:
    if loaded is None:
        yield Remedy(title="Look at the log", act="log", why="This type of job, or its options, cannot be run from here.")
        return
    if cause in ("memory", "gpu memory") or died:
        less = _less_memory(loaded, gpu=cause == "gpu memory")
        if less:
            yield less
    if cause == "disk":
        yield Remedy(title="Free some space", act="disk", why="Continue after that: what is done stays.")
    last = chain.latest(folder.path)
    title = f"Continue from iteration {int(last)}" if last is not None and int(last) > 0 else "Continue"
    yield Remedy(title=title, act="continue", why="Only what is missing is done.")
    yield Remedy(title="Look at the log", act="log")


def _less_memory(loaded: Loaded, *, gpu: bool) -> Remedy | None:
    """The settings that make a job take less, each halved; None where there is nothing left to lower."""
    placed, changed, words = loaded.placement, {}, []
    if placed.disk.preread:
        changed["preread"] = "No"
        words.append("images are read when they are needed")
    if placed.workers_per_gpu > 1:
        changed["workers_per_gpu"] = str(placed.workers_per_gpu // 2)
        words.append(f"{placed.workers_per_gpu // 2} instead of {placed.workers_per_gpu} workers on a GPU")
    elif placed.workers > 1:
        changed["workers"] = str(placed.workers // 2)
        words.append(f"{placed.workers // 2} instead of {placed.workers} workers")
    if placed.memory_GB > 0.5:
        half = max(0.5, round(placed.memory_GB / 2, 2))
        changed["memory_GB"] = f"{half:g}"
        words.append(f"batches of at most {half:g} GB instead of {placed.memory_GB:g}")
    if not changed:
        return None
    return Remedy(title="Continue on less memory", act="continue", changed=changed, why=", ".join(words).capitalize() + ".")
