"""Which iterations a job folder holds and by what names: run_itNNN, and run_ctMM_itNNN of a run that went on from iteration MM.

RELION 3.1 names the files of a continued run so; 4 and 5 keep "run". Both are read, in any mixture.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vitreous.context import UserError

ROOT = "run"
LOG = Path(".vitreous/rows/iterations.jsonl")
"""Where a run notes, in the order of time, from which iteration it goes on and which it has saved."""
_FILE = re.compile(r"(?P<root>run(?:_ct\d+)?)_it(?P<number>\d{3,})_optimiser\.star")


class Saved(int):
    """The number of an iteration that lies in files, with the root of their names: "run" or "run_ct23"."""

    root: str

    def __new__(cls, number: int, root: str = ROOT) -> "Saved":
        made = super().__new__(cls, number)
        made.root = root
        return made

    @property
    def name(self) -> str:
        """How the names of its files begin: run_ct23_it024."""
        return f"{self.root}_it{int(self):03d}"

    @property
    def order(self) -> tuple[int, int]:
        """Rises to the latest: by the number, and of equal numbers by the iteration that the run went on from."""
        return int(self), int(self.root.partition("_ct")[2] or -1)


def root_after(number: int) -> str:
    """The root of a run that goes on from an iteration."""
    return f"{ROOT}_ct{number}"


def start_of(folder: Path, iteration: int) -> str:
    """The beginning of the names of an iteration's files, with the folder; a plain number is looked up in the folder."""
    if not isinstance(iteration, Saved):
        iteration = next((one for one in reversed(saved(folder)) if one == iteration), Saved(iteration))
    return str(folder / iteration.name)


def order_of(name: str) -> tuple[int, int]:
    """Rises to the latest of the files that a job's iterations and runs left; a last file without a number comes after all."""
    found = re.search(r"run(?:_ct(\d+))?_(?:it(\d{3,})_)?[^/]*$", name)
    if not found:
        return -1, -1
    return int(found[2] or sys.maxsize), int(found[1] or -1)


def parse(path: str | os.PathLike[str]) -> tuple[Path, Saved]:
    """Folder and iteration of an optimiser file from which a run is to go on."""
    where = Path(path)
    found = _FILE.fullmatch(where.name)
    if not found:
        raise UserError(
            f"{path} is no optimiser of an iteration: name a run_it025_optimiser.star or run_ct23_it025_optimiser.star"
        )
    if not where.is_file():
        raise UserError(f"there is no file {path} to go on from (paths count from {Path.cwd()})")
    return where.parent, Saved(int(found["number"]), found["root"])


def saved(folder: Path) -> list[Saved]:
    """The iterations that lead to the present one, rising; each is whole, for its optimiser file is written last.

    Where runs in this folder have noted their order, that counts: what was left behind by going on from an earlier
    iteration is left out. Elsewhere the latest of each number counts, the root of the latest continuation first.
    """
    there = {(one.root, int(one)) for one in _found(folder)}
    noted, mentioned, anew = _noted(folder)
    chain = [one for one in noted if (one.root, int(one)) in there]
    free = sorted((Saved(number, root) for root, number in there - mentioned), key=lambda one: one.order)
    if not chain:
        return _latest_of_each(free)
    before = [] if anew else [one for one in free if one < chain[0]]
    after = [one for one in free if one > chain[-1]]
    return [*_latest_of_each(before), *chain, *_latest_of_each(after)]


def latest(folder: Path) -> Saved | None:
    """The last iteration of a job; None without any."""
    return next(reversed(saved(folder)), None)


def asked_before(folder: Path) -> str:
    """The optimiser file from which the runs in this folder were last asked to go on; empty when never."""
    return next((str(line["asked"]) for line in reversed(list(_lines(folder))) if "asked" in line), "")


def _found(folder: Path) -> Iterator[Saved]:
    for path in folder.glob("run_*it*_optimiser.star"):
        found = _FILE.fullmatch(path.name)
        if found:
            yield Saved(int(found["number"]), found["root"])


def _latest_of_each(ordered: list[Saved]) -> list[Saved]:
    return sorted({int(one): one for one in ordered}.values())


def _noted(folder: Path) -> tuple[list[Saved], set[tuple[str, int]], bool]:
    """The line of iterations that the notes lead to, all that were ever noted, and whether it began in another folder."""
    chain: list[Saved] = []
    mentioned: set[tuple[str, int]] = set()
    anew = False
    for line in _lines(folder):
        one = Saved(int(line.get("from", line.get("iteration", 0))), str(line.get("root", ROOT)))
        if line.get("elsewhere"):
            chain, anew = [], True
            continue
        chain = [earlier for earlier in chain if earlier < one] + [one]
        mentioned.add((one.root, int(one)))
    return chain, mentioned, anew


def _lines(folder: Path) -> Iterator[dict[str, Any]]:
    """The notes; a line torn by a sudden end is passed over."""
    path = folder / LOG
    if not path.is_file():
        return
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            yield line
