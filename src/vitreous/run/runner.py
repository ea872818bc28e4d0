"""The one loop that carries a job out: next unit, stop?, do it, record it. Knows no job by name."""

import fcntl
import json
import os
import shutil
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from vitreous.context import Context, Stopped, UserError
from vitreous.files import atomic
from vitreous.job import as_star
from vitreous.job.as_command import to_arguments
from vitreous.job.declare import CONTINUE_FROM, LoopJob, MapJob
from vitreous.job.options import as_plain, identity, options, value_of, values
from vitreous.job.placement import Placement
from vitreous.job.registry import EXTERNAL
from vitreous.run import before, loops, maps, record
from vitreous.run.assisting import Part, assist, awaited, first_of_team, members_of, threads_of
from vitreous.run.engine import use_threads
from vitreous.run.folder import JobFolder
from vitreous.run.nodes_file import listed_nodes, write_output_nodes
from vitreous.run.places import slurm
from vitreous.run.places.crew import from_elsewhere
from vitreous.run.places.environment import device_here, threads_here, too_wide_here
from vitreous.run.screen import Screen
from vitreous.run.stopping import StopQuestion, signals_ask
from vitreous.run.takeover import take_over
from vitreous.run.units import input_stamp
from vitreous.run.watch import Lost
from vitreous.run.watching import may_come

LEAST_FREE_BYTES = 100 * 2**20


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
                finished = _open_folder(where, job, placed, seed=seed, command=command, screen=screen)
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
        seed=_seed(job, seed),
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


def _seed(job: Any, seed: int) -> int:
    """The job's own seed where it has one, else that of the run."""
    own = values(job).get("seed", seed)
    return own if isinstance(own, int) else seed


def _part(job: Any, where: JobFolder, placed: Placement, seed: int) -> Part | None:
    """This process's part of a loop job, which may be shared with others; None for a job of independent units."""
    if not isinstance(job, LoopJob):
        return None
    placed = placed if job.type.uses_gpu else replace(placed, device="cpu")
    member = members_of(placed)
    return Part(job, where, placed, _seed(job, seed), _cores(threads_of(placed, member)), member)


def _worked(job: Any, where: JobFolder, placed: Placement, context: Context) -> Outcome:
    if not isinstance(job, MapJob):
        raise TypeError(f"{type(job).__name__} is neither a MapJob nor a LoopJob")
    known = identity(job, seed=context.seed)
    return Outcome(*maps.go(job, where, placed, context=context, known=known))


def _open_folder(where: JobFolder, job: Any, placed: Placement, *, seed: int, command: str, screen: Screen) -> bool:
    """Ready a folder for a run. True for a loop that has ended there with the same settings and input: nothing is to be done."""
    ours_before = where.settings.exists()
    goes_on = ours_before or _was_run_by_relion(where, job)
    succeeded = where.success.exists()
    record.clear_markers(where)
    where.err.touch()
    if where.abort_now.exists():
        raise UserError(f"{where.abort_now} cannot be removed; check the permissions")
    free = shutil.disk_usage(where.path).free
    if free < LEAST_FREE_BYTES:
        raise UserError(f"only {free / 2**20:.0f} MB are free where {where.path} lies: free some space, then continue the job")
    _look_for_inputs(job)
    changed = _changes(where, job, seed)
    given = [option.name for option in options(type(job)) if option.is_input and option.name != CONTINUE_FROM]
    moved = [line for line in changed if any(line.startswith(f"{name} was ") for name in given)]
    if isinstance(job, LoopJob) and moved and job.saved(where.path):
        raise UserError(f"{where.path} holds iterations of other input ({moved[0]}): give another folder with --out")
    if isinstance(job, MapJob) and goes_on and not ours_before:
        take_over(job, where, seed=_seed(job, seed), say=screen.note)
    started_by_external = job.type.label != EXTERNAL and _is_external(where)
    ours = where.hidden / "job.star" if started_by_external else where.job_star
    as_star.write(ours, job, placed, is_continue=goes_on, seed=seed)
    record.note_start(where, command or _python_call(job), goes_on=goes_on)
    record.write_versions(where)
    where.err.touch()
    screen.note(f"{job.type.title} in {where.path}/ ({'going on' if goes_on else 'new'})")
    for line in changed:
        screen.note(line)
    finished = isinstance(job, LoopJob) and succeeded and ours_before and not changed and _has_outputs(where, job)
    atomic.write_text(where.settings, json.dumps(_plain(job, seed), indent=1))
    return finished


def _was_run_by_relion(where: JobFolder, job: Any) -> bool:
    """Whether a run that was not ours has ended in the folder or left iterations there."""
    return any(path.exists() for path in where.control) or (isinstance(job, LoopJob) and bool(job.saved(where.path)))


def _has_outputs(where: JobFolder, job: Any) -> bool:
    """Whether the outputs that were listed when the job ended are still there."""
    return where.output_nodes.exists() and all(Path(node).exists() for node in listed_nodes(where))


def _is_external(where: JobFolder) -> bool:
    """Whether the folder belongs to an External job of RELION's, started with us as its program; its job.star is RELION's."""
    if not where.job_star.is_file():
        return False
    there = as_star.read(where.job_star)
    return (there.number == 99 and not there.label) or there.label == EXTERNAL


def _look_for_inputs(job: Any) -> None:
    """Each input file that was given must be there, or come from a job that is at work; a pattern is left to the job."""
    for option in options(type(job)):
        path = str(value_of(job, option)) if option.is_input else ""
        if path and not set("*?[") & set(path) and not Path(path).exists() and not (_follows(job) and may_come(path)):
            raise UserError(f"{job.type.title}: {option.flag} {path}: there is no such file (paths count from {Path.cwd()})")


def _follows(job: Any) -> bool:
    return isinstance(job, MapJob) and job.follows


def _plain(job: Any, seed: int) -> dict[str, Any]:
    about = {"label": job.type.label, "version": job.type.version, "seed": seed}
    return {**about, "options": as_plain(job), "inputs": [list(stamp) for stamp in input_stamp(job)]}


def _changes(where: JobFolder, job: Any, seed: int) -> list[str]:
    """Lines "name was x, is now y" for what differs from the last run in this folder, input files included."""
    if not where.settings.exists():
        return []
    before = json.loads(where.settings.read_text())
    now = _plain(job, seed)
    if before["label"] != now["label"]:
        raise UserError(f"{where.path} belongs to a job {before['label']}, not {now['label']}: give another folder with --out")
    old: Mapping[str, Any] = before["options"]
    lines = [f"{n} was {old[n]!r}, is now {v!r}" for n, v in now["options"].items() if n in old and old[n] != v]
    lines += [f"{n} was {before[n]}, is now {now[n]}" for n in ("seed", "version") if before.get(n, now[n]) != now[n]]
    renewed = [stamp[0] for stamp in now["inputs"] if stamp not in before.get("inputs", now["inputs"])]
    return lines + [f"{name} is another file than in the last run" for name in renewed]


def _python_call(job: Any) -> str:
    return " ".join(["vitreous", job.type.command, *to_arguments(job)])


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
