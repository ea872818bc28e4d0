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
    number = int(digits) if digits.isdecimal() else None
    called = [name for name, process in graph.processes.items() if plain in (name, process.alias)]
    called += [name for name in graph.processes if number is not None and number_of(name) == number]
    called += [name for name, process in graph.processes.items() if process.alias.rstrip("/").rpartition("/")[2] == word]
    if word and called:
        return called[0]  # a number means that job also where another has it as its alias
    raise UserError(f"the project has no job {word!r}; vitreous project list shows what there is")
