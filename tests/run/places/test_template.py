"""RELION's submission templates: every variable, empty fields, MPI and other commands."""

import pytest

from vitreous.context import UserError
from vitreous.job.placement import Placement
from vitreous.run.places import template

ALL = """#!/bin/bash
#$ -o XXXoutfileXXX -e XXXerrfileXXX
#$ -N XXXnameXXX -q XXXqueueXXX
#$ -pe mpi XXXmpinodesXXX threads XXXthreadsXXX cores XXXcoresXXX
#$ dedicated XXXdedicatedXXX nodes XXXnodesXXX
#$ -l time=XXXextra1XXX
#$ -l memory=XXXextra2XXX
#$ -A XXXextra3XXX
mpirun -n XXXmpinodesXXX XXXcommandXXX
echo done
"""


def values(**more):
    place = Placement(**{"queue": "em", "threads": 4, "dedicated_cores": 24, "queue_extra": ("8:00:00", " "), **more})
    return template.variables(place, place.workers, folder="Class2D/job007")


def test_every_variable():
    lines = template.filled(ALL, values(workers=16), ["program_mpi --x 1"], mpi=True).splitlines()
    assert lines == [
        "#!/bin/bash",
        "#$ -o Class2D/job007/run.out -e Class2D/job007/run.err",
        "#$ -N Class2D/job007/ -q em",
        "#$ -pe mpi 17 threads 4 cores 68",
        "#$ dedicated 24 nodes 3",
        "#$ -l time=8:00:00",
        "mpirun -n 17 program_mpi --x 1",
        "echo done",
    ]


def test_the_line_is_repeated_for_each_mpi_command_and_replaced_by_others():
    several = template.filled(ALL, values(workers=2), ["a_mpi", "b_mpi"], mpi=True)
    assert "mpirun -n 3 a_mpi\nmpirun -n 3 b_mpi\n" in several
    other = template.filled(ALL, values(workers=2), ["a", "b"], mpi=False)
    assert "mpirun" not in other and "\na\nb\necho done" in other
    single = template.filled(ALL, values(workers=1), ["a"], mpi=False)
    assert "mpirun -n 1 a\n" in single


def test_a_template_that_starts_nothing_or_asks_the_unknown_is_refused():
    with pytest.raises(UserError, match="would start nothing"):
        template.filled("#!/bin/sh\n", values(), ["a"], mpi=False)
    with pytest.raises(UserError, match=r"line 2 .*XXXmemoryXXX.*XXXcoresXXX"):
        template.filled("#!/bin/sh\n#$ XXXmemoryXXX\nXXXcommandXXX\n", values(), ["a"], mpi=False)


def test_a_missing_template_is_told_with_the_cure(tmp_path):
    with pytest.raises(UserError, match="--queue-template"):
        template.read(str(tmp_path / "qsub.csh"))


def test_the_script_of_a_job_of_ours(tmp_path):
    (tmp_path / "site.sh").write_text(ALL)
    place = Placement(queue_template=str(tmp_path / "site.sh"), workers=3)
    said = template.script(place, "vitreous project run 3 --placed", workers=3, folder="CtfFind/job003/")
    assert "mpirun -n 4 vitreous project run 3 --placed" in said
    assert "XXX" not in said
