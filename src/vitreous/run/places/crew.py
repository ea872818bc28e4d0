"""Who does the units of a job: processes of this machine, or workers that come from a queue or a run profile and may die."""

import logging
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, Protocol

from vitreous.job.placement import Placement
from vitreous.run.folder import JobFolder
from vitreous.run.places import environment, offer, profile, request
from vitreous.run.places.bringers import Bringer, bringer_of

LOOK_EVERY_S = 1.0


class Crew(Protocol):
    """The workers of one run, through Dask. lives: how many of them may die over a unit before it is tried alone."""

    cluster: Any
    lives: int

    def width(self) -> int:
        """Workers that are at hand now; at least one, so that work is ready for the first."""
        ...

    def tend(self, work: int, client: Any) -> None:
        """Look after the crew for so many units that are not done: more workers, or fewer. Called about once a second."""
        ...

    def close(self) -> None:
        """Send everybody home."""
        ...


def from_elsewhere(placement: Placement) -> bool:
    """Whether the workers of a job come from outside its leading process's machine."""
    if placement.profile:
        return True
    if not placement.use_queue or request.workers_of(placement) == 1:
        return False
    return not environment.completed(placement).queue_template or environment.rank_here().size > 1


@dataclass
class LocalCrew:
    """Worker processes of this machine."""

    cluster: Any
    workers: int
    lives: int = 1

    def width(self) -> int:
        return self.workers

    def tend(self, work: int, client: Any) -> None:
        """They are as many as they are; Dask starts one anew that died."""

    def close(self) -> None:
        self.cluster.close()


def local_crew(workers: int) -> LocalCrew:
    """Worker processes that do not hear Ctrl-C: the runner tells them, so that a unit in hand can end in order.

    Their lines are encrypted with keys of this run, else anybody else on this machine could command them.

    The signal is blocked while the cluster's threads begin; they and the processes that they start keep it blocked. The
    resource tracker, which would unblock it when it starts, is started before.
    """
    from distributed import LocalCluster

    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        cluster = LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            security=True,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
            memory_limit=0,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return LocalCrew(cluster, workers)


@dataclass
class DistantCrew:
    """Workers that come and go: from Slurm, by the command lines of a profile, or as the other ranks of an MPI launch."""

    cluster: Any
    bringer: Bringer
    posted: Path
    note: Callable[[str], None]
    lives: int = 2
    _present: dict[str, bool] = field(default_factory=dict)
    _looked: float = -1e9
    _most: int = 0

    def width(self) -> int:
        return max(1, len(self._present))

    def tend(self, work: int, client: Any) -> None:
        if time.monotonic() - self._looked < LOOK_EVERY_S:
            return
        self._looked = time.monotonic()
        here = client.scheduler_info(n_workers=-1)["workers"]
        busy = client.processing()
        self._present = {str(about["name"]): bool(busy.get(address)) for address, about in here.items()}
        self._tell(work)
        home = set(self.bringer.bring(work, self._present))
        leaving = [address for address, about in here.items() if str(about["name"]) in home]
        if leaving:
            client.retire_workers(leaving, close_workers=True)

    def close(self) -> None:
        self.posted.unlink(missing_ok=True)
        self.cluster.close()
        self.bringer.close()

    def _tell(self, work: int) -> None:
        now = len(self._present)
        if now > self._most:
            nodes = sorted({name.split(":")[1] for name in self._present if ":" in name})
            self.note(f"{now} worker{'s' * (now != 1)} at work, on {', '.join(nodes)}")
            self._most = now
        elif now == 0 and self._most and work:
            self.note("no worker is left; waiting for others")
            self._most = 0


def _many_files() -> None:
    """Let this process hold as many open lines as the system allows: there are a few for each of hundreds of workers."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def distant_crew(placement: Placement, folder: JobFolder, *, program: str, note: Callable[[str], None]) -> DistantCrew:
    """A leader in this process, and the workers that its placement lets come to it over encrypted lines."""
    from distributed import LocalCluster

    whole = environment.completed(placement)
    _many_files()
    folder.crew.mkdir(parents=True, exist_ok=True)
    folder.crew.chmod(0o700)
    bringer = bringer_of(whole, folder, program)
    (folder.crew / offer.NAME).unlink(missing_ok=True)
    keys = offer.new_keys()
    cluster = LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=0,
        processes=True,
        protocol="tls://",
        host="0.0.0.0",
        security=offer.Offer((), keys).security(),
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    )
    port = int(str(cluster.scheduler_address).rpartition(":")[2])
    address = profile.find(Path.cwd(), whole.profile).address if whole.profile else ""
    posted = offer.post(folder, offer.Offer(offer.machine_addresses(port, address), keys))
    note("waiting for workers; work begins with the first")
    return DistantCrew(cluster, bringer, posted, note)


@contextmanager
def crew_of(
    placement: Placement, folder: JobFolder, *, workers: int, program: str, note: Callable[[str], None]
) -> Iterator[Crew]:
    """The workers for a run: so many of this machine, or those that its placement lets come."""
    crew: Crew
    if from_elsewhere(placement):
        crew = distant_crew(placement, folder, program=program, note=note)
    else:
        crew = local_crew(workers)
    try:
        yield crew
    finally:
        crew.close()
