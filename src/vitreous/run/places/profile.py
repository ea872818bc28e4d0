"""Run profiles as in cisTEM: command lines with $command that start what leads a job, and its workers, on any machine."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import atomic

COMMAND, PROGRAM = "$command", "$program_name"
PLACEHOLDER = re.compile(r"#\{(\w+)\}")
NAME = re.compile(r"^[\w][\w .+-]*$")


@dataclass(frozen=True)
class WorkerCommand:
    """One command line of a profile: started `copies` times, `delay_ms` apart, for workers of so many threads."""

    command: str
    copies: int = 1
    threads: int = 1
    delay_ms: int = 10


@dataclass(frozen=True)
class Profile:
    """How a job is started and with which workers. address "": every address of the machine that leads is offered."""

    name: str
    workers: tuple[WorkerCommand, ...]
    manager: str = COMMAND
    address: str = ""

    @property
    def copies(self) -> int:
        """Workers in all."""
        return sum(line.copies for line in self.workers)


DEFAULT = Profile("Default Local", (WorkerCommand(COMMAND, copies=os.cpu_count() or 1),))


def expanded(line: str, command: str, *, program: str = "vitreous") -> str:
    """A command line of a profile with $command and $program_name replaced. A #{place} that nobody filled is an error."""
    left = PLACEHOLDER.search(line)
    if left:
        raise UserError(f"the command line {line!r} still holds #{{{left.group(1)}}}: write a value in its place")
    return line.replace(COMMAND, command).replace(PROGRAM, program)


def checked(profile: Profile) -> Profile:
    """The profile, if it can be used: a plain name, $command in every line, at least one worker."""
    if not NAME.match(profile.name):
        raise UserError(f"a run profile cannot be called {profile.name!r}; use letters, digits, blanks, dots and dashes")
    for line in (profile.manager, *(worker.command for worker in profile.workers)):
        if COMMAND not in line and PROGRAM not in line:
            raise UserError(f"the command line {line!r} of the run profile {profile.name} must hold {COMMAND}")
    if profile.copies < 1:
        raise UserError(f"the run profile {profile.name} starts no worker; give it at least one copy")
    return profile


def folders(root: Path) -> tuple[Path, ...]:
    """Where profiles lie: of a project, then of this user for all projects."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return root / ".vitreous" / "profiles", Path(home) / "vitreous" / "profiles"


def known(root: Path) -> dict[str, Profile]:
    """All profiles by name, the built-in one first; one of the project stands before one of the user."""
    found = {DEFAULT.name: DEFAULT}
    for folder in reversed(folders(root)):
        for path in sorted(folder.glob("*.json")):
            profile = read(path)
            found[profile.name] = profile
    return found


def find(root: Path, name: str) -> Profile:
    """The profile of a name, of a project or of this user."""
    profiles = known(root)
    if name not in profiles:
        raise UserError(f"there is no run profile {name!r}; there are {', '.join(profiles)} (vitreous project profile makes one)")
    return profiles[name]


def read(path: Path) -> Profile:
    """Read a profile from its file."""
    try:
        said: Any = json.loads(path.read_text(encoding="utf-8"))
        lines = tuple(WorkerCommand(**line) for line in said.pop("workers"))
        return checked(Profile(workers=lines, **said))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is no run profile ({error}); make one with vitreous project profile") from None


def write(folder: Path, profile: Profile) -> Path:
    """Write a profile into a folder of profiles; gives its file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{checked(profile).name.replace(' ', '_')}.json"
    atomic.write_text(path, json.dumps(asdict(profile), indent=1) + "\n")
    return path


def launches(
    profile: Profile, command: Callable[[int, int], str], *, most: int, program: str = "vitreous"
) -> Iterator[tuple[str, float]]:
    """The command lines that start workers, with the seconds to wait after each; `most` at most.

    command: what $command stands for, by the threads of a worker and the number of its copy within the line.
    """
    left = most
    for line in profile.workers:
        for copy in range(min(line.copies, left)):
            yield expanded(line.command, command(line.threads, copy), program=program), line.delay_ms / 1000
        left -= min(line.copies, left)


def start(
    lines: Iterable[tuple[str, float]], *, log: Path, environment: Mapping[str, str], pause: Callable[[float], Any] = time.sleep
) -> Iterator[subprocess.Popen[bytes]]:
    """Start command lines one by one by the shell, in the background; what they say goes to a log."""
    with log.open("ab") as said:
        for line, delay_s in lines:
            yield subprocess.Popen(
                line, shell=True, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment, start_new_session=True
            )
            pause(delay_s)
