"""What the job of a form will take of memory, disk and time where it is to run, and the nearest placement that fits."""

from fastapi import APIRouter
from pydantic import BaseModel

from vitreous.job.options import as_text
from vitreous.project.predicting import Machine, Prediction, machine_here, predict
from vitreous.web import placing
from vitreous.web.judging import judge
from vitreous.web.opened import Opened, ProjectHere
from vitreous.web.reading import reading
from vitreous.web.routes.checks import FormValues
from vitreous.web.routes.forms import type_of
from vitreous.web.scanning import scanned

router = APIRouter(tags=["forms"])
WORST = ("will not fit", "tight", "fits")


class NeedSaid(BaseModel):
    """One thing that is taken, against what is there; have is null where that is not known."""

    name: str
    need: float
    have: float | None
    unit: str
    verdict: str


class TimeRange(BaseModel):
    """Seconds, from and to."""

    low: float
    high: float


class Predicted(BaseModel):
    """The prediction of a form, summed over the jobs of a scan. fits_with: settings that make it fit, and in words."""

    gpu_GB: float | None = None
    ram_GB: float | None = None
    disk_GB: float | None = None
    time_s: TimeRange | None = None
    ground: str
    verdict: str
    needs: list[NeedSaid] = []
    fits_with: dict[str, str] | None = None
    fits_words: str = ""
    jobs: int = 1


@router.post("/forms/{type}/predict")
def predicted(here: ProjectHere, type: str, form: FormValues) -> Predicted:
    """Predict what the values of a form will take. Faulty values have no prediction."""
    cls = type_of(type)
    scan = scanned(cls, form.values)
    graph = reading(here).graph()
    there = machine(here)
    made = []
    for values in scan.jobs:
        loaded = judge(here, cls, values).loaded
        if loaded is None:
            return Predicted(ground="some values are missing or wrong", verdict="not known", jobs=len(scan.jobs))
        made.append(predict(here.project.layout, graph, loaded.job, loaded.placement, there))
    return _summed(made)


def machine(here: Opened) -> Machine:
    """This machine, with what its GPUs were asked a moment ago."""
    return machine_here(here.project.layout, gpus_GB=placing.gpu_memory_GB())


def _summed(made: list[Prediction]) -> Predicted:
    """Memory as of the largest job, disk and time in all: jobs of a scan run one after another."""
    worst = next((one for word in WORST for one in made if one.verdict == word), made[0])
    times = [one.time_s for one in made]
    known = [span for span in times if span is not None]
    whole = len(known) == len(made)
    disks = [one.of("disk") for one in made]
    return Predicted(
        gpu_GB=worst.of("GPU memory"),
        ram_GB=worst.of("memory"),
        disk_GB=sum(size or 0 for size in disks) if any(size is not None for size in disks) else None,
        time_s=TimeRange(low=sum(low for low, _ in known), high=sum(high for _, high in known)) if whole else None,
        ground=worst.ground,
        verdict=worst.verdict,
        needs=[NeedSaid(name=n.name, need=n.need, have=n.have, unit=n.unit, verdict=n.verdict) for n in worst.needs],
        fits_with={name: as_text(value) for name, value in worst.fits_with.items()} if worst.fits_with else None,
        fits_words=_words(worst),
        jobs=len(made),
    )


def _words(one: Prediction) -> str:
    """The settings that make it fit, for a button: "1 worker, 4 GB"."""
    if not one.fits_with:
        return ""
    said = {
        "workers": "{} workers",
        "threads": "{} threads",
        "memory_GB": "{} GB for each process",
        "device": "on the {}",
        "preread": "without pre-reading",
    }
    listed = [said[name].format(as_text(value)) for name, value in one.fits_with.items() if name in said]
    return ", ".join(listed).replace("1 workers", "1 worker").replace("1 threads", "1 thread").replace("the cpu", "the CPU")
