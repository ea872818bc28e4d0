"""A paragraph for the methods of a paper: what led to a job's result, in order, with its numbers, and the works to cite."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.job.options import values
from vitreous.project.graph_model import Graph, Process
from vitreous.project.history import steps, title_of
from vitreous.project.layout import Layout
from vitreous.project.state import job_file
from vitreous.run.folder import JobFolder
from vitreous.web.key_numbers import key_of
from vitreous.web.telling.citations import CITATIONS

Said = dict[str, Any]
MARKS = re.compile(r"\[([a-z][a-z-]*(?:, [a-z][a-z-]*)*)\]")


class Citation(BaseModel):
    """A work to cite: the mark in the text and the work."""

    mark: str
    work: str


class Methods(BaseModel):
    """The paragraph, the works it cites, and what it could not tell."""

    text: str
    citations: list[Citation]
    left_out: list[str]


def methods(layout: Layout, graph: Graph, name: str) -> Methods:
    """The paragraph on all jobs that a job goes back to, the oldest first, and on itself."""
    names = [step.name for step in steps(graph, name)]
    ordered = [job for job in graph.processes if job in names]
    parts: list[str] = []
    cited: list[str] = []
    left: list[str] = []
    foreign = False
    for job in ordered:
        process = graph.processes[job]
        said = _values(layout, job)
        words = SENTENCES.get(".".join(process.label.split(".")[:2]))
        if words is None:
            left.append(f"{job.rstrip('/')} ({title_of(process)}): nothing is known of how this type is described")
            continue
        foreign = foreign or not JobFolder(layout.job(job)).versions.exists()
        parts.append(_filled(words(said), _key(layout, graph, process)))
        cited += [mark for mark in CITES.get(process.label.split(".")[1], ()) if mark not in cited]
    program = "RELION" if foreign else "vitreous"
    for mark in ("relion",) if foreign else ("relion-way",):
        cited.insert(0, mark)
    begin = f"Images were processed with {program} [{cited[0]}]." if parts else ""
    used = [Citation(mark=str(number), work=CITATIONS[mark]) for number, mark in enumerate(cited, start=1) if parts]
    return Methods(text=_numbered(" ".join([begin, *parts]).strip(), cited), citations=used, left_out=left)


def _numbered(text: str, cited: list[str]) -> str:
    """The marks in a text as the numbers of the works: [refinement, gold] as [4, 6]."""
    numbers = {mark: str(number) for number, mark in enumerate(cited, start=1)}
    return MARKS.sub(lambda found: f"[{', '.join(numbers[mark] for mark in found[1].split(', ') if mark in numbers)}]", text)


def _values(layout: Layout, name: str) -> Said:
    """A job's settings by our names; of a job that we cannot read, by RELION's."""
    path = job_file(layout, name)
    with suppress(UserError, OSError):
        loaded = as_star.load(path)
        return values(loaded.job)
    with suppress(UserError, OSError):
        return dict(as_star.read(path).values)
    return {}


def _key(layout: Layout, graph: Graph, process: Process) -> str:
    with suppress(UserError, OSError, ValueError):
        return key_of(process.label, layout.job(process.name), graph.outputs_of(process.name), layout.root)
    return ""


def _filled(words: str, key: str) -> str:
    return f"{words.rstrip('.')} ({key})." if key else words


def _number(said: Said, *names: str) -> str:
    """The first of these settings that is there, as a number for people; "" without one."""
    for name in names:
        value = said.get(name)
        with suppress(TypeError, ValueError):
            if value is not None and str(value) != "":
                return f"{float(value):.4g}"
    return ""


def _parts(*found: tuple[str, str]) -> Iterator[str]:
    """The phrases whose number is known."""
    for number, phrase in found:
        if number:
            yield phrase.format(number)


def _sentence(begin: str, *found: tuple[str, str]) -> str:
    rest = ", ".join(_parts(*found))
    return f"{begin}{', ' if rest else ''}{rest}."


def _import(said: Said) -> str:
    return _sentence(
        "Movies were imported",
        (_number(said, "voltage_kV", "kV"), "recorded at {} kV"),
        (_number(said, "pixel_size_A", "angpix"), "with a pixel size of {} Å"),
        (_number(said, "cs_mm", "Cs"), "a spherical aberration of {} mm"),
        (_number(said, "amplitude_contrast", "Q0"), "and an amplitude contrast of {}"),
    )


def _motion(said: Said) -> str:
    patches = [_number(said, "patches_x", "patch_x"), _number(said, "patches_y", "patch_y")]
    local = f"in {patches[0]} x {patches[1]} patches" if all(patches) and patches != ["1", "1"] else ""
    return _sentence(
        "Beam-induced motion was corrected and frames were weighted by dose [motion]",
        (local, "{}"),
        (_number(said, "dose_per_frame_e_A2", "dose_per_frame"), "with {} e/Å² per frame"),
    )


def _ctf(said: Said) -> str:
    low, high = _number(said, "min_resolution_A", "resmin"), _number(said, "max_resolution_A", "resmax")
    return _sentence("CTFs were fitted to power spectra [ctf]", (f"{low} to {high}" if low and high else "", "from {} Å"))


def _picking(said: Said) -> str:
    low, high = _number(said, "min_diameter_A", "log_diam_min"), _number(said, "max_diameter_A", "log_diam_max")
    return _sentence(
        "Particles were picked automatically", (f"{low} to {high}" if low and high else "", "by a Laplacian of Gaussian for {} Å")
    )


def _extraction(said: Said) -> str:
    return _sentence(
        "Particles were extracted",
        (_number(said, "box_px", "extract_size"), "in boxes of {} pixels"),
        (_number(said, "rescaled_box_px", "rescale") if said.get("do_rescale") != "No" else "", "rescaled to {} pixels"),
    )


def _class2d(said: Said) -> str:
    return _sentence(
        "They were sorted by reference-free 2D classification [refinement]",
        (_number(said, "classes", "nr_classes"), "into {} classes"),
        (_number(said, "particle_diameter_A", "particle_diameter"), "in a mask of {} Å"),
    )


def _initial(said: Said) -> str:
    symmetry = str(said.get("symmetry") or said.get("sym_name") or "")
    return _sentence("An initial model was made by gradient descent [inimodel]", (symmetry, "in symmetry {}"))


def _class3d(said: Said) -> str:
    return _sentence(
        "Particles were sorted by 3D classification [refinement]", (_number(said, "classes", "nr_classes"), "into {} classes")
    )


def _refine(said: Said) -> str:
    symmetry = str(said.get("symmetry") or said.get("sym_name") or "")
    return _sentence("Two halves of the particles were refined independently [refinement, gold]", (symmetry, "in symmetry {}"))


def _post(said: Said) -> str:
    return (
        "The map was sharpened, and its resolution taken where the FSC, corrected for the mask by phase randomisation, "
        "is 0.143 [fsc]."
    )


def _plain(text: str) -> Callable[[Said], str]:
    return lambda said: text


SENTENCES: dict[str, Callable[[Said], str]] = {
    "relion.import": _import,
    "relion.motioncorr": _motion,
    "relion.ctffind": _ctf,
    "relion.manualpick": _plain("Particles were picked by hand."),
    "relion.autopick": _picking,
    "relion.extract": _extraction,
    "relion.class2d": _class2d,
    "relion.select": _plain("A part of them was selected."),
    "relion.initialmodel": _initial,
    "relion.class3d": _class3d,
    "relion.refine3d": _refine,
    "relion.maskcreate": _plain("A soft mask was made around the map."),
    "relion.postprocess": _post,
    "relion.ctfrefine": _plain("Defocus and optical aberrations were refined [ctfrefine]."),
    "relion.polish": _plain("Motion was refined for each particle [polish]."),
    "relion.localres": _plain("Local resolution was estimated from the half maps."),
    "relion.subtract": _plain("Signal was subtracted from the particles."),
    "relion.joinstar": _plain("Sets were joined."),
}

CITES = {
    "motioncorr": ("motion",),
    "ctffind": ("ctf",),
    "class2d": ("refinement",),
    "class3d": ("refinement",),
    "initialmodel": ("inimodel",),
    "refine3d": ("refinement", "gold"),
    "postprocess": ("fsc",),
    "ctfrefine": ("ctfrefine",),
    "polish": ("polish",),
}
