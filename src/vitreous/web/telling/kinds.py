"""Kinds of result for the window: the word and the view of a file by its label in the graph, else by its name."""

from vitreous import nodes
from vitreous.nodes import KINDS

TITLES = {
    "movies": "Movies",
    "micrographs": "Micrographs",
    "coordinates": "Picks",
    "particles": "Particles",
    "references2d": "Class averages",
    "map": "Map",
    "mask": "Mask",
    "model": "Model",
    "optimiser": "Classes",
    "halfmap": "Half map",
    "finalmap": "Sharpened map",
    "localres": "Local resolution",
    "logfile": "Plots",
    "postprocess": "FSC and Guinier",
    "polish_parameters": "Polishing parameters",
    "file": "File",
}
BY_NAME = (
    ("_classes.mrcs", "references2d"),
    ("_optimiser.star", "optimiser"),
    ("_model.star", "model"),
    ("_data.star", "particles"),
    ("particles.star", "particles"),
    ("movies.star", "movies"),
    ("micrographs_ctf.star", "micrographs.ctf"),
    ("micrographs.star", "micrographs"),
    ("postprocess.star", "postprocess"),
    ("mask.mrc", "mask"),
    (".mrcs", "references2d"),
    (".mrc", "map"),
    (".map", "map"),
)
CURVES = ("relion_locres.star", "model_fsc.star", "fsc.star", "orientation.star")
"""Names of files of no kind that hold curves."""
OF_REFINEMENTS = ("Refine3D", "InitialModel", "MultiBody")
"""Folders of jobs whose optimiser and model tell of curves rather than of classes to choose from."""


def word_of(label: str, path: str = "") -> str:
    """The word of a kind, "micrographs.ctf", of RELION's label in the graph; by the file's name where the label says nothing."""
    fitting = [one for one in KINDS.values() if f"{label}.".startswith(f"{one.label}.")]
    best = max(fitting, key=lambda one: len(one.label), default=KINDS["file"])
    if best.word == "file":
        return next((word for end, word in BY_NAME if path.endswith(end)), "file")
    detail = label[len(best.label) :].strip(".")
    return f"{best.word}.{detail}" if detail else best.word


def view_of(word: str, path: str) -> str:
    """The name of the view that shows a file; a log file is shown as the document that it is."""
    if path.endswith((".pdf", ".eps", ".png")):
        return "picture"
    name = path.rpartition("/")[2]
    if word.startswith(("model", "optimiser")) and path.startswith(OF_REFINEMENTS):
        return "curves"
    if word == "file" and name.endswith(".star"):
        return "curves" if name in CURVES else "table"
    return nodes.kind(word).view


def title_of(word: str) -> str:
    """What a kind is called at the head of a tab."""
    return TITLES.get(word.partition(".")[0], "File")
