import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from vitreous.context import UserError
from vitreous.project import graph as graphs
from vitreous.project.commands import main
from vitreous.project.project import Project
from vitreous.project.schemes import lock, visit
from vitreous.project.schemes.visit import Visit

COUNTING = {
    "variables": {"n": 0.0, "one": 1.0, "most": 3.0, "again": False, "done": "no"},
    "operators": [("ADD", "float=plus", "n", "n", "one"), ("LESS", "bool=lt", "again", "n", "most"), ("EXIT", "exit")],
    "edges": [("ADD", "LESS"), ("LESS", "EXIT", True, "ADD", "again")],
}
LOOP = {
    "variables": {"n": 0.0, "one": 1.0, "rounds": 2.0, "again": False, "factor": 2.0},
    "operators": [*COUNTING["operators"][:1], ("LESS", "bool=lt", "again", "n", "rounds"), ("EXIT", "exit")],
    "edges": [("work", "ADD"), ("ADD", "LESS"), ("LESS", "EXIT", True, "work", "again")],
}
ONCE = {**LOOP, "variables": {**LOOP["variables"], "rounds": 1.0}}


def until(true, limit_s=30):
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


def test_a_loop_with_a_fork_ends_at_its_exit(build):
    door = build("s", **COUNTING)
    said = []
    ended = door.run(say=said.append)
    assert (ended.how, ended.node, ended.passed) == ("exited", "EXIT", 7)
    scheme = door.read()
    assert (scheme.variables["n"].value, scheme.variables["again"].value, scheme.current) == (3.0, False, "EXIT")
    assert "ADD: n = 3" in said
    assert "ADD: n = 3" in door.folder.log.read_text()
    assert not lock.is_held(door.folder)
    with pytest.raises(UserError, match="has come to its end"):
        door.run()
    door.reset()
    assert (door.read().variables["n"].value, door.read().current) == (0.0, "ADD")


def test_it_goes_on_where_an_error_stopped_it(build):
    door = build(
        "s",
        {"f": "late.star,a,rlnDefocusU", "x": 0.0, "y": 1.0},
        [("SET", "float=set", "x", "y"), ("READ", "float=read_star", "x", "f"), ("EXIT", "exit")],
        [("SET", "READ"), ("READ", "EXIT")],
    )
    with pytest.raises(UserError, match=r"there is no file late.star"):
        door.run()
    assert door.read().current == "READ" and door.state() == "stands"
    os.link("t.star", "late.star")
    assert door.run().passed == 2
    assert door.read().variables["x"].value == 30.5


def test_a_dead_end_is_an_end(build):
    door = build("s", {"x": 0.0}, [("A", "float=set", "x", "5"), ("B", "float=set", "x", "6")], [("A", "B")])
    assert door.run().how == "finished"
    assert door.read().variables["x"].value == 6


def test_wait_counts_from_the_last_time_and_may_say_how_long(build):
    door = build(
        "s",
        {**COUNTING["variables"], "s": 0.4, "spent": -1.0},
        [("WAIT", "wait", "spent", "s"), *COUNTING["operators"]],
        [("WAIT", "ADD"), ("ADD", "LESS"), ("LESS", "EXIT", True, "WAIT", "again")],
    )
    began = time.monotonic()
    door.run()
    assert time.monotonic() - began >= 0.8, "two waits; the first time only starts the clock"
    assert door.read().variables["spent"].value >= 0.4


def test_exit_maxtime_ends_it_there_and_counts_anew(build):
    door = build(
        "s",
        {**COUNTING["variables"], "most": 5.0, "hours": 0.25 / 3600, "s": 0.3},
        [("WAIT", "wait", "undefined", "s"), ("OVER", "exit_maxtime", "undefined", "hours"), *COUNTING["operators"]],
        [("WAIT", "OVER"), ("OVER", "ADD"), ("ADD", "LESS"), ("LESS", "EXIT", True, "WAIT", "again")],
    )
    assert door.run().node == "OVER"
    assert door.read().variables["n"].value == 1
    assert door.run().node == "OVER"
    assert door.read().variables["n"].value == 3, "it began at OVER, and the first wait of a run only starts the clock"


