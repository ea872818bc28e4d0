"""What a job has made and what it was made from, with who made it and who uses it; also of RELION's jobs, and of jobs at work."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from vitreous.files import chain
from vitreous.job import registry
from vitreous.job.declare import outputs
from vitreous.project.graph_model import Graph, Process
from vitreous.project.history import title_of as type_title
from vitreous.project.layout import folder_of, number_of
from vitreous.web.telling import kinds

ENDS = ("_optimiser.star", "_model.star", "_data.star", "_classes.mrcs")
MAPS = re.compile(r"_(?:half[12]_)?(?:class|body)\d{3}(?:_unfil)?\.mrc$")
ORDER = ("finalmap", "optimiser", "map", "mask", "localres", "references2d", "coordinates", "micrographs", "particles", "movies")


class JobLink(BaseModel):
    """A job as other pages name it: number "014", name "Class2D/job014", and what people call it."""

    number: str
    name: str
    title: str


class Input(BaseModel):
    """A file that a job takes; made_by: the job that made it, none for what came from outside."""

    path: str
    kind: str
    exists: bool
    made_by: JobLink | None = None


class Output(BaseModel):
    """A file that a job has made, or is to make. main: worth a tab of its own among the results."""

    path: str
    kind: str
    view: str
    label: str
    title: str
    exists: bool
    bytes: int | None = None
    help: str = ""
    main: bool = True
    used_by: list[JobLink] = []


def link_to(process: Process) -> JobLink:
    """A job as a link."""
    alias = process.alias.rstrip("/").rpartition("/")[2]
    number = f"{number_of(process.name) or 0:03d}"
    return JobLink(number=number, name=process.name.rstrip("/"), title=alias or type_title(process))


def inputs_of(graph: Graph, name: str, root: Path) -> list[Input]:
    """The inputs of a job, in the order of the graph."""
    found = []
    for path in graph.inputs_of(name):
        node = graph.nodes.get(path)
        makers = [graph.processes[job] for job in graph.makers_of(path) if job in graph.processes]
        owner = graph.processes.get(folder_of(path)) if not makers else None
        maker = makers[0] if makers else owner
        kind = kinds.word_of(node.label if node else "", path)
        exists = os.path.exists(root / path)
        found.append(Input(path=path, kind=kind, exists=exists, made_by=link_to(maker) if maker else None))
    return found


def outputs_of(graph: Graph, name: str, root: Path, iteration: int | None = None) -> list[Output]:
    """The outputs of a job, the one worth seeing first at the head; of an iteration, where one is asked for.

    A job at work, or one that was stopped, offers the files of its last iteration, though the graph does not list them yet.
    """
    listed = {path: graph.nodes[path].label for path in graph.outputs_of(name) if path in graph.nodes}
    saved = chain.saved(root / name)
    wanted = next((one for one in saved if one == iteration), None) if iteration is not None else None
    if wanted is not None:
        listed = dict(_of_iteration(root, name, wanted))
    elif saved and not any(os.path.exists(root / path) for path in listed):
        listed = {**listed, **dict(_of_iteration(root, name, saved[-1]))}
    helps = _helps(graph.processes[name])
    found = [_output(graph, root, path, label, helps) for path, label in listed.items()]
    return _with_main(sorted(found, key=_rank))


def iterations_of(root: Path, name: str) -> list[int]:
    """The iterations of a job that lie on disk, rising."""
    return [int(one) for one in chain.saved(root / name)]


def _of_iteration(root: Path, name: str, one: chain.Saved) -> Iterator[tuple[str, str]]:
    own = name.partition("/")[0].lower()
    for path in sorted((root / name).glob(f"{one.name}_*")):
        rest = path.name[len(one.name) :]
        if rest in ENDS:
            yield f"{name}{path.name}", ""
        elif MAPS.fullmatch(rest):
            yield f"{name}{path.name}", f"DensityMap.mrc.relion.{'halfmap.' if 'half' in rest else ''}{own}"


def _output(graph: Graph, root: Path, path: str, label: str, helps: dict[str, str]) -> Output:
    kind = kinds.word_of(label, path)
    view = kinds.view_of(kind, path)
    try:
        size: int | None = os.stat(root / path).st_size
    except OSError:
        size = None
    users = [link_to(graph.processes[job]) for job in dict.fromkeys(graph.users_of(path)) if job in graph.processes]
    return Output(
        path=path,
        kind=kind,
        view=view,
        label=label,
        title="Curves" if view == "curves" and kind.startswith(("model", "optimiser")) else kinds.title_of(kind),
        exists=size is not None,
        bytes=size,
        help=helps.get(_shape(path), ""),
        used_by=users,
    )


def _helps(process: Process) -> dict[str, str]:
    """What the type says of its outputs, by the shape of their names."""
    known = registry.by_label(process.label)
    declared = [out for cls in known[:1] for out in outputs(cls).values()]
    return {_shape(out.name.format(root="run", iteration="000")): out.help for out in declared}


def _shape(path: str) -> str:
    return re.sub(r"run(_ct\d+)?|\d{3,}", "", path.rpartition("/")[2])


def _rank(output: Output) -> tuple[bool, int, str]:
    word = output.kind.partition(".")[0]
    if word in ("optimiser", "model") and output.view == "curves":
        word = "halfmap"
    place = ORDER.index(word) if word in ORDER else len(ORDER)
    return not output.exists, place, output.path


def _with_main(ordered: list[Output]) -> list[Output]:
    """Say which outputs have a tab: of several files that one view shows together, only the first."""
    seen: set[str] = set()
    shared = {"classes", "curves", "picks"}
    for output in ordered:
        key = output.view if output.view in shared else output.path
        output.main = key not in seen and not (output.view == "table" and output.path.endswith("backup_selection.star"))
        seen.add(key)
    _number(ordered)
    return ordered


def _number(ordered: list[Output]) -> None:
    """Tell outputs of equal titles apart by what their names say; the first of those that say nothing keeps the title."""
    taken: set[str] = set()
    titles = [output.title for output in ordered if output.main]
    for output in ordered:
        if output.main and titles.count(output.title) > 1:
            output.title = _told_apart(output, taken)
        taken.add(output.title)


def _told_apart(output: Output, taken: set[str]) -> str:
    name = output.path.rpartition("/")[2]
    half, which = re.search(r"half([12])", name), re.search(r"(class|body)(\d{3})(_sym\w+)?", name)
    if half:
        return f"{output.title} {half[1]}"
    if "masked" in name:
        return f"{output.title}, masked"
    if which and output.view == "volume":
        return f"{which[1].capitalize()} {int(which[2])}{(which[3] or '').replace('_sym', ', ')}"
    return name if output.title in taken else output.title
