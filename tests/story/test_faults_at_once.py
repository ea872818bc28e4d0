"""Commands of several people at once, and commands killed or stopped in the middle: no job is lost, no number doubled."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vitreous.project import graph as graphs
from vitreous.project.commands import main
from vitreous.project.project import Project

PROGRAM = Path(__file__).resolve().parents[1] / "toys" / "toy_vitreous.py"
ADD_MANY = """
import sys
from vitreous import cli
for number in range(int(sys.argv[1])):
    try:
        cli.main(["project", "add", "job.star"])
    except SystemExit as left:
        assert left.code == 0
"""


@pytest.fixture
def root(toys, tmp_path, monkeypatch) -> Path:
    """A project with a job.star of a toy map of 20 rows."""
    made = tmp_path / "P"
    Project.new(made)
    monkeypatch.chdir(made)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (made / "list.txt").write_text("".join(f"w{n:02d} {n}\n" for n in range(20)))
    assert main(["draft", "toy-map", "--set", "listing=list.txt", "--set", "seconds=0.1"]) == 0
    return made


def begin(*words: str) -> subprocess.Popen[str]:
    """A command in a shell of its own."""
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), "project", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def until(what, within_s=60.0):
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def sound(root: Path) -> list[str]:
    """The jobs of a project, of which each has its folder and a number of its own."""
    graph = Project.open(root).graph()
    numbers = [name[-4:-1] for name in graph.processes]
    assert len(set(numbers)) == len(numbers), "a number was given twice"
    assert all(int(number) < graph.counter for number in numbers)
    assert {name for name, _ in graph.outputs} <= graph.processes.keys()
    return list(graph.processes)


@pytest.mark.slow
def test_several_people_add_name_delete_and_look_at_once(root):
    """Four shells add 60 jobs; meanwhile others are named and deleted, and the list is looked at: each is as it was left."""
    for _ in range(4):
        main(["add", "job.star"])
    env = {**os.environ, "PYTHONPATH": str(PROGRAM.parent)}
    adding = f"import toy_vitreous\n{ADD_MANY}"
    shells = [
        subprocess.Popen([sys.executable, "-c", adding, "15"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    others = [begin("alias", "1", "erster"), begin("delete", "2", "--yes"), begin("list"), begin("delete", "2", "--yes")]
    others += [begin("alias", "3", "erster"), begin("list", "--sort", "alias"), begin("mark", "4", "failed"), begin("notes")]
    answers = [(one.communicate(timeout=120), one.returncode) for one in others]
    for shell in shells:
        assert shell.wait(timeout=120) == 0, shell.stderr and shell.stderr.read().decode()
    assert all("Traceback" not in err and code in (0, 1) for (_, err), code in answers), answers
    assert sorted(code for (_, _), code in (answers[1], answers[3])) == [0, 1], "deleted once, and told once that it is gone"
    assert sorted(code for (_, _), code in (answers[0], answers[4])) == [0, 1], "an alias is of one job"
    names = sound(root)
    assert names == [f"External/job{n:03d}/" for n in range(1, 65) if n != 2]
    assert all((root / name / "job.star").is_file() for name in names)
    graph = Project.open(root).graph()
    assert graph.processes["External/job004/"].status == "Failed"
    assert [name for name in names if graph.processes[name].alias] == [
        (root / "External/erster").resolve().relative_to(root).as_posix() + "/"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_commands_ended_at_any_moment_lose_nothing(root, number):
    """Whatever is cut short, the project can be used at once, and the same command brings the change to its end."""
    generator = random.Random(int(number))
    main(["add", "job.star"])
    (root / "External/job001/table.json").write_text("what must not be lost")
    for turn in range(12):
        words = (["add", "job.star"], ["delete", "1", "--yes"], ["undelete", "1"], ["alias", "1", f"name{turn}"])[turn % 4]
        process = begin(*words)
        time.sleep(generator.uniform(0.3, 1.2))
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        if number == signal.SIGINT and process.returncode != -signal.SIGINT:  # else Python itself was not up yet
            assert "Traceback" not in err, err
            assert process.returncode in (0, 1, 130)
        known = sound(root)
        there = (root / "External/job001/table.json", root / "Trash/External/job001/table.json")
        assert [path.read_text() for path in there if path.exists()] == ["what must not be lost"]
        assert all((root / name / "job.star").is_file() for name in known if name != "External/job001/")
    began = time.monotonic()
    if "External/job001/" not in sound(root) or not (root / "External/job001").is_dir():
        assert main(["undelete", "1"]) == 0
    assert main(["add", "job.star"]) == 0
    assert time.monotonic() - began < 30, "no lock was left to wait for"
    assert (root / "External/job001/table.json").read_text() == "what must not be lost"
    assert "External/job001/" in sound(root)


def test_a_deletion_cut_short_can_be_taken_back(root, monkeypatch, capsys):
    main(["add", "job.star", "--alias", "meiner"])

    def cut(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("vitreous.project.trash._drop", cut)
    with pytest.raises(KeyboardInterrupt):
        main(["delete", "1", "--yes"])
    monkeypatch.undo()
    os.chdir(root)
    assert not (root / "External/job001").exists()
    with pytest.raises(graphs.UserError, match="vitreous project undelete External/job001/"):
        main(["run", "1"])
    assert main(["undelete", "1"]) == 0
    assert (root / "External/job001/job.star").is_file() and (root / "External/meiner").is_symlink()
    assert "External/job001/ is back" in capsys.readouterr().out
    assert sound(root) == ["External/job001/"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_runner_killed_at_any_moment_of_its_life_is_told_and_goes_on(root, seed):
    """Killed three times, also before it has begun and after it has ended: no state hangs, and no unit is done in vain."""
    generator = random.Random(seed)
    main(["add", "job.star"])
    folder = root / "External/job001"
    for _ in range(3):
        process = begin("run", "1")
        if generator.random() < 0.7:
            until((folder / ".vitreous/settings.json").exists)
        time.sleep(generator.uniform(0.2, 2.2))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)
        status = Project.open(root).graph().processes["External/job001/"].status
        assert status in ("Scheduled", "Running", "Succeeded")
    last = begin("continue", "1")
    _, err = last.communicate(timeout=120)
    assert last.returncode == 0, err
    assert Project.open(root).graph().processes["External/job001/"].status == "Succeeded"
    assert len(json.loads((folder / "table.json").read_text())) == 20
    assert len((folder / "worked.txt").read_text().split()) <= 20 + 3


def test_a_job_at_work_is_left_in_peace(root, capsys):
    """What others try with a running job is refused; it comes to its end as if nobody had."""
    main(["add", "job.star"])
    runner = begin("run", "1")
    until((root / "External/job001/worked.txt").exists)
    capsys.readouterr()
    for words in (["run", "1"], ["start", "1"], ["delete", "1", "--yes"], ["overwrite", "1", "--yes"], ["clean", "1"]):
        with pytest.raises(graphs.UserError):
            main(words)
    with pytest.raises(graphs.UserError, match="at work"):
        main(["mark", "1", "failed"])
    assert "to the Trash" not in capsys.readouterr().out, "nothing is announced that is then refused"
    assert main(["alias", "1", "umbenannt"]) == 0
    assert main(["add", "job.star"]) == 0
    out, err = runner.communicate(timeout=60)
    assert runner.returncode == 0, out + err
    assert Project.open(root).graph().processes["External/job001/"].alias == "External/umbenannt/"
    assert len(json.loads((root / "External/umbenannt/table.json").read_text())) == 20


def test_abort_twice_and_start_twice(root, capsys):
    main(["add", "job.star"])
    shells = [begin("start", "1"), begin("start", "1")]
    answers = [(shell.communicate(timeout=60), shell.returncode) for shell in shells]
    assert sorted(code for _, code in answers) == [0, 1], answers
    until((root / "External/job001/worked.txt").exists)
    stopping = [begin("abort", "1"), begin("abort", "1")]
    answers = [(shell.communicate(timeout=90), shell.returncode) for shell in stopping]
    assert all(code in (0, 1) and "Traceback" not in err for (_, err), code in answers), answers
    assert any(code == 0 for _, code in answers)
    assert Project.open(root).graph().processes["External/job001/"].status == "Aborted"
    with pytest.raises(graphs.UserError, match="does not run: it is aborted"):
        main(["abort", "1"])
    until(lambda: main(["continue", "1"]) == 0)
    assert len(json.loads((root / "External/job001/table.json").read_text())) == 20


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("queue_template=nix.sh", "there is no such submission template"),
        ("submit=/nowhere/sbatch", "was refused: .*not found"),
        ("profile=nix", "profile"),
    ],
)
def test_a_place_that_is_not_there_leaves_the_job_as_it_was(root, change, said):
    main(["add", "job.star"])
    main(["run", "1", "--set", "seconds=0"])
    assert (root / "External/job001/RELION_JOB_EXIT_SUCCESS").exists()
    away = [] if change.startswith("profile") else ["--set", "use_queue=Yes"]
    with pytest.raises(graphs.UserError, match=said):
        main(["start", "1", *away, "--set", change])
    assert Project.open(root).graph().processes["External/job001/"].status == "Succeeded"
    assert (root / "External/job001/RELION_JOB_EXIT_SUCCESS").exists(), "the verdict that it had is there again"


def test_a_child_of_a_parent_that_was_cleaned_harshly_says_what_lacks(root):
    main(["add", "job.star"])
    main(["run", "1", "--set", "seconds=0"])
    main(["draft", "toy-loop", "--out", "loop.star", "--set", "start=External/job001/table.json"])
    main(["add", "loop.star"])
    (root / "External/job001/table.json").unlink()
    with pytest.raises(graphs.UserError, match=r"External/job001/table.json: there is no such file"):
        main(["run", "2"])
    assert main(["continue", "1"]) == 0
    assert (root / "External/job001/table.json").exists(), "the parent makes it again"


def test_a_lock_of_a_scheme_that_died_is_told_and_taken_away(root, capsys):
    main(["scheme", "new", "vor"])
    gone = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, signal\nfrom pathlib import Path\nfrom vitreous.project.schemes import lock\n"
            "from vitreous.project.schemes.folder import SchemeFolder\n"
            "with lock.held(SchemeFolder(Path('.'), 'scheme', 'vor')):\n    os.kill(os.getpid(), signal.SIGKILL)\n",
        ]
    )
    assert gone.returncode == -9
    with pytest.raises(graphs.UserError, match="scheme unlock vor"):
        main(["scheme", "set-variable", "vor", "a", "1"])
    assert main(["scheme", "list"]) == 0
    assert "died" in capsys.readouterr().out
    assert main(["scheme", "unlock", "vor"]) == 0
    assert main(["scheme", "add", "vor", "variable", "a", "1"]) == 0


def test_a_broken_scheme_does_not_hide_the_others(root, capsys):
    for name in ("gut", "schlecht"):
        main(["scheme", "new", name])
    (root / "Schemes/schlecht/scheme.star").write_text("data_x\n")
    capsys.readouterr()
    assert main(["scheme", "list"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.split()[:2] == ["Schemes/gut", "stands"]
    assert second.split()[:2] == ["Schemes/schlecht", "broken"] and "scheme.star" in second
