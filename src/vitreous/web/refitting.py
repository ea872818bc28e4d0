"""One micrograph's CTF fitted again with other ranges, by the job as a process of its own; nothing in the project changes."""

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from pydantic import BaseModel, Field

from vitreous.context import UserError
from vitreous.files import star
from vitreous.tables.table import Table
from vitreous.web import rings
from vitreous.web.opened import Opened
from vitreous.web.problems import Conflict

LONGEST_S = 180
_ONE = threading.Lock()  # a fit takes a core and a gigabyte; one at a time is enough for one pair of eyes
FITTED = ("defocus_u_A", "defocus_v_A", "ctf_astigmatism_A", "defocus_angle_deg", "ctf_fom", "ctf_resolution_A")


class Ranges(BaseModel):
    """Where to look: Å; an astigmatism below 0 lifts the restraint."""

    min_defocus_A: float = Field(5000, ge=-100_000, le=1_000_000)
    max_defocus_A: float = Field(50_000, ge=-100_000, le=1_000_000)
    min_resolution_A: float = Field(30, ge=1, le=1000)
    max_resolution_A: float = Field(5, ge=0.5, le=100)
    astigmatism_A: float = Field(100, ge=-1, le=100_000)


class Refitted(BaseModel):
    """The new values by column, and the curves of the new fit."""

    values: dict[str, float]
    k: list[float]
    data: list[float]
    fit: list[float]
    agreement: list[float]


def fit_again(here: Opened, path: str, table: Table, row: int, ranges: Ranges) -> Refitted:
    """Fit one row of a table of micrographs; a UserError carries the job's own sentence."""
    if ranges.min_defocus_A >= ranges.max_defocus_A or ranges.max_resolution_A >= ranges.min_resolution_A:
        raise UserError("each range goes from a lower to a higher value: the defocus upwards, the resolution from coarse to fine")
    if not _ONE.acquire(timeout=1):
        raise Conflict("another micrograph is being fitted; try again when it is done")
    try:
        with tempfile.TemporaryDirectory(prefix="vitreous-fit-") as scratch:
            one = Path(scratch, "one.star")
            star.write_table(one, table.select([row]).without(*FITTED, "ctf_image", "phase_shift_deg").as_kind("micrographs"))
            return _read(Path(scratch, "out"), _run(here, one, Path(scratch, "out"), ranges))
    finally:
        _ONE.release()


def _run(here: Opened, one: Path, out: Path, ranges: Ranges) -> str:
    """Carry out the job; gives what it said."""
    command = [sys.executable, "-m", "vitreous", "ctf-find", "--threads=1", f"--micrographs={one}", f"--out={out}"]
    for name, value in ranges.model_dump().items():
        command.append(f"--{name.lower().replace('_', '-')}={value:g}")
    try:
        done = subprocess.run(command, cwd=here.root, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    except subprocess.TimeoutExpired:
        raise UserError(f"the fit took more than {LONGEST_S} s and was given up: narrow the ranges") from None
    if done.returncode:
        said = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise UserError(f"the fit did not work: {said[-1] if said else 'it said nothing'}")
    return done.stdout


def _read(out: Path, said: str) -> Refitted:
    tables = list(out.glob("micrographs_ctf.star"))
    curves = next((found for path in out.rglob("*_avrot.txt") if (found := rings.read_curves(path))), None)
    if not tables or curves is None:
        raise UserError(f"the fit left no result: {json.dumps(said[-200:])}")
    values = star.read_table(tables[0], "micrographs").row(0)
    plain = {name: getattr(curves, name).round(6).tolist() for name in ("k", "data", "fit", "agreement")}
    return Refitted(values={name: float(values[name]) for name in FITTED if name in values}, **plain)
