import pytest

from vitreous.project import graph as graphs
from vitreous.project import history
from vitreous.project.commands import main
from vitreous.project.graph_model import Graph, Node, Process


@pytest.fixture
def graph():
    """a gives x and y; b takes x; c takes y and b's z; d takes c's w and a file from outside."""
    made = Graph()
    for name in "abcd":
        made.processes[f"T/job00{'abcd'.index(name) + 1}/"] = Process(
            f"T/job00{'abcd'.index(name) + 1}/", "relion.external", "Succeeded"
        )
    a, b, c, d = made.processes
    for maker, file, users in ((a, "x", [b]), (a, "y", [c]), (b, "z", [c]), (c, "w", [d]), ("", "outside", [d])):
        made.add_node(Node(maker + file, "UserFile"))
        if maker:
            made.add_output(maker, maker + file)
        for user in users:
            made.add_input(maker + file, user)
    return made


def told(graph, name, **how):
    return [(step.name[5:8].lstrip("0"), step.depth, dict(step.files)) for step in history.steps(graph, name, **how)]


def test_up_and_down(graph):
    a, b, c, d = graph.processes
    assert told(graph, d) == [
        ("4", 0, {}),
        ("3", 1, {d: (f"{c}w",)}),
        ("1", 2, {b: (f"{a}x",), c: (f"{a}y",)}),
        ("2", 2, {c: (f"{b}z",)}),
    ]
    assert told(graph, a, down=True) == [
        ("1", 0, {}),
        ("2", 1, {a: (f"{a}x",)}),
        ("3", 1, {a: (f"{a}y",), b: (f"{b}z",)}),
        ("4", 2, {c: (f"{c}w",)}),
    ]
    assert history.from_outside(graph, d) == ["outside"]
    assert not history.from_outside(graph, c)


def test_a_circle_ends(graph):
    a, *_, d = graph.processes
    graph.add_node(Node(f"{d}v", "UserFile"))
    graph.add_output(d, f"{d}v")
    graph.add_input(f"{d}v", a)
    assert len(told(graph, a)) == len(told(graph, a, down=True)) == 4


def test_times_and_commands(project, toys):
    name = project.add(toys.ToyMap(listing="list.txt"))
    assert history.times(project.layout, name) == history.Times()
    assert history.last_commands(project.layout, name) == []
    project.run(name, quiet=True)
    project.continue_(name, changed={"factor": "3"}, quiet=True)
    when = history.times(project.layout, name)
    assert when.first and when.last and when.ended and when.first <= when.last <= when.ended
    assert "--factor=3" in history.last_commands(project.layout, name)[0]


@pytest.mark.data
def test_relions_project(relions, capsys):
    assert history.times(relions.layout, "MaskCreate/job008/").first.isoformat() == "2026-11-20T03:36:07"
    assert history.last_commands(relions.layout, "MaskCreate/job008/")[0].startswith(
        "`which relion_mask_create` --i Import/job007"
    )
    main(["history", "first2d"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.lstrip()[0].isupper()][:3] == [
        "Class2D/job006",
        "Extract/job005",
        "External/job003",
    ]
    assert "gave particles.star to Class2D/job006" in lines[1]
    main(["history", "7", "--down"])
    assert "takes truth64.mrc of Import/job007" in capsys.readouterr().out
    main(["show", "8"])
    shown = capsys.readouterr().out
    for part in ("alias    MaskCreate/mymask/", "started  2026-11-20 03:36:07", "ended    2026", "from Import/job007"):
        assert part in shown, part
    assert "Mask3D.mrc.relion  (not there)" not in shown
    assert "to External/job012, External/job013" in shown
    assert "`which relion_mask_create`" in shown


def test_the_exact_command(project, toys, capsys):
    name = project.add(toys.ToyMap(listing="list.txt"), seed=5)
    main(["command", name])
    where, command = capsys.readouterr().out.splitlines()
    assert where == f"cd {project.layout.root}"
    assert command == f"vitreous toy-map --listing=list.txt --seed=5 --out={name}"


def test_the_command_of_a_queued_job_shows_the_script(project, toys, capsys):
    name = project.add(toys.ToyMap(listing="list.txt"))
    path = project.layout.job(name) / "job.star"
    loaded = project.loaded(name, {"use_queue": "Yes", "queue": "gpu"})
    from vitreous.job import as_star

    as_star.write(path, loaded.job, loaded.placement, seed=loaded.seed)
    main(["command", name])
    said = capsys.readouterr().out
    assert "--use-queue" in said and "#SBATCH" in said and "--partition=gpu" in said
    assert project.graph().processes[name].status == "Scheduled" and not (path.parent / "run_submit.script").exists()


@pytest.mark.data
def test_a_type_that_we_do_not_run_shows_what_relion_ran(data, tmp_path, monkeypatch, capsys):
    import tarfile

    with tarfile.open(data / "relion_projects" / "relion31_tutorial_betagal.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    monkeypatch.chdir(tmp_path / "relion31_tutorial_betagal")
    assert main(["command", "Polish/polish"]) == 0
    assert "relion_motion_refine" in capsys.readouterr().out
    assert main(["history", "31"]) == 0
    assert len([line for line in capsys.readouterr().out.splitlines() if line.strip()[0].isupper()]) >= 18


def test_states_of_the_list(project, toys, capsys):
    first = project.add(toys.ToyMap(listing="list.txt"), alias="zz")
    second = project.add(toys.ToyLoop(start="start.txt", rounds=1), alias="aa")
    third = project.add(toys.ToyMap(listing="list.txt"))
    project.run(first, quiet=True)
    project.run(third, quiet=True)
    with graphs.locked(project.layout) as graph:
        graph.set_status(third, "Running")
    (project.layout.job(third) / "RELION_JOB_EXIT_SUCCESS").unlink()

    def listed(*words):
        main(["list", *words])
        return [line.split()[0][-1] for line in capsys.readouterr().out.splitlines() if line.startswith("External/job")]

    assert listed() == ["1", "2", "3"]
    assert listed("--state", "succeeded") == ["1"]
    assert listed("--state", "died") == ["3"]
    assert listed("--type", "toy-loop") == listed("--type", "Toy loop") == ["2"]
    assert listed("--sort", "alias") == ["2", "1", "3"]
    assert listed("--sort", "state") == ["3", "2", "1"], "died, scheduled, succeeded"
    assert listed("--reverse") == ["3", "2", "1"]
    main(["list", "--state", "died"])
    assert "1 of 3 jobs shown; 1 succeeded, 1 scheduled, 1 died" in capsys.readouterr().out
    assert second in project.graph().processes
