import os
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

FINDS_ITS_FOLDER = '#!/bin/sh\nall="$@"\nwhile [ "$1" != "--o" ]; do shift; done\n'
SCRIPT = f"""{FINDS_ITS_FOLDER}
echo "$all"
echo oops >&2
cat > "$2/RELION_OUTPUT_NODES.star" <<END
data_output_nodes

loop_
_rlnPipeLineNodeName #1
_rlnPipeLineNodeTYPE #2
$2parts.star VALUE
END
touch "$2/parts.star" "$2/RELION_JOB_EXIT_SUCCESS"
"""
INTEGER = SCRIPT.replace("TYPE", "Type").replace("VALUE", "3")
LABEL = SCRIPT.replace("TYPE", "TypeLabel").replace("VALUE", "ParticleGroupMetadata.star.relion.mine")


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("movies.star", "mics.star", "parts.star", "picks.star", "map.mrc", "mask.mrc"):
        (tmp_path / name).touch()
    return tmp_path


def program(place, text):
    path = place / "program.sh"
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def begun(place, text, folder="out"):
    """A run in a thread; gives the thread and a list that will hold its outcome."""
    found = []
    job = External(program=program(place, text), mask="mask.mrc")
    thread = threading.Thread(target=lambda: found.append(run(job, folder, quiet=True)))
    thread.start()
    while not (place / "started").exists():
        time.sleep(0.02)
    return thread, found


def markers(place, folder="out"):
    return sorted(path.name for path in (place / folder).glob("RELION_JOB_*"))


@pytest.mark.parametrize("text, label", [(INTEGER, ""), (LABEL, ".mine")])
def test_it_gets_relions_arguments_and_its_outputs_enter_the_graph(place, text, label):
    project = Project.new(".")
    job = External(
        program=program(place, text) + " --own", mask="mask.mrc", extras=Extras(label_1="low", value_1="3", label_4="fast")
    )
    name = project.add(job, placement=Placement(threads=1))
    assert project.run(name, quiet=True).status == "succeeded"
    out = (place / name / "run.out").read_text()
    assert f"--own --o {name} --in_mask mask.mrc --low 3 --fast --j 1" in out
    assert "oops" in (place / name / "run.err").read_text()
    assert project.graph().outputs == [(name, f"{name}parts.star")]
    assert project.graph().nodes[f"{name}parts.star"].label == f"ParticleGroupMetadata.star.relion{label}"
    loaded = as_star.load(place / name / "job.star").job
    assert (loaded.program, loaded.extras) == ("program.sh --own", job.extras), "a path in the project counts from it"
    assert project.continue_(name, quiet=True).did == 0
    (place / name / "parts.star").unlink()
    assert project.continue_(name, quiet=True).did == 1, "a lost output is made again"


def test_arguments_come_in_relions_order(place):
    extras = Extras(**{f"label_{n}": f"p{n}" for n in range(1, 11)}, **{f"value_{n}": f"v {n}" for n in range(1, 11, 2)})
    job = External(
        program=program(place, f'{FINDS_ITS_FOLDER}touch "$2/RELION_JOB_EXIT_SUCCESS"\n'),
        mask="mask.mrc",
        reference="map.mrc",
        coordinates="picks.star",
        particles="parts.star",
        micrographs="mics.star",
        movies="movies.star",
        extras=extras,
        further="--last 'a b'",
    )
    run(job, "External/job006", quiet=True)
    command = next(line for line in (place / "External/job006/run.out").read_text().splitlines() if "--o " in line)
    inputs = "--in_movies movies.star --in_mics mics.star --in_parts parts.star --in_coords picks.star --in_3dref map.mrc"
    params = " ".join(f"--p{n} 'v {n}'" if n % 2 else f"--p{n}" for n in range(1, 11))
    assert command.endswith(f" --o External/job006/ {inputs} --in_mask mask.mrc {params} --j 1 --last 'a b'")
    assert as_star.load("External/job006/job.star").job == job


