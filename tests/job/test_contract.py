from collections.abc import Sequence
from typing import Any

from vitreous.context import Context
from vitreous.job.contract import check
from vitreous.job.declare import MapJob, Unit, job, output
from vitreous.param import param


@job("wrong.label", number=99, folder="Wrong", title="Wrong", version=1, command="wrong", fixed={"dfmin": "1"})
class Wrong(MapJob):
    """Breaks what can be broken."""

    workers: int = param(1, help="A name that every job has.")
    low: float = param(1.0, help="x", relion="dfmin", when="nothing")
    fitted = output("x.star", kind="dreams")

    def units(self, context: Context) -> Sequence[Unit]:
        return []

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        return {}


def test_what_is_wrong_is_found():
    said = "\n".join(check(Wrong))
    for part in (
        "folder External",
        "workers",
        "has no help",
        "dfmin are both",
        "'nothing', which is no option",
        "gather is not",
        "dreams",
    ):
        assert part in said, (part, said)


def test_toys_keep_the_contracts(toys):
    assert check(toys.ToyMap) == []
    assert check(toys.ToyLoop) == []
