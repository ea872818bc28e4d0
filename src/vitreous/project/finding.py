"""Which job a word means: a name, a number, an alias, or "last"."""

from vitreous.context import UserError
from vitreous.project import graph as graphs
from vitreous.project.layout import Layout, number_of


def find(layout: Layout, word: str) -> str:
    """The name of a job, "Class2D/job006/", of a word for it."""
    graph = graphs.read(layout.graph)
    if word == "last" and graph.processes:
        return max(graph.processes, key=lambda name: number_of(name) or 0)
    plain = word.rstrip("/") + "/"
    digits = word.removeprefix("job")
    for name, process in graph.processes.items():
        if plain in (name, process.alias) or (digits.isdigit() and number_of(name) == int(digits)):
            return name
        if process.alias and process.alias.rstrip("/").rpartition("/")[2] == word:
            return name
    raise UserError(f"the project has no job {word!r}; vitreous project list shows what there is")
