"""How classes came to be: share and resolution of each at every iteration, and the particles that changed class."""

import time
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.web import class_rows, rounds
from vitreous.web.class_source import relative
from vitreous.web.image_lists import tag_of
from vitreous.web.opened import Opened
from vitreous.web.rounds import Round

AT_ONCE_S = 1.5
"""Time that one request may spend on reading particles; what is left comes with the next."""
BEST = 10


class ClassMoment(BaseModel):
    """One iteration. changed: share of particles in another class than at the iteration before; None: not known (yet)."""

    it: int
    stack: str
    tag: str
    present: bool
    shares: list[float]
    resolutions_A: list[float | None]
    best_A: float | None
    changed: float | None


class ClassHistory(BaseModel):
    """All iterations, rising; complete: nothing is left to be read."""

    moments: list[ClassMoment]
    complete: bool


def history(here: Opened, folder: Path) -> ClassHistory:
    """The history of a classification."""
    there = rounds.rounds(folder)
    until = time.monotonic() + AT_ONCE_S
    moments: list[ClassMoment] = []
    complete = True
    before: Round | None = None
    for one in there:
        late = time.monotonic() > until
        changed = changed_share(one, before, late=late) if before is not None else None
        if late and before is not None and changed is None:
            complete = False
        moments.append(_moment(here, one, changed))
        before = one
    return ClassHistory(moments=moments, complete=complete)


def _moment(here: Opened, one: Round, changed: float | None) -> ClassMoment:
    table = class_rows.table_of(one)
    count = len(table)
    shares = np.nan_to_num(class_rows.floats(table, "rlnClassDistribution", count))
    resolutions = [class_rows.known(value) for value in class_rows.floats(table, "rlnEstimatedResolution", count)]
    best = sorted(value for value in resolutions if value is not None)[:BEST]
    first = str(table["rlnReferenceImage"][0]) if count else ""
    return ClassMoment(
        it=one.number,
        stack=relative(here, one.model),
        tag=tag_of(one.model),
        present=bool(first) and (here.root / first.rpartition("@")[2]).is_file(),
        shares=[round(float(value), 6) for value in shares],
        resolutions_A=resolutions,
        best_A=float(np.mean(best)) if best and one.number > 0 else None,
        changed=changed,
    )


def changed_share(one: Round, before: Round, *, late: bool) -> float | None:
    """The share that changed: as the program noted it, else by comparing the two tables of particles."""
    said = rounds.values(one.optimiser, "optimiser_general") if one.optimiser else {}
    noted = rounds.number(said, "rlnChangesOptimalClasses")
    if noted is not None and 0 < noted <= 1:
        return noted
    if late or not one.data.is_file() or not before.data.is_file():
        return None
    try:
        return rounds.assigned(one.data).changed(rounds.assigned(before.data))
    except UserError:
        return None