def test_jobs_of_mode_new_are_made_at_each_pass_with_the_values_of_then(build, project, job_star):
    growing = [*LOOP["operators"], ("MORE", "float=plus", "factor", "factor", "n")]
    edges = [("work", "ADD"), ("ADD", "MORE"), ("MORE", "LESS"), ("LESS", "EXIT", True, "work", "again")]
    door = build(
        "s", LOOP["variables"], growing, edges, jobs=[("work", "new", job_star(in_list="list.txt", factor_x="$$factor"))]
    )
    door.run(here=True)
    graph = project.graph()
    assert [p.status for p in graph.processes.values()] == ["Succeeded", "Succeeded"]
    results = [json.loads(Path(f"External/job00{n}/table.json").read_text())[0]["result"] for n in (1, 2)]
    assert results == [2.0, 3.0]
    assert door.read().jobs["work"].name == "External/job002/"


def test_jobs_of_mode_continue_go_on_in_their_folder(build, project, job_star):
    door = build("s", **LOOP, jobs=[("work", "continue", job_star(in_list="list.txt"))])
    door.run(here=True)
    assert list(project.graph().processes) == ["External/job001/"]
    assert (project.layout.root / "External/job001/worked.txt").read_text().split() == ["a", "bad", "c"], "nothing twice"
    with open("list.txt", "a") as more:
        more.write("d 4\n")
    door.reset()
    door.run(here=True)
    assert "External/job002/" in project.graph().processes, "a reset job begins anew"


def test_overwrite_of_31_begins_again_in_the_same_folder(build, project, job_star):
    door = build("s", **LOOP, jobs=[("work", "overwrite", job_star(in_list="list.txt"))], flavour="schedule")
    door.run(here=True)
    assert list(project.graph().processes) == ["External/job001/"]
    assert (project.layout.root / "External/job001/worked.txt").read_text().split() == ["a", "bad", "c"], "the second time"
    assert (project.layout.root / "Trash/External/job001/worked.txt").is_file()


def test_a_job_takes_the_files_of_the_job_before(build, project, job_star):
    door = build(
        "s",
        {"out": "Schemes/s/first/table.json", "there": False},
        [("THERE", "bool=file_exists", "there", "out"), ("EXIT", "exit")],
        [("first", "THERE"), ("THERE", "second"), ("second", "EXIT")],
        [
            ("first", "new", job_star(in_list="list.txt")),
            ("second", "new", job_star("relion.external.vitreous.toycount", listing="$$out")),
        ],
    )
    door.run(here=True)
    assert door.read().variables["there"].value is True
    assert ("External/job001/table.json", "External/job002/") in project.graph().inputs


def test_a_job_that_names_one_not_started_is_told(build, job_star):
    door = build(
        "s",
        {},
        [("EXIT", "exit")],
        [("second", "EXIT"), ("EXIT", "first")],
        [("first", "new", job_star(in_list="list.txt")), ("second", "new", job_star(in_list="Schemes/s/first/table.json"))],
    )
    with pytest.raises(UserError, match=r"Schemes/s/first/table.json belongs to a job that has not been started yet"):
        door.run(here=True)


def test_a_failed_job_stops_it_with_its_name_and_is_gone_on_with(build, project, job_star):
    door = build("s", **LOOP, jobs=[("work", "new", job_star(in_list="list.txt", trouble="all"))])
    door.add_variable("email", "nobody@example.org")
    with pytest.raises(UserError, match=r"Schemes/s/ stops at work: External/job001/ is failed; see .*run.err"):
        door.run(here=True)
    assert "mail" in door.folder.log.read_text().splitlines()[-1]
    assert door.set_option("work", "trouble", "none") == ["work"]
    door.run(here=True)
    assert list(project.graph().processes) == ["External/job001/", "External/job002/", "External/job003/"]


