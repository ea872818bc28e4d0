"""What the user sees of a running job: a bar with the time left in a terminal, lines elsewhere; the same lines in run.out."""

import json
import os
import sys
import time
from types import TracebackType
from typing import Any

from vitreous.run.folder import JobFolder
from vitreous.run.record import append_text, duration

LINE_EVERY_S, LINE_AT_MOST_S = 15.0, 600.0  # in run.out: seldomer the longer the job runs, so that days do not fill it
FILE_EVERY_S, FILE_AT_MOST_S = 0.5, 10.0  # in progress.jsonl


class Screen:
    """Shows progress and notes of one job. A context manager: on leaving, the bar is closed and the last state is written."""

    def __init__(self, folder: JobFolder, title: str, *, quiet: bool = False) -> None:
        self._folder, self._title = folder, title
        self._shown = not quiet and not _is_same_file(sys.stdout, folder)
        self._bar: Any = None
        self._task: Any = None
        self._began = time.monotonic()
        self._first: tuple[float, float] | None = None
        self._last_line = self._last_file = -1e9
        self._state: tuple[float, float, str] = (0.0, 0.0, "")

    def __enter__(self) -> "Screen":
        if self._shown and sys.stderr.isatty():
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"), TimeElapsedColumn())
            self._bar = Progress(*columns, transient=True, console=_console())
            self._bar.start()
            self._task = self._bar.add_task(self._title, total=None, said="")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._state[1] and error is None:
            self._write_file()

    def note(self, text: str) -> None:
        """One line for the log and the terminal."""
        append_text(self._folder.out, text)
        if self._bar is not None:
            self._bar.console.print(text, highlight=False, markup=False)
        elif self._shown:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def progress(self, done: float, total: float, note: str = "") -> None:
        """How far the work is; written to progress.jsonl twice a second at most, to the log every quarter of a minute.

        In a job of days both are written seldomer: every ten seconds and ten minutes in the end.
        """
        now = time.monotonic()
        if self._first is None or done < self._state[0] or total != self._state[1]:
            self._first = (now, done)
        self._state = (done, total, note)
        spent = now - self._began
        if now - self._last_file >= max(FILE_EVERY_S, min(FILE_AT_MOST_S, spent / 2000)):
            self._last_file = now
            self._write_file()
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total, said=self.sentence())
        if now - self._last_line >= max(LINE_EVERY_S, min(LINE_AT_MOST_S, spent / 100)) and spent >= LINE_EVERY_S / 3:
            self._last_line = now
            append_text(self._folder.out, self.sentence())
            if self._shown and self._bar is None:
                sys.stdout.write(f"  {self.sentence()}\n")
                sys.stdout.flush()

    def left_s(self) -> float | None:
        """Seconds left at the pace since progress began; None while unknown."""
        done, total, _ = self._state
        if self._first is None or done <= self._first[1]:
            return None
        return (time.monotonic() - self._first[0]) / (done - self._first[1]) * max(total - done, 0.0)

    def sentence(self) -> str:
        """The state in words: 12 of 40, 3 min left, note."""
        done, total, note = self._state
        parts = [f"{done:g} of {total:g}"] if float(done).is_integer() and float(total).is_integer() else [f"{done / total:.0%}"]
        left = self.left_s()
        if left is not None and done < total:
            parts.append(f"{duration(left)} left")
        return ", ".join([*parts, note] if note else parts)

    def _write_file(self) -> None:
        done, total, note = self._state
        left = self.left_s()
        line = {"time": round(time.time(), 3), "done": done, "total": total, "note": note}
        line["left_s"] = None if left is None else round(left, 1)
        append_text(self._folder.progress, json.dumps(line))


def _console() -> Any:
    from rich.console import Console

    return Console(stderr=True)


def _is_same_file(stream: Any, folder: JobFolder) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), os.stat(folder.out))
    except (OSError, ValueError, AttributeError):
        return False
