"""How a job gets at its particle images: requests, batches, memory, scratch disk; part of the placement of jobs that do."""

from vitreous.param import param, settings


@settings
class Disk:
    """The way of particle images from the disk to the work; none of it changes a pixel."""

    parallel_reads: bool = param(
        True,
        relion="do_parallel_discio",
        help="Read with several requests at a time in every process. No: one request at a time, and the processes of the job "
        "take turns, for disks that parallel reads slow down.",
    )
    pool: int = param(
        100,
        minimum=1,
        high=1000,
        relion="nr_pool",
        help="Images for each thread that are read together; each stack is opened and closed once for so many times threads.",
    )
    preread: bool = param(
        False,
        relion="do_preread_images",
        usual=True,
        help="Read all particle images into memory before the first round; how many GB that takes is said, and checked, before.",
    )
    scratch: str = param(
        "",
        relion="scratch_dir",
        usual=True,
        help="Directory on a fast local disk; the images are copied into relion_volatile/ there before the first round, once "
        "on each machine, and taken away after a success. Empty: they are read where they are.",
    )
    keep_free_scratch_GB: float = param(
        10.0, unit="GB", minimum=0, high=100, help="Space that is left free on the scratch disk; images that would need it stay."
    )
    reuse_scratch: bool = param(
        True, help="Take up the copy that a run of this job left behind when it was cut short, if it still fits the images."
    )
    keep_scratch: bool = param(False, help="Leave the copy on the scratch disk after a success too.")
