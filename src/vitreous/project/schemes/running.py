"""A Scheme at work: from node to node along its edges, each step on disk before the next, until an exit, a stop or an error."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitreous.context import Stopped, UserError
from vitreous.project.inputs import LIMIT_S
from vitreous.project.schemes import lock, mail, operators, scheme_file, visit
from vitreous.project.schemes.carrying import JobNode
from vitreous.project.schemes.folder import SchemeFolder
from vitreous.project.schemes.model import UNDEFINED, Operator
from vitreous.run.record import append_text

if TYPE_CHECKING:
    from vitreous.project.project import Project

POLL_S = 0.5


@dataclass(frozen=True)
class Ended:
    """How a run of a Scheme ended: "exited" at an exit, "finished" where no edge goes on, "aborted" on request; and where."""

    how: str
    node: str
    passed: int


class Run:
    """One run of one Scheme. Clocks (wait, exit_maxtime) count from its start, as in RELION."""

    def __init__(
        self,
        project: "Project",
        folder: SchemeFolder,
        *,
        here: bool = False,
        say: Callable[[str], None] = lambda text: None,
        input_wait_s: float = LIMIT_S,
        poll_s: float = POLL_S,
    ) -> None:
        self.project, self.folder, self.said = project, folder, say
        self.scheme = scheme_file.read(folder)
        self.waited: dict[str, float] = {}
        self.began = time.monotonic()
        self.exit = ""
        self.job_node = JobNode(
            project, folder, self.scheme, here=here, say=self.say,
            stop_asked=folder.abort_now.exists, input_wait_s=input_wait_s, poll_s=poll_s,
        )  # fmt: skip

    def go(self) -> Ended:
        """Run until the Scheme comes to an exit, is stopped, or fails."""
        with lock.held(self.folder):
            self.folder.abort_now.unlink(missing_ok=True)
            self.folder.aborted.unlink(missing_ok=True)
            self._check()
            try:
                ended = self._walk()
            except UserError as error:
                self.say(f"ERROR: {error}")
                self._mail("has stopped with an error", str(error))
                raise
            if ended.how == "aborted":
                self.folder.abort_now.unlink(missing_ok=True)
                self.folder.aborted.touch()
            self.say(f"{self.scheme.name} {ended.how} at {ended.node} after {ended.passed} nodes")
            self._mail(f"has {ended.how}", f"at the node {ended.node}")
            return ended

    def say(self, text: str) -> None:
        """A line for the user and for run.out of the Scheme."""
        append_text(self.folder.log, f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}")
        self.said(text)

    def _check(self) -> None:
        scheme = self.scheme
        wrong = [*scheme.faults(), *operators.faults(scheme)]
        if wrong:
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise UserError(f"{self.folder.star}: {wrong[0]}{more}")
        if scheme.current == UNDEFINED:
            scheme.current = scheme.first_node
        if not scheme.is_node(scheme.current):
            raise UserError(
                f"{scheme.name} stands at {scheme.current!r}, which is no node of it: scheme set-node or scheme reset"
            )
        operator = scheme.operators.get(scheme.current)
        if operator is not None and operator.type == "exit":
            raise UserError(f"{scheme.name} has come to its end ({scheme.current}): scheme reset {scheme.word}, or set-node")

    def _walk(self) -> Ended:
        scheme, passed = self.scheme, 0
        self.say(f"{scheme.name} begins at {scheme.current}")
        while True:
            node = scheme.current
            if self.folder.abort_now.exists():
                return Ended("aborted", node, passed)
            try:
                if node in scheme.jobs:
                    self.job_node.pass_through(node)
                else:
                    self._operate(scheme.operators[node])
            except Stopped:
                return Ended("aborted", node, passed)
            passed += 1
            if self.exit:
                scheme_file.write(self.folder, scheme)
                return Ended("exited", node, passed)
            following = scheme.next_of(node)
            if not following or following == UNDEFINED:
                scheme_file.write(self.folder, scheme)
                return Ended("finished", node, passed)
            scheme.current = following
            scheme_file.write(self.folder, scheme)
            visit.end(self.folder)

    def _operate(self, operator: Operator) -> None:
        taken = operators.Taken(self.scheme, operator, self.project.layout.root)
        if operator.type == "wait":
            self._pause(operator, taken.float("input1"))
        elif operator.type == "email":
            texts = [taken.text(which) for which in ("input1", "input2") if getattr(operator, which) != UNDEFINED]
            self.say(
                f"{operator.name}: {mail.send(self.scheme, f'Message from {self.scheme.name}', ' '.join(texts)) or _NO_ADDRESS}"
            )
        elif operator.type == "exit" or (operator.type == "exit_maxtime" and self._is_over(taken.float("input1"))):
            self.exit = operator.name
        elif operator.type != "exit_maxtime":
            self.say(f"{operator.name}: {operators.perform(self.scheme, operator, self.project.layout.root)}")

    def _is_over(self, hours: float) -> bool:
        return time.monotonic() - self.began >= hours * 3600

    def _pause(self, operator: Operator, seconds: float) -> None:
        """Wait until so many seconds have passed since this operator was left; the first time it only starts the clock."""
        before = self.waited.get(operator.name)
        if before is not None:
            left = before + seconds - time.monotonic()
            if left > 0:
                self.say(f"{operator.name}: waits {left:.0f} s")
            while (left := before + seconds - time.monotonic()) > 0:
                if self.folder.abort_now.exists():
                    raise Stopped
                time.sleep(min(left, POLL_S))
            if operator.output != UNDEFINED:
                self.scheme.set_value(operator.output, float(time.monotonic() - before))
        self.waited[operator.name] = time.monotonic()

    def _mail(self, what: str, text: str) -> None:
        said = mail.send(self.scheme, f"{self.scheme.name} {what}", text)
        if said:
            self.say(said)


_NO_ADDRESS = "no mail: the scheme has no variable email with an address"
