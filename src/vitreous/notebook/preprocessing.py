"""Motion, CTF and picking with several sets of parameters over the same movies, each step over every motion correction."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.context import UserError
from vitreous.files import atomic, coordinates, star
from vitreous.job.options import values
from vitreous.job.placement import Placement
from vitreous.notebook.scan import Rows
from vitreous.project.project import Project
from vitreous.tables.inline import rows_html
from vitreous.tables.table import Table, from_rows

FILE = "preprocessing.json"


@dataclass(frozen=True)
class Planned:
    """One job to be: its alias in the project, the job, and the rows that it comes from."""

    alias: str
    job: Any
    motion: str
    row: str


class Preprocessing:
    """Rows of parameters for motion correction, CTF fit and picking, which are run as jobs of a project.

    Jobs carry the names of their rows as aliases: mc1; mc1-ctf2, mc1-pick1 for the steps that use it. The rows are kept in
    preprocessing.json of the project, so that a notebook that is opened again goes on with them.
    """

    def __init__(self, project: Project, movies: str, *, placement: Placement | None = None) -> None:
        self.project, self.movies = project, movies
        self.placement = placement or Placement()
        self.motion = Rows("motion-correction", "mc", ("movies",))
        self.ctf = Rows("ctf-find", "ctf", ("micrographs",))
        self.picking = Rows("auto-pick", "pick", ("micrographs",))
        self._load()

    @property
    def steps(self) -> dict[str, Rows]:
        """The rows by step."""
        return {"motion": self.motion, "ctf": self.ctf, "picking": self.picking}

    def planned(self) -> Iterator[Planned]:
        """All jobs of the rows as they stand, motion corrections first in each chain."""
        for motion in self.motion:
            yield Planned(motion, self.motion.job(motion, movies=self.movies), motion, motion)
            table = f"MotionCorr/{motion}/corrected_micrographs.star"
            with contextlib.suppress(UserError):
                table = f"{self._find(self.motion, motion)}corrected_micrographs.star"
            for rows in (self.ctf, self.picking):
                for row in rows:
                    yield Planned(f"{motion}-{row}", rows.job(row, micrographs=table), motion, row)

    def run_all(self) -> Table:
        """Run what is missing: new rows, changed rows, new movies. Gives the results. An interrupt leaves jobs at work."""
        self.save()
        for motion in list(self.motion):
            for planned in [p for p in self.planned() if p.motion == motion and p.row == motion]:
                self._carry_out(planned)
            for planned in [p for p in self.planned() if p.motion == motion and p.row != motion]:
                self._carry_out(planned)
        return self.results()

    def auto_run(self, *, pause_min: float, times: int) -> Table:
        """Run what is missing so many times, with a pause between: only new movies are worked on."""
        for turn in range(times):
            if turn:
                time.sleep(60 * pause_min)
            found = self.run_all()
        return found

    def _carry_out(self, planned: Planned) -> None:
        with contextlib.chdir(self.project.layout.root):
            name = self._same(planned) or self.project.add(planned.job, placement=self.placement, alias=self._free(planned))
            self.project.start(name)
            state = self.project.wait(name, poll_s=0.2)
        if state != "Succeeded":
            raise UserError(f"{planned.alias} ({name}) ended as {state}; {name}run.err says why")

    def _same(self, planned: Planned) -> str:
        """The job of this alias if its options are those of the row; empty where it must be made."""
        with contextlib.suppress(UserError):
            name = self.project.find(f"{planned.job.type.folder}/{planned.alias}")
            if values(self.project.loaded(name).job) == values(planned.job):
                return name
        return ""

    def _free(self, planned: Planned) -> str:
        """The alias, taken from the job with other options that had it."""
        with contextlib.suppress(UserError):
            self.project.alias(self.project.find(f"{planned.job.type.folder}/{planned.alias}"), "None")
        return planned.alias

    def _find(self, rows: Rows, alias: str) -> str:
        return self.project.find(f"{rows.type.type.folder}/{alias}")

    def results(self) -> Table:
        """A row for each motion correction and CTF fit that there is: micrographs, motion, fit resolution, defocus, picks."""
        found = []
        for motion in self.motion:
            picks = {f"picks_{row}": self._picks(f"{motion}-{row}") for row in self.picking}
            for row in self.ctf or ("",):
                found.append({"motion": motion, "ctf": row, **self._quality(motion, row), **picks})
        return from_rows(found)

    def _quality(self, motion: str, row: str) -> dict[str, float]:
        name = f"CtfFind/{motion}-{row}/micrographs_ctf.star" if row else f"MotionCorr/{motion}/corrected_micrographs.star"
        path = self.project.layout.root / name
        table = star.read_table(path, "micrographs") if path.is_file() else None

        def median(column: str) -> float:
            return float(np.median(table[column])) if table is not None and column in table else float("nan")

        return {
            "micrographs": float(len(table)) if table is not None else 0.0,
            "median_motion_A": median("accumulated_motion_A"),
            "median_ctf_resolution_A": median("ctf_resolution_A"),
            "median_defocus_u_A": median("defocus_u_A"),
        }

    def _picks(self, alias: str) -> float:
        """How many picks a picking job has in all; not a number while it has none."""
        root = self.project.layout.root
        path = root / f"AutoPick/{alias}/autopick.star"
        if not path.is_file():
            return float("nan")
        files = star.read_table(path, "coordinate_files")["coordinates_file"]
        return float(sum(len(coordinates.read(root / str(name))) for name in files))

    def save(self) -> Path:
        """Write the rows to preprocessing.json of the project."""
        path = self.project.layout.root / FILE
        said = {"movies": self.movies, **{step: rows.sets for step, rows in self.steps.items()}}
        atomic.write_text(path, json.dumps(said, indent=1) + "\n")
        return path

    def _load(self) -> None:
        path = self.project.layout.root / FILE
        if not path.is_file():
            return
        try:
            said = json.loads(path.read_text())
            kept = {step: dict(said[step]) for step in self.steps}
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path} does not hold rows of parameters ({error}): mend it or take it away") from None
        for step, rows in self.steps.items():
            rows.sets.update(kept[step])

    def _repr_html_(self) -> str:
        parts = []
        for step, rows in self.steps.items():
            heads = list(dict.fromkeys(name for options in rows.sets.values() for name in options))
            lines = [{"row": name, **options} for name, options in rows.sets.items()]
            parts.append(f"<p>{step}: {len(rows)} rows</p>" + (rows_html(["row", *heads], lines) if lines else ""))
        return "".join(parts)
