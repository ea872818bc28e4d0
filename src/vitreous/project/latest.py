"""An input that is given as a job's folder stands for that job's latest output of the kind: no name needs to be guessed."""

from pathlib import PurePosixPath
from typing import Any

from vitreous.context import UserError
from vitreous.files import chain
from vitreous.job.options import build, options, values
from vitreous.nodes import KINDS, kind
from vitreous.project.graph_model import Graph

READ_AS_FOLDERS = ("optimiser",)
"""Kinds of input whose jobs look for the last iteration in a folder themselves, each time they run."""


def output_of(graph: Graph, name: str, word: str) -> str:
    """The latest output of a job that is of a kind (a word of nodes.py); empty without one.

    Of files of the same iteration the first by name counts: half map 1, class 1.
    """
    wanted = kind(word)
    made = [graph.nodes[node] for node in graph.outputs_of(name)]
    like = [node.name for node in made if _kind_of(node.label) == wanted.word]
    like = like or [node.name for node in made if node.label.startswith(wanted.label)]
    return min(like, default="", key=lambda node: (*(-number for number in chain.order_of(node)), node))


def with_files(graph: Graph, job: Any) -> Any:
    """The job with the latest files in place of the job folders, by name or alias, that it was given as inputs."""
    given = values(job)
    folders = {process.alias or name: name for name, process in graph.processes.items()} | {
        name: name for name in graph.processes
    }
    for option in options(type(job)):
        word = option.input_kind.partition(".")[0] if option.is_input else ""
        path = str(given[option.name] or "") if word else ""
        name = folders.get(f"{PurePosixPath(path)}/") if path else None
        if name is None or word in READ_AS_FOLDERS:
            continue
        given[option.name] = output_of(graph, name, word)
        if not given[option.name]:
            raise UserError(
                f"{option.flag} {path}: that job has made no file of the kind {word}: look at it with show, or run it"
            )
    return job if given == values(job) else build(type(job), given)


def _kind_of(label: str) -> str:
    """The word of the kind with the longest label that a node's label begins with."""
    fitting = [one for one in KINDS.values() if f"{label}.".startswith(f"{one.label}.")]
    return max(fitting, key=lambda one: len(one.label)).word if fitting else ""
