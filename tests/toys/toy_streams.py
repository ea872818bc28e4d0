"""Job types for tests of streaming: one that makes rows out of files that arrive, and one that follows a growing list."""

import json
import os
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from vitreous.context import Context, UserError
from vitreous.files import atomic
from vitreous.job.declare import MapJob, Unit, input, job, output
from vitreous.param import param


@job(
    "relion.external.vitreous.toyfollow",
    number=99,
    folder="External",
    title="Toy follower",
    version=1,
    command="toy-follow",
)
class ToyFollow(MapJob):
    """Take each name of a list over into a list of its own."""

    follows: ClassVar[bool] = True
    listing: str = input(kind="file", help="A JSON list of names.")
    seconds: float = param(0.0, help="How long a unit takes.", unit="s", minimum=0)
    trouble: str = param("", help="The name of a unit that kills its process.")
    log: bool = param(True, help="Write down what is worked on.")
    table = output("table.json", kind="file", help="The same names.")

    def units(self, context: Context) -> Sequence[Unit]:
        try:
            names = json.loads(Path(self.listing).read_text())
        except ValueError:
            raise UserError(f"{self.listing} is torn") from None
        return [Unit(name, {"name": name}) for name in names]

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        if self.log:
            with (context.folder / "worked.txt").open("a") as stream:
                stream.write(unit.key + "\n")
        if unit.key == self.trouble:
            os._exit(9)
        if self.seconds:
            time.sleep(self.seconds)
        return {"name": unit.key}

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        names = [record["name"] for record in records]
        atomic.write_text(context.folder / "table.json", json.dumps(names))


@dataclass
class _Counting:
    """So many names in all, so many a second."""

    count: int
    per_s: float
    began: float

    def look(self) -> Sequence[Unit]:
        now = min(self.count, int((time.monotonic() - self.began) * self.per_s) + 1)
        return [Unit(f"Movies/a-movie-of-a-long-session-{n:06d}.tiff") for n in range(now)]

    def is_open(self) -> bool:
        return (time.monotonic() - self.began) * self.per_s < self.count


@job(
    "relion.external.vitreous.toysource",
    number=99,
    folder="External",
    title="Toy source",
    version=1,
    command="toy-source",
)
class ToySource(MapJob):
    """Names that come in time, as from a microscope."""

    follows: ClassVar[bool] = True
    count: int = param(10, help="How many.", minimum=1)
    per_s: float = param(10.0, help="How many come in a second.", unit="1/s")
    table = output("table.json", kind="file", help="The names.")

    def arrivals(self, context: Context, known: Collection[str]) -> _Counting:
        return _Counting(self.count, self.per_s, time.monotonic())

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        return {"name": unit.key}

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        atomic.write_text(context.folder / "table.json", json.dumps([record["name"] for record in records]))


@job("relion.external.vitreous.toycount", number=99, folder="External", title="Toy count", version=1, command="toy-count")
class ToyCount(MapJob):
    """Count the names of a list that must be whole."""

    listing: str = input(kind="file", help="A JSON list of names.")
    fails: bool = param(False, help="Whether it fails.")
    result = output("count.json", kind="file", help="How many there were.")

    def units(self, context: Context) -> Sequence[Unit]:
        return [Unit("count", {})]

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        if self.fails:
            raise UserError("it was to fail")
        return {"count": len(json.loads(Path(self.listing).read_text()))}

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        atomic.write_text(context.folder / "count.json", json.dumps(records[0]["count"]))
