"""The one loop that carries a job out: next unit, stop?, do it, record it. Knows no job by name."""

import fcntl
import os
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from vitreous.context import Context, Stopped, UserError
from vitreous.job.declare import LoopJob, MapJob
from vitreous.job.options import identity
from vitreous.job.placement import Placement
from vitreous.run import before, loops, maps, record
from vitreous.run.asking import refuse_unanswered
from vitreous.run.assisting import Part, assist, awaited, first_of_team, members_of, threads_of
from vitreous.run.engine import use_threads
from vitreous.run.folder import JobFolder
from vitreous.run.nodes_file import write_output_nodes
from vitreous.run.opening import open_folder, seed_of
from vitreous.run.places import slurm
from vitreous.run.places.crew import from_elsewhere
from vitreous.run.places.environment import device_here, threads_here, too_wide_here
from vitreous.run.screen import Screen
from vitreous.run.stopping import StopQuestion, signals_ask
from vitreous.run.watch import Lost


@dataclass(frozen=True)
class Outcome:
    """How a run ended: "succeeded", "aborted", or "requeued" after a loss; units done in all, now, and set aside; its seconds."""

    status: str
    done: int = 0
    did: int = 0
    set_aside: int = 0
    seconds: float = 0.0


def run(
    job: Any,
    folder: Path | str,
    placement: Placement | None = None,
    *,
    seed: int = 0,
    command: str = "",
    quiet: bool = False,
) -> Outcome:
    """Run a job in a folder, or go on with it: only what has no record with the same settings is done.

    A relative folder and all paths in STAR files are relative to the current directory. Ends with one of RELION's exit
    markers. Raises UserError when the job fails; a request to stop gives an Outcome "aborted".
    """
    refuse_unanswered(job)
    where = JobFolder(Path(folder))
    placed = _fitting(placement or Placement())
    began = time.monotonic()
    part = _part(job, where, placed, seed)
    if part and part.member.helps:
        assist(part)
        return Outcome("succeeded", seconds=time.monotonic() - began)
    with _alone(where), awaited(part), Screen(where, job.type.title, quiet=quiet) as screen:
        question = StopQuestion(where)
        try:
            with signals_ask(question, screen.note):
                finished = open_folder(where, job, placed, seed=seed, command=command, screen=screen)
                if finished:
                    outcome = Outcome("succeeded", max(job.saved(where.path), default=0))
                else:
                    outcome = _carry_out(job, where, placed, seed=seed, screen=screen, question=question)
        except Stopped:
            outcome = Outcome("aborted")
        except Lost as error:
            if placed.use_queue and slurm.begin_again():
                screen.note(f"{error}. The queue begins the job again")
                return Outcome("requeued", seconds=time.monotonic() - began)
            raise _failed(where, job, error) from error
        except Exception as error:
            raise _failed(where, job, error) from error
        outcome = replace(outcome, seconds=time.monotonic() - began)
        if outcome.status == "succeeded":
            write_output_nodes(where, job)
        screen.note(_summary(job, outcome))
        record.mark(where, outcome.status)
    return outcome


def _carry_out(job: Any, where: JobFolder, placed: Placement, *, seed: int, screen: Screen, question: StopQuestion) -> Outcome:
    if isinstance(job, MapJob) and not placed.use_queue and too_wide_here(placed):
        screen.note(too_wide_here(placed))
    before.look(job, where, placed, screen.note)
    if placed.device != "cpu" and not job.type.uses_gpu:
        screen.note(f"{job.type.title} has no GPU code in this release: it runs on the CPU")
        placed = replace(placed, device="cpu")
    part = _part(job, where, placed, seed)
    threads = part.threads if part else placed.threads
    use_threads(threads)
    context = Context(
        folder=where.path,
        seed=seed_of(job, seed),
        device=device_here(placed, 0),
        threads=threads,
        memory_GB=before.memory_for_work_GB(job, placed),
        reading=before.reading_of(placed, where, threads),
        on_progress=screen.progress,
        on_note=screen.note,
        stop_asked=question,
    )
    outcome: Outcome | None = None
    try:
        if part:
            with first_of_team(part, context) as joined:
                stopped, done, did = loops.go(part.job, where, joined, keep_root=placed.keep_root)
            outcome = Outcome("aborted" if stopped else "succeeded", done, did)
        else:
            outcome = _worked(job, where, placed, context)
    finally:
        before.leave(context.reading, succeeded=outcome is not None and outcome.status == "succeeded")
    return outcome


