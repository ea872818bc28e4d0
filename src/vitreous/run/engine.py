"""Hands units to this process or to local worker processes (dask.distributed); a lost worker loses only its unit in hand."""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vitreous.context import Context, Stopped, UserError
from vitreous.job.declare import MapJob, Unit
from vitreous.job.placement import Placement, device_of
from vitreous.run.folder import JobFolder
from vitreous.run.record import append_line, append_text, worker_file
from vitreous.run.stopping import StopQuestion
from vitreous.run.units import identity, recorded

LOST = "its process was killed twice; perhaps there was not enough memory"
SCHEDULING = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.target": False,
}
GRACE_S = 20.0  # for units in hand when a stop was asked for
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Task:
    """What a process must know to do units of a job: it travels to the workers."""

    job: MapJob
    identity: str
    folder: JobFolder
    placement: Placement
    seed: int
    worker: int = 0


@dataclass(frozen=True)
class Result:
    """What became of one unit: a record, or the reason why there is none. stopped: it was given up on request."""

    unit: Unit
    record: dict[str, Any] | None
    reason: str = ""
    trace: str = ""
    stopped: bool = False


def use_threads(count: int) -> None:
    """Let numerical libraries in this process use so many threads.

    Those loaded later read the environment, but numba, whose variable would bind all later jobs of this process too;
    therefore this is called again before each unit and iteration.
    """
    for name in THREAD_VARIABLES:
        os.environ[name] = str(count)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(count)
    if "numba" in sys.modules:
        numba = sys.modules["numba"]
        numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))


def do_unit(task: Task, unit: Unit, context: Context) -> Result:
    """Do one unit and record it; an error in it becomes a Result with the reason."""
    began = time.monotonic()
    try:
        record = task.job.work(unit, context)
    except Stopped:
        return Result(unit, None, stopped=True)
    except UserError as error:
        return Result(unit, None, str(error), traceback.format_exc())
    except Exception as error:
        return Result(unit, None, f"{type(error).__name__}: {error}", traceback.format_exc())
    line = {"key": unit.key, "identity": identity(unit, task.identity), "seconds": round(time.monotonic() - began, 3)}
    append_line(worker_file(task.folder), {**line, "record": record})
    return Result(unit, record)


def here(task: Task, units: Sequence[Unit], context: Context) -> Iterator[Result]:
    """The units one after another in this process."""
    for unit in units:
        if context.stop_asked():
            return
        use_threads(context.threads)
        yield do_unit(task, unit, context)


def _in_worker(task: Task, unit: Unit) -> Result:
    from distributed import get_worker

    folder = task.folder
    question = StopQuestion(folder)
    if question():
        return Result(unit, None, stopped=True)
    number = int(str(get_worker().name).rsplit("-", 1)[-1]) if str(get_worker().name)[-1:].isdigit() else 0
    context = Context(
        folder=folder.path,
        seed=task.seed,
        device=device_of(task.placement, number),
        threads=task.placement.threads,
        memory_GB=task.placement.memory_GB,
        on_note=lambda text: append_text(folder.out, text),
        stop_asked=question,
    )
    return do_unit(task, unit, context)


def side_by_side(task: Task, units: Sequence[Unit], *, asked: Callable[[], bool]) -> Iterator[Result]:
    """The units in worker processes, as they finish.

    When a worker dies, the units that it may have had in hand are tried again at the end, each alone, so that the one
    that kills its process is known and set aside, and no other.
    """
    import logging

    import dask
    from distributed import Client

    workers = min(task.placement.workers, len(units))
    environment = {name: str(task.placement.threads) for name in (*THREAD_VARIABLES, "NUMBA_NUM_THREADS")}
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    settings = {**SCHEDULING, "distributed.nanny.pre-spawn-environ": environment}
    with (
        _environment_kept((*environment, "PYTHONHASHSEED")),
        dask.config.set(settings),
        _local_cluster(workers) as cluster,
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        suspects: list[Unit] = []
        for result in _flown(client, task, units, width=2 * workers, asked=asked):
            if result.reason == LOST and not asked():
                suspects.append(result.unit)
            else:
                yield result
        for unit in suspects:
            yield _recorded_already(task, unit) or next(
                _flown(client, task, [unit], width=1, asked=asked), Result(unit, None, stopped=True)
            )


@contextmanager
def _environment_kept(names: Sequence[str]) -> Iterator[None]:
    """Put variables back at the end: Dask sets those of its workers in this process too, where they would bind later jobs."""
    before = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _flown(client: Any, task: Task, units: Sequence[Unit], *, width: int, asked: Callable[[], bool]) -> Iterator[Result]:
    """Send units out, `width` at a time, and give the results as they land; ends early, after a grace, when asked to stop."""
    waiting = list(reversed(units))
    flying: dict[Any, Unit] = {}
    asked_at: float | None = None
    while waiting or flying:
        if asked_at is None and asked():
            asked_at = time.monotonic()
        while waiting and len(flying) < width and asked_at is None:
            unit = waiting.pop()
            flying[client.submit(_in_worker, task, unit, pure=False)] = unit
        for future in _finished(list(flying)):
            yield _landed(future, flying.pop(future))
        if asked_at is not None and (not flying or time.monotonic() - asked_at > GRACE_S):
            return


def _recorded_already(task: Task, unit: Unit) -> Result | None:
    """The result of a unit that was done before its worker died."""
    record = recorded(task.folder.rows).get(identity(unit, task.identity))
    return None if record is None else Result(unit, record)


def _local_cluster(workers: int) -> Any:
    """Local worker processes that do not hear Ctrl-C: the runner tells them, so that a unit in hand can end in order.

    The signal is blocked while the cluster's threads begin; they and the processes that they start keep it blocked. The
    resource tracker, which would unblock it when it starts, is started before.
    """
    import logging
    from multiprocessing import resource_tracker

    from distributed import LocalCluster

    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
            memory_limit=0,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _finished(futures: list[Any]) -> list[Any]:
    from distributed import wait

    try:
        return list(wait(futures, timeout=1.0, return_when="FIRST_COMPLETED").done) if futures else []  # type: ignore[no-untyped-call]
    except TimeoutError:
        return []


def _landed(future: Any, unit: Unit) -> Result:
    from distributed import KilledWorker

    try:
        result: Result = future.result()
    except KilledWorker:
        return Result(unit, None, LOST)
    except Exception as error:
        return Result(unit, None, f"{type(error).__name__}: {error}", traceback.format_exc())
    return result
