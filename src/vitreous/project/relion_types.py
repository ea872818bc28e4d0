"""RELION's words in the graph: job types, states and kinds of node, as labels (4 and 5) and as numbers (3.1)."""

from functools import cache

from vitreous.nodes import KINDS

STATES = ("Running", "Scheduled", "Succeeded", "Failed", "Aborted")
EXTERNAL = 99
UNKNOWN_NODE = 13

PROCESS_NUMBERS = {
    "relion.import": 0,
    "relion.motioncorr": 1,
    "relion.ctffind": 2,
    "relion.manualpick": 3,
    "relion.autopick": 4,
    "relion.extract": 5,
    "relion.select": 7,
    "relion.class2d": 8,
    "relion.class3d": 9,
    "relion.refine3d": 10,
    "relion.maskcreate": 12,
    "relion.joinstar": 13,
    "relion.subtract": 14,
    "relion.postprocess": 15,
    "relion.localres": 16,
    "relion.initialmodel": 18,
    "relion.multibody": 19,
    "relion.polish": 20,
    "relion.ctfrefine": 21,
    "dynamight": 22,
    "modelangelo": 23,
    "relion.importtomo": 50,
    "relion.pseudosubtomo": 51,
    "relion.ctfrefinetomo": 52,
    "relion.framealigntomo": 53,
    "relion.reconstructparticletomo": 54,
    "relion.aligntiltseries": 55,
    "relion.reconstructtomograms": 56,
    "relion.excludetilts": 57,
    "relion.denoisetomo": 58,
    "relion.picktomo": 59,
    "relion.external": EXTERNAL,
}

_NUMBERED = ".number"  # ends the label of a number that no RELION of ours knows, so that it is written back as it was

# The first words of node labels in RELION 4.0, and what RELION 5 made of them.
WORDS_OF_4 = {
    "MicrographMoviesData.": "MicrographMovieGroupMetadata.",
    "MicrographsData.": "MicrographGroupMetadata.",
    "MicrographsCoords.": "MicrographCoordsGroup.",
    "ParticlesData.": "ParticleGroupMetadata.",
    "ImagesData.": "Image2DGroupMetadata.",
    "ProcessData.star.relion.optimiser": "OptimiserData.star.relion",
    "ProcessData.txt.relion.polish.params": "ParamsData.txt.relion.polish",
}

# Inputs that RELION writes without detail, beside the labels of nodes.py.
_OTHER_NODES = {
    "DensityMap.mrc": 6,
    "Mask3D.mrc": 7,
    "DensityMap.mrc.halfmap": 10,
    "Image3D.mrc.localresmap": 12,
    "LogFile.pdf": 13,
}
NODE_NUMBERS = {**_OTHER_NODES, **{kind.label: kind.number for kind in KINDS.values() if kind.label != "UserFile"}}
_NODE_LABELS = {kind.number: kind.label for kind in KINDS.values() if kind.label != "UserFile"}
_PROCESS_LABELS = {number: label for label, number in PROCESS_NUMBERS.items()}


@cache
def process_number(label: str) -> int:
    """The 3.1 number of a job label, deeper labels shortened; External for what 3.1 does not know."""
    return _shortened(label, PROCESS_NUMBERS, EXTERNAL)


def process_label(number: int) -> str:
    """The label of a 3.1 job number; one that is not known gets a label from which process_number finds it again."""
    return _PROCESS_LABELS.get(number, f"relion{_NUMBERED}{number}")


@cache
def node_number(label: str) -> int:
    """The 3.1 number of a node label, details dropped."""
    return _shortened(label, NODE_NUMBERS, UNKNOWN_NODE)


def node_label(number: int) -> str:
    """The label of a 3.1 node number; one that is not known gets a label from which node_number finds it again."""
    return _NODE_LABELS.get(number, f"UserFile{_NUMBERED}{number}")


@cache
def in_words_of_5(label: str) -> str:
    """A node label of RELION 4.0 as RELION 5 says it; others as they are."""
    return _translated(label, WORDS_OF_4)


@cache
def in_words_of_4(label: str) -> str:
    """A node label as RELION 4.0 says it."""
    return _translated(label, {new: old for old, new in WORDS_OF_4.items()})


def _translated(label: str, words: dict[str, str]) -> str:
    for old, new in words.items():
        if label.startswith(old):
            return new + label[len(old) :]
    return label


def _shortened(label: str, known: dict[str, int], otherwise: int) -> int:
    before, _, digits = label.rpartition(_NUMBERED)
    if before and digits.isdigit():
        return int(digits)
    parts = label.split(".")
    for depth in range(len(parts), 0, -1):
        short = ".".join(parts[:depth])
        if short in known:
            return known[short]
    return otherwise
