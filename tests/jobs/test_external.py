import signal
import stat
import threading
import time

import pytest

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.job.placement import Placement
from vitreous.jobs.external import External, Extras
from vitreous.project.project import Project
from vitreous.run.runner import run

SCRIPT = """#!/bin/sh
echo "$@"
echo oops >&2
while [ "$1" != "--o" ]; do shift; done
cat > "$2/RELION_OUTPUT_NODES.star" <<END
data_output_nodes

loop_
_rlnPipeLineNodeName #1
_rlnPipeLineNodeType #2
$2parts.star 3
END
touch "$2/parts.star"
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mask.mrc").touch()
    return tmp_path


def program(place, text):
    path = place / "program.sh"
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_it_gets_relions_arguments_and_its_outputs_enter_the_graph(place):
    project = Project.new(".")
    job = External(
        program=program(place, SCRIPT) + " --own", mask="mask.mrc", extras=Extras(label_1="low", value_1="3", label_4="fast")
    )
    name = project.add(job, placement=Placement(threads=1))
    assert project.run(name, quiet=True).status == "succeeded"
    out = (place / name / "run.out").read_text()
    assert f"--own --o {name} --in_mask mask.mrc --low 3 --fast --j 1" in out
    assert "oops" in (place / name / "run.err").read_text()
    assert project.graph().outputs == [(name, f"{name}parts.star")]
    assert project.graph().nodes[f"{name}parts.star"].label == "ParticleGroupMetadata.star.relion"
    assert as_star.load(place / name / "job.star").job == job


@pytest.mark.parametrize("end", ["exit 3", 'touch "$2/RELION_JOB_EXIT_FAILURE"'])
def test_a_program_that_fails_is_told(place, end):
    with pytest.raises(UserError, match=r"program\.sh failed"):
        run(External(program=program(place, f"#!/bin/sh\n{end}\n")), "out", quiet=True)
    assert (place / "out" / "RELION_JOB_EXIT_FAILURE").exists()


def test_a_program_that_is_not_there(place):
    with pytest.raises(UserError, match="cannot be started"):
        run(External(program="./nosuch"), "out", quiet=True)


def test_a_stop_reaches_the_program(place):
    text = '#!/bin/sh\ntouch started\nwhile [ ! -e "$2/RELION_JOB_ABORT_NOW" ]; do sleep 0.1; done\ntouch told\n'
    found = []
    thread = threading.Thread(target=lambda: found.append(run(External(program=program(place, text)), "out", quiet=True)))
    thread.start()
    while not (place / "started").exists():
        time.sleep(0.05)
    (place / "out" / ".vitreous" / "stop").touch()
    thread.join(timeout=30)
    assert found[0].status == "aborted"
    assert (place / "told").exists()
    assert (place / "out" / "RELION_JOB_EXIT_ABORTED").exists()
    assert not (place / "out" / "RELION_JOB_ABORT_NOW").exists()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
