"""Where each job stands in the picture of the pipeline: a column by what it makes, a row by time; chains may be folded."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vitreous.project.graph_model import Graph

STAGES = ("Movies", "Micrographs", "Particles", "2D classes", "3D models", "Maps")
_BY_LABEL = {
    "relion.import.other": 2,
    "relion.import": 0,
    "relion.motioncorr": 1,
    "relion.ctffind": 1,
    "relion.manualpick": 1,
    "relion.autopick": 2,
    "relion.extract": 2,
    "relion.class2d": 3,
    "relion.initialmodel": 4,
    "relion.class3d": 4,
    "relion.refine3d": 5,
    "relion.multibody": 5,
    "relion.maskcreate": 5,
    "relion.postprocess": 5,
    "relion.localres": 5,
    "relion.ctfrefine": 5,
    "relion.polish": 5,
    "relion.external.vitreous.reconstruct": 5,
    "relion.external.vitreous.model_fsc": 5,
    "relion.external.vitreous.align_symmetry": 5,
    "relion.external.vitreous.flip_hand": 5,
    "relion.external.vitreous.orientation_stats": 5,
    "dynamight": 5,
    "modelangelo": 5,
}
_LIKE_PARENT = ("relion.select", "relion.external", "relion.joinstar", "relion.subtract")
_LEAST_CHAIN = 3
_FAR = 60
"""Jobs that are looked at when a way around an edge is looked for."""


@dataclass
class Place:
    """One node of the picture: the jobs it stands for (one, or a folded chain), its column and row."""

    jobs: list[str]
    stage: int = 0
    row: int = 0


@dataclass
class Picture:
    """Nodes in the order of time and edges between them by place in that order."""

    places: list[Place] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return max((place.row + 1 for place in self.places), default=0)


def parents_of(graph: Graph) -> dict[str, list[str]]:
    """The jobs right before each job, each once, in the order of their edges."""
    maker = {node: job for job, node in graph.outputs}
    found: dict[str, dict[str, None]] = {name: {} for name in graph.processes}
    for node, user in graph.inputs:
        made_by = maker.get(node)
        if made_by and made_by != user and made_by in found and user in found:
            found[user][made_by] = None
    return {name: list(before) for name, before in found.items()}


def picture(graph: Graph, states: Mapping[str, str], *, fold: bool = False) -> Picture:
    """The picture of a whole project; fold: chains of finished jobs become one node."""
    parents = without_detours(parents_of(graph))
    stages = _stages(graph, parents)
    places = [Place(chain) for chain in _chains(parents, states)] if fold else [Place([name]) for name in parents]
    of = {name: number for number, place in enumerate(places) for name in place.jobs}
    edges = {(of[before], of[name]): None for name, befores in parents.items() for before in befores}
    found = Picture(places, [edge for edge in edges if edge[0] != edge[1]])
    before: dict[int, list[int]] = defaultdict(list)
    for start, end in found.edges:
        before[end].append(start)
    free = [0] * len(STAGES)
    for number, place in enumerate(places):
        place.stage = stages[place.jobs[-1]]
        beside = max((places[other].row for other in before[number] if places[other].stage != place.stage), default=0)
        place.row = free[place.stage] + (1 if beside > free[place.stage] else 0)
        free[place.stage] = place.row + 1
    return found


def without_detours(parents: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The edges without those that another way says already: a job that takes micrographs and their picks follows the picks."""
    found = {}
    for name, before in parents.items():
        far: set[str] = set()
        if len(before) > 1:
            for other in before:
                far |= _behind(parents, other)
        found[name] = [other for other in before if other not in far]
    return found


def _behind(parents: Mapping[str, Sequence[str]], start: str) -> set[str]:
    """Jobs that a job goes back to, the nearest of them."""
    seen: set[str] = set()
    left = list(parents.get(start, ()))
    while left and len(seen) < _FAR:
        name = left.pop(0)
        if name not in seen:
            seen.add(name)
            left.extend(parents.get(name, ()))
    return seen


def _stages(graph: Graph, parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The column of each job; a job that passes on what it gets stands where that was made."""
    found: dict[str, int] = {}
    for name, process in graph.processes.items():
        own = _of_label(process.label)
        if own is None:
            own = max((found[before] for before in parents[name] if before in found), default=2)
        found[name] = own
    return found


def _of_label(label: str) -> int | None:
    parts = label.split(".")
    for depth in range(len(parts), 0, -1):
        short = ".".join(parts[:depth])
        if short in _BY_LABEL:
            return _BY_LABEL[short]
        if short in _LIKE_PARENT:
            return None
    return None


def _chains(parents: Mapping[str, Sequence[str]], states: Mapping[str, str]) -> list[list[str]]:
    """Finished jobs that follow one another without a branch, joined where they are three or more; others alone."""
    children: dict[str, list[str]] = defaultdict(list)
    for name, before in parents.items():
        for other in before:
            children[other].append(name)

    def joins(first: str, second: str) -> bool:
        return len(children[first]) == 1 and len(parents[second]) == 1 and states.get(first) == states.get(second) == "finished"

    chains: dict[str, list[str]] = {}
    order: list[list[str]] = []
    for name, before in parents.items():
        if len(before) == 1 and before[0] in chains and joins(before[0], name):
            chains[name] = chains[before[0]]
            chains[name].append(name)
        else:
            chains[name] = [name]
            order.append(chains[name])
    found: list[list[str]] = []
    for chain in order:
        found.extend([chain] if len(chain) >= _LEAST_CHAIN else [[name] for name in chain])
    place = {name: number for number, name in enumerate(parents)}
    return sorted(found, key=lambda chain: place[chain[-1]])
