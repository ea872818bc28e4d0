"""A worker process on any machine: finds who leads the job by its offer, does units until it is sent home or left alone.

python -m vitreous.run.places.worker JOB/.vitreous/crew/offer.json [--threads N] [--copy K] [--wait-s S]
"""

import argparse
import asyncio
import logging
import os
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from vitreous.run.places import environment, offer

WAIT_S = 120.0  # for a leader that does not answer, before a worker gives up
AGAIN_S = 1.0


def name_here(rank: environment.Rank) -> str:
    """What this worker is called: the number of its batch job, the machine, its process, and at the end its number there."""
    array, element = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    batch = f"{array}_{element}" if array and element else os.environ.get("SLURM_JOB_ID", "process")
    node = os.environ.get("SLURMD_NODENAME") or socket.gethostname()
    return f"{batch}:{node}:{os.getpid()}-{rank.local}"


async def serve(path: Path, name: str, *, wait_s: float) -> int:
    """Work for whoever leads; 0 when that came to its end, 1 when nobody was found within wait_s seconds."""
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        found = offer.read(path)
        for address in found.addresses if found else ():
            if found and offer.answers(address) and await _joined(found, address, name):
                return 0
        await asyncio.sleep(AGAIN_S)
    return 1


async def _joined(found: offer.Offer, address: str, name: str) -> bool:
    """Whether the worker was taken on; returns when it was sent home or lost its leader."""
    from distributed import Worker

    logging.getLogger("distributed").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="vitreous-") as aside:
        try:
            worker = await Worker(
                address,
                name=name,
                nthreads=1,
                memory_limit=0,
                security=found.security(),
                local_directory=aside,
                dashboard_address="127.0.0.1:0",
                death_timeout=30,
            )
        except (OSError, TimeoutError) as error:
            sys.stderr.write(f"{address}: {error}\n")
            return False
        await worker.finished()
        return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a worker; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m vitreous.run.places.worker", description="a worker of a job on this machine")
    parser.add_argument("offer", type=Path, help="the file in which the job's leader says where it is")
    parser.add_argument("--threads", type=int, default=1, help="threads, where the queue does not say")
    parser.add_argument("--wait-s", type=float, default=WAIT_S, help="seconds to look for the leader")
    parser.add_argument("--copy", type=int, default=0, help="which of several workers of one command line, to share GPUs")
    said = parser.parse_args(arguments)
    rank = environment.rank_here()
    environment.take_gpu(rank.local or said.copy)
    threads = str(environment.threads_here(said.threads))
    os.environ.update(dict.fromkeys(environment.WORKER_THREADS, threads))
    return asyncio.run(serve(said.offer, name_here(rank), wait_s=said.wait_s))


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # a unit that hangs in its thread must not keep a worker whose leader is gone