@pytest.mark.parametrize(
    "end, sentence",
    [
        ("exit 3", r"program\.sh failed \(exit code 3\)"),
        ('touch "$2/RELION_JOB_EXIT_FAILURE"', r"program\.sh failed"),
        ("exit 0", "ended without writing out/RELION_JOB_EXIT_SUCCESS"),
    ],
)
def test_a_program_that_does_not_mark_its_success_has_failed(place, end, sentence):
    with pytest.raises(UserError, match=sentence):
        run(External(program=program(place, f"{FINDS_ITS_FOLDER}{end}\n"), mask="mask.mrc"), "out", quiet=True)
    assert markers(place) == ["RELION_JOB_EXIT_FAILURE"]


def test_the_marker_counts_and_not_the_exit_code(place):
    text = f'{FINDS_ITS_FOLDER}touch "$2/RELION_JOB_EXIT_SUCCESS"\nexit 3\n'
    assert run(External(program=program(place, text), mask="mask.mrc"), "out", quiet=True).status == "succeeded"
    assert "exit code 3, but it marked its success" in (place / "out/run.out").read_text()
    trusted = External(program=program(place, "#!/bin/sh\nexit 0\n"), mask="mask.mrc", trust_exit_code=True)
    assert run(trusted, "trusted", quiet=True).status == "succeeded"
    assert markers(place, "trusted") == ["RELION_JOB_EXIT_SUCCESS"]


def test_a_program_that_is_not_there_and_one_without_input(place):
    with pytest.raises(UserError, match="cannot be started"):
        run(External(program="./nosuch", mask="mask.mrc"), "out", quiet=True)
    with pytest.raises(UserError, match="give one at least"):
        run(External(program="./nosuch"), "other", quiet=True)


def test_a_list_of_outputs_that_is_none_is_told(place):
    text = f'{FINDS_ITS_FOLDER}echo data_else > "$2/RELION_OUTPUT_NODES.star"; touch "$2/RELION_JOB_EXIT_SUCCESS"\n'
    with pytest.raises(UserError, match="has no table data_output_nodes"):
        run(External(program=program(place, text), mask="mask.mrc"), "out", quiet=True)
    assert markers(place) == ["RELION_JOB_EXIT_FAILURE"]


OBEYS = (
    f"{FINDS_ITS_FOLDER}touch started\n"
    'while [ ! -e "$2/RELION_JOB_ABORT_NOW" ]; do sleep 0.05; done\n'
    'touch told "$2/RELION_JOB_EXIT_ABORTED"; rm "$2/RELION_JOB_ABORT_NOW"\n'
)


@pytest.mark.parametrize("request_file", ["RELION_JOB_ABORT_NOW", ".vitreous/stop"])
def test_a_stop_reaches_the_program(place, request_file):
    thread, found = begun(place, OBEYS)
    (place / "out" / request_file).touch()
    thread.join(timeout=10)
    assert found[0].status == "aborted"
    assert (place / "told").exists()
    assert markers(place) == ["RELION_JOB_EXIT_ABORTED"]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_program_that_gives_up_by_itself_is_aborted_and_not_run_again(place):
    text = f'{FINDS_ITS_FOLDER}echo once >> runs; touch "$2/RELION_JOB_EXIT_ABORTED"\n'
    outcome = run(External(program=program(place, text), mask="mask.mrc"), "out", quiet=True)
    assert outcome.status == "aborted"
    assert (place / "runs").read_text() == "once\n"


def test_a_program_that_does_not_listen_is_ended_with_all_that_it_started(place, monkeypatch):
    monkeypatch.setattr("vitreous.jobs.external.GRACE_S", 0.3)
    text = f"{FINDS_ITS_FOLDER}trap '' TERM\nsleep 600 &\necho $! > child\ntouch started\nwait\nwhile true; do sleep 1; done\n"
    thread, found = begun(place, text)
    (place / "out/RELION_JOB_ABORT_NOW").touch()
    thread.join(timeout=10)
    assert found[0].status == "aborted"
    assert markers(place) == ["RELION_JOB_EXIT_ABORTED"]
    assert not _lives(int((place / "child").read_text()))


def _lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as about:
        return about.read().rpartition(")")[2].split()[0] != "Z"
