"""The files a finished job offers to others: the declared outputs that exist, and RELION_OUTPUT_NODES.star that lists them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitreous.files import chain, star
from vitreous.files.star_blocks import StarFile, loop_block
from vitreous.job.declare import LoopJob, Output, outputs
from vitreous.job.options import values
from vitreous.nodes import kind
from vitreous.run.folder import JobFolder


@dataclass(frozen=True)
class Node:
    """A file in the graph: its path from the project directory, RELION 5's label and the 3.1 number."""

    name: str
    label: str
    number: int


def label_of(word: str, job_label: str) -> str:
    """RELION's node label of a kind such as "micrographs.ctf": the detail, else the job's own word, is appended."""
    first, _, detail = word.partition(".")
    own = detail or (job_label.split(".")[1] if job_label.startswith("relion.") and "external" not in job_label else "")
    label = kind(first).label
    return f"{label}.{own}" if own and not label.endswith("." + own) else label


def made_nodes(folder: Path, job: Any, *, exist: bool = True) -> list[Node]:
    """The outputs of a job as nodes. exist: only files that are there, with the number and root of the last one saved.

    Without exist, what is known before a run: names without {iteration}, of outputs whose condition holds.
    """
    said = values(job)
    last = max(job.saved(folder), default=0) if exist and isinstance(job, LoopJob) else None
    root = last.root if isinstance(last, chain.Saved) else chain.ROOT
    found = []
    for output in outputs(type(job)).values():
        if output.when and not _holds(output, said):
            continue
        if "{iteration" in output.name and last is None:
            continue
        name = output.name.format(iteration=f"{last or 0:03d}", root=root)
        paths = sorted(set(folder.glob(name)) - _about_the_job(folder)) if "*" in name else [folder / name]
        kept = [path for path in paths if path.exists()] if exist else [path for path in paths if "*" not in path.name]
        number = kind(output.kind).number
        found += [Node(str(path), label_of(output.kind, job.type.label), number) for path in kept]
    return found


def _about_the_job(folder: Path) -> set[Path]:
    """Files in a job folder that tell of the job itself, and are no results of it."""
    where = JobFolder(folder)
    named = {folder / "default_pipeline.star", folder / "job_pipeline.star", where.job_star, where.out, where.err, where.note}
    return named | {*where.control, where.output_nodes}


def _holds(output: Output, said: Mapping[str, Any]) -> bool:
    """Whether the condition of an output is met by the options."""
    value = said.get(output.when or "")
    return bool(value) if output.equals is None else bool(value == output.equals)


def write_output_nodes(where: JobFolder, job: Any) -> None:
    """List the outputs for a pipeliner that cannot know them: our own types, and files whose names depend on the run."""
    nodes = made_nodes(where.path, job)
    columns = {
        "rlnPipeLineNodeName": [node.name for node in nodes],
        "rlnPipeLineNodeTypeLabel": [node.label for node in nodes],
        "rlnPipeLineNodeType": [str(node.number) for node in nodes],
    }
    if nodes:
        star.write(where.output_nodes, StarFile([loop_block("output_nodes", columns, ("# version 30001", ""))]))


def listed_nodes(where: JobFolder) -> list[str]:
    """The names in RELION_OUTPUT_NODES.star."""
    return [str(row["rlnPipeLineNodeName"]) for row in star.read(where.output_nodes)["output_nodes"].rows()]
