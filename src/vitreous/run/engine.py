"""Hands units to this process or to workers here and elsewhere (dask.distributed); a lost worker loses only its unit in hand."""

import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from vitreous.context import Context, Stopped, UserError
from vitreous.job.declare import MapJob, Unit
from vitreous.job.placement import Placement
from vitreous.run import before
from vitreous.run.feed import Feed, Portions
from vitreous.run.folder import JobFolder
from vitreous.run.places import environment
from vitreous.run.places.crew import Crew, crew_of
from vitreous.run.record import Records, append_text, worker_file
from vitreous.run.stopping import StopQuestion
from vitreous.run.units import identity, recorded

LOST = "its process was killed each time it was tried; perhaps there was not enough memory"
SCHEDULING = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.target": False,
}
FETCH_S = 5.0  # for a result to come from its worker
GRACE_S = 20.0  # for units in hand when a stop was asked for
MANY_SUSPECTS = 1000  # units of dead workers; from so many on they are tried again before any other


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
    for name in environment.THREADS:
        os.environ[name] = str(count)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(count)
    if "numba" in sys.modules:
        numba = sys.modules["numba"]
        numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))


def do_unit(task: Task, unit: Unit, context: Context, records: Records) -> Result:
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
    about = {"key": unit.key, "row": dict(unit.row), "identity": identity(unit, task.identity)}
    records.append({**about, "seconds": round(time.monotonic() - began, 3), "record": record})
    return Result(unit, record)


def here(task: Task, feed: Feed, context: Context) -> Iterator[Result | None]:
    """The units one after another in this process; None while there is nothing to do but more may come."""
    with Records(worker_file(task.folder)) as records:
        while not context.stop_asked():
            units = feed.take(1)
            if units:
                use_threads(context.threads)
                yield do_unit(task, units[0], context, records)
                continue
            if feed.closed():
                return
            records.sync()
            yield None
            time.sleep(feed.pause_s())


def _in_worker(task: Task, units: Sequence[Unit]) -> tuple[list[Result], float]:
    """Do a portion of units in a worker process; the results and the seconds they took."""
    from distributed import get_worker

    folder = task.folder
    question = StopQuestion(folder)
    number = int(str(get_worker().name).rsplit("-", 1)[-1]) if str(get_worker().name)[-1:].isdigit() else 0
    threads = environment.threads_here(task.placement.threads)
    reading = before.reading_of(task.placement, folder, threads)
    context = Context(
        folder=folder.path,
        seed=task.seed,
        device=environment.device_here(task.placement, number),
        threads=threads,
        memory_GB=before.memory_for_work_GB(task.job, task.placement),
        reading=reading,
        on_note=lambda text: append_text(folder.out, text),
        stop_asked=question,
    )
    began = time.monotonic()
    results: list[Result] = []
    try:
        with Records(worker_file(folder)) as records:
            for unit in units:
                results.append(Result(unit, None, stopped=True) if question() else do_unit(task, unit, context, records))
    finally:
        done = sum(result.record is not None for result in results)
        before.leave(reading, succeeded=done == len(units))
    return results, time.monotonic() - began


def side_by_side(
    task: Task, feed: Feed, *, grows: bool, asked: Callable[[], bool], note: Callable[[str], None] = lambda text: None
) -> Iterator[Result | None]:
    """The units in worker processes, as they finish; None about once a second when none did.

    grows: more may come, so that all workers are started even when less is waiting. When a worker dies, the units that
    it may have had in hand are tried again; in the end when there is nothing else to do, each alone, so that the one
    that kills its process is known and set aside, and no other.
    """
    import logging

    import dask
    from distributed import Client

    workers = task.placement.workers if grows else min(task.placement.workers, feed.waiting())
    variables = {name: str(task.placement.threads) for name in environment.WORKER_THREADS}
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    settings = {**SCHEDULING, "distributed.nanny.pre-spawn-environ": variables}
    with (
        _environment_kept((*variables, "PYTHONHASHSEED")),
        dask.config.set(settings),
        crew_of(task.placement, task.folder, workers=workers, program=task.job.type.command, note=note) as crew,
        Client(crew.cluster) as client,  # type: ignore[no-untyped-call]
    ):
        yield from _flown(client, task, feed, crew=crew, asked=asked)


