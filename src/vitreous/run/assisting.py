"""The processes of a loop job that runs as a team: who the others are, how they are begun on this machine, what they do.

The first member is the process that runs the job in every other way too; the others only work, and write nothing but their
own errors. `python -m vitreous.run.assisting` is one that was begun here: its part is on its standard input.
"""

import contextlib
import os
import pickle
import secrets
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, Any

from vitreous.context import Context, Stopped
from vitreous.job.declare import LoopJob
from vitreous.job.placement import Placement, shares_by_processes
from vitreous.run import before, loops
from vitreous.run.engine import use_threads
from vitreous.run.folder import JobFolder
from vitreous.run.meeting import Dismissed, dismiss, meet
from vitreous.run.places.environment import device_here
from vitreous.run.places.members import Member, member_here
from vitreous.run.record import append_text
from vitreous.run.stopping import StopQuestion, signals_ask
from vitreous.run.team import Told
from vitreous.run.watch import Lost

CHILD_ENDS_WITHIN_S = 20.0
HERE = "here"  # the token of members that were begun on this machine begins so


@dataclass(frozen=True)
class Part:
    """What a member must know to take part in a job. threads are those of each member; leader is the process that began it."""

    job: LoopJob
    folder: JobFolder
    placement: Placement
    seed: int
    threads: int
    member: Member
    leader: int = 0


class Signalled(StopQuestion):
    """Callable: has this process been sent a signal to stop? Files are looked at by the first member alone."""

    leader: int = 0  # the process that began this one, without which there is nothing to do; 0: a launcher began both

    def __call__(self) -> bool:
        return self._asked or (self.leader > 0 and os.getppid() != self.leader)

    def ask(self) -> None:
        """Ask for the stop."""
        self._asked = True


def members_of(placement: Placement) -> Member:
    """The first member of the team that a loop job is to run as, of size 1 where it runs alone.

    Started with others by srun or the like, it is one of these; else it begins as many as the placement asks for.
    """
    here = member_here()
    if here.size == 1 and shares_by_processes(placement) and placement.workers > 1:
        return Member(0, placement.workers, 0, f"{HERE} {secrets.token_hex(8)}")
    return here


def threads_of(placement: Placement, member: Member) -> int:
    """Threads of each member: alone it takes those of all workers."""
    return placement.threads * max(1, placement.workers // member.size)


@contextmanager
def awaited(part: Part | None) -> Iterator[None]:
    """Whatever becomes of the first member in the block, those that were started with it do not wait for it any longer."""
    try:
        yield
    finally:
        if part:
            dismiss(part.folder, part.member)


@contextmanager
def first_of_team(part: Part, context: Context) -> Iterator[Context]:
    """The context of the first member: the same where it is alone. Members of this machine live as long as the block."""
    member = part.member
    if member.size == 1:
        yield context
        return
    others = [replace(member, rank=rank, local=rank) for rank in range(1, member.size)]
    began_here = member.token.startswith(HERE)
    children = [_begin(replace(part, member=other, leader=os.getpid())) for other in others] if began_here else []
    try:
        with _met(part, context, children, asked=context.stop_asked) as joined:
            context.note(f"{member.size} processes of {part.threads} threads share each iteration")
            yield joined
    except Lost:
        for child in children:
            child.kill()
        raise
    finally:
        dismiss(part.folder, member)
        for child in children:
            _ended(child)


def assist(part: Part) -> None:
    """Be one of the other members of a team, until the job ends. What goes wrong is told to the first, which tells the user."""
    asked = Signalled(part.folder)
    asked.leader = part.leader
    use_threads(part.threads)
    context = Context(
        folder=part.folder.path,
        seed=part.seed,
        device=device_here(part.placement, part.member.local),
        threads=part.threads,
        memory_GB=before.memory_for_work_GB(part.job, part.placement),
        reading=before.reading_of(part.placement, part.folder, part.threads),
        stop_asked=asked,
    )
    succeeded = False
    try:
        with signals_ask(asked, lambda said: None), _met(part, context, (), asked=asked) as joined:
            stopped, _, _ = loops.go(part.job, part.folder, joined, keep_root=part.placement.keep_root)
            succeeded = not stopped
    except (Dismissed, Told, Stopped):
        pass
    except Exception:
        with contextlib.suppress(OSError):
            append_text(part.folder.err, f"member {part.member.rank + 1} of {part.member.size}:\n{traceback.format_exc()}")
        raise
    finally:
        before.leave(context.reading, succeeded=succeeded)


@contextmanager
def _met(part: Part, context: Context, children: Any, *, asked: Callable[[], bool]) -> Iterator[Context]:
    group = meet(part.folder, part.member, asked=asked, children=children, cuda=context.device != "cpu")
    try:
        yield replace(context, team=group.team(), stop_asked=group.stop_asked)
    finally:
        group.end()


def _begin(part: Part) -> "subprocess.Popen[bytes]":
    """A member in a process of its own on this machine, in a session of its own so that Ctrl-C reaches the first alone."""
    with part.folder.err.open("ab") as errors:
        child = subprocess.Popen(
            [sys.executable, "-m", "vitreous.run.assisting"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError), child.stdin as line:
        pickle.dump(part, line)
    return child


def _ended(child: "subprocess.Popen[bytes]") -> None:
    try:
        child.wait(CHILD_ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def main(line: IO[bytes]) -> int:
    """Be the member that is described on a line of pickled bytes."""
    part: Part = pickle.load(line)
    assist(part)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer))
