"""What the window says of job types: title, command word, rail head and synonyms, and the unit in which a type counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from vitreous.job import registry

HEADS = ("Bring in", "Micrographs", "Particles", "Maps", "Sharpen & check", "Tools")
"""The heads of the rail, in processing order."""


@dataclass(frozen=True)
class Word:
    """What is known of a family of RELION labels: the short title, the head, the unit counted, words by which it is found."""

    title: str
    head: int
    unit: str = ""
    also: str = ""


WORDS: Mapping[str, Word] = {
    "relion.import": Word("Import", 0, "movies", "import movies micrographs load session"),
    "relion.import.other": Word("Import other files", 0, "files", "import map mask particles coordinates reference"),
    "relion.motioncorr": Word("Motion correction", 1, "movies", "motioncor2 align frames drift unblur dose gain"),
    "relion.ctffind": Word("CTF estimation", 1, "micrographs", "ctffind gctf defocus thon rings power spectrum"),
    "relion.manualpick": Word("Manual picking", 1, "micrographs", "pick by hand coordinates boxes training set"),
    "relion.autopick": Word("Auto-picking", 1, "micrographs", "autopick log laplacian template topaz blob picker"),
    "relion.extract": Word("Extraction", 2, "micrographs", "extract boxes windows particles stack rescale bin"),
    "relion.class2d": Word("2D classification", 2, "iterations", "class2d 2d classes averages vdam em"),
    "relion.select": Word("Selection", 2, "", "select subset classes ranker curate micrographs duplicates split"),
    "relion.initialmodel": Word("Initial model", 3, "iterations", "inimodel ab initio abinitio 3d first model vdam"),
    "relion.class3d": Word("3D classification", 3, "iterations", "class3d 3d classes heterogeneity focused"),
    "relion.refine3d": Word("3D refinement", 3, "rounds", "refine3d auto-refine autorefine gold standard fsc homogeneous"),
    "relion.external.vitreous.reconstruct": Word("Reconstruction", 3, "particles", "reconstruct back projection half maps"),
    "relion.multibody": Word("Multi-body", 3, "rounds", "multibody bodies flexible"),
    "dynamight": Word("Heterogeneity", 3, "epochs", "dynamight continuous motion"),
    "relion.maskcreate": Word("Mask", 4, "", "maskcreate mask soft edge threshold"),
    "relion.postprocess": Word("Post-processing", 4, "", "postprocess sharpen b-factor bfactor fsc guinier"),
    "relion.localres": Word("Local resolution", 4, "", "localres resmap blocres local filter"),
    "relion.external.vitreous.model_fsc": Word("Map and model", 4, "", "model fsc pdb mmcif atomic validation"),
    "relion.external.vitreous.align_symmetry": Word("Symmetry axes", 3, "", "align symmetry axes point group d2 symmetrise"),
    "relion.external.vitreous.flip_hand": Word("Flip hand", 4, "", "handedness mirror invert left right"),
    "relion.external.vitreous.orientation_stats": Word(
        "Orientation", 4, "", "orientation preferred views cfar scf anisotropy directional 3dfsc efficiency"
    ),
    "relion.ctfrefine": Word("CTF refinement", 4, "micrographs", "ctfrefine aberrations magnification beam tilt defocus"),
    "relion.polish": Word("Polishing", 4, "micrographs", "polish bayesian shiny motion"),
    "modelangelo": Word("Atomic model", 4, "", "modelangelo build model"),
    "relion.joinstar": Word("Join", 5, "", "joinstar merge combine star files"),
    "relion.subtract": Word("Subtraction", 5, "particles", "subtract signal focused"),
    "relion.external": Word("External", 5, "", "external program script own"),
    "relion.importtomo": Word("Tomo import", 5, "tilt series", "tomogram tilt"),
}
_LOOPS = ("iterations", "rounds", "epochs")


@cache
def word_of(label: str) -> Word:
    """What is said of a RELION label, deeper labels shortened until one is known; a title is made of what is not."""
    parts = label.split(".")
    for depth in range(len(parts), 0, -1):
        found = WORDS.get(".".join(parts[:depth]))
        if found and not (depth < len(parts) and found.title == "External" and not label.startswith("relion.external.relion")):
            return found
    classes = registry.by_label(label)
    if classes and classes[0].type.label == label:
        return Word(classes[0].type.title, 5, also=classes[0].type.command)
    plain = label.removeprefix("relion.").removeprefix("external.").replace(".", " ")
    return Word(plain[:1].upper() + plain[1:] or "Job", 5)


@cache
def command_of(label: str) -> str:
    """The command word of the type that runs a label here; empty where this release has none."""
    classes = registry.by_label(label)
    return str(classes[0].type.command) if classes else ""


def goes_round(unit: str) -> bool:
    """Whether a unit is a turn of a loop and not a piece of the input."""
    return unit in _LOOPS
