"""The members of one iteration in touch: sums and values between processes, by gloo, or NCCL for tensors on GPUs.

Each exchange begins with a word on how everybody fares, so that a stop or an error of one member ends the others too.
"""

import os
import pickle
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from vitreous.context import Stopped, Team, UserError
from vitreous.run.watch import Lost, Watch

FINE, STOPPED, FAILED = 0, 1, 2
CONNECTED = timedelta(seconds=60)  # within which members that have met must reach each other
LONGEST = timedelta(hours=24)  # of an exchange: a member may be slow for hours; one that is gone is noticed by the watch
PAUSES_S = (2e-5, 2e-3)


class Told(UserError):
    """The error of another member, of which all know."""


class StoppedTogether(Stopped):
    """The stop of another member, of which all know."""


class Group:
    """What the members of a team do together. All of them call the same methods in the same order."""

    def __init__(self, store: Any, rank: int, size: int, *, address: str, watch: Watch, cuda: bool = False) -> None:
        dist = distributed()

        self.rank, self.size, self._watch, self._store = rank, size, watch, store
        self.bytes_summed = 0
        self._broken = False
        chosen = dist.ProcessGroupGloo._Options()
        chosen._devices = [dist.ProcessGroupGloo.create_device(hostname=address)]
        chosen._timeout = CONNECTED
        try:
            self._gloo = dist.ProcessGroupGloo(dist.PrefixStore("gloo", store), rank, size, chosen)
        except RuntimeError as error:
            raise Lost(watch.sentence(str(error))) from error
        self._gloo.set_timeout(LONGEST)
        self._nccl = _nccl(store, rank, size) if cuda else None

    def team(self) -> Team:
        """The team as methods see it."""
        return Team(self.rank, self.size, self.sum, self.gather, self.spread, self.tell)

    def sum(self, values: Any) -> Any:
        """The sum over members of a tensor, or of an array of numbers, which may be overwritten."""
        import torch

        if not isinstance(values, torch.Tensor):
            return self.sum(torch.from_numpy(values)).numpy()
        self._meet()
        summed = values.contiguous()
        plain = torch.view_as_real(summed) if summed.is_complex() else summed
        self.bytes_summed += plain.numel() * plain.element_size()
        group = self._nccl if plain.is_cuda and self._nccl else self._gloo
        self._wait(group.allreduce([plain]))
        return summed

    def gather(self, value: Any) -> list[Any]:
        """Everybody's value, in the order of the members."""
        mine = pickle.dumps(value, protocol=5)
        sizes = self._meet(len(mine))
        return [value if source == self.rank else self._sent(source, size) for source, size in self._turns(mine, sizes)]

    def spread(self, value: Any) -> Any:
        """The first member's value."""
        mine = pickle.dumps(value, protocol=5) if self.rank == 0 else b""
        sizes = self._meet(len(mine))
        if self.rank == 0:
            self._send(mine)
            return value
        return self._sent(0, sizes[0])

    def tell(self, error: BaseException) -> None:
        """Say that this member gives up what all are doing, and wait until all know.

        A member that has been told already, or has lost touch, says nothing. One that only stops raises the error of another.
        One that was torn out of an exchange cannot speak any more: the others notice when it ends.
        """
        if isinstance(error, (Told, StoppedTogether, Lost)):
            return
        if self._watch.fault:
            raise Lost(self._watch.fault) from error
        if self._broken:
            return
        stopping = isinstance(error, Stopped)
        said = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        self._store.set(f"said {self.rank}", said)
        self._watch.call_off()
        codes = self._codes(STOPPED if stopping else FAILED, 0)[0]
        self._watch.calm()
        if stopping and FAILED in codes:
            raise self._from_others(codes) from error

    def stop_asked(self) -> bool:
        """Whether the work in hand is to be left: a stop was asked for, an error met, a member lost, here or elsewhere."""
        return self._watch.stop_asked()

    def end(self) -> None:
        """Part: no more is expected of anybody."""
        self._watch.end()

    def _turns(self, mine: bytes, sizes: list[int]) -> Iterator[tuple[int, int]]:
        for source, size in enumerate(sizes):
            if source == self.rank:
                self._send(mine)
            yield source, size

    def _send(self, mine: bytes) -> None:
        import torch

        if mine:
            self._wait(self._gloo.broadcast([torch.frombuffer(bytearray(mine), dtype=torch.uint8)], self._root(self.rank)))

    def _sent(self, source: int, size: int) -> Any:
        import torch

        held = torch.empty(size, dtype=torch.uint8)
        self._wait(self._gloo.broadcast([held], self._root(source)))
        return pickle.loads(held.numpy().tobytes())

    def _root(self, source: int) -> Any:
        dist = distributed()

        options = dist.BroadcastOptions()
        options.rootRank, options.rootTensor = source, 0
        return options

    def _meet(self, size: int = 0) -> list[int]:
        """Everybody's sizes, when all are fine; else the stop or the error that ends this."""
        codes, sizes = self._codes(FINE, size)
        if any(codes):
            self._watch.calm()
            raise self._from_others(codes)
        return sizes

    def _from_others(self, codes: list[int]) -> Exception:
        if FAILED not in codes:
            return StoppedTogether()
        return Told(self._store.get(f"said {codes.index(FAILED)}").decode())

    def _codes(self, code: int, size: int) -> tuple[list[int], list[int]]:
        import torch

        mine = torch.tensor([code, size])
        found = [torch.empty_like(mine) for _ in range(self.size)]
        self._wait(self._gloo.allgather([found], [mine]))
        return [int(one[0]) for one in found], [int(one[1]) for one in found]

    def _wait(self, work: Any) -> None:
        """Wait for an exchange in small naps, so that signals are heard and a member that is gone is noticed."""
        pause = PAUSES_S[0]
        self._broken = True
        while not work.is_completed():
            if self._watch.fault:
                raise Lost(self._watch.fault)
            time.sleep(pause)
            pause = min(1.3 * pause, PAUSES_S[1])
        try:
            work.wait()
        except RuntimeError as error:
            raise Lost(self._watch.sentence(str(error))) from error
        self._broken = False


def distributed() -> Any:
    """torch.distributed, which takes a second to load, and whose types do not name all that it has.

    Of a broken connection it would print pages before the error that is raised, unless it is told not to when it is loaded.
    """
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    import torch.distributed

    return torch.distributed


def _nccl(store: Any, rank: int, size: int) -> Any:
    dist = distributed()

    if not dist.is_nccl_available():
        raise UserError("this PyTorch has no NCCL, which members on GPUs need: install a PyTorch for CUDA, or take --device cpu")
    return dist.ProcessGroupNCCL(dist.PrefixStore("nccl", store), rank, size, dist.ProcessGroupNCCL.Options())


def together(team: Team, work: Callable[[], Any], *, wait: bool = True) -> Any:
    """work(), by all members or by none: where it raises in one, it raises in all, at the end or in their next exchange.

    wait: only when all are done with it, does any go on.
    """
    try:
        value = work()
        if wait:
            team.gather(None)
    except BaseException as error:
        team.tell(error)
        raise
    return value