def test_a_spoilt_scheme_does_not_begin(build):
    door = build("s", {"n": 0.0}, [("A", "float=plus", "n", "n", "1"), ("EXIT", "exit")], [("A", "B")])
    with pytest.raises(UserError, match="an edge from A to B names B, which is neither an operator nor a job"):
        door.run()
    with pytest.raises(UserError, match="the operator A is of the type 'float=root'"):
        build("t", {}, [("A", "float=root")], [("A", "A")]).run()
    with pytest.raises(UserError, match="two edges leave A"):
        build("u", {"n": 0.0}, [("A", "float=plus", "n", "n", "1"), ("EXIT", "exit")], [("A", "EXIT"), ("A", "A")]).run()
    assert not lock.is_held(door.folder)


def test_a_read_only_project_runs_none(build, project):
    build("s", **COUNTING)
    with pytest.raises(UserError, match="reading only"):
        Project.open(".", readonly=True).scheme("s").run()


SLOW = {"in_list": "list.txt", "seconds": "1.5"}


def begin(words="scheme run s"):
    """The command in a process of its own."""
    line = [sys.executable, "-m", "vitreous", "project", *words.split()]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)


@pytest.mark.slow
def test_a_killed_scheme_leaves_its_job_at_work_and_takes_it_up(build, project, job_star):
    door = build("s", **ONCE, jobs=[("work", "new", job_star(**SLOW))])
    running = begin()
    until(lambda: os.path.exists("External/job001/worked.txt"))
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    with pytest.raises(UserError, match="that process has died: vitreous project scheme unlock s"):
        door.run()
    assert project.graph().processes["External/job001/"].status == "Running", "the job outlives it"
    door.unlock()
    said = []
    assert door.run(say=said.append).how == "exited"
    assert "work: takes up External/job001/, which is running" in said
    assert list(project.graph().processes) == ["External/job001/"]
    assert Path("External/job001/worked.txt").read_text().split() == ["a", "bad", "c"], "nothing twice"


def test_a_job_that_was_added_and_never_started_is_started(build, project, toys, job_star):
    door = build("s", **ONCE, jobs=[("work", "new", job_star(in_list="list.txt"))])
    visit.write(door.folder, Visit("work", project.add(toys.ToyMap(listing="list.txt"))))
    door.set_variable("n", "0")
    said = []
    assert door.run(here=True, say=said.append).how == "exited"
    assert "work: External/job001/ was scheduled and goes on" in said
    assert list(project.graph().processes) == ["External/job001/"]


def test_a_job_that_is_gone_is_told(build, project, job_star):
    door = build("s", **ONCE, jobs=[("work", "new", job_star(in_list="list.txt"))])
    visit.write(door.folder, Visit("work", "External/job009/"))
    with pytest.raises(UserError, match=r"was at work on External/job009/, which the project has no more: .* set-node s work"):
        door.run(here=True)
    door.set_node("work")
    assert door.run(here=True).how == "exited"


@pytest.mark.slow
def test_abort_stops_scheme_and_job_and_both_go_on(build, project, job_star):
    door = build("s", **ONCE, jobs=[("work", "new", job_star(**SLOW))])
    running = begin()
    until(lambda: os.path.exists("External/job001/worked.txt"))
    assert door.abort() == "Schemes/s/ is asked to stop, with the job at work"
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 130, said
    assert project.graph().processes["External/job001/"].status == "Aborted"
    assert door.folder.aborted.exists() and not door.folder.abort_now.exists()
    assert door.read().current == "work" and door.state() == "stands"
    door.folder.job_star("work").write_text(job_star(in_list="list.txt", seconds="0"))
    assert door.run().how == "exited"
    assert list(project.graph().processes) == ["External/job001/"], "the stopped job went on"


@pytest.mark.slow
def test_abort_reaches_a_job_in_its_own_process(build, project, job_star):
    door = build("s", **ONCE, jobs=[("work", "new", job_star(**SLOW))])
    running = begin("scheme run s --here")
    until(lambda: os.path.exists("External/job001/worked.txt"))
    door.abort()
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 130 and "Schemes/s/ aborted at work" in said
    assert len(Path("External/job001/worked.txt").read_text().split()) < 3
    assert project.graph().processes["External/job001/"].status == "Aborted"


