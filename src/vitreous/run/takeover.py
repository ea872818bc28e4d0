"""Takes up the units that RELION had done in a job folder before its job is gone on with here."""

from collections.abc import Callable

from vitreous.context import Context, UserError
from vitreous.job import as_star
from vitreous.job.declare import MapJob
from vitreous.job.options import as_plain, identity
from vitreous.run import units as done
from vitreous.run.folder import JobFolder
from vitreous.run.record import Records, worker_file


def take_over(job: MapJob, where: JobFolder, *, seed: int, say: Callable[[str], None]) -> None:
    """Enter RELION's finished units among our records, so that only the others are done. To be called before the first run.

    Units count that were done with the options as they are now, and of which all is there that the job's tables need.
    A job of one unit is done anew.
    """
    if type(job).taken_over is MapJob.taken_over:
        return
    try:
        theirs = as_plain(as_star.load(where.job_star).job)
    except UserError as error:
        say(f"what RELION did here is done anew, for its options are not all understood: {error}")
        return
    ours = as_plain(job)
    other = [name for name in ours if ours[name] != theirs.get(name)]
    if other:
        say(f"what RELION did here is done anew, for {', '.join(other)} had another value")
        return
    context = Context(folder=where.path, seed=seed)
    units = done.checked(job.units(context))
    known, taken = identity(job, seed=seed), 0
    listing = done.Listing(where.path)
    with Records(worker_file(where)) as records:
        for unit in units if len(units) > 1 else ():
            record = job.taken_over(unit, context)
            if record is None or listing.lacks(record):
                continue
            about = {"key": unit.key, "row": dict(unit.row), "identity": done.identity(unit, known)}
            records.append({**about, "seconds": 0.0, "record": record})
            taken += 1
    say(f"{taken} of {len(units)} were done by RELION and stay as they are")