@contextmanager
def _environment_kept(names: Sequence[str]) -> Iterator[None]:
    """Put variables back at the end: Dask sets those of its workers in this process too, where they would bind later jobs."""
    kept = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _flown(client: Any, task: Task, feed: Feed, *, crew: Crew, asked: Callable[[], bool]) -> Iterator[Result | None]:
    """Send units out and give the results as they land; ends early, after a grace, when asked to stop."""
    flight = Flight(client, task, feed, crew)
    asked_at: float | None = None
    while True:
        if asked_at is None and asked():
            asked_at = time.monotonic()
        if asked_at is None:
            flight.send()
        if not flight.flying:
            if asked_at is not None or feed.closed():
                return
            yield None
            time.sleep(feed.pause_s())
        landed = _finished(list(flight.flying))
        if flight.flying and not landed:
            yield None
        for future in landed:
            yield from flight.land(future, last=asked_at is not None)
        if asked_at is not None and (not flight.flying or time.monotonic() - asked_at > GRACE_S):
            return


@dataclass
class Flight:
    """Units that are out with workers, and those whose workers died."""

    client: Any
    task: Task
    feed: Feed
    crew: Crew
    flying: dict[Any, list[Unit]] = field(default_factory=dict)
    again: list[Unit] = field(default_factory=list)
    suspects: list[Unit] = field(default_factory=list)
    deaths: Counter[str] = field(default_factory=Counter)
    portions: Portions = field(default_factory=Portions)
    alone: bool = False

    def send(self) -> None:
        """Give every worker something to do, and something to do next."""
        work = self.feed.waiting() + len(self.again) + len(self.suspects) + sum(map(len, self.flying.values()))
        self.crew.tend(work, self.client)
        workers = self.crew.width()
        while not self.alone and len(self.flying) < 2 * workers and len(self.suspects) < MANY_SUSPECTS:
            units = [self.again.pop()] if self.again else self.feed.take(self.portions.size(self.feed.waiting(), workers))
            if not units:
                break
            self._submit(units)
        if not self.flying:
            self.alone = bool(self.suspects)
            if self.alone:
                self._submit([self.suspects.pop()])

    def _submit(self, units: list[Unit]) -> None:
        self.flying[self.client.submit(_in_worker, self.task, units, pure=False)] = units

    def land(self, future: Any, *, last: bool) -> Iterator[Result]:
        """The results of a portion that came back. Its units are kept for another try when their worker died."""
        units = self.flying.pop(future)
        results, seconds = _landed(future, units)
        self.portions.saw(len(units), seconds)
        if self.alone or last or not any(result.reason == LOST for result in results):
            yield from results
        else:
            for unit in (yield from _recorded_already(self.task, units)):
                self.deaths[unit.key] += 1
                (self.again if self.deaths[unit.key] < self.crew.lives else self.suspects).append(unit)
        self.alone = False


def _recorded_already(task: Task, units: Sequence[Unit]) -> Generator[Result, None, list[Unit]]:
    """Gives the results of units that were done before their worker died; returns the others."""
    done = recorded(task.folder.rows)
    left = []
    for unit in units:
        record = done.get(identity(unit, task.identity))
        if record is None:
            left.append(unit)
        else:
            yield Result(unit, record)
    return left


def _finished(futures: list[Any]) -> list[Any]:
    from distributed import wait

    try:
        return list(wait(futures, timeout=1.0, return_when="FIRST_COMPLETED").done) if futures else []  # type: ignore[no-untyped-call]
    except TimeoutError:
        return []


def _landed(future: Any, units: Sequence[Unit]) -> tuple[list[Result], float]:
    """What became of a portion, and the seconds that its worker spent on it."""
    from distributed import KilledWorker

    try:
        found: tuple[list[Result], float] = future.result(timeout=FETCH_S)
    except (KilledWorker, TimeoutError):  # a result that nobody can give any more died with its worker after it was done
        future.cancel()
        return [Result(unit, None, LOST) for unit in units], 0.0
    except Exception as error:
        said, trace = f"{type(error).__name__}: {error}", traceback.format_exc()
        return [Result(unit, None, said, trace) for unit in units], 0.0
    return found