@pytest.mark.slow
def test_an_interrupt_stops_the_scheme_alone(build, project, job_star):
    door = build("s", **ONCE, jobs=[("work", "new", job_star(**SLOW))])
    running = begin()
    until(lambda: os.path.exists("External/job001/worked.txt"))
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 130 and "External/job001/ goes on, and the same command goes on from here" in said
    assert door.state() == "stands" and door.at_work_on() == "External/job001/"
    assert door.run().how == "exited"
    assert Path("External/job001/worked.txt").read_text().split() == ["a", "bad", "c"], "nothing twice"


def test_abort_ends_a_wait(build):
    door = build(
        "s",
        {**COUNTING["variables"], "s": 60.0},
        [("WAIT", "wait", "undefined", "s"), *COUNTING["operators"]],
        [("WAIT", "ADD"), ("ADD", "LESS"), ("LESS", "EXIT", True, "WAIT", "again")],
    )
    ended = []
    thread = threading.Thread(target=lambda: ended.append(door.run()))
    thread.start()
    until(lambda: "waits 60 s" in (door.folder.log.read_text() if door.folder.log.exists() else ""))
    door.abort()
    thread.join(timeout=30)
    assert ended[0].how == "aborted" and ended[0].node == "WAIT"
    with pytest.raises(UserError, match="does not run"):
        door.abort()


def test_missing_input_is_waited_for_with_a_word_and_a_limit(build, job_star):
    door = build("s", **ONCE, jobs=[("work", "new", job_star(in_list="late.txt"))])
    said = []
    with pytest.raises(UserError, match=r"work: late.txt did not come within 0.3 s"):
        door.run(here=True, say=said.append, input_wait_s=0.3)
    assert any(line.startswith("work waits for late.txt") for line in said)
    timer = threading.Timer(0.5, lambda: os.link("list.txt", "late.txt"))
    timer.start()
    assert door.run(here=True, input_wait_s=30).how == "exited"
    timer.join()


def test_the_pipeline_of_the_project_is_that_of_any_job(build, project, job_star):
    door = build("s", **ONCE, jobs=[("work", "new", job_star(in_list="list.txt"))])
    door.run(here=True)
    graph = graphs.read(project.layout.graph)
    assert graph.inputs == [("list.txt", "External/job001/")]
    assert ("External/job001/", "External/job001/table.json") in graph.outputs


@pytest.mark.slow
def test_a_job_goes_to_the_queue_that_its_job_star_names(build, project, job_star):
    Path("take").write_text('#!/bin/bash\nbash "$1" > /dev/null 2>&1 &\necho "Your job 77 has been taken"\n')
    Path("take").chmod(0o755)
    Path("site.sh").write_text("#!/bin/bash\n# in XXXqueueXXX\nXXXcommandXXX\n")
    queue = {"do_queue": "Yes", "qsub": "./take", "qsubscript": "site.sh", "queuename": "$$queue"}
    door = build("s", **ONCE, jobs=[("work", "new", job_star(in_list="list.txt", **queue))])
    door.add_variable("queue", "night")
    assert door.run().how == "exited"
    assert Path("External/job001/run_submit.script").read_text().splitlines()[1] == "# in night"
    assert "handed to the queue as job 77" in Path("External/job001/run.out").read_text()


@pytest.mark.slow
def test_started_it_needs_no_terminal_and_a_polite_end_frees_it(build, project, job_star, capsys):
    door = build("s", **ONCE, jobs=[("work", "new", job_star(**SLOW))])
    assert main(["scheme", "start", "s"]) == 0
    pid = int(capsys.readouterr().out.split("process ")[1].split()[0])
    assert os.getsid(pid) == pid, "a session of its own"
    until(lambda: os.path.exists("External/job001/worked.txt"))
    with pytest.raises(UserError, match="scheme abort s"):
        door.start()
    os.kill(pid, signal.SIGTERM)
    until(lambda: door.state() == "stands")
    door.start()
    until(lambda: door.read().current == "EXIT" and door.state() == "stands")
    assert "work: takes up External/job001/, which is running" in door.folder.log.read_text()
    assert Path("External/job001/worked.txt").read_text().split() == ["a", "bad", "c"], "nothing twice"