def _part(job: Any, where: JobFolder, placed: Placement, seed: int) -> Part | None:
    """This process's part of a loop job, which may be shared with others; None for a job of independent units."""
    if not isinstance(job, LoopJob):
        return None
    placed = placed if job.type.uses_gpu else replace(placed, device="cpu")
    member = members_of(placed)
    return Part(job, where, placed, seed_of(job, seed), _cores(threads_of(placed, member)), member)


def _worked(job: Any, where: JobFolder, placed: Placement, context: Context) -> Outcome:
    if not isinstance(job, MapJob):
        raise TypeError(f"{type(job).__name__} is neither a MapJob nor a LoopJob")
    known = identity(job, seed=context.seed)
    return Outcome(*maps.go(job, where, placed, context=context, known=known))


def _failed(where: JobFolder, job: Any, error: Exception) -> UserError:
    """Write the failure down, the sentence and then the traceback, and give the sentence back."""
    if isinstance(error, UserError):
        said = str(error)
    elif isinstance(error, OSError) and error.errno == 28:
        said = f"no space left on the disk of {where.path}: free some space, then continue the job"
    else:
        said = f"{job.type.title} failed: {type(error).__name__}: {error} (traceback in {where.err})"
    trace = "" if isinstance(error, UserError) else "".join(traceback.format_exception(error))
    try:
        record.append_text(where.err, f"ERROR: {said}\n{trace}")
        record.append_text(where.out, f"ERROR: {said}")
        record.mark(where, "failed")
    except (OSError, UserError) as second:
        said = f"{said}; nor can that be written down in {where.path}: {second}"
    return UserError(said)


def _summary(job: Any, outcome: Outcome) -> str:
    spent = record.duration(outcome.seconds)
    if outcome.status == "aborted":
        return f"{job.type.title}: stopped on request after {spent}; the same command or continue goes on"
    what = "iterations" if isinstance(job, LoopJob) else "units"
    aside = f"; {outcome.set_aside} set aside, see run.err" if outcome.set_aside else ""
    return f"{job.type.title}: done in {spent}, {outcome.did} of {outcome.done} {what} in this run{aside}"


def _cores(wanted: int) -> int:
    return max(1, min(wanted, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))


def _fitting(placement: Placement) -> Placement:
    """The placement with the threads that this process was given, and no more than there are cores: that would only slow it."""
    if from_elsewhere(placement):
        return placement
    return replace(placement, threads=_cores(threads_here(placement.threads)))


@contextmanager
def _alone(where: JobFolder) -> Iterator[IO[str]]:
    """Hold the folder's lock; another live run in it is an error. The system frees the lock of a dead one."""
    where.hidden.mkdir(parents=True, exist_ok=True)
    with where.lock.open("a") as handle:
        if not (_locked(handle, where) or _locked(handle, where, after_s=0.2)):
            raise UserError(f"another run is at work in {where.path}; wait for it or abort it")
        yield handle


def _locked(handle: IO[str], where: JobFolder, after_s: float = 0.0) -> bool:
    """Try to take the lock. A second try is for somebody who only looked whether the run is alive."""
    time.sleep(after_s)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        said = f"the file system cannot lock {where.lock} ({error.strerror}): a second run in this folder would go unnoticed"
        record.append_text(where.out, said)
    return True
