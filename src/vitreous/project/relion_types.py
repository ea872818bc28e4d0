"""RELION's words in the graph: job types, states and kinds of node, as labels (4 and 5) and as numbers (3.1)."""

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
    "relion.external": EXTERNAL,
}

# Labels of RELION 4.0, and inputs that RELION writes without detail, beside those of nodes.py.
_OTHER_NODES = {
    "MicrographMoviesData.star.relion": 0,
    "MicrographsData.star.relion": 1,
    "MicrographsCoords.star.relion": 2,
    "ParticlesData.star.relion": 3,
    "ImagesData.star.relion": 5,
    "DensityMap.mrc": 6,
    "Mask3D.mrc": 7,
    "DensityMap.mrc.halfmap": 10,
    "Image3D.mrc.localresmap": 12,
    "LogFile.pdf": 13,
}
NODE_NUMBERS = {**_OTHER_NODES, **{kind.label: kind.number for kind in KINDS.values() if kind.label != "UserFile"}}
_NODE_LABELS = {kind.number: kind.label for kind in KINDS.values() if kind.label != "UserFile"}
_PROCESS_LABELS = {number: label for label, number in PROCESS_NUMBERS.items()}


def process_number(label: str) -> int:
    """The 3.1 number of a job label, deeper labels shortened; External for what 3.1 does not know."""
    return _shortened(label, PROCESS_NUMBERS, EXTERNAL)


def process_label(number: int) -> str:
    """The label of a 3.1 job number."""
    return _PROCESS_LABELS.get(number, "relion.external")


def node_number(label: str) -> int:
    """The 3.1 number of a node label, details dropped."""
    return _shortened(label, NODE_NUMBERS, UNKNOWN_NODE)


def node_label(number: int) -> str:
    """The label of a 3.1 node number."""
    return _NODE_LABELS.get(number, "UserFile")


def _shortened(label: str, known: dict[str, int], otherwise: int) -> int:
    parts = label.split(".")
    for depth in range(len(parts), 0, -1):
        short = ".".join(parts[:depth])
        if short in known:
            return known[short]
    return otherwise
