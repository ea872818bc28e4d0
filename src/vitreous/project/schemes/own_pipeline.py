"""schedule_pipeline.star, the graph of a schedule's own jobs, without which RELION 3.1 does not run them."""

from vitreous.files import star
from vitreous.files.star_blocks import StarFile, list_block, loop_block
from vitreous.job import as_star
from vitreous.project.relion_types import STATES, process_number
from vitreous.project.schemes.folder import SchemeFolder
from vitreous.project.schemes.model import Scheme

TABLE, PREFIX = "pipeline_processes", "rlnPipeLineProcess"
COLUMNS = (f"{PREFIX}Name", f"{PREFIX}Alias", f"{PREFIX}Type", f"{PREFIX}Status")


def complete(folder: SchemeFolder, scheme: Scheme) -> None:
    """Add the jobs that the file lacks; RELION finds their inputs and outputs itself when it runs them. Others stay."""
    file = star.read(folder.pipeline) if folder.pipeline.is_file() else StarFile()
    rows = [[str(cell) for cell in row.values()] for row in file[TABLE].rows()] if TABLE in file else []
    names = [str(name) for name in file[TABLE][COLUMNS[0]]] if TABLE in file else []
    lacking = [name for name in scheme.jobs if f"{folder.name}{name}/" not in names]
    if folder.pipeline.is_file() and not lacking:
        return
    for name in lacking:
        said = as_star.read(folder.job_star(name))
        number = said.number if said.number is not None else process_number(said.label)
        rows.append([f"{folder.name}{name}/", "None", str(number), str(STATES.index("Scheduled"))])
    counter = list_block("pipeline_general", {"rlnPipeLineJobCounter": str(len(rows) + 1)})
    table = [loop_block(TABLE, dict(zip(COLUMNS, zip(*rows))))] if rows else []
    others = [block for block in file if block.name not in ("pipeline_general", TABLE)]
    star.write(folder.pipeline, StarFile([counter, *table, *others]))
